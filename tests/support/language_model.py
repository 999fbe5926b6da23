"""A stand-in for an OpenAI-compatible service on loopback, which also lies, stalls and floods."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """A request as the service got it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def material(self) -> dict[str, Any]:
        """Item and sentences, as the model is given them."""
        return json.loads(self.body["messages"][-1]["content"])


@dataclass
class Service:
    """The service, what it was asked, and how it answers."""

    port: int
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[["Service", Asked, BaseHTTPRequestHandler], None] | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def says(self, content: Any, **extra: Any) -> None:
        """Answers with a message from now on."""
        self.answer = lambda _, asked, handler: send_completion(handler, content, **extra)

    def replies(self, answer: Any, *quotations: str, sentences: tuple[str, ...] = ("S1",)) -> None:
        """Answers in the form asked for from now on."""
        self.says(
            json.dumps(
                {"answer": answer, "sentences": list(sentences), "quotations": list(quotations)}
            )
        )

    def fails(self, status: int, text: str = "no", **headers: str) -> None:
        """Answers with a status from now on."""
        self.answer = lambda _, asked, handler: send(
            handler, status, text.encode(), {k.replace("_", "-"): v for k, v in headers.items()}
        )

    def sends(self, body: bytes) -> None:
        """Answers with these bytes and status 200 from now on."""
        self.answer = lambda _, asked, handler: send(handler, 200, body)

    def stalls(self, *, before_headers: bool) -> None:
        """Sends a byte now and then, so that no single wait is long."""

        def drip(service: Service, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
            if not before_headers:
                handler.send_response(200)
                handler.send_header("Content-Length", "100000")
                handler.end_headers()
            parts = b"HTTP/1.1 200 OK\r\nX-Slow: " if before_headers else b""
            while not service.stopped.is_set():
                handler.wfile.write(parts[:1] or b" ")
                handler.wfile.flush()
                parts = parts[1:]
                time.sleep(0.1)

        self.answer = drip


def send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
) -> None:
    """Sends a whole answer."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def send_completion(handler: BaseHTTPRequestHandler, content: Any, **extra: Any) -> None:
    """Sends a chat completion."""
    data = {
        "id": "c1",
        "object": "chat.completion",
        "model": "invented-7b:latest",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320},
        **extra,
    }
    send(handler, 200, json.dumps(data).encode(), {"Content-Type": "application/json"})


@contextmanager
def language_model() -> Iterator[Service]:
    """Runs a service; it answers 'unsure' until it is told otherwise."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            service.asked.append(Asked(self.path, dict(self.headers), {}))
            send(self, 200, b"{}")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked = Asked(self.path, dict(self.headers), body)
            service.asked.append(asked)
            assert service.answer is not None
            try:
                service.answer(service, asked, self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service = Service(server.server_address[1])
    service.replies("unsure")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
