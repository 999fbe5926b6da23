"""What travels between a source's search and the harvest: windows, result pages, verdicts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from review.errors import SourceError
from review.models import ParseResult

DateKind = Literal["posted", "entered", "changed"]


class QueryRejected(SourceError):
    """The service will not answer this request however often it is asked."""


class TransientError(SourceError):
    """The service could not be asked now: no connection, no answer in time, overload. Another day
    it may answer."""


@dataclass(frozen=True, slots=True)
class HarvestWindow:
    """The days a harvest asks for, both ends included."""

    since: date
    until: date
    by: DateKind = "posted"
    """posted: published or posted in these days; entered: new to the source in these days;
    changed: changed there in these days."""
    posted: tuple[date, date] | None = None
    """Days of publication wanted besides, where `by` is not posted."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One answer of a source, whole and checked, with where to go on after it."""

    raw: bytes
    """The answer as it came; kept."""
    url: str
    """Address it came from, without keys."""
    parsed: ParseResult
    slice: str
    """The part of the window it belongs to, for example 2024-01-01..2024-01-31."""
    announced: int | None
    """Entries the source announced for the slice, where it says."""
    received: int
    """Entries received in the slice, this page included."""
    token: Mapping[str, Any]
    """Give it back as `resume` to go on right after this page."""
    notes: tuple[str, ...] = ()
    """What the source said of the query or the counts (dropped phrases, changed totals)."""
    shortfall: str | None = None
    """Why the slice, ended with this page, is not complete; None where it is, or goes on."""
    last: bool = False
    """The slice ends with this page."""
    list_growth: Mapping[str, int] = field(default_factory=dict)
    """Lists in the token that grow from page to page, and how many entries this page added at
    their ends; what stood there before need not be kept again."""


class SearchFunction(Protocol):
    """How a service is searched: query, window, client, base address, and where to go on."""

    def __call__(
        self,
        query: str | None,
        window: HarvestWindow,
        http: Any,
        base_url: str,
        *,
        resume: Mapping[str, Any] | None = None,
    ) -> Iterator[ResultPage]:
        """Pages of results. Raises SourceError; pages already given stay good."""


@dataclass(frozen=True, slots=True)
class Source:
    """A service the tool harvests. `search` needs the network, `parse` does not."""

    name: str
    title: str
    search: SearchFunction
    parse: Callable[[bytes], ParseResult]
    takes_query: bool
    """It searches by query; False: it gives whole days, and we match them ourselves."""
