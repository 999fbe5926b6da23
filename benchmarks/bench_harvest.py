"""Harvest against the stand-in: time over the least the pace allows, and speed without limits.

`python benchmarks/bench_harvest.py [pace]`: pace scales the services' real gaps (default 0.1).
"""

import os
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from harvesting import SERVICES, make, surroundings  # noqa: E402
from standin import StandIn, corpus  # noqa: E402

from review.sources.terms import TERMS  # noqa: E402
from review.workflow.harvest import Control, harvest  # noqa: E402

PACES = {"pubmed": "ncbi", "arxiv": "arxiv", "medrxiv": "biorxiv"}


def run(library: corpus.Corpus, pace: float) -> tuple[float, float, int]:
    """Seconds taken, the least the pace allows, and entries read."""
    with tempfile.TemporaryDirectory() as folder, StandIn(library, pace=pace) as server:
        os.environ.update(surroundings(server, Path(folder) / "cache", pace))
        project = make(Path(folder) / "review")
        began = time.monotonic()
        done = harvest(project, "bench", control=Control(today=date(2020, 10, 10)))
        taken = time.monotonic() - began
        least = max(
            (len(server.requests(SERVICES[name])) - 1) * TERMS[terms].gap * pace
            for name, terms in PACES.items()
        )
        project.store.close()
        assert not [one for one in server.log if one.too_fast]
        return taken, least, sum(one.received for one in done.outcomes)


def main() -> None:
    """Prints the table."""
    pace = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1
    print(f"{'corpus':>8} {'pace':>6} {'seconds':>8} {'least':>7} {'ratio':>6} {'entries/s':>9} MB")
    for size, scale in ((5_000, 0.0), (20_000, 0.0), (20_000, pace)):
        taken, least, entries = run(corpus.make(size, 1), scale)
        ratio = f"{taken / least:.2f}" if least else "-"
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{size:>8} {scale:>6g} {taken:>8.1f} {least:>7.1f} {ratio:>6} "
            f"{entries / taken:>9.0f} {memory}"
        )


if __name__ == "__main__":
    main()
