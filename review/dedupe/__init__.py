"""Deduplication: which records describe one report, which reports one study, and what is doubtful.

Signatures others call (records are `StoredRecord`s; links are `Link`s, by 'tool' or a person):

    find_links(records, *, at, new=None) -> list[Link]
        What rules and registry statements say: duplicate, version, study, maybe; distinct only
        where a registry says so. With `new` (store numbers), only pairs that hold a new record.
    told(columns, later, read_on) -> Columns, stated_links(records, *, at) -> list[Link]
        Columns with what registries stated after the records came; all statements as links.
    groups(records, links) -> Groups
        Report and study of every record, computed from the whole log of links. People outrank
        rules; the newest word of a person on a pair counts.
    doubts(records, links) -> list[Link]
        The pairs a person should settle: surest first, pairs already settled left out.
    stale(records, links, *, at) -> list[Link]
        Withdrawals of earlier tool links that a run over all records would not make any more.
    explain(first, second, links=()) -> Explanation
        Why a pair is joined, asked or kept apart, in words.
    merge(records) -> Merged
        One view of a report's records, each field with the record it came from.

    is_posting(record) -> bool
        Whether a record describes a posting on a preprint server.

For all of them `records` may be `Columns` read before (`read`, `extended`, `packed`, `unpacked`).
Pure: no clock, no files, no network. The same records give the same groups in any order.
"""

from review.dedupe.api import (
    TOOL,
    WITHDRAWN,
    Groups,
    doubts,
    find_links,
    groups,
    spoken_of,
    stale,
    stated_links,
    told,
    words_of,
)
from review.dedupe.cache import extended, packed, unpacked
from review.dedupe.clustering import BY_HAND, STATED
from review.dedupe.explanation import Explanation, explain
from review.dedupe.features import Columns, is_posting, read
from review.dedupe.merging import Merged, merge
from review.dedupe.rules import ENGINE

__all__ = [
    "BY_HAND",
    "ENGINE",
    "STATED",
    "TOOL",
    "WITHDRAWN",
    "Columns",
    "Explanation",
    "Groups",
    "Merged",
    "doubts",
    "explain",
    "extended",
    "find_links",
    "groups",
    "is_posting",
    "merge",
    "packed",
    "read",
    "spoken_of",
    "stale",
    "stated_links",
    "told",
    "unpacked",
    "words_of",
]
