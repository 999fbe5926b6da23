"""The registry of sources. A new source is a folder in this package and one line below."""

from review.models import ParseResult
from review.sources import arxiv, arxiv_oai, biorxiv, europepmc, medrxiv, pubmed
from review.sources.models import Source

_ALL_SOURCES: tuple[Source, ...] = (
    pubmed.SOURCE,
    arxiv.SOURCE,
    arxiv_oai.SOURCE,
    medrxiv.SOURCE,
    biorxiv.SOURCE,
    europepmc.SOURCE,
)

SOURCES: dict[str, Source] = {source.name: source for source in _ALL_SOURCES}
"""By the name protocols use."""


def get_title(name: str) -> str:
    """A source's title; any other database's name as it is."""
    return SOURCES[name].title if name in SOURCES else name


def parse_answer(name: str, body: bytes) -> ParseResult:
    """Records of a saved answer of a source. Raises SourceError where it holds none."""
    return SOURCES[name].parse(body)


def list_query_sources() -> list[Source]:
    """Sources a query is shown for: those that search by words first, without those that are
    another way to the records of one listed already."""
    own_records = [source for source in SOURCES.values() if source.record_source == source.name]
    return sorted(own_records, key=lambda source: not source.takes_query)
