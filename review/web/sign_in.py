"""Sign-in and sign-out. Passwords are compared off the event loop, in two small pools: one for
strangers, one for browsers that signed in before, so that no stranger makes a member wait."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from review.errors import ReviewError
from review.web import oidc
from review.web.gate import SESSION_COOKIE, get_visitor_address
from review.web.sign_in_pages import (
    FormRefused,
    build_invitation_form,
    build_message_page,
    build_page,
    build_sign_in_form,
    read_form,
)
from review.workflow.project import accounts, invitations, sign_in_limits
from review.workflow.project.current_protocol import refresh_people
from review.workflow.project.home import Home
from review.workflow.project.project import Project
from review.workflow.project.sign_in_limits import Visitor, get_address_block

BROWSER_COOKIE, SERVICE_COOKIE = "funnel_browser", "funnel_service"
MAX_WAITING, MAX_WAITING_PER_ADDRESS = 8, 2
"""How many passwords wait to be compared at once, in each pool, and from one address among
strangers; who comes after them is asked to try again."""

NO_ACCOUNT = (
    "Nobody has an account here yet. Open the link that the app printed when it was "
    "started: it makes the first one."
)

T = TypeVar("T")


class HashingPool:
    """One thread that compares passwords, with a short queue: argon2 takes 64 MB and a twentieth
    of a second each time, which strangers must not multiply."""

    def __init__(self, name: str) -> None:
        self.executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.waiting: Counter[str] = Counter()

    async def run(self, origin: str, most: int, work: Callable[[], T]) -> T | None:
        """What the work gives; None where too much waits already, in all or from this origin."""
        if self.waiting.total() >= MAX_WAITING or self.waiting[origin] >= most:
            return None
        self.waiting[origin] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, work)
        finally:
            self.waiting[origin] -= 1
            if not self.waiting[origin]:
                del self.waiting[origin]


class SignInRoutes:
    """The pages by which people come in and go out."""

    def __init__(
        self,
        project: Project | Home,
        services: dict[str, oidc.Service],
        *,
        is_setup_open: Callable[[], bool] = lambda: False,
    ) -> None:
        self.project = project
        self.services = services
        self.is_setup_open = is_setup_open
        """Whether the first account has still to be made, so that nobody can sign in."""
        self.strangers = HashingPool("strangers")
        self.known = HashingPool("known")

    async def handle_sign_in(self, request: Request) -> Response:
        """GET draws the form, POST signs in and sets the cookie."""
        if await to_thread.run_sync(self.is_setup_open):
            return build_page("Funnel", f'<p role="alert">{NO_ACCOUNT}</p>', 403)
        if request.method in ("GET", "HEAD"):
            return await self._build_form("", 200, target=request.query_params.get("to", ""))
        try:
            form = await read_form(request)
        except FormRefused as refusal:
            return build_message_page(refusal.message, refusal.status)
        target, name = form.get("to", ""), form.get("name", "").strip()
        password, visitor = form.get("password", ""), build_visitor(request)
        project = await to_thread.run_sync(refresh_people, self.project)
        is_known = await to_thread.run_sync(
            sign_in_limits.is_known_browser, project, name, visitor.browser_cookie
        )
        pool, most = (
            (self.known, MAX_WAITING) if is_known else (self.strangers, MAX_WAITING_PER_ADDRESS)
        )
        attempt = await pool.run(
            get_address_block(visitor.address),
            most,
            lambda: sign_in_limits.attempt_sign_in(project, name, password, visitor),
        )
        if attempt is None:
            return await self._build_busy_form(name, target)
        if attempt.wait:
            words = f"Too many failed attempts. Try again in {format_wait(attempt.wait)}."
            response = await self._build_form(words, 429, name, target)
            response.headers["Retry-After"] = str(attempt.wait)
            return response
        if attempt.token is None:
            return await self._build_form("Wrong name or password.", 401, name, target)
        response = RedirectResponse(restrict_to_app(target), 303)
        set_session_cookie(response, request, attempt.token)
        if attempt.browser_cookie:
            set_browser_cookie(response, request, attempt.browser_cookie)
        return response

    async def handle_sign_out(self, request: Request) -> Response:
        """Ends the session, also at the institution's service, and goes back to the form."""
        token = request.cookies.get(SESSION_COOKIE)
        if token:
            await to_thread.run_sync(accounts.sign_out, self.project, token)
        service = self.services.get(request.cookies.get(SERVICE_COOKIE, ""))
        address = await oidc.find_logout_address(service) if service else None
        response = RedirectResponse(address or "/signin", 303)
        response.delete_cookie(SESSION_COOKIE)
        response.delete_cookie(SERVICE_COOKIE)
        return response

    async def handle_service(self, request: Request) -> Response:
        """Sends the visitor to their institution's sign-in."""
        service = self.services.get(request.query_params.get("service", ""))
        if service is None:
            return RedirectResponse("/signin", 303)
        request.session["to"] = restrict_to_app(request.query_params.get("to", ""))
        try:
            return await oidc.send_to_service(service, request)
        except ReviewError as error:
            return build_message_page(str(error), 502)

    async def handle_callback(self, request: Request) -> Response:
        """Takes back a visitor whom the service confirmed, and opens their session."""
        if "state" not in request.query_params:  # back from signing out
            return RedirectResponse("/signin", 303)
        target = restrict_to_app(str(request.session.pop("to", "")))
        try:
            service, email = await oidc.confirm_visitor(self.services, request)
        except ReviewError as error:
            return build_message_page(str(error), 403)
        project, visitor = refresh_people(self.project), build_visitor(request)
        token = await to_thread.run_sync(
            lambda: accounts.start_confirmed_session(
                project, email, address=visitor.address, browser=visitor.browser
            )
        )
        if token is None:
            return build_message_page(
                f"{email} is not on this review's team. Ask the lead to add you.", 403
            )
        # A redirect would still count as coming from the service's site, and the cookie stay out.
        go_on = f'<meta http-equiv="refresh" content="0;url={oidc.escape_address(target)}">'
        response = build_page("Funnel", "<p>You are signed in.</p>", head_html=go_on)
        set_session_cookie(response, request, token)
        response.set_cookie(
            SERVICE_COOKIE,
            service.name,
            max_age=accounts.SESSION_DAYS * 86400,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    async def handle_invitation(self, request: Request) -> Response:
        """GET asks for a password, POST keeps it and signs in; the link works once."""
        if request.method in ("GET", "HEAD"):
            return await self._build_invitation(request.query_params.get("key", ""), "", 200)
        try:
            form = await read_form(request)
        except FormRefused as refusal:
            return build_message_page(refusal.message, refusal.status)
        key, password = form.get("key", ""), form.get("password", "")
        if password != form.get("again", ""):
            return await self._build_invitation(key, "The two passwords differ.", 400)
        project, visitor = refresh_people(self.project), build_visitor(request)
        try:
            accepted = await self.strangers.run(
                get_address_block(visitor.address),
                MAX_WAITING_PER_ADDRESS,
                lambda: invitations.accept_invitation(
                    project, key, password, address=visitor.address, browser=visitor.browser
                ),
            )
        except ReviewError as error:
            return await self._build_invitation(key, str(error), 400)
        if accepted is None:
            return await self._build_invitation(key, "Too many sign-ins at once. Try again.", 503)
        name, token = accepted
        response = RedirectResponse("/", 303)
        set_session_cookie(response, request, token)
        cookie = await to_thread.run_sync(sign_in_limits.make_browser_cookie, project, name)
        set_browser_cookie(response, request, cookie)
        return response

    async def _build_invitation(self, key: str, message: str, status: int) -> Response:
        project = refresh_people(self.project)
        name = await to_thread.run_sync(invitations.find_invited, project, key)
        if name is None:
            return build_message_page(invitations.GONE, 410)
        form = build_invitation_form(
            title=project.protocol.title,
            name=name,
            key=key,
            least=accounts.MIN_PASSWORD_LENGTH,
            message=message,
        )
        return build_page("Choose a password", form, status)

    async def _build_busy_form(self, name: str, target: str) -> Response:
        words = "Too many people are signing in at this moment. Try again in a few seconds."
        response = await self._build_form(words, 503, name, target)
        response.headers["Retry-After"] = "5"
        return response

    async def _build_form(
        self, message: str, status: int, name: str = "", target: str = ""
    ) -> Response:
        project = await to_thread.run_sync(refresh_people, self.project)
        users = await to_thread.run_sync(accounts.list_users, project)
        services = {
            f"/signin/service?{urlencode({'service': service.name, 'to': target})}": service.label
            for service in self.services.values()
        }
        form = build_sign_in_form(
            title=project.protocol.title,
            message=message,
            name=name,
            target=target,
            services=services,
            passwords=not services or any(has_account for _, _, has_account in users),
        )
        return build_page("Funnel", form, status)


def build_visitor(request: Request) -> Visitor:
    """Who asks, by address and by what their browser shows."""
    return Visitor(
        address=get_visitor_address(request.scope),
        browser_cookie=request.cookies.get(BROWSER_COOKIE),
        browser=request.headers.get("user-agent"),
    )


def restrict_to_app(target: str) -> str:
    """An address to go to after sign-in: a page of this app, else its first page."""
    is_local = target.startswith("/") and not target.startswith(
        "//"
    )  # '//host' is another's address
    return target if is_local and "\\" not in target and target.isprintable() else "/"


def format_wait(seconds: int) -> str:
    """A wait in words."""
    return f"{seconds} seconds" if seconds <= 90 else f"{-(-seconds // 60)} minutes"


def set_session_cookie(response: Response, request: Request, token: str) -> None:
    """The session's cookie, which no script reads and no other site sends."""
    _set_cookie(response, request, SESSION_COOKIE, token, accounts.SESSION_DAYS)


def set_browser_cookie(response: Response, request: Request, value: str) -> None:
    """The cookie by which this browser is known from now on; it opens nothing by itself."""
    _set_cookie(response, request, BROWSER_COOKIE, value, sign_in_limits.BROWSER_DAYS)


def _set_cookie(response: Response, request: Request, name: str, value: str, days: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=days * 86400,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
