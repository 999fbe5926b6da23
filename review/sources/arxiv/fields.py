"""Fields common to arXiv's formats: dates, wrapped text, the journal article of a preprint."""

import re

from review.identifiers import normalize_doi
from review.models import Relation
from review.text.markup import to_one_line

_PARAGRAPH = re.compile(r"\n\s*\n|\n[ \t]{2,}(?=\S)")


def find_journal_articles(doi: str | None, reference: str | None) -> tuple[Relation, ...]:
    """The journal article(s) arXiv names for a preprint: by DOI, else as the reference printed."""
    dois = [d for part in (doi or "").split() if (d := normalize_doi(part))]
    if dois:
        return tuple(
            Relation("published_as", f"doi:{journal_doi}", "arxiv") for journal_doi in dois
        )
    return (Relation("published_as", reference, "arxiv"),) if reference else ()


def find_iso_day(moment: str | None) -> str | None:
    match = re.match(r"\s*(\d{4}-\d\d-\d\d)", moment or "")
    return match.group(1) if match else None


def unwrap_lines(text: str | None) -> str | None:
    """Hard line breaks undone, paragraphs kept (they begin with two spaces or an empty line)."""
    parts = _PARAGRAPH.split((text or "").strip())
    return "\n".join(line for part in parts if (line := to_one_line(part))) or None
