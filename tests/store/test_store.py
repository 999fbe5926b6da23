"""The store: complete batches or none, nothing overwritten, one state per transaction."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from support.postgres import cluster

from review.errors import StoreError
from review.models import Decision, Link, Record, UnreadableEntry
from review.store import (
    HEAD_REVISION,
    Store,
    accounts,
    audit_events,
    decisions,
    identified,
    links,
    open_store,
    records,
)
from review.store.timestamps import format_timestamp, parse_timestamp, utc_now

AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres():
    with cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres")
        engine = create_engine(url)
        with engine.begin() as conn:
            conn.execute(text("drop schema public cascade"))
            conn.execute(text("create schema public"))
        engine.dispose()
    opened = open_store(tmp_path, url)
    yield opened
    opened.close()


def fill(store: Store, count: int, source: str = "pubmed") -> list[int]:
    with store.write() as conn:
        batch = records.add_batch(conn, AT, "ada", kind="file", source=source)
        given = [
            (
                i + 1,
                Record(source, title=f"Title {i} of chests", year=2000 + i % 20, pmid=str(i + 1)),
            )
            for i in range(count)
        ]
        return list(records.add_records(conn, batch, given, AT).new)


def test_moments_survive_and_sort():
    later = AT + timedelta(microseconds=1)
    assert parse_timestamp(format_timestamp(AT)) == AT
    assert format_timestamp(AT) < format_timestamp(later)
    with pytest.raises(ValueError, match="time zone"):
        format_timestamp(datetime(2026, 1, 1))


def test_the_newest_migration_is_the_one_the_store_expects():
    folder = Path(sys.modules["review.store"].__file__).parent / "migrations" / "versions"
    assert max(path.name[:4] for path in folder.glob("0*.py")) == HEAD_REVISION


def test_the_migrations_give_the_very_tables_of_the_code(store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from review.store.tables.review import metadata

    def ours(thing, name, *_):
        return not (name or "").startswith(("record_words", "ix_records_words", "alembic"))

    with store.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    store = open_store(tmp_path)
    with store.write() as conn:
        conn.execute(text("update alembic_version set version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match="newer version"):
        open_store(tmp_path)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path):
    (tmp_path / "review.db").write_text("this is not a database at all, not even nearly" * 50)
    with pytest.raises(StoreError, match="cannot open the store"):
        open_store(tmp_path)


def test_records_come_back_as_the_source_gave_them(store):
    given = Record("embase", title="Ünïcode", authors=("Ä, B",), extra={"XX": ("a", "b")})
    with store.write() as conn:
        batch = records.add_batch(conn, AT, "ada", kind="file", source="embase")
        added = records.add_records(conn, batch, [(1, given)], AT)
    with store.read() as conn:
        assert records.get_record(conn, added.new[0]).record == given
        assert records.get_record(conn, added.new[0]).key == "R000001"
        with pytest.raises(StoreError, match="no record R000099"):
            records.get_record(conn, 99)


def test_the_same_records_again_are_sightings_not_records(store):
    fill(store, 5)
    with store.write() as conn:
        batch = records.add_batch(conn, AT, "ada", kind="file", source="pubmed")
        given = [(1, Record("pubmed", title="Title 0 of chests", year=2000, pmid="1"))] * 2
        given.append((3, Record("pubmed", title="Fresh")))
        added = records.add_records(conn, batch, given, AT)
        assert (len(added.new), len(added.known)) == (1, 2)
    with store.read() as conn:
        assert records.count_records(conn) == 6
        assert len(identified.list_entries(conn)) == 8


def test_paging_meets_every_record_once_in_each_sort(store):
    fill(store, 123)
    with store.write() as conn:
        batch = records.add_batch(conn, AT, "ada", kind="file", source="x")
        records.add_records(
            conn, batch, [(i, Record("x", title=f"No year {i}")) for i in range(7)], AT
        )
    for sort in ("id", "year", "title"):
        seen, after = [], None
        with store.read() as conn:
            while page := records.get_page(conn, sort=sort, after=after, size=10):
                seen += [row.id for row in page]
                last = page[-1]
                after = (getattr(last, sort), last.id)
        assert sorted(seen) == list(range(1, 131)), sort


def test_words_find_records_and_odd_characters_do_no_harm(store):
    fill(store, 30)
    with store.read() as conn:
        assert len(records.get_page(conn, words="titl 7")) >= 1
        assert {r.id for r in records.get_page(conn, words="title 29")} == {30}
        for odd in ('"', "a AND", "(", "*", "né", "'; drop table records"):
            assert records.get_page(conn, words=odd) == []


def test_a_failure_inside_a_batch_leaves_nothing_of_it(store):
    with pytest.raises(RuntimeError), store.write() as conn:
        batch = records.add_batch(conn, AT, "ada", kind="file", source="x")
        records.add_records(conn, batch, [(1, Record("x", title="t"))], AT)
        raise RuntimeError
    with store.read() as conn:
        assert records.count_records(conn) == 0
        assert records.list_batches(conn) == []


def test_decisions_are_added_and_read_up_to_a_moment(store):
    fill(store, 3)
    first = Decision(1, "title-abstract", "ada", "include", AT)
    second = Decision(1, "title-abstract", "ada", None, AT + timedelta(hours=1))
    with store.write() as conn:
        decisions.add_decisions(conn, [first, second])
    with store.read() as conn:
        assert [d.verdict for d in decisions.list_decisions(conn)] == ["include", None]
        assert [d.verdict for d in decisions.list_decisions(conn, until=AT)] == ["include"]
        assert decisions.list_decisions(conn, reviewer="ben") == []


def test_a_decision_on_an_unknown_record_is_refused(store):
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), store.write() as conn:
        decisions.add_decisions(conn, [Decision(77, "title-abstract", "ada", "include", AT)])


def test_links_groups_rejects_acts_and_accounts_come_back(store):
    fill(store, 3)
    with store.write() as conn:
        links.add_links(conn, [Link(1, 2, "duplicate", "doi", "tool", AT)])
        links.replace_groups(conn, {1: (1, 1), 2: (1, 1), 3: (3, 3)})
        records.add_rejected(conn, 1, [UnreadableEntry(9, "no title", "raw text")])
        audit_events.add_event(conn, "retire", "ada", AT, subject="ben", detail={"why": "left"})
        accounts.set_password(conn, "ada", "hash", "ada", AT)
        accounts.open_session(conn, "token", "ada", AT, AT + timedelta(days=1))
    with store.read() as conn:
        assert links.list_links(conn)[0].rule == "doi"
        assert links.list_members(conn, [1, 3]) == {1: [1, 2], 3: [3]}
        assert audit_events.list_events(conn, kind="retire")[0]["detail"] == {"why": "left"}
        assert accounts.get_password_hash(conn, "ada") == "hash"
        assert accounts.get_session_name(conn, "token", AT) == "ada"
        assert accounts.get_session_name(conn, "token", AT + timedelta(days=2)) is None
        assert accounts.get_session_name(conn, "other", AT) is None
    with store.write() as conn:
        accounts.end_session(conn, "token", AT)
        assert accounts.get_session_name(conn, "token", AT) is None


def test_killing_a_writer_leaves_whole_batches_or_none(tmp_path, new_store):
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from review.models import Record
        from review.store import open_store, records
        from review.store.timestamps import utc_now
        store = open_store(Path(sys.argv[1]), os.environ.get("DATABASE_URL"))
        print("ready", flush=True)
        for round in range(10_000):
            with store.write() as conn:
                batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="x")
                given = [(i, Record("x", title=f"{os.getpid()} {round} {i}")) for i in range(200)]
                records.add_records(conn, batch, given, utc_now())
    """)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for wait in (0.05, 0.2, 0.45):
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert child.stdout.readline() == b"ready\n"
        try:
            child.wait(wait)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        store = open_store(tmp_path, os.environ.get("DATABASE_URL"))
        with store.read() as conn:
            by_batch = [row["id"] for row in records.list_batches(conn)]
            assert records.count_records(conn) == 200 * len(by_batch)
            if store.is_sqlite:
                assert conn.execute(text("pragma integrity_check")).scalar() == "ok"
        store.close()
    assert utc_now() > AT


def test_a_store_of_the_first_release_gains_the_later_tables(tmp_path):
    from alembic import command
    from alembic.config import Config

    folder = Path(sys.modules["review.store"].__file__).parent / "migrations"
    engine = create_engine(f"sqlite:///{tmp_path / 'review.db'}")
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["engine"] = engine
    command.upgrade(config, "0001")
    with engine.begin() as conn:
        conn.execute(
            text("insert into acts (at, who, kind) values ('2026-01-01T00:00:00', 'ada', 'rule')")
        )
        tables = conn.execute(text("select name from sqlite_master")).scalars().all()
    assert not {"image_sets", "report_models", "editions"} & set(tables)
    engine.dispose()
    store = open_store(tmp_path)
    with store.read() as conn:
        version = conn.execute(text("select version_num from alembic_version")).scalar()
        assert version == HEAD_REVISION
        assert [event["who"] for event in audit_events.list_events(conn)] == ["ada"]
        assert conn.execute(text("select count(*) from image_sets")).scalar() == 0
        later = ("report_models", "editions", "home_people", "home_reviews", "home_members")
        for table in later:
            assert conn.execute(text(f"select count(*) from {table}")).scalar() == 0
    store.close()
