"""Identifiers in one normal form; records survive the trip through plain data."""

import pytest

from review.models import (
    Record,
    Relation,
    fingerprint_record,
    normalize_arxiv,
    normalize_doi,
    normalize_pmcid,
    normalize_pmid,
    normalize_text,
    record_from_dict,
    record_to_dict,
)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1016/J.ASOC.2020.106742", "10.1016/j.asoc.2020.106742"),
        ("https://doi.org/10.1038/s42256-021-00307-0.", "10.1038/s42256-021-00307-0"),
        ("doi: 10.1101/2020.10.01.20205146v2.full.pdf", "10.1101/2020.10.01.20205146"),
        ("10.64898/2026.01.02.26012345v1", "10.64898/2026.01.02.26012345"),
        (
            "10.1002/(SICI)1097-0258(19980815)17:15<1661::AID>3.0.CO;2-2",
            "10.1002/(sici)1097-0258(19980815)17:15<1661::aid>3.0.co;2-2",
        ),
        ("(10.1000/abc)", "10.1000/abc"),
        ("10.1016%2Fj.x.2020.1", "10.1016/j.x.2020.1"),
        ("10.1000/x [doi]", "10.1000/x"),
        ("not a doi", None),
        ("", None),
        (None, None),
    ],
)
def test_dois_have_one_normal_form(text, doi):
    assert normalize_doi(text) == doi


@pytest.mark.parametrize(
    ("text", "ident"),
    [
        ("http://arxiv.org/abs/2003.09871v4", "2003.09871"),
        ("arXiv:2003.09871", "2003.09871"),
        ("10.48550/arXiv.2008.06388", "2008.06388"),
        ("https://doi.org/10.48550/ARXIV.2008.06388", "2008.06388"),
        ("cs/0112017v1", "cs/0112017"),
        ("math.GT/0309136", "math/0309136"),
        ("astro-ph/0601001", "astro-ph/0601001"),
        ("10.1016/2003.09871", None),
        ("2003", None),
        (None, None),
    ],
)
def test_arxiv_ids_have_one_normal_form(text, ident):
    assert normalize_arxiv(text) == ident


@pytest.mark.parametrize(
    ("text", "ident"),
    [("0031", "31"), ("PMID: 32555555", "32555555"), (12, "12"), ("abc", None), ("0", None)],
)
def test_pmids_have_one_normal_form(text, ident):
    assert normalize_pmid(text) == ident


def test_pmcids_have_one_normal_form():
    assert normalize_pmcid("pmc 0123456") == "PMC123456"
    assert normalize_pmcid("123456") is None


def test_plain_folds_case_accents_and_punctuation():
    assert normalize_text("Ärzte—and  X-Rays_2") == "arzte and x rays 2"


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


def test_early_preprint_dois_of_eight_digits_stay_apart():
    assert normalize_doi("10.1101/19002147v2") == "10.1101/19002147"
    assert normalize_doi("10.1101/19002139") != normalize_doi("10.1101/19002147")
    assert normalize_doi("10.1101/123456v1") == "10.1101/123456"
