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
        ("study,12,Validation,5\nIto,5,5,3\n", "the columns '12' and 'validation' both hold"),
        ("study,colour,size\nIto,red,big\n", "there is no column 'item'"),
        ("study,5,12\nIto,4,9\n", "nothing was scored.*\n.*line 2, 5: '4' is not a possible score"),
    ],
)
def test_what_a_wide_table_has_wrong_is_named_by_line_and_column(tmp_path, text, told):
    with pytest.raises(SourceError, match=told):
        scoring.score_file(
            instruments.get_checklist(None, "rqs-1.0"), write(tmp_path / "w.csv", text)
        )


def score(checklist_id, tmp_path, text):
    checklist = instruments.get_checklist(None, checklist_id)
    found = scoring.score_file(checklist, write(tmp_path / "scored.csv", text))
    return found, "\n".join(scoring.format_summary(checklist, found))


NUMBERS = ",".join(str(number) for number in range(1, 17))


def test_points_are_counted_where_several_answers_give_them(tmp_path):
    text = f"study,{NUMBERS}\nIto,1,1,0,0,3,1,0,1,1,1,7,4,2,0,0,3\n"
    found, shown = score("rqs-1.0", tmp_path, text)
    (study,) = found["studies"]
    assert [total["value"] for total in study["totals"]] == [25, 69.4]
    assert study["points_only"] == {
        "protocol": 1,
        "discrimination": 1,
        "calibration": 1,
        "validation": 4,
        "open": 3,
    }
    assert (study["warnings"], study["unanswered"], found["problems"]) == ((), (), [])
    assert "answer not known: 1 Image protocol quality: 1; " in shown


def test_an_answer_that_cannot_be_read_leaves_the_others_scored(tmp_path):
    text = f"study,{NUMBERS}\n"
    text += "Ito,2,1,0,0,0,1,0,1,2,0,7,0,2,0,0,4\nLee,2,1,0,0,-3,1,0,1,2,0,7,-5,2,0,0,4\n"
    found, shown = score("rqs-1.0", tmp_path, text)
    ito, lee = found["studies"]
    total = ito["totals"][0]
    assert (total["value"], total["low"], total["high"]) == (None, 20 - 8, 20 + 8)
    assert ito["unread"] == {"feature-reduction": "0", "validation": "0"}
    assert (lee["totals"][0]["value"], lee["unread"]) == (20 - 8, {})
    assert [line[:14] for line in found["problems"]] == ["line 2, 5: '0'", "line 2, 12: '0"]
    assert "Total points: incomplete, 12 to 28 of 36" in shown
    assert "not read, so the item stays open: 5 Feature reduction" in shown


def test_a_study_that_appears_twice_counts_only_what_agrees(tmp_path):
    found, _ = score("rqs-1.0", tmp_path, "study,5,11,2\nIto,3,7,1\nIto,3,0,\n")
    (study,) = found["studies"]
    assert (study["answered"], study["unread"]) == (2, {"prospective": "0"})
    assert "appears twice with the same answer; counted once" in found["problems"][0]
    assert "appears twice with different answers; neither is counted" in found["problems"][1]


def test_na_is_taken_for_an_item_that_its_conditions_exclude(tmp_path):
    head = "study,C1,C2,C3,C4,C5,9,10,17\n"
    found, _ = score("metrics", tmp_path, head + "Ito,1,0,1,1,0,NA,1,n/a\nLee,0,NA,1,1,1,NA,NA,0\n")
    assert found["problems"] == []
    assert not any(study["unread"] for study in found["studies"])
    found, _ = score("metrics", tmp_path, head + "Ito,1,1,1,1,0,NA,1,\n")
    assert found["studies"][0]["unread"] and "line 2, 9: 'NA'" in found["problems"][0]


def test_an_excluded_item_may_be_given_no_points(tmp_path):
    head = "study,Leakage,8.1,8.2,20\n"
    found, _ = score("appraise-ai", tmp_path, head + "Ito,Yes,0,-,5\nLee,1,NA,0,5\n")
    assert found["problems"] == []
    assert [study["totals"][0]["low"] for study in found["studies"]] == [5, 5]
    found, _ = score("appraise-ai", tmp_path, head + "Ito,No,0,3,5\nLee,1,9,0,5\n")
    ito, lee = found["studies"]
    assert (ito["unread"], lee["unread"], len(found["problems"])) == ({"split": "0"}, {}, 2)


def test_numbers_are_yes_and_no_unless_the_table_counts_to_two(tmp_path):
    found, _ = score("claim-2024", tmp_path, "study,1,2,3\nIto,1,0,0.5\nLee,TRUE,FALSE,NA\n")
    assert [study["totals"][0]["low"] for study in found["studies"]] == [1, 1]
    found, _ = score("claim-2024", tmp_path, "study,1,2,3\nIto,1,0,1\nLee,2,0,Yes\n")
    ito, lee = found["studies"]
    assert (set(ito["unread"]), set(lee["unread"])) == ({"title", "background"}, {"title"})
    assert "1 may be partly. Enter Yes, Partly or No" in found["problems"][0]


def test_the_command_ends_with_3_if_an_answer_was_not_read(tmp_path):
    path = write(tmp_path / "s.csv", "study,5,11\nIto,0,7\n")
    done = CliRunner().invoke(app, ["-r", str(tmp_path), "score", "rqs-1.0", str(path)])
    assert (done.exit_code, "possible: -3, 3" in done.output) == (3, True)
    path = write(tmp_path / "s.csv", "study,5,11\nIto,3,7\n")
    done = CliRunner().invoke(app, ["-r", str(tmp_path), "score", "rqs-1.0", str(path)])
    assert (done.exit_code, "Problems" in done.output) == (0, False)


def test_points_whose_answer_is_open_are_not_stored_in_a_review(project, tmp_path):
    path = write(tmp_path / "wide.csv", "study,12,16\nR000001,4,none\n")
    with pytest.raises(SourceError, match="4 points of '12 Validation' correspond to several"):
        read_template(project, path, "ada", checklist_id="rqs-1.0")
    assert not forms.open_form(project, 1, "rqs-1.0", "ada").entries


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
    assert "line 2, column '12': '9' is not a possible score" in told
    assert "line 3: 'Nobody 1999': no record in this review" in told
    assert "line 4, column '16': 2 points" in told
    assert not forms.open_form(project, 1, "rqs-1.0", "ada").entries
