"""Two readers audit 36 films by key, another finds the planted films, a finding reaches a study."""

import csv
import re

import pytest
from playwright.sync_api import expect
from support import appraising
from support.browser import PATIENCE, chromium, press_until, served, settled, sign_in, tab
from support.image_review import add_films, add_studies, make_films, make_project

from review.checklists import list_questions
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.bias import flags
from review.workflow.imaging import archive_sieve, findings, label_reading, registered_sets
from review.workflow.imaging.label_reading import ReadingRequest
from review.workflow.project import accounts

pytestmark = pytest.mark.browser
SAYS = "text => document.body.innerText.includes(text)"
WRONG = {"ada": "3bg", "ben": "3bh"}
"""Keys of the images each reader marks as wrong on the first sheet."""


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return make_films(tmp_path_factory.mktemp("films"), patients=105, faults_each=2)


@pytest.fixture
def project(tmp_path, films):
    opened = make_project(tmp_path / "review")
    for name in ("ada", "ben", "cleo"):
        accounts.add_user(opened, name, f"password of {name}", "ada")
    add_films(opened, films)
    return opened


def open_page(browser, address, name, path):
    page = tab(browser, viewport={"width": 1440, "height": 1000})
    sign_in(page, address, name, f"password of {name}")
    page.goto(f"{address}/{path}")
    settled(page)
    return page


def mark(page, tile, key, word):
    """Chooses a tile by its key and marks it; waits until the sheet says so."""
    chosen = f"""() => document.querySelector('.st-key-audit_tile_{tile} button')
        ?.getAttribute('data-testid')?.includes('primary')"""
    press_until(page, tile, chosen)
    settled(page)
    before = page.get_by_text("images marked").inner_text()
    press_until(page, key, "text => !document.body.innerText.includes(text)", before)
    settled(page)


def audit(page, name):
    """Marks three films of the first sheet, the rest as fine, then the second sheet."""
    page.get_by_text("Sheet 1 of 2").wait_for()
    page.get_by_text("Nothing abnormal of lungs, heart or pleura").wait_for()
    for tile in WRONG[name]:
        mark(page, tile, "W", "wrong")
    press_until(page, "Enter", SAYS, "Sheet 2 of 2")
    settled(page)
    mark(page, "d", "D", "doubtful")
    press_until(page, "z", SAYS, "Undone: 1 image.")
    settled(page)
    press_until(page, "ArrowRight", SAYS, "Sheet 2 of 2")
    settled(page)
    press_until(page, "Enter", "() => !document.body.innerText.includes('of 36 images marked') ||"
                "document.body.innerText.includes('36 of 36')")  # fmt: skip


def test_two_readers_audit_a_label_by_key_and_a_finding_reaches_the_studies(project):
    first, second = add_studies(project, 2)
    request = ReadingRequest(
        image_set="nih", label="No Finding", readers=("ada", "ben"), n=36, seed=3,
        definition="Nothing abnormal of lungs, heart or pleura",
        claim=0.943, claim_source="Wang 2017, table 18",
    )  # fmt: skip
    number = label_reading.draw_reading(project, request, "ada")
    reading = label_reading.get_reading(project, number)
    assert len(reading.drawn) == 36
    with served(project.folder) as address, chromium() as browser:
        page = open_page(browser, address, "ada", "label-audit")
        audit(page, "ada")
        page.get_by_text("You have marked every image").wait_for()
        other = open_page(browser, address, "ben", "label-audit")
        assert "wrong" not in other.locator("[data-testid=stMain]").inner_text().lower().replace(
            "wrong (w)", ""
        )
        audit(other, "ben")
        other.get_by_text("Claimed PPV").wait_for()
        settled(other)
        text = other.locator("[data-testid=stMain]").inner_text()
        assert "94.3 %" in text and "Wang 2017, table 18" in text
        assert "Readers agree on 34 of 36 images" in text
        judge = open_page(browser, address, "cleo", "label-audit")
        for left in (2, 1):
            judge.get_by_text(f"Images to settle ({left})").wait_for()
            settled(judge)
            press_until(
                judge, "w", "text => !document.body.innerText.includes(text)",
                f"Images to settle ({left})",
            )  # fmt: skip
        settled(judge)
        judge.get_by_text("88.9 %").first.wait_for()
        judge.get_by_role("button", name="Save finding").click()
        judge.get_by_text("It is now shown beside the studies").wait_for()
    result = label_reading.get_result(project, reading)
    assert (result.final.counts.fine, result.final.counts.wrong) == (32, 4)
    for study in (first, second):
        (finding,) = findings.list_study_findings(project, study)
        assert finding.who == "cleo" and "PPV 88.9 %" in finding.text


def test_a_reader_finds_the_planted_films_in_the_sieve(project, films):
    with (films / "faults.csv").open(newline="", encoding="utf-8") as stream:
        planted = {row["file"] for row in csv.DictReader(stream) if row["fault"] == "inverted"}
    assert len(planted) == 2
    with served(project.folder) as address, chromium() as browser:
        page = open_page(browser, address, "ben", "image-sieve")
        page.get_by_role("button", name="Rank images").click()
        page.get_by_role("radio", name="Inverted").first.wait_for(timeout=2 * PATIENCE)
        settled(page)
        page.get_by_role("radio", name="Inverted").first.click()
        settled(page)
        for count, tile in enumerate("12", 1):
            chosen = f"""() => document.querySelector('.st-key-sieve_tile_{tile} button')
                ?.getAttribute('data-testid')?.includes('primary')"""
            press_until(page, tile, chosen)
            settled(page)
            press_until(page, "r", SAYS, f"Rejected images ({count})")
            settled(page)
        press_until(page, "Enter", SAYS, "Sheet 2 of")
        settled(page)
        expect(page.get_by_text("The rejected images beside the rest")).to_be_visible()
    image_set = registered_sets.get_set(project, "nih")
    marks = archive_sieve.list_marks(project, image_set)
    assert {mark["path"] for mark in marks if mark["verdict"] == "reject"} == planted
    assert sum(mark["verdict"] == "keep" for mark in marks) == 16


def test_a_finding_stands_beside_probast_3_of_two_studies(tmp_path, monkeypatch):
    plan = appraising.PROTOCOL.split("appraisal:")[0] + "appraisal: {tools: [probast-2019]}\n"
    monkeypatch.setattr(appraising, "PROTOCOL", plan)
    project = appraising.review_in(tmp_path, 2)
    accounts.add_user(project, "ada", "password of ada", "ada")
    checklist = get_checklist(project, "probast-2019")
    questions = list_questions(checklist)
    first_of_three = next(n for n, asked in enumerate(questions) if asked.number == "3.1")
    answers = {asked.key: asked.options[0].id for asked in questions[:first_of_three]}
    for study in (1, 2):
        flags.settle_dataset(project, study, "chestxray14", "confirm", "ada")
        appraising.kind(project, study, "deep-learning", "ada")
        appraising.fill(project, study, "probast-2019", "ada", answers, finish=False)
    findings.add_finding(
        project, "ben", dataset="chestxray14", kind="labels",
        text="Of 200 images labelled Pneumothorax, 97 truly show it.",
    )  # fmt: skip
    with served(project.folder) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 1000})
        sign_in(page, address, "ada", "password of ada")
        for study in (1, 2):
            page.goto(f"{address}/appraisal?key=R00000{study}")
            page.get_by_text("Findings from image audits").wait_for()
            expect(page.get_by_text("97 truly show it")).to_be_visible()
            expect(page.locator('input[aria-label="Go to"]')).to_have_value(re.compile("3.1"))
            assert page.get_by_text("Label audit:").first.is_visible()
