"""Groups a table of references without a review: CSV in, record_id and cluster_id out."""

import contextlib
import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import unquote

from review import dedupe
from review.dedupe.clustering import cluster_rows
from review.dedupe.edges import Edges
from review.dedupe.features import mix_in_names
from review.dedupe.matching import find_edges
from review.dedupe.names import split_authors
from review.dedupe.possible_duplicates import MAX_REPORTS_PER_TITLE, select_possible_duplicates
from review.errors import SourceError
from review.identifiers import normalize_doi
from review.models import Record

TEXT_COLUMNS = (
    "title",
    "journal",
    "volume",
    "issue",
    "pages",
    "doi",
    "pmid",
    "pmcid",
    "arxiv_id",
    "abstract",
)
COLUMNS = ("record_id", "authors", "year", "source", *TEXT_COLUMNS)
"""Columns that are read; all but record_id may be missing, others are ignored."""
EMPTY_VALUES = ("n/a", "na", "none", "null", "nan", "#n/a", "-")
"""Values that mean an empty cell."""
MAX_CELL_LENGTH = 16_000_000
END_MARK = "\x00end of the table\x00"
"""A line put after the last one: where it lands in a cell, that cell's quotation mark is open."""
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", re.ASCII)
PAIR_COLUMNS = ("record_a", "record_b", "rule", "score", "why")


@dataclass(frozen=True, slots=True)
class TableDedupeResult:
    """What grouping a table gave."""

    records: int
    studies: int
    """Groups written: all versions of a preprint and its journal article are one."""
    reports: int
    """Documents: a preprint and its article are two."""
    doubtful: int
    """Pairs left to a person."""
    crowds: tuple[tuple[str, int], ...] = ()
    """Titles that head very many different documents, and how many: a title alone joins none."""
    no_dois: tuple[tuple[str, str], ...] = ()
    """Record id and content of doi cells that hold something else: they join nothing."""


def dedupe_file(path: Path, out: Path, pairs: Path | None = None) -> TableDedupeResult:
    """Groups the references of a CSV file (plain or .gz) and writes record_id, cluster_id.

    Args:
        path: the table; its columns are COLUMNS, of which only record_id must be there.
        out: the file to write, in the order of the input; .gz is compressed.
        pairs: where to write the doubtful pairs with rule and score.

    Raises:
        SourceError: the file cannot be read, has no record_id column, or an id comes twice or is
            empty; nothing is written then.
    """
    check_paths_differ(path, out, pairs)
    ids: list[str] = []
    invalid_dois: list[tuple[str, str]] = []
    columns = mix_in_names(
        dedupe.build_columns(enumerate(iter_records(path, ids, invalid_dois))), ids
    )
    return replace(
        write_groups(columns, find_edges(columns), ids, out, pairs), no_dois=tuple(invalid_dois)
    )


def check_paths_differ(path: Path, out: Path, pairs: Path | None) -> None:
    """Raises SourceError where a file to write is the table itself, or one file is named twice."""
    resolved_paths = [path.resolve(), out.resolve(), *([pairs.resolve()] if pairs else [])]
    if len(set(resolved_paths)) < len(resolved_paths):
        raise SourceError("The table, --out and --pairs must be different files; nothing was done.")


def write_groups(
    columns: dedupe.FeatureColumns, edges: Edges, ids: list[str], out: Path, pairs: Path | None
) -> TableDedupeResult:
    """Groups the rows by their edges and writes groups and doubtful pairs."""
    groups = cluster_rows(columns, edges)
    write_csv(
        out,
        ("record_id", "cluster_id"),
        ((record_id, ids[lead]) for record_id, lead in zip(ids, groups.study, strict=True)),
    )
    possible_duplicates = select_possible_duplicates(columns, edges, groups)
    if pairs is not None:
        rows = (
            (
                ids[possible_duplicate.a],
                ids[possible_duplicate.b],
                possible_duplicate.rule,
                _format_score(possible_duplicate.score),
                possible_duplicate.why,
            )
            for possible_duplicate in possible_duplicates
        )
        write_csv(pairs, PAIR_COLUMNS, rows)
    return TableDedupeResult(
        len(ids),
        len(set(groups.study)),
        len(set(groups.report)),
        len(possible_duplicates),
        _find_crowded_titles(columns, groups.report),
    )


def _find_crowded_titles(
    columns: dedupe.FeatureColumns, report: list[int]
) -> tuple[tuple[str, int], ...]:
    counts = Counter(columns.title[lead] for lead in set(report))
    return tuple(
        (title, n) for title, n in counts.most_common() if title and n > MAX_REPORTS_PER_TITLE
    )


def _format_score(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"


def _open_table(path: Path, mode: str) -> IO[str]:
    encoding = "utf-8" if mode == "w" else "utf-8-sig"
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, mode + "t", encoding=encoding, newline=""))
    return path.open(mode, encoding=encoding, newline="")


