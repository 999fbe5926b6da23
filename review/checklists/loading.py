"""Loads a checklist file and validates it."""

import difflib
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from review.checklists import models
from review.checklists.models import AnswerOption, Checklist, Item, Precondition
from review.checklists.validation import find_mistakes
from review.checklists.yaml_loader import (
    YamlDocument,
    find_line,
    format_path,
    format_problems,
    parse_yaml_text,
)
from review.errors import ChecklistError

SUFFIXES = (".yaml", ".yml")
_EXPECTATIONS = {
    "tuple_type": "expected a list, as [one, two] or one line '- one' each",
    "mapping_type": "expected keys with values",
    "dict_type": "expected keys with values",
    "string_type": "expected text",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
}
"""Type of structural error -> what was expected, in YAML terms."""
_CLASS_BY_KEY: dict[str, type] = {
    "citation": models.Citation,
    "sections": models.ChecklistSection,
    "items": models.Item,
    "options": models.AnswerOption,
    "answer_sets": models.AnswerOption,
    "facts": models.Precondition,
    "scores": models.ScoreDefinition,
    "overall": models.OverallRule,
    "needs": models.Dependency,
}


def load_checklist(path: Path) -> Checklist:
    """Load the checklist in a file.

    Raises:
        ChecklistError: the file is missing or invalid; gives file, line, key and what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ChecklistError(f"{path}: file not found.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ChecklistError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    checklist = parse_checklist(text, str(path))
    return replace(checklist, source=path)


def parse_checklist(text: str, name: str) -> Checklist:
    """Parse the checklist in a text; `name` is used in messages. Raises as `load_checklist`."""
    from pydantic import ValidationError

    document = parse_yaml_text(text, name)
    for key in models.LOADER_FIELDS:
        if key in document.data:
            line = find_line(document, (key,))
            raise ChecklistError(f"{name}: line {line}: '{key}' is set by Funnel; remove it.")
    try:
        checklist = _get_adapter().validate_python(document.data)
    except ValidationError as error:
        problems = [
            _describe_shape_mistake(document, detail) for detail in error.errors(include_url=False)
        ]
        raise ChecklistError(
            format_problems(name, sorted(set(problems), key=_get_line_number))
        ) from error
    inconsistencies = [
        f"line {find_line(document, path)}: '{format_path(path)}': {message}"
        for path, message in find_mistakes(checklist)
    ]
    if inconsistencies:
        raise ChecklistError(format_problems(name, sorted(inconsistencies, key=_get_line_number)))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    complete = _fill_options(checklist)
    return replace(complete, digest=digest, shape=_compute_shape(complete))


def _compute_shape(checklist: Checklist) -> str:
    """Fingerprint of everything that determines the meaning of an answer; wording is excluded."""

    def list_option_meanings(entry: Item | Precondition) -> list[tuple[object, ...]]:
        return [(o.id, o.means, o.points) for o in entry.options]

    def summarize_item(entry: Item) -> tuple[object, ...]:
        rest = (
            entry.choose,
            list_option_meanings(entry),
            entry.weight,
            entry.optional,
            sorted(entry.applies_if.items()),
        )
        return (entry.id, entry.number, *rest)

    content = [
        [(f.id, list_option_meanings(f), sorted(f.applies_if.items())) for f in checklist.facts],
        [
            (
                s.id,
                bool(s.judgement),
                bool(s.applicability),
                [summarize_item(entry) for entry in s.items],
            )
            for s in checklist.sections
        ],
        [
            (s.id, s.kind, s.primary, s.min, s.max, s.of, s.round, s.bands, *s.items)
            for s in checklist.scores
        ],
        checklist.overall and (checklist.overall.rule, checklist.overall.downgrade),
    ]
    return hashlib.sha256(repr(content).encode("utf-8")).hexdigest()


@cache
def _get_adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Checklist)


def list_available(folders: Iterable[Path]) -> dict[str, Path]:
    """Checklist id -> file, for every checklist in the given folders; a missing folder has none.

    YAML files without 'sections' are not checklists and are skipped.

    Raises:
        ChecklistError: a checklist has no id, or two have the same one.
    """
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(p for p in folder.glob("*") if p.suffix in SUFFIXES and p.is_file()):
            checklist_id = _find_id(path, path.stat().st_mtime_ns)
            if checklist_id is None:
                continue
            if checklist_id in paths:
                raise ChecklistError(
                    f"{path}: the id '{checklist_id}' is taken by {paths[checklist_id]}. "
                    "Give one of them another id; saved answers refer to it."
                )
            paths[checklist_id] = path
    return paths


@lru_cache(maxsize=256)
def _find_id(path: Path, _modified_at: int) -> str | None:
    """The id in a checklist's file; None for a YAML file that is no checklist."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if not re.search(r"^sections\s*:", text, re.M):
        return None
    match = re.search(r"^id\s*:\s*['\"]?([^\s'\"#]+)", text, re.M)
    if match is None:
        raise ChecklistError(f"{path}: the key 'id' is missing.")
    return match.group(1)


