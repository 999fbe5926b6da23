"""The gate of a home: a review's pages, files, sockets and name are for its team alone."""

import contextlib
import re
import urllib.error
import urllib.request

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from support.browser import served_home
from support.homes import PASSWORD, copy_home, open_made
from support.tabs import session_cookie, tab

from review.errors import ReviewError
from review.models import Record
from review.store import accounts as account_rows
from review.store import homes, records
from review.store.timestamps import utc_now
from review.web import home_server
from review.web.gate import SESSION_COOKIE
from review.web.home_pages import HomeRoutes
from review.web.hosts import AllowedHosts
from review.web.server import ServerOptions, build_door_routes, run_server
from review.workflow.home import reviews as home_reviews
from review.workflow.project import accounts
from review.workflow.screening import status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import people
from review.workflow.setup.first_account import SetupKey

HOST = "http://127.0.0.1:8501"
SOCKET_HOST = "ws://127.0.0.1:8501"
FORGED = {"X-Funnel-Review": "second", "x-funnel-review": "second"}
MEDIA = "/media/" + "a" * 32 + ".png"


async def show_request(request):
    """What the pages would be told."""
    seen = request.headers.getlist("x-funnel-review")
    return JSONResponse({"path": request.url.path, "review": seen})


async def show_socket(websocket):
    await websocket.accept()
    message = ForwardMsg()
    message.delta.new_element.download_button.url = MEDIA
    await websocket.send_bytes(message.SerializeToString())
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_bytes()
            seen = websocket.headers.getlist("x-funnel-review")
            await websocket.send_json({"review": seen})


def build_client(home, key=None):
    routes = [
        *build_door_routes(home.reviews.home, services={}, setup_key=key),
        *HomeRoutes(home.reviews).build_routes(),
        WebSocketRoute("/_stcore/stream", show_socket),
        Route("/{path:path}", show_request, methods=["GET", "POST", "PUT"]),
    ]
    allowed = AllowedHosts(frozenset({"127.0.0.1"}))
    middleware = home_server.build_home_middleware(home.reviews, allowed=allowed)
    app = Starlette(routes=routes, middleware=middleware)
    return TestClient(app, base_url=HOST, follow_redirects=False)


@pytest.fixture
def open_as(home):
    client = build_client(home)

    def sign_in(name):
        client.cookies.clear()
        if name:
            client.cookies.set(SESSION_COOKIE, home.sign_in(name))
        return client

    return sign_in


def test_a_member_reaches_the_review_named_in_the_path(open_as):
    client = open_as("dan")
    for path, inner in (("/r/first/", "/"), ("/r/first/records", "/records")):
        assert client.get(path, headers=FORGED).json() == {"path": inner, "review": ["first"]}
    for path, target in (
        ("/r/first", "/r/first/"),
        ("/r/first/records/?a=b", "/r/first/records?a=b"),
        ("/r/first/signout", "/signout"),
        ("/", "/reviews"),
    ):
        answer = client.get(path)
        assert answer.status_code == 303 and answer.headers["location"] == target
    lead = open_as("lea")
    assert lead.get("/r/first/x").json()["review"] == ["first"]
    assert lead.get("/r/second/x").json()["review"] == ["second"]


STRANGE = [
    "/r/second/",
    "/r/second/records",
    "/r/second/_stcore/host-config",
    "/r/second/_stcore/health",
    "/r/second" + MEDIA,
    "/r/second/static/x.js",
    "/r/first/../second/records",
    "/r/..%2Fsecond/",
    "/r/%2e%2e/",
    "/r/",
    "/r//",
    "/r/home.db",
    "/r/FIRST/",
    "/r/first%00/",
    "/records",
    "/_stcore/host-config",
    MEDIA,
    "/r/first/reviews",
    "/r/first/setup",
    "/r/first/healthz",
]


@pytest.mark.parametrize("path", STRANGE)
def test_who_is_not_in_the_team_reaches_nothing_of_a_review(open_as, path):
    answer = open_as("dan").get(path, headers=FORGED)
    assert answer.status_code == 404
    assert "Second" not in answer.text


