"""One flag or place to look at: its sentence on the page, confirmed or dismissed with one key."""

import hashlib
import html
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from review.bias.rules import Flag
from review.errors import FullTextError
from review.pages.widgets import session
from review.pages.widgets.bias_flags import MODE_LABELS
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.keyboard import SINGLE_PRESS_SCRIPT
from review.pages.widgets.page_picture import render_cached_picture
from review.pages.widgets.preferences import get_shortcut, get_single_keys
from review.store.feedback import FeedbackEntry
from review.workflow.bias import flags
from review.workflow.fulltexts.reading import RulePerformance
from review.workflow.project.project import Project

SHOWN_KEY = "bias_shown"
"""Session key: the flag on the right, as (rule, text)."""
UNDO_KEY = "bias_judged"
"""Session key: (record, flag, verdict before) of what was judged in this tab, oldest first."""
TIER_LABELS = {"flag": "Flag", "look": "Look here", "other": "Other match"}
VERDICT_LABELS = {"confirm": "You confirmed this", "dismiss": "You dismissed this"}
FlagKey = tuple[str, str]


def render_judging(
    project: Project,
    record: int,
    shown_flags: Sequence[Flag],
    path: Path,
    performances: Mapping[str, RulePerformance],
) -> None:
    """Draws one flag with its page, and the keys: Y confirms, N dismisses, Z takes it back."""
    entries = flags.get_flag_feedback(project, record, session.get_user().name)
    position = _find_position(shown_flags, entries)
    flag = shown_flags[position]
    key = flags.get_flag_key(flag)
    entry = entries.get(key)
    tag = hashlib.sha256("|".join((str(record), *key)).encode()).hexdigest()[:12]
    st.html(
        f'<div class="record-key" data-key="{tag}" data-decides="{get_single_keys("yn")}">'
        f"<b>{TIER_LABELS[flag.tier]}</b> {position + 1} of {len(shown_flags)} · "
        f"{sum(flags.get_flag_key(shown) in entries for shown in shown_flags)} judged by you</div>"
    )
    _render_keys(project, record, shown_flags, position, entry)
    location = f"Page {flag.page}" if flag.page else "Full text"
    st.markdown(f"{location} · **{flag.name}**")
    st.html(f'<div style="line-height:1.45">{html.escape(flag.text)}</div>')
    figures = [flags.format_figures(flags.get_measured(flag.rule))]
    figures += filter(None, [flags.format_performance(performances.get(flag.rule))])
    st.caption(f"{MODE_LABELS[flag.mode].capitalize()} · {'; '.join(figures)}")
    _render_picture(path, flag)
    st.html(SINGLE_PRESS_SCRIPT, unsafe_allow_javascript=True)


def _find_position(shown_flags: Sequence[Flag], entries: Mapping[FlagKey, FeedbackEntry]) -> int:
    """The flag that was chosen, else the first that this person has not judged."""
    keys = [flags.get_flag_key(flag) for flag in shown_flags]
    chosen = st.session_state.get(SHOWN_KEY)
    if chosen in keys:
        return keys.index(chosen)
    return next((n for n, key in enumerate(keys) if key not in entries), 0)


def _render_keys(
    project: Project,
    record: int,
    shown_flags: Sequence[Flag],
    position: int,
    entry: FeedbackEntry | None,
) -> None:
    flag = shown_flags[position]
    following = shown_flags[position + 1] if position + 1 < len(shown_flags) else None
    verdict = entry.verdict if entry else None
    with st.container(horizontal=True, key="judging"):
        for action, label, letter in (("confirm", "Confirm", "Y"), ("dismiss", "Dismiss", "N")):
            st.button(
                label,
                key=f"judging_{action}",
                type="primary" if verdict == action else "secondary",
                shortcut=get_shortcut(letter),
                disabled=not session.may_contribute(),
                on_click=partial(judge, project, record, flag, action, following),
            )
        st.button(
            "Undo",
            key="judging_undo",
            shortcut=get_shortcut("Z"),
            disabled=not _list_judged(record),
            on_click=partial(_undo, project, record),
        )
        for label, step, arrow in (("Previous", -1, "Left"), ("Next", 1, "Right")):
            target = position + step
            st.button(
                label,
                key=f"judging_{label.lower()}",
                shortcut=arrow,
                disabled=not 0 <= target < len(shown_flags),
                on_click=partial(_show, shown_flags, target),
            )
    if entry is not None:
        st.caption(f"{VERDICT_LABELS[str(verdict)]} on {entry.at:%d %B %Y at %H:%M} UTC.")


def _show(shown_flags: Sequence[Flag], target: int) -> None:
    st.session_state[SHOWN_KEY] = flags.get_flag_key(shown_flags[target])


def judge(
    project: Project, record: int, flag: Flag, verdict: str | None, following: Flag | None = None
) -> None:
    """Saves a verdict, remembers it for Undo, and goes on to the flag that follows."""
    who, key = session.get_user().name, flags.get_flag_key(flag)
    before = flags.get_flag_verdicts(project, record, who).get(key)
    flags.judge_flag(project, record, flag, verdict, who)
    st.session_state.setdefault(UNDO_KEY, []).append((record, flag, before))
    st.session_state[SHOWN_KEY] = flags.get_flag_key(following) if following else key


def _list_judged(record: int) -> list[tuple[int, Flag, str | None]]:
    return [judged for judged in st.session_state.get(UNDO_KEY, []) if judged[0] == record]


def _undo(project: Project, record: int) -> None:
    judged = _list_judged(record)
    if judged:
        _, flag, before = judged[-1]
        flags.judge_flag(project, record, flag, before, session.get_user().name)
        st.session_state[UNDO_KEY].remove(judged[-1])
        st.session_state[SHOWN_KEY] = flags.get_flag_key(flag)


def _render_picture(path: Path, flag: Flag) -> None:
    """Draws the page of a flag with its sentence highlighted."""
    if flag.page is None:
        st.info("This concerns the paper as a whole, so there is no sentence to show.")
        return
    try:
        picture = render_cached_picture(path, flag.page, flag.boxes)
        st.image(picture, width="stretch", alt=f"Page {flag.page} with the flagged sentence marked")
    except FullTextError as error:
        st.warning(escape_markdown(str(error)))
