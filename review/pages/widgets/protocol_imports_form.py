"""The search exports that a protocol lists, as a form: file, database and PRISMA box."""

from typing import Any

import streamlit as st

from review.pages.widgets.protocol_draft import (
    ProtocolForm,
    bind_field,
    change_draft,
    render_field_notes,
    render_field_notes_of_list,
    render_text,
)
from review.workflow.records.export_files import BOXES, list_export_files
from review.workflow.setup.protocol_draft import REMOVED, KeyPath

WIDTH = 900
"""Width of the fields (pixels); on a narrower screen they fill the page."""
IMPORTS: KeyPath = ("search", "imports")


def render_imports(form: ProtocolForm) -> None:
    """The exports listed so far, and the way to list another file of the review's folder."""
    with st.container(width=WIDTH):
        st.markdown("**Exports of searches that somebody ran by hand (optional)**")
        st.caption(
            "The protocol may list the exports that belong to the review. Records are added on the "
            "page Import, which then offers the database and the PRISMA box given here."
        )
        entries = form.get(IMPORTS, [])
        entries = entries if isinstance(entries, list) else []
        for number, entry in enumerate(entries):
            if isinstance(entry, dict):
                with st.container(border=True):
                    _render_import(form, number, str(entry.get("file", "")))
        listed = {str(entry.get("file")) for entry in entries if isinstance(entry, dict)}
        others = [name for name in list_export_files(form.project.folder) if name not in listed]
        if others:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                key = f"protocol_{form.draft.turn}_new_import"
                st.selectbox("File in the review's folder", others, key=key)
                st.button("List this file", on_click=_add_import, args=(form, entries, key))
        render_field_notes_of_list(form, IMPORTS)


def _add_import(form: ProtocolForm, entries: list[Any], key: str) -> None:
    entry = {"file": st.session_state[key]}
    change_draft(form.draft, {IMPORTS: [*entries, entry]}, refill=True)


def _render_import(form: ProtocolForm, number: int, name: str) -> None:
    path: KeyPath = (*IMPORTS, number)
    source_column, box_column = st.columns(2)
    with source_column:
        render_text(form, (*path, "file"), "File", is_required=True)
        render_text(
            form,
            (*path, "source"),
            "Database (optional)",
            help_text="For example embase. Without one, the file's own word counts.",
        )
    with box_column:
        boxes = {via: label for label, via in BOXES.items()}
        st.selectbox(
            "PRISMA box",
            list(boxes),
            format_func=lambda via: boxes.get(via, str(via)),
            **bind_field(form, (*path, "via"), form.get((*path, "via"), "databases"), str),
        )
        render_field_notes(form, (*path, "via"))
    st.button(
        "Take off the list",
        key=f"protocol_{form.draft.turn}_remove_import_{number}",
        help=f"The file {name} and its records stay where they are.",
        on_click=change_draft,
        args=(form.draft, {path: REMOVED}),
        kwargs={"refill": True},
    )
