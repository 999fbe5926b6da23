"""The day of a search is asked at import, kept, corrected and printed."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from review.errors import SourceError
from review.models import SearchDate
from review.store import open_store, search_dates
from review.workflow.exports import methods_text, prisma_checklists, prisma_s, search_runs
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.project.project import Project
from review.workflow.records.imports import import_file
from review.workflow.records.search_dates import format_search_date, parse_search_date
from review.workflow.setup.loading import init_project, open_project

RIS = "TY  - JOUR\nTI  - One\nAU  - Li, W.\nPY  - 2020\nAB  - Words.\nER  - \n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    init_project(tmp_path / "review")
    return open_project(tmp_path / "review", who="ada")


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-03-12", "2026-03-12", "2026-03-12"),
        ("12 March 2026", "2026-03-12", "2026-03-12"),
        ("Mar 12, 2026", "2026-03-12", "2026-03-12"),
        ("2026-03-01..2026-03-12", "2026-03-01", "2026-03-12"),
        ("2026-03-12..2026-03-12", "2026-03-12", "2026-03-12"),
    ],
)
def test_a_day_is_read_as_people_write_it(written: str, first: str, last: str) -> None:
    expected = SearchDate(date.fromisoformat(first), date.fromisoformat(last))
    assert parse_search_date(written) == expected


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("03/04/2026", "not a day; write it as 2026-03-12"),
        ("2026-02-30", "not a day"),
        ("soon", "not a day"),
        ("", "not a day"),
        ("1026-03-12", "not a day"),
        ("2026-03-12..", "not a day"),
        ("2026-03-12..2026-03-01", "it ends before it begins"),
        (str(date.today() + timedelta(days=2)), "is yet to come"),
        (f"2026-03-12..{date.today() + timedelta(days=400)}", "is yet to come"),
    ],
)
def test_what_is_no_day_of_the_past_is_refused_in_one_line(written: str, told: str) -> None:
    with pytest.raises(SourceError, match=told) as error:
        parse_search_date(written)
    assert "\n" not in str(error.value)


def test_days_in_sentences() -> None:
    assert format_search_date(parse_search_date("2026-03-02")) == "on 2 March 2026"
    told = format_search_date(parse_search_date("2026-03-01..2026-04-02"))
    assert told == "from 1 March 2026 to 2 April 2026"


def test_the_day_is_kept_printed_and_can_be_corrected(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "embase.ris"
    path.write_text(RIS)
    (tmp_path / "scopus.ris").write_text(RIS.replace("One", "Two"))
    done = import_file(
        project, path, "ada", source="embase", searched=parse_search_date("2026-03-12")
    )
    assert done.searched == "2026-03-12"
    import_file(project, tmp_path / "scopus.ris", "ada", source="scopus")
    snapshot = snapshot_at(project)
    methods = methods_text.write_methods(snapshot)
    assert "Embase was searched on 12 March 2026" in methods
    assert "The search date of scopus.ris is not recorded." in methods
    today = str(snapshot.day)
    reported = dict(row[1:] for row in prisma_s.build_prisma_s_table(snapshot).rows)
    assert reported["Dates of searches"] == (f"Embase 2026-03-12; Scopus {today} (date of import)")
    facts = methods_text.collect_checklist_facts(snapshot)
    rows = prisma_checklists.build_prisma_checklist(facts).rows
    sources = next(row[2] for row in rows if row[0] == "6")
    assert sources == f"Embase (2026-03-12); Scopus ({today}, date of import)"
    searches = search_runs.list_searches(project)
    log = prisma_s.build_search_log(searches)
    column = log.columns.index("Searched")
    assert [row[column] for row in log.rows] == ["2026-03-12", "not recorded"]
    again = import_file(project, path, "ada", searched=parse_search_date("2026-03-02..2026-03-03"))
    assert (again.batch, again.searched) == (None, "2026-03-02..2026-03-03")
    methods = methods_text.write_methods(snapshot_at(project))
    assert "Embase was searched from 2 March 2026 to 3 March 2026" in methods
    snapshot = snapshot_at(project)
    reported = dict(row[1:] for row in prisma_s.build_prisma_s_table(snapshot).rows)
    assert reported["Dates of searches"].startswith("Embase 2026-03-02 to 2026-03-03; Scopus ")
    facts = methods_text.collect_checklist_facts(snapshot)
    rows = prisma_checklists.build_prisma_checklist(facts).rows
    [sources] = [row[2] for row in rows if row[0] == "6"]
    assert str(sources).startswith("Embase (2026-03-02 to 2026-03-03); Scopus (")
    log = prisma_s.build_search_log(search_runs.list_searches(project))
    assert [row[column] for row in log.rows] == ["2026-03-02 to 2026-03-03", "not recorded"]
    unchanged = import_file(project, path, "ada")
    assert unchanged.searched == "2026-03-02..2026-03-03"


def test_a_store_of_the_first_release_takes_search_dates(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    import review.store as store_room

    engine = create_engine(f"sqlite:///{tmp_path / 'review.db'}")
    config = Config()
    folder = Path(store_room.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.attributes["engine"] = engine
    command.upgrade(config, "0001")
    assert "search_dates" not in inspect(engine).get_table_names()
    with engine.begin() as conn:
        conn.execute(
            text(
                "insert into batches (at, who, kind, source, via, name, announced, parsed, new) "
                "values ('2026-01-02T00:00:00.000000Z', 'ada', 'file', 'embase', 'databases', "
                "'old.ris', 0, 0, 0)"
            )
        )
    engine.dispose()
    store = open_store(tmp_path)
    with store.write() as conn:
        assert search_dates.list_search_dates(conn) == {}
        day = parse_search_date("2026-01-01")
        search_dates.add_search_date(conn, 1, day, "ada", store_room.timestamps.utc_now())
    with store.read() as conn:
        assert search_dates.list_search_dates(conn) == {1: day}
