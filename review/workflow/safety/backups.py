"""Backups of a review while it is used, their restore, and the daily one that the app keeps."""

import contextlib
import logging
import os
import re
import shutil
import sqlite3
import tempfile
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

import review
from review.errors import ReviewError, StoreError
from review.protocol.loading import fingerprint_text
from review.store import BeforeUpgrade, Store, copies, open_store
from review.store.timestamps import format_timestamp, parse_timestamp, utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.home import create_rows, drop_rows, find_store_url
from review.workflow.project.project import PROTOCOL_FILE, Project, follow_plan
from review.workflow.safety import backup_archive
from review.workflow.safety.backup_archive import (
    FOLDER_PREFIX,
    STORE_MEMBER,
    SUFFIX,
    ArchivedFile,
    Manifest,
)

DAILY_NAME = re.compile(r"daily-(\d{4}-\d{2}-\d{2})" + re.escape(SUFFIX))
PROBLEM_FILE = "problem.txt"
"""What went wrong with the newest daily backup; absent where nothing did."""
CHECK_SECONDS = 600.0
"""How often the app looks whether a daily backup is due (seconds)."""
_LOG = logging.getLogger(__name__)
OVERDUE = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written or restored."""

    path: Path
    manifest: Manifest
    bytes: int
    """Size of the backup file."""

    @property
    def file_count(self) -> int:
        """Files of the review's folder in it."""
        return len(self.manifest.files) - 1


def write_backup(project: Project, out: Path, who: str) -> Backup:
    """Writes one checksummed file with all of a review, while others go on working.

    Args:
        out: the file, or a folder in which it gets a name with the moment.

    Raises:
        StoreError: there is a file of that name, the disk is full, or the store is damaged.
    """
    require_role(project, who, "manage")
    return _write_at(project, out, who)


def write_unattended_backup(project: Project, out: Path) -> Backup:
    """Writes a backup for whoever runs the server, who need not be in the review's team.

    Raises:
        StoreError: as for `write_backup`.
    """
    return _write_at(project, out, "tool")


def _write_at(project: Project, out: Path, who: str) -> Backup:
    at = utc_now()
    if out.is_dir():
        out = out / f"{project.folder.absolute().name}-{at:%Y-%m-%dT%H%M%S}Z{SUFFIX}"
    if out.exists():
        raise StoreError(f"{out}: a file of this name already exists; choose another name.")
    return _write(project, out, who, at)


def _write(project: Project, out: Path, who: str, at: datetime) -> Backup:
    detail = project.store.check_pages()
    if detail is not None:
        raise StoreError(f"The store is damaged ({detail}); no backup was made of it.")
    with tempfile.TemporaryDirectory(prefix="funnel-backup-") as scratch:
        copy = Path(scratch) / STORE_MEMBER
        version = copies.get_version(project.store)
        copies.save_copy(project.store, copy, version)
        with backup_archive.replace_whole(out) as part:
            with zipfile.ZipFile(part, "w", allowZip64=True) as archive:
                files = [backup_archive.add_file(archive, STORE_MEMBER, copy)]
                files += _add_folder(archive, project.folder, out, copy)
                manifest = Manifest(
                    format=backup_archive.FORMAT,
                    made_at=format_timestamp(at),
                    who=who,
                    funnel=review.__version__,
                    schema=version,
                    rows=copies.count_rows(copy),
                    files=tuple(files),
                    missing=_find_missing(copy, files),
                )
                backup_archive.add_manifest(archive, manifest)
            part.chmod(0o600)
    return Backup(out, manifest, out.stat().st_size)


def _add_folder(
    archive: zipfile.ZipFile, folder: Path, out: Path, copy: Path
) -> list[ArchivedFile]:
    """The review's files. What came after the copy of the store does no harm; what goes meanwhile
    is left out."""
    files = []
    for path in backup_archive.list_folder_files(folder, out):
        name = FOLDER_PREFIX + path.relative_to(folder).as_posix()
        with contextlib.suppress(FileNotFoundError):
            source = path
            if name == FOLDER_PREFIX + PROTOCOL_FILE:
                source = _choose_protocol(path, copy)
            files.append(backup_archive.add_file(archive, name, source))
    return files


def _choose_protocol(path: Path, copy: Path) -> Path:
    """The protocol's file; where the copied store has a newer version, that one."""
    versions = copies.read_copy(copy, "select hash, text from protocols order by id")
    fingerprint = fingerprint_text(path.read_text(encoding="utf-8-sig"))
    if not versions or fingerprint not in [version[0] for version in versions[:-1]]:
        return path
    if fingerprint == versions[-1][0]:
        return path
    newest = copy.with_name(PROTOCOL_FILE)
    newest.write_text(str(versions[-1][1]), encoding="utf-8")
    return newest


