"""A link shows exactly one export to anybody, for as long as it works, and nothing else."""

import re
import threading

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from support import reporting
from support.homes import make_home

from review.errors import FlowError
from review.store import export_links as rows
from review.web import export_links as pages
from review.web import home_server, server
from review.web.home_pages import HomeRoutes
from review.web.hosts import AllowedHosts
from review.workflow.home import reviews as home_reviews
from review.workflow.project import sign_in_limits
from review.workflow.publishing import export_links, shared_exports

HOST = "http://127.0.0.1:8501"
NAMES = AllowedHosts(frozenset({"127.0.0.1"}))
STRANGER = ("192.0.2.7", 4000)


async def show_page(request):
    return PlainTextResponse("a page of the team")


@pytest.fixture
def project(tmp_path, database):
    opened = reporting.whole(tmp_path)
    yield opened
    opened.store.close()


def build_client(project, address=STRANGER):
    routes = [
        *server.build_routes(project, gated=True, services={}),
        Route("/{path:path}", show_page),
    ]
    middleware = server.build_middleware(project, gated=True, allowed=NAMES)
    app = Starlette(routes=routes, middleware=middleware)
    return TestClient(app, base_url=HOST, follow_redirects=False, client=address)


def make(project, export="prisma", days=7):
    link = export_links.make_link(project, export, days=days, who="ada", base_url=HOST)
    return link.address.removeprefix(HOST)


def list_files(page):
    return re.findall(r'href="(\?key=[^"]+)"', page.replace("&amp;", "&"))


def test_whoever_has_the_link_sees_the_export_and_takes_its_files(project):
    client, path = build_client(project), make(project)
    page = client.get(path)
    assert page.status_code == 200
    assert "<h1>PRISMA 2020 flow diagram</h1>" in page.text
    assert 'alt="PRISMA 2020 flow diagram.' in page.text
    assert "This link works until " in page.text
    assert "<script" not in page.text and 'src="http' not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    files = {
        link.rpartition("=")[2]: client.get(f"/shared{link}") for link in list_files(page.text)
    }
    assert list(files) == ["prisma.svg", "prisma.pdf", "prisma.png", "prisma.csv"]
    assert all(answer.status_code == 200 for answer in files.values())
    assert files["prisma.pdf"].content[:5] == b"%PDF-"
    assert files["prisma.png"].content[:4] == b"\x89PNG"
    assert 'filename="prisma.csv"' in files["prisma.csv"].headers["Content-Disposition"]


def test_a_link_opens_nothing_but_its_own_export(project):
    client, path = build_client(project), make(project)
    for other in ("/", "/records", "/reports", "/_stcore/stream", "/media/" + "a" * 32):
        answer = client.get(f"{other}{path.removeprefix('/shared')}")
        assert answer.status_code in (303, 401), other
    for file in ("report.zip", "included.csv", "../review.db", "prisma.docx", "x" * 5000):
        answer = client.get(path, params={"key": path.partition("key=")[2], "file": file})
        assert answer.status_code == 404, file
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("state", ["withdrawn", "expired", "cut short", "missing"])
def test_a_link_that_does_not_work_says_so_and_shows_nothing(project, state, monkeypatch):
    path = make(project)
    if state == "withdrawn":
        (link,) = export_links.list_links(project)
        export_links.withdraw_link(project, link.id, "ada")
    elif state == "expired":
        (link,) = export_links.list_links(project)
        monkeypatch.setattr(export_links, "utc_now", lambda: link.expires)
    else:
        path = path[:-1] if state == "cut short" else "/shared"
    answer = build_client(project).get(path)
    assert answer.status_code == 404
    assert "This link does not work" in answer.text
    assert project.protocol.title not in answer.text and "Sign in" not in answer.text


def test_guessing_is_slowed_down_by_address_and_costs_nobody_else_anything(project):
    client, path = build_client(project), make(project)
    free = sign_in_limits.FREE_FAILURES["address"]
    for number in range(free):
        assert client.get(f"/shared?key=guess{number}").status_code == 404
    slowed = client.get(path)
    assert slowed.status_code == 429 and int(slowed.headers["Retry-After"]) > 0
    assert build_client(project, ("198.51.100.4", 4000)).get(path).status_code == 200


