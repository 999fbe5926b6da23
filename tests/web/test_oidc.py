"""Sign-in through an institution's service, with a provider that also lies: what it signs, for whom
and for how long is checked, and the session is one of our own."""

import base64
import json
import threading
import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
import werkzeug.serving
from joserfc import jwk, jwt
from oidc_provider_mock._app import app as make_provider
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

from review.errors import ReviewError
from review.web import gate, oidc, server
from review.web.hosts import AllowedHosts
from review.workflow.project import accounts
from review.workflow.setup.loading import init_project, open_project

HOME = "http://127.0.0.1:8501"
SECRET = "a long secret of this test alone"
PEOPLE = [
    oidc_provider_mock.User(sub="ada", claims={"email": "ada@example.org"}),
    oidc_provider_mock.User(sub="eve", claims={"email": "eve@example.org"}),
    oidc_provider_mock.User(
        sub="unconfirmed", claims={"email": "ada@example.org", "email_verified": False}
    ),
    oidc_provider_mock.User(sub="nameless", claims={}),
    oidc_provider_mock.User(sub="ben by name", claims={"email": "ben"}),
]


class Liar:
    """Rewrites the provider's ID tokens on their way out."""

    def __init__(self, app):
        self.app = app
        self.rewrite = None
        """A function of the claims that gives the new token, or nothing for the true one."""

    def __call__(self, environ, start_response):
        if self.rewrite is None or not environ["PATH_INFO"].endswith("/token"):
            return self.app(environ, start_response)
        kept = []
        body = b"".join(self.app(environ, lambda *words: kept.append(words)))
        data = httpx.Response(200, content=body).json()
        payload = data["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        data["id_token"] = self.rewrite(dict(claims))
        body = json.dumps(data).encode()
        headers = [(k, v) for k, v in kept[0][1] if k.lower() != "content-length"]
        start_response(kept[0][0], [*headers, ("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture(scope="module")
def provider():
    app = make_provider(user_claims=PEOPLE)
    liar = Liar(app)
    made = werkzeug.serving.make_server("localhost", 0, liar, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    liar.address = f"http://localhost:{made.server_port}"
    liar.flask = app
    yield liar
    made.shutdown()
    thread.join()


@contextmanager
def write_secrets(folder, text):
    """The secrets file of the folder the app is started in."""
    made = folder / ".streamlit"
    made.mkdir(exist_ok=True)
    (made / "secrets.toml").write_text(text)
    before = config.get_option("secrets.files")
    secrets_singleton._reset()
    config.set_option("secrets.files", [str(made / "secrets.toml")])
    yield
    config.set_option("secrets.files", before)
    secrets_singleton._reset()


def build_secrets(address="https://login.example.org", **changed):
    values = {
        "redirect_uri": f"{HOME}/oauth2callback",
        "cookie_secret": SECRET,
        "client_id": "funnel",
        "client_secret": "known to both",
        "server_metadata_url": f"{address}/.well-known/openid-configuration",
        **changed,
    }
    lines = [f'{key} = "{value}"\n' for key, value in values.items() if value is not None]
    return "[auth]\n" + "".join(lines)


@pytest.fixture
def project(tmp_path, new_store):
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    text = path.read_text().replace("{name: ada", "{name: ada, email: Ada@Example.org")
    path.write_text(text)
    return open_project(tmp_path, who="ada")


async def show_page(request):
    return PlainTextResponse("the review")


@pytest.fixture
def client(project, provider, tmp_path):
    provider.rewrite = None
    with write_secrets(tmp_path, build_secrets(provider.address)):
        services = oidc.load_services()
        routes = [
            *server.build_routes(project, gated=True, services=services),
            Route("/{path:path}", show_page),
        ]
        names = AllowedHosts(frozenset({"127.0.0.1"}))
        middleware = [
            *server.build_middleware(project, gated=True, allowed=names),
            Middleware(SessionMiddleware, secret_key=SECRET, same_site="lax"),
        ]
        app = Starlette(routes=routes, middleware=middleware)
        yield TestClient(app, base_url=HOME, follow_redirects=False)


def visit_provider(client, subject, to="/records"):
    """Goes to the provider, lets it confirm the subject, and gives the address it sends back to."""
    away = client.get("/signin/service", params={"service": "default", "to": to})
    assert away.status_code == 302, away.text
    answer = httpx.post(away.headers["location"], data={"sub": subject})
    assert answer.status_code == 302, answer.text
    back = answer.headers["location"]
    assert back.startswith(f"{HOME}/oauth2callback?")
    return back


def test_a_confirmed_member_gets_a_session_of_ours(client, project):
    assert 'href="/signin/service?service=default' in client.get("/signin").text
    answer = client.get(visit_provider(client, "ada"))
    assert answer.status_code == 200
    assert 'content="0;url=/records"' in answer.text
    assert client.get("/records").text == "the review"
    (session,) = accounts.list_sessions(project, "ada")
    assert session.address == "testclient"
    accounts.end_sessions(project, "ada", "ada")
    assert client.get("/records").status_code == 303


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("eve", "is not on this review's team"),
        ("unconfirmed", "has not been verified"),
        ("nameless", "gave no e-mail address"),
        ("ben by name", "is not on this review's team"),
    ],
)
def test_nobody_else_is_let_in(client, subject, words):
    answer = client.get(visit_provider(client, subject))
    assert answer.status_code == 403
    assert words in answer.text.replace("&#x27;", "'")
    assert gate.SESSION_COOKIE not in client.cookies
    assert client.get("/records").status_code == 303


def sign(claims, key, **header):
    return jwt.encode({"alg": "RS256", **header}, claims, key)


LIES = {
    "signed by another key": lambda claims, key: sign(claims, jwk.RSAKey.generate_key()),
    "signed by nobody": lambda claims, key: (
        "eyJhbGciOiJub25lIn0." + sign(claims, key).split(".")[1] + "."
    ),
    "signed with our own secret": lambda claims, key: jwt.encode(
        {"alg": "HS256"}, claims, jwk.OctKey.import_key("known to both")
    ),
    "for somebody else": lambda claims, key: sign({**claims, "aud": "another"}, key),
    "for somebody else by our party": lambda claims, key: sign(
        {**claims, "aud": "another", "azp": "funnel"}, key
    ),
    "expired": lambda claims, key: sign({**claims, "exp": int(time.time()) - 3600}, key),
    "without an end": lambda claims, key: sign(
        {name: value for name, value in claims.items() if name != "exp"}, key
    ),
    "for another visit": lambda claims, key: sign({**claims, "nonce": "another"}, key),
    "without a visit": lambda claims, key: sign(
        {name: value for name, value in claims.items() if name != "nonce"}, key
    ),
    "by another service": lambda claims, key: sign({**claims, "iss": "https://evil.example"}, key),
    "no token at all": lambda claims, key: "nothing",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_opens_nothing(client, provider, project, lie):
    key = find_key(provider)
    provider.rewrite = lambda claims: LIES[lie](claims, key)
    answer = client.get(visit_provider(client, "ada"))
    assert answer.status_code == 403
    assert "did not confirm who you are" in answer.text
    assert accounts.list_sessions(project, "ada") == []
    assert gate.SESSION_COOKIE not in client.cookies


def test_a_token_that_is_signed_anew_and_true_opens_one(client, provider, project):
    """So the lies above are refused for what is wrong with them."""
    key = find_key(provider)
    provider.rewrite = lambda claims: sign(claims, key)
    assert client.get(visit_provider(client, "ada")).status_code == 200
    assert len(accounts.list_sessions(project, "ada")) == 1


def find_key(provider):
    """The key that the provider signs with."""
    from oidc_provider_mock import _storage

    with provider.flask.test_request_context("/"):
        provider.flask.preprocess_request()
        return jwk.RSAKey.import_key(_storage.storage.jwk.as_dict(is_private=True))


def test_an_answer_of_the_service_works_once_and_for_the_browser_that_asked(client, project):
    back = visit_provider(client, "ada")
    thief = TestClient(client.app, base_url=HOME, follow_redirects=False)
    assert thief.get(back).status_code == 403
    assert client.get(back).status_code == 200
    assert client.get(back).status_code == 403
    assert len(accounts.list_sessions(project, "ada")) == 1
    made_up = f"{HOME}/oauth2callback?code=x&state=y"
    assert client.get(made_up).status_code == 403
    assert client.get("/oauth2callback?error=access_denied&state=x").status_code == 403
    assert client.get("/oauth2callback").headers["location"] == "/signin"


def test_streamlits_own_cookie_opens_nothing(client):
    from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

    told = '{"email": "ada@example.org", "is_logged_in": true, "origin": "http://127.0.0.1:8501"}'
    value = create_signed_value(SECRET, "_streamlit_user", told).decode()
    client.cookies.set("_streamlit_user", value)
    assert client.get("/records").status_code == 303


def test_after_sign_in_one_lands_in_the_app_alone(client):
    for to, page in (("//evil.example", "/"), ("/x\"'><b>", "/x&quot;%27&gt;&lt;b&gt;")):
        answer = client.get(visit_provider(client, "ada", to))
        assert f'content="0;url={page}"' in answer.text


def test_signing_out_ends_our_session_and_goes_to_the_services(client, project):
    client.get(visit_provider(client, "ada"))
    token = client.cookies[gate.SESSION_COOKIE]
    away = urlsplit(client.get("/signout").headers["location"])
    assert away.path.endswith("end_session")
    assert parse_qs(away.query)["post_logout_redirect_uri"] == [f"{HOME}/oauth2callback"]
    assert accounts.get_current_user(project, token) is None


def test_a_service_that_is_away_is_said(project, tmp_path):
    text = build_secrets("http://127.0.0.1:9")
    with write_secrets(tmp_path, text):
        services = oidc.load_services()
    routes = server.build_routes(project, gated=True, services=services)
    names = AllowedHosts(frozenset({"127.0.0.1"}))
    middleware = [
        *server.build_middleware(project, gated=True, allowed=names),
        Middleware(SessionMiddleware, secret_key=SECRET),
    ]
    app = Starlette(routes=routes, middleware=middleware)
    away = TestClient(app, base_url=HOME, follow_redirects=False)
    answer = away.get("/signin/service?service=default")
    assert (answer.status_code, "does not answer" in answer.text) == (502, True)
    assert away.get("/signin/service?service=none").headers["location"] == "/signin"


def test_a_secrets_file_without_auth_leaves_the_gate_shut(project, tmp_path, monkeypatch):
    with write_secrets(tmp_path, '[other]\nkey = "x"\n'):
        assert oidc.load_services() == {}
        built, printed = {}, []
        monkeypatch.setattr(
            server, "build_app", lambda *_, **options: built.update(options) or Stopped()
        )
        monkeypatch.setattr(server, "warm_up", lambda: None)
        server.run_server(project.folder, server.ServerOptions(port=1), printed.append)
        assert built["gated"] is True
        assert f"/setup?key={built['setup_key'].secret}\n" in printed.pop()
        accounts.add_user(project, "ada", "correct horse", "ada")
        server.run_server(project.folder, server.ServerOptions(port=1), printed.append)
        assert (built["gated"], built["setup_key"], printed) == (True, None, [])


class Stopped:
    def run(self, config):
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (build_secrets(cookie_secret="a long random text of your own"), "random text of your own"),
        (build_secrets(cookie_secret="short"), "at least 24 characters"),
        (build_secrets(cookie_secret=None), "lacks cookie_secret"),
        (build_secrets(client_id=None), "lacks client_id"),
        (build_secrets(client_secret=None), "lacks client_secret"),
        (build_secrets(server_metadata_url=None), "lacks server_metadata_url"),
        (build_secrets(redirect_uri="https://x/elsewhere"), "redirect_uri must be"),
        ('auth = "yes"\n', "must be a section"),
        ("[auth\n", "valid TOML"),
    ],
)
def test_what_is_wrong_in_the_secrets_file_is_one_line(tmp_path, text, words):
    with write_secrets(tmp_path, text), pytest.raises(ReviewError, match=words) as no:
        oidc.load_services()
    assert "known to both" not in str(no.value)


def test_several_services_each_have_a_button(tmp_path):
    one = build_secrets().split("client_id")[0]
    rest = 'client_id = "c"\nclient_secret = "s"\nserver_metadata_url = "https://x/y"\n'
    text = f"{one}[auth.north]\n{rest}[auth.south]\n{rest}"
    with write_secrets(tmp_path, text):
        labels = {name: service.label for name, service in oidc.load_services().items()}
    assert labels == {"north": "Sign in with north", "south": "Sign in with south"}
