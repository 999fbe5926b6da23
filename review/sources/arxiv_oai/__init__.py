"""arXiv in bulk over OAI-PMH: everything changed in a date range, matched locally."""

from collections.abc import Iterator, Mapping
from typing import Any

from review.sources.arxiv import RATE_LIMIT, WITHDRAWAL_MARKS, parse
from review.sources.models import HarvestWindow, ResultPage, Source


def _search(
    query: str | None,
    window: HarvestWindow,
    http: Any,
    base_url: str,
    *,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    from review.sources.arxiv_oai.search import search_arxiv_oai

    return search_arxiv_oai(query, window, http, base_url, resume)


SOURCE = Source(
    name="arxiv-oai",
    title="arXiv (OAI-PMH)",
    service="arxiv",
    rate_limit=RATE_LIMIT,
    base_url="https://oaipmh.arxiv.org/oai",
    search=_search,
    parse=parse,
    no_query_reason="arXiv (OAI-PMH) cannot search by keyword: all records in the date range are "
    "downloaded and the query is applied locally.",
    records_label="arXiv's records",
    record_source="arxiv",
    windows=frozenset({"changed"}),
    deleted_id_field="arxiv_id",
    withdrawal_marks=WITHDRAWAL_MARKS,
)
