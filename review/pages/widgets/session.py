"""Who is in the app and which review is open: shared by all pages."""

import os
from pathlib import Path
from typing import Any

import streamlit as st

from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.setup.loading import open_project

COOKIE = "funnel_session"


def load_project() -> Project:
    """The review in FUNNEL_REVIEW (else this folder); opened anew when its protocol changes."""
    folder = Path(os.environ.get("FUNNEL_REVIEW", "."))
    path = folder / PROTOCOL_FILE
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return _open_cached(str(folder), stamp, os.environ.get("DATABASE_URL", ""))


@st.cache_resource(max_entries=4, show_spinner=False)
def _open_cached(folder: str, stamp: int, url: str) -> Project:
    """Names without a leading underscore: Streamlit leaves those out of what it tells apart."""
    return open_project(Path(folder), who="edited while the app ran")


def identify_user(project: Project) -> CurrentUser | None:
    """Who is signed in, kept for the pages; None where nobody is."""
    user = _find_user(project)
    st.session_state["person"] = user
    return user


def _find_user(project: Project) -> CurrentUser | None:
    solo = os.environ.get("FUNNEL_SOLO")
    if solo:
        return accounts.single_user(project, solo)
    token = st.context.cookies.get(COOKIE)
    if token:
        user = accounts.get_current_user(project, token)
        if user:
            return user
    if uses_oidc() and st.user.is_logged_in and not has_unconfirmed_email():
        return accounts.find_member(project, str(st.user.email or ""))
    return None


def has_unconfirmed_email() -> bool:
    """Whether the sign-in service says that the person never confirmed the address.

    Source: OpenID Connect Core 1.0, section 5.1, claim email_verified.
    """
    return st.user.get("email_verified") is False


def uses_oidc() -> bool:
    """Whether Streamlit's own login is configured (a section [auth] in secrets.toml)."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def is_password_session() -> bool:
    """Whether the person came through the sign-in page of this app."""
    return not os.environ.get("FUNNEL_SOLO") and COOKIE in st.context.cookies


def get_user() -> CurrentUser:
    """The person who is signed in; pages are only drawn for one."""
    user: CurrentUser = st.session_state["person"]
    return user


def get_or_set(key: str, default: Any) -> Any:
    """A page's own value, kept while the tab lives."""
    return st.session_state.setdefault(key, default)
