"""A reviewer answers an item, asks the assistant, and goes to the page of its quotation."""

import re

import pytest
from playwright.sync_api import expect
from support.assisted import ITEM, KEY, QUOTATION, assisted_review
from support.browser import chromium, served, tab
from support.language_model import language_model

from review.workflow.appraisal import forms


@pytest.mark.browser
def test_a_suggestion_is_shown_after_the_own_answer_and_fills_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNEL_ASSISTANT_KEY", KEY)
    with language_model() as service:
        project = assisted_review(tmp_path / "r", service.address)
        service.replies("yes", QUOTATION)
        with served(project.folder, solo="ada") as address, chromium() as browser:
            page = tab(browser, viewport={"width": 1440, "height": 900})
            page.goto(f"{address}/appraisal?key=R000001")
            app = page.get_by_test_id("stApp")
            expect(page.get_by_text("Identification as a study").first).to_be_visible()
            expect(app).to_have_attribute("data-test-script-state", "notRunning")
            expect(page.get_by_text("can be asked once you have answered")).to_be_visible()
            page.keyboard.press("y")
            expect(page.get_by_text("1 of 42 answered")).to_be_visible()
            expect(app).to_have_attribute("data-test-script-state", "notRunning")
            page.get_by_role("button", name="Previous question").or_(
                page.locator('[class*="st-key-filling_back"] button')
            ).first.click()
            page.get_by_role("button", name=re.compile("Ask invented-7b")).click()
            expect(page.get_by_text("invented-7b suggests: Yes")).to_be_visible()
            expect(page.get_by_text(f"“{QUOTATION}”")).to_be_visible()
            expect(app).to_have_attribute("data-test-script-state", "notRunning")
            page.locator('[class*="st-key-assistant_page_0"] button').click()
            expect(page.get_by_alt_text("Page 2")).to_be_visible()
            assert KEY not in page.content()
    entries = forms.open_form(project, 1, "claim-2020", "ada").entries
    assert list(entries) == ["title"]
    assert entries["title"].quote is None
    assert ITEM not in entries
