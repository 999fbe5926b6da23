"""The review with its protocol as the file is now, for the door, which opens no project anew."""

from dataclasses import replace
from pathlib import Path

from review.errors import ReviewError
from review.protocol.loading import fingerprint_text, parse_protocol
from review.protocol.models import Protocol
from review.workflow.project.home import Home, refresh_home
from review.workflow.project.project import PROTOCOL_FILE, Project

_PROTOCOL_CACHE: dict[Path, tuple[int, Protocol, str]] = {}
"""Protocol file -> when it was changed, what it plans, its fingerprint."""


def refresh_people(place: Project | Home) -> Project | Home:
    """What people sign in to, with its team as it is now."""
    return refresh_home(place) if isinstance(place, Home) else refresh_protocol(place)


def refresh_protocol(project: Project) -> Project:
    """The review with its protocol as the file is now, so that who joined or left the team while
    the app runs is let in or kept out at once; as it was, while the file cannot be read."""
    path = project.folder / PROTOCOL_FILE
    try:
        modified_at = path.stat().st_mtime_ns
        cached = _PROTOCOL_CACHE.get(path)
        if cached is None or cached[0] != modified_at:
            text = path.read_text(encoding="utf-8-sig")
            cached = (
                modified_at,
                parse_protocol(text, str(path)),
                fingerprint_text(text),
            )
            _PROTOCOL_CACHE[path] = cached
    except (OSError, UnicodeDecodeError, ReviewError):
        cached = _PROTOCOL_CACHE.get(path)
    return (
        project if cached is None else replace(project, protocol=cached[1], fingerprint=cached[2])
    )
