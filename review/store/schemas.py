"""Schemas of a PostgreSQL database: a home keeps each of its reviews in one of its own.

A store's address names its schema by the server option `search_path`, so that every statement of
the store meets the tables of that schema alone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from review.errors import StoreError

SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""Names that need no quotes, and are no longer than PostgreSQL keeps."""
_SEARCH_PATH = re.compile(r"search_path=(\S+)")


def build_schema_url(url: str, schema: str) -> str:
    """The address of one schema of a database. Raises StoreError where its name does not do, or the
    address is not PostgreSQL's."""
    if not SCHEMA_NAME.fullmatch(schema):
        raise StoreError(f"{schema!r} cannot be the name of a schema of PostgreSQL.")
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise StoreError(
            "DATABASE_URL does not name a PostgreSQL database. Write it as "
            "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE."
        )
    given = str(parsed.query.get("options", ""))
    options = f"{given} -c search_path={schema}".strip()
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


def get_schema(url: str) -> str | None:
    """The schema that an address names; None where it names none."""
    named = _SEARCH_PATH.findall(str(make_url(url).query.get("options", "")))
    return str(named[-1]) if named else None


def build_lock_number(lock: int, schema: str | None) -> int:
    """The number of an advisory lock, which a database has once for all its schemas: one for each
    schema."""
    return lock if schema is None else (lock << 32) | crc32(schema.encode())


def check_schema(conn: Connection, url: str) -> None:
    """Raises StoreError where the schema that an address names is not in the database."""
    schema = get_schema(url)
    if schema is not None and not has_schema(conn, schema):
        raise StoreError(
            f"The database that DATABASE_URL names has no schema {schema}, which holds the rows of "
            "this folder. Check DATABASE_URL, or restore a backup into a new folder."
        )


def has_schema(conn: Connection, schema: str) -> bool:
    """Whether a database has a schema of this name."""
    query = text("select count(*) from information_schema.schemata where schema_name = :name")
    return bool(conn.execute(query, {"name": schema}).scalar())


def rename_schema(conn: Connection, schema: str, name: str) -> None:
    """Gives a schema another name, within the transaction of a connection."""
    conn.execute(text(f"alter schema {_check(schema)} rename to {_check(name)}"))


def exists(url: str, schema: str) -> bool:
    """Whether the database at an address has a schema. Raises StoreError: it does not answer."""
    with _connect(url) as conn:
        return has_schema(conn, schema)


def create_schema(url: str, schema: str) -> None:
    """Adds an empty schema to a database. Raises StoreError: it is there already, or the database
    refuses."""
    with _connect(url) as conn:
        if has_schema(conn, schema):
            raise StoreError(
                f"The database that DATABASE_URL names has a schema {schema} already, and nothing "
                "in it was changed. If nobody needs it, rename it (ALTER SCHEMA) and try again."
            )
        conn.execute(text(f"create schema {_check(schema)}"))


def drop_schema(url: str, schema: str) -> None:
    """Removes a schema that was never in use, with all in it."""
    with _connect(url) as conn:
        conn.execute(text(f"drop schema if exists {_check(schema)} cascade"))


def _check(schema: str) -> str:
    if not SCHEMA_NAME.fullmatch(schema):
        raise StoreError(f"{schema!r} cannot be the name of a schema of PostgreSQL.")
    return schema


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as conn:
            yield conn
    except DatabaseError as error:
        address = engine.url.render_as_string(hide_password=True)
        cause = " ".join(str(error.orig).split())
        raise StoreError(f"{address}: cannot open the store ({cause}).") from error
    finally:
        engine.dispose()
