"""Reads published pages: their links, what they load, their headings and tables, and feeds."""

import re
from collections.abc import Mapping
from itertools import pairwise
from urllib.parse import urldefrag, urlsplit

from lxml import etree, html

ATOM = "{http://www.w3.org/2005/Atom}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LOADING = ("src", "srcset", "data", "poster", "background", "action", "formaction", "ping")
ACTIVE = {"script", "iframe", "object", "embed", "form", "base", "audio", "video", "input"}


def parse_pages(files: Mapping[str, bytes]) -> dict:
    """Path -> document of every HTML page."""
    return {
        name: html.document_fromstring(data.decode("utf-8"))
        for name, data in files.items()
        if name.endswith(".html")
    }


def find_faults(files: Mapping[str, bytes]) -> list[str]:
    """What a page must not have: active content, addresses that are loaded from elsewhere, links
    other than http, https or to a place of the folder that is there, and faults of access."""
    pages = parse_pages(files)
    ids = {name: set(page.xpath("//@id")) for name, page in pages.items()}
    return [
        fault
        for name, page in pages.items()
        for fault in (
            *_find_active(name, page),
            *_find_bad_links(name, page, files, ids),
            *_find_access_faults(name, page),
        )
    ]


def _find_active(name, page):
    for node in page.iter(etree.Element):
        if node.tag in ACTIVE:
            yield f"{name}: <{node.tag}>"
        for attribute, value in node.attrib.items():
            if attribute.startswith("on") or attribute == "style":
                yield f"{name}: {attribute} of <{node.tag}>"
            is_loaded = attribute in LOADING or (node.tag == "link" and attribute == "href")
            if is_loaded and (urlsplit(value).scheme or value.startswith("//")):
                yield f"{name}: loads {value}"


def _find_bad_links(name, page, files, ids):
    folder = name.rpartition("/")[0]
    for node in page.xpath("//a | //link | //img"):
        address = node.get("href") or node.get("src") or ""
        parts = urlsplit(address)
        if parts.scheme:
            if parts.scheme not in ("http", "https"):
                yield f"{name}: links to {address}"
            continue
        path, anchor = urldefrag(address)
        target = f"{folder}/{path}" if folder and path else path or name
        target = re.sub(r"[^/]+/\.\./", "", target)
        if target not in files:
            yield f"{name}: {address} is not in the folder"
        elif anchor and target.endswith(".html") and anchor not in ids[target]:
            yield f"{name}: {address} leads nowhere"


def _find_access_faults(name, page):
    if page.get("lang") != "en" or not page.findtext(".//title"):
        yield f"{name}: no language or title"
    levels = [int(node.tag[1]) for node in page.xpath("//h1|//h2|//h3|//h4")]
    if levels.count(1) != 1 or any(b > a + 1 for a, b in pairwise(levels)):
        yield f"{name}: headings {levels}"
    if len(page.xpath("//main")) != 1 or not page.xpath("//header") or not page.xpath("//footer"):
        yield f"{name}: landmarks"
    for table in page.xpath("//table"):
        if not table.findtext("caption"):
            yield f"{name}: a table without a caption"
        if table.xpath(".//th[not(@scope)]") or not table.xpath(".//thead//th"):
            yield f"{name}: a table without scopes"
    for image in page.xpath("//img"):
        if len(image.get("alt") or "") < 15:
            yield f"{name}: a figure without a text"


def find_feed_faults(data: bytes) -> list[str]:
    """What RFC 4287 asks of a feed and this one lacks."""
    root = etree.fromstring(data)
    faults = [] if root.tag == f"{ATOM}feed" else [f"root is {root.tag}"]
    entries = root.findall(f"{ATOM}entry")
    for part, label in ((root, "feed"), *((entry, "entry") for entry in entries)):
        for name in ("id", "title", "updated"):
            if len(part.findall(f"{ATOM}{name}")) != 1:
                faults.append(f"{label}: not one {name}")
        identifier = part.findtext(f"{ATOM}id") or ""
        if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identifier):
            faults.append(f"{label}: id {identifier}")
        times = [part.findtext(f"{ATOM}updated"), part.findtext(f"{ATOM}published")]
        faults += [f"{label}: time {time}" for time in times if time and not TIME.fullmatch(time)]
        links = [
            (link.get("rel", "alternate"), link.get("href")) for link in part.iter(f"{ATOM}link")
        ]
        faults += [f"{label}: a link without address" for _, href in links if not href]
    if not root.findall(f"{ATOM}author/{ATOM}name"):
        faults.append("feed: no author, and entries have none")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    if len({*ids, root.findtext(f"{ATOM}id")}) != len(ids) + 1:
        faults.append("ids are not unique")
    own = [link.get("rel") for link in root.findall(f"{ATOM}link")]
    if "self" not in own or own.count("alternate") != 1:
        faults.append(f"feed: links {own}")
    times = [entry.findtext(f"{ATOM}updated") for entry in entries]
    if times != sorted(times, reverse=True) or (
        times and root.findtext(f"{ATOM}updated") != times[0]
    ):
        faults.append("not the newest first")
    for content in root.iter(f"{ATOM}content"):
        if content.get("type") != "html" or len(content):
            faults.append("content is not text of the type html")
    return faults
