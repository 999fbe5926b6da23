"""Appraisal in spreadsheets: drop-down lists, every invalid cell reported; and plain CSV."""

import json

import pytest
from openpyxl import load_workbook
from support.appraising import fill, full, kind, review_in, standing
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError, SourceError
from review.workflow.appraisal import forms, instruments, scoring
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.appraisal.spreadsheets import read_template, write_template


@pytest.fixture
def project(tmp_path, database):
    return review_in(tmp_path)


def column(sheet, name):
    return [cell.value for cell in sheet[1]].index(name) + 1


def row_of(sheet, record, key):
    where = column(sheet, "Key"), column(sheet, "Record")
    for row in range(2, sheet.max_row + 1):
        if (sheet.cell(row, where[0]).value, sheet.cell(row, where[1]).value) == (key, record):
            return row
    raise AssertionError(f"no row for {record} {key}")


def write(path, sheet, record, key, **cells):
    book = load_workbook(path)
    made = book[sheet]
    row = row_of(made, record, key)
    for name, value in cells.items():
        made.cell(row, column(made, name)).value = value
    book.save(path)
    return row


def test_a_template_holds_own_answers_and_drop_downs(project, tmp_path):
    forms.add_answer(
        project, AnswerInput(2, "claim-2020", "title", "partly", "=A1", 3, "so so"), "ada"
    )
    path = tmp_path / "a.xlsx"
    assert write_template(project, path, ["claim-2020", "rqs-1.0"], ["R000002"], "ada") == 2
    book = load_workbook(path)
    sheet = book["CLAIM 2020"]
    assert sheet.max_row == 43
    row = row_of(sheet, "R000002", "title")
    assert sheet.cell(row, column(sheet, "Answer")).value == "Partly"
    assert sheet.cell(row, column(sheet, "Quote")).value == "=A1"
    assert sheet.cell(row, column(sheet, "Quote")).data_type == "s"
    offered = {}
    for check in sheet.data_validations.dataValidation:
        listed = [cell.value for (cell,) in book["Lists"][check.formula1.split("!")[1]]]
        offered[str(check.sqref)] = listed
    assert ["Yes", "Partly", "No", "Unsure"] in offered.values()
    assert ["Yes", "Partly", "No", "Not applicable", "Unsure"] in offered.values()


def test_a_filled_template_comes_back_whole_and_only_once(project, tmp_path):
    path = tmp_path / "a.xlsx"
    write_template(project, path, ["rqs-1.0"], ["R000001"], "ada")
    write(path, "RQS", "R000001", "validation", Answer=5, Quote="Three hospitals.", Page=4)
    write(path, "RQS", "R000001", "open", Answer="Code; Scans")
    dry = read_template(project, path, "ada", dry_run=True)
    assert (dry.new, dry.same) == (2, 0)
    assert not forms.open_form(project, 1, "rqs-1.0", "ada").entries
    assert read_template(project, path, "ada").new == 2
    entries = forms.open_form(project, 1, "rqs-1.0", "ada").entries
    assert (entries["validation"].answer, entries["validation"].page) == ("three", 4)
    assert entries["open"].answer == "scans+code"
    again = read_template(project, path, "ada")
    assert (again.new, again.same) == (0, 2)


def test_every_bad_cell_is_named_and_nothing_is_kept(project, tmp_path):
    path = tmp_path / "a.xlsx"
    write_template(project, path, ["claim-2020"], [], "ada")
    write(path, "CLAIM 2020", "R000001", "title", Answer="Yes")
    bad = write(path, "CLAIM 2020", "R000001", "abstract", Answer="Jes")
    page = write(path, "CLAIM 2020", "R000002", "title", Answer="No", Page="three")
    blank = write(path, "CLAIM 2020", "R000003", "title", Quote="A title")
    with pytest.raises(SourceError) as caught:
        read_template(project, path, "ada")
    said = str(caught.value)
    assert "Please check 3 cells" in said
    wrong = f"'CLAIM 2020' cell G{bad}: 'Jes' is not a valid answer to '2 Structured summary'."
    assert f"{wrong} Did you mean 'Yes'? Expected: Yes, Partly, No, unsure." in said
    assert f"'CLAIM 2020' cell I{page}: 'three' is not a page number." in said
    assert f"'CLAIM 2020' cell G{blank}: no answer, although" in said
    assert not forms.open_form(project, 1, "claim-2020", "ada").entries


