"""The app's own font for the pages before sign-in and the list of reviews: the file that Streamlit
ships, answered to everybody."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FONT_PATH = "/font.woff2"
"""Its address, which needs no session."""
FONT_FACE = (
    f'@font-face{{font-family:"Source Sans";src:url({FONT_PATH}) format("woff2");'
    "font-weight:200 900;font-display:swap}"
)
"""CSS that makes it known to a page."""
FONT_FAMILY = '"Source Sans",system-ui,sans-serif'
FILE_PATTERN = "static/static/media/SourceSansVF-Upright*.woff2"
"""Where Streamlit keeps it; the name holds a checksum, which changes with its version."""


def build_font_route() -> Route:
    """The route that answers the font; a browser keeps it for a week."""
    return Route(FONT_PATH, _handle_font, methods=["GET"])


async def _handle_font(request: Request) -> Response:
    content = await to_thread.run_sync(read_font)
    if content is None:
        return PlainTextResponse("Not found.", 404)
    return Response(content, media_type="font/woff2", headers={"Cache-Control": "max-age=604800"})


@cache
def read_font() -> bytes | None:
    """The file; None if this version of Streamlit does not ship it. The pages then use the
    system's font."""
    found = find_spec("streamlit")
    if found is None or found.origin is None:
        return None
    path = next(iter(sorted(Path(found.origin).parent.glob(FILE_PATTERN))), None)
    return path.read_bytes() if path is not None else None
