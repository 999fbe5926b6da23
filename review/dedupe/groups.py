"""The report and study of each record, computed from the log of links."""

from collections.abc import Sequence
from dataclasses import dataclass

from review.dedupe.clustering import cluster_rows
from review.dedupe.columns import FeatureColumns
from review.dedupe.features import build_columns
from review.dedupe.link_log import map_manual_decisions, to_edges
from review.models import Link, StoredRecord


@dataclass(frozen=True, slots=True)
class ReportGroups:
    """Record number -> the number that represents its report and its study (the lowest)."""

    report: dict[int, int]
    study: dict[int, int]


RecordsOrColumns = FeatureColumns | Sequence[StoredRecord]
"""Records, or their columns where they were read before."""


def to_columns(records: RecordsOrColumns) -> FeatureColumns:
    """The records' columns, in order of their numbers; columns are handed back as they are."""
    if isinstance(records, FeatureColumns):
        return records
    ordered = sorted(records, key=lambda stored: stored.id)
    return build_columns((stored.id, stored.record) for stored in ordered)


def compute_groups(records: RecordsOrColumns, links: Sequence[Link]) -> ReportGroups:
    """The report and the study of every record, from the whole log of links.

    Nothing else goes in: withdraw a link and the groups are what they would have been without it.
    A record that no link names is a group of its own, so its text is not read.
    """
    if isinstance(records, FeatureColumns):
        return _group_rows(records, links)
    numbers = sorted(stored.id for stored in records)
    linked = {number for link in links for number in (link.a, link.b)}
    groups = _group_rows(to_columns([record for record in records if record.id in linked]), links)
    return ReportGroups(
        {number: groups.report.get(number, number) for number in numbers},
        {number: groups.study.get(number, number) for number in numbers},
    )


def _group_rows(columns: FeatureColumns, links: Sequence[Link]) -> ReportGroups:
    grouping = cluster_rows(columns, to_edges(columns, links), map_manual_decisions(columns, links))
    ids = columns.ids.tolist()
    return ReportGroups(
        {number: ids[lead] for number, lead in zip(ids, grouping.report, strict=True)},
        {number: ids[lead] for number, lead in zip(ids, grouping.study, strict=True)},
    )
