"""Accounts, sessions and roles, and sign-in before every page, file and WebSocket."""

import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta

import pytest
from support.browser import read_setup_link, served

from review.errors import ReviewError
from review.store import accounts as rows
from review.store.timestamps import utc_now
from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser, is_allowed, require_permission
from review.workflow.setup.loading import init_project, open_project


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path)
    accounts.add_user(opened, "ada", "correct horse", "lead")
    return opened


def test_a_right_password_signs_in_and_a_wrong_one_does_not(project):
    token = accounts.sign_in(project, "ada", "correct horse")
    assert accounts.get_current_user(project, token) == CurrentUser("ada", ("lead", "reviewer"))
    assert accounts.sign_in(project, "ada", "wrong horse") is None
    assert accounts.sign_in(project, "nobody", "correct horse") is None
    assert accounts.get_current_user(project, "made up") is None
    assert accounts.get_current_user(project, None) is None


def test_passwords_are_kept_hashed_with_argon2(project):
    with project.store.read() as conn:
        assert rows.get_password_hash(conn, "ada").startswith("$argon2id$")


def test_signing_out_and_closing_an_account_end_sessions(project):
    first = accounts.sign_in(project, "ada", "correct horse")
    second = accounts.sign_in(project, "ada", "correct horse")
    accounts.sign_out(project, first)
    assert accounts.get_current_user(project, first) is None
    assert accounts.get_current_user(project, second) is not None
    accounts.close_user(project, "ada", "lead")
    assert accounts.get_current_user(project, second) is None
    with pytest.raises(ReviewError, match="no active account"):
        accounts.close_user(project, "ada", "lead")


def test_an_old_session_expires(project):
    with project.store.write() as conn:
        rows.open_session(
            conn, "old", "ada", utc_now() - timedelta(days=20), utc_now() - timedelta(days=6)
        )
    assert accounts.get_current_user(project, "old") is None


def test_only_team_members_with_fair_passwords_get_accounts(project):
    with pytest.raises(ReviewError, match="not on this review's team"):
        accounts.add_user(project, "mallory", "long enough", "lead")
    with pytest.raises(ReviewError, match="at least 8"):
        accounts.add_user(project, "ben", "short", "lead")


def test_roles_open_only_what_is_theirs():
    reader, reviewer = CurrentUser("r", ("reader",)), CurrentUser("b", ("reviewer",))
    assert is_allowed(reader, "read")
    assert not is_allowed(reader, "screen")
    assert is_allowed(reviewer, "screen")
    for action in ("adjudicate", "manage", "export", "harvest", "import"):
        assert not is_allowed(reviewer, action)
        with pytest.raises(ReviewError, match="requires the role"):
            require_permission(reviewer, action)


def ask(address, path, *, cookie=None, form=None):
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(address + path, data=data)
    if cookie:
        request.add_header("Cookie", cookie)
    opener = urllib.request.build_opener(Stay)
    try:
        with opener.open(request, timeout=120) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


class Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow redirects, so that they can be looked at."""

    def redirect_request(self, *_):
        return None


def test_without_a_session_only_the_sign_in_page_answers(project):
    with served(project.folder) as address:
        assert ask(address, "/")[0] == 303
        assert {ask(address, to)[1]["location"] for to in ("/", "/signout")} == {"/signin"}
        location = ask(address, "/record?key=R000001&x=%22")[1]["location"]
        assert location == "/signin?to=%2Frecord%3Fkey%3DR000001%26x%3D%2522"
        assert 'value="/record?key=R000001&amp;x=%22"' in ask(address, location)[2]
        for path in ("/_stcore/stream", "/_stcore/host-config", "/media/secret.pdf", "/app.js"):
            assert ask(address, path)[0] == 401, path
        status, _, body = ask(address, "/signin")
        assert (status, "Password" in body) == (200, True)
        wrong = {"name": "ada", "password": "nope nope"}
        status, headers, body = ask(address, "/signin", form=wrong)
        assert (status, "set-cookie" in headers, "Wrong name or password" in body) == (
            401,
            False,
            True,
        )
        assert 'value="ada"' in body
        odd = {"name": '"><b>ada', "password": "nope nope"}
        assert 'value="&quot;&gt;&lt;b&gt;ada"' in ask(address, "/signin", form=odd)[2]
        right = {"name": "ada", "password": "correct horse"}
        status, headers, _ = ask(address, "/signin", form=right)
        cookie = headers["set-cookie"]
        assert (status, headers["location"]) == (303, "/")
        for to, page in (
            ("/record?key=R000001", "/record?key=R000001"),
            ("//evil.example/x", "/"),
            ("//[", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\tx", "/"),
        ):
            assert ask(address, "/signin", form={**right, "to": to})[1]["location"] == page
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert ask(address, "/", cookie=cookie.split(";")[0])[0] == 200
        for _ in range(6):
            ask(address, "/signin", form=wrong)
        assert ask(address, "/signin", form=wrong)[0] == 429


def test_the_app_starts_without_an_account_and_prints_a_link_for_the_first(tmp_path):
    init_project(tmp_path)
    with served(tmp_path) as address:
        assert ask(address, "/")[1]["location"] == "/signin"
        assert ask(address, "/signin")[0] == 403
        link = read_setup_link(tmp_path)
        assert link.startswith(f"{address}/setup?key=")
        assert ask(address, link.removeprefix(address))[0] == 200
        assert ask(address, "/setup")[0] == 403


def test_solo_is_for_team_members_on_loopback_only(project):
    from review.web.server import ServerOptions, run_server

    with pytest.raises(ReviewError, match="loopback"):
        run_server(project.folder, ServerOptions(port=1, address="0.0.0.0", solo="ada"))
    with pytest.raises(ReviewError, match="not on this review's team"):
        run_server(project.folder, ServerOptions(port=1, solo="mallory"))
