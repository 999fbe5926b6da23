"""A review that begins with one key paper: search check, first records, learning, stopping."""

import re
import time

import pytest
from playwright.sync_api import Page, expect
from support.browser import PATIENCE, chromium, press_until, served, settled, tab
from support.small import studies

from review.models import Record
from review.protocol.models import find_stage
from review.store import screening_queue
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

pytestmark = pytest.mark.browser
KEY_PAPER = "Elastography of the liver in children"
ALIKE = "Liver stiffness in children by elastography, cohort {}"
OTHERS = (
    "Nursing staff and budgets in rural hospitals, survey {}",
    "Pavement cracks seen from drones, series {}",
    "Yield of wheat under irrigation, season {}",
)
RETRAIN_CHECK = 11_000
"""The app asks at most every ten seconds whether a new order is due (ms)."""


@pytest.fixture
def project(tmp_path):
    """Of forty records eight are like the key paper; the question shares no word with any."""
    titles = [ALIKE.format(n) if n % 5 == 0 else OTHERS[n % 3].format(n) for n in range(1, 41)]
    titles[19] = KEY_PAPER
    studies(tmp_path, [Record("embase", title=title) for title in titles])
    path = tmp_path / "protocol.yaml"
    text = path.read_text().replace("reviewers: 2 ", "reviewers: 1 ", 1)
    text = re.sub(r"(?m)^question: .*$", "question: Zzz", text)
    papers = f"search:\n  key_papers: ['{KEY_PAPER}', 'Ultrasound of the spleen in adults']"
    path.write_text(text.replace("search:", papers, 1))
    return open_project(tmp_path, who="ada")


def read_record(page: Page) -> str:
    """The title of the record on screen."""
    return page.locator(".record-key").inner_text()


def decide(page: Page, key: str) -> None:
    """Presses a key and waits for the next record."""
    before = page.evaluate("location.search")
    press_until(page, key, "u => location.search != u", before)
    settled(page)


def wait_for_learning(project: Project) -> int:
    """How many decisions the first learned order was trained on, once it is there."""
    stage = find_stage(project.protocol, "screening")
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        with project.store.read() as conn:
            run = screening_queue.get_newest_run(conn, stage.id)
        if run and run["model"] == "light":
            return int(run["trained_on"])
        time.sleep(0.5)
    raise AssertionError(f"nothing was learned:\n{(project.folder / 'rank.log').read_text()}")


def test_a_review_begins_with_one_key_paper(project, tmp_path):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 1000})
        page.goto(f"{address}/harvests")
        expect(page.get_by_text("1 of 2 key papers are in the review.")).to_be_visible()
        missed = page.get_by_role("listitem").filter(has_text="Ultrasound of the spleen")
        expect(missed).to_contain_text("Its title does not match: ")
        settled(page)
        page.screenshot(path=str(tmp_path / "searches.png"), full_page=True)

        page.goto(f"{address}/screening")
        page.wait_for_url("**key=*")
        settled(page)
        assert "iver" in read_record(page)
        told = page.get_by_text("Ranked higher because of: ")
        expect(told).to_be_visible()
        assert re.search("liver|elastography|children", told.inner_text(), re.IGNORECASE)
        page.screenshot(path=str(tmp_path / "first.png"), full_page=True)

        decide(page, "i")
        decide(page, "e")
        page.wait_for_timeout(RETRAIN_CHECK)
        decide(page, "i" if "iver" in read_record(page) else "e")
        assert wait_for_learning(project) >= 2

        page.goto(f"{address}/progress")
        page.get_by_text("When to stop").wait_for()
        for words in (
            "Found so far",
            "Consecutive irrelevant",
            "For the methods section, should screening stop now",
            "Screening stopped after 3 of 40 records",
        ):
            expect(page.get_by_text(words).first).to_be_visible()
        settled(page)
        page.screenshot(path=str(tmp_path / "stopping.png"), full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{address}/screening")
        page.wait_for_url("**key=*")
        settled(page)
        page.screenshot(path=str(tmp_path / "narrow.png"), full_page=True)
        page.goto(f"{address}/harvests")
        expect(page.get_by_text("1 of 2 key papers are in the review.")).to_be_visible()
        settled(page)
        page.screenshot(path=str(tmp_path / "searches-narrow.png"), full_page=True)
