"""Reads tables of predictions: scores per image and model, with the class and attributes."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError
from review.imaging.labels import (
    EMPTY,
    NEGATIVE,
    POSITIVE,
    UNCERTAIN,
    LabelRow,
    get_spelling_words,
    parse_age,
    read_table,
    unify_spellings,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AGE_BANDS = (18.0, 40.0, 65.0, 80.0)
"""Years at which a new age band begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionColumns:
    """Which column of a predictions table holds what."""

    id: str
    label: str
    scores: tuple[str, ...]
    """One column per model."""
    patient: str | None = None
    age: str | None = None
    """Grouped into bands; named 'age' among the attributes."""
    attributes: tuple[str, ...] = ()
    """Sex, race, site, view, scanner, ... as recorded."""
    positive: str | None = None
    """The value of the label column that counts as positive, if it is not yes or no; in a cell of
    several names separated by '|', one of them."""


@dataclass(frozen=True, slots=True)
class PredictionProblem:
    """Cells of one kind that could not be used."""

    kind: str
    """label missing, label uncertain, label not understood, score missing, score not a number,
    score outside 0 to 1, repeated id, no id, patient missing, age not understood"""
    count: int
    examples: tuple[str, ...]
    """Up to five, with their lines."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PredictionTable:
    """Images with a known class; a model's score is nan where it is missing."""

    ids: tuple[str, ...]
    positive: NDArray[np.bool_]
    scores: Mapping[str, NDArray[np.float64]]
    patients: tuple[str, ...] | None = None
    """None if no patient is known; an image whose patient is missing is a patient of its own."""
    attributes: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    ages: NDArray[np.float64] | None = None
    """Years, nan where unknown."""
    read: int = 0
    """Rows of the table; those left out are among the problems."""
    problems: tuple[PredictionProblem, ...] = ()

    def select(self, chosen: NDArray[np.bool_]) -> PredictionTable:
        """The images for which `chosen` is true."""
        import numpy as np

        places = [int(place) for place in np.flatnonzero(chosen)]
        return replace(
            self,
            ids=tuple(self.ids[place] for place in places),
            positive=self.positive[chosen],
            scores={model: scores[chosen] for model, scores in self.scores.items()},
            patients=(
                None if self.patients is None else tuple(self.patients[place] for place in places)
            ),
            attributes={
                name: tuple(values[place] for place in places)
                for name, values in self.attributes.items()
            },
            ages=None if self.ages is None else self.ages[chosen],
        )


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores by model and image, without classes."""

    scores: Mapping[str, Mapping[str, float]]
    problems: tuple[PredictionProblem, ...]
    rows: int


class _ProblemCounter:
    """Counts problems by kind and keeps a few examples."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, example: str) -> None:
        self.counts[kind] += 1
        if len(self.examples[kind]) < 5:
            self.examples[kind].append(example)

    def list(self) -> tuple[PredictionProblem, ...]:
        return tuple(
            PredictionProblem(kind, count, tuple(self.examples[kind]))
            for kind, count in self.counts.most_common()
        )


