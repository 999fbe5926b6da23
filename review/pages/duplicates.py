"""Duplicates: doubtful pairs side by side, differing words marked, one key to settle each."""

import difflib
import html
import re
from collections.abc import Callable
from functools import partial
from itertools import groupby

import streamlit as st

from review.errors import ReviewError
from review.models import Link, Record, StoredRecord
from review.pages.widgets import session
from review.pages.widgets.keyboard import one_press
from review.workflow.deduplication import run as dedupe
from review.workflow.exports import duplicates_report
from review.workflow.project.accounts import may
from review.workflow.project.project import Project
from review.workflow.screening import rescreening

MARK = "#fbe3a6"
"""Background of words the other record lacks; black text on it keeps a contrast above 7 to 1."""
FIELDS: dict[str, Callable[[Record], str | None]] = {
    "Title": lambda one: one.title,
    "Authors": lambda one: "; ".join(one.authors) or None,
    "Year": lambda one: one.date or (str(one.year) if one.year else None),
    "Journal": lambda one: one.journal,
    "Place": lambda one: place(one),
    "DOI": lambda one: one.doi,
    "PMID": lambda one: one.pmid,
    "arXiv": lambda one: one.arxiv_id,
    "Version": lambda one: f"v{one.version}" if one.version else None,
    "Abstract": lambda one: one.abstract,
}
EARLY = "That key came before the next pair was drawn: it did not count."
_TOKENS = re.compile(r"\w+|\W+")


def page(project: Project) -> None:
    """Draws the pair in hand, what joined judged studies, and the figures."""
    st.title("Duplicates")
    _new(project)
    _said()
    _reopened(project)
    asked = _asked(project)
    if asked:
        _pair(project, asked)
    else:
        st.success("No pair waits for a decision.")
        _undo_button(project)
    if st.toggle("Figures for PRISMA"):
        _figures(project)


def _new(project: Project) -> None:
    """Offers to compare records that no run has seen."""
    count = dedupe.uncompared(project)
    if count and st.button(f"Compare {count} new records", type="primary"):
        with st.spinner("Comparing"):
            done = dedupe.run(project, session.person().name)
        st.session_state["duplicates_said"] = " ".join(dedupe.lines(done))
        st.rerun()


def _reopened(project: Project) -> None:
    """Judged preprints that are open again; who leads or adjudicates may let them stand."""
    may_keep = any(may(session.person(), what) for what in ("manage", "adjudicate"))
    for old, found in groupby(rescreening.waiting(project), key=lambda one: one.old):
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.info("  \n".join(map(rescreening.told, found)))
        if may_keep:
            button.button("Keep as judged", key=f"keep_{old}", width="stretch",
                          help=f"The earlier decisions on {old} stand; they were never changed.",
                          on_click=partial(_say, dedupe.keep_judged, project, old))  # fmt: skip
    kept = rescreening.kept(project) if may_keep else []
    if kept:
        with st.expander(f"Kept as judged, though an article came: {len(kept)}"):
            for old in kept:
                st.button(f"Open {old} again", key=f"reopen_{old}",
                          on_click=partial(_say, dedupe.open_again, project, old))  # fmt: skip


def _say(act: Callable[[Project, str, str], str], project: Project, key: str) -> None:
    try:
        st.session_state["duplicates_said"] = act(project, key, session.person().name)
    except ReviewError as error:
        st.session_state["duplicates_wrong"] = str(error)


def _said() -> None:
    for name, show in (("duplicates_said", st.caption), ("duplicates_wrong", st.warning)):
        text = st.session_state.pop(name, None)
        if text:
            show(text)


def _asked(project: Project) -> dedupe.Asked:
    """The pairs that wait, those put off at the end; read anew only when the log has grown."""
    stamp = dedupe.stamp(project)
    if session.remember("duplicates_stamp", None) != stamp:
        st.session_state["duplicates_asked"] = dedupe.doubts(project)
        st.session_state["duplicates_stamp"] = stamp
    later: list[tuple[int, int]] = session.remember("duplicates_later", [])
    asked: dedupe.Asked = st.session_state["duplicates_asked"]
    return sorted(asked, key=lambda one: _turn(later, one[0]))


def _turn(later: list[tuple[int, int]], link: Link) -> int:
    return later.index((link.a, link.b)) + 1 if (link.a, link.b) in later else 0


def _pair(project: Project, asked: dedupe.Asked) -> None:
    link, first, second = asked[0]
    st.markdown(
        f"**{len(asked)}** {'pair waits' if len(asked) == 1 else 'pairs wait'} for a decision"
    )
    score = "" if link.score is None else f" · score {link.score:.2f}"
    st.caption(f"Asked because: {link.rule}{' · ' + link.note if link.note else ''}{score}")
    pair = f"{first.key}-{second.key}"
    st.html(one_press(pair), unsafe_allow_javascript=True)
    _buttons(project, link, (first.key, second.key))
    st.html(f'<div class="record-key" data-key="{pair}" data-decides="ynpl"></div>')
    left, right = st.columns(2, gap="medium")
    for column, one, other in ((left, first, second), (right, second, first)):
        with column, st.container(border=True):
            st.html(side(one, other.record))
    with st.expander("Field by field"):
        for fact in dedupe.explain(project, first.key, second.key).facts:
            st.markdown(f"- {fact}")


