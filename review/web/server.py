"""Serves the app. Sign-in is required for every page, file and WebSocket."""

import gc
import html
import importlib
import os
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from review import protocol as protocols
from review.errors import ReviewError
from review.protocol import Protocol
from review.resources import get_shipped_path as shipped
from review.workflow.project import accounts
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.safety import backups
from review.workflow.setup.loading import open_project

COOKIE = "funnel_session"
PUBLIC_PATHS = ("/signin", "/_stcore/health")
"""Paths that need no session."""
MAX_FAILURES, FAILURE_SECONDS = 10, 300
"""After MAX_FAILURES wrong passwords in FAILURE_SECONDS, a name cannot sign in for that time."""

SIGN_IN_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{{font:16px/1.5 system-ui,sans-serif;background:#f6f7f9;color:#1c2430;display:grid;
place-items:center;min-height:100vh;margin:0}}form{{background:#fff;padding:2.2rem 2.4rem;
border-radius:12px;box-shadow:0 2px 18px #0001;width:20rem}}h1{{font-size:1.25rem;margin:0}}
p{{margin:.3rem 0 1.2rem;color:#5a6675;font-size:.92rem}}
label{{display:block;margin:.9rem 0 .25rem}}
input{{width:100%;box-sizing:border-box;font:inherit;padding:.5rem .6rem;border:1px solid #c5ccd6;
border-radius:7px}}button{{margin-top:1.3rem;width:100%;font:inherit;font-weight:600;padding:.6rem;
border:0;border-radius:7px;background:#23507c;color:#fff}}.said{{color:#a11;margin:.8rem 0 0}}
</style></head><body><form method="post" action="signin"><h1>Funnel</h1><p>{title}</p>
<input type="hidden" name="to" value="{to}">
<label for="name">Name</label><input id="name" name="name" autocomplete="username" value="{name}"
{first}>
<label for="password">Password</label><input id="password" name="password" type="password"
autocomplete="current-password" {then}><button>Sign in</button>{said}</form></body></html>"""


class RequireSession:
    """Middleware: without a session, only the sign-in page is served."""

    def __init__(self, app: ASGIApp, project: Project) -> None:
        self.app = app
        self.project = project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on requests that have a session."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in PUBLIC_PATHS:
            await self.app(scope, receive, send)
            return
        token = HTTPConnection(scope).cookies.get(COOKIE)
        if accounts.get_current_user(refresh_protocol(self.project), token) is not None:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
            return
        wants_page = scope["method"] == "GET" and "." not in scope["path"].rsplit("/", 1)[-1]
        response: Response = (
            RedirectResponse(_build_sign_in_address(scope), 303)
            if wants_page and not scope["path"].startswith(("/_stcore", "/media"))
            else PlainTextResponse("Please sign in first.", 401)
        )
        await response(scope, receive, send)


def _build_sign_in_address(scope: Scope) -> str:
    """The sign-in address with the requested page, so that the user lands there afterwards."""
    query = scope["query_string"].decode("latin-1")
    target = scope["path"] + (f"?{query}" if query else "")
    return "/signin" if target in ("/", "/signout") else f"/signin?{urlencode({'to': target})}"


def _restrict_to_app(target: str) -> str:
    """An address to go to after sign-in: a page of this app, else its first page."""
    is_local = target.startswith("/") and not target.startswith(
        "//"
    )  # '//host' is another's address
    return target if is_local and "\\" not in target and target.isprintable() else "/"


class SignInRoutes:
    """Sign-in and sign-out; limits failed attempts."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.failures: dict[str, list[float]] = defaultdict(list)

    async def handle_sign_in(self, request: Request) -> Response:
        """GET draws the form, POST signs in and sets the cookie."""
        if request.method == "GET":
            return self._build_form("", 200, target=request.query_params.get("to", ""))
        form_data = await request.form()
        target = str(form_data.get("to", ""))
        name, password = str(form_data.get("name", "")).strip(), str(form_data.get("password", ""))
        recent_failures = [
            failure_time
            for failure_time in self.failures[name]
            if failure_time > time.monotonic() - FAILURE_SECONDS
        ]
        self.failures[name] = recent_failures
        if len(recent_failures) >= MAX_FAILURES:
            return self._build_form(
                "Too many failed attempts. Try again in five minutes.", 429, name, target
            )
        token = accounts.sign_in(refresh_protocol(self.project), name, password)
        if token is None:
            self.failures[name].append(time.monotonic())
            return self._build_form("Wrong name or password.", 401, name, target)
        response = RedirectResponse(_restrict_to_app(target), 303)
        response.set_cookie(
            COOKIE,
            token,
            max_age=accounts.SESSION_DAYS * 86400,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    async def handle_sign_out(self, request: Request) -> Response:
        """Ends the session and goes back to the form."""
        token = request.cookies.get(COOKIE)
        if token:
            accounts.sign_out(self.project, token)
        response = RedirectResponse("/signin", 303)
        response.delete_cookie(COOKIE)
        return response

    def _build_form(self, message: str, status: int, name: str = "", target: str = "") -> Response:
        """The form; after a wrong password with the name as it was typed. `to` comes next."""
        title = html.escape(refresh_protocol(self.project).protocol.title)
        message_html = f'<p class="said" role="alert">{html.escape(message)}</p>' if message else ""
        name_focus, password_focus = ("", "autofocus") if name else ("autofocus", "")
        page_html = SIGN_IN_PAGE.format(
            title=title,
            said=message_html,
            name=html.escape(name),
            to=html.escape(target),
            first=name_focus,
            then=password_focus,
        )
        return HTMLResponse(page_html, status)


_PROTOCOL_CACHE: dict[Path, tuple[int, Protocol, str]] = {}
"""Protocol file -> when it was changed, what it plans, its fingerprint."""


def refresh_protocol(project: Project) -> Project:
    """The review with its protocol as the file is now, so that who joined or left the team while
    the app runs is let in or kept out at once; as it was, while the file cannot be read."""
    path = project.folder / PROTOCOL_FILE
    try:
        modified_at = path.stat().st_mtime_ns
        cached = _PROTOCOL_CACHE.get(path)
        if cached is None or cached[0] != modified_at:
            text = path.read_text(encoding="utf-8-sig")
            cached = (
                modified_at,
                protocols.parse_protocol(text, str(path)),
                protocols.fingerprint_text(text),
            )
            _PROTOCOL_CACHE[path] = cached
    except (OSError, UnicodeDecodeError, ReviewError):
        cached = _PROTOCOL_CACHE.get(path)
    return (
        project if cached is None else replace(project, protocol=cached[1], fingerprint=cached[2])
    )


def build_app(project: Project, *, gated: bool = True) -> Any:
    """The ASGI app for a review; `gated` puts sign-in before everything."""
    import streamlit as st

    sign_in_routes = SignInRoutes(project)
    routes = [
        Route("/signin", sign_in_routes.handle_sign_in, methods=["GET", "POST"]),
        Route("/signout", sign_in_routes.handle_sign_out, methods=["GET"]),
    ]
    middleware = [Middleware(RequireSession, project=project)] if gated else []
    return st.App(str(shipped("app.py")), routes=routes, middleware=middleware)


def run_server(folder: Path, *, port: int, address: str, solo: str | None) -> None:
    """Serves the app until stopped.

    Raises:
        ReviewError: nobody could sign in, or --solo on an address others can reach.
    """
    project = open_project(folder)
    os.environ["FUNNEL_REVIEW"] = str(folder.absolute())
    os.environ.pop("FUNNEL_SOLO", None)
    oidc = (Path.cwd() / ".streamlit" / "secrets.toml").exists()
    if solo:
        accounts.single_user(project, solo)
        if address not in ("127.0.0.1", "localhost", "::1"):
            raise ReviewError("--solo works only on this computer (loopback); omit --address.")
        os.environ["FUNNEL_SOLO"] = solo
    elif not oidc and not any(has_account for _, _, has_account in accounts.list_users(project)):
        raise ReviewError(
            "Nobody can sign in yet. Run 'review user add NAME' for each team member, "
            "or 'review app --solo NAME' to work alone on your own computer."
        )
    settings = {
        "server.port": port,
        "server.address": address,
        "server.headless": True,
        "server.fileWatcherType": "none",
        # A full collection after each run walks all loaded libraries: a tenth of a second during
        # which nobody else is answered. Python's usual collector does the work as it comes.
        "runner.postScriptGC": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "theme.base": "light",
        "theme.primaryColor": "#23507c",
    }
    Thread(target=warm_up, daemon=True).start()
    Thread(target=backups.keep_daily_backups, args=(project, Event()), daemon=True).start()
    build_app(project, gated=not solo and not oidc).run(config=settings)


def warm_up() -> None:
    """Loads what the first list and the first suggestions need, while people are signing in."""
    from review.bias.rules.patterns import get_tokenizer

    get_tokenizer()
    for name in ("pandas", "pyarrow"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # libraries stay; looking through them again and again would cost every reviewer
