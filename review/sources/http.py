"""The one way out: polite, patient requests whose answers are checked before anybody uses them.

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
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from review.errors import SourceError
from review.sources.models import Passing, Refused
from review.sources.rate_limits import TERMS, on_this_machine

T = TypeVar("T")
log = logging.getLogger(__name__)

ATTEMPTS = 8
"""Tries of one request; with the waits between them about two minutes and a half."""
FIRST_WAIT = 1.0
"""Wait after the first failure (seconds); doubles each time."""
LONGEST_WAIT = 60.0
"""Longest wait of our own between two tries (seconds)."""
LONGEST_ASKED = 900.0
"""Longest Retry-After we sit out (seconds); for more, the run ends and says when to come back."""
CONNECT, READ, WHOLE = 15.0, 60.0, 300.0
"""Timeouts (seconds): to connect, between two bytes, for a whole answer."""
LIMIT = 64 * 1024 * 1024
"""Largest answer we take (bytes); an arXiv page of 2,000 entries has about 5 MB."""
MARGIN = 1.02
"""Factor on the pace where it runs from the moment of sending, against jitter on the way."""
AGAIN = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}
"""Statuses that pass with time."""
PERHAPS = {400, 403}
"""Statuses that mostly stay but have been seen to pass; tried three times."""
_TAGS = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^>]*>", re.S | re.I)
SECRET = ("api_key", "email", "mailto", "tool")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    terms: str
    """Name of the service in TERMS."""
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    """Sent as a POST where given."""
    limit: int = LIMIT
    accept: frozenset[int] = frozenset({200})
    """Statuses whose body is given to `check`."""


@dataclass(frozen=True, slots=True)
class Got(Generic[T]):
    """A checked answer."""

    body: bytes
    value: T
    """What `check` made of the body."""
    url: str
    """Without keys and addresses of people."""
    status: int


class _Fault(Exception):
    """A failed try: what kind, what to tell, how long the service wants us to wait."""

    def __init__(
        self, kind: str, said: str, wait: float | None = None, *, stays: bool = False
    ) -> None:
        super().__init__(said)
        self.kind, self.said, self.wait, self.stays = kind, said, wait, stays


class Http:
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
        self.timeout = (CONNECT, READ)
        self._cache = cache
        self._clock, self._sleep = clock, sleep
        self._random = random.Random(seed)
        self._sessions: dict[bool, requests.Session] = {}
        self._warm: set[str] = set()

    def close(self) -> None:
        """Lets go of all connections."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def fetch(self, ask: Ask, check: Callable[[bytes], T]) -> Got[T]:
        """A checked answer, after as many tries as it takes and manners allow.

        Args:
            check: reads the body; SourceError means try again, Refused means stop.

        Raises:
            Refused: the service refuses this very request.
            Passing: it could not be reached, or had no time; the last fault is told.
            SourceError: no usable answer; the last fault is told.
        """
        last: _Fault | None = None
        for attempt in range(self.attempts):
            if last is not None:
                self._wait(attempt, last)
            try:
                return self._try(ask, check)
            except _Fault as fault:
                self.faults[fault.kind] += 1
                log.info("%s: %s (try %d)", ask.terms, fault.said, attempt + 1)
                last = fault
                if fault.stays and attempt >= 2:
                    break
        said = last.said if last else "never asked"
        made = SourceError if last and (last.stays or last.kind == "unreadable") else Passing
        raise made(
            f"{ask.terms}: no usable answer after {attempt + 1} tries; the last said: {said} "
            f"({shown(ask.url, {})})"
        )

    def fault(self, kind: str) -> None:
        """Counts a fault that only the caller can see (a page out of place, an early end)."""
        self.faults[kind] += 1

    def pause(self, attempt: int) -> None:
        """Waits as before try number `attempt`, for faults that only the caller can see."""
        self._wait(attempt, None)

    def _try(self, ask: Ask, check: Callable[[bytes], T]) -> Got[T]:
        body, status, wait = self._send(ask)
        if status not in ask.accept:
            self._explain(ask, body, status, wait, check)
        try:
            value = check(body)
        except Refused:
            raise
        except SourceError as error:
            raise _Fault("unreadable", str(error)) from error
        return Got(body, value, shown(ask.url, ask.params), status)

    def _explain(
        self, ask: Ask, body: bytes, status: int, wait: float | None, check: Callable[[bytes], T]
    ) -> None:
        """Raises what a status other than the accepted ones means."""
        said = f"HTTP {status}: {_first_words(body)}"
        if status in AGAIN or status >= 500:
            raise _Fault(str(status), said, wait)
        if status in PERHAPS:
            check_says: str | None = None
            try:
                check(body)
            except Refused:
                raise
            except SourceError as error:
                check_says = str(error)
            raise _Fault(str(status), check_says or said, wait, stays=True)
        raise Refused(f"{ask.terms}: {said} ({shown(ask.url, ask.params)})")

    def _send(self, ask: Ask) -> tuple[bytes, int, float | None]:
        """Body, status and asked wait of one try, redirects followed. Raises _Fault."""
        url, params, form = ask.url, ask.params, ask.form
        for _ in range(6):
            with self._turn(ask.terms, url) as arrived:
                self.requests[ask.terms] += 1
                response, body = self._exchange(ask, url, (params, form), arrived)
            target = response.headers.get("Location")
            if response.status_code not in (301, 302, 303, 307, 308) or not target:
                return body, response.status_code, _asked_wait(response, self._clock())
            url, params = _followed(response.url, target), {}
            if response.status_code not in (307, 308) and not _same_host(ask.url, url):
                form = None
        raise Refused(f"{ask.terms}: too many redirects from {shown(ask.url, {})}")

    def _exchange(
        self,
        ask: Ask,
        url: str,
        sent: tuple[Mapping[str, str], Mapping[str, str] | None],
        arrived: Callable[[], None],
    ) -> tuple[requests.Response, bytes]:
        """One request on the wire, read whole within the limits of time and size."""
        session = self._session(on_this_machine(url))
        params, form = sent
        began = time.monotonic()
        try:
            with session.request(
                "GET" if form is None else "POST",
                url,
                params=dict(params),
                data=None if form is None else dict(form),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                arrived()
                parts, size = [], 0
                for part in response.iter_content(64 * 1024):
                    parts.append(part)
                    size += len(part)
                    if size > ask.limit:
                        raise _Fault("too large", f"more than {ask.limit:,} bytes", stays=True)
                    if time.monotonic() - began > WHOLE:
                        raise _Fault("timeout", f"not whole after {WHOLE:.0f} s")
                return response, b"".join(parts)
        except requests.Timeout as error:
            self._warm.discard(ask.terms)
            raise _Fault("timeout", "no answer in time") from error
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError,
                HTTPError) as error:  # fmt: skip
            raise _Fault("cut", f"the answer broke off ({type(error).__name__})") from error
        except requests.ConnectionError as error:
            self._warm.discard(ask.terms)
            raise _Fault("connection", f"no connection ({_reason(error)})") from error
        except (requests.RequestException, ValueError) as error:
            raise _Fault("request", f"the request failed ({error})", stays=True) from error

    def _session(self, local: bool) -> requests.Session:
        if local not in self._sessions:
            session = requests.Session()
            session.headers["User-Agent"] = agent(self.contact)
            session.headers["Accept-Encoding"] = "gzip, deflate"
            session.trust_env = not local
            adapter = HTTPAdapter(pool_connections=8, pool_maxsize=1, max_retries=0)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._sessions[local] = session
        return self._sessions[local]

    @contextlib.contextmanager
    def _turn(self, name: str, url: str) -> Iterator[Callable[[], None]]:
        """Waits for this service's turn among all processes; gives what to call on arrival.

        The gap runs from the moment the first bytes of the answer came, when the request has
        surely arrived; where several may be under way, from the moment of sending.
        """
        terms, local = TERMS[name], on_this_machine(url)
        gap = terms.gap
        if terms.gap_with_key is not None and self.keys.get(name):
            gap = terms.gap_with_key
        late = terms.alone or name not in self._warm
        gap *= (1.0 if terms.alone else MARGIN) * (self.pace if local else max(self.pace, 1.0))
        place = name + (f"-{urlsplit(url).port}" if local else "")
        stamp = self._cache / f"{place}.last"

        def mark() -> None:
            with self._kept():
                stamp.write_text(repr(self._clock()))

        with contextlib.ExitStack() as held:
            with self._kept():
                self._cache.mkdir(parents=True, exist_ok=True)
                held.enter_context(FileLock(self._cache / f"{place}.lock"))
            wait = _read_stamp(stamp) + gap - self._clock()
            if wait > 0:
                self._sleep(min(wait, gap))
            mark()
            if not late:
                held.close()
            yield mark if late else _nothing
            self._warm.add(name)

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        """Raises SourceError where the pace cannot be kept for other processes."""
        try:
            yield
        except OSError as error:
            raise SourceError(
                f"{self._cache}: the pace between requests cannot be kept there "
                f"({error.strerror}); free the disk, or set FUNNEL_CACHE to another folder."
            ) from error

    def _wait(self, attempt: int, fault: _Fault | None) -> None:
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * self._random.uniform(0.5, 1.0)
        asked = fault.wait if fault else None
        if asked is not None:
            if asked > LONGEST_ASKED:
                back = datetime.fromtimestamp(self._clock() + asked, UTC)
                raise SourceError(
                    f"the service asks us to stay away until {back:%Y-%m-%d %H:%M} UTC; run the "
                    "harvest again after that, it goes on where it stopped."
                )
            wait = max(wait, asked)
        if wait * self.pace > 0:
            self._sleep(wait * self.pace)


