"""What a query holds, as the form of the protocol counts it."""

import pytest

from review import query
from review.errors import QueryError
from review.workflow.setup.query_summary import break_query, summarize_query


def test_terms_and_blocks_are_counted():
    summary = summarize_query('(a1 OR "b c" OR dd*) AND (e1 OR a1) AND NOT mice')
    assert summary.term_count == 5  # a1 twice
    assert [(b.term_count, b.is_excluded) for b in summary.blocks] == [
        (3, False),
        (2, False),
        (1, True),
    ]
    assert summary.blocks[0].text == 'a1 OR "b c" OR dd*'
    assert "[tiab]" in summary.sources["pubmed"]["text"]


def test_a_query_without_and_is_one_block():
    (block,) = summarize_query("ct OR cxr").blocks
    assert (block.term_count, block.is_excluded) == (2, False)
    (block,) = summarize_query("NOT ct").blocks
    assert block.is_excluded


def test_what_cannot_be_read_is_refused():
    with pytest.raises(QueryError):
        summarize_query("(ct OR")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("(a1 OR b1)  AND (c1 AND d1) AND e1", ["(a1 OR b1)", "AND (c1 AND d1)", "AND e1"]),
        ('"x AND (y" AND z1', ['"x AND (y"', "AND z1"]),
        ("ct\n OR cxr", ["ct OR cxr"]),
        ("", [""]),
    ],
)
def test_a_query_is_broken_before_and(text, lines):
    broken = break_query(text)
    assert broken.split("\n") == lines
    if text:
        assert query.parse(broken) == query.parse(text)
