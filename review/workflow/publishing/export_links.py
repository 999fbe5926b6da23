"""Links that show one export to whoever has them, without an account."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from review.errors import ReviewError
from review.store import export_links
from review.store.export_links import ExportLink
from review.store.timestamps import utc_now
from review.workflow.project import invitations
from review.workflow.project.accounts import require_role
from review.workflow.project.home import build_review_path
from review.workflow.project.project import Project, get_review_name

LINK_PATH = "/shared"
MAX_DAYS = 366
"""Longest time a link works (days)."""
MAX_TOKEN_LENGTH = 200
"""A longer secret is none of ours and is not looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExportLink:
    """A link that was just made; its secret is kept nowhere else."""

    export: str
    address: str
    """The whole link."""
    expires: datetime


def make_link(
    project: Project, export: str, *, days: int, who: str, base_url: str
) -> NewExportLink:
    """Makes a link to one export.

    Args:
        days: how long it works.
        base_url: where the app is reached, for example https://review.example.org.

    Raises:
        ReviewError: not the lead, no such export, one that has to wait for the end of the review,
            or another number of days.
    """
    from review.workflow.publishing.shared_exports import check_export

    require_role(project, who, "manage")
    base = invitations.check_base_url(base_url)
    if not 1 <= days <= MAX_DAYS:
        raise ReviewError(f"A link works for 1 to {MAX_DAYS} days, not {days}.")
    check_export(project, export)
    token, now = secrets.token_urlsafe(32), utc_now()
    expires = now + timedelta(days=days)
    with project.store.write() as conn:
        export_links.add_link(conn, token, export, who=who, at=now, expires=expires)
    folder = "" if project.home_store is None else build_review_path(get_review_name(project))
    path = f"{folder.rstrip('/')}{LINK_PATH}"
    return NewExportLink(export=export, address=f"{base}{path}?key={token}", expires=expires)


def withdraw_link(project: Project, number: int, who: str) -> None:
    """Ends a link at once.

    Raises:
        ReviewError: not the lead, or there is no such link that works.
    """
    require_role(project, who, "manage")
    with project.store.write() as conn:
        if not export_links.end_link(conn, number, who, utc_now()):
            raise ReviewError("This link was withdrawn before.")


def list_links(project: Project) -> list[ExportLink]:
    """All links that were ever made, newest first."""
    with project.store.read() as conn:
        return export_links.list_links(conn)


def find_link(project: Project, token: str) -> ExportLink | None:
    """The link that a secret opens; None where it is unknown, withdrawn or expired."""
    if not token or len(token) > MAX_TOKEN_LENGTH:
        return None
    with project.store.read() as conn:
        return export_links.find_link(conn, token, utc_now())


def describe_state(link: ExportLink, now: datetime) -> str:
    """Whether a link works, in words."""
    if link.withdrawn_at is not None:
        return f"withdrawn by {link.withdrawn_by} on {link.withdrawn_at:%d %b %Y}"
    if link.expires <= now:
        return f"expired on {link.expires:%d %b %Y}"
    if not link.has_token:
        return "stopped working when the review was restored from a backup"
    return f"works until {link.expires:%d %b %Y, %H:%M} UTC"


def is_working(link: ExportLink, now: datetime) -> bool:
    """Whether a link still shows its export."""
    return link.withdrawn_at is None and link.expires > now and link.has_token
