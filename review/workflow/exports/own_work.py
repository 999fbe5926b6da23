"""What waits for one person: records, maybes, notes, conflicts and forms; and the team's board.

Everything is taken from the person's own entries, or from lists that are blinded for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from review.models import Decision
from review.protocol.models import Stage, format_stage_name, list_stage_reviewers
from review.screening import list_current_decisions
from review.store import Connection, decisions, links, notes, records
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.appraisal import results, tasks
from review.workflow.appraisal.tasks import AppraisalTask
from review.workflow.exports import overview
from review.workflow.project.accounts import CurrentUser, is_allowed
from review.workflow.project.project import Project
from review.workflow.screening import blinding, reviewing
from review.workflow.screening.reviewing import ReviewerProgress

PACE_DAYS = 7
"""The rate on the board is the mean over this many days."""
MOST_LISTED = 100
"""Most records of one list; the newest."""


@dataclass(frozen=True, slots=True)
class ScreeningTask:
    """What is left for a reviewer at one stage."""

    stage: Stage
    progress: ReviewerProgress


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A record in one of a person's own lists."""

    key: str
    title: str
    stage: str
    """Name of the stage."""
    text: str
    """The person's own note; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWork:
    """What waits for one person."""

    screening: tuple[ScreeningTask, ...] = ()
    maybes: tuple[OwnRecord, ...] = ()
    """Their own Maybe votes that still count, newest first."""
    notes: tuple[OwnRecord, ...] = ()
    conflicts: tuple[tuple[Stage, int], ...] = ()
    """Stages with conflicts they may settle."""
    begun_forms: tuple[AppraisalTask, ...] = ()
    open_forms: tuple[AppraisalTask, ...] = ()
    consensus: int = 0
    """Completed forms whose differences wait for them."""


@dataclass(frozen=True, slots=True)
class OwnCounts:
    """How much waits for one person, by page."""

    screening: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One reviewer at one stage, for the team's board."""

    name: str
    stage: Stage
    done: int
    remaining: int | None
    """None where it would tell what others have judged."""
    per_day: float | None = None
    """Records decided a day over the last week; None as above."""
    awaited: int | None = None
    """Records that others have decided and that wait for this person; None as above."""


def count_own_work(project: Project, person: CurrentUser) -> OwnCounts:
    """What the side bar shows beside its pages; quick enough for every page."""
    tasks_left = _list_screening_tasks(project, person)
    return OwnCounts(
        sum(task.progress.remaining for task in tasks_left),
        sum(n for _, n in _count_conflicts(project, person)),
    )


def get_own_work(project: Project, person: CurrentUser) -> OwnWork:
    """Everything that waits for a person."""
    with project.store.read() as conn:
        maybes = _list_maybes(project, conn, person.name)
        own_notes = _list_notes(project, conn, person.name)
    quality_reviewers = {
        name
        for stage in project.protocol.stages
        if stage.kind == "quality"
        for name in list_stage_reviewers(project.protocol, stage)
    }
    forms = tasks.list_tasks(project, person.name) if person.name in quality_reviewers else []
    unfinished = [task for task in forms if not _is_finished(task)]
    begun = tuple(task for task in unfinished if any(n for _, _, n, _ in task.forms))
    adjudicates = is_allowed(person, "adjudicate")
    consensus = results.list_adjudication_tasks(project, person.name) if adjudicates else []
    return OwnWork(
        screening=tuple(_list_screening_tasks(project, person)),
        maybes=maybes,
        notes=own_notes,
        conflicts=tuple(_count_conflicts(project, person)),
        begun_forms=begun,
        open_forms=tuple(task for task in unfinished if task not in begun),
        consensus=sum(task.unresolved > 0 for task in consensus),
    )


