"""How often each service may be asked, and where it says so; where each service lives."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The pace of one service over all its addresses."""

    gap: float
    """Least time between the starts of two requests (seconds)."""
    source: str
    """Where the number comes from."""
    gap_with_key: float | None = None
    """The same for those who hold a key, where that helps."""
    single_connection: bool = True
    """One connection at a time: a request waits for the answer to the one before."""


RATE_LIMITS = {
    "arxiv": RateLimit(
        3.0,
        "arXiv API terms of use: at most one request every three seconds over one connection, "
        "for query API, OAI-PMH and RSS together. https://info.arxiv.org/help/api/tou.html",
    ),
    "ncbi": RateLimit(
        1 / 3,
        "NCBI: 3 requests a second, 10 with an API key. E-utilities, chapter 2, "
        "https://www.ncbi.nlm.nih.gov/books/NBK25497/",
        gap_with_key=0.1,
        single_connection=False,
    ),
    "biorxiv": RateLimit(
        1.0, "no limit published; one request a second over one connection is our courtesy"
    ),
    "europepmc": RateLimit(0.25, "no limit published; four requests a second is our courtesy"),
    "crossref": RateLimit(
        0.2,
        "Crossref REST API etiquette: a rate limit sent in headers, more for those who give an "
        "address; five a second is our courtesy. https://www.crossref.org/documentation/"
        "retrieve-metadata/rest-api/",
    ),
    "openalex": RateLimit(
        0.12, "OpenAlex: at most 10 requests a second and 100,000 a day. https://docs.openalex.org/"
    ),
    "unpaywall": RateLimit(
        0.5, "Unpaywall: at most 100,000 requests a day. https://unpaywall.org/products/api"
    ),
    "pdf": RateLimit(
        3.0, "no limit published for full texts; one in three seconds is our courtesy"
    ),
}
"""Pace by service; several sources may share one."""

BASE_URLS = {
    "arxiv": "https://export.arxiv.org/api/query",
    "arxiv-oai": "https://oaipmh.arxiv.org/oai",
    "arxiv-pdf": "https://arxiv.org/pdf",
    "medrxiv": "https://api.biorxiv.org",
    "biorxiv": "https://api.biorxiv.org",
    "medrxiv-pdf": "https://www.medrxiv.org/content",
    "biorxiv-pdf": "https://www.biorxiv.org/content",
    "pubmed": "https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
    "pmc-oa": "https://www.ncbi.nlm.nih.gov/pmc/utils/oa/oa.fcgi",
    "europepmc": "https://www.ebi.ac.uk/europepmc/webservices/rest",
    "unpaywall": "https://api.unpaywall.org/v2",
    "crossref": "https://api.crossref.org/works",
    "openalex": "https://api.openalex.org/works",
}
"""Addresses of the services."""


def resolve_base_url(service: str, overrides: Mapping[str, str] | None = None) -> str:
    """Where a service lives: the variable FUNNEL_<SERVICE>_URL, else `others`, else its own home.

    Args:
        others: the protocol's search.base_urls.
    """
    variable = f"FUNNEL_{service.upper().replace('-', '_')}_URL"
    base_url = os.environ.get(variable) or (overrides or {}).get(service) or BASE_URLS[service]
    return base_url.rstrip("/")


def is_default_address(service: str, overrides: Mapping[str, str] | None = None) -> bool:
    """Whether a service is asked at its own address, not at a mirror or stand-in."""
    return resolve_base_url(service, overrides) == BASE_URLS[service]


def is_local_address(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
