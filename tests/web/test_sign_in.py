"""The door as strangers meet it: bounded forms and hashing, the names it answers under, headers."""

import asyncio
import threading
import time

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from review.errors import ReviewError
from review.store import accounts as rows
from review.web import gate, server, sign_in
from review.web.hosts import AllowedHosts, list_allowed_hosts, split_host
from review.web.page_font import FONT_PATH
from review.web.sign_in_pages import MAX_FORM_BYTES
from review.workflow.project import accounts, invitations, sign_in_limits
from review.workflow.project.accounts import CurrentUser
from review.workflow.setup.loading import init_project, open_project

HOST = "http://127.0.0.1:8501"
NAMES = AllowedHosts(frozenset({"127.0.0.1", "localhost"}))


@pytest.fixture
def project(tmp_path, database):
    init_project(tmp_path)
    return open_project(tmp_path, who="ada")


async def show_page(request):
    return PlainTextResponse("the review")


def offer_file(address):
    """The message by which the server puts a download on a page."""
    message = ForwardMsg()
    message.delta.new_element.download_button.url = address
    return message.SerializeToString()


async def send_messages(socket):
    """A page's socket: for each message of the browser one that names a file."""
    await socket.accept()
    try:
        while True:
            name = await socket.receive_text()
            await socket.send_bytes(offer_file(f"/media/{name}"))
    except WebSocketDisconnect:
        pass


def build_client(project, *, gated=True, allowed=NAMES, **options):
    """The app's own door before a page, a file and a socket."""
    routes = [
        *server.build_routes(project, gated=gated, services={}),
        WebSocketRoute("/_stcore/stream", send_messages),
        Route("/{path:path}", show_page, methods=["GET", "POST", "PUT"]),
    ]
    middleware = server.build_middleware(project, gated=gated, allowed=allowed)
    app = Starlette(routes=routes, middleware=middleware)
    return TestClient(app, base_url=HOST, follow_redirects=False, **options)


def sign_in_as(client, project, name):
    """A session without the cost of a password."""
    with project.store.write() as conn:
        client.cookies.set(gate.SESSION_COOKIE, accounts.start_session(conn, name, None, None))


@pytest.fixture
def quick(monkeypatch):
    """Passwords are compared in no time: 'right' is right."""

    def compare(project, name, password, **_):
        if password != "right":
            return None
        with project.store.write() as conn:
            return accounts.start_session(conn, name, None, None)

    monkeypatch.setattr(accounts, "sign_in", compare)


def test_a_form_larger_than_a_few_kilobytes_is_refused_unread(project, monkeypatch):
    monkeypatch.setattr(accounts, "sign_in", lambda *_, **__: pytest.fail("looked at"))
    client = build_client(project)
    form = {"content-type": "application/x-www-form-urlencoded"}
    big = b"name=ada&password=" + b"x" * (MAX_FORM_BYTES + 1)
    assert client.post("/signin", content=big, headers=form).status_code == 413

    def endless():
        for _ in range(3):
            yield b"name=ada&password=" + b"x" * 4000

    assert client.post("/signin", content=endless(), headers=form).status_code == 413
    files = {"password": ("x", b"x" * 20_000)}
    assert client.post("/signin", files=files).status_code == 415
    assert client.post("/signin", json={"name": "ada"}).status_code == 415
    assert client.post("/invitation", files=files).status_code == 415
    many = b"&".join(b"f%d=" % n for n in range(50))
    assert client.post("/signin", content=many, headers=form).status_code == 400
    for length in ("-1", "9" * 30, "²"):
        answer = client.post(
            "/signin",
            content=b"name=a",
            headers={**form, "content-length": length.encode("latin-1")},
        )
        assert answer.status_code == 413, length


def test_a_multipart_body_of_400_megabytes_is_never_received(project):
    """The handler answers without asking for a single part of the body."""
    from starlette.requests import Request

    routes = sign_in.SignInRoutes(project, {})
    asked = []

    async def receive():
        asked.append(1)
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/signin",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
        "client": ("192.0.2.1", 1),
    }
    response = asyncio.run(routes.handle_sign_in(Request(scope, receive)))
    assert (response.status_code, asked) == (415, [])
    assert response.headers["connection"] == "close"


