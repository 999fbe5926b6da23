"""The database of a review; all SQL is in this package, and every action is one transaction.

SQLite (write-ahead log) in the review's folder by default, PostgreSQL by URL. There is one
module per type of entry; each function takes a connection, so several writes can form one
transaction.
"""

import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from review.errors import StoreError
from review.store import outcomes, transaction_memory
from review.text.characters import replace_unstorable

HEAD_REVISION = "0017"
"""Newest migration; a test holds it equal to the migrations folder."""
BUSY_SECONDS = 60
"""Seconds a write waits for another one; a complete import takes less."""

WRITE_LOCK = 0x46554E4E
"""Advisory lock (PostgreSQL) held by the writing transaction of a review."""
READ_ONLY_STATE = "25006"
"""The SQLSTATE with which PostgreSQL refuses a write, for example on a standby."""


class Store:
    """An open database. Thread-safe; each transaction has its own connection."""

    def __init__(self, url: str, before_upgrade: "BeforeUpgrade | None" = None) -> None:
        """Opens and, where needed, brings the tables up to date.

        A SQLite store in a folder that cannot be written (read-only, or a full disk) is opened for
        reading: `read_only` then says why, and each write is refused.

        Args:
            url: SQLAlchemy address, for example sqlite:///review.db or postgresql+psycopg://...
            before_upgrade: called with the store and its version before older tables are changed.

        Raises:
            StoreError: it cannot be opened, is damaged or another program's, or was written by a
                newer version. Nothing was written into it then.
        """
        from review.store import opening, schemas

        self.read_only: str | None = None
        self.damage: str | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self.engine: Engine = create_engine(url, **_get_pool_options(url))
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.schema = None if self.is_sqlite else schemas.get_schema(url)
        self._write_lock = schemas.build_lock_number(WRITE_LOCK, self.schema)
        path = self._get_path()
        if path is not None:
            opening.check_file(path)
        self._listen()
        try:
            self._migrate(before_upgrade)
        except DBAPIError as error:
            if path is None or not path.exists() or not opening.is_unwritable(error.orig):
                raise self._build_opening_error(error) from error
            self._open_for_reading(path, str(error.orig))

    def _get_path(self) -> Path | None:
        """The file of a SQLite store; None for one in memory or on a server."""
        database = self.engine.url.database
        return Path(database) if self.is_sqlite and database else None

    def _listen(self) -> None:
        event.listen(
            self.engine, "before_cursor_execute", _clean_parameters, retval=True, named=True
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    def _open_for_reading(self, path: Path, reason: str) -> None:
        from review.store import opening

        self.engine.dispose()
        self._scratch = opening.make_scratch_folder()
        try:
            connect = opening.connect_for_reading(path, Path(self._scratch.name))
            self.engine = create_engine(f"sqlite:///{path}", creator=connect)
            event.listen(
                self.engine, "before_cursor_execute", _clean_parameters, retval=True, named=True
            )
            self.read_only = f"{path.parent} cannot be written: {reason}"
            self._migrate(None)
        except (DBAPIError, OSError) as error:
            raise StoreError(f"{path}: cannot open the store ({reason}).") from error

    def _build_opening_error(self, error: DBAPIError) -> StoreError:
        from review.store import opening

        address = self.engine.url.render_as_string(hide_password=True)
        if opening.is_damage(error.orig):
            return StoreError(opening.format_damage(address, str(error.orig)))
        return StoreError(f"{address}: cannot open the store ({error.orig}).")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state.

        Raises:
            StoreError: the store is damaged, or cannot be reached.
        """
        try:
            with self.engine.connect() as conn:
                conn = conn.execution_options(**{transaction_memory.OPTION: {}})
                if not self.is_sqlite:
                    conn = conn.execution_options(isolation_level="REPEATABLE READ")
                with conn.begin():
                    yield conn
        except OperationalError as error:
            if isinstance(noted := self._note_damage(error), StoreError):
                raise noted from error
            raise StoreError(
                f"The store could not be read ({_format_cause(error)}). Nothing was changed; try "
                "again."
            ) from error
        except DatabaseError as error:
            raise self._note_damage(error) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction, committed completely or not at all. Only one runs at a time, so what
        it checks is still true when it writes.

        Raises:
            StoreError: the store is open for reading only, stayed busy, is damaged, or the disk is
                full.
        """
        if self.read_only or self.damage:
            raise StoreError(
                self.damage
                or f"This review is open for reading only ({self.read_only}). Nothing was kept."
            )
        followers: list[outcomes.Follower] = []
        try:
            with self._begin_write(followers) as conn:
                yield conn
        except BaseException:
            for follower in followers:
                follower.failed()
            raise
        for follower in followers:
            follower.committed()

    @contextmanager
    def _begin_write(self, followers: list[outcomes.Follower]) -> Iterator[Connection]:
        """The transaction of `write`, with the errors of its database in words."""
        options = {
            "funnel_write": True,
            transaction_memory.OPTION: {},
            outcomes.OPTION: followers,
        }
        try:
            with (
                self.engine.connect().execution_options(**options) as conn,
                conn.begin(),
            ):
                if not self.is_sqlite:  # SQLite begins immediate
                    conn.execute(text("select pg_advisory_xact_lock(:n)"), {"n": self._write_lock})
                yield conn
        except PoolTimeoutError as error:
            raise StoreError(
                "The store is busy: too many people write at once. Nothing of this step was kept; "
                "repeat it."
            ) from error
        except OperationalError as error:
            raise StoreError(
                f"The store could not be written to ({_format_cause(error)}). Nothing was "
                "saved in this step; free disk space or wait for the other process, then try again."
            ) from error
        except DatabaseError as error:
            if getattr(error.orig, "sqlstate", None) == READ_ONLY_STATE:
                raise StoreError(
                    "The database takes no writes at present (it is read-only). Nothing was saved "
                    "in this step; ask who keeps the database, then try again."
                ) from error
            raise self._note_damage(error) from error

    def _note_damage(self, error: DatabaseError) -> Exception:
        """The error to raise: after a damaged page has been met nothing is written any more."""
        from review.store import opening

        if not opening.is_damage(error.orig):
            return error
        address = self.engine.url.render_as_string(hide_password=True)
        self.damage = opening.format_damage(address, str(error.orig))
        return StoreError(self.damage)

    def check_pages(self) -> str | None:
        """Reads a SQLite store through; what is wrong with its pages, None where nothing is."""
        if not self.is_sqlite:
            return None
        with self.read() as conn:
            result = str(conn.execute(text("pragma quick_check(1)")).scalar())
        return None if result == "ok" else result.replace("\n", " ")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        if self._scratch is not None:
            self._scratch.cleanup()

    def _migrate(self, before_upgrade: "BeforeUpgrade | None") -> None:
        from review.store import opening, schemas

        address = self.engine.url.render_as_string(hide_password=True)
        with self.engine.connect() as conn:
            if not self.is_sqlite:
                schemas.check_schema(conn, str(self.engine.url))
            tables = set(inspect(conn).get_table_names())
            opening.check_tables(tables, address)
            version = (
                conn.execute(text("select version_num from alembic_version")).scalar()
                if "alembic_version" in tables
                else None
            )
        _check_version(version, tables, address)
        path = self._get_path()
        if path is not None and tables and path.stat().st_size <= opening.CHECKED_BYTES:
            detail = self.check_pages()
            if detail is not None:
                raise StoreError(opening.format_damage(address, detail))
        if version == HEAD_REVISION:
            return
        if self.read_only:
            raise StoreError(
                f"{address}: this store was written by an older version of Funnel ({version}) and "
                f"has to be brought up to date first, but {self.read_only}."
            )
        if version is not None and before_upgrade is not None:
            before_upgrade(self, version)
        upgrade(self.engine, "head")


BeforeUpgrade = Callable[[Store, str], None]
"""What is done with a store of an older version before its tables are changed: a backup."""


def _get_pool_options(url: str) -> dict[str, Any]:
    """Enough connections for a team whose writes wait for each other."""
    from review.store import schemas

    if url in ("sqlite://", "sqlite:///:memory:"):
        return {}
    is_server = not url.startswith("sqlite")
    kept = 2 if is_server and schemas.get_schema(url) else 10  # many reviews share one server
    return {
        "pool_pre_ping": is_server,
        "pool_size": kept,
        "max_overflow": 30 - kept,
        "pool_timeout": BUSY_SECONDS,
    }


def _check_version(version: str | None, tables: set[str], address: str) -> None:
    from review.store import opening
    from review.store.tables.review import metadata

    if version is None:
        if tables - {"alembic_version"}:
            raise StoreError(
                f"{address}: the store is damaged (it does not say its version). Nothing "
                f"was written. {opening.RESTORE_HINT}"
            )
        return
    if not version.isdigit() or version > HEAD_REVISION:
        raise StoreError(
            f"{address}: this store was written by a newer version of Funnel ({version}, this is "
            f"{HEAD_REVISION}). Update Funnel. Nothing was written."
        )
    if version == HEAD_REVISION and (missing := set(metadata.tables) - tables):
        raise StoreError(
            f"{address}: the store is damaged (it lacks {', '.join(sorted(missing))}). Nothing was "
            f"written. {opening.RESTORE_HINT}"
        )


def upgrade(engine: Engine, version: str) -> None:
    """Brings the tables of a database to a version ('head': the newest)."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    command.upgrade(config, version)


def _clean_parameters(statement: str, parameters: Any, **_: Any) -> tuple[str, Any]:
    """A statement with the text that goes with it, whoever wrote it, in characters that every
    database keeps."""
    return statement, replace_unstorable(parameters)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.execute("pragma foreign_keys = on")
    cursor.execute("pragma cell_size_check = on")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    is_write = conn.get_execution_options().get("funnel_write", False)
    conn.exec_driver_sql("begin immediate" if is_write else "begin")


def is_answering(store: Store) -> bool:
    """Whether the database answers now."""
    try:
        with store.read() as conn:
            conn.execute(text("select 1"))
    except (DBAPIError, StoreError):
        return False
    return True


def open_store(
    folder: Path, url: str | None = None, before_upgrade: BeforeUpgrade | None = None
) -> Store:
    """The store of a review's folder: `url` where given, else review.db in the folder, which only
    its owner may read when it is new."""
    if url:
        return Store(url, before_upgrade)
    return open_file((folder / "review.db").absolute(), before_upgrade)


def open_file(path: Path, before_upgrade: BeforeUpgrade | None = None) -> Store:
    """The SQLite store in a file, which only its owner may read when it is new."""
    is_new = not path.exists()
    store = Store(f"sqlite:///{path}", before_upgrade)
    _keep_from_others(path, is_new)
    return store


def _keep_from_others(path: Path, is_new: bool) -> None:
    """Leaves a new store to its owner alone, and an older one to its owner and group. What may not
    be changed stays as it is."""
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(OSError):
            mode = stat.S_IMODE(file.stat().st_mode)
            wanted = 0o600 if is_new else mode & ~0o007
            if mode != wanted:
                file.chmod(wanted)


def _format_cause(error: OperationalError) -> str:
    """What the database said, in one line."""
    return " ".join(str(error.orig).split())
