"""Accounts, sign-in and permissions by role."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from review.errors import ReviewError
from review.protocol.models import Person, PersonRole
from review.store import Connection, accounts, homes, one_time_links
from review.store.timestamps import utc_now
from review.workflow.project import home
from review.workflow.project.project import (
    Project,
    SignInPlace,
    get_account_store,
    get_review_name,
)

SESSION_DAYS = 14
"""How long a sign-in lasts (days)."""
MIN_PASSWORD_LENGTH = 8
"""Least length of a password (characters). Source: NIST SP 800-63B, 5.1.1.2."""
MAX_PASSWORD_LENGTH = 1000
"""Most characters of a password; longer ones only cost time."""
PASSWORD_LINK = "password"
"""Kind of the one-time links that set a password."""

ROLES_BY_ACTION: dict[str, frozenset[str]] = {
    "view": frozenset({"guest", "reader", "librarian", "reviewer", "adjudicator", "lead"}),
    "read": frozenset({"reader", "librarian", "reviewer", "adjudicator", "lead"}),
    "screen": frozenset({"reviewer"}),
    "appraise": frozenset({"reviewer"}),
    "adjudicate": frozenset({"adjudicator"}),
    "dedupe": frozenset({"reviewer", "lead", "adjudicator", "librarian"}),
    "harvest": frozenset({"lead", "librarian"}),
    "import": frozenset({"lead", "librarian"}),
    "import decisions": frozenset({"lead"}),
    "manage": frozenset({"lead"}),
    "export": frozenset({"lead"}),
    "attach": frozenset({"lead", "reviewer", "adjudicator", "librarian"}),
    "contribute": frozenset({"lead", "reviewer", "adjudicator"}),
}
"""Action -> roles that may do it. To view is to open the overview, the protocol and the results,
which is all a guest does; to read is to open the records as well. Exports show decisions, so they
are the lead's. To contribute is to write what is neither a decision nor a setting: notes,
abstracts, forms, words on flags."""

SOLO_VARIABLE = "FUNNEL_SOLO"
"""Names the one person of a single-user app, who has every role."""


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """A person who is signed in."""

    name: str
    roles: tuple[PersonRole, ...]


def is_allowed(person: CurrentUser, action: str) -> bool:
    """Whether the person's roles permit an action. Raises KeyError for an unknown action."""
    return bool(ROLES_BY_ACTION[action] & set(person.roles))


def require_permission(person: CurrentUser, action: str) -> None:
    """Raise ReviewError unless the person's roles permit the action."""
    if not is_allowed(person, action):
        needed = " or ".join(sorted(ROLES_BY_ACTION[action]))
        raise ReviewError(
            f"{person.name} does not have permission to do this: it requires the role {needed}. "
            "The lead sets roles under 'team' in protocol.yaml."
        )


def require_role(project: SignInPlace, who: str, action: str) -> None:
    """Raises ReviewError where a member of the team writes what their roles do not allow.

    Every function of the workflow that writes asks here, so that no page and no command can forget
    it. Who is not in the team runs the machine itself (a scheduled harvest, an administrator).
    """
    member = next((teammate for teammate in project.protocol.team if teammate.name == who), None)
    if member is None or os.environ.get(SOLO_VARIABLE) == who:
        return
    require_permission(CurrentUser(member.name, member.roles), action)


def find_member(project: SignInPlace, name: str) -> CurrentUser | None:
    """The team member of this name or e-mail address; None if there is none."""
    teammate = find_teammate(project, name)
    return None if teammate is None else CurrentUser(teammate.name, teammate.roles)


def find_teammate(project: SignInPlace, name: str) -> Person | None:
    """The team member of this name, else of this e-mail address: nobody takes another's place by
    being called as another's address is; None if there is none."""
    team = project.protocol.team
    by_name = next((teammate for teammate in team if teammate.name == name), None)
    if by_name is not None or not name:
        return by_name
    folded = name.lower()
    return next(
        (teammate for teammate in team if teammate.email and teammate.email.lower() == folded), None
    )


