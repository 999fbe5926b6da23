"""Reads PubMed XML files with the parser of the PubMed source."""

import re

from review.formats import funnel_note
from review.formats.pubmed import parsing
from review.models import ParseResult, Record, UnreadableEntry
from review.text.encodings import decode_utf8

_ARTICLE = re.compile(rb"<(PubmedArticle|PubmedBookArticle)(?=[\s>]).*?</\1>", re.S)
_START = re.compile(rb"<Pubmed(?:Book)?Article(?=[\s>])")

CHUNK = 200
"""Articles parsed at once: bounds the memory of a large download."""


def parse(data: bytes, source: str | None = None) -> ParseResult:
    """Records of a PubMed XML file; an article without its end tag is rejected."""
    articles = [(m.start(), m.end()) for m in _ARTICLE.finditer(data)]
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    starts = [m.start() for m in _START.finditer(data)]
    complete_starts = {a for a, _ in articles}
    for number, start in enumerate(starts, 1):
        if start not in complete_starts:
            reason = "no end tag: the file is truncated"
            rejected.append(UnreadableEntry(number, reason, decode_utf8(data[start:])))
    for first in range(0, len(articles), CHUNK):
        pieces = [data[a:b] for a, b in articles[first : first + CHUNK]]
        parsed = parsing.parse(_wrap_articles(pieces))
        records.extend(parsed.records)
        rejected.extend(
            UnreadableEntry(first + unreadable.number, unreadable.reason, unreadable.raw)
            for unreadable in parsed.rejected
        )
    sourced_records = tuple(
        funnel_note.assign_source(record, source, "pubmed") for record in records
    )
    return ParseResult(sourced_records, tuple(rejected), len(starts))


def _wrap_articles(pieces: list[bytes]) -> bytes:
    return b"<PubmedArticleSet>" + b"\n".join(pieces) + b"</PubmedArticleSet>"
