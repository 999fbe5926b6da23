"""A reviewer's decision on the Screening page: its words and keys, the note, what follows it."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.keyboard import FOCUS_NOTE_SCRIPT
from review.pages.widgets.messages import keep_message
from review.pages.widgets.preferences import get_shortcut, get_single_keys
from review.protocol.models import Stage
from review.workflow.project.project import Project
from review.workflow.screening import ranking, reviewing
from review.workflow.screening.reviewing import ReportView

VERDICT_LABELS = {"include": "included", "exclude": "excluded", "unsure": "marked Maybe"}
OWN_DECISION_LABELS = {
    "include": "You included this record",
    "exclude": "You excluded this record",
    "unsure": "You marked this record Maybe",
}
MESSAGE_PLACE = "screening"
"""Where the pages of screening show what a key did."""
DOUBLE_PRESS_MESSAGE = "Too fast: {} was already decided, so the second key press was ignored."
NOTE_KEY = "screening_note"
"""Session key: the record whose note is being typed."""
RETRAIN_CHECK_SECONDS = 10.0
"""How often a process checks whether the ranking should be retrained (seconds)."""
_LAST_RETRAIN_CHECK: dict[tuple[Path, str], float] = {}


def asks_reason(stage: Stage) -> bool:
    """Whether an exclusion asks for its reason."""
    return bool(stage.reasons) and (stage.kind == "eligibility" or stage.ask_reason)


def get_decision_keys(stage: Stage) -> str:
    """The single keys that decide a record at a stage, without those switched off."""
    return get_single_keys("im0123456789" if asks_reason(stage) else "iem")


def format_own_decision(view: ReportView) -> str | None:
    """The reviewer's own decision in words, as Markdown; None where there is none."""
    if view.own_decision is None:
        return None
    reason = view.own_decision.reason
    reason_text = f" ({escape_markdown(reason)})" if reason else ""
    return f"{OWN_DECISION_LABELS[view.own_decision.verdict or 'unsure']}{reason_text}."


def render_reasons(
    stage: Stage,
    view: ReportView,
    choose: Callable[..., None],
    close: Callable[[], None],
) -> None:
    """Draws the reasons for exclusion, each with its key.

    Args:
        choose: called with `reason`; None excludes without one.
    """
    with st.container(gap="xxsmall"):
        st.markdown(f"**Reason for exclusion** (press 1–{min(len(stage.reasons), 9)})")
        for number, reason in enumerate(stage.reasons, 1):
            st.button(
                escape_markdown(reason),
                shortcut=get_shortcut(str(number) if number <= 9 else None),
                on_click=partial(choose, reason=reason),
                key=f"reason_{number}_{view.key}",
                width="stretch",
            )
        if stage.kind != "eligibility":
            st.button(
                "Exclude without a reason",
                shortcut=get_shortcut("0"),
                on_click=partial(choose, reason=None),
                key=f"reason_none_{view.key}",
                width="stretch",
            )
        st.button("Cancel", shortcut="Escape", on_click=close)


def render_note_form(project: Project, stage: Stage, view: ReportView) -> None:
    """Draws the box for the reviewer's note; the cursor is in it."""
    text_key = f"note_text_{view.key}"
    with st.form(f"note_{view.key}", border=False):
        st.text_area(
            "Your note (hidden from others until the record is resolved)",
            view.note or "",
            key=text_key,
        )
        st.html(FOCUS_NOTE_SCRIPT, unsafe_allow_javascript=True)
        name = session.get_user().name
        st.form_submit_button(
            "Save note", on_click=partial(_save_note, project, stage, view, name, text_key)
        )


def _save_note(project: Project, stage: Stage, view: ReportView, name: str, text_key: str) -> None:
    """Saves the note before the page is drawn again: the key that decides on the record may follow
    at once, and cuts the drawing short."""
    text = str(st.session_state.get(text_key) or "").strip()
    try:
        reviewing.add_note(project, stage, name, view.number, text or None)
    except ReviewError as error:
        keep_message(MESSAGE_PLACE, str(error), "warning")
        return
    st.session_state[NOTE_KEY] = None


def start_retraining(project: Project, stage: Stage) -> None:
    """Asks now and then whether a new order is due, beside the page: on a large review the question
    alone takes longer than a key press may."""
    stage_key, now = (project.folder, stage.id), time.monotonic()
    if now - _LAST_RETRAIN_CHECK.get(stage_key, -RETRAIN_CHECK_SECONDS) >= RETRAIN_CHECK_SECONDS:
        _LAST_RETRAIN_CHECK[stage_key] = now
        Thread(target=ranking.retrain_in_background, args=(project, stage), daemon=True).start()
