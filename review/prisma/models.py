"""The dataclasses of the flow: its input, its boxes, and boxes that do not add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Via = Literal["databases", "registers", "websites", "organisations", "citations"]
StageKind = Literal["screening", "eligibility", "quality"]
OutcomeStatus = Literal["included", "excluded", "waiting"]

MAIN_COLUMN: tuple[Via, ...] = ("databases", "registers")
"""Routes counted in the main column; all others are counted under other methods."""
NO_REASON = "Reason not recorded"
UNREADABLE_REASON = "Entry could not be read"
MAX_LISTED_IDS = 20
"""Number of ids listed in a message; the rest are counted."""


@dataclass(frozen=True, slots=True)
class FlowEntry:
    """One entry as received from a source; an entry repeated in an export appears twice."""

    id: str
    """Record number, or record number and import for a repeated entry; unique."""
    source: str
    via: Via
    report: str
    """Record number that represents the report; the entry's own id if it has no duplicates."""
    by_hand: bool = False
    """Whether a person, not a rule, merged it with its report."""
    unread: bool = False
    """Whether the entry could not be parsed."""


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """Outcome of one report at one stage."""

    report: str
    stage: StageKind
    status: OutcomeStatus
    reasons: tuple[str, ...] = ()
    """Reasons for exclusion, the one that counts first."""
    rule: str | None = None
    """The automation rule that excluded it, if no person did."""


@dataclass(frozen=True, slots=True)
class FlowInputs:
    """Everything needed to count the flow."""

    entries: Sequence[FlowEntry]
    outcomes: Sequence[StageOutcome] = ()
    studies: Mapping[str, str] = field(default_factory=dict)
    """Report -> study; a report without an entry is a study of its own."""
    not_retrieved: Mapping[str, str] = field(default_factory=dict)
    """Report -> why its full text was not retrieved."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Report -> study type, for the lines of the last box."""
    stages: Sequence[StageKind] = ("screening", "eligibility")
    """Stages the review has, in order."""
    direct: frozenset[str] = frozenset()
    """Reports found by other methods that go straight to retrieval; they are counted in that
    column, also where a database gave them later."""
    previous_counts: tuple[int, int] | None = None
    """Studies and reports of the previous version; None for a new review."""
    previous_reports: frozenset[str] = frozenset()
    """Reports identified in the previous version: new entries of these are duplicates."""
    carried: Mapping[str, Via] = field(default_factory=dict)
    """Reports of the previous version that are screened in this one -> how they were identified."""
    previous_studies: frozenset[str] = frozenset()
    """Studies included in the previous version and still included: a new report of one is not a
    new study."""
    dropped: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Studies and reports included in the previous version but not in this one."""


@dataclass(frozen=True, slots=True)
class FlowBox:
    """A number with the ids behind it."""

    n: int | None
    """None if not published."""
    ids: tuple[str, ...] | None = None
    """None for a published total without ids."""


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One line of a box: a source, a rule or a reason."""

    label: str
    n: int | None
    ids: tuple[str, ...] | None = None
    group: str = ""
    """For sources: how they were searched (databases, registers, websites, ...)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One column: databases and registers, or other methods."""

    identified: tuple[BoxLine, ...]
    duplicates_tool: FlowBox
    duplicates_hand: FlowBox
    automation: tuple[BoxLine, ...]
    removed_other: tuple[BoxLine, ...]
    carried: FlowBox
    """Reports of the previous version that are screened in this one."""
    waiting_screening: FlowBox
    screened: FlowBox
    excluded_screening: tuple[BoxLine, ...]
    sought: FlowBox
    not_retrieved: tuple[BoxLine, ...]
    waiting_eligibility: FlowBox
    assessed: FlowBox
    excluded_eligibility: tuple[BoxLine, ...]
    eligible: FlowBox


@dataclass(frozen=True, slots=True)
class CombinedBox:
    """Boxes of which only the sum was published."""

    boxes: tuple[str, ...]
    n: int
    text: str
    """Description of the total, for the figure."""


@dataclass(frozen=True, slots=True)
class Flow:
    """All boxes of a PRISMA 2020 flow, with a quality gate after eligibility if there is one."""

    main: Stream
    other: Stream | None
    stages: tuple[StageKind, ...]
    waiting_quality: FlowBox
    excluded_quality: tuple[BoxLine, ...]
    """Each report once, under the reason that counts."""
    quality_reasons: tuple[BoxLine, ...]
    """Every reason with all its reports; a report may appear under several."""
    new_reports: FlowBox
    new_studies: FlowBox
    kinds: tuple[BoxLine, ...]
    """New studies by type."""
    previous_studies: FlowBox | None
    previous_reports: FlowBox | None
    dropped_studies: FlowBox
    dropped_reports: FlowBox
    total_studies: FlowBox
    total_reports: FlowBox
    joints: tuple[CombinedBox, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxMismatch:
    """A sum of boxes that does not hold."""

    label: str
    message: str
    ids: tuple[str, ...] = ()
    """The entries or reports responsible, if known."""


def get_total(lines: Sequence[BoxLine] | FlowBox) -> int | None:
    """Total of a list of lines, or the number in a box; None if any number was not published."""
    if isinstance(lines, FlowBox):
        return lines.n
    numbers = [line.n for line in lines]
    return None if None in numbers else sum(n for n in numbers if n is not None)
