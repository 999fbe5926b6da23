"""Reviews whose reports are extracted on the accuracy form by two reviewers."""

from support import appraising
from support.appraising import fill, review_in

TEST = {"data-set": "external", "unit": "patients", "reference-standard": "RT-PCR"}


def make_review(folder, monkeypatch, reports=10):
    """A review that extracts accuracy and appraises nothing else."""
    head, _, _ = appraising.PROTOCOL.partition("  gates:\n")
    plan = head.replace("  - {id: quality, kind: quality, reviewers: 2}\n", "")
    plan = plan.replace("tools: [claim-2020, rqs-1.0, probast-2019]", "tools: []")
    monkeypatch.setattr(appraising, "PROTOCOL", f"{plan}  accuracy: accuracy-2x2\n")
    return review_in(folder, reports)


def counts(n):
    """A 2×2 table that differs from number to number."""
    return {"tp": f"{40 + n}", "fp": f"{5 + n}", "fn": f"{10 - n % 5}", "tn": f"{90 - n}"}


def extract(project, record, form, other=None, name="accuracy-2x2"):
    """Two reviewers complete a form, alike unless the second one's answers are given."""
    for who, given in (("ada", form), ("ben", other or form)):
        fill(project, record, name, who, TEST | given)
