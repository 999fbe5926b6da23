"""Results of appraisal for tables, figures and agreement, read in one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review import consensus
from review.checklists import Checklist
from review.consensus import ItemRatings
from review.models import Answer
from review.scoring.form import FormResult
from review.store import answers, records
from review.store.answers import FormEvent
from review.workflow.appraisal import rows
from review.workflow.appraisal.assignment import count_required_forms
from review.workflow.appraisal.form_consensus import (
    FormConsensus,
    build_consensus,
)
from review.workflow.appraisal.forms import compute_result
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    get_checklist,
)
from review.workflow.appraisal.report_models import list_forms
from review.workflow.appraisal.rows import AppraisalRows
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class ReportAppraisal:
    """One report on one checklist, or one of its models, as settled so far."""

    report: int
    checklist: Checklist
    entries: Mapping[str, Answer]
    """Key -> settled entry with quote, page and sentence; only what all say or was settled."""
    result: FormResult
    settled: bool
    reviewers: tuple[str, ...]
    """Whose forms are finished."""
    forms: Mapping[str, Mapping[str, Answer]]
    """Reviewer -> their finished form."""
    model: str | None = None
    """Name of the model appraised; None for the whole report."""


def list_appraisals(project: Project, name: str) -> list[ReportAppraisal]:
    """Every report that has come as far as appraisal, on one checklist, in the order of keys; with
    one entry for each of its models where it has some and the checklist appraises models.

    Holds answers of reviewers, so it is for exports and not for a page a reviewer sees early.
    """
    checklist = get_checklist(project, name)  # an unknown one is said before anything is read
    with project.store.read() as conn:
        appraisal_rows = rows.read_rows(project, conn, name)
    appraisals = []
    for report in appraisal_rows.due:
        for form_id, model in list_forms(checklist, appraisal_rows.models.get(report, [])):
            form_consensus = _build_consensus(
                appraisal_rows, report, get_checklist(project, form_id)
            )
            forms = {
                who: _get_reviewer_form(appraisal_rows.answers.get((report, form_id), []), who)
                for who in form_consensus.reviewers
            }
            appraisals.append(
                ReportAppraisal(
                    report=report,
                    checklist=form_consensus.checklist,
                    entries=form_consensus.entries,
                    result=form_consensus.result,
                    settled=form_consensus.settled,
                    reviewers=form_consensus.reviewers,
                    forms=forms,
                    model=model.name if model is not None else None,
                )
            )
    return appraisals


def _get_consensus(appraisal_rows: AppraisalRows, report: int, name: str) -> FormConsensus | None:
    """The state of one form of one report; None where nobody has begun it in any report."""
    checklist = appraisal_rows.checklists.get(name)
    return None if checklist is None else _build_consensus(appraisal_rows, report, checklist)


def _build_consensus(
    appraisal_rows: AppraisalRows, report: int, checklist: Checklist
) -> FormConsensus:
    name = checklist.id
    form_key = (report, name)
    return build_consensus(
        report,
        checklist,
        appraisal_rows.events.get(form_key, []),
        appraisal_rows.answers.get(form_key, []),
        count_required_forms(appraisal_rows.assignment, report),
    )


def _get_reviewer_form(answer_rows: list[Answer], who: str) -> dict[str, Answer]:
    own_answers = answers.get_newest_by_item(
        answer_row
        for answer_row in answer_rows
        if answer_row.role == "reviewer" and answer_row.reviewer == who
    )
    return {key: entry for key, entry in own_answers.items() if entry.answer is not None}


@dataclass(frozen=True, slots=True)
class AdjudicationTask:
    """One form of one report in the adjudicator's list."""

    report: int
    title: str
    checklist: str
    unresolved: int
    """Keys that wait; 0 where it is settled."""
    model: str | None = None
    """Name of the model appraised; None for the whole report."""


