"""A home in one PostgreSQL database: a schema for each review, and nobody opens the wrong one."""

import shutil
import sqlite3

import pytest
from sqlalchemy import create_engine, text
from support.homes import make_home, open_made
from support.postgres import emptied

from review.errors import ReviewError, StoreError
from review.models import Record
from review.store import harvests, records, schemas
from review.store.timestamps import utc_now
from review.web import home_server
from review.workflow.home import reviews as home_reviews
from review.workflow.home.reviews import COPY_PREFIX
from review.workflow.project import home as home_module
from review.workflow.safety import backups
from review.workflow.setup import first_account
from review.workflow.setup.loading import open_project


@pytest.fixture
def url(postgres_server, monkeypatch):
    url = emptied(postgres_server)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def home(url, tmp_path):
    """Mia leads "First", lea leads "Second"; dan reviews in "First". Mia is the administrator."""
    (tmp_path / "home").mkdir()
    made = make_home(tmp_path / "home")
    yield made
    made.reviews.close()
    made.reviews.home.store.close()


def list_schemas(url):
    engine = create_engine(url)
    with engine.connect() as conn:
        names = conn.execute(text("select schema_name from information_schema.schemata")).scalars()
        found = {n for n in names if n.startswith(("home", "new_", "review_"))}
    engine.dispose()
    return found


def add_record(project, title):
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "mia", kind="file", source="embase")
        records.add_records(conn, batch, [(1, Record("embase", title=title))], utc_now())


def list_titles(project):
    with project.store.read() as conn:
        return [stored.record.title for stored in records.iter_records(conn)]


def test_each_review_has_a_schema_of_its_own_and_no_file(home, url):
    add_record(home.project("first"), "Chest films")
    add_record(home.project("second"), "Brain scans")
    assert list_schemas(url) == {"home", "review_first", "review_second"}
    assert list_titles(home.project("first")) == ["Chest films"]
    assert list_titles(home.project("second")) == ["Brain scans"]
    assert not list(home.home.folder.rglob("*.db"))
    alone = open_project(home.home.folder / "first", who="mia")  # as a command does
    assert list_titles(alone) == ["Chest films"] and alone.home_store is not None
    alone.store.close()


def test_roles_archive_and_copy_are_as_with_files(home, url):
    assert home.titles("dan") == ["First"] and home.titles("lea") == ["First", "Second"]
    assert home.create("First", "mia", f"{COPY_PREFIX}first") == "first-2"
    assert "review_first_2" in list_schemas(url)
    home_reviews.archive_review(home.home, "first", "mia", home.reviews)
    assert home.titles("dan") == []
    home_reviews.restore_review(home.home, "first", "mia", home.reviews)
    assert home.titles("dan") == ["First"]


def test_a_review_that_is_not_completed_leaves_no_schema(home, url, monkeypatch):
    def fail(*_):
        raise ReviewError("no")

    monkeypatch.setattr(first_account, "add_lead", fail)
    with pytest.raises(ReviewError, match="no"):
        home.create("Third", "mia")
    assert list_schemas(url) == {"home", "review_first", "review_second"}
    assert not list(home.home.folder.glob(".new-*"))


def test_a_name_whose_rows_are_still_there_is_not_given_again(home, url):
    shutil.rmtree(home.home.folder / "second")
    assert home.create("Second", "mia") == "second-2"


