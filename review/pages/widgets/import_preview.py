"""The preview of one file before it is imported, and what a person says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from review.formats.tabular.columns import MAPPABLE_FIELDS
from review.formats.tabular.table_outline import outline_table
from review.models import Record, SearchDate
from review.pages.widgets.highlighting import escape_markdown
from review.protocol.models import Via, format_stage_name
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.project.project import Project
from review.workflow.records.app_wording import rephrase_for_app
from review.workflow.records.export_files import BOXES
from review.workflow.records.field_check import FieldCheck
from review.workflow.records.import_decisions import DecisionPreview
from review.workflow.records.search_dates import EARLIEST_YEAR
from review.workflow.records.source_names import format_source
from review.workflow.records.uploads import ImportPreview

VERDICT_COLUMNS = {"include": "Include", "exclude": "Exclude", "unsure": "Maybe", "": "Taken back"}
MAX_REJECTED = 5
"""Rows that cannot be imported named in the preview; all of them after the import."""
UNCHANGED_BOX = "As recorded"
FIELD_NAMES = {
    "doi": "DOI",
    "pmid": "PMID",
    "pmcid": "PMCID",
    "arxiv_id": "arXiv ID",
    "urls": "URL",
}
NOT_USED = "Not used"
MAPPED_FIRST = ("title", "authors", "year", "abstract", "journal", "doi")
"""Fields offered for a column before the others."""


@dataclass(frozen=True, slots=True)
class ImportForm:
    """What a person has said of a file so far."""

    source: str
    """As typed; empty where the file's own word counts."""
    via: Via | None
    sheet: str | None
    mapping: tuple[tuple[str, str], ...]
    """Column and the field it fills."""
    searched: SearchDate | None
    is_date_unknown: bool
    """Whether the person says that nobody knows when the search was run."""


def get_form(file_id: str) -> ImportForm:
    """The answers given to the widgets below, as Streamlit keeps them."""
    state = st.session_state
    return ImportForm(
        source=str(state.get(f"import_source_{file_id}", "") or "").strip(),
        via=BOXES.get(state.get(f"import_box_{file_id}", "")),
        sheet=state.get(f"import_sheet_{file_id}"),
        mapping=tuple(
            (column, field)
            for column, field in state.get(f"import_mapping_{file_id}", {}).items()
            if field
        ),
        searched=_get_search_date(file_id),
        is_date_unknown=bool(state.get(f"import_unknown_{file_id}")),
    )


def _get_search_date(file_id: str) -> SearchDate | None:
    if st.session_state.get(f"import_unknown_{file_id}"):
        return None
    first = st.session_state.get(f"import_searched_{file_id}")
    if not isinstance(first, date):
        return None
    last = st.session_state.get(f"import_searched_to_{file_id}")
    return SearchDate(first, last if isinstance(last, date) and last > first else first)


def render_decision_counts(project: Project, preview: DecisionPreview) -> None:
    """Draws what a file of decisions would add, a row for each reviewer at a stage."""
    new = sum(preview.counts.values())
    already = f"{preview.unchanged:,} already in the review"
    st.markdown(
        f"**{format_count(new, 'decision')}** to add, {already}, "
        f"{format_count(preview.undecided, 'row')} without a decision, "
        f"{format_count(len(preview.rejected), 'row')} that cannot be imported, "
        f"{format_count(preview.repeated, 'repeated row')}."
    )
    if preview.statements:
        st.markdown(f"{format_count(preview.statements, 'statement')} on the retrieval of reports.")
    names = {stage.id: format_stage_name(stage) for stage in project.protocol.stages}
    people = dict.fromkeys((stage, reviewer) for stage, reviewer, _ in preview.counts)
    if people:
        rows = [
            {"Stage": names.get(stage, stage), "Reviewer": reviewer}
            | {
                label: preview.counts.get((stage, reviewer, verdict), 0)
                for verdict, label in VERDICT_COLUMNS.items()
            }
            for stage, reviewer in people
        ]
        st.dataframe(rows, hide_index=True, width="content")
    for line in preview.rejected[:MAX_REJECTED]:
        st.caption(f"Row {line.number}: {escape_markdown(rephrase_for_app(line.reason))}")


