"""The Searches page in a browser: starting a search, a source that fails, an alert end to end."""

import io
import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from standin import Fault, StandIn, corpus
from standin.web import Limits
from support.browser import chromium, served, settled, tab
from support.harvesting import make, stored, surroundings

from review.sources import get_title
from review.store import records
from review.workflow.harvest import alerts, describe_running_harvest, list_harvests
from review.workflow.harvest.schedule_settings import get_schedule
from review.workflow.harvest.status import list_raw_pages, read_raw_page
from review.workflow.project.project import Project
from review.workflow.screening import decisions
from review.workflow.screening.decisions import NewDecision

pytestmark = pytest.mark.browser
RED = (251, 224, 221)
"""Ground of a row of which something is missing."""


@pytest.fixture
def library():
    """A corpus on the day before one of its articles is retracted, and that article."""
    found = corpus.make(2_500, 4)
    one = min((a for a in found.articles if a.retracted_on), key=lambda a: a.retracted_on)
    found.today = one.retracted_on - timedelta(days=1)
    return found, one


@pytest.fixture
def folder(library, tmp_path):
    _, one = library
    words = " ".join(one.title.split()[:4]).rstrip(".,:")
    days = [day for day in (one.issue_date, one.epub) if day]
    make(
        tmp_path / "review",
        sources=("pubmed", "arxiv", "medrxiv"),
        query=f'"{words}" OR (covid* AND ct)',
        since=str(min(days) - timedelta(days=60)),
        until=str(max(days)),
    )
    return tmp_path / "review"


def cells(page: Page, rows: int) -> list[list[str]]:
    """The table of harvests, row by row, as screen readers are given it; waits for so many rows."""
    grid = page.get_by_test_id("stDataFrame").first
    expect(grid.locator("canvas [role=row]")).to_have_count(rows + 1)
    found = grid.locator("canvas [role=row]").all()[1:]
    return [row.locator("[role=gridcell]").all_text_contents() for row in found]


def comes(page: Page, seen: Callable[[], object], wanted: object) -> object:
    """What is seen once it is what is wanted, or after two minutes: a table is painted a moment
    after the page stands still."""
    end = time.monotonic() + 120
    while (now := seen()) != wanted and time.monotonic() < end:
        page.wait_for_timeout(300)
    return now


def _red(page: Page) -> bool:
    shot = page.get_by_test_id("stDataFrame").first.screenshot()
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    return RED in {colour for _, colour in picture.getcolors(1 << 24)}


WATCH = """() => {
  window.saw = false;
  const said = /(search is starting|harvest of this review|search of this review)/;
  const look = () => window.saw ||= said.test(document.body.innerText);
  const all = {childList: true, subtree: true, characterData: true};
  new MutationObserver(look).observe(document.body, all);
}"""
"""Notes the line that says a harvest runs, however shortly it stands on the page."""


def harvest_now(page: Page, project: Project) -> None:
    """Presses the button and waits until the page, by itself, shows that the harvest has ended."""
    before = len(list_harvests(project))
    page.evaluate(WATCH)
    page.get_by_role("button", name="Run search now").click()

    def ended():
        return len(list_harvests(project)) > before and describe_running_harvest(project) is None

    assert comes(page, ended, True)
    expect(page.get_by_role("button", name="Run search now")).to_be_visible()
    settled(page)
    assert page.evaluate("window.saw")


def include(project: Project, pmid: int) -> str:
    with project.store.read() as conn:
        (one,) = [s for s in records.iter_records(conn) if s.record.source_id == str(pmid)]
    decisions.add_decision(project, NewDecision(one.id, "screening", "ann", "include"))
    return one.key


