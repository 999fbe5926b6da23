"""Who is who: accounts, sign-in, and what each role may do."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from review.errors import ReviewError
from review.protocol import PersonRole
from review.store import accounts
from review.store.timestamps import now
from review.workflow.project.project import Project

SESSION_DAYS = 14
"""How long a sign-in lasts (days)."""
MIN_PASSWORD = 8
"""Least length of a password (characters). Source: NIST SP 800-63B, 5.1.1.2."""

ALLOWED: dict[str, frozenset[str]] = {
    "read": frozenset({"reader", "reviewer", "adjudicator", "lead"}),
    "screen": frozenset({"reviewer"}),
    "appraise": frozenset({"reviewer"}),
    "adjudicate": frozenset({"adjudicator"}),
    "dedupe": frozenset({"reviewer", "lead", "adjudicator"}),
    "harvest": frozenset({"lead"}),
    "import": frozenset({"lead"}),
    "manage": frozenset({"lead"}),
    "export": frozenset({"lead"}),
    "attach": frozenset({"lead", "reviewer", "adjudicator"}),
}
"""Action -> roles that may do it. Exports show decisions, so they are the lead's."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A person who is signed in."""

    name: str
    roles: tuple[PersonRole, ...]


def may(person: Signed, action: str) -> bool:
    """Whether the person's roles allow an action; KeyError for an unknown action."""
    return bool(ALLOWED[action] & set(person.roles))


def require(person: Signed, action: str) -> None:
    """Raises ReviewError unless the person's roles allow the action."""
    if not may(person, action):
        needed = " or ".join(sorted(ALLOWED[action]))
        raise ReviewError(
            f"{person.name} may not {action} in this review: that takes the role {needed}. "
            "The lead sets roles under 'team' in protocol.yaml."
        )


def member(project: Project, name: str) -> Signed | None:
    """The team member of this name or e-mail address; None if there is none."""
    for one in project.protocol.team:
        if one.name == name or (one.email and one.email.lower() == name.lower()):
            return Signed(one.name, one.roles)
    return None


def solo(project: Project, name: str) -> Signed:
    """The one person of a single-user laptop, with every role. Their name must be in the team.

    Raises:
        ReviewError: the name is not in the team.
    """
    if member(project, name) is None:
        team = ", ".join(one.name for one in project.protocol.team)
        raise ReviewError(f"{name!r} is not in this review's team ({team}).")
    return Signed(name, ("lead", "reviewer", "adjudicator", "reader"))


def add_user(project: Project, name: str, password: str, who: str) -> None:
    """Makes an account for a team member, or gives it a new password.

    Raises:
        ReviewError: not in the team, or the password is too short.
    """
    from argon2 import PasswordHasher

    if member(project, name) is None:
        team = ", ".join(one.name for one in project.protocol.team)
        raise ReviewError(
            f"{name!r} is not in this review's team ({team}). Add them to 'team' in protocol.yaml."
        )
    if len(password) < MIN_PASSWORD:
        raise ReviewError(f"The password needs at least {MIN_PASSWORD} characters.")
    hashed = PasswordHasher().hash(password)
    with project.store.write() as conn:
        accounts.set_password(conn, name, hashed, who, now())


def close_user(project: Project, name: str, who: str) -> None:
    """Closes an account; decisions stay. Raises ReviewError if there is no open one."""
    with project.store.write() as conn:
        if accounts.password_of(conn, name) is None:
            raise ReviewError(f"There is no open account {name!r}.")
        accounts.set_password(conn, name, None, who, now())


def users(project: Project) -> Sequence[tuple[str, tuple[str, ...], bool]]:
    """Each team member with roles and whether they have an open account."""
    with project.store.read() as conn:
        return [
            (one.name, one.roles, accounts.password_of(conn, one.name) is not None)
            for one in project.protocol.team
        ]


def sign_in(project: Project, name: str, password: str) -> str | None:
    """A new session token for a team member with the right password; else None.

    An unknown name costs the same time as a wrong password, so names cannot be guessed at.
    """
    from argon2 import PasswordHasher
    from argon2.exceptions import VerificationError, VerifyMismatchError

    with project.store.read() as conn:
        hashed = accounts.password_of(conn, name)
    hasher = PasswordHasher()
    try:
        hasher.verify(hashed or hasher.hash("no such account"), password)
    except (VerifyMismatchError, VerificationError):
        return None
    if hashed is None or member(project, name) is None:
        return None
    token = secrets.token_urlsafe(32)
    at = now()
    with project.store.write() as conn:
        accounts.open_session(conn, token, name, at, at + timedelta(days=SESSION_DAYS))
    return token


def signed_in(project: Project, token: str | None) -> Signed | None:
    """Who holds a session token; None where it is missing, ended, expired or no longer in team."""
    if not token:
        return None
    with project.store.read() as conn:
        name = accounts.session_name(conn, token, now())
        if name is None or accounts.password_of(conn, name) is None:
            return None
    return member(project, name)


def sign_out(project: Project, token: str) -> None:
    """Ends a session."""
    with project.store.write() as conn:
        accounts.end_session(conn, token, now())
