"""A home: one server with many reviews. It keeps accounts and who may open which review; each
review's folder keeps all the rest by itself.

With DATABASE_URL, the rows are in a PostgreSQL database: the home's in the schema `home`, those of
each review in a schema of its own. A file in the home's folder says so, so that nobody opens the
folder without the database, or with that of another home, and gets an empty store.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from review.errors import ReviewError, StoreError
from review.protocol.models import Person
from review.store import Connection, Store, audit_events, copies, homes, open_file, schemas
from review.store.homes import HomePerson
from review.store.timestamps import utc_now

HOME_FILE = "home.db"
HOME_MARK = "home.postgresql"
"""The file that says that the rows of a home are in a PostgreSQL database."""
HOME_SCHEMA = "home"
MARK_EVENT = "home"
"""The event that keeps the word of the mark in the database, which must be that of the folder."""
MARK_TEXT = """\
The reviews in this folder are served together (review app FOLDER). Their records and decisions, and
the accounts, are in the PostgreSQL database that DATABASE_URL names. Keep this file.
home: {mark}
"""
TITLE = "Reviews"
HOME_VARIABLE = "FUNNEL_HOME"
"""Names the folder of the home that this process serves."""
REVIEW_HEADER = "x-funnel-review"
"""Header in which the gate of a home passes the pages the review asked for; what a browser sends
under this name is dropped."""
REVIEW_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
"""What the name of a review in a home looks like: no part of it can lead out of the folder."""

MAX_SCHEMA_REVIEW = 55
"""Most characters of a review's name where it is also a schema's, which has 63 with its prefix."""
SCRATCH_NAME = re.compile(r"\.new-([0-9a-f]{1,40})")
"""The folder of a review that is being created."""

_STORES: dict[tuple[Path, str], Store] = {}
"""Open stores of homes, by folder and database: all reviews of a home share one."""
_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class HomeTeam:
    """Everybody who has an account on the server, as the sign-in page needs them."""

    title: str
    team: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """An open home."""

    folder: Path
    store: Store
    protocol: HomeTeam
    home_store: Store | None = None
    """A home is in no other."""


def open_home(folder: Path) -> Home:
    """The home in a folder; a new one where it has none yet.

    Raises:
        StoreError: its store cannot be opened.
    """
    return refresh_home(Home(folder, open_home_store(folder), HomeTeam(TITLE, ())))


def refresh_home(home: Home) -> Home:
    """The home with its people as they are now."""
    with home.store.read() as conn:
        people = homes.list_people(conn)
    return Home(home.folder, home.store, HomeTeam(TITLE, tuple(map(_build_person, people))))


def _build_person(person: HomePerson) -> Person:
    roles = ("lead",) if person.administrator else ("guest",)
    return Person(name=person.name, roles=roles, email=person.email, full_name=person.full_name)  # type: ignore[arg-type]


def is_home(folder: Path) -> bool:
    """Whether a folder is that of a home."""
    return (folder / HOME_FILE).exists() or (folder / HOME_MARK).exists()


def open_home_store(folder: Path) -> Store:
    """The store of the home in a folder, opened once for all its reviews.

    Raises:
        StoreError: it cannot be opened, or DATABASE_URL does not name the database of this home.
    """
    url = _find_database(folder)
    path = (folder / HOME_FILE).absolute()
    with _LOCK:
        store = _STORES.get((path, url or ""))
        if store is None or not (url or path.exists()):
            store = open_file(path) if url is None else _open_home_schema(folder, url)
            _STORES[path, url or ""] = store
        return store


def _find_database(folder: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """The database that holds the rows of a home; None for one that keeps them in files."""
    url = environment.get("DATABASE_URL") or None
    if url is None and (folder / HOME_MARK).exists():
        raise StoreError(
            f"{folder}: the rows of this home are in a PostgreSQL database. Set DATABASE_URL to "
            "its address."
        )
    if url is not None and (folder / HOME_FILE).exists():
        raise StoreError(
            f"{folder}: this home keeps its rows in files ({HOME_FILE}). Unset DATABASE_URL to "
            "serve it, or name a new folder for a home in the database."
        )
    return url


def _open_home_schema(folder: Path, url: str) -> Store:
    """The store of a home in a database; a new one where neither folder nor database has one."""
    path = folder / HOME_MARK
    if not path.exists():
        schemas.create_schema(url, HOME_SCHEMA)
        _write_mark(folder, secrets.token_hex(8))
    mark = _read_mark(folder)
    store = Store(schemas.build_schema_url(url, HOME_SCHEMA))
    with store.write() as conn:
        marks = _list_marks(conn)
        if not marks:
            audit_events.add_event(conn, MARK_EVENT, "tool", utc_now(), subject=mark)
        elif marks != [mark]:
            raise StoreError(
                f"{folder}: the database that DATABASE_URL names belongs to another home."
            )
    return store


def create_home_rows(folder: Path, url: str, copy: Path) -> None:
    """Puts the rows of a copy of a home's store into a database that has no home yet, and ties the
    folder to it. If anything fails, the database stays without a home.

    Raises:
        StoreError: the database has a home, or the copy is of another home than the folder.
    """
    copied = open_file(copy)
    try:
        with copied.read() as conn:
            marks = _list_marks(conn)
    finally:
        copied.close()
    has_mark = (folder / HOME_MARK).exists()
    if has_mark and marks and marks != [_read_mark(folder)]:
        raise StoreError(f"{folder}: this copy is of another home than the folder.")
    schemas.create_schema(url, HOME_SCHEMA)
    is_complete = False
    try:
        store = Store(schemas.build_schema_url(url, HOME_SCHEMA))
        try:
            copies.load_copy(copy, store)
        finally:
            store.close()
        if not has_mark:
            _write_mark(folder, str(marks[0]) if marks else secrets.token_hex(8))
        is_complete = True
    finally:
        if not is_complete:
            schemas.drop_schema(url, HOME_SCHEMA)


def _write_mark(folder: Path, mark: str) -> None:
    (folder / HOME_MARK).write_text(MARK_TEXT.format(mark=mark), encoding="utf-8")


def _read_mark(folder: Path) -> str:
    text = (folder / HOME_MARK).read_text(encoding="utf-8")
    return text.rpartition("home:")[2].strip()


def _list_marks(conn: Connection) -> list[str | None]:
    return [event["subject"] for event in audit_events.list_events(conn, kind=MARK_EVENT)]


def find_store_url(folder: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """The address of the database that holds the rows of a review: DATABASE_URL, and in a home the
    review's own schema; None where they are in a file of the folder.

    Raises:
        StoreError: the review is in a home, and DATABASE_URL does not fit it.
    """
    place = folder.absolute()
    if not (place.parent / HOME_MARK).exists():
        return environment.get("DATABASE_URL") or None
    url = _find_database(place.parent, environment)
    return None if url is None else schemas.build_schema_url(url, name_schema(place.name))


def name_schema(review: str) -> str:
    """The schema that holds the rows of a review of a home. Raises StoreError: no name for one."""
    if match := SCRATCH_NAME.fullmatch(review):
        return f"new_{match[1]}"
    if not REVIEW_NAME.fullmatch(review) or len(review) > MAX_SCHEMA_REVIEW:
        raise StoreError(
            f"{review}: a review of this home is named in lower-case letters, digits and hyphens, "
            f"at most {MAX_SCHEMA_REVIEW}."
        )
    return f"review_{review.replace('-', '_')}"


def create_rows(folder: Path) -> bool:
    """Makes room in the home's database for a review that is being created or restored; gives
    whether its rows are there, not in a file. Raises StoreError: the database has rows of that
    name."""
    url = _find_home_database(folder)
    if url is not None:
        schemas.create_schema(url, name_schema(folder.absolute().name))
    return url is not None


def drop_rows(folder: Path) -> None:
    """Takes away the rows of a review that was not completed, where they are in a database."""
    url = _find_home_database(folder)
    if url is not None:
        schemas.drop_schema(url, name_schema(folder.absolute().name))


def _find_home_database(folder: Path) -> str | None:
    """The database of the home in which a review's folder is; None where it has none."""
    home = folder.absolute().parent
    return _find_database(home) if (home / HOME_MARK).exists() else None


