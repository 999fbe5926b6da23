"""Comparison of citations: pages, article numbers and issues, each bound from both sides."""

import numpy as np
import pytest
from dedupe.test_traps import article

from review.dedupe import build_columns
from review.dedupe.citation import LOW_PAGE, MAX_ISSUES
from review.dedupe.similarity import compare_pairs


def compare(first, second):
    return compare_pairs(build_columns([(1, first), (2, second)]), np.array([[0, 1]]))


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        ("10152", "1-17", 0),
        ("43", "1-16", 0),
        ("10152", "245-250", 0),
        ("10000", "245-250", 0),
        ("9999", "245-250", -1),
        ("43", "2-17", -1),
        ("10152", "10873", -1),
        ("45", "1", -1),
        ("45-50", "1-17", -1),
        ("N.PAG-N.PAG", "45", 0),
        ("45", "45-50", 1),
        ("9-9", "327-335", 0),
        ("9-9", "327-336", -1),
        ("9", "327-335", -1),
        ("1-1", "327-327", -1),
        ("e9-e9", "327-335", 0),
    ],
)
def test_an_article_number_is_no_contradiction_to_counted_pages(first, second, agreement):
    assert compare(article(pages=first), article(pages=second)).page[0] == agreement


def test_an_article_number_of_another_volume_is_a_contradiction():
    pair = article(pages="10152", volume="18"), article(pages="1-17", volume="19")
    assert compare(*pair).page[0] == -1


@pytest.mark.parametrize(("page", "low"), [(LOW_PAGE, True), (LOW_PAGE + 1, False)])
def test_a_low_page_may_come_in_every_issue(page, low):
    assert bool(compare(article(pages=str(page)), article(pages="300")).low_page[0]) is low


@pytest.mark.parametrize(("issue", "agreement"), [(MAX_ISSUES, -1), (MAX_ISSUES + 1, 0)])
def test_a_running_number_is_no_issue(issue, agreement):
    assert compare(article(issue=str(issue)), article(issue="1")).issue[0] == agreement


@pytest.mark.parametrize(
    ("pages", "volume", "agreement"),
    [("1-8", None, 0), ("1-2", None, 0), ("2-8", None, -1), ("1-8", "18", -1), ("3", None, -1)],
)
def test_pages_counted_from_one_without_a_volume_are_those_ahead_of_print(pages, volume, agreement):
    ahead, printed = article(pages=pages, volume=volume), article(pages="245-250")
    assert compare(ahead, printed).page[0] == agreement
