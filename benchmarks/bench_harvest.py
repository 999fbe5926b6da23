"""Harvest from the stand-in server: time relative to the minimum the rate limits allow, and speed.

`python benchmarks/bench_harvest.py [pace]`: pace scales the services' rate limits (default 1, the
real ones; about four minutes). The server runs in this process and the harvest in another, so that
time and memory are those of the harvest alone.

Minimum: each service answers one request per gap, and services run in parallel, so it is the
longest of (requests - 1) x gap. The requests are counted from the contents of the corpus, not from
what the harvest asked: full pages of each range of dates, and PubMed's one search.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from measuring import peak  # noqa: E402
from standin import StandIn, corpus  # noqa: E402
from support.harvesting import SERVICES, make, surroundings  # noqa: E402

from review.sources.rate_limits import RATE_LIMITS  # noqa: E402

SINCE, UNTIL = date(2020, 1, 1), date(2020, 10, 3)
PAGES = {"pubmed": 200, "arxiv": 500, "medrxiv": 100, "biorxiv": 100}
"""Entries on a full page: what the services give, or what is asked of them to be gentle."""
PACES = {"pubmed": "ncbi", "arxiv": "arxiv", "medrxiv": "biorxiv", "biorxiv": "biorxiv"}
"""Source -> whose pace; medRxiv and bioRxiv are one service."""
SLICES = {"medrxiv": 31, "biorxiv": 7}
"""Days that are read as one list."""
BAR = 1.05


def child(folder: Path) -> None:
    """Harvests into a new review; prints seconds, entries read, new records and peak memory."""
    from review.workflow.harvest import HarvestControl, run_harvest

    project = make(folder, sources=tuple(PACES))
    began = time.monotonic()
    done = run_harvest(project, "bench", control=HarvestControl(today=date(2020, 10, 10)))
    told = {
        "seconds": time.monotonic() - began,
        "entries": sum(one.received for one in done.outcomes),
        "new": sum(one.new for one in done.outcomes),
        "announced": {one.source: one.announced for one in done.outcomes},
        "whole": all(one.verdict == "complete" for one in done.outcomes),
        "mib": peak(),
    }
    print(json.dumps(told))


def needed(library: corpus.Corpus, announced: dict[str, int]) -> dict[str, int]:
    """Minimum number of requests of a harvest, by source."""
    found = {
        "pubmed": 1 + ceil(announced["pubmed"] / PAGES["pubmed"]),
        "arxiv": ceil(announced["arxiv"] / PAGES["arxiv"]),
    }
    for source, days in SLICES.items():
        posted = Counter(
            (version.at.date() - SINCE).days // days
            for _, version in library.rows(source)
            if SINCE <= version.at.date() <= UNTIL
        )
        lists = range((UNTIL - SINCE).days // days + 1)
        found[source] = sum(max(1, ceil(posted[one] / PAGES[source])) for one in lists)
    return found


def run(library: corpus.Corpus, pace: float) -> tuple[dict[str, Any], float]:
    """The figures of the harvest, and the minimum time the rate limits allow (seconds)."""
    with tempfile.TemporaryDirectory() as folder, StandIn(library, pace=pace) as server:
        words = [sys.executable, __file__, "--child", str(Path(folder) / "review")]
        environment = {**os.environ, **surroundings(server, Path(folder) / "cache", pace)}
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
        assert told["whole"]
        assert not [one for one in server.log if one.too_fast]
        wanted = needed(library, told["announced"])
        by_service: Counter[str] = Counter()
        for name, n in wanted.items():
            by_service[PACES[name]] += n
        asked = {PACES[name]: len(server.requests(SERVICES[name])) for name in wanted}
        if asked != by_service:
            print(f"requests: needed {dict(by_service)}, asked {asked}")
        least = max((n - 1) * RATE_LIMITS[name].gap * pace for name, n in by_service.items())
        return told, least


def main() -> None:
    """Prints the table."""
    pace = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    print(
        f"{'corpus':>8} {'pace':>5} {'entries':>8} {'new':>7} {'seconds':>8} {'least':>7} "
        f"{'ratio':>6} {'entries/s':>9} {'peak MiB':>8}"
    )
    ratio = None
    for size, scale in ((20_000, 0.0), (40_000, 0.0), (80_000, 0.0), (80_000, pace)):
        told, least = run(corpus.make(size, 1), scale)
        ratio = told["seconds"] / least if least else None
        shown = f"{ratio:.3f}" if ratio else "-"
        print(
            f"{size:>8} {scale:>5g} {told['entries']:>8} {told['new']:>7} "
            f"{told['seconds']:>8.1f} {least:>7.1f} {shown:>6} "
            f"{told['entries'] / told['seconds']:>9.0f} {told['mib']:>8.0f}",
            flush=True,
        )
    if ratio:
        said = "met" if ratio <= BAR else "missed"
        print(f"mark: at most {BAR} x the least at pace {pace:g}: {said}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    else:
        main()
