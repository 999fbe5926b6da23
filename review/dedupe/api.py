"""Deduplicates a review's records: from stored records and the log of links to new links and
possible duplicates."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from review.dedupe import blocking, rules
from review.dedupe.clustering import cluster_rows
from review.dedupe.columns import FeatureColumns
from review.dedupe.edges import Edges
from review.dedupe.groups import RecordsOrColumns, to_columns
from review.dedupe.link_log import map_manual_decisions, select_newest_tool_links, to_edges
from review.dedupe.matching import assemble_edges, find_edges, list_statements
from review.dedupe.possible_duplicates import select_possible_duplicates
from review.dedupe.verdicts import IDENTIFIER_RULES, STATED_PREFIX, TOOL, VERDICTS, WITHDRAWN
from review.models import Link, Relation


def to_links(columns: FeatureColumns, edges: Edges, at: datetime) -> list[Link]:
    """The edges as links of the tool, in order of record numbers."""
    ids = columns.ids.tolist()
    links = []
    for edge_index, (a, b, verdict, rule, score) in enumerate(edges.iter_rows()):
        low, high = sorted((ids[a], ids[b]))
        name = edges.names[rule]
        link_score = None if score != score or name in IDENTIFIER_RULES else round(score, 4)
        links.append(
            Link(
                a=low,
                b=high,
                verdict=VERDICTS[verdict],
                rule=name,
                who=TOOL,
                at=at,
                score=link_score,
                note=edges.notes.get(edge_index),
            )
        )
    return sorted(links, key=lambda link: (link.a, link.b, link.rule))


def find_links(
    records: RecordsOrColumns, *, at: datetime, new: Collection[int] | None = None
) -> list[Link]:
    """What rules and registries say of the records' pairs, doubtful ones included.

    Args:
        records: all records that could meet, in any order.
        at: the moment to write into the links.
        new: numbers of the records not compared before; None compares all with all.

    Raises:
        ValueError: two records carry one number.
    """
    columns = to_columns(records)
    is_new = None if new is None else np.isin(columns.ids, np.fromiter(new, np.int64, len(new)))
    return to_links(columns, find_edges(columns, is_new), at)


def with_registry_statements(
    columns: FeatureColumns,
    later_relations: Mapping[int, Sequence[Relation]],
    arrival_dates: Mapping[int, str],
) -> FeatureColumns:
    """The columns with what registries stated of records after these had come.

    Args:
        later: record number -> statements learned since.
        read_on: record number -> ISO date it came on, which dates its undated statements.
    """
    relations = dict(columns.relations)
    ids = columns.ids.tolist()
    for row, number in enumerate(ids):
        if number in later_relations:
            relations[row] = (*relations.get(row, ()), *later_relations[number])
    for row, row_relations in relations.items():
        arrival_date = arrival_dates.get(ids[row])
        relations[row] = tuple(
            relation if relation.said_at else replace(relation, said_at=arrival_date)
            for relation in row_relations
        )
    return replace(columns, relations=relations)


def find_registry_links(records: RecordsOrColumns, *, at: datetime) -> list[Link]:
    """What registries state of the records' pairs, old and new ones: a statement on a record that
    was compared long ago may be learned today."""
    columns = to_columns(records)
    return to_links(columns, assemble_edges((), list_statements(columns)), at)


def find_stale_links(
    records: RecordsOrColumns,
    links: Iterable[Link],
    *,
    at: datetime,
    current_links: Collection[Link] | None = None,
) -> list[Link]:
    """Withdrawals of the tool's links that a run over all records would no longer make.

    When very many records come to share a key, only neighbours are compared; a link made before
    that must go, so that adding records bit by bit gives what adding them at once gives.

    Args:
        found: what a run over all records has found, where there was one: earlier rules' links on
            all other pairs go too.
    """
    columns = to_columns(records)
    if current_links is not None:
        current_pairs = {(link.a, link.b) for link in current_links}
        earlier_pairs = {
            (tool_link.a, tool_link.b)
            for tool_link in select_newest_tool_links(links)
            if not tool_link.rule.startswith(STATED_PREFIX)
        }
        return [
            Link(a=a, b=b, verdict=None, rule=WITHDRAWN, who=TOOL, at=at)
            for a, b in sorted(earlier_pairs - current_pairs)
        ]
    row_by_number = {number: row_index for row_index, number in enumerate(columns.ids.tolist())}
    rule_links = [
        link
        for link in select_newest_tool_links(links)
        if link.rule in rules.RULES and link.a in row_by_number and link.b in row_by_number
    ]
    if not rule_links:
        return []
    n = len(columns)
    row_pairs = [sorted((row_by_number[link.a], row_by_number[link.b])) for link in rule_links]
    codes = np.array([a * n + b for a, b in row_pairs], np.int64)
    pairs = blocking.find_pairs(columns)
    still_found = np.isin(codes, pairs[:, 0] * n + pairs[:, 1])
    stale_pairs = {
        (tool_link.a, tool_link.b)
        for tool_link, still in zip(rule_links, still_found.tolist(), strict=True)
        if not still
    }
    return [
        Link(a=a, b=b, verdict=None, rule=WITHDRAWN, who=TOOL, at=at)
        for a, b in sorted(stale_pairs)
    ]


def find_possible_duplicates(records: RecordsOrColumns, links: Sequence[Link]) -> list[Link]:
    """The pairs a person should settle as links 'maybe', one per pair of reports, surest first.

    Left out: pairs a person has settled, and pairs that are one study already. Records that share
    a DOI or a column's title in great number are one entry, with a note that says so.
    """
    columns = to_columns(records)
    edges, decisions = to_edges(columns, links), map_manual_decisions(columns, links)
    grouping = cluster_rows(columns, edges, decisions)
    settled = {
        (min(grouping.report[a], grouping.report[b]), max(grouping.report[a], grouping.report[b]))
        for a, b in decisions.separations
    }
    ids = columns.ids.tolist()
    at = {(link.a, link.b): link.at for link in links}
    candidate_links = []
    for candidate in select_possible_duplicates(columns, edges, grouping, settled):
        low, high = sorted((ids[candidate.a], ids[candidate.b]))
        score = None if candidate.score is None else round(candidate.score, 4)
        candidate_links.append(
            Link(
                a=low,
                b=high,
                verdict="maybe",
                rule=candidate.rule,
                who=TOOL,
                at=at[low, high],
                score=score,
                note=candidate.why or None,
            )
        )
    return candidate_links
