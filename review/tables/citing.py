"""How a record is named in tables and figures: 'Ghoshal and Tucker 2020', and in full."""

import re
from collections.abc import Mapping

from review.models import Record

_OTHERS = re.compile(r"\s*(?:and\s+)?(?:et\.?\s+al\.?|others|colleagues)[.,]?\s*", re.I)
"""What databases write in the place of further authors."""


def label(record: Record) -> str:
    """First authors and year; the source's own id where there is no author."""
    named = [name for name in record.authors if name.strip() and not _OTHERS.fullmatch(name)]
    families = [name.split(",")[0].strip() for name in named]
    cut = len(named) < len([name for name in record.authors if name.strip()])
    if not families:
        told = record.source_id or (record.title or "Untitled")[:60]
        return f"{told} {record.year}" if record.year and record.source_id is None else told
    who = families[0]
    if len(families) == 2 and not cut:
        who = f"{families[0]} and {families[1]}"
    elif len(families) > 2 or cut:
        who = f"{families[0]} et al."
    return f"{who} {record.year}" if record.year else f"{who} (no year)"


def labels(records: Mapping[int, Record]) -> dict[int, str]:
    """Record number -> label; records that would read alike get a, b, c in order of arrival."""
    plain = {number: label(record) for number, record in records.items()}
    alike: dict[str, list[int]] = {}
    for number in sorted(plain):
        alike.setdefault(plain[number], []).append(number)
    for text, numbers in alike.items():
        if len(numbers) > 1:
            for place, number in enumerate(numbers):
                plain[number] = _lettered(text, _letters(place))
    return plain


def _lettered(text: str, letter: str) -> str:
    """'Li 2020a', 'Li (no year a)'."""
    return f"{text[:-1]} {letter})" if text.endswith(")") else text + letter


def _letters(place: int) -> str:
    """a, b, ..., z, aa, ab, ..."""
    told = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        told = chr(97 + rest) + told
    return told


def reference(record: Record) -> str:
    """The record as a reference list prints it: authors, title, journal, year, identifiers."""
    people = "; ".join(record.authors[:6]) + ("; et al." if len(record.authors) > 6 else "")
    place = record.journal or ""
    if record.volume:
        place += f" {record.volume}" + (f"({record.issue})" if record.issue else "")
    if record.pages:
        place += f":{record.pages}"
    ids = [
        f"doi:{record.doi}" if record.doi else "",
        f"PMID {record.pmid}" if record.pmid and not record.doi else "",
        f"arXiv:{record.arxiv_id}" if record.arxiv_id else "",
    ]
    parts = [people, record.title or "", place.strip(), str(record.year or "")]
    told = "".join(f"{part}{'' if part[-1] in '.?!' else '.'} " for part in parts if part)
    return (told + " ".join(filter(None, ids))).rstrip() or "(nothing is known of this record)"
