"""One backup file: a zip with the store, the review's own files and a manifest with checksums."""

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from review.errors import StoreError
from review.formats.archives import ARCHIVE_ERRORS

FORMAT = 1
"""Version of the layout below."""
MANIFEST, STORE_MEMBER, FOLDER_PREFIX = "manifest.json", "review.db", "folder/"
SUFFIX = ".funnel-backup.zip"
LEFT_OUT_SUFFIXES = (".lock", ".log", ".owner", ".part", ".tmp", ".funnel-backup.zip")
LEFT_OUT_FOLDERS = ("backups", "__pycache__")
PACKED_SUFFIXES = (".pdf", ".gz", ".zip", ".png", ".jpg", ".jpeg", ".xlsx", ".docx")
"""Files that packing makes no smaller."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of a backup."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a backup holds."""

    format: int
    made_at: str
    who: str
    funnel: str
    """Version of Funnel that made it."""
    schema: str
    """Migration of the store."""
    rows: dict[str, int]
    files: tuple[ArchivedFile, ...]
    missing: tuple[str, ...]
    """Files that the store names and that were not in the folder."""
    store_only: bool = False
    """Made before an upgrade: the store alone, without PDFs and raw answers."""


def list_folder_files(folder: Path, left_out: Path) -> list[Path]:
    """A review's own files, sorted; caches, locks, logs, databases, hidden files and backups are
    left out.

    Args:
        left_out: the file or folder that backups are written to.
    """
    paths = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in LEFT_OUT_FOLDERS
            and Path(root, name) != left_out
        )
        for name in sorted(names):
            path = Path(root, name)
            is_store = name.startswith("review.db")
            if (
                not (name.startswith(".") or is_store or name.endswith(LEFT_OUT_SUFFIXES))
                and path.is_file()
                and not path.is_symlink()
                and path != left_out
            ):
                paths.append(path)
    return paths


@contextlib.contextmanager
def replace_whole(path: Path) -> Iterator[Path]:
    """A scratch file beside `path` that takes its place at the end, or goes. Raises StoreError."""
    scratch: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".backup-", suffix=".part")
        os.close(handle)
        scratch = Path(name)
        yield scratch
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path}: the backup cannot be written ({error.strerror or error}). Nothing was kept."
        ) from error
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)


def add_file(archive: zipfile.ZipFile, name: str, path: Path) -> ArchivedFile:
    """Adds a file to a backup and gives its size and checksum."""
    info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
    is_packed = path.suffix.lower() in PACKED_SUFFIXES
    info.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        size, digest = _pump(source, target)
    return ArchivedFile(name, size, digest)


def _pump(source: IO[bytes], target: IO[bytes] | None, limit: int | None = None) -> tuple[int, str]:
    """Copies bytes and gives how many they were and their SHA-256; stops one chunk past `limit`."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if target is not None:
            target.write(chunk)
        if limit is not None and size > limit:
            break
    return size, digest.hexdigest()


def add_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Adds the manifest; its own checksum is the comment of the archive."""
    body = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
    archive.writestr(MANIFEST, body)
    archive.comment = hashlib.sha256(body).hexdigest().encode()


def read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """The manifest of a backup. Raises StoreError: changed, newer, or no backup of ours."""
    try:
        body = archive.read(MANIFEST)
        data = json.loads(body)
        if int(data["format"]) > FORMAT:
            raise StoreError(f"{path}: this backup was made by a newer version of Funnel.")
        files = tuple(ArchivedFile(**entry) for entry in data.pop("files"))
        manifest = Manifest(**{**data, "files": files, "missing": tuple(data["missing"])})
    except (KeyError, TypeError, ValueError, *ARCHIVE_ERRORS) as error:
        raise StoreError(f"{path}: this is not a backup made by 'review backup'.") from error
    if hashlib.sha256(body).hexdigest().encode() != archive.comment:
        raise StoreError(f"{path}: the list of files of this backup was changed or damaged.")
    return manifest


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A backup and its manifest. Raises StoreError: cannot be read, or is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, read_manifest(archive, path)
    except zipfile.BadZipFile as error:
        raise StoreError(f"{path}: this backup is damaged or cut short ({error}).") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}).") from error


def check_files(path: Path, into: Path | None = None) -> Manifest:
    """Checks every file of a backup against its checksum, and unpacks them where a folder is given.

    Raises:
        StoreError: a file is missing, changed or has a name that leads elsewhere; names it.
    """
    with open_archive(path) as (archive, manifest):
        names = set(archive.namelist())
        for entry in manifest.files:
            if entry.name not in names:
                raise StoreError(f"{path}: {entry.name} is missing from this backup.")
            with contextlib.ExitStack() as stack:
                target = None
                if into is not None:
                    place = _get_place(path, into, entry.name)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    target = stack.enter_context(place.open("wb"))
                try:
                    source = stack.enter_context(archive.open(entry.name))
                    size, digest = _pump(source, target, entry.bytes)
                except ARCHIVE_ERRORS as error:
                    raise StoreError(f"{path}: {entry.name} is damaged ({error}).") from error
            if (size, digest) != (entry.bytes, entry.sha256):
                raise StoreError(f"{path}: {entry.name} was changed or damaged in this backup.")
        return manifest


def _get_place(path: Path, into: Path, name: str) -> Path:
    parts = PurePosixPath(name.removeprefix(FOLDER_PREFIX)).parts
    is_bad = any(part in ("..", "/", "") or "\\" in part or ":" in part for part in parts)
    if not parts or is_bad or PurePosixPath(name).is_absolute():
        raise StoreError(f"{path}: the file name {name!r} leads out of the folder; refused.")
    return into.joinpath(*parts)
