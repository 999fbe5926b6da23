"""Verifies a folder or ZIP against its manifest: every file that differs or is missing.

Needs no review: whoever gets the folder can check it.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from review.errors import ReviewError
from review.formats.archives import ARCHIVE_ERRORS

MANIFEST = "manifest.json"
BLOCK_SIZE = 1 << 20
"""Bytes read at once, so that a large log needs no memory of its size."""
MAX_LISTED_FILES = 20
"""So many files that are not of a report are named; the rest are counted."""
READ_ERRORS = (*ARCHIVE_ERRORS, OSError)
"""What reading a damaged or locked file ends in."""


@dataclass(frozen=True, slots=True)
class ManifestCheck:
    """What a manifest promises, held against what is there."""

    manifest: Mapping[str, Any]
    """The manifest."""
    intact_count: int
    """Files with the promised content."""
    changed: tuple[str, ...]
    """There, with another content."""
    missing: tuple[str, ...]
    unlisted: tuple[str, ...]
    """There, and not named by the manifest."""


def verify_report(path: Path) -> ManifestCheck:
    """Reads each file of a report anew and compares its checksum with the manifest's.

    Args:
        place: the folder or the .zip that `review export all` wrote.

    Raises:
        ReviewError: there is no manifest, or it is not one of a report.
    """
    report_entries = _iter_zip_files(path) if path.is_file() else _iter_folder_files(path)
    checksums: dict[str, str | None] = {}
    manifest = None
    for name, file in report_entries:
        if name == MANIFEST:
            manifest = _read_bytes(file)
        else:
            checksums[name] = _compute_checksum(file)
    if manifest is None:
        raise ReviewError(
            f"{path}: {MANIFEST} not found; give the folder or .zip file written by 'review "
            "export all'."
        )
    contents = _parse_manifest(path, manifest)
    promised_sums = {
        name: str(file_info["sha256"]) for name, file_info in contents["files"].items()
    }
    present_names = promised_sums.keys() & checksums.keys()
    changed = tuple(
        sorted(name for name in present_names if checksums[name] != promised_sums[name])
    )
    return ManifestCheck(
        contents,
        len(present_names) - len(changed),
        changed,
        tuple(sorted(promised_sums.keys() - checksums.keys())),
        tuple(sorted(checksums.keys() - promised_sums.keys())),
    )


def format_lines(manifest_check: ManifestCheck) -> list[str]:
    """What was found, for people: a line for each file that is not as it was written."""
    text_lines = [f"Changed: {name}" for name in manifest_check.changed]
    text_lines += [f"Missing: {name}" for name in manifest_check.missing]
    text_lines += [
        f"Not part of this report: {name}" for name in manifest_check.unlisted[:MAX_LISTED_FILES]
    ]
    if len(manifest_check.unlisted) > MAX_LISTED_FILES:
        text_lines.append(
            f"Not part of this report: {len(manifest_check.unlisted) - MAX_LISTED_FILES:,} more "
            "files"
        )
    promised_count = len(manifest_check.manifest["files"])
    report_label = (
        f"the report of {manifest_check.manifest.get('review')!r}, as of "
        f"{manifest_check.manifest.get('state_of')}"
    )
    if manifest_check.changed or manifest_check.missing:
        return [
            *text_lines,
            f"{manifest_check.intact_count:,} of {promised_count:,} files are as they were "
            f"written ({report_label}).",
        ]
    return [*text_lines, f"All {promised_count:,} files are unchanged ({report_label})."]


def to_json(manifest_check: ManifestCheck) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "whole": not manifest_check.changed and not manifest_check.missing,
        "held": manifest_check.intact_count,
        "changed": list(manifest_check.changed),
        "missing": list(manifest_check.missing),
        "beside": list(manifest_check.unlisted),
    }


def find_stale_files(folder: Path, new_names: Iterable[str]) -> list[str]:
    """Files of an earlier report that still lie in a folder and are not among those written now.

    Call it before writing: the earlier manifest lists them.
    """
    manifest_path = folder / MANIFEST
    if not manifest_path.is_file():
        return []
    try:
        contents = _parse_manifest(folder, manifest_path.read_bytes())
    except (OSError, ReviewError):
        return []
    stale_names = sorted(set(contents["files"]) - set(new_names))
    return [name for name in stale_names if (folder / name).is_file()]


def _iter_folder_files(folder: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Path -> open file of everything below a folder; None where it cannot be opened."""
    for path in sorted(folder.rglob("*")):
        if not path.is_dir():
            yield path.relative_to(folder).as_posix(), _open_file(path)


def _open_file(path: Path) -> IO[bytes] | None:
    try:
        return path.open("rb")
    except OSError:
        return None


def _iter_zip_files(path: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    try:
        archive = zipfile.ZipFile(path)
    except READ_ERRORS as error:
        raise ReviewError(f"{path}: not a folder or a readable ZIP file.") from error
    with archive:
        for info in archive.infolist():
            if not info.is_dir():
                try:
                    file: IO[bytes] | None = archive.open(info)
                except READ_ERRORS:
                    file = None
                yield info.filename, file


def _compute_checksum(file: IO[bytes] | None) -> str | None:
    """The SHA-256 of a file's content; None if it cannot be read to its end."""
    if file is None:
        return None
    checksum = hashlib.sha256()
    try:
        with file:
            while block := file.read(BLOCK_SIZE):
                checksum.update(block)
    except READ_ERRORS:
        return None
    return checksum.hexdigest()


def _read_bytes(file: IO[bytes] | None) -> bytes:
    if file is None:
        return b""
    try:
        with file:
            return file.read()
    except READ_ERRORS:
        return b""


def _parse_manifest(path: Path, data: bytes) -> dict[str, Any]:
    try:
        contents = json.loads(data)
        sums = [file_info["sha256"] for file_info in contents["files"].values()]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReviewError(f"{path}: its {MANIFEST} is not the manifest of a report.") from error
    if not sums:
        raise ReviewError(f"{path}: its {MANIFEST} lists no files.")
    return dict(contents)
