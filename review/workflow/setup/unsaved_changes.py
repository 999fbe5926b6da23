"""A lead's changes of the protocol that are not saved yet: kept for them alone, so that a reload of
the page, another browser or a restart of the server loses nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from review.errors import ReviewError
from review.store import personal_settings
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.setup.form_versions import FormDraft, pack_drafts, unpack_drafts

NAME = "protocol changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsavedChanges:
    """Changes that one person has made and not saved."""

    base: str
    """Fingerprint of the version they were made from."""
    base_text: str
    text: str
    forms: Mapping[str, FormDraft] = field(default_factory=dict)
    """Forms of data extraction that were built or changed."""
    at: str | None = None
    """When they were last kept."""


def keep_changes(project: Project, who: str, changes: UnsavedChanges) -> None:
    """Keeps one's unsaved changes in place of those kept before."""
    require_role(project, who, "manage")
    value = {
        "base": changes.base,
        "base_text": changes.base_text,
        "text": changes.text,
        "forms": pack_drafts(changes.forms),
    }
    with project.store.write() as conn:
        personal_settings.set_value(conn, who, NAME, value, utc_now())


def discard_changes(project: Project, who: str) -> None:
    """Takes one's unsaved changes away, once they are saved or no longer wanted."""
    require_role(project, who, "manage")
    with project.store.write() as conn:
        personal_settings.set_value(conn, who, NAME, None, utc_now())


def load_changes(project: Project, who: str) -> UnsavedChanges | None:
    """One's own unsaved changes; None where there are none, or an older Funnel kept them in a way
    that cannot be read any more."""
    with project.store.read() as conn:
        kept = personal_settings.get_value(conn, who, NAME)
    if kept is None:
        return None
    value, at = kept
    try:
        return UnsavedChanges(
            base=value["base"],
            base_text=value["base_text"],
            text=value["text"],
            forms=unpack_drafts(value["forms"]),
            at=at,
        )
    except (KeyError, ReviewError):
        return None
