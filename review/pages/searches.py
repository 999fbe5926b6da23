"""Harvests: a row per run and source, red while one is not whole, and a button that runs one."""

from typing import Any

import streamlit as st

from review.errors import StoreError
from review.pages.widgets import alerts, session
from review.workflow.harvest import (
    describe_running_harvest,
    list_disagreements,
    list_harvests,
    list_open_windows,
)
from review.workflow.harvest.background import describe_failure, is_running, start_harvest
from review.workflow.harvest.status import (
    HarvestRow,
    QueryDisagreement,
    list_raw_pages,
    read_raw_page,
)
from review.workflow.project.project import Project

INCOMPLETE_ROW_STYLE = "background-color: #fbe0dd; color: #7a1f14"
MAX_HARVESTS = 100
"""Harvests listed."""
MAX_DISAGREEMENTS = 500
"""Disagreements listed."""
REFRESH_SECONDS = 2.0
"""Seconds between two looks at a harvest that runs."""
BACKGROUND_RUN_KEY = "harvest_begun"


def render_page(project: Project) -> None:
    """Draws the page."""
    st.title("Harvests")
    alerts.render_alerts(project)
    running_message = _describe_running(project)
    st.fragment(_render_live_part, run_every=REFRESH_SECONDS if running_message else None)(
        project, running_message
    )
    rows = list_harvests(project, MAX_HARVESTS)
    if not rows:
        return
    _render_harvest(project, rows)
    _render_disagreements(list_disagreements(project))


def _describe_running(project: Project) -> str | None:
    """What runs now, in a sentence; None where nothing does."""
    message = describe_running_harvest(project)
    if message:
        first_part = message.split(";")[0]
        return f"{first_part[:1].upper()}{first_part[1:]}."
    background_run = st.session_state.get(BACKGROUND_RUN_KEY)
    return "The harvest is starting." if background_run and is_running(background_run) else None


def _render_live_part(project: Project, previous_message: str | None) -> None:
    """The part that follows a harvest while it runs; the whole page is drawn anew at its end."""
    running_message = _describe_running(project)
    if previous_message and not running_message:
        st.rerun(scope="app")
    if running_message:
        st.info(f"{running_message} The table below follows it; the page may be left.")
    elif st.button("Harvest now", type="primary", disabled=not project.protocol.search.sources):
        st.session_state[BACKGROUND_RUN_KEY] = start_harvest(project, session.get_user().name)
        st.rerun(scope="app")
    if BACKGROUND_RUN_KEY in st.session_state and (
        failure := describe_failure(project, st.session_state[BACKGROUND_RUN_KEY])
    ):
        st.error(failure)
    for open_window in list_open_windows(project) if not running_message else ():
        st.error(f"Not whole: {open_window}")
    rows = list_harvests(project, MAX_HARVESTS)
    if rows:
        _render_table(rows)
    else:
        st.info("Nothing was harvested yet. The sources are named in protocol.yaml.")


def _render_table(rows: list[HarvestRow]) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "Begun (UTC)": harvest.at[:16].replace("T", " "),
                "Source": harvest.source,
                "Query": harvest.query,
                "Window": harvest.window,
                "State": harvest.state,
                "Announced": harvest.announced,
                "Received": harvest.received,
                "New": harvest.new,
                "Known": harvest.known,
                "Not matching": harvest.received - harvest.rejected - harvest.new - harvest.known,
                "Rejected": harvest.rejected,
                "Seconds": None if harvest.seconds is None else f"{harvest.seconds:.1f}",
                "Raw files": harvest.pages,
                "Faults": harvest.faults,
                "By day": harvest.date_kind,
            }
            for harvest in rows
        ]
    )
    is_incomplete = [harvest.needs_rerun for harvest in rows]
    styled_frame = frame.style.apply(
        lambda row: [INCOMPLETE_ROW_STYLE if is_incomplete[row.name] else ""] * len(row), axis=1
    )
    st.dataframe(styled_frame, hide_index=True, column_config={"Query": {"width": 160}})


def _render_harvest(project: Project, rows: list[HarvestRow]) -> None:
    """What one harvest asked, what the source said, and its raw answers."""
    by_name = {
        " ".join(
            (harvest.at[:16].replace("T", " "), harvest.source, harvest.window, f"({harvest.id})")
        ): harvest
        for harvest in rows
    }
    chosen = by_name[st.selectbox("One harvest", list(by_name))]
    if chosen.note:
        st.warning(chosen.note)
    st.code(chosen.query, language=None, wrap_lines=True)
    for line in chosen.messages:
        st.caption(line)
    pages = list_raw_pages(project, chosen.id)
    if not pages:
        return
    st.caption("What the source answered, page by page, as it came; in the review's own folder:")
    st.dataframe(
        [
            {
                "Page": number,
                "Days": raw_page.slice.replace("..", " to "),
                "Entries": raw_page.entries,
                "Raw answer": raw_page.path,
            }
            for number, raw_page in enumerate(pages, 1)
        ],
        hide_index=True,
    )
    number_column, download_column = st.columns([1, 4], vertical_alignment="bottom")
    number = number_column.number_input("Page", 1, len(pages), key=f"raw_{chosen.id}")
    digest = pages[int(number) - 1].sha256
    try:
        body = read_raw_page(project, digest)
    except StoreError as error:
        download_column.warning(str(error))
        return
    name = f"{chosen.source}-{digest[:12]}.{'json' if body.lstrip()[:1] == b'{' else 'xml'}"
    download_column.download_button("Download this raw answer", body, name, on_click="ignore")


def _render_disagreements(entries: list[QueryDisagreement]) -> None:
    """Entries the source found and the query run here does not."""
    if not entries:
        return
    with st.expander(f"Found by a source, not matched by the query run here: {len(entries):,}"):
        st.caption(
            "The source reads more than title and abstract, or maps words to others; these records "
            "are kept and screened like all others."
        )
        rows: list[dict[str, Any]] = [
            {
                "Record": entry.key,
                "Source": entry.source,
                "Its id": entry.id,
                "Title": entry.title,
                "Why": entry.why,
                "Link": f"record?key={entry.key}",
            }
            for entry in entries[:MAX_DISAGREEMENTS]
        ]
        link = st.column_config.LinkColumn(display_text="open")
        st.dataframe(rows, hide_index=True, column_config={"Link": link})
        if len(entries) > MAX_DISAGREEMENTS:
            st.caption(f"The first {MAX_DISAGREEMENTS:,}; all of them: review disagreements --json")
