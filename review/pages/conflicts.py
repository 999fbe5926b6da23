"""Conflicts, in three lists: the adjudicator resolves each with one key; others stay blinded."""

from functools import partial
from typing import cast

import streamlit as st

from review.errors import ReviewError
from review.models import Decision, Verdict
from review.pages.widgets import record_text, session
from review.pages.widgets.highlighting import (
    FREE_TEXT_STYLE,
    escape_markdown,
    highlight_words,
)
from review.pages.widgets.keyboard import build_key_script
from review.pages.widgets.messages import has_messages, keep_message, show_beside_keys
from review.pages.widgets.preferences import format_key_hint, get_shortcut, get_single_keys
from review.protocol.models import Stage, format_stage_name
from review.screening import ConflictKind, count_verdict
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project
from review.workflow.screening import reviewing
from review.workflow.screening.reviewing import ScreeningConflict

PILE_LABELS: dict[ConflictKind, str] = {
    "verdict": "Include/exclude conflicts",
    "reason": "Reason conflicts",
    "maybe": "Both maybe",
}

PLACE = "conflicts"
"""Where the page says what was done."""
NO_MESSAGE = "&nbsp;"
"""An empty line of text."""
STAGE_KEY, PILE_KEY = "conflicts_stage", "conflicts_pile"
"""Session keys of what the adjudicator chose."""


def render_page(project: Project) -> None:
    """Draws the lists and the current conflict."""
    st.title("Conflicts")
    stages = {
        protocol_stage.id: protocol_stage
        for protocol_stage in project.protocol.stages
        if protocol_stage.kind != "quality"
    }
    who = session.get_user().name
    conflicts_by_stage = {
        name: reviewing.list_conflicts(project, protocol_stage, reader=who)
        for name, protocol_stage in stages.items()
    }
    stage_column, pile_column = st.columns([2, 3], vertical_alignment="bottom")
    with stage_column:
        stage = stages[_choose_stage(conflicts_by_stage, stages)]
    with pile_column:
        pile = _choose_pile(stage, conflicts_by_stage[stage.id])
    _show_messages()
    keys = conflicts_by_stage[stage.id][pile]
    if not keys:
        st.success(
            "No conflicts here. Conflicts appear once both reviewers have voted. If you also "
            "review a record, you see its conflict only after your own decision."
        )
        _render_undo_button(project, stage)
        return
    try:
        conflict = reviewing.get_conflict(project, stage, keys[0], reader=who)
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))
        return
    _render_conflict(project, stage, conflict)
    st.html(build_key_script(conflict.key), unsafe_allow_javascript=True)


def _choose_stage(
    conflicts_by_stage: dict[str, dict[ConflictKind, list[str]]], stages: dict[str, Stage]
) -> str:
    """The chosen stage; by default the first with open conflicts."""
    stage_names = {name: format_stage_name(stage) for name, stage in stages.items()}
    open_counts = {
        name: sum(len(keys) for keys in piles.values())
        for name, piles in conflicts_by_stage.items()
    }
    first_open = next((name for name, n in open_counts.items() if n), next(iter(open_counts)))
    if st.session_state.get(STAGE_KEY) not in open_counts:
        st.session_state[STAGE_KEY] = first_open
    st.segmented_control(
        "Stage",
        list(open_counts),
        key=STAGE_KEY,
        required=True,
        format_func=lambda name: f"{stage_names[name]} ({open_counts[name]:,})",
    )
    return str(st.session_state[STAGE_KEY])


def _list_piles(stage: Stage, piles: dict[ConflictKind, list[str]]) -> list[ConflictKind]:
    """The lists that can hold something at a stage."""
    possible: dict[ConflictKind, bool] = {
        "verdict": True,
        "reason": stage.kind == "eligibility",
        "maybe": stage.maybe == "conflict",
    }
    return [pile for pile in PILE_LABELS if possible[pile] or piles[pile]]


def _choose_pile(stage: Stage, piles: dict[ConflictKind, list[str]]) -> ConflictKind:
    """The chosen list; when it becomes empty, the next one is shown."""
    options = _list_piles(stage, piles)
    default_pile = next((pile for pile in options if piles[pile]), "verdict")
    chosen = st.session_state.get(PILE_KEY)
    if chosen not in options or (not piles[chosen] and has_messages(PLACE)):
        st.session_state[PILE_KEY] = default_pile
    selected_pile = st.segmented_control(
        "Show",
        options,
        key=PILE_KEY,
        required=True,
        format_func=lambda option: f"{PILE_LABELS[option]} ({len(piles[option]):,})",
    )
    return cast(ConflictKind, selected_pile or default_pile)


def _show_messages() -> None:
    """What was done, in a line that is always there, so that nothing below it moves."""
    show_beside_keys(PLACE, st.container(), NO_MESSAGE)


