"""The pages of a home: the list of one's reviews, and the forms that create, archive and bring
back. They are plain HTML and run no script."""

import html
from contextlib import suppress

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from review.errors import ReviewError
from review.text.wording import format_count
from review.web.export_links import ExportLinkRoute
from review.web.home_account import AccountRoutes
from review.web.home_gate import HOME_PATH, PERSON_KEY
from review.web.home_layout import build_home_page
from review.web.sign_in_pages import FormRefused, build_message_page, read_form
from review.workflow.exports.own_work import OwnCounts, count_own_work
from review.workflow.home import reviews as home_reviews
from review.workflow.home.open_reviews import OpenReviews
from review.workflow.home.reviews import COPY_PREFIX, MAX_TITLE, NewReview, ReviewEntry
from review.workflow.home.templates import TEMPLATES
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.home import REVIEW_HEADER, build_review_path
from review.workflow.project.project import Project
from review.workflow.setup.people import format_roles


class HomeRoutes:
    """The home's own pages, for who is signed in: the gate before them has seen to it."""

    def __init__(self, reviews: OpenReviews) -> None:
        self.reviews = reviews
        self.home = reviews.home

    def build_routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route(HOME_PATH, self.handle_list, methods=["GET"]),
            Route(f"{HOME_PATH}/new", self.handle_new, methods=["GET", "POST"]),
            Route(f"{HOME_PATH}/archive", self.handle_archive, methods=["GET", "POST"]),
            Route(f"{HOME_PATH}/restore", self.handle_restore, methods=["POST"]),
            *AccountRoutes(self.home).build_routes(),
            ExportLinkRoute(self.home, self._find_linked).build_route(),
        ]

    def _find_linked(self, request: Request) -> Project | None:
        """The review that a link to an export names; None where there is none that is open."""
        return self.reviews.find_open(request.headers.get(REVIEW_HEADER, ""))

    async def handle_list(self, request: Request) -> Response:
        """The reviews whose team the person is in."""
        name = _get_person(request)
        entries = await to_thread.run_sync(self._list_entries, name)
        creates = await to_thread.run_sync(home_reviews.may_create, self.home, name, entries)
        work = await to_thread.run_sync(self._count_work, name, entries)
        return build_home_page("Reviews", name, _build_list(entries, creates, work))

    async def handle_new(self, request: Request) -> Response:
        """GET draws the form, POST creates the review and opens it."""
        name = _get_person(request)
        entries = await to_thread.run_sync(self._list_entries, name)
        if not await to_thread.run_sync(home_reviews.may_create, self.home, name, entries):
            return _refuse("Only the server's administrator and leads of a review may create one.")
        if request.method != "POST":
            return build_home_page("Create a review", name, _build_form(entries, {}, ""))
        try:
            form = await read_form(request)
        except FormRefused as refusal:
            return _refuse(refusal.message, refusal.status)
        new = NewReview(
            title=form.get("title", ""),
            question=form.get("question", ""),
            origin=form.get("origin", ""),
        )
        try:
            review = await to_thread.run_sync(
                home_reviews.create_review, self.home, new, name, self.reviews
            )
        except ReviewError as error:
            return build_home_page(
                "Create a review", name, _build_form(entries, form, str(error)), status=400
            )
        return RedirectResponse(build_review_path(review), 303)

    async def handle_archive(self, request: Request) -> Response:
        """GET asks, POST archives."""
        name = _get_person(request)
        if request.method == "POST":
            return await self._change(request, archives=True)
        review = request.query_params.get("review", "")
        entries = await to_thread.run_sync(self._list_entries, name)
        entry = next((entry for entry in entries if entry.review == review and entry.is_led), None)
        if entry is None or entry.archived:
            return _refuse(home_reviews.UNKNOWN, 404)
        return build_home_page("Archive this review?", name, _build_question(entry))

    async def handle_restore(self, request: Request) -> Response:
        """Brings a review back."""
        return await self._change(request, archives=False)

    async def _change(self, request: Request, *, archives: bool) -> Response:
        try:
            form = await read_form(request)
        except FormRefused as refusal:
            return _refuse(refusal.message, refusal.status)
        act = home_reviews.archive_review if archives else home_reviews.restore_review
        review, name = form.get("review", ""), _get_person(request)
        try:
            await to_thread.run_sync(act, self.home, review, name, self.reviews)
        except ReviewError as error:
            return _refuse(str(error), 404)
        return RedirectResponse(HOME_PATH, 303)

    def _count_work(self, name: str, entries: list[ReviewEntry]) -> dict[str, OwnCounts]:
        """What waits for the person in each open review; a review that fails has none."""
        work = {}
        for entry in entries:
            project = None if entry.archived else self.reviews.find(entry.review)
            if project is not None:
                with suppress(ReviewError):
                    work[entry.review] = count_own_work(project, CurrentUser(name, entry.roles))
        return work

    def _list_entries(self, name: str) -> list[ReviewEntry]:
        return home_reviews.list_own_reviews(self.home, name, self.reviews)


