"""The list of records with status, own decision, PDF and note, filtered and blinded for its reader.

A status is shown as everywhere else: what is not resolved, or still waits for the reader, is only
'open'; conflicts are shown to those who may settle them. A filter finds nothing that the list does
not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from review.errors import ReviewError
from review.models import Decision
from review.protocol.models import Stage, format_stage_name, list_stage_reviewers
from review.screening import list_current_decisions
from review.store import Connection, decisions, files, links, notes, records, revision
from review.store.records import RecordSummary, format_record_key
from review.workflow.project.accounts import CurrentUser, is_allowed, require_role
from review.workflow.project.project import Project
from review.workflow.records import annotations
from review.workflow.screening import blinding, reviewing

OwnFilter = Literal["undecided", "include", "exclude", "unsure"]
STATUS_LABELS = {
    "included": "included",
    "excluded": "excluded",
    "conflict": "in conflict",
    blinding.OPEN_STATUS: "not resolved",
}
"""Status as the list shows it -> words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """What the list is limited to; None and empty limit nothing."""

    words: str = ""
    source: str | None = None
    year: int | None = None
    stage: str | None = None
    """Id of the stage the report is at."""
    status: str | None = None
    """A key of STATUS_LABELS."""
    mine: OwnFilter | None = None
    """What the reader decided, or that the report waits for them."""
    reason: str | None = None
    has_pdf: bool | None = None
    has_note: bool = False
    """Only records with the reader's own note."""
    tag: str | None = None
    """Only records with this tag, as far as the reader may see it."""
    has_team_note: bool = False
    """Only records with a note for the team that the reader may see."""
    sort: str = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRecord:
    """One row of the list."""

    summary: RecordSummary
    report: int
    stage: Stage | None
    """The stage the report is at, as far as the reader may be shown."""
    status: str
    reason: str | None
    own_verdict: str | None
    """The reader's own vote at the last stage where they voted."""
    own_stage: Stage | None
    """That stage."""
    note: str
    """The reader's own notes, of all stages."""
    has_pdf: bool
    tags: tuple[str, ...] = ()
    """The reader's own tags and those of others they may see, each once."""
    team_notes: tuple[str, ...] = ()
    """"Name: note" of each note for the team they may see."""


@dataclass(frozen=True, slots=True)
class RecordList:
    """The records that match, in order, and how many there are in all."""

    numbers: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of a decision on many records."""

    saved: tuple[str, ...]
    skipped: tuple[str, ...]
    """One line each: the record and why."""


@dataclass(frozen=True, slots=True)
class _Position:
    stage: Stage
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class ReaderView:
    """All that the list shows of reports, as one reader may see it."""

    reports: Mapping[int, tuple[int, int]]
    """Record -> (report, study)."""
    positions: Mapping[int, _Position]
    own: Mapping[tuple[int, str], str]
    """Report and stage id -> the reader's verdict."""
    waiting: frozenset[tuple[int, str]]
    notes: Mapping[tuple[int, str], str]
    pdfs: frozenset[int]
    tags: Mapping[int, tuple[str, ...]]
    """Report -> tags the reader may see."""
    team_notes: Mapping[int, tuple[str, ...]]
    stages: tuple[Stage, ...]

    def get_report(self, number: int) -> int:
        return self.reports.get(number, (number, number))[0]

    def find_own_vote(self, report: int) -> tuple[Stage | None, str | None]:
        """The last stage where the reader voted, and how."""
        for stage in reversed(self.stages):
            verdict = self.own.get((report, stage.id))
            if verdict is not None:
                return stage, verdict
        return None, None

    def list_notes(self, report: int) -> list[str]:
        """The reader's own notes on a report, in the order of the stages."""
        notes_by_stage = (self.notes.get((report, stage.id)) for stage in self.stages)
        return [note for note in notes_by_stage if note]


def find_records(project: Project, view: ReaderView, wanted: RecordFilter) -> RecordList:
    """The records that match a filter, in the order asked for."""
    filters: dict[str, Any] = {}
    if wanted.source is not None:
        filters["source"] = wanted.source
    if wanted.year is not None:
        filters["year"] = wanted.year
    with project.store.read() as conn:
        total = records.count_records(conn)
        numbers = records.list_ordered_numbers(
            conn, words=wanted.words, filters=filters, sort=wanted.sort
        )
    matching = tuple(number for number in numbers if _matches(view, wanted, number))
    return RecordList(matching, total)


