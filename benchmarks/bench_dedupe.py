"""Deduplication: quality and time compared with bib-dedupe, and scaling with size.

Needs the labelled sets of the folder that CORPORA names (else ../shared). bib-dedupe is run if it
is installed here, or by another interpreter:  BIBDEDUPE_PYTHON=/path/to/python make bench
`--labelled` prints the labelled sets only, and `--before REVISION` runs an earlier revision of
Funnel beside them. LARGE=1 adds 250,000 and a million records. Each figure comes from a separate
process: seconds from reading the table to writing the groups (without imports), processor seconds,
and peak memory. The file dedupe.md in this folder has the figures of one run.
"""

import argparse
import csv
import gzip
import importlib
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import make_recurring
from measuring import peak

ROOT = Path(__file__).parents[1]
BENCH = Path(os.environ.get("CORPORA", ROOT.parent / "shared")) / "bench" / "dedupe"
SETS = ("diabetes", "respiratory", "cytology_screening", "medrxiv_links", "synthetic_2k")
PEER = os.environ.get("BIBDEDUPE_PYTHON", sys.executable)
SIZES = {2_000: 11, 20_000: 12, 100_000: 13}
"""Records -> seed of make_synthetic.py."""
LARGE = {250_000: 15, 1_000_000: 14}
PEER_UP_TO = 20_000
RECURRING = (
    ("DOI on 80 %", 0.8, 0.0),
    ("DOI on 25 %", 0.25, 0.0),
    ("no DOI", 0.0, 0.0),
    ("twins, DOI on 60 %", 0.6, 0.4),
    ("twins, DOI on 10 %", 0.1, 0.4),
)
"""Name, share of documents with a DOI, share made from another."""
HEAD = "who        precision recall F1      FM  seconds     cpu  times faster"


def main() -> None:
    """Prints the tables."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--child", nargs=3, metavar=("WHO", "IN", "OUT"), help=argparse.SUPPRESS)
    words.add_argument("--labelled", action="store_true", help="the labelled sets only")
    words.add_argument("--before", metavar="REVISION", help="also run this revision of Funnel")
    options = words.parse_args()
    if options.child:
        run_child(*options.child)
        return
    if not BENCH.is_dir():
        sys.exit(f"no genuine files at {BENCH}: name their folder in CORPORA")
    peer = subprocess.run([PEER, "-c", "import bib_dedupe"], capture_output=True).returncode == 0
    if not peer:
        print(
            "bib-dedupe is not installed here: set BIBDEDUPE_PYTHON to an interpreter that has it"
        )
    with tempfile.TemporaryDirectory() as folder:
        before = unpack_revision(options.before, Path(folder)) if options.before else None
        labelled(Path(folder), peer, before)
        if options.labelled:
            return
        recurring(Path(folder), peer)
        growing(Path(folder), peer)
        crowds(Path(folder))


def unpack_revision(revision: str, folder: Path) -> Path:
    """The source of an earlier revision, in a folder of its own."""
    packed = subprocess.run(["git", "-C", str(ROOT), "archive", revision], capture_output=True)
    if packed.returncode:
        sys.exit(packed.stderr.decode().strip())
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder / "before", filter="data")
    return folder / "before"


def labelled(folder: Path, peer: bool, before: Path | None = None) -> None:
    """Quality and time on the development sets."""
    print(f"\n{'set':20} {HEAD}", flush=True)
    for name in SETS:
        path = BENCH / f"{name}.csv.gz"
        if before:
            ran = child("funnel", sys.executable, path, folder / "old.csv", before)
            line(name, "before", score(path, folder / "old.csv"), ran)
        compare(name, path, folder, peer)


def recurring(folder: Path, peer: bool) -> None:
    """Quality on synthetic sets full of recurring titles."""
    print(f"\n{'recurring titles':20} {HEAD}", flush=True)
    for seed, (name, doi, twins) in enumerate(RECURRING, 1):
        path = folder / "recurring.csv.gz"
        make_recurring.write(path, make_recurring.make(4_000, seed, doi, twins))
        compare(name, path, folder, peer)


def growing(folder: Path, peer: bool) -> None:
    """Time and memory for 2,000 records and more."""
    print(f"\n{'synthetic records':20} {HEAD}")
    sizes = {**SIZES, **LARGE} if os.environ.get("LARGE") else SIZES
    for size, seed in sizes.items():
        path = folder / f"synthetic_{size}.csv.gz"
        make = [sys.executable, str(BENCH / "make_synthetic.py"), str(path), "-n", str(size)]
        subprocess.run([*make, "--seed", str(seed)], check=True)
        compare(f"{size:,}", path, folder, peer and size <= PEER_UP_TO)
        path.unlink()


def compare(name: str, path: Path, folder: Path, peer: bool) -> None:
    """Prints a table's rows: bib-dedupe if installed, then Funnel."""
    other = child("bibdedupe", PEER, path, folder / "peer.csv") if peer else None
    if other:
        line(name, "bib-dedupe", score(path, folder / "peer.csv"), other)
    mine = child("funnel", sys.executable, path, folder / "mine.csv")
    faster = f"{other['seconds'] / mine['seconds']:10.1f}" if other else ""
    line(name, "Funnel", score(path, folder / "mine.csv"), mine, faster)


