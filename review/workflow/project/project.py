"""An open review: its folder, its protocol and its store. Opening one is next door."""

import getpass
import os
from dataclasses import dataclass
from pathlib import Path

from review.protocol import Protocol
from review.store import Store

PROTOCOL_FILE = "protocol.yaml"


@dataclass(frozen=True, slots=True)
class Project:
    """An open review."""

    folder: Path
    protocol: Protocol
    fingerprint: str
    """SHA-256 of the protocol in force."""
    store: Store


def get_default_person() -> str:
    """Who acts on the command line: FUNNEL_USER, else the system's user name."""
    return os.environ.get("FUNNEL_USER") or getpass.getuser()
