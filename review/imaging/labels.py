"""Reads tables of labels: label, patient, age, sex, view and site of each file.

Two shapes are read: one column of names ('Mass|Nodule') and one column per label (1, 0, -1 or
empty; YES, NO). Rows are matched to files by path, then by file name, then by name without suffix.
"""

import csv
import gzip
import io
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from review.errors import ReviewError

MAX_UNPACKED = 300_000_000
"""Bytes that a packed table may unpack to."""
MAX_ROWS, MAX_LINE_BYTES = 5_000_000, 16_000_000
"""More rows, or a longer one, is no table of labels; public sets have half a million rows."""
POSITIVE = frozenset({"1", "1.0", "yes", "y", "true", "t", "positive", "pos"})
NEGATIVE = frozenset({"0", "0.0", "no", "n", "false", "f", "negative", "neg"})
UNCERTAIN = frozenset({"-1", "-1.0", "u", "uncertain", "unsure", "maybe"})
EMPTY = frozenset({"", "na", "n/a", "nan", "none", "null", "unknown", "?"})
OLDEST = 120
"""Years; a greater age is a typing error (the first NIH table holds 414)."""
SEX_WORDS: Mapping[str, str] = {"male": "m", "man": "m", "female": "f", "woman": "f"}
"""Words for a sex that a table also writes as a letter."""
AGE_UNITS: Mapping[str, float] = {
    word: per_year
    for words, per_year in (
        ("y yr yrs year years", 1),
        ("m mo mos month months", 12),
        ("w wk wks week weeks", 52.1775),
        ("d day days", 365.25),
    )
    for word in words.split()
}
"""Units of an age, in lower case, to how many of them make a year."""
GUESSES: Mapping[str, tuple[str, ...]] = {
    "file": ("image index", "file", "filename", "file_name", "file name", "path", "image", "img",
             "image_path", "image_id", "imageid", "image id", "dicom_id", "dicom", "id", "name",
             "file label"),
    "labels": ("finding labels", "labels", "label", "finding", "findings", "class", "diagnosis",
               "target", "category"),
    "patient": ("patient id", "patient", "patient_id", "patientid", "subject_id", "subject",
                "patientnumber", "case"),
    "age": ("patient age", "age", "patientage", "age_at_exam", "anchor_age"),
    "sex": ("patient gender", "patient sex", "sex", "gender", "patientsex"),
    "view": ("view position", "viewposition", "view", "projection", "ap/pa", "frontal/lateral"),
    "site": ("site", "hospital", "institution", "source", "dataset", "center", "centre"),
    "split": ("split", "set", "set id", "fold", "subset", "partition"),
}  # fmt: skip
"""Column names that are recognised when none is given, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumns:
    """Which column of a table holds what; None where the table has no such column."""

    file: str
    labels: tuple[str, ...]
    """One column of names, or one column per label; none if only people are of interest."""
    patient: str | None = None
    age: str | None = None
    sex: str | None = None
    view: str | None = None
    site: str | None = None
    split: str | None = None
    others: tuple[str, ...] = ()
    """More columns to keep as attributes, such as race or scanner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """What a table says about one file."""

    file: str
    labels: frozenset[str]
    uncertain: frozenset[str] = frozenset()
    not_stated: frozenset[str] = frozenset()
    """Labels whose cell is empty: neither present nor absent."""
    patient: str | None = None
    age: float | None = None
    """Years."""
    sex: str | None = None
    view: str | None = None
    site: str | None = None
    split: str | None = None
    others: Mapping[str, str | None] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class LabelProblem:
    """A cell or row that could not be taken as it is."""

    line: int
    kind: str
    """no file name, too few cells, too many cells, no label, value not understood, age not
    understood, age not plausible"""
    text: str


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A table of labels as read; rows + dropped rows = lines below the header."""

    path: str
    columns: LabelColumns
    rows: tuple[LabelRow, ...]
    problems: tuple[LabelProblem, ...]
    dropped: int
    """Rows left out because they name no file; each is among the problems."""


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """Rows and files brought together; nothing is lost on either side.

    Rows of the table = matched files + merged rows + rows without file + ambiguous rows.
    """

    rows: Mapping[str, LabelRow]
    """Image path to its row, in the order of the paths."""
    merged: int
    """Further rows of a file that has one already; their labels were added."""
    conflicting: tuple[str, ...]
    """Files whose rows differ in patient, age, sex or view; the first row counts."""
    rows_without_file: tuple[LabelRow, ...]
    ambiguous: tuple[LabelRow, ...]
    """Rows whose name fits several files."""
    files_without_row: tuple[str, ...]
    matched_by: Mapping[str, int]
    """path, name, or name without suffix: rows."""


@dataclass(frozen=True, slots=True)
class ListOverlap:
    """Two lists of files compared."""

    first: int
    second: int
    both: int
    first_only: tuple[str, ...]
    second_only: tuple[str, ...]


def guess_columns(
    header: Sequence[str],
    path: str = "the table",
    *,
    chosen: Mapping[str, str] | None = None,
    labels: Sequence[str] | None = None,
) -> LabelColumns:
    """The columns by their usual names, unless they are named.

    Args:
        chosen: file, patient, age, sex, view, site or split to the column that holds it.
        labels: columns of the labels; none is looked for if the list is empty.

    Raises:
        ReviewError: no column for the file or the labels is recognised.
    """
    names = {name.strip().lower(): name for name in reversed(header)}
    named = chosen or {}

    def pick(part: str) -> str | None:
        if part in named:
            return named[part]
        return next((names[guess] for guess in GUESSES[part] if guess in names), None)

    file = pick("file")
    if labels is None:
        guess = pick("labels")
        labels = () if guess is None else (guess,)
        missing = guess is None
    else:
        missing = False
    for part, column in (("file", file), ("labels", None if missing else "")):
        if column is None:
            what = "image file" if part == "file" else "labels"
            raise ReviewError(
                f"{path}: no column is recognised as the {what}; name it, one of "
                f"{', '.join(header)}"
            )
    assert file is not None
    return LabelColumns(
        file=file,
        labels=tuple(labels),
        patient=pick("patient"),
        age=pick("age"),
        sex=pick("sex"),
        view=pick("view"),
        site=pick("site"),
        split=pick("split"),
    )


def read_labels(
    path: Path, columns: LabelColumns | None = None, *, separator: str = "|"
) -> LabelTable:
    """Reads a table of labels (CSV, TSV or semicolons; also gzipped).

    Args:
        columns: which column is which; None recognises them by name.
        separator: between the names in one cell.

    Raises:
        ReviewError: no such file, not text, no header, or a named column is not there.
    """
    header, lines = read_table(path)
    columns = columns or guess_columns(header, str(path))
    wanted = [columns.file, *columns.labels, *columns.others]
    wanted += [name for name in (columns.patient, columns.age, columns.sex, columns.view,
                                 columns.site, columns.split) if name]  # fmt: skip
    for name in wanted:
        if name not in header:
            raise ReviewError(
                f"{path}: there is no column {name!r}; it has {', '.join(map(repr, header))}"
            )
    problems: list[LabelProblem] = []
    cells = list(_pair_cells(header, lines, problems))
    as_flags = len(columns.labels) != 1 or _holds_flags(row[columns.labels[0]] for _, row in cells)
    rows, dropped = [], 0
    for line, row in cells:
        file = row[columns.file].strip().replace("\\", "/").removeprefix("./")
        if not file:
            problems.append(LabelProblem(line, "no file name", "the row names no file"))
            dropped += 1
            continue
        if as_flags:
            present, uncertain, not_stated = _read_flags(line, row, columns.labels, problems)
        else:
            names = row[columns.labels[0]].split(separator)
            present = frozenset(name.strip() for name in names if name.strip())
            uncertain = not_stated = frozenset()
            if not present:
                problems.append(LabelProblem(line, "no label", f"{file} has no label"))
        rows.append(
            LabelRow(
                file=file,
                labels=present,
                uncertain=uncertain,
                not_stated=not_stated,
                patient=_read_cell(row, columns.patient),
                age=_read_age_cell(line, row, columns.age, problems),
                sex=_read_cell(row, columns.sex),
                view=_read_cell(row, columns.view),
                site=_read_cell(row, columns.site),
                split=_read_cell(row, columns.split),
                others={name: _read_cell(row, name) for name in columns.others},
                line=line,
            )
        )
    problems.sort(key=lambda problem: problem.line)
    sexes = unify_spellings((row.sex for row in rows), SEX_WORDS)
    views = unify_spellings(row.view for row in rows)
    if sexes or views:
        rows = [
            replace(
                row,
                sex=sexes.get(row.sex, row.sex) if row.sex else None,
                view=views.get(row.view, row.view) if row.view else None,
            )
            for row in rows
        ]
    return LabelTable(str(path), columns, tuple(rows), tuple(problems), dropped)


def fold_spelling(value: str, words: Mapping[str, str] | None = None) -> str:
    """What the spellings of one value share: lower case, and by `words` one of several words."""
    key = value.casefold()
    return (words or {}).get(key, key)


def get_spelling_words(attribute: str) -> Mapping[str, str] | None:
    """The words that mean the same in a column, by its name; None if it has none of its own."""
    named_sex = any(word in attribute.lower() for word in ("sex", "gender"))
    return SEX_WORDS if named_sex else None


def unify_spellings(
    values: Iterable[str | None], words: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Spellings to the most frequent spelling of the same value; the first one wins a tie.

    Values are the same if they differ in case only, or by `words` (in lower case). Empty if every
    value has one spelling, so that a table keeps its own words.
    """
    counts = Counter(value for value in values if value)
    chosen: dict[str, str] = {}
    spellings: dict[str, list[str]] = {}
    for value, _ in counts.most_common():
        spellings.setdefault(fold_spelling(value, words), []).append(value)
    for usual, *others in spellings.values():
        chosen |= dict.fromkeys(others, usual)
    return chosen


