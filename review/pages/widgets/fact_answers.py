"""Facts of the paper offered as the answer of a typed question, as read or as corrected."""

import html
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from review.bias.facts import FIELDS, SIZE_FIELDS, FactCell
from review.checklists import FormQuestion
from review.pages.widgets import fact_list
from review.workflow.appraisal.forms import AppraisalForm
from review.workflow.bias import flags
from review.workflow.project.project import Project

MAX_CELLS = 8
"""Facts offered for one question."""


def get_answer_cells(
    project: Project, form: AppraisalForm, question: FormQuestion
) -> list[FactCell]:
    """The facts with a value that bear on a question, in the order the question names them."""
    if not question.from_facts or form.finished:
        return []
    cells = flags.get_fact_cells(project, form.report)
    return [
        cell
        for entry in question.from_facts
        for cell in cells
        if cell.value is not None and _is_named(cell, entry)
    ][:MAX_CELLS]


def _is_named(cell: FactCell, entry: str) -> bool:
    """Whether 'field' or 'field: label' names a cell."""
    field, _, label = (part.strip() for part in entry.partition(":"))
    return cell.field == field and (not label or cell.label.casefold() == label.casefold())


def render_answer_cells(
    question: FormQuestion,
    cells: Sequence[FactCell],
    take_value: Callable[[str, tuple[str, int | None]], None],
    take_quote: Callable[[str, int | None], None],
) -> None:
    """Draws the facts; Use makes one the answer, with its sentence and page as the quote.
    A question with choices offers the quote only."""
    if not cells:
        return
    st.markdown("**Facts of the paper** :gray[read from its text or corrected, please check]")
    for n, cell in enumerate(cells):
        place = f" (p. {cell.page})" if cell.page else ""
        words = f"{FIELDS[cell.field]}: {fact_list.format_cell(cell)}{place}"
        typed = _format_answer(question, cell)
        if typed is None:
            label, explanation = "Quote", "Takes the sentence as the quote"
            take = partial(take_quote, cell.sentence, cell.page)
        else:
            label, explanation = "Use", "Makes it your answer"
            take = partial(take_value, typed, (cell.sentence, cell.page))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(
                f'<div style="font-size:.92rem;line-height:1.4" '
                f'title="{html.escape(cell.sentence, quote=True)}">{html.escape(words)}</div>'
            )
            st.button(
                label,
                key=f"fact_answer_{question.key}_{n}",
                help=explanation,
                on_click=take,
                disabled=typed is None and not cell.sentence,
            )


def _format_answer(question: FormQuestion, cell: FactCell) -> str | None:
    """The fact as an answer that can be typed; None where the question offers choices."""
    if question.choose == "number":
        return cell.value if cell.field in SIZE_FIELDS else None
    if question.choose == "text":
        return ": ".join(filter(None, (cell.label, cell.value)))
    return None
