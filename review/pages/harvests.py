"""Harvests: a row per run and source, red while one is not whole, and a button that runs one."""

import streamlit as st

from review.pages import session
from review.workflow.harvest import open_windows, overview, running
from review.workflow.harvest.background import start
from review.workflow.harvest.telling import Row, raw_files
from review.workflow.project import Project

BAD = "background-color: #fbe0dd"
SHOWN = 100
"""Harvests listed."""


def page(project: Project) -> None:
    """Draws the page."""
    st.title("Harvests")
    busy = running(project)
    if busy:
        st.info(busy.split(";")[0][:1].upper() + busy.split(";")[0][1:] + ".")
        st.button("Look again")
    elif st.button("Harvest now", type="primary", disabled=not project.protocol.search.sources):
        start(project, session.person().name)
        st.info("The harvest has started; it goes on by itself.")
    for one in open_windows(project):
        st.error(f"Not whole: {one}")
    rows = overview(project, SHOWN)
    if not rows:
        st.info("Nothing was harvested yet. The sources are named in protocol.yaml.")
        return
    _table(rows)
    _one(project, rows)


def _table(rows: list[Row]) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "Begun (UTC)": one.at[:16].replace("T", " "),
                "Source": one.source,
                "Window": one.window,
                "By": one.by,
                "State": one.state,
                "Announced": one.announced,
                "Received": one.received,
                "New": one.new,
                "Known": one.known,
                "Not matching": one.received - one.rejected - one.new - one.known,
                "Rejected": one.rejected,
                "Seconds": None if one.seconds is None else f"{one.seconds:.1f}",
                "Faults": one.faults,
                "Query": one.query,
            }
            for one in rows
        ]
    )
    bad = [one.state not in ("complete", "closed") for one in rows]
    painted = frame.style.apply(lambda row: [BAD if bad[row.name] else ""] * len(row), axis=1)
    st.dataframe(painted, hide_index=True)


def _one(project: Project, rows: list[Row]) -> None:
    """What one harvest asked, what the source said, and its raw answers."""
    by_name = {f"{one.at[:16]} {one.source} {one.window}": one for one in rows}
    chosen = by_name[st.selectbox("One harvest", list(by_name))]
    if chosen.note:
        st.warning(chosen.note)
    st.code(chosen.query, language=None, wrap_lines=True)
    for line in chosen.said:
        st.caption(line)
    files = raw_files(project, chosen.id)
    st.caption("What the source answered, page by page, as it came; in the review's own folder:")
    st.dataframe(
        [{"Days": days.replace("..", " to "), "Raw answer": path} for days, path in files],
        hide_index=True,
    )
