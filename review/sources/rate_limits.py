"""How often each service may be asked, and where it says so; where each service lives."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Terms:
    """The pace of one service over all its addresses."""

    gap: float
    """Least time between the starts of two requests (seconds)."""
    said: str
    """Where the number comes from."""
    gap_with_key: float | None = None
    """The same for those who hold a key, where that helps."""
    alone: bool = True
    """One connection at a time: a request waits for the answer to the one before."""


TERMS = {
    "arxiv": Terms(
        3.0,
        "arXiv API terms of use: at most one request every three seconds over one connection, "
        "for query API, OAI-PMH and RSS together. https://info.arxiv.org/help/api/tou.html",
    ),
    "ncbi": Terms(
        1 / 3,
        "NCBI: 3 requests a second, 10 with an API key. E-utilities, chapter 2, "
        "https://www.ncbi.nlm.nih.gov/books/NBK25497/",
        gap_with_key=0.1,
        alone=False,
    ),
    "biorxiv": Terms(
        1.0, "no limit published; one request a second over one connection is our courtesy"
    ),
    "europepmc": Terms(0.25, "no limit published; four requests a second is our courtesy"),
    "crossref": Terms(
        0.2,
        "Crossref REST API etiquette: a rate limit sent in headers, more for those who give an "
        "address; five a second is our courtesy. https://www.crossref.org/documentation/"
        "retrieve-metadata/rest-api/",
    ),
    "openalex": Terms(
        0.12, "OpenAlex: at most 10 requests a second and 100,000 a day. https://docs.openalex.org/"
    ),
    "unpaywall": Terms(
        0.5, "Unpaywall: at most 100,000 requests a day. https://unpaywall.org/products/api"
    ),
    "pdf": Terms(3.0, "no limit published for full texts; one in three seconds is our courtesy"),
}
"""Pace by service; several sources may share one."""

PLACES = {
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


def place(service: str, others: Mapping[str, str] | None = None) -> str:
    """Where a service lives: the variable FUNNEL_<SERVICE>_URL, else `others`, else its own home.

    Args:
        others: the protocol's search.base_urls.
    """
    variable = f"FUNNEL_{service.upper().replace('-', '_')}_URL"
    found = os.environ.get(variable) or (others or {}).get(service) or PLACES[service]
    return found.rstrip("/")


def at_home(service: str, others: Mapping[str, str] | None = None) -> bool:
    """Whether a service is asked at its own address, not at a mirror or stand-in."""
    return place(service, others) == PLACES[service]


def on_this_machine(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
