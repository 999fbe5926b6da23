"""Files of a review whose text is also in its store: the protocol and the forms built in the app.

The store comes first. A new text is written beside the file, the transaction is committed, and only
then does the new text take the file's place. If the commit fails, the file was never touched; if
the process is killed in between, whoever next opens or amends the review finishes the change.
"""

import os
import tempfile
from functools import partial
from pathlib import Path

from review.errors import ReviewError
from review.store import Connection, audit_events
from review.store.outcomes import Follower, follow_transaction
from review.workflow.appraisal.instruments import OWN_CHECKLISTS_FOLDER
from review.workflow.project.project import PROTOCOL_FILE

MARK = ".next"
"""Ends the name of a text that waits for its commit."""


def stage_text(conn: Connection, path: Path, text: str) -> None:
    """Writes a file's next text beside it, within a transaction; it takes the file's place once
    the transaction is committed, and is dropped if it fails."""
    path.parent.mkdir(exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    staged = _get_staged_path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".text-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(staged)
    finally:
        Path(name).unlink(missing_ok=True)
    follow_transaction(
        conn,
        Follower(
            committed=partial(_put_in_place, staged, path),
            failed=partial(staged.unlink, missing_ok=True),
        ),
    )


def list_staged(folder: Path) -> list[Path]:
    """Texts that wait for a commit, or whose process was killed around it."""
    pattern = f".*{MARK}"
    return [*folder.glob(pattern), *(folder / OWN_CHECKLISTS_FOLDER).glob(pattern)]


def finish_changes(folder: Path, conn: Connection) -> None:
    """Puts texts in place that were committed by a process killed before it could, and drops those
    that were not; within a transaction that writes, so that none is under way."""
    for staged in list_staged(folder):
        path = _get_target(staged)
        if staged.read_bytes().decode("utf-8", "replace") == _read_newest_text(folder, path, conn):
            _put_in_place(staged, path)
        else:
            staged.unlink(missing_ok=True)


def _read_newest_text(folder: Path, path: Path, conn: Connection) -> str | None:
    """The text of a file's newest version in the store; None where it has none."""
    if path == folder / PROTOCOL_FILE:
        newest = audit_events.get_newest_protocol(conn)
        return None if newest is None else newest[1]
    texts = [
        event["detail"]["text"]
        for event in audit_events.list_events(conn, kind="checklist")
        if event["subject"] == path.stem and event["detail"] and "text" in event["detail"]
    ]
    return str(texts[-1]) if texts else None


def _put_in_place(staged: Path, path: Path) -> None:
    try:
        staged.replace(path)
    except FileNotFoundError:  # another process has opened the review and done it
        return
    except OSError as error:
        raise ReviewError(
            f"{path}: the change is saved in the review's store, but the file could not be "
            f"replaced ({error.strerror}). Make its folder writable and open the review again."
        ) from error


def _get_staged_path(path: Path) -> Path:
    return path.with_name(f".{path.name}{MARK}")


def _get_target(staged: Path) -> Path:
    return staged.with_name(staged.name.removeprefix(".").removesuffix(MARK))
