"""A team that screens from several processes at once, and what came of it."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Session:
    """What the team did."""

    presses: int
    """Key presses, those that were refused included."""
    wasted: int
    """Presses on records that others had settled meanwhile."""
    lost: int
    """Acknowledged presses that are not in the store."""
    double: int
    """Records with more votes than are needed, or two of one person."""
    latencies: tuple[float, ...]
    """Seconds from the press to the next record."""

    @property
    def p95(self) -> float:
        """95th percentile of the latencies (seconds)."""
        ordered = sorted(self.latencies)
        return ordered[int(0.95 * (len(ordered) - 1))] if ordered else 0.0


def make_review(folder: Path, names: Sequence[str], count: int):
    """Makes a review in which two of the reviewers screen each record."""
    from review.models import Record
    from review.protocol.models import find_stage
    from review.store import records
    from review.store.timestamps import utc_now
    from review.workflow.screening import assignment, status
    from review.workflow.setup.loading import init_project, open_project

    init_project(folder)
    path = folder / "protocol.yaml"
    team = "".join(f"  - {{name: {name}, roles: [reviewer]}}\n" for name in names)
    text = path.read_text()
    start, end = text.index("team:\n"), text.index("\ncriteria:")
    lead = "team:\n  - {name: lea, roles: [lead]}\n"
    adjudicator = "  - {name: cleo, roles: [adjudicator]}\n"
    path.write_text(text[:start] + lead + team + adjudicator + text[end:])
    project = open_project(folder, who="lea")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "lea", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n} of the chest")) for n in range(count)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(project, conn)
        assignment.enqueue(project, conn, find_stage(project.protocol, "screening"))
    return project


def screen_together(
    project, names: Sequence[str], processes: int, *, think: float, seconds: float
) -> Session:
    """Lets the reviewers screen from several processes until no record is left or time is up.

    Args:
        think: mean time a reviewer reads (seconds).
        seconds: how long they go on at most, once all processes are ready.
    """
    shares = [names[n::processes] for n in range(processes)]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, str(project.folder), str(think), str(seconds), *share],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for share in shares
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    results = [json.loads(child.communicate()[0]) for child in children]
    assert all(child.returncode == 0 for child in children)
    return count_session(project, results)


def count_session(project, results) -> Session:
    """Compares what the processes received with what is in the store."""
    from review.protocol.models import find_stage
    from review.store import decisions

    stage = find_stage(project.protocol, "screening")
    with project.store.read() as conn:
        stored = Counter(
            (d.record, d.reviewer) for d in decisions.list_decisions(conn, stage=stage.id)
        )
    kept = [(number, name) for result in results for number, name in result["kept"]]
    votes = Counter(number for number, _ in stored)
    return Session(
        presses=len(kept) + sum(result["wasted"] for result in results),
        wasted=sum(result["wasted"] for result in results),
        lost=sum(pair not in stored for pair in kept),
        double=sum(n > 1 for n in stored.values())
        + sum(n > stage.reviewers for n in votes.values()),
        latencies=tuple(one for result in results for one in result["latencies"]),
    )


def _screen(project, name: str, think: float, end: float, result) -> None:
    from review.errors import ReviewError
    from review.protocol.models import find_stage
    from review.workflow.screening import reviewing

    stage = find_stage(project.protocol, "screening")
    dice = random.Random(name)
    view = _wait_for_record(project, stage, name, end)
    while view is not None and time.monotonic() < end:
        time.sleep(dice.uniform(0.5, 1.5) * think)
        start = time.perf_counter()
        try:
            reviewing.save_decision(project, stage, name, view.number, "exclude")
            result["kept"].append((view.number, name))
        except ReviewError as error:
            assert "resolved by other reviewers" in str(error), error
            result["wasted"] += 1
        view = reviewing.get_next_record(project, stage, name)
        result["latencies"].append(time.perf_counter() - start)
        if view is None:
            view = _wait_for_record(project, stage, name, end)


def _wait_for_record(project, stage, name: str, end: float):
    """The next record, as the page waits for one while others read the last; None at the end."""
    from review.workflow.screening import allocation, reviewing

    while time.monotonic() < end:
        view = reviewing.get_next_record(project, stage, name)
        if view is not None or allocation.get_queue_state(project, stage, name) == "finished":
            return view
        time.sleep(0.2)
    return None


def _work(folder: str, think: float, seconds: float, names: Sequence[str]) -> None:
    from review.workflow.setup.loading import open_project

    project = open_project(Path(folder), who="lea")
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + seconds
    result = {"kept": [], "wasted": 0, "latencies": []}
    threads = [
        threading.Thread(target=_screen, args=(project, name, think, end, result)) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(result))


if __name__ == "__main__":
    _work(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
