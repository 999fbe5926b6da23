"""The search of a protocol as a form: the query with its counts, what each source is asked, dates,
sources and key papers."""

from datetime import date
from typing import Any

import streamlit as st

from review import query
from review.errors import QueryError
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.protocol_draft import (
    ProtocolForm,
    bind_field,
    render_field_notes,
    render_lines,
    render_text,
)
from review.query import DateWindow
from review.sources import SOURCES
from review.store.revision import get_revision
from review.text.wording import format_count
from review.workflow.project.project import Project
from review.workflow.records.source_names import format_source
from review.workflow.setup.protocol_draft import REMOVED
from review.workflow.setup.query_summary import (
    QuerySummary,
    break_query,
    count_record_matches,
    summarize_query,
)

WIDTH = 900
"""Width of the fields (pixels); on a narrower screen they fill the page."""
MAX_REMARKS = 8
"""Remarks shown on the query of a source."""
EARLIEST = date(1800, 1, 1)
MATCHES_KEY = "protocol_matches"


def render_search(form: ProtocolForm) -> None:
    """The query, its counts, dates, sources, key papers, and each source's translation."""
    with st.container(width=WIDTH):
        _render_query(form)
        summary = _summarize(form)
        if summary is not None:
            _render_counts(summary)
            _render_matches(form)
        _render_dates(form)
        chosen = [str(name) for name in form.get(("search", "sources"), [])]
        st.multiselect(
            "Sources that Funnel searches",
            list(dict.fromkeys([*SOURCES, *chosen])),
            format_func=format_source,
            help="Search other databases yourself and import the export on the page Searches.",
            **bind_field(form, ("search", "sources"), chosen, list),
        )
        render_field_notes(form, ("search", "sources"))
        if summary is not None:
            _render_translations(form, summary, chosen)
        render_lines(
            form,
            ("search", "key_papers"),
            "Key papers that the search should find, by DOI or full title",
            help_text="They check the search, and records like them are screened first.",
        )
        render_text(
            form,
            ("search", "contact"),
            "E-mail address sent with each request (optional)",
            help_text="NCBI and Crossref ask for one.",
        )


def _render_query(form: ProtocolForm) -> None:
    stated = str(form.get(("search", "query"), ""))
    ending = "\n" if stated.endswith("\n") else ""

    def convert(value: str) -> str:
        return " ".join(value.split()) + ending

    st.text_area(
        "Query for all sources",
        height=170,
        help='AND, OR, NOT, brackets, "phrases", word stems (diagnos*), title: and abstract:. '
        "Press Ctrl+Enter to count again.",
        **bind_field(form, ("search", "query"), break_query(stated), convert),
    )
    render_field_notes(form, ("search", "query"))


def _summarize(form: ProtocolForm) -> QuerySummary | None:
    since, until = form.get(("search", "from")), form.get(("search", "to"))
    window = DateWindow(since, until) if isinstance(since, date) else None
    try:
        return summarize_query(str(form.get(("search", "query"), "")), window)
    except QueryError:  # said at the field
        return None


def _render_counts(summary: QuerySummary) -> None:
    blocks = format_count(len(summary.blocks), "block")
    joined = " joined with AND" if len(summary.blocks) > 1 else ""
    terms = format_count(summary.term_count, "different term")
    st.markdown(f"**{terms} in {blocks}**{joined}")
    st.dataframe(
        [
            {
                "Block": number,
                "Terms": block.term_count,
                "Effect": "leaves records out" if block.is_excluded else "has to match",
                "Text": block.text,
            }
            for number, block in enumerate(summary.blocks, 1)
        ],
        hide_index=True,
    )
    for warning in summary.warnings:
        st.warning(escape_markdown(warning))


def _render_matches(form: ProtocolForm) -> None:
    """How many records of the review each term matches."""
    text = str(form.get(("search", "query"), ""))
    counts = _count_matches(form.project, text)
    if not counts.total:
        st.caption("Once records have come, the number that each term matches is shown here.")
        return
    total = format_count(counts.total, "record")
    st.markdown(f"**{counts.matching:,} of the {total} in this review match the query**")
    rows = [
        {"Term": query.format_query(term), "Records": count}
        for term, count in counts.by_term.items()
    ]
    with st.expander(f"Records that match each of the {len(rows):,} terms"):
        st.caption(
            "Counted in the titles and abstracts that are here, duplicates included; a MeSH term "
            "counts records with that heading. A source may give more or fewer."
        )
        st.dataframe(rows, hide_index=True)
    unmatched = [row["Term"] for row in rows if not row["Records"]]
    if unmatched:
        names = ", ".join(map(str, unmatched[:MAX_REMARKS]))
        more = f" and {len(unmatched) - MAX_REMARKS:,} more" if len(unmatched) > MAX_REMARKS else ""
        st.caption(f"No record here matches: {escape_markdown(names)}{more}.")


def _count_matches(project: Project, text: str) -> query.MatchCounts:
    """The counts of a query; counted anew when the query or the records have changed."""
    with project.store.read() as conn:
        state = (str(project.folder), text, get_revision(conn))
    kept = st.session_state.get(MATCHES_KEY)
    if kept is None or kept[0] != state:
        with st.spinner("Counting records that match …"):
            kept = (state, count_record_matches(project, text))
        st.session_state[MATCHES_KEY] = kept
    counts: query.MatchCounts = kept[1]
    return counts


def _render_dates(form: ProtocolForm) -> None:
    first, last = st.columns(2)
    with first:
        since = form.get(("search", "from"))
        st.date_input(
            "First day of the search",
            min_value=EARLIEST,
            format="YYYY-MM-DD",
            **bind_field(
                form, ("search", "from"), since if isinstance(since, date) else None, _to_date
            ),
        )
        render_field_notes(form, ("search", "from"))
    with last:
        until = form.get(("search", "to"))
        st.date_input(
            "Last day (empty for a living review)",
            min_value=EARLIEST,
            format="YYYY-MM-DD",
            **bind_field(
                form, ("search", "to"), until if isinstance(until, date) else None, _to_date
            ),
        )
        render_field_notes(form, ("search", "to"))


def _to_date(value: date | None) -> Any:
    return REMOVED if value is None else value


def _render_translations(form: ProtocolForm, summary: QuerySummary, chosen: list[str]) -> None:
    """What each source is asked, and what it cannot be asked."""
    st.markdown("**What each source is asked**")
    for name, entry in summary.sources.items():
        if name not in chosen:
            continue
        lost = entry["lost"]
        remark = f": {format_count(len(lost), 'part')} cannot be asked" if lost else ""
        with st.expander(f"{format_source(name)}{remark}"):
            if entry["error"]:
                st.error(escape_markdown(entry["error"]))
            else:
                st.code(entry["text"], language=None, wrap_lines=True)
            if lost:
                st.markdown("Cannot be asked here:")
            for line in lost[:MAX_REMARKS]:
                st.markdown(f"- {escape_markdown(line)}")
            for note in entry["notes"][:MAX_REMARKS]:
                st.caption(escape_markdown(note))
            if SOURCES[name].takes_query:
                render_text(
                    form,
                    ("search", "native", name),
                    f"Your own query for {format_source(name)}, in place of this one (optional)",
                    height=80,
                )
    left_out = [format_source(name) for name in summary.sources if name not in chosen]
    if left_out:
        st.caption(f"Not searched: {', '.join(left_out)}.")
