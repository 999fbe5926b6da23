"""People of a home: one account each, and no review's lead gets hold of one that opens others."""

import pytest
from support.homes import BASE, PASSWORD, add_to_team, list_members

from review.errors import ReviewError
from review.protocol.models import Person
from review.workflow.project import accounts, invitations, sign_in_limits
from review.workflow.setup import first_account, people
from review.workflow.setup.first_account import FirstLead


def may_open(home, review, name):
    return accounts.get_current_user(home.project(review), home.sign_in(name)) is not None


def test_there_is_one_first_account(home):
    again = FirstLead(name="eve", full_name="Eve", password=PASSWORD)
    with pytest.raises(ReviewError, match="first account has been made"):
        first_account.create_first_account(home.home, again)
    assert not first_account.needs_first_account(home.home)


@pytest.mark.parametrize("name", ["", "tool", "a@b.org", "a|b", " stopping "])
def test_a_first_name_that_no_team_could_list_is_refused(tmp_path, name):
    from review.workflow.project.home import open_home

    lead = FirstLead(name=name, full_name="Some One", password=PASSWORD)
    empty = open_home(tmp_path)
    with pytest.raises(ReviewError):
        first_account.create_first_account(empty, lead)
    assert first_account.needs_first_account(empty)


def test_who_has_an_account_is_let_in_with_it_and_gets_no_link(home):
    assert not may_open(home, "second", "dan")
    invitation = home.invite("second", "dan", "dan ek", "lea", role="adjudicator")
    assert invitation.has_account and invitation.address == f"{BASE}/r/second/"
    assert may_open(home, "second", "dan")
    member = accounts.get_current_user(home.project("second"), home.sign_in("dan"))
    assert member.roles == ("adjudicator",)


def test_a_name_that_is_somebody_elses_is_refused_before_the_team_changes(home):
    before = home.project("second").protocol
    with pytest.raises(ReviewError, match="signs in as dan already"):
        home.invite("second", "dan", "Daniel Other", "lea")
    assert home.project("second").protocol == before
    with pytest.raises(ReviewError, match="has an account on this server"):
        home.invite("second", "DAN", "Dan Ek", "lea")
    assert list_members(home, "second") == {"lea"}


def test_no_lead_gets_hold_of_an_account_that_opens_other_reviews(home):
    home.invite("second", "dan", "Dan Ek", "lea")
    project = home.project("second")
    for act in (
        lambda: invitations.make_invitation(project, "dan", "lea", BASE),
        lambda: accounts.end_sessions(project, "dan", "lea"),
        lambda: accounts.add_user(project, "dan", "another password", "lea"),
    ):
        with pytest.raises(ReviewError, match="other reviews of this server"):
            act()
    assert may_open(home, "first", "dan")


def test_putting_somebody_on_the_list_by_hand_does_not_help(home):
    add_to_team(home.project("second"), Person(name="mia", roles=("reviewer",)))
    project = home.project("second")
    with pytest.raises(ReviewError, match="signs in as mia already"):
        invitations.make_invitation(project, "mia", "lea", BASE)
    with pytest.raises(ReviewError, match="other reviews of this server"):
        accounts.add_user(project, "mia", "another password", "lea")
    with pytest.raises(ReviewError, match="other reviews of this server"):
        accounts.end_sessions(project, "mia", "lea")
    assert home.sign_in("mia")


def test_a_link_that_waits_is_not_made_again_by_a_lead_of_another_review(home):
    waiting = home.invite("first", "eva", "Eva Li", "mia")
    again = home.invite("second", "eva", "Eva Li", "lea")
    assert again.has_account and "key=" not in again.address
    with pytest.raises(ReviewError, match="other reviews of this server"):
        invitations.make_invitation(home.project("second"), "eva", "lea", BASE)
    home.accept(waiting)
    assert may_open(home, "first", "eva") and may_open(home, "second", "eva")


def test_the_administrator_and_a_lead_of_the_only_review_may_make_a_new_link(home):
    link = invitations.make_invitation(home.project("first"), "dan", "mia", BASE)
    assert not link.has_account and not link.is_new
    home.accept(home.invite("second", "eva", "Eva Li", "lea"))
    assert "key=" in invitations.make_invitation(home.project("second"), "eva", "lea", BASE).address
    assert accounts.end_sessions(home.project("second"), "eva", "lea") == 1


def test_who_retires_from_one_review_keeps_the_account_and_the_other(home):
    home.invite("second", "dan", "Dan Ek", "lea")
    home.invite("second", "eva", "Eva Li", "lea")
    people.retire_person(home.project("second"), "dan", "lea")
    assert not may_open(home, "second", "dan") and may_open(home, "first", "dan")
    invitation = people.return_person(home.project("second"), "dan", "lea", BASE)
    assert invitation.has_account and may_open(home, "second", "dan")


def test_who_is_taken_off_a_team_cannot_open_it_even_if_listed_again(home):
    home.invite("second", "dan", "Dan Ek", "lea")
    people.remove_person(home.project("second"), "dan", "lea", "")
    assert not may_open(home, "second", "dan") and may_open(home, "first", "dan")
    add_to_team(home.project("second"), Person(name="dan", roles=("reviewer",)))
    assert not may_open(home, "second", "dan")


def test_the_lead_sees_the_state_of_those_who_were_let_in_alone(home):
    home.invite("second", "eva", "Eva Li", "lea")
    add_to_team(home.project("second"), Person(name="dan", roles=("reviewer",)))
    views = {one.name: one for one in people.list_people(home.project("second"), "lea")}
    assert views["lea"].has_password and views["lea"].sessions == 1
    assert not views["dan"].has_password and views["dan"].sessions == 0
    assert views["eva"].invited_until is not None


def test_the_only_lead_who_can_come_in_stays(home):
    add_to_team(home.project("second"), Person(name="mia", roles=("lead", "reviewer")))
    with pytest.raises(ReviewError, match="only lead who can sign in"):
        people.retire_person(home.project("second"), "lea", "lea")


def test_a_password_changed_in_one_review_is_that_of_the_account(home):
    sign_in_limits.change_password(home.project("first"), "dan", PASSWORD, "quite another one")
    assert accounts.sign_in(home.home, "dan", PASSWORD) is None
    assert accounts.sign_in(home.home, "dan", "quite another one")
