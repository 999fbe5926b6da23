"""The Atom feed of a page's editions, by RFC 4287."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from review.site.html import escape_text
from review.site.models import SiteEdition, Website

MAX_ENTRIES = 50
"""Editions in the feed: the newest ones."""
AUTHOR = "The review team"


def build_feed(website: Website) -> bytes:
    """The feed, newest edition first. Its ids never change, wherever the page moves."""
    newest = website.editions[-1]
    base = website.address or ""
    entries = "".join(
        _render_entry(edition, website.content.title, base)
        for edition in list(reversed(website.editions))[:MAX_ENTRIES]
    )
    version = f' version="{escape_text(website.version)}"' if website.version else ""
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f"<id>{build_feed_id(website.editions)}</id>\n"
        f"<title>{escape_text(website.content.title)}</title>\n"
        f"<updated>{format_time(newest.at)}</updated>\n"
        f"<author><name>{AUTHOR}</name></author>\n"
        f'<link rel="self" type="application/atom+xml" href="{escape_text(base)}feed.xml"/>\n'
        f'<link rel="alternate" type="text/html" href="{escape_text(base)}index.html"/>\n'
        f"<generator{version}>Funnel</generator>\n{entries}</feed>\n"
    )
    return text.encode("utf-8")


def build_feed_id(editions: Sequence[SiteEdition]) -> str:
    """The id of the page's feed: made from the first edition, the same for ever."""
    return f"urn:uuid:{uuid.uuid5(uuid.UUID(editions[0].uid), 'feed')}"


def format_time(at: datetime) -> str:
    """A time by RFC 3339, as Atom asks: 2026-11-28T17:00:00Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _render_entry(edition: SiteEdition, title: str, base: str) -> str:
    items = "".join(f"<li>{escape_text(change)}</li>" for change in edition.changes)
    content = escape_text(f"<ul>{items}</ul>")
    return (
        f"<entry>\n<id>urn:uuid:{escape_text(edition.uid)}</id>\n"
        f"<title>{escape_text(f'Edition {edition.number}: {title}')}</title>\n"
        f"<updated>{format_time(edition.at)}</updated>\n"
        f"<published>{format_time(edition.at)}</published>\n"
        f'<link rel="alternate" type="text/html" '
        f'href="{escape_text(base)}editions.html#edition-{edition.number}"/>\n'
        f'<content type="html">{content}</content>\n</entry>\n'
    )
