"""What follows once a transaction is committed or has failed, such as putting a file in place."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

OPTION = "funnel_followers"
"""The connection's option that holds what follows its transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """What is done after a transaction."""

    committed: Callable[[], None]
    failed: Callable[[], None]


def follow_transaction(conn: Connection, follower: Follower) -> None:
    """Does something once the transaction of `Store.write` is over, one way or the other."""
    followers: list[Follower] = conn.get_execution_options()[OPTION]
    followers.append(follower)
