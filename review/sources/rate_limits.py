"""How often each service may be asked, and where it says so; where each service lives."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from review.sources.models import RateLimit
from review.sources.registry import SOURCES

RATE_LIMITS = {
    **{source.service: source.rate_limit for source in SOURCES.values()},
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
    **{source.name: source.base_url for source in SOURCES.values()},
    "arxiv-pdf": "https://arxiv.org/pdf",
    "medrxiv-pdf": "https://www.medrxiv.org/content",
    "biorxiv-pdf": "https://www.biorxiv.org/content",
    "pmc-oa": "https://www.ncbi.nlm.nih.gov/pmc/utils/oa/oa.fcgi",
    "unpaywall": "https://api.unpaywall.org/v2",
    "crossref": "https://api.crossref.org/works",
    "openalex": "https://api.openalex.org/works",
}
"""Addresses of the services; those of sources come from the registry."""


def read_api_keys() -> dict[str, str]:
    """The user's keys by service, from the environment variables the services name."""
    return {
        service: key
        for service, rate_limit in RATE_LIMITS.items()
        if rate_limit.key_variable and (key := os.environ.get(rate_limit.key_variable))
    }


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