def _buttons(project: Project, link: Link, keys: tuple[str, str]) -> None:
    """The keys; a press belongs to the pair it was made on, so each pair has its own buttons."""
    columns = st.columns(5)
    for column, word, label, shortcut in zip(
        columns, ("same", "different", "preprint"), ("Same", "Different", "Preprint of"), "ynp",
        strict=False,
    ):  # fmt: skip
        column.button(
            label, shortcut=shortcut, width="stretch", key=f"duplicates_{word}_{link.a}_{link.b}",
            type="primary" if word == "same" else "secondary",
            on_click=partial(_settle, project, keys, word),
        )  # fmt: skip
    columns[3].button("Later", shortcut="l", width="stretch", on_click=partial(_put_off, link),
                      key=f"duplicates_later_{link.a}_{link.b}")  # fmt: skip
    with columns[4]:
        _undo_button(project)


def _undo_button(project: Project) -> None:
    st.button("Undo", shortcut="z", width="stretch", key="duplicates_undo",
              on_click=partial(_undo, project))  # fmt: skip


def _settle(project: Project, keys: tuple[str, str], word: str) -> None:
    """Settles a pair that is still asked; a second key for it was meant for one not yet drawn."""
    waiting: dedupe.Asked = st.session_state["duplicates_asked"]
    if keys not in [(one.key, other.key) for _, one, other in waiting]:
        st.session_state["duplicates_wrong"] = EARLY
        return
    try:
        line = dedupe.settle(project, keys, word, session.person().name)
        st.session_state["duplicates_said"] = line
        st.session_state["duplicates_asked"] = dedupe.still_open(project, waiting)
        st.session_state["duplicates_stamp"] = dedupe.stamp(project)
    except ReviewError as error:
        st.session_state["duplicates_wrong"] = str(error)


def _undo(project: Project) -> None:
    try:
        st.session_state["duplicates_said"] = dedupe.undo(project, session.person().name)
    except ReviewError as error:
        st.session_state["duplicates_wrong"] = str(error)


def _put_off(link: Link) -> None:
    later: list[tuple[int, int]] = st.session_state["duplicates_later"]
    if (link.a, link.b) in later:
        later.remove((link.a, link.b))
    later.append((link.a, link.b))


def place(record: Record) -> str | None:
    """Volume, issue and pages as printed: '31(4): 100-110'."""
    issue = f"({record.issue})" if record.issue else ""
    pages = f": {record.pages}" if record.pages else ""
    return f"{record.volume or ''}{issue}{pages}".removeprefix(": ") or None


def side(one: StoredRecord, other: Record) -> str:
    """One record as HTML, the words the other lacks marked; safe for any text."""
    rows = []
    for label, value in FIELDS.items():
        text, beside = value(one.record), value(other)
        if text is None and beside is None:
            continue
        shown = "<i>not given</i>" if text is None else differing(text, beside or "")
        if label == "Title":
            shown = f'<span style="font-size:1.12rem;font-weight:600">{shown}</span>'
        rows.append(
            f'<p style="margin:.25rem 0"><small style="opacity:.75">{label}</small><br>{shown}</p>'
        )
    head = f"<small><b>{html.escape(one.key)}</b> · {html.escape(one.record.source)}</small>"
    return head + "".join(rows)


def differing(text: str, other: str) -> str:
    """The text as HTML with the words that the other text lacks marked; case and spaces aside."""
    mine = _TOKENS.findall(text)
    here = [word.casefold() for word in mine if _is_word(word)]
    there = [word.casefold() for word in _TOKENS.findall(other) if _is_word(word)]
    matcher = difflib.SequenceMatcher(None, here, there, autojunk=False)
    same = {
        at for start, _, size in matcher.get_matching_blocks() for at in range(start, start + size)
    }
    parts, at = [], -1
    for token in mine:
        word = _is_word(token)
        at += word
        safe = html.escape(token).replace("\n", "<br>")
        if word and other and at not in same:
            safe = f'<mark style="background:{MARK};color:#000">{safe}</mark>'
        parts.append(safe)
    return "".join(parts)


def _is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == "_"


def _figures(project: Project) -> None:
    found = duplicates_report.figures(project)
    st.dataframe(
        [
            {"Source": one.source, "Found": one.found, "Harvested again": one.harvested_again,
             "Repeated": one.repeated, "Unreadable": one.unread, "Removed by tool": one.by_tool,
             "Removed by hand": one.by_hand, "Kept": one.kept}
            for one in found.sources
        ],
        hide_index=True,
    )  # fmt: skip
    st.caption("Reports that two sources share; on the diagonal, all a source holds")
    st.dataframe(
        [
            {"Source": name, **{str(k): v for k, v in row.items()}}
            for name, row in found.overlap.items()
        ],
        hide_index=True,
    )
    by = ", ".join(f"{count} by {who}" for who, count in sorted(found.preprint_links_by.items()))
    st.markdown(
        f"Versions of preprints collapsed: **{found.versions_collapsed}** · preprints joined to "
        f"their articles: **{found.preprint_links}**{f' ({by})' if by else ''} · merges undone: "
        f"**{found.merges_undone}**"
    )
