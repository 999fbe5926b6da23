"""The Full texts page in a browser: a ZIP of PDFs, a wrong one removed, one not available."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.browser import chromium, served, settled, tab
from support.papers import STUDY_TITLE, draw_pdf

from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.fulltexts.uploads import list_sought_reports
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser
OTHER_TITLE = "Segmentation of the pancreas on abdominal MRI of adults"


def test_pdfs_are_dropped_removed_and_marked_as_not_available(tmp_path: Path) -> None:
    init_project(tmp_path / "review")
    project = open_project(tmp_path / "review", who="ada")
    given = [Record("embase", title=title) for title in (STUDY_TITLE, OTHER_TITLE)]
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        records.add_records(conn, batch, list(enumerate(given, 1)), utc_now())
        status.rebuild_statuses(project, conn)
    for number in (1, 2):
        for name in ("ada", "ben"):
            stage = project.protocol.stages[0].id
            add_decision(project, NewDecision(number, stage, name, "include"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("papers/study.pdf", draw_pdf("study.pdf"))
        archive.writestr("papers/R000002.pdf", draw_pdf("study.pdf"))
    with served(tmp_path / "review", solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 1000})
        page.goto(f"{address}/full-texts")
        settled(page)
        expect(page.get_by_text("2 reports sought: 0 with a PDF")).to_be_visible()
        page.locator("input[type=file]").first.set_input_files(
            {"name": "papers.zip", "mimeType": "application/zip", "buffer": stream.getvalue()}
        )
        page.get_by_role("button", name="Attach 1 file").click()
        expect(page.get_by_text("2 of 2 PDFs attached")).to_be_visible()
        expect(page.get_by_text("2 reports sought: 2 with a PDF")).to_be_visible()
        page.screenshot(path=str(tmp_path / "attached.png"), full_page=True)

        box = page.get_by_role("combobox", name="Report", exact=True)
        box.scroll_into_view_if_needed()
        box.click()
        page.keyboard.type("R000002")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Remove PDF").click()
        expect(page.get_by_text("PDF of R000002 removed.")).to_be_visible()
        expect(page.get_by_text("2 reports sought: 1 with a PDF")).to_be_visible()
        page.get_by_label("Full text not available: reason").fill("No reply from the authors")
        page.get_by_role("button", name="Mark as not retrieved").click()
        expect(page.get_by_text("R000002 is marked as not retrieved.")).to_be_visible()
        page.screenshot(path=str(tmp_path / "marked.png"), full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        settled(page)
        page.screenshot(path=str(tmp_path / "narrow.png"), full_page=True)
    first, second = list_sought_reports(project)
    assert (first.state, first.file_name) == ("attached", "study.pdf")
    assert (second.state, second.reason) == ("not retrieved", "No reply from the authors")
