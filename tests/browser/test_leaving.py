"""Leaving by the browser's Back, the side bar after a narrow window, and a server that is away."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect
from support.browser import ROOT, chromium, free_port, served, settled, sign_in, tab
from support.small import studies

from review.models import Record
from review.pages.widgets.keyboard import AWAY_WORDS
from review.workflow.project import accounts

pytestmark = pytest.mark.browser
PASSWORD = "a long enough one"
FOLDED = "() => document.querySelector('[data-testid=stSidebar]')?.dataset.collapsed === 'true'"
OPEN = "() => document.querySelector('[data-testid=stSidebar]')?.dataset.collapsed === 'false'"


@pytest.fixture
def project(tmp_path):
    opened = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 9)])
    accounts.add_user(opened, "ada", PASSWORD, "ada")
    return opened


def decides_twice_and_goes_back_to_the_overview(page: Page, address: str) -> None:
    page.goto(f"{address}/home")
    settled(page)
    link = page.get_by_test_id("stSidebarNavLink").filter(has_text="Screening")
    link.first.click()
    for _ in range(2):
        page.wait_for_url(re.compile(r"/screening\?.*key=R"))
        settled(page)
        before = page.url
        page.get_by_role("button", name=re.compile("^Exclude")).first.click()
        page.wait_for_function("u => location.href !== u", arg=before)
        settled(page)
    page.go_back()
    page.wait_for_url(f"{address}/home")
    expect(page.get_by_role("heading", name="Latest imports and searches")).to_be_visible()


def a_narrow_window_folds_no_wide_one(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 820, "height": 900})
    page.goto(f"{address}/records")
    page.wait_for_function(FOLDED)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{address}/records")
    settled(page)
    page.wait_for_function(OPEN)


def test_back_leaves_screening_and_the_side_bar_comes_back(project):
    with served(project.folder) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1280, "height": 800})
        sign_in(page, address, "ada", PASSWORD)
        decides_twice_and_goes_back_to_the_overview(page, address)
        a_narrow_window_folds_no_wide_one(page, address)


def test_a_server_that_is_away_is_explained_without_streamlits_words(project):
    words = [sys.executable, "-m", "review.cli", "--review", str(project.folder), "app"]
    port = free_port()
    with chromium() as browser:
        with (project.folder / "app.log").open("wb") as log:
            server = subprocess.Popen(
                [*words, "--port", str(port)], stdout=log, stderr=log, cwd=ROOT
            )
        try:
            page = tab(browser, viewport={"width": 1280, "height": 800})
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    page.goto(f"{address}/signin")
                    break
                except Exception:  # noqa: BLE001  until it listens
                    page.wait_for_timeout(300)
            sign_in(page, address, "ada", PASSWORD)
        finally:
            server.terminate()
            server.wait(60)
        expect(page.get_by_role("dialog")).to_contain_text(AWAY_WORDS)
        expect(page.get_by_role("dialog")).not_to_contain_text("Streamlit")
