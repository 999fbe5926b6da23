"""The dataclasses of a source and of its search: date ranges, result pages, errors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from review.errors import SourceError
from review.models import ParseResult, Record

if TYPE_CHECKING:
    from review.query.ast import Node
    from review.query.compiler import CompiledQuery, DateWindow

DateKind = Literal["posted", "entered", "changed"]
DELETED_MESSAGE = "deleted at the source"
"""Why an entry that the source no longer holds is not a record."""


class QueryRejected(SourceError):
    """The service will not answer this request however often it is asked."""


class StatusRejected(QueryRejected):
    """The service refused by an HTTP status alone. The answer says nothing about the query: the
    service may be gone (404, 410) or may not serve us."""


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
    their ends; what was there before need not be kept again."""


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


class CompileFunction(Protocol):
    """How the protocol's query is put into a service's own language."""

    def __call__(self, node: "Node", window: "DateWindow | None" = None) -> "CompiledQuery":
        """The query. Raises QueryError where nothing of it can be asked."""


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
    key_variable: str | None = None
    """Environment variable that holds the user's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupCheck:
    """Known records are looked up again by their identifier, a batch at a time."""

    get_id: Callable[[Record], str | None]
    """Identifier under which a record is looked up; None: it is not looked up here."""
    batch_size: int
    fetch: Callable[[list[str], Any, str], tuple[ParseResult, bytes]]
    """Identifiers, client, base address -> the records as they are today, and the raw answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCheck:
    """The service lists by days what became of its records."""

    search: Callable[[HarvestWindow, Any, str], Iterator[ResultPage]]
    """Window, client, base address -> pages of records that carry the new relations."""
    delay: timedelta
    """Time before the last check that is listed again, because the service enters news late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalMarks:
    """Where a service says that a record was retracted or withdrawn."""

    types: tuple[str, ...] = ("retracted publication", "withdrawn")
    """Publication types, in lower case, that say so."""
    extra_keys: tuple[str, ...] = ()
    """Keys of `Record.extra` whose text may say so."""
    in_abstract: bool = False
    """A statement of withdrawal may replace the abstract, or be part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A service Funnel harvests: everything the other rooms need to know about it.

    `search` and `check.fetch` need the network; `parse` and `compile_query` do not. The functions
    load their libraries when they are called, so that listing the sources costs nothing.
    """

    name: str
    """As protocols write it."""
    title: str
    """As pages and reports print it."""
    service: str
    """Name of the service whose pace it shares."""
    rate_limit: RateLimit
    base_url: str
    search: SearchFunction
    parse: Callable[[bytes], ParseResult]
    compile_query: CompileFunction | None = None
    """None: the service cannot search by words; `no_query_reason` says so."""
    no_query_reason: str | None = None
    records_label: str
    """Its records in a sentence, for example "arXiv's records"."""
    takes_native_query: bool = True
    """The protocol's own query for this source (search.native) is passed on."""
    record_source: str
    """`Record.source` of its records; another source's name where both give the same records."""
    windows: frozenset[DateKind] = frozenset({"posted"})
    """Kinds of days it can be asked by in an update."""
    changes_include_new: bool = False
    """What it changed on some days includes what it entered on them."""
    overlap_days: int = 7
    """Days asked for again in an update, because the source enters some records late."""
    searches_keywords: bool = False
    """Its search of titles and abstracts also reads the authors' keywords."""
    deleted_id_field: str | None = None
    """Field of `Record` by which it names records that it no longer holds."""
    withdrawal_marks: WithdrawalMarks = WithdrawalMarks()
    check: LookupCheck | ListingCheck | None = None
    """How an update asks what became of known records; None: it cannot be asked."""
    read_other_answer: Callable[[bytes], dict[str, Any] | None] | None = None
    """Reads a saved answer that holds no records, as plain data; None where it holds records."""

    @property
    def takes_query(self) -> bool:
        """It searches by query; False: it gives whole days, matched here."""
        return self.compile_query is not None
