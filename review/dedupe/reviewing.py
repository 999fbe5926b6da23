"""Deduplication of a review's records. Takes stored records and the log of links; gives links,
groups and the doubtful pairs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from review.dedupe import keys, rules
from review.dedupe.columns import Columns, read
from review.dedupe.grouping import STATED, Grouping, Spoken, group
from review.dedupe.linking import Edges, find
from review.records import Link, StoredRecord

TOOL = "tool"
"""Who a link is by where a rule spoke."""
CONTAINER = 3
"""Documents one DOI may seem to name before it is taken for a supplement's."""
WITHDRAWN = "withdrawn"
"""Rule of a link that takes an earlier word of the same person back."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Record number -> the number that stands for its report and for its study (the lowest)."""

    report: dict[int, int]
    study: dict[int, int]
    refused: tuple[Link, ...]
    """Links the constraints kept out of the groups, as doubtful pairs with the reason as note."""


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


def stale(records: Given, links: Iterable[Link], *, at: datetime) -> list[Link]:
    """Withdrawals of the tool's links that a run over all records would no longer make.

    When very many records come to share a key, only neighbours are compared; a link made before
    that must go, so that adding records bit by bit gives what adding them at once gives.
    """
    columns = columns_of(records)
    row = {number: place for place, number in enumerate(columns.ids.tolist())}
    ruled = [link for link in _newest_by_tool(links)
             if link.rule in rules.RULES and link.a in row and link.b in row]  # fmt: skip
    if not ruled:
        return []
    n = len(columns)
    ends = [sorted((row[link.a], row[link.b])) for link in ruled]
    codes = np.array([a * n + b for a, b in ends], np.int64)
    pairs = keys.pairs(columns)
    kept = np.isin(codes, pairs[:, 0] * n + pairs[:, 1])
    gone = {(link.a, link.b) for link, still in zip(ruled, kept.tolist(), strict=True) if not still}
    return [Link(a, b, None, WITHDRAWN, TOOL, at) for a, b in sorted(gone)]


def spoken_of(links: Iterable[Link]) -> dict[tuple[int, int], Link]:
    """Pair -> the newest word of a person on it; withdrawn words are gone, 'maybe' is none."""
    last: dict[tuple[int, int], Link] = {}
    for link in links:
        if link.who != TOOL:
            pair = (min(link.a, link.b), max(link.a, link.b))
            before = last.get(pair)
            if before is None or link.at >= before.at:
                last[pair] = link
    return {
        pair: link
        for pair, link in last.items()
        if link.rule != WITHDRAWN and link.verdict not in (None, "maybe")
    }


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
    together, apart = {}, {}
    for (a, b), link in spoken_of(links).items():
        if a not in row or b not in row:
            continue
        pair = (min(row[a], row[b]), max(row[a], row[b]))
        if link.verdict == "distinct":
            apart[pair] = True
        else:
            together[pair] = _number(link)
    return Spoken(together, apart)


def _grouped(columns: Columns, links: Sequence[Link]) -> Grouping:
    return group(columns, edges_of(columns, links), spoken_rows(columns, links))


def groups(records: Given, links: Sequence[Link]) -> Groups:
    """The report and the study of every record, from the whole log of links.

    Nothing else goes in: withdraw a link and the groups are what they would have been without it.
    """
    columns = columns_of(records)
    found = _grouped(columns, links)
    ids = columns.ids.tolist()
    by_pair = {(link.a, link.b, link.rule): link for link in links if link.who == TOOL}
    refused = []
    for one in found.refused:
        low, high = sorted((ids[one.a], ids[one.b]))
        link = by_pair[low, high, one.rule]
        refused.append(replace(link, verdict="maybe", note=f"would join {one.why}"))
    return Groups(
        {number: ids[lead] for number, lead in zip(ids, found.report, strict=True)},
        {number: ids[lead] for number, lead in zip(ids, found.study, strict=True)},
        tuple(refused),
    )


def _containers(columns: Columns, found: Groups) -> dict[int, tuple[int, int]]:
    """Record -> code of its DOI and the number of documents with it, where above CONTAINER."""
    holders: dict[int, set[int]] = {}
    carried = [
        (n, doi) for n, doi in zip(columns.ids.tolist(), columns.doi.tolist(), strict=True) if doi
    ]
    for number, doi in carried:
        holders.setdefault(doi, set()).add(found.report[number])
    return {
        number: (doi, len(holders[doi])) for number, doi in carried if len(holders[doi]) > CONTAINER
    }


def doubts(records: Given, links: Sequence[Link]) -> list[Link]:
    """The pairs a person should settle, one per pair of groups, surest first.

    Left out: pairs a person has settled, and pairs that are one study already. Of records that
    share a DOI but are more than CONTAINER documents, one pair stands for all, with a note.
    """
    columns = columns_of(records)
    found = groups(columns, links)
    shared = _containers(columns, found)
    settled = {
        tuple(sorted((found.report[a], found.report[b])))
        for a, b in spoken_of(links)
        if a in found.report and b in found.report
    }
    asked: dict[tuple[int, int], Link] = {}
    containers: dict[int, tuple[int, int]] = {}
    maybes = [link for link in _newest_by_tool(links) if link.verdict == "maybe"]
    for link in (*maybes, *found.refused):
        if link.a not in found.study or link.b not in found.study:
            continue
        low, high = sorted((found.report[link.a], found.report[link.b]))
        if found.study[link.a] == found.study[link.b] or (low, high) in settled:
            continue
        doi = shared.get(link.a) if "doi" in link.rule else None
        if doi is not None and doi[0] == shared.get(link.b, (0, 0))[0]:
            low, high = containers.setdefault(doi[0], (low, high))
            link = replace(link, note=f"one DOI on {doi[1]} different records: a supplement, or a "
                                      "wrong DOI")  # fmt: skip
        best = asked.get((low, high))
        if best is None or (link.score or 0, -link.a, -link.b) > (
            best.score or 0,
            -best.a,
            -best.b,
        ):
            asked[low, high] = link
    return sorted(asked.values(), key=lambda link: (-(link.score or 0), link.a, link.b))
