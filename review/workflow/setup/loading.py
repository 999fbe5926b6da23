"""Opens a review: its folder, protocol and store. Changes of the protocol are always recorded."""

import difflib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from review import query
from review.checklists import Checklist
from review.errors import ProtocolError, QueryError
from review.protocol.loading import fingerprint_text, load_protocol, parse_protocol
from review.protocol.models import Protocol, list_stage_reviewers
from review.resources import get_shipped_path as shipped
from review.sources import SOURCES
from review.store import Connection, Store, audit_events, decisions, open_store
from review.store.timestamps import utc_now
from review.workflow.appraisal.instruments import check_appraisal_plan
from review.workflow.assistant import settings as assistant_settings
from review.workflow.project.home import find_home_store, find_store_url
from review.workflow.project.project import PROTOCOL_FILE, Project, get_default_person
from review.workflow.screening import assignment, status
from review.workflow.setup import staged_files


def open_project(folder: Path, *, who: str | None = None, why: str | None = None) -> Project:
    """The review in a folder. A changed protocol becomes a new version, and an amendment where
    decisions were made before.

    Args:
        folder: holds protocol.yaml and, unless DATABASE_URL is set, review.db. In a home, its rows
            are where the home keeps them.
        who: the person to whom a protocol change is ascribed.
        why: the reason for a change, where one is given.

    Raises:
        ProtocolError: no protocol here, or a mistake in it.
        StoreError: the store cannot be opened.
    """
    from review.workflow.safety import backups, store_check

    path = folder / PROTOCOL_FILE
    load_protocol(path)
    store = open_store(folder, find_store_url(folder), backups.back_up_before_upgrade(folder))
    who = who or get_default_person()
    project = _note_version(store, folder, who, why)
    repaired = store_check.check_at_opening(project, who)
    return replace(
        project,
        home_store=find_home_store(folder),
        notices=tuple(store_check.format_repair(repaired, read_only=bool(store.read_only))),
    )


def _read_project(store: Store, folder: Path) -> tuple[Project, str]:
    """The review under the protocol its folder holds now, and that protocol's text."""
    text = (folder / PROTOCOL_FILE).read_text(encoding="utf-8-sig")
    protocol = parse_protocol(text, str(folder / PROTOCOL_FILE))
    return Project(folder, protocol, fingerprint_text(text), store), text


def _note_version(store: Store, folder: Path, who: str, why: str | None) -> Project:
    """Notes the folder's protocol where it is not the one in force; gives the review under it.

    The file is read anew once nobody else can write: an opener that read it before an amendment
    must not put the earlier protocol back in force.
    """
    project, text = _read_project(store, folder)
    with store.read() as conn:
        newest = audit_events.get_newest_protocol(conn)
    is_staged = bool(staged_files.list_staged(folder)) and not store.read_only
    if newest is not None and newest[0] == project.fingerprint and not is_staged:
        return project
    with store.write() as conn:
        staged_files.finish_changes(folder, conn)
        project, text = _read_project(store, folder)
        versions = audit_events.list_protocol_versions(conn)
        if versions and versions[-1]["hash"] == project.fingerprint:
            return project
        amendment = None
        if versions and decisions.has_decisions(conn):
            if why is None:
                _refuse_earlier_version(project, versions)
            amendment = diff_protocols(versions[-1]["text"], text)
        audit_events.add_protocol_version(
            conn, text, project.fingerprint, who, utc_now(), amendment=amendment, why=why
        )
        if versions:
            _rebuild_assignments(project, conn)
    return project


def _refuse_earlier_version(project: Project, versions: Sequence[Mapping[str, Any]]) -> None:
    """A file that is word for word an earlier version is an old copy, or a return to it that
    somebody has to give a reason for."""
    for number, version in enumerate(versions, 1):
        if version["hash"] == project.fingerprint:
            newest = versions[-1]
            raise ProtocolError(
                f"{project.folder / PROTOCOL_FILE} is version {number} of the protocol; version "
                f"{len(versions)} by {newest['who']} ({newest['at'][:10]}) is in force. Copy the "
                "newer file here, or return to this version with: review amend --why REASON"
            )


def _rebuild_assignments(project: Project, conn: Connection) -> None:
    """Each report's status and reviewers depend on the plan, such as how many decide; so
    both are made anew whenever the plan changes."""
    status.rebuild_statuses(project, conn)
    assignment.reassign(project, conn)


def diff_protocols(before: str, after: str) -> str:
    """The changed lines of a protocol, '-' before and '+' after."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def init_project(folder: Path) -> Path:
    """Writes a commented starter protocol into a folder and gives its path.

    Raises:
        ProtocolError: there is a protocol already, or the folder cannot be written into.
    """
    path = folder / PROTOCOL_FILE
    if path.exists():
        raise ProtocolError(
            f"{path}: this folder already contains a protocol. Edit it, or choose a new folder."
        )
    make_folder(folder)
    try:
        shutil.copyfile(shipped("data") / "starter-protocol.yaml", path)
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be written ({error.strerror}).") from error
    return path


def make_folder(folder: Path) -> None:
    """Makes the folder of a new review, for its owner alone; one that is there stays as it is.
    Raises ProtocolError where it cannot be made."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.exists():
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise ProtocolError(
            f"{folder}: this folder cannot be created ({error.strerror}). Choose one in which you "
            "can write."
        ) from error


