"""A form against its checklist: which items apply, and what each answer says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from review.checklists import NONE, UNSURE, Checklist, Item, items, parts
from review.checklists.models import Fact, Meaning

Form = Mapping[str, str | None]
State = Literal["met", "partly", "unmet", "unclear", "not-applicable", "given", "unsure", "open"]
"""What is known of an item; 'given' for an answer that is neither good nor bad, 'open' for none."""


@dataclass(frozen=True, slots=True)
class Total:
    """One score of a form."""

    id: str
    title: str
    value: float | None
    """None while answers are open, or where nothing applies."""
    low: float | None
    high: float | None
    """Lowest and highest value still possible; both equal the value of a finished form."""
    band: str | None = None
    primary: bool = False
    max: float | None = None


@dataclass(frozen=True, slots=True)
class SectionTotal:
    """How the items of one section stand."""

    id: str
    title: str
    states: Mapping[State, int]
    points: int
    """Points of the answers given so far."""
    low: int
    high: int
    """Least and most points the section can still end with."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A domain's judgement, or the overall one."""

    key: str
    section: str
    part: Literal["judgement", "applicability"]
    proposed: str | None
    """What the answers propose; None while they are open, and for applicability."""
    given: str | None
    reason: str | None
    """The reviewer's sentence."""
    final: str | None
    """The reviewer's judgement, else the proposed one."""
    overridden: bool
    """The reviewer differs from the proposal."""


@dataclass(frozen=True, slots=True)
class Result:
    """All that one form gives."""

    checklist: str
    totals: tuple[Total, ...]
    sections: tuple[SectionTotal, ...]
    judgements: tuple[Judgement, ...]
    unanswered: tuple[str, ...]
    """Keys that must be answered and are not, in the order of the form."""
    unsure: tuple[str, ...]
    ignored: tuple[str, ...]
    """Keys that carry an answer though they do not apply; they count nowhere."""
    warnings: tuple[str, ...]
    complete: bool


def applies(one: Item | Fact, form: Form) -> bool | None:
    """Whether an item applies under the facts answered; None while a fact it rests on is open."""
    known: list[bool | None] = []
    for fact, wanted in one.applies_if.items():
        said = form.get(f"about:{fact}")
        known.append(None if said in (None, UNSURE) else said in wanted)
    if False in known:
        return False
    return None if None in known else True


def state(item: Item, answer: str | None) -> State:
    """What an answer says of an item that applies."""
    if answer is None:
        return "open"
    if answer == UNSURE:
        return "unsure"
    if item.choose == "many" and answer == NONE:
        return "unmet"
    meanings: list[Meaning | None] = [o.means for o in item.options if o.id in parts(answer)]
    return next((one for one in meanings if one is not None), "given")


def dead_keys(checklist: Checklist, form: Form) -> set[str]:
    """Keys that do not apply. A fact under a dead fact is dead, and its answer no longer counts."""
    dead: set[str] = set()
    for fact in checklist.facts:
        if applies(fact, {k: v for k, v in form.items() if k not in dead}) is False:
            dead.add(f"about:{fact.id}")
    live = {key: value for key, value in form.items() if key not in dead}
    gone = {f"about:{fact.id}" for fact in checklist.facts} & dead
    for item in items(checklist):
        rests_on_gone = any(f"about:{fact}" in gone for fact in item.applies_if)
        if rests_on_gone or applies(item, live) is False:
            dead.add(item.id)
    return dead


def waiting_keys(checklist: Checklist, live: Form) -> set[str]:
    """Keys of which nobody can say yet whether they apply; the open fact is asked first."""
    facts = {f"about:{f.id}" for f in checklist.facts if applies(f, live) is None}
    return facts | {item.id for item in items(checklist) if applies(item, live) is None}
