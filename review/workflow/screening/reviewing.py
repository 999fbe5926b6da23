"""Screening by a reviewer: the next record, decisions, undo, and conflicts.

Blindness is a property of these functions: what they return for a reviewer holds only that
reviewer's own decisions and notes until the report is settled at the stage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from review import screening
from review.errors import ReviewError, StoreError
from review.models import Decision, Record, Verdict
from review.protocol.models import Stage, format_stage_name
from review.screening import ConflictKind, ScreeningStatus
from review.store import (
    Connection,
    audit_events,
    decisions,
    leases,
    links,
    notes,
    records,
    screening_queue,
)
from review.store.records import format_record_key
from review.store.timestamps import parse_timestamp, utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, find_stage, follow_plan
from review.workflow.screening import allocation, blinding, ranking, work_queue
from review.workflow.screening import status as standings
from review.workflow.screening.assignment import active_reviewers, reassign
from review.workflow.screening.decisions import NewDecision, add_decisions
from review.workflow.screening.departures import get_departed_reviewers

DECIDED_AS: dict[Verdict | None, str] = {
    "include": "included",
    "exclude": "excluded",
    "unsure": "marked Maybe on",
    None: "decided",
}
SINGLE_LOOKUP_LIMIT = 500
"""So many reports are looked up by number; more are faster looked up all at once."""


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as one reviewer may see it."""

    number: int
    key: str
    record: Record
    abstract: str | None
    own_decision: Decision | None
    """The reviewer's own decision at this stage, where there is one."""
    note: str | None
    members: tuple[str, ...]
    """Keys of other records of the same report."""
    siblings: tuple[str, ...]
    """Keys of other reports of the same study."""


@dataclass(frozen=True, slots=True)
class ListedReport:
    """One report of a reviewer's list."""

    view: ReportView
    waits: bool
    """Whether it still waits for the reviewer."""


@dataclass(frozen=True, slots=True)
class ReviewerProgress:
    """How far a reviewer is at a stage."""

    done: int
    remaining: int
    minutes: float | None
    """About how long the rest takes; None until it can be estimated."""


@dataclass(frozen=True, slots=True)
class ScreeningConflict:
    """A report on which reviewers differ, for the adjudicator."""

    number: int
    key: str
    pile: ConflictKind
    record: Record
    abstract: str | None
    votes: tuple[Decision, ...]
    """By reviewers, in alphabetical order of their names."""
    notes: dict[str, str]


def get_next_record(
    project: Project,
    stage: Stage,
    reviewer: str,
    *,
    skip: Sequence[int] = (),
    current_key: str | None = None,
) -> ReportView | None:
    """The next report this reviewer is to judge at a stage; None when there is nothing left, or all
    that is left is being read by enough others (allocation.get_queue_state tells which).

    Args:
        skip: reports to pass over.
        at: key of the report in hand; it stays while it waits for this reviewer, whatever others
            decide and however the order changes meanwhile.
    """
    with project.store.read() as conn:
        missed = allocation.list_unavailable_texts(conn, stage)
        if current_key in {format_record_key(number) for number in missed}:
            current_key = None
        skip = (*skip, *missed)
        number = _find_waiting_number(conn, stage, reviewer, current_key) or allocation.choose_next(
            project, conn, stage, reviewer, skip
        )
        view = None if number is None else _build_report_view(conn, number, stage, reviewer)
        missing = number is None and bool(screening_queue.list_unqueued_reports(conn, stage.id))
        noted = number is None or number == leases.get_report_in_hand(conn, stage.id, reviewer)
        if not missing and (noted or not allocation.is_shared(project, conn, stage)):
            return view
    if missing:
        ranking.place_new_reports(project, stage)
    with project.store.write() as conn:  # checked and noted in one step, whatever others do
        if view is not None and allocation.is_available(conn, stage, reviewer, view.number):
            leases.hold_report(conn, stage.id, reviewer, view.number)
            return view
        number = _find_waiting_number(conn, stage, reviewer, current_key) or allocation.choose_next(
            project, conn, stage, reviewer, skip
        )
        if number is None:
            leases.release_reports(conn, stage.id, reviewer)
            return None
        leases.hold_report(conn, stage.id, reviewer, number)
        return _build_report_view(conn, number, stage, reviewer)


