"""Consensus: what finished forms differ in, quotes side by side, one click to settle."""

import html
from functools import partial

import streamlit as st

from review.checklists import PARTS, UNSURE, Option, label_of
from review.consensus import Pair
from review.errors import ReviewError
from review.models import Answer
from review.pages.widgets import agreement_tables, pdf_viewer, session
from review.pages.widgets.highlighting import plain
from review.store.records import key_of, number_of
from review.workflow.appraisal import adjudication, results
from review.workflow.appraisal.adjudication import Settlement
from review.workflow.appraisal.forms import Given
from review.workflow.appraisal.instruments import checklist
from review.workflow.appraisal.results import Waiting
from review.workflow.project.project import Project

ABREAST = 3
"""Answers beside each other in a row."""
MOST_KEYS = 8
"""Reviewers whose answers have a key; the one after them asks for another answer."""


def page(project: Project) -> None:
    """Draws the list of forms to settle, or the one that is open."""
    key, name = st.query_params.get("key"), st.query_params.get("checklist")
    if key and name:
        try:
            _compare(project, number_of(key), name)
            return
        except ReviewError as error:
            st.warning(str(error))
            st.button("All forms", on_click=_leave)
            return
    _list(project)


def _leave() -> None:
    for name in ("key", "checklist"):
        st.query_params.pop(name, None)


def _open(report: int, name: str) -> None:
    st.query_params["key"] = key_of(report)
    st.query_params["checklist"] = name
    st.session_state["paper_page"] = 1


def _list(project: Project) -> None:
    st.title("Consensus")
    views = {"To settle": _waiting, "Agreement": agreement_tables.agreement,
             "Suggestions": agreement_tables.suggestions}  # fmt: skip
    chosen = st.segmented_control(
        "Show",
        list(views),
        default="To settle",
        key="consensus_view",
        required=True,
        label_visibility="collapsed",
    )
    views[chosen or "To settle"](project)


def _waiting(project: Project) -> None:
    every = results.waiting(project, session.person().name)
    if not every:
        st.info("Nothing to settle yet: a form comes here when all its reviewers have finished it.")
        return
    left = [one for one in every if one.open]
    st.markdown(f"**{len(left)}** of {len(every)} finished forms have something to settle.")
    _go_on(project, left)
    shown = st.dataframe(
        [
            {
                "Record": key_of(one.report),
                "Title": one.title,
                "Form": checklist(project, one.checklist).short,
                "To settle": one.open or None,
            }
            for one in every
        ],
        on_select="rerun", selection_mode="single-row", hide_index=True, key="consensus_list",
        placeholder="",
    )  # fmt: skip
    picked = shown.get("selection", {}).get("rows", [])
    if picked:
        _open(every[picked[0]].report, every[picked[0]].checklist)
        st.rerun()


def _go_on(project: Project, left: list[Waiting]) -> None:
    """The key to the first form that has something to settle."""
    for first in left[:1]:
        short = checklist(project, first.checklist).short
        st.button(
            f"Settle {short} of {key_of(first.report)}", type="primary", shortcut="Enter",
            on_click=partial(_open, first.report, first.checklist),
        )  # fmt: skip


def _compare(project: Project, record: int, name: str) -> None:
    now = adjudication.compared(project, record, name, session.person().name)
    said = st.session_state.pop("consensus_problem", None)
    back, title = st.columns([1.8, 10], vertical_alignment="center")
    back.button("All forms", icon=":material/list:", on_click=_leave, width="stretch")
    agreed = sum(pair.origin == "agreed" for pair in now.pairs)
    settled = sum(pair.origin == "settled" for pair in now.pairs)
    title.markdown(f"**{key_of(now.report)}** · {now.checklist.title} · {', '.join(now.reviewers)}")
    _turn_to_quote(now)
    left, right = st.columns([11, 9], gap="medium")
    with right:
        st.markdown(f"**{len(now.open)}** to settle · {agreed} agreed · {settled} settled")
        if said:
            st.warning(said)
        if now.open:
            _card(project, now, now.open[0], keys=True)
            for pair in now.open[1:]:
                _card(project, now, pair, keys=False)
        else:
            _result(project, now)
        _done(project, now)
    with left:
        pdf_viewer.draw(project, now.report, _marks(project, now), None)


def _turn_to_quote(now: Settlement) -> None:
    """Turns the paper to the quote of the first open question, once."""
    pair = now.open[0] if now.open else None
    here = (now.report, now.checklist.id, pair.asked.key if pair else None)
    if pair is None or st.session_state.get("consensus_at") == here:
        return
    st.session_state["consensus_at"] = here
    pages = [entry.page for entry in pair.said if entry and entry.page]
    if pages:
        pdf_viewer.go_to(pages[0])


def _marks(project: Project, now: Settlement) -> list[pdf_viewer.Mark]:
    """The quotes of the first open question."""
    found: list[pdf_viewer.Mark] = []
    for entry in now.open[0].said if now.open else ():
        place = pdf_viewer.place_of(project, now.report, entry.quote or "") if entry else None
        if place:
            found += [(place[0], box, "quote") for box in place[1]]
    return found


def _card(project: Project, now: Settlement, pair: Pair, *, keys: bool) -> None:
    """One question with all answers; the first one open takes the keys, from 1 on."""
    with st.container(border=True):
        st.markdown(f"**{pair.asked.number} {pair.asked.name}**".replace("** ", "**"))
        if keys:
            st.markdown(pair.asked.question)
        free = keys and st.session_state.get("consensus_other") != pair.asked.key
        abreast = min(ABREAST, len(pair.said))
        for start in range(0, len(pair.said), ABREAST):
            for at, place in enumerate(st.columns(abreast)[: len(pair.said) - start], start):
                with place:
                    _side(project, now, pair, at, keys=free)
        if keys:
            _other(project, now, pair)


