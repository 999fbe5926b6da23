"""Who is in the app and which review is open: shared by all pages."""

import html
import os
from pathlib import Path
from typing import Any

import streamlit as st

from review.errors import ReviewError
from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.home import HOME_VARIABLE, REVIEW_HEADER, REVIEW_NAME
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.setup.loading import open_project

COOKIE = "funnel_session"
SIGNED_OUT_KEY = "signed_out"
"""What this tab did to be signed out, in a sentence; shown with the way back in."""


def load_project() -> Project:
    """The review that this page was asked for; opened anew when its protocol changes."""
    folder = find_folder()
    path = folder / PROTOCOL_FILE
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return _open_cached(str(folder), stamp, os.environ.get("DATABASE_URL", ""))


def find_folder() -> Path:
    """The review's folder: in a home the one that its gate has let this person open, else that in
    FUNNEL_REVIEW, else this one. Raises ReviewError where a home's page names no review."""
    home = os.environ.get(HOME_VARIABLE)
    if not home:
        return Path(os.environ.get("FUNNEL_REVIEW", "."))
    name = str(st.context.headers.get(REVIEW_HEADER) or "")
    if not REVIEW_NAME.fullmatch(name):
        raise ReviewError("Open a review from the list of reviews.")
    return Path(home) / name


@st.cache_resource(max_entries=32, show_spinner=False)
def _open_cached(folder: str, stamp: int, url: str) -> Project:
    """Names without a leading underscore: Streamlit leaves those out of its cache keys."""
    return open_project(Path(folder), who="edited while the app ran")


def identify_user(project: Project) -> CurrentUser | None:
    """Who is signed in, kept for the pages; None where nobody is."""
    user = _find_user(project)
    st.session_state["person"] = user
    return user


def _find_user(project: Project) -> CurrentUser | None:
    solo = os.environ.get(accounts.SOLO_VARIABLE)
    if solo:
        return accounts.single_user(project, solo)
    return accounts.get_current_user(project, get_token())


def get_token() -> str | None:
    """The session of the browser that asks; None for the one person of a single-user app."""
    if os.environ.get(accounts.SOLO_VARIABLE):
        return None
    token = st.context.cookies.get(COOKIE)
    return None if token is None else str(token)


def get_user() -> CurrentUser:
    """The person who is signed in; pages are only drawn for one."""
    user: CurrentUser = st.session_state["person"]
    return user


def may_contribute() -> bool:
    """Whether the person may write words on flags, data sets and facts; readers only look."""
    return accounts.is_allowed(get_user(), "contribute")


def get_or_set(key: str, default: Any) -> Any:
    """A page's own value, kept while the tab lives."""
    return st.session_state.setdefault(key, default)


def render_link(label: str, address: str) -> None:
    """Draws a link to an address of this app that is none of its pages; it opens in this tab, where
    Streamlit's own links to such addresses open another."""
    st.html(f'<a href="{html.escape(address)}">{html.escape(label)}</a>')


def find_chosen_row(table_event: Any) -> int | None:
    """The row of a table that was chosen by its box or by a click on any of its cells."""
    selection = table_event.get("selection", {})
    rows = [*selection.get("rows", []), *(row for row, _ in selection.get("cells", []))]
    return int(rows[0]) if rows else None


def find_base_url() -> str:
    """Where people reach the app: as it was started with, else as this browser reached it."""
    named = os.environ.get("FUNNEL_URL", "").split(",")[0].strip()
    if named:
        return named
    scheme, _, rest = str(st.context.url).partition("://")
    return f"{scheme}://{rest.split('/')[0]}"
