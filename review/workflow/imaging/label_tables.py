"""Compares the labels of two tables: accuracy against a claim, and overlap of lists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from review.errors import ReviewError
from review.imaging.audit import Claim, Proportion
from review.imaging.label_sources import (
    LabelAccuracy,
    LabelPair,
    compare_label_sources,
    pair_labels,
    read_claims,
)
from review.imaging.labels import (
    LabelTable,
    compare_lists,
    merge_rows,
    read_file_list,
)
from review.workflow.imaging.inputs import (
    ColumnChoice,
    check_labels,
    describe_table_problems,
    load_table,
)
from review.workflow.imaging.outcome import (
    AuditOutcome,
    OutputFolder,
    flatten_figures,
    format_share,
)

ACCURACY_COLUMNS = ("measure", "count", "n", "value", "low", "high")
ACCURACY_NAMES = {
    "ppv": "PPV",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "npv": "NPV",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTables:
    """Mined labels, and labels read from the images by somebody."""

    mined: Path
    read: Path
    mined_labels: tuple[str, ...]
    """An image with any of these is positive."""
    read_labels: tuple[str, ...]
    read_columns: tuple[str, ...] = ()
    """Columns of the read labels, if there is one for each."""
    read_split: str | None = None
    """Only rows of the read labels with this split."""
    absent: bool = False
    """Whether none of the read labels makes an image truly positive, as for No Finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedClaims:
    """A table of published figures by label."""

    table: Path
    source: str
    label_column: str = "label"
    value_column: str = "precision"


def compare_labels(
    out: Path, tables: LabelTables, published: PublishedClaims | None = None
) -> AuditOutcome:
    """Writes how right the mined labels are by the read ones, beside what was claimed for them.

    Raises:
        ReviewError: a table, column or label is missing, or no image is in both tables.
    """
    mined, read, pair = load_pair(tables)
    claims = _find_claims(tables.mined_labels, published)
    accuracy = compare_label_sources(pair.mined, pair.read, claims=claims)
    output = OutputFolder(out, "labels")
    output.write_table("labels-accuracy.csv", ACCURACY_COLUMNS, list_accuracy(accuracy))
    output.write_table("labels-claims.csv", ("label", "value", "measure", "source"), claims)
    output.write_table(
        "labels-images.csv",
        ("image", "mined", "read"),
        (
            {"image": name, "mined": mined_label, "read": read_label}
            for name, mined_label, read_label in zip(pair.ids, pair.mined, pair.read, strict=True)
        ),
    )
    inputs = [tables.mined, tables.read, *([published.table] if published else [])]
    output.write_manifest(
        inputs,
        {
            "mined_labels": tables.mined_labels,
            "read_labels": tables.read_labels,
            "read_split": tables.read_split,
            "absent": tables.absent,
        },
        {
            "images": accuracy.images,
            "unknown_class": pair.unknown,
            "one_table_only": pair.one_source,
        },
    )
    lines = [f"{accuracy.images:,} images are in both tables."]
    for claim in claims:
        lines.append(
            f"Claimed for {claim.label}: {claim.measure} {100 * claim.value:.1f} % "
            f"({claim.source})."
        )
    for name, title in ACCURACY_NAMES.items():
        figure: Proportion = getattr(accuracy, name)
        lines.append(
            f"{title}: {figure.count:,} of {figure.n:,}, "
            f"{format_share(figure.value, figure.low, figure.high)}."
        )
    shortfalls = [*describe_table_problems(mined), *describe_table_problems(read)]
    if pair.unknown:
        shortfalls.append(f"{pair.unknown:,} images have an uncertain or unstated class.")
    return AuditOutcome(tuple(lines), tuple(shortfalls))


