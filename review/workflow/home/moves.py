"""Brings back a home from its own daily copy, and moves a home of files into a database."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from review.errors import StoreError
from review.store import copies, homes, open_file, schemas
from review.store.homes import HomeReview
from review.workflow.project.home import (
    HOME_FILE,
    HOME_MARK,
    HOME_SCHEMA,
    create_home_rows,
    drop_rows,
    open_home_store,
)
from review.workflow.safety import backups
from review.workflow.setup.loading import open_project

DATABASE_VARIABLE = "DATABASE_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredHome:
    """A home that was brought back or moved."""

    folder: Path
    people: int
    reviews: tuple[HomeReview, ...]
    """Archived ones too, in the order in which they were created."""
    missing: tuple[str, ...]
    """Names of reviews whose folder is not there yet."""
    is_in_database: bool


def restore_home(copy: Path, folder: Path) -> RestoredHome:
    """Brings back the people and the list of reviews of a home from a daily copy of its store, into
    its folder, or into the database that DATABASE_URL names. Nobody is signed in by it. Reviews are
    not touched: each is restored from its own backup.

    Raises:
        StoreError: the copy is none of a home or is damaged, it is of another home than the folder,
            or there is a home already in the folder or the database.
    """
    url = os.environ.get(DATABASE_VARIABLE) or None
    if present := sorted(path.name for path in folder.glob(f"{HOME_FILE}*")):
        raise StoreError(
            f"{folder}: there is a home already ({', '.join(present)}). Move what is left of it "
            "out of the folder, and try again."
        )
    if url is None and (folder / HOME_MARK).exists():
        raise StoreError(
            f"{folder}: the rows of this home were in a PostgreSQL database. Set "
            f"{DATABASE_VARIABLE} to its address."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as scratch:
        part = Path(scratch) / HOME_FILE
        _prepare_copy(copy, part)
        if url is None:
            part.replace(folder / HOME_FILE)
        else:
            create_home_rows(folder, url, part)
    store = open_home_store(folder)
    with store.read() as conn:
        people, reviews = homes.list_people(conn), homes.list_reviews(conn)
    return RestoredHome(
        folder=folder,
        people=len(people),
        reviews=tuple(reviews),
        missing=tuple(one.review for one in reviews if not (folder / one.review).is_dir()),
        is_in_database=url is not None,
    )


def _prepare_copy(copy: Path, part: Path) -> None:
    """A duplicate of a copy with the tables of this version, and without open sessions."""
    if not copy.is_file():
        raise StoreError(f"{copy}: there is no such file.")
    shutil.copyfile(copy, part)
    part.chmod(0o600)
    store = open_file(part)
    try:
        with store.read() as conn:
            is_home = bool(homes.list_people(conn))
        if not is_home:
            raise StoreError(
                f"{copy}: this is not the copy of a home. It is a file home-YYYY-MM-DD.db in the "
                "folder 'backups' of the home."
            )
        copies.clear_passing(store)
    finally:
        store.close()
    connection = sqlite3.connect(part)
    try:
        connection.execute("pragma journal_mode = delete")
    finally:
        connection.close()


def move_home(old: Path, new: Path) -> RestoredHome:
    """Copies a home of files, with all its reviews, into a new folder and the empty database that
    DATABASE_URL names. The old folder stays as it is; if anything fails, nothing new is kept.

    Each review goes by a backup, whose checksums are checked: records, decisions, accounts, PDFs
    and raw answers. Daily backups stay in the old folder. Nobody is signed in afterwards.

    Raises:
        StoreError: the old folder has no home of files, the new one is not empty, DATABASE_URL is
            not set, or the database has a home already.
    """
    url = os.environ.get(DATABASE_VARIABLE) or None
    if url is None:
        raise StoreError(
            f"Set {DATABASE_VARIABLE} to the address of the PostgreSQL database that the home "
            "moves into."
        )
    if not (old / HOME_FILE).exists():
        raise StoreError(f"{old}: there is no {HOME_FILE}, so no home of files to move.")
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise StoreError(f"{new}: this folder is not empty. Name a new one.")
    new.absolute().parent.mkdir(parents=True, exist_ok=True)
    moved: list[Path] = []
    is_complete = has_rows = False
    try:
        with tempfile.TemporaryDirectory(dir=new.absolute().parent, prefix=".move-") as scratch:
            copy = Path(scratch) / HOME_FILE
            with _leave_database():
                store = open_home_store(old)
                copies.save_copy(store, copy, copies.get_version(store))
            restored = restore_home(copy, new)
            has_rows = True
            for review in restored.reviews:
                backup = Path(scratch) / "review.funnel-backup.zip"
                with _leave_database():
                    _back_up(old / review.review, backup)
                moved.append(new / review.review)
                backups.restore_backup(backup, new / review.review)
                backup.unlink()
        is_complete = True
    finally:
        if not is_complete:
            for place in moved:
                with suppress(StoreError):
                    drop_rows(place)
            if has_rows:
                schemas.drop_schema(url, HOME_SCHEMA)
            shutil.rmtree(new, ignore_errors=True)
    return RestoredHome(
        folder=new,
        people=restored.people,
        reviews=restored.reviews,
        missing=(),
        is_in_database=True,
    )


def _back_up(folder: Path, out: Path) -> None:
    project = open_project(folder)
    try:
        backups.write_unattended_backup(project, out)
    finally:
        project.store.close()


@contextmanager
def _leave_database() -> Iterator[None]:
    """Opens what is in files, although DATABASE_URL names the database to move into."""
    url = os.environ.pop(DATABASE_VARIABLE)
    try:
        yield
    finally:
        os.environ[DATABASE_VARIABLE] = url


def format_home(restored: RestoredHome) -> list[str]:
    """What was brought back, in lines, and what is left to do."""
    place = "PostgreSQL" if restored.is_in_database else HOME_FILE
    noun = "review" if len(restored.reviews) == 1 else "reviews"
    people = "person" if restored.people == 1 else "people"
    lines = [
        f"{restored.folder}: {restored.people:,} {people} and {len(restored.reviews):,} {noun}, "
        f"now in {place}. Nobody is signed in."
    ]
    lines += [
        f"  {name}: its folder is missing. Restore it from its own backup: review restore BACKUP "
        f"{restored.folder / name}"
        for name in restored.missing
    ]
    return lines
