"""Overview: the live funnel, progress by stage and reviewer, last imports, open alerts."""

import html
from typing import Any

import streamlit as st

from review.pages.widgets import alerts, session
from review.pages.widgets.count_table import format_counts
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.revision import get_revision_stamp
from review.prisma import Flow, Stream, get_total
from review.protocol.models import format_stage_name
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.deduplication.run import get_revision
from review.workflow.exports import overview
from review.workflow.exports.overview import StageProgress
from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.records.source_names import format_source
from review.workflow.safety import backups
from review.workflow.screening import blinding, rescreening
from review.workflow.screening.search_recall import count_found_papers

BAR_TEMPLATE = """
<div style="display:grid;grid-template-columns:9.6rem 1fr;gap:.2rem .9rem;align-items:center;
margin:.45rem 0"><div style="text-align:right;color:var(--funnel-muted)">{label}</div>
<div style="display:flex;align-items:center;gap:.6rem"><div style="height:2.1rem;flex-shrink:0;
border-radius:5px;background:{colour};width:{width}%;min-width:3px"></div>
<div style="line-height:1.25"><b>{n}</b>
<span style="color:var(--funnel-muted);font-size:.86rem">{note}</span></div></div></div>
"""
"""One step of the funnel."""
BAR_COLOUR, FIRST_BAR_COLOUR = "var(--funnel-bar)", "var(--funnel-first-bar)"
STATUS_LABELS = {
    "pending": "not started",
    "partial": "awaiting the other reviewer",
    "conflict": "in conflict",
    "open": "not resolved yet",
    "included": "included",
    "excluded": "excluded",
}

SOURCE_LABELS = {"funnel": "Decisions", "table": "Table"}
"""Source of a file that names no database -> what the file holds."""

NOT_MATCHING_NOTE = (
    "Not matching: medRxiv and bioRxiv cannot search by keyword, so we download everything in the "
    "date range and drop records that do not match your query."
)


def render_page(project: Project) -> None:
    """Draws the overview."""
    st.title(escape_markdown(project.protocol.title))
    st.caption(escape_markdown(project.protocol.question))
    alerts.render_alerts(project)
    for preprint in rescreening.list_waiting(project):
        st.info(rescreening.format_reopening(preprint))
    with st.spinner("Counting records …", show_time=True):
        reader = blinding.find_own_view(project, session.get_user().name)
        cache = _get_flow_cache(str(project.folder), project.fingerprint, reader)
        flow, counted_at = overview.get_recent_flow(project, cache, reader=reader)
    if not get_total(flow.main.identified) and flow.other is None:
        st.info(alerts.NO_RECORDS)
    funnel_column, progress_column = st.columns([3, 2], gap="large")
    with funnel_column:
        st.subheader("Funnel")
        st.html("".join(_build_bars(flow)))
        for note in cache.notes:
            st.caption(escape_markdown(note))
        _render_key_papers(project)
        if counted_at:
            st.caption(
                f"Counted at {counted_at:%H:%M:%S} UTC. In a review of this size the counts are "
                "not updated after every decision."
            )
    with progress_column:
        st.subheader("Progress")
        if accounts.is_allowed(session.get_user(), "contribute"):
            session.render_link("Continue your work", "my-work")
        stamp = get_revision_stamp(project)
        for stage_progress in _get_progress(project, session.get_user(), stamp):
            _render_stage(stage_progress)
    st.subheader("Latest imports and searches")
    _render_imports(project)
    _render_backups(project)


def _render_key_papers(project: Project) -> None:
    """Says how many of the key papers are in the review, where the protocol names any."""
    if not project.protocol.search.key_papers:
        return
    found_papers, named = _count_found_papers(
        project, str(project.folder), project.fingerprint, get_revision(project)
    )
    if named:
        st.caption(
            f"Key papers found: {found_papers:,} of {named:,}. Details are on the Searches page."
        )


@st.cache_data(max_entries=32, show_spinner=False)
def _count_found_papers(
    _project: Project, folder: str, plan: str, revision: tuple[int, ...]
) -> tuple[int, int]:
    return count_found_papers(_project)


@st.cache_resource(max_entries=32, show_spinner=False)
def _get_flow_cache(folder: str, plan: str, reader: str | None) -> overview.FlowCache:
    return overview.FlowCache()


@st.cache_data(max_entries=32, show_spinner="Counting progress …")
def _get_progress(_project: Project, person: CurrentUser, stamp: str) -> list[StageProgress]:
    del stamp  # part of the cache's key
    return overview.get_progress(_project, person)


def _render_backups(project: Project) -> None:
    """Says when the newest backup was made, what went wrong with it, and what was repaired."""
    for notice in project.notices:
        st.warning(escape_markdown(notice))
    if project.store.read_only:
        st.warning(
            f"This review is open for reading only: {escape_markdown(project.store.read_only)}."
        )
    state = backups.get_backup_state(project, utc_now())
    if state.problem:
        st.warning(f"Backups need attention: {escape_markdown(state.problem)}")
    st.caption(backups.format_backup_state(project, state))


