"""The protocol in force at the write: a key pressed on a page drawn before an amendment."""

import threading

import pytest
from support.small import studies

from review.errors import ProtocolError, ReviewError
from review.models import Record
from review.protocol.models import find_stage
from review.store import audit_events, decisions
from review.store.timestamps import utc_now
from review.workflow.deduplication.run import settle_pair, undo_answer
from review.workflow.screening import reviewing, status
from review.workflow.screening.decisions import NewDecision, add_decision, add_decisions
from review.workflow.setup import protocol_amendments
from review.workflow.setup.loading import open_project

TA = "title-abstract"


@pytest.fixture
def page(tmp_path, database):
    """The review as a page drew it before anybody amended."""
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2, 3)])
    add_decision(project, NewDecision(3, TA, "ada", "exclude"))
    yield project
    project.store.close()


def amend(project, old, new):
    text = protocol_amendments.read_protocol_text(project)
    assert old in text
    protocol_amendments.amend_protocol(
        project, text.replace(old, new), "ada", "the team changed", seen=project.fingerprint
    )
    return open_project(project.folder, who="ada")


def test_standings_are_those_of_a_recomputation(page):
    """What is kept after a press from an old page is what the plan in force makes of the rows."""
    amended = amend(page, "reviewers: 2                      #", "reviewers: 1 #")
    stage = find_stage(page.protocol, "screening")
    assert reviewing.save_decision(page, stage, "ada", 1, "include").status == "included"
    reviewing.undo_decision(page, stage, "ada")
    reviewing.save_decision(page, stage, "ben", 2, "include")
    with page.store.read() as conn:
        computed = status.compute_statuses(amended, conn)
        for one in amended.protocol.stages:
            stored = decisions.list_statuses(conn, one.id)
            assert stored == {n: s.status for n, s in computed[one.id].items()}
        rows = decisions.list_decisions(conn)
        kept = conn.exec_driver_sql("select protocol from decisions order by id").scalars().all()
    assert len(rows) == 4
    assert kept == [page.fingerprint, *[amended.fingerprint] * 3]
    amended.store.close()


def test_who_left_the_team_meanwhile_decides_nothing(page):
    amended = amend(page, "name: ben", "name: dora")
    stage = find_stage(page.protocol, "screening")
    with pytest.raises(ReviewError, match="'ben' is not a reviewer"):
        reviewing.save_decision(page, stage, "ben", 1, "include")
    with page.store.read() as conn:
        assert len(decisions.list_decisions(conn)) == 1
    amended.store.close()


def test_an_old_page_joins_and_parts_under_the_plan_in_force(page):
    amended = amend(page, "reviewers: 2                      #", "reviewers: 1 #")
    settle_pair(page, ("R000001", "R000003"), "same", "ben")
    with page.store.read() as conn:
        assert decisions.list_statuses(conn, TA) == {1: "excluded", 2: "pending"}
    undo_answer(page, "ben")
    with page.store.read() as conn:
        assert decisions.list_statuses(conn, TA) == {1: "pending", 2: "pending", 3: "excluded"}
    amended.store.close()


def test_every_key_during_an_amendment_is_under_one_plan(page):
    """Keys pressed while the lead amends: each row names the plan by which it was checked."""
    stage = find_stage(page.protocol, "screening")
    started = threading.Event()

    def press():
        for _ in range(12):
            reviewing.save_decision(page, stage, "ben", 1, "include")
            started.set()
            reviewing.undo_decision(page, stage, "ben")

    thread = threading.Thread(target=press)
    thread.start()
    started.wait()
    amended = amend(page, "reviewers: 2                      #", "reviewers: 1 #")
    thread.join()
    with page.store.read() as conn:
        hashes = conn.exec_driver_sql("select protocol from decisions order by id").scalars().all()
        stored = decisions.list_statuses(conn, TA)
        computed = status.compute_statuses(amended, conn)[TA]
    assert hashes == sorted(hashes, key=lambda one: one != page.fingerprint)  # old ones, then new
    assert stored == {n: s.status for n, s in computed.items()}
    amended.store.close()


def test_an_opener_who_read_the_file_before_the_amendment_does_not_put_it_back(page):
    amended = amend(page, "reviewers: 2                      #", "reviewers: 1 #")
    path = page.folder / "protocol.yaml"
    newer = path.read_text()
    with page.store.read() as conn:
        older = audit_events.list_protocol_versions(conn)[0]["text"]
    path.write_text(older)  # an old copy, as on a second machine
    with pytest.raises(ProtocolError, match=r"is version 1 of the protocol; version 2 by ada"):
        open_project(page.folder, who="ben")
    with page.store.read() as conn:
        assert audit_events.get_newest_protocol(conn)[0] == amended.fingerprint
    again = open_project(page.folder, who="ada", why="one reviewer was too few")
    assert again.fingerprint == page.fingerprint
    path.write_text(newer)
    with pytest.raises(ProtocolError, match="is version 2 of the protocol"):
        open_project(page.folder, who="ada")
    for project in (amended, again):
        project.store.close()


def test_a_batch_from_an_old_page_is_whole_under_the_new_plan_or_not_at_all(page):
    amended = amend(page, "name: ben", "name: dora")
    new_decisions = [NewDecision(1, TA, "ada", "include"), NewDecision(2, TA, "ben", "include")]
    with pytest.raises(ReviewError, match="'ben'"), page.store.write() as conn:
        add_decisions(page, conn, new_decisions, utc_now())
    with page.store.read() as conn:
        assert len(decisions.list_decisions(conn)) == 1
    amended.store.close()
