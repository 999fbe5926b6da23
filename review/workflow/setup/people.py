"""The people of a review, for its lead: who they are, what they do, and how they come and go.

Everything here asks for the role lead. The team itself is part of the protocol, so whoever joins,
leaves the list or changes role does so by a version of it, with a reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from review.errors import ReviewError
from review.protocol.models import Person, PersonRole, Protocol, Stage, list_stage_reviewers
from review.store import Connection, homes, one_time_links
from review.store import accounts as account_rows
from review.store import people as people_rows
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.project import accounts, home, invitations
from review.workflow.project.account_fields import check_email, check_names
from review.workflow.project.accounts import PASSWORD_LINK, require_role
from review.workflow.project.invitations import Invitation
from review.workflow.project.project import (
    Project,
    follow_plan,
    get_account_store,
    get_review_name,
)
from review.workflow.screening import departures, reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.reviewing import RetirementResult
from review.workflow.setup.team import change_team, list_example_members

ROLE_NAMES: dict[PersonRole, str] = {
    "lead": "Lead",
    "reviewer": "Reviewer",
    "adjudicator": "Adjudicator",
    "librarian": "Librarian",
    "guest": "Guest",
    "reader": "Reader",
}
ROLE_MEANINGS: dict[PersonRole, str] = {
    "lead": "changes the protocol, runs searches, invites people and makes reports",
    "reviewer": "screens and appraises",
    "adjudicator": "resolves conflicts",
    "librarian": "searches, imports, removes duplicates and attaches PDFs; sees no open decisions",
    "guest": "reads the overview, the protocol and the results",
    "reader": "reads all pages and changes nothing",
}
INVITED_ROLES: tuple[PersonRole, ...] = ("reviewer", "adjudicator", "librarian", "lead", "guest")
STAGE_DUTIES = {
    "screening": "screens titles and abstracts",
    "eligibility": "assesses full texts",
    "quality": "appraises included reports",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A member of the team as the lead sees them."""

    name: str
    full_name: str | None
    email: str | None
    roles: tuple[PersonRole, ...]
    duties: tuple[str, ...]
    """What they do in this review, stage by stage, in words."""
    last_active: datetime | None
    """When they last signed in or wrote an entry; None where they never have."""
    has_password: bool
    invited_until: datetime | None
    """Until when a link that they have not used yet works; None without one."""
    sessions: int
    is_retired: bool
    is_example: bool
    """Whether they are one of the starter protocol's examples."""
    is_removable: bool
    """Whether they have done nothing here, so that they can simply be taken off the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Somebody who is to join the team."""

    name: str
    full_name: str
    role: PersonRole
    email: str | None = None
    in_place_of: str | None = None
    """The example member whose place they take."""


