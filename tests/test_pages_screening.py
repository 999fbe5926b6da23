"""The screening page's row of keys: none of them may fire while somebody types."""

import pytest
from streamlit.testing.v1 import AppTest

from review.records import Record
from review.store import records
from review.store.moments import now
from review.workflow import standings
from review.workflow.opening import init, open_project

KEYS = {
    "Include": "i", "Exclude": "e", "Maybe": "m", "Note": "n", "Duplicate": "d", "Undo": "z",
    "Back": "left", "Forward": "right",
}  # fmt: skip


@pytest.fixture
def project(tmp_path):
    init(tmp_path)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n}")) for n in range(1, 6)]
        records.add(conn, batch, given, now())
        standings.rebuild(opened, conn)
    return opened


def draw(folder):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import screening
        from review.workflow.accounts import Signed
        from review.workflow.opening import open_project

        st.session_state["person"] = Signed("ada", ("reviewer",))
        screening.page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder),), default_timeout=300).run()


def shortcuts(app):
    return {one.label: one.proto.shortcut for one in app.button if one.label in KEYS}


@pytest.mark.parametrize("panel", ["Note", "Duplicate"])
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
