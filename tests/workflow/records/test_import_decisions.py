"""Files of decisions: each rejected row is listed, and can be corrected and imported again."""

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest
from support.reporting import STAGES

from review.errors import ReviewError, SourceError
from review.formats.tabular.corrections import CORRECTION_COLUMNS
from review.formats.tabular.decisions import DecisionDefaults, read_decisions
from review.store import decisions, links, records, retrievals
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.project.project import Project
from review.workflow.records.import_decisions import (
    DecisionFileError,
    DecisionImportResult,
    import_decisions,
    preview_decisions,
)
from review.workflow.records.imports import import_file
from review.workflow.setup.loading import init_project, open_project

TITLES = {
    1: ("Noise-induced hearing loss: a data-driven analysis", "Okafor, N.", 2019),
    2: ("β-Amyloid (Aβ42) imaging with <i>deep</i> learning", "Ferrari, L.", 2021),
    3: ("Deep learning for chest radiographs", "Meyer, K.", 2018),
    4: ("Deep learning for chest radiographs", "Sato, Y.", 2022),
    5: ("Müller's cells & retinal OCT segmentation", "Müller, A.", 2020),
    6: ("Editorial", "Brown, C.", 2017),
}
HEAD = "record,stage,reviewer,verdict,reason\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path / "review")
    opened = open_project(tmp_path / "review", who="ada")
    text = "".join(
        f"TY  - JOUR\nTI  - {title}\nAU  - {author}\nPY  - {year}\nDO  - 10.5555/h{number}\n"
        f"AB  - Abstract {number}.\nER  - \n\n"
        for number, (title, author, year) in TITLES.items()
    )
    path = tmp_path / "embase.ris"
    path.write_text(text, encoding="utf-8")
    import_file(opened, path, "ada", source="embase")
    return opened


def enter(
    project: Project,
    folder: Path,
    text: str,
    *,
    name: str = "d.csv",
    keep_good: bool = False,
    reviewer: str | None = None,
    stage: str | None = None,
    names: dict[str, str] | None = None,
) -> DecisionImportResult:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    defaults = DecisionDefaults(reviewer=reviewer, stage=stage)
    return import_decisions(
        project, path, "ada", defaults=defaults, names=names, keep_good=keep_good
    )


def list_entered(project: Project) -> list[tuple[int, str, str | None]]:
    with project.store.read() as conn:
        return [(d.record, d.reviewer, d.verdict) for d in decisions.list_decisions(conn)]


def get_lines(rows: Iterable[object]) -> list[int]:
    return [row.number for row in rows]  # type: ignore[attr-defined]


def test_contradictory_lines_are_all_named_and_none_is_entered(
    project: Project, tmp_path: Path
) -> None:
    text = HEAD + (
        "R000001,title-abstract,ada,include,\n"
        "R000002,title-abstract,ada,include,\n"
        "10.5555/h1,title-abstract,ada,exclude,\n"
        "R000001,title-abstract,ben,exclude,\n"
        "R000001,title-abstract,ada,maybe,\n"
    )
    with pytest.raises(DecisionFileError) as error:
        enter(project, tmp_path, text)
    assert get_lines(error.value.result.rejected) == [2, 4, 6]
    assert "line 4 says exclude; line 6 says unsure" in error.value.result.rejected[0].reason
    assert error.value.result.added == 0
    assert list_entered(project) == []
    kept = enter(project, tmp_path, text, keep_good=True)
    assert (kept.added, get_lines(kept.rejected)) == (2, [2, 4, 6])
    assert list_entered(project) == [(2, "ada", "include"), (1, "ben", "exclude")]