def test_the_folder_is_not_opened_without_its_database(home, url, monkeypatch, tmp_path):
    folder = home.home.folder
    monkeypatch.delenv("DATABASE_URL")
    for opened in (folder, folder / "first"):
        with pytest.raises(StoreError, match="Set DATABASE_URL"):
            (open_made if opened == folder else open_project)(opened)
    assert not list(folder.rglob("*.db"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(StoreError, match="PostgreSQL"):
        open_project(folder / "first")


def test_the_database_is_one_homes_alone(home, url, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    with pytest.raises(StoreError, match="has a schema home already"):
        open_made(tmp_path / "other")
    text_of_mark = (home.home.folder / home_module.HOME_MARK).read_text()
    (tmp_path / "other" / home_module.HOME_MARK).write_text(f"{text_of_mark.strip()}x\n")
    with pytest.raises(StoreError, match="belongs to another home"):
        open_made(tmp_path / "other")


def test_a_home_of_files_is_not_opened_with_a_database(original, url, tmp_path):
    shutil.copytree(original, tmp_path / "files")
    for opened in (tmp_path / "files", tmp_path / "files" / "first"):
        with pytest.raises(StoreError, match="Unset DATABASE_URL"):
            (open_made if opened.name == "files" else open_project)(opened)
    assert not list_schemas(url)


def test_a_database_that_lost_a_review_is_named(home, url):
    schemas.drop_schema(url, "review_second")
    with pytest.raises(StoreError, match="has no schema review_second"):
        open_project(home.home.folder / "second")


def test_a_backup_is_restored_into_the_home(home, url, tmp_path):
    project = home.project("first")
    add_record(project, "Chest films")
    backups.write_backup(project, tmp_path / "first.zip", "mia")
    folder = home.home.folder / "first"
    home.reviews.close()
    with pytest.raises(StoreError, match="not empty"):
        backups.restore_backup(tmp_path / "first.zip", folder)
    folder.rename(tmp_path / "moved")
    with pytest.raises(StoreError, match="has a schema review_first already"):
        backups.restore_backup(tmp_path / "first.zip", folder)
    assert not folder.exists() and "review_first" in list_schemas(url)
    engine = create_engine(url)
    with engine.begin() as conn:
        schemas.rename_schema(conn, "review_first", "review_old")
    engine.dispose()
    backups.restore_backup(tmp_path / "first.zip", folder)
    assert list_titles(home.project("first")) == ["Chest films"]
    assert not list(folder.glob("*.db"))
    add_record(home.project("first"), "One more")
    assert home.titles("dan") == ["First"]


def test_a_damaged_backup_leaves_no_schema(home, url, tmp_path):
    backups.write_backup(home.project("first"), tmp_path / "first.zip", "mia")
    data = bytearray((tmp_path / "first.zip").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "first.zip").write_bytes(data)
    with pytest.raises(StoreError):
        backups.restore_backup(tmp_path / "first.zip", home.home.folder / "third")
    assert "review_third" not in list_schemas(url)


def test_the_daily_copy_of_the_home_holds_its_people(home):
    out = home_server.copy_home(home.home, utc_now())
    connection = sqlite3.connect(out)
    names = {name for (name,) in connection.execute("select name from home_people")}
    connection.close()
    assert names == {"mia", "lea", "dan"}
    assert home_server.copy_home(home.home, utc_now()) is None


def test_reviews_do_not_wait_for_each_other(home):
    """The locks of a database are one set for all its schemas."""
    first, second = home.project("first"), home.project("second")
    with harvests.advisory_lock(first.store):
        with harvests.advisory_lock(second.store):
            pass
        with (
            pytest.raises(StoreError, match="another harvest"),
            harvests.advisory_lock(first.store),
        ):
            pass
    with first.store.write():
        add_record(second, "Brain scans")  # would wait for ever


@pytest.mark.parametrize("schema", ["", "a b", 'x"; drop schema home', "Größe", "a" * 64])
def test_no_other_name_reaches_the_database(schema):
    with pytest.raises(StoreError, match="cannot be the name of a schema"):
        schemas.build_schema_url("postgresql+psycopg://localhost/x", schema)


def test_the_options_of_an_address_are_kept():
    url = "postgresql+psycopg://localhost/x?options=-c%20statement_timeout%3D9"
    named = schemas.build_schema_url(url, "review_a")
    assert schemas.get_schema(named) == "review_a" and "statement_timeout" in named
    assert schemas.get_schema(url) is None
