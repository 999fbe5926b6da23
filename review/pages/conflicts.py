"""Conflicts, in three piles: the adjudicator settles each with one key; others stay blind."""

from functools import partial
from typing import cast

import streamlit as st

from review.errors import ReviewError
from review.models import Decision, Verdict
from review.pages.record import identifiers
from review.pages.widgets import session
from review.pages.widgets.highlighting import FREE, marked, plain, search_words
from review.pages.widgets.keyboard import one_press
from review.protocol import Stage
from review.screening import Pile
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project
from review.workflow.screening import reviewing
from review.workflow.screening.reviewing import Conflict

PILES: dict[Pile, str] = {
    "verdict": "Verdict differs",
    "reason": "Only the reason differs",
    "maybe": "Both unsure",
}

STAGE, PILE = "conflicts_stage", "conflicts_pile"
"""Session keys of what the adjudicator chose."""


def page(project: Project) -> None:
    """Draws the piles and the conflict in hand."""
    st.title("Conflicts")
    stages = {one.id: one for one in project.protocol.stages if one.kind != "quality"}
    who = session.person().name
    found = {name: reviewing.conflicts(project, one, reader=who) for name, one in stages.items()}
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        stage = stages[_stage(found)]
    with right:
        pile = _pile(found[stage.id])
    _said()
    keys = found[stage.id][pile]
    if not keys:
        st.success(
            "Nothing to settle in this pile. A record comes here once its reviewers have judged it "
            "and differ, and not before you have, where it waits for you too."
        )
        _undo_button(project, stage)
        return
    try:
        card = reviewing.conflict(project, stage, keys[0], reader=who)
    except ReviewError as error:
        st.warning(str(error))
        return
    _card(project, stage, card)
    st.html(one_press(card.key), unsafe_allow_javascript=True)


def _stage(found: dict[str, dict[Pile, list[str]]]) -> str:
    """The chosen stage; at first the one where something waits."""
    waits = {name: sum(len(keys) for keys in piles.values()) for name, piles in found.items()}
    first = next((name for name, n in waits.items() if n), next(iter(waits)))
    if st.session_state.get(STAGE) not in waits:
        st.session_state[STAGE] = first
    st.segmented_control(
        "Stage", list(waits), key=STAGE, required=True,
        format_func=lambda name: f"{name} ({waits[name]:,})",
    )  # fmt: skip
    return str(st.session_state[STAGE])


def _pile(piles: dict[Pile, list[str]]) -> Pile:
    """The chosen pile; one that has just been emptied gives way to the next."""
    full = next((pile for pile in PILES if piles[pile]), "verdict")
    chosen = st.session_state.get(PILE)
    if chosen not in PILES or (not piles[chosen] and "conflicts_said" in st.session_state):
        st.session_state[PILE] = full
    picked = st.segmented_control(
        "Pile", list(PILES), key=PILE, required=True,
        format_func=lambda one: f"{PILES[one]} ({len(piles[one]):,})",
    )  # fmt: skip
    return cast(Pile, picked or full)


def _said() -> None:
    for name, show in (("conflicts_said", st.caption), ("conflicts_wrong", st.warning)):
        text = st.session_state.pop(name, None)
        if text:
            show(text)


def _card(project: Project, stage: Stage, card: Conflict) -> None:
    record = card.record
    lists = {
        "include": project.protocol.highlight.include,
        "exclude": project.protocol.highlight.exclude,
        "search": search_words(project.protocol.search.query),
    }
    wide = stage.kind == "eligibility"  # the lines of an A4 page fit a screen of 1,280
    left, right = st.columns([2, 1] if wide else [3, 2], gap="small" if wide else "large")
    with left:
        title = marked(record.title or "(no title)", lists)
        st.html(
            f'<div class="record-key" data-key="{card.key}" data-decides="12" '
            f'{FREE}font-size:1.45rem;line-height:1.3;font-weight:650">{title}</div>'
        )
        st.caption(f"{plain('; '.join(record.authors[:6]))} · {record.year or ''} · {card.key}")
        st.markdown(" · ".join(identifiers(record)))
        text = marked(card.abstract or "The source gave no abstract.", lists)
        st.html(f'<div {FREE}font-size:1.04rem;line-height:1.6">{text}</div>')
        if stage.kind == "eligibility":
            _full_text(project, card)
    with right:
        for number, vote in enumerate(card.votes[:2]):
            _side(project, stage, card, number, vote)
        for vote in card.votes[2:]:
            st.markdown(f"Also: {_words(vote)}")
        _other(project, stage, card)
        _undo_button(project, stage)


def _full_text(project: Project, card: Conflict) -> None:
    """What the reviewers have read; the PDF is added on the record's own page."""
    path = attachments.pdf_of(project, card.number)
    if path is not None:
        st.pdf(path, height=800)
        return
    st.caption(f"No full text is attached; [add the PDF](record?key={card.key}) to read it here.")


def _words(vote: Decision) -> str:
    return {"include": "include", "exclude": "exclude", "unsure": "not sure"}[
        vote.verdict or "unsure"
    ] + (f": {vote.reason}" if vote.reason else "")


def _side(project: Project, stage: Stage, card: Conflict, number: int, vote: Decision) -> None:
    letter = "AB"[number]
    with st.container(border=True):
        st.markdown(f"**{letter} · {vote.reviewer}** — {_words(vote)}")
        note = card.notes.get(vote.reviewer) or vote.note
        if note:
            st.caption(f"“{plain(note)}”")
        if vote.verdict in ("include", "exclude"):
            who = session.person().name
            act = partial(_settle, project, stage, card, who, (vote.verdict, vote.reason, None))
            st.button(
                f"Take {letter}", shortcut=str(number + 1), on_click=act, width="stretch",
                key=f"take_{letter}_{card.key}",
            )  # fmt: skip


def _other(project: Project, stage: Stage, card: Conflict) -> None:
    if not st.button("Other", shortcut="3", width="stretch") and (
        st.session_state.get("conflicts_other") != card.key
    ):
        return
    st.session_state["conflicts_other"] = card.key
    with st.form(f"other_{card.key}"):
        verdicts: list[Verdict] = ["include", "exclude"]
        verdict = st.radio("Settle as", verdicts, horizontal=True)
        reason = st.selectbox("Reason, for an exclusion", [None, *stage.reasons])
        note = st.text_input("Why (needed)")
        if st.form_submit_button("Settle"):
            if not note.strip():
                st.warning("A sentence is needed for what neither reviewer chose.")
                return
            why = reason if verdict == "exclude" else None
            _settle(project, stage, card, session.person().name, (verdict, why, note.strip()))
            st.rerun()


def _settle(
    project: Project, stage: Stage, card: Conflict, name: str,
    said: tuple[Verdict, str | None, str | None],
) -> None:  # fmt: skip
    """Saves verdict, reason and note before the page's state is touched."""
    verdict, reason, note = said
    try:
        found = reviewing.settle(
            project, stage, name, card.number, verdict, reason=reason, note=note
        )
    except ReviewError as error:
        st.session_state["conflicts_wrong"] = str(error)
    else:
        st.session_state["conflicts_said"] = f"{card.key} settled: {found.status}. Z undoes it."
    st.session_state["conflicts_other"] = None


def _undo_button(project: Project, stage: Stage) -> None:
    def undo() -> None:
        key = reviewing.unsettle(project, stage, session.person().name)
        st.session_state["conflicts_said"] = (
            f"{key} is in conflict again." if key else "There is nothing to undo."
        )

    st.button("Undo the last one", shortcut="z", on_click=undo)
