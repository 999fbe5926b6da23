"""Records: search, filter and sort; status, own decision and PDF; exclude several; export the list.

One page at a time is read from the store, however many there are.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from review.errors import ReviewError
from review.formats.tabular.writer import guard_formula
from review.pages.widgets import saved_list_panel, session
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.preferences import get_preferences
from review.protocol.models import PersonRole, format_stage_name, list_stage_reviewers
from review.store.saved_lists import SavedList
from review.text.wording import format_count
from review.workflow.deduplication import run as dedupe
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.records import listing, record_list, saved_lists
from review.workflow.records.record_list import (
    STATUS_LABELS,
    ListedRecord,
    ReaderView,
    RecordFilter,
    RecordList,
)
from review.workflow.records.source_names import format_source
from review.workflow.screening import ranking_words

PAGE_SIZE = 50
COLUMN_WIDTHS = {
    "Record": 85,
    "Title": 290,
    "Year": 55,
    "Status": 210,
    "My decision": 190,
    "Tags": 110,
    "PDF": 45,
    "Authors": 130,
    "Journal": 110,
    "Source": 80,
    "My note": 120,
    "Team notes": 140,
    "Ranking words": 150,
    "Possible duplicate": 110,
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
FILTER_KEYS = {
    "words": "records_words",
    "source": "records_source",
    "year": "records_year",
    "sort": "records_sort",
    "stage": "records_stage",
    "status": "records_status",
    "mine": "records_mine",
    "reason": "records_reason",
    "has_pdf": "records_pdf",
    "tag": "records_tag",
    "has_note": "records_note",
    "has_team_note": "records_team_note",
}
"""Field of RecordFilter -> session key of its control."""
FILTER_NAMES = ("year", "has_note", "has_team_note")
"""Filters that are not a choice from a list."""
PDF_LABELS = {True: "With PDF", False: "Without PDF"}
PAGE_KEY, PLACE = "records_page", "records"
EXCLUSION_REASON_KEY = "records_exclusion_reason"
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
    options = _list_options(project, view)
    saved = saved_list_panel.choose_list(project, partial(_open_list, options))
    wanted = _render_controls(project, options)
    if st.session_state.get("records_asked") != wanted:
        st.session_state.update({"records_asked": wanted, PAGE_KEY: 0})
    record_page = record_list.find_records(project, view, wanted)
    start = PAGE_SIZE * int(st.session_state.get(PAGE_KEY, 0))
    numbers = record_page.numbers[start : start + PAGE_SIZE]
    rows = record_list.list_rows(project, view, numbers)
    show_messages(PLACE)
    chosen = _render_table(rows, _build_rows(project, rows))
    _render_page_buttons(record_page, start, len(rows))
    _render_exclusion(project, tuple(row.summary.id for row in chosen))
    saved_list_panel.render_list_forms(project, wanted, saved)
    if record_page.numbers:
        st.download_button(
            f"Download this list ({len(record_page.numbers):,})",
            partial(_write_list, project, view, record_page.numbers),
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


def _list_options(project: Project, view: ReaderView) -> dict[str, list[Any]]:
    """Name of a filter -> the values offered to this reader."""
    return {
        "source": [None, *(name for name, _ in listing.list_values(project, "source"))],
        "sort": list(SORT_FIELDS.values()),
        "stage": [None, *(stage.id for stage in project.protocol.stages)],
        "status": [None, *STATUS_LABELS],
        "mine": [None, *OWN_LABELS],
        "reason": [None, *record_list.list_reasons(project)],
        "has_pdf": [None, True, False],
        "tag": [None, *record_list.list_tags(view)],
    }


def _open_list(options: dict[str, list[Any]], saved: SavedList) -> None:
    """Sets the page's filters to those of a saved list."""
    wanted, is_complete = saved_lists.build_filter(saved.filters, options)
    for name, key in FILTER_KEYS.items():
        value = getattr(wanted, name)
        st.session_state[key] = str(value or "") if name == "year" else value
    if not is_complete:
        keep_message(
            PLACE, "A filter of this list does not apply here and was left out.", "warning"
        )


