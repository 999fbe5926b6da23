"""Serves a home: many reviews behind one sign-in, in one process."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware

from review.errors import ReviewError
from review.resources import get_shipped_path as shipped
from review.store import copies, homes
from review.store.timestamps import utc_now
from review.web import oidc
from review.web.home_gate import HomeGate
from review.web.hosts import AllowedHosts, GuardHosts
from review.workflow.harvest import scheduler
from review.workflow.home.open_reviews import OpenReviews
from review.workflow.project import accounts
from review.workflow.project.home import HOME_VARIABLE, Home, open_home
from review.workflow.safety import backups
from review.workflow.setup import first_account
from review.workflow.setup.first_account import SetupKey
from review.workflow.setup.loading import make_folder

if TYPE_CHECKING:
    from review.web.server import ServerOptions

LOOK_SECONDS = 20.0
"""Seconds between two looks which reviews are open."""
KEPT_COPIES = 14
"""How many daily copies of the home's own store are kept."""
NO_SOLO = "--solo serves one review. Name its folder: review --review FOLDER app --solo NAME."
ANNOUNCEMENT = "Nobody has an account on this server yet. Open this link to make yours:"
HOLDER = "Whoever opens it first administers the server"
_LOG = logging.getLogger(__name__)


def run_home(
    folder: Path, options: "ServerOptions", announce: Callable[[str], None] | None = None
) -> None:
    """Serves the reviews of a home until stopped; a new folder becomes a new home.

    Args:
        announce: prints a line for whoever starts it, such as the link for the first account.

    Raises:
        ReviewError: --solo, which a home does not have, or a DATABASE_URL that is not this home's.
    """
    from review.web import server

    if options.solo:
        raise ReviewError(NO_SOLO)
    make_folder(folder)
    home = open_home(folder.absolute())
    os.environ[HOME_VARIABLE] = str(home.folder)
    os.environ.pop(accounts.SOLO_VARIABLE, None)
    setup_key = SetupKey() if first_account.needs_first_account(home) else None
    services = oidc.load_services()
    allowed, urls = server.find_allowed_hosts(options, services)
    reviews = OpenReviews(home)
    Thread(target=server.warm_up, daemon=True).start()
    Thread(target=keep_reviews, args=(reviews, Event()), daemon=True).start()
    app = build_home_app(reviews, allowed=allowed, services=services, setup_key=setup_key)
    if setup_key is not None and announce is not None:
        announce(server.format_setup_link(setup_key, options, urls, ANNOUNCEMENT, HOLDER))
    app.run(config=server.build_settings(options))


def build_home_app(
    reviews: OpenReviews,
    *,
    allowed: AllowedHosts,
    services: dict[str, oidc.Service] | None = None,
    setup_key: SetupKey | None = None,
) -> Any:
    """The ASGI app of a home.

    Args:
        allowed: the names it answers under.
        services: institutions' sign-in services, by name.
        setup_key: the secret of the link for the first account, where there is none.
    """
    import streamlit as st

    from review.web.home_pages import HomeRoutes
    from review.web.server import build_door_routes

    routes = [
        *build_door_routes(reviews.home, services=services or {}, setup_key=setup_key),
        *HomeRoutes(reviews).build_routes(),
    ]
    middleware = build_home_middleware(reviews, allowed=allowed)
    return st.App(str(shipped("app.py")), routes=routes, middleware=middleware)


def build_home_middleware(reviews: OpenReviews, *, allowed: AllowedHosts) -> list[Middleware]:
    """The middleware around every address, the outermost first."""
    return [Middleware(GuardHosts, allowed=allowed), Middleware(HomeGate, reviews=reviews)]


def keep_reviews(reviews: OpenReviews, stop: Event) -> None:
    """Keeps the daily backups and the schedule of each open review, and a daily copy of the home's
    own store, until asked to stop. An archived review is left alone."""
    running: dict[str, Event] = {}
    while not stop.is_set():
        try:
            with reviews.home.store.read() as conn:
                open_names = {
                    listed.review for listed in homes.list_reviews(conn) if not listed.archived
                }
            for name in set(running) - open_names:
                running.pop(name).set()
            for name in open_names - set(running):
                project = reviews.find(name)
                if project is not None:
                    ended = running[name] = Event()
                    for work in (backups.keep_daily_backups, scheduler.keep_schedule):
                        Thread(target=work, args=(project, ended), daemon=True).start()
            copy_home(reviews.home, utc_now())
        except ReviewError as error:
            _LOG.warning("The reviews of the home could not be looked after: %s", error)
        except Exception:  # noqa: BLE001  (the thread goes on: backups hang on it)
            _LOG.exception("The reviews of the home could not be looked after.")
        stop.wait(LOOK_SECONDS)
    for ended in running.values():
        ended.set()


def copy_home(home: Home, at: datetime) -> Path | None:
    """Copies the home's store once a day into its folder 'backups', and keeps the newest; None
    where today's is there already."""
    folder = home.folder / "backups"
    out = folder / f"home-{at:%Y-%m-%d}.db"
    if out.exists():
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    part = out.with_suffix(f".{os.getpid()}.part")
    try:
        copies.save_copy(home.store, part, copies.get_version(home.store))
        part.chmod(0o600)
        part.replace(out)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    for old in sorted(folder.glob("home-*.db"))[:-KEPT_COPIES]:
        old.unlink(missing_ok=True)
    return out
