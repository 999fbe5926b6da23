"""Screening by title and abstract, or full text: one record, one key, saved at once."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from review.errors import ReviewError
from review.models import Verdict
from review.pages import screening_list
from review.pages.widgets import pdf_upload, record_text, session, tag_panel
from review.pages.widgets.highlighting import FREE_TEXT_STYLE, escape_markdown
from review.pages.widgets.keyboard import build_key_script
from review.pages.widgets.messages import keep_message, show_beside_keys
from review.pages.widgets.preferences import (
    format_key_hint,
    get_preferences,
    get_shortcut,
    get_single_keys,
)
from review.pages.widgets.screening_decision import (
    DOUBLE_PRESS_MESSAGE,
    MESSAGE_PLACE,
    VERDICT_LABELS,
    asks_reason,
    format_own_decision,
    get_decision_keys,
    render_note_form,
    render_reasons,
    start_retraining,
)
from review.protocol.models import Stage, find_stage, format_stage_name, list_stage_reviewers
from review.text.wording import format_count
from review.workflow.deduplication import run
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts.retrieval_statements import (
    RetrievalStatement,
    list_missed_reports,
    mark_retrieval,
)
from review.workflow.project.project import Project
from review.workflow.records import annotations, listing
from review.workflow.screening import allocation, ranking_words, rescreening, reviewing
from review.workflow.screening.reviewing import ReportView, ReviewerProgress

REVISIT_KEY = "screening_key"
"""Session key: the record being revisited; None for the next one."""
CURRENT_KEY = "screening_at"
"""Session key: the current record, kept until it is decided; the address keeps it over a reload."""
EMPTY_MESSAGES = (
    "Records appear here once the lead has run a search or imported search exports.",
    "Reports appear here once they are included on title and abstract.",
)
"""How records reach the first stage, and full text."""
REFRESH_SECONDS = 5.0
"""How often the page looks again while others read the last records (seconds)."""

BAR_TEMPLATE = """<div role="progressbar" aria-label="Screened" aria-valuenow="{share}"
style="height:4px;border-radius:2px;background:var(--funnel-track)">
<div style="height:4px;border-radius:2px;width:{share}%;background:var(--funnel-bar)"></div>
</div>"""
PANEL_KEYS = ("screening_reason", "screening_same", "screening_tags")
"""Session keys of the panels above the record; each holds the record's key while it is open."""
LAST_DECISION_KEY = "screening_last"
"""Session key: the record this tab decided last."""


