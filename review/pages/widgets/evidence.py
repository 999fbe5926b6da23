"""Possible evidence beside a question: sentences of this paper, to use or to dismiss."""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from review.bias.rules import APART, PLAIN, Suggestion
from review.checklists import Asked, Checklist
from review.errors import ReviewError
from review.pages.widgets import pdf_viewer, session
from review.store.feedback import Said
from review.store.timestamps import now
from review.workflow.appraisal.forms import Form
from review.workflow.fulltexts import attachments, reading
from review.workflow.project.project import Project

MOST = 5
"""Sentences offered for one question."""
SHOWN = 3
"""Sentences shown before 'more'."""


@st.cache_data(max_entries=128, show_spinner=False)
def _suggested(
    _project: Project,
    _checklist: Checklist,
    record: int,
    path: Path,
    digest: str,
    model: str | None,
) -> dict[str, list[Suggestion]]:
    """Suggestions for a whole checklist; file, checklist and model name what they rest on."""
    return reading.suggest(_project, record, _checklist, most=MOST, model=model)


def offered(project: Project, form: Form, asked: Asked) -> list[Suggestion]:
    """The sentences for a question, best first; those this reviewer dismissed are left out."""
    path = attachments.pdf_of(project, form.report)
    if path is None or form.finished:
        return []
    one = form.checklist
    try:
        every = _suggested(
            project, one, form.report, path, one.digest, project.protocol.appraisal.model
        )
    except ReviewError as error:
        st.caption(str(error))
        return []
    gone = {
        said.sentence
        for said in reading.heard(project, "evidence", form.report, session.person().name)
        if said.verdict == "dismiss" and said.item == _item(form, asked)
    }
    return [one for one in every.get(asked.key, []) if one.text not in gone]


def _item(form: Form, asked: Asked) -> str:
    return f"{form.checklist.id} {asked.key}"


def draw(
    project: Project,
    form: Form,
    asked: Asked,
    found: list[Suggestion],
    take: Callable[[str, int | None], None],
) -> None:
    """Draws the sentences with their buttons; 'use' fills the quote box by `take`."""
    if not found:
        if asked.cues and not form.finished and attachments.pdf_of(project, form.report):
            st.caption("No sentence holds this item's cue phrases; the search may find more.")
        return
    st.markdown("**Possible evidence** :gray[found by words, not by judgement]")
    for n, one in enumerate(found[:SHOWN]):
        _one(project, form, asked, one, n, take)
    if len(found) > SHOWN:
        with st.expander(f"{len(found) - SHOWN} more"):
            for n, one in enumerate(found[SHOWN:], SHOWN):
                _one(project, form, asked, one, n, take)


def _one(
    project: Project,
    form: Form,
    asked: Asked,
    one: Suggestion,
    n: int,
    take: Callable[[str, int | None], None],
) -> None:
    with st.container(border=True):
        st.html(f'<div style="font-size:.92rem;line-height:1.4">{html.escape(one.text)}</div>')
        st.caption(" · ".join(filter(None, (one.section, one.words))))
        row = st.container(horizontal=True, vertical_alignment="center")
        row.button(
            f"Page {one.page}", key=f"evidence_show_{n}", type="tertiary",
            on_click=partial(pdf_viewer.go_to, one.page),
        )  # fmt: skip
        row.button(
            "Use", key=f"evidence_use_{n}", shortcut=None if n else "Alt+Q",
            on_click=partial(_use, project, form, asked, one, take),
        )  # fmt: skip
        row.button(
            "Dismiss", key=f"evidence_dismiss_{n}", shortcut=None if n else "Alt+X",
            on_click=partial(_hear, project, form, asked, one, "dismiss"),
        )  # fmt: skip


def _use(
    project: Project,
    form: Form,
    asked: Asked,
    one: Suggestion,
    take: Callable[[str, int | None], None],
) -> None:
    _hear(project, form, asked, one, "use")
    take(one.text, one.page)


def _hear(project: Project, form: Form, asked: Asked, one: Suggestion, verdict: str) -> None:
    reading.hear(
        project,
        Said(
            form.report, "evidence", rule_of(one), _item(form, asked), one.text, one.page, verdict,
            session.person().name, now(),
        ),
    )  # fmt: skip


def rule_of(one: Suggestion) -> str:
    """What a use or dismissal is counted for: the phrases, with the model where there is one."""
    mark = "" if one.rule == PLAIN else f" ({one.rule})"
    return APART.join(f"{phrase}{mark}" for phrase in one.cue.split(APART))


def marks(found: list[Suggestion]) -> list[pdf_viewer.Mark]:
    """Where the offered sentences stand, for the paper."""
    return [(one.page, box, "suggested") for one in found for box in one.boxes]