def _render_controls(project: Project, options: dict[str, list[Any]]) -> RecordFilter:
    for name, values in options.items():  # for example a tag that was removed meanwhile
        if st.session_state.get(FILTER_KEYS[name], values[0]) not in values:
            st.session_state[FILTER_KEYS[name]] = values[0]
    words_column, filter_column = st.columns([4, 5], vertical_alignment="bottom")
    words = words_column.text_input("Search titles, authors and abstracts", key="records_words")
    _render_filter_switch(options)
    with filter_column.container(key="records_filters_top"):
        base = _render_source_controls(project, options, words)
    with st.container(key="records_filters"):
        return _render_status_controls(project, options, base)


def _render_filter_switch(options: dict[str, list[Any]]) -> None:
    """On a phone the filters are folded until they are asked for; elsewhere they are in view."""
    count = sum(bool(st.session_state.get(FILTER_KEYS[name])) for name in FILTER_NAMES)
    count += sum(
        st.session_state.get(FILTER_KEYS[name], values[0]) != values[0]
        for name, values in options.items()
    )
    with st.container(key="records_filter_switch"):
        is_open = st.toggle(
            f"Filters ({count} set)" if count else "Filters", key="records_show_filters"
        )
    folded = "" if is_open else '[class*="st-key-records_filters"] {display: none;}'
    st.html(
        "<style>@media (min-width: 641px) {.st-key-records_filter_switch {display: none;}}"
        f"@media (max-width: 640px) {{{folded}}}</style>"
    )


def _render_source_controls(
    project: Project, options: dict[str, list[Any]], words: str
) -> RecordFilter:
    source_column, year_column, sort_column = st.columns([2, 1, 2], vertical_alignment="bottom")
    counts = dict(listing.list_values(project, "source"))
    source = source_column.selectbox(
        "Source",
        options["source"],
        format_func=lambda name: (
            "All sources" if name is None else f"{format_source(name)} ({counts[name]:,})"
        ),
        key=FILTER_KEYS["source"],
        placeholder="All sources",  # what a saved list without a source leaves in the box
    )
    year = year_column.text_input("Year", key="records_year")
    if year and not year.isdigit():
        year_column.caption("Enter a four-digit year.")
        year = ""
    labels = {field: label for label, field in SORT_FIELDS.items()}
    sort = sort_column.selectbox(
        "Sort by", options["sort"], format_func=labels.__getitem__, key=FILTER_KEYS["sort"]
    )
    return RecordFilter(words=words, source=source, year=int(year) if year else None, sort=sort)


def _render_status_controls(
    project: Project, options: dict[str, list[Any]], base: RecordFilter
) -> RecordFilter:
    """The filters for where a record is and what the person did with it."""
    stages = {stage.id: format_stage_name(stage) for stage in project.protocol.stages}
    labels: dict[str, tuple[str, Callable[[Any], str]]] = {
        "stage": ("Stage", lambda n: "Any stage" if n is None else stages[n]),
        "status": (
            "Status",
            lambda n: "Any status" if n is None else STATUS_LABELS[n].capitalize(),
        ),
        "mine": ("My decision", lambda n: "Any" if n is None else OWN_LABELS[n]),
        "reason": ("Reason for exclusion", lambda n: "Any reason" if n is None else n),
        "has_pdf": ("PDF", lambda n: "Any" if n is None else PDF_LABELS[n]),
        "tag": ("Tag", lambda n: "Any" if n is None else n),
    }
    columns = st.columns(len(labels), vertical_alignment="bottom")
    chosen = {
        name: column.selectbox(
            label,
            options[name],
            format_func=format_value,
            key=FILTER_KEYS[name],
            placeholder=format_value(None),  # what a saved list without this filter leaves
        )
        for column, (name, (label, format_value)) in zip(columns, labels.items(), strict=True)
    }
    with st.container(horizontal=True):
        chosen["has_note"] = st.checkbox("With my note", key=FILTER_KEYS["has_note"])
        chosen["has_team_note"] = st.checkbox("With a team note", key=FILTER_KEYS["has_team_note"])
    return replace(base, **chosen)


