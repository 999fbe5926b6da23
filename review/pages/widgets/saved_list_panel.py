"""Saved lists of records: open one, keep the filters of the page under a name, rename, delete."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message
from review.store.saved_lists import SavedList
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.records import saved_lists
from review.workflow.records.record_list import RecordFilter

NAME_KEY, SHARED_KEY = "records_list_name", "records_list_shared"
CHOSEN_KEY = "records_saved_list"
"""Session key: maker and name of the list that is open."""


def _format_list(saved: SavedList, reader: str) -> str:
    if saved.who != reader:
        return f"{saved.name} (team, {saved.who})"
    return f"{saved.name} (team)" if saved.shared else saved.name


def choose_list(project: Project, open_list: Callable[[SavedList], None]) -> SavedList | None:
    """Draws the choice of a saved list; gives the one that is open.

    Args:
        open_list: applies its filters to the page.
    """
    reader = session.get_user().name
    by_place = {
        (saved_list.who, saved_list.name): saved_list
        for saved_list in saved_lists.list_saved(project, reader)
    }
    if st.session_state.get(CHOSEN_KEY) not in by_place:
        st.session_state[CHOSEN_KEY] = None
    if not by_place:
        return None

    def apply() -> None:
        chosen = by_place.get(st.session_state[CHOSEN_KEY])
        if chosen is not None:
            open_list(chosen)

    place = st.selectbox(
        "Saved list",
        [None, *by_place],
        format_func=lambda place: (
            "None" if place is None else _format_list(by_place[place], reader)
        ),
        key=CHOSEN_KEY,
        on_change=apply,
    )
    return by_place.get(place) if place else None


def render_list_forms(project: Project, wanted: RecordFilter, chosen: SavedList | None) -> None:
    """Draws the forms to keep the page's filters, and to rename or delete one's own list."""
    person = session.get_user()
    if not accounts.is_allowed(person, "contribute"):
        return
    with st.expander("Save or change a list"):
        with st.form("records_save_list", border=False):
            st.text_input(
                "Save these filters as", max_chars=saved_lists.MAX_NAME_LENGTH, key=NAME_KEY
            )
            st.checkbox("For the team", key=SHARED_KEY)
            st.caption(
                "A list keeps the filters, not the records: each person sees what these filters "
                "find for them. Saving under the name of a list of yours replaces it."
            )
            st.form_submit_button(
                "Save list", on_click=partial(_save_list, project, person.name, wanted)
            )
        if chosen is None or chosen.who != person.name:
            return
        with st.form("records_rename_list", border=False):
            new_name_key = f"records_list_new_name_{chosen.name}"
            st.text_input(
                "New name of the open list",
                chosen.name,
                max_chars=saved_lists.MAX_NAME_LENGTH,
                key=new_name_key,
            )
            st.form_submit_button(
                "Rename",
                on_click=partial(_rename_list, project, person.name, chosen.name, new_name_key),
            )
        st.button(
            f"Delete {escape_markdown(chosen.name)}",
            key="records_delete_list",
            on_click=partial(
                _change,
                partial(saved_lists.delete_list, project, person.name, chosen.name),
                "List deleted. Its records stay as they are.",
            ),
        )


def _save_list(project: Project, name: str, wanted: RecordFilter) -> None:
    title = str(st.session_state.get(NAME_KEY) or "")
    shared = bool(st.session_state.get(SHARED_KEY))
    _change(
        lambda: saved_lists.save_list(project, name, title, wanted, shared=shared), "List saved."
    )


def _rename_list(project: Project, name: str, old_title: str, key: str) -> None:
    title = str(st.session_state.get(key) or "")
    _change(lambda: saved_lists.rename_list(project, name, old_title, title), "List renamed.")


def _change(change: Callable[[], object], message: str) -> None:
    """Makes a change; the page then shows what came of it."""
    try:
        change()
    except ReviewError as error:
        keep_message("records", str(error), "warning")
    else:
        keep_message("records", message)
