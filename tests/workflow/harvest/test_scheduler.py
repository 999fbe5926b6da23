"""The schedule that the app keeps: when a search is due, once for all processes, whom it tells."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from standin import Fault, StandIn, corpus
from support.harvesting import make, surroundings
from support.mail import mail_server

from review.errors import ReviewError, SourceError
from review.sources.webhook import check_webhook_url, post_notice
from review.store import audit_events, log
from review.workflow.harvest import scheduler
from review.workflow.harvest.schedule_settings import (
    BEGUN_EVENT,
    RETRY_AFTER,
    SET_EVENT,
    ScheduleSettings,
    add_interval,
    claim_due_run,
    get_schedule,
    note_end,
    save_settings,
)
from review.workflow.harvest.scheduler import RunReport, run_due_search, send_notices
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

DAILY = ScheduleSettings(interval="daily")
LATER = timedelta(minutes=1)


class Hook:
    """What a webhook was given."""

    def __init__(self) -> None:
        self.notices: list[dict[str, object]] = []
        self.url = ""


@contextmanager
def webhook(status: int = 204) -> Iterator[Hook]:
    """An HTTP server on loopback that keeps the notices it is posted."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.notices.append(json.loads(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}/hook?key=secret"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield hook
        server.shutdown()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make(tmp_path / "r", sources=("medrxiv",))


@pytest.mark.parametrize(
    ("begun", "interval", "due"),
    [
        ("2026-03-01", "daily", "2026-03-02"),
        ("2026-02-25", "weekly", "2026-03-04"),
        ("2026-01-15", "monthly", "2026-02-15"),
        ("2026-01-31", "monthly", "2026-02-28"),
        ("2028-01-31", "monthly", "2028-02-29"),
        ("2026-12-05", "monthly", "2027-01-05"),
        ("2026-11-30", "monthly", "2026-12-30"),
    ],
)
def test_the_next_search_is_one_interval_later(begun, interval, due) -> None:
    moment = datetime.fromisoformat(f"{begun}T05:23:00+00:00")
    assert add_interval(moment, interval) == datetime.fromisoformat(f"{due}T05:23:00+00:00")


def test_without_a_schedule_nothing_is_due(project: Project) -> None:
    assert get_schedule(project).next_run is None
    assert claim_due_run(project, datetime.now(UTC) + timedelta(days=400)) is None
    save_settings(project, DAILY, "ann")
    assert get_schedule(project).next_run is not None
    save_settings(project, ScheduleSettings(), "ann")
    assert claim_due_run(project, datetime.now(UTC) + timedelta(days=400)) is None


def test_a_search_is_due_at_once_and_then_an_interval_after_it_began(project: Project) -> None:
    save_settings(project, DAILY, "ann")
    now = datetime.now(UTC) + LATER
    run = claim_due_run(project, now)
    assert run is not None
    note_end(project, run, "complete", "0 new records.", None)
    assert get_schedule(project).next_run == now + timedelta(days=1)
    assert claim_due_run(project, now + timedelta(hours=23, minutes=59)) is None
    assert claim_due_run(project, now + timedelta(days=1), is_running=True) is None
    assert claim_due_run(project, now + timedelta(days=1)) is not None


def test_a_search_whose_process_died_is_begun_again_and_a_restart_loses_nothing(
    project: Project,
) -> None:
    save_settings(project, DAILY, "ann")
    now = datetime.now(UTC) + LATER
    assert claim_due_run(project, now) is not None
    reopened = open_project(project.folder, who="ann")
    assert claim_due_run(reopened, now + RETRY_AFTER - LATER) is None
    assert claim_due_run(reopened, now + RETRY_AFTER) is not None


