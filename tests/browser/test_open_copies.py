"""Find open copies, pressed in a browser against the stand-in services: progress, and what came."""

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect
from standin import Fault, StandIn, corpus
from support.browser import chromium, served, settled, tab
from support.harvesting import surroundings

from review.models import Record
from review.store import files, records, retrievals
from review.store.timestamps import utc_now
from review.workflow.fulltexts.retrieval_statements import describe_reason
from review.workflow.project.project import Project
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser
PLACES = ("arxiv-pdf", "medrxiv-pdf", "biorxiv-pdf", "pmc-cloud", "unpaywall")
PATIENCE = 120
"""Seconds a state may take to come on a machine that does much else."""


def make_review(folder: Path, world: corpus.Corpus) -> Project:
    """Four reports to get: a preprint of arXiv, one of medRxiv, an open and a closed article."""
    preprint, posted = world.of("arxiv")[0], world.of("medrxiv")[0]
    free = next(a for a in world.articles if a.open_access and a.pmcid and a.doi)
    closed = next(a for a in world.articles if not a.open_access and a.doi)
    sought = [
        Record("arxiv", f"{preprint.id}v1", title="A", arxiv_id=preprint.id, version=1),
        Record("medrxiv", f"{posted.id}v1", title="B", doi=posted.id, version=1),
        Record("pubmed", "1", title="C", pmid="1", pmcid=free.pmcid, doi=free.doi),
        Record("pubmed", "2", title="D", pmid="2", doi=closed.doi),
    ]
    init_project(folder)
    project = open_project(folder, who="ada")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="pubmed")
        records.add_records(conn, batch, list(enumerate(sought, 1)), utc_now())
        status.rebuild_statuses(project, conn)
    for number in range(1, len(sought) + 1):
        for name in ("ada", "ben"):
            stage = project.protocol.stages[0].id
            add_decision(project, NewDecision(number, stage, name, "include"))
    return project


def list_zombies() -> list[str]:
    """Processes of Python below this one that have ended and that nobody has waited for."""
    found: dict[str, tuple[str, str, str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        found[path.parent.name] = (name, state, parent)

    def is_ours(number: str) -> bool:
        while number in found:
            if number == str(os.getpid()):
                return True
            number = found[number][2]
        return False

    return [
        number
        for number, (name, state, _) in found.items()
        if state == "Z" and name.startswith("python") and is_ours(number)
    ]


def test_open_copies_are_found_and_what_could_not_be_asked_is_found_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by_others = set(list_zombies())
    world = corpus.make(1_500, 5)
    folder = tmp_path / "review"
    project = make_review(folder, world)
    down = Fault("503", every=1, service="medrxiv-pdf")
    with StandIn(world, faults=[down]) as server:
        environment = surroundings(server, tmp_path / "cache")
        for name in PLACES:
            environment[f"FUNNEL_{name.upper().replace('-', '_')}_URL"] = server.base[name]
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with served(folder, solo="ada") as address, chromium() as browser:
            page = tab(browser, viewport={"width": 1440, "height": 1000})
            page.goto(f"{address}/full-texts")
            settled(page)
            expect(page.get_by_text("4 reports sought: 0 with a PDF")).to_be_visible()
            page.get_by_role("button", name="Find open copies").click()
            first = "2 found, 1 without an open copy, 1 not answered"
            expect(page.get_by_text(f"Search for open copies finished: {first}")).to_be_visible()
            expect(page.get_by_text("4 reports sought: 2 with a PDF")).to_be_visible()
            page.screenshot(path=str(tmp_path / "some-found.png"), full_page=True)

            server.faults.clear()
            page.get_by_role("button", name="Find open copies").click()
            expect(page.get_by_text("1 found, 1 without an open copy.")).to_be_visible()
            expect(page.get_by_text("4 reports sought: 3 with a PDF")).to_be_visible()
            expect(page.get_by_text("Unpaywall is searched only with a contact")).to_be_visible()
            page.screenshot(path=str(tmp_path / "all-found.png"), full_page=True)
            assert page.get_by_text("Traceback").count() == 0
            end = time.monotonic() + PATIENCE
            while set(list_zombies()) - left_by_others and time.monotonic() < end:
                time.sleep(0.2)  # whoever ended is waited for soon
            assert set(list_zombies()) <= left_by_others
    with project.store.read() as conn:
        attached = files.list_current_files(conn)
        states = {n: state for n, (state, _) in retrievals.list_newest_states(conn).items()}
        closed = retrievals.get_newest_attempt(conn, 4)
    assert set(attached) == {1, 2, 3}
    assert closed is not None
    assert describe_reason(closed) == "No open copy found; Unpaywall was not searched"
    assert states == {1: "retrieved", 2: "retrieved", 3: "retrieved", 4: "not retrieved"}