def test_a_harvest_from_the_page_to_the_alert(library, folder, tmp_path, monkeypatch):
    world, article = library
    from review.workflow.setup.loading import open_project

    project = open_project(folder, who="ann")
    down = Fault("503", every=1, service="arxiv")
    with StandIn(world, faults=[down], limits=Limits(rxiv_page=10)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        with served(folder, solo="ann") as address, chromium() as browser:
            page = tab(browser, viewport={"width": 1500, "height": 1100}, accept_downloads=True)
            page.goto(f"{address}/harvests")
            settled(page)
            expect(page.get_by_text("No searches yet")).to_be_visible()
            harvest_now(page, project)
            expect(page.get_by_text("arXiv has not been searched in full yet")).to_be_visible()
            page.screenshot(path=str(tmp_path / "failing.png"), full_page=True)
            assert {one.source: one.needs_rerun for one in list_harvests(project)} == {
                "pubmed": False,
                "arxiv": True,
                "medrxiv": False,
            }
            assert {row[1] for row in cells(page, 3)} == {"PubMed", "arXiv", "medRxiv"}
            assert comes(page, lambda: _red(page), True) is True
            _shows_what_is_stored(page, project)

            server.faults.clear()
            harvest_now(page, project)
            expect(page.get_by_text("has not been searched in full")).to_have_count(0)
            assert comes(page, lambda: _red(page), False) is False
            assert stored(project, "arxiv")
            _downloads_what_is_kept(page, project, tmp_path)
            page.screenshot(path=str(tmp_path / "whole.png"), full_page=True)

            key = include(project, article.pmid)
            world.today = article.retracted_on + timedelta(days=30)
            harvest_now(page, project)
            told = page.get_by_text(re.compile("the included study .* is (retracted|marked)"))
            expect(told).to_be_visible()
            expect(page.get_by_role("link", name=key)).to_be_visible()
            page.screenshot(path=str(tmp_path / "alert.png"), full_page=True)
            page.goto(address)
            settled(page)
            expect(told).to_be_visible()
            page.get_by_role("button", name="Close alert").click()
            page.get_by_label("What did you do about it?").fill("Notice read; excluded")
            page.get_by_role("button", name="Save and close", exact=True).click()
            expect(page.get_by_text("Closed alerts (1)")).to_be_visible()
            page.get_by_text("Closed alerts (1)").click()
            expect(page.get_by_text("Notice read; excluded")).to_be_visible()
            page.screenshot(path=str(tmp_path / "closed.png"), full_page=True)
    (alert,) = alerts.list_alerts(project)
    assert (alert.report, alert.closed_by, alert.why) == (key, "ann", "Notice read; excluded")


def _shows_what_is_stored(page: Page, project: Project) -> None:
    """Window, state and counts of each row are those of the store."""
    rows = list_harvests(project)
    wanted = [
        [one.query, one.window, one.state, one.announced, one.received, one.new, one.known]
        for one in rows
    ]

    def shown() -> list[list[object]]:
        by_source = {row[1]: row for row in cells(page, len(rows))}
        found = [by_source[get_title(one.source)] for one in rows]
        return [[*row[2:5], *(int(n.replace(",", "") or 0) for n in row[5:9])] for row in found]

    assert comes(page, shown, wanted) == wanted


def _downloads_what_is_kept(page: Page, project: Project, tmp_path) -> None:
    """A raw answer of medRxiv comes as the service sent it."""
    page.get_by_label("Search details").click()
    page.get_by_role("option").filter(has_text="medRxiv").last.click()
    settled(page)
    for _ in range(20):  # until the page is drawn for the one chosen
        with page.expect_download() as taken:
            page.get_by_role("button", name="Download response").click()
        if taken.value.suggested_filename.startswith("medrxiv-"):
            break
        page.wait_for_timeout(500)
    assert taken.value.suggested_filename.startswith("medrxiv-")
    taken.value.save_as(tmp_path / "answer.json")
    first = next(one for one in reversed(list_harvests(project)) if one.source == "medrxiv")
    kept = list_raw_pages(project, first.id)[0]
    assert (tmp_path / "answer.json").read_bytes() == read_raw_page(project, kept.sha256)


def test_a_schedule_set_on_the_page_runs_its_search(library, folder, tmp_path, monkeypatch):
    world, _ = library
    from review.workflow.setup.loading import open_project

    project = open_project(folder, who="ann")
    with StandIn(world, limits=Limits(rxiv_page=10)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        with served(folder, solo="ann") as address, chromium() as browser:
            page = tab(browser, viewport={"width": 1440, "height": 1000})
            page.goto(f"{address}/harvests")
            settled(page)
            expect(page.get_by_text("Schedule: off.")).to_be_visible()
            page.get_by_text("Change the schedule").click()
            page.screenshot(path=str(tmp_path / "schedule.png"), full_page=True)
            page.get_by_role("combobox", name="Search the protocol's sources").click()
            page.keyboard.type("Every day")
            page.keyboard.press("Enter")
            page.get_by_role("button", name="Save schedule").click()
            expect(page.get_by_text("Schedule saved.")).to_be_visible()
            state = comes(page, lambda: _get_outcome(project), "complete")
            assert state == "complete"
            page.reload()
            settled(page)
            expect(
                page.get_by_text(re.compile("Schedule: every day. Next search: "))
            ).to_be_visible()
            expect(
                page.get_by_text(re.compile("Last scheduled search: .*complete"))
            ).to_be_visible()
            page.screenshot(path=str(tmp_path / "scheduled.png"), full_page=True)
            page.set_viewport_size({"width": 390, "height": 844})
            settled(page)
            page.screenshot(path=str(tmp_path / "scheduled-narrow.png"), full_page=True)
    assert {one.who for one in list_harvests(project)} == {"schedule"}


def _get_outcome(project: Project) -> str | None:
    last = get_schedule(project).last
    return last.outcome if last else None
