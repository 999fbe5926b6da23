"""Tags and team notes of a record: what a person may see, and the panel to change their own."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.store.annotations import Annotation
from review.workflow.project.project import Project
from review.workflow.records import annotations

SCOPE_LABELS = {False: "Only me", True: "Team"}
PLACE = "tag_panel"
"""Where the panel says what went wrong with the last tag or note."""


def format_tags(listed: list[Annotation], reader: str) -> str:
    """The tags of a record on one line of Markdown, with whose they are; empty where none."""
    parts = []
    for tag in listed:
        if tag.kind != "tag":
            continue
        if not tag.shared:
            whose = "only me"
        else:
            whose = "team" if tag.who == reader else f"team, {escape_markdown(tag.who)}"
        parts.append(f"**{escape_markdown(tag.text)}** ({whose})")
    return "Tags: " + ", ".join(parts) if parts else ""


def render_annotations(listed: list[Annotation]) -> None:
    """Draws the tags and team notes of a record."""
    reader = session.get_user().name
    if line := format_tags(listed, reader):
        st.caption(line)
    for note in listed:
        if note.kind == "note":
            whose = "Your team note" if note.who == reader else f"Team note, {note.who}"
            st.caption(f"{escape_markdown(whose)}: {escape_markdown(note.text)}")


def render_tag_panel(project: Project, number: int, key: str, listed: list[Annotation]) -> None:
    """Draws the forms to add a tag and a note for the team, and buttons to remove one's own tags.

    Args:
        key: of the record.
    """
    who = session.get_user().name
    own = [entry for entry in listed if entry.who == who]
    show_messages(PLACE)
    with st.form(f"tag_{key}", clear_on_submit=True, border=False):
        st.text_input("New tag", max_chars=annotations.MAX_TAG_LENGTH, key=f"tag_text_{key}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.radio(
                "Tag for",
                [False, True],
                format_func=SCOPE_LABELS.__getitem__,
                horizontal=True,
                label_visibility="collapsed",
                key=f"tag_shared_{key}",
            )
            st.form_submit_button("Add tag", on_click=partial(_add_tag, project, who, number, key))
    tags = [entry for entry in own if entry.kind == "tag"]
    if tags:
        with st.container(horizontal=True):
            for index, own_tag in enumerate(tags):
                remove = partial(
                    annotations.remove_tag,
                    project,
                    who,
                    number,
                    own_tag.text,
                    shared=own_tag.shared,
                )
                st.button(
                    f"Remove {escape_markdown(own_tag.text)} "
                    f"({SCOPE_LABELS[own_tag.shared].lower()})",
                    key=f"remove_tag_{key}_{index}",
                    on_click=partial(_save, remove),
                )
    note = next((entry.text for entry in own if entry.kind == "note"), "")
    with st.form(f"team_note_{key}", border=False):
        st.text_area(
            "Your note for the team",
            note,
            max_chars=annotations.MAX_NOTE_LENGTH,
            key=f"team_note_text_{key}",
        )
        st.form_submit_button(
            "Save team note", on_click=partial(_save_team_note, project, who, number, key)
        )
    st.caption(
        "Reviewers see what others share once the record is resolved, as with decisions. Tags for "
        "yourself are shown to nobody else."
    )


def _add_tag(project: Project, who: str, number: int, key: str) -> None:
    tag = str(st.session_state.get(f"tag_text_{key}") or "")
    is_shared = bool(st.session_state.get(f"tag_shared_{key}"))
    _save(partial(annotations.add_tag, project, who, number, tag, shared=is_shared))


def _save_team_note(project: Project, who: str, number: int, key: str) -> None:
    text = str(st.session_state.get(f"team_note_text_{key}") or "")
    _save(partial(annotations.save_team_note, project, who, number, text))


def _save(change: Callable[[], object]) -> None:
    """Makes a change before the page is drawn again, so that the next key press cannot cut it
    off."""
    try:
        change()
    except ReviewError as error:
        keep_message(PLACE, str(error), "warning")
