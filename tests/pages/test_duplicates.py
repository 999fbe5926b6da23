"""The Duplicates page: pairs side by side, words marked, resolved and undone by one button."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest

from review.models import Record, StoredRecord
from review.pages.duplicates import build_record_html, format_location, mark_differences
from review.store import links, records
from review.store.timestamps import utc_now
from review.workflow.deduplication import run as dedupe
from review.workflow.records.source_names import format_source
from review.workflow.setup.loading import init_project, open_project

TEAM = ("Fox, Ann", "Hu, Bo")
ONE = Record(
    "pubmed",
    title="Deep learning for pneumonia on chest radiographs of adults",
    authors=TEAM,
    year=2021,
    journal="Radiology",
    doi="10.1016/a",
)
TWO = dataclasses.replace(ONE, source="embase", title="Wages in coastal towns", journal=None)
THREE = dataclasses.replace(ONE, source="scopus", doi="10.1016/c", pages="7", volume="3")
FOUR = dataclasses.replace(THREE, source="wos", title="Rivers", authors=("Ray, C",), volume="4")


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path)
    with opened.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="pubmed", via="databases"
        )
        records.add_records(conn, batch, list(enumerate([ONE, TWO, THREE, FOUR], 1)), utc_now())
    return opened


def draw(project):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import duplicates
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ada", ("lead", "reviewer"))
        duplicates.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(project.folder),), default_timeout=300).run()


def said(project):
    with project.store.read() as conn:
        return [
            (one.a, one.b, one.verdict, one.who)
            for one in links.list_links(conn)
            if one.who != "tool"
        ]


def press(app, label):
    next(one for one in app.button if one.label == label).click()
    return app.run()


def test_new_records_are_compared_by_a_button_then_pairs_wait(project):
    app = draw(project)
    assert "No possible duplicates" in app.success[0].value
    app = press(app, "Compare 4 new records")
    assert not app.exception
    assert app.markdown[0].value == "**2** possible duplicates to review"
    assert not [one for one in app.button if one.label.startswith("Compare")]


@pytest.mark.parametrize(
    ("label", "verdict"),
    [("Same", "duplicate"), ("Different", "distinct"), ("Preprint of", "study")],
)
def test_one_button_settles_the_pair_and_brings_the_next(project, label, verdict):
    dedupe.run_deduplication(project, "ada")
    app = press(draw(project), label)
    assert not app.exception
    [(a, b, word, who)] = said(project)
    assert (word, who) == (verdict, "ada")
    assert app.markdown[0].value == "**1** possible duplicate to review"
    assert f"R{a:06d} and R{b:06d}" in app.caption[0].value


def test_undo_brings_the_pair_back_and_later_turns_to_the_next(project):
    dedupe.run_deduplication(project, "ada")
    app = draw(project)
    first = app.caption[0].value
    app = press(app, "Different")
    app = press(app, "Undo")
    assert app.markdown[0].value == "**2** possible duplicates to review"
    assert [word for *_, word, _ in said(project)] == ["distinct", None]
    app = press(app, "Later")
    assert app.caption[0].value != first
    app = press(press(app, "Later"), "Undo")
    assert "no decision on possible duplicates to undo" in app.warning[0].value


def test_every_key_has_its_button(project):
    dedupe.run_deduplication(project, "ada")
    keys = {one.label: one.proto.shortcut for one in draw(project).button}
    assert keys == {"Same": "y", "Different": "n", "Preprint of": "p", "Later": "l", "Undo": "z"}


def test_the_figures_stand_on_the_page(project):
    dedupe.run_deduplication(project, "ada")
    dedupe.settle_pair(project, ("R000001", "R000003"), "same", "ada")
    app = draw(project)
    assert not app.dataframe
    app.toggle[0].set_value(True).run()
    shown = app.dataframe[0].value
    assert list(shown["Source"]) == ["Embase", "PubMed", "Scopus", "Web of Science"]
    assert list(shown["Records identified"]) == [1, 1, 1, 1]
    assert list(shown["Duplicates removed manually"]) == [0, 0, 1, 0]
    assert list(shown["Unique records"]) == [1, 1, 0, 1]
    assert any("merges undone: **0**" in one.value for one in app.markdown)


def test_words_the_other_lacks_are_marked_and_text_is_safe():
    shown = mark_differences("Networks for <b>CT</b> & MRI", "networks for MRI")
    assert shown.startswith("Networks for ")
    assert "&lt;" in shown and "<b>" not in shown
    assert ">CT</mark>" in shown and ">MRI</mark>" not in shown
    assert "<mark" not in mark_differences("Same Words", "same  words")
    assert "<mark" not in mark_differences("Alone", "")


def test_a_side_names_what_is_missing_only_where_the_other_has_it():
    text = build_record_html(StoredRecord(2, "R000002", 1, TWO), ONE)
    assert text.startswith(f"<small><b>R000002</b> · {format_source(TWO.source)}</small>")
    assert "—" in text
    assert "PMID" not in text
    assert format_location(THREE) == "3: 7"
    assert format_location(ONE) is None
