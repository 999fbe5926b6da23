"""My work: what waits for the person who is signed in, and the team's board for the lead."""

import streamlit as st

from review.pages.widgets import alerts, session
from review.pages.widgets.count_table import format_counts
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.revision import get_revision_stamp
from review.protocol.models import format_stage_name
from review.store.records import format_record_key
from review.text.wording import format_count
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports import own_work
from review.workflow.exports.own_work import BoardRow, OwnRecord, OwnWork
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.screening import rescreening

MOST_FORMS = 12
"""Forms listed before the rest is counted."""


def render_page(project: Project) -> None:
    """Draws the lists of the person, each with the way to go on."""
    person = session.get_user()
    st.title("My work")
    st.caption(escape_markdown(project.protocol.title))
    alerts.render_alerts(project)
    for preprint in rescreening.list_waiting(project):
        st.info(rescreening.format_reopening(preprint))
    with st.spinner("Counting what waits for you …"):
        work = own_work.get_own_work(project, person)
    if not listing.count_records(project):
        st.info(alerts.NO_RECORDS)
    elif not _has_work(work):
        st.success("Nothing is waiting for you.")
    left_column, right_column = st.columns(2, gap="large")
    with left_column:
        _render_screening(work)
        _render_conflicts(work)
        _render_forms(project, work)
    with right_column:
        _render_records("My maybes", work.maybes)
        _render_records("My notes", work.notes)
    _render_board(_list_board(project, person, get_revision_stamp(project)))


@st.cache_data(max_entries=16, show_spinner="Counting the team's work …")
def _list_board(_project: Project, person: CurrentUser, stamp: str) -> list[BoardRow]:
    del stamp  # part of the cache's key
    return own_work.list_board(_project, person)


def _has_work(work: OwnWork) -> bool:
    return bool(
        any(task.progress.remaining for task in work.screening)
        or work.conflicts
        or work.begun_forms
        or work.open_forms
        or work.consensus
    )


def _render_screening(work: OwnWork) -> None:
    for task in work.screening:
        progress, name = task.progress, format_stage_name(task.stage)
        total = progress.done + progress.remaining
        with st.container(border=True):
            st.markdown(
                f"**{escape_markdown(name)}** · {progress.done:,} of {total:,} screened by you"
            )
            st.progress(progress.done / total if total else 0.0)
            if progress.remaining:
                time_left = _format_time_left(progress.minutes)
                session.render_link(
                    f"Continue ({progress.remaining:,} left{time_left})",
                    f"screening?stage={task.stage.id}",
                )
            elif total:
                st.caption("You have screened everything here.")
            else:
                st.caption("Nothing to screen yet.")


def _format_time_left(minutes: float | None) -> str:
    if minutes is None:
        return ""
    return f", about {minutes:.0f} min" if minutes < 90 else f", about {minutes / 60:.0f} h"


def _render_conflicts(work: OwnWork) -> None:
    if not work.conflicts and not work.consensus:
        return
    with st.container(border=True):
        st.markdown("**Waiting for your decision**")
        for stage, n in work.conflicts:
            session.render_link(
                f"{format_count(n, 'conflict')} at {format_stage_name(stage)}", "conflicts"
            )
        if work.consensus:
            session.render_link(
                f"{format_count(work.consensus, 'form')} with different answers", "consensus"
            )


def _render_forms(project: Project, work: OwnWork) -> None:
    if not work.begun_forms and not work.open_forms:
        return
    with st.container(border=True):
        st.markdown("**Appraisal**")
        for task in work.begun_forms[:MOST_FORMS]:
            begun = ", ".join(
                f"{get_checklist(project, form.checklist).short} {answered} of {asked}"
                for form, state, answered, asked in task.forms
                if state == "begun" and form.use != "kind"
            )
            key = format_record_key(task.report)
            session.render_link(f"Continue {key}", f"appraisal?key={key}")
            st.caption(escape_markdown(f"{task.title} · {begun or 'kind of study chosen'}"))
        if work.open_forms:
            session.render_link(
                f"{format_count(len(work.open_forms), 'report')} not started", "appraisal"
            )


def _render_records(title: str, listed: tuple[OwnRecord, ...]) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}** ({len(listed):,})")
        if not listed:
            st.caption("None.")
            return
        st.dataframe(
            [
                {
                    "Record": f"record?key={entry.key}",
                    "Title": entry.title,
                    "Stage": entry.stage,
                    "Note": entry.text,
                }
                for entry in listed
            ],
            hide_index=True,
            column_config={"Record": st.column_config.LinkColumn(display_text=r"key=(.*)$")},
        )


def _render_board(board: list[BoardRow]) -> None:
    if not board:
        return
    st.subheader("Team")
    rows = [
        {
            "Reviewer": row.name,
            "Stage": format_stage_name(row.stage),
            "Done": row.done,
            "Per day": None if row.per_day is None else round(row.per_day, 1),
            "Left": row.remaining,
            "Others wait for": row.awaited,
        }
        for row in board
    ]
    st.dataframe(format_counts(rows), hide_index=True, placeholder="")
    if any(row.per_day is not None for row in board):
        st.caption(
            "Per day: records decided per day over the last week. Others wait for: records that "
            "others have decided and this reviewer has not."
        )
    if any(row.remaining is None and row.stage.kind != "quality" for row in board):
        st.caption(
            "Because you are also a reviewer, only others' work on resolved records is counted, "
            "and what is left for them is not shown."
        )
