"""One harvest of a review at a time: a lock in its folder, with whose it is and since when."""

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
from review.store.timestamps import from_text, now, to_text
from review.workflow.harvest.models import BUSY
from review.workflow.project.project import Project

PATIENCE = 0.5
"""Seconds to wait for the lock: whoever looks whether a harvest runs holds it for a moment."""


class Busy(StoreError):
    """Another harvest of this review is running."""

    exit_status = BUSY


@contextlib.contextmanager
def held(project: Project, who: str) -> Iterator[None]:
    """Holds the lock of the review's harvests; the system lets it go if the process dies.

    Raises:
        Busy: another process has it; says who, where and for how long.
        StoreError: the disk is full or refuses.
    """
    owner = project.folder / "harvest.owner"
    lock = FileLock(project.folder / "harvest.lock", timeout=PATIENCE)
    try:
        lock.acquire(poll_interval=0.05)
    except Timeout:
        raise Busy(_told(owner)) from None
    except OSError as error:
        raise _unwritable(project, error) from error
    try:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(harvests.alone(project.store))
            except StoreError as error:
                raise Busy(str(error)) from error
            told = {"who": who, "pid": os.getpid(), "host": socket.gethostname(),
                    "since": to_text(now())}  # fmt: skip
            try:
                owner.write_text(json.dumps(told), encoding="utf-8")
            except OSError as error:
                raise _unwritable(project, error) from error
            yield
    finally:
        with contextlib.suppress(OSError):
            owner.unlink(missing_ok=True)
        lock.release()


def _unwritable(project: Project, error: OSError) -> StoreError:
    return StoreError(
        f"{project.folder}: no harvest was begun, because nothing can be written there "
        f"({error.strerror}). Free the disk or mend the folder's rights, and run it again."
    )


def running(project: Project) -> str | None:
    """Who harvests this review now, in a sentence; None where nobody does."""
    lock = FileLock(project.folder / "harvest.lock", blocking=False)
    try:
        with lock:
            return None
    except Timeout:
        return _told(project.folder / "harvest.owner")


def since(project: Project) -> str | None:
    """The moment (text) the harvest that runs now began; None where none runs or says so."""
    if running(project) is None:
        return None
    try:
        said = json.loads((project.folder / "harvest.owner").read_text(encoding="utf-8"))
        return str(said["since"])
    except (OSError, ValueError, KeyError):
        return None


def _told(owner: Path) -> str:
    try:
        one = json.loads(owner.read_text(encoding="utf-8"))
        since = from_text(one["since"])
        minutes = int((datetime.now(UTC) - since).total_seconds() // 60)
        told = (
            f"by {one['who']} on {one['host']} (process {one['pid']}) since "
            f"{since:%Y-%m-%d %H:%M} UTC, {minutes} min"
        )
    except (OSError, ValueError, KeyError):
        told = "by another process"
    return f"a harvest of this review is running {told}; this one was not started."
