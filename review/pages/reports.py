"""Reports: previews of every figure, table and text of any day; each to download, or all."""

import datetime
import re
from functools import partial

import streamlit as st

from review.errors import FlowError
from review.pages.widgets import session
from review.tables import frame
from review.tables.documents import WRITERS
from review.workflow.exports import bundle, changes, methods_text, prisma, snapshot
from review.workflow.exports.snapshot import Moment
from review.workflow.project import accounts
from review.workflow.project.project import Project

FORMS = {"SVG": "svg", "PDF": "pdf", "PNG 300 dpi": "png", "PNG 600 dpi": "png 600"}
TABS = ("Flow diagram", "Figures", "Tables", "Methods", "Changes", "Everything")
SCALE = 1.5
"""Pixels a point in previews: text of 9 points reads as 13 pixels."""
PREVIEW_ROWS = 500
"""Rows of a table that are shown; the files hold all."""


def page(project: Project) -> None:
    """Draws the reports of the day that is asked for."""
    accounts.require(session.person(), "export")
    st.title("Reports")
    day = _day()
    key = (str(project.folder), day, snapshot.stamp(project))
    now = _moment(project, *key)
    try:
        shown = _figures(now, *key)
    except FlowError as error:
        st.error(str(error))
        return
    st.caption(f"State of {now.day} · {prisma.sums(now)}")
    tab = st.segmented_control(
        "Part", TABS, default=TABS[0], required=True, label_visibility="collapsed"
    )
    if tab == "Figures":
        _figure_tab({name: svg for name, svg in shown.items() if name != FLOW})
    elif tab == "Tables":
        _table_tab(now)
    elif tab == "Methods":
        _methods_tab(now)
    elif tab == "Changes":
        _changes_tab(project, now)
    elif tab == "Everything":
        _all_tab(now, key)
    else:
        _flow_tab(now, shown[FLOW])


FLOW = "PRISMA 2020 flow"


def _day() -> str | None:
    picked = st.date_input(
        "State at the end of", value=None, format="YYYY-MM-DD", key="results_day",
        help="Leave empty for the present state.",
        max_value=datetime.datetime.now(datetime.UTC).date(), width=220,
    )  # fmt: skip
    return picked.isoformat() if isinstance(picked, datetime.date) else None


@st.cache_resource(max_entries=4, show_spinner="Reading the review ...")
def _moment(_project: Project, folder: str, day: str | None, stamp: str) -> Moment:
    del folder, stamp  # part of the cache's key
    return snapshot.at(_project, day)


@st.cache_resource(max_entries=4, show_spinner="Drawing ...")
def _figures(_now: Moment, folder: str, day: str | None, stamp: str) -> dict[str, str]:
    del folder, day, stamp  # part of the cache's key
    return bundle.figures(_now)


def _downloads(name: str, svg: str, stem: str) -> None:
    places = st.columns(len(FORMS) + 2)
    for place, (label, form) in zip(places, FORMS.items(), strict=False):
        kind, _, dpi = form.partition(" ")
        file = f"{stem}-{dpi}dpi.{kind}" if dpi else f"{stem}.{kind}"
        place.download_button(
            label, partial(prisma.picture, svg, form), file, on_click="ignore",
            key=f"{name} {form}", width="stretch",
        )  # fmt: skip


def _picture(svg: str, alt: str) -> None:
    """Shows a figure at a size its text reads well in."""
    found = re.search(r'width="([\d.]+)"', svg)
    natural = float(found.group(1)) if found else 600.0
    st.image(svg, width=int(min(natural * SCALE, 1500)), alt=alt)


def _flow_tab(now: Moment, svg: str) -> None:
    _downloads(FLOW, svg, "prisma")
    files = prisma.texts_of(now.flow)
    for place, (name, data) in zip(st.columns(6), files.items(), strict=False):
        place.download_button(name, data, name, on_click="ignore", width="stretch")
    st.caption("prisma.csv is what the PRISMA2020 R package and its web app read.")
    _picture(svg, "PRISMA 2020 flow diagram")


def _figure_tab(shown: dict[str, str]) -> None:
    if not shown:
        st.info("Figures appear when reports have been appraised.")
        return
    name = st.selectbox("Figure", list(shown), key="results_figure")
    stem = "".join(c if c.isalnum() else "-" for c in name.lower()).replace("--", "-")
    _downloads(name, shown[name], stem)
    _picture(shown[name], name)


def _table_tab(now: Moment) -> None:
    every = {table.name: table for table in bundle.all_tables(now, session.person().name)}
    name = st.selectbox(
        "Table", list(every), key="results_table",
        format_func=lambda one: f"{every[one].title} ({len(every[one].rows):,})",
    )  # fmt: skip
    table = every[name]
    st.dataframe(frame(table).head(PREVIEW_ROWS).astype("string"), hide_index=True)
    if len(table.rows) > PREVIEW_ROWS:
        st.caption(f"The first {PREVIEW_ROWS} of {len(table.rows):,} rows; the files hold all.")
    for note in table.notes:
        st.caption(note)
    for place, (form, write) in zip(st.columns(7), WRITERS.items(), strict=False):
        place.download_button(
            form.upper(), partial(write, table), f"{table.name}.{form}", on_click="ignore",
            key=f"{table.name} {form}", width="stretch",
        )  # fmt: skip


def _methods_tab(now: Moment) -> None:
    text = methods_text.methods(now)
    st.markdown(text.replace("*", r"\*").replace("$", r"\$"))
    st.download_button("Download as text", text, "methods.md", on_click="ignore")


def _changes_tab(project: Project, now: Moment) -> None:
    picked = st.date_input("Since the end of", value=None, format="YYYY-MM-DD",
                           key="results_since", width=220)  # fmt: skip
    if not isinstance(picked, datetime.date):
        st.info("Choose a day: what came and was decided after it is told, with the diagram of the "
                "update.")  # fmt: skip
        return
    found = changes.since(project, picked.isoformat(), now.until.date().isoformat()
                          if now.until else None)  # fmt: skip
    st.code("\n".join(changes.lines(found)), language=None)
    svg = prisma.svg_of(found.update)
    _downloads("update", svg, "prisma-update")
    _picture(svg, "PRISMA 2020 flow diagram of the update")


def _all_tab(now: Moment, key: tuple[str, str | None, str]) -> None:
    st.write(
        "One ZIP with every figure, table and text, the references of what was included and "
        "excluded, the log of all entries and a manifest with checksums. The same store and day "
        "give the same bytes."
    )
    if st.button("Make the whole report", type="primary"):
        bar = st.progress(0.0, "Making the report ...")
        files = bundle.everything(
            now,
            progress=lambda part, share: bar.progress(share, f"Making: {part} ..."),
            reader=session.person().name,
        )
        bar.progress(1.0, f"{len(files):,} files")
        st.session_state["results_zip"] = (key, bundle.as_zip(files), bundle.sums(now, files))
    made = st.session_state.get("results_zip")
    if made and made[0] != key:
        st.caption("The report made before is of another day or state; make it anew.")
    elif made:
        st.download_button("Download the report", made[1], f"report-{now.day}.zip",
                           mime="application/zip", on_click="ignore")  # fmt: skip
        for line in made[2]:
            st.caption(line)
