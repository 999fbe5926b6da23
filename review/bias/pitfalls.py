"""Pitfalls of imaging studies and the rules that look for them: YAML -> Pitfalls, Rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from review.errors import ChecklistError

STRICT: Mapping[str, str] = {"extra": "forbid"}
"""Read by the validator: a key that is no field is refused."""

Mode = Literal["present", "absent", "number", "registry"]
Registry = Literal["assembled", "overlap", "ages", "mined-labels", "open-labels", "copies"]
_FEWEST_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Pitfall:
    """A flaw of design or data, and the questions it bears on."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    name: str
    why: str
    informs: Mapping[str, tuple[str, ...]]
    """Checklist edition -> published item numbers: probast-2019: ['4.8']."""
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to notice a pitfall in a text."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    pitfall: str
    mode: Mode
    """present: a cue stands there · absent: nothing expected stands anywhere · number: a count is
    small · registry: what is known of the named data sets"""
    enabled: bool
    """Whether it flags by default: only rules measured on text their author did not write."""
    fires: tuple[str, ...]
    """Texts on which it must flag; they are its test."""
    silent: tuple[str, ...]
    """Texts on which it must not."""
    says: str | None = None
    """For absent and registry: the sentence shown instead of a quotation."""
    cues: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """Counter-cues in the same sentence."""
    unless_anywhere: tuple[str, ...] = ()
    """Counter-cues anywhere in the text."""
    expected: tuple[str, ...] = ()
    """For absent: what would show that the study did it."""
    only_if: tuple[str, ...] = ()
    """For absent: the text must hold one of these."""
    only_if_sets: int = 0
    """For absent: that many registered data sets must be named."""
    below: int | None = None
    """For number: flag a count below this."""
    known: Registry | None = None
    """For registry: what is looked up."""
    measured: str | None = None
    """How it did on labelled text its author did not write, in a few words."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Pitfalls:
    """The contents of one file."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    schema: Literal[1]
    version: str
    pitfalls: tuple[Pitfall, ...]
    rules: tuple[Rule, ...]
    source: str = field(default="", compare=False)


def load(path: Path) -> Pitfalls:
    """The rules in a YAML file.

    Raises:
        ChecklistError: not readable, an unknown or missing key, an id twice, a rule without its
            pitfall, its patterns or two examples each way; every one is named.
    """
    import pydantic
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ChecklistError(f"{path}: cannot be read ({error}).") from error
    except yaml.YAMLError as error:
        raise ChecklistError(f"{path}: this is not YAML: {error}.") from error
    try:
        found: Pitfalls = _adapter().validate_python(data)
    except pydantic.ValidationError as error:
        problems = [
            f"{_place(data, one['loc'])}: {one['msg']}" for one in error.errors(include_url=False)
        ]
        raise ChecklistError(_joined(path, problems)) from error
    problems = mistakes(found)
    if problems:
        raise ChecklistError(_joined(path, problems))
    return found


@cache
def _adapter() -> Any:
    import pydantic

    return pydantic.TypeAdapter(Pitfalls)


def _place(data: Any, where: Sequence[str | int]) -> str:
    words = [str(part) for part in where]
    if len(where) > 1 and isinstance(where[1], int):
        entry = data[where[0]][where[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        words = [str(name or f"{where[0]} {where[1] + 1}"), *words[2:]]
    return ", ".join(words) or "the file"


def _joined(path: Path, problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return f"{path}: {problems[0]}"
    return f"{path}: {len(problems)} mistakes\n" + "\n".join(f"  {one}" for one in problems)


def mistakes(file: Pitfalls) -> list[str]:
    """Where the file does not agree with itself, each as 'id: what is wrong'."""
    out: list[str] = []
    for ids in ([p.id for p in file.pitfalls], [r.id for r in file.rules]):
        out += [
            f"{one}: stands in the file twice" for one in sorted(set(ids)) if ids.count(one) > 1
        ]
    pitfalls = {pitfall.id for pitfall in file.pitfalls}
    for rule in file.rules:
        if rule.pitfall not in pitfalls:
            out.append(f"{rule.id}: pitfall '{rule.pitfall}' is not in the file")
        if min(len(rule.fires), len(rule.silent)) < _FEWEST_EXAMPLES:
            out.append(f"{rule.id}: needs two texts that fire and two that stay silent")
        out += [f"{rule.id}: {one}" for one in _lacks(rule)]
    used = {rule.pitfall for rule in file.rules}
    return out + [f"{one}: no rule looks for it" for one in sorted(pitfalls - used)]


def _lacks(rule: Rule) -> list[str]:
    """What a rule of its mode needs and this one does not have."""
    wanted = {
        "present": ("cues",),
        "absent": ("expected", "says"),
        "number": ("below", "says"),
        "registry": ("known", "says"),
    }[rule.mode]
    out = [f"mode {rule.mode} needs '{name}'" for name in wanted if not getattr(rule, name)]
    if rule.mode == "absent" and rule.says and "not found in the text" not in rule.says:
        out.append("an absence says 'not found in the text', never 'not done'")
    return out
