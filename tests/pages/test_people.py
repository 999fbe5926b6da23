"""The page People: mistakes are named, and what retiring does is said before it is done."""

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.workflow.project import accounts, invitations
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import people
from review.workflow.setup.loading import open_project

LEAD, REVIEWER = CurrentUser("ada", ("lead", "reviewer")), CurrentUser("ben", ("reviewer",))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNEL_URL", "https://review.example.org")
    monkeypatch.delenv("FUNNEL_SMTP", raising=False)
    made = studies(tmp_path, [Record("embase", title="Study")])
    accounts.add_user(made, "ada", "correct horse", "root")
    add_decision(made, NewDecision(1, "title-abstract", "ben", "include"))
    return made


def draw(project, person):
    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import people
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        people.render_page(open_project(Path(folder)))

    return AppTest.from_function(
        script, args=(str(project.folder), person), default_timeout=300
    ).run()


def find(widgets, label):
    return next(one for one in widgets if one.label == label)


def test_the_page_is_the_leads(project):
    page = draw(project, REVIEWER)
    assert "ben does not have permission" in page.exception[0].message
    assert not page.title


def test_an_invitation_that_does_not_do_is_said_and_then_sent(project):
    page = draw(project, LEAD)
    find(page.text_input, "Full name").set_value("Ben Two")
    find(page.text_input, "Name to sign in with").set_value("ben")
    find(page.selectbox, "Takes the place of the example").set_value("Nobody: a new member")
    find(page.button, "Create invitation link").click().run()
    assert "ben is in the team already" in page.warning[0].value
    find(page.text_input, "Name to sign in with").set_value("bea")
    find(page.button, "Create invitation link").click().run()
    assert not page.exception and not page.warning
    assert page.success[0].value == "bea is in the team now."
    assert page.code[0].value.startswith("https://review.example.org/invitation?key=")
    assert find(page.text_input, "Name to sign in with").value == ""
    team = [one.name for one in open_project(project.folder).protocol.team]
    assert team == ["ada", "ben", "cleo", "bea"]
    find(page.button, "Hide link").click().run()
    assert not page.code


def test_what_retiring_means_is_shown_and_can_be_cancelled(project):
    page = draw(project, LEAD)
    page.button(key="ask_ben").click().run()
    told = " ".join(one.value for one in page.markdown)
    assert "1 decision on records that are not resolved no longer counts" in told
    assert "Nothing they did is deleted" in told
    page.button(key="stay_ben").click().run()
    assert not any(one.key == "leave_ben" for one in page.button)
    page.button(key="ask_ben").click().run()
    page.button(key="leave_ben").click().run()
    assert "ben is retired. Too few reviewers are left for" in page.success[0].value
    ben = next(
        one for one in people.list_people(open_project(project.folder), "ada") if one.name == "ben"
    )
    assert ben.is_retired


def test_a_password_is_reset_by_a_link_on_the_card_of_its_person(project):
    """The old password and its sessions end when the link is used, which works once."""
    accounts.add_user(project, "ben", "the old one", "ada")
    token = accounts.sign_in(project, "ben", "the old one")
    page = draw(project, LEAD)
    count = len(page.main.children)
    page.button(key="link_ben").click().run()
    assert "Pass this link on to **ben** and nobody else" in " ".join(
        one.value for one in page.markdown
    )
    assert len(page.main.children) == count  # no card takes the place of another
    assert not page.main.children[1].get("code")
    link = page.code[0].value
    assert accounts.get_current_user(project, token)
    key = link.split("key=")[1]
    _, new_token = invitations.accept_invitation(project, key, "a fine password")
    assert accounts.get_current_user(project, token) is None
    assert accounts.sign_in(project, "ben", "the old one") is None
    with pytest.raises(ReviewError, match="has been used"):
        invitations.accept_invitation(project, key, "a third password")
    find(page.button, "Hide link").click().run()
    assert not page.code
    page.button(key="sign_out_ben").click().run()
    assert page.success[0].value == "ben is signed out\\: 1 session ended."
    assert accounts.get_current_user(project, new_token) is None


def test_the_only_lead_stays(project):
    page = draw(project, LEAD)
    page.button(key="ask_ada").click().run()
    page.button(key="leave_ada").click().run()
    assert "ada is the only lead who can sign in" in page.warning[0].value
