"""One view of a report's records. Takes a group's records; gives each field with its origin."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from review.models import Record, StoredRecord

SOURCE_ORDER = ("pubmed", "europepmc", "crossref", "embase", "scopus", "wos", "ieee", "acm",
                "cochrane", "medrxiv", "biorxiv", "arxiv")  # fmt: skip
"""Whose word counts first for a field: registries that curate, then databases, then preprint
servers; sources not named come last, by the number of fields they fill."""

_JOINED = ("keywords", "mesh", "urls", "types", "categories", "relations")
"""Fields whose values add up over the records instead of being picked."""
_LONGEST = ("abstract", "authors", "affiliations")
"""Fields where a fuller value is preferred within the first source that has one twice as full."""
_NOT_MERGED = ("source", "source_id", "extra")


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged view. `origin` names the record (store number) behind each field."""

    record: Record
    origin: dict[str, int]
    members: tuple[int, ...]
    """In order of preference."""


def _filled(record: Record) -> int:
    return sum(1 for spec in fields(Record) if getattr(record, spec.name) not in (None, (), {}))


def preference(
    stored: StoredRecord, order: Sequence[str] = SOURCE_ORDER
) -> tuple[int, int, int, int]:
    """Sorts records of one report: source order, newest version, fullest, earliest number."""
    source = stored.record.source.lower()
    place = order.index(source) if source in order else len(order)
    return place, -(stored.record.version or 0), -_filled(stored.record), stored.id


def merge(records: Sequence[StoredRecord], *, order: Sequence[str] = SOURCE_ORDER) -> Merged:
    """One record made of a report's records, each field from the first that has it.

    Args:
        records: one or more records of one report, in any order.
        order: sources, the most trusted first.

    Raises:
        ValueError: no records.
    """
    if not records:
        raise ValueError("no records to merge")
    ranked = sorted(records, key=lambda stored: preference(stored, order))
    values: dict[str, Any] = {}
    origin: dict[str, int] = {}
    for spec in fields(Record):
        if spec.name in _NOT_MERGED:
            continue
        having = [one for one in ranked if getattr(one.record, spec.name) not in (None, ())]
        if not having:
            continue
        chosen = having[0]
        if spec.name in _LONGEST:
            fuller = [
                one
                for one in having
                if len(getattr(one.record, spec.name)) >= 2 * len(getattr(chosen.record, spec.name))
            ]
            chosen = fuller[0] if fuller else chosen
        origin[spec.name] = chosen.id
        values[spec.name] = getattr(chosen.record, spec.name)
        if spec.name in _JOINED:
            values[spec.name] = tuple(
                dict.fromkeys(value for one in having for value in getattr(one.record, spec.name))
            )
    return Merged(replace(ranked[0].record, **values), origin, tuple(one.id for one in ranked))