def list_rows(project: Project, view: ReaderView, numbers: tuple[int, ...]) -> list[ListedRecord]:
    """The rows of some records, in the order given."""
    with project.store.read() as conn:
        summaries = records.list_summaries(conn, numbers)
    rows = []
    for number in numbers:
        report = view.get_report(number)
        position = view.positions.get(report)
        own_stage, own_verdict = view.find_own_vote(report)
        rows.append(
            ListedRecord(
                summary=summaries[number],
                report=report,
                stage=position.stage if position else None,
                status=position.status if position else blinding.OPEN_STATUS,
                reason=position.reason if position else None,
                own_verdict=own_verdict,
                own_stage=own_stage,
                note="\n".join(view.list_notes(report)),
                has_pdf=report in view.pdfs,
                tags=view.tags.get(report, ()),
                team_notes=view.team_notes.get(report, ()),
            )
        )
    return rows


def format_status(row: ListedRecord) -> str:
    """Where a record is, in words."""
    if row.stage is None:
        return ""
    return f"{format_stage_name(row.stage)}: {STATUS_LABELS.get(row.status, row.status)}"


def list_reasons(project: Project) -> list[str]:
    """All reasons for exclusion of the protocol, each once, in its order."""
    return list(dict.fromkeys(r for stage in project.protocol.stages for r in stage.reasons))


def list_tags(view: ReaderView) -> list[str]:
    """All tags that some record shows to this reader, in alphabetical order."""
    return sorted({tag for tags in view.tags.values() for tag in tags}, key=str.casefold)


def get_revision(project: Project) -> tuple[int, ...]:
    """A key that changes with everything the list shows."""
    with project.store.read() as conn:
        return revision.get_list_revision(conn)


def exclude_records(
    project: Project, person: CurrentUser, numbers: tuple[int, ...], reason: str | None
) -> BulkOutcome:
    """Saves the person's own vote to exclude on several records, each at the stage where it waits
    for them. A record that does not wait for them is skipped and keeps what it has.

    Raises:
        ReviewError: the person reviews no stage.
    """
    require_role(project, person.name, "screen")
    stages = [
        stage
        for stage in project.protocol.stages
        if stage.kind != "quality" and person.name in list_stage_reviewers(project.protocol, stage)
    ]
    if not stages:
        raise ReviewError("You are not assigned to any screening stage. Ask the lead to add you.")
    saved, skipped = [], []
    for number in numbers:
        with project.store.read() as conn:
            report = links.get_study_groups(conn, number).get(number, (number, number))[0]
            waiting = next(
                (
                    stage
                    for stage in stages
                    if blinding.find_reports_to_judge(project, conn, stage, person.name, [report])
                ),
                None,
            )
        key = format_record_key(number)
        if waiting is None:
            skipped.append(f"{key} is not waiting for your screening decision.")
            continue
        try:
            reviewing.save_decision(project, waiting, person.name, report, "exclude", reason=reason)
        except ReviewError as error:
            skipped.append(str(error))
        else:
            saved.append(key)
    return BulkOutcome(tuple(saved), tuple(skipped))


def _matches(view: ReaderView, wanted: RecordFilter, number: int) -> bool:
    report = view.get_report(number)
    position = view.positions.get(report)
    stage_id = position.stage.id if position else ""
    place = (report, stage_id)
    if wanted.stage and stage_id != wanted.stage:
        return False
    if wanted.status and (position is None or position.status != wanted.status):
        return False
    if wanted.reason and (position is None or position.reason != wanted.reason):
        return False
    if wanted.has_pdf is not None and (report in view.pdfs) != wanted.has_pdf:
        return False
    if wanted.has_note and not view.list_notes(report):
        return False
    if wanted.tag is not None and wanted.tag not in view.tags.get(report, ()):
        return False
    if wanted.has_team_note and report not in view.team_notes:
        return False
    if wanted.mine == "undecided":
        return place in view.waiting
    return wanted.mine is None or view.find_own_vote(report)[1] == wanted.mine


def build_view(project: Project, person: CurrentUser) -> ReaderView:
    """What the list may show a person of every report, now."""
    conflicts = _list_open_conflicts(project, person)
    with project.store.read() as conn:
        return _read_view(project, conn, person, conflicts)


