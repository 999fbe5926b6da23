"""PubMed through NCBI's E-utilities: searched by date slices, parsed with Biopython."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from review.models import ParseResult, Record
from review.sources.models import HarvestWindow, LookupCheck, RateLimit, ResultPage, Source

if TYPE_CHECKING:
    from review.query.ast import Node
    from review.query.compiler import CompiledQuery, DateWindow


def parse(body: bytes) -> ParseResult:
    """Records of an efetch answer; see `review.formats.pubmed.parsing.parse`."""
    from review.formats.pubmed import parsing

    return parsing.parse(body)


def read_other_answer(body: bytes) -> dict[str, Any] | None:
    """An E-utilities answer that holds no records: a search, a history entry, links, databases."""
    from review.formats.pubmed import parsing

    kind = parsing.detect_kind(body)
    if kind in ("eSearchResult", "ePostResult"):
        search_result = asdict(parsing.read_search(body))
        announced = search_result["count"] if kind == "eSearchResult" else None
        return {
            "kind": kind,
            "announced": announced,
            "records": [],
            "rejected": [],
            **search_result,
            "answer": parsing.read_structure(body),
        }
    if kind in ("eInfoResult", "eLinkResult"):
        return {
            "kind": kind,
            "announced": None,
            "records": [],
            "rejected": [],
            "answer": parsing.read_structure(body),
        }
    return None


def _search(
    query: str | None,
    window: HarvestWindow,
    http: Any,
    base_url: str,
    *,
    resume: Mapping[str, Any] | None = None,
) -> Iterator[ResultPage]:
    from review.sources.pubmed.search import search_pubmed

    return search_pubmed(query, window, http, base_url, resume)


def _compile_query(node: "Node", window: "DateWindow | None" = None) -> "CompiledQuery":
    from review.sources.pubmed.query import compile_pubmed

    return compile_pubmed(node, window)


def _get_pmid(record: Record) -> str | None:
    """PubMed links notices to articles from whatever source they came."""
    return record.pmid


def _fetch_by_pmids(pmids: list[str], http: Any, base_url: str) -> tuple[ParseResult, bytes]:
    from review.sources.pubmed.search import fetch_by_pmids

    response = fetch_by_pmids(pmids, http, base_url)
    return response.value, response.body


SOURCE = Source(
    name="pubmed",
    title="PubMed",
    service="ncbi",
    rate_limit=RateLimit(
        1 / 3,
        "NCBI: 3 requests a second, 10 with an API key. E-utilities, chapter 2, "
        "https://www.ncbi.nlm.nih.gov/books/NBK25497/",
        gap_with_key=0.1,
        single_connection=False,
        key_variable="NCBI_API_KEY",
    ),
    base_url="https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
    search=_search,
    parse=parse,
    compile_query=_compile_query,
    records_label="PubMed's records",
    record_source="pubmed",
    windows=frozenset({"posted", "changed"}),
    changes_include_new=True,
    searches_keywords=True,
    check=LookupCheck(get_id=_get_pmid, batch_size=200, fetch=_fetch_by_pmids),
    read_other_answer=read_other_answer,
)
