"""A list of 25 abstracts in a real browser: the arrow keys move, one key decides the marked record
alone, two quick keys never decide the record that is about to be left."""

import pytest
from support.browser import chromium, press_until, served, settled, tab
from support.small import studies

from review.models import Record
from review.store import decisions

pytestmark = pytest.mark.browser
MARK = ".record-key"
MOVED = "key => document.querySelector('.record-key')?.dataset.key !== key"


def current(page):
    return page.locator(MARK).get_attribute("data-key")


def press(page, key):
    before = current(page)
    press_until(page, key, MOVED, before)
    settled(page)
    return before


def votes(project):
    with project.store.read() as conn:
        made = decisions.list_decisions(conn, reviewer="ada")
    return {f"R{one.record:06d}": one.verdict for one in made}


def test_a_list_is_screened_by_keys_and_clicks_and_nothing_by_accident(tmp_path):
    given = [Record("embase", title=f"Study {n}", abstract="Words. " * 60) for n in range(1, 31)]
    project = studies(tmp_path, given)
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser)
        page.goto(f"{address}/screening")
        page.get_by_text("List of 25").click()
        page.locator("[class*=st-key-listed_R]").nth(24).wait_for()
        settled(page)
        first = press(page, "ArrowDown")
        included = press(page, "i")
        excluded = press(page, "e")
        assert votes(project) == {included: "include", excluded: "exclude"}
        assert first not in votes(project)
        left = current(page)
        page.evaluate(  # both keys before the page can be redrawn
            """() => ['ArrowDown', 'm'].forEach(key => document.body.dispatchEvent(
                new KeyboardEvent('keydown', {key, bubbles: true, composed: true})))"""
        )
        page.wait_for_function(MOVED, arg=left)
        settled(page)
        assert votes(project) == {included: "include", excluded: "exclude"}
        own = page.locator(f".st-key-listed_Maybe_{first} button")
        own.click()
        page.get_by_text("You marked this record Maybe").wait_for()
        settled(page)
        assert votes(project)[first] == "unsure"
        press_until(page, "z", "() => document.body.innerText.includes('undone')")
        settled(page)
        assert current(page) == first and votes(project)[first] is None
        page.reload()
        page.locator("[class*=st-key-listed_R]").nth(24).wait_for()  # the browser remembers it
        settled(page)
        page.locator(f".st-key-listed_{first}").first.wait_for(state="attached")  # it waits again
        assert page.locator(f".st-key-listed_{included}").count() == 0
