"""Two reviewers appraise a paper by keyboard and disagree; consensus, gate and flow follow."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from support.appraising import review_in
from support.browser import chromium, served, settled, sign_in, tab
from support.papers import draw_pdf

from review.checklists import list_items
from review.workflow.appraisal import forms, instruments, results
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.fulltexts import attachments
from review.workflow.project import accounts

PASSWORD = "a long enough one"


@pytest.fixture
def project(tmp_path):
    opened = review_in(tmp_path, 1)
    attachments.attach_pdf(opened, 1, "study.pdf", draw_pdf("study.pdf"), "ada")
    for name in ("ada", "ben", "cleo"):
        accounts.add_user(opened, name, PASSWORD, "ada")
    return opened


def at(page: Page, text: str) -> None:
    expect(page.get_by_text(text, exact=False).first).to_be_visible()


def still(page: Page) -> None:
    """Waits until the app has drawn all of its answer to the last key."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")


def shows(page: Page, name: str) -> None:
    """Waits until the question of this name is open, down to the box below its answers."""
    box = page.locator(f'input[aria-label="Go to"][value*="{name}"]')
    expect(box.first).to_be_visible()
    still(page)


PACE = 250
"""Milliseconds a reviewer takes at least to see a question that is drawn before pressing a key."""


def keys(page: Page, checklist: str, given: str, start: int = 0) -> None:
    """Answers one question a key from a place on; each is waited for until the next one is open."""
    asked = list_items(instruments.get_checklist(None, checklist))
    for number, key in enumerate(given, start):
        shows(page, asked[number].name)
        page.wait_for_timeout(PACE)
        page.keyboard.press(key)
        at(page, f"{number + 1} of {len(asked)} answered")
        if asked[number].choose == "many" and number + 1 < len(asked):
            still(page)
            page.wait_for_timeout(PACE)
            page.keyboard.press("Control+Enter")


def open_report(page: Page, address: str, name: str) -> None:
    sign_in(page, address, name, PASSWORD)
    page.goto(f"{address}/appraisal")
    at(page, "Continue with R000001")
    still(page)
    page.keyboard.press("Enter")
    at(page, "Which methods does the model")
    expect(page.get_by_alt_text("Page 1")).to_be_visible()
    shows(page, "Kind of study")
    page.keyboard.press("h")
    shows(page, "Identification as a study of AI methodology")


def finish(page: Page, following: str) -> None:
    expect(page.get_by_role("button", name=re.compile("^Finish"))).to_be_enabled()
    page.keyboard.press("Control+Shift+Enter")
    at(page, following)
    settled(page)


# items 1 to 16: documented | feature reduction | discrimination | validation | code
RQS = "1000" + "3" + "000" + "1" + "00" + "2" + "000" + "3"
CLAIM = {"ada": "y" * 8 + "n" + "y" * 33, "ben": "y" * 25 + "p" + "y" * 16}


def paper_tab(browser: Browser) -> Page:
    """A browser of somebody's own."""
    return tab(browser, viewport={"width": 1500, "height": 1000})


def score_by_keyboard(page: Page, address: str, name: str, points: str) -> None:
    """One reviewer fills in and finishes CLAIM and RQS, with a quote taken and used again."""
    open_report(page, address, name)
    at(page, "Suggested sentences")
    page.get_by_role("button", name="Use").first.click()
    expect(page.get_by_label("Quote")).not_to_have_value("")
    keys(page, "claim-2020", CLAIM[name])
    finish(page, "How well is the imaging protocol")
    reuse = page.get_by_text("Reuse a quote (1)")
    expect(reuse).to_have_count(1)  # that of the last form goes only when all is drawn
    reuse.click()
    page.get_by_text("CLAIM 2020 1)").click()
    expect(page.get_by_label("Quote")).not_to_have_value("")
    still(page)
    keys(page, "rqs-1.0", points)
    finish(page, "Was the model developed, validated")


def settle_first(page: Page, form: str, before: str, after: str) -> None:
    """Opens a form from the list and takes the first reviewer's answer with one key."""
    at(page, f"Resolve {form} for R000001")
    still(page)
    page.keyboard.press("Enter")
    at(page, before)
    still(page)
    page.keyboard.press("1")
    at(page, after)
    still(page)


def flow_text(page: Page, address: str) -> str:
    """The words of the flow diagram that the reports page shows."""
    page.goto(f"{address}/results")
    picture = page.get_by_alt_text("PRISMA 2020 flow diagram")
    expect(picture).to_be_visible()
    svg = page.evaluate(
        "async a => (await fetch(document.querySelector(`img[alt='${a}']`).src)).text()",
        "PRISMA 2020 flow diagram",
    )
    return " ".join(re.sub(r"<[^>]*>", " ", svg).split())


@pytest.mark.browser
def test_from_two_keyboards_to_the_flow_diagram(project):
    with served(project.folder) as address, chromium() as browser:
        ada, ben, cleo = paper_tab(browser), paper_tab(browser), paper_tab(browser)
        score_by_keyboard(ada, address, "ada", RQS)
        sign_in(cleo, address, "cleo", PASSWORD)
        cleo.goto(f"{address}/consensus?key=R000001&checklist=claim-2020")
        at(cleo, "cannot be adjudicated until all its reviewers have completed")
        score_by_keyboard(ben, address, "ben", "0" + RQS[1:])
        cleo.goto(f"{address}/consensus")
        settle_first(cleo, "CLAIM 2020", "2 to resolve · 40 agreed", "1 to resolve · 40 agreed")
        cleo.keyboard.press("1")
        at(cleo, "CLAIM 2020 of R000001 is resolved")
        at(cleo, "preparation of images not documented")
        cleo.get_by_role("button", name="All forms").click()
        settle_first(cleo, "RQS", "1 to resolve · 15 agreed", "RQS of R000001 is resolved")
        shown = flow_text(ada, address)
    assert "preparation of images not documented (n = 1)" in shown
    assert "Reports excluded by the quality gate (n = 1)" in shown
    check_the_store(project)


def check_the_store(project) -> None:
    form = forms.open_form(project, 1, "claim-2020", "ada")
    assert form.entries["title"].quote
    assert form.entries["title"].page == 1
    assert form.entries["preprocessing"].answer == "no"
    again = forms.open_form(project, 1, "rqs-1.0", "ada").entries["protocol"]
    assert again.quote == form.entries["title"].quote
    (claim,) = results.list_appraisals(project, "claim-2020")
    assert (claim.settled, claim.result.totals[0].value) == (True, 41)
    (points,) = results.list_appraisals(project, "rqs-1.0")
    assert (points.settled, points.result.totals[0].value) == (True, 8)
    flow = compute_flow(project)
    assert [(line.label, line.n) for line in flow.excluded_quality] == [
        ("preparation of images not documented", 1)
    ]
    assert flow.new_reports.n == 0
