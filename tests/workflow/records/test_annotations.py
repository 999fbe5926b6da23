"""Tags and notes for the team: whose they are, who sees them when, and that they lift no blind."""

import json

import pytest
from support.small import studies

from review.errors import ReviewError
from review.models import Link, Record
from review.protocol.models import find_stage
from review.store import links, log
from review.store.timestamps import utc_now
from review.workflow.exports import bundle, snapshot
from review.workflow.project.accounts import CurrentUser
from review.workflow.records import annotations, record_list
from review.workflow.records.record_list import RecordFilter
from review.workflow.screening import reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

TA, FT = "title-abstract", "full-text"
ADA = CurrentUser("ada", ("lead", "reviewer"))
BEN, CLEO = CurrentUser("ben", ("reviewer",)), CurrentUser("cleo", ("adjudicator",))
LEA, GUS = CurrentUser("lea", ("lead",)), CurrentUser("gus", ("reader",))
EVERYBODY = (ADA, BEN, CLEO, LEA, GUS)


@pytest.fixture
def project(tmp_path):
    studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 5)])
    path = tmp_path / "protocol.yaml"
    more = "  - {name: lea, roles: [lead]}\n  - {name: gus, roles: [guest]}\n  - {name: cleo"
    path.write_text(path.read_text().replace("  - {name: cleo", more))
    return open_project(tmp_path, who="ada")


def decide(project, number, verdict, *people, stage=TA, reason=None):
    for who in people:
        add_decision(project, NewDecision(number, stage, who, verdict, reason))


def seen(project, person, number=1):
    listed = annotations.list_visible_annotations(project, person.name, [number])[number]
    return [(one.who, one.text) for one in listed]


def look(project, person):
    """All that pages show a person of tags and notes, whatever they filter by."""
    view = record_list.build_view(project, person)
    tags = record_list.list_tags(view)
    filters = [RecordFilter(), RecordFilter(has_team_note=True)]
    filters += [RecordFilter(tag=tag) for tag in (*tags, "secret")]
    found = [record_list.find_records(project, view, wanted) for wanted in filters]
    rows = record_list.list_rows(project, view, found[0].numbers)
    return tags, found, rows, [seen(project, person, number) for number in (1, 2, 3, 4)]


def test_a_tag_of_ones_own_is_shown_to_nobody_else_and_is_in_no_log(project):
    annotations.add_tag(project, "ben", 1, "my secret", shared=False)
    decide(project, 1, "exclude", "ada", "ben")
    assert seen(project, BEN) == [("ben", "my secret")]
    for person in (ADA, CLEO, LEA, GUS):
        assert seen(project, person) == []
        assert "secret" not in repr(look(project, person))
    with project.store.read() as conn:
        assert "secret" not in json.dumps(list(log.iter_events(conn)))
    for name in (None, "lea", "ada"):
        files = bundle.build_report_files(snapshot.snapshot_at(project), reader=name)
        assert not any(b"secret" in data for data in files.values())


def test_what_others_share_is_shown_once_the_record_is_resolved_for_the_reader(project):
    annotations.add_tag(project, "ben", 1, "protocol only", shared=True)
    annotations.save_team_note(project, "ben", 1, "Out of scope?")
    told = [("ben", "protocol only"), ("ben", "Out of scope?")]
    assert seen(project, BEN) == seen(project, LEA) == told
    for person in (ADA, GUS):
        assert seen(project, person) == []
    decide(project, 1, "exclude", "ada")  # their own decision alone does not resolve it
    assert seen(project, ADA) == []
    decide(project, 1, "exclude", "ben")
    for person in EVERYBODY:
        assert seen(project, person) == told
    view = record_list.build_view(project, ADA)
    assert record_list.list_tags(view) == ["protocol only"]
    assert record_list.find_records(project, view, RecordFilter(tag="protocol only")).numbers == (
        1,
    )
    assert record_list.find_records(project, view, RecordFilter(has_team_note=True)).numbers == (1,)
    (row,) = record_list.list_rows(project, view, (1,))
    assert (row.tags, row.team_notes) == (("protocol only",), ("ben: Out of scope?",))


@pytest.mark.parametrize("own", [None, "include", "exclude", "unsure"])
def test_whatever_a_colleague_tags_and_notes_on_an_open_record_nothing_changes(project, own):
    if own:
        decide(project, 1, own, "ada")
    before = {person.name: look(project, person) for person in (ADA, GUS)}
    annotations.add_tag(project, "ben", 1, "secret", shared=True)
    annotations.add_tag(project, "ben", 1, "secret", shared=False)
    annotations.save_team_note(project, "ben", 1, "secret")
    for person in (ADA, GUS):
        assert look(project, person) == before[person.name]
    files = bundle.build_report_files(snapshot.snapshot_at(project), reader="ada")
    assert not any(b"secret" in data for data in files.values())


