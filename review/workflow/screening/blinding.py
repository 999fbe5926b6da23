"""Blinding: what a person may see of others' decisions. Nothing before a record is resolved by its
own decisions, and nothing on a record they still have to screen. Every list, page and export
asks this module.

Records can be joined to one report, by anybody and at any time, and parted again. So a report of
several judged records is shown to a reviewer as their own decisions and those on records that are
settled by themselves make it: what somebody joins changes nobody's blindness.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from review.models import Decision
from review.protocol.models import Stage, list_stage_reviewers
from review.screening import ScreeningStatus
from review.store import Connection, decisions, links, screening_queue
from review.workflow.project.project import Project
from review.workflow.screening import status as standings
from review.workflow.screening.assignment import active_reviewers

SETTLED_STATUSES = ("included", "excluded")
"""Standings after which everybody may see how a report was judged."""
NOT_REACHED = "not reached"
"""What a report is called at a stage it has not come to."""
OPEN_STATUS = "open"
"""What a report that is not settled is called to a reviewer: neither how many have judged it nor
whether they differ."""

PUBLIC_READER = "\x00public"
"""Stands for everybody outside the team: what is published is blinded as for a guest. No name in a
protocol can hold the first character."""

BLINDED_EVENTS = (
    "decisions",
    "notes",
    "annotations",
    "answers",
    "forms",
    "feedback",
    "edits",
    "assistant_calls",
    "assistant_answers",
    "fact_corrections",
)
"""Entries of the log that tell what somebody thought of a report, or that they looked at it."""


@dataclass(frozen=True, slots=True)
class BlindedReader:
    """Somebody who asks, and what is hidden from them."""

    name: str
    stages: frozenset[str]
    """Stages they are a reviewer of; all for a librarian or guest."""
    adjudicates: bool
    reports_to_judge: Mapping[str, frozenset[int]]
    """Stage id -> reports that wait for them."""
    hidden_records: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Stage id -> records joined to others, whose own decisions do not settle them yet."""
    joined_statuses: Mapping[int, Mapping[str, ScreeningStatus]] = field(default_factory=dict)
    """Report with such a record -> stage id -> status by the decisions this person may see, for
    the stages it has reached by them."""


def get_blinded_reader(
    project: Project, conn: Connection, name: str | None, among: Iterable[int] | None = None
) -> BlindedReader | None:
    """What is hidden from a person; None for whom nothing is: who reviews no stage (a lead or
    adjudicator who does not screen, or whoever keeps the machine). From a librarian or guest, who
    do not take part in screening, what is not settled is hidden at every stage.

    Args:
        among: only these reports are asked about; all of them where None.
    """
    reviewed_stages = _get_reviewed_stages(project, name)
    is_outsider = _is_outsider(project, name)
    if name is None or not (reviewed_stages or is_outsider):
        return None
    report_numbers = None if among is None else sorted(among)
    reports_to_judge = {
        stage.id: find_reports_to_judge(project, conn, stage, name, report_numbers)
        for stage in reviewed_stages
    }
    adjudicates = _is_adjudicator(project, name)
    hidden_records, joined_statuses = _mask_joined_reports(
        project, conn, name, adjudicates, report_numbers
    )
    hidden_stages = project.protocol.stages if is_outsider else reviewed_stages
    return BlindedReader(
        name=name,
        stages=frozenset(stage.id for stage in hidden_stages),
        adjudicates=adjudicates,
        reports_to_judge=reports_to_judge,
        hidden_records=hidden_records,
        joined_statuses=joined_statuses,
    )


