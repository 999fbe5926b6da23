"""The nouns of the flow: what it is counted from, its boxes, and boxes that do not sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Via = Literal["databases", "registers", "websites", "organisations", "citations"]
StageKind = Literal["screening", "eligibility", "quality"]
Status = Literal["included", "excluded", "waiting"]

MAIN: tuple[Via, ...] = ("databases", "registers")
"""Ways of finding that make the main column; the others make the column of other methods."""
NO_REASON = "Reason not recorded"
UNREAD = "Entry could not be read"
MOST_NAMED = 20
"""So many ids are named in a message; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Entry:
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
class Standing:
    """Where one report stands at one stage."""

    report: str
    stage: StageKind
    status: Status
    reasons: tuple[str, ...] = ()
    """Why it is excluded, the one that counts first."""
    rule: str | None = None
    """The automation rule that excluded it, where no person did."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything the flow is counted from."""

    entries: Sequence[Entry]
    standings: Sequence[Standing] = ()
    studies: Mapping[str, str] = field(default_factory=dict)
    """Report -> study; a report without an entry is a study of its own."""
    not_retrieved: Mapping[str, str] = field(default_factory=dict)
    """Report -> why its full text could not be had."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Report -> kind of study, for the lines of the last box."""
    stages: Sequence[StageKind] = ("screening", "eligibility")
    """Stages the review has, in order."""
    previous: tuple[int, int] | None = None
    """Studies and reports of the version before; None for a new review."""
    before: frozenset[str] = frozenset()
    """Reports that were there in the version before: new entries of them are duplicates."""
    carried: Mapping[str, Via] = field(default_factory=dict)
    """Reports of the version before that are judged in this one -> how they were found."""
    before_studies: frozenset[str] = frozenset()
    """Studies the version before includes and this one keeps: a new report of one makes no new
    study."""
    dropped: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Studies and reports included in the version before and no longer."""


@dataclass(frozen=True, slots=True)
class Box:
    """A number with the ids behind it."""

    n: int | None
    """None: not published here."""
    ids: tuple[str, ...] | None = None
    """None: a published total without ids."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list in a box: a source, a rule or a reason."""

    label: str
    n: int | None
    ids: tuple[str, ...] | None = None
    group: str = ""
    """For sources: how they were searched (databases, registers, websites, ...)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One column: what databases and registers gave, or what other methods gave."""

    identified: tuple[Line, ...]
    duplicates_tool: Box
    duplicates_hand: Box
    automation: tuple[Line, ...]
    removed_other: tuple[Line, ...]
    carried: Box
    """Reports of the version before that are judged in this one."""
    waiting_screening: Box
    screened: Box
    excluded_screening: tuple[Line, ...]
    sought: Box
    not_retrieved: tuple[Line, ...]
    waiting_eligibility: Box
    assessed: Box
    excluded_eligibility: tuple[Line, ...]
    eligible: Box


@dataclass(frozen=True, slots=True)
class Joint:
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
    waiting_quality: Box
    excluded_quality: tuple[Line, ...]
    """Each report once, at the reason that counts."""
    quality_reasons: tuple[Line, ...]
    """Every reason with all reports that carry it; these overlap."""
    new_reports: Box
    new_studies: Box
    kinds: tuple[Line, ...]
    """New studies by kind."""
    previous_studies: Box | None
    previous_reports: Box | None
    dropped_studies: Box
    dropped_reports: Box
    total_studies: Box
    total_reports: Box
    joints: tuple[Joint, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Boxes that do not sum."""

    place: str
    says: str
    ids: tuple[str, ...] = ()
    """The entries or reports that make the difference, where known."""


def total(lines: Sequence[Line] | Box) -> int | None:
    """Sum of a list of lines, or a box's number; None as soon as one number is not published."""
    if isinstance(lines, Box):
        return lines.n
    numbers = [one.n for one in lines]
    return None if None in numbers else sum(n for n in numbers if n is not None)
