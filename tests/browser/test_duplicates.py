"""The Duplicates page in a browser: keys resolve pairs, Z undoes, differing words are marked."""

import time

import pytest
from pages.test_duplicates import FOUR, ONE, THREE, TWO
from playwright.sync_api import expect
from support.browser import chromium, press_until, served, settled, tab
from workflow.deduplication.test_run import ARTICLE, OTHER, PREPRINT, bring

from review.models import Record
from review.store import links
from review.workflow.deduplication import run as dedupe
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser
SAYS = "text => document.body.innerText.includes(text)"
LATE = Record(
    "scopus", title="Rivers of the north in spring", authors=("Sun, D",), year=2018, doi="10.1016/x"
)
LATER = Record("wos", title="Harbours of the south", authors=("Po, B",), year=2018, doi="10.1016/x")


def said(project):
    with project.store.read() as conn:
        return [one.verdict for one in links.list_links(conn) if one.who == "ada"]


def press_for(page, key, project, word):
    """Presses a key until the store holds one word more, and waits until the page stands still; a
    loaded machine may swallow a key, as it would a person's."""
    before = said(project)
    for _ in range(4):
        page.keyboard.press(key)
        end = time.monotonic() + 45
        while (now := said(project)) == before and time.monotonic() < end:
            page.wait_for_timeout(200)
        if now != before:
            break
    assert now == [*before, word]
    settled(page)


def test_keys_settle_pairs_and_undo_and_differing_words_stand_out(tmp_path):
    init_project(tmp_path)
    project = open_project(tmp_path)
    bring(project, ONE, TWO, THREE, FOUR, LATE, LATER, source="pubmed")
    dedupe.run_deduplication(project, "ada")
    assert len(dedupe.list_waiting_pairs(project)) == 3
    with served(tmp_path, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/duplicates")
        page.get_by_text("to review").wait_for()
        settled(page)
        marks = page.locator("mark")
        assert marks.count() > 0
        background = marks.first.evaluate("one => getComputedStyle(one).backgroundColor")
        assert background == "rgb(251, 227, 166)"
        words = [one.strip() for one in marks.all_inner_texts()]
        assert {"Deep", "Wages"} <= set(words) or {"Rivers"} <= set(words)
        for key, word in (("n", "distinct"), ("p", "study"), ("z", None), ("y", "duplicate")):
            press_for(page, key, project, word)
        expect(page.get_by_text("possible duplicate to review")).to_be_visible()
    assert said(project) == ["distinct", "study", None, "duplicate"]


WATCH = """() => { window.seen = []; window.addEventListener('keydown', event => window.seen.push(
[event.key, document.querySelector('.record-key')?.dataset.key]), true); }"""
"""Notes each press with the pair that was on the screen at that moment."""


@pytest.mark.parametrize("gap", [60, 150])
def test_a_burst_of_keys_settles_only_pairs_that_were_on_the_screen_and_once(tmp_path, gap):
    init_project(tmp_path)
    project = open_project(tmp_path)
    bring(
        project,
        *(
            Record(
                "pubmed",
                title=f"{word} {n} of the north",
                authors=(f"{word}{n}, A",),
                year=2018,
                doi=f"10.1016/j.{n}",
            )
            for n in range(30)
            for word in ("Rivers", "Wages")
        ),
    )
    dedupe.run_deduplication(project, "ada")
    assert len(dedupe.list_waiting_pairs(project)) == 30
    with served(tmp_path, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/duplicates")
        page.get_by_text("to review").wait_for()
        settled(page)
        page.evaluate(WATCH)
        press_until(page, "y", SAYS, ": same, by ada")
        for key in "nnyynpynyny":
            page.keyboard.press(key)
            page.wait_for_timeout(gap)
        settled(page)
        page.wait_for_timeout(600)
        settled(page)
        pressed = [tuple(one) for one in page.evaluate("window.seen")]
    letters = {"duplicate": "y", "distinct": "n", "study": "p"}
    with project.store.read() as conn:
        made = [one for one in links.list_links(conn) if one.who == "ada"]
    assert len({(one.a, one.b) for one in made}) == len(made)
    for one in made:
        assert (letters[str(one.verdict)], f"R{one.a:06d}-R{one.b:06d}") in pressed
    assert len(dedupe.list_waiting_pairs(project)) == 30 - len(made)


def test_a_reopened_preprint_stands_on_the_pages_and_may_be_kept(tmp_path):
    init_project(tmp_path)
    project = open_project(tmp_path)
    bring(project, PREPRINT, OTHER)
    dedupe.run_deduplication(project, "ada")
    for name in ("ada", "ben"):
        add_decision(project, NewDecision(1, "title-abstract", name, "exclude"), name)
    bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    line = "is the journal article of the preprint R000001 and was found after R000001 was screened"
    with served(tmp_path, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900})
        page.goto(address)
        expect(page.get_by_text(line)).to_be_visible()
        page.goto(f"{address}/duplicates")
        expect(page.get_by_text(line)).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Keep decisions").click()
        expect(page.get_by_text("The earlier decisions on R000001 are kept")).to_be_visible()
        expect(page.get_by_text(line)).to_have_count(0)
