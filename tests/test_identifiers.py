"""Identifiers have one normal form, and tell a record's server."""

import pytest

from review.identifiers import (
    find_preprint_server,
    fold_doi,
    get_own_identifiers,
    is_preprint,
    list_doi_spellings,
    normalize_arxiv,
    normalize_doi,
    normalize_pmcid,
    normalize_pmid,
)
from review.models import Record


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
    [
        ("0031", "31"),
        ("PMID: 32555555", "32555555"),
        (12, "12"),
        ("abc", None),
        ("0", None),
        ("12345678", "12345678"),
        ("123456789", None),
        ("PMID: 0012345678", "12345678"),
    ],
)
def test_pmids_have_one_normal_form(text, ident):
    assert normalize_pmid(text) == ident


def test_pmcids_have_one_normal_form():
    assert normalize_pmcid("pmc 0123456") == "PMC123456"
    assert normalize_pmcid("123456") is None


def test_early_preprint_dois_of_eight_digits_stay_apart():
    assert normalize_doi("10.1101/19002147v2") == "10.1101/19002147"
    assert normalize_doi("10.1101/19002139") != normalize_doi("10.1101/19002147")
    assert normalize_doi("10.1101/123456v1") == "10.1101/123456"


@pytest.mark.parametrize(
    ("record", "server"),
    [
        (Record("pubmed", doi="10.1101/2020.04.05.20054502"), "medrxiv"),
        (Record("pubmed", doi="10.1101/054502"), "medrxiv"),
        (Record("pubmed", doi="10.1101/gr.054502.106"), None),
        (Record("scopus", doi="10.21203/rs.3.rs-1/v1"), "researchsquare"),
        (Record("biorxiv"), "medrxiv"),
        (Record("scopus", journal="bioRxiv"), "medrxiv"),
        (Record("scopus", journal="arXiv e-prints (2020)"), "arxiv"),
        (Record("scopus", journal="Preprints of the congress of medicine"), None),
        (Record("arxiv", source_id="2003.09871v2", doi="10.1000/journal.1"), "arxiv"),
        (Record("pubmed", journal="Radiology", doi="10.1000/journal.1"), None),
    ],
)
def test_a_preprint_is_known_by_its_doi_journal_or_source(record, server):
    assert find_preprint_server(record, get_own_identifiers(record)[0]) == server
    assert is_preprint(record) is (server is not None)


@pytest.mark.parametrize(
    ("record", "own"),
    [
        (
            Record("arxiv", source_id="2003.09871v2", doi="10.1000/journal.1"),
            ("10.48550/arxiv.2003.09871", "2003.09871"),
        ),
        (
            Record("pubmed", journal="Radiology", arxiv_id="2003.09871", doi="10.1000/J.1"),
            ("10.1000/j.1", "2003.09871"),
        ),
        (Record("pubmed", journal="Radiology", arxiv_id="2003.09871"), (None, "2003.09871")),
        (Record("ris", doi="10.1000%2Fj.1"), ("10.1000/j.1", None)),
        (Record("ris"), (None, None)),
    ],
)
def test_the_journal_doi_of_an_arxiv_entry_is_not_its_own(record, own):
    assert get_own_identifiers(record) == own


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1016/S0140-6736(20)", "10.1016/s0140-6736(20)"),
        ("(10.1016/S0140-6736(20))", "10.1016/s0140-6736(20)"),
        ("[doi: 10.1000/x[1]].", "10.1000/x[1]"),
        ("10.1000/x)", "10.1000/x"),
    ],
)
def test_a_bracket_that_a_doi_opened_is_part_of_it(text, doi):
    assert normalize_doi(text) == doi


@pytest.mark.parametrize(
    ("source", "doi", "arxiv_id", "own"),
    [
        (  # the DOI of its journal article
            "arxiv",
            "10.1000/x",
            "2003.12345",
            ("10.48550/arxiv.2003.12345", "2003.12345"),
        ),
        ("arxiv", "10.1000/x", None, ("10.1000/x", None)),
        ("arxiv", None, "2003.12345", ("10.48550/arxiv.2003.12345", "2003.12345")),
        (
            "arxiv",
            "10.48550/arXiv.2003.12345",
            "2003.12345",
            ("10.48550/arxiv.2003.12345", "2003.12345"),
        ),
        ("pubmed", "10.1000/x", "2003.12345", ("10.1000/x", "2003.12345")),
    ],
)
def test_an_arxiv_entry_does_not_own_the_doi_of_its_article(source, doi, arxiv_id, own):
    assert get_own_identifiers(Record(source, title="T", doi=doi, arxiv_id=arxiv_id)) == own


@pytest.mark.parametrize(
    ("doi", "folded"),
    [
        ("10.1037//0022-3514.1.1", "10.1037/0022-3514.1.1"),
        ("10.1037/0022-3514.1.1", "10.1037/0022-3514.1.1"),
        ("10.1037///x", "10.1037/x"),
        ("10.1000/a//b", "10.1000/a//b"),
        ("", ""),
    ],
)
def test_a_second_slash_after_the_prefix_makes_no_other_doi(doi, folded):
    assert fold_doi(doi) == folded
    assert normalize_doi(doi) == (doi or None)  # what is shown stays as it came
    if doi:
        assert list_doi_spellings(doi) == (folded, folded.replace("/", "//", 1))
        record = Record("x", doi=doi)
        assert get_own_identifiers(record)[0] == folded
