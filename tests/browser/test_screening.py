"""Two reviewers screen 40 records by keyboard, blinded to each other; an adjudicator resolves."""

import pytest
from support.browser import chromium, press_until, served, settled, sign_in, tab
from support.samples import write_ris

from review.formats import read_file
from review.prisma import get_total
from review.protocol.models import find_stage
from review.screening import get_status
from review.store import decisions, records
from review.store.timestamps import utc_now
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.project import accounts
from review.workflow.screening import agreement, reviewing
from review.workflow.screening import status as standings
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser
GONE = "text => !document.body.innerText.includes(text)"
NAMES = ("ada", "ben", "cleo")


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace("maybe: include ", "maybe: conflict "))
    opened = open_project(tmp_path, who="ada")
    found = read_file(write_ris(tmp_path / "search.ris", 40)).records
    assert len(found) == 40
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="samples")
        records.add_records(conn, batch, list(enumerate(found, 1)), utc_now())
        standings.rebuild_statuses(opened, conn)
    for name in NAMES:
        accounts.add_user(opened, name, f"password of {name}", "ada")
    return opened


def key_for(name, number):
    """What a reviewer presses on a record: they agree on most, and differ by plan on some."""
    if number % 10 == 7:
        return "i" if name == "ada" else "e"
    if number % 20 == 5:
        return "m"
    return "i" if number % 3 == 0 else "e"


def screen(page, address, name):
    """Screens until nothing is left, by keys alone; gives the keys of the records in order."""
    sign_in(page, address, name, f"password of {name}")
    page.goto(f"{address}/screening")
    seen = []
    page.get_by_role("button", name="Include").wait_for()
    page.wait_for_url("**key=*")
    for _ in range(40):
        settled(page)
        seen.append(page.evaluate("location.search"))
        other = {"ada": "ben", "ben": "ada"}[name]
        assert other not in page.locator("[data-testid=stMain]").inner_text().split()
        number = int(seen[-1].rsplit("R", 1)[1])
        done = (
            "u => location.search != u || "
            "document.body.innerText.includes('You have screened everything')"
        )
        press_until(page, key_for(name, number), done, seen[-1])
    page.get_by_text("You have screened everything here").wait_for()
    return seen


def agrees(project, stage):
    """Kappa by hand: of 40 both include 12, both are unsure on 2, both exclude 22; ada includes 16
    and ben 12, ada excludes 22 and ben 26. 0.9 observed, 768 / 1600 = 0.48 by chance."""
    (pair,) = agreement.compute_agreement(project, stage)
    found = {one.name: one for one in pair.figures}
    assert pair.names == ("ada", "ben")
    assert found["percent agreement"].value == pytest.approx(36 / 40)
    assert found["Cohen's kappa"].value == pytest.approx((0.9 - 0.48) / (1 - 0.48))
    assert found["Cohen's kappa"].n == 40


def shows_the_agreement(page, address):
    """The lead sees the same figure on the page of agreement."""
    sign_in(page, address, "ada", "password of ada")
    page.goto(f"{address}/progress")
    page.get_by_text("ada and ben").first.wait_for()
    settled(page)
    assert "40 records" in page.locator("[data-testid=stMain]").inner_text()


def test_two_reviewers_and_an_adjudicator_screen_by_keyboard(project):
    stage = find_stage(project.protocol, "screening")
    with served(project.folder) as address, chromium() as browser:
        first = screen(tab(browser), address, "ada")
        second = screen(tab(browser), address, "ben")
        assert len(set(first)) == len(set(second)) == 40
        piles = reviewing.list_conflicts(project, stage)
        assert len(piles["verdict"]) == 4
        assert len(piles["maybe"]) == 2
        page = tab(browser)
        sign_in(page, address, "cleo", "password of cleo")
        page.goto(f"{address}/conflicts")
        for left in (4, 3, 2, 1):
            page.get_by_text(f"Include/exclude conflicts ({left})").first.wait_for()
            settled(page)
            press_until(page, "1", GONE, f"Include/exclude conflicts ({left})")
        page.get_by_text("Include/exclude conflicts (0)").first.wait_for()
        page.get_by_role("radio", name="Both maybe (2)").first.click()
        for left in (2, 1):
            page.get_by_text(f"Both maybe ({left})").first.wait_for()
            settled(page)
            press_until(
                page, "3", "() => document.body.innerText.includes('Explanation (required)')"
            )
            page.get_by_label("Explanation (required)").fill("looked at the methods")
            page.get_by_role("button", name="Resolve conflict").click()
        page.get_by_text("Both maybe (0)").first.wait_for()
        shows_the_agreement(tab(browser), address)
    agrees(project, stage)
    flow = compute_flow(project)
    includes = [n for n in range(1, 41) if key_for("ada", n) == "i" or key_for("ada", n) == "m"]
    assert flow.main.screened.n == 40
    assert sorted(flow.main.sought.ids) == [f"R{n:06d}" for n in includes]
    assert get_total(flow.main.excluded_screening) == 40 - len(includes)
    assert flow.main.waiting_screening.n == 0
    with project.store.read() as conn:
        made = decisions.list_decisions(conn, records=[7])
    assert get_status(made, 2).resolved_by == "adjudicator"
