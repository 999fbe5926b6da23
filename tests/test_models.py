"""Records are equal after conversion to plain data and back."""

from review.models import (
    Record,
    Relation,
    fingerprint_record,
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
