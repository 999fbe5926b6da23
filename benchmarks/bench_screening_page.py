"""Response time of a key press: 10 reviewers who think for 3 s, on a review of 100,000 records.

Serves the review as users do (`review app`), signs in ten reviewers over the app's WebSockets from
a second process, and measures from the press to the last message of the redrawn page: sign-in
check, decision on disk, next record. Half of the review is already screened. Repeats this with a
real Chromium page at the same time (press to the next record on screen), while a new ranking is
trained in the background, and with two app processes on one review. Prints a row for each.

    RECORDS=20000 SECONDS=20 python benchmarks/bench_screening_page.py     # a small one

A team over sockets alone, as in bench_team.py but with the pages: so many reviewers on so many
processes, on PostgreSQL where DATABASE says so. Counts what was lost or decided twice.

    DATABASE=postgresql REVIEWERS=50 PROCESSES=3 RECORDS=2000 \\
        python benchmarks/bench_screening_page.py
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import browser, postgres, tabs  # noqa: E402

from review.errors import ReviewError  # noqa: E402
from review.models import Decision, Record  # noqa: E402
from review.protocol.models import find_stage  # noqa: E402
from review.store import decisions, records  # noqa: E402
from review.store.timestamps import utc_now  # noqa: E402
from review.workflow.project import accounts  # noqa: E402
from review.workflow.project.project import Project  # noqa: E402
from review.workflow.screening import ranking, reviewing, status  # noqa: E402
from review.workflow.setup.loading import init_project, open_project  # noqa: E402

RECORDS = int(os.environ.get("RECORDS", "100000"))
SECONDS = int(os.environ.get("SECONDS", "60"))
REVIEWERS = int(os.environ.get("REVIEWERS", "10"))
THINK = float(os.environ.get("THINK", "3"))
"""Seconds a reviewer thinks before a press, on average."""
PROCESSES = int(os.environ.get("PROCESSES", "0"))
"""How many app processes a team alone is measured on; 0 for the rows of one and two processes."""
WORDS = [f"word{n}" for n in range(5000)]
EYE = f"r{REVIEWERS}"
"""The reviewer at the real browser page."""


def main() -> None:
    """Makes the review, lets the reviewers screen, prints the rows."""
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        if os.environ.get("DATABASE") == "postgresql":
            os.environ["DATABASE_URL"] = stack.enter_context(postgres.cluster())
        project = make(folder)
        stack.callback(project.store.close)
        print(
            f"{RECORDS:,} records, half of them judged; {REVIEWERS} reviewers think {THINK:.0f} s"
            f"; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        if PROCESSES:
            measure_team(project, folder)
            return
        tell("storing a decision alone", storing(project))
        for processes in (1, 2):
            what = "one app process" if processes == 1 else "two app processes"
            with served(folder, processes) as addresses:
                tell(what, pressing(addresses))
                if processes == 1:
                    with looking(addresses[0]) as seen:
                        tell("  beside a Chromium page", pressing(addresses))
                    tell("  the Chromium page itself", seen)
                    with learning(folder):
                        tell("  while an order is learned", pressing(addresses))


def measure_team(project: Project, folder: Path) -> None:
    """The reviewers on several processes, and what is in the store afterwards."""
    stage = find_stage(project.protocol, "screening")
    assert stage is not None
    with project.store.read() as conn:
        last = decisions.get_last_id(conn)
    with served(folder, PROCESSES) as addresses:
        found, refused = press_apart(addresses)
    with project.store.read() as conn:
        made = decisions.list_after(conn, last, 10 * len(found) + 1000)
        votes = Counter(one.record for one in decisions.list_decisions(conn, stage=stage.id))
    people = Counter((one.record, one.reviewer) for one in made)
    lost = max(0, len(found) - refused - len(made))
    double = sum(n > 1 for n in people.values()) + sum(n > stage.reviewers for n in votes.values())
    tell(f"{project.store.engine.dialect.name}, {PROCESSES} processes", found)
    print(
        f"{len(made)} decisions, {refused} wasted, {lost} lost, {double} double; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def tell(what: str, found: Sequence[float]) -> None:
    """Prints one row."""
    cut = statistics.quantiles(found, n=100)
    print(
        f"{what:28} {len(found):5} presses: median {statistics.median(found) * 1e3:4.0f} ms, "
        f"95th percentile {cut[94] * 1e3:4.0f} ms, longest {max(found) * 1e3:4.0f} ms",
        flush=True,
    )


def make(folder: Path) -> Project:
    """A review with many records, half of them screened by two of eleven reviewers each."""
    init_project(folder)
    path = folder / "protocol.yaml"
    team = "".join(f"  - {{name: r{n}, roles: [reviewer]}}\n" for n in range(REVIEWERS + 1))
    path.write_text(path.read_text().replace("team:\n", f"team:\n{team}"))
    project = open_project(folder, who="r0")
    stage = find_stage(project.protocol, "screening")
    assert stage is not None
    rng = random.Random(1)
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "r0", kind="file", source="made up")
        for start in range(0, RECORDS, 5000):
            given = [
                (
                    n,
                    Record(
                        "made up",
                        title=f"{n} {' '.join(rng.choices(WORDS, k=10))}",
                        abstract=" ".join(rng.choices(WORDS, k=120)),
                    ),
                )
                for n in range(start, min(start + 5000, RECORDS))
            ]
            records.add_records(conn, batch, given, utc_now())
        begun = utc_now() - timedelta(days=9)
        made = []
        for number in range(1, RECORDS // 2 + 1):
            verdict = "include" if rng.random() < 0.03 else "exclude"
            at = begun + timedelta(seconds=5 * number)
            pair = rng.sample(range(REVIEWERS + 1), 2)
            made += [Decision(number, stage.id, f"r{who}", verdict, at) for who in pair]
        decisions.add_decisions(conn, made, protocol=project.fingerprint)
        status.rebuild_statuses(project, conn)
    for n in range(REVIEWERS + 1):
        accounts.add_user(project, f"r{n}", f"password of r{n}", "setup")
    ranking.retrain_ranking(project, stage)
    return project


@contextmanager
def served(folder: Path, processes: int) -> Iterator[list[str]]:
    """Serves the review with several processes."""
    with ExitStack() as stack:
        yield [stack.enter_context(browser.served(folder)) for _ in range(processes)]


def pressing(addresses: Sequence[str]) -> list[float]:
    """Seconds per key press of the reviewers, measured in a separate process."""
    return press_apart(addresses)[0]


def press_apart(addresses: Sequence[str]) -> tuple[list[float], int]:
    """Seconds per key press, and how many were refused because others had resolved the record."""
    done = subprocess.run(
        [sys.executable, __file__, "press", *addresses], capture_output=True, text=True, check=True
    )
    found, refused = json.loads(done.stdout)
    return found, refused


def press_all(addresses: Sequence[str]) -> tuple[list[float], int]:
    """What that process does: one WebSocket and one thread per reviewer."""
    refused: list[str] = []

    def press_of(number: int, stack: ExitStack) -> Callable[[], None]:
        address = addresses[number % len(addresses)]
        cookie = tabs.session_cookie(address, f"r{number}", f"password of r{number}")
        tab = stack.enter_context(tabs.tab(address, cookie))
        tab.open("screening")
        rng = random.Random(number)

        def press() -> None:
            before = tab.query
            tab.press("Include" if rng.random() < 0.05 else "Exclude")
            assert tab.query != before, tab.text()[:2000]
            if "Your decision was not saved" in tab.text():
                refused.append(tab.query)

        return press

    with ExitStack() as stack:
        found = at_once([press_of(number, stack) for number in range(REVIEWERS)])
    return found, len(refused)


def storing(project: Project) -> list[float]:
    """Seconds per decision of ten reviewers at once, without a page: decision and next record."""
    stage = find_stage(project.protocol, "screening")
    assert stage is not None

    def press_of(name: str) -> Callable[[], None]:
        shown = [reviewing.get_next_record(project, stage, name)]

        def press() -> None:
            assert shown[0] is not None
            with suppress(ReviewError):  # two others were faster; that costs the same time
                reviewing.save_decision(project, stage, name, shown[0].number, "exclude")
            shown[0] = reviewing.get_next_record(project, stage, name)
            reviewing.get_reviewer_progress(project, stage, name)

        press()
        return press

    return at_once([press_of(f"r{number}") for number in range(REVIEWERS)])


def at_once(presses: Sequence[Callable[[], None]]) -> list[float]:
    """Seconds per press while each reviewer presses, thinks and presses again."""
    found: list[float] = []
    end = time.monotonic() + SECONDS

    def work(number: int) -> None:
        time.sleep(random.Random(number).uniform(0, THINK))
        while time.monotonic() < end:
            start = time.perf_counter()
            presses[number]()
            found.append(time.perf_counter() - start)
            time.sleep(THINK)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(presses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextmanager
def looking(address: str) -> Iterator[list[float]]:
    """Presses keys on a real page in the meantime; the list collects seconds per press."""
    seen: list[float] = []
    halt = threading.Event()
    thread = threading.Thread(target=look, args=(address, seen, halt))
    thread.start()
    try:
        yield seen
    finally:
        halt.set()
        thread.join()


def look(address: str, seen: list[float], halt: threading.Event) -> None:
    """Presses E on a real page and waits until the next record is drawn."""
    with browser.chromium() as chromium:
        page = chromium.new_page()
        browser.sign_in(page, address, EYE, f"password of {EYE}")
        page.goto(f"{address}/screening")
        page.get_by_role("button", name="Include").wait_for()
        browser.settled(page)
        while not halt.wait(THINK):
            before = page.evaluate("location.search")
            start = time.perf_counter()
            page.keyboard.press("e")
            page.wait_for_function("u => location.search != u", arg=before, polling="raf")
            page.wait_for_function(
                "() => document.querySelector('.record-key')?.dataset.key === "
                "new URLSearchParams(location.search).get('key')",
                polling="raf",
            )
            seen.append(time.perf_counter() - start)


@contextmanager
def learning(folder: Path) -> Iterator[None]:
    """Trains new rankings in the meantime, at low priority, as the app does."""
    words = [sys.executable, "-m", "review.cli", "--review", str(folder), "rank", "train"]
    halt = threading.Event()

    def work() -> None:
        while not halt.is_set():
            subprocess.run(["nice", "-n", "10", *words], cwd=ROOT, capture_output=True, check=True)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        halt.set()
        thread.join()


if __name__ == "__main__":
    if sys.argv[1:2] == ["press"]:
        json.dump(press_all(sys.argv[2:]), sys.stdout)
    else:
        main()
