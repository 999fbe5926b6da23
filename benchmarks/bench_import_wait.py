"""How long a key press waits while somebody imports a large file, and a file of decisions.

Reviewers press keys in processes of their own; the import runs in another, over the same store.
The presses that began or ended while it ran are compared with those before.

    python benchmarks/bench_import_wait.py                    # 10,000 records, 3 reviewers
    RECORDS=2000 DATABASES=postgresql python benchmarks/bench_import_wait.py
"""

import multiprocessing
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.postgres import cluster, emptied  # noqa: E402
from support.team import make_review  # noqa: E402

from review.formats.tabular.decisions import DecisionDefaults  # noqa: E402
from review.workflow.records import import_decisions, imports  # noqa: E402
from review.workflow.screening.decisions import NewDecision, add_decision  # noqa: E402
from review.workflow.setup.loading import open_project  # noqa: E402

RECORDS = int(os.environ.get("RECORDS", "10000"))
REVIEWERS = int(os.environ.get("REVIEWERS", "3"))
DATABASES = os.environ.get("DATABASES", "sqlite postgresql").split()
SCREENED = 2_000
"""Records of the review before the import; the reviewers judge those."""
THINK = 0.1
QUIET_SECONDS = 3.0


def press_keys(folder: Path, name: str, stop: Any, results: Any) -> None:
    """One reviewer: a key, a breath, the next record, until the import is over."""
    project = open_project(folder, who=name)
    stage = project.protocol.stages[0].id
    presses = []
    for number in range(1, SCREENED + 1):
        if stop.is_set():
            break
        start = time.time()
        add_decision(project, NewDecision(number, stage, name, "include"), name)
        presses.append((start, time.time()))
        time.sleep(THINK)
    project.store.close()
    results.put(presses)


def write_ris(path: Path, count: int) -> None:
    """A search export of records with abstracts of an ordinary length."""
    abstract = "We trained a network to find nodules on chest radiographs of two hospitals. " * 20
    with path.open("w") as file:
        for n in range(count):
            file.write(
                f"TY  - JOUR\nTI  - Detection of finding {n} by a network\nAU  - Doe, J{n}\n"
                f"PY  - 2021\nJO  - Radiology\nDO  - 10.1/{n}\nAB  - {n} {abstract}\nER  - \n\n"
            )


def write_decision_table(path: Path, count: int) -> None:
    """Decisions of another reviewer on the records of the import."""
    lines = [f"R{n:06d},include" for n in range(SCREENED + 1, SCREENED + count + 1)]
    path.write_text("record,decision\n" + "\n".join(lines) + "\n")


def measure(database: str, url: str | None) -> None:
    """Prints a line for the import of records, and one for the import of decisions."""
    os.environ.pop("DATABASE_URL", None)
    if url:
        os.environ["DATABASE_URL"] = emptied(url)
    names = [f"r{n}" for n in range(REVIEWERS)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "review"
        folder.mkdir()
        make_review(folder, [*names, "zoe"], SCREENED).store.close()
        write_ris(Path(scratch) / "export.ris", RECORDS)
        write_decision_table(Path(scratch) / "decisions.csv", RECORDS)
        project = open_project(folder, who="lea")

        def import_records() -> None:
            imports.import_file(project, Path(scratch) / "export.ris", "lea")

        def import_votes() -> None:
            defaults = DecisionDefaults(stage=project.protocol.stages[0].id, reviewer="zoe")
            import_decisions.import_decisions(
                project, Path(scratch) / "decisions.csv", "lea", defaults=defaults
            )

        for label, act in (("records", import_records), ("decisions", import_votes)):
            print_waits(f"{database:10} {RECORDS:,} {label}", folder, names, act)
        project.store.close()


def print_waits(label: str, folder: Path, names: list[str], act: Any) -> None:
    """Runs an import while the team presses keys."""
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    children = [
        context.Process(target=press_keys, args=(folder, name, stop, results)) for name in names
    ]
    for child in children:
        child.start()
    time.sleep(QUIET_SECONDS + 4)  # until they have loaded, and pressed for a while
    start = time.time()
    act()
    end = time.time()
    time.sleep(1)
    stop.set()
    presses = [press for _ in children for press in results.get()]
    for child in children:
        child.join()
    quiet = sorted(b - a for a, b in presses if b < start)
    busy = sorted(b - a for a, b in presses if b >= start and a <= end)
    print(
        f"{label}: {end - start:.1f} s; before {format_waits(quiet)}; meanwhile "
        f"{format_waits(busy)}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def format_waits(seconds: list[float]) -> str:
    """Number, median, p95 and longest of some presses."""
    if not seconds:
        return "no press"
    middle, late = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
    return (
        f"{len(seconds)} presses, median {middle * 1e3:.0f}, p95 {late * 1e3:.0f}, "
        f"longest {seconds[-1] * 1e3:.0f} ms"
    )


def main() -> None:
    """Each database in turn."""
    with ExitStack() as stack:
        for database in DATABASES:
            url = stack.enter_context(cluster()) if database == "postgresql" else None
            measure(database, url)


if __name__ == "__main__":
    main()
