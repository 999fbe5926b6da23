"""Synthetic records with recurring titles and their true groups: columns, letters, replies, errata.

    python benchmarks/make_recurring.py OUT.csv -n 4000 --seed 1 --doi 0.8 --twins 0

Each document is exported by one to four databases in their own style (names, pages, journals), some
without volume, issue, pages, authors or DOI. Twins are documents derived from another: the column
on the same pages of the next issue or year, another team's letter on the same page, the same
author's next letter in the issue. Columns as in the labelled sets; `cluster_id` is the true group.
"""

import argparse
import csv
import gzip
import random
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

COMMON = """Smith Jones Wang Li Zhang Chen Garcia Müller Rossi Kim Lee Park Tanaka Nguyen Singh
Patel Kumar Silva Santos Ivanov Novak Kowalski Dubois Martin Hansen Larsen Virtanen Brown Taylor"""
BEGINS, ENDS = "Ba Ko Mi Sha Tre Vor Lin Hal", "ber den nik sson ring tov mann ley"
RARE = product(BEGINS.split(), ENDS.split(), ("", "s", "er", "i", "o"))
FAMILIES = [*COMMON.split(), *map("".join, RARE)]
NAMES = "Anna Ben Carla David Emma Felix Grace Hugo Iris Jan Karin Lars Maria Nils Olga Paul"
GIVEN = NAMES.split()
JOURNALS = (
    ("Radiology", "Radiology"),
    ("European Radiology", "Eur Radiol"),
    ("The Lancet", "Lancet"),
    ("American Journal of Roentgenology", "AJR Am J Roentgenol"),
    ("Journal of Thoracic Imaging", "J Thorac Imaging"),
    ("Academic Radiology", "Acad Radiol"),
    ("Clinical Radiology", "Clin Radiol"),
    ("Investigative Radiology", "Invest Radiol"),
    ("BMJ (Clinical research ed.)", "BMJ"),
    ("New England Journal of Medicine", "N Engl J Med"),
)
COLUMNS = (
    "Editorial",
    "In this issue",
    "From the editor",
    "Book review",
    "President's message",
    "Editor's choice",
    "News and notes",
    "Preface",
    "Introduction",
    "Obituary",
    "Journal club",
)
LETTERS = (
    "Reply",
    "Authors' reply",
    "Editorial comment",
    "Letter to the editor",
    "Correspondence",
    "Case report",
    "Images in clinical medicine",
    "Response",
    "Erratum",
    "Commentary",
    "Radiology in the time of COVID-19",
    "COVID-19 pneumonia",
    "Case of the month",
    "Answer to case of the month",
    "What is your diagnosis?",
    "Chest CT findings in COVID-19",
    "Artificial intelligence in radiology",
    "Chest imaging in COVID-19",
    "Imaging of lung cancer",
    "Comment on: deep learning for chest CT",
    "Machine learning in medical imaging",
)
HEAD = (
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
KEPT_DOI = {"pubmed": 0.9, "embase": 0.7, "wos": 0.8, "scopus": 0.9}
"""Share of the DOIs a database gives."""
Person = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Work:
    """A document as printed."""

    journal: int
    title: str
    year: int
    volume: int
    issue: int
    people: tuple[Person, ...]
    first: int
    more: int
    """Pages after the first."""


def person(dice: random.Random) -> Person:
    """A family name with one or two given names."""
    middle = f" {dice.choice('ABCDEFGHJ')}" if dice.random() < 0.4 else ""
    return dice.choice(FAMILIES), dice.choice(GIVEN) + middle


def team(dice: random.Random, most: int) -> tuple[Person, ...]:
    """One person or more, up to a maximum."""
    return tuple(person(dice) for _ in range(dice.randint(1, most)))


def fresh(dice: random.Random, editors: list[tuple[Person, ...]]) -> Work:
    """A new document."""
    journal, year = dice.randrange(len(JOURNALS)), dice.randint(1998, 2023)
    title = dice.choice(COLUMNS + LETTERS)
    people = team(dice, 4)
    if title in COLUMNS:
        people = dice.choices((editors[journal][:1], team(dice, 1), ()), (0.7, 0.2, 0.1))[0]
    elif title == "Erratum" and dice.random() < 0.4:
        people = ()
    first = dice.randint(1, 12) if dice.random() < 0.4 else dice.randint(20, 1900)
    more = dice.choice((0, 0, 0, 1, 1, 2, 3, 6))
    return Work(
        journal, title, year, year - 1980 + journal, dice.randint(1, 12), people, first, more
    )


def twin(dice: random.Random, one: Work) -> Work:
    """Another document that looks alike; columns reuse a page only if issues begin at page 1."""
    next_issue = one.issue % 12 + 1
    kinds = [
        replace(one, people=team(dice, 3), more=0),
        replace(one, first=one.first + one.more + dice.randint(1, 4)),
    ]
    if one.first <= 20:
        kinds += [
            replace(one, issue=next_issue),
            replace(one, year=one.year + 1, volume=one.volume + 1),
            replace(one, issue=next_issue, first=one.first + dice.randint(0, 2)),
        ]
    return dice.choice(kinds)


def names(people: tuple[Person, ...], manner: str) -> str:
    """An author list as a database prints it."""
    short = [(family, "".join(word[0] for word in given.split())) for family, given in people]
    if manner == "full":
        return "; ".join(f"{family}, {given}" for family, given in people)
    if manner == "vancouver":
        return "; ".join(f"{family} {letters}" for family, letters in short)
    if manner == "dots":
        return "; ".join(f"{family}, {'.'.join(letters)}." for family, letters in short)
    return " and ".join(f"{family}, {letters[0]}." for family, letters in short)


def pages(dice: random.Random, one: Work, source: str) -> str:
    """First and last page as a database prints them."""
    first, last = str(one.first), str(one.first + one.more)
    if first == last:
        return f"{first}-{first}" if source == "wos" and dice.random() < 0.5 else first
    if source == "pubmed" and len(first) == len(last):
        same = next(n for n, (a, b) in enumerate(zip(first, last, strict=True)) if a != b)
        return f"{first}-{last[same:]}"
    return f"{first}-{last}"


def exported(dice: random.Random, one: Work, source: str, ids: tuple[str, str]) -> dict[str, str]:
    """One database's record of a document; ids: its DOI (or '') and PMID."""
    manners = {
        "pubmed": ("vancouver", "full"),
        "embase": ("dots",),
        "wos": ("full", "vancouver"),
        "scopus": ("dots", "and"),
    }
    whole, short = JOURNALS[one.journal]
    journal = {
        "pubmed": dice.choice((whole, short)),
        "embase": whole,
        "wos": whole.upper(),
        "scopus": dice.choice((whole, short)),
    }[source]

    def unless(share: float, text: str) -> str:
        return "" if dice.random() < share else text

    title = one.title + ("." if source == "pubmed" else "")
    has_pmid = source == "pubmed" or (source == "embase" and dice.random() < 0.5)
    return {
        "title": title.upper() if dice.random() < 0.04 else title,
        "authors": unless(0.04, names(one.people, dice.choice(manners[source]))),
        "year": str(one.year + (dice.random() < 0.02)),
        "journal": journal,
        "volume": unless(0.05, str(one.volume)),
        "issue": unless(0.12, str(one.issue)),
        "pages": unless(0.06, pages(dice, one, source)),
        "doi": unless(1 - KEPT_DOI[source], ids[0]),
        "pmid": ids[1] if has_pmid else "",
        "abstract": "",
        "source": source,
    }


def make(n: int, seed: int, doi: float, twins: float) -> list[dict[str, str]]:
    """This many records or a few more, shuffled.

    Args:
        doi: share of the documents that have one (0 to 1).
        twins: share of the documents that are made from another (0 to 1).
    """
    dice = random.Random(seed)
    editors = [team(dice, 1) for _ in JOURNALS]
    works: list[Work] = []
    taken: set[tuple[int, int, int, int, tuple[Person, ...]]] = set()
    rows: list[dict[str, str]] = []
    while len(rows) < n:
        one = (
            twin(dice, dice.choice(works))
            if works and dice.random() < twins
            else fresh(dice, editors)
        )
        place = (one.journal, one.volume, one.issue, one.first, one.people)
        if place in taken:
            continue
        taken.add(place)
        works.append(one)
        own = f"10.{1000 + one.journal}/{one.year}.{dice.randint(10_000, 99_999)}"
        ids = own if dice.random() < doi else "", str(dice.randint(9_000_000, 37_000_000))
        copies = dice.choices((1, 2, 3, 4), (0.35, 0.3, 0.2, 0.15))[0]
        for source in dice.sample(sorted(KEPT_DOI), copies):
            row = exported(dice, one, source, ids)
            rows.append({"record_id": f"r{len(rows)}", "cluster_id": f"w{len(works)}", **row})
    dice.shuffle(rows)
    return rows


def write(out: Path, rows: list[dict[str, str]]) -> None:
    """Writes the set as CSV, compressed if the name ends in .gz."""
    opened = gzip.open if out.suffix == ".gz" else open
    with opened(out, "wt", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, HEAD)
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("out", type=Path)
    words.add_argument("-n", type=int, default=4000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--doi", type=float, default=0.8)
    words.add_argument("--twins", type=float, default=0.0)
    asked = words.parse_args()
    write(asked.out, make(asked.n, asked.seed, asked.doi, asked.twins))