def test_one_address_has_three_places_in_the_queue(project, monkeypatch):
    client, path = build_client(project), make(project)
    begun, released = threading.Semaphore(0), threading.Event()

    def build_slowly(*_):
        begun.release()
        released.wait(60)
        return pages.SharedPage(b"made", "text/html")

    monkeypatch.setattr(pages, "build_answer", build_slowly)
    key = path.partition("key=")[2]
    codes = []

    def ask(number):
        codes.append(client.get("/shared", params={"key": key, "file": f"{number}"}).status_code)

    with client:
        askers = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for asker in askers:
            asker.start()
        begun.acquire(timeout=60)
        while codes.count(503) < 5:
            assert any(asker.is_alive() for asker in askers)
        released.set()
        for asker in askers:
            asker.join()
    assert sorted(codes) == [200] * 3 + [503] * 5


def test_a_page_is_made_once_for_a_state_and_anew_after_a_change(project, monkeypatch):
    made = []

    build_export = shared_exports.build_export

    def build(*args):
        made.append(args)
        return build_export(*args)

    monkeypatch.setattr(shared_exports, "build_export", build)
    client, path, other = build_client(project), make(project), make(project, days=30)
    first = client.get(path).text
    assert client.get(path).text == first and len(made) == 1
    assert path.partition("key=")[2] not in client.get(other).text
    assert len(made) == 1, "another link to the same export shows the same page"
    reporting.bring(project, "embase", range(900, 902), "2021-12-01")
    assert client.get(path).text != first and len(made) == 2


def test_an_export_that_cannot_be_counted_says_nothing_of_why(project, monkeypatch):
    def fail(*_):
        raise FlowError("R000007 is in no box")

    monkeypatch.setattr(shared_exports, "build_export", fail)
    answer = build_client(project).get(make(project))
    assert answer.status_code == 503
    assert "cannot be shown at the moment" in answer.text and "R000007" not in answer.text


def test_an_export_of_the_end_is_not_shown_once_the_review_goes_on(project, monkeypatch):
    monkeypatch.setattr(shared_exports, "describe_unfinished_work", lambda view: None)
    client, path = build_client(project), make(project, "report")
    assert client.get(path).status_code == 200
    monkeypatch.undo()
    reporting.bring(project, "embase", range(900, 902), "2021-12-01")
    answer = client.get(path)
    assert answer.status_code == 403
    assert "shown again once it is finished" in answer.text


@pytest.fixture
def home(database, tmp_path):
    (tmp_path / "home").mkdir()
    made = make_home(tmp_path / "home")
    yield made
    made.reviews.close()
    made.reviews.home.store.close()


def test_in_a_home_a_link_is_for_the_review_of_its_path(home):
    routes = [*HomeRoutes(home.reviews).build_routes(), Route("/{path:path}", show_page)]
    middleware = home_server.build_home_middleware(home.reviews, allowed=NAMES)
    app = Starlette(routes=routes, middleware=middleware)
    client = TestClient(app, base_url=HOST, follow_redirects=False)
    link = export_links.make_link(home.project("first"), "prisma", days=7, who="mia", base_url=HOST)
    path = link.address.removeprefix(HOST)
    assert path.startswith("/r/first/shared?key=")
    page = client.get(path)
    assert page.status_code == 200
    assert home.project("first").protocol.title in page.text
    assert "img-src data:" in page.headers["Content-Security-Policy"]
    query = path.partition("?")[2]
    for other in ("/r/second/shared", "/shared", "/r/nothing/shared"):
        answer = client.get(f"{other}?{query}", headers={"X-Funnel-Review": "first"})
        assert (answer.status_code, "does not work" in answer.text) == (404, True), other
    assert client.get(f"/r/first/?{query}").status_code == 303
    home_reviews.archive_review(home.home, "first", "mia", home.reviews)
    assert client.get(path).status_code == 404
    with home.project("second").store.read() as conn:
        assert rows.list_links(conn) == []
