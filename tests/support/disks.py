"""Small, full and read-only disks: in memory, mounted for the length of a test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _run(*words: str) -> bool:
    return subprocess.run(words, capture_output=True).returncode == 0


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of so many megabytes, mounted at a new folder."""
    place.mkdir()
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place))
    assert mounted, "This test mounts a small disk: run it as root or in a container that may."
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