def render_page(project: Project) -> None:
    """Draws the current record."""
    person = session.get_user()
    stages = [
        protocol_stage
        for protocol_stage in (
            find_stage(project.protocol, "screening"),
            find_stage(project.protocol, "eligibility"),
        )
        if protocol_stage is not None
        and person.name in list_stage_reviewers(project.protocol, protocol_stage)
    ]
    if not stages:
        st.info("You are not assigned to any screening stage. Ask the lead to add you.")
        return
    if reviewing.has_left(project, person.name):
        st.info(
            "You have left this review. Your decisions are kept, and the lead can add you again."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        stage = _choose_stage(stages)
        size = screening_list.choose_size() if stage.kind == "screening" else 0
        pace = reviewing.get_reviewer_progress(project, stage, session.get_user().name)
        _render_header(pace)
        message_line = st.container(width="content")
    _render_progress_bar(pace)
    render_criteria = partial(_render_criteria, project)
    if size and screening_list.render_list(project, stage, size, render_criteria):
        st.query_params.pop("key", None)
        return
    show_beside_keys(MESSAGE_PLACE, message_line)
    view = _get_view(project, stage)
    if view is None:
        _render_end(project, stages, stage, pace)
        if stage.kind == "eligibility":
            _render_not_retrieved(project)
        return
    st.query_params["key"] = view.key
    _render_actions(project, stage, view)
    if stage.kind == "eligibility":
        _render_with_full_text(project, stage, view)
    else:
        with st.container(key="beside"):
            criteria_column, record_column = st.columns([1, 3], gap="large")
        with criteria_column.container(key="pinned"):
            _render_criteria(project)
        with record_column:
            _render_reasons(project, stage, view)
            _render_panels(project, stage, view)
            _render_record(project, stage, view)
    open_panels = [name for name in PANEL_KEYS if st.session_state.get(name) == view.key]
    st.html(build_key_script(" ".join((view.key, *open_panels))), unsafe_allow_javascript=True)


def _render_with_full_text(project: Project, stage: Stage, view: ReportView) -> None:
    """Full text: the record and the criteria left, the PDF right; nothing moves the PDF."""
    with st.container(key="beside"):  # the lines of an A4 page fit a screen of 1,280
        record_column, pdf_column = st.columns([1, 2], gap="small")
    with record_column:
        _render_reasons(project, stage, view)
        _render_panels(project, stage, view)
        _render_record(project, stage, view)
        _render_criteria(project)
        _render_not_retrieved(project)
    with pdf_column:
        _render_pdf(project, view)


def _choose_stage(stages: list[Stage]) -> Stage:
    if len(stages) == 1:
        return stages[0]
    names = {protocol_stage.id: protocol_stage for protocol_stage in stages}
    requested_id = st.query_params.get("stage", stages[0].id)
    chosen = st.segmented_control(
        "Stage",
        list(names),
        default=requested_id if requested_id in names else stages[0].id,
        required=True,
        format_func=lambda name: format_stage_name(names[name]),
        label_visibility="collapsed",
        on_change=lambda: st.session_state.update({REVISIT_KEY: None, CURRENT_KEY: None}),
    )
    stage = names[chosen or stages[0].id]
    st.query_params["stage"] = stage.id
    return stage


def _render_header(pace: ReviewerProgress) -> None:
    """Shows how far the reviewer is."""
    total = pace.done + pace.remaining
    text = f"**{min(pace.done + 1, total):,} of {total:,}**"
    if pace.minutes is not None and pace.remaining:
        text += f", about {_format_duration(pace.minutes)} left"
    st.markdown(text, width="content")


def _render_progress_bar(pace: ReviewerProgress) -> None:
    """Draws a thin progress bar."""
    share = 100 * pace.done / ((pace.done + pace.remaining) or 1)
    st.html(BAR_TEMPLATE.format(share=f"{share:.1f}"))


def _format_duration(minutes: float) -> str:
    if minutes < 1:
        return "a minute"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"


def _get_view(project: Project, stage: Stage) -> ReportView | None:
    """The record being revisited, else the current one, else the next."""
    name = session.get_user().name
    if CURRENT_KEY not in st.session_state:
        _restore_record(project, stage)
    revisited_key = st.session_state.get(REVISIT_KEY)
    if revisited_key:
        try:
            return reviewing.get_report_view(project, stage, name, revisited_key)
        except ReviewError:
            st.session_state[REVISIT_KEY] = None
    next_view = reviewing.get_next_record(
        project, stage, name, current_key=st.session_state[CURRENT_KEY]
    )
    st.session_state[CURRENT_KEY] = next_view.key if next_view else None
    return next_view


def _restore_record(project: Project, stage: Stage) -> None:
    """Restores the record in the address: an open one, or one being revisited."""
    key = st.query_params.get("key")
    st.session_state[CURRENT_KEY] = key
    if key in reviewing.list_recent_keys(project, stage, session.get_user().name):
        st.session_state[REVISIT_KEY] = key


def _render_criteria(project: Project) -> None:
    criteria = project.protocol.criteria
    st.markdown("**Include**" if criteria.include else "")
    st.markdown("\n".join(f"- {escape_markdown(criterion)}" for criterion in criteria.include))
    st.markdown("**Exclude**" if criteria.exclude else "")
    st.markdown("\n".join(f"- {escape_markdown(criterion)}" for criterion in criteria.exclude))


def _render_record(project: Project, stage: Stage, view: ReportView) -> None:
    record = view.record
    decision_keys = get_decision_keys(stage)
    highlights = record_text.list_highlights(project)
    title = record_text.format_title(record, highlights)
    st.html(
        f'<div class="record-key" data-key="{view.key}" data-decides="{decision_keys}" '
        f'{FREE_TEXT_STYLE}font-size:1.55rem;line-height:1.3;font-weight:650">{title}</div>'
    )
    st.caption(escape_markdown(record_text.format_citation(record, view.key)))
    links = " · ".join(record_text.format_identifiers(record))
    if links:
        st.markdown(links)
    _render_ranking_words(project, stage, view)
    if view.siblings:
        st.caption(f"Same study as {', '.join(view.siblings)}")
        for preprint in rescreening.list_waiting(project):
            if preprint.old in (view.key, *view.members):
                st.info(
                    f"Reopened: the journal article {preprint.fresh} was added after this "
                    "preprint was screened."
                )
    if view.abstract:
        record_text.render_abstract(view.abstract, highlights)
    else:
        _render_missing_abstract(project, view)


def _render_ranking_words(project: Project, stage: Stage, view: ReportView) -> None:
    """Draws the words that rank the record higher, until the reader has decided on it."""
    if view.own_decision is not None or not get_preferences().ranking_words:
        return
    words = ranking_words.name_words(
        project,
        stage,
        view.number,
        session.get_user().name,
        title=view.record.title,
        abstract=view.abstract,
    )
    if words:
        st.caption(f"Ranked higher because of: {escape_markdown(', '.join(words))}")


def _render_missing_abstract(project: Project, view: ReportView) -> None:
    st.info("No abstract available.")
    with st.expander("Add abstract"), st.form(f"abstract_{view.key}", border=False):
        st.text_area("Abstract", height=240, key=f"abstract_text_{view.key}")
        name = session.get_user().name
        st.form_submit_button(
            "Save abstract", on_click=partial(_save_abstract, project, view, name)
        )


def _save_abstract(project: Project, view: ReportView, name: str) -> None:
    """Saves the abstract before the page is drawn again, so that the next key press cannot cut it
    off."""
    text = str(st.session_state.get(f"abstract_text_{view.key}") or "")
    try:
        reviewing.add_abstract(project, name, view.number, text)
    except ReviewError as error:
        keep_message(MESSAGE_PLACE, str(error), "warning")


def _render_actions(project: Project, stage: Stage, view: ReportView) -> None:
    """The buttons with their keys, always in the same place; keys are off while somebody types."""
    vote = partial(_save_vote, project, stage, view=view, name=session.get_user().name)
    toggle_reasons = partial(_toggle_panel, "screening_reason", view.key)
    exclude: Callable[[], None] = (
        toggle_reasons if asks_reason(stage) else partial(vote, verdict="exclude")
    )
    is_typing = view.key in (
        st.session_state.get("screening_note"),
        st.session_state.get("screening_same"),
        st.session_state.get("screening_tags"),
        st.session_state.get("screening_missed"),
    )
    keys: list[tuple[str, str, Callable[[], None], bool]] = [
        ("Include", "i", partial(vote, verdict="include"), False),
        ("Exclude", "e", exclude, False),
        ("Maybe", "m", partial(vote, verdict="unsure"), False),
        ("Note", "n", partial(_toggle_panel, "screening_note", view.key), False),
        ("Tags", "t", partial(_toggle_panel, "screening_tags", view.key), False),
        ("Duplicate", "d", partial(_toggle_panel, "screening_same", view.key), False),
        ("Undo", "z", partial(_undo_decision, project, stage), False),
        ("Back", "Left", partial(_step_through_decisions, project, stage, view, 1), False),
        (
            "Forward",
            "Right",
            partial(_step_through_decisions, project, stage, view, -1),
            not st.session_state.get(REVISIT_KEY),
        ),
    ]
    with st.container(horizontal=True, key="keys"):
        for label, key, action, is_disabled in keys:
            st.button(
                label,
                shortcut=None if is_typing else get_shortcut(key),
                on_click=action,
                disabled=is_disabled,
                type="primary" if label == "Include" else "secondary",
                key=f"screening_{label}" + (f"_{view.key}" if key in "iemntd" else ""),
            )  # a press belongs to the record it was made on, so the button is that record's own
    if is_typing:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Close", shortcut="Escape", on_click=_close_panels, key="screening_close")
            st.caption("Keyboard shortcuts are off while this box is open. Esc to close.")


def _format_change_hint() -> str:
    """Which keys change the decision, as far as they are on."""
    keys = [key.upper() for key in get_single_keys("iem")]
    if len(keys) < 2:
        return format_key_hint(keys[0], "to change your decision") if keys else ""
    return f"Press {', '.join(keys[:-1])} or {keys[-1]} to change your decision."


def _render_panels(project: Project, stage: Stage, view: ReportView) -> None:
    """Draws the reviewer's own decision and note, and the panels N and D open, above the record."""
    own_decision = format_own_decision(view)
    if own_decision:
        st.caption(f"{own_decision} {_format_change_hint()}")
    if st.session_state.get("screening_same") == view.key:
        _render_duplicate_form(project, view)
    if st.session_state.get("screening_note") == view.key:
        render_note_form(project, stage, view)
    elif view.note:
        st.caption(f"Your note: {escape_markdown(view.note)}")
    who = session.get_user().name
    listed = annotations.list_visible_annotations(project, who, [view.number])[view.number]
    tag_panel.render_annotations(listed)
    if st.session_state.get("screening_tags") == view.key:
        tag_panel.render_tag_panel(project, view.number, view.key, listed)


def _render_reasons(project: Project, stage: Stage, view: ReportView) -> None:
    """Draws the reasons for exclusion where E has opened them."""
    if st.session_state.get("screening_reason") == view.key:
        render_reasons(
            stage,
            view,
            partial(
                _save_vote,
                project,
                stage,
                view=view,
                name=session.get_user().name,
                verdict="exclude",
            ),
            partial(_toggle_panel, "screening_reason", view.key),
        )


def _render_duplicate_form(project: Project, view: ReportView) -> None:
    """Marks the record as a duplicate; a manual decision overrides every rule."""
    words = " ".join((view.record.title or "").split()[:6])
    rows = listing.list_records(project, words=words, size=8) if words else []
    others = {row.key: row.title or "" for row in rows if row.key != view.key}
    with st.form(f"same_{view.key}"):
        st.selectbox(
            "Duplicate of",
            [None, *others],
            format_func=lambda option: f"{option} {others.get(option, '')}",
            key=f"same_key_{view.key}",
        )
        st.text_input(
            "or enter its record number", placeholder="R000001", key=f"same_typed_{view.key}"
        )
        name = session.get_user().name
        st.form_submit_button("Merge records", on_click=partial(_merge, project, view, name))


def _merge(project: Project, view: ReportView, name: str) -> None:
    """Merges the record with the one that the form names, before the page is drawn again."""
    typed_key = str(st.session_state.get(f"same_typed_{view.key}") or "").strip()
    other_key = typed_key or st.session_state.get(f"same_key_{view.key}") or ""
    try:
        message = run.settle_pair(project, (view.key, other_key), "same", name)
    except ReviewError as error:
        keep_message(MESSAGE_PLACE, str(error), "warning")
        return
    keep_message(MESSAGE_PLACE, message, "caption")
    st.session_state.update(
        {
            "screening_same": None,
            REVISIT_KEY: None,
            CURRENT_KEY: None,
        }
    )


def _save_vote(
    project: Project,
    stage: Stage,
    *,
    view: ReportView,
    name: str,
    verdict: Verdict,
    reason: str | None = None,
) -> None:
    """Saves the decision before the page's state is touched: another key that comes meanwhile cuts
    a callback short there, never here."""
    seen_id = view.own_decision.id if view.own_decision else 0
    try:
        reviewing.save_decision(
            project, stage, name, view.number, verdict, reason=reason, seen=seen_id
        )
    except ReviewError as error:
        if st.session_state.get(LAST_DECISION_KEY) == view.key:
            keep_message(MESSAGE_PLACE, DOUBLE_PRESS_MESSAGE.format(view.key), "warning")
            return
        keep_message(MESSAGE_PLACE, str(error), "warning")
    else:
        reason_text = f" ({reason})" if reason else ""
        keep_message(
            MESSAGE_PLACE,
            f"{view.key} {VERDICT_LABELS[verdict]}{reason_text}. {format_key_hint('z', 'to undo')}",
            "caption",
        )
        st.session_state[LAST_DECISION_KEY] = view.key
        if stage.kind == "screening":
            start_retraining(project, stage)
    st.session_state.update(
        {REVISIT_KEY: None, CURRENT_KEY: None, "screening_reason": None, "screening_note": None}
    )


def _undo_decision(project: Project, stage: Stage) -> None:
    key = reviewing.undo_decision(project, stage, session.get_user().name)
    message = f"Decision on {key} undone." if key else "Nothing to undo."
    keep_message(MESSAGE_PLACE, message, "caption")
    st.session_state.update({REVISIT_KEY: None, CURRENT_KEY: key, LAST_DECISION_KEY: None})


def _step_through_decisions(project: Project, stage: Stage, view: ReportView, offset: int) -> None:
    """Steps back through the reviewer's own decisions, or forward to the open record."""
    keys = reviewing.list_recent_keys(project, stage, session.get_user().name)
    position = keys.index(view.key) if view.key in keys else -1
    new_position = position + offset
    st.session_state[REVISIT_KEY] = (
        keys[min(new_position, len(keys) - 1)] if keys and new_position >= 0 else None
    )


def _close_panels() -> None:
    st.session_state.update(
        dict.fromkeys(("screening_note", "screening_same", "screening_tags", "screening_missed"))
    )


def _toggle_panel(session_key: str, key: str) -> None:
    st.session_state[session_key] = None if st.session_state.get(session_key) == key else key


def _render_end(
    project: Project, stages: list[Stage], stage: Stage, pace: ReviewerProgress
) -> None:
    """Says why no record is shown and at which stage records are left."""
    other_messages = [
        f"{format_count(n, 'record')} left for you at {format_stage_name(other_stage)}."
        for other_stage in stages
        if other_stage != stage
        and (
            n := reviewing.get_reviewer_progress(
                project, other_stage, session.get_user().name
            ).remaining
        )
    ]
    if not pace.done + pace.remaining and not allocation.has_reports(project, stage):
        empty_message = EMPTY_MESSAGES[stage.kind == "eligibility"]
        st.info(" ".join([f"Nothing to screen yet. {empty_message}", *other_messages]))
        return
    if allocation.get_queue_state(project, stage, session.get_user().name) == "finished":
        thanks = "You have screened everything here. Thank you."
        all_by_others = "Nothing is left for you here: other reviewers have screened every record."
        st.success(" ".join([thanks if pace.done else all_by_others, *other_messages]))
    else:
        st.fragment(_render_wait, run_every=REFRESH_SECONDS)(project, stage, other_messages)
    with st.container(horizontal=True):
        st.button(
            "Undo last decision",
            shortcut=get_shortcut("z"),
            on_click=partial(_undo_decision, project, stage),
        )
        st.button("Back", shortcut="Left", on_click=partial(_revisit_last, project, stage))


def _render_wait(project: Project, stage: Stage, other_messages: list[str]) -> None:
    """Says that others read what is left; the page is redrawn once there is something to do."""
    if allocation.get_queue_state(project, stage, session.get_user().name) != "with others":
        st.rerun(scope="app")
    st.info(
        " ".join(
            [
                "Other reviewers are reading the last records. If one is left undecided, it comes "
                "to you; this page checks every few seconds.",
                *other_messages,
            ]
        )
    )


def _revisit_last(project: Project, stage: Stage) -> None:
    """Revisits the last decision."""
    keys = reviewing.list_recent_keys(project, stage, session.get_user().name)
    st.session_state[REVISIT_KEY] = keys[0] if keys else None


def _render_pdf(project: Project, view: ReportView) -> None:
    """Draws the full text beside the decision, or an upload box."""
    path: Path | None = attachments.find_pdf(project, view.number)
    if path is not None:
        pdf_upload.render_pdf_warning(view.number)
        st.pdf(path, height=800)
        return
    label = "No full text yet. Add the PDF"
    pdf_upload.render_pdf_upload(project, view.number, f"pdf_{view.key}", label)
    st.button(
        "Full text not available",
        on_click=partial(_toggle_panel, "screening_missed", view.key),
        key=f"missed_{view.key}",
    )
    if st.session_state.get("screening_missed") == view.key:
        _render_missed_form(project, view)


def _render_missed_form(project: Project, view: ReportView) -> None:
    """Marks the report as not retrieved; keys are off while the reason is typed."""
    with st.form(f"missed_form_{view.key}", border=False):
        reason_key = f"missed_reason_{view.key}"
        st.text_input("Reason", placeholder="No reply from the authors", key=reason_key)
        st.caption("The flow diagram counts the report under Reports not retrieved.")
        st.form_submit_button(
            "Mark as not retrieved", on_click=partial(_mark_missed, project, view, reason_key)
        )


def _mark_missed(project: Project, view: ReportView, reason_key: str) -> None:
    reason = st.session_state.get(reason_key)
    _mark_retrieval(project, view.number, view.key, "not retrieved", reason)


def _mark_retrieval(
    project: Project,
    number: int,
    key: str,
    state: Literal["not retrieved", "sought"],
    reason: str | None = None,
) -> None:
    """Saves that a full text could not be obtained, or that it is sought again."""
    statement = RetrievalStatement(number, state, session.get_user().name, reason)
    try:
        mark_retrieval(project, statement)
    except ReviewError as error:
        keep_message(MESSAGE_PLACE, str(error), "warning")
        return
    outcome = "is marked as not retrieved" if state == "not retrieved" else "is sought again"
    keep_message(MESSAGE_PLACE, f"{key} {outcome}.", "caption")
    st.session_state.update(
        {
            "screening_missed": None,
            CURRENT_KEY: None,
            REVISIT_KEY: None,
        }
    )


def _render_not_retrieved(project: Project) -> None:
    """Lists the reports marked as not retrieved, each with a button that takes it back."""
    missed = list_missed_reports(project)
    if not missed:
        return
    with st.expander(f"Marked as not retrieved ({len(missed):,})"):
        for report in missed:
            reason = f" · {escape_markdown(report.reason)}" if report.reason else ""
            st.markdown(
                f"{report.key} {escape_markdown(report.title)}{reason} · "
                f"{escape_markdown(report.reviewer)}"
            )
            st.button(
                "Search again",
                key=f"sought_{report.key}",
                on_click=partial(_mark_retrieval, project, report.number, report.key, "sought"),
            )
