"""All files of the public page."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from review.site.feed import AUTHOR, build_feed, build_feed_id, format_time
from review.site.html import clean_text, escape_text, format_day, render_list, render_page
from review.site.models import Website
from review.site.overview import render_overview
from review.site.studies import render_study

EDITION_FILE = "edition.json"
FORMAT_VERSION = 1
"""Version of the format of edition.json."""


def build_website(website: Website) -> dict[str, bytes]:
    """Path -> content of every file. The same page and version give the same bytes.

    edition.json comes last: it lists the other files with their checksums, so that a folder of the
    page can be told from any other.
    """
    title = website.content.title
    foot = _render_foot(website)
    files = {
        "index.html": render_page(title, render_overview(website), root="", foot=foot),
        "editions.html": render_page(
            f"Editions: {title}", _render_editions(website), root="", foot=foot
        ),
        "style.css": Path(__file__).with_name("style.css").read_bytes(),
        "feed.xml": build_feed(website),
        "CITATION.cff": _build_citation(website),
    }
    for study in website.content.studies:
        page_title = f"{study.label}: {title}"
        files[f"studies/{study.key}.html"] = render_page(
            page_title, render_study(study), root="../", foot=foot
        )
    files |= {f"figures/{figure.name}.svg": figure.svg.encode() for figure in website.figures}
    files |= {f"data/{download.name}": download.data for download in website.downloads}
    return files | {EDITION_FILE: _build_edition_file(website, files)}


def _render_foot(website: Website) -> str:
    edition = website.editions[-1]
    return (
        f"Edition {edition.number} of {format_day(edition.at)}, made with Funnel"
        f"{' ' + escape_text(website.version) if website.version else ''}. Judgements and quotes "
        "are those the reviewers agreed on. This page loads nothing from other addresses."
    )


def _render_editions(website: Website) -> str:
    parts = [
        f'<section aria-labelledby="edition-{edition.number}">'
        f'<h2 id="edition-{edition.number}">Edition {edition.number}, {format_day(edition.at)}</h2>'
        f'<p class="soft">State of the review on {format_day(edition.day)}</p>'
        f"{render_list(edition.changes)}</section>"
        for edition in reversed(website.editions)
    ]
    return (
        '<nav aria-label="Back"><ul><li><a href="index.html">The review</a></li>'
        '<li><a href="feed.xml">Atom feed</a></li></ul></nav>\n'
        f'<header><h1>Editions</h1></header>\n<main id="main">{"".join(parts)}</main>'
    )


def _build_citation(website: Website) -> bytes:
    """The edition as CITATION.cff, format 1.2.0; JSON strings are YAML strings."""
    edition, content = website.editions[-1], website.content
    fields = {
        "cff-version": "1.2.0",
        "message": "Please cite this edition of the review.",
        "type": "dataset",
        "title": clean_text(content.title),
        "version": str(edition.number),
        "date-released": f"{edition.at:%Y-%m-%d}",
    }
    if website.address:
        fields["url"] = website.address
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    lines += ["authors:", f"  - name: {json.dumps(AUTHOR)}"]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _build_edition_file(website: Website, files: dict[str, bytes]) -> bytes:
    edition = website.editions[-1]
    data: dict[str, Any] = {
        "funnel_page": FORMAT_VERSION,
        "review": website.content.title,
        "feed": build_feed_id(website.editions),
        "edition": edition.number,
        "published": format_time(edition.at),
        "state_of": edition.day,
        "address": website.address,
        "funnel": website.version,
        "editions": [
            {
                "number": edition.number,
                "uid": edition.uid,
                "at": edition.at.isoformat(),
                "state_of": edition.day,
                "digest": edition.digest,
                "changes": list(edition.changes),
            }
            for edition in website.editions
        ],
        "content": asdict(website.content),
        "files": {name: hashlib.sha256(file).hexdigest() for name, file in sorted(files.items())},
    }
    return (json.dumps(data, ensure_ascii=True, indent=1) + "\n").encode("ascii")
