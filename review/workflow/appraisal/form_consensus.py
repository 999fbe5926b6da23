"""Consensus on the forms of one report, and the outcome of its gates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from review import consensus
from review.checklists import Checklist, find_question
from review.consensus import AnswerComparison
from review.models import Answer
from review.protocol.models import list_gate_checklists
from review.scoring.form import FormResult, inactive_items
from review.scoring.gates import GateOutcome, combine_model_outcomes, compute_gate_outcomes
from review.scoring.result import score_form
from review.store import Connection, answers
from review.store.answers import FormEvent
from review.store.report_models import ReportModel
from review.workflow.appraisal.assignment import count_required_forms, get_assignment
from review.workflow.appraisal.forms import compute_result, is_finished, list_report_records
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    STUDY_KINDS,
    get_checklist,
    needs_kind,
)
from review.workflow.appraisal.report_models import get_form_id, list_report_models
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class FormConsensus:
    """One checklist of one report, its reviewers' forms together."""

    report: int
    checklist: Checklist
    reviewers: tuple[str, ...]
    """Those who finished first, in the order of their names; their forms are compared."""
    waiting_for: int
    """Forms still to be finished."""
    pairs: tuple[AnswerComparison, ...]
    """Empty while forms are still to be finished."""
    unresolved: tuple[AnswerComparison, ...]
    """What waits for a person: where they differ, and what a settled fact has newly made apply."""
    entries: Mapping[str, Answer]
    """The settled entries so far, with quote, page and sentence."""
    result: FormResult
    settled: bool
    """All finished, nothing open and nothing unanswered."""


def load_consensus(
    project: Project, conn: Connection, report: int, checklist: Checklist
) -> FormConsensus:
    """Consensus on one checklist. Callers guard who may see it."""
    numbers = list_report_records(conn, report)
    events = answers.list_form_events(conn, numbers, checklist.id)
    answer_rows = answers.list_all_answers(conn, numbers, checklist.id)
    required_count = count_required_forms(get_assignment(project, conn, [report]), report)
    return build_consensus(report, checklist, events, answer_rows, required_count)


def build_consensus(
    report: int,
    checklist: Checklist,
    events: list[FormEvent],
    answer_rows: list[Answer],
    required_count: int,
) -> FormConsensus:
    """The settlement of one report and checklist from their rows, in order of arrival.

    Args:
        wanted: how many finished forms are compared.
    """
    finish_places = {  # in order of arrival, whatever the clocks said
        event.reviewer: place
        for place, event in enumerate(events)
        if is_finished(events, event.reviewer)
    }
    compared_reviewers = sorted(
        sorted(finish_places, key=lambda who: finish_places[who])[:required_count]
    )
    missing_count = required_count - len(compared_reviewers)
    if missing_count:
        return FormConsensus(
            report=report,
            checklist=checklist,
            reviewers=tuple(compared_reviewers),
            waiting_for=missing_count,
            pairs=(),
            unresolved=(),
            entries={},
            result=score_form(checklist, {}),
            settled=False,
        )
    consensus_answers = answers.get_newest_by_item(
        answer_row for answer_row in answer_rows if answer_row.role == "consensus"
    )
    forms = [
        answers.get_newest_by_item(
            answer_row
            for answer_row in answer_rows
            if answer_row.role == "reviewer" and answer_row.reviewer == who
        )
        for who in compared_reviewers
    ]
    pairs = consensus.compare_forms(checklist, forms, consensus_answers)
    inactive_keys = frozenset(inactive_items(checklist, consensus.build_consensus_form(pairs)))
    unresolved = tuple(
        pair for pair in pairs if pair.origin == "open" and pair.question.key not in inactive_keys
    )
    entries = _collect_entries(pairs)
    result = compute_result(checklist, entries)
    unresolved_keys = {pair.question.key for pair in unresolved}
    unanswered = [
        find_question(checklist, key) for key in result.unanswered if key not in unresolved_keys
    ]
    unresolved += tuple(
        AnswerComparison(question, (None,) * len(compared_reviewers), "open", None)
        for question in unanswered
    )
    is_settled = not unresolved
    return FormConsensus(
        report=report,
        checklist=checklist,
        reviewers=tuple(compared_reviewers),
        waiting_for=0,
        pairs=pairs,
        unresolved=unresolved,
        entries=entries,
        result=result,
        settled=is_settled,
    )


def _collect_entries(pairs: tuple[AnswerComparison, ...]) -> dict[str, Answer]:
    """The settled entries so far; where all agree, the one that brings a quote."""
    entries: dict[str, Answer] = {}
    for pair in pairs:
        if pair.consensus is not None:
            entries[pair.question.key] = pair.consensus
        elif pair.origin == "agreed":
            agreed_entries = [entry for entry in pair.entries if entry is not None]
            entries[pair.question.key] = min(
                agreed_entries, key=lambda candidate: (not candidate.quote, candidate.reviewer)
            )
    return entries


def compute_report_outcomes(
    project: Project, conn: Connection, report: int
) -> tuple[GateOutcome, ...] | None:
    """How a report fares at the gates; None while its kind of study is open."""
    return evaluate_each_gate(
        project,
        lambda name: load_consensus(project, conn, report, get_checklist(project, name)),
        list_report_models(conn, report),
    )


def evaluate_each_gate(
    project: Project,
    find_consensus: Callable[[str], FormConsensus | None],
    models: Sequence[ReportModel] = (),
) -> tuple[GateOutcome, ...] | None:
    """As outcomes, from the settlement of each form by its id. With models, each is held against
    the gates, and the protocol's rule makes one outcome of theirs."""
    kind = STUDY_KINDS[0]  # where every gate names every kind, any of them will do
    if needs_kind(project.protocol):
        kind_consensus = find_consensus(KIND_CHECKLIST)
        entry = (
            kind_consensus.entries.get(KIND_ITEM)
            if kind_consensus and kind_consensus.settled
            else None
        )
        if entry is None or entry.answer is None:
            return None
        kind = entry.answer
    gates = project.protocol.appraisal.gates
    checklists = [
        get_checklist(project, name)
        for name in {name: None for gate in gates for name in list_gate_checklists(gate)}
    ]
    if not any(checklist.unit == "model" for checklist in checklists):
        models = ()
    outcomes = []
    for model in models or (None,):
        forms = {}
        for checklist in checklists:
            form_consensus = find_consensus(get_form_id(checklist, model))
            if form_consensus is not None and form_consensus.settled:
                form = {key: entry.answer for key, entry in form_consensus.entries.items()}
                forms[checklist.id] = (form_consensus.checklist, form)
        model_outcomes = compute_gate_outcomes(gates, kind, forms)
        if model is None:
            return model_outcomes
        outcomes.append((model.name, model.main, model_outcomes))
    return combine_model_outcomes(outcomes, project.protocol.appraisal.model_rule)
