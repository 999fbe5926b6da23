"""The paper of a report: its viewer, or the box that takes its PDF where there is none."""

from collections.abc import Callable, Sequence

import streamlit as st

from review.pages.widgets import pdf_upload, pdf_viewer
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project


def render_paper(
    project: Project,
    record: int,
    highlights: Sequence[pdf_viewer.PageHighlight],
    on_quote: Callable[[str, int], None] | None,
) -> None:
    """Draws the paper of a record as `pdf_viewer.render_paper` does, below a warning if the PDF
    added last seems to be another paper; an upload box if there is no PDF."""
    if attachments.find_pdf(project, record) is None:
        st.info("No full text yet.")
        pdf_upload.render_pdf_upload(project, record, f"paper_upload_{record}")
        return
    pdf_upload.render_pdf_warning(record)
    pdf_viewer.render_paper(project, record, highlights, on_quote)
