"""Guessing passwords is slow for strangers, and locks no owner out."""

from datetime import timedelta
from statistics import median
from time import process_time

import pytest

from review.store import sign_in_attempts
from review.store.timestamps import utc_now
from review.workflow.project import accounts, sign_in_limits
from review.workflow.project.sign_in_limits import Visitor, attempt_sign_in, get_address_block
from review.workflow.setup.loading import init_project, open_project

RIGHT = "correct horse"
THIEF, HOME = Visitor("192.0.2.7"), Visitor("198.51.100.4")


@pytest.fixture
def project(tmp_path, database):
    init_project(tmp_path)
    opened = open_project(tmp_path, who="ada")
    accounts.add_user(opened, "ada", RIGHT, "ada")
    yield opened
    opened.store.close()


@pytest.fixture
def clock(monkeypatch):
    """Time goes on only when it is told to."""

    class Clock:
        def __init__(self):
            self.now = utc_now()

        def __call__(self):
            return self.now

        def advance(self, seconds):
            self.now += timedelta(seconds=seconds)

    made = Clock()
    monkeypatch.setattr(sign_in_limits, "utc_now", made)
    return made


@pytest.fixture
def quick(monkeypatch):
    """Compares passwords without argon2, where only the counting is tried."""
    monkeypatch.setattr(
        accounts,
        "sign_in",
        lambda project, name, password, **_: "token" if password == RIGHT else None,
    )


def fail(project, times, name="ada", visitor=THIEF):
    return [attempt_sign_in(project, name, "guess", visitor).wait for _ in range(times)]


def test_five_failures_are_free_and_then_the_wait_doubles_up_to_five_minutes(project, clock, quick):
    assert fail(project, 6) == [0, 0, 0, 0, 0, 8]
    waits = []
    for _ in range(8):
        wait = fail(project, 1)[0]
        waits.append(wait)
        clock.advance(wait - 1)
        assert fail(project, 1)[0] == 1
        clock.advance(1)
        assert fail(project, 1)[0] == 0
    assert waits == [8, 16, 32, 64, 128, 256, 300, 300]


def test_who_waits_is_not_even_looked_at(project, clock, quick):
    fail(project, 6)
    assert attempt_sign_in(project, "ada", RIGHT, THIEF).token is None
    clock.advance(9)
    assert attempt_sign_in(project, "ada", RIGHT, THIEF).token


def test_a_stranger_elsewhere_never_locks_the_owner_out(project, clock, quick):
    for _ in range(40):  # one machine that never tires
        clock.advance(fail(project, 1)[0])
    assert attempt_sign_in(project, "ada", RIGHT, HOME).token


def test_a_known_browser_passes_whatever_strangers_do(project, clock, quick):
    cookie = attempt_sign_in(project, "ada", RIGHT, HOME).browser_cookie
    for number in range(80):  # from everywhere, the owner's own network too
        fail(project, 1, visitor=Visitor(f"203.0.113.{number}"))
    fail(project, 30, visitor=HOME)
    assert attempt_sign_in(project, "ada", RIGHT, Visitor("192.0.2.250")).wait
    assert attempt_sign_in(project, "ada", RIGHT, Visitor(HOME.address, cookie)).token
    assert attempt_sign_in(project, "ada", RIGHT, Visitor("192.0.2.251", cookie)).token


def test_a_stolen_browser_cookie_is_slowed_down_itself_and_opens_no_other_name(
    project, clock, quick
):
    cookie = attempt_sign_in(project, "ada", RIGHT, HOME).browser_cookie
    known = Visitor("192.0.2.9", cookie)
    assert fail(project, 11, visitor=known)[-2:] == [0, 8]
    assert sign_in_limits.find_known_browser(project, "ben", cookie) is None
    assert sign_in_limits.find_known_browser(project, "ada", cookie)
    name, expires, signature = cookie.split(".")
    for forged in (
        f"{name}.{int(expires) + 1}.{signature}",
        f"x{name}.{expires}.{signature}",
        f"{name}.{expires}.{signature[:-1]}",
        f"{name}.{expires}.é",
        "..",
        "a.b.c",
        "x" * 500,
    ):
        assert sign_in_limits.find_known_browser(project, "ada", forged) is None
    clock.advance(366 * 86400)
    assert sign_in_limits.find_known_browser(project, "ada", cookie) is None


