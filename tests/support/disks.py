"""Small, full and read-only disks, where this machine lets a test mount one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _run(*words: str) -> bool:
    return subprocess.run(words, capture_output=True).returncode == 0


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of so many megabytes, mounted at a new folder; skips where that is not allowed."""
    place.mkdir()
    if not _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)):
        pytest.skip("no disk can be mounted here")
    try:
        yield place
    finally:
        _run("umount", "-l", str(place))


def make_read_only(place: Path) -> None:
    """Lets nobody write on a mounted disk any more."""
    assert _run("mount", "-o", "remount,ro", str(place))


def fill(place: Path) -> None:
    """Fills a disk to the last byte."""
    with (place / "filler").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
