"""A protocol that is being changed: single keys are set in its text, which keeps its comments, and
two people's changes are joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from review.errors import ProtocolError, ReviewError
from review.protocol.loading import find_key_line, parse_protocol, read_keys
from review.resources import get_shipped_path as shipped
from review.text import yaml_edits
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.setup.form_versions import (
    FormDraft,
    build_draft_checklists,
    check_drafts,
    select_drafts,
)
from review.workflow.setup.loading import describe_plan

KeyPath = tuple[str | int, ...]
REMOVED = object()
"""Set in place of a value to take its key out of the file."""
REQUIRED_TEXTS = ("title", "question")
"""Keys that a person has to write something under."""
_NAMES = ("id", "name", "file")
"""Keys that identify the entries of a list."""


def get_value(data: Mapping[str, Any], path: KeyPath, default: Any = None) -> Any:
    """The value of a key, `default` where the file does not state it."""
    value: Any = data
    for part in path:
        if isinstance(part, int):
            if not isinstance(value, list) or part >= len(value):
                return default
        elif not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return default if value is None else value


def set_values(text: str, values: Mapping[KeyPath, Any]) -> str:
    """The text with the values of keys set, or taken out (REMOVED); everything else, comments and
    order included, stays as it is.

    Raises:
        ProtocolError: the text is not YAML, or is written in a way that cannot be changed in place.
    """
    data = read_keys(text)
    for path, value in values.items():
        data = _set(data, path, value)
    return write_data(text, data)


def write_data(text: str, data: Mapping[str, Any]) -> str:
    """The text changed so that it holds the data. Raises ProtocolError where it cannot be."""
    try:
        return yaml_edits.rewrite_data(text, data)
    except ValueError as error:
        raise ProtocolError(
            f"{PROTOCOL_FILE} cannot be changed by the form here ({error}); change it under YAML."
        ) from error


def find_fault(
    project: Project, text: str, drafts: Mapping[str, FormDraft] | None = None
) -> ProtocolError | None:
    """What is wrong with a protocol's text, with file, line and key; None where it is sound.

    Args:
        drafts: id -> form of data extraction that is saved along with it.
    """
    try:
        data = read_keys(text)
        for key in REQUIRED_TEXTS:
            if isinstance(data.get(key), str) and not data[key].strip():
                raise ProtocolError(f"{PROTOCOL_FILE}: '{key}' is empty.", path=(key,))
        protocol = parse_protocol(text, PROTOCOL_FILE)
        chosen = select_drafts(drafts or {}, protocol.appraisal.extraction)
        describe_plan(project.folder, protocol, build_draft_checklists(chosen))
        if chosen:
            with project.store.read() as conn:
                return next(iter(check_drafts(project, conn, chosen)), None)
    except ProtocolError as error:
        return locate_fault(error, text)
    except ReviewError as error:  # a checklist's file has mistakes
        return ProtocolError(str(error), path=("appraisal",))
    return None


def find_shape_fault(text: str) -> ProtocolError | None:
    """A key that is missing, unknown or of the wrong kind, so that a form cannot show the plan;
    None where the keys are sound, even if they contradict each other."""
    try:
        parse_protocol(text, PROTOCOL_FILE)
    except ProtocolError as error:
        return None if error.is_contradiction else error
    return None


def locate_fault(error: ProtocolError, text: str) -> ProtocolError:
    """The same fault with the line of its key, where its message names none."""
    line = find_key_line(text, error.path) if error.path else None
    if line is None or f"{PROTOCOL_FILE}: line " in str(error):
        return error
    message = f"{PROTOCOL_FILE}: line {line}: {error.problem}"
    return ProtocolError(message, path=error.path, problem=error.problem)


@dataclass(frozen=True, slots=True)
class MergedDraft:
    """One person's changes put on another's version."""

    text: str | None
    """The joined text; None where both changed the same keys."""
    clashes: tuple[str, ...] = ()
    """Keys that both changed, as written in the file: stages.full-text.reviewers."""


def merge_drafts(base: str, mine: str, theirs: str, *, mine_wins: bool = False) -> MergedDraft:
    """My changes since a version put on the version that somebody else has saved since.

    Comments that I changed are not carried over; everything of theirs stays.

    Args:
        mine_wins: put my value in place of theirs where both changed the same key.

    Raises:
        ProtocolError: one of the texts is not YAML, or cannot be changed in place.
    """
    before = read_keys(base)
    my_changes = _list_changes(before, read_keys(mine))
    their_data = read_keys(theirs)
    their_changes = _list_changes(before, their_data)
    clashes = sorted(
        ".".join(map(str, path))
        for path, value in my_changes.items()
        for other, other_value in their_changes.items()
        if path[: len(other)] == other[: len(path)]
        and not (path == other and yaml_edits.is_same_data(value, other_value))
    )
    if clashes and not mine_wins:
        return MergedDraft(None, tuple(dict.fromkeys(clashes)))
    data: Any = their_data
    try:
        for path, value in my_changes.items():
            data = _set(data, path, value)
    except (ValueError, IndexError) as error:  # an entry of theirs that is gone
        raise ProtocolError(
            "Your changes concern an entry that has been removed from the protocol meanwhile."
        ) from error
    return MergedDraft(write_data(theirs, data), tuple(dict.fromkeys(clashes)))


def _list_changes(before: Any, after: Any, path: KeyPath = ()) -> dict[KeyPath, Any]:
    """Path -> new value of what differs; entries of a list with ids go by their id."""
    if yaml_edits.is_same_data(before, after):
        return {}
    if isinstance(before, dict) and isinstance(after, dict):
        changes: dict[KeyPath, Any] = {}
        for key in [*after, *(key for key in before if key not in after)]:
            if key in before and key in after:
                changes |= _list_changes(before[key], after[key], (*path, key))
            else:
                changes[(*path, key)] = after.get(key, REMOVED)
        return changes
    old_names, new_names = _list_names(before), _list_names(after)
    if old_names is not None and old_names == new_names:
        changes = {}
        for name, old, new in zip(old_names, before, after, strict=True):
            changes |= _list_changes(old, new, (*path, name))
        return changes
    return {path: after}


def _list_names(value: Any) -> list[str] | None:
    """What the entries of a list are called; None where one has no name, or two have the same."""
    if not isinstance(value, list) or not value:
        return None
    names = [
        next((str(entry[key]) for key in _NAMES if key in entry), "")
        for entry in value
        if isinstance(entry, dict)
    ]
    return names if all(names) and len(set(names)) == len(value) else None


def _set(container: Any, path: KeyPath, value: Any) -> Any:
    """The data with one value set; what leads to it is made where it is absent."""
    part, rest = path[0], path[1:]
    if isinstance(container, list):
        place = part if isinstance(part, int) else (_list_names(container) or []).index(str(part))
        changed = list(container)
        if rest:
            changed[place] = _set(changed[place], rest, value)
        elif value is REMOVED:
            del changed[place]
        elif place == len(changed):
            changed.append(value)
        else:
            changed[place] = value
        return changed
    before = dict(container or {})
    if value is REMOVED and (not rest or before.get(part) is None):
        before.pop(part, None)
        return before
    new_value = _set(before.get(part) or {}, rest, value) if rest else value
    return _insert_key(before, str(part), new_value)


def _insert_key(mapping: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The mapping with a key set; the parts of the question follow the question."""
    if key in mapping or key != "question_parts" or "question" not in mapping:
        return {**mapping, key: value}
    inserted: dict[str, Any] = {}
    for name, old in mapping.items():
        inserted[name] = old
        if name == "question":
            inserted[key] = value
    return inserted


