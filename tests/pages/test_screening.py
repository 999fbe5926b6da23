"""The keys of the Screening page: none is active while somebody types."""

import re

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.models import Record
from review.pages.widgets.preferences import Preferences
from review.store import links, records
from review.workflow.screening import reviewing
from review.workflow.setup.loading import init_project, open_project

KEYS = {
    "Include": "i",
    "Exclude": "e",
    "Maybe": "m",
    "Note": "n",
    "Tags": "t",
    "Duplicate": "d",
    "Undo": "z",
    "Back": "left",
    "Forward": "right",
}


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 6)])


def draw(folder):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import screening
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ada", ("reviewer",))
        screening.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder),), default_timeout=300).run()


def shortcuts(app):
    return {one.label: one.proto.shortcut for one in app.button if one.label in KEYS}


def test_the_words_that_rank_a_record_higher_stand_beside_it_unless_switched_off(tmp_path):
    titles = [f"{'*ResNet* finds gout' if n % 2 else 'Hospital budgets'} {n}" for n in range(1, 13)]
    project = studies(tmp_path, [Record("embase", title=title) for title in titles])
    path = tmp_path / "protocol.yaml"
    path.write_text(re.sub(r"question: .*", "question: Gout by ResNet", path.read_text()))
    app = draw(tmp_path)
    assert not app.exception
    words = [one.value for one in app.caption if "because of" in one.value]
    assert words == ["Ranked higher because of: gout, ResNet"]
    next(one for one in app.button if one.label == "Include").click()
    app.run()
    next(one for one in app.button if one.label == "Back").click()
    app.run()
    assert any("You included this record" in one.value for one in app.caption)
    assert not any("because of" in one.value for one in app.caption)  # it is decided
    next(one for one in app.button if one.label == "Forward").click()
    app.run()
    assert any("because of" in one.value for one in app.caption)
    app.session_state["preferences"] = Preferences(ranking_words=False)
    app.run()
    assert not any("because of" in one.value for one in app.caption)
    assert project.protocol.ranking.show_words


@pytest.mark.parametrize("panel", ["Note", "Tags", "Duplicate"])
def test_no_key_decides_while_a_note_or_a_duplicate_is_typed(project, panel):
    app = draw(project.folder)
    assert shortcuts(app) == KEYS
    next(one for one in app.button if one.label == panel).click()
    app.run()
    assert not app.exception
    assert set(shortcuts(app).values()) == {""}
    close = next(one for one in app.button if one.label == "Close")
    assert close.proto.shortcut == "escape"
    close.click().run()
    assert shortcuts(app) == KEYS


def test_before_anything_has_come_the_page_says_what_it_waits_for(tmp_path):
    init_project(tmp_path)
    open_project(tmp_path, who="ada")
    app = draw(tmp_path)
    assert not app.exception
    assert "once the lead has run a search" in app.info[0].value
    assert not app.success
    assert not app.button
    app.segmented_control[0].set_value("full-text").run()
    assert "once they are included on title and abstract" in app.info[0].value


def test_at_the_end_the_page_says_where_more_waits_and_looks_back(project):
    stage = project.protocol.stages[0]
    for who in ("ada", "ben"):
        for number in range(1, 6):
            reviewing.save_decision(
                project, stage, who, number, "include" if number > 3 else "exclude"
            )
    app = draw(project.folder)
    assert (
        app.success[0].value
        == "You have screened everything here. Thank you. 2 records left for you at Full text."
    )
    last = next(one for one in app.button if one.label == "Back")
    last.click().run()
    assert not app.exception
    assert any("You included this record" in one.value for one in app.caption)
    assert shortcuts(app) == KEYS


def test_a_reason_is_asked_by_title_and_abstract_where_the_protocol_wants_it(project):
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace("ask_reason: false", "ask_reason: true"))
    stage = open_project(project.folder, who="ada").protocol.stages[0]

    def press(app, label):
        next(one for one in app.button if one.label == label).click()
        return app.run()

    app = press(draw(project.folder), "Exclude")
    assert not app.exception
    offered = {one.label: one.proto.shortcut for one in app.button if one.proto.shortcut.isdigit()}
    assert offered == {
        "Exclude without a reason": "0",
        **{reason: str(n) for n, reason in enumerate(stage.reasons, 1)},
    }
    first = app.query_params["key"]
    app = press(app, stage.reasons[1])
    app = press(press(app, "Exclude"), "Exclude without a reason")
    keys = reviewing.list_recent_keys(project, stage, "ada")
    views = [reviewing.get_report_view(project, stage, "ada", key) for key in keys]
    assert [one.own_decision.reason for one in views] == [None, stage.reasons[1]]
    assert [one.own_decision.verdict for one in views] == ["exclude", "exclude"]
    assert keys[1] == first


def test_no_reason_is_asked_by_title_and_abstract_where_it_does_not(project):
    app = draw(project.folder)
    next(one for one in app.button if one.label == "Exclude").click().run()
    assert len(reviewing.list_recent_keys(project, project.protocol.stages[0], "ada")) == 1


def press(app, label):
    next(one for one in app.button if one.label == label).click()
    app.run()
    assert not app.exception
    return app


def test_the_forms_of_a_record_save_what_was_typed_and_close(project):
    app = press(draw(project.folder), "Note")
    app.text_area[0].set_value("  Look at the test set ")
    press(app, "Save note")
    assert not app.text_area or app.text_area[0].label == "Abstract"  # the note's box is closed
    press(app, "Note")
    assert app.text_area[0].value == "Look at the test set"
    press(app, "Close")
    press(app, "Save abstract")
    assert "The abstract is empty." in [one.value for one in app.warning]
    app.text_area[0].set_value("We read scans.")
    press(app, "Save abstract")
    with project.store.read() as conn:
        edited = records.get_edited_values(conn, "abstract")
    assert list(edited.values()) == ["We read scans."]


def test_a_duplicate_named_by_hand_is_merged(project):
    app = press(draw(project.folder), "Duplicate")
    app.text_input[0].set_value("R000099")
    press(app, "Merge records")
    assert any("R000099" in one.value for one in app.warning)
    shown = app.query_params["key"]
    key = shown[0] if isinstance(shown, list) else shown
    app.text_input[0].set_value("R000002" if key == "R000001" else "R000001")
    press(app, "Merge records")
    assert not app.warning and not app.text_input
    with project.store.read() as conn:
        assert links.count_reports(conn) == 4
