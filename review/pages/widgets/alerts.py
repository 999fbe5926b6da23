"""Alerts, as the Overview and the Harvests page show them: red while open, closed with a reason."""

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import plain
from review.workflow.harvest import alerts
from review.workflow.harvest.alerts import Alert
from review.workflow.project import accounts
from review.workflow.project.project import Project


def draw(project: Project) -> None:
    """Draws what is open, a way to close it for the lead, and what was closed."""
    every = alerts.every(project)
    for one in every:
        if one.closed_at is None:
            _open(project, one)
    closed = [one for one in every if one.closed_at is not None]
    if closed:
        with st.expander(f"Alerts closed: {len(closed)}"):
            for one in closed:
                st.markdown(
                    f"{_linked(one)}  \nClosed by {one.closed_by} on "
                    f"{(one.closed_at or '')[:10]}: {plain(one.why or '')}"
                )


def _open(project: Project, one: Alert) -> None:
    st.error(f"{_linked(one)} (raised {one.at[:10]})", icon=":material/warning:")
    if not accounts.may(session.person(), "manage"):
        return
    with st.popover("Close this alert", key=f"alert_{one.id}"):
        with st.form(f"alert_form_{one.id}", border=False):
            why = st.text_area("What was done about it?", key=f"alert_why_{one.id}")
            st.caption("The alert stays readable with your name and these words.")
            asked = st.form_submit_button("Close the alert")
        if asked:
            try:
                alerts.close(project, one.id, session.person().name, why)
            except ReviewError as error:
                st.warning(str(error))
                return
            st.rerun()


def _linked(one: Alert) -> str:
    """The alert with its report as a link; marks of Markdown in titles shown as they are."""
    return f"[{one.report}](record?key={one.report}): {plain(one.text)}"
