"""People: who is in the team, what they do and when they were last active; the lead invites people,
changes their roles and retires them."""

from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.mail import MailSettings, load_mail_settings
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages, try_action
from review.pages.widgets.pending_work import ask_for_work, carry_out_work, finish_work
from review.protocol.models import PersonRole
from review.text.wording import format_count
from review.workflow.project import accounts, invitations
from review.workflow.project.invitations import Invitation
from review.workflow.project.project import Project
from review.workflow.setup import people, protocol_amendments
from review.workflow.setup.people import ROLE_MEANINGS, ROLE_NAMES, NewMember, PersonView

NEW_PLACE = "Nobody: a new member"
MAILING_KEY = "invitation_mail"
LINK_CARD_KEY = "invitation_card"
"""The person on whose card the link is shown; None above the form."""
FORM_WIDTH = 620
"""Width of the form (pixels); on a narrower screen it fills the page."""


def render_page(project: Project) -> None:
    """Draws the invitation form and the team."""
    person = session.get_user()
    accounts.require_permission(person, "manage")
    st.title("People")
    with st.container():  # always there: what opens and closes below keeps its place
        show_messages("people")
        _render_invitation_of(project, None)
    views = people.list_people(project, person.name)
    _render_invitation_form(project, views)
    st.subheader(format_count(len(views), "person", "people"))
    for view in views:
        _render_person(project, view)


def _render_invitation_form(project: Project, views: list[PersonView]) -> None:
    """The form that adds somebody to the team and makes their link."""
    examples = [view for view in views if view.is_example]
    turn = session.get_or_set("invite_turn", 0)  # empties the form once it is sent
    with (
        st.expander("Invite somebody", icon=":material/person_add:", expanded=bool(examples)),
        st.container(width=FORM_WIDTH),
    ):
        st.text_input("Full name", key=f"invite_full_name_{turn}", max_chars=100)
        st.text_input(
            "Name to sign in with",
            key=f"invite_name_{turn}",
            max_chars=60,
            help="Short; it signs each of their decisions and cannot be changed later.",
        )
        st.text_input("E-mail address (optional)", key=f"invite_email_{turn}", max_chars=200)
        role = st.radio(
            "Role",
            people.INVITED_ROLES,
            format_func=ROLE_NAMES.__getitem__,
            captions=[capitalize(ROLE_MEANINGS[role]) for role in people.INVITED_ROLES],
            key=f"invite_role_{turn}",
        )
        place = _choose_place(examples, role)
        st.text_input("Reason (optional, kept with the protocol)", key=f"invite_why_{turn}")
        if protocol_amendments.has_decisions(project):
            st.caption("Screening has begun, so this is recorded as an amendment of the protocol.")
        st.button(
            "Create invitation link",
            type="primary",
            on_click=partial(_invite, project, turn, role, place),
        )
        show_messages("invitation_form")


def _invite(project: Project, turn: int, role: PersonRole, place: str | None) -> None:
    """Adds the person of the form to the team and makes their link."""
    state = st.session_state
    full_name, name, email, why = (
        str(state.get(f"invite_{field}_{turn}") or "")
        for field in ("full_name", "name", "email", "why")
    )
    member = NewMember(
        name=name, full_name=full_name, role=role, email=email or None, in_place_of=place
    )
    try:
        invitation = people.invite_person(
            project, member, session.get_user().name, why, session.find_base_url()
        )
    except ReviewError as error:
        keep_message("invitation_form", str(error), "warning")
        return
    state["invitation"] = invitation
    state[LINK_CARD_KEY] = None
    state["invite_turn"] = turn + 1
    keep_message("people", f"{invitation.name} is in the team now.")


def _choose_place(examples: list[PersonView], role: PersonRole) -> str | None:
    """Whose place the new member takes, where the starter protocol's examples are still there."""
    if not examples:
        return None
    fitting = [view.name for view in examples if role in view.roles]
    options = [*fitting, NEW_PLACE, *(v.name for v in examples if v.name not in fitting)]
    place = st.selectbox(
        "Takes the place of the example",
        options,
        help="The starter protocol names example people, so that the plan is complete.",
        key=f"invite_place_{role}",
    )
    return None if place == NEW_PLACE else place


def _render_invitation_of(project: Project, card: str | None) -> None:
    """The link made last, on the card of the person it was asked for, else above the form."""
    invitation: Invitation | None = st.session_state.get("invitation")
    if invitation is not None and st.session_state.get(LINK_CARD_KEY) == card:
        _render_invitation(project, invitation)


