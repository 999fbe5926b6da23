"""Lists of reports: excluded with reasons, included, duplicates, and overlap between sources."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from review.models import Record
from review.tables.citing import format_reference
from review.tables.table import Cell, Table


@dataclass(frozen=True, slots=True)
class ExcludedReport:
    """One report and the reasons for its exclusion."""

    key: str
    label: str
    record: Record
    stage: str
    reasons: tuple[str, ...]
    """The one that counts comes first."""
    note: str | None = None


def build_excluded_table(reports: Sequence[ExcludedReport], *, name: str, title: str) -> Table:
    """Reports excluded, one row each, with every reason."""
    return Table(
        name,
        title,
        ("Record", "Study", "Reference", "Stage", "Reason", "Other reasons", "Note"),
        tuple(
            (
                report.key,
                report.label,
                format_reference(report.record),
                report.stage,
                report.reasons[0] if report.reasons else None,
                "; ".join(report.reasons[1:]) or None,
                report.note,
            )
            for report in reports
        ),
        ("The reason counted in the flow diagram is listed first.",),
    )


def build_included_table(
    rows: Sequence[tuple[str, str, Record]], studies: Mapping[str, str], kinds: Mapping[str, str]
) -> Table:
    """Reports included: number, label and record, with study and type if known."""
    return Table(
        "included",
        "Reports included",
        ("Record", "Study", "Kind", "Reference", "Same study as"),
        tuple(
            (
                key,
                label,
                kinds.get(key),
                format_reference(record),
                studies[key] if studies.get(key, key) != key else None,
            )
            for key, label, record in rows
        ),
    )


@dataclass(frozen=True, slots=True)
class LinkedRecord:
    """One record merged with another."""

    key: str
    report: str
    """Number of the record that represents the report, or of the study's first report."""
    kind: str
    """duplicate, version or study."""
    rule: str
    linked_by: str
    linked_at: str
    source: str
    title: str | None


def build_duplicates_table(links: Sequence[LinkedRecord]) -> Table:
    """Every record merged with another, with the rule and the person."""
    return Table(
        "duplicates",
        "Records merged with another record",
        ("Record", "Merged with", "As", "Rule", "By", "When", "Source", "Title"),
        tuple(
            (
                link.key,
                link.report,
                link.kind,
                link.rule,
                link.linked_by,
                link.linked_at,
                link.source,
                link.title,
            )
            for link in links
        ),
        (
            "duplicate: same report; version: another version of the report; study: another "
            "report of the same study.",
        ),
    )


def build_source_overlap_table(reports_by_source: Mapping[str, Collection[str]]) -> Table:
    """Number of reports shared by each pair of sources; on the diagonal all reports of a source,
    and in the last column those found by no other source.

    Args:
        found_by: source -> its reports.
    """
    names = sorted(reports_by_source, key=lambda name: (-len(reports_by_source[name]), name))
    report_sets = {name: set(reports_by_source[name]) for name in names}
    rows: list[tuple[Cell, ...]] = []
    for source in names:
        reports_elsewhere = set().union(
            *(report_sets[other_source] for other_source in names if other_source != source)
        )
        shared_counts = [
            len(report_sets[source] & report_sets[other_source]) for other_source in names
        ]
        rows.append((source, *shared_counts, len(report_sets[source] - reports_elsewhere)))
    return Table(
        "source-overlap",
        "Overlap between sources",
        ("Source", *names, "Unique"),
        tuple(rows),
        ("Reports after deduplication. The diagonal shows all reports from a source.",),
    )
