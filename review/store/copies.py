"""A consistent copy of a store while others write: one SQLite file, from SQLite or PostgreSQL."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, create_engine, func, insert, select, text

from review.errors import StoreError
from review.store import Store, upgrade
from review.text.characters import replace_unstorable

CHUNK = 1000
PASSING_TABLES = (
    "sessions",
    "session_ends",
    "sign_in_failures",
    "one_time_links",
    "one_time_link_ends",
    "export_link_tokens",
    "leases",
    "trainings",
)
"""Tables of what goes on at this moment: a restored review begins without them, so that nobody is
signed in again by it, and no link that was withdrawn since opens anything."""


def save_copy(store: Store, path: Path, version: str) -> None:
    """Writes all rows of a store, as they are at one moment, into a new SQLite file.

    Args:
        version: the store's migration, which the copy is made by as well.

    Raises:
        StoreError: the disk is full or refuses, or the copy is not sound.
    """
    try:
        if store.is_sqlite:
            _copy_pages(store, path)
        else:
            _copy_server(store, path, version)
        result = _check_copy(path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: the store cannot be copied ({error}).") from error
    if result != "ok":
        raise StoreError(f"{path}: the copy of the store is not sound ({result}).")


def _copy_pages(store: Store, path: Path) -> None:
    """All in one step, so that a writer in between neither waits nor makes it begin anew."""
    target = sqlite3.connect(path)
    try:
        with store.engine.connect() as conn:
            source: Any = conn.connection.driver_connection
            source.backup(target)
        target.execute("pragma journal_mode = delete")
    finally:
        target.close()


def _copy_server(store: Store, path: Path, version: str) -> None:
    engine = create_engine(f"sqlite:///{path}")
    try:
        upgrade(engine, version)
        with store.read() as source, engine.begin() as target:
            copy_rows(source, target, list_row_tables(target))
    finally:
        engine.dispose()


def _check_copy(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("pragma quick_check(1)").fetchone()[0])
    finally:
        connection.close()


def list_row_tables(conn: Connection) -> list[Table]:
    """The tables of a SQLite store that hold rows of ours, each after those it refers to."""
    reflected = MetaData()
    reflected.reflect(
        conn, only=lambda name, _: not name.startswith(("record_words", "alembic_", "sqlite_"))
    )
    return list(reflected.sorted_tables)


def copy_rows(source: Connection, target: Connection, tables: list[Table]) -> None:
    """Adds the rows of some tables of one store to another, which has none of them."""
    for table in tables:
        query = select(table).order_by(*table.primary_key.columns)
        streamed = source.execute(query, execution_options={"yield_per": CHUNK})
        for rows in streamed.mappings().partitions(CHUNK):
            target.execute(insert(table), [_clean_row(dict(row)) for row in rows])


def _clean_row(values: dict[str, Any]) -> dict[str, Any]:
    """A row whose record, as JSON, names no character that PostgreSQL refuses: stores on SQLite
    took them once."""
    data = values.get("data")
    if isinstance(data, str) and "\\u0000" in data:
        values["data"] = json.dumps(replace_unstorable(json.loads(data)), ensure_ascii=False)
    return values


def load_copy(path: Path, store: Store) -> None:
    """Adds all rows of a copy to an empty store on PostgreSQL, but for those of the moment.

    Raises:
        StoreError: the store holds records or a protocol already.
    """
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as source, store.write() as target:
            tables = [t for t in list_row_tables(source) if t.name not in PASSING_TABLES]
            for table in tables:
                if target.execute(select(func.count()).select_from(table)).scalar():
                    raise StoreError(
                        "The database that DATABASE_URL names holds a review already. Name an "
                        "empty one."
                    )
            copy_rows(source, target, tables)
            for table in tables:
                if "id" in table.c:
                    _set_next_id(target, table)
    finally:
        engine.dispose()


def _set_next_id(conn: Connection, table: Table) -> None:
    last_id = conn.execute(select(func.max(table.c.id))).scalar()
    if last_id:
        sequence = select(func.pg_get_serial_sequence(table.name, "id")).scalar_subquery()
        conn.execute(select(func.setval(sequence, last_id)))


def clear_passing(store: Store) -> None:
    """Takes off what went on when a copy was made: sessions and records in hand."""
    with store.write() as conn:
        for name in PASSING_TABLES:
            conn.execute(text(f"delete from {name}"))


def count_rows(path: Path) -> dict[str, int]:
    """Table -> rows of a copy."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as conn:
            return {
                table.name: int(conn.execute(select(func.count()).select_from(table)).scalar_one())
                for table in list_row_tables(conn)
            }
    finally:
        engine.dispose()


def read_copy(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a question to a copy."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def get_version(store: Store) -> str:
    """The migration a store is at."""
    with store.read() as conn:
        return str(conn.execute(text("select version_num from alembic_version")).scalar())
