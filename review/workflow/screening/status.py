"""The screening status of every report, computed from decisions and stored as a projection."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from review import screening
from review.models import Decision
from review.protocol.models import Protocol, Stage
from review.screening import ScreeningStatus
from review.store import Connection, decisions, identified, links, records
from review.store.identified import OtherArrivals
from review.store.timestamps import format_timestamp
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import rescreening
from review.workflow.screening.departures import get_departed_reviewers, get_departures

StatusesByStage = dict[str, dict[int, ScreeningStatus]]
"""Stage id -> report -> status, for the reports that have reached the stage."""


def compute_statuses(
    project: Project,
    conn: Connection,
    *,
    until: datetime | None = None,
    groups: Mapping[int, tuple[int, int]] | None = None,
    planned: Sequence[Decision] = (),
) -> StatusesByStage:
    """The status of every report at a point in time (now where None), at every stage it has
    reached.

    Args:
        groups: record -> (report, study) at that moment; the kept projection where None.
        planned: decisions that count as if they had been entered after all others.
    """
    groups = links.list_groups(conn) if groups is None else groups
    numbers = (
        records.list_numbers(conn) if until is None else records.list_numbers_until(conn, until)
    )
    reports = {groups.get(n, (n, n))[0] for n in numbers}
    superseded = rescreening.find_superseded(conn, groups, until)
    by_stage: dict[str, dict[int, list[Decision]]] = {}
    for decision in (*decisions.list_decisions(conn, until=until), *planned):
        report = groups.get(decision.record, (decision.record, decision.record))[0]
        if _is_superseded(decision, report, superseded):
            continue
        by_stage.setdefault(decision.stage, {}).setdefault(report, []).append(decision)
    by_report: dict[int, dict[str, list[Decision]]] = {}
    arrivals = identified.find_other_arrivals(conn, groups, until=until)
    for stage, decisions_by_report in by_stage.items():
        for report in arrivals.first & decisions_by_report.keys():
            by_report.setdefault(report, {})[stage] = decisions_by_report[report]
    direct = {
        report
        for report in arrivals.first & reports
        if skips_screening(project.protocol, report, by_report.get(report, {}), arrivals)
    }
    departures = get_departures(conn, until=until)
    return _follow_stages(project.protocol, reports, by_stage, departures, direct)


def skips_screening(
    protocol: Protocol,
    report: int,
    by_stage: Mapping[str, Iterable[Decision]],
    arrivals: OtherArrivals,
) -> bool:
    """Whether a report goes straight to retrieval, as PRISMA 2020 draws what other methods found.

    So does a report that came by other methods and was judged by its full text before a database
    gave it too. One that people have judged by title and abstract stays where that brought it.
    """
    if report not in arrivals.first or all(s.kind != "eligibility" for s in protocol.stages):
        return False
    judged_kinds = {
        stage.kind
        for stage in protocol.stages
        if any(
            decision.role != "automation"
            for decision in screening.list_current_decisions(by_stage.get(stage.id, ()))
        )
    }
    return "screening" not in judged_kinds and (report in arrivals.only or bool(judged_kinds))


def _is_superseded(
    decision: Decision, report: int, superseded: Mapping[tuple[int, str], int]
) -> bool:
    """Whether a decision is set aside, because the report is judged again since."""
    return decision.id <= superseded.get((report, decision.stage), 0)


def _follow_stages(
    protocol: Protocol,
    reports: Iterable[int],
    by_stage: Mapping[str, Mapping[int, list[Decision]]],
    departures: Mapping[str, int],
    direct: Collection[int] = (),
) -> StatusesByStage:
    """Follows the stages: what is included at one reaches the next, and what other methods found
    begins where full texts are sought."""
    statuses: StatusesByStage = {}
    reached = set(reports).difference(direct)
    first_eligibility = next((s.id for s in protocol.stages if s.kind == "eligibility"), None)
    for stage in protocol.stages:
        if stage.id == first_eligibility:
            reached.update(direct)
        stage_decisions = by_stage.get(stage.id, {})
        statuses[stage.id] = {
            report: compute_status(stage, stage_decisions.get(report, []), departures)
            for report in reached
        }
        reached = {
            report
            for report, report_status in statuses[stage.id].items()
            if report_status.status == "included"
        }
    return statuses


def compute_status(
    stage: Stage,
    report_decisions: Iterable[Decision],
    departures: Mapping[str, int] | None = None,
) -> ScreeningStatus:
    """The status of a report at one stage, by the stage's own rules."""
    return screening.get_status(
        report_decisions,
        stage.reviewers,
        retired=departures,
        reasons_matter=stage.kind == "eligibility",
        maybe=stage.maybe,
    )


def list_sought_reports(
    protocol: Protocol, statuses: StatusesByStage, reports: Collection[int]
) -> set[int]:
    """Reports whose full texts are sought: those that title and abstract let through, and those
    that skip them.

    Args:
        reports: all of them, which are sought where there is no such stage.
    """
    last = next((s for s in reversed(protocol.stages) if s.kind == "screening"), None)
    if last is None:
        return set(reports)
    screened = {
        report for s in protocol.stages if s.kind == "screening" for report in statuses[s.id]
    }
    included = {
        report
        for report, report_status in statuses[last.id].items()
        if report_status.status == "included"
    }
    return included | (set(reports) - screened)


