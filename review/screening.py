"""Where a report stands at a stage, from the decisions on it. Pure: the same rows, the same answer.

A decision is replaced by a newer one of the same reviewer in the same role; None withdraws it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Literal

from review.models import Decision

Status = Literal["pending", "partial", "conflict", "included", "excluded"]
Pile = Literal["verdict", "reason", "maybe"]
_NEVER = datetime.min.replace(tzinfo=UTC)
PAUSE_SECONDS = 300.0
"""A longer pause between two decisions is a break, not work (seconds)."""
IMPORT_SECONDS = 0.25
"""Decisions closer together came in with a file: no one reads a record in that time (seconds)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one report stands at one stage."""

    status: Status
    """pending: nobody decided; partial: not yet all needed; conflict: the adjudicator's turn."""
    reason: str | None = None
    """Why it is excluded; None otherwise."""
    pile: Pile | None = None
    """Which kind of conflict: the verdicts differ, only the reasons, or nobody is sure."""
    votes: int = 0
    """Reviewers whose decision counts now."""
    settled_by: Literal["agreement", "adjudicator", "automation"] | None = None
    at: datetime | None = None
    """Moment of the decision that brought it here."""
    decisions: tuple[Decision, ...] = ()
    """The decisions that count now, oldest first."""


def current(decisions: Iterable[Decision]) -> list[Decision]:
    """The newest decision per reviewer and role, withdrawn ones left out; oldest first."""
    newest: dict[tuple[str, str], Decision] = {}
    for one in sorted(decisions, key=_order):
        newest[one.reviewer, one.role] = one
    return sorted((one for one in newest.values() if one.verdict is not None), key=_order)


def _order(one: Decision) -> tuple[datetime, int]:
    return one.at, one.id


def status(
    decisions: Iterable[Decision],
    needed: int,
    *,
    retired: Mapping[str, datetime] | None = None,
    reasons_matter: bool = True,
) -> Standing:
    """Where a report stands at a stage.

    Args:
        decisions: all decisions on the report's records at this stage, in any order.
        needed: how many reviewers must decide.
        retired: reviewers who left, with the moment; what they decided up to then counts only
            where the report was settled by then. They may have come back and decided anew.
        reasons_matter: whether two exclusions for different reasons are a conflict.
    """
    valid = current(decisions)
    automatic = [one for one in valid if one.role == "automation"]
    judged = [one for one in valid if one.role == "adjudicator"]
    votes = [one for one in valid if one.role == "reviewer"]
    if judged:
        return _settled(judged[-1], "adjudicator", valid, len(votes))
    left_at = {who: at for who, at in (retired or {}).items() if _voted_by(votes, who, at)}
    if left_at:
        then = [one for one in votes if one.at <= min(left_at.values())]
        settled = _agreed(then, needed, valid, reasons_matter)
        if settled is not None and settled.status != "conflict":
            return settled
    staying = [one for one in votes if one.at > left_at.get(one.reviewer, _NEVER)]
    full = _agreed(staying, needed, valid, reasons_matter)
    if full is not None:
        return full
    if not votes and automatic:
        return _settled(automatic[-1], "automation", valid, 0)
    word: Status = "partial" if staying else "pending"
    return Standing(word, votes=len(staying), at=_last(valid), decisions=tuple(valid))


def _voted_by(votes: Iterable[Decision], who: str, at: datetime) -> bool:
    return any(one.reviewer == who and one.at <= at for one in votes)


def _agreed(
    votes: Sequence[Decision], needed: int, valid: Sequence[Decision], reasons_matter: bool
) -> Standing | None:
    """What enough votes come to; None while there are too few."""
    if len(votes) < needed:
        return None
    verdicts = {one.verdict for one in votes}
    at, both = _last(votes), tuple(valid)
    if verdicts == {"unsure"}:
        return Standing("conflict", pile="maybe", votes=len(votes), at=at, decisions=both)
    if len(verdicts) > 1:
        return Standing("conflict", pile="verdict", votes=len(votes), at=at, decisions=both)
    reasons = {one.reason for one in votes if one.reason}
    if verdicts == {"exclude"} and len(reasons) > 1 and reasons_matter:
        return Standing("conflict", pile="reason", votes=len(votes), at=at, decisions=both)
    word: Status = "included" if verdicts == {"include"} else "excluded"
    reason = next((one.reason for one in votes if one.reason), None)
    return Standing(
        word, reason if word == "excluded" else None, None, len(votes), "agreement", at, both
    )


