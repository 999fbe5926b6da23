"""The flow of a review in the store: counted from rows on any day, and adds up."""

import pytest

from review.models import Link, Record, UnreadableEntry
from review.prisma import get_total
from review.store import links, records, retrievals
from review.store.timestamps import utc_now
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decisions
from review.workflow.setup.loading import init_project, open_project

TA, FT = "title-abstract", "full-text"


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        bring(conn, "embase", range(1, 8))
        bring(conn, "scopus", range(5, 11))
        bring(conn, "cited", range(20, 22), via="citations")
        pair = [Link(5, 8, "duplicate", "doi", "tool", utc_now())]
        pair += [Link(6, 9, "duplicate", "by hand", "ada", utc_now())]
        links.add_links(conn, pair)
        links.replace_groups(
            conn, {5: (5, 5), 8: (5, 5), 6: (6, 6), 9: (6, 6), 1: (1, 1), 2: (2, 1)}
        )
        status.rebuild_statuses(opened, conn)
    return opened


def bring(conn, source, numbers, via="databases"):
    batch = records.add_batch(conn, utc_now(), "ada", kind="file", source=source, via=via)
    given = [(n, Record(source, title=f"Study {n}")) for n in numbers]
    records.add_records(conn, batch, [*given, given[0]], utc_now())
    records.add_rejected(conn, batch, [UnreadableEntry(99, "no title", "raw")])


def judge(project, record, stage, verdict, reason=None):
    rows = [NewDecision(record, stage, name, verdict, reason) for name in ("ada", "ben")]
    with project.store.write() as conn:
        add_decisions(project, conn, rows, utc_now())


def test_every_entry_falls_into_one_box(project):
    flow = compute_flow(project)
    assert [(one.label, one.n) for one in flow.main.identified] == [("embase", 9), ("scopus", 8)]
    # 2 repeated within their files, 1 by identifier; 1 by hand; 2 could not be read
    assert flow.main.duplicates_tool.n == 3
    assert flow.main.duplicates_hand.n == 1
    assert get_total(flow.main.removed_other) == 2
    assert flow.main.waiting_screening.n == 17 - 6
    assert get_total(flow.other.identified) == 4


def test_decisions_move_reports_through_the_boxes(project):
    judge(project, 1, TA, "include")
    judge(project, 2, TA, "include")
    judge(project, 3, TA, "exclude", "not imaging")
    judge(project, 8, TA, "include")
    judge(project, 1, FT, "include")
    judge(project, 2, FT, "exclude", "not the condition")
    with project.store.write() as conn:
        retrievals.add_attempt(conn, 5, "not retrieved", "ada", utc_now(), reason="no copy")
    flow = compute_flow(project)
    assert (flow.main.screened.n, flow.main.sought.n) == (4, 3)
    assert [(one.label, one.n) for one in flow.main.not_retrieved] == [("no copy", 1)]
    assert [(o.label, o.n) for o in flow.main.excluded_eligibility] == [("not the condition", 1)]
    assert flow.main.eligible.ids == ("R000001",)


def test_the_flow_of_a_past_moment_is_that_of_its_rows(project):
    before = compute_flow(project)
    then = utc_now()
    judge(project, 1, TA, "include")
    with project.store.write() as conn:
        bring(conn, "ieee", range(40, 50))
        status.rebuild_statuses(project, conn)
    assert compute_flow(project, until=then) == before
    assert compute_flow(project) != before


def test_a_harvest_that_meets_known_records_again_finds_nothing_new(project):
    before = compute_flow(project)
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="harvest", source="embase")
        records.add_records(conn, batch, [(1, Record("embase", title="Study 1"))], utc_now())
    assert compute_flow(project) == before
