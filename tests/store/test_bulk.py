"""Many rows in one statement come back as they were given, on both databases."""

import os

import pytest
from sqlalchemy import select

from review.models import Decision, Record
from review.store import decisions, open_store, records
from review.store.bulk import DOCUMENT, FEW, insert_rows
from review.store.tables.review import groups, standings
from review.store.timestamps import utc_now


@pytest.fixture
def store(tmp_path, database):
    opened = open_store(tmp_path, os.environ.get("DATABASE_URL"))
    with opened.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Title {n}")) for n in range(1, 1205)]
        records.add_records(conn, batch, given, utc_now())
    yield opened
    opened.close()


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 1204])
def test_all_rows_come_back(store, count):
    rows = [{"record": n, "report": n - n % 3 or n, "study": n} for n in range(1, count + 1)]
    with store.write() as conn:
        insert_rows(conn, groups, rows)
    with store.read() as conn:
        stored = conn.execute(select(groups).order_by(groups.c.record)).mappings().all()
    assert [dict(row) for row in stored] == rows


def test_texts_and_unknown_values_stay_what_they_are(store):
    texts = [
        None,
        "",
        'a "quoted" word',
        "back\\slash",
        "tab\tline\nend",
        "عربي",
        "🩻",
        ":x %(y)s %",
    ]
    rows = [
        {
            "record": n,
            "stage": "screening",
            "status": "excluded",
            "reason": texts[n % len(texts)],
            "pile": None,
            "votes": n,
            "at": None,
        }
        for n in range(1, 65)
    ]
    with store.write() as conn:
        insert_rows(conn, standings, rows)
    with store.read() as conn:
        stored = conn.execute(select(standings).order_by(standings.c.record)).mappings().all()
    assert [dict(row) for row in stored] == rows


def test_a_row_that_is_refused_leaves_nothing_of_the_statement(store):
    rows = [{"record": n, "report": n, "study": n} for n in range(1, 60)]
    with pytest.raises(Exception, match=r"(?i)foreign key"), store.write() as conn:
        insert_rows(conn, groups, [*rows, {"record": 99999, "report": 1, "study": 1}])
    with store.read() as conn:
        assert conn.execute(select(groups)).first() is None


@pytest.mark.parametrize("count", [FEW, FEW + 1, DOCUMENT + 1])
def test_numbers_that_the_table_gives_follow_the_order_of_the_rows(store, count):
    given = [
        Decision(1 + n % 1204, "screening", f"r{n}", "include", utc_now())
        for n in range(count, 0, -1)
    ]
    with store.write() as conn:
        decisions.add_decisions(conn, given)
    with store.read() as conn:
        stored = decisions.list_decisions(conn)
    assert [d.reviewer for d in stored] == [d.reviewer for d in given]
