"""Lists of records, and one record with its history."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from review.models import Decision, StoredRecord
from review.protocol.models import Stage, format_stage_name, list_stage_reviewers
from review.store import decisions, files, import_undos, links, records
from review.store.records import RecordSummary
from review.store.timestamps import parse_timestamp
from review.workflow.project.accounts import CurrentUser, require_permission
from review.workflow.project.project import Project
from review.workflow.records.link_rules import format_link_rule
from review.workflow.records.source_names import format_source
from review.workflow.screening import blinding

BATCH_KINDS = {"harvest": "search", "file": "file", "replay": "published counts"}
"""Kind of an arrival -> words, where neither a file nor a range of dates names it."""
DECISION_WORDS = {"include": "include", "exclude": "exclude", "unsure": "maybe"}
ANONYMOUS_NAME = "a team member"
"""Who joined records or added an abstract, while their name could tell who judges them."""


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One line of a record's history."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record with all that may be shown of it."""

    stored: StoredRecord
    abstract: str | None
    """The source's abstract, else the one added by hand."""
    report: int
    """The record that represents the report."""
    study: int
    duplicates: tuple[int, ...]
    """Other records of the same report."""
    siblings: tuple[int, ...]
    """Reports of the same study, itself left out."""
    history: tuple[HistoryEvent, ...]


def list_records(
    project: Project,
    *,
    words: str | None = None,
    filters: dict[str, Any] | None = None,
    sort: str = "id",
    after: tuple[Any, int] | None = None,
    size: int = 50,
) -> list[RecordSummary]:
    """One page of records; see review.store.records.page."""
    with project.store.read() as conn:
        return records.get_page(
            conn, words=words, filters=filters, sort=sort, after=after, size=size
        )


def list_values(project: Project, column: str) -> list[tuple[Any, int]]:
    """Values of a column with their frequency, for filters."""
    with project.store.read() as conn:
        return records.count_values(conn, column)


def count_records(project: Project) -> int:
    """How many records there are."""
    with project.store.read() as conn:
        return records.count_records(conn)


def list_imports(project: Project, most: int = 20) -> list[dict[str, Any]]:
    """The newest imports and harvests, newest first; `undone` says whether one was undone."""
    with project.store.read() as conn:
        undone = import_undos.list_undone_batches(conn)
        undone |= import_undos.list_undone_decision_batches(conn)
        return [
            {**batch, "undone": batch["id"] in undone}
            for batch in records.list_batches(conn)[:most]
        ]


def get_record_view(project: Project, key: str, person: CurrentUser) -> RecordView:
    """One record with its history. What others decided stays hidden until it is settled.

    Raises:
        ReviewError: the person may not open records.
        StoreError: no such record.
    """
    require_permission(person, "read")
    number = records.parse_record_key(key)
    with project.store.read() as conn:
        stored = records.get_record(conn, number)
        groups = links.get_study_groups(conn, number)
        report, study = groups.get(number, (number, number))
        duplicates = tuple(n for n, (r, _) in groups.items() if r == report and n != number)
        others = tuple(sorted({r for r, s in groups.values() if s == study and r != report}))
        numbers = [number, *duplicates]
        reader = blinding.get_blinded_reader(project, conn, person.name, [report])
        visible_by_stage = {
            stage.id: _is_visible(conn, reader, stage.id, report)
            for stage in project.protocol.stages
        }
        visible_decisions = [
            decision
            for decision in decisions.list_decisions(conn, records=numbers)
            if decision.reviewer == person.name
            or (
                visible_by_stage.get(decision.stage)
                and blinding.may_see_record(reader, decision.stage, decision.record)
            )
        ]
        mask_name = partial(
            _mask_name, project, person.name, reader is None or any(visible_by_stage.values())
        )
        stages = {stage.id: stage for stage in project.protocol.stages}
        edits = records.get_edits(conn, number)
        history = [
            *_build_arrival_events(conn, numbers),
            *(
                replace(event, who=mask_name(event.who))
                for event in _build_link_events(conn, set(numbers))
            ),
            *(_build_decision_event(stages, decision) for decision in visible_decisions),
            *(
                replace(event, who=mask_name(event.who))
                for event in (
                    *_build_edit_events(conn, number),
                    *_build_file_events(conn, numbers),
                )
            ),
        ]
    abstract = stored.record.abstract or edits.get("abstract")
    lines = tuple(sorted(history, key=lambda event: event.at))
    return RecordView(
        stored=stored,
        abstract=abstract,
        report=report,
        study=study,
        duplicates=duplicates,
        siblings=others,
        history=lines,
    )