def test_two_reasons_of_one_reviewer_contradict_and_two_reviewers_do_not(
    project: Project, tmp_path: Path
) -> None:
    passed = "".join(f"R000003,title-abstract,{who},include,\n" for who in ("ada", "ben"))
    enter(project, tmp_path, HEAD + passed)
    stage = next(one for one in project.protocol.stages if one.kind == "eligibility")
    first, second = stage.reasons[:2]
    text = HEAD + f"R000003,full-text,ada,exclude,{first}\nR000003,full-text,ada,exclude,{second}\n"
    done = enter(project, tmp_path, text, keep_good=True)
    assert (done.added, get_lines(done.rejected)) == (0, [2, 3])
    text = HEAD + f"R000003,full-text,ada,exclude,{first}\nR000003,full-text,ben,exclude,{second}\n"
    assert enter(project, tmp_path, text).added == 2


def test_a_withdrawal_between_two_verdicts_is_no_contradiction(
    project: Project, tmp_path: Path
) -> None:
    text = HEAD + (
        "R000001,title-abstract,ada,include,\nR000001,title-abstract,ada,withdraw,\n"
        "R000001,title-abstract,ada,exclude,\n"
    )
    assert enter(project, tmp_path, text).added == 3
    assert list_entered(project)[-1] == (1, "ada", "exclude")


def test_repeated_lines_are_listed_and_entered_once(project: Project, tmp_path: Path) -> None:
    text = HEAD + "R000001,,ada,include,\n10.5555/h1,,ada,YES,\nR000001,title-abstract,ada,in,\n"
    done = enter(project, tmp_path, text)
    assert (done.added, done.rejected) == (1, ())
    assert [(r.number, r.first, r.record, r.reviewer) for r in done.repeated] == [
        (3, 2, "R000001", "ada"),
        (4, 2, "R000001", "ada"),
    ]


def test_every_bad_line_is_named_and_the_corrected_table_comes_back(
    project: Project, tmp_path: Path
) -> None:
    text = "record,title,stage,reviewer,verdict,note\n" + (
        "R000001,,title-abstract,ada,include,fine\n"
        "R000099,,title-abstract,ada,include,\n"
        ",Deep learning for chest radiographs,title-abstract,ada,exclude,=cmd()\n"
        "R000002,,title-abstract,ada,splendid,\n"
        "R000005,,titel,ada,include,\n"
        "R000006,,title-abstract,adda,include,\n"
        ",Nobody wrote this paper at all,title-abstract,ben,include,\n"
    )
    done = enter(project, tmp_path, text, keep_good=True)
    assert (done.added, get_lines(done.rejected)) == (1, [3, 4, 5, 6, 7, 8])
    path = done.rejected_path
    assert path is not None and path.suffix == ".csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert tuple(rows[0]) == CORRECTION_COLUMNS
    assert [row["line"] for row in rows] == ["3", "4", "5", "6", "7", "8"]
    assert "R000003 Meyer 2018, R000004 Sato 2022" in rows[1]["problem"]
    assert "'splendid' is not a valid decision" in rows[2]["problem"]
    unchanged = import_decisions(project, path, "ada", keep_good=True)
    assert (unchanged.added, len(unchanged.rejected)) == (0, 6)
    fixes = [
        {"record": "R000003"},
        {"record": "R000004"},
        {"verdict": "exclude"},
        {"stage": "title-abstract"},
        {"reviewer": "ada"},
        {"record": "R000002"},
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, CORRECTION_COLUMNS)
    writer.writeheader()
    writer.writerows(row | fix for row, fix in zip(rows, fixes, strict=True))
    path.write_text(out.getvalue(), encoding="utf-8")
    mended = import_decisions(project, path, "ada")
    assert (mended.added, mended.rejected) == (6, ())
    assert sorted(list_entered(project)) == [
        (1, "ada", "include"),
        (2, "ada", "exclude"),
        (2, "ben", "include"),
        (3, "ada", "include"),
        (4, "ada", "exclude"),
        (5, "ada", "include"),
        (6, "ada", "include"),
    ]
    with project.store.read() as conn:
        notes = {d.record: d.note for d in decisions.list_decisions(conn)}
    assert (notes[1], notes[4]) == ("fine", "=cmd()")


