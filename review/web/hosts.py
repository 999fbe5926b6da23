"""Middleware: which addresses the app answers under, whose pages may talk to it, and the headers
that keep a browser from loading or running anything from elsewhere."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.errors import ReviewError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HEALTH_PATHS = ("/healthz", "/_stcore/health")
"""Paths that say nothing about the review, answered under any name, for probes and proxies."""

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Streamlit draws charts with Vega, which compiles expressions, and loads components as
        # modules from blob addresses of its own making.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
"""What the app's own pages may load: nothing from another host, whatever a record's text holds."""
DOOR_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The same for the pages before sign-in and the list of reviews, which run no script at all."""
DOOR_PATHS = ("/signin", "/invitation", "/setup", "/oauth2callback", "/reviews")
SHARED_POLICY = f"{DOOR_POLICY}; img-src data:"
"""The same for the page behind a link to one export, whose figures are in the page."""
SHARED_PATH = re.compile(r"(/r/[a-z0-9-]+)?/shared")
MEDIA_PATH = re.compile(r"(/r/[a-z0-9-]+)?/media/")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",  # without a referrer, browsers send forms as from "null"
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The names and origins the app knows itself by."""

    names: frozenset[str]
    """Host names in lower case, without a port."""
    origins: frozenset[str] = frozenset()
    """Origins whose pages may talk to the app beside its own, such as a proxy's."""
    allows_addresses: bool = False
    """Whether any plain IP address will do, which a name that points elsewhere never is."""

    def knows(self, host: str | None) -> bool:
        """Whether a Host header names this app."""
        name = split_host(host)
        if name is None:
            return False
        if name in self.names:
            return True
        if not self.allows_addresses:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def trusts(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of this origin may open sockets and send forms: no origin is no browser;
        else it must be the very host and port that was asked, or one that was named."""
        if origin is None:
            return True
        return origin.lower() in self.origins or (
            host is not None
            and origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")
        )


def split_host(host: str | None) -> str | None:
    """The name in a Host header, in lower case without its port; None where it is none."""
    try:
        name = urlsplit(f"//{host or ''}").hostname
        urlsplit(f"//{host or ''}").port  # noqa: B018  raises for a port that is no number
    except ValueError:
        return None
    return name.rstrip(".") if name else None


def list_allowed_hosts(*, address: str, urls: Iterable[str], alone: bool) -> AllowedHosts:
    """The names under which an app that listens on an address may be asked for.

    Args:
        urls: where people reach it, such as https://review.example.org.
        alone: single-user: this computer's own names alone.

    Raises:
        ReviewError: a url that is none.
    """
    names, origins = set(LOOPBACK_NAMES), set()
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ReviewError(
                f"{url!r} is not an address people reach the app under; give it as "
                "https://review.example.org."
            )
        names.add(parts.hostname)
        origins.add(f"{parts.scheme}://{parts.netloc.lower()}")
    if alone:
        return AllowedHosts(frozenset(names), frozenset(origins))
    own = {address.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
    return AllowedHosts(frozenset(names | own), frozenset(origins), allows_addresses=True)


class GuardHosts:
    """Middleware: answers only under the app's own names and to its own pages, against DNS
    rebinding and against pages of another port or site."""

    def __init__(self, app: ASGIApp, allowed: AllowedHosts) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what was meant for this app, with the headers on every answer."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host"), headers.get("origin")
        if not self.allowed.knows(host) and scope["path"] not in HEALTH_PATHS:
            words = (
                "This name is not one the app knows itself by. Whoever runs it starts it with "
                "--url and the address people use.\n"
            )
            await _refuse(scope, receive, send, words, 421)
        elif not self._is_own_page(scope, origin, host):
            await _refuse(scope, receive, send, "This came from a page of another site.\n", 403)
        else:
            await self.app(scope, receive, _add_headers(scope, send))

    def _is_own_page(self, scope: Scope, origin: str | None, host: str | None) -> bool:
        writes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
        return not writes or self.allowed.trusts(origin, host)


async def _refuse(scope: Scope, receive: Receive, send: Send, words: str, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4403})
        return
    response = PlainTextResponse(words, status, headers={"Connection": "close"})
    await response(scope, receive, send)


def _add_headers(scope: Scope, send: Send) -> Send:
    if scope["type"] != "http":
        return send
    policy = DOOR_POLICY if scope["path"].startswith(DOOR_PATHS) else PAGE_POLICY
    if SHARED_PATH.fullmatch(scope["path"]):
        policy = SHARED_POLICY

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            headers["Content-Security-Policy"] = policy
            if scope.get("scheme") == "https":
                headers["Strict-Transport-Security"] = "max-age=31536000"
            if MEDIA_PATH.match(scope["path"]):
                headers["Cache-Control"] = "private, no-store"
        await send(message)

    return send_with_headers