def read_file_list(path: Path) -> tuple[str, ...]:
    """File names, one per line without a header; blank lines and repeats are left out.

    Raises:
        ReviewError: no such file, or not text.
    """
    names = (line.strip().strip('"') for line in _read_text(path).splitlines())
    return tuple(dict.fromkeys(name for name in names if name))


def read_table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header and the numbered lines of a table; blank lines are left out.

    Raises:
        ReviewError: no such file, not text, no header, or two columns of one name.
    """
    text = _read_text(path)
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    except csv.Error as error:
        raise ReviewError(f"{path}, line {reader.line_num}: the table cannot be read") from error
    if not lines:
        raise ReviewError(f"{path} is empty: a table starts with a line of column names")
    header = [name.strip() for name in lines[0][1]]
    while header and not header[-1]:
        header.pop()
    repeated = [name for name, count in Counter(header).items() if name and count > 1]
    if repeated:
        raise ReviewError(f"{path}: two columns are named {repeated[0]!r}; rename one")
    return header, lines[1:]


def merge_rows(rows: Iterable[LabelRow]) -> tuple[dict[str, LabelRow], int, tuple[str, ...]]:
    """One row per file: labels added up, the first row's patient kept.

    Returns:
        File to row, the number of rows merged into another, and the files whose rows disagree
        about patient, age, sex or view.
    """
    merged: dict[str, LabelRow] = {}
    repeats, conflicting = 0, []
    for row in rows:
        earlier = merged.get(row.file)
        if earlier is None:
            merged[row.file] = row
            continue
        repeats += 1
        pairs = ((earlier.patient, row.patient), (earlier.age, row.age), (earlier.sex, row.sex),
                 (earlier.view, row.view))  # fmt: skip
        if any(a is not None and b is not None and a != b for a, b in pairs):
            conflicting.append(row.file)
        labels = earlier.labels | row.labels
        merged[row.file] = replace(
            earlier,
            labels=labels,
            uncertain=(earlier.uncertain | row.uncertain) - labels,
            not_stated=earlier.not_stated & row.not_stated,
        )
    return merged, repeats, tuple(dict.fromkeys(conflicting))


def match_labels(table: LabelTable, paths: Sequence[str]) -> LabelMatch:
    """Brings rows and image paths together.

    Args:
        paths: paths of the images, relative to the folder of the set.
    """
    known = set(paths)
    by_name, by_stem = defaultdict(list), defaultdict(list)
    for path in paths:
        by_name[PurePosixPath(path).name].append(path)
        by_stem[PurePosixPath(path).stem].append(path)
    rows: list[LabelRow] = []
    without: list[LabelRow] = []
    ambiguous: list[LabelRow] = []
    matched_by: Counter[str] = Counter()
    for row in table.rows:
        name = PurePosixPath(row.file)
        if row.file in known:
            candidates, how = [row.file], "path"
        elif fitting := by_name.get(name.name):
            candidates, how = _narrow_by_folders(row.file, fitting), "name"
        else:
            stem = name.stem if name.suffix.lower() in _SUFFIXES else name.name
            fitting = by_stem.get(stem, [])
            candidates, how = fitting, "name without suffix"
        if len(candidates) == 1:
            rows.append(replace(row, file=candidates[0]))
            matched_by[how] += 1
        else:
            (ambiguous if candidates else without).append(row)
    merged, repeats, conflicting = merge_rows(rows)
    return LabelMatch(
        rows={path: merged[path] for path in paths if path in merged},
        merged=repeats,
        conflicting=conflicting,
        rows_without_file=tuple(without),
        ambiguous=tuple(ambiguous),
        files_without_row=tuple(path for path in paths if path not in merged),
        matched_by=dict(matched_by),
    )


def compare_lists(first: Iterable[str], second: Iterable[str]) -> ListOverlap:
    """How two lists of file names overlap."""
    first_names, second_names = set(first), set(second)
    return ListOverlap(
        len(first_names),
        len(second_names),
        len(first_names & second_names),
        tuple(sorted(first_names - second_names)),
        tuple(sorted(second_names - first_names)),
    )


def parse_age(text: str) -> float | None:
    """Years from '57', '057Y', '013M', '6 weeks' or '3 d'; None if it is not an age."""
    match = re.fullmatch(r"\s*(\d{1,4}(?:\.\d+)?)\s*([a-z]*)\.?\s*", text, re.IGNORECASE)
    per_year = match and AGE_UNITS.get(match[2].lower() or "y")
    return float(match[1]) / per_year if match and per_year else None


_SUFFIXES = frozenset({
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ".bmp", ".jp2", ".nii", ".gz",
})  # fmt: skip


def _narrow_by_folders(file: str, fitting: list[str]) -> list[str]:
    """Those of several paths of one name that end like the row's own path."""
    if len(fitting) == 1:
        return fitting
    closer = [path for path in fitting if ("/" + path).endswith("/" + file)]
    closer = closer or [path for path in fitting if ("/" + file).endswith("/" + path)]
    return closer or fitting


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise ReviewError(f"{path} does not exist: name a CSV file")
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(MAX_UNPACKED + 1)  # what comes out counts, whatever it says
            if len(data) > MAX_UNPACKED:
                raise ReviewError(f"{path} unpacks to over 300 MB: split it into several files")
    except (OSError, EOFError, zlib.error) as error:
        raise ReviewError(f"{path} cannot be read: check the file and its permissions") from error
    if data.count(b"\n") > MAX_ROWS or re.search(rb"[^\n]{%d}" % MAX_LINE_BYTES, data):
        raise ReviewError(
            f"{path} has more than {MAX_ROWS // 1_000_000} million rows, or a row without end: "
            "split it into several files"
        )
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ReviewError(f"{path} is not a text table: save it as CSV")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _pair_cells(
    header: Sequence[str], lines: Iterable[tuple[int, list[str]]], problems: list[LabelProblem]
) -> Iterable[tuple[int, dict[str, str]]]:
    for line, cells in lines:
        if len(cells) < len(header):
            problems.append(
                LabelProblem(line, "too few cells", f"{len(cells)} cells for {len(header)} columns")
            )
            cells = [*cells, *[""] * (len(header) - len(cells))]
        elif any(cells[len(header) :]):
            problems.append(
                LabelProblem(
                    line, "too many cells", f"{len(cells)} cells for {len(header)} columns"
                )
            )
        yield line, dict(zip(header, cells, strict=False))