def test_corrections_somebody_began_to_fill_in_are_never_written_over(
    project: Project, tmp_path: Path
) -> None:
    text = HEAD + "R000099,,ada,include,\n"
    first = enter(project, tmp_path, text, keep_good=True).rejected_path
    assert first is not None
    assert enter(project, tmp_path, text, keep_good=True).rejected_path == first
    first.write_text("mine", encoding="utf-8")
    second = enter(project, tmp_path, text, keep_good=True).rejected_path
    assert second is not None and second != first
    assert first.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("noiseinduced hearing loss a datadriven analysis", 1),
        ("NOISE INDUCED HEARING LOSS - A DATA DRIVEN ANALYSIS.", 1),
        ("beta-amyloid (Abeta42) imaging with deep learning", 2),
        ("Mullers cells &amp; retinal OCT segmentation", 5),
        ("Editorial.", 6),
    ],
)
def test_titles_match_on_letters_and_digits(
    project: Project, tmp_path: Path, title: str, number: int
) -> None:
    done = enter(project, tmp_path, f"Title,Decision\n{title},Yes\n", reviewer="ada")
    assert (done.kind, done.added) == ("table", 1)
    assert list_entered(project) == [(number, "ada", "include")]


@pytest.mark.parametrize("column", ["record", "DOI"])
@pytest.mark.parametrize("doi", ["10.5555//h2", "10.5555/h2", "https://doi.org/10.5555//H2"])
def test_a_doi_names_its_record_with_one_slash_or_two(
    project: Project, tmp_path: Path, column: str, doi: str
) -> None:
    done = enter(project, tmp_path, f"{column},Decision\n{doi},Yes\n", reviewer="ada")
    assert done.added == 1
    assert list_entered(project) == [(2, "ada", "include")]


def test_a_record_stored_with_two_slashes_is_found_by_one(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "psyc.ris"
    path.write_text("TY  - JOUR\nTI  - Reading films\nDO  - 10.1037//h0028106\nER  - \n")
    import_file(project, path, "ada")
    with project.store.read() as conn:
        assert records.get_records(conn, [7])[7].record.doi == "10.1037//h0028106"
        assert records.find_by_identifier(conn, doi="10.1037/h0028106") == [7]
        assert records.find_by_identifier(conn, doi="10.1037//h0028106") == [7]
        assert records.find_by_identifier(conn, doi="10.1037/h002810") == []
    path.write_text("TY  - JOUR\nTI  - Reading of films\nDO  - 10.1037/h0028106\nER  - \n")
    import_file(project, path, "ada")
    with project.store.read() as conn:
        assert links.find_connected_records(conn, [7]) == {7, 8}
        assert links.find_connected_records(conn, [8]) == {7, 8}


@pytest.mark.parametrize(
    ("cells", "number"),
    [("2018,", 3), ("2022,", 4), (',"Sato, Y."', 4), ('2022,"Sato, Y."', 4)],
)
def test_one_title_twice_is_told_apart_by_year_or_author(
    project: Project, tmp_path: Path, cells: str, number: int
) -> None:
    text = f"Title,Year,Authors,Decision\n{TITLES[3][0]},{cells},no\n"
    assert enter(project, tmp_path, text, reviewer="ben").added == 1
    assert list_entered(project) == [(number, "ben", "exclude")]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Deep learning for chest radiographs,,,", "several records match by title (R000003"),
        (
            "Deep learning for chest radiographs,2010,,",
            "R000004 Sato 2022); give the record number",
        ),
        (f"{TITLES[1][0]},2011,,", "R000001 Okafor 2019 has this title, but the line says 2011"),
        ("Noise-induced hearing loss: a data-driven,,,", "similar titles: R000001"),
        ("Noise-induced hearing loss: a data-drivven analysis,,,", "similar titles: R000001"),
        (f"{TITLES[5][0]},,,10.5555/h1", "but has the title of R000005"),
    ],
)
def test_a_title_that_is_not_sure_is_asked_back(
    project: Project, tmp_path: Path, line: str, told: str
) -> None:
    text = f"Title,Year,Authors,DOI,Decision\n{line},yes\n"
    with pytest.raises(DecisionFileError) as error:
        enter(project, tmp_path, text, reviewer="ada")
    assert told in error.value.result.rejected[0].reason
    assert list_entered(project) == []