def _fill_options(checklist: Checklist) -> Checklist:
    """Fill in the options of every item and fact; those without any use the default set."""

    def resolve_options(entry: Item | Precondition) -> tuple[AnswerOption, ...]:
        if entry.options:
            return entry.options
        name = entry.answers or checklist.default_answers
        is_typed = isinstance(entry, Item) and entry.choose in models.TYPED_KINDS
        if name is None or (is_typed and entry.answers is None):
            return ()
        return checklist.answer_sets[name]

    sections = tuple(
        replace(
            section,
            items=tuple(replace(item, options=resolve_options(item)) for item in section.items),
        )
        for section in checklist.sections
    )
    facts = tuple(replace(fact, options=resolve_options(fact)) for fact in checklist.facts)
    return replace(checklist, sections=sections, facts=facts)


def _describe_shape_mistake(document: YamlDocument, error: Any) -> str:
    path = tuple(part for part in error["loc"] if part != "[key]")
    location = f"line {find_line(document, path)}: '{format_path(path)}'"
    if error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known_keys = _list_known_keys(path)
        return f"{location} is not a valid key.{_suggest_key(str(path[-1]), known_keys)}"
    if error["type"] in ("missing", "missing_argument"):
        return f"{location} is missing."
    message = _describe_expectation(error, path)
    value = error.get("input")
    value_text = "nothing" if value is None else repr(value)
    value_text = "" if isinstance(value, dict | list) else f" (got {value_text})"
    choices = re.findall(r"'([^']+)'", str(error.get("ctx", {}).get("expected", "")))
    matches = difflib.get_close_matches(str(value), choices, n=1)  # the message lists them all
    hint = f" Did you mean '{matches[0]}'?" if matches else ""
    return f"{location}: {message}{value_text}.{hint}"


def _describe_expectation(error: Any, path: tuple[str | int, ...]) -> str:
    """What was expected, in YAML rather than Python terms."""
    expected = _EXPECTATIONS.get(error["type"])
    if error["type"] == "dataclass_type":
        expected = f"expected keys such as {', '.join(_list_known_keys((*path, '')))}"
    return expected or str(error["msg"]).replace("Input should be", "expected")


def _list_known_keys(path: tuple[str | int, ...]) -> list[str]:
    parent_classes = [
        _CLASS_BY_KEY[part] for part in path[:-1] if isinstance(part, str) and part in _CLASS_BY_KEY
    ]
    kind = parent_classes[-1] if parent_classes else Checklist
    return [spec.name for spec in fields(kind) if spec.name not in models.LOADER_FIELDS]


def _suggest_key(word: str, known_keys: Sequence[str]) -> str:
    matches = difflib.get_close_matches(word, known_keys, n=1)
    if matches:
        return f" Did you mean '{matches[0]}'?"
    return f" Expected one of: {', '.join(known_keys)}." if known_keys else ""


def _get_line_number(message: str) -> int:
    match = re.match(r"line (\d+)", message)
    return int(match.group(1)) if match else 0
