"""The assistant on the appraisal page: asked by a press, shown as a suggestion, filling nothing."""

import json

import pytest
from streamlit.testing.v1 import AppTest
from support.assisted import CONSENT, ITEM, KEY, QUOTATION, answer, assisted_review
from support.language_model import language_model

from review.store import assistant_calls
from review.workflow.appraisal import forms
from review.workflow.project.accounts import CurrentUser

ADA, BEN = CurrentUser("ada", ("lead", "reviewer")), CurrentUser("ben", ("reviewer",))
LOOK_FIRST = "can be asked once you have answered this item"


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setenv("FUNNEL_ASSISTANT_KEY", KEY)
    with language_model() as running:
        yield running


def draw(project, person, item=ITEM):
    """Draws the form at an item, its checklist chosen."""

    def script(folder, person, item):
        from pathlib import Path

        import streamlit as st

        from review.pages import appraisal
        from review.pages.widgets.preferences import Preferences
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        st.session_state.setdefault("preferences", Preferences(auto_advance=False))
        st.session_state.setdefault("tool_1_kind", "claim-2020")
        st.session_state.setdefault("at_1_claim-2020", item)
        st.query_params["key"] = "R000001"
        appraisal.render_page(open_project(Path(folder)))

    args = (str(project.folder), person, item)
    app = AppTest.from_function(script, args=args, default_timeout=300).run()
    assert not app.exception, app.exception
    return app


def press(app, key):
    (button,) = [one for one in app.button if (one.key or "").startswith(key)]
    app = button.click().run()
    assert not app.exception, app.exception
    return app


def said(app):
    parts = [*app.markdown, *app.caption, *app.warning]
    return " ".join(one.value for one in parts) + html_of(app)


def html_of(app):
    return " ".join(one.proto.body for one in app.get("html"))


def has_button(app):
    return any((one.key or "").startswith("assistant_ask") for one in app.button)


def test_a_review_without_an_assistant_shows_none(tmp_path, service):
    project = assisted_review(tmp_path / "r", service.address, more="")
    answer(project, "ada")
    app = draw(project, ADA)
    assert "invented-7b" not in said(app)
    assert not has_button(app)


def test_it_is_asked_after_the_own_answer_and_shows_a_suggestion(tmp_path, service):
    project = assisted_review(tmp_path / "r", service.address)
    service.replies("yes", QUOTATION, "an invented quotation")
    app = draw(project, ADA)
    assert LOOK_FIRST in said(app)
    assert not has_button(app)
    app = press(app, f"answer_{ITEM}_no")
    assert service.asked == []
    (button,) = [one for one in app.button if (one.key or "").startswith("assistant_ask")]
    assert button.label == "Ask invented-7b"
    assert "at most 5 sentences of the paper" in button.help
    app = press(app, "assistant_ask")
    told = said(app)
    assert "suggests: Yes" in told
    assert "by a language model, please check" in told
    assert f"“{QUOTATION}”" in told
    assert "not compared with settled answers yet" in told
    assert "1 quotation left out: not in the paper." in told
    assert not has_button(app)
    assert forms.open_form(project, 1, "claim-2020", "ada").entries[ITEM].answer == "no"
    assert app.text_area(key="filling_quote").value == ""
    app = press(app, "assistant_page_0")
    assert "suggests" not in said(draw(project, BEN))


def test_a_failure_is_one_line_and_may_be_tried_again(tmp_path, service):
    project = assisted_review(tmp_path / "r", service.address, more=CONSENT, budget="calls: 1")
    answer(project, "ada")
    service.fails(500, KEY)
    app = press(draw(project, ADA), "assistant_ask")
    assert "has a fault of its own (HTTP 500)" in said(app)
    app = press(app, "assistant_ask")
    assert "budget of 1 question for this review is used up" in said(app)
    assert KEY not in said(app)


def test_what_a_service_says_is_shown_as_text(tmp_path, service):
    hostile = "<img src=x onerror=alert(1)> **$x$** [a](javascript:b)"
    project = assisted_review(
        tmp_path / "r", service.address, more=f"{CONSENT}, after_own_answer: false"
    )
    plan = project.folder / "protocol.yaml"
    plan.write_text(plan.read_text().replace("model: invented-7b", "model: '<u>**m**'"))
    service.says(json.dumps({"answer": hostile, "quotations": [hostile]}), model=hostile)
    app = press(draw(project, ADA), "assistant_ask")
    assert "none of the answers of this item" in said(app)
    assert "onerror" not in said(app)
    assert "<u>" not in said(app)
    assert "**m**" not in said(app)
    from review.workflow.setup.loading import open_project

    with open_project(project.folder).store.read() as conn:
        assert hostile in assistant_calls.list_calls(conn)[0].answer.reply
