"""Rate limits and addresses of the services, with where each limit is published."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from review.sources.models import RateLimit
from review.sources.registry import SOURCES

RATE_LIMITS = {
    **{source.service: source.rate_limit for source in SOURCES.values()},
    "crossref": RateLimit(
        1.0,
        "Crossref lowered its limits on 1 December 2025 and sends them in X-Rate-Limit headers, "
        "which Funnel follows if they are slower; it sends one list of DOIs per second. "
        "https://www.crossref.org/documentation/retrieve-metadata/rest-api/access-and-"
        "authentication/",
    ),
    "openalex": RateLimit(
        0.12,
        "OpenAlex: at most 100 requests a second; since February 2026 about 1,000 list calls a "
        "day without a key and 10,000 with a free one (OPENALEX_API_KEY). "
        "https://developers.openalex.org/api-reference/authentication",
        key_variable="OPENALEX_API_KEY",
    ),
    "pmc-cloud": RateLimit(
        0.2, "PMC's cloud service publishes no limit; Funnel sends five requests per second"
    ),
    "unpaywall": RateLimit(
        0.5, "Unpaywall: at most 100,000 requests a day. https://unpaywall.org/products/api"
    ),
    "pdf": RateLimit(
        3.0, "no published limit for full texts; Funnel sends one request every three seconds"
    ),
}
"""Pace by service; several sources may share one."""

BASE_URLS = {
    **{source.name: source.base_url for source in SOURCES.values()},
    "arxiv-pdf": "https://arxiv.org/pdf",
    "medrxiv-pdf": "https://www.medrxiv.org/content",
    "biorxiv-pdf": "https://www.biorxiv.org/content",
    "pmc-cloud": "https://pmc-oa-opendata.s3.amazonaws.com",
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
    """Whether a service is asked at its own address, not at a mirror or test server."""
    return resolve_base_url(service, overrides) == BASE_URLS[service]


def is_local_address(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