def _nothing() -> None:
    """Called on arrival where the gap runs from the sending."""


def agent(contact: str | None) -> str:
    """The User-Agent: name, version and whom to write to."""
    try:
        number = version("funnel-review")
    except PackageNotFoundError:
        number = "0"
    return f"Funnel/{number} (systematic review tool; mailto:{contact or 'not given'})"


def shown(url: str, params: Mapping[str, str]) -> str:
    """An address as it may be shown: without keys and people's addresses, cut to 500 characters."""
    kept = {key: value for key, value in params.items() if key not in SECRET}
    full = f"{url}?{urlencode(kept)}" if kept else url
    full = full.split("?email=")[0] if "?email=" in full else full
    return full if len(full) <= 500 else full[:497] + "..."


def _read_stamp(path: Path) -> float:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return 0.0


def _first_words(body: bytes) -> str:
    text = _TAGS.sub(" ", body[:2000].decode("utf-8", "replace"))
    words = " ".join(html.unescape(text).split())
    return words[:160] or "no words"


def _asked_wait(response: requests.Response, now: float) -> float | None:
    """Retry-After in seconds from now; the header holds seconds or a date."""
    said = response.headers.get("Retry-After", "").strip()
    if not said:
        return None
    if said.isdigit():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, at.timestamp() - now)


def _same_host(one: str, other: str) -> bool:
    return urlsplit(one).hostname == urlsplit(other).hostname


def _followed(origin: str, target: str) -> str:
    """Where a redirect leads. Raises Refused unless it stays on the host or goes to https."""
    url = urljoin(origin, target)
    before, after = urlsplit(origin), urlsplit(url)
    stays = _same_host(origin, url) and not (before.scheme == "https" and after.scheme == "http")
    safe = after.scheme == "https" and not on_this_machine(url)
    if not (stays or safe) or after.scheme not in ("http", "https"):
        raise Refused(f"a redirect from {shown(origin, {})} to {shown(url, {})} was not followed")
    return url


def _reason(error: Exception) -> str:
    """The innermost words of a connection error."""
    inner = error.args[0] if error.args else error
    said = str(getattr(inner, "reason", inner))
    return said.rsplit(": ", 1)[-1][:120]


def default_cache() -> Path:
    """The folder for pace files: FUNNEL_CACHE, else the user's cache folder."""
    named = os.environ.get("FUNNEL_CACHE")
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "funnel"