def get_teammate(project: SignInPlace, name: str) -> Person:
    """The team member of this name or e-mail address. Raises ReviewError if there is none."""
    teammate = find_teammate(project, name)
    if teammate is None:
        team = ", ".join(member.name for member in project.protocol.team)
        raise ReviewError(
            f"{name!r} is not on this review's team ({team}). Add them to 'team' in protocol.yaml."
        )
    return teammate


def single_user(project: Project, name: str) -> CurrentUser:
    """The one person of a single-user laptop, with every role. Their name must be in the team.

    Raises:
        ReviewError: the name is not in the team.
    """
    if find_member(project, name) is None:
        team = ", ".join(teammate.name for teammate in project.protocol.team)
        raise ReviewError(f"{name!r} is not on this review's team ({team}).")
    return CurrentUser(name, ("lead", "reviewer", "adjudicator", "librarian", "reader"))


def add_user(project: Project, name: str, password: str, who: str) -> None:
    """Makes an account for a team member, or gives it a new password, which ends their sessions.

    Args:
        name: the member's name in the protocol, or their e-mail address there.

    Raises:
        ReviewError: not in the team, or the password is too short.
    """
    require_role(project, who, "manage")
    teammate = get_teammate(project, name)
    password_hash = hash_password(password)
    require_account_control(project, teammate.name, who)
    store = get_account_store(project)
    with store.write() as conn:
        if project.home_store is not None:
            home.enroll(conn, get_review_name(project), teammate, who)
        store_password(conn, teammate, password_hash, who)
    if project.home_store is not None:
        admit_again(project, teammate.name, who)


def admit_again(project: Project, name: str, who: str) -> None:
    """Lets somebody whose way into a review of a home was closed come in again."""
    require_role(project, who, "manage")
    with project.store.write() as conn:
        if accounts.is_closed(conn, name):
            accounts.reopen(conn, name, who, utc_now())


def require_account_control(project: Project, name: str, who: str) -> None:
    """Raises ReviewError where a lead would get hold of an account that opens other reviews of the
    home: that is its owner's, and the administrator's. A review that is alone has no others."""
    if project.home_store is None or find_teammate(project, who) is None or who == name:
        return
    with project.home_store.read() as conn:
        asks, person = homes.find_person(conn, who), homes.find_person(conn, name)
        others = homes.list_reviews_ever(conn, name) - {get_review_name(project)}
    if asks is not None and asks.administrator:
        return
    if person is not None and (person.administrator or others):
        raise ReviewError(
            f"{name} works on other reviews of this server too. Only they themselves and the "
            "server's administrator can change their password or sign them out."
        )


def get_account_address(project: SignInPlace, teammate: Person) -> str | None:
    """The address under which an older version may have kept a person's account. In a home the
    name alone counts, for each review's lead writes the addresses in its team."""
    return teammate.email if project.home_store is None else None


def hash_password(password: str) -> str:
    """The argon2 hash of a new password. Raises ReviewError where it is too short or too long."""
    from argon2 import PasswordHasher

    if len(password) < MIN_PASSWORD_LENGTH:
        raise ReviewError(f"The password needs at least {MIN_PASSWORD_LENGTH} characters.")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise ReviewError(f"The password may have at most {MAX_PASSWORD_LENGTH} characters.")
    return PasswordHasher().hash(password.encode("utf-8", "surrogatepass"))


def store_password(conn: Connection, teammate: Person, password_hash: str | None, who: str) -> None:
    """Keeps a new password, or closes the account where it is None; either ends every session and
    every open link of the person, in one transaction."""
    now = utc_now()
    accounts.set_password(conn, teammate.name, password_hash, who, now)
    accounts.end_all_sessions(conn, teammate.name, teammate.email, now)
    one_time_links.end_links(conn, teammate.name, PASSWORD_LINK, now)


