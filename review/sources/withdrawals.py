"""How services and journals mark a record that was retracted or withdrawn."""

import re

from review.models import Record, Relation
from review.sources.models import WithdrawalMarks
from review.sources.registry import SOURCES

_TITLE_MARK_PATTERN = re.compile(
    r"\W*(withdrawn|retracted)(?:\s+(?:article|paper|preprint))?\s*[:\])]", re.I
)
"""How medRxiv and journals mark one: 'WITHDRAWN: x', 'RETRACTED ARTICLE: x', '[Retracted] x'."""
_WITHDRAWAL_PATTERN = re.compile(
    r"\b(?:paper|article|submission|manuscript|preprint|work|version)\s+(?:has been|is|was)\s+"
    r"(?:withdrawn|retracted)\b|\bwithdrawn by (?:the )?(?:authors?|arxiv)\b",
    re.I,
)
"""How arXiv marks one, in the comment of its last version."""


def find_retraction_marks(record: Record) -> tuple[Relation, ...]:
    """An entry's own mark that it was retracted or withdrawn, as a relation: its type, the word
    before its title, or what its source writes where the source says it does."""
    source = SOURCES.get(record.source)
    marks = source.withdrawal_marks if source else WithdrawalMarks()
    types = tuple(
        record_type.lower() for record_type in record.types if record_type.lower() in marks.types
    )
    if types:
        return tuple(Relation("marked", record_type, record.source) for record_type in types)
    title_match = _TITLE_MARK_PATTERN.match(record.title or "")
    if title_match:
        return (Relation("marked", title_match[1].lower(), record.source),)
    texts = [text for key in marks.extra_keys for text in record.extra.get(key, ())]
    if any(map(_WITHDRAWAL_PATTERN.search, texts)):
        return (Relation("marked", "withdrawn", record.source),)
    return ()
