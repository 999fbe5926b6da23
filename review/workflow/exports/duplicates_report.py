"""Figures on duplicates for PRISMA: counted from the entries, the groups and the log of links."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from review import dedupe
from review.models import Link
from review.store import identified, links, records
from review.store.identified import Arrival
from review.tables.table import Cell, Table
from review.workflow.deduplication.groups import groups_at
from review.workflow.exports.prisma_inputs import joined_by_hand
from review.workflow.project.project import Project

Groups = Mapping[int, tuple[int, int]]
"""Record -> (report, study)."""


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What became of one source's entries. found = unread + harvested_again + repeated + by_tool +
    by_hand + kept."""

    source: str
    found: int
    """Entries the source gave, each time it gave them."""
    unread: int
    """Entries that could not be parsed."""
    harvested_again: int
    """Entries a later harvest gave exactly as before."""
    repeated: int
    """Entries that stand twice, letter by letter, in an export or in two of them."""
    by_tool: int
    """Records removed as duplicates by a rule or a registry's statement."""
    by_hand: int
    """Records removed because a person joined them."""
    kept: int
    """Records that stand for a report."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a review's deduplication at one moment."""

    sources: tuple[SourceFigures, ...]
    overlap: dict[str, dict[str, int]]
    """Source -> source -> reports both hold; on the diagonal, all reports the source holds."""
    only_here: dict[str, int]
    """Source -> reports no other source holds."""
    versions_collapsed: int
    """Preprint records that are a version of a report another record stands for."""
    preprint_links: int
    """Studies that hold a preprint and a journal article."""
    preprint_links_by: dict[str, int]
    """The same studies by who joined them first: a registry's statement, a rule, a person."""
    merges_undone: int
    """Pairs a rule had joined that a person parted, and joins a person took back."""


def figures(project: Project, *, until: datetime | None = None) -> Figures:
    """The figures at a moment (now where None)."""
    with project.store.read() as conn:
        groups = groups_at(conn, until)
        entries = identified.every(conn, until=until)
        log = links.every(conn, until=until)
        here = {one.record for one in entries if one.record is not None}
        postings = {
            x.id: x.record.version or 0
            for x in records.every(conn)
            if x.id in here and dedupe.is_posting(x.record)
        }
    groups = {n: groups.get(n, (n, n)) for n in here}
    held = _held(groups, entries)
    linked = _preprint_links(groups, postings, log)
    return Figures(
        sources=tuple(_sources(entries, groups, joined_by_hand(log))),
        overlap=_overlap(held),
        only_here=dict(Counter(next(iter(some)) for some in held.values() if len(some) == 1)),
        versions_collapsed=_versions(groups, postings),
        preprint_links=sum(linked.values()),
        preprint_links_by=dict(linked),
        merges_undone=_undone(log),
    )


def _sources(
    entries: Iterable[Arrival], groups: Groups, by_hand: set[int]
) -> Iterable[SourceFigures]:
    """One row a source, by name."""
    counts: dict[str, Counter[str]] = {}
    for one in entries:
        counts.setdefault(one.source, Counter())[_fate(one, groups, by_hand)] += 1
    for source, count in sorted(counts.items()):
        yield SourceFigures(source, found=sum(count.values()), **{
            name: count[name]
            for name in ("unread", "harvested_again", "repeated", "by_tool", "by_hand", "kept")
        })  # fmt: skip


def _fate(one: Arrival, groups: Groups, by_hand: set[int]) -> str:
    if one.record is None:
        return "unread"
    if one.again:
        return "harvested_again" if one.kind == "harvest" else "repeated"
    if groups[one.record][0] == one.record:
        return "kept"
    return "by_hand" if one.record in by_hand else "by_tool"


def _held(groups: Groups, entries: Iterable[Arrival]) -> dict[int, set[str]]:
    """Report -> the sources that gave a record of it."""
    found: dict[int, set[str]] = {}
    for one in entries:
        if one.record is not None:
            found.setdefault(groups[one.record][0], set()).add(one.source)
    return found


def _overlap(held: Mapping[int, set[str]]) -> dict[str, dict[str, int]]:
    names = sorted({name for some in held.values() for name in some})
    counts = Counter((a, b) for some in held.values() for a in some for b in some)
    return {a: {b: counts[a, b] for b in names} for a in names}


def _versions(groups: Groups, postings: Mapping[int, int]) -> int:
    versions: dict[int, set[int]] = {}
    for number, version in postings.items():
        versions.setdefault(groups[number][0], set()).add(version)
    return sum(len(some) - 1 for some in versions.values())


