"""A written report held against its manifest: folder or ZIP -> every file that differs or is gone.

Needs no review: whoever gets the folder can check it.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from review.errors import ReviewError

MANIFEST = "manifest.json"
BLOCK = 1 << 20
"""Bytes read at once, so that a large log needs no memory of its size."""
MOST_NAMED = 20
"""So many files that are not of a report are named; the rest are counted."""
ODD = (OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged or locked file ends in."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a manifest promises, held against what is there."""

    told: Mapping[str, Any]
    """The manifest."""
    held: int
    """Files with the promised content."""
    changed: tuple[str, ...]
    """There, with another content."""
    missing: tuple[str, ...]
    beside: tuple[str, ...]
    """There, and not named by the manifest."""


def verify(place: Path) -> Verified:
    """Reads each file of a report anew and compares its checksum with the manifest's.

    Args:
        place: the folder or the .zip that `review export all` wrote.

    Raises:
        ReviewError: there is no manifest, or it is not one of a report.
    """
    inside = _zipped(place) if place.is_file() else _folder(place)
    found: dict[str, str | None] = {}
    manifest = None
    for name, file in inside:
        if name == MANIFEST:
            manifest = _read(file)
        else:
            found[name] = _sum(file)
    if manifest is None:
        raise ReviewError(
            f"{place}: there is no {MANIFEST}; name the folder or the .zip that "
            "'review export all' wrote."
        )
    told = _manifest(place, manifest)
    promised = {name: str(one["sha256"]) for name, one in told["files"].items()}
    there = promised.keys() & found.keys()
    changed = tuple(sorted(name for name in there if found[name] != promised[name]))
    return Verified(
        told,
        len(there) - len(changed),
        changed,
        tuple(sorted(promised.keys() - found.keys())),
        tuple(sorted(found.keys() - promised.keys())),
    )


def lines(found: Verified) -> list[str]:
    """What was found, for people: a line for each file that is not as it was written."""
    told = [f"differs from the manifest: {name}" for name in found.changed]
    told += [f"missing: {name}" for name in found.missing]
    told += [f"not of this report: {name}" for name in found.beside[:MOST_NAMED]]
    if len(found.beside) > MOST_NAMED:
        told.append(f"not of this report: {len(found.beside) - MOST_NAMED:,} more files")
    promised = len(found.told["files"])
    of = f"the report of {found.told.get('review')!r}, state of {found.told.get('state_of')}"
    if found.changed or found.missing:
        return [*told, f"{found.held:,} of {promised:,} files are as they were written ({of})."]
    return [*told, f"All {promised:,} files are as they were written ({of})."]


def as_json(found: Verified) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "whole": not found.changed and not found.missing,
        "held": found.held,
        "changed": list(found.changed),
        "missing": list(found.missing),
        "beside": list(found.beside),
    }


def stale(place: Path, written: Iterable[str]) -> list[str]:
    """Files of an earlier report that still lie in a folder and are not among those written now.

    Call it before writing: the earlier manifest tells them.
    """
    manifest = place / MANIFEST
    if not manifest.is_file():
        return []
    try:
        told = _manifest(place, manifest.read_bytes())
    except (OSError, ReviewError):
        return []
    left = sorted(set(told["files"]) - set(written))
    return [name for name in left if (place / name).is_file()]


def _folder(place: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Path -> open file of everything below a folder; None where it cannot be opened."""
    for one in sorted(place.rglob("*")):
        if not one.is_dir():
            yield one.relative_to(place).as_posix(), _opened(one)


def _opened(one: Path) -> IO[bytes] | None:
    try:
        return one.open("rb")
    except OSError:
        return None


def _zipped(place: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    try:
        book = zipfile.ZipFile(place)
    except ODD as error:
        raise ReviewError(f"{place}: not a folder, and not a ZIP that can be read.") from error
    with book:
        for info in book.infolist():
            if not info.is_dir():
                try:
                    file: IO[bytes] | None = book.open(info)
                except (*ODD, RuntimeError):  # RuntimeError: locked with a password
                    file = None
                yield info.filename, file


def _sum(file: IO[bytes] | None) -> str | None:
    """The SHA-256 of a file's content; None if it cannot be read to its end."""
    if file is None:
        return None
    made = hashlib.sha256()
    try:
        with file:
            while block := file.read(BLOCK):
                made.update(block)
    except ODD:
        return None
    return made.hexdigest()


def _read(file: IO[bytes] | None) -> bytes:
    if file is None:
        return b""
    try:
        with file:
            return file.read()
    except ODD:
        return b""


def _manifest(place: Path, data: bytes) -> dict[str, Any]:
    try:
        told = json.loads(data)
        sums = [one["sha256"] for one in told["files"].values()]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReviewError(f"{place}: its {MANIFEST} is not one of a report.") from error
    if not sums:
        raise ReviewError(f"{place}: its {MANIFEST} names no files.")
    return dict(told)
