"""Serves the app: sign-in page, session cookie, and a gate before every page, file and socket."""

import gc
import html
import importlib
import os
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from threading import Thread
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
from review.resources import folder as shipped
from review.workflow.project import accounts
from review.workflow.project.project import PROTOCOL, Project
from review.workflow.setup.loading import open_project

COOKIE = "funnel_session"
OPEN = ("/signin", "/_stcore/health")
"""Paths that need no session."""
MAX_FAILURES, FAILURE_SECONDS = 10, 300
"""So many wrong passwords for a name in so many seconds, then the name waits."""

FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
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


class Gate:
    """Middleware: without a session only the sign-in page answers, and nothing else."""

    def __init__(self, app: ASGIApp, project: Project) -> None:
        self.app = app
        self.project = project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets through what carries a session."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        token = HTTPConnection(scope).cookies.get(COOKIE)
        if accounts.signed_in(latest(self.project), token) is not None:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
            return
        wants_page = scope["method"] == "GET" and "." not in scope["path"].rsplit("/", 1)[-1]
        answer: Response = (
            RedirectResponse(_asked(scope), 303)
            if wants_page and not scope["path"].startswith(("/_stcore", "/media"))
            else PlainTextResponse("Sign in first.", 401)
        )
        await answer(scope, receive, send)


def _asked(scope: Scope) -> str:
    """The sign-in page, with the page that was asked for, so that a link leads there after all."""
    query = scope["query_string"].decode("latin-1")
    to = scope["path"] + (f"?{query}" if query else "")
    return "/signin" if to in ("/", "/signout") else f"/signin?{urlencode({'to': to})}"


def _of_the_app(to: str) -> str:
    """An address to go to after sign-in: a page of this app, else its first page."""
    inside = to.startswith("/") and not to.startswith("//")  # '//host' is another's address
    return to if inside and "\\" not in to and to.isprintable() else "/"


class Door:
    """The sign-in page; remembers wrong passwords for a while."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.failures: dict[str, list[float]] = defaultdict(list)

    async def signin(self, request: Request) -> Response:
        """GET draws the form, POST signs in and sets the cookie."""
        if request.method == "GET":
            return self._form("", 200, to=request.query_params.get("to", ""))
        given = await request.form()
        to = str(given.get("to", ""))
        name, password = str(given.get("name", "")).strip(), str(given.get("password", ""))
        recent = [t for t in self.failures[name] if t > time.monotonic() - FAILURE_SECONDS]
        self.failures[name] = recent
        if len(recent) >= MAX_FAILURES:
            return self._form("Too many wrong passwords. Wait five minutes.", 429, name, to)
        token = accounts.sign_in(latest(self.project), name, password)
        if token is None:
            self.failures[name].append(time.monotonic())
            return self._form("Name or password is wrong.", 401, name, to)
        answer = RedirectResponse(_of_the_app(to), 303)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=accounts.SESSION_DAYS * 86400,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def signout(self, request: Request) -> Response:
        """Ends the session and goes back to the form."""
        token = request.cookies.get(COOKIE)
        if token:
            accounts.sign_out(self.project, token)
        answer = RedirectResponse("/signin", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _form(self, said: str, status: int, name: str = "", to: str = "") -> Response:
        """The form; after a wrong password with the name as it was typed. `to` comes next."""
        title = html.escape(latest(self.project).protocol.title)
        note = f'<p class="said" role="alert">{html.escape(said)}</p>' if said else ""
        first, then = ("", "autofocus") if name else ("autofocus", "")
        form = FORM.format(
            title=title, said=note, name=html.escape(name), to=html.escape(to), first=first,
            then=then,
        )  # fmt: skip
        return HTMLResponse(form, status)


_NEWEST: dict[Path, tuple[int, Protocol, str]] = {}
"""Protocol file -> when it was changed, what it plans, its fingerprint."""


def latest(project: Project) -> Project:
    """The review with its protocol as the file is now, so that who joined or left the team while
    the app runs is let in or kept out at once; as it was, while the file cannot be read."""
    path = project.folder / PROTOCOL
    try:
        stamp = path.stat().st_mtime_ns
        known = _NEWEST.get(path)
        if known is None or known[0] != stamp:
            text = path.read_text(encoding="utf-8-sig")
            known = (stamp, protocols.parse(text, str(path)), protocols.fingerprint(text))
            _NEWEST[path] = known
    except (OSError, UnicodeDecodeError, ReviewError):
        known = _NEWEST.get(path)
    return project if known is None else replace(project, protocol=known[1], fingerprint=known[2])


def make(project: Project, *, gated: bool = True) -> Any:
    """The ASGI app for a review; `gated` puts sign-in before everything."""
    import streamlit as st

    door = Door(project)
    routes = [
        Route("/signin", door.signin, methods=["GET", "POST"]),
        Route("/signout", door.signout, methods=["GET"]),
    ]
    middleware = [Middleware(Gate, project=project)] if gated else []
    return st.App(str(shipped("app.py")), routes=routes, middleware=middleware)


def run(folder: Path, *, port: int, address: str, solo: str | None) -> None:
    """Serves the app until stopped.

    Raises:
        ReviewError: nobody could sign in, or --solo on an address others can reach.
    """
    project = open_project(folder)
    os.environ["FUNNEL_REVIEW"] = str(folder.absolute())
    os.environ.pop("FUNNEL_SOLO", None)
    oidc = (Path.cwd() / ".streamlit" / "secrets.toml").exists()
    if solo:
        accounts.solo(project, solo)
        if address not in ("127.0.0.1", "localhost", "::1"):
            raise ReviewError("--solo listens on loopback only; leave --address out.")
        os.environ["FUNNEL_SOLO"] = solo
    elif not oidc and not any(has for _, _, has in accounts.users(project)):
        raise ReviewError(
            "Nobody can sign in yet. Run 'review user add NAME' for each team member, "
            "or 'review app --solo NAME' on a laptop of your own."
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
    make(project, gated=not solo and not oidc).run(config=settings)


def warm_up() -> None:
    """Loads what the first list and the first suggestions need, while people are signing in."""
    from review.bias.rules.patterns import blank

    blank()
    for name in ("pandas", "pyarrow"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # libraries stay; looking through them again and again would cost every reviewer
