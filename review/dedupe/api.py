"""Deduplication of a review's records. Takes stored records and the log of links; gives links,
groups and the doubtful pairs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from review.dedupe import blocking, rules
from review.dedupe.clustering import STATED, Spoken, group
from review.dedupe.features import Columns, read
from review.dedupe.matching import Edges, assembled, find, statements
from review.dedupe.possible_duplicates import doubtful
from review.models import Link, Relation, StoredRecord

TOOL = "tool"
"""Who a link is by where a rule spoke."""
WITHDRAWN = "withdrawn"
"""Rule of a link that takes an earlier word of the same person back."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Record number -> the number that stands for its report and for its study (the lowest)."""

    report: dict[int, int]
    study: dict[int, int]


Given = Columns | Sequence[StoredRecord]
"""Records, or their columns where they were read before."""


def columns_of(records: Given) -> Columns:
    """The records' columns, in order of their numbers; columns are handed back as they are."""
    if isinstance(records, Columns):
        return records
    ordered = sorted(records, key=lambda stored: stored.id)
    return read((stored.id, stored.record) for stored in ordered)


def to_links(columns: Columns, edges: Edges, at: datetime) -> list[Link]:
    """The edges as links of the tool, in order of record numbers."""
    ids = columns.ids.tolist()
    found = []
    for place, (a, b, verdict, rule, score) in enumerate(
        zip(edges.a.tolist(), edges.b.tolist(), edges.verdict.tolist(), edges.rule.tolist(),
            edges.score.tolist(), strict=True)
    ):  # fmt: skip
        low, high = sorted((ids[a], ids[b]))
        name = edges.names[rule]
        known = None if score != score or name in rules.SURE else round(score, 4)
        found.append(Link(low, high, rules.VERDICTS[verdict], name, TOOL, at, known,
                          edges.notes.get(place)))  # fmt: skip
    return sorted(found, key=lambda link: (link.a, link.b, link.rule))


def find_links(records: Given, *, at: datetime, new: Collection[int] | None = None) -> list[Link]:
    """What rules and registries say of the records' pairs, doubtful ones included.

    Args:
        records: all records that could meet, in any order.
        at: the moment to write into the links.
        new: numbers of the records not compared before; None compares all with all.

    Raises:
        ValueError: two records carry one number.
    """
    columns = columns_of(records)
    fresh = None if new is None else np.isin(columns.ids, np.fromiter(new, np.int64, len(new)))
    return to_links(columns, find(columns, fresh), at)


def told(
    columns: Columns, later: Mapping[int, Sequence[Relation]], read_on: Mapping[int, str]
) -> Columns:
    """The columns with what registries stated of records after these had come.

    Args:
        later: record number -> statements learned since.
        read_on: record number -> ISO date it came on, which dates its undated statements.
    """
    relations = dict(columns.relations)
    ids = columns.ids.tolist()
    for row, number in enumerate(ids):
        if number in later:
            relations[row] = (*relations.get(row, ()), *later[number])
    for row, said in relations.items():
        read = read_on.get(ids[row])
        relations[row] = tuple(one if one.said_at else replace(one, said_at=read) for one in said)
    return replace(columns, relations=relations)


def stated_links(records: Given, *, at: datetime) -> list[Link]:
    """What registries state of the records' pairs, old and new ones: a statement on a record that
    was compared long ago may be learned today."""
    columns = columns_of(records)
    return to_links(columns, assembled((), statements(columns)), at)


def stale(
    records: Given,
    links: Iterable[Link],
    *,
    at: datetime,
    found: Collection[Link] | None = None,
) -> list[Link]:
    """Withdrawals of the tool's links that a run over all records would no longer make.

    When very many records come to share a key, only neighbours are compared; a link made before
    that must go, so that adding records bit by bit gives what adding them at once gives.

    Args:
        found: what a run over all records has found, where there was one: earlier rules' links on
            all other pairs go too.
    """
    columns = columns_of(records)
    if found is not None:
        kept = {(link.a, link.b) for link in found}
        old = {(x.a, x.b) for x in _newest_by_tool(links) if not x.rule.startswith(STATED)}
        return [Link(a, b, None, WITHDRAWN, TOOL, at) for a, b in sorted(old - kept)]
    row = {number: place for place, number in enumerate(columns.ids.tolist())}
    ruled = [link for link in _newest_by_tool(links)
             if link.rule in rules.RULES and link.a in row and link.b in row]  # fmt: skip
    if not ruled:
        return []
    n = len(columns)
    ends = [sorted((row[link.a], row[link.b])) for link in ruled]
    codes = np.array([a * n + b for a, b in ends], np.int64)
    pairs = blocking.pairs(columns)
    there = np.isin(codes, pairs[:, 0] * n + pairs[:, 1])
    gone = {(x.a, x.b) for x, still in zip(ruled, there.tolist(), strict=True) if not still}
    return [Link(a, b, None, WITHDRAWN, TOOL, at) for a, b in sorted(gone)]


