"""Files given in the app: the preview says what an import would do, and the import does it."""

import io
from pathlib import Path

import openpyxl
import pytest
from support.samples import EXPORTS, SAMPLES

from review.errors import ReviewError, SourceError
from review.formats.tabular.decisions import DecisionDefaults
from review.formats.tabular.table_outline import outline_table
from review.store import records
from review.workflow.project.project import Project
from review.workflow.records.decision_uploads import import_decisions_upload
from review.workflow.records.export_files import list_export_files
from review.workflow.records.uploads import (
    UploadOptions,
    import_upload,
    preview_upload,
)
from review.workflow.setup.loading import init_project, open_project

NOTHING = UploadOptions()
STRANGE = (
    b"Heading,Persons,Appeared,Text\n"
    b'"Chest CT of 200 patients","Li, W.; Xu, P.",2020,"We read scans."\n'
    b'"Brain MRI of 90 patients","Roy, A.",2021,"We read more scans."\n'
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path / "review")
    return open_project(tmp_path / "review", who="ada")


def make_ris(numbers: range, *, title: str = "Study of deep learning number") -> bytes:
    return "".join(
        f"TY  - JOUR\nTI  - {title} {n}\nAU  - Li, W.\nPY  - 2020\nDO  - 10.1234/{n}\nER  - \n\n"
        for n in numbers
    ).encode()


def make_workbook(**sheets: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def count_stored(project: Project) -> int:
    with project.store.read() as conn:
        return records.count_records(conn)


def test_a_preview_writes_nothing_and_says_what_the_import_then_does(project: Project) -> None:
    for name, count, _ in SAMPLES:
        data = (EXPORTS / name).read_bytes()
        before = count_stored(project)
        preview = preview_upload(project, name, data, NOTHING)
        assert preview.problem is None
        assert (preview.counted, preview.read) == (count, count)
        assert sum(n for _, n in preview.databases) == count
        assert count_stored(project) == before
        result = import_upload(project, name, data, "ada", NOTHING).result
        assert result.known == preview.known
        assert result.new == preview.read - preview.known
        assert count_stored(project) == before + result.new


def test_duplicates_are_expected_by_identifier_and_title(project: Project) -> None:
    import_upload(project, "a.ris", make_ris(range(1, 6)), "ada", NOTHING)
    same_dois = make_ris(range(4, 8), title="Another wording of a study, with words")
    preview = preview_upload(project, "b.ris", same_dois, NOTHING)
    assert (preview.known, preview.probable_duplicates) == (0, 2)
    same_titles = make_ris(range(1, 3)).replace(b"10.1234/", b"10.9999/")
    assert preview_upload(project, "c.ris", same_titles, NOTHING).probable_duplicates == 2
    again = preview_upload(project, "d.ris", make_ris(range(5, 8)), NOTHING)
    assert (again.known, again.probable_duplicates) == (1, 0)
    within = make_ris(range(20, 22)) + make_ris(range(20, 21))
    assert preview_upload(project, "e.ris", within, NOTHING).known == 1


def test_the_very_same_file_is_known_again(project: Project) -> None:
    data = make_ris(range(1, 4))
    assert preview_upload(project, "a.ris", data, NOTHING).earlier_import is None
    import_upload(project, "a.ris", data, "ada", NOTHING)
    preview = preview_upload(project, "renamed.ris", data, NOTHING)
    assert preview.earlier_import is not None
    assert preview.known == 3
    assert import_upload(project, "renamed.ris", data, "ada", NOTHING).result.batch is None


def test_a_refusal_is_one_line_without_a_folder(project: Project) -> None:
    for name, data in (
        ("paper.ris", b"%PDF-1.7 not references"),
        ("empty.csv", b""),
        ("words.txt", b"Dear colleague,\nplease find attached\n"),
    ):
        preview = preview_upload(project, name, data, NOTHING)
        assert not preview.is_readable
        assert preview.problem is not None
        assert preview.problem.startswith(f"{name}: ") and "\n" not in preview.problem
        with pytest.raises(SourceError) as refused:
            import_upload(project, name, data, "ada", NOTHING)
        assert str(refused.value) == preview.problem
    assert count_stored(project) == 0


def test_unreadable_records_are_named_and_come_back_as_a_file(project: Project) -> None:
    data = b'Title,Year,DOI\nFirst study,2020,10.1/a\nSecond,2021,10.1/b,"x",y\nThird study,2019,\n'
    preview = preview_upload(project, "a.csv", data, NOTHING)
    assert preview.problem is not None and "1 of 3" in preview.problem
    assert (preview.counted, preview.read, len(preview.unreadable)) == (3, 2, 1)
    with pytest.raises(SourceError, match=r"^a\.csv: 1 of 3"):
        import_upload(project, "a.csv", data, "ada", NOTHING)
    done = import_upload(project, "a.csv", data, "ada", UploadOptions(keep_good=True))
    assert (done.result.new, len(done.result.rejected)) == (2, 1)
    assert done.rejected is not None and b"Second" in done.rejected


def test_a_table_of_strange_columns_needs_a_mapping_which_is_kept(project: Project) -> None:
    refused = preview_upload(project, "a.csv", STRANGE, NOTHING)
    assert refused.problem is not None and "no title column" in refused.problem
    assert refused.outline.columns == ("Heading", "Persons", "Appeared", "Text")
    mapping = {"Heading": "title", "Persons": "authors", "Appeared": "year", "Text": "abstract"}
    options = UploadOptions(mapping=mapping, source="our library")
    mapped = preview_upload(project, "a.csv", STRANGE, options)
    assert mapped.problem is None and mapped.check is not None and mapped.check.is_fine
    assert [record.year for record in mapped.examples] == [2020, 2021]
    assert mapped.examples[0].authors == ("Li, W.", "Xu, P.")
    import_upload(project, "a.csv", STRANGE, "ada", options)
    other = STRANGE.replace(b"Chest", b"Another chest").replace(b"Brain", b"Another brain")
    for source in ("our library", None):
        later = preview_upload(project, "b.csv", other, UploadOptions(source=source))
        assert later.problem is None
        assert later.notes == (
            "Applied the saved column mapping for our library: Heading = title, Persons = "
            "authors, Appeared = year, Text = abstract.",
        )
    elsewhere = preview_upload(project, "b.csv", other, UploadOptions(source="scopus"))
    assert elsewhere.problem is not None


def test_columns_that_fill_no_field_are_offered_for_mapping(project: Project) -> None:
    data = b"Title,Written by,Shelf\nStudy one,Li W,A1\nStudy two,Xu P,B2\n"
    preview = preview_upload(project, "a.csv", data, NOTHING)
    assert [(column.name, column.count) for column in preview.unused] == [
        ("Written by", 2),
        ("Shelf", 2),
    ]
    assert dict(preview.filled)["title"] == 2 and dict(preview.filled)["authors"] == 0


def test_sheets_of_a_workbook_are_listed_and_one_is_chosen(project: Project) -> None:
    table = [["Title", "Authors", "Year"], ["Study one", "Li W", "2020"]]
    data = make_workbook(Scopus=table, Embase=[*table, ["Study two", "Xu P", "2021"]], Empty=[])
    preview = preview_upload(project, "a.xlsx", data, NOTHING)
    assert preview.problem is not None and "2 sheets" in preview.problem
    assert [(sheet.name, sheet.row_count) for sheet in preview.outline.sheets] == [
        ("Scopus", 2),
        ("Embase", 3),
    ]
    chosen = preview_upload(project, "a.xlsx", data, UploadOptions(sheet="Embase"))
    assert (chosen.problem, chosen.read) == (None, 2)


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        (b"# search of 2020\n\nName;Who\nA study;Li W\nB study;Xu P\n", ("Name", "Who")),
        (b"Name\tWho\tWhen\nA study\tLi W\t2020\n", ("Name", "Who", "When")),
        (b"no table here\njust words\n", ()),
        (b"TY  - JOUR\nTI  - T\nER  - \n", ()),
    ],
)
def test_the_header_of_a_table_is_found(data: bytes, columns: tuple[str, ...]) -> None:
    assert outline_table(data, "a.csv").columns == columns


