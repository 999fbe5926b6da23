"""Shared by all tests: profiles of the property tests, a PostgreSQL server, a stand-in server."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings
from standin import StandIn
from support import new_stores
from support.harvesting import surroundings
from support.postgres import cluster, emptied, new_database

from review import store

# Property tests draw the same cases each time, so that a red run can be repeated; new cases are
# looked for with HYPOTHESIS_PROFILE=search.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

store.upgrade = new_stores.upgrade_quickly
"""New stores are made from recorded tables; `new_stores.migrate` runs the migrations."""

collect_ignore = [] if os.environ.get("CORPORA") else ["corpora"]
"""Tests over genuine files run only where CORPORA names their folder: `make test-corpora`."""


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Puts the main module back: Streamlit's AppTest leaves its own there, and a process that a
    later test starts would run that script again."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="session")
def postgres_server():
    """The address of a PostgreSQL server of this run's own."""
    with cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, monkeypatch):
    """Runs a test on SQLite and once more on an empty PostgreSQL database."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if request.param == "postgres":
        url = emptied(request.getfixturevalue("postgres_server"))
        monkeypatch.setenv("DATABASE_URL", url)
    return request.param


@pytest.fixture(params=["sqlite", "postgres"])
def new_store(request, monkeypatch) -> Iterator[Callable[[], None]]:
    """Runs a test on SQLite and once more on PostgreSQL, for a review of its own; called, it gives
    a test that makes several reviews one more database with the tables of a new store."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with ExitStack() as databases:

        def begin() -> None:
            if request.param == "postgres":
                server = request.getfixturevalue("postgres_server")
                url = databases.enter_context(new_database(server))
                monkeypatch.setenv("DATABASE_URL", url)

        begin()
        yield begin


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def module_store(request) -> Iterator[str]:
    """Runs the tests of a module that share one review on SQLite and once more on PostgreSQL."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as databases:
        patch.delenv("DATABASE_URL", raising=False)
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            patch.setenv("DATABASE_URL", databases.enter_context(new_database(server)))
        yield request.param


@pytest.fixture
def rehearsal(tmp_path, monkeypatch):
    """Points this process at a stand-in."""

    def point(server: StandIn) -> None:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)

    return point