def _get_person(request: Request) -> str:
    return str(request.scope[PERSON_KEY])


def _refuse(message: str, status: int = 403) -> Response:
    return build_message_page(message, status, link=(HOME_PATH, "All reviews"))


def _build_list(entries: list[ReviewEntry], creates: bool, work: dict[str, OwnCounts]) -> str:
    shown = [entry for entry in entries if not entry.archived]
    archived = [entry for entry in entries if entry.archived]
    parts = []
    if shown:
        rows = "".join(_build_entry(entry, work.get(entry.review)) for entry in shown)
        parts.append(f"<ul>{rows}</ul>")
    elif creates:
        parts.append('<p class="empty">There is no review yet. Create the first one.</p>')
    else:
        parts.append(
            '<p class="empty">You are in no review yet. Ask the lead of a review to add you to '
            "its team.</p>"
        )
    if creates:
        parts.append(f'<a class="button" href="{HOME_PATH}/new">Create a review</a>')
    if archived:
        rows = "".join(map(_build_archived, archived))
        parts.append(f"<h2>Archived</h2><ul>{rows}</ul>")
    return "".join(parts)


def _format_work(work: OwnCounts | None) -> str:
    """What waits for the person, in words; empty where nothing does."""
    if work is None:
        return ""
    parts = [f"{format_count(work.screening, 'record')} to screen"] if work.screening else []
    parts += [f"{format_count(work.conflicts, 'conflict')} to resolve"] if work.conflicts else []
    return f'<p class="note waiting">For you: {", ".join(parts)}</p>' if parts else ""


def _build_entry(entry: ReviewEntry, work: OwnCounts | None) -> str:
    archive = (
        f'<a href="{HOME_PATH}/archive?review={html.escape(entry.review)}" '
        f'aria-label="Archive {html.escape(entry.title)}">Archive</a>'
        if entry.is_led
        else ""
    )
    return (
        f'<li><div><a class="title" href="{build_review_path(entry.review)}">'
        f'{html.escape(entry.title)}</a><p class="note">{format_roles(entry.roles)} · '
        f"{format_count(entry.records, 'record')}</p>{_format_work(work)}</div>{archive}</li>"
    )


def _build_archived(entry: ReviewEntry) -> str:
    return (
        f'<li><div><b>{html.escape(entry.title)}</b><p class="note">'
        f"{format_count(entry.records, 'record')} · only you and the other leads see it here</p>"
        f'</div><form class="inline" method="post" action="{HOME_PATH}/restore">'
        f'<input type="hidden" name="review" value="{html.escape(entry.review)}">'
        f'<button class="quiet" aria-label="Bring back {html.escape(entry.title)}">Bring back'
        "</button></form></li>"
    )


def _build_question(entry: ReviewEntry) -> str:
    return (
        f"<p><b>{html.escape(entry.title)}</b></p><p>Nobody can open an archived review, and its "
        "scheduled searches stop. Nothing is deleted. You can bring it back at any time.</p>"
        f'<form method="post" action="{HOME_PATH}/archive">'
        f'<input type="hidden" name="review" value="{html.escape(entry.review)}">'
        f'<button>Archive</button> <a class="button quiet" href="{HOME_PATH}">Cancel</a></form>'
    )


def _build_form(entries: list[ReviewEntry], form: dict[str, str], message: str) -> str:
    """The form that creates a review; after a mistake as it was filled in."""
    choices = [(template.id, template.label, template.description) for template in TEMPLATES]
    choices += [
        (
            f"{COPY_PREFIX}{entry.review}",
            f"Copy of “{entry.title}”",
            "Its protocol and own checklists, without records, search exports or registration. "
            "Nobody of its team can open the copy until you invite them.",
        )
        for entry in entries
        if entry.is_led
    ]
    chosen = form.get("origin") or choices[0][0]
    rows = "".join(
        f'<label class="choice"><input type="radio" name="origin" value="{html.escape(value)}" '
        f"{'checked' if value == chosen else ''}><span>{html.escape(label)}"
        f"<small>{html.escape(description)}</small></span></label>"
        for value, label, description in choices
    )
    message_html = f'<p class="said" role="alert">{html.escape(message)}</p>' if message else ""
    return (
        f'{message_html}<form method="post" action="{HOME_PATH}/new">'
        '<label for="title">Title</label><input type="text" id="title" name="title" required '
        f'maxlength="{MAX_TITLE}" value="{html.escape(form.get("title", ""))}" autofocus>'
        '<label for="question">Question (optional; you can write it later)</label>'
        f'<input type="text" id="question" name="question" maxlength="{MAX_TITLE}" '
        f'value="{html.escape(form.get("question", ""))}">'
        f"<fieldset><legend>Start from</legend>{rows}</fieldset>"
        f'<p><button>Create review</button> <a class="button quiet" href="{HOME_PATH}">Cancel</a>'
        "</p></form>"
    )
