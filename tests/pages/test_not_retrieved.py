"""The full-text page: a report whose full text cannot be had is marked, leaves, and comes back."""

import pytest
from streamlit.testing.v1 import AppTest

from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n}", doi=f"10.1/x{n}")) for n in (1, 2)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(opened, conn)
    for number in (1, 2):
        for name in ("ada", "ben"):
            add_decision(opened, NewDecision(number, "title-abstract", name, "include"))
    return opened


def draw(folder):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import screening
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ada", ("reviewer",))
        st.query_params.setdefault("stage", "full-text")
        screening.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder),), default_timeout=300).run()


def get_button(app, label):
    return next(one for one in app.button if one.label == label)


def get_key(app):
    key = app.query_params["key"]
    return key if isinstance(key, str) else key[0]


def test_a_report_that_cannot_be_had_is_marked_leaves_and_comes_back(project):
    app = draw(project.folder)
    first = get_key(app)
    get_button(app, "Full text not available").click().run()
    assert get_button(app, "Include").proto.shortcut == ""
    app.text_input[0].set_value("No reply")
    get_button(app, "Mark as not retrieved").click().run()
    assert not app.exception
    assert get_key(app) != first
    flow = snapshot_at(project).flow
    assert [(line.label, line.ids) for line in flow.main.not_retrieved] == [("No reply", (first,))]
    assert any("Marked as not retrieved (1)" in one.label for one in app.expander)
    get_button(app, "Search again").click().run()
    assert not app.exception
    assert snapshot_at(project).flow.main.not_retrieved == ()
    assert get_button(app, "Include").proto.shortcut == "i"
