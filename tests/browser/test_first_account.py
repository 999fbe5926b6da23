"""A person who has only the printed link makes the first account and is in the review."""

import re

import pytest
from playwright.sync_api import expect
from support.browser import chromium, read_setup_link, served, settled, sign_in, tab

from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser


def test_the_printed_link_leads_to_the_leads_account_and_into_the_review(tmp_path):
    init_project(tmp_path)
    with served(tmp_path) as address, chromium() as browser:
        page = tab(browser)
        page.goto(address)
        expect(page.get_by_role("alert")).to_contain_text("Open the link that the app printed")
        page.goto(read_setup_link(tmp_path))
        expect(page.get_by_role("heading", name="Create the first account")).to_be_visible()
        page.get_by_label("Full name").fill("Mia Berg")
        page.get_by_label("Name to sign in with").fill("mia")
        page.get_by_label("Password", exact=True).fill("correct horse")
        page.get_by_label("Password again").fill("correct house")
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
        expect(page.get_by_label("Full name")).to_have_value("Mia Berg")
        page.get_by_label("Password", exact=True).fill("correct horse")
        page.get_by_label("Password again").fill("correct horse")
        page.get_by_role("button", name="Create account").click()
        page.wait_for_url(re.compile(rf"{address}/(home)?$"))
        settled(page)
        expect(page.get_by_text("mia · lead, reviewer")).to_be_visible()

        late = tab(browser)
        late.goto(read_setup_link(tmp_path))
        expect(late.get_by_role("alert")).to_contain_text("The first account has been made")
        sign_in(late, address, "mia", "correct horse")
    team = [member.name for member in open_project(tmp_path).protocol.team]
    assert team == ["mia", "ben", "cleo"]
