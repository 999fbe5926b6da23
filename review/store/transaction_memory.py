"""What a transaction has read already and need not ask the database again.

A reading transaction sees one state, and a writing one is alone, so what is read stays true until
the transaction itself adds to it. Connections that are not from `Store.read` or `Store.write`
remember nothing.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

OPTION = "funnel_memory"
"""The connection's option that holds the memory of its transaction."""

Value = TypeVar("Value")


def recall(conn: Connection, name: str, read: Callable[[], Value]) -> Value:
    """What was read under a name in this transaction, or what `read` returns now. Callers share
    it, so nobody may change it."""
    memory = _get_memory(conn)
    if memory is None:
        return read()
    if name not in memory:
        memory[name] = read()
    return cast(Value, memory[name])


def forget(conn: Connection) -> None:
    """Drops all that was read, because the transaction has added to it."""
    memory = _get_memory(conn)
    if memory is not None:
        memory.clear()


def _get_memory(conn: Connection) -> dict[str, Any] | None:
    memory: dict[str, Any] | None = conn.get_execution_options().get(OPTION)
    return memory
