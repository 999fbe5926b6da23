"""axe-core finds nothing serious on any page, in light and dark, at 1440 and 390 pixels."""

import ast
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from support import appraising
from support.browser import chromium, served, settled, tab
from support.papers import draw_pdf

from review.models import Decision
from review.store import decisions
from review.store.timestamps import utc_now
from review.workflow.fulltexts import attachments
from review.workflow.screening import status

pytestmark = pytest.mark.browser
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
APP = ast.parse((Path(__file__).parents[2] / "app.py").read_text())
PAGES = [
    page[1]
    for node in APP.body
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
    for pages in ast.literal_eval(node.value).values()
    for page in pages
]
"""The address of every page in the navigation."""
OPENED = ("record?key=R000001", "appraisal?key=R000001", "appraisal?key=R000002")
"""Pages that open something: a record, a form beside its paper, a form without a paper."""
AT_ONCE = "* {transition: none !important; animation: none !important;}"
"""Colours change at once with the scheme, so that none is measured half-way."""
VIEWS = ((1440, "light"), (1440, "dark"), (390, "dark"), (390, "light"))
EXEMPT = {
    "list": (
        '[data-testid="stSidebarNavItems"]',
        "Streamlit puts its sections as div straight into the list of the navigation.",
    ),
    "listitem": (
        '[data-testid="stSidebarNavItems"]',
        "the pages of a section are li in a div, for the same reason.",
    ),
    "scrollable-region-focusable": (
        '[data-testid="stCode"]',
        "Streamlit makes its code box focusable, but scrolls the pre inside it.",
    ),
}
"""Rule -> what Streamlit draws and cannot be changed from outside, and why it fails."""
RUN = """async options => (await axe.run(document, options)).violations
.filter(one => ['serious', 'critical'].includes(one.impact))
.flatMap(one => one.nodes.map(node => ({
  rule: one.id, html: node.html.slice(0, 200), why: node.failureSummary.slice(0, 300),
  target: node.target.at(-1),
  parts: Object.entries(options.exempt).filter(([rule, part]) => rule === one.id &&
    document.querySelector(node.target.at(-1))?.closest(part)).length})))
.filter(one => !one.parts)"""


@pytest.fixture
def project(tmp_path):
    """One report in appraisal with its paper and one without, and one in conflict."""
    opened = appraising.review_in(tmp_path, 2)
    attachments.attach_pdf(opened, 1, "study.pdf", draw_pdf("study.pdf"), "ada")
    for number, letter in ((1, "yes"), (2, "yes")):
        appraising.kind(opened, number, "deep-learning", "ada", "ben")
        form = appraising.full(opened, "claim-2020", letter)
        appraising.fill(opened, number, "claim-2020", "ben", form)
    form = appraising.full(opened, "claim-2020", title="no")
    appraising.fill(opened, 2, "claim-2020", "ada", form)
    with opened.store.write() as conn:
        at = utc_now()
        decisions.add_decisions(conn, [Decision(3, "title-abstract", "ben", "exclude", at)])
        status.rebuild_statuses(opened, conn)
    return opened


def find_violations(page: Page, width: int, scheme: Any) -> list[str]:
    """What axe finds in a view of the page that is open; colours alone where the same page has been
    looked at in the other scheme."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function("w => window.innerWidth === w", arg=width)
    page.wait_for_function(
        "s => matchMedia(`(prefers-color-scheme: ${s})`).matches && getComputedStyle("
        "document.querySelector('.stApp')).colorScheme.includes(s)",
        arg=scheme,
    )
    options: dict[str, Any] = {"exempt": {rule: part for rule, (part, _) in EXEMPT.items()}}
    if scheme == "dark":
        options["runOnly"] = ["color-contrast"]
    return [f"{one['rule']}: {one['html']} {one['why']}" for one in page.evaluate(RUN, options)]


def test_axe_finds_nothing_serious_on_any_page(project):
    found = []
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900}, color_scheme="light")
        for place in (*PAGES, *OPENED):
            page.goto(f"{address}/{place}")
            settled(page)
            page.add_style_tag(content=AT_ONCE)
            page.evaluate(AXE)
            for width, scheme in VIEWS:
                found += [
                    f"{place} {width} {scheme} {one}"
                    for one in find_violations(page, width, scheme)
                ]
    assert not found, "\n".join(found)


def test_axe_sees_a_fault_of_contrast_and_of_names(project):
    with chromium() as browser:
        page = tab(browser)
        page.set_content(
            "<html lang=en><title>x</title><main><h1>x</h1><button></button>"
            "<p style='color:#aaa;background:#fff'>Hard to read</p></main></html>"
        )
        page.evaluate(AXE)
        rules = {one["rule"] for one in page.evaluate(RUN, {"exempt": {}})}
    assert rules == {"button-name", "color-contrast"}
