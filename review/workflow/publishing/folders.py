"""Replaces a published folder by a new one in one step, and refuses folders that hold more."""

import ctypes
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from review.errors import ReviewError
from review.site.website import EDITION_FILE
from review.workflow.publishing.editions import FolderEdition

MAX_NAMES = 3
"""Foreign files named in a message."""
STALE_SECONDS = 3600
"""Age after which the unfinished folder of a publication that was killed is removed (seconds)."""
NEW_SUFFIX, OLD_SUFFIX = ".new", ".old"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
"""Values of Linux. Source: renameat2(2)."""


def check_folder(folder: Path, in_folder: FolderEdition | None) -> None:
    """Raises ReviewError if a folder holds anything that publishing did not write."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ReviewError(f"{folder}: not a folder; name a new or empty folder, or a .zip file.")
    written = {EDITION_FILE, *(in_folder.files if in_folder else ())}
    foreign = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir())
        and path.relative_to(folder).as_posix() not in written
    )
    if foreign:
        names = ", ".join(foreign[:MAX_NAMES])
        more = f" and {len(foreign) - MAX_NAMES:,} more" if len(foreign) > MAX_NAMES else ""
        raise ReviewError(
            f"{folder}: holds files that are not of a published review ({names}{more}); name a new "
            "or empty folder."
        )


def holds_files(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether a folder holds exactly these files."""
    present = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()
    }
    if present.keys() != files.keys():
        return False
    try:
        return all(present[name].read_bytes() == data for name, data in files.items())
    except OSError:
        return False


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes the files into a new folder beside the old one, then exchanges the two: whoever looks
    sees the old edition or the new one, even if the program is killed at any moment.

    Raises:
        ReviewError: a file cannot be written, or the folder cannot be replaced.
    """
    folder = folder.resolve()
    new = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        recover_folder(folder)
        new = Path(
            tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=NEW_SUFFIX, dir=folder.parent)
        )
        new.chmod(folder.stat().st_mode & 0o777 if folder.exists() else 0o755)
        for name, data in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        _put_in_place(new, folder)
    except OSError as error:
        raise ReviewError(f"{folder}: cannot be written ({error.strerror}).") from error
    finally:
        if new is not None:
            shutil.rmtree(new, ignore_errors=True)


def recover_folder(folder: Path) -> None:
    """Puts back the edition that a killed publication had set aside, where folders cannot be
    exchanged in one step, and removes what killed publications left unfinished."""
    asides = sorted(folder.parent.glob(f".{folder.name}.*{OLD_SUFFIX}"))
    if asides and not folder.exists():
        asides.pop().rename(folder)
    leftovers = [*asides, *folder.parent.glob(f".{folder.name}.*{NEW_SUFFIX}")]
    for path in leftovers:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _put_in_place(new: Path, folder: Path) -> None:
    """Afterwards the folder is the new one; `new` is the old one, or gone."""
    if not folder.exists():
        new.rename(folder)
    elif not _exchange(new, folder):
        aside = new.with_suffix(OLD_SUFFIX)
        folder.rename(aside)
        try:
            new.rename(folder)
        except OSError:
            aside.rename(folder)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(new: Path, folder: Path) -> bool:
    """Exchanges two folders in one step; False where the system or the disk cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done = rename(
        _AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(folder), ctypes.c_uint(_RENAME_EXCHANGE)
    )
    return bool(done == 0)
