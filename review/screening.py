"""Where a report stands at a stage, from the decisions on it. Pure: the same rows, the same answer.

A decision is replaced by a newer one of the same reviewer in the same role; None withdraws it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from review.records import Decision

Status = Literal["pending", "partial", "conflict", "included", "excluded"]
Pile = Literal["verdict", "reason", "maybe"]


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
    retired: Iterable[str] = (),
    reasons_matter: bool = True,
) -> Standing:
    """Where a report stands at a stage.

    Args:
        decisions: all decisions on the report's records at this stage, in any order.
        needed: how many reviewers must decide.
        retired: reviewers whose decisions no longer count where the rest have not settled it.
        reasons_matter: whether two exclusions for different reasons are a conflict.
    """
    gone = set(retired)
    valid = current(decisions)
    automatic = [one for one in valid if one.role == "automation"]
    judged = [one for one in valid if one.role == "adjudicator"]
    votes = [one for one in valid if one.role == "reviewer"]
    if judged:
        return _settled(judged[-1], "adjudicator", valid, len(votes))
    full = _agreed(votes, needed, valid, reasons_matter)
    if full is not None and full.status != "conflict":
        return full
    staying = [one for one in votes if one.reviewer not in gone]
    left = _agreed(staying, needed, valid, reasons_matter)
    if left is not None:
        return left
    if not votes and automatic:
        return _settled(automatic[-1], "automation", valid, 0)
    word: Status = "partial" if staying else "pending"
    return Standing(word, votes=len(staying), at=_last(valid), decisions=tuple(valid))


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
