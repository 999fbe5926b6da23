"""Deduplication of a review's records. Takes stored records and the log of links; gives links,
groups and the doubtful pairs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from review.dedupe import rules
from review.dedupe.columns import Columns, read
from review.dedupe.grouping import Grouping, Spoken, group
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


def columns_of(records: Iterable[StoredRecord]) -> Columns:
    """The records' columns, in order of their numbers."""
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


def find_links(
    records: Sequence[StoredRecord], *, at: datetime, new: Collection[int] | None = None
) -> list[Link]:
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
    """Per pair and rule the tool's newest link; a pair's withdrawn links are gone."""
    last: dict[tuple[int, int, str], Link] = {}
    gone: dict[tuple[int, int], datetime] = {}
    for link in links:
        if link.who != TOOL:
            continue
        if link.rule == WITHDRAWN:
            gone[link.a, link.b] = max(link.at, gone.get((link.a, link.b), link.at))
            continue
        key = (link.a, link.b, link.rule)
        if key not in last or link.at >= last[key].at:
            last[key] = link
    return [
        link
        for link in last.values()
        if (link.a, link.b) not in gone or link.at > gone[link.a, link.b]
    ]


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


def groups(records: Sequence[StoredRecord], links: Sequence[Link]) -> Groups:
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


def _containers(records: Sequence[StoredRecord], found: Groups) -> dict[int, tuple[str, int]]:
    """Record -> its DOI and the number of documents that carry it, where more than CONTAINER."""
    holders: dict[str, set[int]] = {}
    for stored in records:
        if stored.record.doi:
            holders.setdefault(stored.record.doi, set()).add(found.report[stored.id])
    return {
        stored.id: (stored.record.doi, len(holders[stored.record.doi]))
        for stored in records
        if stored.record.doi and len(holders[stored.record.doi]) > CONTAINER
    }


def doubts(records: Sequence[StoredRecord], links: Sequence[Link]) -> list[Link]:
    """The pairs a person should settle, one per pair of groups, surest first.

    Left out: pairs a person has settled, and pairs that are one study already. Of records that
    share a DOI but are more than CONTAINER documents, one pair stands for all, with a note.
    """
    found = groups(records, links)
    shared = _containers(records, found)
    settled = {
        tuple(sorted((found.report[a], found.report[b])))
        for a, b in spoken_of(links)
        if a in found.report and b in found.report
    }
    asked: dict[tuple[int, int], Link] = {}
    containers: dict[str, tuple[int, int]] = {}
    maybes = [link for link in _newest_by_tool(links) if link.verdict == "maybe"]
    for link in (*maybes, *found.refused):
        if link.a not in found.study or link.b not in found.study:
            continue
        low, high = sorted((found.report[link.a], found.report[link.b]))
        if found.study[link.a] == found.study[link.b] or (low, high) in settled:
            continue
        doi = shared.get(link.a) if "doi" in link.rule else None
        if doi is not None and doi[0] == shared.get(link.b, ("", 0))[0]:
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
