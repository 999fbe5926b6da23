"""Deduplication on exports that no rule was set on, before and after answering the questions.

    python benchmarks/bench_fresh_dedupe.py FOLDER [--before REVISION] [--part A]

FOLDER (else `fresh` beside the labelled sets of the folder that CORPORA names) has one sub-folder
per search, holding the exports as the databases wrote them, in any format that Funnel reads. Public
ones are the vignettes of github.com/ESHackathon/CiteSource. A record's DOI is its label: the DOI is
removed before grouping, and records without one are left out. DOIs are imperfect labels:
`same_works.csv` of this folder has those that name one work or several, found by reading. A
sub-folder with tableA.csv, tableB.csv (id, title, authors, venue, year) and match.csv (pairs of
ids) is a linkage set, such as DBLP-ACM, of which only pairs between the two tables are scored.

The questions are the possible duplicates, asked from the top, at most 3 per 100 records, and
answered from the labels. bib-dedupe is run if it is installed here or by the interpreter that
BIBDEDUPE_PYTHON names. `--part A` and `--part B` are two halves of each set's works, chosen by a
hash: one to learn from and one kept for the final figure; wrong merges across them are seen only
without `--part`. `--show` prints each wrong and each
missed pair.
"""

import argparse
import csv
import gzip
import hashlib
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from bench_dedupe import BENCH, PEER, child, unpack_revision

from review.errors import SourceError
from review.formats import read_file
from review.identifiers import normalize_doi
from review.models import Record

QUESTIONS_PER_100 = 3
COLUMNS = (
    "record_id",
    "title",
    "authors",
    "year",
    "journal",
    "volume",
    "issue",
    "pages",
    "doi",
    "pmid",
    "abstract",
    "source",
    "cluster_id",
)
SAME_WORKS = Path(__file__).with_name("same_works.csv")
"""Pairs of DOIs that name one work: doi, same_as, why. A DOI without same_as names several works;
its records are left out."""
HEAD = (
    f"{'set':16} {'who':10} records precision recall  FM | questions  per 100  "
    f"precision recall  FM | seconds"
)


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A table of records and what is known of them."""

    rows: list[dict[str, str]]
    tables: dict[str, str] = field(default_factory=dict)
    """Record -> its table, in a linkage set; empty otherwise."""

    @property
    def works(self) -> dict[str, str]:
        """Record -> its work."""
        return {row["record_id"]: row["cluster_id"] for row in self.rows}


@dataclass(frozen=True, slots=True)
class Score:
    """Pairs claimed, true and both, and groups that hold two works."""

    precision: float
    recall: float
    false_merges: int


def main() -> None:
    """Prints the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", nargs="?", type=Path, default=BENCH.parent / "fresh")
    words.add_argument("--before", metavar="REVISION", help="also run this revision of Funnel")
    words.add_argument("--part", choices=("A", "B"), help="only one half of each set's works")
    words.add_argument("--only", metavar="SET", help="only this sub-folder")
    words.add_argument("--show", action="store_true", help="print each wrong and each missed pair")
    words.add_argument("--no-peer", action="store_true", help="do not run bib-dedupe")
    options = words.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"no folder {options.folder}: give the folder that has one sub-folder per search")
    peer = not options.no_peer and has_peer()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        before = unpack_revision(options.before, Path(scratch)) if options.before else None
        for folder in sorted(path for path in options.folder.iterdir() if path.is_dir()):
            if options.only in (None, folder.name):
                labelled = keep_part(read_set(folder), options.part)
                compare(folder.name, labelled, Path(scratch), before, peer, options.show)


def has_peer() -> bool:
    """Whether bib-dedupe can be run, with a word where it cannot."""
    found = subprocess.run([PEER, "-c", "import bib_dedupe"], capture_output=True).returncode == 0
    if not found:
        print("bib-dedupe is not installed here: set BIBDEDUPE_PYTHON to an interpreter of it")
    return found


def read_set(folder: Path) -> LabelledSet:
    """The labelled records of one sub-folder."""
    return read_linkage(folder) if (folder / "match.csv").exists() else read_exports(folder)


