"""A person's account: where they are signed in, and their password."""

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.project import accounts, sign_in_limits
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.project import Project


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
        if not view.is_own and button_column.button("Sign out", key=f"end_{view.id}"):
            accounts.end_sessions(project, person.name, person.name, session=view.id)
            st.rerun()
    if st.button("Sign out everywhere"):
        accounts.end_sessions(project, person.name, person.name)
        st.success("You are signed out in every browser, this one too.")
        session.render_link("Sign in", "/signin")
        st.stop()


def _render_password_form(project: Project, person: CurrentUser) -> None:
    has_password = any(
        name == person.name and has_account for name, _, has_account in accounts.list_users(project)
    )
    if not has_password:
        return
    st.subheader("Change your password")
    with st.form("password", clear_on_submit=True, width=420):
        old = st.text_input("Current password", type="password", autocomplete="current-password")
        new = st.text_input("New password", type="password", autocomplete="new-password")
        again = st.text_input("New password again", type="password", autocomplete="new-password")
        st.caption("You will be signed out in every browser.")
        if not st.form_submit_button("Change password"):
            return
    if new != again:
        st.warning("The two new passwords differ; nothing was changed.")
        return
    try:
        sign_in_limits.change_password(project, person.name, old, new)
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))
        return
    st.success("Your password is changed.")
    session.render_link("Sign in", "/signin")
    st.stop()
