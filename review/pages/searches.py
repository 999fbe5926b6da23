"""Searches: a row per run and source, a button that runs a search, and the key papers it missed."""

import csv
import io
from functools import partial
from typing import Any

import streamlit as st

from review.errors import QueryError, StoreError
from review.formats.tabular.writer import guard_formula
from review.pages.widgets import alerts, schedule_form, session
from review.pages.widgets.count_table import format_counts
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.deduplication.run import get_revision
from review.workflow.harvest import (
    describe_running_harvest,
    list_disagreements,
    list_harvests,
)
from review.workflow.harvest.background import describe_failure, is_running, start_harvest
from review.workflow.harvest.status import (
    HarvestRow,
    QueryDisagreement,
    describe_incomplete_searches,
    describe_shortfall,
    list_raw_pages,
    read_raw_page,
)
from review.workflow.project.project import Project
from review.workflow.records.source_names import format_source
from review.workflow.screening.search_recall import (
    KeyPaperCheck,
    check_search_recall,
    describe_missed_parts,
    describe_sources,
)

INCOMPLETE_ROW_STYLE = "background-color: #fbe0dd; color: #7a1f14"
MAX_HARVESTS = 100
"""Searches listed."""
MAX_DISAGREEMENTS = 500
"""Disagreements listed."""
REFRESH_SECONDS = 2.0
"""Seconds between two updates while a search is running."""
BACKGROUND_RUN_KEY = "harvest_begun"


def render_page(project: Project) -> None:
    """Draws the page."""
    st.title("Searches")
    alerts.render_alerts(project)
    schedule_form.render_schedule(project)
    running_message = _describe_running(project)
    st.fragment(_render_live_part, run_every=REFRESH_SECONDS if running_message else None)(
        project, running_message
    )
    _render_key_papers(project)
    rows = list_harvests(project, MAX_HARVESTS)
    if not rows:
        return
    _render_harvest(project, rows)
    _render_disagreements(list_disagreements(project))


def _describe_running(project: Project) -> str | None:
    """The running search in a sentence; None if no search is running."""
    message = describe_running_harvest(project)
    if message:
        first_part = message.split(";")[0]
        return f"{first_part[:1].upper()}{first_part[1:]}."
    background_run = st.session_state.get(BACKGROUND_RUN_KEY)
    return "The search is starting." if background_run and is_running(background_run) else None


def _render_live_part(project: Project, previous_message: str | None) -> None:
    """The part that follows a running search; the page is redrawn when it ends."""
    running_message = _describe_running(project)
    if bool(previous_message) != bool(running_message):
        st.rerun(scope="app")
    if running_message:
        st.info(f"{running_message} Progress is shown below. You can leave this page.")
    else:
        st.button(
            "Run search now",
            type="primary",
            disabled=not project.protocol.search.sources,
            on_click=partial(_start_search, project),
        )
    if BACKGROUND_RUN_KEY in st.session_state and (
        failure := describe_failure(project, st.session_state[BACKGROUND_RUN_KEY])
    ):
        st.error(escape_markdown(failure))
    for sentence in describe_incomplete_searches(project) if not running_message else ():
        st.error(f"{escape_markdown(sentence)} The search resumes at the next run.")
    rows = list_harvests(project, MAX_HARVESTS)
    if rows:
        _render_table(rows)
    else:
        st.info("No searches yet. The protocol names the sources to search.")


def _start_search(project: Project) -> None:
    """Starts a search in the background; before the drawing, as another act may interrupt that."""
    st.session_state[BACKGROUND_RUN_KEY] = start_harvest(project, session.get_user().name)


def _render_table(rows: list[HarvestRow]) -> None:
    table = format_counts(
        [
            {
                "Started (UTC)": harvest.at[:16].replace("T", " "),
                "Source": format_source(harvest.source),
                "Query": harvest.query,
                "Dates": harvest.window,
                "Status": harvest.state,
                "Reported by source": harvest.announced,
                "Received": harvest.received,
                "New": harvest.new,
                "Already here": harvest.known,
                "Not matching": harvest.received - harvest.rejected - harvest.new - harvest.known,
                "Unreadable": harvest.rejected,
                "Seconds": None if harvest.seconds is None else f"{harvest.seconds:.1f}",
                "Response files": harvest.pages,
                "Failed requests": harvest.faults,
                "Date used": harvest.date_kind,
            }
            for harvest in rows
        ]
    )
    is_incomplete = [harvest.needs_rerun for harvest in rows]
    styled_frame = table.apply(
        lambda row: [INCOMPLETE_ROW_STYLE if is_incomplete[row.name] else ""] * len(row), axis=1
    )
    st.dataframe(styled_frame, hide_index=True, column_config={"Query": {"width": 160}})