def render_sheet_choice(preview: ImportPreview, file_id: str) -> None:
    """Lets a person choose the sheet of a workbook that has several."""
    sheets = preview.outline.sheets
    if len(sheets) < 2:
        return
    row_counts = {sheet.name: sheet.row_count for sheet in sheets}
    hidden = {sheet.name for sheet in sheets if sheet.is_hidden}
    st.selectbox(
        "Sheet",
        list(row_counts),
        index=None,
        placeholder="The only visible sheet that holds records",
        format_func=lambda name: (
            f"{name} ({format_count(row_counts[name], 'row')}"
            f"{', hidden' if name in hidden else ''})"
        ),
        key=f"import_sheet_{file_id}",
    )


def choose_sheet(name: str, data: bytes, key: str) -> str | None:
    """Lets a person choose a sheet of a workbook; None where there is nothing to choose."""
    sheets = outline_table(data, name).sheets
    if len(sheets) < 2:
        return None
    return st.selectbox(
        "Sheet",
        [sheet.name for sheet in sheets],
        index=None,
        placeholder="The only visible sheet with decisions",
        key=f"sheet_{key}",
    )


def render_preview(preview: ImportPreview) -> None:
    """Draws counts, databases, fields, the first records and what the field check says."""
    st.markdown(
        f"**{format_count(preview.counted, 'record')}** counted in the file, "
        f"**{preview.read:,}** read"
        + (f", **{len(preview.unreadable):,}** unreadable" if preview.unreadable else "")
        + "."
    )
    names = ", ".join(f"{format_source(name)} {count:,}" for name, count in preview.databases)
    st.markdown(f"Counted in the PRISMA diagram under: {escape_markdown(names)}.")
    if preview.earlier_import:
        st.info(
            f"This file was imported on {preview.earlier_import}. No record will be added; you can "
            "correct its database, PRISMA box and search date."
        )
    elif preview.known or preview.probable_duplicates:
        st.markdown(
            f"Already in the review: **{preview.known:,}**. Probable duplicates of other records "
            f"(same DOI, PMID or title): **{preview.probable_duplicates:,}**."
        )
    else:
        st.markdown("No duplicates of records in the review expected.")
    for note in preview.notes:
        st.caption(escape_markdown(note))
    for entry in preview.unreadable[:20]:
        st.caption(f"Unreadable record {entry.number}: {escape_markdown(entry.reason)}")
    st.dataframe(_build_field_rows(preview), hide_index=True, width="content")
    st.dataframe([_build_example_row(record) for record in preview.examples], hide_index=True)
    if preview.check:
        _render_check(preview.check)


def _build_field_rows(preview: ImportPreview) -> list[dict[str, str]]:
    """One row: the share of records that have each field."""
    shares = {
        _name_field(field): f"{100 * count / preview.read:.0f}%" if preview.read else "0%"
        for field, count in preview.filled
    }
    return [{"Records with": "share", **shares}]


def _build_example_row(record: Record) -> dict[str, str]:
    return {
        "Title": record.title or "—",
        "Authors": "; ".join(record.authors[:3]) or "—",
        "Year": str(record.year or "—"),
        "Journal": record.journal or "—",
        "DOI": record.doi or "—",
        "Abstract": (record.abstract or "—")[:120],
    }


def _render_check(check: FieldCheck) -> None:
    lines = [
        f"{count:,} of {check.record_count:,} records have no {_name_field(name, in_text=True)}."
        for name, count in check.lacking
    ]
    lines += [
        f"Column “{column.name}” was not used (for example “{column.example}”)."
        for column in check.unused
    ]
    if lines:
        st.warning("  \n".join(map(escape_markdown, lines)))


