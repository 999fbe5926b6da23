"""An open review: its folder, protocol and store. See `setup.loading.open_project`."""

import difflib
import getpass
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from review.errors import ReviewError
from review.protocol import Protocol, Stage, parse_protocol
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
    return parse_protocol(text, PROTOCOL_FILE)


def get_default_person() -> str:
    """Who acts on the command line: FUNNEL_USER, else the system's user name."""
    return os.environ.get("FUNNEL_USER") or getpass.getuser()
