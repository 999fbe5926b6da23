"""Which record of the review a line of a spreadsheet means: by key, identifier or title.

Never guessed: where several reports fit, or what a line says contradicts itself, the line is asked
back with the keys that may be meant.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from review.dedupe.normalize import normalize_text
from review.identifiers import normalize_arxiv, normalize_doi, normalize_pmcid, normalize_pmid
from review.models import Record
from review.store import Connection, links, records
from review.store.records import format_record_key, parse_record_key

MIN_PREFIX = 30
"""Letters and digits that a cut title must share with a longer one to be proposed."""
NEAR_TITLE = 0.9
"""Share of letters that a misspelt title must share with another to be proposed."""
MAX_PROPOSED = 5
"""Records named where several may be meant."""
YEAR_TOLERANCE = 1
"""Years that may lie between the online and the printed version of one report."""


def fold_title(title: str | None) -> str:
    """A title as letters and digits alone, so that lost punctuation and blanks change nothing."""
    return normalize_text(title).replace(" ", "")


@dataclass(frozen=True, slots=True)
class TitledRecord:
    """The fields that distinguish a record from another of the same title."""

    number: int
    title: str
    year: int | None
    authors: tuple[str, ...]


@dataclass(frozen=True)
class RecordFinder:
    """Finds the record a line means; the titles of the review are read when a line first needs
    them."""

    conn: Connection
    numbers: set[int]
    """All records of the review."""
    groups: Mapping[int, tuple[int, int]]
    """Record -> (report, study), where they are linked."""

    def get_report(self, number: int) -> int:
        """The report a record belongs to."""
        return self.groups.get(number, (number, number))[0]

    def find(self, key: str | None, entry: Record | None) -> int | str:
        """The record's number, or why none can be named.

        Args:
            key: what the file calls the record: our key, an identifier, or a number of its own.
            entry: what else the line says of it.
        """
        if key:
            numbers = self._find_by_key(key)
            if isinstance(numbers, list) and numbers:
                return self._choose(numbers, entry)
            if entry is None or _is_our_key(key):
                return numbers if isinstance(numbers, str) else f"no record {key!r} in this review"
        return self._find_by_entry(entry) if entry else "no record given"

    def _find_by_key(self, key: str) -> list[int] | str:
        """Records of a key; bare digits could be a key or a PMID, so they are refused."""
        text = key.strip()
        if _is_our_key(text):
            number = parse_record_key(text)
            return [number] if number in self.numbers else []
        if text.isdecimal():
            return (
                f"{text!r} may be a record number or a PMID; write R{int(text):06d} or pmid:{text}"
            )
        doi = normalize_doi(text)
        return records.find_by_identifier(
            self.conn,
            doi=doi,
            pmid=normalize_pmid(text) if text.lower().startswith("pmid") else None,
            pmcid=normalize_pmcid(text) if doi is None else None,
            arxiv_id=normalize_arxiv(text),
        )

    def _find_by_entry(self, entry: Record) -> int | str:
        numbers = records.find_by_identifier(
            self.conn, doi=entry.doi, pmid=entry.pmid, pmcid=entry.pmcid, arxiv_id=entry.arxiv_id
        )
        if numbers:
            return self._choose(numbers, entry)
        return self._find_by_title(entry)

    def _choose(self, numbers: Sequence[int], entry: Record | None) -> int | str:
        """The record of those an identifier names, held against the line's title."""
        reports = {self.get_report(number) for number in numbers}
        same_title = self._list_same_title(entry)
        titled_reports = {self.get_report(titled.number) for titled in same_title}
        if len(reports) > 1:
            remaining = [n for n in numbers if self.get_report(n) in titled_reports]
            if len({self.get_report(n) for n in remaining}) == 1:
                return remaining[0]
            return f"several records match ({_format_keys(numbers)}); give the record number of one"
        if titled_reports and not titled_reports & reports:
            return (
                f"it identifies {_format_keys(numbers[:1])}, but has the title of "
                f"{_format_keys([titled.number for titled in same_title])}; give the record number "
                "of the right one and delete the title"
            )
        return numbers[0]

    def _find_by_title(self, entry: Record) -> int | str:
        candidates = self._list_same_title(entry)
        if not candidates:
            return self._describe_unknown(entry)
        fitting = [
            candidate for candidate in candidates if _has_year(candidate, entry.year)
        ] or candidates
        if len({self.get_report(titled.number) for titled in fitting}) > 1:
            fitting = [titled for titled in fitting if _share_author(titled, entry)] or fitting
        if len({self.get_report(titled.number) for titled in fitting}) > 1:
            listing = ", ".join(_describe(candidate) for candidate in candidates[:MAX_PROPOSED])
            return f"several records match by title ({listing}); give the record number of one"
        if not any(_may_be(titled, entry) for titled in fitting):
            stated = " ".join([*entry.authors[:1], str(entry.year or "")]).strip()
            return (
                f"{_describe(fitting[0])} has this title, but the line says {stated}; if it is "
                "the same record, give its record number"
            )
        return fitting[0].number

    def _describe_unknown(self, entry: Record) -> str:
        message = "no record in this review has its DOI, PMID or title"
        near = self._list_near_titles(entry)
        if not near:
            return message
        listing = "; ".join(
            f"{format_record_key(titled.number)} '{titled.title[:80]}'" for titled in near
        )
        return (
            f"{message}; similar titles: {listing}. If one is the same record, give its record "
            "number"
        )

    def _list_same_title(self, entry: Record | None) -> list[TitledRecord]:
        title = fold_title(entry.title) if entry else ""
        return self._titles.get(title, []) if title else []

    def _list_near_titles(self, entry: Record) -> list[TitledRecord]:
        """Records whose title begins as the line's does, or differs from it by a few letters."""
        title = fold_title(entry.title)
        if len(title) < 12:
            return []
        start = bisect_left(self._sorted_titles, title[:10])
        found: list[TitledRecord] = []
        for other in self._sorted_titles[start:]:
            if not other.startswith(title[:10]) or len(found) >= MAX_PROPOSED:
                break
            shorter = min(len(title), len(other))
            is_cut = shorter >= MIN_PREFIX and title[:shorter] == other[:shorter]
            if is_cut or SequenceMatcher(None, title, other).ratio() >= NEAR_TITLE:
                found.extend(self._titles[other])
        return found[:MAX_PROPOSED]

    def is_current(self, conn: Connection) -> bool:
        """Whether another transaction sees the same records in the same reports, so that what was
        found is still what a line means."""
        return self.numbers == records.list_numbers(conn) and self.groups == links.list_groups(conn)

    @cached_property
    def _titles(self) -> dict[str, list[TitledRecord]]:
        titles: dict[str, list[TitledRecord]] = {}
        for stored in records.iter_records(self.conn):
            record = stored.record
            folded = fold_title(record.title)
            if folded:
                titles.setdefault(folded, []).append(
                    TitledRecord(stored.id, record.title or "", record.year, record.authors)
                )
        return titles

    @cached_property
    def _sorted_titles(self) -> list[str]:
        return sorted(self._titles)


