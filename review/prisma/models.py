"""The dataclasses of the flow: its input, its boxes, and boxes that do not add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Via = Literal["databases", "registers", "websites", "organisations", "citations"]
StageKind = Literal["screening", "eligibility", "quality"]
OutcomeStatus = Literal["included", "excluded", "waiting"]

MAIN_COLUMN: tuple[Via, ...] = ("databases", "registers")
"""Ways of finding that make the main column; the others make the column of other methods."""
NO_REASON = "Reason not recorded"
UNREADABLE_REASON = "Entry could not be read"
MAX_LISTED_IDS = 20
"""So many ids are named in a message; the rest are counted."""


@dataclass(frozen=True, slots=True)
class FlowEntry:
    """One entry as a source gave it; an entry an export repeats arrives twice."""

    id: str
    """The record's key, or key and import for a repeated entry; unique."""
    source: str
    via: Via
    report: str
    """Key of the record that stands for its report; the entry's own id where it stands alone."""
    by_hand: bool = False
    """A person, not a rule, joined it to its report."""
    unread: bool = False
    """The entry could not be parsed and was kept aside."""


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """Where one report stands at one stage."""

    report: str
    stage: StageKind
    status: OutcomeStatus
    reasons: tuple[str, ...] = ()
    """Why it is excluded, the one that counts first."""
    rule: str | None = None
    """The automation rule that excluded it, where no person did."""


@dataclass(frozen=True, slots=True)
class FlowInputs:
    """Everything the flow is counted from."""

    entries: Sequence[FlowEntry]
    outcomes: Sequence[StageOutcome] = ()
    studies: Mapping[str, str] = field(default_factory=dict)
    """Report -> study; a report without an entry is a study of its own."""
    not_retrieved: Mapping[str, str] = field(default_factory=dict)
    """Report -> why its full text could not be had."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Report -> kind of study, for the lines of the last box."""
    stages: Sequence[StageKind] = ("screening", "eligibility")
    """Stages the review has, in order."""
    direct: frozenset[str] = frozenset()
    """Reports found by other methods that go straight to retrieval; they stand in that column, also
    where a database gave them later."""
    previous_counts: tuple[int, int] | None = None
    """Studies and reports of the version before; None for a new review."""
    previous_reports: frozenset[str] = frozenset()
    """Reports that were there in the version before: new entries of them are duplicates."""
    carried: Mapping[str, Via] = field(default_factory=dict)
    """Reports of the version before that are judged in this one -> how they were found."""
    previous_studies: frozenset[str] = frozenset()
    """Studies the version before includes and this one keeps: a new report of one makes no new
    study."""
    dropped: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Studies and reports included in the version before and no longer."""


@dataclass(frozen=True, slots=True)
class FlowBox:
    """A number with the ids behind it."""

    n: int | None
    """None: not published here."""
    ids: tuple[str, ...] | None = None
    """None: a published total without ids."""


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One line of a list in a box: a source, a rule or a reason."""

    label: str
    n: int | None
    ids: tuple[str, ...] | None = None
    group: str = ""
    """For sources: how they were searched (databases, registers, websites, ...)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One column: what databases and registers gave, or what other methods gave."""

    identified: tuple[BoxLine, ...]
    duplicates_tool: FlowBox
    duplicates_hand: FlowBox
    automation: tuple[BoxLine, ...]
    removed_other: tuple[BoxLine, ...]
    carried: FlowBox
    """Reports of the version before that are judged in this one."""
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
    """What the sum is, for the figure's note."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Every box of a PRISMA 2020 flow, with a quality gate after eligibility where there is one."""

    main: Stream
    other: Stream | None
    stages: tuple[StageKind, ...]
    waiting_quality: FlowBox
    excluded_quality: tuple[BoxLine, ...]
    """Each report once, at the reason that counts."""
    quality_reasons: tuple[BoxLine, ...]
    """Every reason with all reports that carry it; these overlap."""
    new_reports: FlowBox
    new_studies: FlowBox
    kinds: tuple[BoxLine, ...]
    """New studies by kind."""
    previous_studies: FlowBox | None
    previous_reports: FlowBox | None
    dropped_studies: FlowBox
    dropped_reports: FlowBox
    total_studies: FlowBox
    total_reports: FlowBox
    joints: tuple[CombinedBox, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxMismatch:
    """Boxes that do not sum."""

    label: str
    message: str
    ids: tuple[str, ...] = ()
    """The entries or reports that make the difference, where known."""


def get_total(lines: Sequence[BoxLine] | FlowBox) -> int | None:
    """Sum of a list of lines, or a box's number; None as soon as one number is not published."""
    if isinstance(lines, FlowBox):
        return lines.n
    numbers = [line.n for line in lines]
    return None if None in numbers else sum(n for n in numbers if n is not None)
