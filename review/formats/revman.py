"""Writes references for RevMan: RIS, grouped by the study named under NS.

Source: RevMan Knowledge Base, 'Import references for studies' (Cochrane; read 2026): bulk import is
RIS only, and the tag NS says which study a reference belongs to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from review.formats.plain import clean_line
from review.models import Record


@dataclass(frozen=True, slots=True)
class StudyReference:
    """One reference and the study it belongs to."""

    study: str
    record: Record
    reason: str | None = None
    """Why it is excluded."""


def references_to_revman(references: Sequence[StudyReference]) -> bytes:
    """A RIS file with the study of each reference."""
    return "".join(_build_entry(reference) for reference in references).encode("utf-8")


def _build_entry(reference: StudyReference) -> str:
    record = reference.record
    is_preprint = record.arxiv_id is not None and not record.journal
    first, _, last = (record.pages or "").partition("-")
    fields = [
        ("TY", "UNPB" if is_preprint else "JOUR"),
        *(("AU", name) for name in record.authors),
        ("TI", record.title),
        ("JO", record.journal or ("arXiv" if record.arxiv_id else None)),
        ("PY", str(record.year) if record.year else None),
        ("VL", record.volume),
        ("IS", record.issue),
        ("SP", first or None),
        ("EP", last or None),
        ("DO", record.doi),
        ("AN", record.pmid),
        ("UR", f"https://arxiv.org/abs/{record.arxiv_id}" if record.arxiv_id else None),
        ("NS", reference.study),
        ("N1", f"Exclusion reason: {reference.reason}" if reference.reason else None),
    ]
    lines = [
        f"{tag}  - {clean_line(value)}" for tag, value in fields if value and clean_line(value)
    ]
    return "\r\n".join([*lines, "ER  - ", "", ""])
