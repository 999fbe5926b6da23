"""Merges the records of a report into one, each field with its origin."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from review.models import Record, StoredRecord

SOURCE_ORDER = (
    "pubmed",
    "europepmc",
    "crossref",
    "embase",
    "scopus",
    "wos",
    "ieee",
    "acm",
    "cochrane",
    "medrxiv",
    "biorxiv",
    "arxiv",
)
"""Whose word counts first for a field: registries that curate, then databases, then preprint
servers; sources not named come last, by the number of fields they fill."""

_COMBINED_FIELDS = ("keywords", "mesh", "urls", "types", "categories", "relations")
"""Fields whose values add up over the records instead of being picked."""
_LONGEST_FIELDS = ("abstract", "authors", "affiliations")
"""Fields where a fuller value is preferred within the first source that has one twice as full."""
_UNMERGED_FIELDS = ("source", "source_id", "extra")


@dataclass(frozen=True, slots=True)
class MergedRecord:
    """The merged view. `origin` names the record (store number) behind each field."""

    record: Record
    origin: dict[str, int]
    members: tuple[int, ...]
    """In order of preference."""


def _count_filled_fields(record: Record) -> int:
    return sum(1 for spec in fields(Record) if getattr(record, spec.name) not in (None, (), {}))


def get_preference(
    stored: StoredRecord, order: Sequence[str] = SOURCE_ORDER
) -> tuple[int, int, int, int]:
    """Sorts records of one report: source order, newest version, fullest, earliest number."""
    source = stored.record.source.lower()
    source_rank = order.index(source) if source in order else len(order)
    return (
        source_rank,
        -(stored.record.version or 0),
        -_count_filled_fields(stored.record),
        stored.id,
    )


def merge_records(
    records: Sequence[StoredRecord], *, order: Sequence[str] = SOURCE_ORDER
) -> MergedRecord:
    """One record made of a report's records, each field from the first that has it.

    Args:
        records: one or more records of one report, in any order.
        order: sources, the most trusted first.

    Raises:
        ValueError: no records.
    """
    if not records:
        raise ValueError("no records to merge")
    ranked = sorted(records, key=lambda stored: get_preference(stored, order))
    values: dict[str, Any] = {}
    origin: dict[str, int] = {}
    for spec in fields(Record):
        if spec.name in _UNMERGED_FIELDS:
            continue
        candidates = [
            candidate
            for candidate in ranked
            if getattr(candidate.record, spec.name) not in (None, ())
        ]
        if not candidates:
            continue
        best = candidates[0]
        if spec.name in _LONGEST_FIELDS:
            fuller = [
                candidate
                for candidate in candidates
                if len(getattr(candidate.record, spec.name))
                >= 2 * len(getattr(best.record, spec.name))
            ]
            best = fuller[0] if fuller else best
        origin[spec.name] = best.id
        values[spec.name] = getattr(best.record, spec.name)
        if spec.name in _COMBINED_FIELDS:
            values[spec.name] = tuple(
                dict.fromkeys(
                    value
                    for candidate in candidates
                    for value in getattr(candidate.record, spec.name)
                )
            )
    return MergedRecord(
        replace(ranked[0].record, **values), origin, tuple(candidate.id for candidate in ranked)
    )
