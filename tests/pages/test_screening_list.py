"""Screening as a list: keys decide the current record alone, buttons their own, and no press that
comes late decides a record that is no longer current."""

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.models import Record
from review.pages import screening_list
from review.pages.widgets.preferences import Preferences
from review.store import decisions
from review.workflow.setup.loading import open_project

TA = "title-abstract"


@pytest.fixture
def project(tmp_path):
    return studies(
        tmp_path,
        [Record("embase", title=f"Study {n} <b>", abstract="Words.") for n in range(1, 31)],
    )


def draw(folder, size=25):
    def script(folder, size):
        from pathlib import Path

        import streamlit as st

        from review.pages import screening
        from review.pages.widgets.preferences import Preferences
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ada", ("reviewer",))
        st.session_state.setdefault("preferences", Preferences(list_size=size))
        screening.render_page(open_project(Path(folder)))

    app = AppTest.from_function(script, args=(str(folder), size), default_timeout=300).run()
    assert not app.exception, app.exception
    return app


def press(app, label, key=None):
    """Presses a button of the keys, or a record's own."""
    name = f"listed_{label}_{key}" if key else f"screening_list_{label}"
    button = next(one for one in app.button if (one.key or "").startswith(name))
    button.click().run()
    assert not app.exception, app.exception


def current(app):
    return app.session_state[screening_list.CURSOR_KEY]


def keys_of(app):
    return app.session_state[screening_list.LIST_KEY].keys


def votes(project):
    with project.store.read() as conn:
        made = decisions.list_decisions(conn, reviewer="ada")
    return {f"R{one.record:06d}": one.verdict for one in made}


def test_keys_decide_the_current_record_and_go_on_to_the_next_undecided(project):
    app = draw(project.folder)
    keys = keys_of(app)
    assert len(keys) == 25 and current(app) == keys[0]
    press(app, "Down")
    assert current(app) == keys[1] and votes(project) == {}
    press(app, "Include")
    assert votes(project) == {keys[1]: "include"} and current(app) == keys[2]
    press(app, "Up")
    press(app, "Up")
    press(app, "Exclude")
    assert current(app) == keys[2]  # the second is decided
    press(app, "Maybe")
    assert votes(project) == {keys[0]: "exclude", keys[1]: "include", keys[2]: "unsure"}
    shown = " ".join(one.value for one in app.caption)
    assert "You excluded this record" in shown and f"{keys[2]} marked Maybe" in shown


def test_a_records_own_buttons_decide_it_and_undo_returns_to_it(project):
    app = draw(project.folder)
    keys = keys_of(app)
    press(app, "Include", keys[7])
    assert votes(project) == {keys[7]: "include"} and current(app) == keys[8]
    press(app, "Exclude", keys[7])  # changed in place
    assert votes(project) == {keys[7]: "exclude"}
    press(app, "Undo")
    assert votes(project) == {keys[7]: None} and current(app) == keys[7]


def test_a_key_pressed_before_the_list_was_redrawn_decides_nothing(project):
    app = draw(project.folder)
    keys = keys_of(app)
    late = next(one for one in app.button if one.key == f"screening_list_Include_{keys[0]}")
    app.session_state[screening_list.CURSOR_KEY] = keys[1]  # Down arrived first
    late.click().run()
    assert votes(project) == {} and current(app) == keys[1]
    assert "another record had been chosen" in app.warning[0].value


def test_the_last_list_is_followed_by_the_end(project):
    app = draw(project.folder)
    for key in keys_of(app):
        press(app, "Exclude", key)
    assert "Every record on this list is decided." in [one.value for one in app.caption]
    next(one for one in app.button if one.key == "screening_next_list").click().run()
    assert len(keys_of(app)) == 5
    assert next(one for one in app.button if one.key == "screening_next_list").disabled
    for key in keys_of(app):
        press(app, "Exclude", key)
    next(one for one in app.button if one.key == "screening_next_list").click().run()
    assert "You have screened everything here" in app.success[0].value
    assert set(votes(project).values()) == {"exclude"} and len(votes(project)) == 30


def test_a_stage_that_asks_for_reasons_asks_on_the_list_too(project):
    path = project.folder / "protocol.yaml"
    text = path.read_text()
    assert "ask_reason: false" in text
    path.write_text(text.replace("ask_reason: false", "ask_reason: true", 1))
    assert open_project(project.folder, who="ada").protocol.stages[0].ask_reason
    app = draw(project.folder)
    key = keys_of(app)[3]
    press(app, "Exclude", key)
    assert votes(project) == {} and current(app) == key
    next(one for one in app.button if one.label == "not imaging").click().run()
    with project.store.read() as conn:
        (made,) = decisions.list_decisions(conn, reviewer="ada")
    assert (f"R{made.record:06d}", made.verdict, made.reason) == (key, "exclude", "not imaging")


def test_no_key_decides_while_a_note_is_typed_and_switched_off_keys_do_nothing(project):
    app = draw(project.folder)
    press(app, "Note")
    deciding = [one for one in app.button if (one.key or "").startswith("screening_list_Incl")]
    assert [one.proto.shortcut for one in deciding] == [""]
    app.text_area[0].input("Seen before")
    next(one for one in app.button if one.label == "Save note").click().run()
    assert "Your note: Seen before" in [one.value for one in app.caption]
    app.session_state["preferences"] = Preferences(list_size=25, keys_off="i")
    app.run()
    shortcuts = {one.label: one.proto.shortcut for one in app.button if one.proto.shortcut}
    assert "Include" not in shortcuts and shortcuts["Exclude"] == "e"
    titles = " ".join(one.proto.body for one in app.get("html"))
    assert 'data-decides="em"' in titles and "&lt;b&gt;" in titles


def test_full_texts_are_read_one_at_a_time(project):
    app = draw(project.folder)
    app.segmented_control[0].set_value("full-text").run()
    assert not app.exception
    assert len(app.segmented_control) == 1
