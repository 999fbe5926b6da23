"""Reading RIS beside rispy: time of both in one run, time into a review, and memory a record.

Aims: reading at most 2.5 times rispy's own processor time with every check on, into a review at
most 5 times, memory a record the same for small and large files. Author names and keywords vary as
in a real search. The smallest of several turns counts, for rispy as for Funnel, and the ratio is
that of these two seconds: a turn in which rispy was disturbed does not flatter it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_import import abstract
from measuring import peak

TURNS = 3


def write_ris(path: Path, count: int) -> Path:
    """A file of made-up articles, each with names and keywords of its own."""
    with path.open("w", encoding="utf-8") as out:
        for n in range(1, count + 1):
            out.write(
                f"TY  - JOUR\nTI  - Deep learning study {n} of chest imaging\n"
                f"AU  - Müller{n % 4_999}, Eva {n % 7}.\nAU  - Li{n % 9_973}, Wei\n"
                f"PY  - {2015 + n % 10}\nT2  - Journal {n % 500}\nVL  - {n % 30}\nSP  - {n}\n"
                f"EP  - {n + 9}\nDO  - 10.1234/bench.{n}\nKW  - deep learning\n"
                f"KW  - topic {n % 2_003}\nUR  - https://doi.org/10.1234/bench.{n}\n"
                f"AB  - {abstract(n)}.\nER  - \n\n"
            )
    return path


def measure(what: str, path: Path, folder: str) -> None:
    """Reads the file in this process and prints processor seconds, records and memory."""
    if what == "rispy":
        import rispy

        base, began = peak(), time.process_time()
        with path.open(encoding="utf-8") as handle:
            records = rispy.load(handle)
        count = len(records)
    elif what == "read":
        from review.formats import read_file

        base, began = peak(), time.process_time()
        parsed = read_file(path)
        assert parsed.announced == len(parsed.records)
        count = len(parsed.records)
    else:
        from review.workflow.records.imports import import_file
        from review.workflow.setup.loading import init_project, open_project

        init_project(Path(folder))
        project = open_project(Path(folder), who="bench")
        base, began = peak(), time.process_time()
        count = import_file(project, path, "bench").new
    print(json.dumps([time.process_time() - began, count, peak() - base]))


def run(what: str, path: Path, folder: str = "") -> tuple[float, int, float]:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, "--measure", what, str(path), folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, count, mebibytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, count, mebibytes


def main(count: int) -> None:
    """Prints a line for each way of reading, and the memory a record at two sizes."""
    with tempfile.TemporaryDirectory() as name:
        path = write_ris(Path(name) / "large.ris", count)
        small = write_ris(Path(name) / "small.ris", count // 4)
        turns = []
        for turn in range(TURNS):
            rispy = run("rispy", path)
            turns.append(
                (rispy[0], run("read", path)[0], run("import", path, f"{name}/review{turn}")[0])
            )
        print(f"{count:,} RIS records, processor seconds")
        base = min(turn[0] for turn in turns)
        for index, (what, aim) in enumerate(
            (("rispy", 1.0), ("read", 2.5), ("into a review", 5.0))
        ):
            seconds = min(turn[index] for turn in turns)
            ratio = seconds / base
            word = "" if index == 0 else f"  aim {aim}: {'met' if ratio <= aim else 'MISSED'}"
            print(f"{what:<16}{seconds:8.2f} s{ratio:8.2f} x rispy{word}")
        print(f"{'a record':<16}{base / count * 1e6:8.0f} µs in rispy")
        for file in (small, path):
            _, records, mebibytes = run("read", file)
            print(f"{'memory':<16}{mebibytes * 1024 / records:8.2f} KiB a record of {records:,}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=25_000)
    parser.add_argument("--measure", nargs=3, metavar=("WHAT", "FILE", "FOLDER"))
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]), options.measure[2])
    else:
        main(options.count)
