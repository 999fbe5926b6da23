"""axe-core finds nothing serious on any page, in light and dark, at 1440 and 390 pixels: in the
navigation, at the door, in a home of reviews, behind a link and on the published page."""

import ast
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support import appraising, reporting
from support.browser import (
    chromium,
    read_setup_link,
    served,
    served_home,
    settled,
    sign_in,
    tab,
)
from support.homes import BASE, open_made
from support.papers import draw_pdf

from review.models import Decision
from review.pages import protocol, reports
from review.store import decisions
from review.store.timestamps import utc_now
from review.workflow.fulltexts import attachments
from review.workflow.project import accounts
from review.workflow.publishing.export_links import make_link
from review.workflow.publishing.publish import publish_folder
from review.workflow.publishing.shared_exports import is_blinded_export, list_export_titles
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
PARTS = {
    "protocol": ("Edit protocol", *protocol.SECTIONS),
    "import": ("Decisions",),
    "bias": ("Facts", "Tables", "Data sets", "Across studies", "Rules"),
    "results": reports.TABS[1:],
}
"""Page -> its buttons, tabs and choices that open something else."""
PASSWORD = "correct horse battery"
VIEWS = ((1440, "dark"), (1440, "light"), (390, "dark"), (390, "light"))
RUN = """async options => (await axe.run(document, options)).violations
.filter(one => ['serious', 'critical'].includes(one.impact))
.flatMap(one => one.nodes.map(node => ({
  rule: one.id, html: node.html.slice(0, 200), why: node.failureSummary.slice(0, 300)})))"""


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
        password_hash = accounts.hash_password(PASSWORD)
        accounts.store_password(conn, opened.protocol.team[0], password_hash, "ada")
    return opened


def find_violations(page: Page, width: int, scheme: Any) -> list[str]:
    """What axe finds in a view of the page that is open; colours alone where the same page has been
    looked at in the other scheme."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate("window.innerWidth") == width
    app = page.get_by_test_id("stApp")
    if app.count():  # Streamlit follows a moment later
        expect(app).to_have_css("color-scheme", re.compile(scheme))
    options = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
    return [f"{one['rule']}: {one['html']} {one['why']}" for one in page.evaluate(RUN, options)]


def find_in_views(page: Page, name: str, views: Sequence[tuple[int, str]] = VIEWS) -> list[str]:
    """What axe finds on the page that is open, in every view of some."""
    page.evaluate(AXE)
    return [
        f"{name} {width} {scheme} {one}"
        for width, scheme in views
        for one in find_violations(page, width, scheme)
    ]


def open_part(page: Page, name: str) -> None:
    """Opens a part of a page by its button, tab or choice."""
    main, opened = page.get_by_test_id("stMain"), False
    for role in ("button", "tab", "radio"):
        found = main.get_by_role(role, name=name, exact=True)
        if not opened and found.count():
            found.first.click()
            opened = True
    assert opened, name
    settled(page)


def open_all_details(page: Page) -> None:
    """Opens everything on the page that is folded."""
    closed = page.get_by_test_id("stMain").locator("details:not([open]) > summary:visible")
    while closed.count():
        closed.first.click()
        settled(page)


def invite(folder: Path) -> str:
    """The link, without the server's name, by which a new colleague chooses a password."""
    made = open_made(folder)
    try:
        return made.invite("ai-for-stroke", "kim", "Kim Ost", "mia").address.removeprefix(BASE)
    finally:
        made.reviews.close()
        made.reviews.home.store.close()


def test_axe_finds_nothing_serious_on_any_page(project):
    found = []
    with served(project.folder) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900}, color_scheme="light")
        sign_in(page, address, "ada", PASSWORD)
        for place in (*PAGES, *OPENED):
            page.goto(f"{address}/{place}")
            settled(page)
            open_all_details(page)
            page.add_style_tag(content=AT_ONCE)
            found += find_in_views(page, place)
            for part in PARTS.get(place, ()):
                open_part(page, part)
                open_all_details(page)
                found += find_in_views(page, f"{place}, {part}", VIEWS[1:3])
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious_at_the_door_and_in_a_home(tmp_path):
    found = []
    with served_home(tmp_path) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900}, color_scheme="light")

        def look(name: str) -> None:
            found.extend(find_in_views(page, name))

        page.goto(read_setup_link(tmp_path))
        look("first account")
        page.get_by_label("Full name").fill("Mia Berg")
        page.get_by_label("Name to sign in with").fill("mia")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(f"{PASSWORD}!")
        page.get_by_role("button", name="Create account and sign in").click()
        expect(page.get_by_text("The two passwords differ.")).to_be_visible()
        look("first account after a mistake")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Create account and sign in").click()
        expect(page.get_by_text("There is no review yet")).to_be_visible()
        look("no review")
        page.get_by_role("link", name="Create a review").click()
        look("create a review")
        page.get_by_label("Title").fill("AI for stroke")
        page.get_by_role("button", name="Create review").click()
        page.wait_for_url(f"{address}/r/ai-for-stroke/")
        settled(page)
        page.goto(f"{address}/r/ai-for-stroke/home")
        settled(page)
        look("overview of a new review")
        page.goto(f"{address}/reviews")
        look("reviews")
        page.get_by_role("link", name="Archive AI for stroke").click()
        look("archive")
        page.get_by_role("button", name="Archive").click()
        look("archived")
        page.get_by_role("button", name="Bring back AI for stroke").click()
        page.goto(f"{address}/reviews/account")
        look("account")
        page.goto(f"{address}/r/nowhere/")
        look("not found")
        page.goto(f"{address}/invitation?key=wrong")
        look("wrong invitation")
        page.goto(f"{address}/shared?key=wrong")
        look("wrong link")
        page.goto(f"{address}{invite(tmp_path)}")
        look("invitation")
        page.goto(f"{address}/signout")
        look("sign in")
        loaded = "document.fonts.load('16px \"Source Sans\"').then(fonts => fonts.length)"
        assert page.evaluate(loaded) == 1
        page.get_by_label("Name").fill("mia")
        page.get_by_label("Password").fill("not it")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Wrong name or password.")).to_be_visible()
        look("sign in after a mistake")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious_on_what_a_review_gives_away(tmp_path):
    project, found = reporting.whole(tmp_path / "review"), []
    publish_folder(project, tmp_path / "page", who="ada")
    with served(project.folder) as address, chromium() as browser:
        page = tab(browser, viewport={"width": 1440, "height": 900}, color_scheme="light")
        for export in list_export_titles(project):
            if not is_blinded_export(export):
                link = make_link(project, export, days=7, who="ada", base_url=address)
                page.goto(link.address)
                expect(page.get_by_text("This link works until")).to_be_visible()
                found += find_in_views(page, f"link to {export}")
        for part in sorted((tmp_path / "page").rglob("*.html")):
            page.goto(part.as_uri())
            found += find_in_views(page, f"published {part.name}")
    assert not found, "\n".join(found)


def test_axe_sees_a_fault_of_contrast_and_of_names(project):
    with chromium() as browser:
        page = tab(browser)
        page.set_content(
            "<html lang=en><title>x</title><main><h1>x</h1><button></button>"
            "<p style='color:#aaa;background:#fff'>Hard to read</p></main></html>"
        )
        page.evaluate(AXE)
        rules = {one["rule"] for one in page.evaluate(RUN, {})}
    assert rules == {"button-name", "color-contrast"}