def rename_rows(conn: Connection, review: str, name: str) -> None:
    """Gives the rows of a review its final name, where they are in the home's database."""
    if conn.dialect.name != "sqlite":
        schemas.rename_schema(conn, name_schema(review), name_schema(name))


def has_rows(conn: Connection, review: str) -> bool:
    """Whether the home's database has rows under the name of a review."""
    return conn.dialect.name != "sqlite" and schemas.has_schema(conn, name_schema(review))


def find_home_store(folder: Path) -> Store | None:
    """The store of the home in which a review's folder is; None where it is in none, or is there
    without having been made there."""
    place = folder.absolute()
    if not is_home(place.parent):
        return None
    store = open_home_store(place.parent)
    with store.read() as conn:
        is_listed = any(listed.review == place.name for listed in homes.list_reviews(conn))
    return store if is_listed else None


def build_review_path(review: str) -> str:
    """The address of a review of the home, without the server's name."""
    return f"/r/{review}/"


def enroll(conn: Connection, review: str, person: Person, who: str) -> bool:
    """Lets somebody open a review, and makes them known to the server where they are not; gives
    whether they were known before.

    Raises:
        ReviewError: somebody else on the server has this name or address.
    """
    is_known = check_enrollment(conn, person)
    if not is_known:
        full_name = person.full_name or person.name
        homes.add_person(conn, person.name, full_name, person.email, who=who, at=utc_now())
    if not homes.is_member(conn, review, person.name):
        homes.note_member(conn, review, name=person.name, event="added", who=who, at=utc_now())
    return is_known


def check_enrollment(conn: Connection, person: Person) -> bool:
    """Whether the server knows somebody already. Raises ReviewError where it is somebody else."""
    known = homes.find_person(conn, person.name)
    if known is None:
        check_new_person(conn, person.name, person.email)
        return False
    if known.full_name.casefold() != (person.full_name or person.name).casefold():
        raise ReviewError(
            f"Somebody on this server signs in as {person.name} already. If it is the same person, "
            "enter their full name exactly as in their account; otherwise choose another name."
        )
    return True


def check_new_person(conn: Connection, name: str, email: str | None) -> None:
    """Raises ReviewError where a new name or address could be taken for another person's."""
    if "@" in name:
        raise ReviewError("A name to sign in with must not contain '@'.")
    for person in homes.list_people(conn):
        if person.name.casefold() == name.casefold():
            raise ReviewError(f"{person.name} has an account on this server. Choose another name.")
        if email and person.email and person.email.casefold() == email.casefold():
            raise ReviewError(f"Somebody on this server has the address {email} already.")
