"""Deduplication figures for PRISMA, from the entries, the groups and the log of links."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from review.dedupe.link_log import latest_manual_decisions
from review.dedupe.verdicts import STATED_PREFIX, TOOL, WITHDRAWN
from review.identifiers import is_preprint
from review.models import Link
from review.store import identified, links, records
from review.store.identified import BatchEntry
from review.tables.table import Cell, Table
from review.workflow.deduplication.groups import get_groups_at
from review.workflow.exports.prisma_inputs import find_manual_merges
from review.workflow.project.project import Project

RecordGroups = Mapping[int, tuple[int, int]]
"""Record -> (report, study)."""


@dataclass(frozen=True, slots=True)
class SourceDedupeCounts:
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
    """Entries that occur twice, letter by letter, in an export or in two of them."""
    by_tool: int
    """Records removed as duplicates by a rule or a registry's statement."""
    by_hand: int
    """Records removed because a person joined them."""
    kept: int
    """Records that represent a report."""


@dataclass(frozen=True, slots=True)
class DedupeCounts:
    """Figures of a review's deduplication at one moment."""

    sources: tuple[SourceDedupeCounts, ...]
    overlap: dict[str, dict[str, int]]
    """Source -> source -> reports both hold; on the diagonal, all reports the source holds."""
    only_here: dict[str, int]
    """Source -> reports no other source holds."""
    versions_collapsed: int
    """Preprint records that are a version of a report represented by another record."""
    preprint_links: int
    """Studies that hold a preprint and a journal article."""
    preprint_links_by: dict[str, int]
    """The same studies by who joined them first: a registry's statement, a rule, a person."""
    merges_undone: int
    """Pairs a rule had joined that a person parted, and joins a person took back."""


def compute_counts(project: Project, *, until: datetime | None = None) -> DedupeCounts:
    """The figures at a point in time (now where None)."""
    with project.store.read() as conn:
        groups = get_groups_at(conn, until)
        entries = identified.list_entries(conn, until=until)
        log = links.list_links(conn, until=until)
        record_numbers = {entry.record for entry in entries if entry.record is not None}
        postings = {
            stored.id: stored.record.version or 0
            for stored in records.iter_records(conn, include_undone=True)
            if stored.id in record_numbers and is_preprint(stored.record)
        }
    groups = {n: groups.get(n, (n, n)) for n in record_numbers}
    sources_by_report = _map_sources(groups, entries)
    linked = _count_preprint_links(groups, postings, log)
    return DedupeCounts(
        sources=tuple(_count_by_source(entries, groups, find_manual_merges(log))),
        overlap=_count_overlap(sources_by_report),
        only_here=dict(
            Counter(
                next(iter(source_names))
                for source_names in sources_by_report.values()
                if len(source_names) == 1
            )
        ),
        versions_collapsed=_count_versions(groups, postings),
        preprint_links=sum(linked.values()),
        preprint_links_by=dict(linked),
        merges_undone=_count_undone(log),
    )


def _count_by_source(
    entries: Iterable[BatchEntry], groups: RecordGroups, by_hand: set[int]
) -> Iterable[SourceDedupeCounts]:
    """One row per source, by name."""
    counts: dict[str, Counter[str]] = {}
    for entry in entries:
        counts.setdefault(entry.source, Counter())[_classify_entry(entry, groups, by_hand)] += 1
    for source, count in sorted(counts.items()):
        yield SourceDedupeCounts(
            source,
            found=sum(count.values()),
            **{
                name: count[name]
                for name in ("unread", "harvested_again", "repeated", "by_tool", "by_hand", "kept")
            },
        )


def _classify_entry(entry: BatchEntry, groups: RecordGroups, by_hand: set[int]) -> str:
    if entry.record is None:
        return "unread"
    if entry.already_known:
        return "harvested_again" if entry.kind == "harvest" else "repeated"
    if groups[entry.record][0] == entry.record:
        return "kept"
    return "by_hand" if entry.record in by_hand else "by_tool"


def _map_sources(groups: RecordGroups, entries: Iterable[BatchEntry]) -> dict[int, set[str]]:
    """Report -> the sources that gave a record of it."""
    sources_by_report: dict[int, set[str]] = {}
    for entry in entries:
        if entry.record is not None:
            sources_by_report.setdefault(groups[entry.record][0], set()).add(entry.source)
    return sources_by_report


def _count_overlap(sources_by_report: Mapping[int, set[str]]) -> dict[str, dict[str, int]]:
    names = sorted({name for source_names in sources_by_report.values() for name in source_names})
    counts = Counter(
        (a, b)
        for source_names in sources_by_report.values()
        for a in source_names
        for b in source_names
    )
    return {a: {b: counts[a, b] for b in names} for a in names}


def _count_versions(groups: RecordGroups, postings: Mapping[int, int]) -> int:
    versions: dict[int, set[int]] = {}
    for number, version in postings.items():
        versions.setdefault(groups[number][0], set()).add(version)
    return sum(len(version_numbers) - 1 for version_numbers in versions.values())


