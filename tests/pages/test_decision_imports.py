"""The page Import: the lead undoes an import of decisions there, and nobody else is offered it."""

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.models import Record
from review.store import decisions
from review.workflow.project.accounts import CurrentUser
from review.workflow.records.import_decisions import import_decisions
from review.workflow.screening.decisions import NewDecision, add_decision

LEAD = CurrentUser("ada", ("lead", "reviewer"))


@pytest.fixture
def project(tmp_path):
    made = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(3)])
    lines = "".join(
        f"R00000{n},title-abstract,{who},include\n" for n in (1, 2) for who in ("ada", "ben")
    )
    path = tmp_path / "theirs.csv"
    path.write_text(f"record,stage,reviewer,verdict\n{lines}")
    import_decisions(made, path, "ada")
    return made


def draw(project, person):
    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import file_import
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        file_import.render_page(open_project(Path(folder)))

    page = AppTest.from_function(
        script, args=(str(project.folder), person), default_timeout=300
    ).run()
    assert not page.exception
    return page


def find_undo(page):
    return [one for one in page.button if one.label == "Undo this import of decisions"]


def count_verdicts(project):
    with project.store.read() as conn:
        return sum(decisions.count_current(conn, "title-abstract", "reviewer").values())


def test_an_import_is_listed_and_undone_by_its_button(project):
    page = draw(project, LEAD)
    assert "Imported decisions" in [one.value for one in page.subheader]
    (button,) = find_undo(page)
    button.click().run()
    assert not page.exception
    (message,) = [one.value.replace("\\:", ":") for one in page.success]
    assert message.startswith("Import of theirs.csv undone: 4 decisions taken back")
    assert count_verdicts(project) == 0
    assert list(page.dataframe[0].value["Status"]) == ["undone"]
    assert find_undo(page) == []


def test_why_an_import_cannot_be_undone_is_said(project):
    add_decision(project, NewDecision(1, "full-text", "ben", "include"))
    page = draw(project, LEAD)
    (button,) = find_undo(page)
    button.click().run()
    (message,) = [one.value.replace("\\:", ":") for one in page.error]
    assert "theirs.csv: this import cannot be undone" in message
    assert "decisions at Full text" in message
    assert count_verdicts(project) == 4


@pytest.mark.parametrize("roles", [("librarian",), ("reviewer",)])
def test_nobody_but_the_lead_sees_or_undoes_imports_of_decisions(project, roles):
    page = draw(project, CurrentUser("ben", roles))
    assert find_undo(page) == []
    assert "Imported decisions" not in [one.value for one in page.subheader]
