"""The Account page in Chromium: where a person is signed in, one browser signed out, then all;
an account closed and a password changed elsewhere."""

import pytest
from playwright.sync_api import expect
from support.browser import chromium, served, settled, sign_in, tab
from support.small import studies

from review.models import Record
from review.workflow.project import accounts, sign_in_limits

pytestmark = pytest.mark.browser
PASSWORD = "password of ada"


@pytest.fixture
def project(tmp_path, database):
    made = studies(tmp_path, [Record("embase", title="Study")])
    for name in ("ada", "ben"):
        accounts.add_user(made, name, f"password of {name}", "ada")
    return made


def open_account(page, address):
    page.goto(f"{address}/account")
    page.get_by_text("Where you are signed in").wait_for()
    settled(page)


def is_at_the_door(page, address):
    """Whether a page of the app leads to the sign-in page, as it does without a session."""
    page.goto(f"{address}/records")
    expect(page.get_by_label("Password")).to_be_visible()
    return page.url.startswith(f"{address}/signin")


def count_sessions(project, name):
    return len(accounts.list_sessions(project, name))


def test_sessions_are_listed_and_end_one_by_one_and_all_at_once(project):
    with served(project.folder) as address, chromium() as browser:
        here, there, other = tab(browser), tab(browser), tab(browser)
        sign_in(here, address, "ada", PASSWORD)
        sign_in(there, address, "ada", PASSWORD)
        sign_in(other, address, "ben", "password of ben")
        open_account(here, address)
        main = here.get_by_test_id("stMain")
        expect(main.get_by_text("since")).to_have_count(2)
        expect(main.get_by_text("this browser")).to_have_count(1)
        here.get_by_role("button", name="Sign out", exact=True).first.click()
        expect(main.get_by_text("since")).to_have_count(1)
        assert is_at_the_door(there, address)
        assert count_sessions(project, "ada") == 1

        sign_in(there, address, "ada", PASSWORD)  # the account itself is as it was
        open_account(here, address)
        expect(main.get_by_text("since")).to_have_count(2)
        here.get_by_role("button", name="Sign out everywhere").click()
        here.get_by_text("You are signed out in every browser").wait_for()
        for page in (here, there):
            assert is_at_the_door(page, address)
        assert count_sessions(project, "ada") == 0
        assert count_sessions(project, "ben") == 1  # nobody else is signed out
        open_account(other, address)

        accounts.close_user(project, "ben", "ada")
        assert is_at_the_door(other, address)
        sign_in(here, address, "ada", PASSWORD)
        sign_in_limits.change_password(project, "ada", PASSWORD, "another password")
        assert is_at_the_door(here, address)
