"""Possible evidence beside a question: sentences of this paper, to use or to dismiss."""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from review.bias.rules import PHRASE_RULE, PHRASE_SEPARATOR, Suggestion
from review.checklists import Checklist, FormQuestion
from review.errors import ReviewError
from review.pages.widgets import pdf_viewer, session
from review.pages.widgets.highlighting import escape_markdown
from review.store.feedback import FeedbackEntry
from review.store.timestamps import utc_now
from review.workflow.appraisal.forms import AppraisalForm
from review.workflow.fulltexts import attachments, reading
from review.workflow.project.project import Project

MAX_SUGGESTIONS = 5
"""Sentences offered for one question."""
VISIBLE_SUGGESTIONS = 3
"""Sentences shown before 'more'."""
RANKING_HELP = "Ranked by their wording and their place in the paper."


@st.cache_data(max_entries=128, show_spinner=False)
def _suggest_cached(
    _project: Project,
    _checklist: Checklist,
    *,
    record: int,
    path: Path,
    digest: str,
    model: str | None,
    reader: str,
) -> dict[str, list[Suggestion]]:
    """Suggestions for a whole checklist; file, checklist, model and reader name what they rest
    on."""
    return reading.suggest_evidence(
        _project, record, _checklist, most=MAX_SUGGESTIONS, model=model, reader=reader
    )


def get_suggestions(
    project: Project, form: AppraisalForm, question: FormQuestion
) -> list[Suggestion]:
    """The sentences for a question, best first; those this reviewer dismissed are left out."""
    path = attachments.find_pdf(project, form.report)
    if path is None or form.finished:
        return []
    checklist = form.checklist
    try:
        suggestions_by_key = _suggest_cached(
            project,
            checklist,
            record=form.report,
            path=path,
            digest=checklist.digest,
            model=project.protocol.appraisal.model,
            reader=session.get_user().name,
        )
    except ReviewError as error:
        st.caption(escape_markdown(str(error)))
        return []
    dismissed_sentences = {
        entry.sentence
        for entry in reading.reviewer_feedback(
            project, "evidence", form.report, session.get_user().name
        )
        if entry.verdict == "dismiss" and entry.item == _get_item_key(form, question)
    }
    return [
        suggestion
        for suggestion in suggestions_by_key.get(question.key, [])
        if suggestion.text not in dismissed_sentences
    ]


def _get_item_key(form: AppraisalForm, question: FormQuestion) -> str:
    return f"{form.checklist.edition_id} {question.key}"


def render_suggestions(
    project: Project,
    form: AppraisalForm,
    question: FormQuestion,
    suggestions: list[Suggestion],
    take: Callable[[str, int | None], None],
) -> None:
    """Draws the sentences with their buttons; 'use' fills the quote box by `take`."""
    if not suggestions:
        if question.cues and not form.finished and attachments.find_pdf(project, form.report):
            st.caption(
                "No suggestions: nothing in the text seems to answer this item. "
                "Try searching the paper."
            )
        return
    st.markdown("**Suggested sentences** :gray[please check]", help=RANKING_HELP)
    for n, suggestion in enumerate(suggestions[:VISIBLE_SUGGESTIONS]):
        _render_suggestion(project, form, question=question, suggestion=suggestion, n=n, take=take)
    if len(suggestions) > VISIBLE_SUGGESTIONS:
        with st.expander(f"{len(suggestions) - VISIBLE_SUGGESTIONS} more"):
            for n, suggestion in enumerate(suggestions[VISIBLE_SUGGESTIONS:], VISIBLE_SUGGESTIONS):
                _render_suggestion(
                    project, form, question=question, suggestion=suggestion, n=n, take=take
                )


def _render_suggestion(
    project: Project,
    form: AppraisalForm,
    *,
    question: FormQuestion,
    suggestion: Suggestion,
    n: int,
    take: Callable[[str, int | None], None],
) -> None:
    with st.container(border=True, gap="xxsmall", key=f"evidence_card_{n}"):
        row = st.container(horizontal=True, vertical_alignment="center")
        row.button(
            f"Page {suggestion.page}",
            key=f"evidence_show_{n}",
            type="tertiary",
            on_click=partial(pdf_viewer.go_to_page, suggestion.page),
        )
        row.button(
            "Use",
            key=f"evidence_use_{n}",
            shortcut=None if n else "Alt+Q",
            on_click=partial(_use_suggestion, project, form, question, suggestion, take),
        )
        row.button(
            "Dismiss",
            key=f"evidence_dismiss_{n}",
            shortcut=None if n else "Alt+X",
            on_click=partial(_save_feedback, project, form, question, suggestion, "dismiss"),
        )
        st.html(
            f'<div style="font-size:.92rem;line-height:1.4">{html.escape(suggestion.text)}</div>'
        )
        st.caption(
            escape_markdown(" · ".join(filter(None, (suggestion.section, suggestion.words))))
        )


def _use_suggestion(
    project: Project,
    form: AppraisalForm,
    question: FormQuestion,
    suggestion: Suggestion,
    take: Callable[[str, int | None], None],
) -> None:
    _save_feedback(project, form, question, suggestion, "use")
    take(suggestion.text, suggestion.page)


def _save_feedback(
    project: Project,
    form: AppraisalForm,
    question: FormQuestion,
    suggestion: Suggestion,
    verdict: str,
) -> None:
    reading.add_feedback(
        project,
        FeedbackEntry(
            record=form.report,
            kind="evidence",
            rule=get_rule_name(suggestion),
            item=_get_item_key(form, question),
            sentence=suggestion.text,
            page=suggestion.page,
            verdict=verdict,
            who=session.get_user().name,
            at=utc_now(),
        ),
    )


def get_rule_name(suggestion: Suggestion) -> str:
    """What a use or dismissal is counted for: the phrases, with the model where there is one; the
    learned ranking where no phrase brought the sentence."""
    if not suggestion.cue:
        return suggestion.rule
    model_note = "" if suggestion.rule == PHRASE_RULE else f" ({suggestion.rule})"
    return PHRASE_SEPARATOR.join(
        f"{phrase}{model_note}" for phrase in suggestion.cue.split(PHRASE_SEPARATOR)
    )


def get_highlights(suggestions: list[Suggestion]) -> list[pdf_viewer.PageHighlight]:
    """The places of the offered sentences, for the paper."""
    return [
        (suggestion.page, box, "suggested")
        for suggestion in suggestions
        for box in suggestion.boxes
    ]
