"""The Reports page in a browser: previews of every part, and one download of the full report."""

import hashlib
import json
import zipfile

import pytest
from playwright.sync_api import expect
from support import reporting
from support.browser import chromium, served, settled, tab

from review.workflow.project import accounts
from review.workflow.setup.loading import open_project

pytestmark = pytest.mark.browser


@pytest.fixture
def folder(tmp_path):
    return reporting.whole(tmp_path / "review").folder


def part(page, name):
    page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True).click()
    settled(page)


def test_the_whole_report_is_seen_and_taken_away_in_one_file(folder, tmp_path):
    team = [one.name for one in open_project(folder).protocol.team if "lead" in one.roles]
    assert accounts.single_user(open_project(folder), team[0])
    with served(folder, solo=team[0]) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1400, "height": 950}, accept_downloads=True)
        page.goto(f"{address}/results")
        settled(page)
        picture = page.get_by_role("img", name="PRISMA 2020 flow diagram")
        expect(picture).to_be_visible()
        part(page, "Figures")
        expect(page.get_by_test_id("stMain").get_by_role("img")).to_have_count(1)
        part(page, "Tables")
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
        part(page, "Methods")
        expect(page.get_by_text("11 records were identified")).to_be_visible()
        part(page, "Download all")
        page.get_by_role("button", name="Create full report").click()
        ready = page.get_by_role("button", name="Download report")
        expect(ready).to_be_visible()
        with page.expect_download() as taken:
            ready.click()
        taken.value.save_as(tmp_path / "report.zip")
    with zipfile.ZipFile(tmp_path / "report.zip") as packed:
        manifest = json.loads(packed.read("manifest.json"))
        told = {name: one["sha256"] for name, one in manifest["files"].items()}
        assert set(told) | {"manifest.json"} == set(packed.namelist())
        for name, checksum in told.items():
            assert hashlib.sha256(packed.read(name)).hexdigest() == checksum
