"""What is found out of a store before anything is written: empty, foreign, damaged, read-only."""

import gzip
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text
from support.acts import act_at_random, read_state
from support.disks import fill, make_read_only, small_disk
from support.postgres import emptied, new_database
from support.small import studies

from review.errors import ReviewError, StoreError
from review.models import Record
from review.protocol.models import find_stage
from review.store import (
    HEAD_REVISION,
    audit_events,
    copies,
    decisions,
    open_store,
    opening,
    screening_queue,
    upgrade,
)
from review.store.timestamps import utc_now
from review.workflow.exports import snapshot
from review.workflow.safety import backup_archive, backups
from review.workflow.screening import reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

STORES = Path(__file__).parents[1] / "data" / "stores"
TA = "title-abstract"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_closed(folder, count=6):
    """A review with a few decisions, closed, in one file."""
    project = studies(folder, [Record("embase", title=f"Study {n}") for n in range(1, count + 1)])
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    project.store.close()
    return folder / "review.db"


def make_foreign(path):
    connection = sqlite3.connect(path)
    connection.execute("create table songs (title text)")
    connection.execute("insert into songs values ('one')")
    connection.commit()
    connection.close()


def test_an_empty_file_is_no_new_review(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "EMPTY_PATIENCE", 0.1)
    path = tmp_path / "review.db"
    path.touch()
    with pytest.raises(StoreError, match=r"empty \(0 bytes\).*review restore") as raised:
        open_store(tmp_path)
    assert "\n" not in str(raised.value)
    assert path.stat().st_size == 0 and [p.name for p in tmp_path.iterdir()] == ["review.db"]


