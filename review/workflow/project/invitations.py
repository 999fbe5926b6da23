"""One-time links by which a member of the team chooses a password: the first one, or a new one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from review.errors import ReviewError
from review.mail import MailSettings, send_message
from review.protocol.models import Person
from review.store import Connection, homes, one_time_links
from review.store import accounts as account_rows
from review.store.timestamps import utc_now
from review.workflow.project import accounts, home
from review.workflow.project.accounts import PASSWORD_LINK
from review.workflow.project.project import (
    Project,
    SignInPlace,
    get_account_store,
    get_review_name,
)

LINK_DAYS = 3
"""How long a link works (days)."""
LINK_PATH = "/invitation"

GONE = "This link has been used, replaced, or is too old. Ask the lead for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link that was just made; its secret is kept nowhere else."""

    name: str
    email: str | None
    address: str
    """The whole link."""
    expires: datetime
    is_new: bool
    """Whether the person has no password yet."""
    has_account: bool = False
    """Whether they have an account on the server already: the address then opens the review, with
    no secret in it, and works for as long as they are in the team."""


def make_invitation(project: Project, name: str, who: str, base_url: str) -> Invitation:
    """A link by which a member chooses a password, in place of any that was made before.

    The old password and the open sessions hold until the link is used.

    Args:
        base_url: where the app is reached, for example https://review.example.org.

    Raises:
        ReviewError: not the lead, not in the team, or no web address.
    """
    accounts.require_role(project, who, "manage")
    base = check_base_url(base_url)
    teammate = accounts.get_teammate(project, name)
    if project.home_store is not None:
        return invite_through_home(project, teammate, who, base)
    has_account = {n: has for n, _, has in accounts.list_users(project)}[teammate.name]
    with project.store.write() as conn:
        if account_rows.is_closed(conn, teammate.name, teammate.email):
            account_rows.reopen(conn, teammate.name, who, utc_now())
        return add_invitation(conn, teammate, who, base, is_new=not has_account)


def invite_through_home(project: Project, person: Person, who: str, base_url: str) -> Invitation:
    """Lets somebody open a review of a home: who has an account there is let in at once; anybody
    else is given a link for one, and a member who is in already a link for a new password.

    Raises:
        ReviewError: not the lead, or the account is another person's or opens other reviews.
    """
    accounts.require_role(project, who, "manage")
    store, review = get_account_store(project), get_review_name(project)
    with store.read() as conn:
        is_in = homes.is_member(conn, review, person.name)
    if is_in:
        accounts.require_account_control(project, person.name, who)
    with store.write() as conn:
        is_known = home.enroll(conn, review, person, who)
        is_new = account_rows.get_password_hash(conn, person.name) is None
        link = None
        if is_in or not is_known:
            link = add_invitation(conn, person, who, base_url, is_new=is_new)
    accounts.admit_again(project, person.name, who)
    return link or point_to_review(project, person, base_url)


def point_to_review(project: Project, person: Person, base_url: str) -> Invitation:
    """The address of a review in a home, for who has an account there."""
    return Invitation(
        name=person.name,
        email=person.email,
        address=f"{base_url}{home.build_review_path(get_review_name(project))}",
        expires=utc_now(),
        is_new=False,
        has_account=True,
    )


def add_invitation(
    conn: Connection, person: Person, who: str, base_url: str, *, is_new: bool
) -> Invitation:
    """Adds a link within a transaction that writes; the base address is one that was checked."""
    token = secrets.token_urlsafe(32)
    now = utc_now()
    expires = now + timedelta(days=LINK_DAYS)
    one_time_links.end_links(conn, person.name, PASSWORD_LINK, now)
    one_time_links.add_link(
        conn, token, person.name, PASSWORD_LINK, who=who, at=now, expires=expires
    )
    return Invitation(
        name=person.name,
        email=person.email,
        address=f"{base_url}{LINK_PATH}?key={token}",
        expires=expires,
        is_new=is_new,
    )


def check_base_url(base_url: str) -> str:
    """The address without its last slash. Raises ReviewError where it is no web address."""
    parts = urlsplit(base_url.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ReviewError(
            f"{base_url!r} is not the address of the app; give it as https://review.example.org."
        )
    return base_url.strip().rstrip("/")


def mail_invitation(project: Project, invitation: Invitation, settings: MailSettings) -> None:
    """Sends the link to the member's address.

    Raises:
        ReviewError: the protocol has no address for them, or the mail server did not take it.
    """
    if not invitation.email:
        raise ReviewError(
            f"{invitation.name} has no e-mail address in protocol.yaml; add 'email' there, or pass "
            "the link on yourself."
        )
    title = " ".join(project.protocol.title.split())
    if invitation.has_account:
        send_message(
            settings,
            to=invitation.email,
            subject=f"Funnel: you are in the team of {title}",
            text=(
                f"Dear {invitation.name},\n\nyou can now open the review “{title}” with the "
                f"account you have on this server:\n\n{invitation.address}\n"
            ),
        )
        return
    purpose = "choose a password" if invitation.is_new else "choose a new password"
    send_message(
        settings,
        to=invitation.email,
        subject=f"Funnel: {purpose} for {title}",
        text=(
            f"Dear {invitation.name},\n\nopen this link to {purpose} for the review “{title}”:\n\n"
            f"{invitation.address}\n\n"
            f"It works once, until {invitation.expires:%d %B %Y, %H:%M} UTC. If you did not expect "
            "this message, do nothing: your password stays as it is.\n"
        ),
    )


def find_invited(project: SignInPlace, token: str) -> str | None:
    """The member whose link this is; None where it does not work, or they left the team. Looking
    does not use it up, for some mail programs open every link."""
    with project.store.read() as conn:
        name = one_time_links.get_link_name(conn, token, PASSWORD_LINK, utc_now())
    member = None if name is None else accounts.find_member(project, name)
    return None if member is None else member.name


def accept_invitation(
    project: SignInPlace,
    token: str,
    password: str,
    *,
    address: str | None = None,
    browser: str | None = None,
) -> tuple[str, str]:
    """Sets the password, ends the person's other sessions and the link, and opens a session, all
    in one transaction. Gives the name and the session's token.

    Raises:
        ReviewError: the link does not work, or the password is too short.
    """
    if find_invited(project, token) is None:
        raise ReviewError(GONE)
    password_hash = accounts.hash_password(password)
    with project.store.write() as conn:
        name = one_time_links.get_link_name(conn, token, PASSWORD_LINK, utc_now())
        if name is None or accounts.find_member(project, name) is None:
            raise ReviewError(GONE)
        teammate = accounts.get_teammate(project, name)
        accounts.store_password(conn, teammate, password_hash, teammate.name)
        return teammate.name, accounts.start_session(conn, teammate.name, address, browser)
