"""The schedule of searches on the Searches page: how often, whom to notify, last and next run."""

from datetime import datetime
from functools import partial
from typing import get_args

import streamlit as st

from review import mail
from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.pending_work import ask_for_work, carry_out_work, finish_work
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

PLACE = "schedule"
NOTICE_KEY = "schedule_test_notice"
LABELS: dict[Interval, str] = {
    "off": "Off",
    "daily": "Every day",
    "weekly": "Every week",
    "monthly": "Every month",
}


def render_schedule(project: Project) -> None:
    """Draws the state of the schedule and the form that changes it."""
    pending = carry_out_work(
        NOTICE_KEY, partial(_send_test_notice, project), "Sending a test notice …"
    )
    if pending is not None:
        if problem := pending.problem or pending.outcome:
            keep_message(PLACE, problem, "error")
        else:
            keep_message(PLACE, "A test notice was sent.")
        finish_work(NOTICE_KEY, pending)
    state = get_schedule(project)
    st.markdown(_describe_next(state))
    if state.last is not None:
        _render_last(state.last)
    show_messages(PLACE)
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
    # With the settings in their keys the fields show what another lead saved meanwhile.
    recipient_list = ", ".join(settings.recipients)
    keys = (
        f"schedule_interval_{settings.interval}",
        f"schedule_recipients_{recipient_list}",
        f"schedule_webhook_{settings.webhook}",
    )
    with st.form("schedule_form", border=False):
        intervals = list(get_args(Interval))
        st.selectbox(
            "Search the protocol's sources",
            intervals,
            index=intervals.index(settings.interval),
            format_func=LABELS.__getitem__,
            key=keys[0],
        )
        st.text_input(
            "E-mail addresses to notify",
            recipient_list,
            placeholder="lead@example.org, librarian@example.org",
            help="A message is sent when there are new records, when a search is not complete, and "
            "when an included study is retracted.",
            key=keys[1],
        )
        if not mail.is_configured():
            st.caption(
                "No mail server is set up. Whoever runs the server sets FUNNEL_SMTP and "
                "FUNNEL_MAIL_FROM."
            )
        st.text_input(
            "Webhook",
            settings.webhook or "",
            placeholder="https://chat.example.org/hooks/…",
            help="The same notices are posted to this address as JSON.",
            key=keys[2],
        )
        with st.container(horizontal=True):
            for label, is_test in (("Save schedule", False), ("Save and send a test notice", True)):
                st.form_submit_button(
                    label,
                    type="secondary" if is_test else "primary",
                    on_click=partial(_save_form, project, keys, is_test=is_test),
                )


def _save_form(project: Project, keys: tuple[str, str, str], *, is_test: bool) -> None:
    interval, recipients, webhook = (st.session_state.get(key) for key in keys)
    wanted = ScheduleSettings(
        interval=interval or "off",
        recipients=tuple(
            part.strip() for part in (recipients or "").replace(";", ",").split(",") if part.strip()
        ),
        webhook=(webhook or "").strip() or None,
    )
    _save(project, wanted, is_test=is_test)


def _save(project: Project, settings: ScheduleSettings, *, is_test: bool) -> None:
    try:
        save_settings(project, settings, session.get_user().name)
    except ReviewError as error:
        keep_message(PLACE, str(error), "error")
        return
    keep_message(PLACE, "Schedule saved.")
    if not is_test:
        return
    ask_for_work(NOTICE_KEY, settings)


def _send_test_notice(project: Project, settings: ScheduleSettings) -> str | None:
    """What kept the notice from being sent; None if it was sent."""
    test_report = RunReport(
        outcome="complete", new_records=0, alerts=(), problems=("This is a test notice.",)
    )
    return send_notices(project, settings, test_report)