def _read_view(
    project: Project,
    conn: Connection,
    person: CurrentUser,
    conflicts: frozenset[tuple[str, str]],
) -> ReaderView:
    reader = blinding.get_blinded_reader(project, conn, person.name)
    reports = links.list_groups(conn)
    positions: dict[int, _Position] = {}
    closed: set[int] = set()
    for stage in project.protocol.stages:
        for report, (base_status, base_reason) in _list_base(conn, reader, stage).items():
            if report in closed:
                continue
            status = _tell_status(reader, stage, report, base_status, conflicts)
            reason = base_reason if status == "excluded" else None
            positions[report] = _Position(stage, status, reason)
            if status != "included":  # what comes after would tell more than this
                closed.add(report)
    own, waiting = _collect_own(project, conn, person, reader, reports)
    own_notes = {
        (reports.get(record, (record, record))[0], stage): text
        for (record, stage), text in notes.list_own_notes(conn, person.name).items()
    }
    pdfs = frozenset(reports.get(n, (n, n))[0] for n in files.list_current_files(conn))
    tags, team_notes = _collect_annotations(conn, person.name, reader, reports)
    return ReaderView(
        reports=reports,
        positions=positions,
        own=own,
        waiting=waiting,
        notes=own_notes,
        pdfs=pdfs,
        tags=tags,
        team_notes=team_notes,
        stages=project.protocol.stages,
    )


def _collect_annotations(
    conn: Connection,
    name: str,
    reader: blinding.BlindedReader | None,
    reports: Mapping[int, tuple[int, int]],
) -> tuple[dict[int, tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """Report -> tags, and report -> notes for the team, as far as the reader may see them."""
    tags: dict[int, set[str]] = {}
    team_notes: dict[int, list[str]] = {}
    by_record = {record: report for record, (report, _) in reports.items()}
    for annotation in annotations.filter_visible(conn, name, reader, by_record):
        report = by_record.get(annotation.record, annotation.record)
        if annotation.kind == "tag":
            tags.setdefault(report, set()).add(annotation.text)
        else:
            team_notes.setdefault(report, []).append(f"{annotation.who}: {annotation.text}")
    return (
        {report: tuple(sorted(names, key=str.casefold)) for report, names in tags.items()},
        {report: tuple(texts) for report, texts in team_notes.items()},
    )


def _list_base(
    conn: Connection, reader: blinding.BlindedReader | None, stage: Stage
) -> dict[int, tuple[str, str | None]]:
    """Report -> status and reason at a stage; of joined reports as the decisions that the reader
    may see make them."""
    reasons = decisions.list_reasons(conn, stage.id)
    joined = reader.joined_statuses if reader else {}
    base: dict[int, tuple[str, str | None]] = {
        report: (status, reasons.get(report))
        for report, status in decisions.list_statuses(conn, stage.id).items()
        if report not in joined
    }
    for report, by_stage in joined.items():
        if stage.id in by_stage:
            base[report] = (by_stage[stage.id].status, by_stage[stage.id].reason)
    return base


def _list_open_conflicts(project: Project, person: CurrentUser) -> frozenset[tuple[str, str]]:
    """Stage id and key of the conflicts a person may know of: those they may settle, or all to
    a lead who judges nothing."""
    if not (is_allowed(person, "adjudicate") or is_allowed(person, "manage")):
        return frozenset()
    return frozenset(
        (stage.id, key)
        for stage in project.protocol.stages
        if stage.kind != "quality"
        for keys in reviewing.list_conflicts(project, stage, reader=person.name).values()
        for key in keys
    )


def _tell_status(
    reader: blinding.BlindedReader | None,
    stage: Stage,
    report: int,
    status: str,
    conflicts: frozenset[tuple[str, str]],
) -> str:
    """The status a reader may be shown."""
    if status in blinding.SETTLED_STATUSES and blinding.may_see(reader, stage.id, report, status):
        return status
    if status == "conflict" and (stage.id, format_record_key(report)) in conflicts:
        return "conflict"
    return blinding.OPEN_STATUS


def _collect_own(
    project: Project,
    conn: Connection,
    person: CurrentUser,
    reader: blinding.BlindedReader | None,
    reports: Mapping[int, tuple[int, int]],
) -> tuple[dict[tuple[int, str], str], frozenset[tuple[int, str]]]:
    """The person's own votes by report and stage, and the reports that wait for them."""
    by_place: dict[tuple[int, str], list[Decision]] = {}
    for decision in decisions.list_decisions(conn, reviewer=person.name):
        if decision.role == "reviewer":
            report = reports.get(decision.record, (decision.record, decision.record))[0]
            by_place.setdefault((report, decision.stage), []).append(decision)
    own = {
        place: str(current[-1].verdict)
        for place, made in by_place.items()
        if (current := list_current_decisions(made))
    }
    waiting = frozenset(
        (report, stage)
        for stage, numbers in (reader.reports_to_judge if reader else {}).items()
        for report in numbers
    )
    return own, waiting
