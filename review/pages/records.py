"""Records: search, filter and sort; status, own decision and PDF; exclude several; export the list.

One page at a time is read from the store, however many there are.
"""

import csv
import io
from functools import partial
from typing import Any, cast

import streamlit as st

from review.errors import ReviewError
from review.formats.tabular.writer import guard_formula
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.protocol import PersonRole, format_stage_name, list_stage_reviewers
from review.text.wording import format_count
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.records import listing, record_list
from review.workflow.records.record_list import (
    STATUS_LABELS,
    ListedRecord,
    OwnFilter,
    ReaderView,
    RecordFilter,
    RecordList,
)
from review.workflow.records.source_names import format_source

PAGE_SIZE = 50
COLUMN_WIDTHS = {
    "Record": 85,
    "Title": 330,
    "Year": 55,
    "Status": 210,
    "My decision": 90,
    "Tags": 110,
    "PDF": 45,
    "Authors": 130,
    "Journal": 110,
    "Source": 80,
    "My note": 120,
    "Team notes": 140,
}
"""Widths of the columns (pixels); the first ones fit a screen of 1,280."""
SORT_FIELDS = {"Order added": "id", "Newest first": "year", "Title": "title"}
OWN_LABELS: dict[str, str] = {
    "undecided": "Waiting for me",
    "include": "Included by me",
    "exclude": "Excluded by me",
    "unsure": "My maybes",
}
OWN_VERDICTS = {"include": "include", "exclude": "exclude", "unsure": "maybe"}
PDF_LABELS = {True: "With PDF", False: "Without PDF"}
PAGE_KEY = "records_page"
"""Session key: number of the page shown, 0 for the first."""


def render_page(project: Project) -> None:
    """Draws the list."""
    person = session.get_user()
    st.title("Records")
    view = _load_view(
        project,
        str(project.folder),
        person.name,
        person.roles,
        (project.fingerprint, *record_list.get_revision(project)),
    )
    wanted = _render_controls(project, view)
    if st.session_state.get("records_asked") != wanted:
        st.session_state.update({"records_asked": wanted, PAGE_KEY: 0})
    found = record_list.find_records(project, view, wanted)
    start = PAGE_SIZE * int(st.session_state.get(PAGE_KEY, 0))
    numbers = found.numbers[start : start + PAGE_SIZE]
    rows = record_list.list_rows(project, view, numbers)
    _show_messages()
    chosen = _render_table(rows)
    _render_page_buttons(found, start, len(rows))
    _render_exclusion(project, tuple(row.summary.id for row in chosen))
    if found.numbers:
        st.download_button(
            f"Download this list ({len(found.numbers):,})",
            partial(_write_list, project, view, found.numbers),
            "records.csv",
            "text/csv",
            on_click="ignore",
        )


@st.cache_resource(max_entries=16, show_spinner="Reading the records …")
def _load_view(
    _project: Project,
    folder: str,
    name: str,
    roles: tuple[PersonRole, ...],
    stamp: tuple[Any, ...],
) -> ReaderView:
    """The view of one person, until anything in the store changes."""
    del folder, stamp  # part of the cache's key
    return record_list.build_view(_project, accounts.CurrentUser(name, roles))


def _render_controls(project: Project, view: ReaderView) -> RecordFilter:
    words_column, source_column, year_column, sort_column = st.columns(
        [4, 2, 1, 2], vertical_alignment="bottom"
    )
    words = words_column.text_input("Search titles, authors and abstracts", key="records_words")
    sources = listing.list_values(project, "source")
    counts = dict(sources)
    source = source_column.selectbox(
        "Source",
        [None, *(name for name, _ in sources)],
        format_func=lambda name: (
            "All sources" if name is None else f"{format_source(name)} ({counts[name]:,})"
        ),
    )
    year = year_column.text_input("Year", key="records_year")
    if year and not year.isdigit():
        year_column.caption("Enter a four-digit year.")
        year = ""
    sort = sort_column.selectbox("Sort by", list(SORT_FIELDS))
    return _render_status_controls(
        project,
        view,
        RecordFilter(
            words=words,
            source=source,
            year=int(year) if year else None,
            sort=SORT_FIELDS[sort],
        ),
    )


def _render_status_controls(project: Project, view: ReaderView, base: RecordFilter) -> RecordFilter:
    """The filters for where a record is and what the person did with it."""
    stages = {stage.id: format_stage_name(stage) for stage in project.protocol.stages}
    columns = st.columns(6, vertical_alignment="bottom")
    stage = columns[0].selectbox(
        "Stage", [None, *stages], format_func=lambda n: "Any stage" if n is None else stages[n]
    )
    status = columns[1].selectbox(
        "Status",
        [None, *STATUS_LABELS],
        format_func=lambda n: "Any status" if n is None else STATUS_LABELS[n].capitalize(),
    )
    mine = columns[2].selectbox(
        "My decision",
        [None, *OWN_LABELS],
        format_func=lambda n: "Any" if n is None else OWN_LABELS[n],
    )
    reason = columns[3].selectbox(
        "Reason for exclusion",
        [None, *record_list.list_reasons(project)],
        format_func=lambda n: "Any reason" if n is None else n,
    )
    has_pdf = columns[4].selectbox(
        "PDF", [None, True, False], format_func=lambda n: "Any" if n is None else PDF_LABELS[n]
    )
    tag = columns[5].selectbox(
        "Tag",
        [None, *record_list.list_tags(view)],
        format_func=lambda n: "Any" if n is None else n,
    )
    with st.container(horizontal=True):
        has_note = st.checkbox("With my note")
        has_team_note = st.checkbox("With a team note")
    return RecordFilter(
        words=base.words,
        source=base.source,
        year=base.year,
        sort=base.sort,
        stage=stage,
        status=status,
        mine=cast(OwnFilter | None, mine),
        reason=reason,
        has_pdf=has_pdf,
        has_note=has_note,
        tag=tag,
        has_team_note=has_team_note,
    )


