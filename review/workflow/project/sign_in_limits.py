"""How long somebody who guesses passwords has to wait.

Failures are counted in the store by name and by network address, so several processes see the same;
they slow strangers down and never lock the owner out, whose browser is known by a signed cookie.

The pattern is OWASP's device cookie (Slow Down Online Guessing Attacks with Device Cookies).
"""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from review.errors import ReviewError
from review.store import sign_in_attempts
from review.store.sign_in_attempts import Failures
from review.store.timestamps import utc_now
from review.workflow.project import accounts
from review.workflow.project.project import SignInPlace, get_account_store

FREE_FAILURES = {"pair": 5, "address": 20, "name": 50, "browser": 10}
"""Failures within an hour that cost no waiting: of one name from one address, of one address with
all names, of one name from all addresses, of one known browser."""
FIRST_WAIT, LONGEST_WAIT = 8, 300
"""The wait after the first failure that is not free, which doubles up to the longest (seconds)."""
BROWSER_DAYS = 365
"""How long a browser stays known after its last sign-in (days)."""
KEY_NAME = "known browsers"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the door: the address they come from, and what their browser shows."""

    address: str
    browser_cookie: str | None = None
    browser: str | None = None
    """What the browser calls itself."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a sign-in ended: with a session, with a wait, or with neither."""

    token: str | None = None
    wait: int = 0
    """Seconds until the next attempt is looked at; 0 where this one was."""
    browser_cookie: str | None = None
    """What makes this browser known from now on."""
    name: str = ""
    """The member's name; empty where nobody signed in."""


def get_address_block(address: str) -> str:
    """The address that failures are counted under: an IPv6 visitor owns a whole /64 of them."""
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return address[:60] or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def attempt_sign_in(project: SignInPlace, name: str, password: str, visitor: Visitor) -> Attempt:
    """Signs in, unless the visitor has to wait first. The name may be an e-mail address."""
    member = accounts.find_member(project, name)
    asked_name = member.name if member else name
    origin = find_known_browser(project, asked_name, visitor.browser_cookie)
    wait = compute_wait(project, asked_name, visitor.address, origin)
    if wait:
        return Attempt(wait=wait)
    token = accounts.sign_in(
        project, name, password, address=visitor.address, browser=visitor.browser
    )
    origin = origin or get_address_block(visitor.address)
    store = get_account_store(project)
    with store.write() as conn:
        if token is None:
            sign_in_attempts.add_failure(conn, asked_name, origin, utc_now())
            return Attempt()
        sign_in_attempts.forget_failures(conn, asked_name, origin)
    return Attempt(
        token=token, browser_cookie=make_browser_cookie(project, asked_name), name=asked_name
    )


def change_password(project: SignInPlace, who: str, old: str, new: str) -> None:
    """A person's own new password; every session of theirs ends.

    Raises:
        ReviewError: the old password is wrong or was tried too often, or the new one is too short.
    """
    teammate = accounts.get_teammate(project, who)
    check_own_password(project, teammate.name, old)
    password_hash = accounts.hash_password(new)
    with get_account_store(project).write() as conn:
        accounts.store_password(conn, teammate, password_hash, teammate.name)


def check_own_password(project: SignInPlace, name: str, password: str) -> None:
    """Asks for a person's password once more, before they change something of their account.

    Raises:
        ReviewError: it is wrong, or was tried too often.
    """
    store = get_account_store(project)
    origin = f"change:{sign_in_attempts.hash_name(name)}"
    with store.read() as conn:
        failures = sign_in_attempts.count_failures(conn, utc_now(), origin=origin)
    wait = _compute_remaining(failures, FREE_FAILURES["pair"], utc_now())
    if wait:
        raise ReviewError(f"Too many wrong passwords. Try again in {wait} seconds.")
    if not accounts.is_own_password(project, name, password):
        with store.write() as conn:
            sign_in_attempts.add_failure(conn, "", origin, utc_now())
        raise ReviewError("The current password is wrong; nothing was changed.")


def compute_wait(project: SignInPlace, name: str, address: str, browser: str | None) -> int:
    """Seconds a visitor has to wait before a name and password are looked at; 0 for none.

    Args:
        browser: the known browser's origin, which no stranger's failures slow down.
    """
    now = utc_now()
    block = get_address_block(address)
    with get_account_store(project).read() as conn:
        if browser is not None:
            counted = [("browser", {"origin": browser})]
        else:
            counted = [
                ("pair", {"name": name, "origin": block}),
                ("address", {"origin": block}),
                ("name", {"name": name}),
            ]
        return max(
            _compute_remaining(
                sign_in_attempts.count_failures(conn, now, **which), FREE_FAILURES[kind], now
            )
            for kind, which in counted
        )


def compute_link_wait(place: SignInPlace, address: str) -> int:
    """Seconds a visitor has to wait before a secret of a link is looked at; 0 for none."""
    now = utc_now()
    with get_account_store(place).read() as conn:
        failures = sign_in_attempts.count_failures(conn, now, origin=_get_link_origin(address))
    return _compute_remaining(failures, FREE_FAILURES["address"], now)


def add_link_failure(place: SignInPlace, address: str) -> None:
    """Counts a secret that opened nothing."""
    with get_account_store(place).write() as conn:
        sign_in_attempts.add_failure(conn, "", _get_link_origin(address), utc_now())


def _get_link_origin(address: str) -> str:
    return f"link:{get_address_block(address)}"


def _compute_remaining(failures: Failures, free: int, now: datetime) -> int:
    """Seconds still to wait after a number of failures."""
    if failures.count < free or failures.newest is None:
        return 0
    delay = min(LONGEST_WAIT, FIRST_WAIT << min(failures.count - free, 10))
    left = failures.newest + timedelta(seconds=delay) - now
    return max(0, min(delay, int(left.total_seconds() + 0.999)))


def make_browser_cookie(project: SignInPlace, name: str) -> str:
    """A cookie that makes a browser known for a name: who signed in there once is no stranger."""
    expires = int(utc_now().timestamp()) + BROWSER_DAYS * 86400
    words = f"{secrets.token_hex(8)}.{expires}"
    return f"{words}.{_sign_browser(_get_key(project), name, words)}"


def find_known_browser(project: SignInPlace, name: str, cookie: str | None) -> str | None:
    """The origin under which a known browser's failures are counted; None for a stranger's, or
    where the cookie was made for another name, is forged or too old."""
    if not cookie or len(cookie) > 200 or not cookie.isascii() or cookie.count(".") != 2:
        return None
    words, signature = cookie.rsplit(".", 1)
    number, expires = words.split(".")
    if not hmac.compare_digest(_sign_browser(_get_key(project), name, words), signature):
        return None
    if int(expires) < utc_now().timestamp():
        return None
    return f"browser:{number}"


def is_known_browser(project: SignInPlace, name: str, cookie: str | None) -> bool:
    """Whether a browser has signed in under this name (or address) before."""
    member = accounts.find_member(project, name)
    return find_known_browser(project, member.name if member else name, cookie) is not None


def _sign_browser(key: bytes, name: str, words: str) -> str:
    message = f"{sign_in_attempts.hash_name(name)}.{words}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _get_key(project: SignInPlace) -> bytes:
    store = get_account_store(project)
    with store.read() as conn:
        key = sign_in_attempts.get_web_key(conn, KEY_NAME)
    if key is None:
        with store.write() as conn:
            key = sign_in_attempts.make_web_key(conn, KEY_NAME, utc_now())
    return key