EXAMPLE_PATHS: tuple[KeyPath, ...] = (
    ("title",),
    ("question",),
    ("search", "query"),
    ("criteria", "include"),
    ("criteria", "exclude"),
    ("highlight", "include"),
    ("highlight", "exclude"),
)
"""Keys whose values in the starter protocol and the templates are examples that a team writes
over."""


def list_examples(data: Mapping[str, Any]) -> list[KeyPath]:
    """Keys that still hold the example of the starter protocol or of a template, word for word."""
    return [
        path
        for path in EXAMPLE_PATHS
        if (value := get_value(data, path))
        and any(value == get_value(example, path) for example in _read_example_protocols())
    ]


@cache
def _read_example_protocols() -> tuple[Mapping[str, Any], ...]:
    """The shipped protocols that a review can begin with."""
    folder = shipped("data")
    paths = [folder / "starter-protocol.yaml", *sorted((folder / "templates").glob("*.yaml"))]
    return tuple(read_keys(path.read_text(encoding="utf-8")) for path in paths)


def split_lines(text: str) -> list[str]:
    """The entries of a list that is written one on a line, without empty and repeated ones."""
    lines = (" ".join(line.split()).removeprefix("- ") for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def join_lines(entries: Sequence[Any]) -> str:
    """A list as it is written one on a line."""
    return "\n".join(" ".join(str(entry).split()) for entry in entries)