def _preprint_links(
    groups: Groups, postings: Mapping[int, int], log: Iterable[Link]
) -> Counter[str]:
    """Who joined the studies that hold a preprint and an article -> how many studies."""
    kinds: dict[int, set[bool]] = {}
    for number, (_, study) in groups.items():
        kinds.setdefault(study, set()).add(number in postings)
    both = {study for study, some in kinds.items() if len(some) == 2}
    by: dict[int, str] = {}
    for one in log:
        study = groups.get(one.a, (0, 0))[1]
        if study not in both or groups.get(one.b, (0, 0))[1] != study or one.verdict != "study":
            continue
        stated = one.rule.startswith(dedupe.STATED)
        said = "registry" if stated else "rule" if one.who == dedupe.TOOL else "person"
        by[study] = min(by.get(study, said), said, key=("registry", "rule", "person").index)
    return Counter(by.get(study, "rule") for study in both)


def _undone(log: Sequence[Link]) -> int:
    """Pairs a rule joined and a person parted, and joins a person took back."""
    joins = {"duplicate", "version", "study"}
    joined = {(one.a, one.b) for one in log if one.verdict in joins and one.who == dedupe.TOOL}
    parted = {pair for pair, one in dedupe.spoken_of(log).items() if one.verdict == "distinct"}
    said: dict[tuple[int, int, str], str | None] = {}
    taken_back = 0
    for one in log:
        if one.who == dedupe.TOOL:
            continue
        if one.rule == dedupe.WITHDRAWN and said.get((one.a, one.b, one.who)) in joins:
            taken_back += 1
        said[one.a, one.b, one.who] = one.verdict
    return len(joined & parted) + taken_back


def as_dict(found: Figures) -> dict[str, Any]:
    """The figures as plain JSON-ready data."""
    return asdict(found)


def lines(found: Figures) -> list[str]:
    """The figures for people."""
    heads = ("found", "again", "repeat", "tool", "hand", "kept")
    rows = [
        "Entries each source gave; of these harvested again as they were, repeated in an export,",
        "removed as duplicates by the tool and by hand, and kept:",
        " ".join([f"{'source':16}", *(f"{name:>7}" for name in heads)]),
    ]
    rows += [
        f"{one.source:16} {one.found:7} {one.harvested_again:7} {one.repeated:7} {one.by_tool:7} "
        f"{one.by_hand:7} {one.kept:7}" + (f"  ({one.unread} unreadable)" if one.unread else "")
        for one in found.sources
    ]
    rows += ["", "Reports that sources share (on the diagonal: all a source holds):"]
    names = list(found.overlap)
    wide = max([7, *map(len, names)])
    rows.append(" ".join([f"{'':16}", *(f"{name:>{wide}}" for name in names), "only here"]))
    rows += [
        " ".join([f"{a:16}", *(f"{found.overlap[a][b]:{wide}}" for b in names),
                  f"{found.only_here.get(a, 0):9}"])
        for a in names
    ]  # fmt: skip
    rows.append("")
    by = ", ".join(f"{count} by {who}" for who, count in sorted(found.preprint_links_by.items()))
    rows.append(f"Versions of preprints collapsed: {found.versions_collapsed}")
    rows.append(
        f"Preprints joined to their articles: {found.preprint_links}" + (f" ({by})" if by else "")
    )
    rows.append(f"Merges undone: {found.merges_undone}")
    return rows


def table(found: Figures, names: Mapping[str, str] | None = None) -> Table:
    """The figures as a table of a report: a row a source, a row of sums, and the rest as notes.

    Args:
        names: sources as reports print them.
    """
    named = names or {}
    columns = ("found", "unread", "harvested_again", "repeated", "by_tool", "by_hand", "kept")
    counts = [[int(getattr(one, name)) for name in columns] for one in found.sources]
    rows: list[tuple[Cell, ...]] = [
        (named.get(one.source, one.source), *row)
        for one, row in zip(found.sources, counts, strict=True)
    ]
    sums = [sum(column) for column in zip(*counts, strict=True)] or [0] * len(columns)
    by = ", ".join(f"{count} by {who}" for who, count in sorted(found.preprint_links_by.items()))
    return Table(
        "deduplication",
        "Deduplication by source",
        ("Source", "Found", "Unreadable", "Harvested again", "Repeated", "Removed by tool",
         "Removed by hand", "Kept"),
        (*rows, ("All sources", *sums)),
        (
            f"Versions of preprints collapsed: {found.versions_collapsed}.",
            f"Preprints joined to their articles: {found.preprint_links}"
            + (f" ({by})." if by else "."),
            f"Merges undone: {found.merges_undone}.",
        ),
    )  # fmt: skip