def _render_invitation(project: Project, invitation: Invitation) -> None:
    """The link that was just made: it is shown once, and kept nowhere."""
    with st.container(border=True):
        if invitation.has_account:
            st.markdown(
                f"**{escape_markdown(invitation.name)}** has an account on this server and can now "
                "open this review at this address:"
            )
        else:
            st.markdown(
                f"Pass this link on to **{escape_markdown(invitation.name)}** and nobody else. It "
                f"works once, until {invitation.expires:%d %b %Y %H:%M} UTC."
            )
        st.code(invitation.address, language=None, wrap_lines=True)
        with st.container(horizontal=True):
            try:
                settings = load_mail_settings()
                if settings is not None and invitation.email:
                    st.button(
                        f"Send to {escape_markdown(invitation.email)}",
                        on_click=partial(ask_for_work, MAILING_KEY, invitation.address),
                    )
                    _mail_invitation(project, invitation, settings)
            except ReviewError as error:
                st.warning(escape_markdown(str(error)))
            st.button("Hide link", on_click=_hide_link)


def _mail_invitation(project: Project, invitation: Invitation, settings: MailSettings) -> None:
    """Sends the link if that was asked for; once, also if the drawing was interrupted."""

    def mail(address: str) -> None:
        if address == invitation.address:  # asked for this link, not for an earlier one
            invitations.mail_invitation(project, invitation, settings)

    pending = carry_out_work(MAILING_KEY, mail, "Sending the link …")
    if pending is None:
        return
    if pending.problem:
        st.warning(escape_markdown(pending.problem))
    elif pending.values == invitation.address:
        st.success(f"Sent to {escape_markdown(invitation.email or '')}.")
    finish_work(MAILING_KEY, pending)


def _hide_link() -> None:
    st.session_state.pop("invitation", None)
    st.session_state.pop(LINK_CARD_KEY, None)


def _render_person(project: Project, view: PersonView) -> None:
    with st.container(border=True):
        title = f"**{escape_markdown(view.full_name or view.name)}**"
        if view.full_name and view.full_name != view.name:
            title += f" ({escape_markdown(view.name)})"
        badges = " :orange-badge[Example]" if view.is_example else ""
        badges += " :gray-badge[Retired]" if view.is_retired else ""
        st.markdown(f"{title} · {people.format_roles(view.roles)}{badges}")
        st.caption(
            f"{escape_markdown(_describe_duties(view))}  \n{escape_markdown(_describe_state(view))}"
        )
        with st.container():
            show_messages(f"person_{view.name}")
            _render_invitation_of(project, view.name)
        with st.expander("Manage"):
            try:
                if view.is_retired:
                    _render_return(project, view)
                else:
                    _render_actions(project, view)
                    _render_roles(project, view)
                    _render_departure(project, view)
            except ReviewError as error:
                st.warning(escape_markdown(str(error)))


def _describe_duties(view: PersonView) -> str:
    return capitalize(f"{'; '.join(view.duties)}.") if view.duties else "No task yet."


def _describe_state(view: PersonView) -> str:
    if view.has_password:
        state = "Can sign in"
    elif view.invited_until:
        state = f"Invited; the link works until {view.invited_until:%d %b %Y %H:%M} UTC"
    else:
        state = "No password yet"
    last = (
        f"last active {view.last_active:%d %b %Y %H:%M} UTC"
        if view.last_active
        else "not active yet"
    )
    open_sessions = f" · {format_count(view.sessions, 'open session')}" if view.sessions else ""
    return f"{state} · {last}{open_sessions}" + (f" · {view.email}" if view.email else "")


def _render_actions(project: Project, view: PersonView) -> None:
    who = session.get_user().name
    label = "Reset password by link" if view.has_password else "Create invitation link"
    with st.container(horizontal=True):
        st.button(
            label, key=f"link_{view.name}", on_click=partial(_make_link, project, view.name, who)
        )
        if view.sessions:
            st.button(
                "Sign out everywhere",
                key=f"sign_out_{view.name}",
                on_click=partial(_sign_out, project, view.name, who),
            )


def _make_link(project: Project, name: str, who: str) -> None:
    def make() -> None:
        st.session_state["invitation"] = invitations.make_invitation(
            project, name, who, session.find_base_url()
        )
        st.session_state[LINK_CARD_KEY] = name

    try_action(f"person_{name}", make)


