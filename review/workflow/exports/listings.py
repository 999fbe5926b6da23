"""Lists of a report: excluded with reasons, included, duplicates, source overlap."""

from review import tables
from review.models import Link
from review.protocol.models import Stage, format_stage_name
from review.screening import ScreeningStatus
from review.store import links, retrievals
from review.store.records import format_record_key
from review.store.timestamps import format_timestamp
from review.tables import ExcludedReport, LinkedRecord
from review.tables.table import Table
from review.workflow.exports import duplicates_report
from review.workflow.exports.display_names import DISPLAY_NAMES, KIND_NAMES
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.fulltexts.retrieval_statements import describe_reason


def build_listings(snapshot: ReviewSnapshot) -> list[Table]:
    """Every list, in the order of the flow."""
    dedupe_counts = duplicates_report.compute_counts(snapshot.project, until=snapshot.until)
    result_tables = [
        duplicates_report.build_table(dedupe_counts, DISPLAY_NAMES),
        build_duplicates_table(snapshot),
        build_source_overlap_table(snapshot),
    ]
    result_tables += [
        build_excluded_table(snapshot, stage) for stage in snapshot.project.protocol.stages
    ]
    if any(stage.kind == "eligibility" for stage in snapshot.project.protocol.stages):
        result_tables.append(build_not_retrieved_table(snapshot))
    return [
        *result_tables,
        build_included_table(snapshot),
        tables.build_flow_table(snapshot.flow, DISPLAY_NAMES),
    ]


def build_excluded_table(snapshot: ReviewSnapshot, stage: Stage) -> Table:
    """Reports excluded at one stage, with every reason."""
    rows = []
    for report, report_status in sorted(snapshot.statuses[stage.id].items()):
        if report_status.status != "excluded":
            continue
        stored = snapshot.records[report]
        label = snapshot.labels.get(report) or tables.build_label(stored.record)
        rows.append(
            ExcludedReport(
                key=format_record_key(report),
                label=label,
                record=stored.record,
                stage=format_stage_name(stage),
                reasons=_list_reasons(report_status, stage),
                note=_join_notes(report_status),
            )
        )
    title = f"Reports excluded at the stage: {format_stage_name(stage)}"
    return tables.build_excluded_table(rows, name=f"excluded-{stage.id}", title=title)


def _list_reasons(report_status: ScreeningStatus, stage: Stage) -> tuple[str, ...]:
    if not report_status.reason:
        return ()
    if stage.kind == "quality":
        return tuple(part.strip() for part in report_status.reason.split(";"))
    other_reasons = [
        decision.reason
        for decision in report_status.decisions
        if decision.reason and decision.reason != report_status.reason
    ]
    return (report_status.reason, *dict.fromkeys(other_reasons))


def _join_notes(report_status: ScreeningStatus) -> str | None:
    return (
        " / ".join(
            dict.fromkeys(decision.note for decision in report_status.decisions if decision.note)
        )
        or None
    )


def build_not_retrieved_table(snapshot: ReviewSnapshot) -> Table:
    """Reports whose full text could not be had, and why."""
    with snapshot.project.store.read() as conn:
        attempts = retrievals.list_newest_attempts(conn, until=snapshot.until)
    counted_keys = {key for line in snapshot.flow.main.not_retrieved for key in line.ids or ()} | {
        key
        for line in (snapshot.flow.other.not_retrieved if snapshot.flow.other else ())
        for key in line.ids or ()
    }
    rows = []
    for number, attempt in sorted(attempts.items()):
        report = snapshot.groups.get(number, (number, number))[0]
        if format_record_key(report) in counted_keys:
            counted_keys.discard(format_record_key(report))
            stored = snapshot.records[report]
            label = snapshot.labels.get(report) or tables.build_label(stored.record)
            reason = describe_reason(attempt)
            reasons = (reason,) if reason else ()
            rows.append(
                ExcludedReport(
                    format_record_key(report), label, stored.record, "retrieval", reasons
                )
            )
    return tables.build_excluded_table(rows, name="not-retrieved", title="Reports not retrieved")


def build_included_table(snapshot: ReviewSnapshot) -> Table:
    """Reports included, with kind and the other reports of the same study."""
    rows = [
        (format_record_key(n), snapshot.labels[n], snapshot.records[n].record)
        for n in snapshot.included
    ]
    kinds = {key: KIND_NAMES.get(kind, kind) for key, kind in snapshot.inputs.kinds.items()}
    first_report: dict[str, str] = {}
    studies = {}
    for key, _, _ in rows:
        study = snapshot.inputs.studies.get(key, key)
        studies[key] = first_report.setdefault(study, key)
    return tables.build_included_table(rows, studies, kinds)


def build_duplicates_table(snapshot: ReviewSnapshot) -> Table:
    """Records joined to another record, with the newest word that joins them."""
    with snapshot.project.store.read() as conn:
        all_links = links.list_links(conn, until=snapshot.until)
    by_record: dict[int, list[Link]] = {}
    for link in all_links:
        by_record.setdefault(link.a, []).append(link)
        by_record.setdefault(link.b, []).append(link)
    rows = []
    for number, (report, study) in sorted(snapshot.groups.items()):
        target_number = report if report != number else study
        if target_number == number:
            continue
        joining_links = [
            link
            for link in by_record.get(number, ())
            if link.verdict in ("duplicate", "version", "study")
            and _shares_group(snapshot, link, report, study)
        ]
        newest_link = joining_links[-1] if joining_links else None
        relation_kind = (newest_link.verdict if newest_link and report != number else None) or (
            "duplicate" if report != number else "study"
        )
        record = snapshot.records[number].record
        rows.append(
            LinkedRecord(
                key=format_record_key(number),
                report=format_record_key(target_number),
                kind=relation_kind,
                rule=newest_link.rule if newest_link else "through other records",
                linked_by=newest_link.who if newest_link else "tool",
                linked_at=format_timestamp(newest_link.at)[:10] if newest_link else "",
                source=DISPLAY_NAMES.get(record.source, record.source),
                title=record.title,
            )
        )
    return tables.build_duplicates_table(rows)


def _shares_group(snapshot: ReviewSnapshot, link: Link, report: int, study: int) -> bool:
    """Whether a link's two records are still in one report, or in one study."""
    link_groups = [snapshot.groups.get(number, (number, number)) for number in (link.a, link.b)]
    return all(group[0] == report for group in link_groups) or all(
        group[1] == study for group in link_groups
    )


def build_source_overlap_table(snapshot: ReviewSnapshot) -> Table:
    """How many reports each pair of sources shares."""
    reports_by_source: dict[str, set[str]] = {}
    for entry in snapshot.inputs.entries:
        if not entry.unread:
            name = DISPLAY_NAMES.get(entry.source, entry.source)
            reports_by_source.setdefault(name, set()).add(entry.report)
    return tables.build_source_overlap_table(reports_by_source)
