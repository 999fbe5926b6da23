"""Reads the YAML catalogs of the bias checks, rules and data sets, and names mistakes by line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from review.checklists.yaml_loader import YamlDocument, find_line, format_problems, parse_yaml_text
from review.errors import ChecklistError

T = TypeVar("T")

STRICT: Mapping[str, str] = {"extra": "forbid"}
"""How the parts of a catalog are checked: no key that is not known."""


def load_catalog(path: Path, contents: type[T]) -> T:
    """The contents of a catalog, checked against its dataclass.

    Raises:
        ChecklistError: not readable, not YAML, or an unknown, missing or wrong key; all mistakes
            are listed, each with its line and the id of its entry.
    """
    import pydantic

    adapter: Any = pydantic.TypeAdapter(contents)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChecklistError(f"{path}: cannot be read.") from error
    document = parse_yaml_text(text, str(path))
    try:
        checked: T = adapter.validate_python(document.data)
    except pydantic.ValidationError as error:
        problems = [
            f"line {find_line(document, detail['loc'])}: "
            f"{_format_position(document, detail['loc'])}: {detail['msg']}"
            for detail in error.errors(include_url=False)
        ]
        raise ChecklistError(format_problems(str(path), problems)) from error
    return checked


def _format_position(document: YamlDocument, location: Sequence[str | int]) -> str:
    """A position with the id of its entry: 'rsna_pneumonia, components, 1, id'."""
    labels = [str(part) for part in location]
    if len(location) > 1 and isinstance(location[1], int):
        entries = document.data.get(str(location[0]))
        entry = entries[location[1]] if isinstance(entries, list) else None
        name = entry.get("id") if isinstance(entry, dict) else None
        labels = [str(name or f"{location[0]} {location[1] + 1}"), *labels[2:]]
    return ", ".join(labels) or "the file"
