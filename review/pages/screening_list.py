"""Screening as a list: 25 or 50 titles and abstracts on one page, the same keys and rules.

One record of the list is current: keys decide it alone, the arrow keys choose another, and after a
decision the next undecided one is current. Each record has its own buttons as well.
"""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.models import Verdict
from review.pages.widgets import preferences, record_text, session, tag_panel
from review.pages.widgets.highlighting import FREE_TEXT_STYLE, escape_markdown, highlight_words
from review.pages.widgets.keyboard import build_list_script
from review.pages.widgets.messages import keep_message, take_messages
from review.pages.widgets.preferences import format_key_hint, get_shortcut
from review.pages.widgets.screening_decision import (
    DOUBLE_PRESS_MESSAGE,
    MESSAGE_PLACE,
    NOTE_KEY,
    VERDICT_LABELS,
    asks_reason,
    format_own_decision,
    get_decision_keys,
    render_note_form,
    render_reasons,
    start_retraining,
)
from review.protocol.models import Stage
from review.store.annotations import Annotation
from review.text.wording import format_count
from review.workflow.project.project import Project
from review.workflow.records import annotations
from review.workflow.screening import reviewing
from review.workflow.screening.reviewing import ListedReport, ReportView

SIZE_LABELS = {0: "One record", 25: "List of 25", 50: "List of 50"}
LIST_KEY = "screening_list"
"""Session key: the list in hand, a _ListInHand."""
CURSOR_KEY = "screening_list_at"
"""Session key: the current record of the list."""
TAGS_KEY = "screening_list_tags"
"""Session key: the record whose tags are being changed."""
REASON_KEY = "screening_list_reason"
"""Session key: the record whose reason for exclusion is being chosen."""
RENEW_SECONDS = 240.0
"""How often the records of a list are kept from others again, while somebody is reading it
(seconds)."""

LIST_STYLE = """<style>
[class*="st-key-listed_R"] {border-left: 4px solid transparent; padding: .3rem 0 1rem 1rem;
border-bottom: 1px solid var(--funnel-line); scroll-margin-top: 7.5rem;}
[class*="st-key-listed_%s"] {border-left-color: var(--funnel-bar);}
[class*="st-key-listed_R"] button {min-height: 0; padding: .1rem .7rem;}
</style>"""
"""Marks the current record of the list."""


@dataclass(slots=True)
class _ListInHand:
    """The records on the page. Not frozen: its records are kept from others again now and then."""

    stage: str
    size: int
    keys: list[str]
    renewed: float
    """When its records were last kept from others (monotonic seconds)."""


def choose_size() -> int:
    """One record at a time, or a list; the browser remembers which."""
    settings = preferences.get_preferences()

    def save_size() -> None:
        preferences.change_preferences(list_size=int(st.session_state["screening_size"]))
        st.session_state.pop(LIST_KEY, None)

    st.segmented_control(
        "Show",
        list(SIZE_LABELS),
        default=settings.list_size,
        required=True,
        format_func=SIZE_LABELS.__getitem__,
        label_visibility="collapsed",
        key="screening_size",
        on_change=save_size,
    )
    return settings.list_size


def render_list(
    project: Project, stage: Stage, size: int, render_criteria: Callable[[], None]
) -> bool:
    """Draws the list; False where nothing is left to put on it."""
    name = session.get_user().name
    listed = _load_list(project, stage, name, size)
    if not listed:
        return False
    current = _find_current(listed)
    _render_actions(project, stage, listed, current)
    with st.container(key="beside"):
        criteria_column, list_column = st.columns([1, 3], gap="large")
    with criteria_column.container(key="pinned"):
        render_criteria()
    with list_column:
        st.html(LIST_STYLE % current.view.key)
        numbers = [report.view.number for report in listed]
        tags = annotations.list_visible_annotations(project, name, numbers)
        for report in listed:
            with st.container(key=f"listed_{report.view.key}", gap="xsmall"):
                _render_report(
                    project,
                    stage,
                    listed,
                    report,
                    tags[report.view.number],
                    is_current=report is current,
                )
        _render_end(project, stage, name, listed)
    place = listed.index(current)
    panel = "reason" if st.session_state.get(REASON_KEY) == current.view.key else ""
    st.html(
        build_list_script(current.view.key, panel, is_first=place == 0),
        unsafe_allow_javascript=True,
    )
    return True


