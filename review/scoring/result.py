"""The complete result of one form."""

from collections.abc import Mapping

from review.checklists.answers import find_question, list_questions
from review.checklists.models import UNSURE, Checklist
from review.errors import ChecklistError
from review.scoring.form import FormAnswers, FormResult, inactive_items, list_undecided_keys
from review.scoring.judgements import derive_judgements
from review.scoring.totals import compute_section_total, compute_totals, find_warning


def score_form(
    checklist: Checklist, form: FormAnswers, reasons: Mapping[str, str] | None = None
) -> FormResult:
    """Score a form.

    Args:
        form: key -> answer as returned by read_answer; missing keys are unanswered.
        reasons: key of a judgement -> the reason given for it.

    Raises:
        ChecklistError: the form has a key that this checklist does not have.
    """
    questions = {question.key: question for question in list_questions(checklist)}
    for key in form:
        if key not in questions:
            find_question(checklist, key)  # its message suggests the nearest key
            raise ChecklistError(f"{checklist.id}: use the item's id, not its number ({key}).")
    inactive = inactive_items(checklist, form)
    active_answers = {
        key: answer for key, answer in form.items() if answer is not None and key not in inactive
    }
    judgement_results = derive_judgements(checklist, active_answers, reasons or {})
    undecided = list_undecided_keys(checklist, active_answers)
    unanswered = tuple(
        key
        for key, question in questions.items()
        if not (question.optional or key in active_answers or key in inactive or key in undecided)
    )
    unsure = tuple(key for key in questions if active_answers.get(key) == UNSURE)
    return FormResult(
        checklist=checklist.id,
        totals=compute_totals(checklist, active_answers, inactive),
        sections=tuple(
            compute_section_total(section, active_answers, inactive)
            for section in checklist.sections
        ),
        judgements=judgement_results,
        unanswered=unanswered,
        unsure=unsure,
        ignored=tuple(key for key in questions if key in inactive and form.get(key) is not None),
        warnings=tuple(
            w for need in checklist.needs if (w := find_warning(checklist, need, active_answers))
        ),
        complete=not unanswered and not unsure,
    )
