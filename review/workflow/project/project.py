"""An open review: its folder, protocol and store. See `setup.loading.open_project`."""

import difflib
import getpass
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol as StructuralType

from review.errors import ReviewError
from review.protocol.loading import parse_protocol
from review.protocol.models import Person, Protocol, Stage
from review.store import Connection, Store, audit_events

PROTOCOL_FILE = "protocol.yaml"


@dataclass(frozen=True, slots=True)
class Project:
    """An open review."""

    folder: Path
    protocol: Protocol
    fingerprint: str
    """SHA-256 of the protocol in force."""
    store: Store
    notices: tuple[str, ...] = ()
    """What was found and repaired in the store when the review was opened."""
    home_store: Store | None = None
    """The store of the home in which the review is; None where the review is alone. Its people's
    accounts, sessions and links are there."""


class Team(StructuralType):
    """Who may sign in, and what to: the title and team of a protocol, or of a home."""

    @property
    def title(self) -> str:
        """What the sign-in page is headed with."""
        ...

    @property
    def team(self) -> tuple[Person, ...]:
        """Everybody who may sign in."""
        ...


class SignInPlace(StructuralType):
    """What people sign in to: a review, or the home of several."""

    @property
    def protocol(self) -> Team:
        """The title and the team."""
        ...

    @property
    def store(self) -> Store:
        """Its own store."""
        ...

    @property
    def home_store(self) -> Store | None:
        """The store of the home it is in, where it is in one."""
        ...


def get_account_store(place: SignInPlace) -> Store:
    """Where the accounts, sessions and links are kept: in the home, where the review is in one."""
    return place.store if place.home_store is None else place.home_store


def get_review_name(project: Project) -> str:
    """The name by which a home knows a review: that of its folder."""
    return project.folder.absolute().name


def find_stage(protocol: Protocol, name: str) -> Stage:
    """The stage of an id or a kind. Raises ReviewError with the nearest name."""
    for stage in protocol.stages:
        if name in (stage.id, stage.kind, stage.name):
            return stage
    ids = [stage.id for stage in protocol.stages]
    close_matches = difflib.get_close_matches(name, ids, n=1)
    hint = f" Did you mean {close_matches[0]!r}?" if close_matches else ""
    raise ReviewError(f"Unknown stage {name!r}; choose from: {', '.join(ids)}.{hint}")


def follow_plan(project: Project, conn: Connection) -> Project:
    """The review under the protocol in force in the store, for whatever is written now.

    A page or a command opened before an amendment still holds the earlier one; what it writes is
    checked, taken and counted under the plan of this moment, or refused by it.
    """
    newest = audit_events.get_newest_protocol(conn)
    if newest is None or newest[0] == project.fingerprint:
        return project
    return replace(project, protocol=_parse_stored_protocol(newest[1]), fingerprint=newest[0])


@lru_cache(maxsize=8)
def _parse_stored_protocol(text: str) -> Protocol:
    return parse_protocol(text, PROTOCOL_FILE, was_in_force=True)


def get_default_person() -> str:
    """Who acts on the command line: FUNNEL_USER, else the system's user name."""
    return os.environ.get("FUNNEL_USER") or getpass.getuser()