def test_a_path_that_climbs_stays_in_the_review_the_gate_checked(open_as):
    seen = open_as("dan").get("/r/first/..%2Fsecond/records", headers=FORGED).json()
    assert seen["review"] == ["first"]


def test_a_review_of_others_answers_as_one_that_is_not_there(open_as):
    client = open_as("dan")
    there, absent = client.get("/r/second/"), client.get("/r/nothing/")
    assert (there.status_code, there.text) == (absent.status_code, absent.text)
    assert "Second" not in client.get("/reviews").text
    assert client.get("/reviews/archive?review=second").status_code == 404
    posted = client.post("/reviews/archive", data={"review": "second"})
    assert posted.text == client.post("/reviews/archive", data={"review": "nothing"}).text


@pytest.mark.parametrize("token", ["", "x", "x" * 500])
def test_without_a_session_every_address_leads_to_the_sign_in_page(open_as, token):
    client = open_as(None)
    client.cookies.set(SESSION_COOKIE, token)
    for path in ("/", "/reviews", "/reviews/new", "/r/first/", "/r/first/records", "/r/nothing/x"):
        answer = client.get(path, headers=FORGED)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/signin")
    for path in ("/r/first/_stcore/host-config", "/r/first" + MEDIA, "/r/first/static/x.js"):
        assert client.get(path, headers=FORGED).status_code == 401
    assert client.post("/reviews/new", data={"title": "x", "origin": "blank"}).status_code == 401
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(SOCKET_HOST + "/r/first/_stcore/stream"),
    ):
        pass


def test_a_socket_is_for_the_team_and_says_which_review(open_as):
    client = open_as("dan")
    url = "/r/first/_stcore/stream"
    with client.websocket_connect(SOCKET_HOST + url, headers=FORGED) as socket:
        socket.receive_bytes()
        socket.send_bytes(b"x")
        assert socket.receive_json() == {"review": ["first"]}
    for url in ("/r/second/_stcore/stream", "/_stcore/stream", "/r/%2e%2e/_stcore/stream"):
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect(SOCKET_HOST + url, headers=FORGED) as socket,
        ):
            socket.receive_bytes()


def leave(home, how):
    if how == "archived":
        home_reviews.archive_review(home.home, "first", "mia", home.reviews)
    elif how == "removed":
        people.remove_person(home.project("first"), "dan", "mia", "")
    elif how == "retired":
        people.retire_person(home.project("first"), "dan", "mia")
    else:
        accounts.end_sessions(home.home, "dan", "dan")


@pytest.mark.parametrize("how", ["archived", "removed", "retired", "signed out"])
def test_an_open_socket_closes_when_its_person_may_no_longer_see(open_as, home, how, monkeypatch):
    monkeypatch.setattr("review.web.gate.RECHECK_SECONDS", -1)
    client = open_as("dan")
    with client.websocket_connect(SOCKET_HOST + "/r/first/_stcore/stream") as socket:
        socket.receive_bytes()
        socket.send_bytes(b"x")
        socket.receive_json()
        leave(home, how)
        socket.send_bytes(b"x")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
    answer = client.get("/r/first/records")
    assert answer.status_code == (303 if how == "signed out" else 404)


def test_a_file_is_for_the_review_whose_page_was_sent_its_address(open_as):
    client = open_as("lea")
    with client.websocket_connect(SOCKET_HOST + "/r/first/_stcore/stream") as socket:
        socket.receive_bytes()
        assert client.get("/r/first" + MEDIA).status_code == 200
        assert client.get("/r/first" + MEDIA).headers["cache-control"] == "private, no-store"
        assert client.get("/r/second" + MEDIA).status_code == 404


