"""The Reports page: previews, past days, changes, one download; only for those who may export."""

import datetime
import io
import zipfile

import pytest
from pages.test_records import ADA, BEN, draw
from support import reporting
from support.accuracy import counts, extract, make_review

from review.workflow.exports import prisma
from review.workflow.publishing import export_links
from review.workflow.publishing.editions import list_site_editions


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = reporting.whole(tmp_path_factory.mktemp("results") / "review")
    reporting.updated(made)
    return made


def opened(project, part=None):
    app = draw("reports", project.folder, ADA)
    assert not app.exception, app.exception
    if part:
        app.segmented_control[0].set_value(part)
        app.run()
        assert not app.exception, app.exception
    return app


def test_a_part_pressed_twice_stays_open(project):
    assert opened(project, "Tables").segmented_control[0].proto.required


def test_the_flow_is_previewed_with_its_sum(project):
    app = opened(project)
    assert "14 records = " in app.caption[0].value
    assert len(app.get("image")) == 1
    names = [one.proto.label for one in app.get("download_button")]
    assert names[:4] == ["SVG", "PDF", "PNG 300 dpi", "PNG 600 dpi"]
    assert {"prisma.csv", "prisma.mmd"} <= set(names)


def test_a_past_day_shows_its_own_numbers(project):
    app = opened(project)
    app.date_input(key="results_day").set_value(datetime.date(2020, 6, 1)).run()
    assert not app.exception
    assert "As of 2020-06-01 · 11 records = " in app.caption[0].value


def test_figures_and_tables_are_chosen_from_lists(project):
    app = opened(project, "Figures")
    assert "PROBAST: summary" in app.selectbox(key="results_figure").options
    app = opened(project, "Tables")
    box = app.selectbox(key="results_table")
    assert any("Reports excluded at the stage" in one for one in box.options)
    box.set_value("probast-2019-judgements").run()
    assert "Participants" in app.dataframe[0].value.columns
    assert [one.proto.label for one in app.get("download_button")] == [
        "CSV",
        "XLSX",
        "DOCX",
        "TEX",
        "HTML",
    ]


def test_methods_and_changes_are_told(project):
    assert "14 records were identified" in opened(project, "Methods").markdown[0].value
    app = opened(project, "Changes")
    app.date_input(key="results_since").set_value(datetime.date(2020, 6, 1)).run()
    assert not app.exception
    assert "Newly included:" in app.code[0].value


def test_the_whole_report_is_one_download(project, monkeypatch):
    monkeypatch.setattr(prisma, "DPIS", (20,))
    app = opened(project, "Download all")
    app.button[0].click().run(timeout=300)
    assert not app.exception
    _, data, sums = app.session_state["results_zip"]
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert "prisma.svg" in packed.namelist()
    assert any("included: 5 reports in = 5" in line for line in sums)
    assert app.get("download_button")[0].proto.label == "Download report"


def test_a_report_made_before_the_newest_entry_is_not_offered(tmp_path, monkeypatch):
    monkeypatch.setattr(prisma, "DPIS", (20,))
    project = reporting.whole(tmp_path / "review")
    app = opened(project, "Download all")
    app.button[0].click().run(timeout=300)
    assert app.get("download_button")
    reporting.decide(project, 7, reporting.STAGES[0], "include", "2020-05-02")
    with project.store.write() as conn:
        conn.exec_driver_sql(
            "update decisions set at = '2020-05-02T20:00:00.000000Z' where id = "
            "(select max(id) from decisions)"
        )
    app.run(timeout=300)
    assert not app.get("download_button")
    assert "Create it again" in " ".join(one.value for one in app.caption)


def test_the_lead_sees_what_becomes_public_before_it_is_published(tmp_path):
    project = reporting.whole(tmp_path / "review")
    app = opened(project, "Publish")
    shown = " ".join(one.value for one in app.markdown)
    assert "3 included reports" in shown and "Not published: names of the team" in shown
    assert "First edition, with 3 reports included" in shown.replace("\\", "")
    assert list_site_editions(project) == [] and not app.get("download_button")
    [button] = [one for one in app.button if one.label == "Create edition 1"]
    button.click().run(timeout=300)
    assert not app.exception, app.exception
    assert [one.number for one in list_site_editions(project)] == [1]
    assert "Nothing has changed since edition 1" in app.info[0].value
    assert app.get("download_button")[0].proto.label == "Download edition 1"
    _, _, data = app.session_state["published_page"]
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert "review-page/index.html" in packed.namelist()
    reporting.updated(project)
    app.run(timeout=300)
    assert "Create edition 2" in [one.label for one in app.button]


def test_only_those_who_may_export_see_it(project):
    app = draw("reports", project.folder, BEN)
    assert "does not have permission" in app.exception[0].message


def test_the_accuracy_of_models_is_drawn_and_offered_for_a_synthesis(tmp_path, monkeypatch):
    made = make_review(tmp_path, monkeypatch, 2)
    for number in (1, 2):
        extract(made, number, counts(number) | {"auc": "0.9"})
    app = opened(made, "Figures")
    assert "Sensitivity and specificity" in app.selectbox(key="results_figure").options
    app = opened(made, "Tables")
    app.selectbox(key="results_table").set_value("accuracy").run()
    names = [one.proto.label for one in app.get("download_button")]
    assert names[-4:] == ["accuracy.csv", "mada.csv", "revman.csv", "meta-auc.csv"]


def test_a_link_is_shown_once_listed_and_withdrawn(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNEL_URL", "https://review.example.org")
    made = reporting.whole(tmp_path / "review")
    app = opened(made, "Links")
    box = app.selectbox(key="link_export")
    assert "Full report (ZIP file) (once the review is finished)" in box.options
    press(app, "Create link")
    address = app.code[0].value
    assert address.startswith("https://review.example.org/shared?key=")
    assert export_links.find_link(made, address.partition("key=")[2]).export == "prisma"
    press(app, "Done")
    shown = " ".join(one.value.replace("\\", "") for one in app.markdown)
    assert not app.code and "1 link working" in shown and "made by ada" in shown
    press(app, "Withdraw")
    assert export_links.find_link(made, address.partition("key=")[2]) is None
    shown = " ".join(one.value.replace("\\", "") for one in app.markdown)
    assert "0 links working" in shown and "withdrawn by ada" in shown
    assert "Withdraw" not in [one.label for one in app.button]


def test_what_waits_for_the_end_is_refused_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNEL_URL", "https://review.example.org")
    made = reporting.whole(tmp_path / "review")
    app = opened(made, "Links")
    app.selectbox(key="link_export").set_value("report").run()
    press(app, "Create link")
    assert "only once the review is finished" in app.warning[0].value
    assert not app.code and export_links.list_links(made) == []


def test_the_address_of_the_page_is_asked_for_and_kept(tmp_path):
    made = reporting.whole(tmp_path / "review")
    app = opened(made, "Publish")
    app.text_input(key="page_address").set_value("example.org").run()
    press(app, "Create edition 1")
    assert "is not an address of a web page" in app.warning[0].value
    assert list_site_editions(made) == []
    app.text_input(key="page_address").set_value("https://example.org/covid").run()
    press(app, "Create edition 1")
    _, _, data = app.session_state["published_page"]
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert b"https://example.org/covid/feed.xml" in packed.read("review-page/feed.xml")
    assert opened(made, "Publish").text_input(key="page_address").value.endswith("/covid/")


def press(app, label):
    [button] = [one for one in app.button if one.label == label]
    button.click().run(timeout=300)
    assert not app.exception, app.exception
