"""The page Agreement and stopping, before and after there is anything to measure."""

import pytest
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.models import Record
from review.workflow.screening import random_checks, reviewing


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 6)])


def draw(folder):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import agreement
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ada", ("lead", "reviewer"))
        agreement.render_page(open_project(Path(folder)))

    app = AppTest.from_function(script, args=(str(folder),), default_timeout=300).run()
    assert not app.exception
    return app


def test_without_decisions_the_page_says_so_and_draws_no_empty_figure(project):
    app = draw(project.folder)
    assert "No records screened yet" in app.info[0].value
    assert any(
        "once both reviewers have screened the same record" in one.value for one in app.caption
    )
    assert not app.dataframe
    assert [one.label for one in app.expander] == ["Stop screening"]


def test_with_decisions_the_figures_and_the_curve_stand_there(project):
    stage = project.protocol.stages[0]
    for who in ("ada", "ben"):
        reviewing.save_decision(project, stage, who, 1, "include")
    app = draw(project.folder)
    assert not app.info
    assert any(one.value == "**ada and ben** · 1 record" for one in app.markdown)
    (agreement,) = (frame.value for frame in app.dataframe)
    assert {"Measure", "Value"} <= set(agreement.columns)
    rules = [one.value for one in app.markdown if one.value.startswith("- **")]
    assert len(rules) == 4 and all(
        rule.startswith(("- **Stop** · ", "- **Continue** · ")) for rule in rules
    )
    assert all("of the runs" in rule for rule in rules)


def test_the_lead_draws_a_random_check_and_withdraws_it(project):
    stage = project.protocol.stages[0]
    for who in ("ada", "ben"):
        reviewing.save_decision(project, stage, who, 1, "include")
    app = draw(project.folder)
    (button,) = (one for one in app.button if one.label.startswith("Draw "))
    count = int(button.label.split()[1])
    app = button.click().run()
    assert not app.exception
    assert f"{count} records drawn" in app.success[0].value
    assert f"0 of {count} drawn records screened" in app.info[0].value
    with project.store.read() as conn:
        drawn = random_checks.get_random_check(conn, stage.id).reports
    assert reviewing.get_next_record(project, stage, "ada").number in drawn
    (button,) = (one for one in app.button if one.label == "Withdraw the random check")
    app = button.click().run()
    assert "was withdrawn" in app.success[0].value
    assert not app.info
