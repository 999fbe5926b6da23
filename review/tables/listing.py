"""Lists of reports: excluded with reasons, included, duplicates, and how sources overlap."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from review.models import Record
from review.tables.citing import reference
from review.tables.table import Cell, Table


@dataclass(frozen=True, slots=True)
class Excluded:
    """One report and why it is out."""

    key: str
    label: str
    record: Record
    stage: str
    reasons: tuple[str, ...]
    """The one that counts first."""
    note: str | None = None


def excluded(rows: Sequence[Excluded], *, name: str, title: str) -> Table:
    """Reports excluded, one row each, with every reason."""
    return Table(
        name,
        title,
        ("Record", "Study", "Reference", "Stage", "Reason", "Further reasons", "Note"),
        tuple(
            (
                one.key,
                one.label,
                reference(one.record),
                one.stage,
                one.reasons[0] if one.reasons else None,
                "; ".join(one.reasons[1:]) or None,
                one.note,
            )
            for one in rows
        ),
        ("The reason that counts in the flow diagram stands first.",),
    )


def included(
    rows: Sequence[tuple[str, str, Record]], studies: Mapping[str, str], kinds: Mapping[str, str]
) -> Table:
    """Reports included: key, label and record of each, with its study and kind where known."""
    return Table(
        "included",
        "Reports included",
        ("Record", "Study", "Kind", "Reference", "Report of the same study as"),
        tuple(
            (
                key,
                label,
                kinds.get(key),
                reference(record),
                studies[key] if studies.get(key, key) != key else None,
            )
            for key, label, record in rows
        ),
    )


@dataclass(frozen=True, slots=True)
class Linked:
    """One record that was joined to another."""

    key: str
    report: str
    """Key of the record that stands for the report, or the study's first report."""
    what: str
    """duplicate, version or study."""
    rule: str
    who: str
    at: str
    source: str
    title: str | None


def duplicates(rows: Sequence[Linked]) -> Table:
    """Every record that was joined to another, by which rule and by whom."""
    return Table(
        "duplicates",
        "Records joined to another record",
        ("Record", "Joined to", "As", "Rule", "By", "When", "Source", "Title"),
        tuple(
            (one.key, one.report, one.what, one.rule, one.who, one.at, one.source, one.title)
            for one in rows
        ),
        (
            "duplicate: the same report; version: another version of it; study: another report of "
            "the same study.",
        ),
    )


def sources(found_by: Mapping[str, Collection[str]]) -> Table:
    """How many reports each pair of sources shares; on the diagonal all of a source's reports,
    and in the last column those no other source brought.

    Args:
        found_by: source -> the reports it brought.
    """
    names = sorted(found_by, key=lambda name: (-len(found_by[name]), name))
    sets = {name: set(found_by[name]) for name in names}
    rows: list[tuple[Cell, ...]] = []
    for one in names:
        others = set().union(*(sets[two] for two in names if two != one))
        shared = [len(sets[one] & sets[two]) for two in names]
        rows.append((one, *shared, len(sets[one] - others)))
    return Table(
        "source-overlap",
        "Reports that sources share",
        ("Source", *names, "Only here"),
        tuple(rows),
        ("Reports after deduplication; the diagonal holds all reports a source brought.",),
    )
