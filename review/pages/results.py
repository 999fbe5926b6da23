"""Results: the flow diagram and the included studies, for everybody in the team and its guests."""

from functools import partial

import streamlit as st

from review.errors import FlowError
from review.pages.widgets import flow_snapshot, session
from review.pages.widgets.highlighting import escape_markdown
from review.tables import to_data_frame
from review.workflow.exports import listings, prisma
from review.workflow.project.project import Project
from review.workflow.screening import blinding

PICTURE_FORMATS = ("svg", "pdf", "png")
DIAGRAM_WIDTH = 860
"""Width of the diagram (pixels); on a narrower screen it fills the page."""


def render_page(project: Project) -> None:
    """Draws the page as of today."""
    st.title("Results")
    reader = blinding.find_own_view(project, session.get_user().name)
    key = flow_snapshot.build_key(project, None, reader)
    try:
        view = flow_snapshot.load_flow_snapshot(project, *key, _reader=reader)
        svg = flow_snapshot.draw_flow(view, *key)
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