def _mask_joined_reports(
    project: Project,
    conn: Connection,
    name: str,
    adjudicates: bool,
    among: Iterable[int] | None,
) -> tuple[dict[str, frozenset[int]], dict[int, dict[str, ScreeningStatus]]]:
    """Stage -> records whose decisions by others are hidden, of reports of several judged records;
    and those reports -> stage -> status without what is hidden."""
    judged_records = links.list_joined_judged_records(conn, among)
    if not judged_records:
        return {}, {}
    report_decisions = standings.load_report_decisions(conn, judged_records)
    hidden_records: dict[str, set[int]] = {}
    joined_statuses: dict[int, dict[str, ScreeningStatus]] = {}
    for report, by_stage in report_decisions.by_report.items():
        visible: dict[str, list[Decision]] = {}
        for stage in project.protocol.stages:
            stage_decisions = by_stage.get(stage.id, [])
            hidden = _find_unsettled_records(
                stage, stage_decisions, report_decisions.departures, adjudicates
            )
            hidden_records.setdefault(stage.id, set()).update(hidden)
            visible[stage.id] = [
                decision
                for decision in stage_decisions
                if decision.record not in hidden or _is_own(decision, name)
            ]
        joined_statuses[report] = standings.follow_report(
            project.protocol,
            report,
            visible,
            report_decisions.departures,
            report_decisions.arrivals,
        )
    return {stage: frozenset(numbers) for stage, numbers in hidden_records.items()}, joined_statuses


def _find_unsettled_records(
    stage: Stage,
    stage_decisions: Iterable[Decision],
    departures: Mapping[str, int],
    adjudicates: bool,
) -> set[int]:
    """Records of a report that the decisions on themselves alone do not settle at a stage."""
    by_record: dict[int, list[Decision]] = {}
    for decision in stage_decisions:
        by_record.setdefault(decision.record, []).append(decision)
    visible_statuses = (*SETTLED_STATUSES, *(("conflict",) if adjudicates else ()))
    return {
        number
        for number, record_decisions in by_record.items()
        if standings.compute_status(stage, record_decisions, departures).status
        not in visible_statuses
    }


def _is_own(decision: Decision, name: str) -> bool:
    return decision.reviewer == name or decision.role == "automation"


def find_own_view(project: Project, name: str | None) -> str | None:
    """The person's name where what they may see of joined reports differs from the full state, so
    that a flow counted for others must not be shown to them; None where it does not."""
    if name is None or not (_get_reviewed_stages(project, name) or _is_outsider(project, name)):
        return None
    with project.store.read() as conn:
        hidden, _ = _mask_joined_reports(project, conn, name, _is_adjudicator(project, name), None)
    return name if any(hidden.values()) else None


def find_own_joins(
    project: Project, conn: Connection, stage: Stage, name: str, report: int
) -> list[int]:
    """Records of a report that a reviewer of the stage joined to others by hand themselves, that
    they have not judged, and that their own decisions do not settle."""
    reader = get_blinded_reader(project, conn, name, [report])
    if reader is None or stage.id not in reader.stages:
        return []
    hidden = sorted(reader.hidden_records.get(stage.id, ()))
    if not hidden:
        return []
    judged = {
        decision.record
        for decision in decisions.list_decisions(conn, stage=stage.id, reviewer=name)
        if decision.role == "reviewer" and decision.record in hidden
    }
    newest = {
        (link.a, link.b, link.who): link for link in links.list_links_of_records(conn, hidden)
    }
    joined = {
        number
        for link in newest.values()
        if link.who == name and link.verdict in ("duplicate", "version")
        for number in (link.a, link.b)
    }
    return [number for number in hidden if number in joined and number not in judged]


def may_see_record(blinded_reader: BlindedReader | None, stage: str, record: int) -> bool:
    """Whether others' decisions and notes on one record may be shown, once those on its report may:
    not where it was joined to others and its own decisions do not settle it."""
    return blinded_reader is None or record not in blinded_reader.hidden_records.get(stage, ())


def get_joined_status(blinded_reader: BlindedReader | None, stage: str, report: int) -> str | None:
    """The status of a report of several judged records, by those a person may see; NOT_REACHED
    where it has not come to the stage by them; None for all other reports."""
    if blinded_reader is None or report not in blinded_reader.joined_statuses:
        return None
    by_stage = blinded_reader.joined_statuses[report]
    return by_stage[stage].status if stage in by_stage else NOT_REACHED


