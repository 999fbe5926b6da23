"""Record details: source fields, duplicates and related reports, full text, history."""

import streamlit as st

from review.errors import ReviewError
from review.models import Record
from review.pages.widgets import pdf_upload, record_text, session, tag_panel
from review.pages.widgets.highlighting import FREE_TEXT_STYLE, escape_markdown, highlight_words
from review.store.records import format_record_key
from review.workflow.deduplication import run
from review.workflow.fulltexts import attachments
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.records import annotations, listing
from review.workflow.records.listing import RecordView
from review.workflow.records.source_names import format_source


def render_page(project: Project) -> None:
    """Draws the record named in the address (?key=R000001) or typed in."""
    key = st.text_input("Record", st.query_params.get("key", ""), placeholder="R000001").strip()
    if not key:
        st.info("Enter a record number (e.g. R000001) or choose one from Records.")
        return
    st.query_params["key"] = key
    try:
        view = listing.get_record_view(project, key, session.get_user())
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))
        return
    record = view.stored.record
    st.title(escape_markdown(record.title or "(no title)"))
    st.caption(escape_markdown(_format_citation(record)))
    st.markdown(" · ".join(record_text.format_identifiers(record)) or "No identifiers")
    abstract_column, history_column = st.columns([3, 2], gap="large")
    with abstract_column:
        st.subheader("Abstract")
        text = highlight_words(view.abstract or "No abstract available.", {})
        st.html(f'<div {FREE_TEXT_STYLE}line-height:1.6">{text}</div>')
        _render_details(record)
        if view.duplicates:
            _render_merged_view(project, view.stored.key)
    with history_column:
        _render_related_records(view)
        _render_full_text(project, view.stored.id, view.stored.key)
        _render_tags(project, view)
        st.subheader("History")
        for event in view.history:
            st.markdown(
                f"**{event.at:%d %b %Y %H:%M}** · {escape_markdown(event.who)}  \n"
                f"{escape_markdown(event.what)}"
            )


def _format_citation(record: Record) -> str:
    parts = ["; ".join(record.authors), str(record.year or ""), record.journal or ""]
    return " · ".join(part for part in parts if part)


def _render_details(record: Record) -> None:
    rows = {
        "Source": " ".join(filter(None, (format_source(record.source), record.source_id))),
        "Published": record.date or "",
        "Volume, issue, pages": ", ".join(
            filter(None, (record.volume, record.issue, record.pages))
        ),
        "Language": record.language or "",
        "Types": ", ".join(record.types),
        "Keywords": ", ".join(record.keywords),
        "MeSH": ", ".join(record.mesh),
        "Categories": ", ".join(record.categories),
        "Relations": "; ".join(
            f"{relation.kind} {relation.target} ({format_source(relation.said_by)})"
            for relation in record.relations
        ),
    }
    rows |= {tag: "; ".join(values) for tag, values in record.extra.items()}
    with st.expander("All fields from the source"):
        st.table(
            {name: [escape_markdown(value)] for name, value in rows.items() if value},
            border="horizontal",
        )


def _render_merged_view(project: Project, key: str) -> None:
    """Draws the merged record of the report, with the origin of each field."""
    with st.expander("Merged record, field by field"):
        rows = run.build_merged_view(project, key)
        st.table(
            {
                "Field": [field.name.replace("_", " ") for field in rows],
                "Value": [escape_markdown(field.value) for field in rows],
                "From": [f"{field.key} ({format_source(field.source)})" for field in rows],
            },
            border="horizontal",
        )


def _render_full_text(project: Project, number: int, key: str) -> None:
    """Offers the PDF for download, or an upload box for those who may attach one."""
    st.subheader("Full text")
    path = attachments.find_pdf(project, number)
    if path is not None:
        pdf_upload.render_pdf_warning(number)
        st.download_button("Download PDF", path.read_bytes, f"{key}.pdf", "application/pdf")
        return
    if not accounts.is_allowed(session.get_user(), "attach"):
        st.caption("No PDF attached.")
        return
    pdf_upload.render_pdf_upload(project, number, f"record_pdf_{key}")


def _render_tags(project: Project, view: RecordView) -> None:
    """Draws tags and team notes; those who contribute may add their own."""
    st.subheader("Tags and team notes")
    person, number = session.get_user(), view.stored.id
    listed = annotations.list_visible_annotations(project, person.name, [number])[number]
    tag_panel.render_annotations(listed)
    if accounts.is_allowed(person, "contribute"):
        tag_panel.render_tag_panel(project, number, view.stored.key, listed)
    elif not listed:
        st.caption("None.")


def _render_related_records(view: RecordView) -> None:
    own_number = view.stored.id
    if view.report != own_number:
        st.markdown(
            "Duplicate of "
            f"[{format_record_key(view.report)}](record?key={format_record_key(view.report)})"
        )
    if view.duplicates:
        keys = ", ".join(
            f"[{format_record_key(record_number)}](record?key={format_record_key(record_number)})"
            for record_number in view.duplicates
        )
        st.markdown(f"Duplicates: {keys}")
    if view.siblings:
        keys = ", ".join(
            f"[{format_record_key(record_number)}](record?key={format_record_key(record_number)})"
            for record_number in view.siblings
        )
        st.markdown(f"Other reports of the same study: {keys}")
