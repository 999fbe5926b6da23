"""Ends an exchange with a server after a time by the clock, however slowly it sends.

A socket's own timeout starts anew with each byte, and a server that drips one now and then outlasts
it, in the handshake, in the headers and in the body. So a second thread shuts the connection down.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_CURRENT = threading.local()
"""The deadline of the exchange this thread is in."""


class Deadline:
    """The end of one exchange: `is_over` says whether it was cut short."""

    def __init__(self) -> None:
        self.is_over = False
        self._handles: list[socket.socket] = []
        self._lock = threading.Lock()

    def watch(self, handle: socket.socket) -> None:
        """Shuts this connection down as well when time is up."""
        own_handle = handle.dup()  # the connection lets go of its own before the body is read
        with self._lock:
            self._handles.append(own_handle)
            if self.is_over:
                _shut_down(own_handle)

    def end(self) -> None:
        """Time is up: whoever waits for a byte of these connections waits no longer."""
        with self._lock:
            self.is_over = True
            for handle in self._handles:
                _shut_down(handle)

    def release(self) -> None:
        """Lets go of the connections."""
        with self._lock:
            while self._handles:
                self._handles.pop().close()


@contextlib.contextmanager
def limit_exchange(seconds: float) -> Iterator[Deadline]:
    """Connections that this thread opens or uses within are shut down after `seconds` seconds."""
    deadline = Deadline()
    timer = threading.Timer(seconds, deadline.end)
    timer.daemon = True
    _CURRENT.deadline = deadline
    timer.start()
    try:
        yield deadline
    finally:
        timer.cancel()
        _CURRENT.deadline = None
        deadline.release()


def _shut_down(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already
        handle.shutdown(socket.SHUT_RDWR)


class _WatchedMixin:
    """Keeps a second handle on the connection's socket, which stays valid through a handshake."""

    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        self._drop_handle()
        self._handle = connected.dup()
        self._watch()
        return connected

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._watch()  # a kept connection is not opened anew
        super().request(*args, **kwargs)  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        self._drop_handle()

    def _watch(self) -> None:
        deadline: Deadline | None = getattr(_CURRENT, "deadline", None)
        if deadline is not None and self._handle is not None:
            deadline.watch(self._handle)

    def _drop_handle(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class _WatchedConnection(_WatchedMixin, HTTPConnection):
    """A connection without encryption."""


class _WatchedSecureConnection(_WatchedMixin, HTTPSConnection):
    """A connection with TLS."""


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _WatchedSecurePool(HTTPSConnectionPool):
    ConnectionCls = _WatchedSecureConnection


_POOLS = {"http": _WatchedPool, "https": _WatchedSecurePool}


class WatchedAdapter(HTTPAdapter):
    """Makes the connections of a session, each of which a deadline can end."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests makes it, with connections that are watched."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """As requests makes it, with connections that are watched."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
