"""A home of reviews in the browser: first account, a review from a template, a colleague, a copy
in a second tab, and the way back to the list."""

import re

import pytest
from playwright.sync_api import expect
from support.browser import chromium, read_setup_link, served_home, settled, tab

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


def create(page, title, origin):
    page.get_by_role("link", name="Create a review").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label(origin).check()
    page.get_by_role("button", name="Create review").click()
    page.wait_for_url(re.compile(r"/r/[a-z0-9-]+/$"))
    settled(page)


def test_from_the_printed_link_to_two_reviews_in_two_tabs(browser, tmp_path):
    with served_home(tmp_path) as address:
        page = tab(browser)
        page.goto(read_setup_link(tmp_path))
        page.get_by_label("Full name").fill("Mia Berg")
        page.get_by_label("Name to sign in with").fill("mia")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Create account and sign in").click()
        expect(page.get_by_text("There is no review yet")).to_be_visible()

        create(page, "AI for tuberculosis", "Diagnostic accuracy of imaging AI")
        page.get_by_role("link", name="Overview").click()
        expect(page.get_by_role("heading", name="AI for tuberculosis")).to_be_visible()
        assert page.url == f"{address}/r/ai-for-tuberculosis/home"

        other = page.context.new_page()
        other.goto(f"{address}/reviews")
        create(other, "AI for stroke", "Copy of “AI for tuberculosis”")
        other.get_by_role("link", name="Overview").click()
        expect(other.get_by_role("heading", name="AI for stroke")).to_be_visible()
        page.reload()
        settled(page)
        expect(page.get_by_role("heading", name="AI for tuberculosis")).to_be_visible()

        link = invite(page, "Ben Ost", "ben")
        colleague = tab(browser)
        colleague.goto(link)
        colleague.get_by_label("New password").fill(PASSWORD)
        colleague.get_by_label("Password again").fill(PASSWORD)
        colleague.get_by_role("button", name="Save and sign in").click()
        expect(colleague.get_by_role("link", name="AI for tuberculosis")).to_be_visible()
        expect(colleague.get_by_text("stroke")).to_have_count(0)
        colleague.goto(f"{address}/r/ai-for-stroke/home")
        expect(colleague.get_by_text("you are not in its team")).to_be_visible()

        page.get_by_role("link", name="All reviews").click()
        page.get_by_role("link", name="Archive AI for tuberculosis").click()
        page.get_by_role("button", name="Archive").click()
        expect(page.get_by_role("button", name="Bring back AI for tuberculosis")).to_be_visible()
        colleague.goto(f"{address}/reviews")
        expect(colleague.get_by_text("You are in no review yet")).to_be_visible()


def invite(page, full_name, name):
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    settled(page)
    page.get_by_role("textbox", name="Full name").fill(full_name)
    field = page.get_by_role("textbox", name="Name to sign in with")
    field.fill(name)
    field.press("Tab")
    settled(page)
    page.get_by_role("button", name="Create invitation link").first.click()
    code = page.get_by_test_id("stCode")
    expect(code).to_contain_text("/invitation?key=")
    return code.inner_text().strip()