def test_a_column_sorted_apart_from_its_keys_is_caught(project: Project, tmp_path: Path) -> None:
    text = f"record,title,reviewer,verdict\nR000001,{TITLES[5][0]},ada,include\n"
    with pytest.raises(DecisionFileError, match="but has the title of R000005"):
        enter(project, tmp_path, text)


def test_row_numbers_of_the_file_itself_are_no_keys(project: Project, tmp_path: Path) -> None:
    text = f"ID,Title,Decision\n1,{TITLES[5][0]},include\n2,{TITLES[1][0]},exclude\n"
    assert enter(project, tmp_path, text, reviewer="ada").added == 2
    assert list_entered(project) == [(5, "ada", "include"), (1, "ada", "exclude")]


@pytest.mark.parametrize(
    "header",
    [
        "Included",
        "Included?",
        "Include",
        "Include (Y/N)",
        "Relevant",
        "Inclusion status",
        "Screening outcome",
        "Final decision",
        "Eligible?",
        "Status",
    ],
)
def test_words_in_a_column_of_a_plain_table_are_verdicts(
    project: Project, tmp_path: Path, header: str
) -> None:
    rows = ["Yes", "No", "Unsure", "Maybe", "", "N/A"]
    lines = "".join(f"10.5555/h{n},{word}\n" for n, word in enumerate(rows, 1))
    done = enter(project, tmp_path, f"DOI,{header}\n{lines}", reviewer="ada")
    assert (done.kind, done.added, done.undecided) == ("table", 4, 2)
    assert [verdict for _, _, verdict in list_entered(project)] == [
        "include",
        "exclude",
        "unsure",
        "unsure",
    ]


def test_ones_and_noughts_under_included_remain_asreviews(project: Project, tmp_path: Path) -> None:
    text = "title,doi,included\nx,10.5555/h1,1\nx,10.5555/h2,0\nx,10.5555/h3,-1\n"
    done = enter(project, tmp_path, text, reviewer="ada")
    assert (done.kind, done.added, done.undecided) == ("asreview", 2, 1)
    named = "doi,reviewer,included\n10.5555/h3,ben,1\n"
    assert enter(project, tmp_path, named).kind == "table"


def test_a_column_a_reviewer_and_a_column_a_stage_are_read(
    project: Project, tmp_path: Path
) -> None:
    text = "DOI,Ada,ben decision,Reason for exclusion\n10.5555/h1,yes,no,\n10.5555/h2,maybe,,\n"
    assert enter(project, tmp_path, text).added == 3
    assert list_entered(project) == [
        (1, "ada", "include"),
        (1, "ben", "exclude"),
        (2, "ada", "unsure"),
    ]
    text = "DOI,Reviewer 1,Reviewer 2\n10.5555/h3,yes,yes\n"
    done = enter(project, tmp_path, text, names={"Reviewer 1": "ada", "Reviewer 2": "ben"})
    assert done.added == 2
    stage = next(one for one in project.protocol.stages if one.kind == "eligibility")
    text = (
        "DOI,Title/abstract decision,Full-text decision,Exclusion reason\n"
        f"10.5555/h3,include,exclude,{stage.reasons[0]}\n"
    )
    done = enter(project, tmp_path, text, reviewer="ada")
    assert (done.added, done.unchanged) == (1, 1)


def test_two_columns_that_may_be_the_verdict_are_asked(project: Project, tmp_path: Path) -> None:
    text = "DOI,Decision,Vote\n10.5555/h1,yes,no\n"
    with pytest.raises(SourceError, match="several columns may hold the verdicts"):
        enter(project, tmp_path, text, reviewer="ada")


