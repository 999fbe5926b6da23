"""Alerts, as the Overview and the Searches page show them: red while open, closed with a reason."""

from functools import partial

import streamlit as st

from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import show_messages, try_action
from review.workflow.harvest import alerts
from review.workflow.harvest.alerts import Alert
from review.workflow.project import accounts
from review.workflow.project.project import Project

NO_RECORDS = (
    "No records yet. The lead can run a search on the Searches page or import search exports on "
    "the Import page."
)
"""Shown in place of lists and counts while a review is empty."""


def render_alerts(project: Project) -> None:
    """Draws what is open, a way to close it for the lead, and what was closed."""
    all_alerts = alerts.list_alerts(project)
    for alert in all_alerts:
        if alert.closed_at is None:
            _render_open_alert(project, alert)
    closed_alerts = [alert for alert in all_alerts if alert.closed_at is not None]
    if closed_alerts:
        with st.expander(f"Closed alerts ({len(closed_alerts)})"):
            for alert in closed_alerts:
                st.markdown(
                    f"{_format_alert_link(alert)}  \nClosed by "
                    f"{escape_markdown(alert.closed_by or '')} on {(alert.closed_at or '')[:10]}: "
                    f"{escape_markdown(alert.why or '')}"
                )


def _render_open_alert(project: Project, alert: Alert) -> None:
    st.error(f"{_format_alert_link(alert)} (raised {alert.at[:10]})", icon=":material/warning:")
    if not accounts.is_allowed(session.get_user(), "manage"):
        return
    with st.popover("Close alert", key=f"alert_{alert.id}"):
        with st.form(f"alert_form_{alert.id}", border=False):
            why_key = f"alert_why_{alert.id}"
            st.text_area("What did you do about it?", key=why_key)
            st.caption("The alert stays in the list of closed alerts with your name and this note.")

            def close() -> None:
                why = str(st.session_state.get(why_key) or "")
                alerts.close_alert(project, alert.id, session.get_user().name, why)

            st.form_submit_button(
                "Save and close", on_click=partial(try_action, f"alert_{alert.id}", close)
            )
        show_messages(f"alert_{alert.id}")


def _format_alert_link(alert: Alert) -> str:
    """The alert with its report as a link; marks of Markdown in titles shown as they are."""
    return f"[{alert.report}](record?key={alert.report}): {escape_markdown(alert.text)}"
