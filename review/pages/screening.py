"""Screening by title and abstract, or full text: one record, one key, saved at once."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread

import streamlit as st

from review.errors import ReviewError
from review.models import Verdict
from review.pages.record import identifiers
from review.pages.widgets import session
from review.pages.widgets.highlighting import FREE, marked, plain, search_words
from review.pages.widgets.keyboard import INTO_THE_BOX, one_press
from review.protocol import Stage, stage_of, stage_reviewers
from review.workflow.deduplication import run
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.screening import ranking, rescreening, reviewing
from review.workflow.screening.reviewing import Pace, Shown

DONE = {"include": "included", "exclude": "excluded", "unsure": "marked as maybe"}
KEY = "screening_key"
"""Session key: the record that is looked back at; None for the next one."""
AT = "screening_at"
"""Session key: the record in hand, which stays until it is decided; the address keeps it over a
reload."""
TWICE = "{} was decided by the key before; the one after it did not count. Z undoes the first."
EMPTY = (
    "Records wait here once the lead has harvested the sources or imported search exports.",
    "Reports come here once they are included on title and abstract.",
)
"""What fills the first stage, and full text."""
LEARN_SECONDS = 10.0
"""How often a process asks whether a new order is due (seconds)."""
_ASKED: dict[tuple[Path, str], float] = {}

BAR = """<div role="progressbar" aria-label="Judged" aria-valuenow="{share}" style="height:4px;
border-radius:2px;background:#e9ebee"><div style="height:4px;border-radius:2px;width:{share}%;
background:#23507c"></div></div>"""
OPENED = ("screening_reason", "screening_same")
"""Session keys of what opens above the record, and holds its key while it is open."""
LAST = "screening_last"
"""Session key: the record this tab decided last."""