def start_list(project: Project, stage: Stage, reviewer: str, size: int) -> list[str]:
    """Keys of the next reports of a reviewer, for a list of `size`; fewer at the end.

    Those the reviewer has open and has not judged come first, in the order they were listed, so
    that a reload and a new list pass over nothing.
    """
    require_role(project, reviewer, "screen")
    with project.store.read() as conn:
        missing = bool(screening_queue.list_unqueued_reports(conn, stage.id))
    if missing:
        ranking.place_new_reports(project, stage)
    with project.store.write() as conn:  # chosen and noted in one step, whatever others do
        skip = allocation.list_unavailable_texts(conn, stage)
        in_hand = [
            number for number in _find_waiting_numbers(conn, stage, reviewer) if number not in skip
        ][:size]
        numbers = in_hand + allocation.choose_several(
            project,
            conn,
            stage=stage,
            reviewer=reviewer,
            count=size - len(in_hand),
            skip=(*skip, *in_hand),
        )
        leases.hold_reports(conn, stage.id, reviewer, numbers)
    return [format_record_key(number) for number in numbers]


def renew_list(project: Project, stage: Stage, reviewer: str) -> None:
    """Keeps the reports of a list open for the reviewer who is reading it; judged ones are
    released."""
    require_role(project, reviewer, "screen")
    with project.store.write() as conn:
        leases.hold_reports(conn, stage.id, reviewer, _find_waiting_numbers(conn, stage, reviewer))


def _find_waiting_numbers(conn: Connection, stage: Stage, reviewer: str) -> list[int]:
    """Reports that a reviewer has open and that still wait for them."""
    in_hand = leases.list_reports_in_hand(conn, stage.id, reviewer)
    waiting = {
        number
        for number, _ in screening_queue.list_pending_reports(conn, stage.id, reviewer, in_hand)
    }
    return [number for number in in_hand if number in waiting]


def list_report_views(
    project: Project, stage: Stage, reviewer: str, keys: Sequence[str]
) -> list[ListedReport]:
    """The reports of a list as this reviewer may see them, in the order given."""
    numbers = [records.parse_record_key(key) for key in keys]
    with project.store.read() as conn:
        waiting = {
            number
            for number, _ in screening_queue.list_pending_reports(conn, stage.id, reviewer, numbers)
        }
        return [
            ListedReport(_build_report_view(conn, number, stage, reviewer), number in waiting)
            for number in numbers
        ]


def _find_waiting_number(
    conn: Connection, stage: Stage, reviewer: str, key: str | None
) -> int | None:
    """The number of a report in hand, where it still waits for the reviewer."""
    if key is None:
        return None
    try:
        number = records.parse_record_key(key)
    except StoreError:
        return None
    return (
        number
        if screening_queue.list_pending_reports(conn, stage.id, reviewer, among=[number])
        else None
    )


def get_report_view(project: Project, stage: Stage, reviewer: str, key: str) -> ReportView:
    """One report by key, as this reviewer may see it. Raises StoreError for an unknown key."""
    with project.store.read() as conn:
        return _build_report_view(conn, records.parse_record_key(key), stage, reviewer)


def _build_report_view(conn: Connection, number: int, stage: Stage, reviewer: str) -> ReportView:
    stored = records.get_record(conn, number)
    groups = links.get_study_groups(conn, number) or {number: (number, number)}
    report = groups[number][0]
    members = [n for n, (r, _) in groups.items() if r == report]
    others = sorted({r for r, _ in groups.values() if r != report})
    return ReportView(
        number=number,
        key=stored.key,
        record=stored.record,
        abstract=stored.record.abstract or _find_abstract(conn, number, members),
        own_decision=_find_own_decision(conn, members, stage, reviewer),
        note=notes.get_newest_notes(conn, number, stage.id).get(reviewer),
        members=tuple(format_record_key(n) for n in members if n != number),
        siblings=tuple(format_record_key(n) for n in others),
    )


def _find_own_decision(
    conn: Connection, members: Sequence[int], stage: Stage, reviewer: str
) -> Decision | None:
    """The reviewer's decision in force on a report of these records at a stage."""
    own_decisions = screening.list_current_decisions(
        decisions.list_decisions(conn, stage=stage.id, reviewer=reviewer, records=members)
    )
    return own_decisions[-1] if own_decisions else None


def _find_abstract(conn: Connection, number: int, members: Sequence[int]) -> str | None:
    """An abstract added by hand to a record that has none, or that of another record of its
    report."""
    for member in members:
        added = records.get_edits(conn, member).get("abstract")
        if added:
            return added
    others = [member for member in members if member != number]
    for stored in records.get_records(conn, others).values() if others else ():
        if stored.record.abstract:
            return stored.record.abstract
    return None


