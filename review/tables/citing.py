"""Names of records in tables and figures: 'Ghoshal and Tucker 2020', and in full."""

import re
from collections.abc import Mapping

from review.models import Record

_OTHER_AUTHORS = re.compile(r"\s*(?:and\s+)?(?:et\.?\s+al\.?|others|colleagues)[.,]?\s*", re.I)
"""What databases write in place of further authors."""


def build_label(record: Record) -> str:
    """First authors and year; the source's id if there is no author."""
    named_authors = [
        name for name in record.authors if name.strip() and not _OTHER_AUTHORS.fullmatch(name)
    ]
    families = [name.split(",")[0].strip() for name in named_authors]
    is_abbreviated = len(named_authors) < len([name for name in record.authors if name.strip()])
    if not families:
        fallback = record.source_id or (record.title or "Untitled")[:60]
        return f"{fallback} {record.year}" if record.year and record.source_id is None else fallback
    author_text = families[0]
    if len(families) == 2 and not is_abbreviated:
        author_text = f"{families[0]} and {families[1]}"
    elif len(families) > 2 or is_abbreviated:
        author_text = f"{families[0]} et al."
    return f"{author_text} {record.year}" if record.year else f"{author_text} (no year)"


def build_labels(records: Mapping[int, Record]) -> dict[int, str]:
    """Record number -> label; identical labels get a, b, c in order of arrival."""
    label_by_number = {number: build_label(record) for number, record in records.items()}
    numbers_by_label: dict[str, list[int]] = {}
    for number in sorted(label_by_number):
        numbers_by_label.setdefault(label_by_number[number], []).append(number)
    for text, numbers in numbers_by_label.items():
        if len(numbers) > 1:
            for letter_index, number in enumerate(numbers):
                label_by_number[number] = _append_letter(text, _format_letters(letter_index))
    return label_by_number


def _append_letter(text: str, letter: str) -> str:
    """'Li 2020a', 'Li (no year a)'."""
    return f"{text[:-1]} {letter})" if text.endswith(")") else text + letter


def _format_letters(remaining: int) -> str:
    """a, b, ..., z, aa, ab, ..."""
    letters = ""
    remaining += 1
    while remaining:
        remaining, remainder = divmod(remaining - 1, 26)
        letters = chr(97 + remainder) + letters
    return letters


def format_reference(record: Record) -> str:
    """The record as a reference: authors, title, journal, year, identifiers."""
    people = "; ".join(record.authors[:6]) + ("; et al." if len(record.authors) > 6 else "")
    publication = record.journal or ""
    if record.volume:
        publication += f" {record.volume}" + (f"({record.issue})" if record.issue else "")
    if record.pages:
        publication += f":{record.pages}"
    ids = [
        f"doi:{record.doi}" if record.doi else "",
        f"PMID {record.pmid}" if record.pmid and not record.doi else "",
        f"arXiv:{record.arxiv_id}" if record.arxiv_id else "",
    ]
    parts = [people, record.title or "", publication.strip(), str(record.year or "")]
    text = "".join(f"{part}{'' if part[-1] in '.?!' else '.'} " for part in parts if part)
    return (text + " ".join(filter(None, ids))).rstrip() or "(no bibliographic data)"
