"""A snapshot of a review on a day: everything a report is made from, read once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from review import prisma, tables
from review.checklists import Checklist
from review.errors import ReviewError
from review.models import Answer, StoredRecord
from review.prisma import Flow
from review.protocol.loading import parse_protocol
from review.protocol.models import Stage, find_stage
from review.store import Connection, answers, audit_events, editions, log, records, report_models
from review.store.answers import FormEvent
from review.store.report_models import ReportModel
from review.store.timestamps import parse_timestamp, utc_now
from review.tables import StudyForm
from review.text.wording import format_count
from review.workflow.appraisal.assignment import count_required_forms, get_assignment
from review.workflow.appraisal.form_consensus import build_consensus
from review.workflow.appraisal.forms import compute_result
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    get_checklist,
    needs_kind,
)
from review.workflow.appraisal.report_models import group_models, list_forms
from review.workflow.deduplication.groups import check_groups, get_groups_at
from review.workflow.deduplication.kept_columns import load_kept_columns
from review.workflow.exports import prisma_inputs as flows
from review.workflow.project.project import Project
from review.workflow.screening import blinding, status


@dataclass(frozen=True, slots=True)
class ReviewSnapshot:
    """One state of a review, complete."""

    project: Project
    """With the protocol that was in force then."""
    until: datetime | None
    """None: now."""
    day: str
    """The day the state is of: the one asked for, else that of the newest entry; ISO."""
    inputs: prisma.FlowInputs
    flow: Flow
    records: Mapping[int, StoredRecord]
    """Every record that was there; only those judged on full text where not all were asked for."""
    numbers: frozenset[int]
    """Numbers of all records that were there."""
    groups: Mapping[int, tuple[int, int]]
    statuses: status.StatusesByStage
    """Stage id -> report -> status."""
    protocol_versions: Sequence[Mapping[str, Any]]
    """Versions of the protocol up to then."""

    labels: Mapping[int, str]
    """Report -> its name in tables and figures, of all that came past title and abstract."""
    included: Sequence[int]
    """Reports the review includes, in order of arrival."""
    appraised: Sequence[int]
    """Reports that came as far as appraisal, in order of arrival."""


def get_end_of_day(day: str) -> datetime:
    """The last moment of a day, UTC. Raises ReviewError if it is no ISO date, or yet to come."""
    try:
        parsed_day = date.fromisoformat(day)
    except ValueError:
        raise ReviewError(f"{day!r} is not a date; write it as 2020-10-03.") from None
    if parsed_day > utc_now().date():
        raise ReviewError(
            f"{day} is in the future (dates are in UTC); omit the date for the current state."
        )
    return datetime.combine(parsed_day, time.max, UTC)


def describe_clocks(snapshot: ReviewSnapshot) -> str | None:
    """A sentence where the recorded times of a past state disagree with the order of the entries;
    None where they agree, and for the current state, which goes by the order alone."""
    if snapshot.until is None:
        return None
    with snapshot.project.store.read() as conn:
        count = log.count_out_of_order(conn, snapshot.until)
    if not count:
        return None
    return (
        f"{format_count(count, 'entry', 'entries')} dated after {snapshot.day} "
        f"{'was' if count == 1 else 'were'} saved before others of that day or earlier: a clock "
        "was set back, or decisions were imported with an earlier date. This state goes by the "
        "recorded dates; entries with the same time go by the order in which they were saved."
    )


def snapshot_at(
    project: Project, day: str | None = None, *, read_all: bool = True, reader: str | None = None
) -> ReviewSnapshot:
    """The review at the end of a day, or now.

    Args:
        read_all: read every record; off where the flow alone is asked for, which is quick. The
            groups are checked against the links in both cases, without the records only if
            deduplication has kept what it needs of them.
        reader: who asks; to a reviewer, a report of several judged records appears as what they
            may see of those makes it.

    Raises:
        FlowError: the boxes do not sum; names the records that make the difference.
        ReviewError: not a day, or nothing was there yet.
    """
    with project.store.read() as conn:
        flows.check_store(conn)
        project, until = get_project_in_force(project, conn, day)
        versions = _list_versions(conn, until)
        groups = get_groups_at(conn, until)
        record_numbers = set(
            records.list_numbers_until(conn, until) if until else records.list_numbers(conn)
        )
        statuses = blinding.mask_joined_statuses(
            blinding.get_blinded_reader(project, conn, reader),
            status.compute_statuses(project, conn, until=until, groups=groups),
        )
        combined = flows.get_combined_boxes(conn, until)
        kinds = _get_study_kinds(project, conn, groups, statuses, until)
        judged_reports = _find_judged_reports(project, statuses)
        stored_records = (
            _load_stored_records(conn, record_numbers)
            if read_all
            else records.get_records(conn, sorted(judged_reports), include_undone=True)
        )
        if until is None:
            kept_columns = load_kept_columns(project, conn)
            if kept_columns is not None:
                check_groups(conn, kept_columns)
            elif read_all:
                check_groups(conn, list(stored_records.values()))
        newest_day = day or _get_newest_day(conn, versions)
        given = {
            records.parse_record_key(key): label
            for key, label in editions.list_given_labels(conn, until).items()
        }
    inputs = replace(
        flows.build_inputs(project, until=until, known_state=(groups, statuses)),
        kinds={records.format_record_key(report): kind for report, kind in kinds.items()},
    )
    review_flow = flows.combine_boxes(prisma.count_flow(inputs), combined)
    included = sorted(records.parse_record_key(key) for key in review_flow.new_reports.ids or ())
    quality = find_stage(project.protocol, "quality")
    return ReviewSnapshot(
        project=project,
        until=until,
        day=newest_day,
        inputs=inputs,
        flow=review_flow,
        records=stored_records,
        numbers=frozenset(record_numbers),
        groups=groups,
        statuses=statuses,
        protocol_versions=versions,
        labels=tables.build_labels(
            {n: stored_records[n].record for n in sorted(judged_reports)}, given
        ),
        included=included,
        appraised=sorted(statuses[quality.id]) if quality else included,
    )


def _load_stored_records(
    conn: Connection, record_numbers: Collection[int]
) -> dict[int, StoredRecord]:
    return {
        stored.id: stored
        for stored in records.iter_records(conn, include_undone=True)
        if stored.id in record_numbers
    }


def _find_judged_reports(project: Project, statuses: status.StatusesByStage) -> set[int]:
    """Reports that came past title and abstract."""
    stages = project.protocol.stages
    later_stages = [stage for stage in stages if stage.kind != "screening"] or list(stages)
    return {report for stage in later_stages for report in statuses[stage.id]}


def compute_revision_key(project: Project) -> str:
    """Cache key that changes whenever anything is entered that a report shows."""
    with project.store.read() as conn:
        return " ".join([project.fingerprint[:12], *map(str, audit_events.get_newest_rows(conn))])


def _list_versions(conn: Connection, until: datetime | None) -> list[dict[str, Any]]:
    all_versions = audit_events.list_protocol_versions(conn)
    return [
        version
        for version in all_versions
        if until is None or parse_timestamp(version["at"]) <= until
    ]


def get_project_in_force(
    project: Project, conn: Connection, day: str | None
) -> tuple[Project, datetime | None]:
    """The project under the protocol that was in force at the end of a day, and that moment; as it
    is now where None.

    Raises:
        ReviewError: not a day, or the review did not exist yet.
    """
    until = get_end_of_day(day) if day else None
    versions = _list_versions(conn, until)
    if not versions:
        raise ReviewError(f"This review did not exist on {day}.")
    last_version = versions[-1]
    if last_version["hash"] == project.fingerprint:
        return project, until
    protocol_then = parse_protocol(
        last_version["text"],
        f"protocol.yaml of {last_version['at'][:10]}",
        was_in_force=True,
    )
    return replace(project, protocol=protocol_then, fingerprint=last_version["hash"]), until


def _get_newest_day(conn: Connection, versions: Sequence[Mapping[str, Any]]) -> str:
    """Day of the newest entry of any kind, so that the same store gives the same files."""
    timestamps = [str(versions[-1]["at"]), *audit_events.list_newest_timestamps(conn)]
    return max(timestamps)[:10]


def collect_consensus_forms(
    snapshot: ReviewSnapshot, checklist: Checklist, reports: Iterable[int]
) -> list[StudyForm]:
    """The settled form of each report on one checklist, as it stood then; of each of its models
    where it has some and the checklist appraises models.

    Consensus entries count also where the two forms behind them were not filled in here, for
    instance where a published review is replayed.
    """
    report_numbers = list(reports)
    with snapshot.project.store.read() as conn:
        rows = _load_consensus_forms(
            snapshot.project, conn, checklist, (snapshot.groups, report_numbers, snapshot.until)
        )
        models = _load_models(conn, snapshot.groups, report_numbers, snapshot.until)
    study_forms = []
    for report in report_numbers:
        key = records.format_record_key(report)
        label = snapshot.labels.get(report, key)
        for form_id, model in list_forms(checklist, models.get(report, [])):
            entries, settled, stated = rows[report, form_id]
            study_forms.append(
                StudyForm(
                    key,
                    f"{label}, {model.name}" if model is not None else label,
                    entries,
                    compute_result(checklist, entries),
                    settled,
                    model=model.name if model is not None else None,
                    is_main=model is not None and model.main,
                    is_stated=stated,
                )
            )
    return study_forms


def list_consensus_entries(
    snapshot: ReviewSnapshot, checklist: Checklist, reports: Iterable[int]
) -> dict[tuple[int, str], Mapping[str, Answer]]:
    """Report and id of the form -> what all its reviewers said or was settled by then."""
    scope = (snapshot.groups, sorted(reports), snapshot.until)
    with snapshot.project.store.read() as conn:
        rows = _load_consensus_forms(snapshot.project, conn, checklist, scope)
    return {form_key: row[0] for form_key, row in rows.items()}


def _load_models(
    conn: Connection,
    groups: Mapping[int, tuple[int, int]],
    report_numbers: Sequence[int],
    until: datetime | None,
) -> dict[int, list[ReportModel]]:
    """Report -> its models, as they were then."""
    return group_models(
        report_models.list_models(conn, until=until), _map_reports(groups, report_numbers)
    )


def count_models(snapshot: ReviewSnapshot) -> dict[int, int]:
    """Report -> number of its models, of all that came as far as appraisal and have any."""
    with snapshot.project.store.read() as conn:
        models = _load_models(conn, snapshot.groups, snapshot.appraised, snapshot.until)
    return {report: len(of_report) for report, of_report in models.items()}


def _map_reports(
    groups: Mapping[int, tuple[int, int]], report_numbers: Sequence[int]
) -> dict[int, int]:
    """Record -> report, for every record of some reports."""
    selected = set(report_numbers)
    report_by_record = {n: report for n, (report, _) in groups.items() if report in selected}
    return report_by_record | {report: report for report in report_numbers}


def _load_consensus_forms(
    project: Project,
    conn: Connection,
    checklist: Checklist,
    scope: tuple[Mapping[int, tuple[int, int]], Sequence[int], datetime | None],
) -> dict[tuple[int, str], tuple[Mapping[str, Answer], bool, bool]]:
    """Report and form -> settled entries, whether the form is settled as a whole, and whether they
    are a consensus behind which no reviewer has filled in a form here."""
    groups, report_numbers, until = scope
    report_by_record = _map_reports(groups, report_numbers)
    answers_by_form: dict[tuple[int, str], list[Answer]] = {}
    for answer in answers.list_all_answers(conn, report_by_record, checklist.id, with_models=True):
        if until is None or answer.at <= until:
            form_key = (report_by_record[answer.record], answer.checklist)
            answers_by_form.setdefault(form_key, []).append(answer)
    events: dict[tuple[int, str], list[FormEvent]] = {}
    for event in answers.list_form_events(conn, report_by_record, checklist.id, with_models=True):
        if until is None or event.at <= until:
            form_key = (report_by_record[event.record], event.checklist)
            events.setdefault(form_key, []).append(event)
    assignment = get_assignment(project, conn, report_numbers, until=until)
    models = _load_models(conn, groups, report_numbers, until)
    settled_forms: dict[tuple[int, str], tuple[Mapping[str, Answer], bool, bool]] = {}
    form_keys = [
        (report, form_id)
        for report in report_numbers
        for form_id, _ in list_forms(checklist, models.get(report, []))
    ]
    for form_key in form_keys:
        report_answers = answers_by_form.get(form_key, [])
        form_consensus = build_consensus(
            form_key[0],
            checklist,
            events.get(form_key, []),
            report_answers,
            count_required_forms(assignment, form_key[0]),
        )
        if form_consensus.waiting_for:
            consensus_entries = answers.get_newest_by_item(
                answer_row for answer_row in report_answers if answer_row.role == "consensus"
            )
            settled_forms[form_key] = (
                {
                    key: answer_row
                    for key, answer_row in consensus_entries.items()
                    if answer_row.answer is not None
                },
                False,
                not events.get(form_key)
                and all(answer_row.role == "consensus" for answer_row in report_answers),
            )
        else:
            settled_forms[form_key] = (form_consensus.entries, form_consensus.settled, False)
    return settled_forms


def _get_study_kinds(
    project: Project,
    conn: Connection,
    groups: Mapping[int, tuple[int, int]],
    statuses: status.StatusesByStage,
    until: datetime | None,
) -> dict[int, str]:
    """Report -> kind of study, of all that came as far as appraisal."""
    stage: Stage | None = find_stage(project.protocol, "quality")
    if stage is None or not needs_kind(project.protocol):
        return {}
    checklist = get_checklist(project, KIND_CHECKLIST)
    rows = _load_consensus_forms(
        project, conn, checklist, (groups, sorted(statuses[stage.id]), until)
    )
    kinds = {report: entries.get(KIND_ITEM) for (report, _), (entries, *_) in rows.items()}
    return {
        report: kind_entry.answer
        for report, kind_entry in kinds.items()
        if kind_entry and kind_entry.answer
    }
