"""Compares a form with its checklist: which items apply, and what each answer means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from review.checklists.answers import get_points, split_answer
from review.checklists.models import (
    NONE_OF_THESE,
    UNSURE,
    Checklist,
    Item,
    Meaning,
    Precondition,
    list_items,
)

FormAnswers = Mapping[str, str | None]
ItemState = Literal[
    "met", "partly", "unmet", "unclear", "not-applicable", "given", "unsure", "open"
]
"""State of an item; 'given' for an answer that is neither good nor bad, 'open' for none."""


@dataclass(frozen=True, slots=True)
class FormScore:
    """One score of a form."""

    id: str
    title: str
    value: float | None
    """None while answers are missing, or if no item applies."""
    low: float | None
    high: float | None
    """Lowest and highest value still possible; for a complete form both equal the value."""
    band: str | None = None
    primary: bool = False
    max: float | None = None


@dataclass(frozen=True, slots=True)
class SectionTotal:
    """Result of one section."""

    id: str
    title: str
    states: Mapping[ItemState, int]
    points: int
    """Points of the answers given so far."""
    low: int
    high: int
    """Lowest and highest number of points still possible."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A domain's judgement, or the overall one."""

    key: str
    section: str
    part: Literal["judgement", "applicability"]
    proposed: str | None
    """Judgement suggested by the answers; None while answers are missing, and for applicability."""
    given: str | None
    reason: str | None
    """The reviewer's reason."""
    final: str | None
    """The reviewer's judgement, or else the suggested one."""
    overridden: bool
    """Whether the reviewer overruled the suggested judgement."""


@dataclass(frozen=True, slots=True)
class FormResult:
    """Complete result of one form."""

    checklist: str
    totals: tuple[FormScore, ...]
    sections: tuple[SectionTotal, ...]
    judgements: tuple[Judgement, ...]
    unanswered: tuple[str, ...]
    """Required keys without an answer, in the order of the form."""
    unsure: tuple[str, ...]
    ignored: tuple[str, ...]
    """Keys that have an answer but do not apply; they are not counted."""
    warnings: tuple[str, ...]
    complete: bool


def is_applicable(item: Item | Precondition, form: FormAnswers) -> bool | None:
    """Whether an item applies, given the answered facts; None while one it needs is unanswered."""
    conditions: list[bool | None] = []
    for fact, accepted in item.applies_if.items():
        answer = form.get(f"about:{fact}")
        conditions.append(None if answer in (None, UNSURE) else answer in accepted)
    if False in conditions:
        return False
    return None if None in conditions else True


def get_item_state(item: Item, answer: str | None) -> ItemState:
    """State of an applicable item, given its answer."""
    if answer is None:
        return "open"
    if answer == UNSURE:
        return "unsure"
    points = get_points(item, answer)
    if points is not None:
        return _get_state_of_points(item, points)
    if item.choose == "many" and answer == NONE_OF_THESE:
        return "unmet"
    meanings: list[Meaning | None] = [o.means for o in item.options if o.id in split_answer(answer)]
    return next((meaning for meaning in meanings if meaning is not None), "given")


def _get_state_of_points(item: Item, points: int) -> ItemState:
    """The state that all answers with these points share; 'open' if they differ."""
    options = item.options
    if item.choose != "many":
        options = tuple(option for option in options if option.points == points)
    meanings = {option.means for option in options}
    meaning = meanings.pop() if len(meanings) == 1 else "open"
    return meaning or "given"


def inactive_items(checklist: Checklist, form: FormAnswers) -> set[str]:
    """Keys that do not apply. A fact that depends on an inactive fact is inactive as well, and its
    answer is not counted."""
    inactive: set[str] = set()
    for fact in checklist.facts:
        if is_applicable(fact, {k: v for k, v in form.items() if k not in inactive}) is False:
            inactive.add(f"about:{fact.id}")
    active_answers = {key: value for key, value in form.items() if key not in inactive}
    inactive_facts = {f"about:{fact.id}" for fact in checklist.facts} & inactive
    for item in list_items(checklist):
        needs_inactive_fact = any(f"about:{fact}" in inactive_facts for fact in item.applies_if)
        if needs_inactive_fact or is_applicable(item, active_answers) is False:
            inactive.add(item.id)
    return inactive


def list_undecided_keys(checklist: Checklist, active_answers: FormAnswers) -> set[str]:
    """Keys for which it is not yet known whether they apply, because a fact is unanswered."""
    facts = {f"about:{f.id}" for f in checklist.facts if is_applicable(f, active_answers) is None}
    return facts | {
        item.id for item in list_items(checklist) if is_applicable(item, active_answers) is None
    }


def build_judgement_key(name: str) -> str:
    """The key of a judgement named in a protocol; a domain name means its risk of bias."""
    return name if ":" in name else f"judgement:{name}"