def _load_list(project: Project, stage: Stage, name: str, size: int) -> list[ListedReport]:
    """The list in hand, else the next records."""
    in_hand = st.session_state.get(LIST_KEY)
    if not isinstance(in_hand, _ListInHand) or (in_hand.stage, in_hand.size) != (stage.id, size):
        keys = reviewing.start_list(project, stage, name, size)
        in_hand = _ListInHand(stage.id, size, keys, time.monotonic())
        st.session_state[LIST_KEY] = in_hand
        st.session_state[CURSOR_KEY] = None
    elif time.monotonic() - in_hand.renewed > RENEW_SECONDS:
        reviewing.renew_list(project, stage, name)
        in_hand.renewed = time.monotonic()
    if not in_hand.keys:
        st.session_state.pop(LIST_KEY)
        return []
    return reviewing.list_report_views(project, stage, name, in_hand.keys)


def _find_current(listed: list[ListedReport]) -> ListedReport:
    """The current record: the one chosen, else the first that waits, else the last."""
    chosen = st.session_state.get(CURSOR_KEY)
    for report in listed:
        if report.view.key == chosen:
            return report
    current = next((report for report in listed if report.waits), listed[-1])
    st.session_state[CURSOR_KEY] = current.view.key
    return current


def _render_actions(
    project: Project, stage: Stage, listed: list[ListedReport], current: ListedReport
) -> None:
    """The buttons with their keys, for the current record."""
    view, place = current.view, listed.index(current)
    is_typing = view.key in (st.session_state.get(NOTE_KEY), st.session_state.get(TAGS_KEY))
    vote = partial(_decide, project, stage, view=view, listed=listed, by_key=True)
    above = listed[place - 1].view.key if place else None
    below = listed[place + 1].view.key if place + 1 < len(listed) else None
    open_reasons = partial(_toggle, REASON_KEY, view.key)
    exclude: Callable[[], None] = (
        open_reasons if asks_reason(stage) else partial(vote, verdict="exclude")
    )
    keys: list[tuple[str, str, Callable[[], None], bool]] = [
        ("Include", "i", partial(vote, verdict="include"), False),
        ("Exclude", "e", exclude, False),
        ("Maybe", "m", partial(vote, verdict="unsure"), False),
        ("Note", "n", partial(_toggle, NOTE_KEY, view.key), False),
        ("Tags", "t", partial(_toggle, TAGS_KEY, view.key), False),
        ("Undo", "z", partial(_undo, project, stage), False),
        ("Up", "Up", partial(_move_to, above), above is None),
        ("Down", "Down", partial(_move_to, below), below is None),
    ]
    with st.container(horizontal=True, vertical_alignment="center", key="keys"):
        for label, key, action, is_disabled in keys:
            st.button(
                label,
                shortcut=None if is_typing else get_shortcut(key),
                on_click=action,
                disabled=is_disabled,
                type="primary" if label == "Include" else "secondary",
                key=f"screening_list_{label}" + ("" if key == "z" else f"_{view.key}"),
            )  # a press belongs to the record it was made on, so the button is that record's own
        messages = take_messages(MESSAGE_PLACE)
        effects = [text for kind, text in messages if kind == "caption"]
        place_text = f"{place + 1} of {len(listed)} on this list"
        st.caption(escape_markdown(" · ".join((place_text, *effects[-1:]))), width="content")
        for kind, text in messages:
            if kind == "warning":
                st.warning(escape_markdown(text))
    if is_typing:
        with st.container(horizontal=True, vertical_alignment="center"):
            close = partial(st.session_state.update, {NOTE_KEY: None, TAGS_KEY: None})
            st.button("Close", shortcut="Escape", on_click=close, key="screening_list_close")
            st.caption("Keyboard shortcuts are off while this box is open. Esc to close.")