def test_decisions_that_cannot_be_imported_come_back_to_be_corrected(project: Project) -> None:
    import_upload(project, "a.ris", make_ris(range(1, 4)), "ada", NOTHING)
    stage = project.protocol.stages[0].id
    text = (
        f"record,stage,reviewer,verdict\nR000001,{stage},ada,include\nR000077,{stage},ada,exclude\n"
    )
    done = import_decisions_upload(
        project, "d.csv", text.encode(), "ada", defaults=DecisionDefaults()
    )
    assert done.problem is not None and done.result.added == 0
    assert [line.number for line in done.result.rejected] == [3]
    assert done.corrections is not None and b"R000077" in done.corrections
    kept = import_decisions_upload(
        project, "d.csv", text.encode(), "ada", defaults=DecisionDefaults(), keep_good=True
    )
    assert (kept.problem, kept.result.added, len(kept.result.rejected)) == (None, 1, 1)
    corrected = done.corrections.replace(b"R000077", b"R000002")
    again = import_decisions_upload(
        project, "d.rejected.csv", corrected, "ada", defaults=DecisionDefaults()
    )
    assert (again.problem, again.result.added) == (None, 1)


def test_a_reviewer_may_not_import(project: Project) -> None:
    with pytest.raises(ReviewError, match="permission"):
        import_upload(project, "a.ris", make_ris(range(1, 4)), "ben", NOTHING)
    with pytest.raises(ReviewError, match="permission"):
        import_decisions_upload(project, "d.csv", b"x", "ben", defaults=DecisionDefaults())


def test_a_file_that_the_protocol_lists_counts_as_it_says(project: Project) -> None:
    plan = project.folder / "protocol.yaml"
    listed = "imports: [{file: sub/found.ris, source: EMBASE, via: registers}]"
    plan.write_text(plan.read_text().replace("imports: []", listed))
    (project.folder / "sub").mkdir()
    (project.folder / "sub" / "found.ris").write_bytes(make_ris(range(3)))
    project = open_project(project.folder, who="ada")
    for name, source, box in (
        ("found.ris", "embase", "registers"),
        ("other.ris", "other.ris (database not stated)", "databases"),
    ):
        data = make_ris(range(3) if name == "found.ris" else range(3, 5))
        preview = preview_upload(project, name, data, NOTHING)
        assert [database for database, _ in preview.databases] == [source]
        assert (preview.listed is not None) is (name == "found.ris")
        done = import_upload(project, name, data, "ada", NOTHING).result
        with project.store.read() as conn:
            batch = max(records.list_batches(conn), key=lambda batch: batch["id"])
        assert (done.new, batch["via"]) == (done.parsed, box)
    said = UploadOptions(source="scopus", via="databases")
    data = make_ris(range(5, 7))
    assert preview_upload(project, "found.ris", data, said).databases == (("scopus", 2),)


def test_files_of_the_folder_that_may_be_exports_are_offered(project: Project) -> None:
    for name in ("b.RIS", "a.xlsx", "notes.md", "paper.pdf"):
        (project.folder / name).write_text("x")
    assert list_export_files(project.folder) == ["a.xlsx", "b.RIS"]