def test_of_many_at_once_one_alone_begins_the_search(project: Project) -> None:
    save_settings(project, DAILY, "ann")
    now = datetime.now(UTC) + LATER
    stores = [open_project(project.folder, who="ann") for _ in range(6)]
    barrier = threading.Barrier(len(stores))
    claims: list[int | None] = []

    def claim(own: Project) -> None:
        barrier.wait()
        claims.append(claim_due_run(own, now))

    threads = [threading.Thread(target=claim, args=(own,)) for own in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 6 and sum(one is not None for one in claims) == 1
    with project.store.read() as conn:
        assert len(audit_events.list_events(conn, kind=BEGUN_EVENT)) == 1


def test_settings_that_cannot_work_are_refused(project: Project) -> None:
    for settings, message in (
        (ScheduleSettings(recipients=("nobody",)), "'nobody' is not an e-mail address"),
        (ScheduleSettings(recipients=("a b@c.org",)), "not an e-mail address"),
        (ScheduleSettings(webhook="ftp://x.org"), "begins with https"),
        (ScheduleSettings(interval="hourly"), "choose off, daily"),  # type: ignore[arg-type]
    ):
        with pytest.raises(ReviewError, match=message):
            save_settings(project, settings, "ann")
    assert get_schedule(project).settings == ScheduleSettings()


def test_addresses_stay_out_of_the_audit_trail(project: Project) -> None:
    settings = ScheduleSettings(
        interval="weekly", recipients=("ann@example.org",), webhook="https://x.org/hook?key=secret"
    )
    save_settings(project, settings, "ann")
    assert get_schedule(project).settings == settings
    with project.store.read() as conn:
        (entry,) = [one for one in log.iter_events(conn) if one.get("kind") == SET_EVENT]
    assert entry["detail"] == '{"interval": "weekly"}'
    assert entry["who"] == "ann"


def test_a_webhook_is_named_by_its_host_alone(project: Project) -> None:
    with pytest.raises(SourceError, match=r"^The webhook at 127\.0\.0\.1 could not be reached\.$"):
        post_notice("http://127.0.0.1:9/hook?key=secret", {})
    with webhook(500) as hook, pytest.raises(SourceError, match="status 500") as refused:
        post_notice(hook.url, {"text": "x"})
    assert "secret" not in str(refused.value)
    assert check_webhook_url(" https://x.org/a ") == "https://x.org/a"


def test_mail_and_webhook_get_the_same_words(project: Project, monkeypatch) -> None:
    report = RunReport(
        outcome="incomplete", new_records=3, alerts=("R000001: is retracted",), problems=("Why.",)
    )
    with mail_server() as inbox, webhook() as hook:
        monkeypatch.setenv("FUNNEL_SMTP", f"smtp://127.0.0.1:{inbox.port}")
        monkeypatch.setenv("FUNNEL_MAIL_FROM", "review@example.org")
        settings = ScheduleSettings(recipients=("ann@example.org", "li@x.org"), webhook=hook.url)
        assert send_notices(project, settings, report) is None
    assert inbox.recipients == ["ann@example.org", "li@x.org"]
    words = "3 new records. Alert: R000001: is retracted. Why."
    assert words in " ".join(inbox.messages[0].get_content().split())
    assert "retracted or questioned" in inbox.messages[0]["Subject"]
    (notice,) = hook.notices
    assert notice["text"] == f"A rehearsal: {words}"
    assert (notice["outcome"], notice["new_records"]) == ("incomplete", 3)


def test_a_message_that_is_not_taken_is_told(project: Project, monkeypatch) -> None:
    report = RunReport(outcome="complete", new_records=1, alerts=(), problems=())
    settings = ScheduleSettings(recipients=("ann@example.org",))
    monkeypatch.delenv("FUNNEL_SMTP", raising=False)
    told = send_notices(project, settings, report)
    assert told == "No mail was sent: FUNNEL_SMTP names no mail server."
    with mail_server(refuses=True) as inbox:
        monkeypatch.setenv("FUNNEL_SMTP", f"smtp://127.0.0.1:{inbox.port}")
        monkeypatch.setenv("FUNNEL_MAIL_FROM", "review@example.org")
        told = send_notices(project, settings, report)
    assert told == "The mail server did not take the message to ann@example.org."


def test_scheduled_searches_run_and_say_what_came(project: Project, tmp_path, monkeypatch) -> None:
    down = Fault("503", every=1, service="biorxiv")
    with StandIn(corpus.make(400, 1), faults=[down]) as server, webhook() as hook:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        save_settings(project, ScheduleSettings(interval="daily", webhook=hook.url), "ann")
        now = datetime.now(UTC) + LATER
        failed = run_due_search(project, now)
        assert failed is not None and failed.outcome == "incomplete"
        assert failed.new_records == 0 and "medRxiv has not been searched" in failed.describe()
        assert run_due_search(project, now + LATER) is None
        server.faults.clear()
        whole = run_due_search(project, now + timedelta(days=1))
    assert whole is not None and whole.outcome == "complete" and whole.new_records > 0
    last = get_schedule(project).last
    assert last is not None and last.outcome == "complete" and last.notice_problem is None
    assert last.summary == whole.describe()
    assert [notice["outcome"] for notice in hook.notices] == ["incomplete", "complete"]


def test_the_thread_of_the_server_keeps_the_schedule(project: Project, monkeypatch) -> None:
    """It goes on after a failure, and stops when told."""
    looks = []
    stopped = threading.Event()

    def look(own: Project, now: datetime) -> None:
        looks.append(now)
        if len(looks) == 3:
            stopped.set()
        raise (ReviewError, OSError, RuntimeError)[len(looks) - 1]("the disk is full")

    monkeypatch.setattr(scheduler, "run_due_search", look)
    scheduler.keep_schedule(project, stopped, poll_seconds=0.01)
    assert len(looks) == 3
