"""New SQLite stores from the tables that the migrations make, made once per test process.

Each test that opens a review makes a new store, and running every migration took most of that
time. Stores that hold anything, and stores on PostgreSQL, still run the migrations.
"""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect

from review import store

Upgrade = Callable[[Engine, str], None]
migrate: Upgrade = store.upgrade
"""The upgrade that runs the migrations."""
VERSION_TABLE = "alembic_version"


def upgrade_quickly(engine: Engine, version: str) -> None:
    """Brings the tables of a database to a version, as `store.upgrade` does."""
    if engine.dialect.name != "sqlite" or version != "head" or not _create_tables(engine):
        migrate(engine, version)


def read_schema(conn: Connection) -> list[str]:
    """The statements of a SQLite database that create its tables, indexes and triggers, in order;
    the tables that a virtual table makes for itself are left out."""
    rows = conn.exec_driver_sql(
        "select name, sql from sqlite_master where sql is not null order by rowid"
    ).all()
    virtual = tuple(f"{name}_" for name, sql in rows if sql.lower().startswith("create virtual"))
    return [sql for name, sql in rows if not name.startswith((*virtual, "sqlite_"))]


def list_filled_tables(conn: Connection) -> list[str]:
    """The tables that hold rows, without those that the search index makes for itself."""
    return [
        name
        for name in inspect(conn).get_table_names()
        if not name.startswith("record_words")
        and conn.exec_driver_sql(f'select 1 from "{name}" limit 1').first()
    ]


def _create_tables(engine: Engine) -> bool:
    """Creates the tables in an empty database in one transaction; says whether it was empty."""
    statements = _record_schema()
    with engine.connect().execution_options(funnel_write=True) as conn, conn.begin():
        if inspect(conn).get_table_names():
            return False
        for statement in statements:
            conn.exec_driver_sql(statement)
        conn.exec_driver_sql(f"insert into {VERSION_TABLE} values ('{store.HEAD_REVISION}')")
    return True


@functools.cache
def _record_schema() -> tuple[str, ...]:
    """The statements that create a new store, read from one that the migrations made."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'review.db'}")
        migrate(engine, "head")
        with engine.connect() as conn:
            filled = list_filled_tables(conn)
            assert filled == [VERSION_TABLE], f"a migration fills tables: {filled}"
            statements = tuple(read_schema(conn))
        engine.dispose()
    return statements
