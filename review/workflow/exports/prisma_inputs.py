"""The review's flow at any moment: rows of the store -> the plain inputs of review.prisma."""

from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from review import prisma
from review.errors import FlowError
from review.models import Link
from review.protocol import Stage
from review.screening import Standing
from review.store import Connection, audit_events, identified, integrity, links, retrievals
from review.store.records import key_of
from review.workflow.deduplication.groups import groups_at
from review.workflow.project.project import Project
from review.workflow.screening import status as standings

STATUS: dict[str, prisma.Status] = {"included": "included", "excluded": "excluded"}
"""Standings that settle a report; all others wait."""
TOGETHER = "told together"
"""The act that notes which boxes are only known together."""


Known = tuple[dict[int, tuple[int, int]], standings.Standings]
"""Groups and standings of a moment."""


def inputs(
    project: Project, *, until: datetime | None = None, known: Known | None = None
) -> prisma.Inputs:
    """All the flow is counted from, as it stood at a moment (now where None).

    Args:
        known: groups and standings of that moment, where they are at hand.
    """
    with project.store.read() as conn:
        groups = known[0] if known else groups_at(conn, until)
        found = known[1] if known else _standings(project, conn, groups, until)
        entries = _entries(conn, groups, until)
        attempts = retrievals.newest(conn, until=until)
    had = {groups.get(n, (n, n))[0] for n, (state, _) in attempts.items() if state == "retrieved"}
    reports = {one.report for one in entries}
    stages = project.protocol.stages
    earlier = project.protocol.previous
    return prisma.Inputs(
        entries=entries,
        standings=[
            _standing(stage, report, one)
            for stage in stages
            for report, one in found[stage.id].items()
            if one.status in STATUS
        ],
        studies={
            key_of(report): key_of(study)
            for report, study in groups.values()
            if key_of(report) in reports
        },
        not_retrieved={
            key_of(groups.get(n, (n, n))[0]): reason or "Not retrieved"
            for n, (state, reason) in attempts.items()
            if state == "not retrieved" and groups.get(n, (n, n))[0] not in had
        },
        stages=[stage.kind for stage in stages],
        previous=(earlier.studies, earlier.reports) if earlier else None,
    )


def hold_store(conn: Connection) -> None:
    """Checks that nothing went missing from the store since it was entered.

    Raises:
        FlowError: entries or records are gone or say what no entry says; names them.
    """
    found = integrity.faults(conn)
    if found:
        raise FlowError(
            f"The store is not as it was entered: {'; '.join(found)}. "
            "Nothing is drawn; put back a copy of the store from before."
        )


def _standings(
    project: Project,
    conn: Connection,
    groups: dict[int, tuple[int, int]],
    until: datetime | None,
) -> standings.Standings:
    return standings.compute(project, conn, until=until, groups=groups)


def flow_of(project: Project, *, until: datetime | None = None) -> prisma.Flow:
    """The flow at a moment, once its boxes sum.

    Raises:
        FlowError: they do not; names the records that make the difference.
    """
    with project.store.read() as conn:
        hold_store(conn)
        together = told_together(conn, until)
    return prisma.hold(shaped(prisma.count(inputs(project, until=until)), together))


def told_together(conn: Connection, until: datetime | None = None) -> dict[str, str]:
    """Stage kind -> what its boxes are told as together; only for replayed reviews, of which the
    parts were never published."""
    told = audit_events.every(conn, kind=TOGETHER, until=until)
    return {str(one["subject"]): str((one["detail"] or {}).get("text", "")) for one in told}


def shaped(counted: prisma.Flow, together: Mapping[str, str]) -> prisma.Flow:
    """The flow with the boxes that are only told together joined."""
    for stage, text in together.items():
        counted = prisma.join(counted, "screening" if stage == "screening" else "eligibility", text)
    return counted


def _entries(
    conn: Connection, groups: dict[int, tuple[int, int]], until: datetime | None
) -> list[prisma.Entry]:
    by_hand = joined_by_hand(links.every(conn, until=until))
    found = []
    for one in identified.every(conn, until=until):
        place = f"{one.batch}:{one.number}"
        if one.record is None:
            name = f"import {place}"
            found.append(prisma.Entry(name, one.source, _via(one.via), name, unread=True))
            continue
        if one.again and one.kind == "harvest":
            continue  # a harvest asks for the last days again; that finds nothing new
        key = key_of(one.record)
        report = key_of(groups.get(one.record, (one.record, one.record))[0])
        name = f"{key} in import {place}" if one.again else key
        hand = one.record in by_hand and not one.again
        found.append(prisma.Entry(name, one.source, _via(one.via), report, by_hand=hand))
    return found


def _via(text: str) -> prisma.Via:
    return next((way for way in get_args(prisma.Via) if way == text), "databases")


def joined_by_hand(said: list[Link]) -> set[int]:
    """Records that only a person joined to another one."""
    newest = {(one.a, one.b, one.who == "tool"): one for one in said}
    hand: set[int] = set()
    tool: set[int] = set()
    for (a, b, by_tool), one in newest.items():
        if one.verdict in ("duplicate", "version"):
            (tool if by_tool else hand).update((a, b))
    return hand - tool


def _standing(stage: Stage, report: int, one: Standing) -> prisma.Standing:
    reasons: tuple[str, ...] = (one.reason,) if one.reason else ()
    if one.reason and stage.kind == "quality":
        reasons = tuple(part.strip() for part in one.reason.split(";"))
    rule = one.reason if one.settled_by == "automation" and stage.kind == "screening" else None
    return prisma.Standing(key_of(report), stage.kind, STATUS[one.status], reasons, rule)