def compare_file_lists(
    table: Path, out: Path, other: Path | None = None, choice: ColumnChoice | None = None
) -> AuditOutcome:
    """Writes how many files a published list names by label, and how another list overlaps.

    Args:
        other: a list of file names, one per line, or a table with a column of files.

    Raises:
        ReviewError: a table cannot be read or names no file.
    """
    held = load_table(table, choice)
    merged, repeats, _ = merge_rows(held.rows)
    if not merged:
        raise ReviewError(f"{table}: no row names a file")
    labels = sorted({label for row in merged.values() for label in row.labels})
    named = {
        label: {name for name, row in merged.items() if label in row.labels} for label in labels
    }
    several = sum(len(row.labels) > 1 for row in merged.values())
    second = None if other is None else _read_names(other)
    rows: list[dict[str, Any]] = []
    for label, names in (("all", set(merged)), *named.items()):
        row: dict[str, Any] = {"label": label, "files": len(names)}
        if second is not None:
            overlap = compare_lists(names, second)
            row |= {
                "other": overlap.second,
                "both": overlap.both,
                "first_only": overlap.first_only,
                "other_only": overlap.second_only,
            }
        rows.append(row)
    output = OutputFolder(out, "lists")
    columns = ("label", "files", "other", "both", "first_only", "other_only")
    output.write_table("lists.csv", columns, rows)
    output.write_manifest(
        [table, *([other] if other else [])],
        {},
        {"rows": len(held.rows), "files": len(merged), "repeats": repeats, "several": several},
    )
    lines = [
        f"{len(held.rows):,} rows name {len(merged):,} files; {several:,} have several labels."
    ]
    for row in rows[1:]:
        shared = "" if second is None else f"; {row['both']:,} of the other list's {len(second):,}"
        lines.append(f"{row['label']}: {row['files']:,} files{shared}.")
    return AuditOutcome(tuple(lines), tuple(describe_table_problems(held)))


def load_pair(tables: LabelTables) -> tuple[LabelTable, LabelTable, LabelPair]:
    """Both tables, and the images in both with their classes.

    Raises:
        ReviewError: a table, column, split or label is missing, or no image is in both.
    """
    mined = load_table(tables.mined)
    read = load_table(tables.read, ColumnChoice(labels=tables.read_columns))
    chosen = [row for row in read.rows if tables.read_split in (None, row.split)]
    if not chosen:
        splits = sorted({row.split for row in read.rows if row.split})
        raise ReviewError(
            f"{tables.read}: no row has the split {tables.read_split!r}; "
            + (f"there are {', '.join(splits)}" if splits else "no column of splits is recognised")
        )
    read_rows, mined_rows = merge_rows(chosen)[0], merge_rows(mined.rows)[0]
    check_labels(tables.mined, mined_rows, tables.mined_labels)
    check_labels(tables.read, read_rows, tables.read_labels, read.columns.labels)
    pair = pair_labels(
        mined_rows, read_rows, mined_labels=tables.mined_labels, read_labels=tables.read_labels
    )
    if tables.absent:
        pair = replace(pair, read=tuple(not positive for positive in pair.read))
    return mined, read, pair


def list_accuracy(accuracy: LabelAccuracy) -> list[dict[str, Any]]:
    """One row per measure, for a table."""
    return [
        {**flatten_figures(getattr(accuracy, name)), "measure": title}
        for name, title in ACCURACY_NAMES.items()
    ]


def _find_claims(labels: Sequence[str], published: PublishedClaims | None) -> tuple[Claim, ...]:
    if published is None:
        return ()
    if not published.source:
        raise ReviewError("a claimed figure needs its source: add --source 'author, year, table'")
    claims = read_claims(
        published.table,
        label_column=published.label_column,
        value_column=published.value_column,
        source=published.source,
        measure=published.value_column,
    )
    for label in labels:
        if label not in claims:
            raise ReviewError(
                f"{published.table}: no row for {label!r}; it has {', '.join(claims)}"
            )
    return tuple(claims[label] for label in labels)


def _read_names(path: Path) -> tuple[str, ...]:
    """File names of a plain list, or of the table's column of files."""
    names = read_file_list(path)
    if names and not PurePosixPath(names[0]).suffix and "," in names[0]:
        return tuple(dict.fromkeys(row.file for row in load_table(path, need_labels=False).rows))
    return names
