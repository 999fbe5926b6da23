"""Accounts, sign-in and permissions by role."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from review.errors import ReviewError
from review.protocol import PersonRole
from review.store import accounts
from review.store.timestamps import utc_now
from review.workflow.project.project import Project

SESSION_DAYS = 14
"""How long a sign-in lasts (days)."""
MIN_PASSWORD_LENGTH = 8
"""Least length of a password (characters). Source: NIST SP 800-63B, 5.1.1.2."""

ROLES_BY_ACTION: dict[str, frozenset[str]] = {
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
    "contribute": frozenset({"lead", "reviewer", "adjudicator"}),
}
"""Action -> roles that may do it. Exports show decisions, so they are the lead's. To contribute
is to write what is neither a decision nor a setting: notes, abstracts, forms, words on flags."""

SOLO_VARIABLE = "FUNNEL_SOLO"
"""Names the one person of a single-user app, who has every role."""


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """A person who is signed in."""

    name: str
    roles: tuple[PersonRole, ...]


def is_allowed(person: CurrentUser, action: str) -> bool:
    """Whether the person's roles allow an action; KeyError for an unknown action."""
    return bool(ROLES_BY_ACTION[action] & set(person.roles))


def require_permission(person: CurrentUser, action: str) -> None:
    """Raises ReviewError unless the person's roles allow the action."""
    if not is_allowed(person, action):
        needed = " or ".join(sorted(ROLES_BY_ACTION[action]))
        raise ReviewError(
            f"{person.name} may not {action} in this review: that takes the role {needed}. "
            "The lead sets roles under 'team' in protocol.yaml."
        )


def require_role(project: Project, who: str, action: str) -> None:
    """Raises ReviewError where a member of the team writes what their roles do not allow.

    Every function of the workflow that writes asks here, so that no page and no command can forget
    it. Who is not in the team runs the machine itself (a scheduled harvest, an administrator).
    """
    member = next((one for one in project.protocol.team if one.name == who), None)
    if member is None or os.environ.get(SOLO_VARIABLE) == who:
        return
    require_permission(CurrentUser(member.name, member.roles), action)


def find_member(project: Project, name: str) -> CurrentUser | None:
    """The team member of this name or e-mail address; None if there is none."""
    for teammate in project.protocol.team:
        if teammate.name == name or (teammate.email and teammate.email.lower() == name.lower()):
            return CurrentUser(teammate.name, teammate.roles)
    return None


def single_user(project: Project, name: str) -> CurrentUser:
    """The one person of a single-user laptop, with every role. Their name must be in the team.

    Raises:
        ReviewError: the name is not in the team.
    """
    if find_member(project, name) is None:
        team = ", ".join(teammate.name for teammate in project.protocol.team)
        raise ReviewError(f"{name!r} is not in this review's team ({team}).")
    return CurrentUser(name, ("lead", "reviewer", "adjudicator", "reader"))


def add_user(project: Project, name: str, password: str, who: str) -> None:
    """Makes an account for a team member, or gives it a new password.

    Raises:
        ReviewError: not in the team, or the password is too short.
    """
    require_role(project, who, "manage")
    from argon2 import PasswordHasher

    if find_member(project, name) is None:
        team = ", ".join(teammate.name for teammate in project.protocol.team)
        raise ReviewError(
            f"{name!r} is not in this review's team ({team}). Add them to 'team' in protocol.yaml."
        )
    if len(password) < MIN_PASSWORD_LENGTH:
        raise ReviewError(f"The password needs at least {MIN_PASSWORD_LENGTH} characters.")
    password_hash = PasswordHasher().hash(password)
    with project.store.write() as conn:
        accounts.set_password(conn, name, password_hash, who, utc_now())


def close_user(project: Project, name: str, who: str) -> None:
    """Closes an account; decisions stay. Raises ReviewError if there is no open one."""
    require_role(project, who, "manage")
    with project.store.write() as conn:
        if accounts.get_password_hash(conn, name) is None:
            raise ReviewError(f"There is no open account {name!r}.")
        accounts.set_password(conn, name, None, who, utc_now())


def list_users(project: Project) -> Sequence[tuple[str, tuple[str, ...], bool]]:
    """Each team member with roles and whether they have an open account."""
    with project.store.read() as conn:
        return [
            (
                teammate.name,
                teammate.roles,
                accounts.get_password_hash(conn, teammate.name) is not None,
            )
            for teammate in project.protocol.team
        ]


def sign_in(project: Project, name: str, password: str) -> str | None:
    """A new session token for a team member with the right password; else None.

    An unknown name costs the same time as a wrong password, so names cannot be guessed at.
    """
    from argon2 import PasswordHasher
    from argon2.exceptions import VerificationError, VerifyMismatchError

    with project.store.read() as conn:
        password_hash = accounts.get_password_hash(conn, name)
    hasher = PasswordHasher()
    try:
        hasher.verify(password_hash or hasher.hash("no such account"), password)
    except (VerifyMismatchError, VerificationError):
        return None
    if password_hash is None or find_member(project, name) is None:
        return None
    token = secrets.token_urlsafe(32)
    signed_in_at = utc_now()
    with project.store.write() as conn:
        accounts.open_session(
            conn, token, name, signed_in_at, signed_in_at + timedelta(days=SESSION_DAYS)
        )
    return token


def get_current_user(project: Project, token: str | None) -> CurrentUser | None:
    """Who holds a session token; None where it is missing, ended, expired or no longer in team."""
    if not token:
        return None
    with project.store.read() as conn:
        name = accounts.get_session_name(conn, token, utc_now())
        if name is None or accounts.get_password_hash(conn, name) is None:
            return None
    return find_member(project, name)


def sign_out(project: Project, token: str) -> None:
    """Ends a session."""
    with project.store.write() as conn:
        accounts.end_session(conn, token, utc_now())
