"""The page Protocol in a browser: a lead fills in the form, confirms an amendment and sees it in
force; the YAML view names the line of a mistake and shows what changes."""

import re

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect
from support.browser import PATIENCE, chromium, served, settled, tab
from support.small import studies

from review.models import Record
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import form_versions
from review.workflow.setup.loading import list_amendments, open_project

pytestmark = pytest.mark.browser
PARTS = {
    "Population": "Adults with suspected pneumonia",
    "Intervention": "Deep learning on radiographs",
    "Comparison": "Radiologists",
    "Outcome": "Sensitivity",
}
LISTS = {
    "Include a study if": ("criteria.include", "Tested on people"),
    "Exclude a study if": ("criteria.exclude", "Only animals"),
    "Words highlighted in green": ("highlight.include", "sensitivit*"),
    "Words highlighted in red": ("highlight.exclude", "phantom"),
}
FIELDS = (
    ("Scanner", "Text", {}),
    ("Age", "Number", {"Unit": "years"}),
    ("Modality", "One choice", {"Choices": "CT\nRadiograph"}),
    ("Sites", "Several choices", {"Choices": "Lung\nHeart"}),
    ("First scan", "Date", {}),
    ("Cases", "2×2 table", {}),
)
"""Name, kind as the lead reads it, and what else is asked, of one field of each kind."""


@pytest.fixture
def project(tmp_path):
    texts = ("Study of CT in COVID-19", "Study of CXR", "Ribs")
    made = studies(tmp_path, [Record("embase", title=text) for text in texts])
    add_decision(made, NewDecision(1, "title-abstract", "ben", "include"))
    return made


def open_section(page: Page, name: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()
    settled(page)


def write(page: Page, field: Locator, text: str) -> None:
    """Writes into a field, leaves it, and waits until the page has taken it."""
    field.fill(text)
    field.press("Tab")
    settled(page)


def write_into(page: Page, label: str, text: str) -> None:
    write(page, page.get_by_role("textbox", name=re.compile(f"^{re.escape(label)}")).last, text)


def choose(page: Page, label: str, option: str) -> None:
    """Chooses an option of a box; opens it again if the page has closed its list meanwhile, or was
    drawn anew just as the option was pressed."""
    box = page.get_by_role("combobox", name=re.compile(re.escape(label))).last
    box.scroll_into_view_if_needed()
    for _ in range(5):
        box.click()
        try:
            page.get_by_role("option", name=option).first.click(timeout=PATIENCE / 6)
        except TimeoutError:
            continue
        settled(page)
        page.keyboard.press("Escape")  # a list of several choices stays open
        if is_chosen(box, option):
            return
    raise AssertionError(f"{option!r} could not be chosen")


def is_chosen(box: Locator, option: str) -> bool:
    """Whether a box shows an option as chosen, in its field or as one of several."""
    kinds = "@data-testid='stMultiSelect' or @data-testid='stSelectbox'"
    whole = box.locator(f"xpath=ancestor::*[{kinds}]")
    return option in whole.inner_text() or option in box.input_value()


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).last.click()
    settled(page)


def state_question_and_criteria(page: Page) -> None:
    page.get_by_text("PICO: population").click()
    settled(page)
    for label, text in PARTS.items():
        write_into(page, label, text)
    open_section(page, "Eligibility")
    for label, (_, text) in LISTS.items():
        write_into(page, label, text)


def write_query(page: Page) -> None:
    """The counts follow what is typed, and a source says what it cannot be asked."""
    open_section(page, "Search")
    write_into(page, "Query for all sources", "(mesh:COVID-19 OR study) AND (ct OR cxr)")
    expect(page.get_by_text("4 different terms in 2 blocks")).to_be_visible()
    expect(page.get_by_text("2 of the 3 records in this review match the query")).to_be_visible()
    page.get_by_text(re.compile("arXiv: .* cannot be asked")).click()
    expect(page.get_by_text("Cannot be asked here:").first).to_be_visible()
    write_into(page, "Query for all sources", "(study OR ribs) AND (ct OR cxr OR ribs)")
    expect(page.get_by_text("3 of the 3 records in this review match the query")).to_be_visible()
    expect(page.get_by_text(re.compile("cannot be asked"))).to_have_count(0)


def set_stages(page: Page) -> None:
    open_section(page, "Stages")
    write(page, page.get_by_role("spinbutton", name="Reviewers per record").first, "1")
    page.get_by_text("A conflict for the adjudicator").first.click()
    settled(page)
    page.get_by_text("Ask for a reason at this stage").click()
    settled(page)
    reasons = page.get_by_role("textbox", name=re.compile("^Reasons for exclusion"))
    write(page, reasons.nth(0), "not imaging\nanimals")
    write(page, reasons.nth(1), "no model\nno result")