def _render_conflict(project: Project, stage: Stage, conflict: ScreeningConflict) -> None:
    record = conflict.record
    lists = record_text.list_highlights(project)
    is_full_text = stage.kind == "eligibility"  # the lines of an A4 page fit a screen of 1,280
    with st.container(key="beside"):
        record_column, vote_column = st.columns(
            [2, 1] if is_full_text else [3, 2], gap="small" if is_full_text else "large"
        )
    with record_column:
        title = highlight_words(record.title or "(no title)", lists)
        st.html(
            f'<div class="record-key" data-key="{conflict.key}" '
            f'data-decides="{get_single_keys("12")}" '
            f'{FREE_TEXT_STYLE}font-size:1.45rem;line-height:1.3;font-weight:650">{title}</div>'
        )
        st.caption(
            f"{escape_markdown('; '.join(record.authors[:6]))} · {record.year or ''} · "
            f"{conflict.key}"
        )
        st.markdown(" · ".join(record_text.format_identifiers(record)))
        text = highlight_words(conflict.abstract or "No abstract available.", lists)
        st.html(f'<div {FREE_TEXT_STYLE}font-size:1.04rem;line-height:1.6">{text}</div>')
        if stage.kind == "eligibility":
            _render_full_text(project, conflict)
    with vote_column:
        for number, vote in enumerate(conflict.votes[:2]):
            _render_vote(project, stage, conflict, number, vote)
        for vote in conflict.votes[2:]:
            st.markdown(f"Also: {_format_vote(vote)}")
        _render_other_decision(project, stage, conflict)
        _render_undo_button(project, stage)


def _render_full_text(project: Project, conflict: ScreeningConflict) -> None:
    """The full text the reviewers read; a PDF is added on the record's own page."""
    path = attachments.find_pdf(project, conflict.number)
    if path is not None:
        st.pdf(path, height=800)
        return
    st.caption(f"No PDF attached. [Add the PDF](record?key={conflict.key}) to read it here.")


def _format_vote(vote: Decision) -> str:
    return {"include": "include", "exclude": "exclude", "unsure": "maybe"}[
        vote.verdict or "unsure"
    ] + (f": {escape_markdown(vote.reason)}" if vote.reason else "")


def _render_vote(
    project: Project, stage: Stage, conflict: ScreeningConflict, number: int, vote: Decision
) -> None:
    letter = "AB"[number]
    with st.container(border=True):
        st.markdown(f"**{letter} · {escape_markdown(vote.reviewer)}** — {_format_vote(vote)}")
        note = conflict.notes.get(vote.reviewer) or vote.note
        if note:
            st.caption(f"“{escape_markdown(note)}”")
        verdict = count_verdict(vote.verdict or "unsure", stage.maybe)
        if verdict != "unsure":
            who = session.get_user().name
            reason = vote.reason if verdict == "exclude" else None
            take_vote = partial(
                _settle_conflict, project, stage, conflict, who, (verdict, reason, None)
            )
            st.button(
                f"Accept {letter}: {verdict}",
                shortcut=get_shortcut(str(number + 1)),
                on_click=take_vote,
                width="stretch",
                key=f"take_{letter}_{conflict.key}",
            )


def _render_other_decision(project: Project, stage: Stage, conflict: ScreeningConflict) -> None:
    st.button(
        "Different decision",
        shortcut=get_shortcut("3"),
        width="stretch",
        on_click=partial(st.session_state.update, {"conflicts_other": conflict.key}),
    )
    if st.session_state.get("conflicts_other") != conflict.key:
        return
    with st.form(f"other_{conflict.key}"):
        verdicts: list[Verdict] = ["include", "exclude"]
        st.radio("Decision", verdicts, horizontal=True, key=f"other_verdict_{conflict.key}")
        st.selectbox(
            "Reason for exclusion", [None, *stage.reasons], key=f"other_reason_{conflict.key}"
        )
        st.text_input("Explanation (required)", key=f"other_note_{conflict.key}")
        if st.session_state.pop("conflicts_unexplained", None) == conflict.key:
            st.warning("Neither reviewer chose this decision: explain it in a sentence.")
        who = session.get_user().name
        st.form_submit_button(
            "Resolve conflict", on_click=partial(_settle_otherwise, project, stage, conflict, who)
        )


def _settle_otherwise(
    project: Project, stage: Stage, conflict: ScreeningConflict, name: str
) -> None:
    """Saves the decision that neither reviewer took, as the form has it."""
    state = st.session_state
    verdict: Verdict = state.get(f"other_verdict_{conflict.key}", "include")
    reason = state.get(f"other_reason_{conflict.key}") if verdict == "exclude" else None
    note = str(state.get(f"other_note_{conflict.key}") or "").strip()
    if not note:
        state["conflicts_unexplained"] = conflict.key
        return
    _settle_conflict(project, stage, conflict, name, (verdict, reason, note))


def _settle_conflict(
    project: Project,
    stage: Stage,
    conflict: ScreeningConflict,
    name: str,
    settlement: tuple[Verdict, str | None, str | None],
) -> None:
    """Saves verdict, reason and note before the page's state is touched."""
    verdict, reason, note = settlement
    try:
        result = reviewing.settle_conflict(
            project, stage, name, conflict.number, verdict, reason=reason, note=note
        )
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
    else:
        keep_message(
            PLACE,
            f"{conflict.key} resolved: {result.status}. {format_key_hint('z', 'to undo')}",
            "caption",
        )
    st.session_state["conflicts_other"] = None


def _render_undo_button(project: Project, stage: Stage) -> None:
    def undo_settlement() -> None:
        key = reviewing.undo_adjudication(project, stage, session.get_user().name)
        message = f"{key} is in conflict again." if key else "There is nothing to undo."
        keep_message(PLACE, message, "caption")

    st.button("Undo", shortcut=get_shortcut("z"), on_click=undo_settlement)