def _is_visible(conn: Any, reader: blinding.BlindedReader | None, stage: str, report: int) -> bool:
    """Whether others' decisions on a report at a stage are shown: once it is settled there, to
    whom it does not wait for."""
    status = blinding.get_joined_status(reader, stage, report) or decisions.get_status(
        conn, report, stage
    )
    return status in blinding.SETTLED_STATUSES and blinding.may_see(reader, stage, report, status)


def _mask_name(project: Project, person: str, open_to: bool, who: str) -> str:
    """A name in the history, or nobody's where it could tell who judges what is not settled."""
    hidden = (
        not open_to
        and who != person
        and any(
            who in list_stage_reviewers(project.protocol, stage)
            for stage in project.protocol.stages
        )
    )
    return ANONYMOUS_NAME if hidden else who


def _build_arrival_events(conn: Any, numbers: list[int]) -> list[HistoryEvent]:
    return [
        HistoryEvent(
            parse_timestamp(at),
            who,
            f"{records.format_record_key(n)} was added from {format_source(source)} "
            f"({name or BATCH_KINDS.get(kind, kind)})",
        )
        for n, at, who, source, name, kind in records.list_batch_entries(conn, numbers)
    ]


def _build_link_events(conn: Any, numbers: set[int]) -> list[HistoryEvent]:
    phrases = {
        "duplicate": "is the same report as",
        "version": "is a version of",
        "study": "is from the same study as",
        "distinct": "is not a duplicate of",
        "maybe": "is a possible duplicate of",
    }
    stored_links = links.list_links_of_records(conn, numbers)
    summaries = records.list_summaries(conn, {n for link in stored_links for n in (link.a, link.b)})

    def name_record(number: int) -> str:
        key, title = records.format_record_key(number), summaries[number].title
        return key if number in numbers or not title else f"{key} “{title}”"

    return [
        HistoryEvent(
            link.at,
            link.who,
            f"{name_record(link.a)} {phrases.get(link.verdict or '', 'was unlinked from')} "
            f"{name_record(link.b)} ({format_link_rule(link.rule)})",
        )
        for link in stored_links
    ]


def _build_decision_event(stages: Mapping[str, Stage], decision: Decision) -> HistoryEvent:
    stage = stages.get(decision.stage)
    what = f"{format_stage_name(stage) if stage else decision.stage}: "
    what += DECISION_WORDS.get(decision.verdict or "", "decision withdrawn")
    if decision.reason:
        what += f", {decision.reason}"
    if decision.note:
        what += f" — {decision.note}"
    return HistoryEvent(decision.at, f"{decision.reviewer} ({decision.role})", what)


def _build_file_events(conn: Any, numbers: list[int]) -> list[HistoryEvent]:
    return [
        HistoryEvent(
            parse_timestamp(at),
            who,
            f"{'removed' if was_removed else 'attached'} the PDF {name} "
            f"({records.format_record_key(number)})",
        )
        for number, at, who, name, was_removed in files.list_file_events(conn, numbers)
    ]


def _build_edit_events(conn: Any, number: int) -> list[HistoryEvent]:
    return [
        HistoryEvent(parse_timestamp(at), who, f"added the {column}")
        for column, _, who, at in records.list_edits(conn, number)
    ]
