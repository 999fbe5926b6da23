"""The pages of image audits on a review without images, and what a reader may press."""

import pytest
from streamlit.testing.v1 import AppTest
from support.image_review import add_films, make_films, make_project

from review.pages import subgroups
from review.workflow.imaging import findings, result_runs
from review.workflow.imaging.label_tables import LabelTables
from review.workflow.imaging.predictions import NonsenseRequest
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
        ("shortcuts", "No image sets yet"),
    ],
)
def test_an_empty_page_says_what_comes_first(project, name, words):
    test = draw(name, project, CurrentUser("ada", ("lead", "reviewer")))
    assert words in test.info[0].value


def test_the_shortcuts_of_a_label_are_probed_and_shown_with_films(project, tmp_path):
    add_films(project, make_films(tmp_path / "films", patients=24))
    test = draw("shortcuts", project, CurrentUser("ben", ("reviewer",)))
    label = next(box for box in test.selectbox if box.label == "Label against all others")
    label.set_value("No Finding").run()
    test.button(key="shortcuts_start").click().run()
    assert not test.exception
    shown = "".join(one.value for one in test.markdown).replace("\\", "")
    assert "No Finding, pixels: AUC" in shown
    assert "Each feature alone" in shown
    assert len(test.get("image")) == 2
    assert "Record a finding about" in shown


def test_what_the_errors_of_a_model_truly_are_is_shown(project, tmp_path):
    mined, read, scores = ["file,labels"], ["file,labels"], ["file,p"]
    for place in range(40):
        mined.append(f"f{place}.png,{'Pneumonia' if place % 4 < 2 else 'No Finding'}")
        read.append(f"f{place}.png,{'Opacity' if place % 2 else 'Clear'}")
        scores.append(f"f{place}.png,{0.5 + (place % 2 - 0.5) * (0.4 + place / 200)}")
    paths = [tmp_path / name for name in ("mined.csv", "read.csv", "scores.csv")]
    for path, lines in zip(paths, (mined, read, scores), strict=True):
        path.write_text("\n".join(lines))
    request = NonsenseRequest(
        tables=LabelTables(
            mined=paths[0], read=paths[1], mined_labels=("Pneumonia",), read_labels=("Opacity",)
        ),
        scores=paths[2],
        score_columns=("p",),
    )
    run = result_runs.run_nonsense(project, request, "ben")
    assert (run.kind, run.title) == ("nonsense", "scores.csv: Pneumonia")
    test = draw("nonsense", project, CurrentUser("ada", ("lead", "reviewer")))
    shown = "".join(one.value for one in test.markdown).replace("\\", "")
    assert "false positive: 10 images, 100 % truly positive" in shown
    (button,) = [button for button in test.button if button.label == "Compare"]
    button.click().run()
    assert "Upload all three tables" in test.warning[0].value


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


@pytest.mark.parametrize(
    ("header", "words", "column"),
    [
        (["image", "patient_age", "label"], ["age"], "patient_age"),
        (["image", "PatientAge"], ["age"], "PatientAge"),
        (["image", "stage"], ["age"], ""),
        (["AGE", "Image Index"], ["image", "file"], "Image Index"),
        (["file", "image"], ["image", "file"], "image"),
        (["row", "y_score", "truth"], ["score"], "y_score"),
    ],
)
def test_a_column_is_guessed_by_the_words_of_its_name(header, words, column):
    assert subgroups._guess_column(header, words) == column