def test_what_was_shared_at_a_later_stage_waits_for_that_stage(project):
    annotations.add_tag(project, "ben", 1, "early", shared=True)
    decide(project, 1, "include", "ada", "ben")
    annotations.add_tag(project, "ben", 1, "late", shared=True)
    assert seen(project, ADA) == [("ben", "early")]
    decide(project, 1, "exclude", "ada", "ben", stage=FT, reason="not imaging")
    assert seen(project, ADA) == [("ben", "early"), ("ben", "late")]
    reviewing.undo_decision(project, find_stage(project.protocol, "eligibility"), "ben")
    assert seen(project, ADA) == [("ben", "early")]


def test_joining_a_record_to_a_resolved_one_shows_nothing_of_it(project):
    decide(project, 1, "include", "ada", "ben")
    decide(project, 2, "exclude", "ben")
    annotations.add_tag(project, "ben", 2, "secret", shared=True)
    with project.store.write() as conn:
        links.add_links(conn, [Link(1, 2, "duplicate", "hand", "ada", utc_now())])
        links.replace_groups(conn, {1: (1, 1), 2: (1, 1)})
        standings.rebuild_statuses(project, conn)
    assert seen(project, ADA, 1) == seen(project, ADA, 2) == []
    assert "secret" not in repr(look(project, ADA))
    assert seen(project, LEA, 1) == [("ben", "secret")]
    assert seen(project, BEN, 1) == [("ben", "secret")]


def test_tags_are_added_once_and_removed_by_their_own_person_alone(project):
    assert annotations.add_tag(project, "lea", 1, "  see \n also ", shared=True) == "see also"
    annotations.add_tag(project, "lea", 1, "see also", shared=True)
    annotations.add_tag(project, "lea", 1, "see also", shared=False)
    assert seen(project, LEA) == [("lea", "see also")] * 2
    for who, name, shared in (("ada", "see also", True), ("lea", "other", True)):
        with pytest.raises(ReviewError, match="R000001 has no tag"):
            annotations.remove_tag(project, who, 1, name, shared=shared)
    annotations.remove_tag(project, "lea", 1, "see also", shared=False)
    annotations.remove_tag(project, "lea", 1, "see also", shared=True)
    assert seen(project, LEA) == []
    annotations.add_tag(project, "lea", 1, "see also", shared=True)
    assert seen(project, LEA) == [("lea", "see also")]
    with project.store.read() as conn:
        rows = [row for row in log.iter_events(conn) if row["event"] == "annotations"]
    assert [row["state"] for row in rows] == ["present", "removed", "present"]


def test_a_note_for_the_team_replaces_ones_last_and_an_empty_one_removes_it(project):
    for text in ("first", "second", "second"):
        annotations.save_team_note(project, "lea", 1, text)
    annotations.save_team_note(project, "ben", 1, "of ben")
    assert seen(project, LEA) == [("lea", "second"), ("ben", "of ben")]
    annotations.save_team_note(project, "lea", 1, " ")
    assert seen(project, LEA) == [("ben", "of ben")]


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "Enter a tag"), (" \t\x00", "Enter a tag"), ("x" * 41, "41 characters")],
)
def test_a_tag_that_cannot_be_read_is_refused(project, name, message):
    with pytest.raises(ReviewError, match=message):
        annotations.add_tag(project, "ada", 1, name, shared=True)
    with pytest.raises(ReviewError, match="4,000 are allowed"):
        annotations.save_team_note(project, "ada", 1, "x" * 4001)
    assert seen(project, ADA) == []


def test_the_list_is_read_anew_after_a_tag_and_a_note(project):
    stage = find_stage(project.protocol, "screening")
    keys = [record_list.get_revision(project)]
    annotations.add_tag(project, "ada", 1, "new", shared=False)
    keys.append(record_list.get_revision(project))
    reviewing.add_note(project, stage, "ada", 1, "note")
    keys.append(record_list.get_revision(project))
    assert len(set(keys)) == 3


def test_notes_and_votes_of_an_earlier_stage_are_found(project):
    stage = find_stage(project.protocol, "screening")
    reviewing.add_note(project, stage, "ada", 1, "look at table 2")
    decide(project, 1, "unsure", "ada")
    decide(project, 1, "include", "ben")  # Maybe counts as include: the record moves on
    view = record_list.build_view(project, ADA)
    for wanted in (
        RecordFilter(has_note=True),
        RecordFilter(mine="unsure"),
        RecordFilter(stage=FT),
    ):
        assert record_list.find_records(project, view, wanted).numbers == (1,), wanted
    (row,) = record_list.list_rows(project, view, (1,))
    assert (row.note, row.own_verdict, row.own_stage.id) == ("look at table 2", "unsure", TA)
    decide(project, 1, "include", "ada", stage=FT)
    view = record_list.build_view(project, ADA)
    assert record_list.find_records(project, view, RecordFilter(mine="unsure")).numbers == ()
    assert record_list.find_records(project, view, RecordFilter(mine="include")).numbers == (1,)
