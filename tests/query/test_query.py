"""The query language: what is accepted, what is refused and how, and how it is written."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.errors import QueryError
from review.query import (
    And,
    DateWindow,
    Node,
    Not,
    Or,
    Term,
    format_query,
    iter_terms,
    join_with_and,
    join_with_or,
    negate_node,
    parse,
)
from review.sources.query_preview import describe_query, fingerprint_query

A, B, C = Term("a1"), Term("b1"), Term("c1")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("covid", Term("covid")),
        ("covid*", Term("covid", stem=True)),
        ('"deep learning"', Term("deep learning")),
        ('"neural network*"', Term("neural network", stem=True)),
        ("“deep   learning”", Term("deep learning")),
        ("x-ray", Term("x-ray")),
        ("a1 AND b1 AND c1", And((A, B, C))),
        ("a1 OR b1 OR c1", Or((A, B, C))),
        ("a1 and b1 And c1", And((A, B, C))),
        ("(a1 OR b1) AND c1", And((Or((A, B)), C))),
        ("a1 AND (b1 AND c1)", And((A, B, C))),
        ("a1 NOT b1", And((A, Not(B)))),
        ("a1 AND NOT b1", And((A, Not(B)))),
        ("a1 NOT b1 NOT c1", And((A, Not(B), Not(C)))),
        ("a1 OR NOT b1", Or((A, Not(B)))),
        ("NOT (a1 OR b1)", Not(Or((A, B)))),
        ("NOT NOT a1", A),
        ("a1 OR a1", A),
        ("((((a1))))", A),
        ("title:covid*", Term("covid", "title", stem=True)),
        ('ti:"deep learning"', Term("deep learning", "title")),
        ("covid*[ti]", Term("covid", "title", stem=True)),
        ('"deep learning" [ab]', Term("deep learning", "abstract")),
        ("covid[Title/Abstract]", Term("covid")),
        ("covid[tiab]", Term("covid")),
        ('"COVID-19"[mh]', Term("COVID-19", "mesh")),
        ("abstract:(a1 OR b1)", Or((Term("a1", "abstract"), Term("b1", "abstract")))),
        ("ti:(a1 OR abs:b1)", Or((Term("a1", "title"), Term("b1", "abstract")))),
        ('"and" OR "not"', Or((Term("and"), Term("not")))),
        ("（a1 OR b1）", Or((A, B))),
        ("a1\n\tOR\r\nb1", Or((A, B))),
        ("新冠肺炎", Term("新冠肺炎")),
        ("COVID‑19", Term("COVID‑19")),
        ("a1 AND(b1)", And((A, B))),
        ("pet/ct", Term("pet/ct")),
        ("10.1101/x", Term("10.1101/x")),
        ("'covid' OR 1,000", Or((Term("'covid'"), Term("1,000")))),
        ("S1 OR and/or", Or((Term("S1"), Term("and/or")))),
    ],
)
def test_a_query_is_read_as_meant(text, tree):
    assert parse(text) == tree


HOSTILE = [
    ("", 1, "the query is empty"),
    ("  \n ", 1, "the query is empty"),
    ("(", 1, "a closing ')' is missing"),
    (")", 1, "unmatched ')'"),
    ("()", 1, "nothing between these parentheses"),
    ("covid AND ()", 11, "nothing between"),
    ("((covid)", 1, "a closing ')' is missing"),
    ("covid) OR ct", 6, "unmatched ')'"),
    ("covid AND", 10, "expected a term or '(' after AND"),
    ("OR covid", 1, "expected a term, '(' or NOT before OR"),
    ("covid OR OR ct", 10, "expected a term, '(' or NOT after OR"),
    ("covid AND (ct OR )", 18, "expected a term or '(' after OR"),
    ("NOT", 4, "expected a term or '(' after NOT"),
    ('"covid', 1, 'a closing " is missing'),
    ('covid AND ct"', 13, 'a closing " is missing'),
    ('""', 1, "no letter or digit"),
    ("*", 1, "a * alone would match everything"),
    ('"*"', 1, "a * alone"),
    ("covid OR ***", 10, "a * alone"),
    ("cov*id", 1, "* is allowed only at the end"),
    ("*covid", 1, "* is allowed only at the end"),
    ('"neural* network"', 1, "* is allowed only at the end"),
    ("a*", 1, "at least 2 letters"),
    ("covid-*", 1, "* must follow a letter"),
    ("wom?n", 4, "? is not a wildcard"),
    ("covid$", 6, "$ is not a wildcard"),
    ("-covid", 1, "- before a word is not an operator"),
    ("covid ct", 7, 'for a phrase write "covid ct"'),
    ('"deep learning" ct', 17, "expected AND, OR or NOT before this."),
    ("covid && ct", 7, "'&&' is not an operator"),
    ("heart NEAR/3 lung", 7, "proximity operators"),
    ("covid OR ct AND mri", 13, "mixed without parentheses"),
    ("covid AND ct OR mri", 14, "mixed without parentheses"),
    ("covid OR ct NOT mri", 13, "mixed without parentheses"),
    ("author:smith", 1, "'author:' is not a supported field"),
    ("covid[au]", 6, "[au] is not a supported field"),
    ("covid[tiab:~2]", 6, "proximity operators"),
    ("(a1 OR b1)[ti]", 11, "a field cannot follow ')'"),
    ("[ti] covid", 1, "a field must follow one term"),
    ("covid[ti", 6, "unmatched square bracket"),
    ("covid]", 6, "unmatched square bracket"),
    ("ti:covid[ab]", 9, "already has a field"),
    ("title:", 7, "expected a term or '(' after title:"),
    ("title: AND covid", 8, "expected a term, '(' or NOT after title"),
    ("title:NOT covid", 11, "expected AND, OR or NOT before this"),
    ("covid.ti,ab.", 1, "Ovid field syntax"),
    ("TS=covid", 1, "field syntax of another database"),
    ("TITLE-ABS-KEY(covid)", 14, "field syntax of another database"),
    ("covid.mp", 1, "Ovid field syntax"),
    ("exp Lung/", 5, "exp before a heading is Ovid syntax"),
    ("covid OR lung/", 10, 'expected mesh:"lung"'),
    ("lung/de", 1, 'expected mesh:"lung"'),
    ("covid:ti,ab", 1, "Embase field syntax"),
    ('"deep learning":ti,ab', 16, "field syntax of another database"),
    ("'deep learning' AND ct", 1, "double quotes"),
    ("‘deep learning’", 1, "double quotes"),
    ("{deep learning}", 1, "double quotes"),
    ("covid,ct", 6, ", is not an operator"),
    ("covid，ct", 6, "， is not an operator"),
    ("#1 AND #2", 1, "a line of a search history"),
    ("2020[dp]", 5, "dates belong in search.from"),
    ('"2020"[Date - Publication]', 7, "dates belong in search.from"),
    ("covid[All Fields]", 6, "use [tiab]"),
    ('"Lung"[Mesh:noexp]', 7, "only PubMed supports it"),
    ("— OR …", 1, "no letter or digit"),
    ("🫁", 1, "no letter or digit"),
    ("(" * 5_000 + "a1", 5_000, "a closing ')' is missing"),
    ("a1" + ")" * 5_000, 3, "unmatched ')'"),
]


@pytest.mark.parametrize(("text", "place", "said"), HOSTILE, ids=lambda v: repr(v)[:24])
def test_a_hostile_query_is_answered_in_one_clear_line(text, place, said):
    with pytest.raises(QueryError) as caught:
        parse(text)
    line, *shown = str(caught.value).split("\n")
    assert line.startswith(f"Query, character {place}: ")
    assert said in line
    assert len(line) < 220
    assert len(shown) == 2
    assert shown[1].endswith("^")
    assert max(len(one) for one in shown) < 90


def test_the_caret_points_at_the_place():
    with pytest.raises(QueryError) as caught:
        parse("covid OR " + "word OR " * 30 + "cov*id OR ct OR " + "word OR " * 30)
    _, shown, caret = str(caught.value).split("\n")
    assert shown[caret.index("^") :].startswith("cov*id")


def test_stray_control_characters_are_blanks():
    assert parse("covid\x00AND\ud800ct") == parse("covid AND ct")


def test_five_thousand_terms_are_read_at_once():
    text = " OR ".join(f"word{n}*" for n in range(2_500))
    text += " OR " + " OR ".join(f'"some phrase {n}"' for n in range(2_500))
    start = time.process_time()
    node = parse(text)
    assert time.process_time() - start < 2
    assert isinstance(node, Or)
    assert len(node.parts) == 5_000
    assert parse(format_query(node)) == node


def test_too_long_a_query_is_refused():
    with pytest.raises(QueryError, match="the limit is 500,000"):
        parse("a1 OR " * 100_000 + "b1")


def test_deep_parentheses_do_not_exhaust_the_stack():
    assert parse("(" * 100_000 + "a1" + ")" * 100_000) == A
    deep = "a1"
    for n in range(200):
        deep = f"(b{n} {'AND' if n % 2 else 'OR'} {deep})"
    with pytest.raises(QueryError, match="more than 60 nested levels"):
        parse(deep)


def test_nesting_up_to_the_limit_is_read_written_and_compiled():
    deep = "a1"
    for n in range(60):
        deep = f"(b{n} {'AND' if n % 2 else 'OR'} {deep})"
    node = parse(deep)
    assert parse(format_query(node)) == node
    assert describe_query(deep)["terms"] == 61


words = st.text(alphabet=st.sampled_from("abcxyz019é-"), min_size=2, max_size=8).filter(
    lambda s: s.strip("-") and not s.startswith("-") and not s.endswith("-")
)
phrases = st.lists(words, min_size=1, max_size=3).map(" ".join)
leaves = st.builds(
    Term,
    text=phrases | st.sampled_from(["and", "OR", "not", "pet/ct", "O'Brien", "新冠", "C++ code"]),
    field=st.sampled_from(["tiab", "title", "abstract", "mesh"]),
    stem=st.just(False),
) | st.builds(
    Term,
    text=st.text(alphabet="abcxyz", min_size=2, max_size=6),
    field=st.sampled_from(["tiab", "title"]),
    stem=st.just(True),
)
trees: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=4).map(join_with_and)
        | st.lists(inner, min_size=2, max_size=4).map(join_with_or)
        | inner.map(negate_node)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(trees)
def test_what_is_written_is_read_back_to_the_same_tree(node):
    assert parse(format_query(node)) == node


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.sampled_from('ab*()" []:ANDORNOTti新-\n'), max_size=40))
def test_any_text_is_read_or_refused_clearly(text):
    try:
        node = parse(text)
    except QueryError as error:
        assert re.match(r"Query(, character \d+)?: ", str(error))
    else:
        assert parse(format_query(node)) == node
        assert list(iter_terms(node))


def test_an_explanation_holds_every_source():
    from datetime import date

    found = describe_query('(covid* OR "x-ray") NOT mesh:mice', DateWindow(date(2020, 1, 1), None))
    assert list(found["sources"]) == ["pubmed", "arxiv", "europepmc", "medrxiv", "biorxiv"]
    assert found["window"] == {"from": "2020-01-01", "to": None}
    assert found["terms"] == 3
    assert found["query"] == "(covid* OR x-ray) AND NOT mesh:mice"
    assert found["fingerprint"] == fingerprint_query(parse(found["query"]))
    assert any("have no MeSH" in one for one in found["sources"]["medrxiv"]["lost"])


def test_an_explanation_says_which_source_cannot_be_asked():
    found = describe_query("mesh:COVID-19")["sources"]
    assert found["pubmed"]["text"] == '"COVID-19"[mh]'
    assert found["arxiv"]["text"] is None
    assert "no part of it can be used" in found["arxiv"]["error"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("covid and ct", "and is read as an operator"),
        ("covid OR covid", "1 of the terms are repeated"),
        ("NOT covid", "matches nearly everything"),
        ("ct OR NOT covid", "matches nearly everything"),
        ("新冠肺炎", "this script does not separate words"),
        ("ct* AND covid", "such short truncated terms"),
        ("covid* OR covid19", "covid19 (in covid*)"),
        (" OR ".join(f"word{n}" for n in range(400)), "sent by POST"),
    ],
)
def test_an_explanation_warns(query, said):
    assert any(said in one for one in describe_query(query)["warnings"])


def test_a_sound_query_gives_no_warnings():
    assert describe_query('(covid* OR "sars-cov-2") AND ("deep learning" OR ai)')["warnings"] == []
