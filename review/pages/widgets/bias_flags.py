"""Flags of bias beside the question they inform: to look at, confirm or dismiss, or to quote."""

import html
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from review.bias.rules import Flag
from review.checklists import FormQuestion
from review.pages.widgets import pdf_viewer, session
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.appraisal.forms import AppraisalForm
from review.workflow.bias import flags
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project

VISIBLE_FLAGS = 2
"""Flags shown before 'more'; a question stays on the screen with its answers."""
STRENGTH_ORDER = ("strong", "fair", "weak")
MODE_LABELS = {
    "present": "found in the text",
    "absent": "not found in the text",
    "number": "a count",
    "registry": "from the registry",
}


def get_related_flags(project: Project, form: AppraisalForm, question: FormQuestion) -> list[Flag]:
    """Flags on the paper that bear on a question, or on the domain being judged, and places to look
    at, those with a sentence first; none for a paper without text."""
    if attachments.find_pdf(project, form.report) is None:
        return []
    item_numbers = flags.find_related_items(form.checklist, question)
    if not item_numbers:
        return []
    shown = [flag for flag in flags.get_flags(project, form.report) if flag.tier != "other"]
    related_flags = flags.filter_flags(shown, form.checklist.edition_id, item_numbers)
    return sorted(related_flags, key=_rate_use)


def _rate_use(flag: Flag) -> tuple[bool, bool, int, float]:
    """Sort key: what has a sentence comes first, then flags, then what is strong and likely."""
    is_place = flag.tier != "flag"
    return flag.page is None, is_place, STRENGTH_ORDER.index(flag.strength), -(flag.score or 0.0)


def render_flags(
    project: Project,
    form: AppraisalForm,
    raised_flags: Sequence[Flag],
    take: Callable[[str, int | None], None],
) -> None:
    """Draws the flags; 'Quote' puts a sentence in the quote box by `take`. None sets an answer."""
    if not raised_flags:
        return
    verdicts = flags.get_flag_verdicts(project, form.report, session.get_user().name)
    st.markdown("**Possible signs of bias** :gray[automatic, for your information; you decide]")
    for n, flag in enumerate(raised_flags[:VISIBLE_FLAGS]):
        _render_flag(project, form, flag, (n, verdicts.get(flags.get_flag_key(flag))), take)
    if len(raised_flags) > VISIBLE_FLAGS:
        with st.expander(f"{len(raised_flags) - VISIBLE_FLAGS} more"):
            for n, flag in enumerate(raised_flags[VISIBLE_FLAGS:], VISIBLE_FLAGS):
                _render_flag(project, form, flag, (n, verdicts.get(flags.get_flag_key(flag))), take)


def _render_flag(
    project: Project,
    form: AppraisalForm,
    flag: Flag,
    position: tuple[int, str | None],
    take: Callable[[str, int | None], None],
) -> None:
    """One flag; place: its number here and what this reviewer said of it."""
    n, verdict = position
    with st.container(border=True, gap="xxsmall", key=f"sign_card_{n}"):
        show_column, quote_column, confirm_column, dismiss_column = st.columns(4)
        page = flag.page
        if page is not None:
            show_column.button(
                f"Page {page}",
                key=f"sign_show_{n}",
                width="stretch",
                type="tertiary",
                on_click=partial(pdf_viewer.go_to_page, page),
            )
            if flag.mode in ("present", "number"):
                quote_column.button(
                    "Quote",
                    key=f"sign_take_{n}",
                    width="stretch",
                    disabled=form.finished,
                    on_click=partial(take, flag.text, page),
                )
        render_verdict_buttons(
            confirm_column,
            dismiss_column,
            verdict,
            partial(_save_verdict, project, form.report, flag),
            prefix="sign",
            suffix=str(n),
        )
        numbers = ", ".join(flag.informs.get(form.checklist.edition_id, ()))
        st.html(
            f'<div style="font-size:.92rem;line-height:1.4"><b>{html.escape(flag.name)}</b> '
            f"(relevant to {html.escape(numbers)})<br>{html.escape(flag.text)}</div>"
        )
        location = flag.section if flag.page else "full text"
        tier = "look here" if flag.tier == "look" else None
        words = (tier, MODE_LABELS[flag.mode], flag.strength, location)
        st.caption(escape_markdown(" · ".join(filter(None, words))))


def render_verdict_buttons(
    confirm_column: DeltaGenerator,
    dismiss_column: DeltaGenerator,
    verdict: str | None,
    save: Callable[[str | None], None],
    *,
    prefix: str,
    suffix: str,
) -> None:
    """Buttons that confirm or dismiss a flag; pressing the chosen one again withdraws it.

    The keys are PREFIX_confirm_SUFFIX and PREFIX_dismiss_SUFFIX.
    """
    for column, action, chosen_label in (
        (confirm_column, "confirm", "Confirmed"),
        (dismiss_column, "dismiss", "Dismissed"),
    ):
        chosen = verdict == action
        column.button(
            chosen_label if chosen else action.capitalize(),
            key=f"{prefix}_{action}_{suffix}",
            width="stretch",
            type="primary" if chosen else "secondary",
            disabled=not session.may_contribute(),
            on_click=partial(save, None if chosen else action),
        )


def _save_verdict(project: Project, record: int, flag: Flag, verdict: str | None) -> None:
    flags.judge_flag(project, record, flag, verdict, session.get_user().name)


def get_highlights(raised_flags: Sequence[Flag]) -> list[pdf_viewer.PageHighlight]:
    """The places of the flags' sentences, for the paper; once where several flags share one."""
    highlights = (
        (flag.page, box, "flag") for flag in raised_flags if flag.page for box in flag.boxes
    )
    return list(dict.fromkeys(highlights))
