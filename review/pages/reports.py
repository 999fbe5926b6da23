"""Reports: previews of every figure, table and text of any day; each to download, or all."""

import datetime
import re
from functools import partial

import streamlit as st

from review.errors import FlowError
from review.pages.widgets import export_link_panel, flow_snapshot, publishing, session
from review.pages.widgets.flow_snapshot import FlowKey
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.pending_work import ask_for_work, carry_out_work, finish_work
from review.tables import to_data_frame
from review.tables.documents import TABLE_WRITERS
from review.text.wording import format_count
from review.workflow.exports import accuracy, bundle, changes, methods_text, prisma, snapshot
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.imaging import registered_sets
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.screening import blinding

PICTURE_FORMATS = {"SVG": "svg", "PDF": "pdf", "PNG 300 dpi": "png", "PNG 600 dpi": "png 600"}
TABS = (
    *("Flow diagram", "Figures", "Tables", "Methods", "Changes", "Links", "Publish"),
    "Download all",
)
PARTS_WITHOUT_RECORDS = ("Flow diagram", "Changes", "Links", "Publish")
"""Parts that need only the records that came past title and abstract."""
PREVIEW_SCALE = 1.5
"""Pixels a point in previews: text of 9 points reads as 13 pixels."""
PREVIEW_ROWS = 500
"""Rows of a table shown; downloads contain all."""


def render_page(project: Project) -> None:
    """Draws the reports as of the chosen day."""
    accounts.require_permission(session.get_user(), "export")
    st.title("Reports")
    day = _choose_day()
    reader = blinding.find_own_view(project, session.get_user().name)
    key = flow_snapshot.build_key(project, day, reader)
    caption = st.container()
    tab = st.segmented_control(
        "Part", TABS, default=TABS[0], required=True, label_visibility="collapsed"
    )
    try:
        load = flow_snapshot.load_flow_snapshot if tab in PARTS_WITHOUT_RECORDS else _load_snapshot
        review_snapshot = load(project, *key, _reader=reader)
        with caption:
            conservation = prisma.describe_conservation(review_snapshot)
            st.caption(f"As of {review_snapshot.day} · {conservation}")
            if clocks := snapshot.describe_clocks(review_snapshot):
                st.caption(escape_markdown(clocks))
        _render_part(project, tab, review_snapshot, key)
    except FlowError as error:
        st.error(escape_markdown(str(error)))


def _render_part(project: Project, tab: str, review_snapshot: ReviewSnapshot, key: FlowKey) -> None:
    """Draws the chosen part; what it needs is computed only then."""
    if tab == "Figures":
        figures = _draw_figures(review_snapshot, *key)
        _render_figure_tab({name: svg for name, svg in figures.items() if name != FLOW_TITLE})
    elif tab == "Tables":
        _render_table_tab(review_snapshot)
    elif tab == "Methods":
        _render_methods_tab(review_snapshot)
    elif tab == "Changes":
        _render_changes_tab(project, review_snapshot)
    elif tab == "Links":
        export_link_panel.render_links_tab(project)
    elif tab == "Publish":
        publishing.render_publish_tab(project, key)
    elif tab == "Download all":
        _render_export_tab(review_snapshot, key)
    else:
        _render_flow_tab(review_snapshot, flow_snapshot.draw_flow(review_snapshot, *key))


REPORT_KEY = "report_asked"
FLOW_TITLE = "PRISMA 2020 flow"


def _choose_day() -> str | None:
    selected_day = st.date_input(
        "Report as of",
        value=None,
        format="YYYY-MM-DD",
        key="results_day",
        help="Leave empty for today.",
        max_value=datetime.datetime.now(datetime.UTC).date(),
        width=220,
    )
    return selected_day.isoformat() if isinstance(selected_day, datetime.date) else None


@st.cache_resource(max_entries=4, show_spinner="Counting records …")
def _load_snapshot(
    _project: Project, folder: str, day: str | None, stamp: str, *, _reader: str | None
) -> ReviewSnapshot:
    del folder, stamp  # part of the cache's key; the stamp names the reader too
    return snapshot.snapshot_at(_project, day, reader=_reader)


@st.cache_resource(max_entries=4, show_spinner="Drawing the figures …")
def _draw_figures(
    _snapshot: ReviewSnapshot, folder: str, day: str | None, stamp: str
) -> dict[str, str]:
    del folder, day, stamp  # part of the cache's key
    return bundle.draw_preview_figures(_snapshot)


def _render_downloads(name: str, svg: str, stem: str) -> None:
    row = st.container(horizontal=True)  # wraps on a small screen
    for label, picture_format in PICTURE_FORMATS.items():
        kind, _, dpi = picture_format.partition(" ")
        file = f"{stem}-{dpi}dpi.{kind}" if dpi else f"{stem}.{kind}"
        row.download_button(
            label,
            partial(prisma.render_format, svg, picture_format),
            file,
            on_click="ignore",
            key=f"{name} {picture_format}",
        )


def _render_figure(svg: str, alt: str) -> None:
    """Shows a figure at a size its text reads well in."""
    match = re.search(r'width="([\d.]+)"', svg)
    natural = float(match.group(1)) if match else 600.0
    st.image(svg, width=int(min(natural * PREVIEW_SCALE, 1500)), alt=alt)