def read_exports(folder: Path) -> LabelledSet:
    """The records with a DOI of all exports in a folder, labelled by it and without it."""
    same_as = read_same_works()
    rows = []
    for path in sorted(folder.glob("[!.]*")):
        try:
            records = read_file(path).records
        except SourceError as error:
            sys.exit(str(error))
        for number, record in enumerate(records, 1):
            doi = normalize_doi(record.doi) or ""
            work = same_as.get(doi, doi)
            if work:
                row = make_row(f"{path.name}:{number}", record)
                rows.append(row | {"source": path.stem, "cluster_id": work})
    return LabelledSet(rows)


def read_same_works() -> dict[str, str]:
    """DOI -> the DOI that represents its work, where two name one work."""
    with SAME_WORKS.open(newline="") as handle:
        return {row["doi"]: row["same_as"] for row in csv.DictReader(handle)}


def make_row(name: str, record: Record) -> dict[str, str]:
    """A record as a row of the table, without its DOI."""
    row = dict.fromkeys(COLUMNS, "")
    for column in ("title", "year", "journal", "volume", "issue", "pages", "pmid", "abstract"):
        row[column] = str(getattr(record, column) or "")
    return row | {"record_id": name, "authors": "; ".join(record.authors)}


def read_linkage(folder: Path) -> LabelledSet:
    """The records of two tables, of which match.csv pairs those that are one work."""
    rows: list[dict[str, str]] = []
    tables: dict[str, str] = {}
    for table in ("A", "B"):
        with (folder / f"table{table}.csv").open(newline="", errors="replace") as handle:
            for given in csv.DictReader(handle):
                name = f"{table}:{given['id']}"
                row = dict.fromkeys(COLUMNS, "")
                row |= {key: given[key] or "" for key in ("title", "authors", "year")}
                rows.append(row | {"record_id": name, "journal": given["venue"], "source": table})
                tables[name] = table
    with (folder / "match.csv").open(newline="") as handle:
        pairs = [(f"A:{a}", f"B:{b}") for a, b in csv.reader(handle)]
    works = join_pairs({name: name for name in tables}, pairs)
    return LabelledSet([row | {"cluster_id": works[row["record_id"]]} for row in rows], tables)


