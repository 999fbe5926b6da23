"""The dataclasses of a checklist, as its YAML file defines it. Only the loader creates them.

Field names are the keys of the file, so an unknown key is an error and not a silent loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

STRICT: Mapping[str, str] = {"extra": "forbid"}
"""Read by the validator: a key that is no field is refused."""

Meaning = Literal["met", "partly", "unmet", "unclear", "not-applicable"]
AnswerKind = Literal["one", "many", "text", "number"]
ChecklistKind = Literal["reporting", "quality", "risk-of-bias", "extraction"]
ScoreKind = Literal["count", "percent-applicable", "sum", "percent-of-max", "weighted-percent"]

UNSURE = "unsure"
"""Every item takes this answer: the reviewer looked and must come back; distinct from no answer."""
NONE_OF_THESE = "none"
"""The answer to a 'many' item of which no option holds."""
OPTION_SEPARATOR = "+"
"""Between the option ids of a 'many' answer: documented+public."""
JUDGEMENTS = ("low", "unclear", "high")
"""Judgements of a domain, from best to worst."""
NOT_JUDGED = "not-judged"
"""A domain the reviewer says cannot be judged, as deep features under PROBAST's predictors."""
AT_RISK = "at-risk"
"""The worse of the two overall words of tools that only know 'low' and 'at risk'."""
OVERALL = "overall"
"""Stands for the section in the keys of overall judgements: judgement:overall."""
DOWNGRADE_RULES = ("development-only",)
"""Named rules an overall judgement may be lowered by; each is a function in review.scoring."""


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """One answer a reviewer may pick."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    label: str
    means: Meaning | None = None
    """What picking it says of the item; None where the item only counts points or sorts."""
    key: str | None = None
    """The key that picks it on the appraisal page: one letter or digit."""
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Where the instrument was published."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    authors: str
    title: str
    journal: str
    year: int
    where: str
    doi: str | None = None


@dataclass(frozen=True, slots=True)
class Precondition:
    """Something about the study that switches items on or off; asked before the items."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    question: str
    name: str = ""
    number: str = ""
    answers: str | None = None
    options: tuple[AnswerOption, ...] = ()
    guidance: str = ""
    cues: tuple[str, ...] = ()
    applies_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One item or signalling question."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    number: str
    """As published: '7', '4.5' or '12a'."""
    name: str
    question: str
    guidance: str = ""
    choose: AnswerKind = "one"
    """'text' and 'number' take a typed answer, or one of their options."""
    answers: str | None = None
    """Name of an answer set of the file; the loader then fills the options."""
    options: tuple[AnswerOption, ...] = ()
    unit: str = ""
    """What a number counts, for 'number' items."""
    weight: float | None = None
    optional: bool = False
    """A review may do without it: left blank, it is left out."""
    cues: tuple[str, ...] = ()
    """Phrases that often stand near the evidence; pointers for the reader, never answers."""
    applies_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Fact id -> answers under which the item applies; every fact named must agree."""
    earlier: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Older edition -> the numbers there this item continues; an empty list means new."""


@dataclass(frozen=True, slots=True)
class ChecklistSection:
    """A group of items, or a domain of a risk-of-bias tool."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    title: str
    items: tuple[Item, ...]
    number: str = ""
    weight: float | None = None
    judgement: str | None = None
    """For a domain: the question its risk-of-bias judgement answers."""
    applicability: str | None = None
    """For a domain that has one: the question of concern about applicability."""


@dataclass(frozen=True, slots=True)
class ScoreDefinition:
    """One number made of the answers."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    title: str
    kind: ScoreKind
    primary: bool = False
    min: float | None = None
    max: float | None = None
    of: str | None = None
    """For percent-of-max: the score it is taken of."""
    round: int | None = None
    """Decimals it is rounded to before it is shown and banded."""
    bands: tuple[tuple[float, str], ...] = ()
    """(from, name), rising; a value belongs to the last band it reaches."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class OverallRule:
    """How the judgements of the domains make the overall one."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    rule: Literal["worst-of-domains", "at-risk-if-any"]
    downgrade: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A warning when an item is met, or an option picked, without what it rests on."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    item: str
    needs: str
    option: str | None = None
    needs_option: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """One edition of one instrument. A new edition is a new id: saved answers point at it."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    title: str
    short: str
    edition: str
    kind: ChecklistKind
    licence: str
    item_count: int
    sections: tuple[ChecklistSection, ...]
    citation: Citation | None = None
    unit: Literal["study", "model"] = "study"
    """What one form judges."""
    supersedes: str | None = None
    superseded_by: str | None = None
    answer_sets: Mapping[str, tuple[AnswerOption, ...]] = field(default_factory=dict, hash=False)
    default_answers: str | None = None
    facts: tuple[Precondition, ...] = ()
    scores: tuple[ScoreDefinition, ...] = ()
    overall: OverallRule | None = None
    needs: tuple[Dependency, ...] = ()
    no_total: bool = False
    """The authors of the instrument forbid a summed score."""
    note: str = ""
    source: Path | None = None
    """The file it was read from; set by the loader."""
    digest: str = ""
    """SHA-256 of that file; set by the loader."""
    shape: str = ""
    """SHA-256 of what answers mean: ids, options, points, weights, conditions and rules, without
    the wording. Set by the loader; a review pins it, so that saved answers keep their sense."""


LOADER_FIELDS = ("source", "digest", "shape")
"""Fields the loader sets; no keys of a file."""


def list_items(checklist: Checklist) -> tuple[Item, ...]:
    """Every item, in the order of the sections."""
    return tuple(item for section in checklist.sections for item in section.items)
