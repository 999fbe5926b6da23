"""The pages of image audits on a review without images, and what a reader may press."""

import pytest
from streamlit.testing.v1 import AppTest
from support.image_review import make_project

from review.workflow.imaging import findings
from review.workflow.project.accounts import CurrentUser


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "review")


def draw(name, project, person):
    def script(name, folder, person):
        import importlib
        from pathlib import Path

        import streamlit as st

        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        importlib.import_module(f"review.pages.{name}").render_page(open_project(Path(folder)))

    test = AppTest.from_function(
        script, args=(name, str(project.folder), person), default_timeout=180
    )
    test.run()
    assert not test.exception
    return test


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("image_sets", "No image sets yet"),
        ("label_audit", "No label audit yet"),
        ("image_sieve", "No image sets yet"),
        ("image_doubles", "No image sets yet"),
    ],
)
def test_an_empty_page_says_what_comes_first(project, name, words):
    test = draw(name, project, CurrentUser("ada", ("lead", "reviewer")))
    assert words in test.info[0].value


def test_only_who_contributes_may_withdraw_a_finding(project):
    findings.add_finding(
        project, "ben", dataset="chestxray14", kind="labels", text="Half of the labels are wrong."
    )
    reader = draw("image_sets", project, CurrentUser("rae", ("reader",)))
    assert "Half of the labels are wrong" in "".join(m.value for m in reader.markdown)
    assert not [button for button in reader.button if button.label == "Withdraw"]
    test = draw("image_sets", project, CurrentUser("ben", ("reviewer",)))
    (button,) = [button for button in test.button if button.label == "Withdraw"]
    button.click().run()
    assert findings.list_findings(project) == []
