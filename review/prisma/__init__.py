"""Entries, groups and standings -> the boxes of a PRISMA 2020 flow, and the check that they sum.

Every box holds the ids behind its number, so that a difference can be named. Published totals
without ids make a flow too (for a replay): then a box holds a number, or None for 'not published'.
Source of boxes and words: Page 2021, BMJ 372:n71 (PRISMA 2020).
"""

from review.prisma.counting import count
from review.prisma.models import (
    MAIN,
    NO_REASON,
    UNREAD,
    Box,
    Entry,
    Flow,
    Inputs,
    Joint,
    Line,
    Problem,
    StageKind,
    Standing,
    Status,
    Stream,
    Via,
    total,
)
from review.prisma.serialize import as_dict, conservation, join, outcomes
from review.prisma.validation import check, hold, named

__all__ = [
    "MAIN",
    "NO_REASON",
    "UNREAD",
    "Box",
    "Entry",
    "Flow",
    "Inputs",
    "Joint",
    "Line",
    "Problem",
    "StageKind",
    "Standing",
    "Status",
    "Stream",
    "Via",
    "as_dict",
    "check",
    "conservation",
    "count",
    "hold",
    "join",
    "named",
    "outcomes",
    "total",
]
