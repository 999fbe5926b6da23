"""Allows one harvest of a review at a time: a lock in its folder, with its owner and start."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from review.errors import StoreError
from review.store import harvests
from review.store.timestamps import format_timestamp, parse_timestamp, utc_now
from review.workflow.harvest.models import BUSY
from review.workflow.project.project import Project

LOCK_TIMEOUT = 0.5
"""Seconds to wait for the lock: whoever looks whether a harvest runs holds it for a moment."""


class HarvestInProgress(StoreError):
    """Another harvest of this review is running."""

    exit_status = BUSY


@contextlib.contextmanager
def hold_lock(project: Project, who: str) -> Iterator[None]:
    """Holds the lock of the review's harvests; the system lets it go if the process dies.

    Raises:
        Busy: another process has it; says who, where and for how long.
        StoreError: the disk is full or refuses.
    """
    owner_path = project.folder / "harvest.owner"
    lock = FileLock(project.folder / "harvest.lock", timeout=LOCK_TIMEOUT)
    try:
        lock.acquire(poll_interval=0.05)
    except Timeout:
        raise HarvestInProgress(_format_lock_message(owner_path)) from None
    except OSError as error:
        raise _build_write_error(project, error) from error
    try:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(harvests.advisory_lock(project.store))
            except StoreError as error:
                raise HarvestInProgress(str(error)) from error
            owner_info = {
                "who": who,
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": format_timestamp(utc_now()),
            }
            try:
                owner_path.write_text(json.dumps(owner_info), encoding="utf-8")
            except OSError as error:
                raise _build_write_error(project, error) from error
            yield
    finally:
        with contextlib.suppress(OSError):
            owner_path.unlink(missing_ok=True)
        lock.release()


def _build_write_error(project: Project, error: OSError) -> StoreError:
    return StoreError(
        f"{project.folder}: the harvest was not started because this folder cannot be written to "
        f"({error.strerror}). Free disk space or correct the permissions, and run it again."
    )


def describe_running_harvest(project: Project) -> str | None:
    """Who harvests this review now, in a sentence; None where nobody does."""
    lock = FileLock(project.folder / "harvest.lock", blocking=False)
    try:
        with lock:
            return None
    except Timeout:
        return _format_lock_message(project.folder / "harvest.owner")


def get_start_time(project: Project) -> str | None:
    """The moment (text) the harvest that runs now began; None where none runs or says so."""
    if describe_running_harvest(project) is None:
        return None
    try:
        owner_info = json.loads((project.folder / "harvest.owner").read_text(encoding="utf-8"))
        return str(owner_info["since"])
    except (OSError, ValueError, KeyError):
        return None


def _format_lock_message(owner_path: Path) -> str:
    try:
        owner_info = json.loads(owner_path.read_text(encoding="utf-8"))
        started_at = parse_timestamp(owner_info["since"])
        minutes = int((datetime.now(UTC) - started_at).total_seconds() // 60)
        description = (
            f"by {owner_info['who']} on {owner_info['host']} (process {owner_info['pid']}) since "
            f"{started_at:%Y-%m-%d %H:%M} UTC, {minutes} min"
        )
    except (OSError, ValueError, KeyError):
        description = "by another process"
    return (
        f"a harvest of this review, started {description}, is already running; this one was not "
        "started."
    )
