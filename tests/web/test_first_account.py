"""The door before the first account: the printed link alone opens it, once."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from review.web import gate, server
from review.web.hosts import AllowedHosts
from review.workflow.project import accounts
from review.workflow.setup import first_account
from review.workflow.setup.first_account import SetupKey
from review.workflow.setup.loading import init_project, open_project

HOST = "http://127.0.0.1:8501"
FORM = {
    "name": "mia",
    "full_name": "Mia <Berg>",
    "password": "correct horse",
    "again": "correct horse",
}


@pytest.fixture
def project(tmp_path, new_store):
    init_project(tmp_path)
    return open_project(tmp_path, who="root")


@pytest.fixture
def key():
    return SetupKey()


async def show_page(request):
    return PlainTextResponse("the review")


def build_client(project, key):
    routes = [
        *server.build_routes(project, gated=True, services={}, setup_key=key),
        Route("/{path:path}", show_page, methods=["GET", "POST", "PUT"]),
    ]
    allowed = AllowedHosts(frozenset({"127.0.0.1"}))
    middleware = server.build_middleware(project, gated=True, allowed=allowed)
    app = Starlette(routes=routes, middleware=middleware)
    return TestClient(app, base_url=HOST, follow_redirects=False)


def test_before_the_first_account_only_the_link_opens_anything(project, key):
    client = build_client(project, key)
    for path in ("/", "/records", "/protocol", "/media/x.pdf", "/_stcore/host-config"):
        answer = client.get(path)
        assert answer.status_code in (303, 401) and "the review" not in answer.text
    for answer in (
        client.get("/signin"),
        client.post("/signin", data={"name": "ada", "password": "x"}),
        client.get("/invitation?key=x"),
    ):
        assert answer.status_code in (403, 410)
        assert project.protocol.title not in answer.text
    assert "Open the link that the app printed" in client.get("/signin").text


def test_a_wrong_link_shows_and_makes_nothing(project, key):
    client = build_client(project, key)
    for wrong in ("", "x", key.secret[:-1], SetupKey().secret):
        shown = client.get("/setup", params={"key": wrong})
        posted = client.post("/setup", data={**FORM, "key": wrong})
        for answer in (shown, posted):
            assert answer.status_code == 403
            assert "not the link that the app printed" in answer.text
            assert project.protocol.title not in answer.text
    assert client.post("/setup", data=FORM).status_code == 403
    assert client.post("/setup", json=FORM).status_code == 415
    assert first_account.needs_first_account(project)


def test_the_form_makes_the_account_signs_in_and_is_gone(project, key):
    client = build_client(project, key)
    page = client.get("/setup", params={"key": key.secret})
    assert page.status_code == 200 and "At least 8 characters" in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    answer = client.post("/setup", data={**FORM, "key": key.secret})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").text == "the review"
    opened = open_project(project.folder, who="root")
    assert opened.protocol.team[0].full_name == "Mia <Berg>"
    token = client.cookies[gate.SESSION_COOKIE]
    assert accounts.get_current_user(opened, token).roles == ("lead", "reviewer")
    other = build_client(project, None)
    for stranger in (client, other):
        for again in (
            stranger.get("/setup", params={"key": key.secret}),
            stranger.post("/setup", data={**FORM, "name": "eve", "key": key.secret}),
        ):
            assert again.status_code == 410
            assert "The first account has been made" in again.text
    assert client.get("/signin").status_code == 200


def test_mistakes_are_named_and_what_was_typed_stays(project, key):
    client = build_client(project, key)
    for change, words in (
        ({"again": "another horse"}, "The two passwords differ"),
        ({"password": "short", "again": "short"}, "at least 8 characters"),
        ({"name": ""}, "Enter a name to sign in with"),
        ({"full_name": ""}, "Enter your full name"),
        ({"name": "a|b"}, "must not contain"),
    ):
        answer = client.post("/setup", data={**FORM, "key": key.secret, **change})
        assert answer.status_code == 400 and words in answer.text, words
        assert 'role="alert"' in answer.text and "correct horse" not in answer.text
    answer = client.post("/setup", data={**FORM, "key": key.secret, "again": "x"})
    assert 'value="Mia &lt;Berg&gt;"' in answer.text and 'value="mia"' in answer.text


def test_who_comes_second_from_another_process_is_told_in_one_line(project, key):
    """Two processes serve the review, and each printed a link of its own."""
    other_key = SetupKey()
    first, second = build_client(project, key), build_client(project, other_key)
    assert second.get("/setup", params={"key": other_key.secret}).status_code == 200
    assert first.post("/setup", data={**FORM, "key": key.secret}).status_code == 303
    late = second.post("/setup", data={**FORM, "name": "eve", "key": other_key.secret})
    assert (late.status_code, gate.SESSION_COOKIE in second.cookies) == (410, False)
    assert first_account.TAKEN in late.text


def test_an_invitation_made_on_the_command_line_works_before_it(project, key):
    from review.workflow.project import invitations

    link = invitations.make_invitation(project, "ada", "root", HOST)
    client = build_client(project, key)
    words = {"key": link.address.split("key=")[1], "password": "a fine one", "again": "a fine one"}
    assert client.post("/invitation", data=words).status_code == 303
    assert client.get("/setup", params={"key": key.secret}).status_code == 410


def test_the_link_names_the_address_people_use(key):
    options = server.ServerOptions(port=8600)
    for address, urls, base in (
        ("127.0.0.1", "", "http://127.0.0.1:8600"),
        ("0.0.0.0", "", "http://127.0.0.1:8600"),
        ("::1", "", "http://[::1]:8600"),
        ("10.0.0.4", "", "http://10.0.0.4:8600"),
        ("0.0.0.0", "https://review.example.org/, https://x.org", "https://review.example.org"),
    ):
        options = server.ServerOptions(port=8600, address=address)
        text = server.format_setup_link(key, options, urls)
        assert f"  {base}/setup?key={key.secret}\n" in text