def test_a_blank_cell_withdraws_nothing(project, tmp_path):
    forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "ada")
    path = tmp_path / "a.xlsx"
    write_template(project, path, ["claim-2020"], ["R000001"], "ada")
    write(path, "CLAIM 2020", "R000001", "title", Answer=None)
    assert read_template(project, path, "ada").new == 0
    assert forms.open_form(project, 1, "claim-2020", "ada").entries["title"].answer == "yes"


def test_a_file_of_somebody_else_is_refused(project, tmp_path):
    path = tmp_path / "a.xlsx"
    write_template(project, path, ["claim-2020"], [], "ben")
    with pytest.raises(SourceError, match="written for ben, but you are ada"):
        read_template(project, path, "ada")


def test_what_is_no_template_is_refused_calmly(project, tmp_path):
    (tmp_path / "a.xlsx").write_text("not a spreadsheet")
    with pytest.raises(SourceError, match="cannot be read as an XLSX"):
        read_template(project, tmp_path / "a.xlsx", "ada")
    from openpyxl import Workbook

    Workbook().save(tmp_path / "b.xlsx")
    with pytest.raises(SourceError, match="'Read me' is missing"):
        read_template(project, tmp_path / "b.xlsx", "ada")


def test_one_refused_form_keeps_the_whole_file_out(project, tmp_path):
    path = tmp_path / "a.xlsx"
    write_template(project, path, ["probast-2019", "claim-2020"], ["R000001"], "ada")
    write(path, "CLAIM 2020", "R000001", "title", Answer="Yes")
    write(path, "PROBAST", "R000001", "sq-1.1", Answer="No")
    write(path, "PROBAST", "R000001", "judgement:participants", Answer="Low")
    with pytest.raises(ReviewError, match=r"R000001 PROBAST: .*Give a reason.*Nothing was"):
        read_template(project, path, "ada")
    assert not forms.open_form(project, 1, "claim-2020", "ada").entries


def test_finished_by_spreadsheet_the_gate_decides(project, tmp_path):
    kind(project, 1, "deep-learning", "ben")
    fill(project, 1, "claim-2020", "ben", full(project, "claim-2020"))
    path = tmp_path / "a.xlsx"
    write_template(project, path, ["study-kind", "claim-2020"], ["R000001"], "ada")
    write(path, "Kind of study", "R000001", "kind", Answer="Deep learning")
    book = load_workbook(path)
    for row in range(2, 44):
        book["CLAIM 2020"].cell(row, column(book["CLAIM 2020"], "Answer")).value = "Yes"
    book.save(path)
    done = read_template(project, path, "ada", finish=True)
    assert done.finished == ("R000001 Kind of study: finished", "R000001 CLAIM 2020: finished")
    assert standing(project, 1) == ("included", None)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_line_writes_and_reads_templates(project, tmp_path):
    path = tmp_path / "a.xlsx"
    review = ("--review", project.folder, "--user", "ada")
    done = run(*review, "appraise", "template", path, "--checklist", "rqs-1.0")
    assert "3 forms" in done.stdout, done.output
    write(path, "RQS", "R000001", "cost", Answer="Not done")
    done = run(*review, "appraise", "import", path, "--dry-run")
    assert "Would add 1 answers" in done.stdout
    assert "Added 1 answers" in run(*review, "appraise", "import", path).stdout
    assert "3 reports" in run(*review, "appraise", "gates").stdout


def test_checklists_are_listed_and_checked_without_a_review(tmp_path):
    rows = json.loads(run("--review", tmp_path, "checklist", "list", "--json").stdout)
    counts = {row["id"]: row["items"] for row in rows}
    assert (counts["claim-2020"], counts["claim-2024"], counts["clear"]) == (42, 44, 58)
    assert "42 items" in run("--review", tmp_path, "checklist", "list").stdout
    path = tmp_path / "mine.yaml"
    path.write_text("id: mine\ntitel: x\nsections: []\n")
    done = run("checklist", "check", path)
    assert done.exit_code != 0
    assert "line 2: 'titel' is not a valid key. Did you mean 'title'" in str(done.exception)
    shipped = instruments.available_checklists(None)["quadas-2"]
    assert "is valid (11 items)" in run("checklist", "check", shipped).stdout


