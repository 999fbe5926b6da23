"""Key papers check the search: who found them, and which terms miss the rest."""

import json
import subprocess
import sys

from support.small import studies

from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.deduplication.run import settle_pair
from review.workflow.records.import_undo import undo_import
from review.workflow.screening.search_recall import check_search_recall, count_found_papers
from review.workflow.setup.loading import open_project

PAPERS = """
  key_papers:
    - 10.1000/found
    - Pneumonia seen by a neural network on ultrasound
    - Deep learning finds COVID-19 on chest CT
    - 10.1000/nowhere
"""


def test_each_key_paper_says_who_found_it_and_which_terms_miss_it(tmp_path):
    studies(
        tmp_path,
        [
            Record(
                "pubmed",
                title="Machine learning for coronavirus",
                abstract="We read radiographs.",
                doi="10.1000/found",
            )
        ],
    )
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace("search:", f"search:{PAPERS}", 1))
    project = open_project(tmp_path, who="ada")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="arxiv")
        records.add_records(conn, batch, [(1, Record("arxiv", title="Something else"))], utc_now())
    found, missed, unseen, unknown = check_search_recall(project)
    assert (found.found_by, found.missing_from, found.missed_parts) == (
        ("pubmed",),
        ("arxiv",),
        (),
    )
    assert found.unsearched == missed.unsearched == ("medrxiv",)
    assert (missed.found_by, missed.missing_from) == ((), ("pubmed", "arxiv"))
    assert len(missed.missed_parts) == 2
    assert "covid*" in missed.missed_parts[0]
    assert "radiograph*" in missed.missed_parts[1]
    assert (unseen.found_by, unseen.missed_parts) == ((), ())
    assert unknown.missed_parts is None
    command = [sys.executable, "-m", "review.cli", "--review", str(tmp_path), "--user", "ada"]
    shown = subprocess.run([*command, "query", "recall"], capture_output=True, text=True)
    lines = shown.stdout.splitlines()
    assert lines[0] == "1 of 4 key papers are in the review."
    assert "found by PubMed; not found by arXiv; nothing has come from medRxiv yet." in lines[1]
    assert "NOT FOUND" in lines[2]
    assert "Its title does not match: " in lines[2]
    assert "check the dates and sources searched" in lines[3]
    assert "Name it by title" in lines[4]
    done = subprocess.run([*command, "query", "recall", "--json"], capture_output=True, text=True)
    assert json.loads(done.stdout)[0]["found_by"] == ["pubmed"]


def test_a_duplicate_without_the_doi_counts_for_its_source(tmp_path):
    project = studies(
        tmp_path,
        [
            Record("embase", title="Machine learning for coronavirus", doi="10.1000/found"),
            Record("medrxiv", title="Machine learning for coronavirus: a preprint"),
        ],
    )
    path = tmp_path / "protocol.yaml"
    path.write_text(
        path.read_text().replace("search:", "search:\n  key_papers: ['10.1000/found']", 1)
    )
    project = open_project(tmp_path, who="ada")
    (before,) = check_search_recall(project)
    assert (before.keys, before.found_by) == (("R000001",), ("embase",))
    settle_pair(project, ("R000001", "R000002"), "same", "ada")
    (after,) = check_search_recall(project)
    assert (after.keys, after.found_by) == (("R000001", "R000002"), ("embase", "medrxiv"))
    assert (after.missing_from, after.unsearched) == ((), ("pubmed", "arxiv"))
    assert count_found_papers(project) == (1, 1)


def add_file(project, source, title, **columns):
    """Imports a file of one record from a source."""
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source=source, **columns)
        records.add_records(conn, batch, [(1, Record(source, title=title))], utc_now())
    return batch


def test_a_database_known_from_its_file_alone_is_named_when_it_misses_a_paper(tmp_path):
    project = studies(tmp_path, [Record("embase", title="Something else")])
    path = tmp_path / "protocol.yaml"
    papers = "search:\n  key_papers: ['Ultrasound of the spleen', 'Something else']"
    path.write_text(path.read_text().replace("search:", papers, 1))
    project = open_project(tmp_path, who="ada")
    add_file(project, "ieee", "Antennas")
    add_file(project, "scopus", "Cited by the others", via="citations")
    add_file(project, "zotero", "From a library")
    missed, found = check_search_recall(project)
    assert (missed.found_by, missed.missing_from) == ((), ("embase", "ieee"))
    assert (found.found_by, found.missing_from) == (("embase",), ("ieee",))
    assert missed.unsearched == ("pubmed", "arxiv", "medrxiv")


def test_an_import_that_was_undone_was_not_searched(tmp_path):
    studies(tmp_path, [Record("embase", title="Something else")])
    path = tmp_path / "protocol.yaml"
    papers = "search:\n  key_papers: ['Ultrasound of the spleen']"
    path.write_text(path.read_text().replace("search:", papers, 1))
    project = open_project(tmp_path, who="ada")
    batch = add_file(project, "pubmed", "A file taken by mistake")
    (before,) = check_search_recall(project)
    assert before.missing_from == ("pubmed", "embase")
    undo_import(project, batch, "ada")
    (after,) = check_search_recall(project)
    assert after.missing_from == ("embase",)
    assert "pubmed" in after.unsearched
