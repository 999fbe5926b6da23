"""The new stores of the tests are the ones that the migrations make."""

from sqlalchemy import create_engine, inspect
from support import new_stores

from review.store import HEAD_REVISION

TABLES = "select name, sql from sqlite_master order by name"


def make_engine(folder, name):
    return create_engine(f"sqlite:///{folder / name}")


def read_version(engine):
    with engine.connect() as conn:
        return conn.exec_driver_sql("select version_num from alembic_version").scalar_one()


def test_a_recorded_store_has_the_tables_and_the_version_of_a_migrated_one(tmp_path):
    recorded, migrated = make_engine(tmp_path, "a.db"), make_engine(tmp_path, "b.db")
    new_stores.upgrade_quickly(recorded, "head")
    new_stores.migrate(migrated, "head")
    with recorded.connect() as first, migrated.connect() as second:
        tables = first.exec_driver_sql(TABLES).all()
        assert tables == second.exec_driver_sql(TABLES).all()
        assert len(tables) > 60
        filled = new_stores.list_filled_tables
        assert filled(first) == filled(second) == ["alembic_version"]
    assert read_version(recorded) == read_version(migrated) == HEAD_REVISION


def test_an_older_store_keeps_its_rows_and_runs_the_migrations(tmp_path):
    engine = make_engine(tmp_path, "review.db")
    new_stores.upgrade_quickly(engine, "0001")
    assert read_version(engine) == "0001"
    with engine.begin() as conn:
        conn.exec_driver_sql("insert into acts (at, who, kind) values ('2026', 'ada', 'note')")
    new_stores.upgrade_quickly(engine, "head")
    assert read_version(engine) == HEAD_REVISION
    with engine.connect() as conn:
        assert conn.exec_driver_sql("select who from acts").scalars().all() == ["ada"]
        assert "editions" in inspect(conn).get_table_names()
