"""Decisions are checked and saved completely; the status follows the protocol's stages."""

import pytest
from support.small import studies

from review.errors import ReviewError
from review.models import Link, Record
from review.store import audit_events, decisions, links
from review.store.timestamps import utc_now
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decision, add_decisions
from review.workflow.setup.loading import list_amendments, open_project

TA, FT = "title-abstract", "full-text"


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {i}") for i in range(1, 11)])


def both(project, record, stage, verdict, reason=None):
    for name in ("ada", "ben"):
        found = add_decision(project, NewDecision(record, stage, name, verdict, reason))
    return found


def counts(project):
    with project.store.read() as conn:
        return decisions.count_statuses(conn)


def test_two_includes_bring_a_record_to_the_next_stage(project):
    assert both(project, 1, TA, "include").status == "included"
    assert counts(project) == {(TA, "pending"): 9, (TA, "included"): 1, (FT, "pending"): 1}
    assert both(project, 1, FT, "exclude", "not imaging").reason == "not imaging"


def test_a_conflict_waits_for_the_adjudicator(project):
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    assert add_decision(project, NewDecision(1, TA, "ben", "exclude")).status == "conflict"
    settled = add_decision(project, NewDecision(1, TA, "cleo", "include", role="adjudicator"))
    assert (settled.status, settled.resolved_by) == ("included", "adjudicator")
    undone = add_decision(project, NewDecision(1, TA, "cleo", None, role="adjudicator"))
    assert undone.status == "conflict"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (NewDecision(99, TA, "ada", "include"), "no record R000099"),
        (NewDecision(1, "title-abstrct", "ada", "include"), "Did you mean 'title-abstract'"),
        (NewDecision(1, TA, "bem", "include"), "Did you mean 'ben'"),
        (NewDecision(1, TA, "cleo", "include"), "'cleo' is not a reviewer"),
        (NewDecision(1, TA, "ada", "include", role="adjudicator"), "'ada' is not an adjudicator"),
        (NewDecision(1, TA, "cleo", "include", role="adjudicator"), "nothing to resolve"),
        (NewDecision(1, FT, "ada", "include"), "not at the stage 'Full text'"),
        (NewDecision(2, FT, "ada", "exclude"), "needs one of these reasons"),
        (NewDecision(1, TA, "ada", "exclude", "not imagin"), "Did you mean 'not imaging'"),
    ],
)
def test_a_bad_decision_is_one_clear_line_and_leaves_nothing(project, wanted, said):
    both(project, 2, TA, "include")
    before = counts(project)
    with pytest.raises(ReviewError, match=said):
        add_decision(project, wanted)
    assert counts(project) == before


def test_a_second_adjudication_is_refused(project, tmp_path):
    path = tmp_path / "protocol.yaml"
    path.write_text(
        path.read_text().replace(
            "cleo, roles", "dora, roles: [adjudicator]}\n  - {name: cleo, roles"
        )
    )
    project = open_project(tmp_path, who="ada")
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    add_decision(project, NewDecision(1, TA, "ben", "exclude"))
    add_decision(project, NewDecision(1, TA, "cleo", "include", role="adjudicator"))
    with pytest.raises(ReviewError, match="already resolved by cleo"):
        add_decision(project, NewDecision(1, TA, "dora", "exclude", role="adjudicator"))


def test_a_batch_with_one_bad_row_keeps_none_of_it(project):
    good = [NewDecision(n, TA, "ada", "include") for n in range(1, 6)]
    with pytest.raises(ReviewError, match="R000077"), project.store.write() as conn:
        add_decisions(project, conn, [*good, NewDecision(77, TA, "ada", "include")], utc_now())
    with project.store.read() as conn:
        assert decisions.list_decisions(conn) == []


def test_a_batch_may_carry_a_record_through_two_stages(project):
    rows = [NewDecision(1, TA, n, "include") for n in ("ada", "ben")]
    rows += [NewDecision(1, FT, n, "exclude", "Not Imaging") for n in ("ada", "ben")]
    with project.store.write() as conn:
        found = add_decisions(project, conn, rows, utc_now())
    assert [one.status for one in found] == ["partial", "included", "partial", "excluded"]
    assert found[-1].reason == "not imaging"


def test_the_projection_is_what_a_fresh_computation_gives(project):
    both(project, 1, TA, "include")
    both(project, 2, TA, "exclude")
    add_decision(project, NewDecision(3, TA, "ada", "unsure"))
    both(project, 1, FT, "include")
    kept = counts(project)
    with project.store.write() as conn:
        links.replace_groups(conn, {n: (n, n) for n in range(1, 11)})
        standings.rebuild_statuses(project, conn)
    assert counts(project) == kept


def test_records_of_one_report_share_their_decisions_and_part_with_them(project):
    add_decision(project, NewDecision(4, TA, "ada", "include"))
    with project.store.write() as conn:
        links.add_links(conn, [Link(4, 5, "duplicate", "doi", "tool", utc_now())])
        links.replace_groups(conn, {4: (4, 4), 5: (4, 4)})
        standings.rebuild_statuses(project, conn)
    assert add_decision(project, NewDecision(5, TA, "ben", "include")).status == "included"
    with project.store.write() as conn:
        links.replace_groups(conn, {})
        found = standings.rebuild_statuses(project, conn)
    assert found[TA][4].status == found[TA][5].status == "partial"


def test_a_retired_reviewer_strands_no_record(project):
    add_decision(project, NewDecision(1, TA, "ben", "exclude"))
    both(project, 2, TA, "include")
    with project.store.write() as conn:
        audit_events.add_event(conn, "retire", "ada", utc_now(), subject="ben")
        found = standings.rebuild_statuses(project, conn)
    assert (found[TA][1].status, found[TA][2].status) == ("pending", "included")
    with pytest.raises(ReviewError, match="'ben' is not a reviewer"):
        add_decision(project, NewDecision(1, TA, "ben", "include"))


def test_a_protocol_change_after_the_first_decision_is_an_amendment(project, tmp_path):
    path = tmp_path / "protocol.yaml"
    assert list_amendments(project) == []
    path.write_text(path.read_text().replace("pilot: 0 ", "pilot: 5 "))
    open_project(tmp_path, who="ada")
    assert list_amendments(project) == []
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    path.write_text(path.read_text().replace("pilot: 5 ", "pilot: 9 "))
    again = open_project(tmp_path, who="ben", why="more training")
    (found,) = list_amendments(again)
    assert (found["who"], found["why"]) == ("ben", "more training")
    assert "-    pilot: 5" in found["what"]
    assert "+    pilot: 9" in found["what"]
