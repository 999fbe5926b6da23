"""The import reports fields that most records lack, and keeps a mapping of columns."""

from pathlib import Path

import pytest
from support import appraising
from typer.testing import CliRunner

from review.cli import app
from review.errors import SourceError
from review.models import Record
from review.workflow.project.project import Project
from review.workflow.records.column_mappings import parse_mappings
from review.workflow.records.field_check import check_fields, format_check
from review.workflow.records.imports import import_file, preview_import
from review.workflow.setup.loading import open_project

TABLE = "Title,Paper writers,Issued in year,Abstract\n" + "".join(
    f"Title {n},Smith A; Jones B,20{n + 10},Text {n}\n" for n in range(4)
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "protocol.yaml").write_text(appraising.PROTOCOL)
    return open_project(tmp_path / "r", who="ada")


def save(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def full_record(number: int, **values: object) -> Record:
    fields = {"title": f"T{number}", "authors": ("A",), "year": 2020, "abstract": "Text"}
    return Record("scopus", **{**fields, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(("lacking", "is_said"), [(2, False), (3, True)])
def test_a_lack_is_said_when_over_half_of_the_records_have_it(lacking: int, is_said: bool) -> None:
    records = [full_record(n, abstract=None if n < lacking else "Text") for n in range(4)]
    check = check_fields(records)
    assert check.lacking == ((("abstract", lacking),) if is_said else ())
    assert check.is_fine is not is_said


def test_columns_that_hold_something_else_are_not_offered() -> None:
    extra = {"Author(s) ID": ("1",), "Date added": ("2020",), "Publication Type": ("J",)}
    check = check_fields([full_record(1, authors=(), year=None, extra=extra)])
    assert [name for name, _ in check.lacking] == ["authors", "year"]
    assert check.unused == ()


def test_the_import_shows_what_is_lacking_and_offers_a_mapping(
    project: Project, tmp_path: Path
) -> None:
    result = import_file(project, save(tmp_path, "a.csv", TABLE), "ada")
    assert result.fields is not None
    lines = format_check(result.fields)
    assert "4 of 4 records have no authors." in lines
    assert any("'Paper writers' was not used" in line and "Smith A" in line for line in lines)
    assert sum("Title " in line for line in lines) == 3
    assert any('--map "Paper writers=authors"' in line for line in lines)


def test_a_mapping_fills_the_field_and_is_kept_for_the_next_file(
    project: Project, tmp_path: Path
) -> None:
    mapping = parse_mappings(["Paper writers=author", "Issued in year=year"])
    first = save(tmp_path, "a.csv", TABLE)
    result = import_file(project, first, "ada", source="ebsco", mapping=mapping)
    assert result.fields is not None and result.fields.is_fine
    second = save(tmp_path, "b.csv", TABLE.replace("Title ", "Other "))
    again = import_file(project, second, "ada", source="ebsco")
    assert again.fields is not None and again.fields.is_fine
    assert again.notes == (
        "Applied the saved column mapping for ebsco: Paper writers = authors, Issued in year = "
        "year.",
    )
    other = save(tmp_path, "c.csv", TABLE.replace("Title ", "Third "))
    elsewhere = import_file(project, other, "ada", source="scopus")
    assert elsewhere.notes == () and elsewhere.fields is not None
    assert not elsewhere.fields.is_fine


def test_two_columns_may_be_mapped_to_the_authors(tmp_path: Path) -> None:
    text = "Title,Head,Team,Year\nT,Smith A,Jones B; Kim C,2020\n"
    mapping = parse_mappings(["Head=authors", "Team=authors"])
    (record,) = preview_import(save(tmp_path, "a.csv", text), mapping=mapping).records
    assert record.authors == ("Smith A", "Jones B", "Kim C")


def test_a_mapping_may_name_the_title(tmp_path: Path) -> None:
    text = "Name of report,Authors,Year\nT,Smith A,2020\n"
    path = save(tmp_path, "a.csv", text)
    (record,) = preview_import(path, mapping={"Name of report": "title"}).records
    assert record.title == "T"


def test_a_wrong_mapping_is_refused(tmp_path: Path) -> None:
    for word in ("authors", "=authors", "First author=writers"):
        with pytest.raises(SourceError, match="COLUMN=FIELD"):
            parse_mappings([word])
    path = save(tmp_path, "a.csv", TABLE)
    with pytest.raises(SourceError, match=r"no column 'Nobody' to map.*Paper writers"):
        preview_import(path, mapping={"Nobody": "authors"})
    ris = save(tmp_path, "a.ris", "TY  - JOUR\nTI  - T\nER  - \n")
    with pytest.raises(SourceError, match="--map applies only to tables"):
        preview_import(ris, mapping={"TI": "title"})


def test_a_file_under_a_database_s_name_counts_for_it(tmp_path: Path) -> None:
    path = save(tmp_path, "embase_march.csv", TABLE)
    assert {record.source for record in preview_import(path).records} == {"embase"}
    assert {record.source for record in preview_import(path, "cinahl").records} == {"cinahl"}
    mixed = save(tmp_path, "scopus.csv", "Title,Year,Database\nA,2020,PubMed\nB,2020,\n")
    assert [record.source for record in preview_import(mixed).records] == ["pubmed", "table"]


def test_the_command_says_it_beside_the_json(tmp_path: Path) -> None:
    path = save(tmp_path, "a.csv", TABLE)
    words = ["import", str(path), "--dry-run", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "have no authors" in done.stderr and "have no authors" not in done.stdout
    mapped = CliRunner().invoke(app, [*words, "--map", "Paper writers=authors"])
    assert '"Smith A"' in mapped.stdout and "no authors" not in mapped.stderr.split("first")[0]
