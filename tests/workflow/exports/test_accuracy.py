"""Ten studies with 2×2 tables: from two reviewers' forms to the forest plot and CSV of a report."""

import csv
import io
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from support.accuracy import counts, extract, make_review
from support.appraising import fill

from review.errors import ReviewError
from review.store.report_models import ModelDetails
from review.workflow.appraisal import accuracy_forms, adjudication, forms, model_changes
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.appraisal.instruments import check_appraisal_plan, get_checklist
from review.workflow.exports import accuracy, bundle
from review.workflow.exports.snapshot import snapshot_at


def read_rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


@pytest.fixture
def ten_studies(tmp_path, monkeypatch):
    """Nine studies with one model, and one with two: counts, figures and an AUC by itself."""
    project = make_review(tmp_path, monkeypatch)
    for n in range(1, 8):
        extract(project, n, counts(n))
    figures = {"sensitivity": "87%", "specificity": "0.910", "positives": "100", "negatives": "200"}
    extract(project, 8, figures)
    extract(project, 9, {"auc": "0.81", "positives": "60", "negatives": "60"})
    for name in ("DenseNet", "U-Net"):
        model = model_changes.add_model(project, 10, ModelDetails(name=name), "ada")
        extract(project, 10, counts(model.id), name=f"accuracy-2x2@{model.id}")
    return project


def test_ten_studies_end_in_forest_plot_and_csv(ten_studies):
    snapshot = snapshot_at(ten_studies)
    models, problems = accuracy.collect_accuracy(snapshot)
    assert (len(models), problems) == (11, ())
    files = bundle.build_report_files(snapshot)
    mada = read_rows(files["accuracy/mada.csv"])
    assert len(mada) == 10
    assert [mada[0][key] for key in ("TP", "FP", "FN", "TN")] == ["41", "6", "9", "89"]
    assert [mada[7][key] for key in ("TP", "FP", "FN", "TN")] == ["87", "18", "13", "182"]
    assert [row["names"].split(", ")[-1] for row in mada[8:]] == ["DenseNet", "U-Net"]
    assert read_rows(files["accuracy/revman.csv"])[0]["TN"] == "89"
    (area,) = read_rows(files["accuracy/meta-auc.csv"])
    assert (area["TE"], area["method"]) == ("0.81", "Hanley and McNeil 1982")
    drawn = " ".join(ET.fromstring(files["accuracy/paired-forest.svg"]).itertext())
    assert drawn.count("(0.") >= 20, "each row has two intervals"
    assert "DenseNet" in drawn
    assert files["accuracy/paired-forest.png"][:4] == b"\x89PNG"
    assert b"worked back from the figures" in files["tables/csv/accuracy.csv"]
    assert len(read_rows(files["tables/csv/accuracy.csv"][3:])) == 11
    assert "Sensitivity and specificity" in bundle.draw_preview_figures(snapshot)
    checklist = {
        row["Item"]: row for row in read_rows(files["tables/csv/prisma-dta-checklist.csv"][3:])
    }
    assert checklist["10"]["Reported"].endswith("Accuracy of a model, 2×2 table and AUC")
    assert checklist["20"]["Where"] == "tables/accuracy"


def test_what_reviewers_enter_differently_waits_for_consensus(tmp_path, monkeypatch):
    project = make_review(tmp_path, monkeypatch, 1)
    extract(project, 1, counts(1), counts(1) | {"tp": "14"})
    models, problems = accuracy.collect_accuracy(snapshot_at(project))
    assert models == ()
    assert problems[0].endswith("no consensus yet.")
    assert accuracy.draw_figure(snapshot_at(project)) is None
    adjudication.adjudicate_item(project, AnswerInput(1, "accuracy-2x2", "tp", "41"), "cleo")
    models, problems = accuracy.collect_accuracy(snapshot_at(project))
    assert models[0].counts.table.true_positives == 41
    assert problems == ()


def test_a_contradiction_is_shown_in_the_form_and_left_out_with_its_reason(tmp_path, monkeypatch):
    project = make_review(tmp_path, monkeypatch, 1)
    extract(project, 1, counts(1) | {"sensitivity": "0.95"})
    form = forms.open_form(project, 1, "accuracy-2x2", "ada")
    (problem,) = accuracy_forms.find_problems(project, form)
    assert "sensitivity of 41/50 = 0.8200, but 0.95 is reported" in problem
    (table,) = accuracy.build_tables(snapshot_at(project))
    assert table.rows == ()
    assert "0.95 is reported" in table.notes[-1]
    assert accuracy.build_files(snapshot_at(project)) == {}


def test_counts_are_held_against_the_test_set_of_the_extraction_form(tmp_path, monkeypatch):
    project = make_review(tmp_path, monkeypatch, 1)
    sizes = {"size-test": "100", "positives-test": "50"}
    fill(project, 1, "extraction-imaging-ai", "ada", sizes, finish=False)
    fill(project, 1, "accuracy-2x2", "ada", counts(1), finish=False)
    form = forms.open_form(project, 1, "accuracy-2x2", "ada")
    assert accuracy_forms.find_problems(project, form) == [
        "145 cases here, but your extraction form gives 100 for the largest test set."
    ]
    unfilled = forms.open_form(project, 1, "accuracy-2x2", "ben")
    assert accuracy_forms.find_problems(project, unfilled) == []


def test_what_is_not_reported_is_no_figure(tmp_path, monkeypatch):
    project = make_review(tmp_path, monkeypatch, 1)
    blank = dict.fromkeys(("tp", "sensitivity", "auc"), "not-reported")
    extract(project, 1, blank)
    form = forms.open_form(project, 1, "accuracy-2x2", "ada")
    values = accuracy_forms.collect_values(get_checklist(project, "accuracy-2x2"), form.entries)
    assert values == {"data set": "external"}
    _, (problem,) = accuracy.collect_accuracy(snapshot_at(project))
    assert "neither a 2×2 table" in problem


def test_a_form_without_the_items_is_refused_by_the_protocol(tmp_path, monkeypatch):
    project = make_review(tmp_path, monkeypatch, 1)
    check_appraisal_plan(project.folder, project.protocol)
    plan = replace(project.protocol.appraisal, accuracy="charms")
    with pytest.raises(ReviewError, match="'charms', which has no item 'data-set'"):
        check_appraisal_plan(project.folder, replace(project.protocol, appraisal=plan))
