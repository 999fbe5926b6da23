"""The team as its lead changes it: invitations, roles, retirement, and who comes back."""

import re

import pytest
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.store import accounts as account_rows
from review.workflow.project import accounts, invitations
from review.workflow.screening import departures
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import people, protocol_amendments
from review.workflow.setup.loading import open_project
from review.workflow.setup.people import NewMember

BASE = "https://review.example.org"
TA = "title-abstract"
PASSWORD = "correct horse"


@pytest.fixture
def project(tmp_path):
    """A review that ada leads and in which she and ben have begun to screen."""
    made = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2, 3)])
    accounts.add_user(made, "ada", PASSWORD, "root")
    for number, name in ((1, "ada"), (1, "ben"), (2, "ben")):
        add_decision(made, NewDecision(number, TA, name, "include"))
    return made


def reopen(project):
    return open_project(project.folder, who="root")


def see(project, name, who="ada"):
    return next(view for view in people.list_people(project, who) if view.name == name)


def invite(project, role="reviewer", *, name="dan", why="", **more):
    member = NewMember(name=name, full_name=name.title() + " Ek", role=role, **more)
    return people.invite_person(project, member, "ada", why, BASE)


def test_the_list_says_what_people_do_and_when_they_were_last_here(project):
    ada, ben, cleo = people.list_people(project, "ada")
    assert ada.duties == (
        "screens titles and abstracts",
        "assesses full texts",
        "appraises included reports",
        people.ROLE_MEANINGS["lead"],
    )
    assert cleo.duties == ("resolves conflicts",)
    assert (ada.has_password, ben.has_password, cleo.last_active) == (True, False, None)
    assert ada.last_active and ben.last_active
    assert (ada.is_example, ben.is_example, cleo.is_example) == (False, False, True)
    assert (ada.is_removable, ben.is_removable, cleo.is_removable) == (False, False, True)
    accounts.sign_in(project, "ada", PASSWORD)
    assert see(project, "ada").sessions == 1
    assert people.format_roles(("lead", "reviewer")) == "Lead, reviewer"


@pytest.mark.parametrize("role", people.INVITED_ROLES)
def test_who_is_invited_is_in_the_protocol_and_chooses_a_password(project, role):
    link = invite(project, role, email="dan@example.org", why="We need one more")
    now = reopen(project)
    dan = next(one for one in now.protocol.team if one.name == "dan")
    assert (dan.full_name, dan.roles, dan.email) == ("Dan Ek", (role,), "dan@example.org")
    newest = protocol_amendments.list_versions(now)[-1]
    assert (newest.who, newest.why, newest.amendment) == ("ada", "We need one more", True)
    assert see(now, "dan").invited_until == link.expires
    _, token = invitations.accept_invitation(now, link.address.split("key=")[1], PASSWORD)
    assert accounts.get_current_user(now, token).roles == (role,)
    seen = see(now, "dan")
    assert (seen.has_password, seen.invited_until, seen.is_removable) == (True, None, False)


def test_a_reason_is_written_where_none_is_given(project):
    invite(project, "librarian")
    assert protocol_amendments.list_versions(reopen(project))[-1].why == "Dan Ek joins as librarian"


def test_a_new_member_takes_the_place_of_an_example_alone(project):
    invite(project, "adjudicator", in_place_of="cleo")
    assert [one.name for one in reopen(project).protocol.team] == ["ada", "ben", "dan"]
    with pytest.raises(ReviewError, match="ben is not an example"):
        invite(reopen(project), name="eve", in_place_of="ben")
    with pytest.raises(ReviewError, match="nobody is not an example"):
        invite(reopen(project), name="eve", in_place_of="nobody")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": "Ben"}, "ben is in the team already"),
        ({"name": " "}, "a name to sign in with"),
        ({"name": "a|b"}, "must not contain"),
        ({"name": "tool"}, "uses itself"),
        ({"email": "nowhere"}, "not an e-mail address"),
        ({"email": "a@b"}, "not an e-mail address"),
    ],
)
def test_an_invitation_that_does_not_do_changes_nothing(project, more, words):
    before = protocol_amendments.read_protocol_text(project)
    with pytest.raises(ReviewError, match=words):
        invite(project, **more)
    assert protocol_amendments.read_protocol_text(project) == before
    assert len(protocol_amendments.list_versions(reopen(project))) == 1


def test_a_name_or_address_is_not_given_twice(project):
    invite(project, email="dan@example.org")
    with pytest.raises(ReviewError, match="dan is in the team with this e-mail"):
        invite(reopen(project), name="eve", email="DAN@example.org")
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace("name: ben,", "name: bo,"))
    with pytest.raises(ReviewError, match="ben has worked on this review before"):
        invite(open_project(project.folder, who="root", why="left"), name="ben")


def test_roles_change_with_a_reason_and_the_plan_must_hold(project):
    invite(project, "reviewer")
    people.change_roles(reopen(project), "ben", ["librarian", "librarian"], "ada", "")
    now = reopen(project)
    assert next(one.roles for one in now.protocol.team if one.name == "ben") == ("librarian",)
    assert protocol_amendments.list_versions(now)[-1].why == "ben becomes librarian"
    for name, roles, words in (
        ("dan", ["guest"], "needs 2 reviewers, but the team has 1"),
        ("dan", [], "at least one role"),
        ("dan", ["guest", "reviewer"], "no other role"),
        ("ada", ["reviewer"], "ada is the only lead who can sign in"),
        ("nobody", ["lead"], "not on this review's team"),
    ):
        with pytest.raises(ReviewError, match=words):
            people.change_roles(now, name, roles, "ada", "")
    assert reopen(project).fingerprint == now.fingerprint