def test_comparing_passwords_keeps_nobody_waiting_and_its_queue_is_short(project, monkeypatch):
    """Forty strangers at once: a few are looked at, the rest told to come back; a page of somebody
    else answers meanwhile, and so does the sign-in of a known browser."""
    release, looked_at = threading.Event(), []

    def compare(project, name, password, **_):
        looked_at.append(name)
        if name != "ada":
            release.wait(60)
            return None
        return "token"

    monkeypatch.setattr(accounts, "sign_in", compare)
    cookie = sign_in_limits.make_browser_cookie(project, "ada")

    async def visit():
        import httpx

        routes = server.build_routes(project, gated=True, services={})
        app = Starlette(
            routes=routes, middleware=server.build_middleware(project, gated=True, allowed=NAMES)
        )

        def client(address):
            transport = httpx.ASGITransport(app=app, client=(address, 1))
            return httpx.AsyncClient(transport=transport, base_url=HOST)

        async def attempt(number):
            async with client(f"192.0.2.{number % 20}") as one:
                words = {"name": "ben", "password": f"guess {number}"}
                return (await one.post("/signin", data=words)).status_code

        strangers = [asyncio.create_task(attempt(number)) for number in range(40)]
        done, waiting = await asyncio.wait(strangers, timeout=20)
        while len(done) < 32:
            more, waiting = await asyncio.wait(waiting, timeout=20)
            done |= more
        busy = [task.result() for task in done]
        async with client("192.0.2.1") as one:
            assert (await one.get("/healthz")).text == "ok\n"
            one.cookies.set(sign_in.BROWSER_COOKIE, cookie)
            answer = await one.post("/signin", data={"name": "ada", "password": "right"})
        release.set()
        rest = [await task for task in waiting]
        return busy, rest, answer

    busy, rest, answer = asyncio.run(visit())
    assert busy == [503] * 32
    assert rest == [401] * 8
    assert answer.status_code == 303
    assert len(looked_at) == 9


def test_one_address_has_two_places_in_the_queue():
    async def crowd():
        pool, release = sign_in.HashingPool("test"), threading.Event()
        first = [
            asyncio.create_task(pool.run("192.0.2.1", 2, lambda: release.wait(60)))
            for _ in range(5)
        ]
        await asyncio.sleep(0)
        assert await pool.run("192.0.2.1", 2, lambda: True) is None
        other = asyncio.create_task(pool.run("192.0.2.2", 2, lambda: True))
        await asyncio.sleep(0)
        release.set()
        assert [await one for one in first] == [True, True, None, None, None]
        assert await other is True
        assert not pool.waiting  # nothing is kept of who has left

    asyncio.run(crowd())


