"""A team at once on several processes: presses, wasted, lost, double, and how long a press waits.

Each reviewer reads for a while, presses a key and is given the next record; two judge each record.
Afterwards what the processes were told is compared with what the store holds. On SQLite, and on
PostgreSQL where its programs are installed. No browser and no socket: for these see
bench_screening_page.py.

    python benchmarks/bench_team.py                                   # 50 reviewers, 3 processes
    REVIEWERS=12 RECORDS=240 SECONDS=20 python benchmarks/bench_team.py   # a small one
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.postgres import cluster, emptied  # noqa: E402
from support.team import make_review, screen_together  # noqa: E402

REVIEWERS = int(os.environ.get("REVIEWERS", "50"))
RECORDS = int(os.environ.get("RECORDS", "2000"))
PROCESSES = [int(n) for n in os.environ.get("PROCESSES", "1 3").split()]
SECONDS = float(os.environ.get("SECONDS", "60"))
THINK = float(os.environ.get("THINK", "3"))


def main() -> None:
    """Prints a line for each database and number of processes."""
    print(
        f"{REVIEWERS} reviewers who read {THINK:g} s, {RECORDS:,} records, {SECONDS:g} s; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'database':12} processes presses wasted  lost double  median    p95    max (ms)")
    with ExitStack() as stack:
        servers = {"SQLite": None}
        try:
            servers["PostgreSQL"] = stack.enter_context(cluster())
        except AssertionError as error:
            print(f"PostgreSQL left out: {error}")
        for database, url in servers.items():
            for processes in PROCESSES:
                measure(database, url, processes)


def measure(database: str, url: str | None, processes: int) -> None:
    """One team on one new review."""
    os.environ.pop("DATABASE_URL", None)
    if url:
        os.environ["DATABASE_URL"] = emptied(url)
    names = [f"r{n}" for n in range(REVIEWERS)]
    with tempfile.TemporaryDirectory() as folder:
        project = make_review(Path(folder), names, RECORDS)
        session = screen_together(project, names, processes, think=THINK, seconds=SECONDS)
        project.store.close()
    ordered = sorted(session.latencies)
    share = session.wasted / max(1, session.presses)
    print(
        f"{database:12} {processes:9} {session.presses:7} {share:6.1%} {session.lost:5} "
        f"{session.double:6} {ordered[len(ordered) // 2] * 1e3:7.0f} {session.p95 * 1e3:6.0f} "
        f"{ordered[-1] * 1e3:6.0f}   load {os.getloadavg()[0]:.1f} at {time.strftime('%H:%M')}",
        flush=True,
    )


if __name__ == "__main__":
    main()