def _build_bars(flow: Flow) -> list[str]:
    """The funnel's bars, widest first."""
    streams = [stream for stream in (flow.main, flow.other) if stream is not None]
    identified_count = _sum_boxes(streams, "identified")
    sources, studies = len(flow.main.identified), flow.new_studies.n
    studies_note = format_count(studies, "study", "studies")
    rows = [
        ("Identified", identified_count, format_count(sources, "source")),
        ("Screened", _sum_boxes(streams, "screened"), _format_screening_note(streams)),
        (
            "Sought for retrieval",
            _sum_boxes(streams, "sought"),
            _join_counts(
                ("not retrieved", _sum_boxes(streams, "not_retrieved")),
                ("awaiting full text", _sum_boxes(streams, "waiting_eligibility")),
            ),
        ),
        ("Full texts assessed", _sum_boxes(streams, "assessed"), ""),
        (
            "Eligible",
            _sum_boxes(streams, "eligible"),
            _join_counts(
                ("excluded at the quality gate", get_total(flow.excluded_quality)),
                ("awaiting appraisal", flow.waiting_quality.n),
            ),
        ),
        ("Included reports", flow.new_reports.n, studies_note),
    ]
    return [_format_bar(label, n, identified_count, note) for label, n, note in rows]


def _sum_boxes(streams: list[Stream], name: str) -> int | None:
    parts = [get_total(getattr(stream, name)) for stream in streams]
    return None if None in parts else sum(n or 0 for n in parts)


def _join_counts(*labelled_counts: tuple[str, int | None]) -> str:
    """What was excluded or is pending between two bars; zero counts are left out."""
    return ", ".join(f"{n:,} {label}" for label, n in labelled_counts if n)


def _format_screening_note(streams: list[Stream]) -> str:
    duplicate_count = sum(
        (stream.duplicates_tool.n or 0) + (stream.duplicates_hand.n or 0) for stream in streams
    )
    unscreened_count = sum(stream.waiting_screening.n or 0 for stream in streams)
    other_count = sum(
        get_total(lines) or 0
        for stream in streams
        for lines in (stream.automation, stream.removed_other)
    )
    parts = [
        f"{format_count(duplicate_count, 'duplicate')} removed",
        _join_counts(("removed for other reasons", other_count)),
    ]
    return ", ".join(filter(None, [*parts, f"{unscreened_count:,} still to screen"]))


def _format_bar(label: str, n: int | None, identified_count: int | None, note: str) -> str:
    width = 62 * (n or 0) / (identified_count or 1)
    count_text = "not published" if n is None else f"{n:,}"
    colour = FIRST_BAR_COLOUR if label == "Identified" else BAR_COLOUR
    return BAR_TEMPLATE.format(
        label=html.escape(label),
        n=count_text,
        note=html.escape(note),
        width=f"{width:.1f}",
        colour=colour,
    )


def _render_stage(stage_progress: StageProgress) -> None:
    st.markdown(
        f"**{format_stage_name(stage_progress.stage)}** · {stage_progress.settled:,} "
        f"of {stage_progress.reports:,} resolved"
    )
    st.progress(stage_progress.settled / stage_progress.reports if stage_progress.reports else 0.0)
    is_quality = stage_progress.stage.kind == "quality"
    labels = (
        STATUS_LABELS | {"pending": STATUS_LABELS["open"]} if is_quality else STATUS_LABELS
    )  # the gates wait for whole forms
    status_counts = [
        f"{n:,} {labels.get(status, status)}"
        for status, n in sorted(stage_progress.statuses.items())
        if n
    ]
    reviewer_counts = [
        f"{escape_markdown(name)} {n:,}" for name, n in stage_progress.by_reviewer.items()
    ]
    reviewer_label = "Completed forms" if is_quality else "Screened"
    st.caption(
        " · ".join(status_counts)
        + (f"  \n{reviewer_label}: {', '.join(reviewer_counts)}" if reviewer_counts else "")
    )


def _count_unmatched(batch: dict[str, Any]) -> int | None:
    """Records of a search that were read and are neither new nor known; None for a file."""
    if batch["kind"] != "harvest" or batch["parsed"] is None:
        return None
    return int(batch["parsed"]) - int(batch["new"] or 0) - int(batch["known"] or 0)


def _render_imports(project: Project) -> None:
    rows: list[dict[str, Any]] = [
        {
            "When": batch["at"][:16].replace("T", " "),
            "Source": SOURCE_LABELS.get(batch["source"]) or format_source(batch["source"]),
            "File or dates": batch["name"] or "",
            "Expected": batch["announced"],
            "Read": batch["parsed"],
            "Unreadable": batch["rejected"],
            "New": batch["new"],
            "Already here": batch["known"],
            "Not matching": _count_unmatched(batch),
            "By": f"{batch['who']} (undone)" if batch["undone"] else batch["who"],
        }
        for batch in listing.list_imports(project)
    ]
    if rows:
        st.dataframe(format_counts(rows), hide_index=True, placeholder="")
        if any(row["Not matching"] for row in rows):
            st.caption(NOT_MATCHING_NOTE)
    else:
        st.caption("None yet.")