def save_decision(
    project: Project,
    stage: Stage,
    reviewer: str,
    number: int,
    verdict: Verdict,
    *,
    reason: str | None = None,
    seen: int = 0,
) -> ScreeningStatus:
    """Saves a reviewer's decision at once.

    Args:
        seen: row number of the reviewer's own decision that the page showed; 0 for none.

    Raises:
        ReviewError: as workflow.decisions.decide; or the reviewer decided it in another tab, or
            it was settled by others meanwhile. Nothing is added then.
    """
    require_role(project, reviewer, "screen")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        stage = find_stage(project.protocol, stage.id)
        report_decisions = standings.load_report_decisions(conn, [number])
        if number not in report_decisions.report_of:
            records.get_record(conn, number)  # says that there is none
        _check_still_open(
            project,
            conn,
            report_decisions=report_decisions,
            number=number,
            stage=stage,
            reviewer=reviewer,
            seen=seen,
        )
        note = notes.get_newest_notes(conn, number, stage.id).get(reviewer)
        new_decision = NewDecision(
            record=number,
            stage=stage.id,
            reviewer=reviewer,
            verdict=verdict,
            reason=reason,
            note=note,
        )
        leases.release_reports(conn, stage.id, reviewer, record=number)
        return add_decisions(
            project, conn, [new_decision], utc_now(), who=reviewer, loaded=report_decisions
        )[0]


def _check_still_open(
    project: Project,
    conn: Connection,
    *,
    report_decisions: standings.ReportDecisions,
    number: int,
    stage: Stage,
    reviewer: str,
    seen: int,
) -> None:
    key = format_record_key(number)
    report = report_decisions.report_of[number]
    members = [n for n, r in report_decisions.report_of.items() if r == report]
    own_decision = _find_own_decision(conn, members, stage, reviewer)
    if own_decision is not None and own_decision.id != seen:
        raise ReviewError(
            f"You already {DECIDED_AS[own_decision.verdict]} {key} in another tab. Nothing changed."
        )
    report_status = standings.get_report_statuses(project.protocol, report_decisions, report).get(
        stage.id
    )
    placement = screening_queue.get_position(conn, stage.id, report)
    pilot = placement is not None and placement[0].pilot
    assignees = placement[0].assignees if placement is not None and own_decision is None else None
    if assignees is not None and reviewer not in assignees:
        raise ReviewError(f"{key} is not assigned to {reviewer}.")
    if (
        report_status
        and own_decision is None
        and not pilot
        and report_status.status not in screening_queue.OPEN_STATUSES
    ):
        raise ReviewError(
            f"{key} was resolved by other reviewers in the meantime. Your decision was not saved."
        )


def undo_decision(project: Project, stage: Stage, reviewer: str) -> str | None:
    """Withdraws the reviewer's newest decision at a stage; gives its key, None if there is none."""
    require_role(project, reviewer, "screen")
    with project.store.write() as conn:  # two quick undos take back two decisions, not one twice
        rows = screening_queue.list_recent_decisions(conn, stage.id, reviewer, limit=500)
        seen: set[int] = set()
        for number, _, verdict in rows:
            if number not in seen and verdict is not None:
                withdrawal = NewDecision(number, stage.id, reviewer, None)
                add_decisions(project, conn, [withdrawal], utc_now(), who=reviewer)
                return format_record_key(number)
            seen.add(number)
    return None


def add_note(project: Project, stage: Stage, reviewer: str, number: int, text: str | None) -> None:
    """Keeps a reviewer's note on a record; theirs alone until the report is settled."""
    require_role(project, reviewer, "contribute")
    with project.store.write() as conn:
        notes.add_note(
            conn, number, stage=stage.id, reviewer=reviewer, text=text or None, at=utc_now()
        )


def add_abstract(project: Project, reviewer: str, number: int, text: str) -> None:
    """Adds an abstract the source did not give; the record itself stays as it was.

    Raises:
        ReviewError: the record has one, or the text is empty.
    """
    require_role(project, reviewer, "contribute")
    with project.store.write() as conn:
        if records.get_record(conn, number).record.abstract:
            raise ReviewError(
                f"{format_record_key(number)} already has an abstract from its source."
            )
        if not text.strip():
            raise ReviewError("The abstract is empty.")
        records.add_edit(
            conn, number, column="abstract", value=text.strip(), who=reviewer, at=utc_now()
        )