def _count_preprint_links(
    groups: RecordGroups, postings: Mapping[int, int], log: Iterable[Link]
) -> Counter[str]:
    """Who joined the studies that hold a preprint and an article -> how many studies."""
    kinds: dict[int, set[bool]] = {}
    for number, (_, study) in groups.items():
        kinds.setdefault(study, set()).add(number in postings)
    linked_studies = {study for study, posting_flags in kinds.items() if len(posting_flags) == 2}
    origin_by_study: dict[int, str] = {}
    for link in log:
        study = groups.get(link.a, (0, 0))[1]
        if (
            study not in linked_studies
            or groups.get(link.b, (0, 0))[1] != study
            or link.verdict != "study"
        ):
            continue
        stated = link.rule.startswith(STATED_PREFIX)
        origin = "registry" if stated else "rule" if link.who == TOOL else "person"
        origin_by_study[study] = min(
            origin_by_study.get(study, origin), origin, key=("registry", "rule", "person").index
        )
    return Counter(origin_by_study.get(study, "rule") for study in linked_studies)


def _count_undone(log: Sequence[Link]) -> int:
    """Pairs a rule joined and a person parted, and joins a person took back."""
    joins = {"duplicate", "version", "study"}
    joined_pairs = {(link.a, link.b) for link in log if link.verdict in joins and link.who == TOOL}
    separated_pairs = {
        pair
        for pair, decision in latest_manual_decisions(log).items()
        if decision.verdict == "distinct"
    }
    last_verdicts: dict[tuple[int, int, str], str | None] = {}
    taken_back = 0
    for link in log:
        if link.who == TOOL:
            continue
        if link.rule == WITHDRAWN and last_verdicts.get((link.a, link.b, link.who)) in joins:
            taken_back += 1
        last_verdicts[link.a, link.b, link.who] = link.verdict
    return len(joined_pairs & separated_pairs) + taken_back


def to_dict(counts: DedupeCounts) -> dict[str, Any]:
    """The figures as plain JSON-ready data."""
    return asdict(counts)


def format_counts(counts: DedupeCounts) -> list[str]:
    """The counts as lines for the terminal."""
    headings = ("found", "again", "repeat", "auto", "manual", "kept")
    rows = [
        "Records from each source: found; harvested again unchanged; repeated within an export;",
        "duplicates removed automatically and manually; kept:",
        " ".join([f"{'source':16}", *(f"{name:>7}" for name in headings)]),
    ]
    rows += [
        f"{source_counts.source:16} {source_counts.found:7} {source_counts.harvested_again:7} "
        f"{source_counts.repeated:7} {source_counts.by_tool:7} "
        f"{source_counts.by_hand:7} {source_counts.kept:7}"
        + (f"  ({source_counts.unread} unreadable)" if source_counts.unread else "")
        for source_counts in counts.sources
    ]
    rows += ["", "Overlap between sources in reports (diagonal: all reports from a source):"]
    names = list(counts.overlap)
    width = max([7, *map(len, names)])
    rows.append(" ".join([f"{'':16}", *(f"{name:>{width}}" for name in names), "unique"]))
    rows += [
        " ".join(
            [
                f"{a:16}",
                *(f"{counts.overlap[a][b]:{width}}" for b in names),
                f"{counts.only_here.get(a, 0):9}",
            ]
        )
        for a in names
    ]
    rows.append("")
    origins = ", ".join(
        f"{count} by {who}" for who, count in sorted(counts.preprint_links_by.items())
    )
    rows.append(f"Preprint versions merged: {counts.versions_collapsed}")
    rows.append(
        f"Preprints linked to their articles: {counts.preprint_links}"
        + (f" ({origins})" if origins else "")
    )
    rows.append(f"Merges undone: {counts.merges_undone}")
    return rows


def build_table(dedupe_counts: DedupeCounts, names: Mapping[str, str] | None = None) -> Table:
    """The figures as a table of a report: a row a source, a row of sums, and the rest as notes.

    Args:
        names: sources as reports print them.
    """
    labels = names or {}
    columns = ("found", "unread", "harvested_again", "repeated", "by_tool", "by_hand", "kept")
    counts = [
        [int(getattr(source_counts, name)) for name in columns]
        for source_counts in dedupe_counts.sources
    ]
    rows: list[tuple[Cell, ...]] = [
        (labels.get(source_counts.source, source_counts.source), *row)
        for source_counts, row in zip(dedupe_counts.sources, counts, strict=True)
    ]
    sums = [sum(column) for column in zip(*counts, strict=True)] or [0] * len(columns)
    origins = ", ".join(
        f"{count} by {who}" for who, count in sorted(dedupe_counts.preprint_links_by.items())
    )
    return Table(
        "deduplication",
        "Deduplication by source",
        (
            "Source",
            "Found",
            "Unreadable",
            "Harvested again",
            "Repeated",
            "Removed automatically",
            "Removed manually",
            "Kept",
        ),
        (*rows, ("All sources", *sums)),
        (
            f"Preprint versions merged: {dedupe_counts.versions_collapsed}.",
            f"Preprints linked to their articles: {dedupe_counts.preprint_links}"
            + (f" ({origins})." if origins else "."),
            f"Merges undone: {dedupe_counts.merges_undone}.",
        ),
    )
