"""Markup in responses: parses XML safely, strips tags, recognises web pages.

No parser here resolves entities, loads a DTD or reaches the network.
"""

import html
import json
import re
from typing import Any

from lxml import etree

from review.errors import SourceError

_HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.I | re.S)
_TAG_NAMES = (
    "i|b|u|em|strong|sub|sup|sc|p|h[1-6]|br|a|span|div|li|ul|ol|sec|title|italic|bold|underline|"
    "list|list-item|label|xref|ext-link|inline-formula|disp-formula|DispFormula|tex-math|img|tt|"
    "small|big|font|math|mi|mo|mn|mrow|msub|msup|msubsup|mover|munder|munderover|mtext|mstyle|"
    "mfrac|msqrt|mroot|mspace|mfenced|mtable|mtr|mtd|mpadded|mphantom|mprescripts|mmultiscripts|"
    "semantics|annotation|none|(?:mml|jats|m|xlink):[A-Za-z0-9-]+"
)
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})(?:\s+[^<>=]+=[^<>]*|\s*)/?>", re.I)
"""Tags by name: in 'a <alpha and b> 3' nothing is a tag, nor in 'a <b and c> 3'."""
_BLOCK = re.compile(r"</?(?:p|h[1-6]|div|sec|title|br|li|ul|ol)(?:\s[^<>]*)?/?>", re.I)
_HEADING = re.compile(r"<(h[1-6])(?:\s[^<>]*)?>\s*(.*?)\s*</\1>", re.I | re.S)
_ENTITIES = re.compile(rb"<!ENTITY", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});", re.I)
_ESCAPED_TAG = re.compile(rf"</?(?:{_TAG_NAMES})\s*/?>", re.I)


def to_one_line(text: str | None) -> str | None:
    """The text with single spaces; None when nothing is left."""
    return " ".join((text or "").split()) or None


def strip_tags(markup: str | None) -> str | None:
    """One line of text without inline tags (<i>, <sub>, MathML), entities as characters."""
    if not markup:
        return None
    return to_one_line(html.unescape(_TAG.sub("", markup)))


def to_plain_text(text: str) -> str:
    """The text of an export's field without inline markup, entities as characters.

    Knows markup written as such (<i>, <sub>, MathML), escaped (&lt;i&gt;) and escaped twice
    (&amp;beta;). Signs that only look like either stay: 'p<0.05', 'AT&T', 'a <alpha and b> 3'.
    """
    if "<" in text:
        text = _TAG.sub("", _BLOCK.sub(" ", text))
    if "&" in text:
        for _ in range(2):
            text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
        if "<" in text:
            text = _ESCAPED_TAG.sub(lambda match: " " if _BLOCK.match(match.group()) else "", text)
    return text


def to_paragraphs(markup: str | None) -> str | None:
    """Text without tags, one line per paragraph; an <h4>Heading</h4> becomes 'Heading: text'."""
    if not markup:
        return None
    text = _HEADING.sub(lambda m: f"\n{_TAG.sub('', m.group(2)).rstrip(': ')}: ", markup)
    text = re.sub(r":[ ]*\s*<p>\s*", ": ", text)
    text = _BLOCK.sub("\n", text)
    lines = (strip_tags(line) for line in text.split("\n"))
    return "\n".join(line for line in lines if line) or None


def reject_web_page(body: bytes, source: str, expected: str) -> None:
    """Raises SourceError where the text is empty or a web page instead of the wanted format."""
    if not body.strip():
        raise SourceError(f"{source}: the response is empty instead of {expected}.")
    if _HTML.match(body[:5000]):
        title = _TITLE.search(body[:20000])
        title_text = strip_tags(title.group(1).decode("utf-8", "replace")) if title else None
        description = f" titled '{title_text}'" if title_text else ""
        raise SourceError(
            f"{source}: the response is a web page{description} instead of {expected}."
        )


def build_xml_parser() -> Any:
    """A parser of XML that nobody vouches for: it loads nothing and expands no entity."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def parse_xml(body: bytes, source: str) -> Any:
    """The root element of a whole XML document.

    Raises:
        SourceError: a web page, cut short, not well-formed, or it declares entities (which no
            answer of these services does, and which can be made to swell without bound).
    """
    reject_web_page(body, source, "XML")
    start = body.find(b"<!DOCTYPE", 0, 5000)
    if start >= 0 and _ENTITIES.search(body, start, start + 100_000):
        raise SourceError(
            f"{source}: the response declares XML entities; for safety it was not read."
        )
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and body.isascii():
        raise SourceError(f"{source}: the response is {_describe_body(body)} instead of XML.")
    try:
        return etree.fromstring(body, build_xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        message = getattr(error, "msg", None) or str(error)
        raise SourceError(f"{source}: the response is incomplete XML ({message}).") from error


def _describe_body(body: bytes) -> str:
    """The first words of an answer that is of another kind than was expected."""
    kind = "XML" if body.lstrip().startswith(b"<") else "text"
    words = to_one_line(body[:200].decode("utf-8", "replace")) or ""
    return f"{kind} ('{words[:60]}{'...' if len(words) > 60 else ''}')"


def parse_json(body: bytes, source: str) -> Any:
    """The value of a whole JSON document. Raises SourceError: a web page, cut short, not JSON."""
    reject_web_page(body, source, "JSON")
    if body.lstrip()[:1] == b"<":
        raise SourceError(f"{source}: the response is {_describe_body(body)} instead of JSON.")
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{source}: the response is incomplete JSON ({error}).") from error


def get_text(node: Any) -> str | None:
    """All text inside an element, tags dropped, on one line; None for None or nothing."""
    return None if node is None else to_one_line("".join(node.itertext()))
