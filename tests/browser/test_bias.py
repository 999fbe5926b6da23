"""Bias flags on a paper, in a browser: shown under their question, highlighted, and dismissed."""

import re

import pytest
from playwright.sync_api import Page, expect
from support.appraising import kind, review_in
from support.browser import chromium, served, settled, tab
from support.hostile import sentence_page
from support.papers import COMBINED, draw_pdf

from review.workflow.appraisal import forms
from review.workflow.bias import flags
from review.workflow.fulltexts import attachments

SENTENCE = COMBINED
PINK = "240, 128, 160"


@pytest.fixture
def project(tmp_path):
    opened = review_in(tmp_path, 1)
    attachments.attach_pdf(opened, 1, "study.pdf", draw_pdf("study.pdf"), "ada")
    kind(opened, 1, "deep-learning", "ada")
    return opened


def sees(page: Page, text: str) -> None:
    expect(page.get_by_text(text, exact=False).first).to_be_visible()


def keep(page: Page, folder, name: str) -> None:
    page.screenshot(path=str(folder / name), full_page=True)


@pytest.mark.browser
def test_flags_stand_beside_the_signalling_question_and_set_no_answer(project, tmp_path):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1500, "height": 1300})
        page.goto(f"{address}/appraisal?key=R000001")
        page.get_by_text(re.compile("^PROBAST")).first.click()
        sees(page, "Was the model developed, validated or both in this report?")
        for seen in (
            "Was the model developed on a very large data set",
            "Possible signs of bias",
        ):  # past the two facts, to 1.1
            settled(page)
            page.locator(".st-key-filling_forth button").first.click()
            sees(page, seen)
        sees(page, "Data combined from several public datasets")
        sees(page, SENTENCE)
        settled(page)
        page.locator(".st-key-sign_show_0 button").first.click()
        marked = page.locator(f'div[style*="{PINK}"]')
        expect(marked.first).to_be_attached()
        settled(page)
        seen = [box for one in marked.all() if (box := one.bounding_box())]
        assert any(0 < box["y"] < 1300 for box in seen), seen
        page.screenshot(path=str(tmp_path / "appraisal.png"))
        page.locator(".st-key-sign_confirm_0 button").first.click()
        expect(page.get_by_role("button", name="Confirmed")).to_be_visible()
        settled(page)
        assert forms.open_form(project, 1, "probast-2019", "ada").entries == {}
        assert sum(use.right for use in flags.get_rule_performance(project).values()) == 1


@pytest.mark.browser
def test_dismissing_a_flag_changes_its_rules_precision(project, tmp_path):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1500, "height": 1300})
        page.goto(f"{address}/bias")
        sees(page, SENTENCE)
        settled(page)
        page.locator('[class*="st-key-bias_show_combined-sets"] button').first.click()
        sees(page, "Data combined from several public datasets")
        expect(page.get_by_test_id("stImage").first).to_be_visible()
        settled(page)
        keep(page, tmp_path, "bias.png")
        for word, done, precision in (
            ("confirm", "Confirmed", 1.0),
            ("dismiss", "Dismissed", 0.0),
        ):
            page.locator(f'[class*="st-key-bias_{word}_combined-sets"] button').first.click()
            expect(page.get_by_role("button", name=done)).to_be_visible()
            settled(page)
            assert flags.get_rule_performance(project)["combined-sets"].precision == precision
            sees(page, f"rule combined-sets, confirmed in {precision:.0f} of 1 here")
        page.get_by_role("tab", name="Rules").click()
        settled(page)
        keep(page, tmp_path, "rules.png")


ASKED = [
    "2 Methods",
    "Cases with the infection were drawn from the dataset of Cohen et al. as released.",
    "Normal radiographs came from the dataset by Wang et al. in this study.",
    "We test on the QuanScan dataset (Lee et al., 2020) as well.",
]


@pytest.mark.browser
def test_a_data_set_that_cannot_be_told_is_asked_and_flags_follow_the_answer(tmp_path):
    project = review_in(tmp_path, 1)
    attachments.attach_pdf(project, 1, "asked.pdf", sentence_page(ASKED), "ada")
    assert flags.get_datasets(project, 1).used == ()
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1500, "height": 1300})
        page.goto(f"{address}/bias")
        page.get_by_role("tab", name="Data sets").click()
        sees(page, "Which data set does “dataset of Cohen et al.” refer to?")
        sees(page, "Which data set does “dataset by Wang et al.” refer to?")
        expect(page.get_by_text("Not in the registry: QuanScan")).to_be_visible()
        expect(page.get_by_text("p. 1: We test on the QuanScan dataset")).to_be_visible()
        settled(page)
        keep(page, tmp_path, "asked.png")
        page.get_by_role("button", name="COVID-19 Image Data Collection").first.click()
        expect(page.get_by_text("“dataset of Cohen et al.”")).to_have_count(0)
        settled(page)
        assert flags.get_datasets(project, 1).used == ("cohen_covid_chestxray",)
        page.get_by_role("button", name="None of these").first.click()
        expect(page.get_by_text("“dataset by Wang et al.”")).to_have_count(0)
        settled(page)
        named = flags.get_datasets(project, 1)
        assert (named.used, named.unresolved) == (("cohen_covid_chestxray",), ())
        keep(page, tmp_path, "answered.png")
        page.get_by_role("tab", name="Flags").click()
        sees(page, "takes labels from captions or does not state how cases were confirmed")
        settled(page)
        keep(page, tmp_path, "follows.png")
