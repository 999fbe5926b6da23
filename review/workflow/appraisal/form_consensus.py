"""How the forms of one report stand between their reviewers, and how it fares at the gates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from review import consensus
from review.checklists import Checklist, find_question
from review.consensus import AnswerComparison
from review.models import Answer
from review.protocol import list_gate_checklists
from review.scoring.form import FormResult, inactive_items
from review.scoring.gates import GateOutcome, compute_gate_outcomes
from review.scoring.result import score_form
from review.store import Connection, answers
from review.store.answers import FormEvent
from review.workflow.appraisal.assignment import count_required_forms, get_assignment
from review.workflow.appraisal.forms import compute_result, is_finished, list_report_records
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    STUDY_KINDS,
    get_checklist,
    needs_kind,
)
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
    """How a checklist stands between its reviewers. Callers guard who may see it."""
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
            report,
            checklist,
            tuple(compared_reviewers),
            missing_count,
            (),
            (),
            {},
            score_form(checklist, {}),
            False,
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
        report,
        checklist,
        tuple(compared_reviewers),
        0,
        pairs,
        unresolved,
        entries,
        result,
        is_settled,
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
        project, lambda name: load_consensus(project, conn, report, get_checklist(project, name))
    )


def evaluate_each_gate(
    project: Project, find_consensus: Callable[[str], FormConsensus | None]
) -> tuple[GateOutcome, ...] | None:
    """As outcomes, from the settlement of each checklist by its id."""
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
    forms = {}
    gates = project.protocol.appraisal.gates
    for name in {name: None for gate in gates for name in list_gate_checklists(gate)}:
        form_consensus = find_consensus(name)
        if form_consensus is not None and form_consensus.settled:
            form = {key: entry.answer for key, entry in form_consensus.entries.items()}
            forms[name] = (form_consensus.checklist, form)
    return compute_gate_outcomes(gates, kind, forms)
