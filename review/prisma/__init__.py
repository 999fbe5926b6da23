"""Counts the boxes of a PRISMA 2020 flow diagram, and checks that they add up.

Every box holds the ids behind its number, so that differences can be traced to records. A flow can
also be built from published totals without ids: a box then holds a number, or None if the number
was not published. Boxes and wording: Page 2021, BMJ 372:n71 (PRISMA 2020).
"""

from review.prisma.counting import count_flow
from review.prisma.models import (
    MAIN_COLUMN,
    NO_REASON,
    UNREADABLE_REASON,
    BoxLine,
    BoxMismatch,
    CombinedBox,
    Flow,
    FlowBox,
    FlowEntry,
    FlowInputs,
    OutcomeStatus,
    StageKind,
    StageOutcome,
    Stream,
    Via,
    get_total,
)
from review.prisma.serialize import (
    combine_stage_boxes,
    flow_to_dict,
    format_conservation,
    map_outcomes,
)
from review.prisma.validation import find_mismatches, format_ids, validate

__all__ = [
    "MAIN_COLUMN",
    "NO_REASON",
    "UNREADABLE_REASON",
    "BoxLine",
    "BoxMismatch",
    "CombinedBox",
    "Flow",
    "FlowBox",
    "FlowEntry",
    "FlowInputs",
    "OutcomeStatus",
    "StageKind",
    "StageOutcome",
    "Stream",
    "Via",
    "combine_stage_boxes",
    "count_flow",
    "find_mismatches",
    "flow_to_dict",
    "format_conservation",
    "format_ids",
    "get_total",
    "map_outcomes",
    "validate",
]