def _sign_out(project: Project, name: str, who: str) -> None:
    def end() -> str:
        count = accounts.end_sessions(project, name, who)
        return f"{name} is signed out: {format_count(count, 'session')} ended."

    try_action(f"person_{name}", end)


def _render_roles(project: Project, view: PersonView) -> None:
    with st.form(f"roles_{view.name}", border=False):
        st.multiselect(
            "Roles",
            list(ROLE_NAMES),
            view.roles,
            format_func=ROLE_NAMES.__getitem__,
            help="  \n".join(f"{ROLE_NAMES[role]}: {text}" for role, text in ROLE_MEANINGS.items()),
            key=_get_roles_key(view),
        )
        st.text_input("Reason (optional, kept with the protocol)", key=f"roles_why_{view.name}")
        st.form_submit_button("Change roles", on_click=partial(_change_roles, project, view))


def _get_roles_key(view: PersonView) -> str:
    """Changes with the roles, so that the field shows those another lead gave meanwhile."""
    return f"roles_{view.name}_{'_'.join(view.roles)}"


def _change_roles(project: Project, view: PersonView) -> None:
    roles = list(st.session_state.get(_get_roles_key(view), view.roles))
    why = str(st.session_state.get(f"roles_why_{view.name}") or "")
    try:
        people.change_roles(project, view.name, roles, session.get_user().name, why)
    except ReviewError as error:
        keep_message(f"person_{view.name}", str(error), "warning")
        return
    keep_message(f"person_{view.name}", f"{view.name} is now: {people.format_roles(roles)}.")


def _render_departure(project: Project, view: PersonView) -> None:
    """Retires somebody, or takes somebody who has done nothing off the list; after a question."""
    who, key = session.get_user().name, f"leaving_{view.name}"
    if not st.session_state.get(key):
        label = "Remove from the team" if view.is_removable else "Retire"
        st.button(
            f"{label} …",
            key=f"ask_{view.name}",
            on_click=partial(st.session_state.update, {key: True}),
        )
        return
    if view.is_removable:
        st.markdown(f"{escape_markdown(view.name)} has done nothing here, so nothing is lost.")
        st.text_input("Reason (optional, kept with the protocol)", key=f"why_{view.name}")
    else:
        lines = people.describe_retirement(project, view.name, who)
        st.markdown("\n".join(f"- {escape_markdown(line)}" for line in lines))
    with st.container(horizontal=True):
        st.button(
            f"{'Remove' if view.is_removable else 'Retire'} {escape_markdown(view.name)}",
            type="primary",
            key=f"leave_{view.name}",
            on_click=partial(_let_go, project, view),
        )
        st.button(
            "Cancel",
            key=f"stay_{view.name}",
            on_click=partial(st.session_state.update, {key: False}),
        )


def _let_go(project: Project, view: PersonView) -> None:
    """Takes somebody off the list, or retires them, as the question before it said."""
    who = session.get_user().name
    try:
        if view.is_removable:
            why = str(st.session_state.get(f"why_{view.name}") or "")
            people.remove_person(project, view.name, who, why)
            place, message = "people", f"{view.name} is no longer in the team."
        else:
            result = people.retire_person(project, view.name, who)
            place, message = f"person_{view.name}", f"{view.name} is retired."
            if result.understaffed_stages:
                stages = ", ".join(result.understaffed_stages)
                message += f" Too few reviewers are left for: {stages}."
    except ReviewError as error:
        keep_message(f"person_{view.name}", str(error), "warning")
        return
    st.session_state[f"leaving_{view.name}"] = False
    keep_message(place, message)


def _render_return(project: Project, view: PersonView) -> None:
    st.caption("Their decisions on unresolved records count again when they come back.")
    st.button(
        "Bring back", key=f"return_{view.name}", on_click=partial(_bring_back, project, view.name)
    )


def _bring_back(project: Project, name: str) -> None:
    try:
        st.session_state["invitation"] = people.return_person(
            project, name, session.get_user().name, session.find_base_url()
        )
    except ReviewError as error:
        keep_message(f"person_{name}", str(error), "warning")
        return
    st.session_state[LINK_CARD_KEY] = name
    keep_message(f"person_{name}", f"{name} is back in the team.")


def capitalize(text: str) -> str:
    """The text with a capital first letter; the others stay."""
    return text[:1].upper() + text[1:]
