"""A whole review in the browser: who has only the printed address goes from the first account to
the published page with two colleagues, and nobody types a command."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect
from standin import StandIn, corpus
from standin.web import Limits
from support.browser import (
    PATIENCE,
    chromium,
    press_until,
    read_setup_link,
    served_home,
    settled,
    tab,
)
from support.harvesting import surroundings
from support.papers import STUDY_TITLE, draw_paper, draw_pdf

from review.checklists import list_questions
from review.prisma import get_total
from review.store import records
from review.workflow.appraisal import results
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.harvest import list_harvests
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

pytestmark = [pytest.mark.browser, pytest.mark.timeout(7200)]
"""Minutes, not seconds: some 250 keys are pressed, each once the page has answered the last."""
PASSWORD = "correct horse battery"
NAME = "ai-for-pneumonia"
"""What the review's title becomes in its address."""
MOVED = (
    "u => location.search != u || "
    "document.body.innerText.includes('You have screened everything here')"
)
TWO_FRAMES = (
    "() => new Promise(end => requestAnimationFrame(() => requestAnimationFrame("
    "() => setTimeout(end, 0))))"
)

OTHER_TITLE = "Neural networks count the ribs on chest radiographs of adults"
DOUBTFUL_TITLE = "Machine learning for lung ultrasound at the bedside"
WHEAT_TITLE = "Heat and the sugars of wheat leaves"
RIS = "".join(
    f"TY  - JOUR\nDB  - Embase\nTI  - {title}\nAU  - Li, W.\nPY  - 2021\nJO  - Radiology\n"
    f"DO  - 10.1234/{number}\nAB  - We studied {number} sets of data.\nER  - \n\n"
    for number, title in ((1, STUDY_TITLE), (2, OTHER_TITLE))
)
NBIB = (
    f"PMID- 32000001\nTI  - {STUDY_TITLE}\nFAU - Li, Wei\nAU  - Li W\nDP  - 2021 May\n"
    "JT  - Radiology\nAID - 10.1234/1 [doi]\nAB  - We studied 1 sets of data.\n\n"
    f"PMID- 32000002\nTI  - {DOUBTFUL_TITLE}\nFAU - Roy, Ann\nAU  - Roy A\nDP  - 2021\n"
    "JT  - Lung\nAID - 10.1234/3 [doi]\nAB  - Ultrasound of forty adults.\n\n"
)
STRANGE = f'Heading,Persons,Appeared,Text\n"{WHEAT_TITLE}","Sol, K.",2022,"Wheat under glass."\n'


@dataclass(frozen=True, kw_only=True)
class Team:
    """The tabs of the three people, and where the review is."""

    address: str
    """Of the review, with a slash at its end."""
    mia: Page
    """Leads and reviews."""
    ben: Page
    """Reviews."""
    cleo: Page
    """Adjudicates."""


