"""Tables a team keeps itself: one row an answer or one row a study, into a score or own forms."""

import pytest
from support.appraising import review_in
from typer.testing import CliRunner

from review.cli import app
from review.errors import SourceError
from review.store import records
from review.workflow.appraisal import forms, instruments, scoring
from review.workflow.appraisal.answer_tables import read_answer_table
from review.workflow.appraisal.spreadsheets import read_template

LONG = (
    "Study,Item,Answer,Comment\n"
    "Rossi 2021,1,2,both\nRossi 2021,Validation,5,\nRossi 2021,16,4,\nKim 2019,5,-3,\n"
)
WIDE = (
    "Study;1. Imaging protocol;5;Validation;16;Remarks of the team\n"
    "Rossi 2021;2;;5;4;x\nKim 2019;;-3;;;\n"
)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def get_totals(found):
    return {
        study["study"]: (study["answered"], study["totals"][0]["low"]) for study in found["studies"]
    }


def test_a_wide_table_scores_as_the_long_one_does(tmp_path):
    rqs = instruments.get_checklist(None, "rqs-1.0")
    long_text = LONG.replace("Validation", "12")
    long = scoring.score_file(rqs, write(tmp_path / "long.csv", long_text))
    wide = scoring.score_file(rqs, write(tmp_path / "wide.csv", WIDE))
    assert get_totals(wide) == get_totals(long)
    assert set(get_totals(wide)) == {"Rossi 2021", "Kim 2019"}
    assert wide["unused_columns"] == ["remarks of the team"]
    assert "ignored: remarks of the team" in "\n".join(scoring.format_summary(rqs, wide))


def test_a_wide_workbook_is_read_below_its_title_row(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Our scores"], ["Study", "5", "11", "12"], ["Ito 2020", -3, 7, 5]):
        sheet.append(row)
    path = tmp_path / "scores.xlsx"
    book.save(path)
    found = scoring.score_file(instruments.get_checklist(None, "rqs-1.0"), path)
    assert [(study["study"], study["answered"]) for study in found["studies"]] == [("Ito 2020", 3)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("study,5,12\nIto,4,5\n", "line 2, 5: '4' is not a valid answer to '5 "),
        ("study,16,12\nIto,2,5\n", "2 points of '16 .*' correspond to several answers"),
        ("study,12,Validation,5\nIto,5,5,3\n", "the columns '12' and 'validation' both hold"),
        ("study,colour,size\nIto,red,big\n", "there is no column 'item'"),
        ("study,5,12\nIto,3,5\nIto,3,5\n", "line 3, 5: '.*' appears twice"),
    ],
)
def test_what_a_wide_table_has_wrong_is_named_by_line_and_column(tmp_path, text, told):
    with pytest.raises(SourceError, match=told):
        scoring.score_file(
            instruments.get_checklist(None, "rqs-1.0"), write(tmp_path / "w.csv", text)
        )


def test_an_item_may_be_named_by_its_question(tmp_path):
    form = instruments.get_checklist(None, "extraction-imaging-ai")
    from review.checklists import list_questions

    first, second = list_questions(form)[:2]
    text = f'study,"{first.question}",{second.name}\nIto,x,y\n'
    table = read_answer_table(form, write(tmp_path / "t.csv", text))
    assert [cell.item for cell in table.cells] == [first.key, second.key]


@pytest.fixture
def project(tmp_path):
    return review_in(tmp_path / "review")


def test_a_wide_table_of_a_review_fills_own_forms(project, tmp_path):
    with project.store.read() as conn:
        stored = {n: records.get_record(conn, n).record for n in (1, 2)}
    text = (
        "Title,Record,Validation,16,Colour\n"
        f'"{stored[1].title}",,5,Code; Scans,red\n,R000002,same,none,\n'
    )
    path = write(tmp_path / "wide.csv", text)
    dry = read_template(project, path, "ada", checklist_id="rqs-1.0", dry_run=True)
    assert (dry.new, dry.unused) == (4, ("colour",))
    done = read_template(project, path, "ada", checklist_id="rqs-1.0")
    assert done.new == 4
    entries = forms.open_form(project, 1, "rqs-1.0", "ada").entries
    assert (entries["validation"].answer, entries["open"].answer) == ("three", "scans+code")
    assert forms.open_form(project, 2, "rqs-1.0", "ada").entries["open"].answer == "none"
    again = read_template(project, path, "ada", checklist_id="rqs-1.0")
    assert (again.new, again.same) == (0, 4)


def test_a_long_table_of_a_review_keeps_quote_page_and_comment(project, tmp_path):
    text = "record,item,answer,quote,page,comment\nR000001,12,5,Three hospitals were used.,4,sure\n"
    path = write(tmp_path / "long.csv", text)
    words = ["-r", str(project.folder), "-u", "ada", "appraise", "import", str(path)]
    done = CliRunner().invoke(app, [*words, "--checklist", "rqs-1.0"])
    assert done.exit_code == 0, done.output
    assert "Added 1 answers" in done.output
    entry = forms.open_form(project, 1, "rqs-1.0", "ada").entries["validation"]
    assert (entry.answer, entry.quote, entry.page, entry.comment) == (
        "three",
        "Three hospitals were used.",
        4,
        "sure",
    )


def test_every_bad_cell_of_a_teams_table_is_named_and_nothing_is_added(project, tmp_path):
    text = "study,12,16\nR000001,9,none\nNobody 1999,5,none\nR000002,5,2\n"
    path = write(tmp_path / "wide.csv", text)
    with pytest.raises(SourceError) as caught:
        read_template(project, path, "ada", checklist_id="rqs-1.0")
    told = str(caught.value)
    assert "line 2, column '12': '9' is not a valid answer" in told
    assert "line 3: 'Nobody 1999': no record in this review" in told
    assert "line 4, column '16': 2 points" in told
    assert not forms.open_form(project, 1, "rqs-1.0", "ada").entries
