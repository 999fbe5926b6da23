"""What a transaction remembers of events and the protocol is never older than the transaction."""

import pytest
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.store import audit_events, import_undos
from review.store.timestamps import utc_now
from review.workflow.screening.departures import get_departed_reviewers


@pytest.fixture
def project(tmp_path, database):
    opened = studies(tmp_path, [Record("embase", title="Study")])
    yield opened
    opened.store.close()


def retire(conn, name):
    audit_events.add_event(conn, "retire", "ada", utc_now(), subject=name)


def test_an_event_counts_at_once_in_its_own_transaction(project):
    with project.store.write() as conn:
        assert get_departed_reviewers(conn) == set()
        assert import_undos.list_undone_batches(conn) == frozenset()
        retire(conn, "ben")
        assert get_departed_reviewers(conn) == {"ben"}
        audit_events.add_event(conn, "return", "ada", utc_now(), subject="ben")
        audit_events.add_event(conn, "import undone", "ada", utc_now(), subject="7")
        assert get_departed_reviewers(conn) == set()
        assert import_undos.list_undone_batches(conn) == {7}


def test_nothing_of_a_transaction_that_was_taken_back_is_remembered(project):
    with pytest.raises(ReviewError), project.store.write() as conn:
        retire(conn, "ben")
        assert get_departed_reviewers(conn) == {"ben"}
        raise ReviewError("Changed my mind.")
    for transaction in (project.store.read, project.store.write):
        with transaction() as conn:
            assert get_departed_reviewers(conn) == set()


def test_a_reading_transaction_keeps_the_state_it_began_with(project):
    with project.store.read() as conn:
        before = audit_events.get_newest_protocol(conn)
        assert get_departed_reviewers(conn) == set()
        with project.store.write() as writer:
            retire(writer, "ben")
            audit_events.add_protocol_version(writer, "title: New", "abc", "ada", utc_now())
            assert audit_events.get_newest_protocol(writer) == ("abc", "title: New")
        assert get_departed_reviewers(conn) == set()
        assert audit_events.get_newest_protocol(conn) == before
    with project.store.read() as conn:
        assert get_departed_reviewers(conn) == {"ben"}
        assert audit_events.get_newest_protocol(conn) == ("abc", "title: New")


def test_a_caller_cannot_change_what_others_are_given(project):
    with project.store.write() as conn:
        retire(conn, "ben")
        audit_events.list_events(conn, kind="retire")[0]["subject"] = "somebody else"
        audit_events.list_events(conn, kind="retire").clear()
        assert get_departed_reviewers(conn) == {"ben"}
