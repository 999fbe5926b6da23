"""Computes the status of a report at a stage from its decisions.

A decision is replaced by a newer one of the same reviewer in the same role; None withdraws it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from statistics import mean
from typing import Literal

from review.models import Decision, Verdict
from review.protocol.models import MaybeMeaning

StatusName = Literal["pending", "partial", "conflict", "included", "excluded"]
ConflictKind = Literal["verdict", "reason", "maybe"]
Departure = int | datetime
"""When a reviewer left: the number of the newest decision then; a moment only where decisions have
no numbers."""
BREAK_SECONDS = 300.0
"""A longer pause between two decisions is a break, not work (seconds)."""
BULK_IMPORT_SECONDS = 0.25
"""Decisions closer together came in with a file: no one reads a record in that time (seconds)."""
MIN_PAUSES = 40
"""Pauses that an estimate of the time left needs; fewer say little."""
FASTEST_SECONDS = 5.0
"""A record takes at least this long in an estimate (seconds)."""


@dataclass(frozen=True, slots=True)
class ScreeningStatus:
    """The status of one report at one stage."""

    status: StatusName
    """pending: nobody decided; partial: not yet all needed; conflict: the adjudicator's turn."""
    reason: str | None = None
    """Why it is excluded; None otherwise."""
    conflict_kind: ConflictKind | None = None
    """Which kind of conflict: the verdicts differ, only the reasons, or nobody is sure."""
    votes: int = 0
    """Reviewers whose decision counts now."""
    resolved_by: Literal["agreement", "adjudicator", "automation"] | None = None
    decided_at: datetime | None = None
    """Moment of the decision that brought it here."""
    decisions: tuple[Decision, ...] = ()
    """The decisions that count now, oldest first."""


def list_current_decisions(decisions: Iterable[Decision]) -> list[Decision]:
    """The newest decision per reviewer and role, withdrawn ones left out; oldest first."""
    newest: dict[tuple[str, str], Decision] = {}
    for decision in sorted(decisions, key=_get_order_key):
        newest[decision.reviewer, decision.role] = decision
    return sorted(
        (decision for decision in newest.values() if decision.verdict is not None),
        key=_get_order_key,
    )


def _get_order_key(decision: Decision) -> int:
    """Decisions are in order of arrival, whatever the clocks said; those without a number in the
    order they are given in."""
    return decision.id


def _is_made_by(decision: Decision, departure: Departure) -> bool:
    return decision.id <= departure if isinstance(departure, int) else decision.at <= departure


def get_status(
    decisions: Iterable[Decision],
    needed: int,
    *,
    retired: Mapping[str, Departure] | None = None,
    reasons_matter: bool = True,
    maybe: MaybeMeaning = "conflict",
) -> ScreeningStatus:
    """The status of a report at a stage.

    Args:
        decisions: all decisions on the report's records at this stage, in any order where they
            have numbers; the numbers say what came first.
        needed: how many reviewers must decide.
        retired: reviewers who left, and when; what they decided up to then counts only
            where the report was settled by then. They may have come back and decided anew.
        reasons_matter: whether two exclusions for different reasons are a conflict.
        maybe: whether a reviewer's Maybe counts as a vote to include, or as a conflict. An
            adjudicator's Maybe resolves nothing either way.
    """
    valid = list_current_decisions(decisions)
    automation_decisions = [decision for decision in valid if decision.role == "automation"]
    adjudications = [decision for decision in valid if decision.role == "adjudicator"]
    votes = [decision for decision in valid if decision.role == "reviewer"]
    if adjudications:
        return _build_final_status(adjudications[-1], "adjudicator", valid, len(votes))
    departures = {who: at for who, at in (retired or {}).items() if _has_voted_by(votes, who, at)}
    if departures:
        earlier_votes = [
            decision
            for decision in votes
            if all(_is_made_by(decision, departure) for departure in departures.values())
        ]
        earlier_status = _resolve_votes(
            earlier_votes, needed, valid, reasons_matter=reasons_matter, maybe=maybe
        )
        if earlier_status is not None and earlier_status.status != "conflict":
            return earlier_status
    active_votes = [
        decision
        for decision in votes
        if decision.reviewer not in departures
        or not _is_made_by(decision, departures[decision.reviewer])
    ]
    vote_status = _resolve_votes(
        active_votes, needed, valid, reasons_matter=reasons_matter, maybe=maybe
    )
    if vote_status is not None:
        return vote_status
    if not votes and automation_decisions:
        return _build_final_status(automation_decisions[-1], "automation", valid, 0)
    status_name: StatusName = "partial" if active_votes else "pending"
    return ScreeningStatus(
        status_name,
        votes=len(active_votes),
        decided_at=_find_last_time(valid),
        decisions=tuple(valid),
    )


def _has_voted_by(votes: Iterable[Decision], who: str, departure: Departure) -> bool:
    return any(vote.reviewer == who and _is_made_by(vote, departure) for vote in votes)


def _resolve_votes(
    votes: Sequence[Decision],
    needed: int,
    valid: Sequence[Decision],
    *,
    reasons_matter: bool,
    maybe: MaybeMeaning,
) -> ScreeningStatus | None:
    """What enough votes come to; None while there are too few."""
    if len(votes) < needed:
        return None
    verdicts = {count_verdict(vote.verdict, maybe) for vote in votes if vote.verdict}
    decided_at, current_decisions = _find_last_time(votes), tuple(valid)
    if verdicts == {"unsure"}:
        return ScreeningStatus(
            "conflict",
            conflict_kind="maybe",
            votes=len(votes),
            decided_at=decided_at,
            decisions=current_decisions,
        )
    if len(verdicts) > 1:
        return ScreeningStatus(
            "conflict",
            conflict_kind="verdict",
            votes=len(votes),
            decided_at=decided_at,
            decisions=current_decisions,
        )
    reasons = {vote.reason for vote in votes if vote.reason}
    if verdicts == {"exclude"} and len(reasons) > 1 and reasons_matter:
        return ScreeningStatus(
            "conflict",
            conflict_kind="reason",
            votes=len(votes),
            decided_at=decided_at,
            decisions=current_decisions,
        )
    status_name: StatusName = "included" if verdicts == {"include"} else "excluded"
    reason = next((vote.reason for vote in votes if vote.reason), None)
    return ScreeningStatus(
        status=status_name,
        reason=reason if status_name == "excluded" else None,
        conflict_kind=None,
        votes=len(votes),
        resolved_by="agreement",
        decided_at=decided_at,
        decisions=current_decisions,
    )


