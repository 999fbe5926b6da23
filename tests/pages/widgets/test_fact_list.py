"""The list of facts while two people correct them at the same time."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from review.bias.facts import FactCell
from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.bias import facts, flags
from review.workflow.project.accounts import CurrentUser
from review.workflow.setup.loading import init_project, open_project

ADA = CurrentUser("ada", ("lead", "reviewer"))
SITE = FactCell(
    field="sites",
    label="",
    value=None,
    found=None,
    corrected=False,
    sentence="",
    page=None,
    sentences=(),
)


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path)
    with opened.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        records.add_records(conn, batch, [(1, Record("embase", title="A study"))], utc_now())
    facts.correct_fact(opened, 1, SITE, who="ada", value="Northtown *Hospital* <b>")
    return opened


def script(folder, person):
    from pathlib import Path

    import streamlit as st

    from review.pages.widgets.fact_list import render_facts
    from review.workflow.bias.flags import get_fact_cells
    from review.workflow.setup.loading import open_project

    st.session_state["person"] = person
    project = open_project(Path(folder))
    render_facts(project, 1, get_fact_cells(project, 1))


def draw(project):
    return AppTest.from_function(script, args=(str(project.folder), ADA), default_timeout=300).run()


def list_values(project):
    return [cell.value for cell in flags.get_fact_cells(project, 1)]


def test_a_cell_that_changed_meanwhile_is_not_removed_and_the_reader_is_told(project):
    app = draw(project)
    (shown,) = flags.get_fact_cells(project, 1)
    facts.correct_fact(project, 1, shown, who="ben", value="Southtown")
    app.button(key="fact_back_0").click().run()
    assert not app.exception
    assert list_values(project) == ["Southtown"]
    assert "corrected to 'Southtown' meanwhile" in app.warning[0].value
    app.button(key="fact_back_0").click().run()
    assert list_values(project) == []


def test_an_open_correction_stays_with_its_cell_when_others_add_one_before_it(project):
    app = draw(project)
    app.button(key="fact_correct_0").click().run()
    facts.correct_fact(project, 1, replace(SITE, field="dates"), who="ben", value="2019", page=2)
    app.run()
    assert app.text_input[0].value == "Northtown *Hospital* <b>"
    app.text_input[0].input("Westtown")
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    assert list_values(project) == ["2019", "Westtown"]
    assert not app.text_input