def page(project: Project) -> None:
    """Draws the record the reviewer is at."""
    person = session.person()
    stages = [
        one
        for one in (
            stage_of(project.protocol, "screening"),
            stage_of(project.protocol, "eligibility"),
        )
        if one is not None and person.name in stage_reviewers(project.protocol, one)
    ]
    if not stages:
        st.info("No stage of this review has you among its reviewers; the lead sets that.")
        return
    if reviewing.has_left(project, person.name):
        st.info("You have left this review; what you decided is kept. The lead can take you back.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        stage = _stage(stages)
        pace = reviewing.pace(project, stage, session.person().name)
        _head(pace)
    _bar(pace)
    shown = _record(project, stage)
    if shown is None:
        _end(project, stages, stage, pace)
        return
    st.query_params["key"] = shown.key
    _actions(project, stage, shown)
    if stage.kind == "eligibility":
        _beside_its_text(project, stage, shown)
    else:
        criteria, record = st.columns([1, 3], gap="large")
        with criteria.container(key="pinned"):
            _criteria(project)
        with record:
            _panels(project, stage, shown)
            _draw(project, stage, shown)
    asked = [name for name in OPENED if st.session_state.get(name) == shown.key]
    st.html(one_press(" ".join((shown.key, *asked))), unsafe_allow_javascript=True)


def _beside_its_text(project: Project, stage: Stage, shown: Shown) -> None:
    """Full text: the record and the criteria left, the PDF right; nothing moves the PDF."""
    left, right = st.columns([1, 2], gap="small")  # the lines of an A4 page fit a screen of 1,280
    with left:
        if st.session_state.get("screening_reason") == shown.key:
            _reasons(project, stage, shown)
        _panels(project, stage, shown)
        _draw(project, stage, shown)
        _criteria(project)
    with right:
        _pdf(project, shown)


def _stage(stages: list[Stage]) -> Stage:
    if len(stages) == 1:
        return stages[0]
    names = {one.id: one for one in stages}
    asked = st.query_params.get("stage", stages[0].id)
    chosen = st.segmented_control(
        "Stage",
        list(names),
        default=asked if asked in names else stages[0].id,
        required=True,
        format_func=lambda name: names[name].name or name,
        label_visibility="collapsed",
        on_change=lambda: st.session_state.update({KEY: None, AT: None}),
    )
    stage = names[chosen or stages[0].id]
    st.query_params["stage"] = stage.id
    return stage


def _head(pace: Pace) -> None:
    """How far the reviewer is, and what the last key did, on one line."""
    whole = pace.done + pace.left
    text = f"**{min(pace.done + 1, whole):,} of {whole:,}**"
    if pace.minutes is not None and pace.left:
        text += f", about {_duration(pace.minutes)} left"
    st.markdown(text, width="content")
    said = st.session_state.pop("screening_said", None)
    if said:
        st.caption(said, width="content")


def _bar(pace: Pace) -> None:
    """A thin line of progress, and what went wrong."""
    share = 100 * pace.done / ((pace.done + pace.left) or 1)
    st.html(BAR.format(share=f"{share:.1f}"))
    wrong = st.session_state.pop("screening_wrong", None)
    if wrong:
        st.warning(wrong)


def _duration(minutes: float) -> str:
    if minutes < 1:
        return "a minute"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"


def _record(project: Project, stage: Stage) -> Shown | None:
    """The record looked back at, else the one in hand, else the next."""
    name = session.person().name
    if AT not in st.session_state:
        _reloaded(project, stage)
    looked_at = st.session_state.get(KEY)
    if looked_at:
        try:
            return reviewing.shown(project, stage, name, looked_at)
        except ReviewError:
            st.session_state[KEY] = None
    found = reviewing.next_record(project, stage, name, at=st.session_state[AT])
    st.session_state[AT] = found.key if found else None
    return found


def _reloaded(project: Project, stage: Stage) -> None:
    """Takes up the record in the address: one that waits, or one looked back at."""
    key = st.query_params.get("key")
    st.session_state[AT] = key
    if key in reviewing.trail(project, stage, session.person().name):
        st.session_state[KEY] = key


def _criteria(project: Project) -> None:
    criteria = project.protocol.criteria
    st.markdown("**Include**" if criteria.include else "")
    st.markdown("\n".join(f"- {one}" for one in criteria.include))
    st.markdown("**Exclude**" if criteria.exclude else "")
    st.markdown("\n".join(f"- {one}" for one in criteria.exclude))


def _draw(project: Project, stage: Stage, shown: Shown) -> None:
    record = shown.record
    decides = "im123456789" if _asks(stage) else "iem"
    lists = {
        "include": project.protocol.highlight.include,
        "exclude": project.protocol.highlight.exclude,
        "search": search_words(project.protocol.search.query),
    }
    title = marked(record.title or "(no title)", lists)
    st.html(
        f'<div class="record-key" data-key="{shown.key}" data-decides="{decides}" '
        f'{FREE}font-size:1.55rem;line-height:1.3;font-weight:650">{title}</div>'
    )
    people = "; ".join(record.authors[:8]) + (" et al." if len(record.authors) > 8 else "")
    place = " · ".join(filter(None, (people, str(record.year or ""), record.journal or "")))
    st.caption(f"{plain(place)} · {plain(record.source)} · {shown.key}")
    links = " · ".join(identifiers(record))
    if links:
        st.markdown(links)
    if shown.siblings:
        st.caption(f"Same study as {', '.join(shown.siblings)}")
        for one in rescreening.waiting(project):
            if one.old in (shown.key, *shown.members):
                st.info(f"Open again: its journal article {one.fresh} came after it was judged.")
    if shown.abstract:
        st.html(
            f'<div {FREE}font-size:1.06rem;line-height:1.62;max-width:46rem">'
            f"{marked(shown.abstract, lists)}</div>"
        )
    else:
        _missing_abstract(project, shown)


def _missing_abstract(project: Project, shown: Shown) -> None:
    st.info("The source gave no abstract.")
    with st.expander("Add the abstract"), st.form(f"abstract_{shown.key}", border=False):
        text = st.text_area("Abstract", height=240)
        if st.form_submit_button("Save the abstract"):
            try:
                reviewing.add_abstract(project, session.person().name, shown.number, text)
            except ReviewError as error:
                st.warning(str(error))
                return
            st.rerun()


def _actions(project: Project, stage: Stage, shown: Shown) -> None:
    """The row of keys, always at the same place; they rest while somebody types."""
    vote = partial(_vote, project, stage, shown, session.person().name)
    asked = partial(_toggle, "screening_reason", shown.key)
    exclude: Callable[[], None] = asked if _asks(stage) else partial(vote, "exclude")
    typing = shown.key in (
        st.session_state.get("screening_note"),
        st.session_state.get("screening_same"),
    )
    keys: list[tuple[str, str, Callable[[], None], bool]] = [
        ("Include", "i", partial(vote, "include"), False),
        ("Exclude", "e", exclude, False),
        ("Maybe", "m", partial(vote, "unsure"), False),
        ("Note", "n", partial(_toggle, "screening_note", shown.key), False),
        ("Duplicate", "d", partial(_toggle, "screening_same", shown.key), False),
        ("Undo", "z", partial(_undo, project, stage), False),
        ("Back", "Left", partial(_step, project, stage, shown, 1), False),
        (
            "Forward",
            "Right",
            partial(_step, project, stage, shown, -1),
            not st.session_state.get(KEY),
        ),
    ]
    with st.container(horizontal=True, key="keys"):
        for label, key, act, off in keys:
            st.button(
                label,
                shortcut=None if typing else key,
                on_click=act,
                disabled=off,
                type="primary" if label == "Include" else "secondary",
                key=f"screening_{label}" + (f"_{shown.key}" if key in "iemnd" else ""),
            )  # a press belongs to the record it was made on, so the button is that record's own
    if typing:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Close", shortcut="Escape", on_click=_close, key="screening_close")
            st.caption("The keys rest while this is open. Escape closes it.")


def _panels(project: Project, stage: Stage, shown: Shown) -> None:
    """The reviewer's own decision and note, and what N and D opened, above the record."""
    if shown.mine is not None:
        reason = f", {shown.mine.reason}" if shown.mine.reason else ""
        st.caption(f"Your decision: {shown.mine.verdict}{reason}. A key changes it.")
    if st.session_state.get("screening_same") == shown.key:
        _same(project, shown)
    if st.session_state.get("screening_note") == shown.key:
        _note(project, stage, shown)
    elif shown.note:
        st.caption(f"Your note: {plain(shown.note)}")


def _asks(stage: Stage) -> bool:
    """Whether an exclusion asks for its reason."""
    return stage.kind == "eligibility" and bool(stage.reasons)


def _reasons(project: Project, stage: Stage, shown: Shown) -> None:
    name = session.person().name
    with st.container(gap="xxsmall"):
        st.markdown(f"**Exclude because** (1 to {min(len(stage.reasons), 9)})")
        for number, reason in enumerate(stage.reasons, 1):
            act = partial(_vote, project, stage, shown, name, "exclude", reason)
            shortcut = str(number) if number <= 9 else None
            st.button(
                reason, shortcut=shortcut, on_click=act, key=f"reason_{number}_{shown.key}",
                width="stretch",
            )  # fmt: skip
        back = partial(_toggle, "screening_reason", shown.key)
        st.button("Not after all", shortcut="Escape", on_click=back)


def _same(project: Project, shown: Shown) -> None:
    """Says which other record this one repeats; a person's word outranks every rule."""
    words = " ".join((shown.record.title or "").split()[:6])
    rows = listing.listed(project, words=words, size=8) if words else []
    others = {row.key: row.title or "" for row in rows if row.key != shown.key}
    with st.form(f"same_{shown.key}"):
        picked = st.selectbox(
            "The same report as", [None, *others], format_func=lambda k: f"{k} {others.get(k, '')}"
        )
        typed = st.text_input("or its key", placeholder="R000001")
        if st.form_submit_button("Join them"):
            try:
                said = run.settle(
                    project, (shown.key, typed.strip() or picked or ""), "same",
                    session.person().name,
                )  # fmt: skip
            except ReviewError as error:
                st.warning(str(error))
                return
            st.session_state.update(
                {"screening_said": said, "screening_same": None, KEY: None, AT: None}
            )
            st.rerun()


def _note(project: Project, stage: Stage, shown: Shown) -> None:
    with st.form(f"note_{shown.key}", border=False):
        text = st.text_area("Your note (nobody else sees it before the record is settled)",
                            shown.note or "")  # fmt: skip
        st.html(INTO_THE_BOX, unsafe_allow_javascript=True)
        if st.form_submit_button("Save the note"):
            name = session.person().name
            reviewing.add_note(project, stage, name, shown.number, text.strip() or None)
            st.session_state["screening_note"] = None
            st.rerun()


def _vote(
    project: Project, stage: Stage, shown: Shown, name: str, verdict: Verdict,
    reason: str | None = None,
) -> None:  # fmt: skip
    """Saves the decision before the page's state is touched: another key that comes meanwhile cuts
    a callback short there, never here."""
    seen = shown.mine.id if shown.mine else 0
    try:
        reviewing.vote(project, stage, name, shown.number, verdict, reason=reason, seen=seen)
    except ReviewError as error:
        if st.session_state.get(LAST) == shown.key:
            st.session_state["screening_wrong"] = TWICE.format(shown.key)
            return
        st.session_state["screening_wrong"] = str(error)
    else:
        why = f" ({reason})" if reason else ""
        st.session_state["screening_said"] = f"{shown.key} {DONE[verdict]}{why}. Z undoes it."
        st.session_state[LAST] = shown.key
        if stage.kind == "screening":
            _learn_behind(project, stage)
    st.session_state.update({KEY: None, AT: None, "screening_reason": None, "screening_note": None})


def _learn_behind(project: Project, stage: Stage) -> None:
    """Asks now and then whether a new order is due, beside the page: on a large review the question
    alone takes longer than a key press may."""
    key, at = (project.folder, stage.id), time.monotonic()
    if at - _ASKED.get(key, -LEARN_SECONDS) >= LEARN_SECONDS:
        _ASKED[key] = at
        Thread(target=ranking.retrain_behind, args=(project, stage), daemon=True).start()


def _undo(project: Project, stage: Stage) -> None:
    key = reviewing.undo(project, stage, session.person().name)
    st.session_state["screening_said"] = (
        f"Took back your decision on {key}." if key else "There is nothing to undo."
    )
    st.session_state.update({KEY: None, AT: key, LAST: None})


def _step(project: Project, stage: Stage, shown: Shown, by: int) -> None:
    """Looks back along the reviewer's own decisions, or forward again to the open record."""
    keys = reviewing.trail(project, stage, session.person().name)
    at = keys.index(shown.key) if shown.key in keys else -1
    place = at + by
    st.session_state[KEY] = keys[min(place, len(keys) - 1)] if keys and place >= 0 else None


def _close() -> None:
    st.session_state.update({"screening_note": None, "screening_same": None})


def _toggle(name: str, key: str) -> None:
    st.session_state[name] = None if st.session_state.get(name) == key else key


def _end(project: Project, stages: list[Stage], stage: Stage, pace: Pace) -> None:
    """Says why there is no record: none has come yet, or all are decided; and where some wait."""
    others = [
        f"{n:,} wait for you at {one.name or one.id}."
        for one in stages
        if one != stage and (n := reviewing.pace(project, one, session.person().name).left)
    ]
    if not pace.done + pace.left:
        came = EMPTY[stage.kind == "eligibility"]
        st.info(" ".join([f"Nothing has come here yet. {came}", *others]))
        return
    st.success(" ".join(["Nothing is left for you here. Thank you.", *others]))
    with st.container(horizontal=True):
        st.button("Undo the last decision", shortcut="z", on_click=partial(_undo, project, stage))
        st.button("Back", shortcut="Left", on_click=partial(_last, project, stage))


def _last(project: Project, stage: Stage) -> None:
    """Looks back at the decision made last."""
    keys = reviewing.trail(project, stage, session.person().name)
    st.session_state[KEY] = keys[0] if keys else None


def _pdf(project: Project, shown: Shown) -> None:
    """The full text beside the decision, or a place to put it."""
    path: Path | None = attachments.pdf_of(project, shown.number)
    if path is not None:
        st.pdf(path, height=800)
        return
    given = st.file_uploader("No full text yet: add the PDF", type="pdf", key=f"pdf_{shown.key}")
    if given is not None:
        name = session.person().name
        attachments.attach(project, shown.number, given.name, given.getvalue(), name)
        st.rerun()
