"""What differs between two protocols, in sentences."""

import pytest

from review.protocol.loading import parse_protocol
from review.resources import get_shipped_path
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.setup.protocol_differences import describe_changes

STARTER = (get_shipped_path("data") / "starter-protocol.yaml").read_text()
CHECKLISTS = {name: get_checklist(None, name) for name in ("claim-2020", "rqs-1.0")}


def describe(*replaced):
    text = STARTER
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    return describe_changes(parse_protocol(STARTER), parse_protocol(text), CHECKLISTS)


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ("# Check it", "# Look at it", []),
        ("title: Machine", "title: Deep", ["Title: changed from “Machine learning for the"]),
        ("question: How", "registration: CRD1\nquestion: How", ["Registration: set to “CRD1”."]),
        (
            "question: How",
            "question_parts: {frame: PICO, outcome: death}\nquestion: How",
            ["Outcome: set to “death”."],
        ),
        (
            "question: How",
            "question_parts: {frame: PICO}\nquestion: How",
            ["Question: taken apart as PICO."],
        ),
        ("OR ct)", "OR mri)", ["Search query: added mri; removed ct."]),
        (
            '(covid* OR coronavirus OR "sars-cov-2")',
            '(covid* AND coronavirus AND "sars-cov-2")',
            ["Search query: the same terms are combined differently."],
        ),
        ("(covid* OR coronavirus", "(coronavirus OR covid*", ["Search query: "]),
        ("AND (radio", "and (radio", ["Search query: written differently, with the same meaning."]),
        ("from: 2020-01-01", "from: 2019-01-01", ["First day of the search: changed from “2020-"]),
        (
            "from: 2020-01-01",
            "from: 2020-01-01\n  to: 2021-02-03",
            ["Last day of the search: set to “2021-02-03”."],
        ),
        ("arxiv, medrxiv", "arxiv", ["Sources searched: removed “medRxiv”."]),
        (
            "sources: [pubmed, arxiv",
            "sources: [arxiv, pubmed",
            ["Sources searched: the order changed to “arXiv”, “PubMed” and “medRxiv”."],
        ),
        (
            "ask_reason: false",
            "ask_reason: true",
            ["Title and abstract: a reason is asked: changed"],
        ),
        ("maybe: include", "maybe: conflict", ["Title and abstract: maybe counts as: changed"]),
        (
            "name: ben, roles: [reviewer]",
            "name: ben, roles: [reviewer, adjudicator]",
            ["Team, ben: Roles: added “adjudicator”."],
        ),
        (
            "  - {name: cleo",
            "  - {name: dora}\n  - {name: cleo",
            ["Team: added dora (reviewer)."],
        ),
        (
            "Original research with results on people",
            "Original research with results on patients",
            ["Inclusion criteria: reworded from “Original research with results on people” to “"],
        ),
        ("ranking: {model: light", "ranking: {model: random", ["Order of records, model: changed"]),
        ("[claim-2020, rqs-1.0, probast-2019]", "[claim-2020, rqs-1.0]", ["Instruments: removed"]),
        (
            "minimum: 6",
            "minimum: 7",
            ["Quality gates: changed from “Exclude traditional machine learning"],
        ),
        ("reason: RQS below 6", "reason: low RQS", ["Quality gates: changed from “Exclude"]),
        (
            "# rules: ",
            "rules: [{id: w, must_match: ct, reason: other}]\n# rules: ",
            ["Keyword rules: added “w”: records that do not match “ct” are marked ineligible."],
        ),
    ],
)
def test_each_change_is_one_sentence(old, new, sentences):
    said = describe((old, new))
    assert len(said) == len(sentences)
    for sentence, start in zip(said, sentences, strict=True):
        assert sentence.startswith(start)


def test_several_changes_are_all_told():
    said = describe(
        ("title: Machine", "title: Deep"),
        ("OR ct)", "OR mri)"),
        ("reviewers: 2", "reviewers: 1"),
        ("cleo", "cleopatra"),
    )
    assert len(said) == 5  # cleo leaves, cleopatra joins


def test_stages_that_come_and_go_are_named():
    without = STARTER[: STARTER.index("  - id: quality")] + STARTER[STARTER.index("team:") :]
    both = (parse_protocol(STARTER), parse_protocol(without))
    assert describe_changes(*both) == ["Stages: removed “Quality”."]
    assert describe_changes(*both[::-1]) == [
        "Stages: added “Quality” (by appraisal, reviewers per record: 2)."
    ]


def test_any_differing_plan_has_a_sentence():
    """No key of the protocol can change without a word."""
    for old, new in [
        ("seed: 1", "seed: 2"),
        ("  # contact: you@example.org", "  contact: you@example.org"),
        ("  from: 2020", "  native: {pubmed: x}\n  from: 2020"),
        ("  from: 2020", "  base_urls: {pubmed: 'http://x'}\n  from: 2020"),
        ("team:\n", "assistant: {address: 'http://localhost/v1', model: m}\nteam:\n"),
        ("appraisal:\n", "backups: {keep: 3}\nappraisal:\n"),
        ("appraisal:\n", "previous: {studies: 1, reports: 2}\nappraisal:\n"),
        ("appraisal:\n", "appraisal:\n  model_rule: best\n"),
        ("appraisal:\n", "appraisal:\n  accuracy: accuracy-2x2\n"),
        ("appraisal:\n", "appraisal:\n  min_positives_test: 50\n"),
        ("    pilot: 0", "    pilot: 10"),
        ("    pilot: 0", "    who: [ben, ada]\n    pilot: 0"),
        ("    pilot: 0", "    allocation: pairs\n    pilot: 0"),
        ("    pilot: 0", "    name: First sift\n    pilot: 0"),
        ("[review, editorial, mice]", "[review, editorial]"),
        ("required: [", "at_least: 2\n      required: ["),
    ]:
        assert len(describe((old, new))) == 1, new


def test_a_key_without_words_of_its_own_goes_by_its_name():
    def plan(assistant):
        return parse_protocol(STARTER + f"assistant: {assistant}\n")

    before = plan("{address: 'http://localhost/v1', model: m}")
    after = plan(
        "{address: 'http://localhost/v1', model: n, budget: {calls: 5}, "
        "consent: {by: ada, on: 2026-11-28}}"
    )
    assert describe_changes(before, after) == [
        "Assistant, model: changed from “m” to “n”.",
        "Assistant, consent: set to “by: ada, on: 2026-11-28”.",
        "Assistant, budget, calls: changed from “1000” to “5”.",
    ]