def is_own_password(project: SignInPlace, name: str, password: str) -> bool:
    """Whether a member's password is right."""
    teammate = get_teammate(project, name)
    address = get_account_address(project, teammate)
    with get_account_store(project).read() as conn:
        password_hash = accounts.get_password_hash(conn, teammate.name, address)
    return _verify_password(password_hash, password)


def close_user(project: Project, name: str, who: str) -> None:
    """Closes an account and ends its sessions; decisions stay. Whoever has left the team can be
    closed too. In a home the account stays, and no longer opens this review. Raises ReviewError if
    there is no open one."""
    require_role(project, who, "manage")
    teammate = find_teammate(project, name) or Person(name=name, roles=("reader",))
    if project.home_store is not None:
        with project.store.write() as conn:
            if accounts.is_closed(conn, teammate.name):
                raise ReviewError(f"There is no active account {name!r}.")
            store_password(conn, teammate, None, who)
        return
    with project.store.write() as conn:
        if accounts.get_password_hash(conn, teammate.name, teammate.email) is None:
            raise ReviewError(f"There is no active account {name!r}.")
        store_password(conn, teammate, None, who)


def list_users(project: SignInPlace) -> Sequence[tuple[str, tuple[str, ...], bool]]:
    """Each team member with roles and whether they have an open account."""
    with get_account_store(project).read() as conn:
        return [
            (
                teammate.name,
                teammate.roles,
                accounts.get_password_hash(
                    conn, teammate.name, get_account_address(project, teammate)
                )
                is not None,
            )
            for teammate in project.protocol.team
        ]


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    """A hash that no password matches, so that an unknown name costs one comparison as well."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(secrets.token_hex(32))


def _verify_password(password_hash: str | None, password: str) -> bool:
    """Whether a password is right; as much work where there is no account as where there is."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        PasswordHasher().verify(
            password_hash or _hash_of_nobody(),
            password[: MAX_PASSWORD_LENGTH + 1].encode("utf-8", "surrogatepass"),
        )
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def sign_in(
    project: SignInPlace,
    name: str,
    password: str,
    *,
    address: str | None = None,
    browser: str | None = None,
) -> str | None:
    """A new session token for a team member with the right password; else None.

    An unknown name costs the same time as a wrong password, so names cannot be guessed at. The
    address and browser are kept for the list of sessions.
    """
    teammate = find_teammate(project, name)
    with project.store.read() as conn:
        password_hash = accounts.get_password_hash(
            conn, teammate.name if teammate else "", teammate.email if teammate else None
        )
    if not _verify_password(password_hash if teammate else None, password) or teammate is None:
        return None
    with project.store.write() as conn:
        # a password that was changed while this one was compared lets nobody in
        if accounts.get_password_hash(conn, teammate.name, teammate.email) != password_hash:
            return None
        return start_session(conn, teammate.name, address, browser)


def start_session(conn: Connection, name: str, address: str | None, browser: str | None) -> str:
    """Opens a session for somebody who has proved who they are, and gives its token."""
    token = secrets.token_urlsafe(32)
    now = utc_now()
    accounts.open_session(
        conn,
        token,
        name,
        now,
        now + timedelta(days=SESSION_DAYS),
        address=address,
        browser=browser,
    )
    return token


def start_confirmed_session(
    project: SignInPlace, email: str, *, address: str | None = None, browser: str | None = None
) -> str | None:
    """A session for the member whose institution has just confirmed this address; None for whom
    the team has nobody, or whose account is closed. A name is no address here, whatever the
    service sends."""
    teammate = find_teammate(project, email)
    if teammate is None or not teammate.email or teammate.email.lower() != email.lower():
        return None
    with project.store.write() as conn:
        if accounts.is_closed(conn, teammate.name, teammate.email):
            return None
        return start_session(conn, teammate.name, address, browser)


