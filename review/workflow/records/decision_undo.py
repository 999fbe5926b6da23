"""Undoes an import of decisions: what each reviewer had decided before counts again.

Nothing is deleted. A decision of the file that is still its reviewer's newest is followed by one
more entry, which takes it back or repeats the decision that it had replaced.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from review.errors import ReviewError
from review.models import Decision
from review.protocol.models import format_stage_name
from review.screening import list_current_decisions
from review.store import Connection, audit_events, decisions, import_undos, records, retrievals
from review.store.retrievals import RetrievalAttempt
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.fulltexts.retrieval_statements import BY_PERSON, NOT_RETRIEVED, SOUGHT
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.records.imported_files import get_import
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import UNSAVED_ID_START
from review.workflow.screening.status import ReportDecisions

MAX_NAMED = 20
"""Records named on which a reviewer has decided anew."""
DecisionKey = tuple[int, str, str, str]
"""Report, stage, reviewer and role: of these the newest decision counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionUndoResult:
    """What undoing an import of decisions did."""

    name: str
    """The file."""
    withdrawn: int
    """Decisions that were taken back."""
    restored: int
    """Decisions in whose place the reviewer's earlier one counts again."""
    kept: tuple[str, ...]
    """Keys of the records on which the reviewer has decided anew since, which stays."""
    statements: int
    """Statements on full texts that were taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reversal:
    """A decision of the file that still counts, and the one before it, if any."""

    newest: Decision
    records: tuple[int, ...]
    """Records of the report on which a decision of the file is the reviewer's newest."""
    earlier: Decision | None
    earlier_batch: int | None


@dataclass(frozen=True, slots=True)
class _NewEntry:
    """An entry that undoes, and the import that its decision came with, if it restores one."""

    decision: Decision
    batch: int | None


@dataclass(frozen=True, slots=True)
class _Undo:
    """Everything that undoing an import would do."""

    reversals: list[_Reversal]
    entries: list[_NewEntry]
    statements: Mapping[int, RetrievalAttempt | None]
    """Report -> the statement that counts again; None where there was none before."""


def undo_decision_import(project: Project, batch: int, who: str) -> DecisionUndoResult:
    """Undoes the import of a file of decisions. Statuses and the flow diagram follow; those of past
    days stay. A later decision of the same reviewer at the stage is never touched.

    Raises:
        ReviewError: there is no such import, it was undone already, a reviewer of the file has
            left, or work would be lost from sight that builds on it: a conflict resolved, a
            decision at a later stage, an appraisal. Nothing is changed then.
    """
    require_role(project, who, "import decisions")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        row = get_import(conn, batch, "decisions")
        name, at = str(row["name"]), retrievals.pick_statement_time(conn, utc_now())
        stated = _find_statements(conn, row)
        touched = {*decisions.list_records_of_batch(conn, batch), *stated}
        loaded = standings.load_report_decisions(conn, touched)
        reversals, kept = _find_reversals(conn, loaded, batch)
        _require_present(name, loaded, reversals)
        undo = _Undo(reversals, _build_entries(reversals), stated)
        _require_no_work(project, conn, name, loaded, undo)
        detail = {"file": name, "decisions": len(reversals), "statements": len(stated)}
        audit_events.add_event(
            conn,
            import_undos.DECISIONS_UNDONE_EVENT,
            who,
            at,
            subject=str(batch),
            detail=detail,
        )
        _add_entries(project, conn, undo, who, at)
        standings.save_statuses(project, conn, standings.load_report_decisions(conn, touched))
    restored = sum(_has_verdict(reversal.earlier) for reversal in reversals)
    return DecisionUndoResult(
        name=name,
        withdrawn=len(reversals) - restored,
        restored=restored,
        kept=tuple(records.format_record_key(number) for number in kept),
        statements=len(stated),
    )


def format_undo(result: DecisionUndoResult) -> str:
    """What was undone, in a paragraph for the screen."""
    parts = [
        f"Import of {result.name} undone: {format_count(result.withdrawn, 'decision')} taken back, "
        f"{format_count(result.restored, 'earlier decision')} restored."
    ]
    if result.statements:
        parts.append(f"{format_count(result.statements, 'statement')} on full texts taken back.")
    if result.kept:
        names = ", ".join(result.kept[:MAX_NAMED])
        more = (
            f" and {len(result.kept) - MAX_NAMED:,} others" if len(result.kept) > MAX_NAMED else ""
        )
        parts.append(f"Decided anew since the import, so not changed: {names}{more}.")
    return " ".join(parts)


