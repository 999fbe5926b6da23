"""A reviewer's list of reports to appraise, with the progress of each form."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from review.checklists import UNSURE, Checklist
from review.models import Answer
from review.store import Connection, answers, links, records
from review.workflow.appraisal.assignment import (
    enqueue_new_reports,
    get_assignment,
    has_enough_appraisers,
    may_appraise,
)
from review.workflow.appraisal.forms import (
    count_answered,
    find_appraisers,
    find_finishers,
    get_own_kind,
    list_due_reports,
)
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    RequiredForm,
    get_checklist,
    list_required_forms,
)
from review.workflow.appraisal.model_forms import expand_forms
from review.workflow.appraisal.report_models import (
    list_models_by_report,
    list_report_models,
)
from review.workflow.project.project import Project
from review.workflow.screening.blinding import SETTLED_STATUSES


@dataclass(frozen=True, slots=True)
class AppraisalTask:
    """One report in a reviewer's list."""

    report: int
    title: str
    kind: str | None
    forms: tuple[tuple[RequiredForm, str, int, int], ...]
    """Tool, state (open, begun, finished), answers given, answers asked."""
    status: str
    """Status at the quality stage, where there is one."""
    pilot: bool = False
    """One of the first reports, which everybody appraises."""


APPRAISAL_USES = ("kind", "gate", "tool")
"""Uses of the tools that make up an appraisal; the extraction has a page of its own."""


def is_appraisal_finished(
    states: Iterable[tuple[RequiredForm, bool]], status: str, uses: Collection[str] = APPRAISAL_USES
) -> bool:
    """Whether a reviewer has finished a report's tools of some uses; a report that a gate has kept
    out needs no tools but the gates'.

    Args:
        states: each tool the report asks for, and whether the reviewer's form is finished.
        status: the report's status at the quality stage.
    """
    form_states = list(states)
    due_uses = {"kind", "gate"} & set(uses) if status == "excluded" else uses
    has_known_kind = any(form.use != "kind" for form, _ in form_states)
    return has_known_kind and all(
        finished for form, finished in form_states if form.use in due_uses
    )


def count_finished_reports(
    project: Project, conn: Connection, names: Iterable[str], *, blinded_reader: str | None = None
) -> dict[str, int]:
    """Reviewer -> reports they have finished appraising.

    Args:
        blinded_reader: a reviewer who asks; of others' work, only settled reports are counted.
    """
    due = list_due_reports(project, conn)
    finished_by_form = _find_finished_forms(conn, due)
    models = list_models_by_report(conn, due)
    counts = {}
    for name in names:
        kinds = _get_study_kinds(conn, due, _load_own_entries(conn, due, name))
        counts[name] = 0
        for report, status in due.items():
            is_hidden = blinded_reader not in (None, name) and status not in SETTLED_STATUSES
            if is_hidden:
                continue
            required_forms = expand_forms(
                project,
                list_required_forms(project.protocol, kinds.get(report)),
                models.get(report, ()),
            )
            states = [
                (form, name in finished_by_form.get((report, form.checklist), ()))
                for form in required_forms
            ]
            counts[name] += is_appraisal_finished(states, status)
    return counts


def list_tasks(project: Project, reviewer: str) -> list[AppraisalTask]:
    """The reports a reviewer has to appraise or has appraised: the pilot, then in the order of
    their keys.

    Reports drawn for others and reports that enough others appraise are left out.
    """
    enqueue_new_reports(project)
    task_list = []
    with project.store.read() as conn:
        due = list_due_reports(project, conn)
        stored_records = records.get_records(conn, due)
        assignment = get_assignment(project, conn, due)
        at_work = _find_active_appraisers(conn, due)
        finished_by_form = _find_finished_forms(conn, due)
        own_entries = _load_own_entries(conn, due, reviewer)
        kinds = _get_study_kinds(conn, due, own_entries)
        models = list_models_by_report(conn, due)
    checklists: dict[str, Checklist] = {}
    started_reports = {report for report, _ in own_entries}
    for report, status in sorted(
        due.items(), key=lambda due_item: (due_item[0] not in assignment.pilot, due_item[0])
    ):
        kind = kinds.get(report)
        states = []
        required_forms = list_required_forms(project.protocol, kind)
        for form in expand_forms(project, required_forms, models.get(report, ())):
            finished_names = finished_by_form.get((report, form.checklist), set())
            counted_names = finished_names if form.checklist != KIND_CHECKLIST else set()
            if has_enough_appraisers(
                assignment, report, reviewer, at_work.get(report, ()), counted_names
            ):
                continue
            entries = own_entries.get((report, form.checklist), {})
            if form.checklist not in checklists:
                checklists[form.checklist] = get_checklist(project, form.checklist)
            answered_count, asked_count = count_answered(checklists[form.checklist], entries)
            state = "finished" if reviewer in finished_names else "begun" if entries else "open"
            states.append((form, state, answered_count, asked_count))
        if not any(form.use != "kind" or kind is None for form, *_ in states):
            continue
        if report in started_reports or may_appraise(assignment, report, reviewer):
            title = stored_records[report].record.title or "(no title)"
            task_list.append(
                AppraisalTask(
                    report=report,
                    title=title,
                    kind=kind,
                    forms=tuple(states),
                    status=status,
                    pilot=report in assignment.pilot,
                )
            )
    return task_list


