"""The finished forms of a report become one: conflicts, settling, and the gates held to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from review import consensus
from review.checklists import Checklist, find_question, read_answer
from review.consensus import AnswerComparison
from review.errors import ReviewError
from review.models import Answer, Decision, Verdict
from review.protocol import find_stage, list_gate_checklists
from review.scoring import FormResult, GateOutcome, compute_gate_outcomes, score_form
from review.scoring.form import inactive_items
from review.store import Connection, answers, decisions
from review.store.answers import FormEvent
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.appraisal.assignment import count_required_forms, get_assignment
from review.workflow.appraisal.forms import (
    AnswerInput,
    AppraisalForm,
    check_justification,
    compute_result,
    get_due_report,
    get_own_kind,
    is_finished,
    list_due_reports,
    list_report_records,
    mark_finished,
    mark_reopened,
)
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    KIND_ITEM,
    STUDY_KINDS,
    get_checklist,
    get_required_before_unblinding,
    needs_kind,
)
from review.workflow.appraisal.tasks import list_reviewer_forms
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import status as standings

GATES_REVIEWER = "gates"
"""Whose decision it is where the protocol's gates decide."""


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


def finish_form(project: Project, record: int, name: str, reviewer: str) -> AppraisalForm:
    """Finishes a reviewer's form; with the last one the gates are held against the report.

    Raises:
        ReviewError: something that must be answered is not; names it.
    """
    require_role(project, reviewer, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        checklist = get_checklist(project, name)
        report = get_due_report(project, conn, record)
        form = mark_finished(conn, report, checklist, reviewer)
        refresh_gates(project, conn, report)
        return form


def reopen_form(project: Project, record: int, name: str, reviewer: str) -> AppraisalForm:
    """Opens a finished form again; a gate that hung on it waits again."""
    require_role(project, reviewer, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        checklist = get_checklist(project, name)
        report = get_due_report(project, conn, record)
        form = mark_reopened(conn, report, checklist, reviewer)
        refresh_gates(project, conn, report)
        return form


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
    finish_times = {
        event.reviewer: event.at for event in events if is_finished(events, event.reviewer)
    }
    compared_reviewers = sorted(
        sorted(finish_times, key=lambda who: finish_times[who])[:required_count]
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


def may_see(
    project: Project, conn: Connection, report: int, checklist: Checklist, who: str
) -> bool:
    """Whether a person may see the forms: all are finished, and the person, where at work on this
    report, has no form of it still to finish (the question of its kind apart)."""
    if load_consensus(project, conn, report, checklist).waiting_for:
        return False
    if checklist.id == KIND_CHECKLIST:
        return True
    numbers = list_report_records(conn, report)
    newest = {
        (answer_row.checklist, answer_row.item): answer_row.answer
        for answer_row in answers.list_own_answers(conn, numbers, who)
    }
    started_names = {name for (name, _), answer in newest.items() if answer is not None}
    if not started_names:
        return True
    status = list_due_reports(project, conn).get(report)
    form_names = {
        tool.checklist for tool in list_reviewer_forms(project, conn, report, who)
    } | started_names
    names = (
        get_required_before_unblinding(
            project.protocol, get_own_kind(conn, report, who), status, started_names
        )
        & form_names
    )
    return all(is_finished(answers.list_form_events(conn, numbers, name), who) for name in names)


def load_comparison(project: Project, record: int, name: str, adjudicator: str) -> FormConsensus:
    """The forms side by side, for the person who settles them.

    Raises:
        ReviewError: the forms are not all finished, or the person is still filling in their own.
    """
    checklist = get_checklist(project, name)
    with project.store.read() as conn:
        report = get_due_report(project, conn, record)
        _require_may_see(project, conn, report, checklist, adjudicator)
        return load_consensus(project, conn, report, checklist)


def _require_may_see(
    project: Project, conn: Connection, report: int, checklist: Checklist, who: str
) -> None:
    if not may_see(project, conn, report, checklist, who):
        raise ReviewError(
            f"{checklist.short} of {format_record_key(report)} stays closed until all its "
            "reviewers have "
            "finished it and you have finished all forms you owe this report."
        )


def adjudicate_item(project: Project, answer_input: AnswerInput, adjudicator: str) -> FormConsensus:
    """Settles one key; None as answer withdraws. With the last one the gates are held.

    Raises:
        ReviewError: the person does not adjudicate, or may not see the forms yet; another person
            settled the key; 'unsure' settles nothing.
    """
    require_role(project, adjudicator, "contribute")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        checklist = get_checklist(project, answer_input.checklist)
        _require_adjudicator(project, adjudicator)
        report = get_due_report(project, conn, answer_input.record)
        _require_may_see(project, conn, report, checklist, adjudicator)
        row = _build_answer(checklist, report, answer_input, adjudicator)
        earlier_answer = answers.get_newest_by_item(
            answer_row
            for answer_row in answers.list_all_answers(
                conn, list_report_records(conn, report), checklist.id
            )
            if answer_row.role == "consensus"
        ).get(row.item)
        if (
            earlier_answer
            and earlier_answer.answer is not None
            and earlier_answer.reviewer != adjudicator
        ):
            raise ReviewError(
                f"{earlier_answer.reviewer} settled this already; they can withdraw it."
            )
        answers.add_answers(conn, [row], protocol=project.fingerprint)
        form_consensus = load_consensus(project, conn, report, checklist)
        check_justification(checklist, form_consensus.entries, row)
        refresh_gates(project, conn, report)
        return form_consensus


def _require_adjudicator(project: Project, name: str) -> None:
    adjudicators = [
        teammate.name for teammate in project.protocol.team if "adjudicator" in teammate.roles
    ]
    if name not in adjudicators:
        raise ReviewError(
            f"{name} does not adjudicate; these do: {', '.join(adjudicators) or 'nobody'}."
        )


def _build_answer(
    checklist: Checklist, report: int, answer_input: AnswerInput, adjudicator: str
) -> Answer:
    parsed_answer = read_answer(find_question(checklist, answer_input.key), answer_input.answer)
    if parsed_answer == "unsure":
        raise ReviewError("'Unsure' settles nothing: choose an answer, or leave the item open.")
    return Answer(
        report,
        checklist.id,
        find_question(checklist, answer_input.key).key,
        adjudicator,
        parsed_answer,
        utc_now(),
        answer_input.quote or None,
        answer_input.page,
        answer_input.comment or None,
        "consensus",
    )


def load_study_kind(project: Project, conn: Connection, report: int) -> str | None:
    """The kind of study its reviewers gave or an adjudicator settled; None while open."""
    form_consensus = load_consensus(project, conn, report, get_checklist(project, KIND_CHECKLIST))
    entry = form_consensus.entries.get(KIND_ITEM) if form_consensus.settled else None
    return entry.answer if entry else None


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


def load_gate_outcomes(project: Project, record: int) -> tuple[GateOutcome, ...]:
    """How the report of a record fares at the gates; none while its kind of study is open."""
    with project.store.read() as conn:
        return compute_report_outcomes(project, conn, get_due_report(project, conn, record)) or ()


def refresh_gates(project: Project, conn: Connection, report: int) -> None:
    """Enters, changes or withdraws the gates' decision on a report, as its settled forms stand.

    A report is kept out when a gate fails and none is undecided, so that all reasons are counted;
    they stand in the order of the protocol, parted by semicolons.
    """
    stage = find_stage(project.protocol, "quality")
    if stage is None or not project.protocol.appraisal.gates:
        return
    gate_results = compute_report_outcomes(project, conn, report)
    verdict, reason, note = _decide_verdict(gate_results)
    gate_decisions = [
        decision
        for decision in decisions.list_decisions(
            conn, stage=stage.id, records=list_report_records(conn, report)
        )
        if decision.role == "automation" and decision.reviewer == GATES_REVIEWER
    ]
    last_decision = gate_decisions[-1] if gate_decisions else None
    if (
        last_decision.verdict if last_decision else None,
        last_decision.reason if last_decision else None,
    ) == (verdict, reason):
        return
    row = Decision(report, stage.id, GATES_REVIEWER, verdict, utc_now(), reason, note, "automation")
    decisions.add_decisions(conn, [row], protocol=project.fingerprint)
    standings.save_statuses(project, conn, standings.load_report_decisions(conn, [report]))


def _decide_verdict(
    gate_results: tuple[GateOutcome, ...] | None,
) -> tuple[Verdict | None, str | None, str | None]:
    if gate_results is None or any(
        gate_result.state == "undecided" for gate_result in gate_results
    ):
        return None, None, None
    failed = [gate_result for gate_result in gate_results if gate_result.state == "failed"]
    if not failed:
        return "include", None, None
    reasons = "; ".join(
        dict.fromkeys(gate_result.reason.replace(";", ",") for gate_result in failed)
    )
    return "exclude", reasons, " | ".join(why for gate_result in failed for why in gate_result.why)


def evaluate_gates(project: Project) -> int:
    """Holds the gates against every report anew, after they changed in the protocol; gives how many
    reports are due."""
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        due = list_due_reports(project, conn)
        for report in due:
            refresh_gates(project, conn, report)
    return len(due)