def _settled(
    one: Decision,
    by: Literal["adjudicator", "automation"],
    valid: Sequence[Decision],
    votes: int,
) -> Standing:
    if one.verdict == "unsure":
        return Standing("conflict", pile="maybe", votes=votes, at=one.at, decisions=tuple(valid))
    word: Status = "included" if one.verdict == "include" else "excluded"
    reason = one.reason if word == "excluded" else None
    return Standing(word, reason, None, votes, by, one.at, tuple(valid))


def _last(decisions: Sequence[Decision]) -> datetime | None:
    return max((one.at for one in decisions), default=None)


def assigned(
    number: int, people: Sequence[str], needed: int, *, seed: int, shares: Mapping[str, float]
) -> tuple[str, ...]:
    """Who judges a record, where not everybody may: drawn from the seed and the record's number.

    Args:
        number: the record's number in the store.
        people: the stage's reviewers; their order does not matter.
        needed: how many judge each record.
        shares: share of the records for each; equal ones where it is empty.
    """
    left = {name: shares.get(name, 0.0) if shares else 1.0 for name in sorted(people)}
    chosen: list[str] = []
    for turn in range(min(needed, len(left))):
        whole = sum(left.values())
        if whole <= 0:
            left = dict.fromkeys(left, 1.0)
            whole = float(len(left))
        name = _pick(left, _uniform(f"{seed}:{number}:{turn}") * whole)
        chosen.append(name)
        del left[name]
    return tuple(sorted(chosen))


def _pick(weights: Mapping[str, float], at: float) -> str:
    """The name whose stretch of the weights, laid end to end, holds the point `at`."""
    for name, weight in weights.items():
        at -= weight
        if at < 0:
            return name
    return next(reversed(list(weights)))


def _uniform(text: str) -> float:
    """A number from 0 to 1 (1 left out) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / (1 << 56)


SPREAD = 40
"""Where more may judge than are needed, each takes one of so many waiting reports (reports)."""


def spread(
    waiting: Sequence[int], reviewer: str, people: Sequence[str], needed: int, *, seed: int
) -> int:
    """Which of the first waiting reports a reviewer takes, so that not all read the same one.

    Each report has a few preferred readers, drawn by lot; they take it in the order. Others take
    it when it has come far enough forward, each at a different time, so none waits for the absent.

    Args:
        waiting: at least one report, first in the order first.
    """

    def turn(place: int) -> float:
        number = waiting[place]
        if reviewer in assigned(number, people, needed, seed=seed, shares={}):
            return place
        return place + SPREAD * (0.25 + _uniform(f"{seed}:{number}:{reviewer}"))

    return waiting[min(range(len(waiting)), key=turn)]


def shuffled(numbers: Iterable[int], seed: int) -> list[int]:
    """Records in an order drawn from the seed; one more record leaves the others' order alone."""
    return sorted(numbers, key=lambda number: (_uniform(f"{seed}:{number}"), number))


def minutes_left(moments: Sequence[datetime], left: int) -> float | None:
    """About how long the rest takes: the median pause between decisions, times what is left.

    Args:
        moments: when the reviewer decided, any order; pauses over PAUSE_SECONDS are breaks,
            those under IMPORT_SECONDS are a file's.

    Returns:
        Minutes; None with fewer than three decisions made one by one.
    """
    ordered = sorted(moments)
    gaps = [(b - a).total_seconds() for a, b in pairwise(ordered)]
    working = [gap for gap in gaps if IMPORT_SECONDS <= gap <= PAUSE_SECONDS]
    if len(working) < 2:
        return None
    return median(working) * left / 60