def mask_joined_statuses(
    blinded_reader: BlindedReader | None, statuses: standings.StatusesByStage
) -> standings.StatusesByStage:
    """All standings, those of joined reports by what a person may see of their records: so no
    count, box or list reveals what merging two records and looking would."""
    if blinded_reader is None or not blinded_reader.joined_statuses:
        return statuses
    joined = blinded_reader.joined_statuses
    return {
        stage: {
            **{n: status for n, status in stage_statuses.items() if n not in joined},
            **{n: by_stage[stage] for n, by_stage in joined.items() if stage in by_stage},
        }
        for stage, stage_statuses in statuses.items()
    }


def _get_reviewed_stages(project: Project, name: str | None) -> list[Stage]:
    protocol = project.protocol
    return [stage for stage in protocol.stages if name in list_stage_reviewers(protocol, stage)]


def _is_outsider(project: Project, name: str | None) -> bool:
    """Whether somebody is a librarian or guest, and does not lead or adjudicate; the public is."""
    if name == PUBLIC_READER:
        return True
    roles = next(
        (set(teammate.roles) for teammate in project.protocol.team if teammate.name == name), set()
    )
    return bool(roles & {"librarian", "guest"}) and not roles & {"lead", "adjudicator"}


def _is_adjudicator(project: Project, name: str) -> bool:
    return any(
        member.name == name and "adjudicator" in member.roles for member in project.protocol.team
    )


