"""Keyboard alone: sign in, screen a record, answer an item and settle a difference."""

import pytest
from playwright.sync_api import Page, expect
from support import appraising
from support.browser import chromium, press_until, served, settled, tab

from review.models import Record
from review.store import decisions, records
from review.store.timestamps import utc_now
from review.workflow.appraisal import forms
from review.workflow.project import accounts
from review.workflow.screening import status

pytestmark = pytest.mark.browser
PASSWORD = "a long enough one"
MOST_TABS = 200
FOCUSED = "() => (document.activeElement?.innerText || '').trim()"
SHOWS = "text => document.body.innerText.includes(text)"


@pytest.fixture
def project(tmp_path):
    """For dan: a record to screen, a report to appraise, a finished form with a difference."""
    opened = appraising.review_in(tmp_path, 2)
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="pubmed")
        records.add_records(conn, batch, [(1, Record("pubmed", title="A new study"))], utc_now())
        status.rebuild_statuses(opened, conn)
    appraising.kind(opened, 1, "deep-learning", "dan")
    appraising.kind(opened, 2, "deep-learning", "ada", "ben")
    form = appraising.full(opened, "claim-2020")
    appraising.fill(opened, 2, "claim-2020", "ada", form)
    appraising.fill(opened, 2, "claim-2020", "ben", form | {"title": "no"})
    accounts.add_user(opened, "dan", PASSWORD, "ada")
    return opened


def focus_by_tab(page: Page, text: str) -> None:
    """Presses Tab until the focus is on something that begins with these words."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith(text):
            return
    raise AssertionError(f"no press of Tab reaches {text!r}")


def open_by_keys(page: Page, text: str, shown: str) -> None:
    """Follows a link or presses a button by Tab and Enter, and waits for what it opens."""
    settled(page)
    focus_by_tab(page, text)
    page.keyboard.press("Enter")
    expect(page.get_by_text(shown).first).to_be_visible()
    settled(page)


def test_a_reviewer_works_without_a_mouse(project):
    with served(project.folder) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/signin")
        page.keyboard.type("dan")  # the box has the focus already
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        open_by_keys(page, "Screening", "A new study")
        press_until(page, "i", SHOWS, "You have screened everything")
        open_by_keys(page, "Appraisal", "Continue with R000001")
        open_by_keys(page, "Continue with R000001", "Identification as a study of AI")
        press_until(page, "y", SHOWS, "1 of 42 answered")
        open_by_keys(page, "Consensus", "Resolve CLAIM 2020 for R000002")
        open_by_keys(page, "Resolve CLAIM 2020 for R000002", "to resolve · 41 agreed")
        press_until(page, "1", SHOWS, "CLAIM 2020 of R000002 is resolved")
    with project.store.read() as conn:
        (decision,) = decisions.list_decisions(conn, reviewer="dan")
    assert (decision.record, decision.verdict) == (4, "include")
    assert forms.open_form(project, 1, "claim-2020", "dan").entries["title"].answer == "yes"
