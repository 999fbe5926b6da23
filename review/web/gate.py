"""Middleware: without a session only the sign-in pages answer; a session that ends closes its
sockets; a file answers only for whose page was sent its address."""

from collections import OrderedDict
from typing import Any
from urllib.parse import urlencode

from anyio import current_time, to_thread
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.errors import ReviewError
from review.web.media_files import find_asked_file, find_offered_files
from review.web.page_font import FONT_PATH
from review.workflow.project import accounts
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.current_protocol import refresh_protocol
from review.workflow.project.project import Project

SESSION_COOKIE = "funnel_session"
PUBLIC_PATHS = (
    "/signin",
    "/signin/service",
    "/oauth2callback",
    "/invitation",
    "/setup",
    "/shared",
    FONT_PATH,
    "/healthz",
    "/_stcore/health",
)
"""Paths that need no session."""
NO_STORE = "The review's store does not answer."
RECHECK_SECONDS = 2.0
"""How old the check of an open socket's session may be when a message comes (seconds)."""
MEDIA_KEPT = 500
"""How many addresses of files are kept for a session, and how many sessions have some."""


class RequireSession:
    """The gate before every page, file and socket."""

    def __init__(self, app: ASGIApp, project: Project) -> None:
        self.app = app
        self.project = project
        self.media: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()
        """Session's token -> names of files whose address its pages were sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on requests that have a session."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in PUBLIC_PATHS:
            await self.app(scope, receive, send)
            return
        token = HTTPConnection(scope).cookies.get(SESSION_COOKIE, "")
        try:
            user = await self._find_user(token)
        except ReviewError:
            await refuse(scope, receive, send, NO_STORE, 503)
            return
        if user is None:
            await ask_to_sign_in(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.app(
                scope, self._guard_receive(token, receive, send), self._note_media(token, send)
            )
        elif scope["path"].startswith("/media/") and not self._was_sent(token, scope["path"]):
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _find_user(self, token: str) -> CurrentUser | None:
        if not token or len(token) > 200:
            return None
        return await to_thread.run_sync(
            lambda: accounts.get_current_user(refresh_protocol(self.project), token)
        )

    def _guard_receive(self, token: str, receive: Receive, send: Send) -> Receive:
        """Receives for an open socket, and closes it once its session has ended."""
        checked_at = current_time()

        async def receive_checked() -> Message:
            nonlocal checked_at
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if current_time() - checked_at < RECHECK_SECONDS:
                return message
            try:
                user = await self._find_user(token)
            except ReviewError:
                return message  # the page itself says that the store does not answer
            if user is None:
                await send({"type": "websocket.close", "code": 4401})
                return {"type": "websocket.disconnect", "code": 4401}
            checked_at = current_time()
            return message

        return receive_checked

    def _note_media(self, token: str, send: Send) -> Send:
        """Sends to an open socket, and keeps the addresses of files that its pages are sent."""

        async def send_noted(message: Message) -> None:
            data: Any = message.get("bytes")
            offered = find_offered_files(data) if data else []
            if offered:
                names = self.media.setdefault(token, OrderedDict())
                self.media.move_to_end(token)
                for name in offered:
                    names[name] = None
                    names.move_to_end(name)
                while len(names) > MEDIA_KEPT:
                    names.popitem(last=False)
                while len(self.media) > MEDIA_KEPT:
                    self.media.popitem(last=False)
            await send(message)

        return send_noted

    def _was_sent(self, token: str, path: str) -> bool:
        name = find_asked_file(path)
        return name is not None and name in self.media.get(token, ())


async def ask_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends who asks for a page to the sign-in page, and refuses everything else."""
    wants_page = (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and "." not in scope["path"].rsplit("/", 1)[-1]
        and "/_stcore" not in scope["path"]
        and "/media/" not in scope["path"]
    )
    if wants_page:
        await RedirectResponse(_build_sign_in_address(scope), 303)(scope, receive, send)
    else:
        await refuse(scope, receive, send, "Please sign in first.", 401)


async def refuse(scope: Scope, receive: Receive, send: Send, words: str, status: int) -> None:
    """Answers with an error, or closes the socket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4401})
        return
    response: Response = PlainTextResponse(words, status, headers={"Connection": "close"})
    await response(scope, receive, send)


def get_visitor_address(scope: Scope) -> str:
    """The visitor's network address; behind a trusted proxy (FORWARDED_ALLOW_IPS) the one that
    the proxy names."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _build_sign_in_address(scope: Scope) -> str:
    """The sign-in address with the requested page, so that the user lands there afterwards."""
    query = scope["query_string"].decode("latin-1")
    target = scope["path"] + (f"?{query}" if query else "")
    return "/signin" if target in ("/", "/signout") else f"/signin?{urlencode({'to': target})}"
