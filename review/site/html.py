"""HTML pieces of the public page: escaped text, links, tables with captions, figures, the frame."""

import html
import re
from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlsplit

CONTENT_POLICY = (
    "default-src 'none'; img-src 'self' file:; style-src 'self' file:; base-uri 'none'; "
    "form-action 'none'"
)
"""What a page may load: pictures and styles of its own folder; no scripts, frames or forms."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ADDRESS = re.compile(r"https?://[\x21\x23-\x3b\x3d\x3f-\x7e]+", re.I)


def clean_text(text: str) -> str:
    """The text without characters that neither HTML nor XML may hold."""
    return _CONTROL.sub("", text)


def escape_text(text: str) -> str:
    """The text for HTML or XML, also within quotation marks."""
    return html.escape(clean_text(text), quote=True)


def isolate(text: str) -> str:
    """Somebody else's text, escaped; its direction of writing stays its own."""
    return f"<bdi>{escape_text(text)}</bdi>"


def is_web_address(address: str | None) -> bool:
    """Whether an address may become a link: http or https with a host, nothing hidden in it."""
    if not address or not _ADDRESS.fullmatch(address):
        return False
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def render_link(address: str | None, text: str) -> str:
    """A link to another site; the text alone if the address may not become one."""
    if address is None or not is_web_address(address):
        return isolate(text)
    return f'<a href="{escape_text(address)}" rel="noopener noreferrer">{isolate(text)}</a>'


def format_day(day: str | date | datetime) -> str:
    """A day as people write it: 3 October 2020. Text that is no ISO date is kept."""
    try:
        parsed = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        return str(day)
    return f"{parsed.day} {parsed:%B %Y}"


def render_list(texts: Sequence[str], css_class: str = "") -> str:
    """Plain texts as a list."""
    attribute = f' class="{css_class}"' if css_class else ""
    items = "".join(f"<li>{isolate(text)}</li>" for text in texts)
    return f"<ul{attribute}>{items}</ul>"


def render_table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()
) -> str:
    """A table with a caption; the first cell of each row heads the row.

    Args:
        heads: column headings, as plain text.
        rows: cells, as HTML.
        numeric: indices of columns that hold numbers.
    """

    def describe(index: int) -> str:
        return ' class="n"' if index in numeric else ""

    head = "".join(
        f'<th scope="col"{describe(index)}>{escape_text(text)}</th>'
        for index, text in enumerate(heads)
    )
    lines = []
    for first_cell, *other_cells in rows:
        cells = "".join(
            f"<td{describe(index)}>{cell}</td>" for index, cell in enumerate(other_cells, 1)
        )
        lines.append(f'<tr><th scope="row">{first_cell}</th>{cells}</tr>')
    body = "\n".join(lines)
    label = escape_text(caption)
    return (
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">\n'
        f"<table><caption>{label}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def render_figure(file: str, title: str, alt: str, width: float) -> str:
    """A figure of the folder, with its title below and a link to the file.

    Args:
        width: natural width (points); on a narrow screen the figure scrolls rather than shrinks
            beyond reading.
    """
    label, pixels = escape_text(title), round(width * 4 / 3)
    return (
        f'<figure><div class="scroll paper" role="region" aria-label="{label}" tabindex="0">'
        f'<img src="{escape_text(file)}" alt="{escape_text(alt)}" width="{pixels}"></div>'
        f'<figcaption>{label} · <a href="{escape_text(file)}">SVG</a></figcaption></figure>'
    )


def render_page(title: str, main: str, *, root: str, foot: str) -> bytes:
    """A complete page.

    Args:
        main: what the page holds, as HTML.
        root: path from the page to the folder of the site: "" or "../".
        foot: the line at the end, as HTML.
    """
    feed = (
        f'<link rel="alternate" type="application/atom+xml" title="Changes" href="{root}feed.xml">'
    )
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f'<title>{escape_text(title)}</title>\n<link rel="stylesheet" href="{root}style.css">\n'
        f'{feed}\n</head>\n<body>\n<a class="skip" href="#main">Skip to the content</a>\n'
        f"{main}\n<footer>{foot}</footer>\n</body>\n</html>\n"
    )
    return page.encode("utf-8")