def test_failed_attempts_are_slowed_down_and_the_page_says_how_long(project, quick):
    client = build_client(project)
    for _ in range(5):
        assert client.post("/signin", data={"name": "ada", "password": "x"}).status_code == 401
    answer = client.post("/signin", data={"name": "ada", "password": "right"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 8
    assert "Too many failed attempts. Try again in" in answer.text


def test_signing_in_makes_the_browser_known_and_gives_a_safe_cookie(project, quick):
    client = build_client(project)
    answer = client.post("/signin", data={"name": "ada", "password": "right", "to": "/records"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/records")
    session, browser = answer.headers.get_list("set-cookie")
    assert session.startswith("funnel_session=") and browser.startswith("funnel_browser=")
    for cookie in (session, browser):
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
        assert "secure" not in cookie.lower()
    assert client.get("/").text == "the review"
    secure = TestClient(client.app, base_url="https://localhost", follow_redirects=False)
    answer = secure.post("/signin", data={"name": "ada", "password": "right"})
    assert all("; Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))
    assert answer.headers["strict-transport-security"]


def test_a_link_in_the_browser_sets_the_password_once(project):
    client = build_client(project)
    link = invitations.make_invitation(project, "ben", "ada", HOST).address
    page = client.get(link)
    assert page.status_code == 200 and 'value="ben"' in page.text
    key = link.split("key=")[1]
    words = {"key": key, "password": "a fine password", "again": "another"}
    assert "The two passwords differ" in client.post("/invitation", data=words).text
    words = {"key": key, "password": "short", "again": "short"}
    assert "at least 8 characters" in client.post("/invitation", data=words).text
    words = {"key": key, "password": "a fine password", "again": "a fine password"}
    answer = client.post("/invitation", data=words)
    assert answer.status_code == 303
    assert client.get("/").text == "the review"
    assert client.get(link).status_code == 410
    assert client.post("/invitation", data=words).status_code == 410
    assert client.get("/invitation").status_code == 410


def test_without_a_session_nothing_else_answers_in_any_method(project):
    client = build_client(project)
    for path in ("/records", "/media/x.pdf", "/_stcore/host-config", "/auth/login", "/app.js"):
        for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
            answer = client.request(method, path)
            assert answer.status_code in (303, 401), (method, path)
            assert "the review" not in answer.text
    for path in ("/signin/", "//signin", "/signin/../records", "/healthz/x", "/SIGNIN"):
        assert "the review" not in client.get(path).text
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://127.0.0.1:8501/_stcore/stream"),
    ):
        pass
    client.cookies.set(gate.SESSION_COOKIE, "x" * 4000)
    assert client.get("/records").status_code == 303


def test_an_open_socket_closes_when_its_session_ends(project, monkeypatch):
    monkeypatch.setattr(gate, "RECHECK_SECONDS", 0)
    with build_client(project) as client:
        sign_in_as(client, project, "ada")
        with client.websocket_connect("ws://127.0.0.1:8501/_stcore/stream") as socket:
            socket.send_text("x")
            assert b"/media/x" in socket.receive_bytes()
            accounts.end_sessions(project, "ada", "ada")
            socket.send_text("y")
            with pytest.raises(WebSocketDisconnect):
                socket.receive_bytes()


FILE = "0123456789abcdef0123456789abcdef.pdf"


def test_a_file_answers_only_for_whose_page_was_sent_its_address(project):
    """A reviewer who learns the address of the lead's download gets nothing by it."""
    with build_client(project) as client:
        app = client.app
        sign_in_as(client, project, "ada")
        assert client.get(f"/media/{FILE}").status_code == 404
        with client.websocket_connect("ws://127.0.0.1:8501/_stcore/stream") as socket:
            socket.send_text(FILE)
            socket.receive_bytes()
        assert client.get(f"/media/{FILE}").text == "the review"
        assert client.get(f"/media/{FILE}").headers["cache-control"] == "private, no-store"
        assert client.get("/media/0123456789abcdef0123456789abcdee.pdf").status_code == 404
        other = TestClient(app, base_url=HOST, follow_redirects=False)
        sign_in_as(other, project, "ben")
        assert other.get(f"/media/{FILE}").status_code == 404


def test_the_addresses_kept_for_files_are_bounded(project, monkeypatch):
    monkeypatch.setattr(gate, "MEDIA_KEPT", 3)
    door = gate.RequireSession(show_page, project)

    async def fill():
        async def forget(message):
            pass

        for number in range(10):
            send = door._note_media(f"token {number}", forget)
            for name in range(10):
                await send({"bytes": offer_file(f"/media/{name:032}.pdf")})

    asyncio.run(fill())
    assert len(door.media) == 3
    assert all(len(names) == 3 for names in door.media.values())


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "", "127.0.0.1.evil.example"]
)
def test_a_name_that_points_here_is_refused_alone_and_with_sign_in(project, host):
    """DNS rebinding: a page of evil.example whose name now resolves to this computer."""
    for gated in (False, True):
        client = build_client(project, gated=gated)
        answer = client.get("/", headers={"host": host})
        assert answer.status_code == 421 and "the review" not in answer.text
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("ws://127.0.0.1:8501/_stcore/stream", headers={"host": host}),
        ):
            pass
        assert client.get("/healthz", headers={"host": host}).text == "ok\n"


def test_a_page_of_another_port_opens_no_socket_and_sends_no_form(project):
    client = build_client(project, gated=False)
    for origin in (
        "http://localhost:9999",
        "http://127.0.0.1:9999",
        "https://evil.example",
        "null",
        "http://127.0.0.1:8501.evil.example",
    ):
        headers = {"origin": origin, "host": "127.0.0.1:8501"}
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("ws://127.0.0.1:8501/_stcore/stream", headers=headers),
        ):
            pass
        assert client.put("/_stcore/upload_file/a/b", headers=headers).status_code == 403
    headers = {"origin": HOST, "host": "127.0.0.1:8501"}
    with client.websocket_connect("ws://127.0.0.1:8501/_stcore/stream", headers=headers) as socket:
        socket.send_text("x")
        assert socket.receive_bytes()


