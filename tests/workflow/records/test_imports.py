"""Importing into a review: complete files or nothing, counted, once only; decisions likewise."""

import dataclasses
from pathlib import Path

import openpyxl
import pytest
from support.samples import EXPORTS, SAMPLES

from review.errors import FlowError, ReviewError, SourceError
from review.formats import read_file
from review.formats.export import RECORD_WRITERS
from review.formats.tabular.decisions import DecisionDefaults
from review.models import Record
from review.store import decisions, identified, records
from review.workflow.exports.records import ExportOptions, build_export, save_export
from review.workflow.project.project import Project
from review.workflow.records import imports
from review.workflow.records.import_decisions import import_decisions
from review.workflow.records.imports import import_file
from review.workflow.setup.loading import init_project, open_project

RIS = "".join(
    f"TY  - JOUR\nTI  - Title number {n}\nAU  - Li, W.\nPY  - 2020\nDO  - 10.1234/{n}\nER  - \n\n"
    for n in range(1, 6)
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path / "review")
    return open_project(tmp_path / "review", who="ada")


@pytest.fixture
def filled(project: Project, tmp_path: Path) -> Project:
    import_file(project, wrote(tmp_path, "search.ris", RIS), "ada", source="scopus")
    return project


def wrote(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def all_records(project: Project) -> list[Record]:
    with project.store.read() as conn:
        return [one.record for one in records.iter_records(conn)]


def all_decisions(project: Project) -> list[tuple[int, str, str, str | None]]:
    with project.store.read() as conn:
        return [(d.record, d.stage, d.reviewer, d.verdict) for d in decisions.list_decisions(conn)]


def test_exports_of_many_sources_arrive_in_full(project: Project) -> None:
    total = 0
    for name, count, _ in SAMPLES:
        done = import_file(project, EXPORTS / name, "ada")
        assert (done.announced, done.parsed, done.new + done.known) == (count, count, count)
        total += done.new
    assert len(all_records(project)) == total


def test_a_file_of_several_databases_names_none(project: Project) -> None:
    done = import_file(project, EXPORTS / "citavi.txt", "ada")
    assert done.source == "various"
    assert sum(n for _, n in done.named) == done.parsed
    assert len({record.source for record in all_records(project)}) > 2


def test_the_same_file_twice_adds_nothing_and_says_so(filled: Project, tmp_path: Path) -> None:
    again = import_file(filled, tmp_path / "search.ris", "ada")
    assert again.batch is None
    assert (again.new, again.known) == (0, 5)
    assert len(all_records(filled)) == 5


def test_new_records_wait_at_the_first_stage(filled: Project) -> None:
    with filled.store.read() as conn:
        assert decisions.count_statuses(conn) == {("title-abstract", "pending"): 5}


def test_a_larger_export_of_the_same_search_adds_only_what_is_new(
    filled: Project, tmp_path: Path
) -> None:
    more = RIS + RIS[: len(RIS) // 5].replace("number 1", "number 9").replace("1234/1", "1234/9")
    done = import_file(filled, wrote(tmp_path, "more.ris", more), "ada", source="scopus")
    assert (done.parsed, done.new, done.known) == (6, 1, 5)


def test_a_damaged_file_adds_nothing_and_names_the_record(project: Project, tmp_path: Path) -> None:
    path = wrote(tmp_path, "cut.ris", RIS[:-30])
    with pytest.raises(SourceError, match=r"cut\.ris: 1 of 5 records cannot be read \(record 5: "):
        import_file(project, path, "ada")
    assert all_records(project) == []
    assert not (tmp_path / "cut.ris.rejected").exists()


def test_with_keep_good_the_skipped_ones_are_written_down(project: Project, tmp_path: Path) -> None:
    done = import_file(project, wrote(tmp_path, "cut.ris", RIS[:-30]), "ada", keep_good=True)
    assert (done.announced, done.parsed, len(done.rejected)) == (5, 4, 1)
    left = (tmp_path / "cut.ris.rejected").read_text()
    assert "record 5" in left
    assert "Title number 5" in left


@pytest.mark.parametrize(
    ("announced", "stored", "rejected", "told"),
    [(5, 5, 0, ()), (7, 7, 2, ()), (3, 5, 0, ("5 records were read, but only 3 were counted",))],
)
def test_what_was_counted_is_what_was_read_and_rejected(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    announced: int,
    stored: int,
    rejected: int,
    told: tuple[str, ...],
) -> None:
    whole = imports.read_file
    monkeypatch.setattr(
        imports,
        "read_file",
        lambda *words, **named: dataclasses.replace(whole(*words, **named), announced=announced),
    )
    done = import_file(project, wrote(tmp_path, "s.ris", RIS), "ada", keep_good=True)
    assert (done.announced, done.parsed, len(done.rejected)) == (stored, 5, rejected)
    assert [note[: len(told[0])] for note in done.notes] == list(told)
    with project.store.read() as conn:
        [batch] = records.list_batches(conn)
        entries = identified.list_entries(conn)
    assert (batch["announced"], batch["parsed"], batch["rejected"]) == (stored, 5, rejected)
    assert len(entries) == stored


def test_records_remember_their_place_in_the_file(project: Project, tmp_path: Path) -> None:
    text = RIS.replace("TI  - Title number 2\nAU  - Li, W.\nPY  - 2020\nDO  - 10.1234/2\n", "")
    import_file(project, wrote(tmp_path, "gap.ris", text), "ada", keep_good=True)
    with project.store.read() as conn:
        places = [a.number for a in identified.list_entries(conn)]
    assert places == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("form", ["ris", "bibtex", "csv", "xlsx", "json"])
def test_an_export_holds_every_record_and_comes_back_equal(
    filled: Project, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"out.{form}"
    assert save_export(filled, form, path).n == 5
    assert list(read_file(path).records) == all_records(filled)
    again = import_file(filled, path, "ada")
    assert (again.new, again.known) == (0, 5)


def test_an_export_can_be_narrowed_to_a_standing(filled: Project, tmp_path: Path) -> None:
    rows = "".join(f"R000001,title-abstract,{who},include\n" for who in ("ada", "ben"))
    path = wrote(tmp_path, "d.csv", "record,stage,reviewer,verdict\n" + rows)
    import_decisions(filled, path, "ada")
    made = build_export(filled, "csv", ExportOptions("title-abstract", "included"))
    assert made.n == 1
    assert b"R000001" in made.data
    told = "5 records = 1 in x.csv + 4 not included at title-abstract"
    assert made.format_sums("x.csv") == told
    with pytest.raises(ReviewError, match="give the stage"):
        build_export(filled, "csv", ExportOptions(status="included"))


@pytest.mark.parametrize("form", ["ris", "bibtex", "csv", "xlsx", "json"])
def test_an_export_of_a_past_day_is_the_same_bytes_whatever_came_later(
    filled: Project, tmp_path: Path, form: str
) -> None:
    with filled.store.write() as conn:
        for table in ("protocols", "batches", "records"):
            conn.exec_driver_sql(f"update {table} set at = '2020-05-01T12:00:00.000000Z'")
    then = ExportOptions(as_of="2020-05-01")
    before = build_export(filled, form, then)
    more = RIS.replace("Title number", "Another").replace("10.1234/", "10.9999/")
    import_file(filled, wrote(tmp_path, "more.ris", more), "ada")
    rows = "R000001,title-abstract,ada,include\n"
    path = wrote(tmp_path, "d.csv", "record,stage,reviewer,verdict\n" + rows)
    import_decisions(filled, path, "ada")
    after = build_export(filled, form, then)
    assert (after.n, after.data) == (5, before.data)
    assert build_export(filled, form).n > 5


def test_a_file_that_holds_fewer_records_than_went_in_is_not_written(
    filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = RECORD_WRITERS["csv"]
    monkeypatch.setitem(RECORD_WRITERS, "csv", lambda records, said: whole(records[1:], said[1:]))
    with pytest.raises(FlowError, match="contains 4 records, not 5"):
        save_export(filled, "csv", tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


HEAD = "record,stage,reviewer,role,verdict,reason,note\n"
GOOD = (
    "R000001,full-text,ada,,exclude,{reason},\n"
    "R000001,full-text,ben,,exclude,{reason},\n"
    "R000001,title-abstract,ada,,include,,\n"
    "10.1234/1,title-abstract,ben,,include,,clear\n"
    "R000002,title-abstract,ada,,include,,\n"
    "R000002,title-abstract,ben,,exclude,,\n"
    "R000002,title-abstract,cleo,adjudicator,exclude,,\n"
)


def good(project: Project) -> str:
    stage = next(s for s in project.protocol.stages if s.id == "full-text")
    return HEAD + GOOD.format(reason=stage.reasons[0])


def test_decisions_of_a_file_are_entered_in_the_order_of_the_stages(
    filled: Project, tmp_path: Path
) -> None:
    done = import_decisions(filled, wrote(tmp_path, "d.csv", good(filled)), "ada")
    assert (done.kind, done.added, done.rejected) == ("funnel", 7, ())
    assert len(all_decisions(filled)) == 7


def test_the_same_decisions_twice_change_nothing(filled: Project, tmp_path: Path) -> None:
    path = wrote(tmp_path, "d.csv", good(filled))
    import_decisions(filled, path, "ada")
    again = import_decisions(filled, path, "ada")
    assert (again.added, again.unchanged, again.batch) == (0, 7, None)
    assert len(all_decisions(filled)) == 7


BAD = [
    ("R000099,title-abstract,ada,,include,,", "no record 'R000099'"),
    ("12,title-abstract,ada,,include,,", "write R000012 or pmid:12"),
    ("R000003,title-abstract,adda,,include,,", "Did you mean 'ada'"),
    ("R000003,titel-abstract,ada,,include,,", "Did you mean 'title-abstract'"),
    ("R000003,full-text,ada,,include,,", "not at the stage 'Full text'"),
    ("R000003,title-abstract,ada,,perhaps,,", "expected include, exclude, unsure"),
    ("10.9999/none,title-abstract,ada,,include,,", "no record '10.9999/none'"),
]


@pytest.mark.parametrize(("line", "said"), BAD)
def test_one_bad_line_keeps_all_out_and_is_named(
    filled: Project, tmp_path: Path, line: str, said: str
) -> None:
    path = wrote(tmp_path, "d.csv", good(filled) + line + "\n")
    with pytest.raises(SourceError, match=r"d\.csv: 1 of its decisions") as error:
        import_decisions(filled, path, "ada")
    assert "line 9" in str(error.value)
    assert said in str(error.value)
    assert all_decisions(filled) == []


def test_with_keep_good_only_the_bad_lines_stay_out(filled: Project, tmp_path: Path) -> None:
    lines = "".join(line + "\n" for line, _ in BAD)
    path = wrote(tmp_path, "d.csv", good(filled) + lines)
    done = import_decisions(filled, path, "ada", keep_good=True)
    assert done.added == 7
    lines_named = sorted(int(bad.reason.split(":")[0].split()[1]) for bad in done.rejected)
    assert lines_named == list(range(9, 9 + len(BAD)))
    assert done.rejected_path == tmp_path / "d.csv.rejected.csv"
    assert "R000099" in done.rejected_path.read_text(encoding="utf-8-sig")


def test_rayyan_people_and_titles_find_their_records(filled: Project, tmp_path: Path) -> None:
    text = (
        "key,title,year,authors,notes\n"
        "r1,TITLE number 1,2020,Li W,"
        '"RAYYAN-INCLUSION: {""Kofi""=>""Included"", ""ben""=>""Maybe""}"\n'
        'r2,Unknown title,2020,Li W,"RAYYAN-INCLUSION: {""Kofi""=>""Included""}"\n'
        "r3,Title number 3,2020,Li W,\n"
    )
    path = wrote(tmp_path, "rayyan.csv", text)
    done = import_decisions(filled, path, "ada", names={"Kofi": "ada"}, keep_good=True)
    assert (done.kind, done.added, done.undecided) == ("rayyan", 2, 1)
    assert all_decisions(filled) == [
        (1, "title-abstract", "ada", "include"),
        (1, "title-abstract", "ben", "unsure"),
    ]
    assert "no record in this review has its DOI, PMID or title" in done.rejected[0].reason


def test_asreview_labels_become_one_persons_decisions(filled: Project, tmp_path: Path) -> None:
    text = "record_id,title,doi,asreview_label\n0,x,10.1234/1,1\n1,x,10.1234/2,0\n2,x,10.1234/3,\n"
    path = wrote(tmp_path, "asreview.csv", text)
    done = import_decisions(filled, path, "ada", defaults=DecisionDefaults(reviewer="ada"))
    assert (done.added, done.undecided) == (2, 1)


def test_a_withdrawal_in_the_file_counts_after_what_it_withdraws(
    filled: Project, tmp_path: Path
) -> None:
    text = HEAD + "R000001,title-abstract,ada,,include,,\nR000001,title-abstract,ada,,withdraw,,\n"
    done = import_decisions(filled, wrote(tmp_path, "d.csv", text), "ada")
    assert done.added == 2
    assert all_decisions(filled)[-1] == (1, "title-abstract", "ada", None)


def test_a_sheet_of_decisions_is_chosen_by_name_where_a_workbook_holds_several(filled, tmp_path):
    import csv
    import io

    rows = list(csv.reader(io.StringIO(good(filled))))
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title in ("first reviewer", "old copy"):
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    path = tmp_path / "decisions.xlsx"
    book.save(path)
    with pytest.raises(SourceError, match="old copy"):
        import_decisions(filled, path, "ada")
    done = import_decisions(filled, path, "ada", sheet="first reviewer")
    assert done.added == len(rows) - 1


def test_another_sheet_of_a_workbook_imported_before_is_refused_not_passed_over(project, tmp_path):
    book = openpyxl.Workbook()
    for title in ("A", "B"):
        page = book.create_sheet(title)
        page.append(["Title", "Authors", "Year"])
        page.append([f"Films of sheet {title}", "Roe, A", 2020])
    del book["Sheet"]
    path = tmp_path / "two.xlsx"
    book.save(path)
    import_file(project, path, "ada", sheet="B")
    with pytest.raises(SourceError, match="another sheet; sheet 'A' was not"):
        import_file(project, path, "ada", sheet="A")
    again = import_file(project, path, "ada", sheet="b", source="scopus")
    assert (again.batch, again.renamed) == (None, (("table", "scopus"),))
