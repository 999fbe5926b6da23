"""A home is brought back from its daily copy and moved into PostgreSQL, complete or not at all."""

import shutil
import sqlite3

import pytest
from sqlalchemy import create_engine, text
from support.homes import PASSWORD, make_home, open_made
from support.papers import draw_pdf
from support.postgres import emptied
from typer.testing import CliRunner

from review.cli import app
from review.errors import StoreError
from review.models import Record
from review.store import records, schemas
from review.store.timestamps import utc_now
from review.web import home_server
from review.workflow.fulltexts import attachments
from review.workflow.home import moves
from review.workflow.home import reviews as home_reviews
from review.workflow.project import accounts


@pytest.fixture
def url(postgres_server, monkeypatch):
    """An empty database, which DATABASE_URL names only where a test says so."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return emptied(postgres_server)


@pytest.fixture
def filled(home):
    """The home of files: "First" has a record with its PDF, "Second" is archived."""
    project = home.project("first")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "mia", kind="file", source="embase")
        records.add_records(conn, batch, [(1, Record("embase", title="Chest films"))], utc_now())
    attachments.attach_pdf(project, 1, "study.pdf", draw_pdf("study.pdf"), "mia")
    home_reviews.archive_review(home.home, "second", "lea", home.reviews)
    return home


def list_schemas(url):
    engine = create_engine(url)
    with engine.connect() as conn:
        names = conn.execute(text("select schema_name from information_schema.schemata")).scalars()
        found = {n for n in names if n.startswith(("home", "new_", "review_"))}
    engine.dispose()
    return found


def list_titles(project):
    with project.store.read() as conn:
        return [stored.record.title for stored in records.iter_records(conn)]


def close(made):
    made.reviews.close()
    made.reviews.home.store.close()


def copy_today(made):
    path = home_server.copy_home(made.home, utc_now())
    assert path is not None
    return path


def test_a_home_of_files_moves_into_a_database_with_all_it_has(filled, url, tmp_path, monkeypatch):
    token = filled.sign_in("dan")
    close(filled)
    monkeypatch.setenv("DATABASE_URL", url)
    done = CliRunner().invoke(app, ["home", "move", str(filled.home.folder), str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert "3 people and 2 reviews, now in PostgreSQL" in done.output
    assert list_schemas(url) == {"home", "review_first", "review_second"}
    assert not list((tmp_path / "new").rglob("*.db"))
    new = open_made(tmp_path / "new")
    try:
        assert new.titles("dan") == ["First"]
        assert accounts.find_session_name(new.home, token) is None
        assert accounts.sign_in(new.home, "dan", PASSWORD) is not None
        project = new.project("first")
        assert list_titles(project) == ["Chest films"]
        pdf = attachments.find_pdf(project, 1)
        assert pdf is not None and pdf.read_bytes() == draw_pdf("study.pdf")
        assert new.reviews.find_open("second") is None  # still archived
        home_reviews.restore_review(new.home, "second", "lea", new.reviews)
        assert new.titles("lea") == ["First", "Second"]
        assert new.create("Third", "mia") == "third"  # numbers of new rows go on
    finally:
        close(new)
    monkeypatch.delenv("DATABASE_URL")
    old = open_made(filled.home.folder)
    assert list_titles(old.project("first")) == ["Chest films"]
    close(old)


def test_a_move_that_fails_leaves_nothing(filled, url, tmp_path, monkeypatch):
    folder = filled.home.folder
    close(filled)
    (folder / "second" / "review.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(StoreError):
        moves.move_home(folder, tmp_path / "new")
    assert list_schemas(url) == set() and not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".move-*"))


def test_a_move_needs_a_database_a_home_and_a_new_folder(filled, url, tmp_path, monkeypatch):
    folder = filled.home.folder
    with pytest.raises(StoreError, match="Set DATABASE_URL"):
        moves.move_home(folder, tmp_path / "new")
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(StoreError, match="no home of files"):
        moves.move_home(tmp_path, tmp_path / "new")
    with pytest.raises(StoreError, match="not empty"):
        moves.move_home(folder, folder)
    schemas.create_schema(url, "home")
    with pytest.raises(StoreError, match="has a schema home already"):
        moves.move_home(folder, tmp_path / "new")
    assert list_schemas(url) == {"home"}  # what was there before is kept


@pytest.fixture
def served(url, tmp_path, monkeypatch):
    """A home in the database."""
    monkeypatch.setenv("DATABASE_URL", url)
    (tmp_path / "served").mkdir()
    made = make_home(tmp_path / "served")
    yield made
    close(made)


def test_the_daily_copy_brings_back_a_home_whose_database_lost_it(served, url):
    folder, token = served.home.folder, served.sign_in("dan")
    copy = copy_today(served)
    close(served)
    schemas.drop_schema(url, "home")
    done = CliRunner().invoke(app, ["home", "restore", str(copy), str(folder)])
    assert done.exit_code == 0, done.output
    assert "3 people and 2 reviews" in done.output and "missing" not in done.output
    again = open_made(folder)
    try:
        assert again.titles("dan") == ["First"] and again.titles("lea") == ["First", "Second"]
        assert accounts.find_session_name(again.home, token) is None
        assert accounts.sign_in(again.home, "lea", PASSWORD) is not None
        again.accept(again.invite("first", "eva", "Eva Lund", "mia"))
        assert again.titles("eva") == ["First"]
    finally:
        close(again)


def test_a_copy_is_not_put_over_a_home_nor_into_another(served, url, tmp_path):
    copy = copy_today(served)
    with pytest.raises(StoreError, match="has a schema home already"):
        moves.restore_home(copy, served.home.folder)
    assert served.titles("dan") == ["First"]
    other = tmp_path / "other"
    other.mkdir()
    mark = (served.home.folder / "home.postgresql").read_text()
    (other / "home.postgresql").write_text(mark.strip() + "0\n")
    schemas.drop_schema(url, "home")
    with pytest.raises(StoreError, match="another home"):
        moves.restore_home(copy, other)
    assert "home" not in list_schemas(url)


def test_a_new_folder_takes_the_copy_and_names_the_reviews_that_are_missing(served, url, tmp_path):
    copy = copy_today(served)
    schemas.drop_schema(url, "home")
    restored = moves.restore_home(copy, tmp_path / "again")
    assert restored.missing == ("first", "second")
    assert "review restore BACKUP" in "\n".join(moves.format_home(restored))
    again = open_made(tmp_path / "again")  # the folder has the word that the rows have
    assert again.titles("dan") == []
    close(again)


def test_a_home_of_files_is_brought_back_from_its_copy(home, url):
    folder, copy = home.home.folder, copy_today(home)
    close(home)
    with pytest.raises(StoreError, match="there is a home already"):
        moves.restore_home(copy, folder)
    for path in folder.glob("home.db*"):
        path.unlink()
    restored = moves.restore_home(copy, folder)
    assert (restored.people, restored.missing, restored.is_in_database) == (3, (), False)
    again = open_made(folder)
    assert again.titles("lea") == ["First", "Second"]
    close(again)
    assert (folder / "home.db").stat().st_mode & 0o077 == 0


def test_what_is_no_copy_of_a_home_is_refused(home, url, tmp_path):
    store = tmp_path / "review.db"
    shutil.copyfile(home.home.folder / "first" / "review.db", store)
    (tmp_path / "note.db").write_text("no database")
    for path, message in (
        (store, "not the copy of a home"),
        (tmp_path / "none.db", "no such file"),
    ):
        with pytest.raises(StoreError, match=message):
            moves.restore_home(path, tmp_path / "new")
    with pytest.raises(StoreError):
        moves.restore_home(tmp_path / "note.db", tmp_path / "new")
    assert not (tmp_path / "new" / "home.db").exists()
    assert sqlite3.connect(store).execute("select count(*) from home_people").fetchone() == (0,)