def list_recent_keys(project: Project, stage: Stage, reviewer: str, most: int = 60) -> list[str]:
    """Keys of the records the reviewer judged last at a stage, newest first, each once."""
    with project.store.read() as conn:
        rows = screening_queue.list_recent_decisions(conn, stage.id, reviewer, limit=most)
    return list(dict.fromkeys(format_record_key(number) for number, _, _ in rows))


def get_reviewer_progress(project: Project, stage: Stage, reviewer: str) -> ReviewerProgress:
    """How many the reviewer has judged, has left, and about how long that takes."""
    with project.store.read() as conn:
        done, remaining = work_queue.count_reports(project.store, conn, stage.id, reviewer)
        rows = screening_queue.list_recent_decisions(conn, stage.id, reviewer, limit=120)
    moments = [parse_timestamp(at) for _, at, verdict in rows if verdict]
    return ReviewerProgress(done, remaining, screening.estimate_minutes_left(moments, remaining))


def list_conflicts(
    project: Project, stage: Stage, *, reader: str | None = None
) -> dict[ConflictKind, list[str]]:
    """Pile -> keys of the reports in conflict at a stage, in order of arrival.

    Args:
        reader: who asks; what they are still to judge themselves is left out, and what they
            joined; nothing is shown to who reviews and does not adjudicate.
    """
    keys_by_pile: dict[ConflictKind, list[str]] = {"verdict": [], "reason": [], "maybe": []}
    with project.store.read() as conn:
        conflict_rows = screening_queue.list_conflicts(conn, stage.id)
        numbers = (
            [number for number, _ in conflict_rows]
            if len(conflict_rows) <= SINGLE_LOOKUP_LIMIT
            else None
        )
        hidden = _find_hidden_conflicts(project, conn, stage, reader, numbers)
    for number, pile in conflict_rows:
        if hidden is not None and number not in hidden:
            keys_by_pile[_parse_pile(pile)].append(format_record_key(number))
    return keys_by_pile


def _find_hidden_conflicts(
    project: Project,
    conn: Connection,
    stage: Stage,
    name: str | None,
    numbers: Sequence[int] | None,
) -> frozenset[int] | None:
    """Reports whose conflict a person may not open; None where they may open none."""
    reader = blinding.get_blinded_reader(project, conn, name, numbers)
    if reader is None or name is None:
        return frozenset()
    if not reader.adjudicates:
        return None
    joined = {
        report
        for report in reader.joined_statuses
        if blinding.find_own_joins(project, conn, stage, name, report)
    }
    return reader.reports_to_judge.get(stage.id, frozenset()) | joined


def _parse_pile(text: str) -> ConflictKind:
    return "reason" if text == "reason" else "maybe" if text == "maybe" else "verdict"


def get_conflict(
    project: Project, stage: Stage, key: str, *, reader: str | None = None
) -> ScreeningConflict:
    """One conflict with both votes, for the adjudicator.

    Args:
        reader: who asks.

    Raises:
        ReviewError: the report is not in conflict (any more), there is no such record, or the
            reader is still to judge it.
    """
    number = records.parse_record_key(key)
    with project.store.read() as conn:
        stored = records.get_record(conn, number)
        report_decisions = standings.load_report_decisions(conn, [number])
        report = report_decisions.report_of[number]
        _check_own_decision(project, conn, stage, reader, report)
        report_status = standings.get_report_statuses(
            project.protocol, report_decisions, report
        ).get(stage.id)
        if report_status is None or report_status.status != "conflict":
            raise ReviewError(
                f"{key} is no longer in conflict at the stage {format_stage_name(stage)!r}."
            )
        members = [n for n, r in report_decisions.report_of.items() if r == report]
        notes_by_reviewer: dict[str, str] = {}
        for member in members:
            notes_by_reviewer |= notes.get_newest_notes(conn, member, stage.id)
        abstract = stored.record.abstract or _find_abstract(conn, number, members)
    votes = [decision for decision in report_status.decisions if decision.role == "reviewer"]
    votes.sort(key=lambda decision: decision.reviewer)
    return ScreeningConflict(
        number=number,
        key=key,
        pile=report_status.conflict_kind or "verdict",
        record=stored.record,
        abstract=abstract,
        votes=tuple(votes),
        notes=notes_by_reviewer,
    )


