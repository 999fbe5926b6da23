"""Deduplication: groups records into reports and studies, and finds possible duplicates.

Signatures others call (records are `StoredRecord`s; links are `Link`s, by 'tool' or a person):

    find_links(records, *, at, new=None) -> list[Link]
        What rules and registry statements say: duplicate, version, study, maybe; distinct only
        where a registry says so. With `new` (store numbers), only pairs that hold a new record.
    with_registry_statements(columns, later, read_on) -> FeatureColumns
        Columns with what registries stated after the records came.
    find_registry_links(records, *, at) -> list[Link]
        All statements of registries as links.
    compute_groups(records, links) -> ReportGroups
        Report and study of every record, computed from the whole log of links. People outrank
        rules; the newest word of a person on a pair counts.
    find_possible_duplicates(records, links) -> list[Link]
        The pairs a person should settle: surest first, pairs already settled left out.
    find_stale_links(records, links, *, at) -> list[Link]
        Withdrawals of earlier tool links that a run over all records would not make any more.
    explain_pair(first, second, links=()) -> Explanation
        Why a pair is joined, asked or kept apart, in words.
    merge_records(records) -> MergedRecord
        One view of a report's records, each field with the record it came from.

For all of them `records` may be `FeatureColumns` read before (`build_columns`,
`append_columns`, `pack_columns`, `unpack_columns`).
Pure: no clock, no files, no network. The same records give the same groups in any order.
"""

from review.dedupe.api import (
    find_links,
    find_possible_duplicates,
    find_registry_links,
    find_stale_links,
    with_registry_statements,
)
from review.dedupe.cache import append_columns, pack_columns, unpack_columns
from review.dedupe.columns import FeatureColumns
from review.dedupe.explanation import Explanation, explain_pair
from review.dedupe.features import build_columns
from review.dedupe.groups import ReportGroups, compute_groups
from review.dedupe.link_log import latest_decisions_by, latest_manual_decisions
from review.dedupe.merging import MergedRecord, merge_records
from review.dedupe.verdicts import BY_HAND, ENGINE, STATED_PREFIX, TOOL, WITHDRAWN

__all__ = [
    "BY_HAND",
    "ENGINE",
    "STATED_PREFIX",
    "TOOL",
    "WITHDRAWN",
    "Explanation",
    "FeatureColumns",
    "MergedRecord",
    "ReportGroups",
    "append_columns",
    "build_columns",
    "compute_groups",
    "explain_pair",
    "find_links",
    "find_possible_duplicates",
    "find_registry_links",
    "find_stale_links",
    "latest_decisions_by",
    "latest_manual_decisions",
    "merge_records",
    "pack_columns",
    "unpack_columns",
    "with_registry_statements",
]
