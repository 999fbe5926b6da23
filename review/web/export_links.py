"""The page behind a link to one export: plain HTML without any script, and the files to download.

It needs no session. A secret that opens nothing is counted by network address, and exports are made
one at a time with a short queue, so that neither guessing nor asking again and again costs a team
anything.
"""

import base64
import html
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from review.errors import ReviewError, StoreError, UnfinishedError
from review.site import SiteFigure
from review.site.html import format_day
from review.site.overview import measure_figure
from review.store.export_links import ExportLink
from review.tables.documents import table_to_html
from review.tables.table import Table
from review.web.gate import NO_STORE, get_visitor_address
from review.web.sign_in import HashingPool, format_wait
from review.web.sign_in_pages import build_message_page
from review.workflow.project import sign_in_limits
from review.workflow.project.home import Home
from review.workflow.project.project import Project
from review.workflow.project.sign_in_limits import get_address_block
from review.workflow.publishing import export_links
from review.workflow.publishing.export_links import LINK_PATH

if TYPE_CHECKING:
    from review.workflow.publishing.shared_exports import SharedExport

GONE = (
    "This link does not work: it was withdrawn, has expired, or is not complete. Ask whoever sent "
    "it to you for a new one."
)
BUSY = "This export is being made for somebody else. Try again in a few seconds."
NOT_NOW = (
    "This export cannot be shown at the moment. Try again later, or ask whoever sent the link."
)
UNFINISHED = "The review goes on. This export is shown again once it is finished."
MAX_WAITING_PER_ADDRESS = 3
"""How many requests from one network address wait at once."""
PIXELS_A_POINT = 1.5
"""Scale of figures: text of 9 points reads as 13 pixels."""
ROWS_SHOWN = 500
"""Rows of a table on the page; its files contain all."""
ANSWERS_KEPT, MAX_KEPT_BYTES = 48, 4_000_000
"""How many pages and files are kept to be given again, and how large each may be (bytes)."""
CONTENT_TYPES = {
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}
OTHER_TYPE = "application/octet-stream"
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>{heading}: {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><style>
:root{{color-scheme:light dark;--page:light-dark(#f6f7f9,#16191d);--card:light-dark(#fff,#22262c);
--text:light-dark(#1c2430,#e8eaed);--muted:light-dark(#57606e,#b3bcc8);
--line:light-dark(#d8dce2,#444c59);--bar:light-dark(#23507c,#8ec1f5)}}
body{{font:16px/1.5 system-ui,sans-serif;background:var(--page);color:var(--text);margin:0}}
main{{max-width:72rem;margin:0 auto;padding:1.4rem 1.2rem 3rem}}
h1{{font-size:1.6rem;line-height:1.25;margin:.1rem 0 .4rem}}p{{margin:.4rem 0;max-width:46rem}}
.soft,.note{{color:var(--muted);font-size:.92rem}}a{{color:var(--bar)}}
ul.files{{list-style:none;padding:0;margin:1rem 0;display:flex;flex-wrap:wrap;gap:.5rem}}
ul.files a{{display:block;padding:.35rem .8rem;border:1px solid var(--line);border-radius:7px;
background:var(--card);text-decoration:none}}
figure{{margin:1.2rem 0}}.scroll{{overflow-x:auto;border:1px solid var(--line);border-radius:8px}}
.paper{{background:#fff;padding:.6rem}}.paper img{{display:block}}
a:focus-visible,.scroll:focus-visible{{outline:3px solid var(--bar);outline-offset:2px}}
table{{border-collapse:collapse;background:var(--card);width:100%}}caption{{text-align:left;
font-weight:600;padding:.6rem .7rem}}th,td{{text-align:left;vertical-align:top;padding:.4rem .7rem;
border-top:1px solid var(--line)}}th.n,td.n{{text-align:right}}
</style></head><body><main><p class="soft">{title}</p><h1>{heading}</h1>
<p class="soft">{state}</p>{files}{body}</main></body></html>"""

AnswerKey = tuple[str, str, str, str]
"""Folder of the review, export, state of the store, file (empty for the page)."""


@dataclass(frozen=True, slots=True)
class SharedPage:
    """What a link gives: a page, or a file under its name."""

    content: bytes
    content_type: str
    file: str = ""


class ExportLinkRoute:
    """Answers links to exports of one review, or of the reviews of a home."""

    def __init__(
        self, place: Project | Home, find_project: Callable[[Request], Project | None]
    ) -> None:
        self.place = place
        """Where failures are counted."""
        self.find_project = find_project
        """The review that an address names; None where there is none that is open."""
        self.pool = HashingPool("export links")
        self.answers: OrderedDict[AnswerKey, SharedPage] = OrderedDict()
        self._lock = Lock()

    def build_route(self) -> Route:
        """Its address."""
        return Route(LINK_PATH, self.handle_link, methods=["GET"])

    async def handle_link(self, request: Request) -> Response:
        """Shows the export that the link is for, or gives one of its files."""
        try:
            return await self._handle(request)
        except ReviewError:
            return _refuse(NO_STORE, 503)

    async def _handle(self, request: Request) -> Response:
        address = get_visitor_address(request.scope)
        token = request.query_params.get("key", "")
        wait = await to_thread.run_sync(sign_in_limits.compute_link_wait, self.place, address)
        if wait:
            message = f"Too many links that do not work. Try again in {format_wait(wait)}."
            response = _refuse(message, 429)
            response.headers["Retry-After"] = str(wait)
            return response
        project = await to_thread.run_sync(self.find_project, request)
        link = None
        if project is not None:
            link = await to_thread.run_sync(export_links.find_link, project, token)
        if project is None or link is None:
            await to_thread.run_sync(sign_in_limits.add_link_failure, self.place, address)
            return _refuse(GONE, 404)
        return await self._answer(project, link, request, address)

    async def _answer(
        self, project: Project, link: ExportLink, request: Request, address: str
    ) -> Response:
        file = request.query_params.get("file", "")
        revision = await to_thread.run_sync(_compute_revision, project)
        key = (str(project.folder), link.export, revision, file)
        answer = self._recall(key)
        if answer is None:
            try:
                made = await self.pool.run(
                    get_address_block(address),
                    MAX_WAITING_PER_ADDRESS,
                    lambda: (self._recall(key) or build_answer(project, link.export, file),),
                )
            except UnfinishedError:
                return _refuse(UNFINISHED, 403)
            except StoreError:
                raise
            except ReviewError:  # the boxes do not add up: why is the team's to know
                return _refuse(NOT_NOW, 503)
            if made is None:
                response = _refuse(BUSY, 503)
                response.headers["Retry-After"] = "5"
                return response
            (answer,) = made
            if answer is None:
                return _refuse("This export has no such file.", 404)
            self._keep(key, answer)
        return build_response(answer, link, request)

    def _recall(self, key: AnswerKey) -> SharedPage | None:
        with self._lock:
            answer = self.answers.get(key)
            if answer is not None:
                self.answers.move_to_end(key)
            return answer

    def _keep(self, key: AnswerKey, answer: SharedPage) -> None:
        if len(answer.content) > MAX_KEPT_BYTES:
            return
        with self._lock:
            self.answers[key] = answer
            while len(self.answers) > ANSWERS_KEPT:
                self.answers.popitem(last=False)


def _compute_revision(project: Project) -> str:
    """Cache key that changes with anything an export shows."""
    from review.workflow.exports.snapshot import compute_revision_key

    return compute_revision_key(project)


def build_answer(project: Project, export: str, file: str) -> SharedPage | None:
    """The page of an export, or one of its files; None where it has no such file.

    Raises:
        ReviewError: the export cannot be made, or has to wait for the end of the review.
    """
    from review.workflow.publishing.content import PublicView
    from review.workflow.publishing.shared_exports import build_export

    view = PublicView(project)
    shared = build_export(view, export)
    if file:
        make = shared.files.get(file)
        ending = file.rpartition(".")[2]
        return (
            None
            if make is None
            else SharedPage(make(), CONTENT_TYPES.get(ending, OTHER_TYPE), file)
        )
    page = render_page(shared, title=project.protocol.title, day=view.snapshot.day)
    return SharedPage(page.encode(), "text/html; charset=utf-8")


def build_response(answer: SharedPage, link: ExportLink, request: Request) -> Response:
    """The answer with its headers; a page with what belongs to this link alone."""
    if not answer.file:
        text = answer.content.decode().replace(KEY_MARK, quote(request.query_params["key"]))
        until = f"{link.expires:%d %B %Y}".lstrip("0")
        return HTMLResponse(text.replace(EXPIRY_MARK, until), headers=HEADERS)
    disposition = f'attachment; filename="{answer.file}"'
    headers = HEADERS | {"Content-Disposition": disposition}
    return Response(answer.content, media_type=answer.content_type, headers=headers)


KEY_MARK, EXPIRY_MARK = "\x02key\x03", "\x02expiry\x03"
"""Placeholder in a cached page for the secret and the expiry of the link it is shown by."""


def render_page(shared: "SharedExport", *, title: str, day: str) -> str:
    """The page of an export, with marks for the secret and the expiry of the link."""
    figures = "".join(_render_figure(figure) for figure in shared.figures)
    tables = "".join(_render_table(table) for table in shared.tables)
    links = "".join(
        f'<li><a href="?key={KEY_MARK}&amp;{html.escape(urlencode({"file": name}))}">'
        f"{html.escape(name)}</a></li>"
        for name in shared.files
    )
    empty = "" if shared.files else "<p>There is nothing to show yet.</p>"
    return PAGE.format(
        heading=html.escape(_clean(shared.title)),
        title=html.escape(_clean(title)),
        state=f"State of the review on {html.escape(format_day(day))}; only what the reviewers "
        f"have agreed on is shown. This link works until {EXPIRY_MARK}.",
        files=f'<ul class="files" aria-label="Downloads">{links}</ul>' if links else empty,
        body=f"{figures}{tables}",
    )


def _clean(text: str) -> str:
    """A name without the characters of the marks."""
    return text.replace("\x02", "").replace("\x03", "")


def _render_figure(figure: SiteFigure) -> str:
    """The figure within the page, at a size its text reads well in; a narrow screen scrolls it."""
    label = html.escape(figure.title)
    width = round(measure_figure(figure) * PIXELS_A_POINT)
    data = base64.b64encode(figure.svg.encode()).decode()
    return (
        f'<figure><div class="scroll paper" role="region" aria-label="{label}" tabindex="0">'
        f'<img alt="{html.escape(figure.alt)}" width="{width}" '
        f'src="data:image/svg+xml;base64,{data}"></div>'
        f'<figcaption class="soft">{label}</figcaption></figure>'
    )


def _render_table(table: Table) -> str:
    shown = Table(table.name, table.title, table.columns, table.rows[:ROWS_SHOWN], table.notes)
    more = ""
    if len(table.rows) > ROWS_SHOWN:
        more = (
            f'<p class="note">The first {ROWS_SHOWN} of {len(table.rows):,} rows; the files '
            "contain all.</p>"
        )
    return (
        f'<div class="scroll" role="region" aria-label="{html.escape(table.title)}" tabindex="0">'
        f"{_clean(table_to_html(shown))}</div>{more}"
    )


def _refuse(message: str, status: int) -> Response:
    response = build_message_page(message, status, link=None)
    response.headers.update(HEADERS)
    return response
