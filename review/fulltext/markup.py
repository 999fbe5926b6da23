"""Reads papers that are not PDF, JATS or plain text, recognised by their first bytes."""

import hashlib
import re
from pathlib import Path

from review.errors import FullTextError
from review.fulltext.jats import read_jats
from review.fulltext.models import FullText
from review.fulltext.plain_text import read_plain_text
from review.text.encodings import convert_to_utf8, decode_utf8

_MAX_MEGABYTES = 50
"""Size of the file; the longest article of PubMed Central in JATS has about 10."""
_HEAD = 4096
_XML = re.compile(rb"^\s*<(?:\?xml|!DOCTYPE\s+article|(?:\w+:)?(?:article|pmc-articleset)\b)", re.I)
_HTML = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.I)
_OTHER_FORMATS = {
    b"PK\x03\x04": "a Word document or another archive",
    b"\xd0\xcf\x11\xe0": "an old Word document",
    b"{\\rtf": "a rich-text document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x1f\x8b": "a compressed file",
}
"""First bytes of files that people take for text."""


def read_markup(path: Path) -> FullText | None:
    """The full text of a file with an article in JATS or plain text; None if it may be a PDF.

    Raises:
        FullTextError: a web page, a Word document, too large, or XML that holds no article.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if b"%PDF-" in head[:1024] or not head.strip() or path.suffix.lower() == ".pdf":
                return None
            if size > _MAX_MEGABYTES * 1_000_000:
                raise FullTextError(
                    f"{path.name}: larger than {_MAX_MEGABYTES} MB; give one article a file."
                )
            raw = head + stream.read()
    except OSError:
        return None  # the reader of PDFs names what is wrong with the file
    for start, kind in _OTHER_FORMATS.items():
        if head.startswith(start):
            raise FullTextError(
                f"{path.name}: this is {kind}. Save the article as PDF, JATS XML or plain text."
            )
    digest, data = hashlib.sha256(raw).hexdigest(), convert_to_utf8(raw)
    if _HTML.match(data[:_HEAD]):
        raise FullTextError(
            f"{path.name}: this is a web page. Save the article as PDF, JATS XML or plain text."
        )
    if _XML.match(data[:_HEAD]):
        return read_jats(_drop_encoding(data), path.name, digest)
    if b"\x00" in data[:_HEAD]:
        raise FullTextError(f"{path.name}: this is neither a PDF, JATS XML nor plain text.")
    return read_plain_text(decode_utf8(data), digest)


def _drop_encoding(data: bytes) -> bytes:
    """XML without the encoding it announces if it was turned into UTF-8 meanwhile."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data  # in the encoding it announces
    return re.sub(rb"(<\?xml[^>]*?)\s+encoding\s*=\s*[\"'][^\"']*[\"']", rb"\1", data, count=1)