def read_predictions(
    path: Path, columns: PredictionColumns, *, probabilities: bool = True
) -> PredictionTable:
    """Reads a table that holds classes, scores and attributes.

    Args:
        probabilities: whether scores must lie between 0 and 1; others are counted and left out.

    Raises:
        ReviewError: no such file or column, no usable row, or a label column of names without
            saying which is positive.
    """
    import numpy as np

    header, lines = read_table(path)
    wanted = [columns.id, columns.label, *columns.scores, *columns.attributes]
    wanted += [name for name in (columns.patient, columns.age) if name]
    _check_columns(path, header, wanted)
    if not columns.scores:
        raise ReviewError(f"{path}: name at least one column of scores")
    problems = _ProblemCounter()
    rows = [(line, _pair(header, cells)) for line, cells in lines]
    if columns.positive is None:
        _check_flags(path, columns.label, [row[columns.label] for _, row in rows])
    kept, classes = _keep_rows(rows, columns, problems)
    scores: dict[str, list[float]] = {name: [] for name in columns.scores}
    patients: list[str] = []
    ages: list[float] = []
    for line, row in kept:
        name = row[columns.id]
        for model in columns.scores:
            where = f"{name} (line {line}, {model})"
            scores[model].append(_read_score(row[model], where, problems, probabilities))
        if columns.patient:
            patients.append(_read_patient(row[columns.patient], name, line, problems))
        if columns.age:
            ages.append(_read_age(row[columns.age], name, line, problems))
    if not kept:
        raise ReviewError(f"{path}: no row has an id and a class in column {columns.label!r}")
    arrays = {model: np.array(values) for model, values in scores.items()}
    unusable = [model for model, values in arrays.items() if np.isnan(values).all()]
    if unusable:
        texts = [(line, row[unusable[0]]) for line, row in kept]
        raise ReviewError(
            f"{path}: column {unusable[0]!r} holds no usable score: "
            f"{_explain_scores(texts, probabilities)}"
        )
    attributes: dict[str, tuple[str | None, ...]] = {
        name: _read_levels(name, [row[name] for _, row in kept]) for name in columns.attributes
    }
    if columns.age:
        attributes["age"] = tuple(name_age_band(age) for age in ages)
    return PredictionTable(
        ids=tuple(row[columns.id] for _, row in kept),
        positive=np.array(classes),
        scores=arrays,
        patients=tuple(patients) if columns.patient else None,
        attributes=attributes,
        ages=np.array(ages) if columns.age else None,
        read=len(rows),
        problems=problems.list(),
    )


def _keep_rows(
    rows: Sequence[tuple[int, dict[str, str]]],
    columns: PredictionColumns,
    problems: _ProblemCounter,
) -> tuple[list[tuple[int, dict[str, str]]], list[bool]]:
    """Rows with an id of their own and a class, and those classes; the others are counted."""
    kept: list[tuple[int, dict[str, str]]] = []
    classes: list[bool] = []
    for name, line, row in _iter_named_rows(rows, columns.id, problems):
        value = _read_class(row[columns.label], columns.positive)
        if isinstance(value, str):
            problems.add(value, f"{name} (line {line})")
            continue
        kept.append((line, row))
        classes.append(value)
    return kept, classes


def _iter_named_rows(
    rows: Iterable[tuple[int, dict[str, str]]], id_column: str, problems: _ProblemCounter
) -> Iterator[tuple[str, int, dict[str, str]]]:
    """(id, line, row) of each row with an id that no row before has; the others are counted."""
    seen: set[str] = set()
    for line, row in rows:
        name = row[id_column]
        if not name:
            problems.add("no id", f"line {line}")
        elif name in seen:
            problems.add("repeated id", f"{name} (line {line})")
        else:
            seen.add(name)
            yield name, line, row


def _read_patient(patient: str, name: str, line: int, problems: _ProblemCounter) -> str:
    if patient.lower() not in EMPTY:
        return patient
    problems.add("patient missing", f"{name} (line {line})")
    return f"unknown patient of {name}"


def _read_age(text: str, name: str, line: int, problems: _ProblemCounter) -> float:
    """Age in years; NaN where none is given or the text is not understood."""
    age = parse_age(text)
    if age is None and text.lower() not in EMPTY:
        problems.add("age not understood", f"{name} (line {line}): {text}")
    return math.nan if age is None else age


def read_scores(
    path: Path, *, id_column: str, score_columns: Sequence[str], probabilities: bool = True
) -> ScoreTable:
    """Reads a table that holds scores only.

    Raises:
        ReviewError: no such file or column.
    """
    header, lines = read_table(path)
    _check_columns(path, header, [id_column, *score_columns])
    problems = _ProblemCounter()
    scores: dict[str, dict[str, float]] = {name: {} for name in score_columns}
    rows = ((line, _pair(header, cells)) for line, cells in lines)
    for name, line, row in _iter_named_rows(rows, id_column, problems):
        for model in score_columns:
            where = f"{name} (line {line}, {model})"
            score = _read_score(row[model], where, problems, probabilities)
            if not math.isnan(score):
                scores[model][name] = score
    return ScoreTable(scores, problems.list(), len(lines))


