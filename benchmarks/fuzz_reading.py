"""Reads damaged files of every format and lists what reading may not do.

Makes the files itself, and damages the samples of tests/data as well: lines and pieces deleted,
joined, broken, put in, the end or the beginning cut off. A fault is a crash, a record lost without
a word, or a field of one record in another. Exit status: 0 no fault, 1 at least one.

    python benchmarks/fuzz_reading.py --count 2000 --seed 1
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.mutations import FORMATS, Fault, find_faults, find_sample_faults
from support.samples import EXPORTS


def main() -> None:
    """Prints the faults of each format, and exits with status 1 where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="damaged files of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files that show a fault")
    options = parser.parse_args()
    samples = sorted(EXPORTS.iterdir())
    each = max(1, options.count // len(samples))
    fault_count = 0
    for name in FORMATS:
        faults = list(find_faults(name, options.count, options.seed))
        fault_count += report(name, options.count, faults, options.keep)
    for path in samples:
        faults = list(find_sample_faults(path, each, options.seed))
        fault_count += report(path.name, each, faults, options.keep)
    sys.exit(1 if fault_count else 0)


def report(name: str, count: int, faults: list[Fault], folder: Path | None) -> int:
    """Prints one line a format and one a fault; keeps the files; returns how many faults."""
    print(f"{name:<20}{count:>7,} damaged files{len(faults):>5} faults", flush=True)
    for number, fault in enumerate(faults, 1):
        print(f"    {fault.kind}: {fault.detail[:120]}")
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}-{number}.txt").write_text(fault.text, encoding="utf-8")
    return len(faults)


if __name__ == "__main__":
    main()
