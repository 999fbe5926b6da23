"""Records: search, filter and sort; one page at a time from the store, however many there are."""

from typing import Any

import streamlit as st

from review.pages.widgets import session
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.records.source_names import format_source

PAGE_SIZE = 50
COLUMN_WIDTHS = {
    "Record": 85,
    "Title": 380,
    "Authors": 150,
    "Year": 60,
    "Journal": 130,
    "Source": 80,
}
"""Widths of the columns (pixels); together they fit a screen of 1,280."""
SORT_FIELDS = {"Order added": "id", "Newest first": "year", "Title": "title"}


def render_page(project: Project) -> None:
    """Draws the list."""
    st.title("Records")
    words, source, year, sort = _render_controls(project)
    filters: dict[str, Any] = {}
    if source:
        filters["source"] = source
    if year:
        filters["year"] = int(year)
    search_state = (words, source, year, sort)
    page_starts = session.get_or_set("records_trail", [None])
    if st.session_state.get("records_asked") != search_state:
        st.session_state["records_asked"] = search_state
        page_starts[:] = [None]
    rows = listing.list_records(
        project,
        words=words,
        filters=filters,
        sort=SORT_FIELDS[sort],
        after=page_starts[-1],
        size=PAGE_SIZE + 1,
    )
    has_more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    _render_table(rows)
    _render_page_buttons(page_starts, rows, has_more, SORT_FIELDS[sort])


def _render_controls(project: Project) -> tuple[str, str | None, str, str]:
    words_column, source_column, year_column, sort_column = st.columns(
        [4, 2, 1, 2], vertical_alignment="bottom"
    )
    words = words_column.text_input("Search titles, authors and abstracts", key="records_words")
    sources = listing.list_values(project, "source")
    counts = dict(sources)
    source = source_column.selectbox(
        "Source",
        [None, *(name for name, _ in sources)],
        format_func=lambda name: (
            "All sources" if name is None else f"{format_source(name)} ({counts[name]:,})"
        ),
    )
    year = year_column.text_input("Year", key="records_year")
    if year and not year.isdigit():
        year_column.caption("Enter a four-digit year.")
        year = ""
    sort = sort_column.selectbox("Sort by", list(SORT_FIELDS))
    return words, source, year, sort


def _render_table(rows: list[Any]) -> None:
    if not rows:
        st.info("No matching records. Try fewer search words, or import records first.")
        return
    table_rows = [
        {
            "Record": f"record?key={row.key}",
            "Title": row.title or "(no title)",
            "Authors": row.authors or "",
            "Year": row.year,
            "Journal": row.journal or "",
            "Source": format_source(row.source),
        }
        for row in rows
    ]
    st.dataframe(
        table_rows,
        hide_index=True,
        height="content",
        column_config={
            "Record": st.column_config.LinkColumn(
                display_text=r"key=(.*)$", width=COLUMN_WIDTHS["Record"]
            ),
            "Year": st.column_config.NumberColumn(format="%d", width=COLUMN_WIDTHS["Year"]),
            **{
                name: st.column_config.TextColumn(width=COLUMN_WIDTHS[name])
                for name in ("Title", "Authors", "Journal", "Source")
            },
        },
    )


def _render_page_buttons(
    page_starts: list[Any], rows: list[Any], has_more: bool, sort: str
) -> None:
    back_column, page_column, next_column = st.columns([1, 3, 1], vertical_alignment="center")
    if back_column.button("Previous", disabled=len(page_starts) == 1, shortcut="Left"):
        page_starts.pop()
        st.rerun()
    page_column.caption(f"Page {len(page_starts)}")
    if next_column.button("Next", disabled=not has_more, shortcut="Right"):
        last_row = rows[-1]
        page_starts.append((getattr(last_row, sort), last_row.id))
        st.rerun()