def load_finder(conn: Connection) -> RecordFinder:
    """A finder for the records of a review as seen by a transaction."""
    return RecordFinder(conn, records.list_numbers(conn), links.list_groups(conn))


def _is_our_key(key: str) -> bool:
    text = key.strip()
    return text[:1] in "Rr" and text[1:].isdecimal()


def _has_year(candidate: TitledRecord, year: int | None) -> bool:
    return year is not None and candidate.year == year


def _get_names(authors: Sequence[str]) -> set[str]:
    return {word for author in authors for word in normalize_text(author).split() if len(word) > 1}


def _share_author(candidate: TitledRecord, entry: Record) -> bool:
    return bool(_get_names(candidate.authors) & _get_names(entry.authors))


def _may_be(candidate: TitledRecord, entry: Record) -> bool:
    """Whether year and authors, where both give them, are compatible."""
    if candidate.year and entry.year and abs(candidate.year - entry.year) > YEAR_TOLERANCE:
        return False
    known_names = _get_names(candidate.authors) and _get_names(entry.authors)
    return not known_names or candidate.year == entry.year or _share_author(candidate, entry)


def _describe(candidate: TitledRecord) -> str:
    author = candidate.authors[0].split(",")[0] if candidate.authors else ""
    return " ".join(
        filter(None, [format_record_key(candidate.number), author, str(candidate.year or "")])
    )


def _format_keys(numbers: Sequence[int]) -> str:
    return ", ".join(format_record_key(n) for n in sorted(set(numbers))[:MAX_PROPOSED])
