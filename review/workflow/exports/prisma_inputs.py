"""Converts the rows of the store on a given day to the input of review.prisma."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

from review import prisma
from review.errors import FlowError
from review.models import Link
from review.protocol.models import Stage
from review.screening import ScreeningStatus
from review.store import Connection, audit_events, identified, integrity, links, retrievals
from review.store.records import format_record_key
from review.workflow.deduplication.groups import get_groups_at
from review.workflow.fulltexts.retrieval_statements import describe_reason
from review.workflow.project.project import Project
from review.workflow.screening import blinding
from review.workflow.screening import status as standings

FLOW_STATUS: dict[str, prisma.OutcomeStatus] = {"included": "included", "excluded": "excluded"}
"""Standings that settle a report; all others wait."""
COMBINED_EVENT = "told together"
"""The act that notes which boxes are only known together."""


KnownState = tuple[dict[int, tuple[int, int]], standings.StatusesByStage]
"""Groups and standings of a moment."""


def build_inputs(
    project: Project, *, until: datetime | None = None, known_state: KnownState | None = None
) -> prisma.FlowInputs:
    """All the flow is counted from, at a point in time (now where None).

    Args:
        known: groups and standings of that moment, where they are at hand.
    """
    with project.store.read() as conn:
        groups = known_state[0] if known_state else get_groups_at(conn, until)
        statuses = (
            known_state[1] if known_state else _compute_statuses(project, conn, groups, until)
        )
        entries = _build_entries(conn, groups, until)
        attempts = retrievals.list_newest_attempts(conn, until=until)
    retrieved_reports = {
        groups.get(n, (n, n))[0] for n, attempt in attempts.items() if attempt.state == "retrieved"
    }
    reports = {entry.report for entry in entries}
    stages = project.protocol.stages
    earlier = project.protocol.previous
    return prisma.FlowInputs(
        entries=entries,
        outcomes=[
            _to_flow_status(stage, report, report_status)
            for stage in stages
            for report, report_status in statuses[stage.id].items()
            if report_status.status in FLOW_STATUS
        ],
        studies={
            format_record_key(report): format_record_key(study)
            for report, study in groups.values()
            if format_record_key(report) in reports
        },
        not_retrieved={
            format_record_key(groups.get(n, (n, n))[0]): describe_reason(attempt) or "Not retrieved"
            for n, attempt in attempts.items()
            if attempt.state == "not retrieved"
            and groups.get(n, (n, n))[0] not in retrieved_reports
        },
        stages=[stage.kind for stage in stages],
        direct=_list_direct_reports(stages, statuses, reports),
        previous_counts=(earlier.studies, earlier.reports) if earlier else None,
    )


def _list_direct_reports(
    stages: Sequence[Stage], statuses: standings.StatusesByStage, reports: set[str]
) -> frozenset[str]:
    """Reports that are at a later stage without having been at title and abstract."""
    screened = {n for stage in stages if stage.kind == "screening" for n in statuses[stage.id]}
    later = {n for stage in stages if stage.kind != "screening" for n in statuses[stage.id]}
    if all(stage.kind != "screening" for stage in stages):
        return frozenset()
    return frozenset(format_record_key(n) for n in later - screened) & reports


def check_store(conn: Connection) -> None:
    """Checks that nothing went missing from the store since it was entered.

    Raises:
        FlowError: entries or records are gone or say what no entry says; names them.
    """
    faults = integrity.find_faults(conn)
    if faults:
        raise FlowError(
            f"The review's data have been altered outside Funnel: {'; '.join(faults)}. Nothing "
            "was exported; restore a backup of the store."
        )


def _compute_statuses(
    project: Project,
    conn: Connection,
    groups: dict[int, tuple[int, int]],
    until: datetime | None,
) -> standings.StatusesByStage:
    return standings.compute_statuses(project, conn, until=until, groups=groups)


def compute_flow(
    project: Project, *, until: datetime | None = None, reader: str | None = None
) -> prisma.Flow:
    """The flow at a point in time, once its boxes sum.

    Args:
        reader: who asks; to a reviewer, a report of several judged records appears as what they
            may see of those makes it.

    Raises:
        FlowError: they do not; names the records that make the difference.
    """
    with project.store.read() as conn:
        check_store(conn)
        combined = get_combined_boxes(conn, until)
        groups = get_groups_at(conn, until)
        statuses = blinding.mask_joined_statuses(
            blinding.get_blinded_reader(project, conn, reader),
            _compute_statuses(project, conn, groups, until),
        )
    inputs = build_inputs(project, until=until, known_state=(groups, statuses))
    return prisma.validate(combine_boxes(prisma.count_flow(inputs), combined))


def get_combined_boxes(conn: Connection, until: datetime | None = None) -> dict[str, str]:
    """Stage kind -> the name its boxes have together; only for replayed reviews, of which the
    parts were never published."""
    events = audit_events.list_events(conn, kind=COMBINED_EVENT, until=until)
    return {str(event["subject"]): str((event["detail"] or {}).get("text", "")) for event in events}


def combine_boxes(review_flow: prisma.Flow, combined: Mapping[str, str]) -> prisma.Flow:
    """The flow with the boxes that are published only as a sum combined."""
    for stage, text in combined.items():
        review_flow = prisma.combine_stage_boxes(
            review_flow, "screening" if stage == "screening" else "eligibility", text
        )
    return review_flow


def _build_entries(
    conn: Connection, groups: dict[int, tuple[int, int]], until: datetime | None
) -> list[prisma.FlowEntry]:
    by_hand = find_manual_merges(links.list_links(conn, until=until))
    entries = []
    for source_entry in identified.list_entries(conn, until=until):
        location = f"{source_entry.batch}:{source_entry.number}"
        if source_entry.record is None:
            name = f"import {location}"
            entries.append(
                prisma.FlowEntry(
                    name, source_entry.source, _parse_via(source_entry.via), name, unread=True
                )
            )
            continue
        if source_entry.already_known and source_entry.kind == "harvest":
            continue  # a harvest asks for the last days again; that finds nothing new
        key = format_record_key(source_entry.record)
        report = format_record_key(
            groups.get(source_entry.record, (source_entry.record, source_entry.record))[0]
        )
        name = f"{key} in import {location}" if source_entry.already_known else key
        only_by_hand = source_entry.record in by_hand and not source_entry.already_known
        entries.append(
            prisma.FlowEntry(
                name,
                source_entry.source,
                _parse_via(source_entry.via),
                report,
                by_hand=only_by_hand,
            )
        )
    return entries


_WAYS: dict[str, prisma.Via] = {way: way for way in get_args(prisma.Via)}


def _parse_via(text: str) -> prisma.Via:
    return _WAYS.get(text, "databases")


def find_manual_merges(link_log: list[Link]) -> set[int]:
    """Records that only a person joined to another one."""
    newest = {(link.a, link.b, link.who == "tool"): link for link in link_log}
    manual_records: set[int] = set()
    tool_records: set[int] = set()
    for (a, b, by_tool), link in newest.items():
        if link.verdict in ("duplicate", "version"):
            (tool_records if by_tool else manual_records).update((a, b))
    return manual_records - tool_records


def _to_flow_status(
    stage: Stage, report: int, report_status: ScreeningStatus
) -> prisma.StageOutcome:
    reasons: tuple[str, ...] = (report_status.reason,) if report_status.reason else ()
    if report_status.reason and stage.kind == "quality":
        reasons = tuple(part.strip() for part in report_status.reason.split(";"))
    rule = (
        report_status.reason
        if report_status.resolved_by == "automation" and stage.kind == "screening"
        else None
    )
    return prisma.StageOutcome(
        format_record_key(report), stage.kind, FLOW_STATUS[report_status.status], reasons, rule
    )
