"""Compares printed citations (volume, issue and pages): one array per similarity."""

from typing import Any

import numpy as np
import numpy.typing as npt

from review.dedupe.columns import Bools, FeatureColumns, Ints, hash_text
from review.dedupe.normalize import SUPPLEMENT_OFFSET

LOW_PAGE = 20
"""Where journals number every issue from page 1, columns are on its first pages each time."""
MAX_ISSUES = 60
"""Issues a volume can have (a weekly's 53 and supplements); greater numbers run on over volumes, or
are a database's own, and tell no two documents apart."""
MIN_ARTICLE_NUMBER = 10_000
"""A number without a span from which it numbers an article, not a page."""
_SUPPLEMENT_PREFIX = hash_text("s")


def compare_codes(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """1 equal, -1 different, 0 where either is unknown."""
    known = (a != 0) & (b != 0)
    return np.where(known, np.where(a == b, 1, -1), 0).astype(np.int8)


def compare_pages(
    columns: FeatureColumns, a: Ints, b: Ints, agreements: dict[str, Any], one_work: Bools
) -> npt.NDArray[np.int8]:
    """Agreement of first pages. A page printed and an electronic number ('969', 'a1754') of one
    volume, two first pages with one last page, or page 1 of an article ahead of print are no
    contradiction, nor an article number and the count of the article's own pages ('10152', '1-17'),
    nor that count put for the pages ('9-9' and '327-335');
    a meeting abstract's page ('s31') and another are. Spans that touch ('246-250',
    '250-254') are misprints of one only where all else supports one work: letters under one title
    follow each other so.
    """
    page, last_page = columns.page, columns.last_page
    result = compare_codes(page[a], page[b])
    touching = (page[a] == last_page[b]) | (last_page[a] == page[b])
    high = np.minimum(page[a], page[b]) > LOW_PAGE
    result[(result == -1) & touching & high & one_work] = 1
    other_prefix = columns.page_prefix[a] != columns.page_prefix[b]
    other_prefix &= ~(_is_meeting_abstract(columns, a) ^ _is_meeting_abstract(columns, b))
    open_question = (other_prefix & (agreements["volume"] == 1)) | (agreements["last_page"] == 1)
    open_question |= _is_article_number(columns, a, b) | _is_article_number(columns, b, a)
    open_question |= _is_page_count(columns, a, b) | _is_page_count(columns, b, a)
    is_ahead = _is_ahead_of_print(columns, a) | _is_ahead_of_print(columns, b)
    result[(result == -1) & (open_question | is_ahead)] = 0
    return result


def _is_article_number(columns: FeatureColumns, numbered: Ints, counted: Ints) -> Bools:
    """Whether the first rows may give an article's number where the second count its pages.

    A number that is no span, beside pages counted from 1 in one volume or year; five digits are
    hardly a page.
    """
    is_span = columns.last_page[counted] > columns.page[counted]
    is_number = (columns.page[numbered] > 0) & (columns.last_page[numbered] == 0)
    volume_a, volume_b = columns.volume[numbered], columns.volume[counted]
    other_volume = (volume_a != volume_b) & (volume_a != 0) & (volume_b != 0)
    mask: Bools = is_number & is_span & ~other_volume
    mask &= (columns.page[counted] == 1) | (columns.page[numbered] >= MIN_ARTICLE_NUMBER)
    return mask


def _is_page_count(columns: FeatureColumns, counted: Ints, printed: Ints) -> Bools:
    """Whether the first rows put for their pages how many pages the second ones have."""
    count = columns.page[counted]
    is_count = (count > 1) & (columns.last_page[counted] == count)
    mask: Bools = is_count & (columns.page_prefix[counted] == 0)
    mask &= columns.last_page[printed] - columns.page[printed] + 1 == count
    return mask


def _is_ahead_of_print(columns: FeatureColumns, rows: Ints) -> Bools:
    """Whether the pages are those of an article ahead of print: from 1 on, without a volume."""
    first, last = columns.page[rows] == 1, columns.last_page[rows] > 1
    mask: Bools = first & last & (columns.volume[rows] == 0)
    return mask


def _is_meeting_abstract(columns: FeatureColumns, rows: Ints) -> Bools:
    """Whether the page is a supplement's and no more than one: a meeting's abstract."""
    first, last = columns.page[rows], columns.last_page[rows]
    mask: Bools = (columns.page_prefix[rows] == _SUPPLEMENT_PREFIX) & (last <= first)
    return mask


def compare_issues(a: Ints, b: Ints, agreements: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Agreement of issues. Numbers that run on over volumes tell nothing apart, nor does a number
    from the supplement of that number ('2', 'Suppl 2')."""
    number_a, number_b = a % SUPPLEMENT_OFFSET, b % SUPPLEMENT_OFFSET
    running = np.maximum(number_a, number_b) > MAX_ISSUES
    return np.where((agreements == -1) & (running | (number_a == number_b)), 0, agreements).astype(
        np.int8
    )


def compute_span(columns: FeatureColumns, a: Ints, b: Ints) -> npt.NDArray[np.int16]:
    """Pages after the first, in the shorter of two known spans; 0 unknown."""
    spans = np.where(columns.last_page > 0, columns.last_page - columns.page, 0)
    shorter = np.minimum(spans[a], spans[b])
    return np.clip(shorter, 0, 1000).astype(np.int16)


def lacks_location(columns: FeatureColumns, rows: Ints) -> Bools:
    """Which rows print no volume, issue or page."""
    mask: Bools = (columns.volume[rows] | columns.issue[rows] | columns.page[rows]) == 0
    return mask