def get_current_user(project: SignInPlace, token: str | None) -> CurrentUser | None:
    """Who holds a session token; None where it is missing, ended, expired or no longer in team.
    Sessions end when the password changes or the account closes, each by a row of its own."""
    name = find_session_name(project, token) if token else None
    if name is None:
        return None
    if isinstance(project, Project) and project.home_store is not None:
        return find_admitted(project, name)
    return find_member(project, name)


def find_session_name(project: SignInPlace, token: str) -> str | None:
    """Who opened the session of this token; None where it is unknown, ended or expired."""
    with get_account_store(project).read() as conn:
        return accounts.get_session_name(conn, token, utc_now())


def find_admitted(
    project: Project, name: str, *, even_archived: bool = False
) -> CurrentUser | None:
    """The member of a review in a home who has an account of exactly this name there; None where
    nobody let them in, their way in was closed, or the review is archived. That a team lists a
    name is not enough, for accounts of that name may be other people's."""
    if project.home_store is None:
        return find_member(project, name)
    review = get_review_name(project)
    with project.home_store.read() as conn:
        is_open = even_archived or homes.is_open(conn, review)
        if not is_open or not homes.is_member(conn, review, name):
            return None
    with project.store.read() as conn:
        if accounts.is_closed(conn, name):
            return None
    member = next((teammate for teammate in project.protocol.team if teammate.name == name), None)
    return None if member is None else CurrentUser(member.name, member.roles)


def sign_out(project: SignInPlace, token: str) -> None:
    """Ends a session."""
    store = get_account_store(project)
    with store.write() as conn:
        accounts.end_session(conn, token, utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """An open session as a person is shown it."""

    id: int
    name: str
    opened: datetime
    expires: datetime
    address: str | None
    browser: str | None
    is_own: bool
    """Whether it is the one that asks."""


def list_sessions(
    project: SignInPlace, name: str, *, token: str | None = None
) -> list[SessionView]:
    """A member's open sessions, newest first; `token` is the one that asks, where it is one.

    Raises:
        ReviewError: not in the team.
    """
    teammate = get_teammate(project, name)
    email = get_account_address(project, teammate)
    with get_account_store(project).read() as conn:
        open_sessions = accounts.list_open_sessions(conn, teammate.name, email, utc_now())
    own = accounts.hash_token(token) if token else None
    return [
        SessionView(
            id=session.id,
            name=teammate.name,
            opened=session.opened,
            expires=session.expires,
            address=session.address,
            browser=session.browser,
            is_own=session.token_hash == own,
        )
        for session in open_sessions
    ]


def end_sessions(project: SignInPlace, name: str, who: str, *, session: int | None = None) -> int:
    """Ends a member's sessions, or the one of this number; gives how many. Everybody ends their
    own, the lead anybody's.

    Raises:
        ReviewError: not in the team, another's session, or no open session of this number.
    """
    teammate = get_teammate(project, name)
    if teammate.name != who:
        require_role(project, who, "manage")
        if isinstance(project, Project):
            require_account_control(project, teammate.name, who)
    now, email = utc_now(), get_account_address(project, teammate)
    store = get_account_store(project)
    with store.write() as conn:
        if session is None:
            return accounts.end_all_sessions(conn, teammate.name, email, now)
        open_sessions = accounts.list_open_sessions(conn, teammate.name, email, now)
        wanted = [item.token_hash for item in open_sessions if item.id == session]
        if not wanted:
            raise ReviewError(f"{teammate.name} has no open session {session}.")
        return accounts.end_sessions(conn, wanted, now)


BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def describe_browser(browser: str | None) -> str:
    """What a browser calls itself, in two words a person knows: 'Firefox on Windows'."""
    text = browser or ""
    name = next((words for mark, words in BROWSERS if mark in text), "another program")
    system = next((words for mark, words in SYSTEMS if mark in text), None)
    return f"{name} on {system}" if system else name
