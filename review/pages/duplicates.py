"""Possible duplicates side by side, differing words marked; one key resolves each pair."""

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
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.keyboard import build_key_script
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.pending_work import ask_for_work, run_pending_work
from review.pages.widgets.preferences import get_shortcut, get_single_keys
from review.text.wording import format_count
from review.workflow.deduplication import run as dedupe
from review.workflow.exports import duplicates_report
from review.workflow.project.accounts import is_allowed
from review.workflow.project.project import Project
from review.workflow.records.link_rules import format_link_rule
from review.workflow.records.source_names import format_source
from review.workflow.screening import rescreening

MARK_COLOUR = "#fbe3a6"
"""Background of words the other record lacks; black text on it keeps a contrast above 7 to 1."""
FIELDS: dict[str, Callable[[Record], str | None]] = {
    "Title": lambda record: record.title,
    "Authors": lambda record: "; ".join(record.authors) or None,
    "Year": lambda record: record.date or (str(record.year) if record.year else None),
    "Journal": lambda record: record.journal,
    "Volume, issue, pages": lambda record: format_location(record),
    "DOI": lambda record: record.doi,
    "PMID": lambda record: record.pmid,
    "arXiv": lambda record: record.arxiv_id,
    "Version": lambda record: f"v{record.version}" if record.version else None,
    "Abstract": lambda record: record.abstract,
}
PLACE = "duplicates"
COMPARING_KEY = "duplicates_comparing"
EARLY_PRESS_MESSAGE = "Too fast: the next pair was still loading, so that key press was ignored."
_TOKENS = re.compile(r"\w+|\W+")


def render_page(project: Project) -> None:
    """Draws the current pair, preprints that were reopened, and the PRISMA counts."""
    st.title("Duplicates")
    _render_new_records(project)
    show_messages(PLACE)
    _render_reopened_preprints(project)
    candidates = _get_candidates(project)
    if candidates:
        _render_pair(project, candidates)
    else:
        st.success("No possible duplicates to review.")
        _render_undo_button(project)
    if st.toggle("Show PRISMA counts"):
        _render_figures(project)


def _render_new_records(project: Project) -> None:
    """Offers to compare records that have not been deduplicated yet."""
    count = dedupe.count_uncompared(project)
    if count:
        st.button(
            f"Compare {format_count(count, 'new record')}",
            type="primary",
            on_click=partial(ask_for_work, COMPARING_KEY, session.get_user().name),
        )
    run_pending_work(
        COMPARING_KEY,
        partial(dedupe.run_deduplication, project),
        lambda result: keep_message(PLACE, " ".join(dedupe.format_result(result)), "caption"),
        label="Comparing records …",
        keep_problem=lambda problem: keep_message(PLACE, problem, "warning"),
    )


def _render_reopened_preprints(project: Project) -> None:
    """Reopened preprints; lead and adjudicator may keep the earlier decisions."""
    can_keep = any(is_allowed(session.get_user(), action) for action in ("manage", "adjudicate"))
    for preprint_key, preprints in groupby(
        rescreening.list_waiting(project), key=lambda preprint: preprint.old
    ):
        text_column, button_column = st.columns([5, 1], vertical_alignment="center")
        text_column.info("  \n".join(map(rescreening.format_reopening, preprints)))
        if can_keep:
            button_column.button(
                "Keep decisions",
                key=f"keep_{preprint_key}",
                width="stretch",
                help=f"Keeps the earlier decisions on {preprint_key}; they were never changed.",
                on_click=partial(_run_action, dedupe.keep_earlier_decisions, project, preprint_key),
            )
    kept_keys = rescreening.list_kept_preprints(project) if can_keep else []
    if kept_keys:
        with st.expander(f"Preprints whose decisions were kept ({len(kept_keys)})"):
            for preprint_key in kept_keys:
                st.button(
                    f"Rescreen {preprint_key}",
                    key=f"reopen_{preprint_key}",
                    on_click=partial(_run_action, dedupe.reopen_preprint, project, preprint_key),
                )


def _run_action(action: Callable[[Project, str, str], str], project: Project, key: str) -> None:
    try:
        keep_message(PLACE, action(project, key, session.get_user().name), "caption")
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")


