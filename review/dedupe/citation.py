"""Printed places compared: volume, issue and pages. Takes columns and pairs of rows; gives one
array per likeness."""

from typing import Any

import numpy as np
import numpy.typing as npt

from review.dedupe.features import Columns, Ints, code
from review.dedupe.normalize import SUPPLEMENTS

Bools = npt.NDArray[np.bool_]

LOW_PAGE = 20
"""Where journals number every issue from page 1, columns stand on its first pages each time."""
MOST_ISSUES = 60
"""Issues a volume can have (a weekly's 53 and supplements); greater numbers run on over volumes, or
are a database's own, and tell no two documents apart."""
_SUPPLEMENT = code("s")


def agreement(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """1 equal, -1 different, 0 where either is unknown."""
    known = (a != 0) & (b != 0)
    return np.where(known, np.where(a == b, 1, -1), 0).astype(np.int8)


def pages(
    columns: Columns, a: Ints, b: Ints, plain: dict[str, Any], one_work: Bools
) -> npt.NDArray[np.int8]:
    """Agreement of first pages. A page printed and an electronic number ('969', 'a1754') of one
    volume, two first pages with one last page, or page 1 of an article ahead of print are no
    contradiction; a meeting abstract's page ('s31') and another are. Spans that touch ('246-250',
    '250-254') are misprints of one only where all else speaks for one work: letters under one title
    follow each other so.
    """
    page, last = columns.page, columns.last_page
    found = agreement(page[a], page[b])
    touching = (page[a] == last[b]) | (last[a] == page[b])
    high = np.minimum(page[a], page[b]) > LOW_PAGE
    found[(found == -1) & touching & high & one_work] = 1
    other_prefix = columns.page_prefix[a] != columns.page_prefix[b]
    other_prefix &= ~(_of_a_meeting(columns, a) ^ _of_a_meeting(columns, b))
    open_question = (other_prefix & (plain["volume"] == 1)) | (plain["last_page"] == 1)
    ahead = _ahead(columns, a) | _ahead(columns, b)
    found[(found == -1) & (open_question | ahead)] = 0
    return found


def _ahead(columns: Columns, rows: Ints) -> Bools:
    """Whether the pages are those of an article ahead of print: from 1 on, without a volume."""
    first, last = columns.page[rows] == 1, columns.last_page[rows] > 1
    found: Bools = first & last & (columns.volume[rows] == 0)
    return found


def _of_a_meeting(columns: Columns, rows: Ints) -> Bools:
    """Whether the page is a supplement's and no more than one: a meeting's abstract."""
    first, last = columns.page[rows], columns.last_page[rows]
    found: Bools = (columns.page_prefix[rows] == _SUPPLEMENT) & (last <= first)
    return found


def issues(a: Ints, b: Ints, found: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Agreement of issues. Numbers that run on over volumes tell nothing apart, nor does a number
    from the supplement of that number ('2', 'Suppl 2')."""
    one, other = a % SUPPLEMENTS, b % SUPPLEMENTS
    running = np.maximum(one, other) > MOST_ISSUES
    return np.where((found == -1) & (running | (one == other)), 0, found).astype(np.int8)


def span(columns: Columns, a: Ints, b: Ints) -> npt.NDArray[np.int16]:
    """Pages after the first, in the shorter of two known spans; 0 unknown."""
    spans = np.where(columns.last_page > 0, columns.last_page - columns.page, 0)
    shorter = np.minimum(spans[a], spans[b])
    return np.clip(shorter, 0, 1000).astype(np.int16)


def nowhere(columns: Columns, rows: Ints) -> Bools:
    """Which rows print no volume, issue or page."""
    found: Bools = (columns.volume[rows] | columns.issue[rows] | columns.page[rows]) == 0
    return found
