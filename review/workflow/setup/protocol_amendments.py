"""The protocol's versions, and a change made in the app, which is checked before it counts."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review import protocol as protocols
from review.errors import ProtocolError
from review.query import Window
from review.sources.query_preview import explain
from review.store import audit_events, decisions
from review.store.timestamps import now
from review.workflow.project.project import PROTOCOL, Project
from review.workflow.screening import status
from review.workflow.setup.loading import changes, plan


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the protocol, as it was when it came into force."""

    number: int
    """1 for the first."""
    at: str
    who: str
    fingerprint: str
    """SHA-256 of the file's text."""
    change: str | None
    """The lines that differ from the version before, '-' before and '+' after; None for the first.
    """
    amendment: bool
    """Whether somebody had already decided on a record, so that it is reported as an amendment."""
    why: str | None


def versions(project: Project) -> list[Version]:
    """All versions of the protocol, oldest first."""
    with project.store.read() as conn:
        rows = audit_events.protocol_versions(conn)
    before = [None, *(row["text"] for row in rows)]
    return [
        Version(
            number, row["at"], row["who"], row["hash"],
            None if was is None else changes(was, row["text"]),
            row["amendment"] is not None, row["why"],
        )
        for number, (was, row) in enumerate(zip(before, rows, strict=False), 1)
    ]  # fmt: skip


def text_of(project: Project) -> str:
    """The protocol's file as it is now."""
    return (project.folder / PROTOCOL).read_text(encoding="utf-8-sig")


def begun(project: Project) -> bool:
    """Whether anybody has decided on a record, after which a change is an amendment."""
    with project.store.read() as conn:
        return decisions.begun(conn)


def asked(project: Project) -> dict[str, Any]:
    """What each source of the protocol is asked: source -> text, lost, notes, error; and warnings.

    Raises:
        QueryError: the query cannot be read.
    """
    search = project.protocol.search
    found = explain(search.query, Window(search.from_, search.to))
    sources = {name: one for name, one in found["sources"].items() if name in search.sources}
    for name, one in sources.items():
        if name in search.native:
            one["text"] = search.native[name]
    return {**found, "sources": sources}


def check_text(project: Project, text: str) -> list[str]:
    """What a changed protocol would plan. Raises ProtocolError where it does not hold together."""
    return plan(project.folder, protocols.parse(text, PROTOCOL))


def amend(project: Project, text: str, who: str, why: str, *, seen: str) -> str:
    """Puts a changed protocol in force and gives its fingerprint.

    Args:
        why: the reason, which goes into the report's list of amendments.
        seen: fingerprint of the text the change was made from, so that nobody's change is lost.

    Raises:
        ProtocolError: it does not hold together, nothing changed, no reason is given once somebody
            has decided on a record, or the file was changed meanwhile.
    """
    protocol = protocols.parse(text, PROTOCOL)
    plan(project.folder, protocol)
    new = protocols.fingerprint(text)
    with project.store.write() as conn:
        was = text_of(project)
        if protocols.fingerprint(was) != seen:
            raise ProtocolError(
                f"{PROTOCOL} was changed meanwhile. Open this page anew, then change it again."
            )
        if new == seen:
            raise ProtocolError(f"{PROTOCOL}: nothing differs, so there is nothing to save.")
        started = decisions.begun(conn)
        if started and not why.strip():
            raise ProtocolError(
                "Decisions have been made, so this change is an amendment: say why it is made."
            )
        change = changes(was, text) if started else None
        audit_events.add_protocol(
            conn, text, new, who, now(), amendment=change, why=why.strip() or None
        )
        status.rebuild(Project(project.folder, protocol, new, project.store), conn)
        _replace(project.folder / PROTOCOL, text)
    return new


def _replace(path: Path, text: str) -> None:
    """Writes a whole file in place of the old one, so that a reader meets one or the other."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".protocol-")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh = Path(name)
    fresh.chmod(path.stat().st_mode & 0o777)
    fresh.replace(path)