def test_the_names_of_a_server_on_a_network():
    allowed = list_allowed_hosts(
        address="0.0.0.0", urls=["https://review.example.org"], alone=False
    )
    for host in ("review.example.org", "REVIEW.example.org:443", "10.0.0.4:8501", "[2001:db8::1]"):
        assert allowed.knows(host), host
    for host in ("evil.example", None, "", "review.example.org.evil.example", "x:y"):
        assert not allowed.knows(host), host
    assert allowed.trusts("https://review.example.org", "10.0.0.4:8501")  # a proxy's own Host
    assert not allowed.trusts("http://review.example.org", "10.0.0.4:8501")
    alone = list_allowed_hosts(address="127.0.0.1", urls=[], alone=True)
    assert alone.knows("localhost:9000") and not alone.knows("10.0.0.4:8501")
    assert split_host("a:99999999") is None
    with pytest.raises(ReviewError, match="is not an address"):
        list_allowed_hosts(address="0.0.0.0", urls=["review.example.org"], alone=False)


def test_every_answer_forbids_what_comes_from_elsewhere(project):
    client = build_client(project)
    pages = {path: client.get(path) for path in ("/signin", "/records", "/invitation", "/healthz")}
    for path, answer in pages.items():
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert "frame-ancestors" in headers["content-security-policy"]
    door = pages["/signin"].headers["content-security-policy"]
    assert "default-src 'none'" in door and "script" not in door
    page = pages["/records"].headers["content-security-policy"]
    for kind in ("default-src 'self'", "img-src 'self' data: blob:", "object-src 'none'"):
        assert kind in page
    assert "http" not in page and "*" not in page
    assert pages["/signin"].headers["cache-control"] == "no-store"


def test_health_says_whether_the_store_answers_and_nothing_else(project, monkeypatch):
    client = build_client(project)
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
    monkeypatch.setattr(server, "is_answering", lambda store: False)
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (503, "store\n")


def test_signing_out_ends_the_session_in_the_store(project):
    client = build_client(project)
    sign_in_as(client, project, "ada")
    token = client.cookies[gate.SESSION_COOKIE]
    assert client.get("/signout").headers["location"] == "/signin"
    assert accounts.get_current_user(project, token) is None


def test_the_files_of_a_review_are_its_owners(tmp_path):
    folder = tmp_path / "new" / "review"
    init_project(folder)
    made = open_project(folder, who="ada")
    with made.store.write() as conn:
        rows.set_password(conn, "ada", None, "ada", sign_in_limits.utc_now())
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.glob("review.db*"):
        assert path.stat().st_mode & 0o777 == 0o600, path
    made.store.close()
    (folder / "review.db").chmod(0o664)
    open_project(folder).store.close()
    assert (folder / "review.db").stat().st_mode & 0o777 == 0o660  # the group's stays


def test_a_person_of_the_team_is_who_the_door_lets_in(project):
    client = build_client(project)
    sign_in_as(client, project, "ada")
    token = client.cookies[gate.SESSION_COOKIE]
    assert accounts.get_current_user(project, token) == CurrentUser("ada", ("lead", "reviewer"))
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace("name: ada", "name: amy"))
    time.sleep(0.01)
    assert client.get("/records").status_code == 303


def test_pages_before_sign_in_have_the_apps_font_and_follow_the_scheme(project):
    client = build_client(project)
    page = client.get("/signin").text
    assert f"src:url({FONT_PATH})" in page and "light-dark(" in page
    font = client.get(FONT_PATH)
    assert font.status_code == 200 and font.content[:4] == b"wOF2"
    assert font.headers["Content-Type"] == "font/woff2"
