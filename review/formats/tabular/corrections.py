"""Writes the rejected rows of a decisions file as a table to correct and import again."""

import csv
import io
from collections.abc import Sequence

from review.formats.tabular.decisions import RejectedLine
from review.formats.tabular.writer import guard_formula

CORRECTION_COLUMNS = (
    "line",
    "problem",
    "record",
    "title",
    "year",
    "doi",
    "pmid",
    "stage",
    "reviewer",
    "role",
    "verdict",
    "reason",
    "note",
    "original",
)
"""The columns of our own layout, with the line, what is wrong with it, and its original text."""


def build_cells(rejection: RejectedLine) -> dict[str, str]:
    """A line as cells, as far as it was understood; unknown ones are blank."""
    row = rejection.row
    entry = row.entry if row else None
    problem = rejection.reason.removeprefix(f"line {rejection.number}: ")
    cells = {"line": str(rejection.number), "problem": problem, "original": rejection.raw}
    if row is not None:
        stated = row.verdict or row.retrieval or ""
        cells |= {
            "record": row.key or "",
            "stage": row.stage or "",
            "reviewer": row.reviewer or "",
            "role": row.role if row.role != "reviewer" else "",
            "verdict": stated or ("withdraw" if row.withdraws else ""),
            "reason": row.reason or "",
            "note": row.note or "",
        }
    if entry is not None:
        cells |= {
            "title": entry.title or "",
            "year": str(entry.year or ""),
            "doi": entry.doi or "",
            "pmid": entry.pmid or "",
        }
    cells |= {name: cell for name, cell in rejection.cells.items() if cell}
    return {column: " ".join(cells.get(column, "").split()) for column in CORRECTION_COLUMNS}


def format_corrections(rejected: Sequence[RejectedLine]) -> bytes:
    """The lines as CSV (UTF-8 with mark, for Excel), one line per verdict that was left out."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, CORRECTION_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for rejection in rejected:
        cells = build_cells(rejection)
        writer.writerow({column: guard_formula(cell) for column, cell in cells.items()})
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "replace")
