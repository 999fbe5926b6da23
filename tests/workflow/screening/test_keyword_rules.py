"""Keyword rules mark records that do not match, count them in their own box, and can be undone."""

import pytest

from review.errors import ProtocolError, ReviewError
from review.models import Decision, Record
from review.prisma import get_total
from review.protocol.models import find_stage
from review.store import audit_events, decisions, records
from review.store.timestamps import utc_now
from review.workflow.deduplication import run as dedupe
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.screening import keyword_rules, reviewing, status
from review.workflow.setup.loading import check_protocol, init_project, open_project

# The founding review's second filter: whole words and stems of two groups.
RULES = """
rules:
  - id: methods
    must_match: ai OR deep OR learning OR neural OR prognos* OR diagnos*
  - id: imaging
    must_match: ct OR cxr OR "x-ray" OR imaging OR radiograph*
    reason: No imaging word
"""
TITLES = [
    "Deep learning on CT",
    "Diagnosis by x-ray",
    "Aid for hospitals on CT",
    "Neural networks for budgets",
    "Prognostic radiographs",
    "Garden plants",
]


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text() + RULES)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=title)) for n, title in enumerate(TITLES, 1)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(opened, conn)
    return opened


def test_rules_mark_by_whole_words_and_stems(project):
    assert keyword_rules.apply_rules(project, "ada") == {"methods": (2, 0), "imaging": (1, 0)}
    flow = compute_flow(project)
    assert {one.label: one.n for one in flow.main.automation} == {
        "No word of rule 'methods'": 2,
        "No imaging word": 1,
    }
    assert flow.main.waiting_screening.ids == ("R000001", "R000002", "R000005")
    assert keyword_rules.apply_rules(project, "ada") == {"methods": (0, 0), "imaging": (0, 0)}


def test_what_a_reviewer_has_judged_is_left_alone(project):
    stage = find_stage(project.protocol, "screening")
    reviewing.save_decision(project, stage, "ada", 6, "include")
    assert keyword_rules.apply_rules(project, "ada")["methods"] == (1, 0)


def test_a_rule_is_taken_back_whole_and_by_record(project):
    keyword_rules.apply_rules(project, "ada")
    reviewing.add_abstract(project, "ada", 6, "Machine learning for imaging of plants")
    assert keyword_rules.apply_rules(project, "ada")["methods"] == (0, 1)
    assert keyword_rules.withdraw_rule(project, "methods", "ada") == 1
    assert keyword_rules.withdraw_rule(project, "imaging", "ada") == 1
    assert get_total(compute_flow(project).main.automation) == 0
    with pytest.raises(ReviewError, match="marked by a rule 'other'"):
        keyword_rules.withdraw_rule(project, "other", "ada")


def twin(project):
    """The same article from two sources, of which the first gave no abstract; a rule needs it."""
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="pubmed")
        same = {
            "title": "Neural networks of three hospitals",
            "year": 2020,
            "doi": "10.1000/twin",
            "authors": ("Smith, J.",),
        }
        full = Record("pubmed", abstract="Chest radiographs were read.", **same)
        records.add_records(conn, batch, [(1, Record("embase", **same)), (2, full)], utc_now())
        status.rebuild_statuses(project, conn)


def test_a_report_matches_where_any_of_its_records_does(project):
    twin(project)
    assert dedupe.run_deduplication(project, "ada").reports == 7
    keyword_rules.apply_rules(project, "ada")
    assert "R000007" in compute_flow(project).main.waiting_screening.ids


def test_a_merge_never_lets_a_rule_take_a_record_along_that_matches(project):
    twin(project)
    keyword_rules.apply_rules(project, "ada")
    assert "R000008" in compute_flow(project).main.waiting_screening.ids  # R000007 is marked
    dedupe.run_deduplication(project, "ada")
    assert "R000007" in compute_flow(project).main.waiting_screening.ids
    assert not reviewing.get_next_record(
        project, find_stage(project.protocol, "screening"), "ada", current_key="R000007"
    ).record.abstract
    dedupe.settle_pair(project, ("R000007", "R000008"), "different", "ada")
    keyword_rules.apply_rules(project, "ada")
    assert "R000007" not in compute_flow(project).main.waiting_screening.ids
    dedupe.undo_answer(project, "ada")
    assert "R000007" in compute_flow(project).main.waiting_screening.ids


def test_a_query_that_cannot_be_read_is_named_by_check(project):
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace("ct OR cxr", "ct OR OR cxr"))
    with pytest.raises(ProtocolError, match="rules imaging"):
        check_protocol(project.folder)


def test_a_preview_says_what_applying_does_and_keeps_nothing(project):
    def read_rows():
        with project.store.read() as conn:
            return decisions.list_decisions(conn), audit_events.list_events(conn)

    before = read_rows()
    preview = keyword_rules.preview_rules(project, "ada")
    assert [(effect.rule.id, effect.marked) for effect in preview] == [
        ("methods", (3, 6)),
        ("imaging", (4,)),
    ]
    assert read_rows() == before
    assert keyword_rules.count_marks(project) == {"methods": 0, "imaging": 0}
    counts = keyword_rules.apply_rules(project, "ada")
    assert counts == {e.rule.id: (len(e.marked), len(e.restored)) for e in preview}
    assert keyword_rules.count_marks(project) == {"methods": 2, "imaging": 1}
    assert {(e.marked, e.restored) for e in keyword_rules.preview_rules(project, "ada")} == {
        ((), ())
    }
    keyword_rules.withdraw_rule(project, "methods", "ada")
    assert keyword_rules.count_marks(project) == {"methods": 0, "imaging": 1}


def test_only_the_lead_previews_rules(project):
    with pytest.raises(ReviewError, match="ben does not have permission"):
        keyword_rules.preview_rules(project, "ben")


def test_a_preview_waits_for_nobody_who_writes(project):
    before = keyword_rules.preview_rules(project, "ada")
    other = open_project(project.folder, who="ada")
    with other.store.write() as conn:
        decisions.add_decisions(
            conn, [Decision(6, "title-abstract", "ben", "include", utc_now())], who="ben"
        )
        assert keyword_rules.preview_rules(project, "ada") == before
    assert keyword_rules.preview_rules(project, "ada")[0].marked == (3,)


def test_a_preview_counts_what_an_earlier_rule_does(project):
    """A record that a rule returns to screening may be marked by another one at once."""
    keyword_rules.apply_rules(project, "ada")
    reviewing.add_abstract(project, "ada", 6, "Deep learning of plants")
    preview = keyword_rules.preview_rules(project, "ada")
    assert [(e.marked, e.restored) for e in preview] == [((), (6,)), ((6,), ())]
    assert keyword_rules.apply_rules(project, "ada") == {"methods": (0, 1), "imaging": (1, 0)}
    assert keyword_rules.count_marks(project) == {"methods": 1, "imaging": 2}
