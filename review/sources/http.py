"""HTTP client with rate limiting, retries and response validation; the only code that touches the
network.

A body can be cut short under status 200, so an answer counts only when `check` could read it.
"""

import contextlib
import html
import logging
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from filelock import FileLock
from urllib3.exceptions import HTTPError

from review.errors import SourceError
from review.sources.deadlines import WatchedAdapter, limit_exchange
from review.sources.models import QueryRejected, StatusRejected, TransientError
from review.sources.rate_limits import RATE_LIMITS, is_local_address

T = TypeVar("T")
log = logging.getLogger(__name__)

ATTEMPTS = 8
"""Tries of one request; with the waits between them about two minutes and a half."""
FIRST_WAIT = 1.0
"""Wait after the first failure (seconds); doubles each time."""
MAX_WAIT = 60.0
"""Longest wait of our own between two tries (seconds)."""
MAX_RETRY_AFTER = 900.0
"""Longest Retry-After we sit out (seconds); for more, the run ends and says when to come back."""
CONNECT_TIMEOUT, READ_TIMEOUT, TOTAL_TIMEOUT = 15.0, 60.0, 300.0
"""Timeouts (seconds): to connect, between two bytes, for a whole answer."""
MAX_BODY_BYTES = 64 * 1024 * 1024
"""Largest answer we take (bytes); an arXiv page of 2,000 entries has about 5 MB."""
PACE_MARGIN = 1.02
"""Factor on the pace where it runs from the moment of sending, against jitter on the way."""
TRANSIENT_STATUSES = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}
"""Statuses that pass with time."""
UNCERTAIN_STATUSES = {400, 403}
"""Statuses that mostly stay but have been seen to pass; tried three times."""
GONE_STATUSES = {404, 410}
"""Statuses by which an address says that nothing is there; a caller for whom that is an answer
about the thing asked for lists them in `Request.accept`."""
_TAGS = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^>]*>", re.S | re.I)
SECRET_PARAMS = ("api_key", "email", "mailto", "tool")


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    service: str
    """Name of the service in TERMS."""
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    """Sent as a POST where given."""
    limit: int = MAX_BODY_BYTES
    accept: frozenset[int] = frozenset({200})
    """Statuses whose body is given to `check`."""
    body: bytes | None = None
    """Sent as a POST where given, with a content type among the headers."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of this request besides the client's own."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An answer as it came, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response(Generic[T]):
    """A checked answer."""

    body: bytes
    value: T
    """What `check` made of the body."""
    url: str
    """Without keys and addresses of people."""
    status: int


class _AttemptError(Exception):
    """A failed try: what kind, what to tell, how long the service wants us to wait."""

    def __init__(
        self, kind: str, message: str, wait: float | None = None, *, is_permanent: bool = False
    ) -> None:
        super().__init__(message)
        self.kind, self.message, self.wait, self.is_permanent = kind, message, wait, is_permanent


class HttpClient:
    """Pooled connections with one pace a service, kept across processes by a file each."""

    def __init__(
        self,
        cache: Path,
        *,
        contact: str | None = None,
        pace: float = 1.0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        seed: int | None = None,
    ) -> None:
        """Opens nothing yet.

        Args:
            cache: folder for the pace files; the same for all processes of this machine.
            contact: e-mail address for the User-Agent.
            pace: factor on all waiting; below 1 only against services on this machine.
            clock: seconds since 1970; must be one clock for all processes.
        """
        self.contact = contact
        self.pace = pace
        self.keys: dict[str, str] = {}
        """API key by service, for its faster pace."""
        self.requests: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        """Failed tries by kind: 429, 503, timeout, connection, cut, too large, unreadable, ..."""
        self.attempts = ATTEMPTS
        self.timeout = (CONNECT_TIMEOUT, READ_TIMEOUT)
        self.total_timeout = TOTAL_TIMEOUT
        self._cache = cache
        self._clock, self._sleep = clock, sleep
        self._random = random.Random(seed)
        self._sessions: dict[bool, requests.Session] = {}
        self._warm: set[str] = set()
        self._announced_gaps: dict[str, float] = {}

    def close(self) -> None:
        """Lets go of all connections."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def fetch(self, request: Request, check: Callable[[bytes], T]) -> Response[T]:
        """A checked answer, after as many tries as it takes and manners allow.

        Args:
            check: reads the body; SourceError means try again, Refused means stop.

        Raises:
            Refused: the service refuses this very request.
            Passing: it could not be reached, or was too busy; gives the last fault.
            SourceError: no usable answer; gives the last fault.
        """
        last_fault: _AttemptError | None = None
        for attempt in range(self.attempts):
            if last_fault is not None:
                self._wait_for_attempt(attempt, last_fault)
            try:
                return self._attempt_request(request, check)
            except _AttemptError as fault:
                self.faults[fault.kind] += 1
                log.info("%s: %s (try %d)", request.service, fault.message, attempt + 1)
                last_fault = fault
                if fault.is_permanent and attempt >= 2:
                    break
        message = last_fault.message if last_fault else "no request was sent"
        error_class = (
            SourceError
            if last_fault and (last_fault.is_permanent or last_fault.kind == "unreadable")
            else TransientError
        )
        raise error_class(
            f"{request.service}: no usable response after {attempt + 1} attempts; last error: "
            f"{message} "
            f"({redact_url(request.url, {})})"
        )

    def send_unpaced(self, request: Request) -> RawResponse:
        """The answer to one try, with no pace, no retry and no redirect followed: for what a person
        asks for by hand, and what may cost money.

        Raises:
            TransientError: no connection, or no complete answer in time.
            SourceError: more bytes than the request allows, or it cannot be sent.
        """
        self.requests[request.service] += 1
        try:
            response, body = self._send_once(
                request, request.url, (request.params, request.form), _do_nothing
            )
        except _AttemptError as fault:
            self.faults[fault.kind] += 1
            error_class = SourceError if fault.is_permanent else TransientError
            raise error_class(fault.message) from fault
        return RawResponse(response.status_code, response.headers, body)

    def count_fault(self, kind: str) -> None:
        """Counts a fault that only the caller can see (a page out of place, an early end)."""
        self.faults[kind] += 1

    def wait_before_retry(self, attempt: int) -> None:
        """Waits as before try number `attempt`, for faults that only the caller can see."""
        self._wait_for_attempt(attempt, None)

    def _attempt_request(self, request: Request, check: Callable[[bytes], T]) -> Response[T]:
        body, status, wait = self._send_with_redirects(request)
        if status not in request.accept:
            self._raise_for_status(request, body, status, wait, check)
        try:
            value = check(body)
        except QueryRejected:
            raise
        except SourceError as error:
            raise _AttemptError("unreadable", str(error)) from error
        return Response(body, value, redact_url(request.url, request.params), status)

    def _raise_for_status(
        self,
        request: Request,
        body: bytes,
        status: int,
        wait: float | None,
        check: Callable[[bytes], T],
    ) -> None:
        """Raises what a status other than the accepted ones means."""
        message = f"HTTP {status}: {_get_first_words(body)}"
        if status in TRANSIENT_STATUSES or status >= 500:
            raise _AttemptError(str(status), message, wait)
        if status in UNCERTAIN_STATUSES:
            check_message: str | None = None
            try:
                check(body)
            except QueryRejected:
                raise
            except SourceError as error:
                check_message = str(error)
            raise _AttemptError(str(status), check_message or message, wait, is_permanent=True)
        if status in GONE_STATUSES:
            message = f"the service is no longer available at its address; {message}"
        raise StatusRejected(
            f"{request.service}: {message} ({redact_url(request.url, request.params)})"
        )

    def _send_with_redirects(self, request: Request) -> tuple[bytes, int, float | None]:
        """Body, status and asked wait of one try, redirects followed. Raises _Fault."""
        url, params, form = request.url, request.params, request.form
        for _ in range(6):
            with self._wait_for_turn(request.service, url) as mark_arrival:
                self.requests[request.service] += 1
                response, body = self._send_once(request, url, (params, form), mark_arrival)
                self._note_announced_gap(request.service, response)
            target = response.headers.get("Location")
            if response.status_code not in (301, 302, 303, 307, 308) or not target:
                return body, response.status_code, _parse_retry_after(response, self._clock())
            url, params = _resolve_redirect(response.url, target), {}
            if response.status_code not in (307, 308) and not _is_same_host(request.url, url):
                form = None
        raise QueryRejected(
            f"{request.service}: too many redirects from {redact_url(request.url, {})}"
        )

    def _send_once(
        self,
        request: Request,
        url: str,
        params_and_form: tuple[Mapping[str, str], Mapping[str, str] | None],
        mark_arrival: Callable[[], None],
    ) -> tuple[requests.Response, bytes]:
        """One request on the wire, read whole within the limits of time and size."""
        message = f"incomplete after {self.total_timeout:.0f} s"
        with limit_exchange(self.total_timeout) as deadline:
            try:
                answer = self._exchange(request, url, params_and_form, mark_arrival)
            except _AttemptError as fault:
                if not deadline.is_over or fault.kind == "too large":
                    raise
                self._warm.discard(request.service)
                raise _AttemptError("timeout", message) from fault
            if deadline.is_over:  # cut short, which looks like the end of a body of unknown length
                raise _AttemptError("timeout", message)
            return answer

    def _exchange(
        self,
        request: Request,
        url: str,
        params_and_form: tuple[Mapping[str, str], Mapping[str, str] | None],
        mark_arrival: Callable[[], None],
    ) -> tuple[requests.Response, bytes]:
        session = self._get_session(is_local_address(url))
        params, form = params_and_form
        try:
            with session.request(
                "GET" if form is None and request.body is None else "POST",
                url,
                params=dict(params),
                data=request.body if form is None else dict(form),
                headers=dict(request.headers),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                mark_arrival()
                parts, size = [], 0
                for part in response.iter_content(64 * 1024):
                    parts.append(part)
                    size += len(part)
                    if size > request.limit:
                        raise _AttemptError(
                            "too large", f"more than {request.limit:,} bytes", is_permanent=True
                        )
                return response, b"".join(parts)
        except requests.Timeout as error:
            self._warm.discard(request.service)
            raise _AttemptError("timeout", "the request timed out") from error
        except (
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
            HTTPError,
        ) as error:
            raise _AttemptError("cut", "the response was interrupted") from error
        except requests.ConnectionError as error:
            self._warm.discard(request.service)
            raise _AttemptError("connection", f"no connection ({_get_reason(error)})") from error
        except (requests.RequestException, ValueError) as error:
            raise _AttemptError(
                "request", "the request could not be sent", is_permanent=True
            ) from error

    def _note_announced_gap(self, service: str, response: requests.Response) -> None:
        """Keeps to the pace a service sends with its answers, where that is slower than ours."""
        gap = parse_announced_gap(response.headers)
        if gap is not None:
            self._announced_gaps[service] = gap

    def _get_session(self, is_local: bool) -> requests.Session:
        if is_local not in self._sessions:
            session = requests.Session()
            session.headers["User-Agent"] = build_user_agent(self.contact)
            session.headers["Accept-Encoding"] = "gzip, deflate"
            session.trust_env = not is_local
            adapter = WatchedAdapter(pool_connections=8, pool_maxsize=1, max_retries=0)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._sessions[is_local] = session
        return self._sessions[is_local]

    @contextlib.contextmanager
    def _wait_for_turn(self, name: str, url: str) -> Iterator[Callable[[], None]]:
        """Waits for this service's turn among all processes; gives what to call on arrival.

        The gap runs from the moment the first bytes of the answer came, when the request has
        surely arrived; where several may be under way, from the moment of sending.
        """
        rate_limit, is_local = RATE_LIMITS[name], is_local_address(url)
        gap = rate_limit.gap
        if rate_limit.gap_with_key is not None and self.keys.get(name):
            gap = rate_limit.gap_with_key
        paced_on_arrival = rate_limit.single_connection or name not in self._warm
        gap = max(gap, self._announced_gaps.get(name, 0.0))
        gap *= (1.0 if rate_limit.single_connection else PACE_MARGIN) * (
            self.pace if is_local else max(self.pace, 1.0)
        )
        file_stem = name + (f"-{urlsplit(url).port}" if is_local else "")
        stamp = self._cache / f"{file_stem}.last"

        def write_stamp() -> None:
            with self._guard_pace_file():
                stamp.write_text(repr(self._clock()))

        with contextlib.ExitStack() as locks:
            with self._guard_pace_file():
                self._cache.mkdir(parents=True, exist_ok=True)
                locks.enter_context(FileLock(self._cache / f"{file_stem}.lock"))
            wait = _read_stamp(stamp) + gap - self._clock()
            if wait > 0:
                self._sleep(min(wait, gap))
            write_stamp()
            if not paced_on_arrival:
                locks.close()
            yield write_stamp if paced_on_arrival else _do_nothing
            self._warm.add(name)

    @contextlib.contextmanager
    def _guard_pace_file(self) -> Iterator[None]:
        """Raises SourceError where the pace cannot be kept for other processes."""
        try:
            yield
        except OSError as error:
            raise SourceError(
                f"{self._cache}: the rate limit cannot be recorded there ({error.strerror}); free "
                "disk space, or set FUNNEL_CACHE to another folder."
            ) from error

    def _wait_for_attempt(self, attempt: int, fault: _AttemptError | None) -> None:
        wait = min(MAX_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * self._random.uniform(0.5, 1.0)
        requested_wait = fault.wait if fault else None
        if requested_wait is not None:
            if requested_wait > MAX_RETRY_AFTER:
                return_time = datetime.fromtimestamp(self._clock() + requested_wait, UTC)
                raise SourceError(
                    f"the service asks us to stay away until {return_time:%Y-%m-%d %H:%M} UTC; "
                    "run the "
                    "harvest again after that, it goes on where it stopped."
                )
            wait = max(wait, requested_wait)
        if wait * self.pace > 0:
            self._sleep(wait * self.pace)


def _do_nothing() -> None:
    """Called on arrival where the gap runs from the sending."""


def build_user_agent(contact: str | None) -> str:
    """The User-Agent: name, version and whom to write to."""
    try:
        number = version("funnel-review")
    except PackageNotFoundError:
        number = "0"
    return f"Funnel/{number} (systematic review tool; mailto:{contact or 'not given'})"


def redact_url(url: str, params: Mapping[str, str]) -> str:
    """An address as it may be shown: without keys and people's addresses, cut to 500 characters."""
    public_params = {key: value for key, value in params.items() if key not in SECRET_PARAMS}
    full = f"{url}?{urlencode(public_params)}" if public_params else url
    full = full.split("?email=")[0] if "?email=" in full else full
    return full if len(full) <= 500 else full[:497] + "..."


def _read_stamp(path: Path) -> float:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return 0.0


def _get_first_words(body: bytes) -> str:
    text = _TAGS.sub(" ", body[:2000].decode("utf-8", "replace"))
    words = " ".join(html.unescape(text).split())
    return words[:160] or "no message"


def parse_announced_gap(headers: Mapping[str, str]) -> float | None:
    """Least time between two requests (seconds) by the X-Rate-Limit headers of an answer.

    Crossref sends `X-Rate-Limit-Limit: 10` and `X-Rate-Limit-Interval: 1s`: so many requests in so
    many seconds. None where they are absent or make no sense.
    """
    limit = headers.get("X-Rate-Limit-Limit", "").strip()
    interval = re.fullmatch(
        r"(\d+(?:\.\d+)?)\s*s?", headers.get("X-Rate-Limit-Interval", "").strip()
    )
    if not limit.isdigit() or int(limit) == 0 or interval is None:
        return None
    return min(float(interval.group(1)) / int(limit), MAX_WAIT)


def _parse_retry_after(response: requests.Response, now: float) -> float | None:
    """Retry-After in seconds from now; the header holds seconds or a date."""
    header = response.headers.get("Retry-After", "").strip()
    if not header:
        return None
    if header.isdigit():
        return float(header)
    try:
        retry_at = parsedate_to_datetime(header)
    except ValueError:
        return None
    retry_at = retry_at if retry_at.tzinfo else retry_at.replace(tzinfo=UTC)
    return max(0.0, retry_at.timestamp() - now)


def _is_same_host(first_url: str, second_url: str) -> bool:
    return urlsplit(first_url).hostname == urlsplit(second_url).hostname


def _resolve_redirect(origin: str, target: str) -> str:
    """Where a redirect leads. Raises Refused unless it stays on the host or goes to https."""
    url = urljoin(origin, target)
    before, after = urlsplit(origin), urlsplit(url)
    stays_on_host = _is_same_host(origin, url) and not (
        before.scheme == "https" and after.scheme == "http"
    )
    safe = after.scheme == "https" and not is_local_address(url)
    if not (stays_on_host or safe) or after.scheme not in ("http", "https"):
        raise QueryRejected(
            f"a redirect from {redact_url(origin, {})} to {redact_url(url, {})} was not followed"
        )
    return url


def _get_reason(error: Exception) -> str:
    """The innermost words of a connection error."""
    inner = error.args[0] if error.args else error
    message = str(getattr(inner, "reason", inner))
    return message.rsplit(": ", 1)[-1][:120]


def get_default_cache() -> Path:
    """The folder for pace files: FUNNEL_CACHE, else the user's cache folder."""
    configured = os.environ.get("FUNNEL_CACHE")
    if configured:
        return Path(configured)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "funnel"
