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
from review.store.moments import from_text, now, to_text
from review.workflow.harvest.nouns import BUSY
from review.workflow.project import Project


class Busy(StoreError):
    """Another harvest of this review is running."""

    exit_status = BUSY


@contextlib.contextmanager
def held(project: Project, who: str) -> Iterator[None]:
    """Holds the lock of the review's harvests; the system lets it go if the process dies.

    Raises:
        Busy: another process has it; says who, where and for how long.
    """
    owner = project.folder / "harvest.owner"
    lock = FileLock(project.folder / "harvest.lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(_told(owner)) from None
    try:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(harvests.alone(project.store))
            except StoreError as error:
                raise Busy(str(error)) from error
            told = {"who": who, "pid": os.getpid(), "host": socket.gethostname(),
                    "since": to_text(now())}  # fmt: skip
            owner.write_text(json.dumps(told), encoding="utf-8")
            yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def running(project: Project) -> str | None:
    """Who harvests this review now, in a sentence; None where nobody does."""
    lock = FileLock(project.folder / "harvest.lock", blocking=False)
    try:
        with lock:
            return None
    except Timeout:
        return _told(project.folder / "harvest.owner")


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