def test_creating_and_archiving_over_the_forms(open_as, home):
    client = open_as("mia")
    made = client.post("/reviews/new", data={"title": "<b>Third</b>", "origin": "blank"})
    assert made.status_code == 303 and made.headers["location"] == "/r/b-third-b/"
    assert client.get("/r/b-third-b/").json()["review"] == ["b-third-b"]
    shown = client.get("/reviews").text
    assert "&lt;b&gt;Third&lt;/b&gt;" in shown and "<b>Third" not in shown
    assert "script" not in shown
    assert client.post("/reviews/archive", data={"review": "b-third-b"}).status_code == 303
    assert client.get("/r/b-third-b/").status_code == 404
    assert "Bring back" in client.get("/reviews").text
    assert client.post("/reviews/restore", data={"review": "b-third-b"}).status_code == 303
    assert client.get("/r/b-third-b/").status_code == 200
    wrong = client.post("/reviews/new", data={"title": "", "origin": "<x>"})
    assert wrong.status_code == 400 and "Enter a title" in wrong.text and "<x>" not in wrong.text
    reviewer = open_as("dan")
    assert reviewer.get("/reviews/new").status_code == 403
    assert reviewer.post("/reviews/new", data={"title": "x", "origin": "blank"}).status_code == 403


def test_the_list_says_what_waits_for_whom(open_as, home):
    with home.project("first").store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "mia", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n}")) for n in range(1, 4)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(home.project("first"), conn)
    assert "For you: 3 records to screen" in open_as("dan").get("/reviews").text
    add_decision(home.project("first"), NewDecision(1, "title-abstract", "dan", "include"))
    assert "For you: 2 records to screen" in open_as("dan").get("/reviews").text
    assert open_as("lea").get("/reviews").text.count("For you") == 0


def change(client, part, **form):
    return client.post(f"/reviews/account/{part}", data=form, headers={"Origin": HOST})


def test_everybody_changes_their_own_name_and_address(open_as, home):
    client = open_as("dan")
    page = client.get("/reviews/account").text
    assert "Dan Ek" in page and "this browser" in page and "<script" not in page
    answer = change(client, "details", full_name="Dan  Øst", email="d@x.org", password=PASSWORD)
    assert answer.headers["location"] == "/reviews/account?saved=1"
    assert "Dan Øst" in client.get("/reviews/account").text
    with home.home.store.read() as conn:
        person = homes.find_person(conn, "dan")
    assert (person.full_name, person.email, person.administrator) == ("Dan Øst", "d@x.org", False)
    for form, said in (
        ({"full_name": "Eve", "password": "wrong"}, "The current password is wrong"),
        ({"full_name": "", "password": PASSWORD}, "Enter your full name"),
        ({"full_name": "Dan", "email": "d.org", "password": PASSWORD}, "is not an e-mail address"),
    ):
        answer = change(client, "details", **form)
        assert answer.status_code == 400 and said in answer.text
    mia = open_as("mia")
    answer = change(mia, "details", full_name="Mia", email="D@X.org", password=PASSWORD)
    assert answer.status_code == 400 and "has the address D@X.org already" in answer.text
    assert change(mia, "details", full_name="<b>Mia", password=PASSWORD).status_code == 303
    assert "<b>Mia" not in mia.get("/reviews/account").text
    assert mia.get("/reviews/new").status_code == 200  # and is the administrator as before


def test_a_new_password_ends_every_session(open_as, home):
    client = open_as("dan")
    old = {"password": PASSWORD}
    for form, said in (
        ({**old, "new": "another long one", "again": "another"}, "The two new passwords differ"),
        ({"password": "wrong", "new": "another long one", "again": "another long one"}, "is wrong"),
        ({**old, "new": "short", "again": "short"}, "at least 8 characters"),
    ):
        answer = change(client, "password", **form)
        assert answer.status_code == 400 and said in answer.text
    form = {**old, "new": "another long one", "again": "another long one"}
    assert change(client, "password", **form).headers["location"] == "/signin"
    assert client.get("/reviews").headers["location"].startswith("/signin")
    assert accounts.sign_in(home.home, "dan", PASSWORD) is None
    assert accounts.sign_in(home.home, "dan", "another long one")