def list_reviewer_forms(
    project: Project, conn: Connection, report: int, reviewer: str
) -> list[RequiredForm]:
    """The forms a reviewer is asked for one report; those that enough others fill in are left
    out, where some have left and freed only the rest."""
    kind = get_own_kind(conn, report, reviewer)
    assignment = get_assignment(project, conn, [report])
    at_work = find_appraisers(conn, report)
    reviewer_forms = []
    required_forms = list_required_forms(project.protocol, kind)
    for form in expand_forms(project, required_forms, list_report_models(conn, report)):
        checklist = get_checklist(project, form.checklist)
        finished_names = (
            find_finishers(conn, report, checklist) if form.checklist != KIND_CHECKLIST else set()
        )
        if not has_enough_appraisers(assignment, report, reviewer, at_work, finished_names):
            reviewer_forms.append(form)
    return reviewer_forms


def _map_reports(conn: Connection, due: Iterable[int]) -> dict[int, int]:
    """Record -> report, for every record of some reports."""
    return {
        number: report
        for report, numbers in links.list_members(conn, due).items()
        for number in numbers
    }


def _find_active_appraisers(conn: Connection, due: Iterable[int]) -> dict[int, set[str]]:
    """Report -> who has given any answer for it."""
    report_by_record = _map_reports(conn, due)
    active_by_report: dict[int, set[str]] = {}
    for record, who in answers.list_answering_reviewers(conn):
        if record in report_by_record:
            active_by_report.setdefault(report_by_record[record], set()).add(who)
    return active_by_report


def _load_own_entries(
    conn: Connection, due: Iterable[int], reviewer: str
) -> dict[tuple[int, str], dict[str, Answer]]:
    report_by_record = _map_reports(conn, due)
    entries_by_form: dict[tuple[int, str], dict[str, Answer]] = {}
    for answer_row in answers.list_own_answers(conn, report_by_record, reviewer):
        entries_by_form.setdefault((report_by_record[answer_row.record], answer_row.checklist), {})[
            answer_row.item
        ] = answer_row
    return {
        form_key: {key: entry for key, entry in entries.items() if entry.answer is not None}
        for form_key, entries in entries_by_form.items()
    }


def _find_finished_forms(conn: Connection, due: Iterable[int]) -> dict[tuple[int, str], set[str]]:
    """Report and checklist -> whose form is finished."""
    report_by_record = _map_reports(conn, due)
    newest = {
        (report_by_record[event.record], event.checklist, event.reviewer): event.state
        for event in answers.list_form_events(conn, report_by_record)
    }
    finished_by_form: dict[tuple[int, str], set[str]] = {}
    for (report, name, who), state in newest.items():
        if state == "finished":
            finished_by_form.setdefault((report, name), set()).add(who)
    return finished_by_form


def _get_study_kinds(
    conn: Connection,
    due: Iterable[int],
    own_entries: Mapping[tuple[int, str], Mapping[str, Answer]],
) -> dict[int, str]:
    kinds: dict[int, str] = {}
    for report in due:
        entry = own_entries.get((report, KIND_CHECKLIST), {}).get(KIND_ITEM)
        if entry and entry.answer and entry.answer != UNSURE:
            kinds[report] = entry.answer
    report_by_record = _map_reports(conn, due)
    for answer_row in answers.list_all_answers(conn, report_by_record, KIND_CHECKLIST):
        if answer_row.role == "consensus" and answer_row.item == KIND_ITEM and answer_row.answer:
            kinds[report_by_record[answer_row.record]] = answer_row.answer
    return kinds
