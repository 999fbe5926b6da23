"""Screening order: Funnel's light model beside ASReview's default, same sets, seeds and machine.

Needs the labelled sets of the shared folder beside the checkout. ASReview runs where it is
installed; an interpreter that has it may be named:  ASREVIEW_PYTHON=/path/to/python make bench
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BENCH = ROOT.parent / "shared" / "bench" / "screening"
SEEDS = os.environ.get("SEEDS", "5")


def main() -> None:
    """Prints one table for each ranker."""
    if not BENCH.is_dir():
        sys.exit(f"the shared folder is absent: expected {BENCH}")
    queries = str(BENCH / "queries.json")
    run("Funnel, light model, with the review's question", sys.executable,
        "review.ranking:bench_ranker", "--queries", queries)  # fmt: skip
    run("Funnel, light model, without a question", sys.executable, "review.ranking:bench_ranker")
    peer = os.environ.get("ASREVIEW_PYTHON", sys.executable)
    if subprocess.run([peer, "-c", "import asreview"], capture_output=True).returncode == 0:
        run("ASReview, its default model", peer, "asreview")
    else:
        print(
            "\nASReview is not installed here: name an interpreter that has it in ASREVIEW_PYTHON"
        )


def run(title: str, python: str, ranker: str, *words: str) -> None:
    """Replays all sets with one ranker and prints the harness's own table."""
    print(f"\n{title} ({SEEDS} seeds)", flush=True)
    command = [python, str(BENCH / "score_screening.py"), "simulate", "--ranker", ranker]
    command += ["--seeds", SEEDS, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    print(done.stdout)


if __name__ == "__main__":
    main()