def test_a_csv_is_scored_without_a_review(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("item,answer\n5,3\n12,same\nopen,code; scans\n99x,\n".replace("99x,\n", ""))
    done = run("--review", tmp_path, "score", "rqs-1.0", path, "--json")
    (study,) = json.loads(done.stdout)["studies"]
    total = study["totals"][0]
    assert (study["answered"], total["value"]) == (3, None)
    assert (total["low"], total["high"]) == (3 + 2 + 2, 36 - 3 - 2)
    assert "incomplete, 7 to 31 of 36" in run("score", "rqs-1.0", path).stdout


def test_a_csv_may_hold_many_studies_and_a_teams_own_checklist(tmp_path):
    one = instruments.get_checklist(None, "quadas-2")
    path = tmp_path / "answers.csv"
    lines = ["Study;Item;Answer;Comment"]
    for study, answer in (("Wang 2020", "Yes"), ("Ali 2021", "No")):
        lines += [f"{study};{n};{answer};" for n in ("2.1", "2.2")]
    lines.append('Ali 2021;judgement:index-test;Low;"The threshold was set\nbeforehand."')
    path.write_text("\n".join(lines))
    found = scoring.score_file(scoring.find_checklist(None, str(one.source)), path)
    judged = [
        {j["key"]: j["final"] for j in study["judgements"]}["judgement:index-test"]
        for study in found["studies"]
    ]
    assert [study["study"] for study in found["studies"]] == ["Wang 2020", "Ali 2021"]
    assert judged == ["low", "low"]
    text = "\n".join(scoring.format_summary(one, found))
    assert "suggested by the answers: high; The threshold was set\nbeforehand." in text


def test_every_bad_line_of_a_csv_is_named(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("item,answer\n1,yes\n1,no\n9,perhaps\npreprocesing,yes\n")
    with pytest.raises(SourceError) as caught:
        scoring.score_file(instruments.get_checklist(None, "claim-2020"), path)
    said = str(caught.value)
    assert "line 3: '1' appears twice" in said
    assert "line 4: 'perhaps' is not a valid answer" in said
    assert "line 5: claim-2020 has no item 'preprocesing'. Did you mean 'preprocessing'" in said
    path.write_text("number,answer\n1,yes\n")
    with pytest.raises(SourceError, match="no column 'item'"):
        scoring.score_file(instruments.get_checklist(None, "claim-2020"), path)


def test_words_that_wait_for_an_answer_go_out_and_come_back(tmp_path):
    project = review_in(tmp_path / "review", 1)
    kind(project, 1, "deep-learning", "ada")
    forms.add_answer(
        project, AnswerInput(1, "claim-2020", "title", None, "A deep network.", 2), "ada"
    )
    path = tmp_path / "forms.xlsx"
    write_template(project, path, ["claim-2020"], [], "ada")
    assert read_template(project, path, "ada").new == 0
    book = load_workbook(path)
    sheet = book["CLAIM 2020"]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, heads.index("Quote") + 1).value == "A deep network."
    sheet.cell(2, heads.index("Answer") + 1).value = "Yes"
    book.save(path)
    read_template(project, path, "ada")
    entry = forms.open_form(project, 1, "claim-2020", "ada").entries["title"]
    assert (entry.answer, entry.quote, entry.page) == ("yes", "A deep network.", 2)


def test_no_answer_of_a_csv_is_dropped_without_a_word(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("item,answer,comment\n1,yes,\n,no,\n3,yes,seen, and read\n")
    found = scoring.score_file(instruments.get_checklist(None, "claim-2020"), path)
    assert found["studies"][0]["answered"] == 1
    assert found["problems"] == [
        "line 4: 4 cells, the header has 3.",
        "line 3: the answer 'no' has no item.",
    ]
    path.write_text("item,answer\n")
    with pytest.raises(SourceError, match="at least one row below it"):
        scoring.score_file(instruments.get_checklist(None, "claim-2020"), path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_csv_of_any_office_program_is_read(tmp_path, encoding):
    path = tmp_path / "answers.csv"
    path.write_bytes("study;item;answer\r\nMüller 2021;1;yes\r\n".encode(encoding))
    found = scoring.score_file(instruments.get_checklist(None, "claim-2020"), path)
    assert [(one["study"], one["answered"]) for one in found["studies"]] == [("Müller 2021", 1)]


def test_an_override_in_a_csv_needs_its_sentence(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("item,answer\n2.1,no\njudgement:index-test,low\n")
    quadas = instruments.get_checklist(None, "quadas-2")
    found = scoring.score_file(quadas, path)
    (problem,) = found["problems"]
    assert "judgement:index-test differs" in problem
    assert "give a reason in the column 'comment'" in problem
    assert "high; no reason given" in "\n".join(scoring.format_summary(quadas, found))
