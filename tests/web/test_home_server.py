"""What a served home does by itself: daily backups, schedules and the copy of its own store."""

import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from standin import StandIn, corpus
from standin.web import Limits

from review.store.timestamps import utc_now
from review.web import home_server
from review.workflow.harvest.schedule_settings import (
    ScheduleSettings,
    get_schedule,
    save_settings,
)
from review.workflow.home import reviews as home_reviews
from review.workflow.safety import backups

PATIENCE = 180
"""Seconds a state may take to come on a machine that does much else."""


def wait_for(is_so):
    end = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)
    assert is_so()


def count_keepers():
    """Threads that look after a review."""
    names = [thread.name for thread in threading.enumerate()]
    return sum("(keep_daily_backups)" in name or "(keep_schedule)" in name for name in names)


def is_backed_up(project):
    return len(backups.list_daily_backups(project.folder / "backups")) == 1


def is_searched(project):
    last = get_schedule(project).last
    return last is not None and last.outcome == "complete"


@pytest.fixture
def stop(home, monkeypatch):
    """Looks after the home's reviews until the test ends."""
    monkeypatch.setattr(home_server, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(backups, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(
        home_server.scheduler.keep_schedule, "__kwdefaults__", {"poll_seconds": 0.2}
    )
    stop = threading.Event()
    yield stop
    stop.set()
    wait_for(lambda: count_keepers() == 0)


def test_each_open_review_is_backed_up_and_searched_and_an_archived_one_is_not(
    home, stop, rehearsal
):
    names = [home.create(title, "mia", "prediction-models") for title in ("Open", "Closed")]
    is_open, closed = map(home.project, names)
    for project in (is_open, closed):
        save_settings(project, ScheduleSettings(interval="daily"), "mia")
    for name in ("first", "second", "closed"):
        lead = "lea" if name == "second" else "mia"
        home_reviews.archive_review(home.home, name, lead, home.reviews)
    with StandIn(corpus.make(200, 1), limits=Limits(rxiv_page=10)) as server:
        rehearsal(server)
        keeper = threading.Thread(target=home_server.keep_reviews, args=(home.reviews, stop))
        keeper.start()
        wait_for(lambda: is_backed_up(is_open) and is_searched(is_open))
        wait_for(lambda: list((home.home.folder / "backups").glob("home-*.db")))
        assert count_keepers() == 2
        assert not is_backed_up(closed) and get_schedule(closed).last is None

        home_reviews.restore_review(home.home, "closed", "mia", home.reviews)
        wait_for(lambda: is_backed_up(closed) and is_searched(closed))
        home_reviews.archive_review(home.home, "open", "mia", home.reviews)
        wait_for(lambda: count_keepers() == 2)
        stop.set()
        keeper.join(PATIENCE)
        assert not keeper.is_alive()
        wait_for(lambda: count_keepers() == 0)
    assert not is_backed_up(home.project("first"))


def test_the_daily_copy_of_the_home_is_complete_private_and_one_of_fourteen(home):
    folder = home.home.folder / "backups"
    day = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    out = home_server.copy_home(home.home, day)
    assert out.name == "home-2026-03-01.db" and out.stat().st_mode & 0o077 == 0
    connection = sqlite3.connect(out)
    names = {name for (name,) in connection.execute("select name from home_people")}
    connection.close()
    assert names == {"mia", "lea", "dan"}
    written = out.stat().st_mtime_ns
    assert home_server.copy_home(home.home, day) is None and out.stat().st_mtime_ns == written
    for number in range(1, 15):
        assert home_server.copy_home(home.home, day + timedelta(days=number)) is not None
    assert len(list(folder.glob("home-*.db"))) == home_server.KEPT_COPIES == 14
    assert not out.exists()  # the oldest goes first
    assert sorted(folder.iterdir()) == sorted(folder.glob("home-*.db"))  # and nothing half is left


def test_a_copy_that_fails_leaves_nothing_and_the_others(home, monkeypatch):
    kept = home_server.copy_home(home.home, utc_now())
    monkeypatch.setattr(home_server.copies, "get_version", lambda _store: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        home_server.copy_home(home.home, utc_now() + timedelta(days=1))
    assert list(kept.parent.iterdir()) == [kept]