def list_amendments(project: Project) -> list[dict[str, str | None]]:
    """Changes of the protocol, and of the forms of data extraction built in the app, since
    screening began: at, who, what, why; oldest first."""
    with project.store.read() as conn:
        versions = audit_events.list_protocol_versions(conn)
        form_events = audit_events.list_events(conn, kind="checklist")
    amendments = [
        {"at": v["at"], "who": v["who"], "what": v["amendment"], "why": v["why"]}
        for v in versions
        if v["amendment"] is not None
    ]
    for event in form_events:
        detail = event["detail"] or {}
        if detail.get("amendment"):
            what = " ".join(detail["changes"])
            entry = {"at": event["at"], "who": event["who"], "what": what, "why": detail["why"]}
            amendments.append(entry)
    return sorted(amendments, key=lambda amendment: str(amendment["at"]))


def get_newest_reason(project: Project) -> str | None:
    """The reason kept with the protocol in force; None where none was given."""
    with project.store.read() as conn:
        why = audit_events.list_protocol_versions(conn)[-1]["why"]
    return None if why is None else str(why)


def check_protocol(folder: Path) -> list[str]:
    """What a protocol plans, in a few lines, once it is consistent.

    Raises:
        ProtocolError: a mistake in it, or in its query, or a checklist that is not there.
    """
    return describe_plan(folder, load_protocol(folder / PROTOCOL_FILE))


def describe_plan(
    folder: Path, protocol: Protocol, drafts: Mapping[str, Checklist] | None = None
) -> list[str]:
    """What a protocol plans, once it is consistent with the files in its folder.

    Args:
        drafts: id -> checklist of those that are saved together with the protocol.

    Raises:
        ProtocolError: a mistake in its query, a source the tool does not harvest, or a file or
            checklist that is not there.
    """
    check_appraisal_plan(folder, protocol, drafts)
    lines = [f"{folder / PROTOCOL_FILE}: the protocol is valid.", f"  {protocol.title}"]
    sources = [
        *protocol.search.sources,
        *(search_import.file for search_import in protocol.search.imports),
    ]
    until = protocol.search.to.isoformat() if protocol.search.to else "now"
    _check_sources(folder / PROTOCOL_FILE, protocol)
    lines.append(f"  search {protocol.search.from_} to {until}: {', '.join(sources) or 'files'}")
    for stage in protocol.stages:
        people = ", ".join(list_stage_reviewers(protocol, stage))
        maybe = ", Maybe counts as include" if stage.maybe == "include" else ""
        lines.append(f"  {stage.id}: {stage.reviewers} of {people}{maybe}")
    for search_import in protocol.search.imports:
        if not (folder / search_import.file).exists():
            problem = f"search.imports lists {search_import.file}, which is not in the folder."
            raise ProtocolError(
                f"{folder / PROTOCOL_FILE}: search.imports lists {search_import.file}, which is "
                f"not in {folder}.",
                path=("search", "imports"),
                problem=problem,
            )
    _check_queries(folder / PROTOCOL_FILE, protocol)
    lines.append(f"  checklists: {', '.join(protocol.appraisal.tools) or 'none'}")
    if protocol.assistant is not None:
        lines += [f"  {line}" for line in assistant_settings.describe_plan(protocol.assistant)]
    return lines


def _check_sources(path: Path, protocol: Protocol) -> None:
    for source in protocol.search.sources:
        if source not in SOURCES:
            close_matches = difflib.get_close_matches(source, SOURCES, n=1)
            hint = f" Did you mean {close_matches[0]!r}?" if close_matches else ""
            problem = (
                f"'search.sources' lists {source!r}, which Funnel cannot search.{hint} "
                f"Choose from: {', '.join(SOURCES)}; import searches of other databases as files."
            )
            raise ProtocolError(f"{path}: {problem}", path=("search", "sources"), problem=problem)


def _check_queries(path: Path, protocol: Protocol) -> None:
    texts: list[tuple[str, tuple[str | int, ...], str]] = [
        ("search.query", ("search", "query"), protocol.search.query)
    ]
    texts += [
        (f"rules {rule.id}: must_match", ("rules", number, "must_match"), rule.must_match)
        for number, rule in enumerate(protocol.rules)
    ]
    for key, place, text in texts:
        try:
            query.parse(text)
        except QueryError as error:
            problem = f"'{key}' cannot be read. {error}"
            raise ProtocolError(f"{path}: {problem}", path=place, problem=problem) from error
