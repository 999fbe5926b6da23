"""Reviewers write words of their own in the list of keys: they are marked, or switched off."""

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.models import Record
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening import own_words


def draw(folder, name="ben", roles=("reviewer",)):
    def script(person):
        import streamlit as st

        from review.pages.widgets import key_help, record_text, session

        st.session_state["person"] = person
        st.session_state["key_help_open"] = True
        key_help.render_key_help()
        lists = record_text.list_highlights(session.load_project())
        st.html(record_text.highlight_words("Ribs and mice on CT", lists))

    page = AppTest.from_function(script, args=(CurrentUser(name, roles),), default_timeout=180)
    return page.run()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNEL_REVIEW", str(tmp_path))
    return studies(tmp_path, [Record("embase", title="Study")])


def read(page):
    assert not page.exception
    bodies = (one.proto.body for one in page.get("html"))
    return next(body for body in bodies if "on CT" in body or "CT</mark>" in body)


def find(widgets, label):
    return next(one for one in widgets if one.label.startswith(label))


def test_own_words_are_marked_and_switched_off(project):
    page = draw(project.folder)
    assert "own words" not in read(page) and 'title="an exclude word"' in read(page)
    find(page.text_area, "My own words").set_value("rib*\nmice").run()
    assert read(draw(project.folder)).count("one of your own words") == 2  # another tab
    assert read(page).count("one of your own words") == 2
    assert 'title="an exclude word"' not in read(page)  # mice is one of their own now
    find(page.checkbox, "Mark my own words").uncheck().run()
    assert "one of your own words" not in read(page)
    assert 'title="an exclude word"' in read(page)
    assert "one of your own words" not in read(draw(project.folder, "ada", ("lead", "reviewer")))
    assert own_words.load_words(project, "ben") == ("rib*", "mice")


def test_too_many_words_are_refused_in_words(project):
    page = draw(project.folder)
    text = "\n".join(f"word {n}" for n in range(own_words.MAX_WORDS + 1))
    find(page.text_area, "My own words").set_value(text).run()
    assert "You can mark at most 200 words" in page.warning[0].value
    assert own_words.load_words(project, "ben") == ()


def test_a_guest_has_no_words(project):
    page = draw(project.folder, "gil", ("guest",))
    assert not [one for one in page.text_area if one.label.startswith("My own words")]
