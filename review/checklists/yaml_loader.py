"""YAML text -> plain data with the line of every key, or the mistakes a checklist must not hold."""

import re
from dataclasses import dataclass
from typing import Any

from review.errors import ChecklistError

Path = tuple[str | int, ...]
MOST_NODES = 50_000
"""Most values one file may hold; the largest shipped checklist has under 2,000."""
MOST_DEPTH = 30
"""Deepest a value may lie; the shipped checklists go to 8."""
_PREFIX = "tag:yaml.org,2002:"
_BARE = {"yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True, slots=True)
class Text:
    """A file's data with the line each place of it stands on."""

    name: str
    data: dict[str, Any]
    lines: dict[Path, int]


def read_text(text: str, name: str) -> Text:
    """The data of a YAML text.

    Raises:
        ChecklistError: not YAML, not a list of keys, a key twice, or a bare yes or no, which YAML
            would take for true or false.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}: line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if "cannot start any token" in problem and _tab_at(text, mark):
            problem = "a tab stands here; YAML is indented with spaces only"
        if "mapping values" in problem:
            problem += ". A text that holds a colon and a space needs quotes around it"
        raise ChecklistError(f"{where}: this is not YAML: {problem}.") from error
    lines: dict[Path, int] = {}
    problems: list[str] = []
    try:
        data = _plain(root, (), lines, problems)
    except ChecklistError as error:
        raise ChecklistError(f"{name}: {error}") from error
    if problems:
        raise ChecklistError(joined(name, problems))
    if not isinstance(data, dict):
        raise ChecklistError(f"{name}: expected keys such as id, title and sections.")
    return Text(name, data, lines)


def joined(name: str, problems: list[str]) -> str:
    """One message for all mistakes of a file."""
    if len(problems) == 1:
        return f"{name}: {problems[0]}"
    return f"{name}: {len(problems)} mistakes\n" + "\n".join(f"  {one}" for one in problems)


def line_of(text: Text, path: Path) -> int:
    """The line of a place, or of the nearest place above it that the file holds."""
    while path and path not in text.lines:
        path = path[:-1]
    return text.lines.get(path, 1)


def place(path: Path) -> str:
    """A place as people read it: sections.2.items.0.name (counted from 1)."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def _plain(node: Any, path: Path, lines: dict[Path, int], problems: list[str]) -> Any:
    import yaml

    lines.setdefault(path, _line(node))
    if len(path) > MOST_DEPTH:
        raise ChecklistError(
            f"line {_line(node)}: lists within lists deeper than {MOST_DEPTH}, or a part that "
            "holds itself."
        )
    if len(lines) > MOST_NODES:
        raise ChecklistError(f"more than {MOST_NODES} values: this is not a checklist.")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, (*path, n), lines, problems) for n, one in enumerate(node.value)]
    if node is None:
        return None
    return _scalar(node, path, problems)


def _mapping(node: Any, path: Path, lines: dict[Path, int], problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value in node.value:
        key = str(key_node.value)
        where = (*path, key)
        if key_node.tag == f"{_PREFIX}bool":
            problems.append(_bare(key_node, where))
        if key in found:
            problems.append(f"line {_line(key_node)}: the key '{place(where)}' stands twice.")
        lines[where] = _line(key_node)
        found[key] = _plain(value, where, lines, problems)
    return found


def _scalar(node: Any, path: Path, problems: list[str]) -> Any:
    kind, text = node.tag.removeprefix(_PREFIX), node.value
    if kind == "null":
        return None
    if kind == "bool":
        if text.lower() in _BARE:
            problems.append(_bare(node, path))
        return text.lower() == "true"
    if path and path[-1] == "number" and kind == "float":
        problems.append(
            f"line {_line(node)}: '{place(path)}' is {text}, which YAML reads as a fraction "
            f"(4.10 would become 4.1). Put it in quotes: '{text}'."
        )
    if kind == "int" and path and path[-1] in ("number", "edition", "key", "id"):
        return text
    if kind in ("int", "float"):
        return _number(text)
    return text


def _number(text: str) -> int | float | str:
    """A plain decimal number; any other spelling YAML knows (010, 0x1F, 1:30, .inf) stays text."""
    if re.fullmatch(r"[+-]?(0|[1-9]\d*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"[+-]?\d+\.\d*(e[+-]?\d{1,2})?", text) else text


def _tab_at(text: str, mark: Any) -> bool:
    """Whether the line an error stands on begins with a tab."""
    lines = text.splitlines()
    here = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    return "\t" in here[: len(here) - len(here.lstrip())]


def _bare(node: Any, path: Path) -> str:
    return (
        f"line {_line(node)}: '{place(path)}' is a bare {node.value}, which YAML reads as "
        f"{'true' if node.value.lower() in ('yes', 'on', 'y', 'true') else 'false'}. "
        f"Put it in quotes: '{node.value}'."
    )


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1 if node is not None else 1
