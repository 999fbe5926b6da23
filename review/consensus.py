"""Compares the finished forms of a report and builds the consensus form.

Answers are compared, not quotes. What all say is settled by itself; the rest is settled one key at
a time by a person. Facts come first: settling one can make items fall away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from review.checklists import (
    TYPED_KINDS,
    UNSURE,
    AnswerOption,
    Checklist,
    FormQuestion,
    list_questions,
)
from review.models import Answer
from review.text.folding import fold_text

Origin = Literal["agreed", "settled", "open"]
Entries = Mapping[str, Answer]
"""Key -> a reviewer's newest answer."""


@dataclass(frozen=True, slots=True)
class AnswerComparison:
    """One key as the reviewers of a report answered it, side by side."""

    question: FormQuestion
    entries: tuple[Answer | None, ...]
    """One per reviewer, in the order of their forms; None where one did not answer."""
    origin: Origin
    consensus: Answer | None
    """The consensus entry; None while it is open or all agree."""


@dataclass(frozen=True, slots=True)
class ItemRatings:
    """One item as reviewers rated many reports: the input of an agreement figure."""

    key: str
    name: str
    rows: tuple[tuple[str | None, ...], ...]
    """One per report that two or more answered, with one place per reviewer; None: no answer."""
    categories: tuple[str, ...]
    """All answers the item takes, in the order of the checklist."""
    ordered: bool
    """The categories carry points or rise by themselves, so that weighted kappa makes sense."""


def is_same_answer(question: FormQuestion, first: str | None, second: str | None) -> bool:
    """Whether two answers say the same. Typed text is compared without case and punctuation,
    numbers by value; two reviewers who are both unsure have still not answered."""
    if first is None or second is None or UNSURE in (first, second):
        return False
    if first == second:
        return True
    if question.choose == "number":
        try:
            return float(first) == float(second)
        except ValueError:
            return False
    return question.choose == "text" and fold_text(first) == fold_text(second) != ""


def compare_forms(
    checklist: Checklist, forms: Sequence[Entries], consensus: Entries | None = None
) -> tuple[AnswerComparison, ...]:
    """Every key any reviewer answered, in the order of the form, with its state."""
    resolved = consensus or {}
    comparisons = []
    for question in list_questions(checklist):
        form_entries = tuple(_get_entry(form, question.key) for form in forms)
        entry = _get_entry(resolved, question.key)
        if entry is None and not any(form_entries):
            continue
        answers = [form_entry.answer if form_entry else None for form_entry in form_entries]
        is_agreed = bool(answers) and all(
            is_same_answer(question, answers[0], other) for other in answers
        )
        origin: Origin = "settled" if entry else "agreed" if is_agreed else "open"
        comparisons.append(AnswerComparison(question, form_entries, origin, entry))
    return tuple(comparisons)


def _get_entry(entries: Entries, key: str) -> Answer | None:
    entry = entries.get(key)
    return entry if entry is not None and entry.answer is not None else None


def build_consensus_form(comparisons: Sequence[AnswerComparison]) -> dict[str, str]:
    """Key -> answer of the settled form so far: what all said, and what was settled."""
    form: dict[str, str] = {}
    for comparison in comparisons:
        entry = (
            comparison.consensus
            if comparison.origin == "settled"
            else next(iter(comparison.entries), None)
        )
        if comparison.origin != "open" and entry is not None and entry.answer is not None:
            form[comparison.question.key] = entry.answer
    return form


def collect_item_ratings(
    checklist: Checklist, forms: Sequence[Sequence[Entries]]
) -> tuple[ItemRatings, ...]:
    """What reviewers answered, item by item, where two or more did; typed items are left out.

    Args:
        forms: the finished forms of each report, reviewers in one order throughout.
    """
    max_reviewers = max((len(report_forms) for report_forms in forms), default=0)
    item_ratings = []
    for question in list_questions(checklist):
        if question.choose in TYPED_KINDS:
            continue
        rows = []
        for report in forms:
            entries = [_get_entry(form, question.key) for form in report]
            answers = [entry.answer if entry else None for entry in entries]
            if sum(answer is not None for answer in answers) > 1:
                rows.append((*answers, *[None] * (max_reviewers - len(answers))))
        item_ratings.append(
            ItemRatings(
                key=question.key,
                name=f"{question.number} {question.name}".strip(),
                rows=tuple(rows),
                categories=tuple(option.id for option in _rank_options(question)),
                ordered=_is_ordered(question),
            )
        )
    return tuple(item_ratings)


def _is_ordered(question: FormQuestion) -> bool:
    points = [option.points for option in question.options]
    return question.choose == "one" and None not in points and len(points) > 1


def _rank_options(question: FormQuestion) -> list[AnswerOption]:
    if not _is_ordered(question):
        return list(question.options)
    return sorted(question.options, key=lambda option: option.points or 0)
