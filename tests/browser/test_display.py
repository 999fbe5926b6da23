"""Appraisal on a small screen: everything in one view, keys switched off, the side bar folded."""

import re

import pytest
from playwright.sync_api import Page, expect
from support import appraising
from support.browser import chromium, press_until, served, settled, sign_in, tab
from support.papers import draw_pdf

from review.workflow.appraisal import forms
from review.workflow.fulltexts import attachments
from review.workflow.project import accounts

pytestmark = pytest.mark.browser
PASSWORD = "a long enough one"
FOLDED = "() => document.querySelector('[data-testid=stSidebar]')?.dataset.collapsed === 'true'"
SELECT_TEXT = """() => {
  const line = [...document.querySelectorAll('.paper-window div div')]
    .find(one => one.children.length === 0 && one.textContent.trim().length > 40);
  const range = document.createRange();
  range.selectNodeContents(line);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  return line.textContent.trim();
}"""


@pytest.fixture
def project(tmp_path):
    opened = appraising.review_in(tmp_path, 1)
    attachments.attach_pdf(opened, 1, "study.pdf", draw_pdf("study.pdf"), "ada")
    appraising.kind(opened, 1, "deep-learning", "ada")
    accounts.add_user(opened, "ada", PASSWORD, "ada")
    return opened


def open_form(page: Page, address: str) -> None:
    page.goto(f"{address}/appraisal?key=R000001")
    page.get_by_text("Identification as a study of AI methodology").first.wait_for()
    expect(page.get_by_alt_text("Page 1")).to_be_visible()
    settled(page)


def opens_by_a_click_on_a_title(page: Page, address: str) -> None:
    """A click anywhere in a report's row of the list opens its form."""
    page.goto(f"{address}/appraisal")
    table = page.get_by_test_id("stDataFrame")
    cell = table.locator("[role=gridcell]", has_text="Radiograph study 1")
    expect(cell.first).to_be_attached()
    settled(page)
    table.click(position={"x": 250, "y": 52})  # the cells are drawn on a canvas: its first title
    page.wait_for_url("**key=R000001")
    settled(page)


def find_edges(page: Page, selector: str) -> tuple[float, float, float]:
    """Left, top and bottom of the first element (pixels)."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["y"] + box["height"]


def shows_everything_in_one_view(page: Page) -> None:
    """Question, evidence, answers and quote, from top to bottom of 720 pixels."""
    question = find_edges(page, ".st-key-appraisal_form h4")
    evidence = find_edges(page, "[class*='st-key-evidence_use']")
    answers = find_edges(page, "[class*='st-key-answer_title_unsure']")
    quote = find_edges(page, "textarea[aria-label=Quote]")
    assert 0 < question[1] < evidence[1]
    assert evidence[2] <= answers[1] < quote[1]
    assert quote[2] <= 720


def keeps_no_frame(page: Page) -> None:
    """Clicking text and pressing a key outlines no part of the page itself."""
    page.locator(".st-key-appraisal_form h4").click()
    page.keyboard.press("Shift")
    style = page.evaluate("getComputedStyle(document.querySelector('.stMain')).outlineStyle")
    assert style == "none"


def switches_a_key_off(page: Page, project) -> None:
    press_until(
        page, "?", "() => document.body.innerText.includes('Keys, text size and marked words')"
    )
    settled(page)
    page.get_by_role("dialog").locator("label", has_text=re.compile("^Y Yes$")).click()
    settled(page)
    expect(page.get_by_role("dialog").get_by_role("checkbox", name="Same")).not_to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(page.get_by_alt_text("Page 1")).to_be_visible()
    settled(page)
    page.keyboard.press("y")
    settled(page)
    assert not forms.open_form(project, 1, "claim-2020", "ada").entries
    press_until(page, "n", "() => document.body.innerText.includes('Structured summary')")
    assert forms.open_form(project, 1, "claim-2020", "ada").entries["title"].answer == "no"


def quotes_what_is_selected(page: Page) -> None:
    chosen = page.evaluate(SELECT_TEXT)
    page.keyboard.press("q")
    expect(page.get_by_label("Quote")).to_have_value(" ".join(chosen.split()))


def test_a_form_is_filled_in_on_a_small_screen(project):
    with served(project.folder) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1280, "height": 720})
        sign_in(page, address, "ada", PASSWORD)
        opens_by_a_click_on_a_title(page, address)
        open_form(page, address)
        shows_everything_in_one_view(page)
        keeps_no_frame(page)
        switches_a_key_off(page, project)
        page.locator(".st-key-item_map button", has_text="7").first.click()
        page.get_by_text("Data sources").first.wait_for()
        settled(page)
        quotes_what_is_selected(page)
        page.evaluate(
            "document.querySelector('[data-testid=stSidebarCollapseButton] button').click()"
        )
        page.wait_for_function(FOLDED)
        page.wait_for_function("() => document.cookie.includes('funnel_sidebar=folded')")
        page.reload()
        page.wait_for_function(FOLDED)
        page.set_viewport_size({"width": 820, "height": 1000})
        open_form_on_a_tablet(page, address)


def open_form_on_a_tablet(page: Page, address: str) -> None:
    """The side bar is folded, and the form follows below the paper."""
    page.context.add_cookies([{"name": "funnel_sidebar", "value": "open", "url": address}])
    page.goto(f"{address}/appraisal?key=R000001")
    expect(page.get_by_alt_text("Page 1")).to_be_visible()
    settled(page)
    page.wait_for_function(FOLDED)
    paper = find_edges(page, ".paper-window")
    form = find_edges(page, ".st-key-appraisal_form")
    assert abs(paper[0] - form[0]) < 20
    assert form[1] >= paper[2]
