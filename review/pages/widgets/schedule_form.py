"""The schedule of searches on the Searches page: how often, whom to notify, last and next run."""

from datetime import datetime
from typing import get_args

import streamlit as st

from review import mail
from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.store.timestamps import utc_now
from review.workflow.harvest.schedule_settings import (
    Interval,
    ScheduledRun,
    ScheduleSettings,
    ScheduleState,
    get_schedule,
    save_settings,
)
from review.workflow.harvest.scheduler import RunReport, send_notices
from review.workflow.project.project import Project

SAID_KEY, WRONG_KEY = "schedule_said", "schedule_wrong"
LABELS: dict[Interval, str] = {
    "off": "Off",
    "daily": "Every day",
    "weekly": "Every week",
    "monthly": "Every month",
}


def render_schedule(project: Project) -> None:
    """Draws the state of the schedule and the form that changes it."""
    state = get_schedule(project)
    st.markdown(_describe_next(state))
    if state.last is not None:
        _render_last(state.last)
    for key, show in ((SAID_KEY, st.success), (WRONG_KEY, st.error)):
        if message := st.session_state.pop(key, None):
            show(escape_markdown(message))
    with st.expander("Change the schedule"):
        _render_form(project, state.settings)


def _describe_next(state: ScheduleState) -> str:
    if state.next_run is None:
        return "**Schedule:** off. Searches run only when you press *Run search now*."
    label = LABELS[state.settings.interval].lower()
    if state.last is not None and state.last.ended is None:
        return f"**Schedule:** {label}. A scheduled search is running."
    if state.next_run <= utc_now():
        return f"**Schedule:** {label}. The next search starts within a minute."
    return f"**Schedule:** {label}. Next search: {_format_moment(state.next_run)}."


def _render_last(last: ScheduledRun) -> None:
    if last.ended is None:
        return
    text = (
        f"Last scheduled search: {_format_moment(last.begun)}, {last.outcome}. "
        f"{escape_markdown(last.summary)}"
    )
    (st.caption if last.outcome == "complete" else st.warning)(text)
    if last.notice_problem:
        st.warning(escape_markdown(last.notice_problem))


def _format_moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _render_form(project: Project, settings: ScheduleSettings) -> None:
    with st.form("schedule_form", border=False):
        intervals = list(get_args(Interval))
        interval = st.selectbox(
            "Search the protocol's sources",
            intervals,
            index=intervals.index(settings.interval),
            format_func=LABELS.__getitem__,
        )
        recipients = st.text_input(
            "E-mail addresses to notify",
            ", ".join(settings.recipients),
            placeholder="lead@example.org, librarian@example.org",
            help="A message is sent when there are new records, when a search is not complete, and "
            "when an included study is retracted.",
        )
        if not mail.is_configured():
            st.caption(
                "No mail server is set up. Whoever runs the server sets FUNNEL_SMTP and "
                "FUNNEL_MAIL_FROM."
            )
        webhook = st.text_input(
            "Webhook",
            settings.webhook or "",
            placeholder="https://chat.example.org/hooks/…",
            help="The same notices are posted to this address as JSON.",
        )
        with st.container(horizontal=True):
            is_saved = st.form_submit_button("Save schedule", type="primary")
            is_test = st.form_submit_button("Save and send a test notice")
    if is_saved or is_test:
        wanted = ScheduleSettings(
            interval=interval,
            recipients=tuple(
                part.strip() for part in recipients.replace(";", ",").split(",") if part.strip()
            ),
            webhook=webhook.strip() or None,
        )
        _save(project, wanted, is_test=is_test)
        st.rerun(scope="app")


def _save(project: Project, settings: ScheduleSettings, *, is_test: bool) -> None:
    try:
        save_settings(project, settings, session.get_user().name)
    except ReviewError as error:
        st.session_state[WRONG_KEY] = str(error)
        return
    st.session_state[SAID_KEY] = "Schedule saved."
    if not is_test:
        return
    test_report = RunReport(
        outcome="complete", new_records=0, alerts=(), problems=("This is a test notice.",)
    )
    problem = send_notices(project, settings, test_report)
    if problem:
        st.session_state[WRONG_KEY] = problem
    else:
        st.session_state[SAID_KEY] = "Schedule saved. A test notice was sent."
