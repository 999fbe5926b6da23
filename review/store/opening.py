"""What a store is before anything is written into it: ours, empty, foreign or damaged.

All of it is found out without a write, so that a file that is not a review's store stays as it is.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from review.errors import StoreError

EMPTY_PATIENCE = 2.0
"""How long an empty file may be one that another process has just begun (seconds)."""
CHECKED_BYTES = 256 << 20
"""A store up to this size (bytes) is read through at every opening; larger ones by
`review verify --store` and before each daily backup."""
READ_ONLY_ERRORS = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR")
DAMAGE_ERRORS = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
RESTORE_HINT = "Restore the newest backup into a new folder: review restore FILE FOLDER"


def check_file(path: Path) -> None:
    """Raises StoreError where a file is there that is not a SQLite database with a review in it.

    The file is looked at through SQLite alone. On POSIX, a process that opens a file a second time
    and closes it loses all its locks on it, those of a store it has open included; another process
    then removes the log that this one still reads from (sqlite.org/howtocorrupt.html, 2.2).
    """
    if not path.exists():
        return
    _refuse_empty(path)
    check_tables(list_tables(path), str(path))


def _refuse_empty(path: Path) -> None:
    end = time.monotonic() + EMPTY_PATIENCE
    while path.stat().st_size == 0:  # another process may be making it at this moment
        if time.monotonic() > end:
            raise StoreError(
                f"{path}: cannot open the store: the file is empty (0 bytes), and a review's store "
                f"never is. {RESTORE_HINT}; or delete the file to begin anew."
            )
        time.sleep(0.05)


def list_tables(path: Path) -> set[str]:
    """Names of the tables of a SQLite file, read without a write. Raises StoreError: damaged."""
    last_error: sqlite3.Error | None = None
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            connection = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, timeout=60)
            try:
                rows = connection.execute("select name from sqlite_master where type = 'table'")
                return {str(name) for (name,) in rows}
            finally:
                connection.close()
        except sqlite3.Error as error:
            if str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_NOTADB"):
                raise StoreError(
                    f"{path}: cannot open the store: this is not a database, or its beginning is "
                    f"damaged. Nothing was written. {RESTORE_HINT}"
                ) from error
            last_error = error
            if not is_unwritable(error):
                break  # only a file that nothing can be written beside is read without locks
    raise StoreError(format_damage(str(path), str(last_error)))


def check_tables(names: set[str], address: str) -> None:
    """Raises StoreError where a database holds tables of another program, and not a review's."""
    if names and "alembic_version" not in names:
        listing = ", ".join(sorted(names)[:5])
        raise StoreError(
            f"{address}: cannot open the store: this database belongs to another program (its "
            f"tables: {listing}). Nothing was written. Name another folder or DATABASE_URL."
        )


def format_damage(address: str, detail: str) -> str:
    """The line that says a store is damaged."""
    return (
        f"{address}: the store is damaged ({detail}). Nothing was written and nothing more will "
        f"be. {RESTORE_HINT}"
    )


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite found a database's pages wrong."""
    return str(getattr(error, "sqlite_errorname", "")).startswith(DAMAGE_ERRORS)


def is_unwritable(error: BaseException | None) -> bool:
    """Whether SQLite could not open a database because nothing can be written beside it."""
    return str(getattr(error, "sqlite_errorname", "")).startswith(READ_ONLY_ERRORS)


def connect_for_reading(path: Path, scratch: Path) -> Callable[[], sqlite3.Connection]:
    """Gives connections that only read, where the folder is read-only or the disk is full.

    What was written last may still be in the log beside the database; then both are copied into
    the scratch folder, so that nothing of it is missed.
    """
    log = path.with_name(f"{path.name}-wal")
    source, options = path, "mode=ro"
    if not _can_read(path, options):
        options = "mode=ro&immutable=1"
        if log.exists() and log.stat().st_size:
            source, options = scratch / path.name, "mode=rw"
            shutil.copyfile(path, source)
            shutil.copyfile(log, source.with_name(log.name))
    address = f"file:{quote(str(source))}?{options}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        connection.execute("pragma query_only = on")
        return connection

    return connect


def _can_read(path: Path, options: str) -> bool:
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?{options}", uri=True)
        try:
            connection.execute("select count(*) from sqlite_master").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return False
    return True


def make_scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when the process does."""
    return tempfile.TemporaryDirectory(prefix="funnel-store-", ignore_cleanup_errors=True)