def join_scores(
    table: ScoreTable,
    rows: Mapping[str, LabelRow],
    labels: Collection[str],
    *,
    models: Sequence[str] | None = None,
) -> PredictionTable:
    """Scores beside the classes of a label table; positive are images with any of the labels.

    Images are matched by name, else by name without folder and suffix, else by that name in any
    case. Names that fit the same row are one image, so that models may write it differently; a
    second score of one model for it is left aside and counted. Images whose class is unknown
    (uncertain, not stated), and images on one side only, are counted among the problems.

    Raises:
        ReviewError: no image is in both tables, or an unknown model.
    """
    import numpy as np

    chosen = list(models if models is not None else table.scores)
    for model in chosen:
        if model not in table.scores:
            raise ReviewError(f"no scores of {model!r}; there are {', '.join(table.scores)}")
    wanted = frozenset(labels)
    problems = _ProblemCounter()
    for problem in table.problems:
        problems.counts[problem.kind] += problem.count
        problems.examples[problem.kind] += problem.examples
    scored = dict.fromkeys(name for model in chosen for name in table.scores[model])
    ids, held, images = [], [], []
    for place, names in _match_names(scored, rows, problems).items():
        row = rows[place]
        if not row.labels & wanted and (row.uncertain | row.not_stated) & wanted:
            problems.add("label uncertain", names[0])
            continue
        ids.append(names[0])
        held.append(row)
        images.append(names)
    if not ids:
        raise ReviewError("no image has both a score and a label: compare the names in the tables")
    taken = {row.file for row in held}
    for name, row in rows.items():
        if row.file not in taken:
            problems.add("label without score", name)
    known = any(row.patient is not None for row in held)
    attributes: dict[str, tuple[str | None, ...]] = {}
    for attribute in ("sex", "view", "site"):
        values = tuple(getattr(row, attribute) for row in held)
        if any(value is not None for value in values):
            attributes[attribute] = values
    for name in dict.fromkeys(other for row in held for other in row.others):
        attributes[name] = tuple(row.others.get(name) for row in held)
    ages = np.array([math.nan if row.age is None else row.age for row in held])
    if not np.isnan(ages).all():
        attributes["age"] = tuple(name_age_band(age) for age in ages)
    return PredictionTable(
        ids=tuple(ids),
        positive=np.array([bool(row.labels & wanted) for row in held]),
        scores={model: _pick_scores(table.scores[model], images, problems) for model in chosen},
        patients=(
            tuple(
                f"unknown patient of {name}" if row.patient is None else row.patient
                for name, row in zip(ids, held, strict=True)
            )
            if known
            else None
        ),
        attributes=attributes,
        ages=None if np.isnan(ages).all() else ages,
        read=table.rows,
        problems=problems.list(),
    )


def _match_names(
    scored: Iterable[str], rows: Mapping[str, LabelRow], problems: _ProblemCounter
) -> dict[str, list[str]]:
    """Keys of rows to the names that fit each, in the order of the names."""
    by_stem: defaultdict[str, list[str]] = defaultdict(list)
    by_folded: defaultdict[str, list[str]] = defaultdict(list)
    for key in rows:
        stem = PurePosixPath(key).stem
        by_stem[stem].append(key)
        by_folded[stem.casefold()].append(key)
    matched: dict[str, list[str]] = {}
    for name in scored:
        stem = PurePosixPath(name).stem
        fitting = [name] if name in rows else by_stem.get(stem) or by_folded[stem.casefold()]
        if len(fitting) == 1:
            matched.setdefault(fitting[0], []).append(name)
        else:
            problems.add("name fits several" if fitting else "score without label", name)
    return matched


def _pick_scores(
    scores: Mapping[str, float], images: Sequence[Sequence[str]], problems: _ProblemCounter
) -> NDArray[np.float64]:
    """A model's score of each image by any of its names; nan without one, the first of several."""
    import numpy as np

    picked = []
    for names in images:
        given = [name for name in names if name in scores]
        picked.append(scores[given[0]] if given else math.nan)
        for name in given[1:]:
            problems.add("repeated id", name)
    return np.array(picked)


