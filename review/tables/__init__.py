"""Plain data of a review -> the tables a report needs. Nothing is read or written here."""

from review.tables.appraisal import (
    Filled,
    agreement,
    answers,
    characteristics,
    evidence,
    items_summary,
    judgements,
    scores,
)
from review.tables.citing import label, labels, reference
from review.tables.frames import frame
from review.tables.listing import Excluded, Linked, duplicates, excluded, included, sources
from review.tables.prisma import boxes

__all__ = [
    "Excluded",
    "Filled",
    "Linked",
    "agreement",
    "answers",
    "boxes",
    "characteristics",
    "duplicates",
    "evidence",
    "excluded",
    "frame",
    "included",
    "items_summary",
    "judgements",
    "label",
    "labels",
    "reference",
    "scores",
    "sources",
]
