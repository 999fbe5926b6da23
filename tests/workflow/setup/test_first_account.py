"""The first account: the lead's, made once, whoever tries at the same time."""

import threading

import pytest

from review.errors import ReviewError
from review.protocol.models import Person
from review.store import audit_events
from review.workflow.project import accounts
from review.workflow.screening import reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import first_account, protocol_amendments
from review.workflow.setup.first_account import FirstLead, SetupKey
from review.workflow.setup.loading import init_project, open_project

PASSWORD = "correct horse"


def build_lead(name="mia", full_name="Mia  Berg", password=PASSWORD):
    return FirstLead(name=name, full_name=full_name, password=password)


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    return open_project(tmp_path, who="root")


def reopen(project):
    return open_project(project.folder, who="root")


def test_the_lead_takes_the_place_of_the_example_and_signs_in(project):
    before = protocol_amendments.read_protocol_text(project)
    assert first_account.needs_first_account(project)
    name, token = first_account.create_first_account(project, build_lead(name=" mia "))
    now = reopen(project)
    assert name == "mia"
    assert not first_account.needs_first_account(now)
    assert now.protocol.team[0] == Person("mia", ("lead", "reviewer"), None, "Mia Berg")
    assert [one.name for one in now.protocol.team] == ["mia", "ben", "cleo"]
    assert accounts.get_current_user(now, token).name == "mia"
    assert accounts.sign_in(now, "mia", PASSWORD)
    text = protocol_amendments.read_protocol_text(now)
    changed = [line for line in text.splitlines() if line not in before.splitlines()]
    assert len(changed) == 1
    newest = protocol_amendments.list_versions(now)[-1]
    assert (newest.who, newest.why) == ("mia", "First account: Mia Berg leads this review")


def test_a_member_keeps_their_roles_and_becomes_the_lead(project):
    first_account.create_first_account(project, build_lead(name="ben"))
    team = {one.name: one.roles for one in reopen(project).protocol.team}
    assert team == {
        "ada": ("lead", "reviewer"),
        "ben": ("lead", "reviewer"),
        "cleo": ("adjudicator",),
    }


def test_a_real_team_is_added_to_and_nobody_is_replaced(project):
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace("{name: ada,", "{name: ada, email: ada@example.org,"))
    first_account.create_first_account(reopen(project), build_lead())
    assert [one.name for one in reopen(project).protocol.team] == ["ada", "ben", "cleo", "mia"]


def test_an_example_who_has_worked_is_no_example(project):
    with project.store.write() as conn:
        audit_events.add_event(conn, "note", "ada", accounts.utc_now())
    first_account.create_first_account(project, build_lead())
    assert [one.name for one in reopen(project).protocol.team] == ["ada", "ben", "cleo", "mia"]


def test_a_stage_that_names_the_example_names_the_lead_afterwards(project):
    path = project.folder / "protocol.yaml"
    path.write_text(
        path.read_text().replace("    pilot: 0", "    who: [ada, ben]\n    pilot: 0", 1)
    )
    first_account.create_first_account(reopen(project), build_lead())
    assert reopen(project).protocol.stages[0].who == ("mia", "ben")


def test_a_review_under_way_records_the_first_lead_as_an_amendment(tmp_path):
    from support.small import studies

    from review.models import Record

    project = studies(tmp_path, [Record("embase", title="Study")])
    add_decision(project, NewDecision(1, "title-abstract", "ben", "include"))
    first_account.create_first_account(project, build_lead())
    newest = protocol_amendments.list_versions(reopen(project))[-1]
    assert newest.amendment and newest.why
    assert "mia" in [one.name for one in reopen(project).protocol.team]
    reviewing.retire_reviewer(reopen(project), "ben", "mia")


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        (build_lead(name="  "), "a name to sign in with"),
        (build_lead(name="x" * 61), "at most 60"),
        (build_lead(name="a\nb"), "a name to sign in with"),
        (build_lead(name="a|b"), "must not contain"),
        (build_lead(name="tool"), "uses itself"),
        (build_lead(full_name=" "), "your full name"),
        (build_lead(full_name="x" * 101), "at most 100"),
        (build_lead(password="short"), "at least 8 characters"),
        (build_lead(password="x" * 1001), "at most 1000"),
    ],
)
def test_what_does_not_do_is_said_and_changes_nothing(project, lead, words):
    before = protocol_amendments.read_protocol_text(project)
    with pytest.raises(ReviewError, match=words):
        first_account.create_first_account(project, lead)
    assert protocol_amendments.read_protocol_text(project) == before
    assert first_account.needs_first_account(project)


def test_of_many_at_once_one_has_it(database, project):
    """Twelve people with the link press the button at the same moment."""
    names = [f"person {n}" for n in range(12)]
    start, won, refused = threading.Barrier(len(names)), [], []

    def press(name):
        opened = open_project(project.folder, who="root")
        start.wait(60)
        try:
            won.append(first_account.create_first_account(opened, build_lead(name=name)))
        except ReviewError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=press, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and len(refused) == 11
    assert set(refused) == {first_account.TAKEN}
    now = reopen(project)
    with_account = [name for name, _, has_account in accounts.list_users(now) if has_account]
    assert with_account == [won[0][0]]
    assert [one.name for one in now.protocol.team] == [won[0][0], "ben", "cleo"]


def test_the_secret_of_the_link_is_not_guessed():
    key, other = SetupKey(), SetupKey()
    assert key.matches(key.secret) and not key.matches(other.secret)
    for wrong in ("", key.secret[:-1], key.secret + "x", key.secret.swapcase(), "\ud800"):
        assert not key.matches(wrong)
    assert len(key.secret) >= 40
