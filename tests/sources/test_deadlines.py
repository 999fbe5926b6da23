"""A server that drips bytes is given up by the clock, wherever in its answer it drips."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from review.sources.http import HttpClient, Request
from review.sources.models import TransientError

OK = b"HTTP/1.1 200 OK\r\n"
TLS_RECORD = b"\x16\x03\x03\x3f\xff"
"""Head of a record of the handshake, of 16 kB."""
DRIPS = {
    "status line": (b"", b"H"),
    "headers": (OK + b"X-Slow: ", b"x"),
    "body of a known length": (OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "body that the end of the connection ends": (OK + b"Connection: close\r\n\r\n", b" "),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "one chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b" "),
}
"""What is sent at once, and what is sent again and again after it."""
LONG = 90.0
"""Seconds for which the server drips at most."""


@contextmanager
def serve(answers):
    """A server that gives each request one of these answers: what is sent at once, what drips."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()
    waiting = iter(answers)

    def answer(connection):
        with connection:
            while not stopped.is_set() and connection.recv(65536):
                first, drop = next(waiting)
                try:
                    connection.sendall(first)
                    end = time.monotonic() + LONG
                    while drop and not stopped.wait(0.05) and time.monotonic() < end:
                        connection.sendall(drop)
                except OSError:
                    return

    def listen():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopped.set()
        listener.close()


def fetch(client, port, scheme="http"):
    request = Request("biorxiv", f"{scheme}://127.0.0.1:{port}/details")
    return client.fetch(request, bytes).body


def open_client(folder, seconds, attempts=1):
    client = HttpClient(folder, pace=0.0)
    client.total_timeout, client.attempts = seconds, attempts
    return client


@pytest.mark.parametrize("place", DRIPS)
def test_an_answer_that_drips_ends_by_the_clock(tmp_path, place):
    client = open_client(tmp_path, 0.5)
    with serve([DRIPS[place]]) as port:
        start = time.monotonic()
        with pytest.raises(TransientError, match="incomplete after"):
            fetch(client, port)
        assert time.monotonic() - start < LONG / 2
    assert client.faults == {"timeout": 1}
    client.close()


def test_a_handshake_that_drips_ends_by_the_clock(tmp_path):
    client = open_client(tmp_path, 0.5)
    with serve([(TLS_RECORD, b"\x00")]) as port:
        start = time.monotonic()
        with pytest.raises(TransientError, match="incomplete after"):
            fetch(client, port, "https")
        assert time.monotonic() - start < LONG / 2
    client.close()


def test_a_kept_connection_is_watched_too_and_the_next_try_gets_its_answer(tmp_path):
    complete = (OK + b"Content-Length: 4\r\n\r\ndone", b"")
    client = open_client(tmp_path, 3.0, attempts=2)
    client._sleep = lambda _: None
    with serve([complete, DRIPS["one chunk"], complete]) as port:
        assert fetch(client, port) == b"done"
        assert fetch(client, port) == b"done"  # the second try, on a connection of its own
    assert client.faults == {"timeout": 1}
    client.close()


def test_a_slow_answer_that_ends_in_time_is_taken(tmp_path):
    client = open_client(tmp_path, LONG)
    with serve([(OK + b"Content-Length: 4\r\n\r\n", b" ")]) as port:
        assert fetch(client, port) == b"    "
    assert not client.faults
    client.close()