def test_another_programs_database_stays_as_it_is(tmp_path):
    path = tmp_path / "review.db"
    make_foreign(path)
    before = digest(path)
    with pytest.raises(StoreError, match=r"another program \(its tables: songs\)"):
        open_store(tmp_path)
    assert digest(path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["review.db"]


def test_another_programs_database_on_a_server_stays_as_it_is(postgres_server, tmp_path):
    engine = create_engine(emptied(postgres_server))
    with engine.begin() as conn:
        conn.execute(text("create table songs (title text)"))
    with pytest.raises(StoreError, match="another program"):
        open_store(tmp_path, postgres_server)
    with engine.begin() as conn:
        query = text("select tablename from pg_tables where schemaname = 'public'")
        assert conn.execute(query).scalars().all() == ["songs"]
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update alembic_version set version_num = '9999'", "newer version"),
        ("update alembic_version set version_num = 'ae1027a6acf'", "newer version"),
        ("delete from alembic_version", "does not say its version"),
        ("drop table answers", "lacks answers"),
    ],
)
def test_a_store_of_another_or_a_broken_version_is_told_in_a_line(
    tmp_path, new_store, statement, said
):
    path = make_closed(tmp_path / "r")
    url = os.environ.get("DATABASE_URL")
    engine = create_engine(url or f"sqlite:///{path}")
    with engine.begin() as conn:
        conn.exec_driver_sql(statement)
    with pytest.raises(StoreError, match=said) as raised:
        open_store(tmp_path / "r", url)
    assert "\n" not in str(raised.value)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert ("answers" in tables) == (said != "lacks answers")  # nothing was mended unasked


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_page_is_told_and_nothing_is_written(tmp_path, seed):
    path = make_closed(tmp_path / "r", 40)
    dice = random.Random(seed)
    data = bytearray(path.read_bytes())
    page = dice.randrange(1, len(data) // 4096)
    data[page * 4096 : page * 4096 + 4096] = dice.randbytes(4096)
    path.write_bytes(data)
    before = digest(path)
    try:
        store = open_store(tmp_path / "r")
    except StoreError as error:
        assert "damaged" in str(error) and "review restore" in str(error)
        assert digest(path) == before
        return
    assert store.check_pages() is None  # the page was a free one
    store.close()


def test_a_page_damaged_while_it_is_open_stops_all_writing(tmp_path):
    project = studies(
        tmp_path, [Record("embase", title=f"Study {n}", abstract="x" * 900) for n in range(200)]
    )
    project.store.close()
    path = tmp_path / "review.db"
    with path.open("r+b") as file:
        for number in range(2, path.stat().st_size // 4096):
            file.seek(number * 4096)
            file.write(b"\xff" * 4096)
    with pytest.raises(StoreError, match="damaged"), project.store.read() as conn:
        conn.execute(text("select count(data) from records where title like '%y%'")).scalar()
    before = digest(path)
    with pytest.raises(StoreError, match="damaged"):
        add_decision(project, NewDecision(1, TA, "ada", "include"))
    assert digest(path) == before
    project.store.close()


@pytest.mark.parametrize("reason", ["read-only", "full"])
@pytest.mark.parametrize("log_left", [False, True])
def test_reading_works_where_nothing_can_be_written(tmp_path, reason, log_left):
    with small_disk(tmp_path / "disk", 8) as disk:
        folder = disk / "r"
        project = studies(folder, [Record("embase", title=f"Study {n}") for n in (1, 2)])
        if log_left:  # as a process leaves it that is killed: the newest rows are in the log alone
            add_decision(project, NewDecision(1, TA, "ada", "include"))
            for name in ("review.db", "review.db-wal"):
                shutil.copy(folder / name, tmp_path / name)
            project.store.close()
            for name in ("review.db", "review.db-wal"):
                shutil.copy(tmp_path / name, folder / name)
        else:
            add_decision(project, NewDecision(1, TA, "ada", "include"))
            project.store.close()
        make_read_only(disk) if reason == "read-only" else fill(disk)
        opened = open_project(folder, who="ada")
        assert snapshot.snapshot_at(opened).flow.main.waiting_screening.n == 2
        with opened.store.read() as conn:
            assert conn.execute(text("select count(*) from decisions")).scalar() == 1
        stage = find_stage(opened.protocol, "screening")
        with pytest.raises(ReviewError) as raised:
            reviewing.save_decision(opened, stage, "ben", 2, "include")
        assert "Nothing" in str(raised.value) and "\n" not in str(raised.value)
        opened.store.close()


def test_reading_works_where_the_server_takes_no_writes(tmp_path, postgres_server, monkeypatch):
    """As on a standby, or while its administrator keeps it read-only; the folder is too."""
    with new_database(postgres_server) as url, small_disk(tmp_path / "disk", 8) as disk:
        monkeypatch.setenv("DATABASE_URL", url)
        make_closed(disk / "r", 2)
        engine = create_engine(url)
        name = engine.url.database
        with engine.begin() as conn:
            conn.exec_driver_sql(f"alter database {name} set default_transaction_read_only = on")
        engine.dispose()
        make_read_only(disk)
        opened = open_project(disk / "r", who="ada")
        assert snapshot.snapshot_at(opened).flow.main.waiting_screening.n == 2
        stage = find_stage(opened.protocol, "screening")
        with pytest.raises(ReviewError) as raised:
            reviewing.save_decision(opened, stage, "ben", 2, "include")
        assert "Nothing" in str(raised.value) and "\n" not in str(raised.value)
        opened.store.close()


@pytest.mark.parametrize("version", ["0001"])
def test_a_store_of_every_released_version_is_brought_up_to_date(
    tmp_path, postgres_server, monkeypatch, version
):
    folder = tmp_path / "r"
    folder.mkdir()
    packed = (STORES / f"review-{version}.db.gz").read_bytes()
    (folder / "review.db").write_bytes(gzip.decompress(packed))
    shutil.copy(STORES / f"protocol-{version}.yaml", folder / "protocol.yaml")
    project = open_project(folder, who="ada")
    assert copies.get_version(project.store) == HEAD_REVISION
    said = json.loads((STORES / f"state-{version}.json").read_text())
    state = json.loads(json.dumps(read_state(project)))
    assert {name: state[name] for name in said} == said
    assert act_at_random(project, 15, 1) > 0
    (saved,) = (folder / "backups").iterdir()
    assert saved.name.startswith(f"before-upgrade-{version}-")
    manifest = backup_archive.check_files(saved)
    assert manifest.schema == version and manifest.store_only
    backups.restore_backup(saved, tmp_path / "again", {})
    again = open_project(tmp_path / "again", who="ada")
    state = json.loads(json.dumps(read_state(again)))
    assert {name: state[name] for name in said} == said
    for one in (project, again):
        one.store.close()
    with new_database(postgres_server) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        backups.restore_backup(saved, tmp_path / "on a server")
        served = open_project(tmp_path / "on a server", who="ada")
        assert not served.store.is_sqlite
        state = json.loads(json.dumps(read_state(served)))
        assert {name: state[name] for name in said} == said
        assert act_at_random(served, 15, 1) > 0
        served.store.close()


def test_an_older_store_on_a_server_is_backed_up_and_brought_up_to_date(tmp_path, postgres_server):
    url = emptied(postgres_server)
    engine = create_engine(url)
    upgrade(engine, "0001")
    with engine.begin() as conn:
        conn.execute(text("insert into acts (at, who, kind) values ('2026', 'ada', 'x')"))
    engine.dispose()
    store = open_store(tmp_path, url, backups.back_up_before_upgrade(tmp_path))
    assert copies.get_version(store) == HEAD_REVISION
    store.close()
    (saved,) = (tmp_path / "backups").iterdir()
    assert backup_archive.check_files(saved).rows["acts"] == 1


def test_an_upgrade_that_cannot_be_backed_up_is_not_made(tmp_path, monkeypatch):
    (tmp_path / "review.db").write_bytes(
        gzip.decompress((STORES / "review-0001.db.gz").read_bytes())
    )
    before = read_version(tmp_path / "review.db")
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="backup cannot be written"):
        open_store(tmp_path, None, backups.back_up_before_upgrade(tmp_path))
    assert read_version(tmp_path / "review.db") == before == "0001"


def read_version(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("select version_num from alembic_version").fetchone()[0]
    finally:
        connection.close()


WRITER = """
import sys
from pathlib import Path
from review.store import open_store
from review.store.timestamps import utc_now
from review.store import audit_events

store = open_store(Path(sys.argv[1]))
with store.write() as conn:
    audit_events.add_event(conn, "note", "eve", utc_now(), subject=sys.argv[2])
store.close()
"""


def count_notes(store):
    with store.read() as conn:
        return conn.execute(text("select count(*) from acts where kind = 'note'")).scalar_one()


def test_opening_a_store_again_loses_no_lock_and_no_later_write(tmp_path):
    """A process that opened its store twice must still see what another process writes."""
    first = open_store(tmp_path)
    with first.write() as conn:
        audit_events.add_event(conn, "note", "ada", utc_now())
    for number in range(3):
        open_store(tmp_path)  # as the app does when the protocol has changed
        assert count_notes(first) == number + 1
        done = subprocess.run(
            [sys.executable, "-c", WRITER, str(tmp_path), str(number)],
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        assert count_notes(first) == number + 2
    with first.write() as conn:
        audit_events.add_event(conn, "note", "ada", utc_now())
    assert count_notes(open_store(tmp_path)) == 5


@pytest.mark.parametrize("on_server", [False, True])
def test_the_reviewers_of_a_report_move_from_texts_into_tables_and_back(
    tmp_path, postgres_server, on_server
):
    url = emptied(postgres_server) if on_server else f"sqlite:///{tmp_path / 'review.db'}"
    engine = create_engine(url)
    upgrade(engine, "0012")
    names = "insert into {} values ({})"
    with engine.begin() as conn:
        for n in (1, 2, 3):
            conn.exec_driver_sql(
                "insert into batches (id, at, who, kind, source, via) "
                f"values ({n}, '2026-01-01T00:00:00+00:00', 'eva', 'file', 'ris', 'databases')"
            )
            conn.exec_driver_sql(
                "insert into records (id, at, batch, number, fingerprint, source, data) "
                f"values ({n}, '2026-01-01T00:00:00+00:00', {n}, 1, 'f{n}', 'ris', '{{}}')"
            )
        conn.exec_driver_sql(
            "insert into orders (id, at, stage, model, seed, trained_on) "
            "values (1, '2026-01-01T00:00:00+00:00', 'screening', 'random', 1, 0)"
        )
        for n, assigned in ((1, "'|ada||ben|'"), (2, "null"), (3, "'|Ada O''Neil|'")):
            columns = "order_rows (stage, record, order_id, position, drawn, pilot, assigned)"
            conn.exec_driver_sql(
                names.format(columns, f"'screening', {n}, 1, {n}, 1, 0, {assigned}")
            )
        for n, voters in ((1, "|ben|"), (2, ""), (3, "|zoe||Ada O''Neil|")):
            columns = "standings (record, stage, status, votes, voters)"
            conn.exec_driver_sql(
                names.format(columns, f"{n}, 'screening', 'partial', 1, '{voters}'")
            )
    upgrade(engine, "0013")
    with engine.connect() as conn:
        assigned = screening_queue.list_positions(conn, "screening")
        judged = decisions.get_status_rows(conn)
        waiting = {
            name: [
                entry.record
                for entry in screening_queue.list_next_reports(conn, "screening", name, limit=9)
            ]
            for name in ("ada", "ben", "Ada O'Neil", "ADA", "zoe")
        }
    assert [p.assignees for p in assigned] == [("ada", "ben"), None, ("Ada O'Neil",)]
    assert [judged["screening", n]["voters"] for n in (1, 2, 3)] == [
        ("ben",),
        (),
        ("Ada O'Neil", "zoe"),
    ]
    assert waiting == {"ada": [1, 2], "ben": [2], "Ada O'Neil": [2], "ADA": [2], "zoe": [2]}
    config = Config()
    config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    command.downgrade(config, "0012")
    with engine.connect() as conn:
        texts = conn.exec_driver_sql("select assigned from order_rows order by record")
        assert list(texts.scalars()) == ["|ada||ben|", None, "|Ada O'Neil|"]
        texts = conn.exec_driver_sql("select voters from standings order by record")
        assert list(texts.scalars()) == ["|ben|", "", "|Ada O'Neil||zoe|"]
    engine.dispose()