def count_verdict(verdict: Verdict, maybe: MaybeMeaning) -> Verdict:
    """What a reviewer's vote counts as at a stage: Maybe is a vote to include where it says so."""
    return "include" if verdict == "unsure" and maybe == "include" else verdict


def _build_final_status(
    decision: Decision,
    resolved_by: Literal["adjudicator", "automation"],
    valid: Sequence[Decision],
    votes: int,
) -> ScreeningStatus:
    if decision.verdict == "unsure":
        return ScreeningStatus(
            "conflict",
            conflict_kind="maybe",
            votes=votes,
            decided_at=decision.at,
            decisions=tuple(valid),
        )
    status_name: StatusName = "included" if decision.verdict == "include" else "excluded"
    reason = decision.reason if status_name == "excluded" else None
    return ScreeningStatus(
        status=status_name,
        reason=reason,
        conflict_kind=None,
        votes=votes,
        resolved_by=resolved_by,
        decided_at=decision.at,
        decisions=tuple(valid),
    )


def _find_last_time(decisions: Sequence[Decision]) -> datetime | None:
    newest = max(decisions, key=_get_order_key, default=None)
    return None if newest is None else newest.at


def assign_reviewers(
    number: int, people: Sequence[str], needed: int, *, seed: int, shares: Mapping[str, float]
) -> tuple[str, ...]:
    """Who judges a record, where not everybody may: drawn from the seed and the record's number.

    Args:
        number: the record's number in the store.
        people: the stage's reviewers; their order does not matter.
        needed: how many judge each record.
        shares: share of the records for each; equal ones where it is empty.
    """
    weights = {name: shares.get(name, 0.0) if shares else 1.0 for name in sorted(people)}
    chosen: list[str] = []
    for turn in range(min(needed, len(weights))):
        total_weight = sum(weights.values())
        if total_weight <= 0:
            weights = dict.fromkeys(weights, 1.0)
            total_weight = float(len(weights))
        name = _pick_weighted(weights, _draw_uniform(f"{seed}:{number}:{turn}") * total_weight)
        chosen.append(name)
        del weights[name]
    return tuple(sorted(chosen))


def _pick_weighted(weights: Mapping[str, float], point: float) -> str:
    """The name whose stretch of the weights, laid end to end, holds the point `at`."""
    for name, weight in weights.items():
        point -= weight
        if point < 0:
            return name
    return next(reversed(list(weights)))


def _draw_uniform(text: str) -> float:
    """A number from 0 to 1 (1 left out) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / (1 << 56)


QUEUE_SPREAD = 40
"""Where more may judge than are needed, each takes one of this many waiting reports (reports)."""


def pick_waiting_report(
    waiting: Sequence[int], reviewer: str, people: Sequence[str], needed: int, *, seed: int
) -> int:
    """Which of the first waiting reports a reviewer takes, so that not all read the same one.

    Each report has a few preferred readers, drawn by lot; they take it in the order. Others take
    it when it has come far enough forward, each at a different time, so none waits for the absent.

    Args:
        waiting: at least one report, first in the order first.
    """

    readers = tuple(people)

    def compute_turn(index: int) -> float:
        number = waiting[index]
        if reviewer in _list_preferred_readers(number, readers, needed, seed):
            return index
        return index + QUEUE_SPREAD * (0.25 + _draw_uniform(f"{seed}:{number}:{reviewer}"))

    return waiting[min(range(len(waiting)), key=compute_turn)]


@lru_cache(maxsize=20_000)
def _list_preferred_readers(
    number: int, people: tuple[str, ...], needed: int, seed: int
) -> tuple[str, ...]:
    """Who takes a report first; kept, since each key press asks for a hundred reports."""
    return assign_reviewers(number, people, needed, seed=seed, shares={})


def shuffle_records(numbers: Iterable[int], seed: int) -> list[int]:
    """Records in an order drawn from the seed; one more record leaves the others' order alone."""
    return sorted(numbers, key=lambda number: (_draw_uniform(f"{seed}:{number}"), number))


def estimate_minutes_left(decision_times: Sequence[datetime], remaining_count: int) -> float | None:
    """About how long the rest takes: the mean pause between decisions, times what is left.

    The mean, because a few records that take long make up much of the time; and at least
    FASTEST_SECONDS, because the first records often go faster than the rest.

    Args:
        decision_times: when the reviewer decided, any order; pauses over BREAK_SECONDS are breaks,
            those under BULK_IMPORT_SECONDS are a file's.

    Returns:
        Minutes; None with fewer than MIN_PAUSES pauses between decisions made one by one.
    """
    ordered = sorted(decision_times)
    gaps = [(b - a).total_seconds() for a, b in pairwise(ordered)]
    working_gaps = [gap for gap in gaps if BULK_IMPORT_SECONDS <= gap <= BREAK_SECONDS]
    if len(working_gaps) < MIN_PAUSES:
        return None
    return max(mean(working_gaps), FASTEST_SECONDS) * remaining_count / 60