def _find_missing(copy: Path, files: list[ArchivedFile]) -> tuple[str, ...]:
    """Files that the store names and the backup lacks, since they are not in the folder."""
    present = {file.name for file in files}
    wanted = [
        f"{FOLDER_PREFIX}files/{digest[:2]}/{digest}.pdf"
        for (digest,) in copies.read_copy(copy, "select distinct sha256 from files")
    ]
    wanted += [
        f"{FOLDER_PREFIX}raw/{digest[:2]}/{digest}.gz"
        for (digest,) in copies.read_copy(
            copy, "select distinct raw from harvest_pages where raw is not null"
        )
    ]
    return tuple(sorted(name.removeprefix(FOLDER_PREFIX) for name in wanted if name not in present))


def back_up_before_upgrade(folder: Path) -> BeforeUpgrade:
    """What a store of an older version is asked to do before its tables are changed."""

    def save(store: Store, version: str) -> None:
        at = utc_now()
        out = folder / "backups" / f"before-upgrade-{version}-{at:%Y-%m-%dT%H%M%S}Z{SUFFIX}"
        with tempfile.TemporaryDirectory(prefix="funnel-backup-") as scratch:
            copy = Path(scratch) / STORE_MEMBER
            copies.save_copy(store, copy, version)
            with backup_archive.replace_whole(out) as part:
                with zipfile.ZipFile(part, "w", allowZip64=True) as archive:
                    files = [backup_archive.add_file(archive, STORE_MEMBER, copy)]
                    protocol = folder / PROTOCOL_FILE
                    if protocol.exists():
                        name = FOLDER_PREFIX + PROTOCOL_FILE
                        files.append(backup_archive.add_file(archive, name, protocol))
                    manifest = Manifest(
                        format=backup_archive.FORMAT,
                        made_at=format_timestamp(at),
                        who="tool",
                        funnel=review.__version__,
                        schema=version,
                        rows=copies.count_rows(copy),
                        files=tuple(files),
                        missing=(),
                        store_only=True,
                    )
                    backup_archive.add_manifest(archive, manifest)
                part.chmod(0o600)

    return save


def check_backup(path: Path) -> Backup:
    """Checks every file of a backup against its checksum. Raises StoreError naming the first bad
    one."""
    manifest = backup_archive.check_files(path)
    return Backup(path, manifest, path.stat().st_size)


def restore_backup(
    path: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Backup:
    """Makes a review's folder of a backup: all of it, or nothing.

    With DATABASE_URL in the environment the rows go into that database, which must be empty; in a
    home, into a schema of the review's own, which must not be there yet. Nobody is signed in by a
    restore.

    Raises:
        StoreError: the backup is damaged, or the folder or the database is not empty.
    """
    url = find_store_url(folder, os.environ if environment is None else environment)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder}: this folder is not empty. Name a new one.")
    scratch: Path | None = None
    is_begun = False
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.absolute().parent, prefix=".restore-"))
        manifest = backup_archive.check_files(path, scratch)
        if url:
            is_begun = create_rows(folder)
            store = open_store(scratch, url)
            try:
                _bring_up_to_date(scratch)
                copies.load_copy(scratch / STORE_MEMBER, store)
            finally:
                store.close()
            (scratch / STORE_MEMBER).unlink()
        else:
            _bring_up_to_date(scratch)
        scratch.chmod(0o700)
        if folder.exists():
            folder.rmdir()
        scratch.rename(folder)
        is_begun = False
    except OSError as error:
        raise StoreError(
            f"{folder}: the backup cannot be restored there ({error.strerror or error}). Nothing "
            "was kept."
        ) from error
    finally:
        if is_begun:
            drop_rows(folder)
        if scratch is not None and scratch.exists():
            shutil.rmtree(scratch, ignore_errors=True)
    return Backup(path, manifest, path.stat().st_size)


def _bring_up_to_date(folder: Path) -> None:
    """Opens the restored SQLite file once, so that an older one has the tables of this version."""
    store = open_store(folder)
    try:
        copies.clear_passing(store)
    finally:
        store.close()
    connection = sqlite3.connect(folder / STORE_MEMBER)
    try:
        connection.execute("pragma journal_mode = delete")
    finally:
        connection.close()
    (folder / STORE_MEMBER).chmod(0o600)


