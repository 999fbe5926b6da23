"""The HTTP server: sockets, routing, the log, rate limits and faults."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from standin import arxiv, corpus, europepmc, eutils, lookups, oai, rxiv
from standin.corpus import Corpus
from standin.faults import BOMB, CONTENT, Fault, struck
from standin.pace import Pace
from standin.web import Answer, Ask, Limits, World, as_json

Service = Callable[[Ask, World], Answer]

# Longest prefix first where one holds another.
ROUTES: tuple[tuple[str, str, Service], ...] = (
    ("arxiv", "/arxiv/api/query", arxiv.answer),
    ("arxiv-oai", "/arxiv/oai", oai.answer),
    ("arxiv-pdf", "/arxiv/pdf", lookups.arxiv_pdf),
    ("medrxiv-pdf", "/www.medrxiv/content", lookups.rxiv_pdf),
    ("biorxiv-pdf", "/www.biorxiv/content", lookups.rxiv_pdf),
    ("biorxiv", "/biorxiv", rxiv.answer),
    ("eutils", "/eutils", eutils.answer),
    ("pmc-cloud", "/pmc/cloud", lookups.pmc_cloud),
    ("pmc-pdf", "/pmc/pdf", lookups.pmc_pdf),
    ("europepmc", "/europepmc/webservices/rest", europepmc.answer),
    ("unpaywall", "/unpaywall/v2", lookups.unpaywall),
    ("crossref", "/crossref/works", lookups.crossref),
    ("openalex", "/openalex/works", lookups.openalex),
)
HTML = (
    b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>"
    b"<body>We will be back.</body></html>\n"
)


@dataclass(slots=True)
class Request:
    """One line of the log, written on arrival; status and bytes are set before they are sent."""

    number: int
    at: float
    """Arrival on the server's clock, in seconds."""
    service: str
    method: str
    path: str
    params: dict[str, str]
    agent: str
    client: str
    """Address and port of the client's socket: one port, one connection."""
    at_once: int
    """Requests of this service running when it arrived, itself included."""
    fault: str | None
    too_fast: bool
    status: int = 0
    """0 where no answer was sent."""
    bytes: int = 0


@dataclass(slots=True)
class State:
    """What the handler threads share."""

    world: World
    pace: Pace
    clock: Callable[[], float]
    faults: list[Fault]
    stall: float
    log: list[Request] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)
    last_good: dict[str, Answer] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    asking: threading.RLock = field(default_factory=threading.RLock)
    stopped: threading.Event = field(default_factory=threading.Event)


