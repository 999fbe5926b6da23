"""Serves the app. Sign-in is required for every page, file and WebSocket."""

import gc
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from anyio import to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from review.errors import ReviewError
from review.resources import get_shipped_path as shipped
from review.store import Store, is_answering
from review.web import oidc
from review.web.export_links import ExportLinkRoute
from review.web.first_account import SETUP_PATH, FirstAccountRoute
from review.web.gate import RequireSession
from review.web.hosts import LOOPBACK_NAMES, AllowedHosts, GuardHosts, list_allowed_hosts
from review.web.page_font import build_font_route
from review.web.sign_in import SignInRoutes
from review.workflow.harvest import scheduler
from review.workflow.project import accounts
from review.workflow.project.current_protocol import refresh_protocol
from review.workflow.project.home import HOME_VARIABLE, Home
from review.workflow.project.project import Project
from review.workflow.safety import backups
from review.workflow.setup import first_account
from review.workflow.setup.first_account import SetupKey
from review.workflow.setup.loading import open_project

URL_VARIABLE = "FUNNEL_URL"
"""Where people reach the app, for links and for the names it answers under."""
ANNOUNCEMENT = "Nobody has an account in this review yet. Open this link to make yours, the lead's:"
HOLDER = "Whoever opens it first leads the review"
MAX_UPLOAD_MB = 200
"""Largest file that a person who is signed in may give to a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where the app listens, and for whom."""

    port: int
    address: str = "127.0.0.1"
    solo: str | None = None
    """The one person of a single-user app, without sign-in."""
    url: str | None = None
    """Where people reach it, behind a proxy; several, separated by commas."""


class HealthRoute:
    """Says whether the app and its store answer, and nothing about the review."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def handle_health(self, request: Request) -> Response:
        """200 while both answer, 503 while the store does not."""
        answers = await to_thread.run_sync(is_answering, self.store)
        return PlainTextResponse("ok\n" if answers else "store\n", 200 if answers else 503)


def build_app(
    project: Project,
    *,
    gated: bool = True,
    allowed: AllowedHosts | None = None,
    services: dict[str, oidc.Service] | None = None,
    setup_key: SetupKey | None = None,
) -> Any:
    """The ASGI app for a review; `gated` puts sign-in before everything.

    Args:
        allowed: the names it answers under; this computer's own where None.
        services: institutions' sign-in services, by name.
        setup_key: the secret of the link for the first account, where there is none.
    """
    import streamlit as st

    routes = build_routes(project, gated=gated, services=services or {}, setup_key=setup_key)
    middleware = build_middleware(
        project, gated=gated, allowed=allowed or AllowedHosts(LOOPBACK_NAMES)
    )
    return st.App(str(shipped("app.py")), routes=routes, middleware=middleware)


def build_routes(
    project: Project,
    *,
    gated: bool,
    services: dict[str, oidc.Service],
    setup_key: SetupKey | None = None,
) -> list[Route]:
    """The few addresses that are not Streamlit's."""
    if gated:
        links = ExportLinkRoute(project, lambda request: refresh_protocol(project))
        return [
            *build_door_routes(project, services=services, setup_key=setup_key),
            links.build_route(),
        ]
    return [_build_health_route(project)]


def build_door_routes(
    place: Project | Home, *, services: dict[str, oidc.Service], setup_key: SetupKey | None
) -> list[Route]:
    """The addresses by which people come in to a review or a home, and go out."""
    setup_route = FirstAccountRoute(place, setup_key)
    sign_in_routes = SignInRoutes(place, services, is_setup_open=setup_route.is_open)
    return [
        _build_health_route(place),
        build_font_route(),
        Route("/signin", sign_in_routes.handle_sign_in, methods=["GET", "POST"]),
        Route("/signin/service", sign_in_routes.handle_service, methods=["GET"]),
        Route(oidc.CALLBACK_PATH, sign_in_routes.handle_callback, methods=["GET"]),
        Route("/signout", sign_in_routes.handle_sign_out, methods=["GET"]),
        Route("/invitation", sign_in_routes.handle_invitation, methods=["GET", "POST"]),
        Route(SETUP_PATH, setup_route.handle_setup, methods=["GET", "POST"]),
    ]


def _build_health_route(place: Project | Home) -> Route:
    return Route("/healthz", HealthRoute(place.store).handle_health, methods=["GET"])


