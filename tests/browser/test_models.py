"""A reviewer names two models of a paper, appraises each, and sees both in the list."""

import re

import pytest
from playwright.sync_api import expect
from support.appraising import kind, review_in
from support.browser import chromium, served, settled, tab

from review.workflow.appraisal import forms, model_changes


@pytest.fixture
def project(tmp_path):
    opened = review_in(tmp_path, 1)
    kind(opened, 1, "deep-learning", "ada")
    return opened


def add_model(page, name):
    if not page.get_by_label("Architecture or method").is_visible():
        page.get_by_role("button", name=re.compile("^(list_alt )?Models")).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Add model").click()
    expect(page.get_by_role("radio", name=name, exact=True)).to_be_visible()
    settled(page)
    page.keyboard.press("Escape")


@pytest.mark.browser
def test_two_models_are_named_and_appraised_apart(project):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/appraisal?key=R000001")
        expect(page.get_by_text("Identification as a study").first).to_be_visible()
        settled(page)
        for name in ("DenseNet", "U-Net"):
            add_model(page, name)
        for name, key in (("DenseNet", "d"), ("U-Net", "v")):
            page.get_by_role("radio", name=name, exact=True).click()
            expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
            settled(page)
            page.get_by_role("radio", name=re.compile("^PROBAST 0.")).click()
            expect(page.get_by_text("Type of prediction study").first).to_be_visible()
            settled(page)
            page.keyboard.press(key)
            expect(page.get_by_role("radio", name=re.compile("^PROBAST 1."))).to_be_visible()
            settled(page)
    first, second = model_changes.get_models(project, 1)
    for model, answer in ((first, "development"), (second, "validation")):
        entries = forms.open_form(project, 1, f"probast-2019@{model.id}", "ada").entries
        assert entries["about:evaluation"].answer == answer
