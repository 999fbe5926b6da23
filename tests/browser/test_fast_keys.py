"""Keys pressed faster than a page can be drawn: none counts twice or for an unseen record."""

import pytest
from support.browser import chromium, press_until, served, settled, tab
from support.small import studies

from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions
from review.store.records import parse_record_key
from review.workflow.screening import reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

pytestmark = pytest.mark.browser
WATCH = """() => { window.seen = []; window.addEventListener('keydown', event => window.seen.push(
[event.key, document.querySelector('.record-key')?.dataset.key]), true); }"""
"""Notes each press with the record that was on the screen at that moment."""
MOVED = "u => location.search != u"
MANY = 60


@pytest.fixture
def project(tmp_path):
    return studies(
        tmp_path,
        [
            Record("embase", title=f"Study {n}", abstract="Lungs on CT. " * 60)
            for n in range(1, MANY + 1)
        ],
    )


def opened(browser, address, query=""):
    page = tab(browser, viewport={"width": 1440, "height": 900})
    page.goto(f"{address}/screening{query}")
    page.get_by_role("button", name="Include").wait_for()
    page.wait_for_url("**key=*")
    settled(page)
    page.evaluate(WATCH)
    return page


def burst(page, keys, gap):
    """Presses keys with so many milliseconds between them, whatever the page does meanwhile."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(gap)
    settled(page)
    page.wait_for_timeout(400)
    settled(page)


def held(project, page, stage="screening"):
    """Holds every decision against a press of its letter while that record was on the screen; no
    record has two. Gives the decisions."""
    with project.store.read() as conn:
        made = decisions.list_decisions(conn, stage=find_stage(project.protocol, stage).id)
    pressed = [(key, record) for key, record in page.evaluate("window.seen") if record]
    letters = {"include": "i", "exclude": "e", "unsure": "m"}
    for one in made:
        assert any(
            parse_record_key(at) == one.record and key == letters[one.verdict]
            for key, at in pressed
        ), one
    assert len({one.record for one in made}) == len(made)
    return made


@pytest.mark.parametrize("gap", [5, 40, 130])
def test_a_burst_of_keys_decides_only_what_was_on_the_screen_and_once(project, gap):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = opened(browser, address)
        burst(page, "iememiieeimiemieiemi", gap)
        made = held(project, page)
        assert made
        done = len(made)
        assert (
            reviewing.get_reviewer_progress(
                project, find_stage(project.protocol, "screening"), "ada"
            ).done
            == done
        )
        text = f"{done + 1} of {MANY}"
        page.get_by_text(text).first.wait_for()
        page.wait_for_timeout(3_100)  # a key that came early rests them for three seconds
        press_until(page, "i", MOVED, page.evaluate("location.search"))  # they still work
        page.get_by_text(f"{done + 2} of {MANY}").first.wait_for()


def test_two_tabs_of_one_reviewer_never_decide_twice(project):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        one, two = opened(browser, address), opened(browser, address)
        assert one.evaluate("location.search") == two.evaluate("location.search")
        key = one.locator(".record-key").get_attribute("data-key")
        one.keyboard.press("i")
        two.keyboard.press("e")
        settled(one)
        settled(two)
        other = f"{key} in another tab. Nothing changed"
        told = [page for page in (one, two) if page.get_by_text(other).count()]
        assert len(told) == 1
        with project.store.read() as conn:
            made = decisions.list_decisions(conn, records=[parse_record_key(key)])
        assert len(made) == 1
        for page in (one, two):
            assert page.locator(".record-key").get_attribute("data-key") != key


def test_a_page_left_open_while_others_settled_its_record_adds_nothing(project):
    stage = find_stage(project.protocol, "screening")
    path = project.folder / "protocol.yaml"
    more = "  - {name: ben, roles: [reviewer]}\n  - {name: dan, roles: [reviewer]}\n"
    path.write_text(path.read_text().replace("  - {name: ben, roles: [reviewer]}\n", more))
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = opened(browser, address)
        key = page.locator(".record-key").get_attribute("data-key")
        fresh = open_project(project.folder, who="ada")
        for name in ("ben", "dan"):
            add_decision(fresh, NewDecision(parse_record_key(key), stage.id, name, "exclude"))
        press_until(page, "i", MOVED, page.evaluate("location.search"))
        page.get_by_text(f"{key} was resolved by other reviewers").wait_for()
        assert "exclude" not in page.get_by_test_id("stAlert").inner_text()
    with project.store.read() as conn:
        made = decisions.list_decisions(conn, records=[parse_record_key(key)])
    assert [one.reviewer for one in made] == ["ben", "dan"]


def test_keys_at_full_text_pressed_at_once_exclude_nothing_unread(project):
    for number in range(1, 7):
        for name in ("ada", "ben"):
            add_decision(project, NewDecision(number, "title-abstract", name, "include"))
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = opened(browser, address, "?stage=full-text")
        burst(page, "e1e2e3i1", 10)
        with project.store.read() as conn:
            made = decisions.list_decisions(conn, stage="full-text")
        seen = {record for _, record in page.evaluate("window.seen")}
        assert {one.record for one in made} <= {parse_record_key(key) for key in seen if key}
        assert len({one.record for one in made}) == len(made)
        assert all(one.reason for one in made if one.verdict == "exclude")


def test_a_key_held_down_counts_once(project):
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = opened(browser, address)
        first = page.evaluate("location.search")
        for _ in range(30):  # a second of auto-repeat
            page.keyboard.down("i")
            page.wait_for_timeout(30)
        page.keyboard.up("i")
        page.wait_for_function(MOVED, arg=first)
        settled(page)
        assert len(held(project, page)) == 1