def _render_key_papers(project: Project) -> None:
    """Draws which key papers the searches found, and which terms miss the others."""
    st.subheader("Key papers")
    try:
        checks = _check_key_papers(
            project, str(project.folder), project.fingerprint, get_revision(project)
        )
    except QueryError as error:
        st.warning(f"The query cannot be read: {escape_markdown(str(error))}")
        return
    if not checks:
        st.caption(
            "Key papers are papers that the search must find. Name them in the protocol under "
            "Search, each by DOI or title. This page then shows which of them were found, and "
            "which terms miss the others."
        )
        return
    missed = [check for check in checks if not check.found_by]
    found_papers = [check for check in checks if check.found_by]
    st.markdown(f"**{len(found_papers):,} of {len(checks):,}** key papers are in the review.")
    if missed:
        st.markdown("\n".join(_format_key_paper(check) for check in missed))
    if found_papers:
        with st.expander(f"Key papers found ({len(found_papers):,})"):
            st.markdown("\n".join(_format_key_paper(check) for check in found_papers))


def _format_key_paper(check: KeyPaperCheck) -> str:
    """A key paper, its records and what the search did with it, as an item of a list."""
    links = ", ".join(f"[{key}](record?key={key})" for key in check.keys)
    sentences = f"{describe_sources(check, format_source)} {describe_missed_parts(check)}".strip()
    name = f"**{escape_markdown(check.text)}**" + (f" ({links})" if links else "")
    return f"- {name}: {escape_markdown(sentences)}"


@st.cache_data(max_entries=32, show_spinner="Looking for the key papers …")
def _check_key_papers(
    _project: Project, folder: str, plan: str, revision: tuple[int, ...]
) -> list[KeyPaperCheck]:
    """What the search did with each key paper; read anew when the protocol or records change."""
    return check_search_recall(_project)


def _render_harvest(project: Project, rows: list[HarvestRow]) -> None:
    """Draws one search: its query, the messages of the source and its raw responses."""
    by_name = {
        " ".join(
            (
                harvest.at[:16].replace("T", " "),
                format_source(harvest.source),
                harvest.window,
                f"({harvest.id})",
            )
        ): harvest
        for harvest in rows
    }
    chosen = by_name[st.selectbox("Search details", list(by_name))]
    if chosen.note:
        st.warning(escape_markdown(describe_shortfall(chosen.note)))
    st.code(chosen.query, language=None, wrap_lines=True)
    for line in chosen.messages:
        st.caption(escape_markdown(line))
    pages = list_raw_pages(project, chosen.id)
    if not pages:
        return
    st.caption(
        "Responses from the source, page by page, as received and kept in the review folder."
    )
    st.dataframe(
        [
            {
                "Page": number,
                "Days": raw_page.slice.replace("..", " to "),
                "Records": raw_page.entries,
                "Response file": raw_page.path,
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
        download_column.warning(escape_markdown(str(error)))
        return
    name = f"{chosen.source}-{digest[:12]}.{'json' if body.lstrip()[:1] == b'{' else 'xml'}"
    download_column.download_button("Download response", body, name, on_click="ignore")


def _render_disagreements(entries: list[QueryDisagreement]) -> None:
    """Draws the records the source found and our copy of the query does not match."""
    if not entries:
        return
    with st.expander(f"Found by the source, but not by our copy of the query ({len(entries):,})"):
        st.caption(
            "The source searches more than titles and abstracts, or adds synonyms to the query. "
            "These records are kept and screened like all others."
        )
        rows: list[dict[str, Any]] = [
            {
                "Record": entry.key,
                "Source": format_source(entry.source),
                "ID in source": entry.id,
                "Title": entry.title,
                "Reason": entry.why,
                "Link": f"record?key={entry.key}",
            }
            for entry in entries[:MAX_DISAGREEMENTS]
        ]
        link = st.column_config.LinkColumn(display_text="open")
        st.dataframe(rows, hide_index=True, column_config={"Link": link})
        if len(entries) > MAX_DISAGREEMENTS:
            st.caption(f"Showing the first {MAX_DISAGREEMENTS:,} of {len(entries):,}.")
        st.download_button(
            "Download all",
            partial(_write_disagreements, entries),
            "found-by-the-source-alone.csv",
            "text/csv",
            on_click="ignore",
        )


def _write_disagreements(entries: list[QueryDisagreement]) -> bytes:
    """All of them as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Record", "Source", "ID in source", "Title", "Reason"])
    for entry in entries:
        cells = (entry.key, format_source(entry.source), entry.id, entry.title, entry.why)
        writer.writerow([guard_formula(cell or "") for cell in cells])
    return text.getvalue().encode("utf-8-sig")