def get_backup_folder(project: Project) -> Path:
    """Where the daily backups of a review are kept. In a home that is within its own folder, for
    who leads one review must not write into another's."""
    folder = project.folder / project.protocol.backups.folder
    is_own = folder.resolve().is_relative_to(project.folder.resolve())
    return folder if project.home_store is None or is_own else project.folder / "backups"


def list_daily_backups(folder: Path) -> list[Path]:
    """The daily backups in a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if DAILY_NAME.fullmatch(path.name))


def run_due_backup(project: Project, at: datetime) -> Path | None:
    """Writes the day's backup where it is not there yet, and removes the oldest beyond those that
    are kept; None where nothing was due, or another process is at it.

    Raises:
        StoreError: it cannot be written; the ones before are all kept then.
    """
    with project.store.read() as conn:
        project = follow_plan(project, conn)
    keep = project.protocol.backups.keep
    folder = get_backup_folder(project)
    out = folder / f"daily-{at:%Y-%m-%d}{SUFFIX}"
    if not keep or out.exists():
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "backup.lock", blocking=False):
            if out.exists():
                return None
            backup = _write(project, out, "tool", at)
            backup_archive.check_files(out)
            for old in list_daily_backups(folder)[:-keep]:
                if old != out:
                    old.unlink(missing_ok=True)
    except Timeout:
        return None
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror or error}).") from error
    return backup.path


def keep_daily_backups(project: Project, stop: threading.Event) -> None:
    """Writes each day's backup until asked to stop; what goes wrong is noted and tried again."""
    while not stop.is_set():
        try:
            run_due_backup(project, utc_now())
            _note_problem(project, None)
        except ReviewError as error:
            _note_problem(project, str(error))
        except Exception:  # noqa: BLE001  (the thread goes on: there are no others)
            _LOG.exception("The daily backup failed.")
            _note_problem(project, "An unforeseen error; the server's log has it.")
        stop.wait(CHECK_SECONDS)


def _note_problem(project: Project, problem: str | None) -> None:
    """Notes beside the backups why the last attempt failed; removes the note where it did not."""
    path = get_backup_folder(project) / PROBLEM_FILE
    with contextlib.suppress(OSError):
        if problem is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(f"{utc_now():%Y-%m-%d %H:%M} UTC: {problem}", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class BackupState:
    """The state of a review's daily backups."""

    newest: datetime | None
    """When the newest one was made."""
    kept: int
    problem: str | None
    """What went wrong, or that the newest one is too old."""


def get_backup_state(project: Project, now: datetime) -> BackupState:
    """The state of the daily backups, for the overview."""
    folder = get_backup_folder(project)
    paths = list_daily_backups(folder)
    newest = None
    if paths:
        with contextlib.suppress(OSError):
            newest = datetime.fromtimestamp(paths[-1].stat().st_mtime, UTC)
    problem = None
    with contextlib.suppress(OSError):
        problem = (folder / PROBLEM_FILE).read_text(encoding="utf-8").strip() or None
    if problem is None and newest is not None and now - newest > OVERDUE:
        problem = f"the newest backup is of {newest:%d %B %Y}"
    return BackupState(newest, len(paths), problem)


def format_backup_state(project: Project, state: BackupState) -> str:
    """The state of the daily backups in a sentence."""
    if not project.protocol.backups.keep:
        return "Daily backups are off (backups.keep in the protocol is 0)."
    if state.newest is None:
        return "No backup yet. Funnel makes one a day while the app runs."
    noun = "backup" if state.kept == 1 else "backups"
    return f"Last backup: {state.newest:%d %B %Y, %H:%M} UTC; {state.kept} daily {noun} kept."


def format_backup(backup: Backup) -> list[str]:
    """What a backup holds, in lines."""
    manifest = backup.manifest
    rows = manifest.rows
    made_at = parse_timestamp(manifest.made_at)
    lines = [
        f"{backup.path}: {backup.bytes / 1e6:,.1f} MB, made {made_at:%Y-%m-%d %H:%M} UTC by "
        f"{manifest.who}",
        f"  {rows.get('records', 0):,} records, {rows.get('decisions', 0):,} decisions, "
        f"{rows.get('answers', 0):,} answers, {backup.file_count:,} files; all checksums agree",
    ]
    if manifest.store_only:
        lines.append("  Made before an upgrade: PDFs and raw answers are not in it.")
    if manifest.missing:
        shown = ", ".join(manifest.missing[:5])
        lines.append(f"  {len(manifest.missing):,} files were missing in the folder: {shown}")
    return lines
