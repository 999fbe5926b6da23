"""A decision, or a file of them, on records at a stage: checked, added, and the standing after."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from review.errors import ReviewError
from review.models import Decision, Role, Verdict
from review.protocol import Protocol, Stage, stage_reviewers
from review.screening import Standing
from review.store import Connection, decisions, records
from review.store.records import key_of
from review.store.timestamps import now
from review.workflow.project.project import Project
from review.workflow.screening import status as standings
from review.workflow.screening.status import Family

LATER = 1 << 40
"""Row numbers of decisions that are not stored yet begin here, so that they sort as newest."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision somebody wants to enter."""

    record: int
    stage: str
    reviewer: str
    verdict: Verdict | None
    """None withdraws the decision this reviewer made before."""
    reason: str | None = None
    note: str | None = None
    role: Role = "reviewer"


def stage_named(protocol: Protocol, name: str) -> Stage:
    """The stage of an id or a kind. Raises ReviewError with the nearest name."""
    for stage in protocol.stages:
        if name in (stage.id, stage.kind, stage.name):
            return stage
    ids = [stage.id for stage in protocol.stages]
    near = difflib.get_close_matches(name, ids, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ReviewError(f"There is no stage {name!r}; the stages are {', '.join(ids)}.{hint}")


def decide(project: Project, wanted: Wanted, who: str | None = None) -> Standing:
    """Adds one decision and gives the report's standing after it.

    Raises:
        ReviewError: unknown record, stage, reviewer or reason, the record is not at the stage, or
            somebody else has adjudicated it already. Nothing is added then.
    """
    with project.store.write() as conn:
        return add(project, conn, [wanted], now(), who=who)[0]


def add(
    project: Project,
    conn: Connection,
    wanted: Sequence[Wanted],
    at: datetime,
    *,
    who: str | None = None,
    batch: int | None = None,
) -> list[Standing]:
    """Adds decisions in one transaction, each checked against the state the ones before it made.

    Raises:
        ReviewError: as decide, naming the record; the transaction then keeps none of them.
    """
    known = standings.family(conn, [one.record for one in wanted])
    rows: list[Decision] = []
    found: list[Standing] = []
    for one in wanted:
        if one.record not in known.report_of:
            records.get(conn, one.record)
        stage, reason = _checked(project, known, one)
        row = Decision(
            one.record, stage.id, one.reviewer, one.verdict, at, reason, one.note, one.role,
            id=len(rows) + LATER,
        )  # fmt: skip
        rows.append(row)
        report = known.report_of[one.record]
        known.by_report[report].setdefault(stage.id, []).append(row)
        found.append(standings.of(project.protocol, known, report)[stage.id])
    decisions.add(conn, rows, who=who, batch=batch, protocol=project.fingerprint)
    standings.keep(project, conn, known)
    return found


def _checked(project: Project, known: Family, one: Wanted) -> tuple[Stage, str | None]:
    """The decision's stage and its reason in the protocol's words."""
    stage = stage_named(project.protocol, one.stage)
    _check_person(project, stage, one, known.away)
    reason = _check_reason(stage, one)
    before = standings.of(project.protocol, known, known.report_of[one.record])
    if stage.id not in before:
        last = next(s.id for s in reversed(project.protocol.stages) if s.id in before)
        raise ReviewError(
            f"{key_of(one.record)} is not at stage {stage.id!r}: it is {before[last].status} at "
            f"{last!r}."
        )
    if one.role == "adjudicator":
        _check_adjudication(one, before[stage.id])
    return stage, reason


def _check_person(project: Project, stage: Stage, one: Wanted, gone: set[str]) -> None:
    if one.role == "automation":
        return
    if one.role == "reviewer":
        may = [name for name in stage_reviewers(project.protocol, stage) if name not in gone]
        what = f"a reviewer of stage {stage.id!r}"
    else:
        may = [p.name for p in project.protocol.team if "adjudicator" in p.roles]
        what = "an adjudicator"
    if one.reviewer not in may:
        near = difflib.get_close_matches(one.reviewer, may, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ReviewError(
            f"{one.reviewer!r} is not {what}; these are: {', '.join(may) or 'nobody'}.{hint}"
        )


def _check_reason(stage: Stage, one: Wanted) -> str | None:
    if one.verdict != "exclude":
        return None
    if not one.reason:
        if stage.kind == "eligibility":
            raise ReviewError(
                f"{key_of(one.record)}: an exclusion at {stage.id!r} needs one of its reasons: "
                f"{'; '.join(stage.reasons)}."
            )
        return None
    if not stage.reasons or one.role == "automation" or stage.kind == "quality":
        return one.reason
    for reason in stage.reasons:
        if reason.casefold() == one.reason.strip().casefold():
            return reason
    near = difflib.get_close_matches(one.reason, stage.reasons, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ReviewError(
        f"{key_of(one.record)}: {one.reason!r} is not a reason of stage {stage.id!r}; "
        f"these are: {'; '.join(stage.reasons)}.{hint}"
    )


def _check_adjudication(one: Wanted, here: Standing) -> None:
    others = [d for d in here.decisions if d.role == "adjudicator" and d.reviewer != one.reviewer]
    if others:
        raise ReviewError(
            f"{key_of(one.record)} was settled already by {others[-1].reviewer}; "
            "they can undo it first."
        )
    if one.verdict is not None and here.status != "conflict" and here.settled_by != "adjudicator":
        raise ReviewError(
            f"{key_of(one.record)} is not in conflict at this stage ({here.status}); "
            "there is nothing to settle."
        )
