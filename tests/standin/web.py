"""Requests and responses of a service, without sockets."""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from standin.corpus import Corpus


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    method: str
    path: str
    """Decoded path without the query string."""
    params: dict[str, str]
    """Query string and form together; the form wins."""
    url_length: int
    trouble: str | None = None
    """A fault of content the service is to commit: empty-page, changed-total, malformed, ..."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    status: int
    type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Limits:
    """The services' caps and habits; the defaults are the real ones, tests may make them small."""

    arxiv_page: int = 2000
    arxiv_total: int = 30_000
    arxiv_url: int = 8_000
    """Longest address before 414, in characters (arxiv.py issue 15)."""
    arxiv_wildcards: bool = True
    arxiv_errors_with_200: bool = False
    oai_page: int = 1300
    rxiv_page: int = 100
    """Seen as 100 in March 2026 and as 30 in August 2026."""
    rxiv_pages: tuple[int, ...] = ()
    """Page sizes to go through, one a request, instead of rxiv_page."""
    rxiv_inflation: int = 0
    """Added to the announced total, so that the last page is 'no posts found'."""
    pubs_page: int = 100
    pubmed_wall: int = 9_999
    pubmed_url: int = 4_000
    """Longest address before 414, in characters."""
    pubmed_drops_unknown: bool = False
    """Phrases that nothing holds are left out of the search, as the service may do."""
    webenv_uses: int | None = None
    """Uses of one WebEnv before it expires; None for no end."""
    europepmc_page: int = 1000
    missing_pmids: frozenset[int] = frozenset()
    """Found by esearch, but absent from efetch (deleted meanwhile)."""
    crossref_rate: tuple[int, str] | None = (50, "1s")
    """Sent as X-Rate-Limit-Limit and -Interval with every answer; None for no headers."""
    openalex_calls: int = 1_000
    """List calls answered without a key, since February 2026."""
    unpaywall_unknown: frozenset[str] = frozenset()


@dataclass(slots=True)
class World:
    """All that the services share."""

    corpus: Corpus
    limits: Limits = field(default_factory=Limits)
    base: str = ""
    """http://127.0.0.1:PORT"""
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """WebEnv sessions and resumption tokens."""
    memory: dict[Any, Any] = field(default_factory=dict)
    """Answers of searches, by service, query and day."""

    @property
    def today(self) -> date:
        return self.corpus.today


def xml(text: str, status: int = 200, kind: str = "application/atom+xml; charset=utf-8") -> Answer:
    """An XML answer."""
    return Answer(status, kind, text.encode())


def as_json(data: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, "application/json", json.dumps(data, ensure_ascii=False).encode())


def whole(text: str | None, otherwise: int) -> int:
    """A whole number, or `otherwise` where it is none."""
    return int(text) if text and text.strip().lstrip("-").isdigit() else otherwise
