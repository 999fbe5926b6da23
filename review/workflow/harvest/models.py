"""The dataclasses of a harvest run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from review.sources.models import HarvestWindow

COMPLETE, INCOMPLETE = 0, 3
"""Exit status of a run: all windows whole; at least one is not."""
BUSY = 75
"""Exit status where another harvest is running. Source: sysexits.h, EX_TEMPFAIL."""


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """A window of one source that is to be harvested now."""

    source: str
    window: HarvestWindow
    query: str
    """The protocol's query, or the source's own where the protocol gives one."""
    compiled: str | None
    """As the source is asked; None where it gives whole days."""
    unsupported: tuple[str, ...] = ()
    """What could not be asked of this source, one sentence each."""
    resumes: int | None = None
    """The harvest that is taken up again."""
    closes: int | None = None
    """The incomplete harvest of which this window is to make good a part."""
    replaces: tuple[int, ...] = ()
    """Harvests of which nothing was read, whose days this window asks for along with its own."""


@dataclass(frozen=True, slots=True)
class HarvestProgress:
    """The state reported after each page, for progress bars and log lines."""

    source: str
    slice: str
    page: int
    """1 and up, within this run."""
    announced: int | None
    """Entries announced for the slice."""
    received: int
    """Entries of the slice received so far."""
    new: int
    known: int
    rejected: int
    """Of this page."""
    requests: int
    """Sent in this run."""
    faults: int
    """Tries that failed in this run."""
    gap: float
    """Seconds between requests the source's terms ask for."""
    share: float
    """Part of the window that is read, by days (0 to 1)."""


@dataclass(frozen=True, slots=True)
class WindowOutcome:
    """How the harvest of one window ended."""

    source: str
    window: HarvestWindow
    verdict: str
    """complete or incomplete."""
    note: str | None
    """Why it is incomplete."""
    announced: int
    received: int
    new: int
    known: int
    rejected: int
    unmatched: int
    """Entries of whole days that the query does not match; they are not kept as records."""
    disagree: int
    """Entries a source's search found and the query run here does not match, or could not judge."""
    pages: int
    requests: int
    faults: dict[str, int]
    seconds: float
    notes: tuple[str, ...] = ()
    """What the source said of the query and its counts, for example phrases it dropped."""


@dataclass(frozen=True, slots=True)
class HarvestRun:
    """What one run did."""

    id: str
    outcomes: tuple[WindowOutcome, ...]
    alerts: tuple[str, ...] = ()
    """What was raised: retractions of included studies."""
    updates: int = 0
    """Relations learned of documents that were here before."""
    open: tuple[str, ...] = ()
    """Windows that are still not whole, one sentence each."""


def get_exit_status(run: HarvestRun) -> int:
    """0 where every window is whole, else 3."""
    return INCOMPLETE if run.open else COMPLETE


HarvestCallback = Callable[[HarvestProgress], None]


@dataclass(slots=True)
class HarvestControl:
    """How a run is watched and stopped."""

    progress: HarvestCallback | None = None
    live: bool = False
    """Ask the services themselves, whatever the protocol or the environment says."""
    today: date | None = None
    stopped: bool = field(default=False)
    """Set to stop after the page under way."""


@dataclass(slots=True)
class Counts:
    """What a harvest has so far, over all its pages."""

    pages: int = 0
    received: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0
    unmatched: int = 0
    disagree: int = 0
    announced: dict[str, int] = field(default_factory=dict)
    """By slice."""
    short_slices: list[tuple[str, str]] = field(default_factory=list)
    """First and last day of the slices that fell short."""
    shortfall_reasons: list[str] = field(default_factory=list)