def _render_report(
    project: Project,
    stage: Stage,
    listed: list[ListedReport],
    report: ListedReport,
    tags: list[Annotation],
    *,
    is_current: bool,
) -> None:
    view = report.view
    mark = ""
    if is_current:
        place = listed.index(report)
        moves = [
            key for key, ends in (("arrowup", 0), ("arrowdown", len(listed) - 1)) if place != ends
        ]
        mark = (
            f'class="record-key" data-key="{view.key}" data-moves="{" ".join(moves)}" '
            f'data-decides="{get_decision_keys(stage)}" aria-current="true" '
        )
    st.html(_build_report_html(view, mark, record_text.list_highlights(project)))
    if is_current and st.session_state.get(NOTE_KEY) == view.key:
        render_note_form(project, stage, view)
    elif view.note:
        st.caption(f"Your note: {escape_markdown(view.note)}")
    tag_panel.render_annotations(tags)
    if is_current and st.session_state.get(TAGS_KEY) == view.key:
        tag_panel.render_tag_panel(project, view.number, view.key, tags)
    if is_current and st.session_state.get(REASON_KEY) == view.key:
        choose_reason = partial(
            _decide, project, stage, view=view, listed=listed, verdict="exclude", by_key=True
        )
        render_reasons(stage, view, choose_reason, partial(_toggle, REASON_KEY, view.key))
    _render_buttons(project, stage, listed, report)


def _build_report_html(view: ReportView, mark: str, highlights: dict[str, tuple[str, ...]]) -> str:
    """Title, citation, links and abstract as one block, so that a list is drawn quickly.

    Args:
        mark: attributes of the title, where the record is the current one.
    """
    record = view.record
    muted = 'style="color:var(--funnel-muted);font-size:.875rem;margin:.2rem 0 .4rem"'
    links = "".join(
        f' · <a href="{html.escape(address)}" target="_blank">{html.escape(label)}</a>'
        for label, address in record_text.list_identifiers(record)
    )
    siblings = f" · Same study as {', '.join(view.siblings)}" if view.siblings else ""
    abstract = (
        highlight_words(view.abstract, highlights) if view.abstract else "No abstract available."
    )
    return (
        f'<div {mark}{FREE_TEXT_STYLE}font-size:1.15rem;line-height:1.35;font-weight:650">'
        f"{record_text.format_title(record, highlights)}</div>"
        f"<div {muted}>{html.escape(record_text.format_citation(record, view.key))}"
        f"{links}{html.escape(siblings)}</div>"
        f'<div {FREE_TEXT_STYLE}line-height:1.55;max-width:46rem">{abstract}</div>'
    )


def _render_buttons(
    project: Project, stage: Stage, listed: list[ListedReport], report: ListedReport
) -> None:
    """The record's own buttons and what was decided on it."""
    view = report.view
    own_verdict = view.own_decision.verdict if view.own_decision else None
    if own_verdict is None and not report.waits:
        st.caption("Other reviewers resolved this record in the meantime.")
        return
    exclude: Callable[[], None] = partial(
        _decide, project, stage, view=view, listed=listed, verdict="exclude"
    )
    if asks_reason(stage):
        exclude = partial(_open_reasons, view.key)
    actions: list[tuple[str, Verdict, Callable[[], None]]] = [
        (
            "Include",
            "include",
            partial(_decide, project, stage, view=view, listed=listed, verdict="include"),
        ),
        ("Exclude", "exclude", exclude),
        (
            "Maybe",
            "unsure",
            partial(_decide, project, stage, view=view, listed=listed, verdict="unsure"),
        ),
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, verdict, action in actions:
            st.button(
                label,
                on_click=action,
                type="primary" if own_verdict == verdict else "secondary",
                key=f"listed_{label}_{view.key}",
            )
        own_decision = format_own_decision(view)
        if own_decision:
            st.caption(own_decision, width="content")


def _render_end(project: Project, stage: Stage, name: str, listed: list[ListedReport]) -> None:
    """Draws the way to the next list, once more is left than is on this one."""
    undecided = sum(report.waits for report in listed)
    remaining = reviewing.get_reviewer_progress(project, stage, name).remaining - undecided
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Next list",
            on_click=_start_next_list,
            disabled=bool(undecided and remaining <= 0),
            type="secondary" if undecided else "primary",
            shortcut="Right",
            key="screening_next_list",
        )
        text = (
            f"{format_count(undecided, 'record')} on this list still to decide; "
            "the next list begins with them."
            if undecided
            else "Every record on this list is decided."
        )
        st.caption(text, width="content")