def _get_candidates(project: Project) -> dedupe.PossibleDuplicates:
    """Open pairs, postponed ones last; reloaded only when the log has grown."""
    revision = dedupe.get_revision(project)
    if session.get_or_set("duplicates_stamp", None) != revision:
        st.session_state["duplicates_asked"] = _find_candidates(
            project, str(project.folder), revision
        )
        st.session_state["duplicates_stamp"] = revision
    postponed_pairs: list[tuple[int, int]] = session.get_or_set("duplicates_later", [])
    candidates: dedupe.PossibleDuplicates = st.session_state["duplicates_asked"]
    return sorted(candidates, key=lambda candidate: _get_queue_rank(postponed_pairs, candidate[0]))


@st.cache_resource(max_entries=8, show_spinner="Finding possible duplicates …")
def _find_candidates(
    _project: Project, folder: str, revision: tuple[int, ...]
) -> dedupe.PossibleDuplicates:
    """Open pairs, the same for everybody, so that a second tab does not wait for them."""
    del folder, revision  # part of the cache's key
    return dedupe.find_possible_duplicates(_project)


def _get_queue_rank(postponed_pairs: list[tuple[int, int]], link: Link) -> int:
    return postponed_pairs.index((link.a, link.b)) + 1 if (link.a, link.b) in postponed_pairs else 0


def _render_pair(project: Project, candidates: dedupe.PossibleDuplicates) -> None:
    link, first, second = candidates[0]
    st.markdown(
        f"**{len(candidates):,}** possible {'duplicate' if len(candidates) == 1 else 'duplicates'} "
        "to review"
    )
    reasons = [
        format_link_rule(link.rule),
        link.note,
        None if link.score is None else f"score {link.score:.2f}",
    ]
    st.caption("Flagged: " + escape_markdown(" · ".join(filter(None, reasons))))
    pair = f"{first.key}-{second.key}"
    st.html(build_key_script(pair), unsafe_allow_javascript=True)
    _render_buttons(project, link, (first.key, second.key))
    decides = get_single_keys("ynpl")
    st.html(f'<div class="record-key" data-key="{pair}" data-decides="{decides}"></div>')
    left_column, right_column = st.columns(2, gap="medium")
    for column, stored, other in ((left_column, first, second), (right_column, second, first)):
        with column, st.container(border=True):
            st.html(build_record_html(stored, other.record))
    with st.expander("Compare field by field"):
        for fact in dedupe.explain_pair(project, first.key, second.key).facts:
            st.markdown(f"- {escape_markdown(fact)}")


def _render_buttons(project: Project, link: Link, keys: tuple[str, str]) -> None:
    """The buttons with their keys, new for each pair, so a late key press never hits the next."""
    row = st.container(horizontal=True)  # wraps on a small screen
    for answer, label, shortcut in (
        ("same", "Same", "y"),
        ("different", "Different", "n"),
        ("preprint", "Preprint of", "p"),
    ):
        row.button(
            label,
            shortcut=get_shortcut(shortcut),
            key=f"duplicates_{answer}_{link.a}_{link.b}",
            type="primary" if answer == "same" else "secondary",
            on_click=partial(_settle_pair, project, keys, answer),
        )
    row.button(
        "Later",
        shortcut=get_shortcut("l"),
        on_click=partial(_postpone_pair, link),
        key=f"duplicates_later_{link.a}_{link.b}",
    )
    with row:
        _render_undo_button(project)


def _render_undo_button(project: Project) -> None:
    st.button(
        "Undo",
        shortcut=get_shortcut("z"),
        key="duplicates_undo",
        on_click=partial(_undo_answer, project),
    )


def _settle_pair(project: Project, keys: tuple[str, str], answer: str) -> None:
    """Resolves a pair that is still open; a second key press was meant for a pair not yet drawn."""
    candidates: dedupe.PossibleDuplicates = st.session_state["duplicates_asked"]
    if keys not in [(stored_a.key, stored_b.key) for _, stored_a, stored_b in candidates]:
        keep_message(PLACE, EARLY_PRESS_MESSAGE, "warning")
        return
    try:
        message = dedupe.settle_pair(project, keys, answer, session.get_user().name)
        keep_message(PLACE, message, "caption")
        st.session_state["duplicates_asked"] = dedupe.filter_open_pairs(project, candidates)
        st.session_state["duplicates_stamp"] = dedupe.get_revision(project)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")


