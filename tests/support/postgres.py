"""A temporary PostgreSQL cluster for the tests, on a socket in a scratch folder."""

import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

NUMBERS = count(1)
"""Numbers of the databases that tests make."""


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"PostgreSQL's {name} is absent: run `make setup-tests`"
    return path


def _run(*words: str) -> None:
    """Runs a program, as the user postgres if we are root, because PostgreSQL refuses root."""
    if os.geteuid() == 0:
        words = ("runuser", "-u", "postgres", "--", *words)
    done = subprocess.run(words, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


class DurableServer:
    """A PostgreSQL that writes to disk before it answers, and that can be killed and started."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder, self.data = folder, folder / "data"
        self.url = f"postgresql+psycopg://{user}@/postgres?host={folder}"

    def start(self, patience: float = 120) -> None:
        """Starts it; after a kill, once the processes of the old one are gone."""
        options = f"-k {self.folder} -c listen_addresses=''"
        words = ("-D", str(self.data), "-o", options, "-w", "-l", str(self.folder / "log"), "start")
        end = time.monotonic() + patience
        while True:
            try:
                return _run(_program("pg_ctl"), *words)
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def kill(self) -> None:
        """Kills it at once, as a power cut would."""
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stops it without ceremony."""
        _run(_program("pg_ctl"), "-D", str(self.data), "-m", "immediate", "stop")


@contextmanager
def durable_cluster() -> Iterator[DurableServer]:
    """Starts a server of its own for a test that kills it; removes it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="funnel-pg-"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = DurableServer(folder, user)
    try:
        _run(_program("initdb"), "-D", str(server.data), "-A", "trust", "-E", "UTF8")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster() -> Iterator[str]:
    """Starts a cluster and yields the address of an empty database; removes the cluster at the
    end."""
    folder = Path(tempfile.mkdtemp(prefix="funnel-pg-"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    try:
        _run(_program("initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        log = str(folder / "log")
        _run(_program("pg_ctl"), "-D", str(data), "-o", options, "-w", "-l", log, "start")
        try:
            yield f"postgresql+psycopg://{user}@/postgres?host={folder}"
        finally:
            _run(_program("pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def emptied(url: str) -> str:
    """Empties the database and returns its address."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.begin() as conn:
        query = text("select schema_name from information_schema.schemata")
        for name in conn.execute(query).scalars().all():
            if name != "information_schema" and not name.startswith("pg_"):
                conn.execute(text(f'drop schema "{name}" cascade'))
        conn.execute(text("create schema public"))
    engine.dispose()
    return url


TEMPLATE = "new_store"
"""The database from which those of `new_database` are made."""


@contextmanager
def new_database(url: str) -> Iterator[str]:
    """One more database in a cluster, with the tables of a new store; gone at the end. A copy of
    tables made once takes a tenth of the time of the migrations."""
    from sqlalchemy import create_engine, text

    name = f"store_{next(NUMBERS)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as conn:
            _make_template(url)
            conn.execute(text(f"create database {name} template {TEMPLATE}"))
            yield _name_database(url, name)
            conn.execute(text(f"drop database {name} with (force)"))
    finally:
        server.dispose()


@functools.cache
def _make_template(url: str) -> None:
    """Makes the template of a cluster, by the migrations."""
    from sqlalchemy import create_engine, text

    from review import store

    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as conn:
        conn.execute(text(f"create database {TEMPLATE}"))
    server.dispose()
    engine = create_engine(_name_database(url, TEMPLATE))
    store.upgrade(engine, "head")
    engine.dispose()


def _name_database(url: str, name: str) -> str:
    """The address of another database of the same cluster."""
    return url.replace("/postgres?", f"/{name}?")