def test_a_stage_may_be_named_in_the_fields_words(project: Project, tmp_path: Path) -> None:
    text = HEAD + "R000001,Title & Abstract,ada,include,\nR000001,TiAb,ben,include,\n"
    assert enter(project, tmp_path, text).added == 2
    stage = next(one for one in project.protocol.stages if one.kind == "eligibility")
    text = HEAD + f"R000001,Full text,ada,exclude,{stage.reasons[0]}\n"
    assert enter(project, tmp_path, text).added == 1


def test_not_retrieved_with_its_reason_is_drawn_by_prisma(project: Project, tmp_path: Path) -> None:
    passed = "".join(
        f"R00000{n},{STAGES[0]},{who},include,\n" for n in (1, 2, 3) for who in ("ada", "ben")
    )
    text = (
        HEAD
        + passed
        + (
            "R000001,full-text,ada,not retrieved,No reply from the authors\n"
            "R000002,full-text,ada,Full text not available,\n"
            "R000005,full-text,ada,not retrieved,Paywall\n"
        )
    )
    done = enter(project, tmp_path, text, keep_good=True)
    assert (done.added, done.retrievals) == (8, 2)
    assert "R000005 was not sought for retrieval: it is pending" in done.rejected[0].reason
    flow = snapshot_at(project).flow
    assert [(line.label, line.n) for line in flow.main.not_retrieved] == [
        ("No reply from the authors", 1),
        ("Not retrieved", 1),
    ]
    assert flow.main.waiting_eligibility.n == 1
    with project.store.read() as conn:
        assert retrievals.list_newest_attempts(conn)[1].who == "ada"
    again = enter(
        project, tmp_path, text.replace("R000005,full-text,ada,not retrieved,Paywall\n", "")
    )
    assert (again.added, again.unchanged) == (0, 8)


def test_a_report_that_was_judged_by_its_full_text_was_retrieved(
    project: Project, tmp_path: Path
) -> None:
    rows = "".join(
        f"R000001,{stage},{who},include,\n" for stage in STAGES[:2] for who in ("ada", "ben")
    )
    enter(project, tmp_path, HEAD + rows)
    text = HEAD + "R000001,full-text,ada,not retrieved,lost\n"
    with pytest.raises(DecisionFileError, match="was judged by its full text already"):
        enter(project, tmp_path, text)


def test_verdict_and_not_retrieved_of_one_reviewer_contradict(
    project: Project, tmp_path: Path
) -> None:
    text = HEAD + "R000001,full-text,ada,include,\nR000001,full-text,ada,not retrieved,lost\n"
    done = enter(project, tmp_path, text, keep_good=True)
    assert (done.added, get_lines(done.rejected)) == (0, [2, 3])


def test_a_reviewer_is_known_by_a_name_in_other_capitals(project: Project, tmp_path: Path) -> None:
    text = "doi,Reviewer Name,Decision\n10.5555/h1, ADA ,include\n10.5555/h2,Ben,exclude\n"
    enter(project, tmp_path, text)
    assert list_entered(project) == [(1, "ada", "include"), (2, "ben", "exclude")]


def test_one_persons_contradiction_is_found_under_two_spellings(
    project: Project, tmp_path: Path
) -> None:
    text = "doi,reviewer,decision\n10.5555/h1,Ada,include\n10.5555/h1,ada,exclude\n"
    with pytest.raises(DecisionFileError) as raised:
        enter(project, tmp_path, text)
    assert get_lines(raised.value.result.rejected) == [2, 3]


MERGED_ROWS = (
    ("R000001", "title-abstract", "ada", "include"),
    ("R000001", "title-abstract", "ben", "include"),
    ("R000002", "full-text", "ben", "exclude"),
)