def _render_flow_tab(review_snapshot: ReviewSnapshot, svg: str) -> None:
    _render_downloads(FLOW_TITLE, svg, "prisma")
    files = prisma.build_text_files(review_snapshot.flow, prisma.list_notes(review_snapshot))
    row = st.container(horizontal=True)
    for name, data in files.items():
        row.download_button(name, data, name, on_click="ignore")
    st.caption("prisma.csv can be opened in the PRISMA2020 R package and web app.")
    _render_figure(svg, "PRISMA 2020 flow diagram")


def _render_figure_tab(figures: dict[str, str]) -> None:
    if not figures:
        st.info("Figures appear once reports have been appraised.")
        return
    name = st.selectbox("Figure", list(figures), key="results_figure")
    stem = "".join(character if character.isalnum() else "-" for character in name.lower()).replace(
        "--", "-"
    )
    _render_downloads(name, figures[name], stem)
    _render_figure(figures[name], name)


def _render_table_tab(review_snapshot: ReviewSnapshot) -> None:
    tables_by_name = {
        table.name: table
        for table in bundle.build_all_tables(review_snapshot, session.get_user().name)
    }
    name = st.selectbox(
        "Table",
        list(tables_by_name),
        key="results_table",
        format_func=lambda table_name: (
            f"{tables_by_name[table_name].title} ({len(tables_by_name[table_name].rows):,})"
        ),
    )
    table = tables_by_name[name]
    st.dataframe(to_data_frame(table).head(PREVIEW_ROWS).astype("string"), hide_index=True)
    if len(table.rows) > PREVIEW_ROWS:
        st.caption(
            f"Showing the first {PREVIEW_ROWS} of {len(table.rows):,} rows; downloads contain "
            f"all rows."
        )
    for note in table.notes:
        st.caption(escape_markdown(note))
    row = st.container(horizontal=True)
    for file_format, write in TABLE_WRITERS.items():
        row.download_button(
            file_format.upper(),
            partial(write, table),
            f"{table.name}.{file_format}",
            on_click="ignore",
            key=f"{table.name} {file_format}",
        )
    if table.name == "accuracy":
        _render_synthesis_downloads(review_snapshot)


def _render_synthesis_downloads(review_snapshot: ReviewSnapshot) -> None:
    """Draws a button for each file that mada, meta and RevMan read."""
    files = accuracy.build_csv_files(review_snapshot)
    if files:
        st.markdown("**For a synthesis** :gray[R's mada and meta, RevMan]")
    row = st.container(horizontal=True)
    for name, data in files.items():
        row.download_button(name, data, name, on_click="ignore")


def _render_methods_tab(review_snapshot: ReviewSnapshot) -> None:
    text = methods_text.write_methods(review_snapshot)
    st.markdown(text.replace("*", r"\*").replace("$", r"\$"))
    st.download_button("Download text", text, "methods.md", on_click="ignore")


def _render_changes_tab(project: Project, review_snapshot: ReviewSnapshot) -> None:
    selected_day = st.date_input(
        "Changes since", value=None, format="YYYY-MM-DD", key="results_since", width=220
    )
    if not isinstance(selected_day, datetime.date):
        st.info(
            "Choose a date to see new records and decisions since then, with the PRISMA diagram "
            "of the update."
        )
        return
    difference = changes.compare_since(
        project,
        selected_day.isoformat(),
        review_snapshot.until.date().isoformat() if review_snapshot.until else None,
        reader=session.get_user().name,
    )
    st.code("\n".join(changes.format_lines(difference)), language=None)
    svg = prisma.draw_flow_svg(difference.update)
    _render_downloads("update", svg, "prisma-update")
    _render_figure(svg, "PRISMA 2020 flow diagram of the update")


def _render_export_tab(review_snapshot: ReviewSnapshot, key: FlowKey) -> None:
    st.write(
        "One ZIP file with all figures, tables and texts, the references of included and excluded "
        "reports, the full audit log and a manifest with checksums. Reproducible: same data and "
        "date, same files."
    )
    pictures = bool(registered_sets.list_sets(review_snapshot.project)) and st.checkbox(
        "Include pictures of image audits",
        help="Names may be burnt into films. Without pictures, tables and figures are included.",
    )
    st.button(
        "Create full report",
        type="primary",
        on_click=partial(ask_for_work, REPORT_KEY, (pictures, session.get_user().name)),
    )

    def create(wanted: tuple[bool, str]) -> tuple[FlowKey, bytes, list[str]]:
        progress_bar = st.progress(0.0, "Creating the report …")
        files = bundle.build_report_files(
            review_snapshot,
            progress=lambda part, share: progress_bar.progress(share, f"Creating {part} …"),
            reader=wanted[1],
            pictures=wanted[0],
        )
        progress_bar.progress(1.0, format_count(len(files), "file"))
        return key, bundle.pack_zip(files), list(bundle.describe_totals(review_snapshot, files))

    pending = carry_out_work(REPORT_KEY, create)
    if pending is not None:
        if pending.problem:
            st.warning(escape_markdown(pending.problem))
        else:
            st.session_state["results_zip"] = pending.outcome
        finish_work(REPORT_KEY, pending)
    stored_report = st.session_state.get("results_zip")
    if stored_report and stored_report[0] != key:
        st.caption("The data or date have changed since this report was created. Create it again.")
    elif stored_report:
        st.download_button(
            "Download report",
            stored_report[1],
            f"report-{review_snapshot.day}.zip",
            mime="application/zip",
            on_click="ignore",
        )
        for line in stored_report[2]:
            st.caption(escape_markdown(line))
