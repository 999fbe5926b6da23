"""The finished forms of one report -> what they differ in, and the settled form.

Answers are compared, not quotes. What all say is settled by itself; the rest is settled one key at
a time by a person. Facts come first: settling one can make items fall away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from review.checklists import UNSURE, Asked, Checklist, Option, answerable
from review.models import Answer, plain

Origin = Literal["agreed", "settled", "open"]
Entries = Mapping[str, Answer]
"""Key -> a reviewer's newest answer."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One key as the reviewers of a report answered it, side by side."""

    asked: Asked
    said: tuple[Answer | None, ...]
    """One a reviewer, in the order of their forms; None where one did not answer."""
    origin: Origin
    settled: Answer | None
    """The consensus entry; None while it is open or all agree."""


@dataclass(frozen=True, slots=True)
class ItemRatings:
    """One item as reviewers rated many reports: the input of an agreement figure."""

    key: str
    name: str
    rows: tuple[tuple[str | None, ...], ...]
    """One a report that two or more answered, with one place a reviewer; None: no answer."""
    categories: tuple[str, ...]
    """All answers the item takes, in the order of the checklist."""
    ordered: bool
    """The categories carry points or rise by themselves, so that weighted kappa makes sense."""


def same(asked: Asked, first: str | None, second: str | None) -> bool:
    """Whether two answers say the same. Typed text is compared without case and punctuation,
    numbers by value; two reviewers who are both unsure have still not answered."""
    if first is None or second is None or UNSURE in (first, second):
        return False
    if first == second:
        return True
    if asked.choose == "number":
        try:
            return float(first) == float(second)
        except ValueError:
            return False
    return asked.choose == "text" and plain(first) == plain(second) != ""


def pairs(
    checklist: Checklist, forms: Sequence[Entries], settled: Entries | None = None
) -> tuple[Pair, ...]:
    """Every key any reviewer answered, in the order of the form, with how it stands."""
    done = settled or {}
    found = []
    for asked in answerable(checklist):
        said = tuple(_said(form, asked.key) for form in forms)
        entry = _said(done, asked.key)
        if entry is None and not any(said):
            continue
        told = [one.answer if one else None for one in said]
        agreed = bool(told) and all(same(asked, told[0], other) for other in told)
        origin: Origin = "settled" if entry else "agreed" if agreed else "open"
        found.append(Pair(asked, said, origin, entry))
    return tuple(found)


def _said(entries: Entries, key: str) -> Answer | None:
    entry = entries.get(key)
    return entry if entry is not None and entry.answer is not None else None


def conflicts(
    checklist: Checklist,
    forms: Sequence[Entries],
    settled: Entries | None = None,
    *,
    dead: frozenset[str] = frozenset(),
) -> tuple[Pair, ...]:
    """The keys that still wait for a person, in the order of the form.

    Args:
        dead: keys that do not apply under what is settled so far; they need nobody.
    """
    every = pairs(checklist, forms, settled)
    return tuple(pair for pair in every if pair.origin == "open" and pair.asked.key not in dead)


def consensus_form(every: Sequence[Pair]) -> dict[str, str]:
    """Key -> answer of the settled form so far: what all said, and what was settled."""
    form: dict[str, str] = {}
    for pair in every:
        entry = pair.settled if pair.origin == "settled" else next(iter(pair.said), None)
        if pair.origin != "open" and entry is not None and entry.answer is not None:
            form[pair.asked.key] = entry.answer
    return form


def consensus_reasons(every: Sequence[Pair]) -> dict[str, str]:
    """Key -> comment of the settled form so far, for judgements that differ from the proposal."""
    found: dict[str, str] = {}
    for pair in every:
        entries = (pair.settled,) if pair.origin == "settled" else pair.said
        said = [e.comment for e in entries if e is not None and e.comment]
        if pair.origin != "open" and said:
            found[pair.asked.key] = " / ".join(dict.fromkeys(said))
    return found


def ratings(checklist: Checklist, forms: Sequence[Sequence[Entries]]) -> tuple[ItemRatings, ...]:
    """What reviewers answered, item by item, where two or more did; typed items are left out.

    Args:
        forms: the finished forms of each report, reviewers in one order throughout.
    """
    widest = max((len(one) for one in forms), default=0)
    found = []
    for asked in answerable(checklist):
        if asked.choose in ("text", "number"):
            continue
        rows = []
        for report in forms:
            said = [_said(form, asked.key) for form in report]
            told = [one.answer if one else None for one in said]
            if sum(one is not None for one in told) > 1:
                rows.append((*told, *[None] * (widest - len(told))))
        found.append(
            ItemRatings(
                key=asked.key,
                name=f"{asked.number} {asked.name}".strip(),
                rows=tuple(rows),
                categories=tuple(option.id for option in _ranked(asked)),
                ordered=_ordered(asked),
            )
        )
    return tuple(found)


def _ordered(asked: Asked) -> bool:
    points = [option.points for option in asked.options]
    return asked.choose == "one" and None not in points and len(points) > 1


def _ranked(asked: Asked) -> list[Option]:
    if not _ordered(asked):
        return list(asked.options)
    return sorted(asked.options, key=lambda option: option.points or 0)
