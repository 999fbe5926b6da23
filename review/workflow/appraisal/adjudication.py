"""Adjudication: builds the consensus form of a report and evaluates the gates."""

from review.checklists import Checklist, find_question, read_answer
from review.errors import ReviewError
from review.models import Answer, Decision, Verdict
from review.protocol.models import find_stage
from review.scoring import GateOutcome
from review.store import Connection, answers, decisions
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.appraisal.form_consensus import (
    FormConsensus,
    compute_report_outcomes,
    load_consensus,
)
from review.workflow.appraisal.forms import (
    AnswerInput,
    AppraisalForm,
    check_justification,
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
    get_checklist,
    get_required_before_unblinding,
    list_required_forms,
)
from review.workflow.appraisal.model_forms import expand_forms, is_current_form
from review.workflow.appraisal.report_models import (
    list_report_models,
    require_form,
)
from review.workflow.appraisal.tasks import list_reviewer_forms
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import status as standings

GATES_REVIEWER = "gates"
"""Whose decision it is where the protocol's gates decide."""


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
    models = list_report_models(conn, report)
    started_names = {
        name
        for (name, _), answer in newest.items()
        if answer is not None and is_current_form(project, name, models)
    }
    if not started_names:
        return True
    status = list_due_reports(project, conn).get(report)
    required_forms = list_required_forms(project.protocol, get_own_kind(conn, report, who))
    form_names = {
        tool.checklist for tool in list_reviewer_forms(project, conn, report, who)
    } | started_names
    names = (
        get_required_before_unblinding(
            expand_forms(project, required_forms, models), status, started_names
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
        require_form(conn, report, checklist)
        _require_may_see(project, conn, report, checklist, adjudicator)
        return load_consensus(project, conn, report, checklist)


def _require_may_see(
    project: Project, conn: Connection, report: int, checklist: Checklist, who: str
) -> None:
    if not may_see(project, conn, report, checklist, who):
        raise ReviewError(
            f"{checklist.short} of {format_record_key(report)} cannot be adjudicated until all "
            "its reviewers have completed it and you have completed your own forms for this report."
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
        require_form(conn, report, checklist)
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
                f"{earlier_answer.reviewer} has already resolved this and can withdraw it."
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
            f"{name} is not an adjudicator. Adjudicators: {', '.join(adjudicators) or 'nobody'}."
        )


def _build_answer(
    checklist: Checklist, report: int, answer_input: AnswerInput, adjudicator: str
) -> Answer:
    parsed_answer = read_answer(find_question(checklist, answer_input.key), answer_input.answer)
    if parsed_answer == "unsure":
        raise ReviewError(
            "'Unsure' is not a final answer: choose another one, or leave the item open."
        )
    return Answer(
        record=report,
        checklist=checklist.id,
        item=find_question(checklist, answer_input.key).key,
        reviewer=adjudicator,
        answer=parsed_answer,
        at=utc_now(),
        quote=answer_input.quote or None,
        page=answer_input.page,
        comment=answer_input.comment or None,
        role="consensus",
    )


def load_gate_outcomes(project: Project, record: int) -> tuple[GateOutcome, ...]:
    """How the report of a record fares at the gates; none while its kind of study is open."""
    with project.store.read() as conn:
        return compute_report_outcomes(project, conn, get_due_report(project, conn, record)) or ()


def refresh_gates(project: Project, conn: Connection, report: int) -> None:
    """Enters, changes or withdraws the gates' decision on a report, according to its settled forms.

    A report is kept out when a gate fails and none is undecided, so that all reasons are counted;
    they are in the order of the protocol, separated by semicolons.
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
    row = Decision(
        record=report,
        stage=stage.id,
        reviewer=GATES_REVIEWER,
        verdict=verdict,
        at=utc_now(),
        reason=reason,
        note=note,
        role="automation",
    )
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
