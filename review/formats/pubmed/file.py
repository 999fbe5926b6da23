"""PubMed XML files to records, through the parser of the PubMed source."""

import re

from review.formats import funnel_note
from review.formats.fields import decoded
from review.formats.pubmed import parsing
from review.models import Parsed, Record, Rejected

_ARTICLE = re.compile(rb"<(PubmedArticle|PubmedBookArticle)(?=[\s>]).*?</\1>", re.S)
_START = re.compile(rb"<Pubmed(?:Book)?Article(?=[\s>])")

CHUNK = 200
"""Articles parsed at once: bounds the memory of a large download."""


def parse(data: bytes, source: str | None = None) -> Parsed:
    """Records of a PubMed XML file; an article without its end tag is rejected."""
    articles = [(m.start(), m.end()) for m in _ARTICLE.finditer(data)]
    records: list[Record] = []
    rejected: list[Rejected] = []
    starts = [m.start() for m in _START.finditer(data)]
    whole = {a for a, _ in articles}
    for number, start in enumerate(starts, 1):
        if start not in whole:
            reason = "no end tag: the file is cut short"
            rejected.append(Rejected(number, reason, decoded(data[start:])))
    for first in range(0, len(articles), CHUNK):
        pieces = [data[a:b] for a, b in articles[first : first + CHUNK]]
        found = parsing.parse(_wrapped(pieces))
        records.extend(found.records)
        rejected.extend(Rejected(first + bad.number, bad.reason, bad.raw) for bad in found.rejected)
    named = tuple(funnel_note.named(record, source, "pubmed") for record in records)
    return Parsed(named, tuple(rejected), len(starts))


def _wrapped(pieces: list[bytes]) -> bytes:
    return b"<PubmedArticleSet>" + b"\n".join(pieces) + b"</PubmedArticleSet>"
