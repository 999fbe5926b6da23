"""Decisions as JSON: a list of objects, one object a line, or a list under one name."""

import json
from collections.abc import Iterable

from review.formats.tabular import columns

_VERDICT_NAMES = frozenset(("verdict", "decision", "vote", "judgement", "judgment"))
_LIST_NAMES = ("decisions", "votes", "rows", "data", "records")


def find_decision_objects(data: bytes, kind: str) -> list[tuple[int, dict[str, str]]]:
    """The objects of a JSON file, numbered from 1, each value as text; empty if none states a
    verdict (then the file is a list of references, or no JSON that can be read)."""
    if kind != "json":
        return []
    try:
        text = data.decode("utf-8-sig")
        objects = _list_objects(text)
    except (ValueError, RecursionError):
        return []
    if not any(columns.normalize_name(key) in _VERDICT_NAMES for row in objects for key in row):
        return []
    return [(number, _to_cells(row)) for number, row in enumerate(objects, 1)]


def _list_objects(text: str) -> list[dict[str, object]]:
    try:
        content = json.loads(text)
    except ValueError:  # one object a line
        content = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(content, dict):
        names = [name for name in _LIST_NAMES if isinstance(content.get(name), list)]
        content = content[names[0]] if names else [content]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        return []
    return content


def _to_cells(row: dict[str, object]) -> dict[str, str]:
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
