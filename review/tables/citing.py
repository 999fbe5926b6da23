"""Names of records in tables and figures: 'Ghoshal and Tucker 2020', and in full."""

import itertools
import re
from collections.abc import Mapping

from review.formats.author_lists import is_cut_short, list_people
from review.models import Record

MAX_NAMED = 6
"""Authors that a reference names."""


def build_label(record: Record) -> str:
    """First authors and year; the source's id if there is no author."""
    families = [name.split(",")[0].strip() for name in list_people(record) if name.strip()]
    is_abbreviated = is_cut_short(record)
    if not families:
        fallback = record.source_id or (record.title or "Untitled")[:60]
        return f"{fallback} {record.year}" if record.year and record.source_id is None else fallback
    author_text = families[0]
    if len(families) == 2 and not is_abbreviated:
        author_text = f"{families[0]} and {families[1]}"
    elif len(families) > 2 or is_abbreviated:
        author_text = f"{families[0]} et al."
    return f"{author_text} {record.year}" if record.year else f"{author_text} (no year)"


def build_labels(
    records: Mapping[int, Record], given: Mapping[int, str] | None = None
) -> dict[int, str]:
    """Record number -> label; identical labels get a, b, c in order of arrival.

    Args:
        given: record number -> label of a published edition. A letter once given stays with its
            record and is given to no other, also where its record is no longer asked about.
    """
    given = given or {}
    label_by_number = {number: build_label(record) for number, record in records.items()}
    numbers_by_label: dict[str, list[int]] = {}
    for number in sorted(label_by_number):
        numbers_by_label.setdefault(label_by_number[number], []).append(number)
    for text, numbers in numbers_by_label.items():
        letters = map(_format_letters, itertools.count())
        lettered = (_append_letter(text, letter) for letter in letters)
        kept = _find_lettered(text, given)
        free = (label for label in lettered if label not in kept.values())
        for number in numbers:
            if number in kept:
                label_by_number[number] = kept[number]
            elif len(numbers) > 1 or kept:
                label_by_number[number] = next(free)
    return label_by_number


def _find_lettered(text: str, given: Mapping[int, str]) -> dict[int, str]:
    """The given labels that are this one with a letter."""
    stem = text.removesuffix(")")
    form = re.compile(re.escape(stem) + (r" [a-z]+\)" if text.endswith(")") else r"[a-z]+"))
    return {number: label for number, label in given.items() if form.fullmatch(label)}


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
    names = list_people(record)
    is_abbreviated = len(names) > MAX_NAMED or is_cut_short(record)
    people = "; ".join([*names[:MAX_NAMED], *(["et al."] if is_abbreviated else [])])
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
