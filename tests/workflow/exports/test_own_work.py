"""What waits for each person, and that nobody learns from it how others judged."""

import pytest
from support.small import studies

from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions
from review.store.timestamps import utc_now
from review.workflow.exports import own_work
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening import reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

TA = "title-abstract"
ADA = CurrentUser("ada", ("lead", "reviewer"))
BEN, CLEO = CurrentUser("ben", ("reviewer",)), CurrentUser("cleo", ("adjudicator",))
LEA, GUS = CurrentUser("lea", ("lead",)), CurrentUser("gus", ("reader",))


@pytest.fixture
def project(tmp_path):
    studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 7)])
    path = tmp_path / "protocol.yaml"
    more = "  - {name: lea, roles: [lead]}\n  - {name: gus, roles: [reader]}\n  - {name: cleo"
    path.write_text(path.read_text().replace("  - {name: cleo", more))
    return open_project(tmp_path, who="ada")


def decide(project, number, who, verdict, role="reviewer"):
    add_decision(project, NewDecision(number, TA, who, verdict, role=role))


def test_a_reviewer_sees_what_is_left_and_their_own_maybes_and_notes(project):
    stage = find_stage(project.protocol, "screening")
    decide(project, 1, "ada", "unsure")
    decide(project, 2, "ada", "unsure")
    decide(project, 2, "ada", "exclude")
    decide(project, 3, "ada", "unsure")
    reviewing.add_note(project, stage, "ada", 3, "look at table 2")
    reviewing.add_note(project, stage, "ada", 4, "removed later")
    reviewing.add_note(project, stage, "ada", 4, None)
    work = own_work.get_own_work(project, ADA)
    (at_titles, at_texts) = work.screening
    assert (at_titles.progress.done, at_titles.progress.remaining) == (3, 3)
    assert (at_texts.progress.done, at_texts.progress.remaining) == (0, 0)
    assert [(one.key, one.text) for one in work.maybes] == [
        ("R000003", "look at table 2"),
        ("R000001", ""),
    ]
    assert [(one.key, one.stage) for one in work.notes] == [("R000003", "Title and abstract")]
    assert work.conflicts == ()
    assert own_work.count_own_work(project, ADA) == own_work.OwnCounts(3, 0)


def test_conflicts_wait_for_the_adjudicator_alone(project):
    decide(project, 1, "ada", "include")
    decide(project, 1, "ben", "exclude")
    assert [n for _, n in own_work.get_own_work(project, CLEO).conflicts] == [1]
    assert own_work.count_own_work(project, CLEO) == own_work.OwnCounts(0, 1)
    for person in (ADA, BEN, LEA, GUS):
        assert own_work.get_own_work(project, person).conflicts == ()
    decide(project, 1, "cleo", "include", role="adjudicator")
    assert own_work.get_own_work(project, CLEO).conflicts == ()


@pytest.mark.parametrize("verdict", ["include", "exclude", "unsure"])
@pytest.mark.parametrize("own", [None, "include", "exclude", "unsure"])
def test_what_another_judged_changes_nothing_before_it_is_settled(project, own, verdict):
    """The attack: look, let Ben judge, look again. Only a settled record may tell."""
    stage = find_stage(project.protocol, "screening")
    if own is not None:
        decide(project, 1, "ada", own)

    def look():
        return (
            own_work.get_own_work(project, ADA),
            own_work.count_own_work(project, ADA),
            own_work.list_board(project, ADA),
        )

    before = look()
    reviewing.add_note(project, stage, "ben", 1, "a secret of ben")
    decide(project, 1, "ben", verdict)
    votes = {own, verdict}
    is_settled = own is not None and (votes == {"exclude"} or "exclude" not in votes)
    if not is_settled:
        assert look() == before
    assert "ben" not in repr(look()[0])


def test_the_board_is_the_leads_and_counts_what_blinding_allows(project):
    decide(project, 1, "ada", "include")
    decide(project, 1, "ben", "include")
    decide(project, 2, "ben", "include")

    def board(person):
        return {
            (row.name, row.stage.id): (row.done, row.remaining)
            for row in own_work.list_board(project, person)
            if row.stage.id == TA
        }

    assert board(LEA) == {("ada", TA): (1, 5), ("ben", TA): (2, 4)}
    assert board(ADA) == {("ada", TA): (1, 5), ("ben", TA): (1, None)}
    for person in (BEN, CLEO, GUS):
        assert board(person) == {}


def test_the_board_tells_the_rate_and_who_waits_to_a_lead_who_judges_nothing_alone(project):
    for number, who in ((1, "ada"), (1, "ben"), (2, "ben"), (3, "ben")):
        decide(project, number, who, "include")
    stage = find_stage(project.protocol, "screening")
    reviewing.undo_decision(project, stage, "ben")

    def board(person):
        return {
            row.name: (row.per_day, row.awaited)
            for row in own_work.list_board(project, person)
            if row.stage.id == TA
        }

    assert board(LEA) == {
        "ada": (pytest.approx(1 / 7), 1),
        "ben": (pytest.approx(2 / 7), 0),
    }
    assert board(ADA) == {"ada": (None, None), "ben": (None, None)}
    with project.store.read() as conn:
        assert decisions.count_decided_since(conn, TA, "ben", utc_now()) == 0
    quality = [row for row in own_work.list_board(project, LEA) if row.stage.kind == "quality"]
    assert all((row.per_day, row.awaited) == (None, None) for row in quality)