def _undo_answer(project: Project) -> None:
    try:
        keep_message(PLACE, dedupe.undo_answer(project, session.get_user().name), "caption")
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")


def _postpone_pair(link: Link) -> None:
    postponed_pairs: list[tuple[int, int]] = st.session_state["duplicates_later"]
    if (link.a, link.b) in postponed_pairs:
        postponed_pairs.remove((link.a, link.b))
    postponed_pairs.append((link.a, link.b))


def format_location(record: Record) -> str | None:
    """Volume, issue and pages as printed: '31(4): 100-110'."""
    issue = f"({record.issue})" if record.issue else ""
    pages = f": {record.pages}" if record.pages else ""
    return f"{record.volume or ''}{issue}{pages}".removeprefix(": ") or None


def build_record_html(stored: StoredRecord, other: Record) -> str:
    """One record as HTML, the words the other lacks marked; safe for any text."""
    rows = []
    for label, value in FIELDS.items():
        text, other_text = value(stored.record), value(other)
        if text is None and other_text is None:
            continue
        value_html = "—" if text is None else mark_differences(text, other_text or "")
        if label == "Title":
            value_html = f'<span style="font-size:1.12rem;font-weight:600">{value_html}</span>'
        rows.append(f'<p style="margin:.25rem 0"><small>{label}</small><br>{value_html}</p>')
    header = (
        f"<small><b>{html.escape(stored.key)}</b> · "
        f"{html.escape(format_source(stored.record.source))}</small>"
    )
    return header + "".join(rows)


def mark_differences(text: str, other: str) -> str:
    """The text as HTML with the words that the other text lacks marked; case and spaces aside."""
    tokens = _TOKENS.findall(text)
    words = [word.casefold() for word in tokens if _is_word(word)]
    other_words = [word.casefold() for word in _TOKENS.findall(other) if _is_word(word)]
    matcher = difflib.SequenceMatcher(None, words, other_words, autojunk=False)
    matching_indexes = {
        index
        for start, _, size in matcher.get_matching_blocks()
        for index in range(start, start + size)
    }
    parts, index = [], -1
    for token in tokens:
        word = _is_word(token)
        index += word
        safe = html.escape(token).replace("\n", "<br>")
        if word and other and index not in matching_indexes:
            safe = f'<mark style="background:{MARK_COLOUR};color:#000">{safe}</mark>'
        parts.append(safe)
    return "".join(parts)


def _is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == "_"


def _render_figures(project: Project) -> None:
    counts = duplicates_report.compute_counts(project)
    st.dataframe(
        [
            {
                "Source": format_source(source_counts.source),
                "Records identified": source_counts.found,
                "Retrieved again": source_counts.harvested_again,
                "Repeated in source": source_counts.repeated,
                "Unreadable": source_counts.unread,
                "Duplicates removed automatically": source_counts.by_tool,
                "Duplicates removed manually": source_counts.by_hand,
                "Unique records": source_counts.kept,
            }
            for source_counts in counts.sources
        ],
        hide_index=True,
    )
    st.caption("Reports found by both sources; the diagonal gives all reports of a source.")
    st.dataframe(
        [
            {
                "Source": format_source(name),
                **{format_source(str(source)): v for source, v in row.items()},
            }
            for name, row in counts.overlap.items()
        ],
        hide_index=True,
    )
    makers = ", ".join(
        f"{count} by {escape_markdown(maker)}"
        for maker, count in sorted(counts.preprint_links_by.items())
    )
    st.markdown(
        f"Preprint versions merged: **{counts.versions_collapsed}** · preprints linked to their "
        f"journal articles: **{counts.preprint_links}**{f' ({makers})' if makers else ''} · merges "
        f"undone: **{counts.merges_undone}**"
    )
