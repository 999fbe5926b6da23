"""Checklists as data: a YAML file becomes a Checklist, or an error that names the line.

load(path) -> Checklist; available(folders) -> id -> path; read_answer checks one answer.
"""

from review.checklists.answers import (
    PARTS,
    Asked,
    answerable,
    asked_of,
    key_title,
    label_of,
    parts,
    read_answer,
    section_of,
)
from review.checklists.loading import available, load
from review.checklists.models import (
    AT_RISK,
    JOIN,
    JUDGEMENTS,
    NONE,
    NOT_JUDGED,
    OVERALL,
    UNSURE,
    Checklist,
    Citation,
    Fact,
    Item,
    Need,
    Option,
    Overall,
    Score,
    Section,
    items,
)

__all__ = [
    "AT_RISK",
    "JOIN",
    "JUDGEMENTS",
    "NONE",
    "NOT_JUDGED",
    "OVERALL",
    "PARTS",
    "UNSURE",
    "Asked",
    "Checklist",
    "Citation",
    "Fact",
    "Item",
    "Need",
    "Option",
    "Overall",
    "Score",
    "Section",
    "answerable",
    "asked_of",
    "available",
    "items",
    "key_title",
    "label_of",
    "load",
    "parts",
    "read_answer",
    "section_of",
]