def line(name: str, who: str, found: dict[str, Any], ran: dict[str, float], more: str = "") -> None:
    """Prints one row of a table."""
    print(
        f"{name:20} {who:10} {found['precision']:.5f}  {found['recall']:.4f} {found['f1']:.5f} "
        f"{found['false_merge_groups']:3}  {ran['seconds']:7.2f} {ran['cpu']:7.2f} {more}  "
        f"({ran['mb']:.0f} MB)",
        flush=True,
    )


def crowds(folder: Path) -> None:
    """10,000 records with one title cost as much as 10,000 others, and stay apart."""
    print(f"\n{'10,000 records':36} seconds  groups", flush=True)
    plain = [
        [f"r{n}", f"Study {n} of networks in ward {n * 13}", f"Fox{n}, A.", "2020", str(n), str(n)]
        for n in range(10_000)
    ]
    tables = {
        "different titles": plain,
        "one title, other authors and places": [
            [r[0], "Letter to the editor", *r[2:]] for r in plain
        ],
        "one title and nothing else": [
            [r[0], "Letter to the editor", "", "", "", ""] for r in plain
        ],
    }
    for name, rows in tables.items():
        path = folder / "crowd.csv"
        with path.open("w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["record_id", "title", "authors", "year", "volume", "pages"])
            writer.writerows(rows)
        ran = child("funnel", sys.executable, path, folder / "mine.csv")
        with (folder / "mine.csv").open() as handle:
            groups = len({row["cluster_id"] for row in csv.DictReader(handle)})
        print(f"{name:36} {ran['seconds']:7.2f}  {groups}  ({ran['mb']:.0f} MB)", flush=True)


def child(who: str, python: str, path: Path, out: Path, root: Path = ROOT) -> dict[str, float]:
    """Runs one tool in a separate process: seconds and peak memory in MB."""
    command = [python, __file__, "--child", who, str(path), str(out)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def run_child(who: str, path: str, out: str) -> None:
    """Groups a table with one tool and prints its cost as JSON."""
    begun = busy()
    seconds = {"funnel": funnel, "bibdedupe": bibdedupe}[who](Path(path), Path(out))
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found = {"seconds": seconds, "cpu": busy() - begun, "mb": max(peak(), workers / 1024)}
    print(json.dumps(found))


def busy() -> float:
    """Processor seconds of this process and of its finished workers."""
    return sum(
        one.ru_utime + one.ru_stime
        for one in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def funnel(path: Path, out: Path) -> float:
    """Funnel, on one core, from the table to the written groups."""
    try:
        module = importlib.import_module("review.tools.dedupe_csv")
    except ModuleNotFoundError:  # an earlier revision
        module = importlib.import_module("review.workflow.dedupe_files")
    started = time.perf_counter()
    module.dedupe_file(path, out, out.with_suffix(".pairs.csv"))
    return time.perf_counter() - started


def bibdedupe(path: Path, out: Path) -> float:
    """bib-dedupe, on all cores, from preparation to clusters (without reading)."""
    import pandas as pd
    from bib_dedupe.bib_dedupe import block, cluster, match, prep

    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    names = {"record_id": "ID", "issue": "number", "authors": "author", "source": "origin"}
    given = table.drop(columns=["cluster_id"]).rename(columns=names).assign(ENTRYTYPE="article")
    started = time.perf_counter()
    prepared = prep(given, verbosity_level=0, cpu=-1)
    blocked = block(prepared, verbosity_level=0, cpu=-1)
    found = cluster(match(blocked, verbosity_level=0, cpu=-1), verbosity_level=0)
    seconds = time.perf_counter() - started
    lead = {one: one for one in table["record_id"]}
    for members in found:
        lead.update(dict.fromkeys(members, members[0]))
    pd.DataFrame({"record_id": list(lead), "cluster_id": list(lead.values())}).to_csv(
        out, index=False
    )
    return seconds


def score(truth: Path, said: Path) -> dict[str, Any]:
    """The figures of the shared scorer."""
    spec = importlib.util.spec_from_file_location("score_dedupe", BENCH / "score_dedupe.py")
    if spec is None or spec.loader is None:
        sys.exit("the scorer cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with gzip.open(truth, "rt", newline="") as handle:
        known = {row["record_id"]: row["cluster_id"] for row in csv.DictReader(handle)}
    with said.open(newline="") as handle:
        found = {row["record_id"]: row["cluster_id"] for row in csv.DictReader(handle)}
    result: dict[str, Any] = module.score(known, found)
    return result


if __name__ == "__main__":
    main()