def render_mapping(preview: ImportPreview, file_id: str) -> None:
    """A form that says which unused columns fill which field; open where fields are lacking."""
    columns = _list_mappable_columns(preview)
    mapping: dict[str, str] = st.session_state.get(f"import_mapping_{file_id}", {})
    if not columns and not mapping:
        return
    check = preview.check
    guesses: dict[str, str] = (
        {column.name: column.field for column in check.unused} if check else {}
    )
    is_needed = not preview.is_readable or bool(check and check.lacking)
    with (
        st.expander("Map columns", expanded=is_needed or bool(mapping)),
        st.form(f"import_mapping_form_{file_id}", border=False),
    ):
        st.caption(
            "Choose what each unused column holds. Funnel keeps the mapping for the next import "
            "from the same database."
        )
        names = dict.fromkeys([*mapping, *sorted(columns, key=lambda name: name not in guesses)])
        for name in names:
            example = columns.get(name)
            _render_field_choice(
                f"{name} ({example})" if example else name,
                mapping.get(name) or (None if mapping else guesses.get(name)),
                _get_column_key(file_id, name),
            )
        st.form_submit_button("Apply mapping", on_click=_apply_mapping, args=(file_id, list(names)))


def _apply_mapping(file_id: str, columns: Sequence[str]) -> None:
    """Takes the chosen fields over before the page is drawn anew, so that whatever is clicked next
    cannot interrupt it."""
    choices = {name: st.session_state.get(_get_column_key(file_id, name)) for name in columns}
    st.session_state[f"import_mapping_{file_id}"] = {
        name: field for name, field in choices.items() if field
    }


def _get_column_key(file_id: str, column: str) -> str:
    return f"import_column_{file_id}_{column}"


def _render_field_choice(label: str, current: str | None, key: str) -> None:
    """Asks for the field that a column fills; None where it is not used."""
    others = [field for field in MAPPABLE_FIELDS if field not in MAPPED_FIRST]
    fields = [None, *MAPPED_FIRST, *others]
    st.selectbox(
        label,
        fields,
        index=fields.index(current) if current in fields else 0,
        format_func=lambda field: NOT_USED if field is None else _name_field(field),
        key=key,
    )


def _list_mappable_columns(preview: ImportPreview) -> dict[str, str]:
    """Column -> an example; of a table that cannot be read, all its columns."""
    if not preview.is_readable:
        return dict.fromkeys(preview.outline.columns, "")
    return {column.name: column.example for column in preview.unused}


def _name_field(field: str, *, in_text: bool = False) -> str:
    name = FIELD_NAMES.get(field, field.replace("_", " "))
    return name if in_text or field in FIELD_NAMES else name.capitalize()


def render_questions(preview: ImportPreview, file_id: str) -> None:
    """Asks for database, PRISMA box and search date."""
    source_column, box_column = st.columns(2)
    source_column.text_input(
        "Database",
        placeholder=", ".join(format_source(name) for name, _ in preview.databases[:2]),
        help="Leave empty to count each record under the database it names.",
        key=f"import_source_{file_id}",
    )
    boxes = [UNCHANGED_BOX, *BOXES] if preview.earlier_import else list(BOXES)
    listed = [label for label, via in BOXES.items() if preview.listed and preview.listed.via == via]
    box_column.selectbox(
        "PRISMA box",
        boxes,
        index=0 if preview.earlier_import or not listed else boxes.index(listed[0]),
        key=f"import_box_{file_id}",
    )
    first_column, last_column, unknown_column = st.columns([2, 2, 2], vertical_alignment="bottom")
    is_unknown = unknown_column.checkbox("Not known", key=f"import_unknown_{file_id}")
    earliest, today = date(EARLIEST_YEAR, 1, 1), utc_now().date()
    first_column.date_input(
        "Date of the search",
        value=None,
        disabled=is_unknown,
        key=f"import_searched_{file_id}",
        min_value=earliest,
        max_value=today,
    )
    last_column.date_input(
        "Last day, if it took several",
        value=None,
        disabled=is_unknown,
        key=f"import_searched_to_{file_id}",
        min_value=earliest,
        max_value=today,
    )
