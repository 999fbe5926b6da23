"""The database of a review; all SQL is in this package, and every action is one transaction.

SQLite (write-ahead log) in the review's folder by default, PostgreSQL by URL. One file per noun
beside this one; each function takes a connection first, so that several writes make one
transaction: all or nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from review.errors import StoreError

HEAD_REVISION = "0003"
"""Newest migration; a test holds it equal to the migrations folder."""
BUSY_SECONDS = 60
"""How long a write waits for another one (seconds); a whole import takes less."""

WRITE_LOCK = 0x46554E4E
"""Number of the advisory lock on PostgreSQL that one writing transaction of a review holds."""


class Store:
    """An open database. Safe to share between threads; each transaction has its own connection."""

    def __init__(self, url: str) -> None:
        """Opens and, where needed, brings the tables up to date.

        Args:
            url: SQLAlchemy address, for example sqlite:///review.db or postgresql+psycopg://...

        Raises:
            StoreError: the database cannot be opened, or was written by a newer version.
        """
        self.engine: Engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        try:
            self._migrate()
        except (OperationalError, DBAPIError) as error:
            address = self.engine.url.render_as_string(hide_password=True)
            raise StoreError(f"{address}: cannot open the store ({error.orig}).") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state."""
        with self.engine.connect() as conn:
            if not self.is_sqlite:
                conn = conn.execution_options(isolation_level="REPEATABLE READ")
            with conn.begin():
                yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed whole at the end, or not at all; one at a time, so
        that what it checks still holds when it adds.

        Raises:
            StoreError: the database stayed busy or the disk is full.
        """
        try:
            with (
                self.engine.connect().execution_options(funnel_write=True) as conn,
                conn.begin(),
            ):
                if not self.is_sqlite:  # SQLite begins immediate
                    conn.execute(text("select pg_advisory_xact_lock(:n)"), {"n": WRITE_LOCK})
                yield conn
        except OperationalError as error:
            raise StoreError(
                f"The store could not be written ({error.orig}). Nothing of this step was kept; "
                "free the disk or wait for the other process, then repeat it."
            ) from error

    def close(self) -> None:
        """Lets go of all connections."""
        self.engine.dispose()

    def _migrate(self) -> None:
        with self.engine.connect() as conn:
            tables = inspect(conn).get_table_names()
            version = (
                conn.execute(text("select version_num from alembic_version")).scalar()
                if "alembic_version" in tables
                else None
            )
        if version == HEAD_REVISION:
            return
        if version is not None and version > HEAD_REVISION:
            raise StoreError(
                f"This store was written by a newer version of Funnel ({version}, this is "
                f"{HEAD_REVISION})."
                " Update Funnel."
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["engine"] = self.engine
        command.upgrade(config, "head")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    is_write = conn.get_execution_options().get("funnel_write", False)
    conn.exec_driver_sql("begin immediate" if is_write else "begin")


def open_store(folder: Path, url: str | None = None) -> Store:
    """The store of a review's folder: `url` where given, else review.db in the folder."""
    return Store(url or f"sqlite:///{(folder / 'review.db').absolute()}")
