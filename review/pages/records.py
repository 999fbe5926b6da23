"""Records: search, filter and sort; one page at a time from the store, however many there are."""

from typing import Any

import streamlit as st

from review.pages.widgets import session
from review.workflow.project.project import Project
from review.workflow.records import listing

SIZE = 50
WIDTHS = {
    "Record": 85, "Title": 380, "Authors": 150, "Year": 60, "Journal": 130, "Source": 80
}  # fmt: skip
"""Widths of the columns (pixels); together they fit a screen of 1,280."""
SORTS = {"Arrival": "id", "Newest first": "year", "Title": "title"}


def page(project: Project) -> None:
    """Draws the list."""
    st.title("Records")
    words, source, year, sort = _controls(project)
    filters: dict[str, Any] = {}
    if source:
        filters["source"] = source
    if year:
        filters["year"] = int(year)
    asked = (words, source, year, sort)
    trail = session.remember("records_trail", [None])
    if st.session_state.get("records_asked") != asked:
        st.session_state["records_asked"] = asked
        trail[:] = [None]
    rows = listing.listed(
        project, words=words, filters=filters, sort=SORTS[sort], after=trail[-1], size=SIZE + 1
    )
    more, rows = len(rows) > SIZE, rows[:SIZE]
    _table(rows)
    _turn(trail, rows, more, SORTS[sort])


def _controls(project: Project) -> tuple[str, str | None, str, str]:
    wide, middle, narrow, last = st.columns([4, 2, 1, 2], vertical_alignment="bottom")
    words = wide.text_input("Search titles, authors and abstracts", key="records_words")
    sources = listing.choices(project, "source")
    counts = dict(sources)
    source = middle.selectbox(
        "Source",
        [None, *(name for name, _ in sources)],
        format_func=lambda name: "All sources" if name is None else f"{name} ({counts[name]:,})",
    )
    year = narrow.text_input("Year", key="records_year")
    if year and not year.isdigit():
        narrow.caption("A year is four digits.")
        year = ""
    sort = last.selectbox("Order", list(SORTS))
    return words, source, year, sort


def _table(rows: list[Any]) -> None:
    if not rows:
        st.info("No record fits. Take a word out of the search, or import records first.")
        return
    shown = [
        {
            "Record": f"record?key={row.key}",
            "Title": row.title or "(no title)",
            "Authors": row.authors or "",
            "Year": row.year,
            "Journal": row.journal or "",
            "Source": row.source,
        }
        for row in rows
    ]
    st.dataframe(
        shown,
        hide_index=True,
        height="content",
        column_config={
            "Record": st.column_config.LinkColumn(
                display_text=r"key=(.*)$", width=WIDTHS["Record"]
            ),
            "Year": st.column_config.NumberColumn(format="%d", width=WIDTHS["Year"]),
            **{
                name: st.column_config.TextColumn(width=WIDTHS[name])
                for name in ("Title", "Authors", "Journal", "Source")
            },
        },
    )


def _turn(trail: list[Any], rows: list[Any], more: bool, sort: str) -> None:
    back, where, on = st.columns([1, 3, 1], vertical_alignment="center")
    if back.button("Previous", disabled=len(trail) == 1, shortcut="Left"):
        trail.pop()
        st.rerun()
    where.caption(f"Page {len(trail)}")
    if on.button("Next", disabled=not more, shortcut="Right"):
        last = rows[-1]
        trail.append((getattr(last, sort), last.id))
        st.rerun()
