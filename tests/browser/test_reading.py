"""Reading a long abstract: the keys stay visible, and each record opens at its title."""

import pytest
from support.browser import chromium, press_until, served, settled, tab

from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser
AT = "() => document.querySelector('[data-testid=stMain]').scrollTop"
MOVED = "u => location.search != u"


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        text = "Lungs on CT were read by a model and by two radiologists. " * 120
        given = [(n, Record("embase", title=f"Study {n}", abstract=text)) for n in range(1, 7)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(opened, conn)
    for number in (1, 2):
        for name in ("ada", "ben"):
            add_decision(opened, NewDecision(number, "title-abstract", name, "include"))
    return opened


def far_down(page):
    page.get_by_role("button", name="Include").wait_for()
    settled(page)
    page.mouse.move(800, 500)
    page.mouse.wheel(0, 1200)
    page.wait_for_function(f"() => ({AT})() > 300")


def test_the_keys_stay_at_hand_and_the_next_record_begins_at_its_title(project):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/screening")
        page.wait_for_url("**key=*")
        far_down(page)
        box = page.get_by_role("button", name="Exclude").bounding_box()
        assert 0 <= box["y"] < 60
        before = page.evaluate("location.search")
        page.get_by_role("button", name="Exclude").click()
        page.wait_for_function(MOVED, arg=before)
        page.wait_for_function(f"() => ({AT})() === 0")
        far_down(page)
        press_until(page, "i", MOVED, page.evaluate("location.search"))
        page.wait_for_function(f"() => ({AT})() === 0")
        page.goto(f"{address}/screening?stage=full-text")
        far_down(page)
        press_until(page, "e", "() => document.body.innerText.includes('Reason for exclusion')")
        page.wait_for_function(f"() => ({AT})() === 0")
