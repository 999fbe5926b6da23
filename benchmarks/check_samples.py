"""Imports every genuine sample and holds the figures against a table kept in the repository.

For each export of `reference/api_samples` and each file of `cases` in the folder that CORPORA names
(else ../shared): records read, entries counted by the marks of the format alone, entries rejected,
and the share of records with authors, title, year, journal, DOI and abstract. The table
(`samples.csv` beside this file) holds numbers only. Exit status: 0 all as expected, 1 a difference.

    python benchmarks/check_samples.py            # compare
    python benchmarks/check_samples.py --write    # write the table anew, after looking at it
"""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from review.errors import SourceError
from review.formats import parse_content, read_content
from review.formats.markers import count_markers

ROOT = Path(__file__).parents[1]
CORPORA = Path(os.environ.get("CORPORA", ROOT.parent / "shared"))
TABLE = Path(__file__).with_name("samples.csv")
FIELDS = ("authors", "title", "year", "journal", "doi", "abstract")
COLUMNS = ("file", "kind", "records", "marks", "rejected", *FIELDS)
"""marks: entries by the format's marks, else rows counted by quotation marks; '-' for none."""

Row = dict[str, str]


def list_samples(corpora: Path) -> Iterator[Path]:
    """The exports and the small odd files, in a fixed order; PDFs are no exports."""
    folders = ("reference/api_samples/exports", "reference/api_samples/pubmed", "cases/files")
    for folder in folders:
        for path in sorted((corpora / folder).rglob("*")):
            if path.is_file() and path.suffix not in (".pdf", ".json", ".md"):
                yield path


def describe_sample(path: Path, name: str) -> Row:
    """One line of the table; a refused file has the kind 'refused' and no figures."""
    row = dict.fromkeys(COLUMNS, "-") | {"file": name}
    try:
        data, kind = read_content(path, path.name)
        parsed = parse_content(data, kind, path.name)
    except SourceError:
        return row | {"kind": "refused"}
    marks = count_markers(kind, data)
    records = parsed.records
    row |= {
        "kind": kind,
        "records": str(len(records)),
        "marks": str(parsed.announced if marks is None else marks),
        "rejected": str(len(parsed.rejected)),
    }
    if records:
        for field in FIELDS:
            filled = sum(1 for record in records if getattr(record, field))
            row[field] = f"{filled / len(records):.2f}"
    return row


def describe_samples(corpora: Path) -> list[Row]:
    """The table of all samples."""
    return [
        describe_sample(path, path.relative_to(corpora).as_posix())
        for path in list_samples(corpora)
    ]


def read_table() -> dict[str, Row]:
    """The expected figures by file."""
    with TABLE.open(encoding="utf-8", newline="") as handle:
        return {row["file"]: row for row in csv.DictReader(handle)}


def find_differences(rows: list[Row], expected: dict[str, Row]) -> list[str]:
    """One line for each figure that differs, and each file that is new or gone."""
    lines = []
    for row in rows:
        wanted = expected.get(row["file"])
        if wanted is None:
            lines.append(f"{row['file']}: not in the table")
            continue
        lines += [
            f"{row['file']}: {name} {row[name]}, expected {wanted[name]}"
            for name in COLUMNS
            if row[name] != wanted[name]
        ]
    gone = expected.keys() - {row["file"] for row in rows}
    return lines + [f"{name}: in the table, but not in the folder" for name in sorted(gone)]


def main() -> None:
    """Prints the table and the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table anew")
    write = parser.parse_args().write
    if not CORPORA.is_dir():
        sys.exit(f"no genuine files at {CORPORA}: name their folder in CORPORA")
    rows = describe_samples(CORPORA)
    print(f"{'file':<56}" + "".join(f"{name:>10}" for name in COLUMNS[1:]))
    for row in rows:
        name = row["file"].removeprefix("reference/api_samples/")
        print(f"{name:<56}" + "".join(f"{row[column][:9]:>10}" for column in COLUMNS[1:]))
    if write:
        with TABLE.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return
    differences = find_differences(rows, read_table())
    print("\n".join(differences) or f"all {len(rows)} files as expected")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
