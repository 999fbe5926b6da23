"""The Import page in a browser: previews, a mapping, a search date, and decisions to correct."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect
from support.browser import chromium, served, settled, tab

from review.store import decisions, records, search_dates
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser

RIS = "".join(
    f"TY  - JOUR\nDB  - Embase\nTI  - Deep learning on chest images, part {n}\nAU  - Li, W.\n"
    f"PY  - 2020\nJO  - Radiology\nDO  - 10.1234/{n}\nAB  - We read scans.\nER  - \n\n"
    for n in range(1, 5)
)
STRANGE = (
    "Heading,Persons,Appeared,Text\n"
    '"Chest CT of 200 patients in one hospital","Li, W.; Xu, P.",2020,"We read scans."\n'
    '"Deep learning on chest images, part 2","Roy, A.",2021,"We read more scans."\n'
)


def drop(page: Page, label: str, name: str, text: str) -> None:
    """Gives a file to the box of this label."""
    box = page.locator("[data-testid=stFileUploader]").filter(has_text=label)
    box.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
    )


def card(page: Page, name: str) -> Locator:
    """The frame in which a file's preview is drawn."""
    heading = page.get_by_role("heading", name=name)
    return page.locator("[data-testid=stVerticalBlock]").filter(has=heading).last


def choose(page: Page, frame: Locator, label: str, option: str) -> None:
    """Chooses an option of a box; opens it again if scrolling to it has closed its list."""
    box = frame.get_by_role("combobox", name=label)
    box.scroll_into_view_if_needed()
    for _ in range(5):
        box.click()
        entry = page.get_by_role("option", name=option, exact=True)
        try:
            entry.click(timeout=15_000)
        except TimeoutError:
            continue
        settled(page)
        return
    raise AssertionError(f"the list of {label!r} did not stay open")


def test_exports_are_previewed_mapped_and_imported(tmp_path: Path) -> None:
    init_project(tmp_path / "review")
    project = open_project(tmp_path / "review", who="ada")
    with served(tmp_path / "review", solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 1000})
        page.goto(f"{address}/harvests")  # the box is on each page of Identify
        settled(page)
        drop(page, "search exports", "embase.ris", RIS)
        expect(page.get_by_text("4 records counted in the file, 4 read.")).to_be_visible()
        expect(page.get_by_text("No duplicates of records in the review expected.")).to_be_visible()
        button = page.get_by_role("button", name="Import 4 records")
        button.click()
        expect(page.get_by_text("Nothing was imported yet: enter the date")).to_be_visible()
        page.screenshot(path=str(tmp_path / "preview.png"), full_page=True)
        page.get_by_role("spinbutton", name="year, Date of the search").click()
        page.keyboard.type("20240312")
        button.click()
        expect(page.get_by_text("4 records in the file: 4 new, 0 already in")).to_be_visible()
        page.goto(f"{address}/duplicates")
        settled(page)
        drop(page, "search exports", "again.ris", RIS)
        expect(page.get_by_text("No record will be added")).to_be_visible()
        page.goto(f"{address}/import")
        settled(page)

        drop(page, "search exports", "library.csv", STRANGE)
        expect(page.get_by_text("library.csv: no title column found.")).to_be_visible()
        frame = card(page, "library.csv")
        for column, field in (
            ("Heading", "Title"),
            ("Persons", "Authors"),
            ("Appeared", "Year"),
            ("Text", "Abstract"),
        ):
            choose(page, frame, column, field)
        page.screenshot(path=str(tmp_path / "mapping.png"), full_page=True)
        page.get_by_role("button", name="Apply mapping").click()
        expect(page.get_by_text("2 records counted in the file, 2 read.")).to_be_visible()
        expect(
            page.get_by_text("Probable duplicates of other records (same DOI, PMID or title): 1.")
        ).to_be_visible()
        frame.get_by_text("Not known").click()
        page.get_by_role("button", name="Import 2 records").click()
        expect(page.get_by_text("2 records in the file: 2 new, 0 already in")).to_be_visible()
        page.screenshot(path=str(tmp_path / "imported.png"), full_page=True)
        _undoes_an_import(page)
        page.set_viewport_size({"width": 390, "height": 844})
        settled(page)
        page.screenshot(path=str(tmp_path / "narrow.png"), full_page=True)
        _imports_decisions(page, project.protocol.stages[0].id, tmp_path)
    with project.store.read() as conn:
        assert records.count_records(conn) == 4
        dates = search_dates.list_search_dates(conn)
        (decision,) = decisions.list_decisions(conn)
    assert [str(date) for date in dates.values()] == ["2024-03-12"]
    assert (decision.record, decision.reviewer, decision.verdict) == (1, "ada", "include")


def _undoes_an_import(page: Page) -> None:
    page.get_by_role("button", name="Undo an import").click()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("Import of library.csv undone: 2 records removed.")).to_be_visible()


def _imports_decisions(page: Page, stage: str, folder: Path) -> None:
    """A file with a row of an unknown record: the row is shown and offered, the others enter."""
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.get_by_role("tab", name="Decisions").click()
    text = (
        f"record,stage,reviewer,verdict\nR000001,{stage},ada,include\nR000077,{stage},ada,exclude\n"
    )
    drop(page, "file of decisions", "decisions.csv", text)
    expect(
        page.get_by_text(
            "1 decision to add, 0 already in the review, 0 rows without a decision, 1 row"
        )
    ).to_be_visible()
    expect(page.get_by_text("Row 3: ")).to_be_visible()
    page.get_by_role("button", name="Import decisions").click()
    expect(
        page.get_by_text("decisions.csv: 1 of its decisions cannot be imported.")
    ).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download rows to correct").click()
    download.value.save_as(folder / "correct.csv")
    assert "R000077" in (folder / "correct.csv").read_text(encoding="utf-8-sig")
    page.screenshot(path=str(folder / "decisions.png"), full_page=True)
    page.get_by_role("button", name="Import the valid rows only").click()
    expect(page.get_by_text("1 decision added, 0 already in the review")).to_be_visible()