def combine_scores(scores: Iterable[NDArray[Any]]) -> NDArray[np.float64]:
    """The chance of any of several findings, taken as independent: 1 - product of (1 - score).

    Raises:
        ReviewError: nothing is given, or a score is not between 0 and 1.
    """
    import numpy as np

    held = [np.asarray(part, dtype=np.float64) for part in scores]
    if not held:
        raise ReviewError("there are no scores to combine")
    rest = np.ones_like(held[0])
    for part in held:
        if ((part < 0) | (part > 1)).any():
            raise ReviewError("scores are combined as probabilities, between 0 and 1")
        rest = rest * (1 - part)
    combined: NDArray[np.float64] = 1 - rest
    return combined


def name_age_band(age: float, bands: Sequence[float] = AGE_BANDS) -> str | None:
    """The band of an age, such as 'under 18' or '18 to 39'; None for nan."""
    if math.isnan(age):
        return None
    if age < bands[0]:
        return f"under {bands[0]:g}"
    for low, high in itertools.pairwise(bands):
        if age < high:
            return f"{low:g} to {high - 1:g}"
    return f"{bands[-1]:g} and over"


def _check_columns(path: Path, header: Sequence[str], wanted: Iterable[str]) -> None:
    for name in wanted:
        if name not in header:
            raise ReviewError(
                f"{path}: there is no column {name!r}; it has {', '.join(map(repr, header))}"
            )


def _check_flags(path: Path, column: str, values: Iterable[str]) -> None:
    seen = Counter(value.lower() for value in values)
    strange = [value for value in seen if value not in POSITIVE | NEGATIVE | UNCERTAIN | EMPTY]
    if strange and sum(seen[value] for value in strange) > sum(seen.values()) / 2:
        shown = ", ".join(repr(value) for value in strange[:5])
        raise ReviewError(
            f"{path}: column {column!r} holds names ({shown}); say which one is positive"
        )


def _pair(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    padded = [*cells, *[""] * (len(header) - len(cells))]
    return {name: cell.strip() for name, cell in zip(header, padded, strict=False)}


def _read_class(text: str, positive: str | None) -> bool | str:
    """The class, or the kind of problem."""
    value = text.lower()
    if value in EMPTY:
        return "label missing"
    if positive is not None:
        return positive.lower() in {name.strip() for name in value.split("|")}
    if value in POSITIVE:
        return True
    if value in NEGATIVE:
        return False
    return "label uncertain" if value in UNCERTAIN else "label not understood"


def _read_score(text: str, where: str, problems: _ProblemCounter, probabilities: bool) -> float:
    if text.lower() in EMPTY:
        problems.add("score missing", where)
        return math.nan
    if probabilities and re.fullmatch(r"[01]?,\d+", text):
        text = text.replace(",", ".")  # as spreadsheets write them in much of Europe
    try:
        score = float(text)
    except ValueError:
        problems.add("score not a number", f"{where}: {text}")
        return math.nan
    if not math.isfinite(score):
        problems.add("score not a number", f"{where}: {text}")
        return math.nan
    if probabilities and not 0 <= score <= 1:
        problems.add("score outside 0 to 1", f"{where}: {text}")
        return math.nan
    return score


def _explain_scores(texts: Sequence[tuple[int, str]], probabilities: bool) -> str:
    """Why none of a column's scores could be used, by the kind of problem most of them have."""
    problems = _ProblemCounter()
    for line, text in texts:
        _read_score(text, f"line {line}", problems, probabilities)
    kind = problems.list()[0].kind
    example = problems.examples[kind][0]
    advice = {
        "score missing": "name another column",
        "score not a number": "name a column of numbers",
        "score outside 0 to 1": "say that they are no probabilities (--any-scale)",
    }[kind]
    return f"{kind}, such as {example}; {advice}"


def _read_levels(attribute: str, texts: Sequence[str]) -> tuple[str | None, ...]:
    """The groups of an attribute, each in its most frequent spelling; None where unknown."""
    levels = [_read_level(text) for text in texts]
    usual = unify_spellings(levels, get_spelling_words(attribute))
    return tuple(usual.get(level, level) if level else None for level in levels)


def _read_level(text: str) -> str | None:
    return None if text.lower() in EMPTY else text
