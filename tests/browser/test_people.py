"""The lead invites a colleague and a guest from the page People, and retires one; no command."""

import re

import pytest
from playwright.sync_api import Page, expect
from support.browser import chromium, served, settled, sign_in, tab

from review.workflow.project import accounts
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser


def invite(page: Page, name: str, full_name: str, role: str) -> str:
    """Fills in the form and gives the link that is shown."""
    expect(page.get_by_label("Full name")).to_be_visible()
    page.get_by_label("Full name").fill(full_name)
    page.get_by_role("textbox", name="Name to sign in with").fill(name)
    page.get_by_test_id("stRadio").get_by_text(role, exact=True).click()
    settled(page)
    page.get_by_role("button", name="Create invitation link").first.click()
    expect(page.get_by_text(f"{name} is in the team now.")).to_be_visible()
    link = page.get_by_test_id("stCode").inner_text().strip()
    page.get_by_role("button", name="Hide link").click()
    expect(page.get_by_test_id("stCode")).to_have_count(0)
    settled(page)
    return link


def accept(page: Page, link: str, address: str) -> None:
    page.goto(link)
    page.get_by_label("New password").fill("a fine password")
    page.get_by_label("Password again").fill("a fine password")
    page.get_by_role("button", name="Save and sign in").click()
    page.wait_for_url(re.compile(rf"{address}/(home)?$"))
    settled(page)


def test_a_lead_invites_and_retires_without_a_command(tmp_path):
    init_project(tmp_path)
    accounts.add_user(open_project(tmp_path), "ada", "correct horse", "root")
    with served(tmp_path) as address, chromium() as browser:
        lead = tab(browser, viewport={"width": 1440, "height": 900})
        sign_in(lead, address, "ada", "correct horse")
        lead.get_by_role("link", name="People").click()
        expect(lead.get_by_role("heading", name="People", exact=True)).to_be_visible()
        settled(lead)
        expect(lead.get_by_text("Example", exact=True)).to_have_count(2)
        first = invite(lead, "dan", "Dan Ek", "Reviewer")
        second = invite(lead, "gil", "Gil Roy", "Guest")
        assert first.startswith(f"{address}/invitation?key=") and first != second

        guest = tab(browser, viewport={"width": 390, "height": 844})
        accept(guest, second, address)
        guest.goto(f"{address}/summary")
        settled(guest)
        expect(guest.get_by_role("heading", name="Included studies")).to_be_visible()
        for path in ("records", "people", "screening", "record?key=R000001"):
            guest.goto(f"{address}/{path}")
            settled(guest)
            expect(guest.get_by_text("Page not found")).to_be_visible()

        dan = tab(browser)
        accept(dan, first, address)
        expect(dan.get_by_role("link", name="Screening")).to_be_visible()
        expect(dan.get_by_role("link", name="People")).to_have_count(0)

        lead.reload()
        settled(lead)
        card = lead.get_by_test_id("stVerticalBlock").filter(has_text="Gil Roy").last
        card.get_by_text("Manage").click()
        card.get_by_role("button", name="Retire …").click()
        expect(card.get_by_text("gil can no longer sign in")).to_be_visible()
        card.get_by_role("button", name="Retire gil").click()
        expect(lead.get_by_text("gil is retired.")).to_be_visible()
        guest.goto(f"{address}/summary")
        expect(guest.get_by_role("button", name="Sign in")).to_be_visible()
    team = [member.name for member in open_project(tmp_path).protocol.team]
    assert team == ["ada", "dan", "cleo", "gil"]
