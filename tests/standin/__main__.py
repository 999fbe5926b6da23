"""Runs the stand-in server: python -m tests.standin --port 8765 --size 20000 --pace 1"""

import argparse
import json
import signal
import sys
import threading
from datetime import date
from pathlib import Path

if __package__ == "tests.standin":  # the package's own imports start at tests/
    sys.path.insert(0, str(Path(__file__).parents[1]))

from standin import Fault, StandIn, make


def main() -> None:
    """Serves until interrupted; prints the addresses as one JSON line first."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=0.0, help="1 as the real services, 0 none")
    parser.add_argument("--today", type=date.fromisoformat, help="the day on which it is asked")
    parser.add_argument("--fault", action="append", default=[], metavar="KIND:EVERY[:SERVICE]")
    parser.add_argument("--recorded", type=Path, help="folder of recorded answers to serve as well")
    parser.add_argument("--url-file", type=Path, help="write the address here once it answers")
    given = parser.parse_args()
    faults = []
    for text in given.fault:
        kind, every, *service = text.split(":")
        faults.append(Fault(kind, every=int(every), service=service[0] if service else None))
    corpus = make(given.size, given.seed, given.recorded)
    server = StandIn(corpus, pace=given.pace, faults=faults, port=given.port)
    if given.today:
        server.corpus.today = given.today
    done = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: done.set())
    with server:
        if given.url_file:
            given.url_file.write_text(server.url)
        print(json.dumps({"url": server.url, **server.base}), flush=True)
        done.wait()


if __name__ == "__main__":
    main()