def _show_messages() -> None:
    for session_key, show_message in (
        ("records_said", st.success),
        ("records_wrong", st.warning),
    ):
        text = st.session_state.pop(session_key, None)
        if text:
            show_message(text)


def _build_row(row: ListedRecord) -> dict[str, Any]:
    status = record_list.format_status(row)
    return {
        "Record": f"record?key={row.summary.key}",
        "Title": row.summary.title or "(no title)",
        "Year": row.summary.year,
        "Status": f"{status} ({row.reason})" if row.reason else status,
        "My decision": _format_own_vote(row),
        "Tags": ", ".join(row.tags),
        "PDF": "yes" if row.has_pdf else "",
        "Authors": row.summary.authors or "",
        "Journal": row.summary.journal or "",
        "Source": format_source(row.summary.source),
        "My note": row.note,
        "Team notes": "\n".join(row.team_notes),
    }


def _format_own_vote(row: ListedRecord) -> str:
    """The person's own vote, with its stage where the record has moved on since."""
    verdict = OWN_VERDICTS.get(row.own_verdict or "", "")
    if row.own_stage is None or row.own_stage == row.stage:
        return verdict
    return f"{verdict} ({format_stage_name(row.own_stage).lower()})"


def _render_table(rows: list[ListedRecord]) -> list[ListedRecord]:
    """Draws a page of the list; gives the rows that are ticked."""
    if not rows:
        st.info("No matching records. Try fewer search words or filters, or import records first.")
        return []
    table_event = st.dataframe(
        [_build_row(row) for row in rows],
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="multi-row",
        key=f"records_table_{rows[0].summary.id}_{len(rows)}",
        column_config={
            "Record": st.column_config.LinkColumn(
                display_text=r"key=(.*)$", width=COLUMN_WIDTHS["Record"]
            ),
            "Year": st.column_config.NumberColumn(format="%d", width=COLUMN_WIDTHS["Year"]),
            **{
                name: st.column_config.TextColumn(width=width)
                for name, width in COLUMN_WIDTHS.items()
                if name not in ("Record", "Year")
            },
        },
    )
    selected = table_event.get("selection", {}).get("rows", [])
    return [rows[index] for index in selected if index < len(rows)]


def _render_page_buttons(found: RecordList, start: int, shown: int) -> None:
    back_column, page_column, next_column = st.columns([1, 3, 1], vertical_alignment="center")
    if back_column.button("Previous", disabled=start == 0, shortcut="Left"):
        st.session_state[PAGE_KEY] -= 1
        st.rerun()
    if next_column.button(
        "Next", disabled=start + shown >= len(found.numbers), shortcut="Right", width="stretch"
    ):
        st.session_state[PAGE_KEY] += 1
        st.rerun()
    if not shown:
        return
    of_all = f" (of {found.total:,} in all)" if len(found.numbers) < found.total else ""
    page_column.caption(f"{start + 1:,} to {start + shown:,} of {len(found.numbers):,}{of_all}")


def _render_exclusion(project: Project, numbers: tuple[int, ...]) -> None:
    """Excludes the ticked records by the person's own vote."""
    person = session.get_user()
    is_reviewer = accounts.is_allowed(person, "screen") and any(
        person.name in list_stage_reviewers(project.protocol, stage)
        for stage in project.protocol.stages
        if stage.kind != "quality"
    )
    if not is_reviewer or not numbers:
        return
    with st.form("records_exclude"):
        st.markdown(f"**Exclude {format_count(len(numbers), 'ticked record')}**")
        reason = st.selectbox(
            "Reason",
            [None, *record_list.list_reasons(project)],
            format_func=lambda n: "No reason" if n is None else n,
        )
        st.caption(
            "This is your own vote on each record, at the stage where it waits for you; records "
            "that do not wait for you are left alone. Each vote can be undone with Z on Screening."
        )
        if st.form_submit_button("Exclude"):
            _exclude(project, numbers, reason)
            st.rerun()


def _exclude(project: Project, numbers: tuple[int, ...], reason: str | None) -> None:
    try:
        outcome = record_list.exclude_records(project, session.get_user(), numbers, reason)
    except ReviewError as error:
        st.session_state["records_wrong"] = escape_markdown(str(error))
        return
    if outcome.saved:
        st.session_state["records_said"] = (
            f"You excluded {format_count(len(outcome.saved), 'record')}: "
            f"{', '.join(outcome.saved)}."
        )
    if outcome.skipped:
        st.session_state["records_wrong"] = "Not excluded: " + escape_markdown(
            " ".join(outcome.skipped)
        )


def _write_list(project: Project, view: ReaderView, numbers: tuple[int, ...]) -> bytes:
    """The list as CSV, with what the page shows of each record."""
    text = io.StringIO()
    columns = list(COLUMN_WIDTHS)
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in record_list.list_rows(project, view, numbers):
        cells = _build_row(row) | {"Record": row.summary.key}
        writer.writerow(
            {
                name: guard_formula(cell) if isinstance(cell := cells[name], str) else cell
                for name in columns
            }
        )
    return text.getvalue().encode("utf-8-sig")
