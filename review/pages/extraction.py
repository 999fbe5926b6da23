"""Data extraction: the same dual entry as appraisal, on the protocol's extraction form."""

import streamlit as st

from review.pages import appraisal
from review.workflow.project.project import Project


def render_page(project: Project) -> None:
    """Draws the list of reports, or the extraction form of the one that is open."""
    plan = project.protocol.appraisal
    if plan.extraction is None and plan.accuracy is None:
        st.info("This review has no extraction form: name one under 'appraisal: extraction'.")
        return
    appraisal.render_appraisal(project, ("extraction",))