def build_middleware(project: Project, *, gated: bool, allowed: AllowedHosts) -> list[Middleware]:
    """The middleware around every address, the outermost first."""
    middleware = [Middleware(GuardHosts, allowed=allowed)]
    if gated:
        middleware.append(Middleware(RequireSession, project=project))
    return middleware


def run_server(
    folder: Path, options: ServerOptions, announce: Callable[[str], None] | None = None
) -> None:
    """Serves the app until stopped.

    Args:
        announce: prints a line for whoever starts it, such as the link for the first account.

    Raises:
        ReviewError: --solo on an address others can reach, or for nobody of the team.
    """
    project = open_project(folder)
    if project.home_store is not None and not options.solo:
        raise ReviewError(
            f"{folder}: this review belongs to a home, where its people have their accounts. Serve "
            f"the home: review app {folder.absolute().parent}"
        )
    os.environ.pop(HOME_VARIABLE, None)
    os.environ["FUNNEL_REVIEW"] = str(folder.absolute())
    os.environ.pop(accounts.SOLO_VARIABLE, None)
    services: dict[str, oidc.Service] = {}
    setup_key: SetupKey | None = None
    if options.solo:
        accounts.single_user(project, options.solo)
        if options.address not in LOOPBACK_NAMES:
            raise ReviewError("--solo works only on this computer (loopback); omit --address.")
        os.environ[accounts.SOLO_VARIABLE] = options.solo
    else:
        services = oidc.load_services()
        if not services and first_account.needs_first_account(project):
            setup_key = SetupKey()
    allowed, urls = find_allowed_hosts(options, services)
    Thread(target=warm_up, daemon=True).start()
    Thread(target=backups.keep_daily_backups, args=(project, Event()), daemon=True).start()
    Thread(target=scheduler.keep_schedule, args=(project, Event()), daemon=True).start()
    app = build_app(
        project, gated=not options.solo, allowed=allowed, services=services, setup_key=setup_key
    )
    if setup_key is not None and announce is not None:
        announce(format_setup_link(setup_key, options, urls))
    app.run(config=build_settings(options))


def find_allowed_hosts(
    options: ServerOptions, services: dict[str, oidc.Service]
) -> tuple[AllowedHosts, str]:
    """The names the app answers under, and where people reach it, for links: also kept in the
    environment, where the pages look."""
    urls = options.url or os.environ.get(URL_VARIABLE, "")
    redirects = [service.redirect_uri for service in services.values()]
    allowed = list_allowed_hosts(
        address=options.address,
        urls=[*(url.strip() for url in urls.split(",") if url.strip()), *redirects],
        alone=bool(options.solo),
    )
    if options.url:
        os.environ[URL_VARIABLE] = options.url
    return allowed, urls


def format_setup_link(
    key: SetupKey,
    options: ServerOptions,
    urls: str,
    announcement: str = ANNOUNCEMENT,
    holder: str = HOLDER,
) -> str:
    """The words and the link by which whoever starts the app makes the first account."""
    local = "127.0.0.1" if options.address in ("0.0.0.0", "::") else options.address
    host = f"[{local}]" if ":" in local else local
    base = urls.split(",")[0].strip().rstrip("/") or f"http://{host}:{options.port}"
    return (
        f"\n{announcement}\n\n"
        f"  {base}{SETUP_PATH}?key={key.secret}\n\n"
        f"{holder}, so keep it to yourself. It stops working once "
        "the account\nis made, or when the app stops; the next start prints a new one.\n"
    )


def build_settings(options: ServerOptions) -> dict[str, Any]:
    """Streamlit's own settings."""
    return {
        "server.port": options.port,
        "server.address": options.address,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": MAX_UPLOAD_MB,
        # A full collection after each run walks all loaded libraries: a tenth of a second during
        # which nobody else is answered. Python's usual collector does the work as it comes.
        "runner.postScriptGC": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        # Without a base, the page follows the system: light or dark.
        "theme.light.primaryColor": "#23507c",
        "theme.dark.primaryColor": "#2f6fc4",
        "theme.dark.backgroundColor": "#16191d",
        "theme.dark.secondaryBackgroundColor": "#22262c",
    }


def warm_up() -> None:
    """Loads what the first list, the first suggestions and the first look at agreement need, while
    people are signing in."""
    from review.bias.rules.patterns import get_tokenizer

    get_tokenizer()
    for name in ("pandas", "pyarrow", "scipy.stats"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # libraries stay; looking through them again and again would cost every reviewer
