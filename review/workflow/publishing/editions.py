"""The editions of the public page: the next one, and what a folder says of earlier ones."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.site import SiteContent, SiteEdition
from review.site.feed import build_feed_id
from review.site.serialize import compute_digest, content_to_dict
from review.site.website import EDITION_FILE, FORMAT_VERSION
from review.store import editions
from review.store.editions import Edition
from review.store.timestamps import parse_timestamp, utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.publishing.changes import describe_changes, describe_first_edition

MAX_EDITION_BYTES = 100_000_000
"""A larger edition.json is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderEdition:
    """What the edition.json of a published folder says."""

    title: str
    feed: str
    address: str | None
    editions: tuple[SiteEdition, ...]
    content: dict[str, Any]
    files: dict[str, str]
    """Path -> SHA-256 of every other file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEdition:
    """What publishing now would make."""

    number: int
    changes: tuple[str, ...]
    """Empty if nothing has changed since the newest edition."""


def read_folder_edition(folder: Path) -> FolderEdition | None:
    """The edition in a folder; None if there is no edition.json.

    Raises:
        ReviewError: the file is not one that Funnel wrote.
    """
    path = folder / EDITION_FILE
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > MAX_EDITION_BYTES:
            raise ValueError
        return _parse_edition(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ReviewError(
            f"{path}: not the {EDITION_FILE} of a published review; choose another folder."
        ) from error


def _parse_edition(data: Any) -> FolderEdition:
    """Raises ValueError, TypeError or KeyError if the data have another shape."""
    if data["funnel_page"] != FORMAT_VERSION:
        raise ValueError
    listed = tuple(
        SiteEdition(
            number=number,
            uid=str(uuid.UUID(edition["uid"])),
            at=parse_timestamp(edition["at"]),
            day=_require_text(edition["state_of"])[:10],
            digest=_require_text(edition["digest"])[:64],
            changes=tuple(_require_text(line) for line in edition["changes"]),
        )
        for number, edition in enumerate(data["editions"], 1)
    )
    if not listed or not isinstance(data["content"], dict):
        raise ValueError
    return FolderEdition(
        title=_require_text(data["review"]),
        feed=build_feed_id(listed),
        address=None if data["address"] is None else _require_text(data["address"]),
        editions=listed,
        content=data["content"],
        files={_require_text(k): _require_text(v) for k, v in data["files"].items()},
    )


def _require_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def list_site_editions(project: Project) -> list[SiteEdition]:
    """The published editions, oldest first."""
    with project.store.read() as conn:
        return [_to_site_edition(edition) for edition in editions.list_editions(conn)]


def preview_edition(project: Project, content: SiteContent) -> NextEdition:
    """What publishing this content would make, without making it."""
    with project.store.read() as conn:
        listed = editions.list_editions(conn)
        former = editions.get_newest_content(conn)
    if former is None:
        return NextEdition(
            number=1, changes=tuple(describe_first_edition(content_to_dict(content)))
        )
    if listed[-1].digest == compute_digest(content):
        return NextEdition(number=listed[-1].number, changes=())
    changes = tuple(describe_changes(former, content_to_dict(content)))
    return NextEdition(number=len(listed) + 1, changes=changes)


def add_edition(
    project: Project,
    content: SiteContent,
    day: str,
    *,
    who: str,
    in_folder: FolderEdition | None = None,
) -> list[SiteEdition]:
    """Adds an edition if the content differs from the newest one; gives all editions.

    Args:
        in_folder: what the folder that is published to says. If the store knows fewer of the same
            editions, as after an older backup was restored, the missing ones are taken from it.

    Raises:
        ReviewError: the person's roles do not allow it, or the folder shows another review.
    """
    require_role(project, who, "export")
    plain, digest = content_to_dict(content), compute_digest(content)
    with project.store.write() as conn:
        shown = in_folder.content if in_folder else {}
        for missing in find_missing_editions(
            editions.list_editions(conn), in_folder, content.title
        ):
            editions.add_edition(conn, _to_edition(missing), shown, who=who)
        listed = editions.list_editions(conn)
        former = editions.get_newest_content(conn)
        if former is None or listed[-1].digest != digest:
            changes = (
                describe_first_edition(plain) if former is None else describe_changes(former, plain)
            )
            edition = Edition(
                number=len(listed) + 1,
                uid=str(uuid.uuid4()),
                at=utc_now().replace(microsecond=0),
                day=day,
                digest=digest,
                changes=tuple(changes),
            )
            editions.add_edition(conn, edition, plain, who=who)
            listed.append(edition)
    return [_to_site_edition(edition) for edition in listed]


def find_missing_editions(
    listed: Sequence[Edition], in_folder: FolderEdition | None, title: str
) -> list[SiteEdition]:
    """The editions of a folder that the store does not know yet.

    Raises:
        ReviewError: the folder shows another review, or editions that another copy made.
    """
    if in_folder is None:
        return []
    known, shown = [entry.uid for entry in listed], [edition.uid for edition in in_folder.editions]
    if (not known and in_folder.title != title) or (known and known[0] != shown[0]):
        raise ReviewError(
            f"The folder shows another review ({in_folder.title}); choose another folder."
        )
    shared = min(len(known), len(shown))
    if known[:shared] != shown[:shared]:
        raise ReviewError(
            f"The folder shows edition {len(shown)}, which another copy of this review has "
            "published; choose another folder."
        )
    return list(in_folder.editions[shared:])


def _to_site_edition(edition: Edition) -> SiteEdition:
    return SiteEdition(
        number=edition.number,
        uid=edition.uid,
        at=edition.at,
        day=edition.day,
        digest=edition.digest,
        changes=edition.changes,
    )


def _to_edition(edition: SiteEdition) -> Edition:
    return Edition(
        number=edition.number,
        uid=edition.uid,
        at=edition.at,
        day=edition.day,
        digest=edition.digest,
        changes=edition.changes,
    )
