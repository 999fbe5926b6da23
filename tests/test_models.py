"""Records are equal after conversion to plain data and back."""

import dataclasses

import pytest

from review.models import (
    Record,
    RecordDraft,
    Relation,
    fingerprint_record,
    freeze_record,
    record_from_dict,
    record_to_dict,
)


def test_a_record_survives_plain_data():
    record = Record(
        source="pubmed",
        title="A",
        authors=("B, C",),
        year=2020,
        relations=(Relation("update_in", "pmid:1", "pubmed"),),
        extra={"XX": ("1", "2")},
    )
    back = record_from_dict(record_to_dict(record))
    assert back == record
    assert fingerprint_record(back) == fingerprint_record(record)


def test_records_that_differ_have_different_fingerprints():
    assert fingerprint_record(Record("a", title="x")) != fingerprint_record(Record("a", title="y"))


def test_a_frozen_draft_is_the_record_and_cannot_be_changed():
    values = {"source": "ris", "title": "A", "authors": ("B, C",), "extra": {"XX": ("1",)}}
    record = freeze_record(RecordDraft(**values))
    assert type(record) is Record
    assert record == Record(**values)
    assert hash(record) == hash(Record(**values))
    assert record.year is None
    assert record.keywords == ()
    assert dataclasses.replace(record, title="B").title == "B"
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.title = "C"
