"""Where every report stands: computed from decisions and groups, and kept as a projection."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review import screening
from review.models import Decision
from review.protocol import Protocol, Stage
from review.screening import Standing
from review.store import Connection, audit_events, decisions, links, records
from review.store.timestamps import from_text, to_text
from review.workflow.project.project import Project
from review.workflow.screening import rescreening

Standings = dict[str, dict[int, Standing]]
"""Stage id -> report -> standing, for the reports that have reached the stage."""


def compute(
    project: Project,
    conn: Connection,
    *,
    until: datetime | None = None,
    groups: Mapping[int, tuple[int, int]] | None = None,
) -> Standings:
    """Where every report stood at a moment (now where None), at every stage it has reached.

    Args:
        groups: record -> (report, study) at that moment; the kept projection where None.
    """
    groups = links.all_groups(conn) if groups is None else groups
    numbers = records.numbers(conn) if until is None else records.numbers_until(conn, until)
    reports = {groups.get(n, (n, n))[0] for n in numbers}
    aside = rescreening.set_aside(conn, groups, until)
    by_stage: dict[str, dict[int, list[Decision]]] = {}
    for one in decisions.every(conn, until=until):
        report = groups.get(one.record, (one.record, one.record))[0]
        if _is_aside(one, report, aside):
            continue
        by_stage.setdefault(one.stage, {}).setdefault(report, []).append(one)
    return _walk(project.protocol, reports, by_stage, retired(conn, until=until))


def _is_aside(one: Decision, report: int, aside: Mapping[tuple[int, str], datetime]) -> bool:
    """Whether a decision is set aside, because the report is judged again since."""
    moment = aside.get((report, one.stage))
    return moment is not None and one.at <= moment


def _walk(
    protocol: Protocol,
    reports: Iterable[int],
    by_stage: Mapping[str, Mapping[int, list[Decision]]],
    gone: Mapping[str, datetime],
) -> Standings:
    """Follows the stages: what is included at one reaches the next."""
    found: Standings = {}
    reached = set(reports)
    for stage in protocol.stages:
        here = by_stage.get(stage.id, {})
        found[stage.id] = {one: standing(stage, here.get(one, []), gone) for one in reached}
        reached = {one for one, where in found[stage.id].items() if where.status == "included"}
    return found


def standing(
    stage: Stage, given: Iterable[Decision], gone: Mapping[str, datetime] | None = None
) -> Standing:
    """Where a report stands at one stage, by the stage's own rules."""
    return screening.status(
        given, stage.reviewers, retired=gone, reasons_matter=stage.kind == "eligibility"
    )


def retired(conn: Connection, *, until: datetime | None = None) -> dict[str, datetime]:
    """Everybody who ever left the review -> when they last did."""
    return {
        act["subject"]: from_text(act["at"])
        for act in audit_events.every(conn, kind="retire", until=until)
        if act["subject"]
    }


def away(conn: Connection, *, until: datetime | None = None) -> set[str]:
    """Reviewers who have left the review and not come back, now or at a moment."""
    left = audit_events.every(conn, kind="retire", until=until)
    came = audit_events.every(conn, kind="return", until=until) if left else []
    gone: set[str] = set()
    for act in sorted([*left, *came], key=lambda one: int(one["id"])):
        if act["kind"] == "retire":
            gone.add(act["subject"])
        else:
            gone.discard(act["subject"])
    return gone


def rebuild(project: Project, conn: Connection) -> Standings:
    """Computes all standings anew and keeps them; after imports, merges and retirements."""
    found = compute(project, conn)
    decisions.clear_standings(conn)
    rows = [_row(n, stage, one) for stage, here in found.items() for n, one in here.items()]
    decisions.put_standings(conn, rows)
    return found


def arrive(project: Project, conn: Connection, numbers: Iterable[int]) -> None:
    """New records, each a report of its own as yet, wait at the first stage."""
    stage = project.protocol.stages[0]
    waiting = standing(stage, ())
    decisions.put_standings(conn, [_row(n, stage.id, waiting) for n in numbers])


@dataclass(frozen=True, slots=True)
class Family:
    """The decisions on some reports, held in memory while a batch of new ones is checked."""

    report_of: Mapping[int, int]
    """Record -> the report it belongs to."""
    by_report: dict[int, dict[str, list[Decision]]]
    """Report -> stage id -> decisions."""
    gone: Mapping[str, datetime]
    """Those who ever left, and when."""
    away: set[str]
    """Those who are away now."""


def family(conn: Connection, touched: Iterable[int]) -> Family:
    """The decisions in force on the reports that some records belong to."""
    groups = links.groups_of(conn, touched)
    by_report: dict[int, dict[str, list[Decision]]] = {r: {} for r, _ in groups.values()}
    aside = rescreening.set_aside(conn)
    for one in decisions.every(conn, records=groups):
        report = groups[one.record][0]
        if _is_aside(one, report, aside):
            continue
        by_report[report].setdefault(one.stage, []).append(one)
    return Family(
        {n: report for n, (report, _) in groups.items()}, by_report, retired(conn), away(conn)
    )


def of(protocol: Protocol, known: Family, report: int) -> dict[str, Standing]:
    """Stage id -> standing of one report, for the stages it has reached."""
    by_stage = {stage: {report: given} for stage, given in known.by_report[report].items()}
    walked = _walk(protocol, [report], by_stage, known.gone)
    return {stage: here[report] for stage, here in walked.items() if report in here}


def keep(project: Project, conn: Connection, known: Family) -> None:
    """Writes the standings of a family's reports in place of the ones before."""
    decisions.drop_standings(conn, known.by_report)
    rows = [
        _row(report, stage, one)
        for report in known.by_report
        for stage, one in of(project.protocol, known, report).items()
    ]
    decisions.put_standings(conn, rows)


def _row(number: int, stage: str, one: Standing) -> dict[str, Any]:
    return {
        "record": number,
        "stage": stage,
        "status": one.status,
        "reason": one.reason,
        "pile": one.pile,
        "votes": one.votes,
        "voters": "".join(f"|{d.reviewer}|" for d in one.decisions if d.role == "reviewer"),
        "at": None if one.at is None else to_text(one.at),
    }
