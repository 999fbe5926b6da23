"""A person's account: where they are signed in, and their password."""

from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.workflow.project import accounts, sign_in_limits
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.project import Project

PASSWORD_FIELDS = (
    ("password_old", "Current password", "current-password"),
    ("password_new", "New password", "new-password"),
    ("password_again", "New password again", "new-password"),
)


def render_page(project: Project) -> None:
    """Draws the page."""
    person = session.get_user()
    st.title("Account")
    st.markdown(f"{escape_markdown(person.name)} · {', '.join(person.roles)}")
    token = session.get_token()
    if token is None:
        st.info("You work alone on this computer, without sign-in.")
        return
    _render_sessions(project, person, token)
    _render_password_form(project, person)


def _render_sessions(project: Project, person: CurrentUser, token: str) -> None:
    st.subheader("Where you are signed in")
    for view in accounts.list_sessions(project, person.name, token=token):
        text_column, button_column = st.columns([5, 1], vertical_alignment="center")
        browser = accounts.describe_browser(view.browser)
        text_column.markdown(
            f"{escape_markdown(browser)} · from {escape_markdown(view.address or 'unknown')} · "
            f"since {view.opened:%d %b %Y %H:%M} UTC"
            + (" · **this browser**" if view.is_own else "")
        )
        if not view.is_own:
            button_column.button(
                "Sign out",
                key=f"end_{view.id}",
                on_click=partial(_end_session, project, person.name, view.id),
            )
    st.button("Sign out everywhere", on_click=partial(_sign_out_everywhere, project, person.name))


def _end_session(project: Project, name: str, session_id: int) -> None:
    accounts.end_sessions(project, name, name, session=session_id)


def _sign_out_everywhere(project: Project, name: str) -> None:
    accounts.end_sessions(project, name, name)
    st.session_state[session.SIGNED_OUT_KEY] = "You are signed out in every browser, this one too."


def _render_password_form(project: Project, person: CurrentUser) -> None:
    has_password = any(
        name == person.name and has_account for name, _, has_account in accounts.list_users(project)
    )
    if not has_password:
        return
    st.subheader("Change your password")
    with st.form("password", clear_on_submit=True, width=420):
        for key, label, autocomplete in PASSWORD_FIELDS:
            st.text_input(label, type="password", autocomplete=autocomplete, key=key)
        st.caption("You will be signed out in every browser.")
        st.form_submit_button(
            "Change password", on_click=partial(_change_password, project, person.name)
        )
    show_messages("password")


def _change_password(project: Project, name: str) -> None:
    old, new, again = (str(st.session_state.get(key) or "") for key, _, _ in PASSWORD_FIELDS)
    if new != again:
        keep_message("password", "The two new passwords differ; nothing was changed.", "warning")
        return
    try:
        sign_in_limits.change_password(project, name, old, new)
    except ReviewError as error:
        keep_message("password", str(error), "warning")
        return
    st.session_state[session.SIGNED_OUT_KEY] = "Your password is changed."
