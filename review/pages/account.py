"""A person's account: where they are signed in, and their password; for the lead, the team's."""

import os

import streamlit as st

from review.errors import ReviewError
from review.mail import load_mail_settings
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.project import accounts, invitations, sign_in_limits
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.invitations import Invitation
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
    if accounts.is_allowed(person, "manage"):
        _render_team(project, person)


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


def _render_team(project: Project, person: CurrentUser) -> None:
    st.subheader("Team")
    st.caption(
        "A link lets one person choose a password. It works once, for "
        f"{invitations.LINK_DAYS} days. The team itself is set in protocol.yaml."
    )
    for name, roles, has_account in accounts.list_users(project):
        text_column, link_column, end_column = st.columns([4, 1, 1], vertical_alignment="center")
        count = len(accounts.list_sessions(project, name))
        state = "can sign in with a password" if has_account else "no password"
        text_column.markdown(
            f"**{escape_markdown(name)}** · {', '.join(roles)} · {state} · "
            f"{count} {'session' if count == 1 else 'sessions'}"
        )
        if link_column.button("Create link", key=f"link_{name}"):
            st.session_state["invitation"] = invitations.make_invitation(
                project, name, person.name, _find_base_url()
            )
        if count and end_column.button("Sign out", key=f"sign_out_{name}"):
            accounts.end_sessions(project, name, person.name)
            st.rerun()
    invitation: Invitation | None = st.session_state.get("invitation")
    if invitation is not None:
        _render_invitation(project, invitation)


def _render_invitation(project: Project, invitation: Invitation) -> None:
    st.markdown(
        f"Pass this link on to **{escape_markdown(invitation.name)}** and nobody else. It works "
        f"once, until {invitation.expires:%d %b %Y %H:%M} UTC."
    )
    st.code(invitation.address, language=None)
    try:
        settings = load_mail_settings()
        if settings is None or not invitation.email:
            return
        if st.button(f"Send to {invitation.email}"):
            invitations.mail_invitation(project, invitation, settings)
            st.success(f"Sent to {escape_markdown(invitation.email)}.")
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))


def _find_base_url() -> str:
    """Where people reach the app: as it was started with, else as this browser reached it."""
    named = os.environ.get("FUNNEL_URL", "").split(",")[0].strip()
    if named:
        return named
    scheme, _, rest = str(st.context.url).partition("://")
    return f"{scheme}://{rest.split('/')[0]}"