def mask_counts(
    project: Project, conn: Connection, name: str, counts: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """How many reports have each (stage, status), as a person may see it: to a reviewer, one
    conflict more right after their own decision would tell how another judged."""
    if not (_get_reviewed_stages(project, name) or _is_outsider(project, name)):
        return dict(counts)
    adjusted = dict(counts)
    adjudicates = _is_adjudicator(project, name)
    _, joined_statuses = _mask_joined_reports(project, conn, name, adjudicates, None)
    for report, by_stage in joined_statuses.items():
        for stage in project.protocol.stages:
            actual = decisions.get_status(conn, report, stage.id)
            shown = by_stage[stage.id].status if stage.id in by_stage else None
            for status, change in ((actual, -1), (shown, 1)):
                if status is not None:
                    pair = (stage.id, status)
                    adjusted[pair] = adjusted.get(pair, 0) + change
    masked: dict[tuple[str, str], int] = {}
    for stage in project.protocol.stages:
        stage_counts = {s: n for (stage_id, s), n in adjusted.items() if stage_id == stage.id}
        masked.update(
            {(stage.id, s): n for s, n in _mask_stage_counts(project, name, stage_counts).items()}
        )
    return masked


def _mask_stage_counts(project: Project, name: str, statuses: Mapping[str, int]) -> dict[str, int]:
    visible_statuses = (
        *SETTLED_STATUSES,
        *(("conflict",) if _is_adjudicator(project, name) else ()),
    )
    visible_counts = {status: n for status, n in statuses.items() if status in visible_statuses}
    hidden = sum(statuses.values()) - sum(visible_counts.values())
    return visible_counts | ({OPEN_STATUS: hidden} if hidden else {})


def find_reports_to_judge(
    project: Project,
    conn: Connection,
    stage: Stage,
    name: str | None,
    among: Iterable[int] | None = None,
) -> frozenset[int]:
    """Reports that wait for a person's own decision at a stage; none for who does not review it."""
    if name is None or name not in active_reviewers(project, conn, stage):
        return frozenset()
    report_numbers = None if among is None else sorted(among)
    return frozenset(
        n for n, _ in screening_queue.list_pending_reports(conn, stage.id, name, report_numbers)
    )


def may_see(
    blinded_reader: BlindedReader | None,
    stage: str,
    report: int,
    status: str | None,
    *,
    record: int | None = None,
) -> bool:
    """Whether a person may see what others decided and noted on a report at a stage.

    Args:
        status: the report's status there; None where it has not come so far.
        record: the record of the report that it was decided or noted on, where there is one.
    """
    if blinded_reader is None:
        return True
    if report in blinded_reader.reports_to_judge.get(stage, ()):
        return False
    if record is not None and not may_see_record(blinded_reader, stage, record):
        return False
    status = get_joined_status(blinded_reader, stage, report) or status
    return status in SETTLED_STATUSES or (blinded_reader.adjudicates and status == "conflict")


def mask_decisions(
    blinded_reader: BlindedReader | None,
    shown_decisions: Iterable[Decision],
    groups: Mapping[int, tuple[int, int]],
    statuses: Mapping[str, Mapping[int, str]],
) -> list[Decision]:
    """The decisions a person may be shown: their own, and others' on what is settled.

    Args:
        groups: record -> (report, study).
        statuses: stage id -> report -> status.
    """
    visible = []
    for decision in shown_decisions:
        report = groups.get(decision.record, (decision.record, 0))[0]
        status = statuses.get(decision.stage, {}).get(report)
        if (
            blinded_reader is None
            or _is_own(decision, blinded_reader.name)
            or may_see(blinded_reader, decision.stage, report, status, record=decision.record)
        ):
            visible.append(decision)
    return visible


def find_deciding_stages(project: Project, event: Mapping[str, Any]) -> list[str]:
    """Stages at which a report must be settled before an entry that names none may be shown: an
    edit at any of them, an answer where appraisals are settled."""
    kinds = ("quality",) if event["event"] != "edits" else ("screening", "eligibility")
    return [stage.id for stage in project.protocol.stages if stage.kind in kinds]


def mask_status(
    blinded_reader: BlindedReader | None, stage: str, report: int, report_status: ScreeningStatus
) -> str:
    """A report's status as a person may see it."""
    report_status = _get_visible_base(blinded_reader, stage, report, report_status)
    if (
        may_see(blinded_reader, stage, report, report_status.status)
        or report_status.resolved_by == "automation"
    ):
        return report_status.status
    return OPEN_STATUS


def mask_statuses(
    blinded_reader: BlindedReader | None, stage: str, report_statuses: Mapping[int, ScreeningStatus]
) -> dict[int, ScreeningStatus]:
    """A stage's standings as a person may see them: of what is open to them, their own
    decision alone, as if nobody else had judged it."""
    based_statuses = mask_joined_statuses(blinded_reader, {stage: dict(report_statuses)})[stage]
    return {
        report: report_status
        if _is_visible(blinded_reader, stage, report, report_status)
        else _mask_others(blinded_reader, report_status)
        for report, report_status in based_statuses.items()
    }


def _get_visible_base(
    blinded_reader: BlindedReader | None, stage: str, report: int, report_status: ScreeningStatus
) -> ScreeningStatus:
    """A report's status without what is hidden of the records merged into it."""
    if blinded_reader is None:
        return report_status
    return blinded_reader.joined_statuses.get(report, {}).get(stage, report_status)


def _is_visible(
    blinded_reader: BlindedReader | None, stage: str, report: int, report_status: ScreeningStatus
) -> bool:
    return report_status.resolved_by == "automation" or may_see(
        blinded_reader, stage, report, report_status.status
    )


def _mask_others(
    blinded_reader: BlindedReader | None, report_status: ScreeningStatus
) -> ScreeningStatus:
    own_decisions = tuple(
        d
        for d in report_status.decisions
        if blinded_reader is not None and d.reviewer == blinded_reader.name
    )
    return ScreeningStatus(
        "partial" if own_decisions else "pending", votes=len(own_decisions), decisions=own_decisions
    )


def get_visible_status(
    project: Project, name: str, stage: Stage, number: int, report_status: ScreeningStatus
) -> str:
    """The status of a record's report as a person may see it, right after a decision."""
    with project.store.read() as conn:
        report = links.get_study_groups(conn, number).get(number, (number, number))[0]
        reader = get_blinded_reader(project, conn, name, [report])
        return mask_status(reader, stage.id, report, report_status)


def mask_new_status(
    project: Project, name: str, stage: Stage, number: int, report_status: ScreeningStatus
) -> ScreeningStatus:
    """As get_visible_status, with what else a person may know of the report: of what is open to
    them, their own decision alone."""
    with project.store.read() as conn:
        report = links.get_study_groups(conn, number).get(number, (number, number))[0]
        reader = get_blinded_reader(project, conn, name, [report])
        masked = mask_statuses(reader, stage.id, {report: report_status})
    return masked.get(report, ScreeningStatus("pending"))