def spoken_of(links: Iterable[Link]) -> dict[tuple[int, int], Link]:
    """Pair -> the newest word of a person on it. Expects links in order of arrival.

    Somebody who takes their word back leaves an earlier word of somebody else standing; 'maybe'
    is no word.
    """
    said: dict[tuple[int, int], dict[str, Link]] = {}
    for link in links:
        if link.who != TOOL:
            people = said.setdefault((min(link.a, link.b), max(link.a, link.b)), {})
            people.pop(link.who, None)
            if link.rule != WITHDRAWN and link.verdict not in (None, "maybe"):
                people[link.who] = link
    return {pair: list(people.values())[-1] for pair, people in said.items() if people}


def words_of(links: Iterable[Link], who: str) -> dict[tuple[int, int], Link]:
    """Pair -> what this person last said of it and has not taken back."""
    return spoken_of(link for link in links if link.who == who)


def _newest_by_tool(links: Iterable[Link]) -> list[Link]:
    """Per pair what the tool said last: registry statements, and the newest rule's link.

    Expects links in order of arrival. A withdrawal takes a rule's link back, never a statement.
    """
    last: dict[tuple[int, int, str], Link] = {}
    for link in links:
        if link.who != TOOL:
            continue
        stated = link.rule if link.rule.startswith(STATED) else ""
        if link.rule == WITHDRAWN:
            last.pop((link.a, link.b, ""), None)
        else:
            last[link.a, link.b, stated] = link
    return list(last.values())


def _number(link: Link) -> int:
    """The verdict's place in rules.VERDICTS."""
    return max(place for place, name in enumerate(rules.VERDICTS) if name == link.verdict)


def edges_of(columns: Columns, links: Iterable[Link]) -> Edges:
    """The tool's links as edges among rows."""
    row = {number: place for place, number in enumerate(columns.ids.tolist())}
    kept = [link for link in _newest_by_tool(links) if link.a in row and link.b in row]
    names = tuple(dict.fromkeys((*rules.RULES, *(link.rule for link in kept))))
    index = {name: place for place, name in enumerate(names)}
    return Edges(
        a=np.array([row[link.a] for link in kept], np.int64),
        b=np.array([row[link.b] for link in kept], np.int64),
        verdict=np.array([_number(link) for link in kept], np.int8),
        rule=np.array([index[link.rule] for link in kept], np.int16),
        score=np.array([np.nan if link.score is None else link.score for link in kept], np.float32),
        names=names,
        notes={},
    )


def spoken_rows(columns: Columns, links: Iterable[Link]) -> Spoken:
    """What people last said, by rows."""
    row = {number: place for place, number in enumerate(columns.ids.tolist())}
    together, apart = {}, set()
    newest_first = sorted(spoken_of(links).values(), key=lambda one: one.at, reverse=True)
    for link in newest_first:
        if link.a not in row or link.b not in row:
            continue
        pair = (min(row[link.a], row[link.b]), max(row[link.a], row[link.b]))
        if link.verdict == "distinct":
            apart.add(pair)
        else:
            together[pair] = _number(link)
    return Spoken(together, frozenset(apart))


def groups(records: Given, links: Sequence[Link]) -> Groups:
    """The report and the study of every record, from the whole log of links.

    Nothing else goes in: withdraw a link and the groups are what they would have been without it.
    """
    columns = columns_of(records)
    found = group(columns, edges_of(columns, links), spoken_rows(columns, links))
    ids = columns.ids.tolist()
    return Groups(
        {number: ids[lead] for number, lead in zip(ids, found.report, strict=True)},
        {number: ids[lead] for number, lead in zip(ids, found.study, strict=True)},
    )


def doubts(records: Given, links: Sequence[Link]) -> list[Link]:
    """The pairs a person should settle as links 'maybe', one per pair of reports, surest first.

    Left out: pairs a person has settled, and pairs that are one study already. Records that share
    a DOI or a column's title in great number are one entry, with a note that says so.
    """
    columns = columns_of(records)
    edges, spoken = edges_of(columns, links), spoken_rows(columns, links)
    found = group(columns, edges, spoken)
    settled = {
        (min(found.report[a], found.report[b]), max(found.report[a], found.report[b]))
        for a, b in spoken.apart
    }
    ids = columns.ids.tolist()
    at = {(link.a, link.b): link.at for link in links}
    asked = []
    for one in doubtful(columns, edges, found, settled):
        low, high = sorted((ids[one.a], ids[one.b]))
        score = None if one.score is None else round(one.score, 4)
        asked.append(
            Link(low, high, "maybe", one.rule, TOOL, at[low, high], score, one.why or None)
        )
    return asked
