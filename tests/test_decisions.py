"""Decisions enter checked and whole; the standing after them follows the protocol's stages."""

import pytest
from small import studies

from review.errors import ReviewError
from review.models import Link, Record
from review.store import audit_events, decisions, links
from review.store.timestamps import now
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import Wanted, add, decide
from review.workflow.setup.loading import amendments, open_project

TA, FT = "title-abstract", "full-text"


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {i}") for i in range(1, 11)])


def both(project, record, stage, verdict, reason=None):
    for name in ("ada", "ben"):
        found = decide(project, Wanted(record, stage, name, verdict, reason))
    return found


def counts(project):
    with project.store.read() as conn:
        return decisions.standings_count(conn)


def test_two_includes_bring_a_record_to_the_next_stage(project):
    assert both(project, 1, TA, "include").status == "included"
    assert counts(project) == {(TA, "pending"): 9, (TA, "included"): 1, (FT, "pending"): 1}
    assert both(project, 1, FT, "exclude", "not imaging").reason == "not imaging"


def test_a_conflict_waits_for_the_adjudicator(project):
    decide(project, Wanted(1, TA, "ada", "include"))
    assert decide(project, Wanted(1, TA, "ben", "exclude")).status == "conflict"
    settled = decide(project, Wanted(1, TA, "cleo", "include", role="adjudicator"))
    assert (settled.status, settled.settled_by) == ("included", "adjudicator")
    undone = decide(project, Wanted(1, TA, "cleo", None, role="adjudicator"))
    assert undone.status == "conflict"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(99, TA, "ada", "include"), "no record R000099"),
        (Wanted(1, "title-abstrct", "ada", "include"), "Did you mean 'title-abstract'"),
        (Wanted(1, TA, "bem", "include"), "Did you mean 'ben'"),
        (Wanted(1, TA, "cleo", "include"), "'cleo' is not a reviewer"),
        (Wanted(1, TA, "ada", "include", role="adjudicator"), "'ada' is not an adjudicator"),
        (Wanted(1, TA, "cleo", "include", role="adjudicator"), "nothing to settle"),
        (Wanted(1, FT, "ada", "include"), "not at stage 'full-text'"),
        (Wanted(2, FT, "ada", "exclude"), "needs one of its reasons"),
        (Wanted(1, TA, "ada", "exclude", "not imagin"), "Did you mean 'not imaging'"),
    ],
)
def test_a_bad_decision_is_one_clear_line_and_leaves_nothing(project, wanted, said):
    both(project, 2, TA, "include")
    before = counts(project)
    with pytest.raises(ReviewError, match=said):
        decide(project, wanted)
    assert counts(project) == before


def test_a_second_adjudication_is_refused(project, tmp_path):
    path = tmp_path / "protocol.yaml"
    path.write_text(
        path.read_text().replace(
            "cleo, roles", "dora, roles: [adjudicator]}\n  - {name: cleo, roles"
        )
    )
    project = open_project(tmp_path, who="ada")
    decide(project, Wanted(1, TA, "ada", "include"))
    decide(project, Wanted(1, TA, "ben", "exclude"))
    decide(project, Wanted(1, TA, "cleo", "include", role="adjudicator"))
    with pytest.raises(ReviewError, match="settled already by cleo"):
        decide(project, Wanted(1, TA, "dora", "exclude", role="adjudicator"))


def test_a_batch_with_one_bad_row_keeps_none_of_it(project):
    good = [Wanted(n, TA, "ada", "include") for n in range(1, 6)]
    with pytest.raises(ReviewError, match="R000077"), project.store.write() as conn:
        add(project, conn, [*good, Wanted(77, TA, "ada", "include")], now())
    with project.store.read() as conn:
        assert decisions.every(conn) == []


def test_a_batch_may_carry_a_record_through_two_stages(project):
    rows = [Wanted(1, TA, n, "include") for n in ("ada", "ben")]
    rows += [Wanted(1, FT, n, "exclude", "Not Imaging") for n in ("ada", "ben")]
    with project.store.write() as conn:
        found = add(project, conn, rows, now())
    assert [one.status for one in found] == ["partial", "included", "partial", "excluded"]
    assert found[-1].reason == "not imaging"


def test_the_projection_is_what_a_fresh_computation_gives(project):
    both(project, 1, TA, "include")
    both(project, 2, TA, "exclude")
    decide(project, Wanted(3, TA, "ada", "unsure"))
    both(project, 1, FT, "include")
    kept = counts(project)
    with project.store.write() as conn:
        links.put_groups(conn, {n: (n, n) for n in range(1, 11)})
        standings.rebuild(project, conn)
    assert counts(project) == kept


def test_records_of_one_report_share_their_decisions_and_part_with_them(project):
    decide(project, Wanted(4, TA, "ada", "include"))
    with project.store.write() as conn:
        links.add(conn, [Link(4, 5, "duplicate", "doi", "tool", now())])
        links.put_groups(conn, {4: (4, 4), 5: (4, 4)})
        standings.rebuild(project, conn)
    assert decide(project, Wanted(5, TA, "ben", "include")).status == "included"
    with project.store.write() as conn:
        links.put_groups(conn, {})
        found = standings.rebuild(project, conn)
    assert found[TA][4].status == found[TA][5].status == "partial"


def test_a_retired_reviewer_strands_no_record(project):
    decide(project, Wanted(1, TA, "ben", "exclude"))
    both(project, 2, TA, "include")
    with project.store.write() as conn:
        audit_events.add(conn, "retire", "ada", now(), subject="ben")
        found = standings.rebuild(project, conn)
    assert (found[TA][1].status, found[TA][2].status) == ("pending", "included")
    with pytest.raises(ReviewError, match="'ben' is not a reviewer"):
        decide(project, Wanted(1, TA, "ben", "include"))


def test_a_protocol_change_after_the_first_decision_is_an_amendment(project, tmp_path):
    path = tmp_path / "protocol.yaml"
    assert amendments(project) == []
    path.write_text(path.read_text().replace("pilot: 0 ", "pilot: 5 "))
    open_project(tmp_path, who="ada")
    assert amendments(project) == []
    decide(project, Wanted(1, TA, "ada", "include"))
    path.write_text(path.read_text().replace("pilot: 5 ", "pilot: 9 "))
    again = open_project(tmp_path, who="ben", why="more training")
    (found,) = amendments(again)
    assert (found["who"], found["why"]) == ("ben", "more training")
    assert "-    pilot: 5" in found["what"]
    assert "+    pilot: 9" in found["what"]
