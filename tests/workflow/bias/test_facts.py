"""Facts of a review's papers: corrected once, kept with who and when, used by the flags."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from support.appraising import fill, review_in
from support.hostile import sentence_page

from review.bias.facts import Correction, FactCell
from review.errors import ReviewError
from review.fulltext import FullText
from review.models import PrintedTable, Record, Sentence
from review.store import fact_corrections, links, records
from review.store.tables.fulltexts import fact_corrections as table
from review.store.timestamps import utc_now
from review.workflow.bias import facts, flags, sample_sizes
from review.workflow.fulltexts import attachments
from review.workflow.setup.loading import init_project, open_project

FORM = "extraction-imaging-ai"
LINES = [
    "2 Methods",
    "The deep learning model was trained on chest radiographs of pneumonia.",
    "A total of 1,204 patients were included in this retrospective study.",
    "The dataset contains 64 COVID-19 images and 500 normal images.",
]


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path)
    with opened.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        records.add_records(conn, batch, [(1, Record("embase", title="A study"))], utc_now())
    attachments.attach_pdf(opened, 1, "a.pdf", sentence_page(LINES), "ada")
    return opened


def cells(project, field):
    return [cell for cell in flags.get_fact_cells(project, 1) if cell.field == field]


def count_rows(project):
    with project.store.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def few_cases(project):
    return {f.text for f in flags.get_flags(project, 1) if f.rule == "few-cases-counted"}


def test_a_corrected_fact_is_used_by_the_flags_and_can_be_taken_back(project):
    before = few_cases(project)
    assert LINES[3] in before
    for cell in cells(project, "class size"):
        if cell.value == "64":
            facts.correct_fact(project, 1, cell, who="ada", value="640", page=1)
    (corrected,) = [cell for cell in cells(project, "class size") if cell.corrected]
    assert (corrected.value, corrected.found, corrected.page) == ("640", "64", 1)
    kept = [f for f in flags.get_flags(project, 1) if f.rule == "few-cases-counted"]
    assert "covid-19: 64" not in {flag.cue.lower() for flag in kept}
    facts.withdraw_correction(project, 1, corrected, "ada")
    assert few_cases(project) == before
    assert not any(cell.corrected for cell in cells(project, "class size"))
    assert count_rows(project) == 2


def test_not_reported_and_added_cells_count_and_every_entry_is_kept(project):
    (patients,) = cells(project, "patients")
    assert patients.value == "1204"
    facts.correct_fact(project, 1, patients, who="ada", value=None)
    (patients,) = cells(project, "patients")
    assert (patients.value, patients.found) == (None, "1204")
    facts.correct_fact(project, 1, patients, who="ada", value="1,205")
    (patients,) = cells(project, "patients")
    assert (patients.value, patients.found) == ("1205", "1204")
    new = FactCell(
        field="dates",
        label="",
        value=None,
        found=None,
        corrected=False,
        sentence="",
        page=None,
        sentences=(),
    )
    facts.correct_fact(
        project, 1, new, who="ada", value="2019 to 2020", sentence="From the supplement.", page=3
    )
    (dates,) = cells(project, "dates")
    assert (dates.value, dates.sentence, dates.page) == ("2019 to 2020", "From the supplement.", 3)
    with project.store.read() as conn:
        newest = fact_corrections.list_newest_corrections(conn, [1])
    assert {(one.field, one.who) for one in newest} == {("patients", "ada"), ("dates", "ada")}
    assert count_rows(project) == 3


@pytest.mark.parametrize(
    ("field", "value", "page", "message"),
    [
        ("patients", "about 50", 1, "whole number"),
        ("patients", "  ", 1, "Not reported"),
        ("dates", "x" * 2001, 1, "at most"),
        ("dates", "2020", 0, "from 1"),
        ("colour", "blue", 1, "not a field"),
    ],
)
def test_what_cannot_be_kept_is_said_in_one_line(project, field, value, page, message):
    cell = FactCell(
        field=field,
        label="",
        value=None,
        found=None,
        corrected=False,
        sentence="",
        page=None,
        sentences=(),
    )
    with pytest.raises(ReviewError, match=message):
        facts.correct_fact(project, 1, cell, who="ada", value=value, page=page)
    assert count_rows(project) == 0


def test_a_corrected_test_set_counts_for_sample_sizes(project):
    new = FactCell(
        field="part size",
        label="test",
        value=None,
        found=None,
        corrected=False,
        sentence="",
        page=None,
        sentences=(),
    )
    assert sample_sizes.list_corrected_sizes([new]) == {}
    facts.correct_fact(project, 1, new, who="ada", value="31")
    assert sample_sizes.list_corrected_sizes(flags.get_fact_cells(project, 1)) == {
        "size-test": "31"
    }


def test_the_command_knows_corrected_facts_of_a_report_in_the_review(tmp_path):
    project = review_in(tmp_path / "r", 1)
    attachments.attach_pdf(project, 1, "a.pdf", sentence_page(LINES), "ada")
    new = FactCell(
        field="part size",
        label="test",
        value=None,
        found=None,
        corrected=False,
        sentence="",
        page=None,
        sentences=(),
    )
    fill(project, 1, FORM, "ada", {"positives-test": "31"}, finish=False)
    paper, other = tmp_path / "copy.pdf", tmp_path / "other.pdf"
    paper.write_bytes(sentence_page(LINES))
    other.write_bytes(sentence_page([*LINES, "The images were resized before training."]))
    (before,) = list_sizes(project, paper)
    assert before["where"] == "extraction, your own form"
    assert "negatives" not in before["text"]
    facts.correct_fact(project, 1, new, who="ada", value="51")
    after = list_sizes(project, paper)
    assert {one["where"] for one in after} == {"extraction, your own form, and corrected facts"}
    assert any("20 negatives" in one["text"] for one in after)
    lines = run_numbers(project, paper).splitlines()
    assert any(
        line.startswith("extraction, your own form, and corrected facts: ") for line in lines
    )
    assert list_sizes(project, other) == []
    assert list_sizes(project, paper, user="ben") == []


def list_sizes(project, path, user="ada"):
    return json.loads(run_numbers(project, path, "--json", user=user))["sizes"]


def run_numbers(project, path, *words, user="ada"):
    return subprocess.run(
        [
            *(sys.executable, "-m", "review.cli", "--review", str(project.folder)),
            *("--user", user, "numbers", str(path), *words),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


ADDED_TEST = FactCell(
    field="part size",
    label="test",
    value=None,
    found=None,
    corrected=False,
    sentence="",
    page=None,
    sentences=(),
)


def test_nobody_overwrites_a_correction_that_they_have_not_seen(project):
    (shown,) = cells(project, "patients")
    facts.correct_fact(project, 1, shown, who="ada", value="1205")
    with pytest.raises(ReviewError, match="corrected to '1205' meanwhile"):
        facts.correct_fact(project, 1, shown, who="ben", value="1300")
    with pytest.raises(ReviewError, match="corrected to '1205' meanwhile"):
        facts.withdraw_correction(project, 1, shown, "ben")
    (seen,) = cells(project, "patients")
    facts.correct_fact(project, 1, seen, who="ben", value="1300")
    with pytest.raises(ReviewError, match="1300"):
        facts.withdraw_correction(project, 1, seen, "ada")
    (newest,) = cells(project, "patients")
    assert newest.value == "1300"
    facts.withdraw_correction(project, 1, newest, "ada")
    with pytest.raises(ReviewError, match="withdrawn meanwhile"):
        facts.correct_fact(project, 1, newest, who="ben", value=None)
    assert count_rows(project) == 3


def test_a_second_added_fact_needs_a_label_of_its_own(project):
    facts.correct_fact(project, 1, ADDED_TEST, who="ada", value="31")
    with pytest.raises(ReviewError, match="'31' was added by hand already"):
        facts.correct_fact(project, 1, ADDED_TEST, who="ben", value="51")
    other = replace(ADDED_TEST, label="external test")
    facts.correct_fact(project, 1, other, who="ben", value="51")
    added = {cell.label: cell.value for cell in cells(project, "part size") if cell.corrected}
    assert added == {"test": "31", "external test": "51"}


def test_corrections_stay_with_a_report_when_its_records_are_merged(project):
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="f.ris"
        )
        records.add_records(
            conn, batch, [(1, Record("embase", title="Its second report"))], utc_now()
        )
    facts.correct_fact(project, 2, ADDED_TEST, who="ada", value="31")
    flags.settle_dataset(project, 2, "rsna_pneumonia", "confirm", "ada")
    with project.store.write() as conn:
        links.replace_some_groups(conn, {1: (1, 1), 2: (1, 1)})
    (cell,) = cells(project, "part size")
    assert cell.value == "31"
    assert flags.get_datasets(project, 1).used == ("rsna_pneumonia",)
    facts.withdraw_correction(project, 1, cell, "ben")
    assert cells(project, "part size") == []


def test_a_data_set_that_left_the_registry_is_not_used(project):
    assert flags.find_datasets((), {"set-of-an-older-registry": "confirm"}).used == ()


def test_a_corrected_cell_of_a_table_reaches_the_flags():
    rows = (("Northtown", "412", "412"), ("Southtown", "300", "300"))
    lines = (
        Sentence(
            "The data were randomly split into 80% for training and 20% for test.", 2, "methods"
        ),
        Sentence("The data set contains 500 images of the chest.", 2, "methods"),
        *(Sentence(" ".join(row), 2, "methods") for row in rows),
        *(Sentence("The deep network reads chest radiographs.", 3, "methods") for _ in range(40)),
    )
    printed = PrintedTable(
        "Table 1", "Table 1. Number of patients and images", 2, ("Site", "Patients", "Images"), rows
    )
    text = FullText("ok", "0" * 64, "pypdfium2", 2, sentences=lines, tables=(printed,))
    cell = next(
        fact
        for fact in flags.find_facts(lines, text.tables)
        if (fact.field, fact.label) == ("patients", "Northtown")
    )

    def list_rules(value):
        entry = Correction(field=cell.field, label=cell.label, found=cell.value, value=value)
        return {f.rule for f in flags.find_settled_flags(text, None, (entry,)) if f.tier == "flag"}

    assert "image-level-split" not in list_rules("500")
    assert "image-level-split" in list_rules("499")


def test_the_command_lists_facts_as_corrected_in_the_review(tmp_path):
    project = review_in(tmp_path / "r", 1)
    attachments.attach_pdf(project, 1, "a.pdf", sentence_page(LINES), "ada")
    paper, other = tmp_path / "copy.pdf", tmp_path / "other.pdf"
    paper.write_bytes(sentence_page(LINES))
    other.write_bytes(sentence_page([*LINES, "The images were resized before training."]))
    (patients,) = cells(project, "patients")
    facts.correct_fact(project, 1, patients, who="ada", value=None)
    facts.correct_fact(
        project, 1, ADDED_TEST, who="ada", value="31", sentence="Sheet 2 has 31 cases.", page=7
    )
    rows = json.loads(run_facts(project, paper, "--json"))
    by_field = {row["field"]: row for row in rows if row["corrected"]}
    assert by_field["Patients"]["value"] is None
    assert by_field["Patients"]["found"] == "1204"
    (sentence,) = by_field["Size of each part"]["sentences"]
    assert (sentence["text"], sentence["page"]) == ("Sheet 2 has 31 cases.", 7)
    lines = run_facts(project, paper, "--csv", str(tmp_path / "f.csv")).splitlines()
    assert "   not reported  (p. 1; corrected)" in lines
    assert "   test: 31  (p. 7; corrected)" in lines
    assert "Sheet 2 has 31 cases." in (tmp_path / "f.csv").read_text(encoding="utf-8-sig")
    assert "corrected" not in run_facts(project, other)


def run_facts(project, path, *words):
    return subprocess.run(
        [
            *(sys.executable, "-m", "review.cli", "--review", str(project.folder)),
            *("--user", "ada", "facts", str(path), *words),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