def _iter_lines(path: Path, handle: IO[str]) -> Iterator[str]:
    """The lines of the table, none of them without end. Raises SourceError."""
    number = 0
    while line := handle.readline(MAX_CELL_LENGTH + 1):
        number += 1
        if len(line) > MAX_CELL_LENGTH:
            raise SourceError(
                f"{path}: line {number:,} is longer than {MAX_CELL_LENGTH // 1_000_000} million "
                "letters; check how the table was written."
            )
        yield line


def iter_records(
    path: Path, ids: list[str], invalid_dois: list[tuple[str, str]] | None = None
) -> Iterator[Record]:
    """The records of the table in order; their ids are put into `ids` as they come, and what
    is given as a DOI and is none into `odd`."""
    for values in iter_rows(path):
        note_invalid_doi(values, [] if invalid_dois is None else invalid_dois)
        ids.append(values["record_id"] or "")
        yield _build_record(values)


def iter_rows(path: Path) -> Iterator[dict[str, str | None]]:
    """The rows of the table by column, each checked for an id of its own. Raises SourceError."""
    csv.field_size_limit(MAX_CELL_LENGTH)
    seen_ids: set[str] = set()
    try:
        with _open_table(path, "r") as handle:
            lines = _iter_lines(path, handle)
            first_line = next(lines, "")
            column_indices = _find_columns(
                path, next(csv.reader([first_line], delimiter=_detect_delimiter(first_line)), [])
            )
            reader = csv.reader(chain(lines, [END_MARK]), delimiter=_detect_delimiter(first_line))
            for cells in reader:
                if END_MARK in cells[:1] or not cells:
                    continue
                if cells[-1].endswith(END_MARK):
                    raise SourceError(
                        f"{path}: a closing quotation mark is missing; the cell begins with "
                        f"{cells[-1][:40]!r}."
                    )
                values = {
                    name: _get_cell(cells, column_index)
                    for name, column_index in column_indices.items()
                }
                record_id = values["record_id"]
                if not record_id or record_id in seen_ids:
                    problem = (
                        f"record_id {record_id!r} appears twice"
                        if record_id
                        else "record_id is empty"
                    )
                    raise SourceError(
                        f"{path}, line {reader.line_num + 1}: {problem}; give every record a "
                        "unique id."
                    )
                seen_ids.add(record_id)
                yield values
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 (byte {error.start}); save it as CSV UTF-8."
        ) from error
    except csv.Error as error:
        raise SourceError(f"{path} cannot be read as CSV.") from error
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise SourceError(f"{path} cannot be read: {why}.") from error


def note_invalid_doi(values: dict[str, str | None], invalid_dois: list[tuple[str, str]]) -> None:
    """Adds the row's id and doi cell to `odd` where that cell holds something else."""
    cell = values.get("doi")
    if cell and cell.lower() not in EMPTY_VALUES and normalize_doi(unquote(cell)) is None:
        invalid_dois.append((values["record_id"] or "", cell))


def to_cells(values: dict[str, str | None]) -> list[str]:
    """A row's cells in the order of COLUMNS."""
    return [values.get(name) or "" for name in COLUMNS]


def _detect_delimiter(header: str) -> str:
    """What parts the columns: a comma, or the semicolon or tab that some spreadsheets write."""
    return max(",;\t", key=header.count)


def _find_columns(path: Path, header: list[str]) -> dict[str, int]:
    names = [name.strip().lower() for name in header]
    if not names:
        raise SourceError(f"{path} is empty; the first line must contain the column names.")
    repeated_names = [name for name in COLUMNS if names.count(name) > 1]
    if repeated_names:
        raise SourceError(f"{path} has the column {repeated_names[0]} twice; rename or delete one.")
    if "record_id" not in names:
        raise SourceError(
            f"{path} has no column record_id; the first line must contain the column names: "
            f"{', '.join(COLUMNS)}."
        )
    return {name: names.index(name) for name in COLUMNS if name in names}


def _get_cell(cells: list[str], column_index: int) -> str | None:
    return (cells[column_index].strip() or None) if column_index < len(cells) else None


def _build_record(values: dict[str, str | None]) -> Record:
    year = _YEAR.search(values.get("year") or "")
    return Record(
        source=(values.get("source") or "file").lower(),
        authors=split_authors(values.get("authors"))[0],
        year=int(year.group()) if year else None,
        **{name: values.get(name) for name in TEXT_COLUMNS},  # type: ignore[arg-type]
    )


def write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Writes a CSV whole or not at all."""
    temporary_path = path.with_name(f".{path.name}.part{'.gz' if path.suffix == '.gz' else ''}")
    try:
        with _open_table(temporary_path, "w") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        temporary_path.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # its folder may be the very thing that is missing
            temporary_path.unlink(missing_ok=True)
        raise SourceError(f"{path} cannot be written: {error.strerror or error}.") from error
