"""The box that takes one PDF for a record, and the warning where it seems to be another paper."""

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.fulltexts.uploads import attach_checked_pdf
from review.workflow.project.project import Project


def render_pdf_upload(project: Project, number: int, key: str, label: str = "Add the PDF") -> None:
    """Takes a PDF for a record and draws the page anew once it is attached."""
    upload = st.file_uploader(label, type="pdf", key=key)
    if upload is None:
        return
    try:
        warning = attach_checked_pdf(
            project, number, upload.name, upload.getvalue(), session.get_user().name
        )
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))
        return
    st.session_state[_get_warning_key(number)] = warning
    st.rerun()


def render_pdf_warning(number: int) -> None:
    """Says that the PDF attached in this session seems to be another paper, where it does."""
    if warning := st.session_state.get(_get_warning_key(number)):
        st.warning(f"{escape_markdown(warning)} You can remove it on the page Full texts.")


def _get_warning_key(number: int) -> str:
    return f"pdf_warning_{number}"
