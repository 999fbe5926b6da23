"""The versions of the protocol, and changes made in the app, checked before they are saved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from review.errors import ProtocolError
from review.protocol.loading import fingerprint_text, parse_protocol
from review.query import DateWindow
from review.sources.query_preview import describe_query
from review.store import Connection, audit_events, decisions
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.screening import assignment, status
from review.workflow.setup import staged_files
from review.workflow.setup.form_versions import (
    FormDraft,
    build_draft_checklists,
    save_drafts,
    select_drafts,
)
from review.workflow.setup.loading import describe_plan, diff_protocols


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
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


def list_versions(project: Project) -> list[ProtocolVersion]:
    """All versions of the protocol, oldest first."""
    with project.store.read() as conn:
        rows = audit_events.list_protocol_versions(conn)
    previous_texts = [None, *(row["text"] for row in rows)]
    return [
        ProtocolVersion(
            number=number,
            at=row["at"],
            who=row["who"],
            fingerprint=row["hash"],
            change=None if previous_text is None else diff_protocols(previous_text, row["text"]),
            amendment=row["amendment"] is not None,
            why=row["why"],
        )
        for number, (previous_text, row) in enumerate(zip(previous_texts, rows, strict=False), 1)
    ]


def read_protocol_text(project: Project) -> str:
    """The protocol's file as it is now."""
    return (project.folder / PROTOCOL_FILE).read_text(encoding="utf-8-sig")


def has_decisions(project: Project) -> bool:
    """Whether anybody has decided on a record, after which a change is an amendment."""
    with project.store.read() as conn:
        return decisions.has_decisions(conn)


def explain_queries(project: Project) -> dict[str, Any]:
    """What each source of the protocol is asked: source -> text, lost, notes, error; and warnings.

    Raises:
        QueryError: the query cannot be read.
    """
    search = project.protocol.search
    explanation = describe_query(search.query, DateWindow(search.from_, search.to))
    sources = {
        name: entry for name, entry in explanation["sources"].items() if name in search.sources
    }
    for name, entry in sources.items():
        if name in search.native:
            entry["text"] = search.native[name]
    return {**explanation, "sources": sources}


def amend_protocol(
    project: Project,
    text: str,
    who: str,
    why: str,
    *,
    seen: str,
    drafts: Mapping[str, FormDraft] | None = None,
) -> str:
    """Puts a changed protocol in force, with the forms of data extraction that were built or
    changed along with it, and gives its fingerprint.

    Args:
        why: the reason, which goes into the report's list of amendments.
        seen: fingerprint of the text the change was made from, so that nobody's change is lost.
        drafts: id -> form; new ones that the protocol does not name are left out.

    Raises:
        ProtocolError: it does not hold together, nothing changed, no reason is given once somebody
            has decided on a record, or the file was changed meanwhile.
    """
    require_role(project, who, "manage")
    protocol = parse_protocol(text, PROTOCOL_FILE)
    drafts = select_drafts(drafts or {}, protocol.appraisal.extraction)
    describe_plan(project.folder, protocol, build_draft_checklists(drafts))
    new = fingerprint_text(text)
    with project.store.write() as conn:
        staged_files.finish_changes(project.folder, conn)
        current_text = read_protocol_text(project)
        if fingerprint_text(current_text) != seen:
            raise ProtocolError(
                f"{PROTOCOL_FILE} was changed in the meantime. Reload this page and make your "
                "change again."
            )
        if new == seen and not drafts:
            raise ProtocolError(f"{PROTOCOL_FILE}: there are no changes to save.")
        is_amendment = require_reason(conn, why)
        save_drafts(project, conn, drafts, who, why, is_amendment=is_amendment)
        if new != seen:
            save_version(project, conn, text, who, why)
    return new


def require_reason(conn: Connection, why: str) -> bool:
    """Whether a change is an amendment, since somebody has decided on a record. Raises
    ProtocolError where it is one and no reason is given."""
    has_started = decisions.has_decisions(conn)
    if has_started and not why.strip():
        raise ProtocolError(
            "Screening has started, so this change is an amendment: give a reason for it."
        )
    return has_started


def save_version(project: Project, conn: Connection, text: str, who: str, why: str) -> Project:
    """Puts a consistent protocol in force within a transaction; the file follows once it
    is committed. Gives the review under it.

    Raises:
        ProtocolError: no reason is given once somebody has decided on a record.
    """
    has_started = require_reason(conn, why)
    change = diff_protocols(read_protocol_text(project), text) if has_started else None
    fingerprint = fingerprint_text(text)
    audit_events.add_protocol_version(
        conn, text, fingerprint, who, utc_now(), amendment=change, why=why.strip() or None
    )
    protocol = parse_protocol(text, PROTOCOL_FILE)
    amended = replace(project, protocol=protocol, fingerprint=fingerprint)
    status.rebuild_statuses(amended, conn)
    assignment.reassign(amended, conn)
    staged_files.stage_text(conn, project.folder / PROTOCOL_FILE, text)
    return amended
