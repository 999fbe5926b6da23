"""Parses YAML with the line of every key, and reports constructs a checklist must not contain."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from review.errors import ChecklistError
from review.text.yaml_bounds import find_yaml_excess

T = TypeVar("T")
KeyPath = tuple[str | int, ...]
MAX_NODES = 50_000
"""Maximum number of values in a file; the largest built-in checklist has under 2,000."""
MAX_DEPTH = 30
"""Maximum nesting depth; the built-in checklists go to 8."""
_TAG_PREFIX = "tag:yaml.org,2002:"
_BARE_BOOLEANS = {"yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The data of a file, with the line number of each position."""

    name: str
    data: dict[str, Any]
    lines: dict[KeyPath, int]


def parse_yaml_text(text: str, name: str) -> YamlDocument:
    """Parse YAML text.

    Raises:
        ChecklistError: not YAML, not a list of keys, a key twice, or a bare yes or no, which YAML
            would take for true or false.
    """
    import yaml

    excess = find_yaml_excess(text)
    if excess is not None:
        raise ChecklistError(f"{name}: {excess}")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        location = f"{name}: line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if "cannot start any token" in problem and _has_tab_at(text, mark):
            problem = "there is a tab here; YAML must be indented with spaces"
        if "mapping values" in problem:
            problem += ". Text that contains a colon followed by a space must be in quotes"
        raise ChecklistError(f"{location}: this is not YAML: {problem}.") from error
    lines: dict[KeyPath, int] = {}
    problems: list[str] = []
    try:
        data = _convert_node(root, (), lines, problems)
    except ChecklistError as error:
        raise ChecklistError(f"{name}: {error}") from error
    if problems:
        raise ChecklistError(format_problems(name, problems))
    if not isinstance(data, dict):
        raise ChecklistError(f"{name}: expected keys such as id, title and sections.")
    return YamlDocument(name, data, lines)


def load_checked(path: Path, contents: type[T]) -> T:
    """The contents of a YAML file, checked against its dataclass.

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


def format_problems(name: str, problems: list[str]) -> str:
    """One message for all errors in a file."""
    if len(problems) == 1:
        return f"{name}: {problems[0]}"
    return f"{name}: {len(problems)} errors\n" + "\n".join(f"  {problem}" for problem in problems)


def find_line(document: YamlDocument, path: KeyPath) -> int:
    """The line of a position, or of its nearest parent in the file."""
    while path and path not in document.lines:
        path = path[:-1]
    return document.lines.get(path, 1)


def format_path(path: KeyPath) -> str:
    """A position as shown to users: sections.2.items.1.name (counted from 1)."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def _convert_node(node: Any, path: KeyPath, lines: dict[KeyPath, int], problems: list[str]) -> Any:
    import yaml

    lines.setdefault(path, _get_line(node))
    if len(path) > MAX_DEPTH:
        raise ChecklistError(
            f"line {_get_line(node)}: nested more than {MAX_DEPTH} levels deep, or contains itself."
        )
    if len(lines) > MAX_NODES:
        raise ChecklistError(f"more than {MAX_NODES} values: this is not a checklist.")
    if isinstance(node, yaml.MappingNode):
        return _convert_mapping(node, path, lines, problems)
    if isinstance(node, yaml.SequenceNode):
        return [
            _convert_node(child, (*path, index), lines, problems)
            for index, child in enumerate(node.value)
        ]
    if node is None:
        return None
    return _convert_scalar(node, path, problems)


def _convert_mapping(
    node: Any, path: KeyPath, lines: dict[KeyPath, int], problems: list[str]
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value in node.value:
        key = str(key_node.value)
        key_path = (*path, key)
        if key_node.tag == f"{_TAG_PREFIX}bool":
            problems.append(_describe_bare_boolean(key_node, key_path))
        if key in mapping:
            problems.append(
                f"line {_get_line(key_node)}: the key '{format_path(key_path)}' appears twice."
            )
        lines[key_path] = _get_line(key_node)
        mapping[key] = _convert_node(value, key_path, lines, problems)
    return mapping


def _convert_scalar(node: Any, path: KeyPath, problems: list[str]) -> Any:
    kind, text = node.tag.removeprefix(_TAG_PREFIX), node.value
    if kind == "null":
        return None
    if kind == "bool":
        if text.lower() in _BARE_BOOLEANS:
            problems.append(_describe_bare_boolean(node, path))
        return text.lower() == "true"
    if path and path[-1] == "number" and kind == "float":
        problems.append(
            f"line {_get_line(node)}: '{format_path(path)}' is {text}, which YAML reads as a "
            "fraction "
            f"(4.10 would become 4.1). Put it in quotes: '{text}'."
        )
    if kind == "int" and path and path[-1] in ("number", "edition", "key", "id"):
        return text
    if kind in ("int", "float"):
        return _parse_number(text)
    return text


def _parse_number(text: str) -> int | float | str:
    """A plain decimal number; other YAML notations (010, 0x1F, 1:30, .inf) stay text."""
    if re.fullmatch(r"[+-]?(0|[1-9]\d*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"[+-]?\d+\.\d*(e[+-]?\d{1,2})?", text) else text


def _has_tab_at(text: str, mark: Any) -> bool:
    """Whether the line with the error begins with a tab."""
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    return "\t" in line[: len(line) - len(line.lstrip())]


def _describe_bare_boolean(node: Any, path: KeyPath) -> str:
    return (
        f"line {_get_line(node)}: '{format_path(path)}' is a bare {node.value}, which YAML reads "
        "as "
        f"{'true' if node.value.lower() in ('yes', 'on', 'y', 'true') else 'false'}. "
        f"Put it in quotes: '{node.value}'."
    )


def _get_line(node: Any) -> int:
    return int(node.start_mark.line) + 1 if node is not None else 1