def test_from_the_printed_address_to_the_published_page(database, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    with StandIn(corpus.make(200, 1), limits=Limits(rxiv_page=10)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        with served_home(home) as address, chromium() as browser:
            team = gather_team(browser, home, address)
            import_exports(team.mia, team.address)
            schedule_search(team.mia, team.address)
            find_duplicates(team.mia, team.address)
            screen_titles(team)
            settle_conflict(team)
            drop_pdfs(team.mia, team.address)
            screen_full_texts(team)
            for page, claim in ((team.mia, "y" * 42), (team.ben, "y" * 39 + "n" + "y" * 2)):
                appraise(page, team.address, claim)
            reach_consensus(team.cleo, team.address)
            page_zip = publish(team.mia, team.address, tmp_path)
        check_review(open_project(home / NAME, who="mia"))
    check_published_page(page_zip)


def gather_team(browser: Browser, home: Path, address: str) -> Team:
    """The first account, a review from a template, and two colleagues who follow their links."""
    mia = new_tab(browser)
    mia.goto(read_setup_link(home))
    mia.get_by_label("Full name").fill("Mia Berg")
    mia.get_by_label("Name to sign in with").fill("mia")
    mia.get_by_label("Password", exact=True).fill(PASSWORD)
    mia.get_by_label("Password again").fill(PASSWORD)
    mia.get_by_role("button", name="Create account and sign in").click()
    mia.get_by_role("link", name="Create a review").click()
    mia.get_by_label("Title").fill("AI for pneumonia")
    mia.get_by_label("Prediction and radiomics models on images").check()
    mia.get_by_role("button", name="Create review").click()
    mia.wait_for_url(f"{address}/r/{NAME}/")
    settled(mia)
    mia.get_by_role("link", name="People").click()
    expect(mia.get_by_role("heading", name="People", exact=True)).to_be_visible()
    settled(mia)
    links = [
        invite(mia, "ben", "Ben Ost", "Reviewer"),
        invite(mia, "cleo", "Cleo Ray", "Adjudicator"),
    ]
    ben, cleo = (accept(browser, link) for link in links)
    return Team(address=f"{address}/r/{NAME}/", mia=mia, ben=ben, cleo=cleo)


def new_tab(browser: Browser) -> Page:
    return tab(browser, viewport={"width": 1500, "height": 1000}, accept_downloads=True)


def invite(page: Page, name: str, full_name: str, role: str) -> str:
    """Fills in the form of the page People and gives the link that is shown."""
    for label, text in (("Full name", full_name), ("Name to sign in with", name)):
        field = page.get_by_role("textbox", name=label)
        field.fill(text)
        field.press("Tab")
        settled(page)
        expect(field).to_have_value(text)
    page.get_by_test_id("stRadio").get_by_text(role, exact=True).click()
    expect(page.get_by_role("radio", name=role)).to_be_checked()
    settled(page)
    page.get_by_role("button", name="Create invitation link").first.click()
    expect(page.get_by_text(f"{name} is in the team now.")).to_be_visible()
    link = page.get_by_test_id("stCode").inner_text().strip()
    page.get_by_role("button", name="Hide link").click()
    expect(page.get_by_test_id("stCode")).to_have_count(0)
    settled(page)
    return link


def accept(browser: Browser, link: str) -> Page:
    """A colleague chooses a password and opens the review from the list."""
    page = new_tab(browser)
    page.goto(link)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.get_by_role("link", name="AI for pneumonia").click()
    settled(page)
    return page


def import_exports(page: Page, address: str) -> None:
    """Drops three exports at once: two are read as they are, the third needs a mapping."""
    page.goto(f"{address}import")
    settled(page)
    box = page.locator("[data-testid=stFileUploader]").filter(has_text="search exports")
    box.locator("input[type=file]").set_input_files(
        [
            {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
            for name, text in (
                ("embase.ris", RIS),
                ("pubmed.nbib", NBIB),
                ("library.csv", STRANGE),
            )
        ]
    )
    for name in ("embase.ris", "pubmed.nbib"):
        expect(find_card(page, name).get_by_role("button", name="Import 2 records")).to_be_visible()
    problem = page.get_by_text("library.csv: no title column found.")
    expect(problem).to_be_visible()
    settled(page)
    for column, field in (
        ("Heading", "Title"),
        ("Persons", "Authors"),
        ("Appeared", "Year"),
        ("Text", "Abstract"),
    ):
        choose(page, find_card(page, "library.csv").get_by_role("combobox", name=column), field)
    find_card(page, "library.csv").get_by_role("button", name="Apply mapping").click()
    expect(problem).to_have_count(0)
    for name, count in (("library.csv", 1), ("embase.ris", 2), ("pubmed.nbib", 2)):
        import_file(page, name, count)


def choose(page: Page, box: Locator, option: str) -> None:
    """Chooses an option of a box; opens it again if scrolling to it has closed its list."""
    box.scroll_into_view_if_needed()
    for _ in range(5):
        box.click()
        try:
            page.get_by_role("option", name=option, exact=True).click(timeout=PATIENCE / 6)
        except TimeoutError:
            continue
        expect(box).to_have_value(option)
        return
    raise AssertionError(f"the list with {option!r} did not stay open")


def find_card(page: Page, name: str) -> Locator:
    """The frame in which a file's preview is drawn."""
    heading = page.get_by_role("heading", name=name)
    return page.locator("[data-testid=stVerticalBlock]").filter(has=heading).last


def import_file(page: Page, name: str, count: int) -> None:
    """Imports one of the files; nobody knows when its search was run."""
    card = find_card(page, name)
    records_word = "record" if count == 1 else "records"
    button = card.get_by_role("button", name=f"Import {count} {records_word}")
    expect(button).to_be_visible()
    settled(page)
    card.get_by_text("Not known").click()
    expect(card.get_by_role("spinbutton", name="year, Date of the search")).to_be_disabled()
    wait_drawn(page)
    button.click()
    expect(card.get_by_text(f"{count} {records_word} in the file: ")).to_be_visible()
    settled(page)


def schedule_search(page: Page, address: str) -> None:
    """Sets a daily search and waits until it has run by itself."""
    page.goto(f"{address}harvests")
    settled(page)
    expect(page.get_by_text("Schedule: off.")).to_be_visible()
    page.get_by_text("Change the schedule").click()
    choose(page, page.get_by_role("combobox", name="Search the protocol's sources"), "Every day")
    page.get_by_role("button", name="Save schedule").click()
    expect(page.get_by_text("Schedule saved.")).to_be_visible()
    settled(page)
    ran = page.get_by_text(re.compile("Last scheduled search: .*complete"))
    for _ in range(PATIENCE // 5_000):
        page.reload()
        try:
            expect(ran).to_be_visible(timeout=5_000)
        except AssertionError:
            continue
        break
    expect(ran).to_be_visible()
    expect(page.get_by_text(re.compile("Schedule: every day. Next search: "))).to_be_visible()


def find_duplicates(page: Page, address: str) -> None:
    """Compares all records: the same paper came by two of the exports."""
    page.goto(f"{address}duplicates")
    settled(page)
    page.get_by_role("button", name=re.compile("^Compare .* new records")).click()
    expect(page.get_by_text("0 possible duplicates to review")).to_be_visible()
    settled(page)


def screen(page: Page, address: str, included: Sequence[str], *, reason: str = "") -> int:
    """Screens by key until nothing is left; gives how many reports there were.

    Args:
        included: the titles to include; all others are excluded.
        reason: the key of the reason for which a report is excluded, where one is asked for.
    """
    page.goto(address)
    everything = page.get_by_text("You have screened everything here")
    expect(page.get_by_role("button", name="Include").or_(everything).first).to_be_visible()
    count = 0
    while True:
        settled(page)
        if everything.count():
            return count
        count += 1
        assert count < 100
        shown, query = page.get_by_test_id("stMain").inner_text(), page.evaluate("location.search")
        if any(title in shown for title in included):
            press_until(page, "i", MOVED, query)
        elif reason:
            asked = "() => document.body.innerText.includes('Reason for exclusion')"
            press_until(page, "e", asked)
            press_until(page, reason, MOVED, query)
        else:
            press_until(page, "e", MOVED, query)


def screen_titles(team: Team) -> None:
    """Mia and Ben screen all reports and differ on one."""
    address = f"{team.address}screening"
    first = screen(team.mia, address, [STUDY_TITLE, OTHER_TITLE, DOUBTFUL_TITLE])
    second = screen(team.ben, address, [STUDY_TITLE, OTHER_TITLE])
    assert first == second > 4


def settle_conflict(team: Team) -> None:
    """Cleo takes the vote of the second reviewer; Ben may not open the page."""
    team.ben.goto(f"{team.address}conflicts")
    settled(team.ben)
    expect(team.ben.get_by_text("Page not found")).to_be_visible()
    page = team.cleo
    page.goto(f"{team.address}conflicts")
    expect(page.get_by_text("Include/exclude conflicts (1)").first).to_be_visible()
    settled(page)
    expect(page.get_by_test_id("stMain")).to_contain_text(DOUBTFUL_TITLE)
    page.get_by_role("button", name="Exclude").click()
    expect(page.get_by_text("Include/exclude conflicts (0)").first).to_be_visible()
    settled(page)


def drop_pdfs(page: Page, address: str) -> None:
    """Drops a ZIP of two PDFs, which are matched by their titles."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("papers/first.pdf", draw_pdf("study.pdf"))
        other = draw_paper(OTHER_TITLE, ["# Abstract", "We count ribs."], "W. Li")
        archive.writestr("papers/second.pdf", other)
    page.goto(f"{address}full-texts")
    settled(page)
    expect(page.get_by_text("2 reports sought: 0 with a PDF")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "papers.zip", "mimeType": "application/zip", "buffer": stream.getvalue()}
    )
    attach = page.get_by_role("button", name="Attach 1 file")
    expect(attach).to_be_visible()
    settled(page)
    attach.click()
    expect(page.get_by_text("2 reports sought: 2 with a PDF")).to_be_visible()
    settled(page)


def screen_full_texts(team: Team) -> None:
    """Both exclude the same report, with the same reason."""
    address = f"{team.address}screening?stage=full-text"
    assert screen(team.mia, address, [STUDY_TITLE], reason="3") == 2
    assert screen(team.ben, address, [STUDY_TITLE], reason="3") == 2


def appraise(page: Page, address: str, claim: str) -> None:
    """Fills in and finishes CLAIM, RQS and PROBAST by key, with a quote from the paper."""
    page.goto(f"{address}appraisal")
    expect(page.get_by_text("Continue with R0").first).to_be_visible()
    wait_drawn(page)
    page.keyboard.press("Enter")
    expect(page.get_by_alt_text("Page 1")).to_be_visible()
    answer(page, [("Kind of study", "h")])
    shows(page, "Identification as a study of AI methodology")
    page.get_by_role("button", name="Use").first.click()
    expect(page.get_by_label("Quote")).not_to_have_value("")
    names = [question.name for question in list_questions(get_checklist(None, "claim-2020"))]
    answer(page, list(zip(names, claim, strict=True)))
    finish(page, "CLAIM 2020")
    points = "1000" + "3" + "000" + "1" + "00" + "2" + "000" + "3"  # items 1 to 16
    questions = list_questions(get_checklist(None, "rqs-1.0"))
    several = [question.name for question in questions if question.choose == "many"]
    names = [question.name for question in questions]
    answer(page, list(zip(names, points, strict=True)), several)
    finish(page, "RQS")
    answer(page, list_probast_keys())
    finish(page, "PROBAST")


def list_probast_keys() -> list[tuple[str, str]]:
    """Development and external validation; Yes to each question, and a low risk in each domain."""
    keys = []
    for question in list_questions(get_checklist(None, "probast-2019")):
        if question.optional or question.key == "about:large":
            continue
        kind = question.key.partition(":")[0]
        key = {"about": "b", "judgement": "l", "applicability": "l"}.get(kind, "y")
        keys.append((question.name, key))
    return keys


def answer(page: Page, keys: Sequence[tuple[str, str]], several: Sequence[str] = ()) -> None:
    """Answers questions one key each, each once it is open.

    Args:
        keys: the question's name and the key to press.
        several: names of questions that take several answers and so wait for the next key.
    """
    for number, (name, key) in enumerate(keys, 1):
        shows(page, name)
        page.keyboard.press(key)
        if name in several and number < len(keys):
            chosen = page.locator('[class*="st-key-answer_"] button[kind="primary"]')
            expect(chosen.first).to_be_visible()
            wait_drawn(page)
            page.keyboard.press("Control+Enter")


def shows(page: Page, name: str) -> None:
    """Waits until the question of this name is open, down to the box below its answers."""
    expect(page.locator(f'input[aria-label="Go to"][value*="{name}"]').first).to_be_visible()
    wait_drawn(page)


def wait_drawn(page: Page) -> None:
    """Waits until the app has drawn all of its answer to the last act, and listens to keys: the
    browser calls what a new drawing has set up between two frames."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    page.evaluate(TWO_FRAMES)


def finish(page: Page, short: str) -> None:
    """Finishes the form that is open, and waits until the next one is, or the list."""
    button = page.get_by_role("button", name=f"Finish {short}")
    expect(button).to_be_enabled()
    wait_drawn(page)
    page.keyboard.press("Control+Shift+Enter")
    expect(button).to_have_count(0)
    settled(page)


def reach_consensus(page: Page, address: str) -> None:
    """Cleo settles the one answer in which the two forms differ."""
    page.goto(f"{address}consensus")
    expect(page.get_by_text("Resolve CLAIM 2020 for R0").first).to_be_visible()
    wait_drawn(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 to resolve · 41 agreed").first).to_be_visible()
    wait_drawn(page)
    page.keyboard.press("1")
    expect(page.get_by_text(re.compile("CLAIM 2020 of R0.* is resolved")).first).to_be_visible()


def publish(page: Page, address: str, folder: Path) -> Path:
    """Makes the first edition of the published page and takes it away as a ZIP."""
    page.goto(f"{address}results")
    expect(page.get_by_role("img", name="PRISMA 2020 flow diagram")).to_be_visible()
    settled(page)
    page.get_by_test_id("stMain").get_by_role("radio", name="Publish", exact=True).click()
    page.get_by_role("button", name="Create edition 1").click()
    ready = page.get_by_role("button", name="Download edition 1")
    expect(ready).to_be_visible()
    with page.expect_download() as download:
        ready.click()
    download.value.save_as(folder / "page.zip")
    return folder / "page.zip"


def check_review(project: Project) -> None:
    """What the store has is what the people did."""
    assert {row.who for row in list_harvests(project)} == {"schedule"}
    with project.store.read() as conn:
        count = records.count_records(conn)
    flow = compute_flow(project)
    assert count > 5 and flow.main.screened.n >= 5
    assert get_total(flow.main.excluded_screening) == flow.main.screened.n - 2
    assert get_total(flow.main.excluded_eligibility) == 1
    assert flow.new_studies.n == 1
    for name in ("claim-2020", "rqs-1.0", "probast-2019"):
        (appraisal,) = results.list_appraisals(project, name)
        assert appraisal.settled
    project.store.close()


def check_published_page(path: Path) -> None:
    """The included study is on the page; nobody's name is."""
    with zipfile.ZipFile(path) as archive:
        pages = {
            name.removeprefix("review-page/"): archive.read(name).decode()
            for name in archive.namelist()
            if name.endswith(".html")
        }
    assert STUDY_TITLE in pages["index.html"] and OTHER_TITLE not in pages["index.html"]
    for text in pages.values():
        assert "Ben Ost" not in text and "Cleo Ray" not in text
