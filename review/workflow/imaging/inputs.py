"""Reads the image folders and label tables an audit starts from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from review.errors import ReviewError
from review.imaging.labels import (
    LabelMatch,
    LabelRow,
    LabelTable,
    guess_columns,
    match_labels,
    read_labels,
    read_table,
)
from review.imaging.manifest import ImageCheck, check_images
from review.workflow.imaging.outcome import OutputFolder, format_counts

Progress = Callable[[int, int], None]
MANIFEST_FOLDER = "manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """The columns a person named; the others are recognised by their usual names."""

    parts: Mapping[str, str] = field(default_factory=dict)
    """file, patient, age, sex, view, site or split to its column."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSet:
    """The images of a folder that could be read, with what a table says about them."""

    check: ImageCheck
    rows: Mapping[str, LabelRow]
    """Image path to its row; empty without a table."""
    patients: tuple[str | None, ...]
    """Of each readable image: from the table, else from the DICOM tag."""
    notes: tuple[str, ...]
    """What the summary should say of the table and the patients."""
    shortfalls: tuple[str, ...]


def load_set(
    folder: Path,
    output: OutputFolder,
    labels: Path | None = None,
    choice: ColumnChoice | None = None,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    manifest: str = MANIFEST_FOLDER,
    need_labels: bool = False,
) -> LabelledSet:
    """Reads a folder of images (again only what changed since the last run) and its table.

    Raises:
        ReviewError: no image, a manifest among the images, or a table that cannot be read.
    """
    table = None if labels is None else load_table(labels, choice, need_labels=need_labels)
    check = check_images(folder, out=output.root / manifest, workers=workers, progress=progress)
    readable = check.readable
    if not readable:
        raise ReviewError(f"none of the {len(check.entries):,} images in {folder} can be read")
    shortfalls = list_unreadable(check)
    notes: list[str] = []
    rows: Mapping[str, LabelRow] = {}
    if table is not None:
        match = match_labels(table, [entry.path for entry in readable])
        rows = match.rows
        matched_notes, matched_shortfalls = describe_match(table, match)
        notes += matched_notes
        shortfalls += matched_shortfalls
        if not rows:
            raise ReviewError(
                f"{table.path}: no row matches an image in {folder}; the column "
                f"{table.columns.file!r} should contain file names (or use --column file=OTHER)"
            )
    patients = tuple(
        (rows[entry.path].patient if entry.path in rows else None) or entry.tags.get("PatientID")
        for entry in readable
    )
    notes.append(_describe_patients(patients))
    return LabelledSet(check, rows, patients, tuple(notes), tuple(shortfalls))


def load_table(
    path: Path, choice: ColumnChoice | None = None, *, need_labels: bool = True
) -> LabelTable:
    """A table of labels by the chosen columns.

    Raises:
        ReviewError: no such file or column, or no column is recognised.
    """
    choice = choice or ColumnChoice()
    header, _ = read_table(path)
    labels: Sequence[str] | None = choice.labels or None
    if labels is None and not need_labels:
        try:
            return read_labels(path, guess_columns(header, str(path), chosen=choice.parts))
        except ReviewError:
            labels = ()
    return read_labels(path, guess_columns(header, str(path), chosen=choice.parts, labels=labels))


def check_labels(
    path: Path,
    rows: Mapping[str, LabelRow],
    wanted: Sequence[str],
    columns: Sequence[str] = (),
) -> None:
    """Raises ReviewError if a label occurs nowhere: a misspelt one would make no image positive.

    Args:
        columns: of the labels; a label with a column of its own may be absent everywhere.
    """
    known = {name for row in rows.values() for name in row.labels | row.uncertain | row.not_stated}
    known |= set(columns) if len(columns) > 1 else set()
    for label in wanted:
        if label not in known:
            raise ReviewError(
                f"{path}: no image has the label {label!r}; there are {', '.join(sorted(known))}"
            )


def describe_match(table: LabelTable, match: LabelMatch) -> tuple[list[str], list[str]]:
    """How rows and images came together: notes, and what could not be used."""
    count = len(match.rows)
    notes = [f"{count:,} images have a row in {table.path}."]
    shortfalls = describe_table_problems(table)
    if match.merged:
        notes.append(f"{match.merged:,} further rows for these images were merged into the first.")
    for number, text in (
        (len(match.files_without_row), "images have no row"),
        (len(match.rows_without_file), "rows match no image in the folder"),
        (len(match.ambiguous), "rows match several images"),
        (len(match.conflicting), "images have contradictory rows; the first row was used"),
    ):
        if number:
            shortfalls.append(f"{table.path}: {number:,} {text}.")
    return notes, shortfalls


def describe_table_problems(table: LabelTable) -> list[str]:
    """One line per kind of cell that could not be used, with its first line."""
    by_kind: dict[str, list[int]] = {}
    for problem in table.problems:
        by_kind.setdefault(problem.kind, []).append(problem.line)
    return [
        f"{table.path}: {kind} in {len(lines):,} rows, first on line {lines[0]:,}."
        for kind, lines in by_kind.items()
    ]


def list_unreadable(check: ImageCheck) -> list[str]:
    """What of a folder could not be read, or is gone since an earlier run."""
    shortfalls = []
    if check.unreadable:
        faults: dict[str, int] = {}
        for entry in check.unreadable:
            faults[str(entry.fault)] = faults.get(str(entry.fault), 0) + 1
        shortfalls.append(
            f"{len(check.unreadable):,} images cannot be read ({format_counts(faults)})."
        )
    if check.missing:
        shortfalls.append(
            f"{len(check.missing):,} images of an earlier run with this --out are missing from "
            "the folder."
        )
    return shortfalls


def _describe_patients(patients: Sequence[str | None]) -> str:
    known = {patient for patient in patients if patient is not None}
    unknown = sum(patient is None for patient in patients)
    if not known:
        return (
            "No patient identifiers: each image is treated as a separate patient (use --labels "
            "CSV to supply them)."
        )
    without = (
        f"; {unknown:,} images have no patient identifier and are counted individually"
        if unknown
        else ""
    )
    return f"{len(known):,} patients{without}."
