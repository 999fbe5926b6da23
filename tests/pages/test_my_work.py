"""The My work page: each list has its way to go on; an empty one says so."""

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.models import Record
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening.decisions import NewDecision, add_decision

ADA, BEN = CurrentUser("ada", ("lead", "reviewer")), CurrentUser("ben", ("reviewer",))
CLEO = CurrentUser("cleo", ("adjudicator",))


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 5)])


def draw(folder, person):
    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import my_work
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        my_work.render_page(open_project(Path(folder)))

    app = AppTest.from_function(script, args=(str(folder), person), default_timeout=300).run()
    assert not app.exception, app.exception
    return app


def links(app):
    return " ".join(one.proto.body for one in app.get("html"))


def test_a_reviewer_goes_on_where_something_is_left(project):
    add_decision(project, NewDecision(1, "title-abstract", "ben", "unsure"))
    app = draw(project.folder, BEN)
    assert '<a href="screening?stage=title-abstract">Continue (3 left)</a>' in links(app)
    maybes = app.dataframe[0].value
    assert list(maybes["Title"]) == ["Study 1"]
    assert not app.subheader


def test_the_adjudicator_is_told_what_waits_and_the_lead_sees_the_team(project):
    add_decision(project, NewDecision(1, "title-abstract", "ada", "include"))
    add_decision(project, NewDecision(1, "title-abstract", "ben", "exclude"))
    assert "1 conflict at Title and abstract" in links(draw(project.folder, CLEO))
    app = draw(project.folder, ADA)
    assert "conflict" not in links(app)
    assert [one.value for one in app.subheader] == ["Team"]
    assert set(app.dataframe[-1].value["Reviewer"]) == {"ada", "ben"}


def test_nothing_that_waits_is_said(project):
    assert draw(project.folder, CLEO).success[0].value == "Nothing is waiting for you."


def test_an_empty_review_says_how_records_come_in(tmp_path):
    app = draw(studies(tmp_path, []).folder, ADA)
    assert not app.success
    assert "import search exports" in app.info[0].value