def list_adjudication_tasks(project: Project, adjudicator: str) -> list[AdjudicationTask]:
    """Every form that all its reviewers finished and this person may see, unsettled ones first."""
    with project.store.read() as conn:
        appraisal_rows = rows.read_rows(project, conn)
        stored_records = records.get_records(conn, appraisal_rows.due)
    busy_reports, adjudication_tasks = (
        rows.find_busy_reports(project, appraisal_rows, adjudicator),
        [],
    )
    for form_key in sorted(appraisal_rows.events):
        report, name = form_key
        if (report in busy_reports and name != KIND_CHECKLIST) or not rows.all_forms_finished(
            appraisal_rows, form_key
        ):
            continue
        form_consensus = _get_consensus(appraisal_rows, report, name)
        if form_consensus is not None:
            title = stored_records[report].record.title or "(no title)"
            model = next(
                (
                    model.name
                    for form_id, model in list_forms(
                        form_consensus.checklist, appraisal_rows.models.get(report, [])
                    )
                    if form_id == name and model is not None
                ),
                None,
            )
            adjudication_tasks.append(
                AdjudicationTask(report, title, name, len(form_consensus.unresolved), model)
            )
    return sorted(adjudication_tasks, key=lambda task: (task.unresolved == 0, task.report))


@dataclass(frozen=True, slots=True)
class IndependentForms:
    """What the reviewers of one report said before any could see another's answers."""

    report: int
    reviewers: tuple[str, ...]
    """In the order of their names."""
    forms: tuple[Mapping[str, Answer], ...]


def list_independent_forms(project: Project, name: str) -> list[IndependentForms]:
    """The forms of every report as they were when the last of them was first finished; those of
    each of its models where it has some.

    Later changes, made after consensus was open to see, do not raise agreement.
    """
    checklist = get_checklist(project, name)  # an unknown one is said before anything is read
    with project.store.read() as conn:
        appraisal_rows = rows.read_rows(project, conn, name)
    independent_forms = []
    for report in appraisal_rows.due:
        required_count = count_required_forms(appraisal_rows.assignment, report)
        for form_id, _ in list_forms(checklist, appraisal_rows.models.get(report, [])):
            forms = get_blind_forms(
                appraisal_rows.events.get((report, form_id), []),
                appraisal_rows.answers.get((report, form_id), []),
                required_count,
            )
            if forms:
                independent_forms.append(
                    IndependentForms(report, tuple(forms), tuple(forms.values()))
                )
    return independent_forms


def get_blind_forms(
    events: list[FormEvent], answer_rows: list[Answer], required_count: int
) -> dict[str, dict[str, Answer]]:
    """Reviewer -> form of one report as it was when the last of those wanted was first finished,
    in the order of names; none while forms are still to come, or where one person reads alone."""
    first_finishes: dict[str, FormEvent] = {}
    for event in events:
        if event.state == "finished":
            first_finishes.setdefault(event.reviewer, event)
    finish_events = list(first_finishes.values())[:required_count]
    if len(finish_events) < max(required_count, 2):
        return {}
    last_finish = finish_events[-1]
    early_answers = [row for row in answer_rows if answers.came_before(row, last_finish)]
    return {
        who: _get_reviewer_form(early_answers, who)
        for who in sorted(event.reviewer for event in finish_events)
    }


def collect_item_ratings(project: Project, name: str) -> tuple[ItemRatings, ...]:
    """Agreement input per item: the independent answers to one checklist."""
    checklist = get_checklist(project, name)
    return consensus.collect_item_ratings(
        checklist, [report.forms for report in list_independent_forms(project, name)]
    )


def collect_total_ratings(project: Project, name: str) -> list[tuple[float, ...]]:
    """The independent totals of every report: input of the ICC."""
    checklist = get_checklist(project, name)
    return collect_totals(
        checklist, [report.forms for report in list_independent_forms(project, name)]
    )


def collect_totals(
    checklist: Checklist, forms: Sequence[Sequence[Mapping[str, Answer]]]
) -> list[tuple[float, ...]]:
    """The primary totals of every report of which all forms are complete. Where some reports had
    more reviewers than others, those of the first by name, as many as every report has."""
    complete_totals = []
    for report in forms:
        report_totals = tuple(
            total.value
            for form in report
            for total in compute_result(checklist, form).totals
            if total.primary and total.value is not None
        )
        if len(report_totals) == len(report):
            complete_totals.append(report_totals)
    fewest = min((len(report_totals) for report_totals in complete_totals), default=0)
    return [report_totals[:fewest] for report_totals in complete_totals]