def _check_own_decision(
    project: Project, conn: Connection, stage: Stage, name: str | None, report: int
) -> None:
    if blinding.find_reports_to_judge(project, conn, stage, name, [report]):
        raise ReviewError(
            f"{format_record_key(report)} is waiting for {name}'s own decision; colleagues' "
            "decisions are shown afterwards."
        )
    if name is not None and (joined := blinding.find_own_joins(project, conn, stage, name, report)):
        raise ReviewError(
            f"{name} merged {', '.join(map(format_record_key, joined))} with other records and "
            "cannot adjudicate the merged record. Another adjudicator must resolve this "
            f"conflict, or {name} must undo the merge first."
        )


def require_own_decision(project: Project, stage: Stage, name: str, number: int) -> None:
    """Raises ReviewError where a report waits for a person's own decision at a stage."""
    with project.store.read() as conn:
        report = links.get_study_groups(conn, number).get(number, (number, number))[0]
        _check_own_decision(project, conn, stage, name, report)


def settle_conflict(
    project: Project,
    stage: Stage,
    adjudicator: str,
    number: int,
    verdict: Verdict,
    *,
    reason: str | None = None,
    note: str | None = None,
) -> ScreeningStatus:
    """Saves the adjudicator's decision.

    Raises:
        ReviewError: as workflow.decisions.decide; or it still waits for their own decision.
    """
    require_role(project, adjudicator, "adjudicate")
    new_decision = NewDecision(
        record=number,
        stage=stage.id,
        reviewer=adjudicator,
        verdict=verdict,
        reason=reason,
        note=note,
        role="adjudicator",
    )
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        stage = find_stage(project.protocol, stage.id)
        report = links.get_study_groups(conn, number).get(number, (number, number))[0]
        _check_own_decision(project, conn, stage, adjudicator, report)
        return add_decisions(project, conn, [new_decision], utc_now(), who=adjudicator)[0]


def undo_adjudication(project: Project, stage: Stage, adjudicator: str) -> str | None:
    """Withdraws the adjudicator's newest decision; gives its key, None if there is none."""
    require_role(project, adjudicator, "adjudicate")
    with project.store.write() as conn:
        adjudicator_decisions = decisions.list_decisions(conn, stage=stage.id, reviewer=adjudicator)
        newest = {
            decision.record: decision
            for decision in adjudicator_decisions
            if decision.role == "adjudicator"
        }
        in_force = [decision for decision in newest.values() if decision.verdict is not None]
        if not in_force:
            return None
        number = max(in_force, key=lambda decision: decision.id).record
        withdrawal = NewDecision(number, stage.id, adjudicator, None, role="adjudicator")
        add_decisions(project, conn, [withdrawal], utc_now(), who=adjudicator)
    return format_record_key(number)


def has_left(project: Project, name: str) -> bool:
    """Whether a reviewer is retired now."""
    with project.store.read() as conn:
        return name in get_departed_reviewers(conn)


@dataclass(frozen=True, slots=True)
class RetirementResult:
    """What it came to that a reviewer left (or came back)."""

    changed: int
    """Reports whose status changed."""
    reassigned: int
    """Open reports that were given to others, where the protocol gives them out."""
    understaffed_stages: tuple[str, ...]
    """Stages with too few reviewers left to settle a report."""


def retire_reviewer(
    project: Project, name: str, who: str, *, returning: bool = False
) -> RetirementResult:
    """Takes a reviewer out of the review (or back in): what is settled stays, their open records
    go back into the queue.

    Raises:
        ReviewError: the name is not in the team.
    """
    require_role(project, who, "manage")
    team = [member.name for member in project.protocol.team]
    if name not in team:
        raise ReviewError(f"{name!r} is not on this review's team ({', '.join(team)}).")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        before = standings.compute_statuses(project, conn)
        audit_events.add_event(
            conn,
            "return" if returning else "retire",
            who,
            utc_now(),
            subject=name,
            detail={decisions.MARK: decisions.get_last_id(conn)},
        )
        after = standings.rebuild_statuses(project, conn)
        reassigned = reassign(project, conn)
        understaffed_stages = tuple(
            format_stage_name(stage)
            for stage in project.protocol.stages
            if len(active_reviewers(project, conn, stage)) < stage.reviewers
        )
    changed = sum(
        after[stage].get(report) != report_status
        for stage, stage_statuses in before.items()
        for report, report_status in stage_statuses.items()
    )
    return RetirementResult(changed, reassigned, understaffed_stages)
