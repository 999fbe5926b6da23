"""Finds patients in several splits, and describes the people behind each label."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path, PurePosixPath

from review.errors import ReviewError
from review.imaging.labels import LabelRow, LabelTable, merge_rows, read_file_list
from review.imaging.splits import SetPeople, SplitOverlap, describe_people, find_overlaps
from review.workflow.imaging.inputs import ColumnChoice, describe_table_problems, load_table
from review.workflow.imaging.outcome import AuditOutcome, OutputFolder

PEOPLE_COLUMNS = (
    "label", "images", "patients", "ages", "age_mean", "age_median", "children", "sex", "view",
    "site",
)  # fmt: skip
OVERLAP_COLUMNS = (
    "first", "second", "first_patients", "second_patients", "shared_patients", "first_images",
    "second_images", "shared_files",
)  # fmt: skip


def compare_splits(
    tables: Sequence[Path],
    out: Path,
    choice: ColumnChoice | None = None,
    *,
    lists: Sequence[str] = (),
) -> AuditOutcome:
    """Patients and files in several splits; age, sex, view and site by label.

    Args:
        tables: one table with a column for the split, one table for each split, or any tables if
            there are lists.
        lists: NAME=FILE: the files of a split, one a line.

    Raises:
        ReviewError: a table or list cannot be read, or no two splits or no patient are known.
    """
    loaded = [load_table(path, choice, need_labels=False) for path in tables]
    listed = [_parse_list(text) for text in lists]
    shortfalls: list[str] = []
    if listed:
        splits, without, shortfalls = _group_listed_rows(loaded, listed)
    else:
        splits, without = _group_rows(loaded)
    merged = {name: merge_rows(rows)[0] for name, rows in splits.items()}
    everybody = [row for table in loaded for row in table.rows]
    people = describe_people(merge_rows(everybody)[0].values())
    shortfalls += [line for table in loaded for line in describe_table_problems(table)]
    if without:
        shortfalls.append(f"{without:,} rows have no split.")
    overlaps: tuple[SplitOverlap, ...] = ()
    if len(merged) > 1:
        overlaps = find_overlaps({name: [*rows.values()] for name, rows in merged.items()})
        unknown = {
            name: sum(row.patient is None for row in rows.values()) for name, rows in merged.items()
        }
        shortfalls += [
            f"{count:,} images in {name} have no patient identifier and were not compared."
            for name, count in unknown.items()
            if count
        ]
    files = {
        (first, second): sorted(set(merged[first]) & set(merged[second]))
        for first, second in combinations(merged, 2)
    }
    output = OutputFolder(out, "splits")
    _write_tables(output, people, overlaps, files)
    output.write_manifest(
        [*tables, *(path for _, path in listed)],
        {},
        {
            "rows": sum(len(table.rows) for table in loaded),
            "images": {name: len(rows) for name, rows in merged.items()},
            "shared_patients": {f"{o.first} and {o.second}": len(o.shared) for o in overlaps},
        },
    )
    lines = _describe_people_lines(people)
    lines += [_describe_overlap(overlap, files) for overlap in overlaps]
    if not overlaps:
        lines.append("The table has fewer than two splits, so overlap was not checked.")
    return AuditOutcome(tuple(lines), tuple(shortfalls))


def _group_rows(tables: Sequence[LabelTable]) -> tuple[dict[str, list[LabelRow]], int]:
    """Rows by split, in the order of the tables; and how many name none."""
    splits: dict[str, list[LabelRow]] = {}
    without = 0
    if len(tables) > 1:
        names = [Path(table.path).name for table in tables]
        if len(set(names)) < len(names):
            names = [table.path for table in tables]
        if len(set(names)) < len(names):
            raise ReviewError("the same table is given twice; give one table per split")
        for name, table in zip(names, tables, strict=True):
            splits[name] = [replace(row, split=name) for row in table.rows]
        return splits, 0
    for row in tables[0].rows:
        if row.split is None:
            without += 1
        else:
            splits.setdefault(row.split, []).append(row)
    return splits, without if splits else 0


def _parse_list(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not (name.strip() and equals and file.strip()):
        raise ReviewError(f"{text!r} names no split; write it as train=train_list.txt")
    return name.strip(), Path(file.strip())


def _group_listed_rows(
    tables: Sequence[LabelTable], lists: Sequence[tuple[str, Path]]
) -> tuple[dict[str, list[LabelRow]], int, list[str]]:
    """Rows by the list that names their file, how many no list names, and names without a row."""
    by_path: dict[str, list[LabelRow]] = {}
    paths_by_name: dict[str, set[str]] = {}
    for table in tables:
        for row in table.rows:
            by_path.setdefault(row.file, []).append(row)
            paths_by_name.setdefault(PurePosixPath(row.file).name, set()).add(row.file)
    splits: dict[str, list[LabelRow]] = {}
    shortfalls: list[str] = []
    taken: set[str] = set()
    for split, path in lists:
        if split in splits:
            raise ReviewError(f"the split {split} is given twice; give one list per split")
        paths, unknown = [], []
        for file in read_file_list(path):
            clean = file.replace("\\", "/").removeprefix("./")
            same_name = paths_by_name.get(PurePosixPath(clean).name, set())
            if clean in by_path:
                paths.append(clean)
            elif len(same_name) == 1:
                paths += same_name
            else:
                unknown.append(file)
        if not paths:
            raise ReviewError(f"{path}: none of its files is in the table: compare the names")
        if unknown:
            shortfalls.append(
                f"{path}: {len(unknown):,} names have no row in the table, first {unknown[0]!r}."
            )
        found = dict.fromkeys(paths)
        taken |= set(found)
        splits[split] = [replace(row, split=split) for file in found for row in by_path[file]]
    without = sum(len(rows) for file, rows in by_path.items() if file not in taken)
    return splits, without, shortfalls


def _write_tables(
    output: OutputFolder,
    people: SetPeople,
    overlaps: Sequence[SplitOverlap],
    files: Mapping[tuple[str, str], Sequence[str]],
) -> None:
    output.write_table("splits-people.csv", PEOPLE_COLUMNS, [people.all, *people.labels])
    output.write_table(
        "splits-overlap.csv",
        OVERLAP_COLUMNS,
        (
            {
                "first": overlap.first,
                "second": overlap.second,
                "first_patients": overlap.first_patients,
                "second_patients": overlap.second_patients,
                "shared_patients": len(overlap.shared),
                "first_images": overlap.first_images,
                "second_images": overlap.second_images,
                "shared_files": len(files[overlap.first, overlap.second]),
            }
            for overlap in overlaps
        ),
    )
    output.write_table(
        "splits-shared.csv",
        ("first", "second", "kind", "name"),
        [
            *(
                {"first": overlap.first, "second": overlap.second, "kind": "patient", "name": name}
                for overlap in overlaps
                for name in overlap.shared
            ),
            *(
                {"first": first, "second": second, "kind": "file", "name": name}
                for (first, second), names in files.items()
                for name in names
            ),
        ],
    )


def _describe_people_lines(people: SetPeople) -> list[str]:
    everybody, spread = people.all, people.concentration
    lines = [f"{everybody.images:,} images, {spread.patients:,} patients."]
    if spread.share_of_patients is not None and spread.share_of_images is not None:
        few, much = 100 * spread.share_of_patients, 100 * spread.share_of_images
        lines.append(
            f"{spread.repeated:,} patients have several images; {few:.1f} % of patients have more "
            f"than {spread.many} and account for {much:.1f} % of the images."
        )
    if everybody.ages:
        lines.append(
            f"Age is known for {everybody.ages:,} images; {everybody.children:,} are of children "
            "under 10 years."
        )
    return lines


def _describe_overlap(overlap: SplitOverlap, files: Mapping[tuple[str, str], Sequence[str]]) -> str:
    names = f"{overlap.first} and {overlap.second}"
    shared_files = len(files[overlap.first, overlap.second])
    if not overlap.shared and not shared_files:
        return f"{names}: no patients or files in common."
    return (
        f"{names}: {len(overlap.shared):,} patients in both ({overlap.first_images:,} and "
        f"{overlap.second_images:,} images); {shared_files:,} files in both."
    )
