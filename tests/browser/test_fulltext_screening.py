"""Full-text screening by keyboard with the PDF beside it; notes, reloads and looking back."""

import pytest
from support.browser import chromium, press_until, served, settled, tab
from support.papers import draw_pdf

from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions, records
from review.store.timestamps import utc_now
from review.workflow.fulltexts import attachments
from review.workflow.screening import reviewing, status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser
MOVED = "u => location.search != u"
NOTE = "the appendix has the split"


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n}", doi=f"10.1/x{n}")) for n in range(1, 4)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(opened, conn)
    stage = find_stage(opened.protocol, "screening")
    for number in range(1, 4):
        for name in ("ada", "ben"):
            add_decision(opened, NewDecision(number, stage.id, name, "include"))
        attachments.attach_pdf(opened, number, "study.pdf", draw_pdf("study.pdf"), "ada")
    return opened


def query(page):
    return page.evaluate("location.search")


def test_two_keys_exclude_with_the_paper_beside_and_nothing_is_lost(project):
    stage = find_stage(project.protocol, "eligibility")
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/screening?stage=full-text")
        page.get_by_role("button", name="Include").wait_for()
        page.locator("canvas").first.wait_for()
        settled(page)
        first, title = query(page), page.locator(".record-key")
        assert page.locator("canvas").first.bounding_box()["x"] > title.bounding_box()["x"] + 300
        beside = page.locator("canvas").first.bounding_box()
        press_until(page, "e", "() => document.body.innerText.includes('Reason for exclusion')")
        assert page.locator("canvas").first.bounding_box()["y"] == beside["y"]
        assert query(page) == first
        press_until(page, "2", MOVED, first)
        settled(page)
        second = query(page)
        page.keyboard.press("n")
        box = page.get_by_label("Your note")
        box.wait_for()
        page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
        page.keyboard.type(NOTE)
        page.keyboard.press("Control+Enter")
        page.get_by_text(f"Your note: {NOTE}").wait_for()
        assert query(page) == second
        page.reload()
        page.get_by_text(f"Your note: {NOTE}").wait_for()
        assert query(page) == second
        settled(page)
        press_until(page, "ArrowLeft", MOVED, second)
        page.get_by_text("You excluded this record (no machine learning)").wait_for()
        page.reload()
        page.get_by_text("You excluded this record (no machine learning)").wait_for()
        assert query(page) == first
        settled(page)
        press_until(page, "ArrowRight", MOVED, first)
        settled(page)
        press_until(page, "i", MOVED, second)
        settled(page)
        press_until(page, "z", "u => location.search == u", second)
    with project.store.read() as conn:
        made = decisions.list_decisions(conn, stage=stage.id)
    said = [(one.record, one.verdict, one.reason) for one in made]
    one, two = (int(text.rsplit("R", 1)[1]) for text in (first, second))
    assert said == [
        (one, "exclude", "no machine learning"),
        (two, "include", None),
        (two, None, None),
    ]
    assert reviewing.get_reviewer_progress(project, stage, "ada").remaining == 2
