"""The page by which the lead makes the first account, through a link that the app prints."""

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from review.errors import ReviewError
from review.web.sign_in import (
    MAX_WAITING_PER_ADDRESS,
    HashingPool,
    build_visitor,
    set_browser_cookie,
    set_session_cookie,
)
from review.web.sign_in_pages import (
    FormRefused,
    build_first_account_form,
    build_message_page,
    build_page,
    read_form,
)
from review.workflow.project import accounts, sign_in_limits
from review.workflow.project.current_protocol import refresh_people
from review.workflow.project.home import Home
from review.workflow.project.project import Project
from review.workflow.project.sign_in_limits import get_address_block
from review.workflow.setup import first_account
from review.workflow.setup.first_account import FirstLead, SetupKey

SETUP_PATH = "/setup"
PURPOSE = "This one is the lead's: you can then invite your team and change everything."
HOME_PURPOSE = (
    "This one is the administrator's: you can then create reviews and invite a team to each."
)
WRONG_LINK = (
    "This is not the link that the app printed when it was started. Open the newest one in the "
    "window where it runs."
)


class FirstAccountRoute:
    """Makes the first account, for who holds the link, and nothing once there is one."""

    def __init__(self, project: Project | Home, key: SetupKey | None) -> None:
        self.project = project
        self.key = key
        """None where there was an account when the app started, and once there is one."""
        self.pool = HashingPool("first account")

    def is_open(self) -> bool:
        """Whether the first account has still to be made, as the store says now."""
        if self.key is not None and not first_account.needs_first_account(
            refresh_people(self.project)
        ):
            self.key = None
        return self.key is not None

    async def handle_setup(self, request: Request) -> Response:
        """GET draws the form, POST makes the account and signs in."""
        if not await to_thread.run_sync(self.is_open):
            return build_message_page(first_account.TAKEN, 410)
        if request.method in ("GET", "HEAD"):
            given = request.query_params.get("key", "")
            return self._build_form({"key": given}, "", 200)
        try:
            form = await read_form(request)
        except FormRefused as refusal:
            return build_message_page(refusal.message, refusal.status)
        if not self._knows(form.get("key", "")):
            return build_message_page(WRONG_LINK, 403)
        if form.get("password", "") != form.get("again", ""):
            return self._build_form(form, "The two passwords differ.", 400)
        return await self._create(request, form)

    async def _create(self, request: Request, form: dict[str, str]) -> Response:
        lead = FirstLead(
            name=form.get("name", ""),
            full_name=form.get("full_name", ""),
            password=form.get("password", ""),
        )
        project, visitor = refresh_people(self.project), build_visitor(request)
        try:
            made = await self.pool.run(
                get_address_block(visitor.address),
                MAX_WAITING_PER_ADDRESS,
                lambda: first_account.create_first_account(
                    project, lead, address=visitor.address, browser=visitor.browser
                ),
            )
        except ReviewError as error:
            if not await to_thread.run_sync(self.is_open):
                return build_message_page(first_account.TAKEN, 410)
            return self._build_form(form, str(error), 400)
        if made is None:
            return self._build_form(form, "Too many tries at once. Try again.", 503)
        self.key = None
        name, token = made
        response = RedirectResponse("/", 303)
        set_session_cookie(response, request, token)
        cookie = await to_thread.run_sync(sign_in_limits.make_browser_cookie, project, name)
        set_browser_cookie(response, request, cookie)
        return response

    def _knows(self, given: str) -> bool:
        return self.key is not None and self.key.matches(given)

    def _build_form(self, form: dict[str, str], message: str, status: int) -> Response:
        if not self._knows(form.get("key", "")):
            return build_message_page(WRONG_LINK, 403)
        form_html = build_first_account_form(
            title=self.project.protocol.title,
            purpose=HOME_PURPOSE if isinstance(self.project, Home) else PURPOSE,
            key=form["key"],
            name=form.get("name", ""),
            full_name=form.get("full_name", ""),
            least=accounts.MIN_PASSWORD_LENGTH,
            message=message,
        )
        return build_page("Create the first account", form_html, status)
