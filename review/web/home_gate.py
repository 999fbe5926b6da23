"""Middleware of a home: which review a path means, and whether this person may open it.

The review is the first part of the path (`/r/NAME/...`), never a cookie, so that two tabs can show
two reviews. The gate takes that part off before the pages see the request, and tells them the
review by a header that it drops from whatever a browser sends. Each review then has the same gate
as one that is served alone.
"""

import re
from threading import Lock

from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from review.errors import ReviewError
from review.web.gate import (
    NO_STORE,
    PUBLIC_PATHS,
    SESSION_COOKIE,
    RequireSession,
    ask_to_sign_in,
    refuse,
)
from review.web.sign_in_pages import build_message_page
from review.workflow.home.open_reviews import OpenReviews
from review.workflow.project import accounts
from review.workflow.project.home import REVIEW_HEADER, REVIEW_NAME, build_review_path
from review.workflow.project.project import Project
from review.workflow.publishing.export_links import LINK_PATH

HOME_PATH = "/reviews"
"""The list of reviews; the other pages of the home are below it."""
PERSON_KEY = "funnel.person"
"""Where the gate puts the name of who is signed in, for the home's own pages."""
REVIEW_PATH = re.compile(rf"/r/({REVIEW_NAME.pattern})(/.*)?", re.DOTALL)
DOOR_PATHS = ("/signin", "/signout")
NOT_FOUND = "There is no review at this address, it is archived, or you are not in its team."


class HomeGate:
    """The gate before every page, file and socket of a home and its reviews."""

    def __init__(self, app: ASGIApp, reviews: OpenReviews) -> None:
        self.app = app
        self.reviews = reviews
        self.gates: dict[str, RequireSession] = {}
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what somebody is let see, with the review named in a header."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = _set_review(scope, None)
        path = scope["path"]
        if path in PUBLIC_PATHS or path == "/signout":
            await self.app(scope, receive, send)
            return
        linked = REVIEW_PATH.fullmatch(path)
        if linked is not None and linked[2] == LINK_PATH and scope["type"] == "http":
            await self.app(_set_review({**scope, "path": LINK_PATH}, linked[1]), receive, send)
            return
        token = HTTPConnection(scope).cookies.get(SESSION_COOKIE, "")
        try:
            person = await to_thread.run_sync(self._find_person, token)
            if person is None:
                await ask_to_sign_in(scope, receive, send)
            elif path == "/":
                await RedirectResponse(HOME_PATH, 303)(scope, receive, send)
            elif path == HOME_PATH or path.startswith(f"{HOME_PATH}/"):
                await self.app({**scope, PERSON_KEY: person}, receive, send)
            else:
                await self._open_review(person, scope, receive, send)
        except ReviewError:
            await refuse(scope, receive, send, NO_STORE, 503)

    async def _open_review(self, person: str, scope: Scope, receive: Receive, send: Send) -> None:
        match = REVIEW_PATH.fullmatch(scope["path"])
        gate = None
        if match is not None:
            gate = await to_thread.run_sync(self._find_gate, match[1], person)
        if match is None or gate is None:
            await _answer_not_found(scope, receive, send)
            return
        review, inner = match[1], match[2] or ""
        target = _find_redirect(review, inner)
        if target is not None and scope["type"] == "http":
            query = scope["query_string"].decode("latin-1")
            address = f"{target}?{query}" if query else target
            await RedirectResponse(address, 303)(scope, receive, send)
        elif target is not None or _is_of_home(inner):
            await _answer_not_found(scope, receive, send)
        else:
            await gate(_set_review({**scope, "path": inner}, review), receive, send)

    def _find_person(self, token: str) -> str | None:
        """Who is signed in to the home."""
        if not token or len(token) > 200:
            return None
        return accounts.find_session_name(self.reviews.home, token)

    def _find_gate(self, review: str, person: str) -> RequireSession | None:
        """The gate of a review that this person may open; None where they may not."""
        project = self.reviews.find(review)
        if project is None or accounts.find_admitted(project, person) is None:
            return None
        return self._keep_gate(review, project)

    def _keep_gate(self, review: str, project: Project) -> RequireSession:
        with self._lock:
            gate = self.gates.get(review)
            if gate is None or gate.project.store is not project.store:
                gate = self.gates[review] = RequireSession(self.app, project)
            return gate


def _set_review(scope: Scope, review: str | None) -> Scope:
    """The request with the review's header as the gate says, whatever it had before."""
    name = REVIEW_HEADER.encode()
    headers = [pair for pair in scope["headers"] if pair[0].lower() != name]
    if review is None:
        return {**scope, "headers": headers}
    raw_path = scope["path"].encode("utf-8", "surrogatepass")
    return {**scope, "headers": [*headers, (name, review.encode())], "raw_path": raw_path}


def _find_redirect(review: str, inner: str) -> str | None:
    """Where the browser goes instead: pages have no slash at their end, and the door is the
    home's; None where it is right as it is."""
    base = build_review_path(review)
    if not inner:
        return base
    if inner in DOOR_PATHS:
        return inner
    return base + inner.strip("/") if inner != "/" and inner.endswith("/") else None


def _is_of_home(inner: str) -> bool:
    """Whether a path within a review is one of the home's own, which has no place there."""
    if inner == "/_stcore/health":
        return False
    return inner in PUBLIC_PATHS or inner == HOME_PATH or inner.startswith(f"{HOME_PATH}/")


async def _answer_not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The same answer for a review that is not there as for one of others."""
    if scope["type"] == "websocket":
        await refuse(scope, receive, send, NOT_FOUND, 404)
        return
    page = build_message_page(NOT_FOUND, 404, link=(HOME_PATH, "All reviews"))
    await page(scope, receive, send)
