"""A home: one server with many reviews. It keeps accounts and who may open which review; each
review's folder keeps all the rest by itself."""

import re
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from review.errors import ReviewError
from review.protocol.models import Person
from review.store import Connection, Store, homes, open_file
from review.store.homes import HomePerson
from review.store.timestamps import utc_now

HOME_FILE = "home.db"
TITLE = "Reviews"
HOME_VARIABLE = "FUNNEL_HOME"
"""Names the folder of the home that this process serves."""
REVIEW_HEADER = "x-funnel-review"
"""By which the gate of a home tells the pages which review was asked for; what a browser sends
under this name is dropped."""
REVIEW_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
"""What the name of a review in a home looks like: no part of it can lead out of the folder."""

_STORES: dict[Path, Store] = {}
"""Open stores of homes: all reviews of a home share one."""
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


def open_home_store(folder: Path) -> Store:
    """The store of the home in a folder, opened once for all its reviews."""
    path = (folder / HOME_FILE).absolute()
    with _LOCK:
        store = _STORES.get(path)
        if store is None or not path.exists():
            store = _STORES[path] = open_file(path)
        return store


def find_home_store(folder: Path) -> Store | None:
    """The store of the home in which a review's folder is; None where it is in none, or is there
    without having been made there."""
    place = folder.absolute()
    if not (place.parent / HOME_FILE).exists():
        return None
    store = open_home_store(place.parent)
    with store.read() as conn:
        is_listed = any(one.review == place.name for one in homes.list_reviews(conn))
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
        homes.note_member(conn, review, person.name, "added", who, utc_now())
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
