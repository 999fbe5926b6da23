"""The reviews of a home, as one person sees them: only those whose team they are in."""

import re
import secrets
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from review.errors import ReviewError
from review.protocol.models import PersonRole
from review.store import Connection, homes, records
from review.store.timestamps import utc_now
from review.workflow.home import templates
from review.workflow.home.open_reviews import OpenReviews
from review.workflow.home.templates import Template
from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.home import Home, create_rows, drop_rows, has_rows, rename_rows
from review.workflow.project.project import Project
from review.workflow.setup import first_account
from review.workflow.setup.loading import open_project

MAX_TITLE = 300
"""Most characters of a title, and of a question."""
NAME_LENGTH = 40
"""Most characters of the name made from a title."""
COPY_PREFIX = "copy:"
"""What the name of a review is preceded by where its protocol is to be copied."""
REASON = "{name} creates this review"
UNKNOWN = "There is no such review, or you do not lead it."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEntry:
    """A review in somebody's list."""

    review: str
    """The name of its folder, which is in its address."""
    title: str
    roles: tuple[PersonRole, ...]
    records: int
    archived: bool

    @property
    def is_led(self) -> bool:
        """Whether the person leads it."""
        return "lead" in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReview:
    """A review to be created."""

    title: str
    question: str = ""
    """The template's own where empty."""
    origin: str
    """The id of a template, or COPY_PREFIX and the name of a review."""


def list_own_reviews(home: Home, name: str, reviews: OpenReviews) -> list[ReviewEntry]:
    """The reviews whose team somebody is in, in the order in which they were created; archived ones
    only for their leads."""
    with home.store.read() as conn:
        listed = [
            review
            for review in homes.list_reviews(conn)
            if homes.is_member(conn, review.review, name)
        ]
    entries = []
    for review in listed:
        project = reviews.find(review.review)
        if project is None:
            continue
        member = accounts.find_admitted(project, name, even_archived=True)
        if member is None:
            continue
        if review.archived and "lead" not in member.roles:
            continue
        with project.store.read() as conn:
            count = records.count_records(conn)
        entries.append(
            ReviewEntry(
                review=review.review,
                title=" ".join(project.protocol.title.split()),
                roles=member.roles,
                records=count,
                archived=review.archived,
            )
        )
    return entries


def may_create(home: Home, name: str, entries: list[ReviewEntry]) -> bool:
    """Whether somebody may create a review: the server's administrator, and whoever leads one."""
    with home.store.read() as conn:
        person = homes.find_person(conn, name)
    return person is not None and (
        person.administrator or any(entry.is_led and not entry.archived for entry in entries)
    )


def create_review(home: Home, new: NewReview, who: str, reviews: OpenReviews) -> str:
    """Creates a review that `who` leads, completely or not at all; gives its name.

    Raises:
        ReviewError: they may not, or a title, template or copied review that does not do.
    """
    if not may_create(home, who, list_own_reviews(home, who, reviews)):
        raise ReviewError("Only the server's administrator and leads of a review may create one.")
    title, question = " ".join(new.title.split()), " ".join(new.question.split())
    _check_text("title", title)
    if question:
        _check_text("question", question)
    template, original = _find_origin(home, new.origin, who, reviews)
    scratch = home.folder / f".new-{secrets.token_hex(8)}"
    try:
        scratch.mkdir(mode=0o700)
        create_rows(scratch)
        if original is not None:
            templates.write_copy(scratch, original, title, question)
        elif template is not None:
            templates.write_from_template(scratch, template, title, question)
        _add_lead(home, scratch, who)
        with home.store.write() as conn:
            name = _choose_name(home.folder, title, conn)
            rename_rows(conn, scratch.name, name)
            scratch.rename(home.folder / name)
            homes.note_review(conn, name, "created", who, utc_now())
            homes.note_member(conn, name, name=who, event="added", who=who, at=utc_now())
    except OSError as error:
        raise ReviewError(
            f"The review could not be created ({error.strerror or error}). Nothing was kept."
        ) from error
    finally:
        if scratch.exists():
            drop_rows(scratch)
            shutil.rmtree(scratch, ignore_errors=True)
    return name


def _check_text(kind: str, text: str) -> None:
    if not text or len(text) > MAX_TITLE or not text.isprintable():
        raise ReviewError(f"Enter a {kind} of at most {MAX_TITLE} characters.")


def _find_origin(
    home: Home, origin: str, who: str, reviews: OpenReviews
) -> tuple[Template | None, Project | None]:
    """The template, or the review to copy. Raises ReviewError where it is neither."""
    if not origin.startswith(COPY_PREFIX):
        template = templates.find_template(origin)
        if template is None:
            raise ReviewError("Choose what the review begins with.")
        return template, None
    return None, require_lead(home, origin.removeprefix(COPY_PREFIX), who, reviews)


def _add_lead(home: Home, folder: Path, who: str) -> None:
    """Makes whoever creates a review its lead, in the place of an example."""
    with home.store.read() as conn:
        person = homes.find_person(conn, who)
    if person is None:
        raise ReviewError(f"{who} has no account on this server.")
    project = open_project(folder, who=who)
    try:
        with project.store.write() as conn:
            reason = REASON.format(name=person.full_name)
            first_account.add_lead(project, conn, who, person.full_name, reason)
    finally:
        project.store.close()


def _choose_name(folder: Path, title: str, conn: Connection) -> str:
    """A name for the review's folder and address, made from its title, that none has yet."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain)[:NAME_LENGTH].strip("-") or "review"
    number, name = 1, base
    while (folder / name).exists() or has_rows(conn, name):
        number += 1
        name = f"{base}-{number}"
    return name


def require_lead(home: Home, review: str, who: str, reviews: OpenReviews) -> Project:
    """The review, archived or not, for who leads it. Raises ReviewError, with the same words for a
    review that is not there as for one of others."""
    project = reviews.find(review)
    member: CurrentUser | None = None
    if project is not None:
        with home.store.read() as conn:
            is_member = homes.is_member(conn, review, who)
        member = accounts.find_admitted(project, who, even_archived=True) if is_member else None
    if project is None or member is None or not accounts.is_allowed(member, "manage"):
        raise ReviewError(UNKNOWN)
    return project


def archive_review(home: Home, review: str, who: str, reviews: OpenReviews) -> None:
    """Closes a review to everybody until it is brought back; nothing in it is changed. Raises
    ReviewError: not its lead, or it is archived already."""
    _change_state(home, review, "archived", who, reviews)


def restore_review(home: Home, review: str, who: str, reviews: OpenReviews) -> None:
    """Opens an archived review again, to whom it was open before. Raises ReviewError: not its lead,
    or it is open."""
    _change_state(home, review, "restored", who, reviews)


def _change_state(home: Home, review: str, event: str, who: str, reviews: OpenReviews) -> None:
    require_lead(home, review, who, reviews)
    with home.store.write() as conn:
        if homes.is_open(conn, review) == (event == "restored"):
            raise ReviewError(
                "This review is open already."
                if event == "restored"
                else "This review is archived already."
            )
        homes.note_review(conn, review, event, who, utc_now())