def _side(project: Project, now: Settlement, pair: Pair, at: int, *, keys: bool) -> None:
    """What one reviewer said, with the button that takes it."""
    entry = pair.said[at]
    key = str(at + 1) if keys and at < MOST_KEYS else None
    who = now.reviewers[at]
    st.markdown(f"**{label_of(pair.asked, entry.answer if entry else None)}**  \n:gray[{who}]")
    if entry and entry.quote:
        st.html(f"<blockquote>{html.escape(entry.quote)}</blockquote>")
    if entry and entry.page:
        st.button(
            f"Page {entry.page}", icon=":material/description:", type="tertiary",
            on_click=partial(pdf_viewer.go_to, entry.page),
            key=f"page_{pair.asked.key}_{who}",
        )  # fmt: skip
    if entry and entry.comment:
        st.caption(plain(entry.comment))
    takes = entry is not None and entry.answer not in (None, UNSURE)
    label = f"Take {label_of(pair.asked, entry.answer)}" if takes and entry else "Take"
    st.button(
        label, shortcut=key, disabled=not takes, width="stretch",
        key=f"take_{pair.asked.key}_{who}",
        on_click=partial(_take, project, now, pair, entry),
    )  # fmt: skip


def _take(project: Project, now: Settlement, pair: Pair, entry: Answer | None) -> None:
    if entry is not None:
        given = Given(
            now.report, now.checklist.id, pair.asked.key, entry.answer, entry.quote, entry.page,
            entry.comment or _joint_comment(),
        )  # fmt: skip
        _settle(project, given)


def _joint_comment() -> str | None:
    return st.session_state.get("consensus_comment") or None


def _settle(project: Project, given: Given) -> None:
    try:
        adjudication.settle(project, given, session.person().name)
    except ReviewError as error:
        st.session_state["consensus_problem"] = str(error)
        return
    st.session_state["consensus_comment"] = ""
    st.session_state.pop("consensus_other", None)


def _other(project: Project, now: Settlement, pair: Pair) -> None:
    """A third answer, with a comment; a judgement that differs from the proposal needs one."""
    needs = pair.asked.key.split(":")[0] in PARTS
    st.text_input("Comment" + (" (a sentence, where it differs)" if needs else ""),
                  key="consensus_comment")  # fmt: skip
    if st.session_state.get("consensus_other") != pair.asked.key:
        key = str(min(len(pair.said), MOST_KEYS) + 1)
        st.button("Another answer", shortcut=key, on_click=partial(_ask_other, pair.asked.key))
        return
    if pair.asked.choose == "one":
        options: list[Option] = list(pair.asked.options)
        for place, option in zip(st.columns(len(options)), options, strict=True):
            given = Given(now.report, now.checklist.id, pair.asked.key, option.id)
            place.button(
                option.label, shortcut=option.key.lower() if option.key else None,
                on_click=partial(_give, project, given), key=f"other_{option.id}", width="stretch",
            )  # fmt: skip
        return
    said = st.text_input(
        "Answer", key="consensus_typed", placeholder="; ".join(o.label for o in pair.asked.options)
    )
    given = Given(now.report, now.checklist.id, pair.asked.key, said)
    st.button("Settle with this", on_click=partial(_give, project, given), disabled=not said)


def _ask_other(key: str) -> None:
    st.session_state["consensus_other"] = key


def _give(project: Project, given: Given) -> None:
    name, key = given.checklist, given.key
    _settle(project, Given(given.record, name, key, given.answer, comment=_joint_comment()))


def _result(project: Project, now: Settlement) -> None:
    """What the settled form gives, and what the gates say."""
    st.success(f"{now.checklist.short} of {key_of(now.report)} is settled.")
    for total in now.result.totals:
        if total.value is not None:
            most = f" of {total.max:g}" if total.max is not None else ""
            st.markdown(f"{total.title}: **{total.value:g}**{most} {total.band or ''}")
    for one in adjudication.gates_of(project, now.report):
        mark = {"passed": ":green[passed]", "failed": ":red[failed]"}.get(one.state, "still open")
        why = f": {'; '.join(one.why)}" if one.why else ""
        st.markdown(f"Gate '{one.reason}' {mark}{why}")
    left = [one for one in results.waiting(project, session.person().name) if one.open]
    _go_on(project, left)
    if not left:
        st.caption("Nothing else waits to be settled.")


def _done(project: Project, now: Settlement) -> None:
    """What was settled, each to be opened again."""
    settled = [pair for pair in now.pairs if pair.origin == "settled" and pair.settled]
    if not settled:
        return
    with st.expander(f"Settled ({len(settled)})"):
        for pair in settled:
            assert pair.settled is not None
            said, undo = st.columns([5, 2], vertical_alignment="center")
            label = label_of(pair.asked, pair.settled.answer)
            comment = f", {plain(pair.settled.comment)}" if pair.settled.comment else ""
            said.markdown(
                f"{pair.asked.number} {pair.asked.name}: **{label}** "
                f":gray[by {pair.settled.reviewer}{comment}]"
            )
            given = Given(now.report, now.checklist.id, pair.asked.key, None)
            undo.button(
                "Open again", key=f"undo_{pair.asked.key}", width="stretch",
                on_click=partial(_settle, project, given),
            )  # fmt: skip
