"""The dataclasses of a checklist, as its YAML file defines it. Only the loader creates them.

Field names are the keys of the file, so an unknown key is an error and not a silent loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

STRICT: Mapping[str, str] = {"extra": "forbid"}
"""Configuration of the validator: unknown keys are rejected."""

Meaning = Literal["met", "partly", "unmet", "unclear", "not-applicable"]
AnswerKind = Literal["one", "many", "text", "number", "date"]
ChecklistKind = Literal["reporting", "quality", "risk-of-bias", "extraction"]
ScoreKind = Literal[
    "count", "percent-applicable", "sum", "percent-of-max", "percent-of-points", "weighted-percent"
]

TYPED_KINDS: tuple[AnswerKind, ...] = ("text", "number", "date")
"""Kinds of answer that are typed; their options, if any, can be chosen instead."""
DATE_FORMS = "a date (2024, 2024-03 or 2024-03-31)"
"""What an item of kind 'date' accepts, in words."""
UNSURE = "unsure"
"""Accepted by every item: the reviewer looked but needs to return; distinct from unanswered."""
NONE_OF_THESE = "none"
"""The answer to a 'many' item if no option applies."""
OPTION_SEPARATOR = "+"
"""Separates the option ids of a 'many' answer: documented+public."""
JUDGEMENTS = ("low", "unclear", "high")
"""Judgements of a domain, from best to worst."""
NOT_JUDGED = "not-judged"
"""A domain that cannot be judged, such as deep features under PROBAST's predictors."""
AT_RISK = "at-risk"
"""The worse overall judgement of tools with only 'low' and 'at risk'."""
OVERALL = "overall"
"""Used in place of the section in keys of overall judgements: judgement:overall."""
FORM_SEPARATOR = "@"
"""Separates checklist and model in the id of a form that appraises one model: probast-2019@7."""
DOWNGRADE_RULES = ("development-only",)
"""Named rules that can downgrade an overall judgement; each is a function in review.scoring."""


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """One answer option."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    label: str
    means: Meaning | None = None
    """State of the item if chosen; None if the item only counts points or classifies."""
    key: str | None = None
    """Keyboard shortcut on the appraisal page: one letter or digit."""
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
    """A fact about the study that determines which items apply; asked before the items."""

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
    """'text', 'number' and 'date' accept a typed answer or one of their options."""
    answers: str | None = None
    """Name of an answer set in the file, from which the loader fills in the options."""
    options: tuple[AnswerOption, ...] = ()
    unit: str = ""
    """Unit of 'number' items."""
    weight: float | None = None
    optional: bool = False
    """Whether it may be left blank and is then ignored."""
    cues: tuple[str, ...] = ()
    """Phrases that often occur near the evidence; hints for the reviewer, not answers."""
    from_facts: tuple[str, ...] = ()
    """Fields of the facts of a paper that are offered as answer, each 'field' or 'field: label'."""
    applies_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Fact id -> answers for which the item applies; all facts listed must match."""
    earlier: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Older edition -> corresponding item numbers; an empty list means the item is new."""


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
    """For a domain with applicability: the question on concerns about applicability."""


@dataclass(frozen=True, slots=True)
class ScoreDefinition:
    """One score calculated from the answers."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    title: str
    kind: ScoreKind
    primary: bool = False
    min: float | None = None
    max: float | None = None
    of: str | None = None
    """For percent-of-max: the score it is a percentage of."""
    items: tuple[str, ...] = ()
    """For sum: the ids of the items it adds up; all items if empty."""
    round: int | None = None
    """Decimals to which it is rounded before display and banding."""
    bands: tuple[tuple[float, str], ...] = ()
    """(from, name) in ascending order; a value belongs to the last band it reaches."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class OverallRule:
    """How the overall judgement follows from the domains."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    rule: Literal["worst-of-domains", "at-risk-if-any"]
    downgrade: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A warning if an item is met, or an option chosen, without its prerequisite."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    item: str
    needs: str
    option: str | None = None
    needs_option: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """One edition of one instrument. A new edition has a new id: saved answers refer to it."""

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
    """What one form appraises."""
    supersedes: str | None = None
    superseded_by: str | None = None
    answer_sets: Mapping[str, tuple[AnswerOption, ...]] = field(default_factory=dict, hash=False)
    default_answers: str | None = None
    facts: tuple[Precondition, ...] = ()
    scores: tuple[ScoreDefinition, ...] = ()
    overall: OverallRule | None = None
    needs: tuple[Dependency, ...] = ()
    judged: str = "Risk of bias"
    """What the judgement of a domain is about; the heading of its column."""
    unclear_name: str = "Unclear"
    """The instrument's own name of the judgement 'unclear'."""
    no_total: bool = False
    """The authors of the instrument advise against a total score."""
    note: str = ""
    source: Path | None = None
    """The file it was read from; set by the loader."""
    digest: str = ""
    """SHA-256 of that file; set by the loader."""
    shape: str = ""
    """SHA-256 of what determines the meaning of answers: ids, options, points, weights, conditions
    and rules, without the wording. Set by the loader; recorded when a review uses the checklist."""

    @property
    def edition_id(self) -> str:
        """The id of the edition, also where `id` names the form of one model."""
        return self.id.partition(FORM_SEPARATOR)[0]


LOADER_FIELDS = ("source", "digest", "shape")
"""Fields set by the loader, not keys of the file."""


def list_items(checklist: Checklist) -> tuple[Item, ...]:
    """All items in published order: by number if all numbers are whole, else as in the file.

    The sections may group them otherwise, as the domains of RQS do.
    """
    items = tuple(item for section in checklist.sections for item in section.items)
    if all(item.number.isdigit() for item in items):
        return tuple(sorted(items, key=lambda item: int(item.number)))
    return items
