"""Europe PMC: MEDLINE, PMC and preprints of 30 servers, searched by query."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from review.models import ParseResult
from review.sources.models import HarvestWindow, RateLimit, ResultPage, Source, WithdrawalMarks

if TYPE_CHECKING:
    from review.query.ast import Node
    from review.query.compiler import CompiledQuery, DateWindow


def parse(body: bytes) -> ParseResult:
    """Records of a search answer; see `parsing.parse`."""
    from review.sources.europepmc import parsing

    return parsing.parse(body)


def _search(
    query: str | None,
    window: HarvestWindow,
    http: Any,
    base_url: str,
    *,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    from review.sources.europepmc.search import search_europepmc

    return search_europepmc(query, window, http, base_url, resume)


def _compile_query(node: "Node", window: "DateWindow | None" = None) -> "CompiledQuery":
    from review.sources.europepmc.query import compile_europepmc

    return compile_europepmc(node, window)


SOURCE = Source(
    name="europepmc",
    title="Europe PMC",
    service="europepmc",
    rate_limit=RateLimit(0.25, "no published limit; Funnel sends four requests per second"),
    base_url="https://www.ebi.ac.uk/europepmc/webservices/rest",
    search=_search,
    parse=parse,
    compile_query=_compile_query,
    records_label="Europe PMC's records",
    record_source="europepmc",
    withdrawal_marks=WithdrawalMarks(in_abstract=True),
    overlap_days=45,  # the index lags weeks behind the servers
)
