"""How long a key press waits: 10 reviewers who think 3 s, on a review of 100,000 records.

Drives the real app with its page function through Streamlit's own test driver, one process, a
thread a reviewer, and measures from the press to the drawn page (script time, without the network
and the browser). Prints the median, the 95th percentile and the store's share of it.
"""

import os
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

from review.protocol import stage_of
from review.records import Record
from review.store import records
from review.store.moments import now
from review.workflow import screening, standings
from review.workflow.project import Project, init, open_project

RECORDS = int(os.environ.get("RECORDS", "100000"))
REVIEWERS, THINK, SECONDS = 10, 3.0, int(os.environ.get("SECONDS", "60"))
WORDS = [f"word{n}" for n in range(5000)]


def main() -> None:
    """Makes the review, lets the reviewers screen, prints the table."""
    with tempfile.TemporaryDirectory() as scratch:
        project = make(Path(scratch))
        stage = stage_of(project.protocol, "screening")
        assert stage is not None
        screening.next_record(project, stage, "r0")
        for title, act in (("store alone", store_press), ("whole page", page_press)):
            found = measure(project, act)
            print(
                f"{title:12} {RECORDS:,} records, {REVIEWERS} reviewers, {len(found)} presses: "
                f"median {statistics.median(found) * 1e3:.0f} ms, "
                f"95th percentile {statistics.quantiles(found, n=20)[-1] * 1e3:.0f} ms"
            )


def make(folder: Path) -> Project:
    """A review with many records and ten reviewers."""
    init(folder)
    path = folder / "protocol.yaml"
    team = "".join(f"  - {{name: r{n}, roles: [reviewer]}}\n" for n in range(REVIEWERS))
    path.write_text(path.read_text().replace("team:\n", f"team:\n{team}"))
    project = open_project(folder, who="r0")
    rng = random.Random(1)
    with project.store.write() as conn:
        batch = records.add_batch(conn, now(), "r0", kind="file", source="made up")
        for start in range(0, RECORDS, 5000):
            given = [
                (n, Record("made up", title=f"{n} {' '.join(rng.choices(WORDS, k=10))}",
                           abstract=" ".join(rng.choices(WORDS, k=120))))
                for n in range(start, min(start + 5000, RECORDS))
            ]  # fmt: skip
            records.add(conn, batch, given, now())
        standings.rebuild(project, conn)
    return project


def store_press(project: Project, name: str):
    """One press without drawing: the vote, the next record, the pace."""
    stage = stage_of(project.protocol, "screening")

    def press() -> None:
        one = screening.next_record(project, stage, name)
        screening.vote(project, stage, name, one.number, "exclude")
        screening.next_record(project, stage, name)
        screening.pace(project, stage, name)

    return press


def page_press(project: Project, name: str):
    """One press with the page drawn by Streamlit."""
    from streamlit.testing.v1 import AppTest

    def script(folder: str, name: str) -> None:
        from pathlib import Path

        import streamlit as st

        from review.pages import screening as room
        from review.workflow.accounts import Signed
        from review.workflow.project import open_project

        @st.cache_resource
        def opened(folder: str):
            return open_project(Path(folder), who="r0")

        st.session_state["person"] = Signed(name, ("reviewer",))
        room.page(opened(folder))

    app = AppTest.from_function(script, args=(str(project.folder), name), default_timeout=60).run()

    def press() -> None:
        app.button(key="screening_Exclude").click().run()
        assert not app.exception

    return press


def measure(project: Project, act) -> list[float]:
    """Seconds per press, over all reviewers at once."""
    found: list[float] = []
    end = time.monotonic() + SECONDS

    def work(number: int) -> None:
        rng = random.Random(number)
        press = act(project, f"r{number}")
        time.sleep(rng.uniform(0, THINK))
        while time.monotonic() < end:
            start = time.perf_counter()
            press()
            found.append(time.perf_counter() - start)
            time.sleep(THINK)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(REVIEWERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


if __name__ == "__main__":
    main()
