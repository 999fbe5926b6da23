"""The Reports page in a browser: previews of every part, and one download of the full report."""

import hashlib
import json
import zipfile

import pytest
from playwright.sync_api import expect
from support import reporting
from support.browser import chromium, served, settled, tab

from review.workflow.project import accounts
from review.workflow.publishing.publish import publish_folder
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
        part(page, "Publish")
        expect(page.get_by_text("Not published: names of the team")).to_be_visible()
        page.get_by_role("button", name="Create edition 1").click()
        ready = page.get_by_role("button", name="Download edition 1")
        expect(ready).to_be_visible()
        with page.expect_download() as taken:
            ready.click()
        taken.value.save_as(tmp_path / "page.zip")
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_published_page_opens_from_the_disk_and_loads_nothing_else(tmp_path, scheme, width):
    project = reporting.whole(tmp_path / "review")
    publish_folder(project, tmp_path / "page", who="ada")
    with chromium() as browser:
        page = tab(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        for name in ("index.html", "studies/R000001.html", "editions.html"):
            page.goto((tmp_path / "page" / name).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            loaded = "[...document.images].every(i => i.complete && i.naturalWidth > 0)"
            assert page.evaluate(loaded)
            back = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (back == "rgb(255, 255, 255)") == (scheme == "light")
    assert complaints == [] and all(address.startswith("file:") for address in asked)