def _find_statements(
    conn: Connection, batch: Mapping[str, Any]
) -> dict[int, RetrievalAttempt | None]:
    """Report -> the statement that counted before that of the file, where that of the file is the
    newest. Those of files undone before do not count."""
    undone = import_undos.list_undone_decision_batches(conn)
    undone_at = {row["at"] for row in records.list_batches(conn) if row["id"] in undone}
    events = audit_events.list_events(conn, kind=import_undos.DECISIONS_UNDONE_EVENT)
    undo_times = {event["at"] for event in events}
    previous: dict[int, RetrievalAttempt | None] = {}
    for number in retrievals.list_attempts_entered_at(conn, batch["at"]):
        traced = _trace_attempts(retrievals.list_attempts(conn, number), undo_times, undone_at)
        newest, origin = traced[-1]
        if (origin, newest.source) == (batch["at"], BY_PERSON):
            counting = [entry for entry in traced if entry[1] not in (*undone_at, batch["at"])]
            previous[number] = counting[-1][0] if counting else None
    return previous


def _trace_attempts(
    attempts: Sequence[RetrievalAttempt], undo_times: Collection[str], undone_at: Collection[str]
) -> list[tuple[RetrievalAttempt, str]]:
    """Each attempt with the time of its first entry: an undo enters an earlier statement again."""
    traced: list[tuple[RetrievalAttempt, str]] = []
    for attempt in attempts:
        origin = attempt.at
        if attempt.at in undo_times:
            equal = [
                first
                for other, first in reversed(traced)
                if (other.state, other.who, other.source, other.reason)
                == (attempt.state, attempt.who, attempt.source, attempt.reason)
            ]
            standing = [first for first in equal if first not in undone_at]
            origin = next(iter([*standing, *equal]), origin)
        traced.append((attempt, origin))
    return traced


def _find_reversals(
    conn: Connection, loaded: ReportDecisions, batch: int
) -> tuple[list[_Reversal], list[int]]:
    """The file's decisions that still count, and the records on which a later one does."""
    in_force = {
        decision.id
        for by_stage in loaded.by_report.values()
        for stage_decisions in by_stage.values()
        for decision in stage_decisions
    }
    undone = import_undos.list_undone_decision_batches(conn) | {batch}
    histories: dict[DecisionKey, list[tuple[Decision, int | None]]] = {}
    for decision, source in decisions.list_with_batches(conn, loaded.report_of):
        report = loaded.report_of[decision.record]
        key = (report, decision.stage, decision.reviewer, decision.role)
        histories.setdefault(key, []).append((decision, source))
    reversals: list[_Reversal] = []
    kept: set[int] = set()
    for history in histories.values():
        newest, source = history[-1]
        if source == batch:
            before = [entry for entry in history if entry[1] not in undone]
            earlier, earlier_batch = before[-1] if before else (None, None)
            last = {decision.record: (decision, source) for decision, source in history}
            numbers = [
                number
                for number, (decision, source) in last.items()
                if source == batch and decision.verdict is not None
            ]
            reversals.append(
                _Reversal(
                    newest=newest,
                    records=tuple(numbers),
                    earlier=earlier if earlier and earlier.id in in_force else None,
                    earlier_batch=earlier_batch,
                )
            )
        elif any(source == batch for _, source in history):
            kept.add(newest.record)
    return reversals, sorted(kept)


def _has_verdict(decision: Decision | None) -> bool:
    return decision is not None and decision.verdict is not None


def _require_present(name: str, loaded: ReportDecisions, reversals: Iterable[_Reversal]) -> None:
    """What somebody who has left decided is fixed from then on."""
    people = {
        reversal.newest.reviewer
        for reversal in reversals
        if reversal.newest.role != "automation" and reversal.newest.reviewer in loaded.departed
    }
    if people:
        raise ReviewError(
            f"{name}: this import cannot be undone while {', '.join(sorted(people))} is retired. "
            "Bring the person back first. Nothing was changed."
        )