def add_gate(page: Page) -> None:
    """A gate in words, in place of that of the starter protocol."""
    open_section(page, "Instruments and gates")
    choose(page, "Instruments that the team fills in", "QUADAS-2")
    press(page, "Remove gate")
    page.get_by_text("Add a gate").click()
    choose(page, "Instrument", "Radiomics Quality Score")
    page.get_by_role("button", name="Remove deep learning").last.click()
    settled(page)
    write(page, page.get_by_role("spinbutton", name="Exclude below"), "6")
    write_into(page, "Reason for exclusion", "Radiomics below 6")
    sentence = "Exclude traditional machine learning and hybrid studies with RQS below 6."
    expect(page.get_by_text(sentence)).to_be_visible()
    press(page, "Add gate")
    expect(page.get_by_text(sentence).first).to_be_visible()


def build_form(page: Page) -> None:
    """A form with one field of each kind, filled in for each model, partly for each data set."""
    open_section(page, "Data extraction")
    press(page, "Build a new form")
    write_into(page, "Title of the form", "Our own form")
    page.get_by_text("Once for each model of a report").click()
    settled(page)
    for number, (name, kind, others) in enumerate(FIELDS):
        if number:
            press(page, "Add a field")
        if kind != "Text":
            choose(page, "Kind of answer", kind)
        write_into(page, "Name of the field", name)
        for label, text in others.items():
            write_into(page, label, text)
        if name == "Cases":
            page.get_by_text("Ask for each data set").click()
            settled(page)
        press(page, "Add this field")
    page.get_by_text("Preview: what a reviewer is asked").click()
    expect(page.get_by_text("Cases: true positives (data set 2)").first).to_be_visible()


def test_a_lead_amends_the_protocol_by_its_form(project):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/protocol")
        settled(page)
        press(page, "Edit protocol")
        state_question_and_criteria(page)
        write_query(page)
        set_stages(page)
        add_gate(page)
        build_form(page)
        press(page, "Review changes")
        expect(page.get_by_role("heading", name="What will change")).to_be_visible()
        for text in (
            "Population: set to “Adults with suspected pneumonia”",
            "Title and abstract: reviewers per record: changed from “2” to “1”",
            "“Our own form”: new, with 6 fields",
            "The status of every record at “Title and abstract” is computed again.",
            "Screening has begun, so this change is recorded as an amendment.",
        ):
            expect(page.get_by_text(text).first).to_be_visible()
        assert project.fingerprint == open_project(project.folder).fingerprint
        page.get_by_label("Reason for amendment").fill("Protocol meeting of March")
        press(page, "Save amendment as version 2")
        expect(page.get_by_text("Saved as version 2.")).to_be_visible()
        for text in (PARTS["Outcome"], LISTS["Exclude a study if"][1], "with RQS below 6"):
            expect(page.get_by_text(text).first).to_be_visible()
        edit_file(page)
    check_plan(project.folder)


def edit_file(page: Page) -> None:
    """The expert's view: a mistake is named by its line, and the difference is shown."""
    press(page, "Edit protocol")
    open_section(page, "YAML (for experts)")
    field = page.get_by_label("protocol.yaml")
    text = field.input_value()
    number = text[: text.index("reviewers:")].count("\n") + 1
    write(page, field, text.replace("reviewers: 1", "reviewers: two", 1))
    expect(page.get_by_text(f"line {number}: ").first).to_be_visible()
    expect(page.get_by_role("button", name="Review changes")).to_be_disabled()
    write(page, field, f"{text}# seen by all\n")
    expect(page.get_by_text("The protocol is valid.")).to_be_visible()
    press(page, "Review changes")
    page.get_by_text("Changed lines of the file").click()
    expect(page.get_by_text("+# seen by all")).to_be_visible()
    press(page, "Back to editing")
    press(page, "Discard changes")


def check_plan(folder) -> None:
    """What the team has agreed on is in force, and nothing else has changed."""
    opened = open_project(folder)
    plan = opened.protocol
    parts = plan.question_parts
    assert (parts.frame, parts.population, parts.outcome) == (
        "PICO",
        PARTS["Population"],
        PARTS["Outcome"],
    )
    for key, text in LISTS.values():
        section, name = key.split(".")
        assert getattr(getattr(plan, section), name) == (text,)
    assert plan.search.query.strip() == "(study OR ribs) AND (ct OR cxr OR ribs)"
    first, second, third = plan.stages
    assert (first.reviewers, first.maybe, first.ask_reason) == (1, "conflict", True)
    assert first.reasons == ("not imaging", "animals")
    assert (second.reviewers, second.reasons) == (2, ("no model", "no result"))
    assert (third.kind, third.reviewers) == ("quality", 2)
    assert "quadas-2" in plan.appraisal.tools
    gate = plan.appraisal.gates[-1]
    assert (gate.checklist, gate.minimum, gate.kinds) == ("rqs-1.0", 6, ("traditional", "hybrid"))
    built = form_versions.open_form_draft(opened, plan.appraisal.extraction).form
    assert [(field.name, field.per_data_set) for field in built.fields] == [
        (name, name == "Cases") for name, _, _ in FIELDS
    ]
    assert len({field.kind for field in built.fields}) == len(FIELDS)
    assert built.per_model
    amendments = list_amendments(opened)  # of the protocol, and of the form that was built
    assert [one["why"] for one in amendments] == ["Protocol meeting of March"] * 2