def _holds_flags(values: Iterable[str]) -> bool:
    seen = {value.strip().lower() for value in values}
    return bool(seen - EMPTY) and seen <= POSITIVE | NEGATIVE | UNCERTAIN | EMPTY


def _read_flags(
    line: int, row: Mapping[str, str], names: Sequence[str], problems: list[LabelProblem]
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    present, uncertain, not_stated = set(), set(), set()
    for name in names:
        value = row[name].strip().lower()
        if value in POSITIVE:
            present.add(name)
        elif value in UNCERTAIN:
            uncertain.add(name)
        elif value not in NEGATIVE:
            not_stated.add(name)
            if value not in EMPTY:
                text = f"{name} is {row[name].strip()!r}, neither yes nor no"
                problems.append(LabelProblem(line, "value not understood", text))
    return frozenset(present), frozenset(uncertain), frozenset(not_stated)


def _read_cell(row: Mapping[str, str], column: str | None) -> str | None:
    if column is None:
        return None
    value = row[column].strip()
    return None if value.lower() in EMPTY else value


def _read_age_cell(
    line: int, row: Mapping[str, str], column: str | None, problems: list[LabelProblem]
) -> float | None:
    text = _read_cell(row, column)
    if text is None:
        return None
    age = parse_age(text)
    if age is None:
        problems.append(LabelProblem(line, "age not understood", f"{text!r} is not an age"))
    elif age > OLDEST:
        problems.append(LabelProblem(line, "age not plausible", f"{text} years"))
        age = None
    return age