def rebuild_statuses(project: Project, conn: Connection) -> StatusesByStage:
    """Computes all standings anew and keeps them; after imports, merges and retirements."""
    project = follow_plan(project, conn)
    statuses = compute_statuses(project, conn)
    decisions.clear_statuses(conn)
    decisions.write_statuses(conn, _to_rows(statuses))
    return statuses


def list_all_rows(
    project: Project, conn: Connection, groups: Mapping[int, tuple[int, int]]
) -> list[dict[str, Any]]:
    """The rows of the projection as all decisions make them.

    Args:
        groups: record -> (report, study).
    """
    return _to_rows(compute_statuses(project, conn, groups=groups))


def _to_rows(statuses: StatusesByStage) -> list[dict[str, Any]]:
    return [
        _to_row(n, stage, report_status)
        for stage, stage_statuses in statuses.items()
        for n, report_status in stage_statuses.items()
    ]


def mark_pending(project: Project, conn: Connection, numbers: Iterable[int]) -> None:
    """New records, each a report of its own as yet, wait at the first stage they have to pass."""
    project = follow_plan(project, conn)
    stages = project.protocol.stages
    new_numbers = list(numbers)
    arrivals = identified.find_other_arrivals(conn, {}, numbers=new_numbers)
    later_stage = next((stage for stage in stages if stage.kind == "eligibility"), stages[0])
    row = _to_row(0, stages[0].id, compute_status(stages[0], ()))
    later_row = _to_row(0, later_stage.id, compute_status(later_stage, ()))
    rows = [
        {**(later_row if number in arrivals.only else row), "record": number}
        for number in new_numbers
    ]
    decisions.write_statuses(conn, rows)


def refresh_known(project: Project, conn: Connection, numbers: Iterable[int]) -> None:
    """Known records that came again, by another route perhaps, wait where they now have to."""
    groups = links.get_report_groups(conn, numbers)
    if identified.find_other_arrivals(conn, groups, numbers=groups).first:
        project = follow_plan(project, conn)
        save_statuses(project, conn, load_report_decisions(conn, groups))


@dataclass(frozen=True, slots=True)
class ReportDecisions:
    """The decisions on some reports, held in memory while a batch of new ones is checked."""

    report_of: Mapping[int, int]
    """Record -> the report it belongs to."""
    by_report: dict[int, dict[str, list[Decision]]]
    """Report -> stage id -> decisions."""
    departures: Mapping[str, int]
    """Those who ever left, and the newest decision when they did."""
    departed: set[str]
    """Those who are away now."""
    arrivals: OtherArrivals = field(default_factory=OtherArrivals)
    """Which of the reports other methods brought."""


def load_report_decisions(conn: Connection, touched: Iterable[int]) -> ReportDecisions:
    """The decisions in force on the reports that some records belong to."""
    groups = links.get_report_groups(conn, touched)
    by_report: dict[int, dict[str, list[Decision]]] = {r: {} for r, _ in groups.values()}
    superseded = rescreening.find_superseded(conn)
    for decision in decisions.list_decisions(conn, records=groups):
        report = groups[decision.record][0]
        if _is_superseded(decision, report, superseded):
            continue
        by_report[report].setdefault(decision.stage, []).append(decision)
    return ReportDecisions(
        {n: report for n, (report, _) in groups.items()},
        by_report,
        get_departures(conn),
        get_departed_reviewers(conn),
        identified.find_other_arrivals(conn, groups, numbers=groups),
    )


def follow_report(
    protocol: Protocol,
    report: int,
    by_stage: Mapping[str, list[Decision]],
    departures: Mapping[str, int],
    arrivals: OtherArrivals,
) -> dict[str, ScreeningStatus]:
    """Stage id -> status that some decisions give one report, for the stages it has reached."""
    statuses = _follow_stages(
        protocol,
        [report],
        {stage: {report: stage_decisions} for stage, stage_decisions in by_stage.items()},
        departures,
        {report} if skips_screening(protocol, report, by_stage, arrivals) else (),
    )
    return {
        stage: stage_statuses[report]
        for stage, stage_statuses in statuses.items()
        if report in stage_statuses
    }


def get_report_statuses(
    protocol: Protocol, report_decisions: ReportDecisions, report: int
) -> dict[str, ScreeningStatus]:
    """Stage id -> status of one report, for the stages it has reached."""
    return follow_report(
        protocol,
        report,
        report_decisions.by_report[report],
        report_decisions.departures,
        report_decisions.arrivals,
    )


def save_statuses(project: Project, conn: Connection, report_decisions: ReportDecisions) -> None:
    """Writes the standings of a family's reports in place of the ones before."""
    project = follow_plan(project, conn)
    decisions.delete_statuses(conn, report_decisions.by_report)
    decisions.insert_statuses(conn, list_rows(project, report_decisions))


def list_rows(project: Project, report_decisions: ReportDecisions) -> list[dict[str, Any]]:
    """The rows of the projection that the decisions on some reports make."""
    return [
        _to_row(report, stage, report_status)
        for report in report_decisions.by_report
        for stage, report_status in get_report_statuses(
            project.protocol, report_decisions, report
        ).items()
    ]


def _to_row(number: int, stage: str, report_status: ScreeningStatus) -> dict[str, Any]:
    return {
        "record": number,
        "stage": stage,
        "status": report_status.status,
        "reason": report_status.reason,
        "pile": report_status.conflict_kind,
        "votes": report_status.votes,
        "voters": tuple(
            sorted({d.reviewer for d in report_status.decisions if d.role == "reviewer"})
        ),
        "at": None
        if report_status.decided_at is None
        else format_timestamp(report_status.decided_at),
    }
