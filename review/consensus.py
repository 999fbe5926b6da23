"""Two finished forms of one report -> what they differ in, and the settled form.

Answers are compared, not quotes. What both say is settled by itself; the rest is settled one key at
a time by a person. Facts come first: settling one can make items fall away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from review.checklists import UNSURE, Asked, Checklist, Option, answerable
from review.records import Answer, plain

Origin = Literal["agreed", "settled", "open"]
Entries = Mapping[str, Answer]
"""Key -> a reviewer's newest answer."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One key as two reviewers answered it; None where one did not."""

    asked: Asked
    first: Answer | None
    second: Answer | None
    origin: Origin
    settled: Answer | None
    """The consensus entry; None while it is open or both agree."""


@dataclass(frozen=True, slots=True)
class ItemRatings:
    """One item as two reviewers rated many reports: the input of an agreement figure."""

    key: str
    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    """Answers to the same reports in the same order."""
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
    checklist: Checklist, first: Entries, second: Entries, settled: Entries | None = None
) -> tuple[Pair, ...]:
    """Every key either reviewer answered, in the order of the form, with how it stands."""
    done = settled or {}
    found = []
    for asked in answerable(checklist):
        one, two = _said(first, asked.key), _said(second, asked.key)
        entry = _said(done, asked.key)
        if one is None and two is None and entry is None:
            continue
        agreed = same(asked, one.answer if one else None, two.answer if two else None)
        origin: Origin = "settled" if entry else "agreed" if agreed else "open"
        found.append(Pair(asked, one, two, origin, entry))
    return tuple(found)


def _said(entries: Entries, key: str) -> Answer | None:
    entry = entries.get(key)
    return entry if entry is not None and entry.answer is not None else None


def conflicts(
    checklist: Checklist,
    first: Entries,
    second: Entries,
    settled: Entries | None = None,
    *,
    dead: frozenset[str] = frozenset(),
) -> tuple[Pair, ...]:
    """The keys that still wait for a person, in the order of the form.

    Args:
        dead: keys that do not apply under what is settled so far; they need nobody.
    """
    every = pairs(checklist, first, second, settled)
    return tuple(pair for pair in every if pair.origin == "open" and pair.asked.key not in dead)


def consensus_form(every: Sequence[Pair]) -> dict[str, str]:
    """Key -> answer of the settled form so far: what both said, and what was settled."""
    form: dict[str, str] = {}
    for pair in every:
        entry = pair.settled if pair.origin == "settled" else pair.first
        if pair.origin != "open" and entry is not None and entry.answer is not None:
            form[pair.asked.key] = entry.answer
    return form


def consensus_reasons(every: Sequence[Pair]) -> dict[str, str]:
    """Key -> comment of the settled form so far, for judgements that differ from the proposal."""
    found: dict[str, str] = {}
    for pair in every:
        entries = (pair.settled,) if pair.origin == "settled" else (pair.first, pair.second)
        said = [e.comment for e in entries if e is not None and e.comment]
        if pair.origin != "open" and said:
            found[pair.asked.key] = " / ".join(dict.fromkeys(said))
    return found


def ratings(
    checklist: Checklist, forms: Sequence[tuple[Entries, Entries]]
) -> tuple[ItemRatings, ...]:
    """What two reviewers answered, item by item, where both answered; typed items are left out.

    Args:
        forms: one pair of finished forms a report, the first reviewer's always first.
    """
    found = []
    for asked in answerable(checklist):
        if asked.choose in ("text", "number"):
            continue
        both = [
            (one.answer, two.answer)
            for first, second in forms
            if (one := _said(first, asked.key)) and (two := _said(second, asked.key))
        ]
        found.append(
            ItemRatings(
                key=asked.key,
                name=f"{asked.number} {asked.name}".strip(),
                first=tuple(str(a) for a, _ in both),
                second=tuple(str(b) for _, b in both),
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