class StandIn:
    """A running stand-in; use it in a with statement, or start() and stop()."""

    def __init__(
        self,
        corpus_: Corpus | None = None,
        *,
        size: int = 20_000,
        seed: int = 1,
        pace: float = 0.0,
        faults: Sequence[Fault] = (),
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        stall: float = 5.0,
        port: int = 0,
    ) -> None:
        self.corpus = corpus_ if corpus_ is not None else corpus.make(size, seed)
        self.limits = limits or Limits()
        world = World(self.corpus, self.limits)
        self._state = State(world, Pace(pace, clock), clock, list(faults), stall)
        handler = type("Handler", (_Handler,), {"state": self._state})
        self._server = _Server(("127.0.0.1", port), handler)
        self.port = int(self._server.server_address[1])
        self.url = world.base = f"http://127.0.0.1:{self.port}"
        self.base = {name: f"{self.url}{prefix}" for name, prefix, _ in ROUTES}
        self.base |= {"medrxiv": self.base["biorxiv"], "pubmed": self.base["eutils"]}
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def log(self) -> list[Request]:
        """Every request so far, in order of arrival."""
        with self._state.lock:
            return list(self._state.log)

    @property
    def faults(self) -> list[Fault]:
        """The script; may be edited while the server runs."""
        return self._state.faults

    def requests(self, service: str) -> list[Request]:
        """The log of one service."""
        return [one for one in self.log if one.service == service]

    def clear_log(self) -> None:
        """Forgets the requests so far."""
        with self._state.lock:
            self._state.log.clear()

    def forget(self) -> None:
        """Drops remembered answers; call it after changing what limits mean for a search."""
        self._state.world.memory.clear()

    def set_pace(self, scale: float) -> None:
        """Changes the pace limits: 1 real, 0 none."""
        self._state.pace = Pace(scale, self._state.clock)

    def start(self) -> Self:
        """Begins to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops answering and frees the port."""
        self._state.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; other errors are kept visible."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    state: State
    line: Request
    """The log's line of the request at hand."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """The log is kept in memory."""

    def do_GET(self) -> None:
        self._serve("")

    def do_HEAD(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._serve(self.rfile.read(length).decode("utf-8", "replace"))

    def _serve(self, form: str) -> None:
        state, parts = self.state, urlsplit(self.path)
        path = unquote(parts.path)
        if path in ("/_log", "/_health"):
            self._own(path)
            return
        moved = _moved(path)
        if moved:
            self.line = Request(0, 0.0, "moved", self.command, path, {}, "", "", 1, None, False)
            place = f"{state.world.base}{moved}{'?' if parts.query else ''}{parts.query}"
            self._send(Answer(301, "text/html", b"", (("Location", place),)))
            return
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        params |= dict(parse_qsl(form, keep_blank_values=True))
        name, prefix, service = _route(path)
        with state.lock:
            at = state.clock()
            at_once = state.running[name] = state.running.get(name, 0) + 1
            fast = state.pace.too_fast(name, at_once, bool(params.get("api_key")))
            fault = struck(state.faults, name, path)
            self.line = Request(
                number=len(state.log) + 1,
                at=at,
                service=name,
                method=self.command,
                path=path,
                params=params,
                agent=self.headers.get("User-Agent", ""),
                client=f"{self.client_address[0]}:{self.client_address[1]}",
                at_once=at_once,
                fault=fault.kind if fault and not fast else None,
                too_fast=fast,
            )
            state.log.append(self.line)
        try:
            trouble = fault.kind if fault and fault.kind in CONTENT else None
            ask = Ask(self.command, path.removeprefix(prefix), params, len(self.path), trouble)
            if fast:
                self._send(_too_fast(name, ask))
            else:
                self._answer(name, service, ask, fault)
        finally:
            with state.lock:
                state.running[name] -= 1

    def _answer(self, name: str, service: Service, ask: Ask, fault: Fault | None) -> None:
        state = self.state
        kind = fault.kind if fault else None
        if kind == "stall":
            state.stopped.wait(state.stall)
            self.close_connection = True
            return
        early = _early(name, kind, fault, state)
        if early is not None:
            self._send(early)
            return
        with state.asking:
            answer = service(ask, state.world)
        if kind in ("cut", "cut-quiet", "reset", "slow"):
            self._broken(answer, kind)
            return
        if answer.status == 200 and kind is None:
            state.last_good[name] = answer
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = b"" if self.command == "HEAD" else answer.body
        self._head(answer, len(body))
        self.send_header("Content-Length", str(len(answer.body)))
        for key, value in answer.headers:
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _head(self, answer: Answer, size: int) -> None:
        self.line.status, self.line.bytes = answer.status, size
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)

    def _broken(self, answer: Answer, kind: str) -> None:
        self.close_connection = True
        body = answer.body if kind == "slow" else answer.body[: len(answer.body) * 2 // 3]
        self._head(answer, len(body))
        self.send_header("Connection", "close")
        if kind != "cut-quiet":
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if kind == "slow":  # bytes trickle in, then all of it
            step = max(1, len(body) // 5)
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                self.state.stopped.wait(self.state.stall / 20)
            return
        self.wfile.write(body)
        self.wfile.flush()
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _own(self, path: str) -> None:
        with self.state.lock:
            rows = [asdict(one) for one in self.state.log]
        self.line = Request(0, 0.0, "own", self.command, path, {}, "", "", 1, None, False)
        self._send(as_json(rows if path == "/_log" else {"status": "ok", "requests": len(rows)}))

    def send_response(self, code: int, message: str | None = None) -> None:
        """The status line and date, without the server's version."""
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())


def _route(path: str) -> tuple[str, str, Service]:
    for name, prefix, service in ROUTES:
        if path == prefix or path.startswith((f"{prefix}/", f"{prefix}?")):
            return name, prefix, service
    return "unknown", "", _unknown


def _moved(path: str) -> str | None:
    """Where an address of old has moved: http to https, arXiv's first OAI-PMH address."""
    if path.startswith("/http/"):
        return path.removeprefix("/http")
    return "/arxiv/oai" if path == "/arxiv/oai2" else None


def _unknown(ask: Ask, world: World) -> Answer:
    return Answer(404, "text/html", b"<html><body><h1>404 Not Found</h1></body></html>")


def _too_fast(name: str, ask: Ask) -> Answer:
    """The answer to a request above the pace, in the service's own words."""
    if name == "eutils":
        text = {
            "error": "API rate limit exceeded",
            "api-key": ask.params.get("api_key", "127.0.0.1"),
        }
        count = 10 if ask.params.get("api_key") else 3
        text |= {"count": str(count + 1), "limit": str(count)}
        return Answer(429, "application/json", json.dumps(text).encode())
    return Answer(429, "text/html", b"Rate exceeded.")


def _early(name: str, kind: str | None, fault: Fault | None, state: State) -> Answer | None:
    """Answers given without asking the service."""
    if kind is None or fault is None:
        return None
    if kind in ("429", "429-retry-after"):
        extra = (("Retry-After", fault.retry_after),) if kind == "429-retry-after" else ()
        answer = _too_fast(name, Ask("GET", "", {}, 0))
        return Answer(429, answer.type, answer.body, extra)
    if kind in ("500", "502", "503", "504"):
        return Answer(int(kind), "text/html", HTML)
    if kind in ("404", "410"):
        return Answer(int(kind), "text/html", b"<html><body><h1>Gone</h1></body></html>")
    if kind == "html":
        return Answer(200, "text/html; charset=utf-8", HTML)
    if kind == "empty":
        return Answer(200, "text/xml; charset=utf-8", b"")
    if kind == "bomb":
        return Answer(200, "application/xml; charset=utf-8", BOMB)
    if kind == "duplicate":
        return state.last_good.get(name)
    return None
