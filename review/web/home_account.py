"""The page of one's own account on the server of a home: name, address, password, sessions."""

import html
from collections.abc import Callable
from functools import partial

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from review.errors import ReviewError
from review.store.homes import HomePerson
from review.web.gate import SESSION_COOKIE
from review.web.home_gate import HOME_PATH, PERSON_KEY
from review.web.home_layout import build_home_page
from review.web.sign_in_pages import FormRefused, build_message_page, read_form
from review.workflow.home import account
from review.workflow.project import accounts, sign_in_limits
from review.workflow.project.accounts import SessionView
from review.workflow.project.home import Home, refresh_home

ACCOUNT_PATH = f"{HOME_PATH}/account"
Act = Callable[[Home, str, dict[str, str]], None]
"""Changes something of somebody's account by the fields of a form."""
DIFFERENT = "The two new passwords differ; nothing was changed."


class AccountRoutes:
    """The routes of the page; each acts for who is signed in alone."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def build_routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route(ACCOUNT_PATH, self.handle_page, methods=["GET"]),
            Route(f"{ACCOUNT_PATH}/details", self.handle_details, methods=["POST"]),
            Route(f"{ACCOUNT_PATH}/password", self.handle_password, methods=["POST"]),
            Route(f"{ACCOUNT_PATH}/sessions", self.handle_sessions, methods=["POST"]),
        ]

    async def handle_page(self, request: Request) -> Response:
        """The account as it is."""
        return await self._draw(request, "Saved." if "saved" in request.query_params else "")

    async def handle_details(self, request: Request) -> Response:
        """Changes the full name and the address."""
        return await self._act(request, self._change_details, f"{ACCOUNT_PATH}?saved=1")

    async def handle_password(self, request: Request) -> Response:
        """Changes the password, which ends every session."""
        return await self._act(request, self._change_password, "/signin")

    async def handle_sessions(self, request: Request) -> Response:
        """Signs out in another browser, or everywhere."""
        return await self._act(request, self._end_sessions, ACCOUNT_PATH)

    async def _act(self, request: Request, act: Act, target: str) -> Response:
        try:
            form = await read_form(request)
        except FormRefused as refusal:
            return build_message_page(refusal.message, refusal.status, link=(ACCOUNT_PATH, "Back"))
        try:
            await to_thread.run_sync(partial(act, refresh_home(self._home), _get(request), form))
        except ReviewError as error:
            return await self._draw(request, str(error), status=400)
        return RedirectResponse(target, 303)

    def _change_details(self, home: Home, name: str, form: dict[str, str]) -> None:
        account.change_details(
            home,
            name,
            form.get("full_name", ""),
            form.get("email", ""),
            form.get("password", ""),
        )

    def _change_password(self, home: Home, name: str, form: dict[str, str]) -> None:
        if form.get("new", "") != form.get("again", ""):
            raise ReviewError(DIFFERENT)
        sign_in_limits.change_password(home, name, form.get("password", ""), form.get("new", ""))

    def _end_sessions(self, home: Home, name: str, form: dict[str, str]) -> None:
        number = form.get("session", "")
        if number == "all":
            accounts.end_sessions(home, name, name)
        elif number.isascii() and number.isdecimal() and len(number) < 18:
            accounts.end_sessions(home, name, name, session=int(number))
        else:
            raise ReviewError("Choose the session to end.")

    async def _draw(self, request: Request, message: str, *, status: int = 200) -> Response:
        name, token = _get(request), request.cookies.get(SESSION_COOKIE, "")
        body = await to_thread.run_sync(self._build_body, name, token, message, status)
        return build_home_page("Account", name, body, status=status)

    def _build_body(self, name: str, token: str, message: str, status: int) -> str:
        home = refresh_home(self._home)
        person = account.get_person(home, name)
        has_password = account.has_password(home, name)
        parts = []
        if message:
            kind = 'class="said" role="alert"' if status >= 400 else 'role="status"'
            parts.append(f"<p {kind}>{html.escape(message)}</p>")
        parts.append(_build_details(person, has_password))
        if has_password:
            parts.append(_build_password())
        parts.append(_build_sessions(accounts.list_sessions(home, name, token=token)))
        return "".join(parts)


def _get(request: Request) -> str:
    return str(request.scope[PERSON_KEY])


def _build_field(label: str, name: str, value: str = "", *, more: str = "") -> str:
    kind = "password" if "password" in more else "text"
    return (
        f'<label for="{name}">{label}</label><input type="{kind}" id="{name}" '
        f'name="{name.partition("-")[0]}" value="{html.escape(value)}" {more}>'
    )


def _build_details(person: HomePerson, has_password: bool) -> str:
    ask = (
        _build_field(
            "Current password", "password-details", more='autocomplete="current-password" required'
        )
        if has_password
        else ""
    )
    return (
        f'<form method="post" action="{ACCOUNT_PATH}/details"><h2>Name and e-mail</h2>'
        f'<p class="note">You sign in as <b>{html.escape(person.name)}</b>, and your entries carry '
        "that name; it cannot be changed. Reviews you are in keep the full name they have.</p>"
        + _build_field("Full name", "full_name", person.full_name, more='maxlength="100" required')
        + _build_field("E-mail address (optional)", "email", person.email or "")
        + ask
        + "<p><button>Save</button></p></form>"
    )


def _build_password() -> str:
    return (
        f'<form method="post" action="{ACCOUNT_PATH}/password"><h2>Password</h2>'
        '<p class="note">You will be signed out in every browser.</p>'
        + _build_field(
            "Current password", "password-change", more='autocomplete="current-password" required'
        )
        + _build_field("New password", "new", more='autocomplete="new-password" required')
        + _build_field("New password again", "again", more='autocomplete="new-password" required')
        + "<p><button>Change password</button></p></form>"
    )


def _build_sessions(sessions: list[SessionView]) -> str:
    rows = "".join(map(_build_session, sessions))
    return (
        f"<h2>Where you are signed in</h2><ul>{rows}</ul>"
        f'<form method="post" action="{ACCOUNT_PATH}/sessions">'
        '<input type="hidden" name="session" value="all">'
        '<button class="quiet">Sign out everywhere</button></form>'
    )


def _build_session(view: SessionView) -> str:
    browser = html.escape(accounts.describe_browser(view.browser))
    button = (
        "<b>this browser</b>"
        if view.is_own
        else f'<form class="inline" method="post" action="{ACCOUNT_PATH}/sessions">'
        f'<input type="hidden" name="session" value="{view.id}">'
        f'<button class="quiet" aria-label="Sign out {browser}">Sign out</button></form>'
    )
    return (
        f'<li><div>{browser}<p class="note">from {html.escape(view.address or "unknown")} · since '
        f"{view.opened:%d %B %Y, %H:%M} UTC</p></div>{button}</li>"
    )
