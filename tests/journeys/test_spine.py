"""The complete pipeline by commands: exports, two reviewers' decisions, a PRISMA diagram."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.samples import EXPORTS, write_ris

ROOT = Path(__file__).parents[2]
FILES = [
    ("embase.ris", "embase"),
    ("scopus.ris", "scopus"),
    ("ovid.ris", None),
    ("pubmed.nbib", "pubmed"),
    ("scopus.bib", "scopus"),
    ("ieee.csv", None),
    ("library.xml", None),
    ("wos.ciw", "wos"),
]
TA, FT = "title-abstract", "full-text"


def review(folder, *words, fails=False):
    done = subprocess.run(
        [sys.executable, "-m", "review.cli", "-r", str(folder), "-u", "ada", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spine") / "review"
    review(folder.parent, "init", folder)
    for name, source in FILES:
        review(folder, "import", EXPORTS / name, *(["--source", source] if source else []))
    many = write_ris(folder.parent / "many.ris", 75, database="Embase")
    review(folder, "import", many)
    some = write_ris(folder.parent / "some.ris", 20, first=60, database="Scopus")
    review(folder, "import", some)
    review(folder, "import", EXPORTS / "embase.ris")
    review(folder, "dedupe")
    return folder


def boxes(folder):
    return json.loads(review(folder, "status", "--json", "--ids"))


def enter(folder, name, rows):
    path = folder / name
    with path.open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["record", "stage", "reviewer", "role", "verdict", "reason", "note"])
        sheet.writerows(rows)
    return review(folder, "import-decisions", path)


@pytest.fixture(scope="module")
def screened(made):
    """Everything that waits is screened at both stages; what waited, and what was kept."""
    waiting = boxes(made)["main"]["waiting_screening"]["ids"]
    assert len(waiting) > 80
    rows = []
    for place, key in enumerate(waiting):
        first = "include" if place % 3 == 0 else "exclude"
        second = {"include": "exclude", "exclude": "include"}[first] if place % 10 == 9 else first
        for name, verdict in (("ada", first), ("ben", second)):
            reason = "not imaging" if verdict == "exclude" else ""
            rows.append([key, TA, name, "reviewer", verdict, reason, ""])
        if first != second:
            rows.append([key, TA, "cleo", "adjudicator", "include", "", "read it"])
    assert f"{len(rows)} decisions added" in enter(made, "ta.csv", rows)
    kept = [k for place, k in enumerate(waiting) if place % 3 == 0 or place % 10 == 9]
    full = [
        [
            key,
            FT,
            name,
            "reviewer",
            *(("include", "") if at % 2 else ("exclude", "not imaging")),
            "",
        ]
        for at, key in enumerate(kept)
        for name in ("ada", "ben")
    ]
    enter(made, "ft.csv", full)
    return waiting, kept


def test_a_review_of_exports_runs_to_its_diagram(made, screened, tmp_path):
    waiting, kept = screened
    end = boxes(made)["main"]
    identified = sum(line["n"] for line in end["identified"])
    removed = end["duplicates_tool"]["n"] + sum(x["n"] for x in end["removed_other"])
    assert identified == removed + len(waiting)
    assert end["screened"]["n"] == len(waiting)
    assert end["sought"]["n"] == len(kept)
    assert end["eligible"]["n"] == len(kept) // 2
    said = review(made, "export", "prisma", tmp_path)
    assert f"{identified} records" in said
    drawn = re.sub(r"<[^>]+>|\s", "", (tmp_path / "prisma.svg").read_text(encoding="utf-8"))
    assert f"retrieval(n={len(kept)})" in drawn
    assert (tmp_path / "prisma.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "prisma.pdf").read_bytes().startswith(b"%PDF")
    with (tmp_path / "prisma.csv").open(encoding="utf-8-sig", newline="") as file:
        by_key = {row["data"]: row["n"] for row in csv.DictReader(file)}
    assert by_key["records_screened"] == str(len(waiting))
    assert by_key["dbr_sought_reports"] == str(len(kept))


def test_entering_the_same_decisions_again_adds_nothing(made, screened):
    before = boxes(made)
    review(made, "import-decisions", made / "ft.csv")
    assert boxes(made) == before


def test_everything_is_exported_and_counted(made, tmp_path):
    for form in ("ris", "csv", "json"):
        path = tmp_path / f"all.{form}"
        review(made, "export", form, path)
        again = review(made, "import", path, "--dry-run", "--json")
        found = [json.loads(line) for line in again.splitlines()]
        start = boxes(made)["main"]
        assert 0 < len(found) <= sum(line["n"] for line in start["identified"])
        assert not any(one.get("rejected") for one in found)


def test_a_wrong_file_is_one_clear_line_and_adds_nothing(made, tmp_path):
    before = boxes(made)
    path = tmp_path / "broken.ris"
    path.write_bytes(b"\x00\x01\x02 this is no export")
    review(made, "import", path, fails=True)
    assert boxes(made) == before
