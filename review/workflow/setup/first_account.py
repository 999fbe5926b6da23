"""The first account of a review: its lead's, made in the browser before anybody can sign in."""

import secrets
from dataclasses import dataclass, replace

from review.errors import ReviewError
from review.protocol.loading import check_name
from review.protocol.models import Person
from review.store import Connection, homes
from review.store import accounts as account_rows
from review.store.timestamps import utc_now
from review.workflow.project import accounts
from review.workflow.project.account_fields import check_names
from review.workflow.project.home import Home, check_new_person
from review.workflow.project.project import Project, SignInPlace, follow_plan
from review.workflow.setup import team

TAKEN = "The first account has been made. Sign in, or ask the lead for an invitation."
REASON = "First account: {name} leads this review"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLead:
    """Who makes the first account."""

    name: str
    full_name: str
    password: str


class SetupKey:
    """The secret of the link by which the first account is made. It is printed when the app starts,
    kept in memory alone, and works until the account exists or the app stops."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(32)

    def matches(self, given: str) -> bool:
        """Whether a visitor holds the link."""
        return secrets.compare_digest(self.secret.encode(), given.encode("utf-8", "replace"))


def needs_first_account(project: SignInPlace) -> bool:
    """Whether no member of the team has an account yet."""
    with project.store.read() as conn:
        return not _has_account(project, conn)


def _has_account(project: SignInPlace, conn: Connection) -> bool:
    return any(
        account_rows.get_password_hash(conn, member.name, member.email) is not None
        for member in project.protocol.team
    )


def create_first_account(
    project: Project | Home,
    lead: FirstLead,
    *,
    address: str | None = None,
    browser: str | None = None,
) -> tuple[str, str]:
    """Makes the lead's account and opens their session, in one transaction, so that of two people
    who try at once one has it. Gives the name and the session's token.

    The lead takes the place of the starter protocol's example lead; else they become a member of
    the team, or its lead where they are a member already, by a version of the protocol.

    The first account of a home is its administrator's.

    Raises:
        ReviewError: there is an account already, or a name or the password does not do.
    """
    name, full_name = lead.name.strip(), " ".join(lead.full_name.split())
    check_names(name, full_name)
    password_hash = accounts.hash_password(lead.password)
    if isinstance(project, Home):
        with project.store.write() as conn:
            _add_administrator(conn, name, full_name)
            person = Person(name=name, full_name=full_name)
            accounts.store_password(conn, person, password_hash, name)
            return name, accounts.start_session(conn, name, address, browser)
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        if _has_account(project, conn):
            raise ReviewError(TAKEN)
        project = add_lead(project, conn, name, full_name, REASON.format(name=full_name))
        accounts.store_password(conn, accounts.get_teammate(project, name), password_hash, name)
        return name, accounts.start_session(conn, name, address, browser)


def _add_administrator(conn: Connection, name: str, full_name: str) -> None:
    """Adds the first person of a home. Raises ReviewError where there is one already."""
    if any(account_rows.get_password_hash(conn, person.name) for person in homes.list_people(conn)):
        raise ReviewError(TAKEN)
    try:
        check_name(name)
    except ValueError as error:
        raise ReviewError(str(error)) from error
    check_new_person(conn, name, None)
    homes.add_person(conn, name, full_name, None, administrator=True, who=name, at=utc_now())


def add_lead(project: Project, conn: Connection, name: str, full_name: str, why: str) -> Project:
    """Makes somebody the lead, within a transaction that writes: as the member they are, in the
    place of the example lead, or as a new member. Gives the review under the new version."""
    member = next((teammate for teammate in project.protocol.team if teammate.name == name), None)
    if member is not None:
        roles = member.roles if "lead" in member.roles else ("lead", *member.roles)
        person = replace(member, roles=roles, full_name=full_name)
        return team.change_team(project, conn, changed={name: person}, who=name, why=why)
    example_leads = [
        teammate
        for teammate in project.protocol.team
        if "lead" in teammate.roles and teammate.name in team.list_example_members(project, conn)
    ]
    if example_leads:
        person = Person(name=name, roles=example_leads[0].roles, full_name=full_name)
        changed = {example_leads[0].name: person}
        return team.change_team(project, conn, changed=changed, who=name, why=why)
    person = Person(name=name, roles=("lead", "reviewer"), full_name=full_name)
    return team.change_team(project, conn, added=[person], who=name, why=why)
