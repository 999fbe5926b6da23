"""The assistant beside a question: a button that asks it, and what it suggests. It sets nothing."""

import html
from functools import partial

import streamlit as st

from review.checklists import FormQuestion, format_answer
from review.pages.widgets import pdf_viewer, session
from review.pages.widgets.highlighting import FREE_TEXT_STYLE, escape_markdown
from review.pages.widgets.pending_work import ask_for_work, run_pending_work
from review.text.wording import format_count
from review.workflow.appraisal.forms import AppraisalForm
from review.workflow.assistant import asking, measurement
from review.workflow.assistant.asking import AssistantSuggestion, AssistantView
from review.workflow.assistant.settings import describe_disclosure
from review.workflow.project.project import Project


def render_assistant(project: Project, form: AppraisalForm, question: FormQuestion) -> None:
    """Draws the assistant for a question of a reviewer's own form; nothing where it is off."""
    view = asking.get_view(project, form, question)
    if view.settings is None:
        return
    with st.container(key="assistant", gap="xxsmall"):
        if view.state == "answer first":
            name = escape_markdown(view.settings.model)
            st.caption(
                f":material/smart_toy: {name} can be asked once you have answered this item."
            )
            return
        if view.suggestion is not None:
            _render_suggestion(project, form, question, view.suggestion)
        if view.state == "ready" and (view.suggestion is None or view.suggestion.state == "failed"):
            _render_button(project, form, question, view)


def _render_button(
    project: Project, form: AppraisalForm, question: FormQuestion, view: AssistantView
) -> None:
    """Draws the button; what a press asked for goes on if another act interrupts the drawing."""
    settings = view.settings
    assert settings is not None  # it is on
    item = (form.report, form.checklist.id, question.key)
    asking_key = f"assistant_asked_{'_'.join(map(str, item))}"
    st.button(
        f"Ask {escape_markdown(settings.model)}" + (" again" if view.suggestion else ""),
        key=f"assistant_ask_{'_'.join(map(str, item))}",
        icon=":material/smart_toy:",
        type="tertiary",
        help=escape_markdown(describe_disclosure(settings)),
        on_click=partial(ask_for_work, asking_key, session.get_user().name),
    )
    run_pending_work(
        asking_key,
        lambda who: asking.ask_about_item(project, *item, who),
        lambda _: None,  # kept in the store
        label=f"Waiting for {escape_markdown(settings.model)} …",
    )


def _render_suggestion(
    project: Project, form: AppraisalForm, question: FormQuestion, suggestion: AssistantSuggestion
) -> None:
    """Draws what the model suggested, or why there is no suggestion."""
    name = escape_markdown(suggestion.model)
    notes = [asking.NEAREST_NOTE] if suggestion.nearest_only else []
    if suggestion.state != "suggested":
        reason = " ".join([escape_markdown(suggestion.reason or ""), *notes])
        st.caption(f":material/smart_toy: {name}: {reason}")
        return
    answer = escape_markdown(format_answer(question, suggestion.answer))
    st.markdown(
        f":material/smart_toy: **{name} suggests: {answer}** "
        ":gray[(by a language model, please check)]"
    )
    for n, quotation in enumerate(suggestion.quotations):
        row = st.container(horizontal=True, vertical_alignment="center", gap="xxsmall")
        row.html(
            f'<div {FREE_TEXT_STYLE}font-size:.88rem;line-height:1.35">'
            f"“{html.escape(quotation.text)}”</div>"
        )
        row.button(
            f"Page {quotation.page}",
            key=f"assistant_page_{n}",
            type="tertiary",
            on_click=pdf_viewer.go_to_page,
            args=(quotation.page,),
        )
    notes.append(_describe_agreement(project, form, suggestion.model))
    if suggestion.dropped_quotations:
        count = format_count(suggestion.dropped_quotations, "quotation")
        notes.append(f"{count} left out: not in the paper.")
    st.caption(" ".join(notes))


def _describe_agreement(project: Project, form: AppraisalForm, model: str) -> str:
    """How often the model's suggestions on this instrument were the settled answer so far."""
    agreement = _measure_cached(project, str(project.folder), session.get_user().name)
    for measured in agreement:
        if (measured.checklist, measured.model) == (form.checklist.edition_id, model):
            figures = escape_markdown(measurement.format_agreement(measured))
            return f"{form.checklist.short} in this review: {figures}."
    return f"{form.checklist.short} in this review: not compared with settled answers yet."


@st.cache_data(max_entries=32, ttl=60, show_spinner=False)
def _measure_cached(
    _project: Project, folder: str, reader: str
) -> list[measurement.AssistantAgreement]:
    """The agreement that this person may see, computed once a minute."""
    return measurement.measure_agreement(_project, reader=reader)
