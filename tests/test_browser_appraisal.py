"""Two reviewers score a real paper by keyboard, disagree, settle; the gate and the flow follow."""

import re

import pytest
from appraising import RQS_GOOD, fill, full, review_in
from browser import chromium, served, sign_in
from conftest import SHARED
from playwright.sync_api import Page, expect

from review.checklists import items
from review.workflow import accounts, files
from review.workflow.appraisal import forms, results, tools
from review.workflow.flow import flow_of

PASSWORD = "a long enough one"
WAIT = 60_000


@pytest.fixture
def project(tmp_path):
    opened = review_in(tmp_path, 1)
    data = (SHARED / "reference" / "pdfs" / "covidnet-cxr-v3.pdf").read_bytes()
    files.attach(opened, 1, "covidnet.pdf", data, "ada")
    for name in ("ada", "ben", "cleo"):
        accounts.add_user(opened, name, PASSWORD, "ada")
    return opened


def at(page: Page, text: str) -> None:
    expect(page.get_by_text(text, exact=False).first).to_be_visible(timeout=WAIT)


def still(page: Page) -> None:
    """Waits until the app has drawn all of its answer to the last key."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=WAIT)


def shows(page: Page, name: str) -> None:
    """Waits until the question of this name is open, down to the box below its answers."""
    box = page.locator(f'input[aria-label="Go to"][value*="{name}"]')
    expect(box.first).to_be_visible(timeout=WAIT)
    still(page)


def keys(page: Page, checklist: str, given: str, start: int = 0) -> None:
    """Answers one question a key from a place on; each is waited for until the next one is open."""
    asked = items(tools.checklist(None, checklist))
    for number, key in enumerate(given, start):
        shows(page, asked[number].name)
        page.keyboard.press(key)
        at(page, f"{number + 1} of {len(asked)} answered")
        if asked[number].choose == "many" and number + 1 < len(asked):
            still(page)
            page.keyboard.press("Control+Enter")


def open_report(page: Page, address: str, name: str) -> None:
    sign_in(page, address, name, PASSWORD)
    page.goto(f"{address}/appraisal")
    at(page, "Go on with R000001")
    still(page)
    page.keyboard.press("Enter")
    at(page, "By which methods does the model")
    expect(page.get_by_alt_text("Page 1")).to_be_visible(timeout=WAIT)
    shows(page, "Kind of study")
    page.keyboard.press("h")
    shows(page, "Title names AI")


def go_on_by_itself(page: Page) -> None:
    page.get_by_text("Go on after each answer").click()
    still(page)


def finish(page: Page, following: str) -> None:
    expect(page.get_by_role("button", name=re.compile("^Finish"))).to_be_enabled(timeout=WAIT)
    page.keyboard.press("Control+Shift+Enter")
    at(page, following)


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_from_two_keyboards_to_the_flow_diagram(project):
    nearly = full(project, "claim-2020")
    for key in ("registration", "protocol-access", "funding", "limitations", "implications"):
        del nearly[key]
    fill(project, 1, "claim-2020", "ben", nearly | {"model-selection": "partly"}, finish=False)
    rqs_of_ben = full(project, "rqs-1.0", "no", **RQS_GOOD) | {"discrimination": "statistic"}
    del rqs_of_ben["open"]
    fill(project, 1, "rqs-1.0", "ben", rqs_of_ben, finish=False)
    with served(project.folder) as address, chromium() as browser:
        ada = browser.new_context(viewport={"width": 1500, "height": 1000}).new_page()
        open_report(ada, address, "ada")
        at(ada, "Possible evidence")
        ada.get_by_role("button", name="Use").first.click()
        expect(ada.get_by_label("Quote")).not_to_have_value("", timeout=WAIT)
        go_on_by_itself(ada)
        keys(ada, "claim-2020", "y" * 8 + "n" + "y" * 33)
        finish(ada, "How well is the scan protocol")
        # documented | features, validation | - | discrimination | - | code
        keys(ada, "rqs-1.0", "1000" + "32" + "0000" + "010" + "00" + "3")
        finish(ada, "What is done with the model")

        ben = browser.new_context(viewport={"width": 1500, "height": 1000}).new_page()
        sign_in(ben, address, "ben", PASSWORD)
        ben.goto(f"{address}/appraisal?key=R000001")
        at(ben, "By which methods does the model")
        expect(ben.get_by_alt_text("Page 1")).to_be_visible(timeout=WAIT)
        shows(ben, "Kind of study")
        ben.keyboard.press("h")
        at(ben, "37 of 42 answered")
        shows(ben, "Limitations")
        go_on_by_itself(ben)
        keys(ben, "claim-2020", "yyyyy", 37)
        finish(ben, "What has been made public")
        keys(ben, "rqs-1.0", "3", 15)
        finish(ben, "What is done with the model")

        cleo = browser.new_context(viewport={"width": 1500, "height": 1000}).new_page()
        sign_in(cleo, address, "cleo", PASSWORD)
        cleo.goto(f"{address}/consensus")
        at(cleo, "Settle CLAIM 2020 of R000001")
        still(cleo)
        cleo.keyboard.press("Enter")
        at(cleo, "2 to settle · 40 agreed")
        still(cleo)
        cleo.keyboard.press("1")
        at(cleo, "1 to settle · 40 agreed · 1 settled")
        still(cleo)
        cleo.keyboard.press("1")
        at(cleo, "CLAIM 2020 of R000001 is settled")
        at(cleo, "preparation of images not documented")
    check_the_store(project)


def check_the_store(project) -> None:
    form = forms.open_form(project, 1, "claim-2020", "ada")
    assert form.entries["title"].quote
    assert form.entries["title"].page == 1
    assert form.entries["preprocessing"].answer == "no"
    (claim,) = results.appraised(project, "claim-2020")
    assert (claim.settled, claim.result.totals[0].value) == (True, 41)
    (points,) = results.appraised(project, "rqs-1.0")
    assert (points.settled, points.result.totals[0].value) == (True, 8)
    flow = flow_of(project)
    assert [(line.label, line.n) for line in flow.excluded_quality] == [
        ("preparation of images not documented", 1)
    ]
    assert flow.new_reports.n == 0
