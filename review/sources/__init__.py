"""The outside world that gives records: services and files."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from review.models import ParseResult
from review.sources.models import HarvestWindow, ResultPage, Source

TITLES = {
    "pubmed": "PubMed",
    "arxiv": "arXiv",
    "arxiv-oai": "arXiv (OAI-PMH)",
    "medrxiv": "medRxiv",
    "biorxiv": "bioRxiv",
    "europepmc": "Europe PMC",
}
"""Services the tool harvests, by the name protocols use."""


def get_source(name: str) -> Source:
    """A service by name: how it is searched and how its answers are read."""
    return Source(
        name,
        TITLES[name],
        partial(_search_source, name),
        partial(parse_answer, name),
        takes_query=name not in ("medrxiv", "biorxiv", "arxiv-oai"),
    )


def parse_answer(name: str, body: bytes) -> ParseResult:
    """Records of a saved answer of a service. Raises SourceError where it holds none."""
    if name in ("arxiv", "arxiv-oai"):
        from review.sources import arxiv

        return arxiv.parse(body)
    if name in ("medrxiv", "biorxiv"):
        from review.sources import medrxiv

        return medrxiv.parse(body, name)
    if name == "europepmc":
        from review.sources import europepmc

        return europepmc.parse(body)
    from review.sources import pubmed

    return pubmed.parse(body)


def _search_source(
    name: str,
    query: str | None,
    window: HarvestWindow,
    http: Any,
    base_url: str,
    *,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    if name == "arxiv":
        from review.sources.arxiv.search import search_arxiv as of_arxiv

        return of_arxiv(query, window, http, base_url, resume)
    if name == "arxiv-oai":
        from review.sources.arxiv.bulk import search_arxiv_oai as of_bulk

        return of_bulk(query, window, http, base_url, resume)
    if name in ("medrxiv", "biorxiv"):
        from review.sources.medrxiv.search import search_medrxiv as of_medrxiv

        return of_medrxiv(query, window, http, base_url, resume, server=name)
    if name == "europepmc":
        from review.sources.europepmc.search import search_europepmc as of_europepmc

        return of_europepmc(query, window, http, base_url, resume)
    from review.sources.pubmed.search import search_pubmed as of_pubmed

    return of_pubmed(query, window, http, base_url, resume)


SOURCES = {name: get_source(name) for name in TITLES}