def test_one_address_tries_no_more_than_twenty_names(project, clock, quick):
    waits = [fail(project, 1, name=f"name{n}")[0] for n in range(21)]
    assert waits == [0] * 20 + [8]
    assert attempt_sign_in(project, "ada", RIGHT, HOME).token  # nobody else is slowed down


def test_a_failure_is_forgotten_after_an_hour_and_by_success(project, clock, quick):
    fail(project, 4)
    assert attempt_sign_in(project, "ada", RIGHT, THIEF).token
    assert fail(project, 5) == [0] * 5
    clock.advance(3601)
    assert fail(project, 5) == [0] * 5


def test_a_clock_set_back_makes_nobody_wait_longer_than_five_minutes(project, clock, quick):
    fail(project, 6)
    clock.advance(-86400)
    assert attempt_sign_in(project, "ada", RIGHT, THIEF).token


def test_several_processes_count_together(project, clock, quick):
    elsewhere = open_project(project.folder)
    for opened in (project, elsewhere, project, elsewhere, project):
        assert fail(opened, 1) == [0]
    assert fail(elsewhere, 1) == [8]
    cookie = sign_in_limits.make_browser_cookie(project, "ada")
    assert sign_in_limits.find_known_browser(elsewhere, "ada", cookie)
    elsewhere.store.close()


def test_an_ipv6_visitor_counts_by_network():
    assert get_address_block("2001:db8::1") == get_address_block("2001:db8::ffff:1")
    assert get_address_block("2001:db8:0:1::1") != get_address_block("2001:db8:0:2::1")
    assert get_address_block("::ffff:192.0.2.1") == get_address_block("192.0.2.1") == "192.0.2.1"
    assert get_address_block("fe80::1%eth0") == "fe80::/64"
    assert len(get_address_block("x" * 5000)) <= 60
    assert get_address_block("") == "unknown"


def test_what_is_kept_of_strangers_is_bounded_and_holds_no_name(project, monkeypatch):
    from sqlalchemy import text

    monkeypatch.setattr(sign_in_attempts, "MAX_FAILURES_KEPT", 30)
    now = utc_now()
    with project.store.write() as conn:
        sign_in_attempts.add_failure(conn, "old", "192.0.2.1", now - timedelta(hours=2))
        for number in range(50):
            sign_in_attempts.add_failure(conn, f"my secret {number}", "192.0.2.1", now)
        kept = conn.execute(text("select * from sign_in_failures")).all()
    assert len(kept) == 30
    assert "secret" not in str(kept)


def test_a_known_and_an_unknown_name_cost_the_same(project):
    accounts.sign_in(project, "nobody", "guess")  # the first one makes the hash of nobody
    times = {"ada": [], "nobody": [], "ben": []}
    for _ in range(7):
        for name, kept in times.items():
            began = process_time()  # the work, however busy the machine is
            assert accounts.sign_in(project, name, "wrong guess") is None
            kept.append(process_time() - began)
    typical = {name: median(kept) for name, kept in times.items()}
    assert max(typical.values()) < 1.6 * min(typical.values()), typical


def test_a_known_and_an_unknown_name_are_compared_as_often(project, monkeypatch):
    import argon2

    counts = []
    real = argon2.PasswordHasher.verify
    monkeypatch.setattr(
        argon2.PasswordHasher,
        "verify",
        lambda self, *words: counts.append("verify") or real(self, *words),
    )
    accounts.sign_in(project, "nobody", "guess")
    monkeypatch.setattr(argon2.PasswordHasher, "hash", lambda *_: pytest.fail("hashed anew"))
    for name in ("ada", "ben", "nobody"):
        counts.clear()
        accounts.sign_in(project, name, "guess")
        assert counts == ["verify"], name
