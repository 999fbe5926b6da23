"""The people and groups of a record: 'et al.' in a list of authors names nobody."""

from dataclasses import replace

from review.models import Record
from review.text.other_authors import drop_other_authors, has_other_authors

PRINTED_AUTHORS = "Authors as printed"
"""Name in `extra` of a list of authors that the source had cut short, as it had it."""


def keep_people(record: Record) -> Record:
    """The record without 'et al.' among its authors; the list as it was goes to `extra`."""
    if not has_other_authors(record.authors):
        return record
    people = drop_other_authors(record.authors)
    if people == record.authors:
        return record
    extra = {PRINTED_AUTHORS: ("; ".join(record.authors),)} | dict(record.extra)
    return replace(record, authors=people, extra=extra)


def list_people(record: Record) -> tuple[str, ...]:
    """The authors without 'et al.', which records of earlier versions of Funnel may have."""
    return drop_other_authors(record.authors)


def is_cut_short(record: Record) -> bool:
    """Whether the source named only the first authors."""
    return PRINTED_AUTHORS in record.extra or list_people(record) != record.authors
