"""The Conflicts page: one key resolves, Z undoes, and nobody resolves twice."""

import pytest
from streamlit.testing.v1 import AppTest

from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions, records
from review.store.timestamps import utc_now
from review.workflow.screening import reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    more = "  - {name: dora, roles: [adjudicator]}\n  - {name: cleo"
    path.write_text(path.read_text().replace("  - {name: cleo", more))
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n}")) for n in range(1, 4)]
        records.add_records(conn, batch, given, utc_now())
        standings.rebuild_statuses(opened, conn)
    stage = find_stage(opened.protocol, "screening")
    for number in (1, 2):
        add_decision(opened, NewDecision(number, stage.id, "ada", "include"))
        add_decision(opened, NewDecision(number, stage.id, "ben", "exclude", "not imaging"))
    return opened


def draw(folder):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import conflicts
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("cleo", ("adjudicator",))
        conflicts.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder),), default_timeout=300).run()


def press(app, shortcut):
    (button,) = (one for one in app.button if one.proto.shortcut == shortcut)
    button.click().run()
    assert not app.exception


def status(project, number):
    with project.store.read() as conn:
        return decisions.get_status(conn, number, "title-abstract")


def test_one_and_two_take_a_side_and_z_takes_it_back(project):
    app = draw(project.folder)
    press(app, "2")
    assert status(project, 1) == "excluded"
    press(app, "1")
    assert status(project, 2) == "included"
    press(app, "z")
    assert (status(project, 1), status(project, 2)) == ("excluded", "conflict")
    press(app, "z")
    assert status(project, 1) == "conflict"
    with project.store.read() as conn:
        made = [one for one in decisions.list_decisions(conn) if one.role == "adjudicator"]
    assert [one.verdict for one in made] == ["exclude", "include", None, None]


def test_a_card_that_another_adjudicator_has_settled_says_so_and_adds_nothing(project):
    app = draw(project.folder)
    stage = find_stage(project.protocol, "screening")
    reviewing.settle_conflict(project, stage, "dora", 1, "include")
    press(app, "2")
    assert "already resolved by dora" in app.warning[0].value
    assert status(project, 1) == "included"
    assert "R000002" in " ".join(one.value for one in app.caption)


def differ(project, numbers, stage, first, second):
    for number in numbers:
        add_decision(project, NewDecision(number, stage, "ada", *first))
        add_decision(project, NewDecision(number, stage, "ben", *second))


def test_the_page_opens_at_the_stage_where_something_waits(project):
    stage = "title-abstract"
    differ(project, (1, 2, 3), stage, ("include",), ("include",))
    differ(project, (3,), "full-text", ("include",), ("exclude", "not imaging"))
    app = draw(project.folder)
    assert app.segmented_control[0].value == "full-text"
    assert app.segmented_control[0].options == ["Title and abstract (0)", "Full text (1)"]
    assert any("No PDF attached" in one.value for one in app.caption)
    press(app, "1")
    assert app.segmented_control[0].value == "full-text"  # Z still undoes it
    assert app.success


def test_the_pile_in_hand_stays_until_it_is_empty(project):
    differ(project, (1, 2, 3), "title-abstract", ("include",), ("include",))
    reasons = ("exclude", "not imaging"), ("exclude", "no machine learning")
    differ(project, (1,), "full-text", ("include",), ("exclude", "not imaging"))
    differ(project, (2, 3), "full-text", *reasons)
    app = draw(project.folder)
    app.segmented_control[1].set_value("reason").run()
    press(app, "1")
    assert app.segmented_control[1].value == "reason"
    assert "R000002 resolved: excluded" in app.caption[0].value.replace("\\", "")
    press(app, "1")
    assert app.segmented_control[1].value == "verdict"
    assert any("R000001" in one.value for one in app.caption)
    press(app, "z")
    assert app.segmented_control[1].value == "verdict"


def test_accepting_maybe_includes_where_it_counts_so(project):
    add_decision(project, NewDecision(3, "title-abstract", "ada", "unsure"))
    add_decision(project, NewDecision(3, "title-abstract", "ben", "exclude", "not imaging"))
    app = draw(project.folder)
    piles = next(one for one in app.segmented_control if one.label == "Show")
    assert list(piles.options) == ["Include/exclude conflicts (3)"]
    press(app, "2")
    press(app, "2")
    assert any(one.label == "Accept A: include" for one in app.button)
    press(app, "1")
    assert status(project, 3) == "included"