def test_a_session_is_ended_by_its_owner_alone(open_as, home):
    client, other = open_as("dan"), home.sign_in("dan")
    token = home.sign_in("lea")
    with home.home.store.read() as conn:
        numbers = {
            name: [one.id for one in account_rows.list_open_sessions(conn, name, None, utc_now())]
            for name in ("dan", "lea")
        }
    for number in (str(numbers["lea"][0]), "0", "x", "²"):
        assert change(client, "sessions", session=number).status_code == 400
    assert accounts.find_session_name(home.home, token) == "lea"
    page = client.get("/reviews/account").text
    assert page.count("this browser") == 1
    assert page.count('name="session"') == len(numbers["dan"])  # all others, and everywhere
    assert change(client, "sessions", session=str(max(numbers["dan"]))).status_code == 303
    assert accounts.find_session_name(home.home, other) is None
    assert client.get("/reviews/account").status_code == 200
    change(client, "sessions", session="all")
    assert client.get("/reviews/account").headers["location"].startswith("/signin")


def test_forms_from_another_site_do_nothing(open_as):
    client = open_as("mia")
    answer = client.post(
        "/reviews/archive", data={"review": "first"}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    form = {"full_name": "Eve", "password": PASSWORD}
    evil = {"Origin": "http://evil.example"}
    assert client.post("/reviews/account/details", data=form, headers=evil).status_code == 403
    assert client.get("/r/first/").status_code == 200


def test_the_printed_link_makes_the_first_account_of_a_home(tmp_path):
    made, key = open_made(tmp_path), SetupKey()
    client = build_client(made, key)
    assert client.get("/reviews").headers["location"].startswith("/signin")
    assert client.get("/signin").status_code == 403
    assert "administrator" in client.get("/setup", params={"key": key.secret}).text
    form = {"name": "mia", "full_name": "Mia Berg", "password": PASSWORD, "again": PASSWORD}
    assert client.post("/setup", data={**form, "key": "x"}).status_code == 403
    answer = client.post("/setup", data={**form, "key": key.secret})
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert "There is no review yet" in client.get("/reviews").text
    assert client.post("/setup", data={**form, "key": key.secret}).status_code == 410


def test_a_review_of_a_home_is_not_served_alone_nor_a_home_for_one(home, tmp_path, monkeypatch):
    folder = home.home.folder
    with pytest.raises(ReviewError, match="belongs to a home"):
        run_server(folder / "first", ServerOptions(port=1))
    with pytest.raises(ReviewError, match="--solo serves one review"):
        home_server.run_home(folder, ServerOptions(port=1, solo="mia"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    with pytest.raises(ReviewError, match="Unset DATABASE_URL"):
        home_server.run_home(folder, ServerOptions(port=1))


@pytest.mark.browser
def test_two_reviews_in_two_tabs_over_real_sockets(original, tmp_path):
    made = copy_home(original, tmp_path / "home")
    made.reviews.close()
    made.reviews.home.store.close()
    with served_home(tmp_path / "home") as address:
        cookie = session_cookie(address, "lea", PASSWORD)
        with (
            tab(address, cookie, path="/r/first") as first,
            tab(address, cookie, path="/r/second", headers={"x-funnel-review": "first"}) as second,
        ):
            for _ in range(2):
                for one, own, other in ((first, "First", "Second"), (second, "Second", "First")):
                    one.open("home")
                    assert own in one.text() and other not in one.text()
        stranger = session_cookie(address, "dan", PASSWORD)
        with tab(address, stranger, path="/r/first") as one:
            one.open("home")
            assert "First" in one.text()
        for path in ("/r/second", ""):
            with (
                pytest.raises(Exception, match=re.compile("403|rejected|closed", re.IGNORECASE)),
                tab(address, stranger, path=path, headers={"x-funnel-review": "second"}) as one,
            ):
                one.open("home")
        for path in ("/r/second/", "/r/second/_stcore/host-config", "/r/..%2fsecond/"):
            request = urllib.request.Request(address + path, headers={"Cookie": stranger})
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(request, timeout=60)