def list_board(project: Project, person: CurrentUser) -> list[BoardRow]:
    """Each reviewer at each stage, for the lead; to a lead who reviews too, others' work on settled
    records alone, and nothing of what is left for them."""
    if not is_allowed(person, "manage"):
        return []
    with project.store.read() as conn:
        is_blind = blinding.get_blinded_reader(project, conn, person.name, []) is not None
    rows = []
    for progress in overview.get_progress(project, person):
        for name, done in progress.by_reviewer.items():
            is_hidden = (is_blind and name != person.name) or progress.stage.kind == "quality"
            remaining = (
                None
                if is_hidden or reviewing.has_left(project, name)
                else reviewing.get_reviewer_progress(project, progress.stage, name).remaining
            )
            row = BoardRow(name, progress.stage, done, remaining)
            rows.append(row if is_blind or is_hidden else _add_pace(project, row))
    return rows


def _add_pace(project: Project, row: BoardRow) -> BoardRow:
    """The row with the person's rate and what others wait for, for a lead who is not blinded."""
    with project.store.read() as conn:
        since = utc_now() - timedelta(days=PACE_DAYS)
        decided = decisions.count_decided_since(conn, row.stage.id, row.name, since)
        waiting = blinding.find_reports_to_judge(project, conn, row.stage, row.name)
        statuses = decisions.list_statuses(conn, row.stage.id)
    awaited = sum(statuses.get(report) == "partial" for report in waiting)
    return replace(row, per_day=decided / PACE_DAYS, awaited=awaited)


def _is_finished(task: AppraisalTask) -> bool:
    states = [(form, state == "finished") for form, state, _, _ in task.forms]
    return tasks.is_appraisal_finished(states, task.status)


def _list_screening_tasks(project: Project, person: CurrentUser) -> list[ScreeningTask]:
    if not is_allowed(person, "screen") or reviewing.has_left(project, person.name):
        return []
    return [
        ScreeningTask(stage, reviewing.get_reviewer_progress(project, stage, person.name))
        for stage in project.protocol.stages
        if stage.kind != "quality" and person.name in list_stage_reviewers(project.protocol, stage)
    ]


def _count_conflicts(project: Project, person: CurrentUser) -> list[tuple[Stage, int]]:
    if not is_allowed(person, "adjudicate"):
        return []
    counts = [
        (
            stage,
            sum(map(len, reviewing.list_conflicts(project, stage, reader=person.name).values())),
        )
        for stage in project.protocol.stages
        if stage.kind != "quality"
    ]
    return [(stage, n) for stage, n in counts if n]


def _list_maybes(project: Project, conn: Connection, name: str) -> tuple[OwnRecord, ...]:
    listed = []
    for stage in project.protocol.stages:
        by_record: dict[int, list[Decision]] = {}
        for decision in decisions.list_decisions(conn, stage=stage.id, reviewer=name):
            if decision.role == "reviewer":
                by_record.setdefault(decision.record, []).append(decision)
        current = [d for made in by_record.values() for d in list_current_decisions(made)]
        listed += [decision for decision in current if decision.verdict == "unsure"]
    newest = sorted(listed, key=lambda decision: -decision.id)[:MOST_LISTED]
    own_notes = notes.list_own_notes(conn, name)
    places = {(d.record, d.stage): own_notes.get((d.record, d.stage), "") for d in newest}
    return _describe(project, conn, places)


def _list_notes(project: Project, conn: Connection, name: str) -> tuple[OwnRecord, ...]:
    own_notes = notes.list_own_notes(conn, name)
    newest = dict(list(reversed(own_notes.items()))[:MOST_LISTED])
    return _describe(project, conn, newest)


def _describe(
    project: Project, conn: Connection, places: Mapping[tuple[int, str], str]
) -> tuple[OwnRecord, ...]:
    """Record and stage -> text, as rows of a list."""
    stored = records.get_records(conn, {record for record, _ in places})
    names = {stage.id: format_stage_name(stage) for stage in project.protocol.stages}
    reports = links.get_report_groups(conn, [record for record, _ in places])
    return tuple(
        OwnRecord(
            format_record_key(reports.get(record, (record, record))[0]),
            stored[record].record.title or "(no title)",
            names.get(stage, stage),
            text,
        )
        for (record, stage), text in places.items()
    )