def list_people(project: Project, who: str) -> list[PersonView]:
    """Everybody in the team, in its order. Raises ReviewError: not the lead."""
    require_role(project, who, "manage")
    with project.store.read() as conn:
        last_entries = people_rows.list_last_entries(conn)
        working = people_rows.list_working_names(conn)
        retired = departures.get_departed_reviewers(conn)
        examples = list_example_members(project, conn)
    with get_account_store(project).read() as conn:
        states = [_read_account(project, conn, person) for person in project.protocol.team]
    return [
        PersonView(
            name=person.name,
            full_name=person.full_name,
            email=person.email,
            roles=person.roles,
            duties=describe_duties(project.protocol, person),
            last_active=max(
                (time for time in (state.opened, last_entries.get(person.name)) if time),
                default=None,
            ),
            has_password=state.has_password,
            invited_until=state.invited_until,
            sessions=state.sessions,
            is_retired=person.name in retired,
            is_example=person.name in examples,
            is_removable=person.name not in working
            and (project.home_store is not None or not state.has_password),
        )
        for person, state in zip(project.protocol.team, states, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """A member's account, where it is kept."""

    opened: datetime | None = None
    """When they last signed in."""
    has_password: bool = False
    invited_until: datetime | None = None
    sessions: int = 0


def _read_account(project: Project, conn: Connection, person: Person) -> AccountState:
    """A member's account; none where somebody on the server has the name but was not let in."""
    now, email = utc_now(), accounts.get_account_address(project, person)
    if project.home_store is not None and not homes.is_member(
        conn, get_review_name(project), person.name
    ):
        return AccountState()
    return AccountState(
        opened=account_rows.find_last_session(conn, person.name, email),
        has_password=account_rows.get_password_hash(conn, person.name, email) is not None,
        invited_until=one_time_links.find_expiry(conn, person.name, PASSWORD_LINK, now),
        sessions=len(account_rows.list_open_sessions(conn, person.name, email, now)),
    )


def describe_duties(protocol: Protocol, person: Person) -> tuple[str, ...]:
    """What a member does, stage by stage: 'screens titles and abstracts', 'resolves conflicts'."""
    duties = [
        _describe_stage_duty(stage, person.name)
        for stage in protocol.stages
        if person.name in list_stage_reviewers(protocol, stage)
    ]
    return (*duties, *(ROLE_MEANINGS[role] for role in person.roles if role != "reviewer"))


def _describe_stage_duty(stage: Stage, name: str) -> str:
    share = stage.shares.get(name) if stage.allocation == "shares" else None
    share_text = "" if share is None else f" (a share of {share:g})"
    return f"{STAGE_DUTIES[stage.kind]}{share_text}"


def format_roles(roles: Sequence[PersonRole]) -> str:
    """Roles in words: 'Lead, reviewer'."""
    return ", ".join(ROLE_NAMES[role] for role in roles).capitalize()


def invite_person(
    project: Project, member: NewMember, who: str, why: str, base_url: str
) -> Invitation:
    """Adds a member to the team and makes the link by which they choose a password, in one
    transaction.

    Args:
        why: the reason, kept with the version of the protocol; one is written where it is empty.
        base_url: where the app is reached, for example https://review.example.org.

    Raises:
        ReviewError: not the lead, a name that does not do or is taken, or no web address.
    """
    require_role(project, who, "manage")
    name, full_name = member.name.strip(), " ".join(member.full_name.split())
    check_names(name, full_name)
    email = check_email(member.email)
    base = invitations.check_base_url(base_url)
    person = Person(name=name, roles=(member.role,), email=email, full_name=full_name)
    why = why.strip() or f"{full_name} joins as {ROLE_NAMES[member.role].lower()}"
    if project.home_store is not None:
        with project.home_store.read() as conn:
            home.check_enrollment(conn, person)
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        _check_is_new(project, conn, person, member.in_place_of)
        if member.in_place_of is None:
            project = change_team(project, conn, added=[person], who=who, why=why)
        else:
            if member.in_place_of not in list_example_members(project, conn):
                raise ReviewError(f"{member.in_place_of} is not an example: invite a new member.")
            changed = {member.in_place_of: person}
            project = change_team(project, conn, changed=changed, who=who, why=why)
        if project.home_store is None:
            return invitations.add_invitation(conn, person, who, base, is_new=True)
    return invitations.invite_through_home(project, person, who, base)


def _check_is_new(
    project: Project, conn: Connection, person: Person, in_place_of: str | None
) -> None:
    others = [teammate for teammate in project.protocol.team if teammate.name != in_place_of]
    for other in others:
        if other.name.lower() == person.name.lower():
            raise ReviewError(f"{other.name} is in the team already. Choose another name.")
        if person.email and other.email and other.email.lower() == person.email.lower():
            raise ReviewError(f"{other.name} is in the team with this e-mail address already.")
    if person.name != in_place_of and person.name in people_rows.list_working_names(conn):
        raise ReviewError(
            f"{person.name} has worked on this review before, and entries carry that name. Choose "
            "another one."
        )


def change_roles(
    project: Project, name: str, roles: Sequence[PersonRole], who: str, why: str
) -> None:
    """Gives a member other roles.

    Raises:
        ReviewError: not the lead, no role, nobody would lead, a guest with other roles, or a stage
            would have too few reviewers.
    """
    require_role(project, who, "manage")
    new_roles = tuple(dict.fromkeys(roles))
    if not new_roles:
        raise ReviewError("Choose at least one role.")
    if "guest" in new_roles and len(new_roles) > 1:
        raise ReviewError("A guest only reads, so they have no other role.")
    why = why.strip() or f"{name} becomes {format_roles(new_roles).lower()}"
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        person = accounts.get_teammate(project, name)
        if "lead" in person.roles and "lead" not in new_roles:
            _require_another_lead(project, conn, person.name)
        changed = {person.name: replace(person, roles=new_roles)}
        change_team(project, conn, changed=changed, who=who, why=why)


def _require_another_lead(project: Project, conn: Connection, name: str) -> None:
    """Raises ReviewError where nobody else who can sign in leads the review."""
    retired = departures.get_departed_reviewers(conn)
    others = [
        teammate
        for teammate in project.protocol.team
        if "lead" in teammate.roles
        and teammate.name not in (name, *retired)
        and _can_come_in(project, conn, teammate)
    ]
    if not others:
        raise ReviewError(
            f"{name} is the only lead who can sign in. Give somebody else the role lead first."
        )


def _can_come_in(project: Project, conn: Connection, person: Person) -> bool:
    """Whether somebody has a password, or has come in through their institution before; in a home
    also whether they were let into this review."""
    if project.home_store is None:
        return _can_sign_in(conn, person.name, person.email)
    if accounts.find_admitted(project, person.name) is None:
        return False
    with project.home_store.read() as home_conn:
        return _can_sign_in(home_conn, person.name, None)


def _can_sign_in(conn: Connection, name: str, email: str | None) -> bool:
    if account_rows.get_password_hash(conn, name, email) is not None:
        return True
    opened = account_rows.find_last_session(conn, name, email)
    return opened is not None and not account_rows.is_closed(conn, name, email)


def describe_retirement(project: Project, name: str, who: str) -> list[str]:
    """What will happen to a member's decisions and their account, in sentences."""
    require_role(project, who, "manage")
    person = accounts.get_teammate(project, name)
    with project.store.read() as conn:
        statuses = standings.compute_statuses(project, conn)
    settled = waiting = 0
    for by_report in statuses.values():
        for report_status in by_report.values():
            if any(decision.reviewer == person.name for decision in report_status.decisions):
                if report_status.status in ("included", "excluded"):
                    settled += 1
                else:
                    waiting += 1
    lines = [
        f"{person.name} can no longer sign in, and is signed out everywhere.",
        "Nothing they did is deleted: their decisions, notes and forms stay in the history.",
    ]
    if settled:
        lines.append(
            f"{format_count(settled, 'decision')} on resolved records "
            f"{'counts' if settled == 1 else 'count'} as before."
        )
    if waiting:
        lines.append(
            f"{format_count(waiting, 'decision')} on records that are not resolved no longer "
            f"{'counts' if waiting == 1 else 'count'}: other reviewers decide these records."
        )
    return lines


def retire_person(project: Project, name: str, who: str) -> RetirementResult:
    """Retires a member: what is settled stays, open records go to others, the account closes and
    every session and link ends.

    Raises:
        ReviewError: not the lead, not in the team, retired already, or nobody else leads.
    """
    require_role(project, who, "manage")
    person = accounts.get_teammate(project, name)
    with project.store.read() as conn:
        if person.name in departures.get_departed_reviewers(conn):
            raise ReviewError(f"{person.name} has been retired already.")
        if "lead" in person.roles:
            _require_another_lead(project, conn, person.name)
    result = reviewing.retire_reviewer(project, person.name, who)
    with project.store.write() as conn:
        accounts.store_password(conn, person, None, who)
    return result


def return_person(project: Project, name: str, who: str, base_url: str) -> Invitation:
    """Takes a retired member back: their decisions count again, and a link lets them choose a new
    password. Raises ReviewError: not the lead, or they are not retired."""
    require_role(project, who, "manage")
    person = accounts.get_teammate(project, name)
    base = invitations.check_base_url(base_url)
    with project.store.read() as conn:
        if person.name not in departures.get_departed_reviewers(conn):
            raise ReviewError(f"{person.name} has not been retired.")
    reviewing.retire_reviewer(project, person.name, who, returning=True)
    if project.home_store is not None:
        accounts.admit_again(project, person.name, who)
        return invitations.point_to_review(project, person, base)
    with project.store.write() as conn:
        account_rows.reopen(conn, person.name, who, utc_now())
        return invitations.add_invitation(conn, person, who, base, is_new=True)


def remove_person(project: Project, name: str, who: str, why: str) -> None:
    """Takes somebody who has done nothing here off the team's list; their link ends.

    Raises:
        ReviewError: not the lead, they have an account or entries, nobody else leads, or a stage
            would have too few reviewers.
    """
    require_role(project, who, "manage")
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        person = accounts.get_teammate(project, name)
        has_worked = person.name in people_rows.list_working_names(conn)
        if project.home_store is None:
            password = account_rows.get_password_hash(conn, person.name, person.email)
            has_worked = has_worked or password is not None
        if has_worked:
            raise ReviewError(f"{person.name} has worked on this review: retire them instead.")
        if person.name == who:
            raise ReviewError("You cannot take yourself off the team.")
        why = why.strip() or f"{person.full_name or person.name} does not join"
        change_team(project, conn, changed={person.name: None}, who=who, why=why)
        one_time_links.end_links(conn, person.name, PASSWORD_LINK, utc_now())
    if project.home_store is not None:
        store, review = project.home_store, get_review_name(project)
        with store.write() as conn:
            if homes.is_member(conn, review, person.name):
                homes.note_member(
                    conn, review, name=person.name, event="removed", who=who, at=utc_now()
                )