def _decide(
    project: Project,
    stage: Stage,
    *,
    view: ReportView,
    listed: list[ListedReport],
    verdict: Verdict,
    reason: str | None = None,
    by_key: bool = False,
) -> None:
    """Saves a decision; the next undecided record is current then.

    Args:
        by_key: made by the keys of the current record, not by the record's own buttons; it is
            refused if another record has become current before it arrived.
    """
    if by_key and st.session_state.get(CURSOR_KEY) != view.key:
        keep_message(
            MESSAGE_PLACE,
            "Too fast: another record had been chosen, so that key press was ignored.",
            "warning",
        )
        return
    seen_id = view.own_decision.id if view.own_decision else 0
    name = session.get_user().name
    try:
        reviewing.save_decision(
            project, stage, name, view.number, verdict, reason=reason, seen=seen_id
        )
    except ReviewError as error:
        is_repeated = st.session_state.get("screening_last") == view.key
        problem = DOUBLE_PRESS_MESSAGE.format(view.key) if is_repeated else str(error)
        keep_message(MESSAGE_PLACE, problem, "warning")
        return
    reason_text = f" ({reason})" if reason else ""
    keep_message(
        MESSAGE_PLACE,
        f"{view.key} {VERDICT_LABELS[verdict]}{reason_text}. {format_key_hint('z', 'to undo')}",
        "caption",
    )
    st.session_state.update(
        {
            "screening_last": view.key,
            REASON_KEY: None,
            NOTE_KEY: None,
            TAGS_KEY: None,
            CURSOR_KEY: _find_next_key(listed, view.key),
        }
    )
    start_retraining(project, stage)


def _find_next_key(listed: list[ListedReport], key: str) -> str:
    """The next record that waits, below a record, else above it, else the record itself."""
    keys = [report.view.key for report in listed]
    place = keys.index(key)
    ordered = [*listed[place + 1 :], *listed[:place]]
    return next((report.view.key for report in ordered if report.waits), key)


def _undo(project: Project, stage: Stage) -> None:
    """Takes the last decision back; its record is current again, and on the list in any case."""
    key = reviewing.undo_decision(project, stage, session.get_user().name)
    message = f"Decision on {key} undone." if key else "Nothing to undo."
    keep_message(MESSAGE_PLACE, message, "caption")
    in_hand = st.session_state.get(LIST_KEY)
    if key and isinstance(in_hand, _ListInHand) and key not in in_hand.keys:
        in_hand.keys.insert(0, key)
    if key:
        st.session_state.update({CURSOR_KEY: key, "screening_last": None, REASON_KEY: None})


def _move_to(key: str | None) -> None:
    if key is not None:
        st.session_state.update({CURSOR_KEY: key, REASON_KEY: None, NOTE_KEY: None, TAGS_KEY: None})


def _open_reasons(key: str) -> None:
    st.session_state.update({CURSOR_KEY: key, REASON_KEY: key, NOTE_KEY: None, TAGS_KEY: None})


def _toggle(session_key: str, key: str) -> None:
    st.session_state[session_key] = None if st.session_state.get(session_key) == key else key


def _start_next_list() -> None:
    st.session_state.pop(LIST_KEY, None)
    st.session_state.update({CURSOR_KEY: None, REASON_KEY: None, NOTE_KEY: None, TAGS_KEY: None})
