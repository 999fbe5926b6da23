"""A plain table of references is grouped without a review: CSV in, record_id and cluster_id out."""

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
from review.dedupe.clustering import group
from review.dedupe.features import told_apart
from review.dedupe.matching import Edges, find
from review.dedupe.names import split_authors
from review.dedupe.possible_duplicates import CROWD, doubtful
from review.errors import SourceError
from review.models import Record, normal_doi

TEXTS = ("title", "journal", "volume", "issue", "pages", "doi", "pmid", "pmcid", "arxiv_id",
         "abstract")  # fmt: skip
COLUMNS = ("record_id", "authors", "year", "source", *TEXTS)
"""Columns that are read; all but record_id may be missing, others are ignored."""
NO_VALUE = ("n/a", "na", "none", "null", "nan", "#n/a", "-")
"""What stands for an empty cell."""
LARGEST_CELL = 16_000_000
END = "\x00end of the table\x00"
"""A line put after the last one: where it lands in a cell, that cell's quotation mark is open."""
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", re.ASCII)
PAIR_COLUMNS = ("record_a", "record_b", "rule", "score", "why")


@dataclass(frozen=True, slots=True)
class Deduplicated:
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


def dedupe_file(path: Path, out: Path, pairs: Path | None = None) -> Deduplicated:
    """Groups the references of a CSV file (plain or .gz) and writes record_id, cluster_id.

    Args:
        path: the table; its columns are COLUMNS, of which only record_id must be there.
        out: the file to write, in the order of the input; .gz is compressed.
        pairs: where to write the doubtful pairs with rule and score.

    Raises:
        SourceError: the file cannot be read, has no record_id column, or an id comes twice or is
            empty; nothing is written then.
    """
    check_apart(path, out, pairs)
    ids: list[str] = []
    odd: list[tuple[str, str]] = []
    columns = told_apart(dedupe.read(enumerate(records_of(path, ids, odd))), ids)
    return replace(written(columns, find(columns), ids, out, pairs), no_dois=tuple(odd))


def check_apart(path: Path, out: Path, pairs: Path | None) -> None:
    """Raises SourceError where a file to write is the table itself, or one file is named twice."""
    named = [path.resolve(), out.resolve(), *([pairs.resolve()] if pairs else [])]
    if len(set(named)) < len(named):
        raise SourceError("The table, --out and --pairs must be different files; nothing was done.")


def written(
    columns: dedupe.Columns, edges: Edges, ids: list[str], out: Path, pairs: Path | None
) -> Deduplicated:
    """Groups the rows by their edges and writes groups and doubtful pairs."""
    found = group(columns, edges)
    write(out, ("record_id", "cluster_id"),
          ((one, ids[lead]) for one, lead in zip(ids, found.study, strict=True)))  # fmt: skip
    asked = doubtful(columns, edges, found)
    if pairs is not None:
        rows = ((ids[one.a], ids[one.b], one.rule, _score(one.score), one.why) for one in asked)
        write(pairs, PAIR_COLUMNS, rows)
    return Deduplicated(len(ids), len(set(found.study)), len(set(found.report)), len(asked),
                        _crowds(columns, found.report))  # fmt: skip


def _crowds(columns: dedupe.Columns, report: list[int]) -> tuple[tuple[str, int], ...]:
    counts = Counter(columns.title[lead] for lead in set(report))
    return tuple((title, n) for title, n in counts.most_common() if title and n > CROWD)


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"


def _open(path: Path, mode: str) -> IO[str]:
    coded = "utf-8" if mode == "w" else "utf-8-sig"
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, mode + "t", encoding=coded, newline=""))
    return path.open(mode, encoding=coded, newline="")


def records_of(
    path: Path, ids: list[str], odd: list[tuple[str, str]] | None = None
) -> Iterator[Record]:
    """The records of the table in order; their ids are put into `ids` as they come, and what
    stands for a DOI and is none into `odd`."""
    for values in rows_of(path):
        note_no_doi(values, [] if odd is None else odd)
        ids.append(values["record_id"] or "")
        yield _record(values)


def rows_of(path: Path) -> Iterator[dict[str, str | None]]:
    """The rows of the table by column, each checked for an id of its own. Raises SourceError."""
    csv.field_size_limit(LARGEST_CELL)
    seen: set[str] = set()
    try:
        with _open(path, "r") as handle:
            first = handle.readline()
            place = _places(path, next(csv.reader([first], delimiter=_delimiter(first)), []))
            reader = csv.reader(chain(handle, [END]), delimiter=_delimiter(first))
            for cells in reader:
                if END in cells[:1] or not cells:
                    continue
                if cells[-1].endswith(END):
                    raise SourceError(f"{path}: a quotation mark opens a cell and is never closed; "
                                      f"it begins with {cells[-1][:40]!r}.")  # fmt: skip
                values = {name: _cell(cells, at) for name, at in place.items()}
                one = values["record_id"]
                if not one or one in seen:
                    what = f"record_id {one!r} comes twice" if one else "record_id is empty"
                    raise SourceError(f"{path}, line {reader.line_num + 1}: {what}; give every "
                                      "record an id of its own.")  # fmt: skip
                seen.add(one)
                yield values
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 (byte {error.start}); save it as CSV UTF-8."
        ) from error
    except csv.Error as error:
        raise SourceError(f"{path} cannot be read as CSV: {error}.") from error
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise SourceError(f"{path} cannot be read: {why}.") from error


def note_no_doi(values: dict[str, str | None], odd: list[tuple[str, str]]) -> None:
    """Adds the row's id and doi cell to `odd` where that cell holds something else."""
    cell = values.get("doi")
    if cell and cell.lower() not in NO_VALUE and normal_doi(unquote(cell)) is None:
        odd.append((values["record_id"] or "", cell))


def as_cells(values: dict[str, str | None]) -> list[str]:
    """A row's cells in the order of COLUMNS."""
    return [values.get(name) or "" for name in COLUMNS]


def _delimiter(header: str) -> str:
    """What parts the columns: a comma, or the semicolon or tab that some spreadsheets write."""
    return max(",;\t", key=header.count)


def _places(path: Path, header: list[str]) -> dict[str, int]:
    names = [name.strip().lower() for name in header]
    if not names:
        raise SourceError(f"{path} is empty; its first line must name the columns.")
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise SourceError(f"{path} has the column {twice[0]} twice; which one counts?")
    if "record_id" not in names:
        raise SourceError(f"{path} has no column record_id; its first line must name the columns: "
                          f"{', '.join(COLUMNS)}.")  # fmt: skip
    return {name: names.index(name) for name in COLUMNS if name in names}


def _cell(cells: list[str], at: int) -> str | None:
    return (cells[at].strip() or None) if at < len(cells) else None


def _record(values: dict[str, str | None]) -> Record:
    year = _YEAR.search(values.get("year") or "")
    return Record(
        source=(values.get("source") or "file").lower(),
        authors=split_authors(values.get("authors"))[0],
        year=int(year.group()) if year else None,
        **{name: values.get(name) for name in TEXTS},  # type: ignore[arg-type]
    )


def write(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Writes a CSV whole or not at all."""
    part = path.with_name(f".{path.name}.part{'.gz' if path.suffix == '.gz' else ''}")
    try:
        with _open(part, "w") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # its folder may be the very thing that is missing
            part.unlink(missing_ok=True)
        raise SourceError(f"{path} cannot be written: {error.strerror or error}.") from error
