"""Harvests: a row per run and source, red while one is not whole, and a button that runs one."""

from typing import Any

import streamlit as st

from review.errors import StoreError
from review.pages.widgets import alerts, session
from review.workflow.harvest import disagreements, open_windows, overview, running
from review.workflow.harvest.background import failed, start, under_way
from review.workflow.harvest.status import Disagreement, Row, raw_answer, raw_pages
from review.workflow.project.project import Project

BAD = "background-color: #fbe0dd; color: #7a1f14"
SHOWN = 100
"""Harvests listed."""
LISTED = 500
"""Disagreements listed."""
EVERY = 2.0
"""Seconds between two looks at a harvest that runs."""
BEGUN = "harvest_begun"


def page(project: Project) -> None:
    """Draws the page."""
    st.title("Harvests")
    alerts.draw(project)
    busy = _busy(project)
    st.fragment(_live, run_every=EVERY if busy else None)(project, busy)
    rows = overview(project, SHOWN)
    if not rows:
        return
    _one(project, rows)
    _doubted(disagreements(project))


def _busy(project: Project) -> str | None:
    """What runs now, in a sentence; None where nothing does."""
    told = running(project)
    if told:
        first = told.split(";")[0]
        return f"{first[:1].upper()}{first[1:]}."
    begun = st.session_state.get(BEGUN)
    return "The harvest is starting." if begun and under_way(begun) else None


def _live(project: Project, was_busy: str | None) -> None:
    """The part that follows a harvest while it runs; the whole page is drawn anew at its end."""
    busy = _busy(project)
    if was_busy and not busy:
        st.rerun(scope="app")
    if busy:
        st.info(f"{busy} The table below follows it; the page may be left.")
    elif st.button("Harvest now", type="primary", disabled=not project.protocol.search.sources):
        st.session_state[BEGUN] = start(project, session.person().name)
        st.rerun(scope="app")
    if BEGUN in st.session_state and (said := failed(project, st.session_state[BEGUN])):
        st.error(said)
    for one in open_windows(project) if not busy else ():
        st.error(f"Not whole: {one}")
    rows = overview(project, SHOWN)
    if rows:
        _table(rows)
    else:
        st.info("Nothing was harvested yet. The sources are named in protocol.yaml.")


def _table(rows: list[Row]) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "Begun (UTC)": one.at[:16].replace("T", " "),
                "Source": one.source,
                "Query": one.query,
                "Window": one.window,
                "State": one.state,
                "Announced": one.announced,
                "Received": one.received,
                "New": one.new,
                "Known": one.known,
                "Not matching": one.received - one.rejected - one.new - one.known,
                "Rejected": one.rejected,
                "Seconds": None if one.seconds is None else f"{one.seconds:.1f}",
                "Raw files": one.pages,
                "Faults": one.faults,
                "By day": one.by,
            }
            for one in rows
        ]
    )
    bad = [one.owed for one in rows]
    painted = frame.style.apply(lambda row: [BAD if bad[row.name] else ""] * len(row), axis=1)
    st.dataframe(painted, hide_index=True, column_config={"Query": {"width": 160}})


def _one(project: Project, rows: list[Row]) -> None:
    """What one harvest asked, what the source said, and its raw answers."""
    by_name = {f"{one.at[:16].replace('T', ' ')} {one.source} {one.window} ({one.id})": one
               for one in rows}  # fmt: skip
    chosen = by_name[st.selectbox("One harvest", list(by_name))]
    if chosen.note:
        st.warning(chosen.note)
    st.code(chosen.query, language=None, wrap_lines=True)
    for line in chosen.said:
        st.caption(line)
    pages = raw_pages(project, chosen.id)
    if not pages:
        return
    st.caption("What the source answered, page by page, as it came; in the review's own folder:")
    st.dataframe(
        [
            {"Page": number, "Days": one.slice.replace("..", " to "), "Entries": one.entries,
             "Raw answer": one.path}
            for number, one in enumerate(pages, 1)
        ],
        hide_index=True,
    )  # fmt: skip
    left, right = st.columns([1, 4], vertical_alignment="bottom")
    number = left.number_input("Page", 1, len(pages), key=f"raw_{chosen.id}")
    digest = pages[int(number) - 1].sha256
    try:
        body = raw_answer(project, digest)
    except StoreError as error:
        right.warning(str(error))
        return
    name = f"{chosen.source}-{digest[:12]}.{'json' if body.lstrip()[:1] == b'{' else 'xml'}"
    right.download_button("Download this raw answer", body, name, on_click="ignore")


def _doubted(found: list[Disagreement]) -> None:
    """Entries the source found and the query run here does not."""
    if not found:
        return
    with st.expander(f"Found by a source, not matched by the query run here: {len(found):,}"):
        st.caption(
            "The source reads more than title and abstract, or maps words to others; these records "
            "are kept and screened like all others."
        )
        rows: list[dict[str, Any]] = [
            {"Record": one.key, "Source": one.source, "Its id": one.id, "Title": one.title,
             "Why": one.why, "Link": f"record?key={one.key}"}
            for one in found[:LISTED]
        ]  # fmt: skip
        link = st.column_config.LinkColumn(display_text="open")
        st.dataframe(rows, hide_index=True, column_config={"Link": link})
        if len(found) > LISTED:
            st.caption(f"The first {LISTED:,}; all of them: review disagreements --json")
