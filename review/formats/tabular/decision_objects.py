"""Decisions as JSON: a list of objects, one object a line, or a list under one name."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from review.errors import SourceError
from review.formats.tabular import columns
from review.models import UnreadableEntry
from review.text.json_objects import (
    RepeatedNames,
    describe_repeated_names,
    format_json,
    list_repeated_names,
    load_json,
)

_VERDICT_NAMES = frozenset(("verdict", "decision", "vote", "judgement", "judgment"))
_LIST_NAMES = ("decisions", "votes", "rows", "data", "records")
_RECORD_NAMES = ("record", "key", "recordkey", "recordid", "id", "doi", "pmid", "title")
"""Names whose value tells a person which record an object is about, the surest first."""


@dataclass(frozen=True, slots=True)
class DecisionObjects:
    """The objects of a file of decisions, numbered from 1; every object is in one of the two."""

    rows: tuple[tuple[int, dict[str, str]], ...]
    """Each value as text."""
    header: tuple[str, ...]
    """The names of all objects, in order."""
    rejected: tuple[UnreadableEntry, ...]
    """Objects with different values of one name."""


def find_decision_objects(data: bytes, kind: str, name: str) -> DecisionObjects | None:
    """The objects of a JSON file; None if none states a verdict (then the file is a list of
    references, or no JSON that can be read).

    Raises:
        SourceError: the file has two lists of decisions under one name.
    """
    if kind != "json":
        return None
    try:
        text = data.decode("utf-8-sig")
        objects = _list_objects(text, name)
    except (ValueError, RecursionError):
        return None
    if not any(columns.normalize_name(key) in _VERDICT_NAMES for row in objects for key in row):
        return None
    names: dict[str, None] = {}
    rows: list[tuple[int, dict[str, str]]] = []
    rejected: list[UnreadableEntry] = []
    for number, row in enumerate(objects, 1):
        cells = _to_cells(row)
        names.update(dict.fromkeys(cells))
        clash, clash_words = _find_clash(row)
        problem = describe_repeated_names(row) or clash_words
        if problem:
            contested = {clash, *(path.split(".")[-1] for path in list_repeated_names(row))}
            reason = f"{_name_record(cells, contested)} has {problem}: correct it"
            rejected.append(UnreadableEntry(number, reason, format_json(row)))
        else:
            rows.append((number, cells))
    return DecisionObjects(tuple(rows), tuple(names), tuple(rejected))


def _list_objects(text: str, name: str) -> list[dict[str, Any]]:
    try:
        content = load_json(text)
    except ValueError:  # one object a line
        content = [load_json(line) for line in text.splitlines() if line.strip()]
    if isinstance(content, dict):
        list_names = [key for key in _LIST_NAMES if isinstance(content.get(key), list)]
        repeated = content.values_by_name if isinstance(content, RepeatedNames) else {}
        if list_names and list_names[0] in repeated:
            raise SourceError(
                f"{name}: it has two lists named {list_names[0]!r}. Join them into one."
            )
        content = content[list_names[0]] if list_names else [content]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        return []
    return content


def _name_record(cells: dict[str, str], contested: Collection[str]) -> str:
    """What an object calls its record, by names that have one value, for a message."""
    values = {
        columns.normalize_name(name): value
        for name, value in reversed(cells.items())
        if name not in contested
    }
    return next((values[key] for key in _RECORD_NAMES if values.get(key)), "the object")


def _find_clash(row: dict[str, Any]) -> tuple[str, str]:
    """A name with which two objects inside an object say different things, and where; '' twice
    where there is none."""
    first: dict[str, tuple[str, str]] = {}
    for outer, value in row.items():
        for name, part in value.items() if isinstance(value, dict) else ():
            text = _to_text(part)
            first_outer, first_text = first.setdefault(name, (outer, text))
            if text != first_text and name not in row:
                return name, f"{name!r} in {first_outer!r} and differently in {outer!r}"
    return "", ""


def _to_cells(row: dict[str, Any]) -> dict[str, str]:
    """The values as text; those of an object inside (`"record": {"doi": ...}`) under their own
    names unless the line has such a name itself."""
    cells: dict[str, str] = {}
    inner: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            inner.update({key: _to_text(part) for key, part in value.items()})
        else:
            cells[name] = _to_text(value)
    return {**inner, **cells}


def _to_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_list_texts(value))
    return "" if value is None else str(value).strip()


def _list_texts(values: Iterable[object]) -> list[str]:
    return [text for value in values if (text := _to_text(value))]