def test_a_lead_may_step_back_once_another_can_sign_in(project):
    link = invite(project, "lead")
    with pytest.raises(ReviewError, match="only lead who can sign in"):
        people.change_roles(reopen(project), "ada", ["reviewer"], "ada", "")
    invitations.accept_invitation(reopen(project), link.address.split("key=")[1], PASSWORD)
    people.change_roles(reopen(project), "ada", ["reviewer"], "ada", "")
    with pytest.raises(ReviewError, match="ada does not have permission"):
        people.list_people(reopen(project), "ada")


def test_a_lead_of_an_institution_counts_once_they_have_been_here(project):
    invite(project, "lead", email="dan@example.org")
    with pytest.raises(ReviewError, match="only lead who can sign in"):
        people.retire_person(reopen(project), "ada", "ada")
    assert accounts.start_confirmed_session(reopen(project), "dan@example.org")
    people.retire_person(reopen(project), "ada", "ada")
    with pytest.raises(ReviewError, match="dan is the only lead"):
        people.retire_person(reopen(project), "dan", "dan")


def test_people_on_both_databases(database, tmp_path):
    made = studies(tmp_path / "review", [Record("embase", title="Study")])
    accounts.add_user(made, "ada", PASSWORD, "root")
    add_decision(made, NewDecision(1, TA, "ben", "include"))
    assert [view.is_example for view in people.list_people(made, "ada")] == [False, False, True]
    link = invite(made, "librarian", in_place_of="cleo")
    now = open_project(made.folder, who="root")
    assert see(now, "dan").invited_until == link.expires
    people.retire_person(now, "ben", "ada")
    assert see(now, "ben").is_retired and see(now, "ben").last_active
    assert people.return_person(now, "ben", "ada", BASE).is_new
    people.remove_person(now, "dan", "ada", "")
    assert [view.name for view in people.list_people(reopen(made), "ada")] == ["ada", "ben"]


def test_what_retiring_does_is_said_before_and_done(project):
    invite(project, "reviewer")
    now = reopen(project)
    accounts.add_user(now, "ben", PASSWORD, "ada")
    token = accounts.sign_in(now, "ben", PASSWORD)
    said = people.describe_retirement(now, "ben", "ada")
    assert "1 decision on resolved records counts as before." in said
    assert any(line.startswith("1 decision on records that are not resolved no") for line in said)
    result = people.retire_person(now, "ben", "ada")
    assert result.understaffed_stages == ()
    assert accounts.get_current_user(now, token) is None
    assert accounts.sign_in(now, "ben", PASSWORD) is None
    seen = see(now, "ben")
    assert (seen.is_retired, seen.has_password, seen.sessions) == (True, False, 0)
    with pytest.raises(ReviewError, match="retired already"):
        people.retire_person(now, "ben", "ada")
    link = people.return_person(now, "ben", "ada", BASE)
    _, token = invitations.accept_invitation(now, link.address.split("key=")[1], PASSWORD)
    assert accounts.get_current_user(now, token).name == "ben"
    assert not see(now, "ben").is_retired
    with pytest.raises(ReviewError, match="has not been retired"):
        people.return_person(now, "ben", "ada", BASE)


def test_the_only_lead_is_not_retired(project):
    with pytest.raises(ReviewError, match="ada is the only lead"):
        people.retire_person(project, "ada", "ada")
    with project.store.read() as conn:
        assert departures.get_departed_reviewers(conn) == set()


def test_an_institution_lets_nobody_in_who_was_retired(project):
    invite(project, "reviewer", email="dan@example.org")
    now = reopen(project)
    assert accounts.start_confirmed_session(now, "dan@example.org")
    people.retire_person(now, "dan", "ada")
    assert accounts.start_confirmed_session(now, "dan@example.org") is None
    with now.store.read() as conn:
        assert account_rows.is_closed(conn, "dan")
    people.return_person(now, "dan", "ada", BASE)
    assert accounts.start_confirmed_session(now, "dan@example.org")


def test_who_has_done_nothing_is_taken_off_the_list_and_their_link_ends(project):
    link = invite(project, "reviewer")
    people.remove_person(reopen(project), "dan", "ada", "")
    now = reopen(project)
    assert [one.name for one in now.protocol.team] == ["ada", "ben", "cleo"]
    assert protocol_amendments.list_versions(now)[-1].why == "Dan Ek does not join"
    assert invitations.find_invited(now, link.address.split("key=")[1]) is None
    invite(now, "reviewer")  # under the same name
    with pytest.raises(ReviewError, match="ben has worked on this review: retire"):
        people.remove_person(reopen(project), "ben", "ada", "")


def test_nobody_but_the_lead_sees_or_changes_people(project):
    text = protocol_amendments.read_protocol_text(project)
    member = NewMember(name="eve", full_name="Eve", role="lead")
    for act in (
        lambda who: people.list_people(project, who),
        lambda who: people.invite_person(project, member, who, "", BASE),
        lambda who: people.change_roles(project, who, ["lead"], who, ""),
        lambda who: people.describe_retirement(project, "ada", who),
        lambda who: people.retire_person(project, "ada", who),
        lambda who: people.return_person(project, "ada", who, BASE),
        lambda who: people.remove_person(project, "cleo", who, ""),
    ):
        for who in ("ben", "cleo"):
            with pytest.raises(ReviewError, match=f"{who} does not have permission"):
                act(who)
    assert protocol_amendments.read_protocol_text(project) == text


def test_the_rest_of_the_protocol_keeps_its_words_and_comments(project):
    before = protocol_amendments.read_protocol_text(project)
    invite(project, "guest")
    after = protocol_amendments.read_protocol_text(project)
    assert re.sub(r"  - \{name: dan.*\n", "", after) == before