def save_merged(path: Path) -> None:
    """A workbook in which record and stage of the first two rows, and the reviewer of the last
    two, are one cell each."""
    if path.suffix == ".ods":
        save_merged_ods(path)
        return
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Decisions of our team"])
    sheet.append(HEAD.strip().split(",")[:4])
    for row in MERGED_ROWS:
        sheet.append(row)
    for area in ("A1:D1", "A3:A4", "B3:B4", "C4:C5"):
        sheet.merge_cells(area)
    book.save(path)


def save_merged_ods(path: Path) -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    high = {(2, 0), (2, 1), (3, 2)}
    covered = {(row + 1, column) for row, column in high}
    rows = [["Decisions of our team"], HEAD.strip().split(",")[:4], *map(list, MERGED_ROWS)]
    xml = ""
    for i, cells in enumerate(rows):
        xml += "<table:table-row>"
        for j, text in enumerate(cells):
            spanned = ' table:number-rows-spanned="2"' if (i, j) in high else ""
            xml += (
                "<table:covered-table-cell/>"
                if (i, j) in covered
                else f"<table:table-cell{spanned}><text:p>{text}</text:p></table:table-cell>"
            )
        xml += "</table:table-row>"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{space}office:1.0" '
            f'xmlns:table="{space}table:1.0" xmlns:text="{space}text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="A">{xml}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )


@pytest.mark.parametrize("name", ["d.xlsx", "d.ods"])
def test_merged_cells_hold_for_all_their_rows(tmp_path: Path, name: str) -> None:
    save_merged(tmp_path / name)
    rows = read_decisions(tmp_path / name, DecisionDefaults(reviewer="cleo")).rows
    assert [(row.key, row.stage, row.reviewer, row.verdict) for row in rows] == list(MERGED_ROWS)


def test_a_line_without_its_stage_is_not_put_into_the_first_one(
    project: Project, tmp_path: Path
) -> None:
    text = HEAD + "".join(
        f"R000001,title-abstract,{who},include,\nR000002,title-abstract,{who},include,\n"
        for who in ("ada", "ben")
    )
    enter(project, tmp_path, text)
    text = HEAD + "R000001,full-text,ada,include,\nR000002,,ada,exclude,\n"
    kept = enter(project, tmp_path, text, name="full.csv", keep_good=True)
    assert (kept.added, [entry.reason for entry in kept.rejected]) == (
        1,
        ["line 3: no stage given, though other lines give one"],
    )
    assert (2, "ada", "exclude") not in list_entered(project)


def test_a_preview_counts_what_the_import_adds_and_writes_nothing(
    project: Project, tmp_path: Path
) -> None:
    head = "record,stage,reviewer,verdict\n"
    enter(project, tmp_path, f"{head}R000001,title-abstract,ada,include\n", name="first.csv")
    text = (
        f"{head}R000001,title-abstract,ada,include\nR000001,title-abstract,ben,exclude\n"
        "R000002,title-abstract,ben,include\nR000002,title-abstract,ben,include\n"
        "R000003,title-abstract,ben,\nR000999,title-abstract,ben,include\n"
    )
    path = tmp_path / "d.csv"
    path.write_text(text, encoding="utf-8")
    before = list_entered(project)
    preview = preview_decisions(project, path, "ada")
    assert list_entered(project) == before
    assert preview.counts == {
        ("title-abstract", "ben", "exclude"): 1,
        ("title-abstract", "ben", "include"): 1,
    }
    assert (preview.unchanged, preview.undecided, preview.repeated) == (1, 1, 1)
    assert get_lines(preview.rejected) == [7]
    result = enter(project, tmp_path, text, keep_good=True)
    assert result.added == sum(preview.counts.values())
    assert (result.unchanged, result.undecided) == (preview.unchanged, preview.undecided)
    assert not preview_decisions(project, path, "ada").counts
    with pytest.raises(ReviewError, match="ben does not have permission"):
        preview_decisions(project, path, "ben")
