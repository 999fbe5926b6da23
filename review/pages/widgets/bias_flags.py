"""Flags of bias beside the question they inform: to look at, confirm or dismiss, or to quote."""

import html
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from review.bias.rules import Flag
from review.checklists import Asked
from review.pages.widgets import pdf_viewer, session
from review.workflow.appraisal.forms import Form
from review.workflow.bias import flags
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project

SHOWN = 2
"""Flags shown before 'more'; a question stays on the screen with its answers."""
ORDER = ("strong", "fair", "weak")
MODES = {
    "present": "found in the text",
    "absent": "not found in the text",
    "number": "a count",
    "registry": "from the registry",
}


def offered(project: Project, form: Form, asked: Asked) -> list[Flag]:
    """Flags on the paper that bear on a question, or on the domain being judged, strong ones first.

    Only rules that are on; none for a paper without text.
    """
    if attachments.pdf_of(project, form.report) is None:
        return []
    numbers = flags.bearing(form.checklist, asked)
    if not numbers:
        return []
    on = flags.enabled()
    every = [flag for flag in flags.flags_of(project, form.report) if flag.rule in on]
    bearing = flags.flags_for(every, form.checklist.id, numbers)
    return sorted(bearing, key=lambda flag: ORDER.index(flag.strength))


def draw(
    project: Project,
    form: Form,
    found: Sequence[Flag],
    take: Callable[[str, int | None], None],
) -> None:
    """Draws the flags; 'Quote' puts a sentence in the quote box by `take`. None sets an answer."""
    if not found:
        return
    said = flags.judged(project, form.report, session.person().name)
    st.markdown("**Signs of bias** :gray[signs, not judgements: yours is the answer above]")
    for n, flag in enumerate(found[:SHOWN]):
        _one(project, form, flag, (n, said.get(flags.key_of_flag(flag))), take)
    if len(found) > SHOWN:
        with st.expander(f"{len(found) - SHOWN} more signs"):
            for n, flag in enumerate(found[SHOWN:], SHOWN):
                _one(project, form, flag, (n, said.get(flags.key_of_flag(flag))), take)


def _one(
    project: Project,
    form: Form,
    flag: Flag,
    place: tuple[int, str | None],
    take: Callable[[str, int | None], None],
) -> None:
    """One flag; place: its number here and what this reviewer said of it."""
    n, verdict = place
    with st.container(border=True):
        numbers = ", ".join(flag.informs.get(form.checklist.id, ()))
        st.html(
            f'<div style="font-size:.92rem;line-height:1.4"><b>{html.escape(flag.name)}</b> '
            f"(informs {html.escape(numbers)})<br>{html.escape(flag.text)}</div>"
        )
        where = flag.section if flag.page else "whole text"
        st.caption(" · ".join(filter(None, (MODES[flag.mode], flag.strength, where))))
        show, quote, yes, no = st.columns(4)
        page = flag.page
        if page is not None:
            show.button(
                f"Page {page}", key=f"sign_show_{n}", width="stretch", type="tertiary",
                on_click=partial(pdf_viewer.go_to, page),
            )  # fmt: skip
            if flag.mode in ("present", "number"):
                quote.button(
                    "Quote it", key=f"sign_take_{n}", width="stretch", disabled=form.finished,
                    on_click=partial(take, flag.text, page),
                )  # fmt: skip
        for column, word, done in ((yes, "confirm", "Confirmed"), (no, "dismiss", "Dismissed")):
            chosen = verdict == word
            column.button(
                done if chosen else word.capitalize(), key=f"sign_{word}_{n}",
                width="stretch", type="primary" if chosen else "secondary",
                on_click=partial(_judge, project, form.report, flag, None if chosen else word),
            )  # fmt: skip


def _judge(project: Project, record: int, flag: Flag, verdict: str | None) -> None:
    flags.judge(project, record, flag, verdict, session.person().name)


def marks(found: Sequence[Flag]) -> list[pdf_viewer.Mark]:
    """Where the flags' sentences stand, for the paper; once where several flags share one."""
    every = ((flag.page, box, "flag") for flag in found if flag.page for box in flag.boxes)
    return list(dict.fromkeys(every))
