"""Results: the flow diagram and the included studies, for everybody in the team and its guests."""

from functools import partial

import streamlit as st

from review.errors import FlowError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.tables import to_data_frame
from review.workflow.exports import listings, prisma, snapshot
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.project.project import Project
from review.workflow.screening import blinding

PICTURE_FORMATS = ("svg", "pdf", "png")
DIAGRAM_WIDTH = 860
"""Width of the diagram (pixels); on a narrower screen it fills the page."""


def render_page(project: Project) -> None:
    """Draws the page as of today."""
    st.title("Results")
    reader = blinding.find_own_view(project, session.get_user().name)
    stamp = f"{snapshot.compute_revision_key(project)} {reader or ''}"
    try:
        view, svg = _load_results(project, str(project.folder), stamp, _reader=reader)
    except FlowError as error:
        st.error(escape_markdown(str(error)))
        return
    st.caption(f"As of {view.day} · {prisma.describe_conservation(view)}")
    st.subheader("PRISMA 2020 flow diagram")
    with st.container(horizontal=True):
        for picture_format in PICTURE_FORMATS:
            st.download_button(
                f"Download {picture_format.upper()}",
                partial(prisma.render_format, svg, picture_format),
                f"prisma.{picture_format}",
                on_click="ignore",
            )
    st.image(svg, width=DIAGRAM_WIDTH, alt="PRISMA 2020 flow diagram")
    st.subheader("Included studies")
    table = listings.build_included_table(view)
    if not table.rows:
        st.info("No study has been included yet.")
        return
    st.dataframe(to_data_frame(table).astype("string"), hide_index=True)


@st.cache_resource(max_entries=8, show_spinner="Counting records …")
def _load_results(
    _project: Project, folder: str, stamp: str, *, _reader: str | None
) -> tuple[ReviewSnapshot, str]:
    del folder, stamp  # part of the cache's key; the stamp names the reader too
    view = snapshot.snapshot_at(_project, None, read_all=False, reader=_reader)
    return view, prisma.draw_diagram(view)
