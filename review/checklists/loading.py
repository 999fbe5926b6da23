"""One checklist file -> Checklist: shape first, then whether the file agrees with itself."""

import difflib
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from review.checklists import models
from review.checklists.models import Checklist, Fact, Item, Option
from review.checklists.validation import mistakes
from review.checklists.yaml_loader import Text, joined, line_of, place, read_text
from review.errors import ChecklistError

SUFFIXES = (".yaml", ".yml")
_EXPECTED = {
    "tuple_type": "expected a list, as [one, two] or a line '- one' each",
    "mapping_type": "expected keys with values",
    "dict_type": "expected keys with values",
    "string_type": "expected a text",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
}
"""Type of a mistake of shape -> what was expected, in words of YAML."""
_CLASSES: dict[str, type] = {
    "citation": models.Citation,
    "sections": models.Section,
    "items": models.Item,
    "options": models.Option,
    "answer_sets": models.Option,
    "facts": models.Fact,
    "scores": models.Score,
    "overall": models.Overall,
    "needs": models.Need,
}


def load(path: Path) -> Checklist:
    """The checklist in a file.

    Raises:
        ChecklistError: no such file, or mistakes in it; names file, line, key, what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ChecklistError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ChecklistError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    checklist = parse(text, str(path))
    return replace(checklist, source=path)


def parse(text: str, name: str) -> Checklist:
    """The checklist in a text; `name` stands in messages. Raises ChecklistError as load does."""
    from pydantic import ValidationError

    found = read_text(text, name)
    for key in models.LOADED:
        if key in found.data:
            line = line_of(found, (key,))
            raise ChecklistError(f"{name}: line {line}: '{key}' is set by Funnel; leave it out.")
    try:
        checklist = _adapter().validate_python(found.data)
    except ValidationError as error:
        problems = [_shape_mistake(found, one) for one in error.errors(include_url=False)]
        raise ChecklistError(joined(name, sorted(set(problems), key=_by_line))) from error
    wrong = [
        f"line {line_of(found, path)}: '{place(path)}': {said}"
        for path, said in mistakes(checklist)
    ]
    if wrong:
        raise ChecklistError(joined(name, sorted(wrong, key=_by_line)))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    whole = _with_options(checklist)
    return replace(whole, digest=digest, shape=_shape(whole))


def _shape(checklist: Checklist) -> str:
    """Fingerprint of everything an answer's meaning hangs on; wording is left out."""

    def options(one: Item | Fact) -> list[tuple[object, ...]]:
        return [(o.id, o.means, o.points) for o in one.options]

    def item(one: Item) -> tuple[object, ...]:
        rest = one.choose, options(one), one.weight, one.optional, sorted(one.applies_if.items())
        return (one.id, one.number, *rest)

    told = [
        [(f.id, options(f), sorted(f.applies_if.items())) for f in checklist.facts],
        [
            (s.id, bool(s.judgement), bool(s.applicability), [item(one) for one in s.items])
            for s in checklist.sections
        ],
        [(s.id, s.kind, s.primary, s.min, s.max, s.of, s.round, s.bands) for s in checklist.scores],
        checklist.overall and (checklist.overall.rule, checklist.overall.downgrade),
    ]
    return hashlib.sha256(repr(told).encode("utf-8")).hexdigest()


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Checklist)


def available(folders: Iterable[Path]) -> dict[str, Path]:
    """Checklist id -> file, for every checklist in some folders; a missing folder has none.

    A YAML file without 'sections' is something else and is passed over.

    Raises:
        ChecklistError: a checklist without an id, or two with the same one.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(p for p in folder.glob("*") if p.suffix in SUFFIXES and p.is_file()):
            text = path.read_text(encoding="utf-8-sig", errors="replace")
            if not re.search(r"^sections\s*:", text, re.M):
                continue
            said = re.search(r"^id\s*:\s*['\"]?([^\s'\"#]+)", text, re.M)
            if said is None:
                raise ChecklistError(f"{path}: the key 'id' is missing.")
            if said.group(1) in found:
                raise ChecklistError(
                    f"{path}: the id '{said.group(1)}' is taken by {found[said.group(1)]}. "
                    "Give one of them another id; saved answers point at it."
                )
            found[said.group(1)] = path
    return found


def _with_options(checklist: Checklist) -> Checklist:
    """Every item and fact carries its options; those that name none take the default set."""

    def options(one: Item | Fact) -> tuple[Option, ...]:
        if one.options:
            return one.options
        name = one.answers or checklist.default_answers
        typed = isinstance(one, Item) and one.choose in ("text", "number")
        if name is None or (typed and one.answers is None):
            return ()
        return checklist.answer_sets[name]

    sections = tuple(
        replace(
            section,
            items=tuple(replace(item, options=options(item)) for item in section.items),
        )
        for section in checklist.sections
    )
    facts = tuple(replace(fact, options=options(fact)) for fact in checklist.facts)
    return replace(checklist, sections=sections, facts=facts)


def _shape_mistake(found: Text, error: Any) -> str:
    path = tuple(part for part in error["loc"] if part != "[key]")
    where = f"line {line_of(found, path)}: '{place(path)}'"
    if error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _known(path)
        return f"{where} is no key of a checklist.{_near(str(path[-1]), known)}"
    if error["type"] in ("missing", "missing_argument"):
        return f"{where} is missing."
    message = _plain(error, path)
    got = error.get("input")
    shown = "nothing" if got is None else repr(got)
    shown = "" if isinstance(got, dict | list) else f" (got {shown})"
    choices = re.findall(r"'([^']+)'", str(error.get("ctx", {}).get("expected", "")))
    close = difflib.get_close_matches(str(got), choices, n=1)  # the message lists them all
    near = f" Did you mean '{close[0]}'?" if close else ""
    return f"{where}: {message}{shown}.{near}"


def _plain(error: Any, path: tuple[str | int, ...]) -> str:
    """What was expected, in words of YAML and not of Python."""
    said = _EXPECTED.get(error["type"])
    if error["type"] == "dataclass_type":
        said = f"expected keys such as {', '.join(_known((*path, '')))}"
    return said or str(error["msg"]).replace("Input should be", "expected")


def _known(path: tuple[str | int, ...]) -> list[str]:
    above = [_CLASSES[part] for part in path[:-1] if isinstance(part, str) and part in _CLASSES]
    kind = above[-1] if above else Checklist
    return [spec.name for spec in fields(kind) if spec.name not in models.LOADED]


def _near(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f" Did you mean '{near[0]}'?"
    return f" Expected one of: {', '.join(known)}." if known else ""


def _by_line(message: str) -> int:
    said = re.match(r"line (\d+)", message)
    return int(said.group(1)) if said else 0