def _build_rows(project: Project, rows: list[ListedRecord]) -> list[dict[str, Any]]:
    """What the list shows of some records."""
    words = _list_ranking_words(project, rows)
    pairs = _list_possible_duplicates(project, str(project.folder), dedupe.get_revision(project))
    return [
        {
            **_build_row(row),
            "Ranking words": ", ".join(words.get(row.summary.id, ())),
            "Possible duplicate": ", ".join(pairs.get(row.summary.id, ())),
        }
        for row in rows
    ]


def _list_ranking_words(project: Project, rows: list[ListedRecord]) -> dict[int, tuple[str, ...]]:
    """Record -> the words that rank it higher, where the person has not decided, as on Screening,
    and unless they have switched the words off."""
    if not get_preferences().ranking_words:
        return {}
    undecided = {row.summary.id: row.report for row in rows if row.own_verdict is None}
    return ranking_words.list_words(project, undecided, session.get_user().name)


@st.cache_data(max_entries=16, show_spinner="Listing possible duplicates …")
def _list_possible_duplicates(
    _project: Project, folder: str, revision: tuple[int, ...]
) -> dict[int, tuple[str, ...]]:
    """Record -> the records that a person has still to compare it with."""
    del folder, revision  # part of the cache's key
    keys: dict[int, list[str]] = {}
    for _, first, second in dedupe.find_possible_duplicates(_project):
        keys.setdefault(first.id, []).append(second.key)
        keys.setdefault(second.id, []).append(first.key)
    return {number: tuple(sorted(others)) for number, others in keys.items()}


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


def _render_table(rows: list[ListedRecord], cells: list[dict[str, Any]]) -> list[ListedRecord]:
    """Draws a page of the list; gives the rows that are ticked."""
    if not rows:
        st.info("No matching records. Try fewer search words or filters, or import records first.")
        return []
    table_event = st.dataframe(
        cells,
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


def _render_page_buttons(record_page: RecordList, start: int, shown: int) -> None:
    row = st.container(horizontal=True, vertical_alignment="center")
    row.button("Previous", disabled=start == 0, shortcut="Left", on_click=partial(_turn_page, -1))
    row.button(
        "Next",
        disabled=start + shown >= len(record_page.numbers),
        shortcut="Right",
        on_click=partial(_turn_page, 1),
    )
    if not shown:
        return
    of_all = (
        f" (of {record_page.total:,} in all)"
        if len(record_page.numbers) < record_page.total
        else ""
    )
    row.caption(f"{start + 1:,} to {start + shown:,} of {len(record_page.numbers):,}{of_all}")


def _turn_page(offset: int) -> None:
    st.session_state[PAGE_KEY] = max(st.session_state.get(PAGE_KEY, 0) + offset, 0)


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
        st.selectbox(
            "Reason",
            [None, *record_list.list_reasons(project)],
            format_func=lambda n: "No reason" if n is None else n,
            key=EXCLUSION_REASON_KEY,
        )
        st.caption(
            "This is your own decision on each record, at the stage where it waits for you; "
            "records that do not wait for you are left alone. Z undoes each decision on Screening."
        )
        st.form_submit_button("Exclude", on_click=partial(_exclude, project, numbers))


def _exclude(project: Project, numbers: tuple[int, ...]) -> None:
    """Saves the decisions before the page is drawn again, so that the next click cannot cut them
    off."""
    reason = st.session_state.get(EXCLUSION_REASON_KEY)
    try:
        outcome = record_list.exclude_records(project, session.get_user(), numbers, reason)
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
        return
    if outcome.saved:
        keep_message(
            PLACE,
            f"You excluded {format_count(len(outcome.saved), 'record')}: "
            f"{', '.join(outcome.saved)}.",
        )
    if outcome.skipped:
        keep_message(PLACE, "Not excluded: " + " ".join(outcome.skipped), "warning")


def _write_list(project: Project, view: ReaderView, numbers: tuple[int, ...]) -> bytes:
    """The list as CSV, with what the page shows of each record."""
    text = io.StringIO()
    columns = list(COLUMN_WIDTHS)
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    rows = record_list.list_rows(project, view, numbers)
    for row, shown in zip(rows, _build_rows(project, rows), strict=True):
        cells = shown | {"Record": row.summary.key}
        writer.writerow(
            {
                name: guard_formula(cell) if isinstance(cell := cells[name], str) else cell
                for name in columns
            }
        )
    return text.getvalue().encode("utf-8-sig")