def _build_entries(reversals: Iterable[_Reversal]) -> list[_NewEntry]:
    """The entries that undo; those that take back come before those that restore."""
    cleared: list[_NewEntry] = []
    restored: list[_NewEntry] = []
    for reversal in reversals:
        newest, earlier = reversal.newest, reversal.earlier
        is_restored = _has_verdict(earlier)
        for number in reversal.records:
            if earlier is None or not is_restored or number != earlier.record:
                entry = dataclasses.replace(
                    newest, record=number, verdict=None, reason=None, note=None
                )
                cleared.append(_NewEntry(entry, None))
        if earlier is not None and is_restored:
            restored.append(_NewEntry(earlier, reversal.earlier_batch))
    return [*cleared, *sorted(restored, key=lambda entry: entry.batch or 0)]


def _add_entries(project: Project, conn: Connection, undo: _Undo, who: str, at: datetime) -> None:
    for batch, entries in groupby(undo.entries, key=lambda entry: entry.batch):
        new_decisions = [dataclasses.replace(entry.decision, at=at) for entry in entries]
        decisions.add_decisions(
            conn, new_decisions, who=who, batch=batch, protocol=project.fingerprint
        )
    for number, previous in undo.statements.items():
        if previous is None:
            retrievals.add_attempt(conn, number, SOUGHT, who, at, source=BY_PERSON)
        else:
            retrievals.repeat_attempt(conn, previous, at)


def _require_no_work(
    project: Project,
    conn: Connection,
    name: str,
    loaded: ReportDecisions,
    undo: _Undo,
) -> None:
    """Refuses an undo after which somebody's later work would not count any more."""
    protocol = project.protocol
    before = {
        report: standings.get_report_statuses(protocol, loaded, report)
        for report in loaded.by_report
    }
    resolved = _find_resolved(loaded, undo.reversals)
    for number, entry in enumerate(undo.entries):
        report = loaded.report_of[entry.decision.record]
        planned = dataclasses.replace(entry.decision, id=UNSAVED_ID_START + number)
        loaded.by_report[report].setdefault(planned.stage, []).append(planned)
    members: dict[int, list[int]] = {}
    for record, report in loaded.report_of.items():
        members.setdefault(report, []).append(record)
    work = {"resolved conflicts": resolved} if resolved else {}
    for report, statuses in before.items():
        after = standings.get_report_statuses(protocol, loaded, report)
        lost = [stage for stage in protocol.stages if stage.id in statuses.keys() - after.keys()]
        for stage in lost:
            if list_current_decisions(loaded.by_report[report].get(stage.id, ())):
                work.setdefault(f"decisions at {format_stage_name(stage)}", set()).add(report)
            if stage.kind == "eligibility" and _is_stated(conn, report, undo.statements):
                work.setdefault("statements on full texts", set()).add(report)
        is_dropped = any(
            status.status == "included"
            and (stage not in after or after[stage].status != "included")
            for stage, status in statuses.items()
        )
        if is_dropped and import_undos.has_appraisals(conn, members[report]):
            work.setdefault("appraisals", set()).add(report)
    if work:
        count = format_count(len(set().union(*work.values())), "record")
        raise ReviewError(
            f"{name}: this import cannot be undone, because later work on {count} rests on its "
            f"decisions ({', '.join(work)}). Nothing was changed."
        )


def _find_resolved(loaded: ReportDecisions, reversals: Iterable[_Reversal]) -> set[int]:
    """Reports on which an adjudicator decided after a decision of the file that would be undone."""
    undone = {reversal.newest.id for reversal in reversals}
    resolved = set()
    for reversal in reversals:
        newest = reversal.newest
        report = loaded.report_of[newest.record]
        current = list_current_decisions(loaded.by_report[report].get(newest.stage, ()))
        if newest.role == "reviewer" and any(
            decision.role == "adjudicator" and decision.id > newest.id and decision.id not in undone
            for decision in current
        ):
            resolved.add(report)
    return resolved


def _is_stated(conn: Connection, report: int, taken_back: Collection[int]) -> bool:
    """Whether a person's word on the full text stays that came by other ways than the file."""
    attempt = retrievals.get_newest_attempt(conn, report)
    return (
        attempt is not None
        and (attempt.source, attempt.state) == (BY_PERSON, NOT_RETRIEVED)
        and report not in taken_back
    )
