"""What was found out about a data set, as evidence beside the studies that used it.

A finding answers no question and sets no judgement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review.bias.datasets import Registry
from review.checklists import Checklist, FormQuestion
from review.errors import ReviewError
from review.store import image_findings as stored_findings
from review.store.timestamps import utc_now
from review.workflow.bias.flags import find_related_items, get_datasets, load_knowledge
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

FINDING_PITFALLS: Mapping[str, tuple[str, ...]] = {
    "labels": ("report_mined_labels", "uncertain_reference_standard"),
    "bad images": ("degraded_image_source",),
    "doubles": ("duplicates_across_datasets", "train_test_leakage"),
    "splits": ("train_test_leakage", "paediatric_controls"),
    "subgroups": ("demographic_proxy", "hidden_stratification"),
    "shortcuts": ("shortcut_learning", "source_equals_label"),
}
"""Kind of finding to the pitfalls whose questions it bears on."""
FINDING_NAMES: Mapping[str, str] = {
    "labels": "Label audit",
    "bad images": "Image sieve",
    "doubles": "Duplicate images",
    "splits": "Splits",
    "subgroups": "Subgroups",
    "shortcuts": "Shortcuts",
}


@dataclass(frozen=True, slots=True)
class ImageFinding:
    """Something found out about a data set."""

    id: int
    dataset: str
    kind: str
    text: str
    who: str
    at: str

    @property
    def kind_name(self) -> str:
        """The kind as people call it."""
        return FINDING_NAMES[self.kind]


def add_finding(
    project: Project,
    who: str,
    *,
    dataset: str,
    kind: str,
    text: str,
    image_set: int | None = None,
) -> int:
    """Keeps a finding about a data set of the registry, with who and when; gives its number.

    Raises:
        ReviewError: an unknown data set or kind, or no text.
    """
    require_role(project, who, "contribute")
    if dataset not in load_knowledge().registry:
        raise ReviewError(f"{dataset!r} is no data set of the registry; see: review datasets list")
    if kind not in FINDING_PITFALLS:
        raise ReviewError(f"{kind!r} is no kind of finding; use {', '.join(FINDING_PITFALLS)}")
    if not text.strip():
        raise ReviewError("write what was found in a sentence")
    with project.store.write() as conn:
        return stored_findings.add_finding(
            conn,
            who,
            utc_now(),
            dataset=dataset,
            kind=kind,
            text=text.strip(),
            image_set=image_set,
        )


def withdraw_finding(project: Project, number: int, who: str) -> None:
    """Takes a finding off the studies; it stays in the log. Raises ReviewError if there is none."""
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        rows = {row["id"]: row for row in stored_findings.list_findings(conn)}
        if number not in rows:
            raise ReviewError(f"there is no finding number {number}")
        row = rows[number]
        stored_findings.add_finding(
            conn,
            who,
            utc_now(),
            dataset=row["dataset"],
            kind=row["kind"],
            text=row["text"],
            withdraws=number,
        )


def list_findings(project: Project, dataset: str | None = None) -> list[ImageFinding]:
    """Findings not withdrawn, oldest first; of one data set if named."""
    with project.store.read() as conn:
        rows = stored_findings.list_findings(conn)
    return [_build_finding(row) for row in rows if dataset in (None, row["dataset"])]


def list_study_findings(project: Project, record: int) -> list[ImageFinding]:
    """Findings about the data sets a study used, and about the sets those are made of."""
    findings = list_findings(project)
    if not findings:
        return []
    used = _add_components(load_knowledge().registry, get_datasets(project, record).used)
    return [finding for finding in findings if finding.dataset in used]


def list_question_findings(
    project: Project, record: int, checklist: Checklist, question: FormQuestion
) -> list[ImageFinding]:
    """The findings that bear on a question of a study's appraisal, or on a domain's judgement."""
    numbers = set(find_related_items(checklist, question))
    if not numbers:
        return []
    return [
        finding
        for finding in list_study_findings(project, record)
        if numbers & set(list_informed_items(finding.kind, checklist.edition_id))
    ]


def list_informed_items(kind: str, edition: str) -> tuple[str, ...]:
    """The item numbers of a checklist edition that a kind of finding bears on."""
    items: dict[str, None] = {}
    for pitfall in load_knowledge().rules.pitfalls:
        if pitfall.id in FINDING_PITFALLS[kind]:
            items |= dict.fromkeys(pitfall.informs.get(edition, ()))
    return tuple(items)


def get_dataset_name(dataset: str) -> str:
    """The name of a data set of the registry."""
    return load_knowledge().registry[dataset].name


def _add_components(registry: Registry, used: tuple[str, ...]) -> set[str]:
    """The sets, and all sets whose images are certainly in them."""
    found: set[str] = set()
    waiting = list(used)
    while waiting:
        dataset = waiting.pop()
        if dataset in found:
            continue
        found.add(dataset)
        waiting += [part.id for part in registry[dataset].components if part.certain]
    return found


def _build_finding(row: Mapping[str, Any]) -> ImageFinding:
    return ImageFinding(
        id=row["id"],
        dataset=row["dataset"],
        kind=row["kind"],
        text=row["text"],
        who=row["who"],
        at=row["at"],
    )