def join_pairs(groups: dict[str, str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Record -> group, after each pair's groups became one."""
    members: dict[str, set[str]] = defaultdict(set)
    for record, group in groups.items():
        members[group].add(record)
    joined = dict(groups)
    for a, b in pairs:
        kept, gone = sorted((joined[a], joined[b]))
        if kept != gone:
            moved = members.pop(gone)
            members[kept] |= moved
            joined.update(dict.fromkeys(moved, kept))
    return joined


def keep_part(labelled: LabelledSet, part: str | None) -> LabelledSet:
    """The records of half of the works."""
    if part is None:
        return labelled
    kept = [row for row in labelled.rows if choose_part(row["cluster_id"]) == part]
    return LabelledSet(kept, labelled.tables)


def choose_part(work: str) -> str:
    """The half a work is in, A or B."""
    return "AB"[hashlib.sha256(work.encode()).digest()[0] % 2]


def compare(
    name: str,
    labelled: LabelledSet,
    scratch: Path,
    before: Path | None,
    peer: bool,
    show: bool,
) -> None:
    """Prints the rows of one set: the earlier revision, bib-dedupe, Funnel."""
    table = scratch / f"{name}.csv.gz"
    with gzip.open(table, "wt", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(labelled.rows)
    runs: list[tuple[str, str, str, Path | None]] = []
    if peer:
        runs.append(("bib-dedupe", "bibdedupe", PEER, None))
    if before:
        runs.insert(0, ("before", "funnel", sys.executable, before))
    for who, tool, python, root in [*runs, ("Funnel", "funnel", sys.executable, None)]:
        out = scratch / f"{who}.csv"
        ran = child(tool, python, table, out, root) if root else child(tool, python, table, out)
        groups = read_groups(out)
        pairs_file = out.with_suffix(".pairs.csv")
        questions = read_questions(pairs_file) if tool == "funnel" else []
        print_row(name, who, labelled, groups, questions, ran["seconds"])
    if show:
        print_mistakes(labelled, groups, questions)


def read_groups(path: Path) -> dict[str, str]:
    """Record -> group, as a tool wrote them."""
    with path.open(newline="") as handle:
        return {row["record_id"]: row["cluster_id"] for row in csv.DictReader(handle)}


def read_questions(path: Path) -> list[tuple[str, str, str]]:
    """The possible duplicates, surest first: two records and the rule."""
    with path.open(newline="") as handle:
        return [(row["record_a"], row["record_b"], row["rule"]) for row in csv.DictReader(handle)]


def print_row(
    name: str,
    who: str,
    labelled: LabelledSet,
    groups: dict[str, str],
    questions: list[tuple[str, str, str]],
    seconds: float,
) -> None:
    """One line: the figures before and after the questions that may be asked are answered."""
    works, records = labelled.works, len(labelled.rows)
    asked = questions[: records * QUESTIONS_PER_100 // 100]
    answered = join_pairs(groups, [(a, b) for a, b, _ in asked if works[a] == works[b]])
    first, then = (measure_groups(labelled, found) for found in (groups, answered))
    print(
        f"{name:16} {who:10} {records:7} {first.precision:9.5f} {first.recall:.4f} "
        f"{first.false_merges:3} | {len(questions):9} {100 * len(questions) / records:8.2f}  "
        f"{then.precision:9.5f} {then.recall:.4f} {then.false_merges:3} | {seconds:7.2f}",
        flush=True,
    )


def measure_groups(labelled: LabelledSet, groups: dict[str, str]) -> Score:
    """Precision and recall over pairs, and the groups that hold records of two works."""
    works = labelled.works
    claimed, true = set(list_pairs(labelled, groups)), set(list_pairs(labelled, works))
    both = len(claimed & true)
    mixed = {groups[a] for a, _ in claimed - true}
    return Score(
        precision=both / len(claimed) if claimed else 1.0,
        recall=both / len(true) if true else 1.0,
        false_merges=len(mixed),
    )


def list_pairs(labelled: LabelledSet, groups: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The pairs of records in one group; of a linkage set only those between its tables."""
    members: dict[str, list[str]] = defaultdict(list)
    for row in labelled.rows:
        members[groups[row["record_id"]]].append(row["record_id"])
    for records in members.values():
        for a, b in combinations(sorted(records), 2):
            if not labelled.tables or labelled.tables[a] != labelled.tables[b]:
                yield a, b


def print_mistakes(
    labelled: LabelledSet, groups: dict[str, str], questions: list[tuple[str, str, str]]
) -> None:
    """Each wrong pair, and each missed pair of groups with the question that would mend it."""
    works = labelled.works
    rows = {row["record_id"]: row for row in labelled.rows}
    claimed, true = set(list_pairs(labelled, groups)), set(list_pairs(labelled, works))
    asked = {frozenset((groups[a], groups[b])): rule for a, b, rule in questions}
    for a, b in sorted(claimed - true):
        print(f"\nWRONG\n  {format_row(rows[a])}\n  {format_row(rows[b])}")
    shown: set[frozenset[str]] = set()
    for a, b in sorted(true - claimed):
        ends = frozenset((groups[a], groups[b]))
        if ends not in shown:
            shown.add(ends)
            rule = asked.get(ends)
            said = f"asked: {rule}" if rule else "NOT ASKED"
            print(f"\nMISSED ({said})\n  {format_row(rows[a])}\n  {format_row(rows[b])}")
    useless = Counter(rule for a, b, rule in questions if works[a] != works[b])
    print(f"\nquestions about two works, by rule: {dict(useless)}")
    for a, b, rule in questions:
        if works[a] != works[b]:
            print(f"\nASKED IN VAIN ({rule})\n  {format_row(rows[a])}\n  {format_row(rows[b])}")


def format_row(row: dict[str, str]) -> str:
    """A record in one line."""
    shown = ("title", "authors", "year", "journal", "volume", "issue", "pages", "pmid", "source")
    cells = [row[name][: 150 if name == "title" else 70] for name in shown]
    return " | ".join([*cells, f"abstract {len(row['abstract'])}", row["cluster_id"]])


if __name__ == "__main__":
    main()
