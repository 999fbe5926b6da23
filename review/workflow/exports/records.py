"""Exports the review's records to files for reference managers and our own import."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from review.dedupe.merging import merge_records
from review.errors import FlowError, ReviewError
from review.formats.export import RECORD_WRITERS
from review.models import Record, StoredRecord
from review.store import records
from review.workflow.deduplication.groups import get_groups_at
from review.workflow.exports import folder, snapshot
from review.workflow.exports import prisma_inputs as flows
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, find_stage
from review.workflow.screening import blinding
from review.workflow.screening import status as standings


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Which records go out, and with what beside them."""

    stage: str | None = None
    """Only reports that have reached this stage."""
    status: str | None = None
    """Only reports with this status at the stage: included, excluded, conflict, ..."""
    unique: bool = False
    """One record a report instead of all its duplicates: their merged view."""
    decisions: bool = True
    """Put key, status and exclusion reason beside each record."""
    reader: str | None = None
    """Who asks. To a reviewer, what is not settled is 'open', whoever has judged it and how."""
    as_of: str | None = None
    """The state at the end of a past day (ISO); now where None."""


@dataclass(frozen=True, slots=True)
class RecordExport:
    """A file of records, and where every record of the review went."""

    data: bytes
    n: int
    """Records in the file."""
    left_out: Mapping[str, int]
    """Why records are not in the file -> how many."""

    def format_sums(self, name: str) -> str:
        """The line that shows records in equal records out."""
        parts = [f"{self.n:,} in {name}", *(f"{n:,} {why}" for why, n in self.left_out.items())]
        return f"{self.n + sum(self.left_out.values()):,} records = {' + '.join(parts)}"


def build_export(
    project: Project, record_format: str, options: ExportOptions | None = None
) -> RecordExport:
    """The records in one format, counted again in the file.

    Raises:
        FlowError: the store lost entries, or the file holds another number than went in.
        ReviewError: no such format or stage, a status without a stage, or no such day.
    """
    options = options or ExportOptions()
    if record_format not in RECORD_WRITERS:
        raise ReviewError(
            f"Unknown record format {record_format!r}; choose from: {', '.join(RECORD_WRITERS)}."
        )
    if options.status and not options.stage:
        raise ReviewError("A status applies to a stage: give the stage as well.")
    chosen, annotations, left_out = _choose_records(project, options)
    data = RECORD_WRITERS[record_format](chosen, annotations)
    if (entry_count := _count_entries(record_format, data)) != len(chosen):
        raise FlowError(
            f"The {record_format} file contains {entry_count} records, not {len(chosen)}: "
            "nothing was written."
        )
    return RecordExport(data, len(chosen), left_out)


def _count_entries(record_format: str, data: bytes) -> int:
    """How many records a file holds, read anew."""
    if record_format == "ris":
        return sum(line.startswith(b"ER  -") for line in data.splitlines())
    if record_format == "bibtex":
        return sum(line.startswith(b"@") for line in data.split(b"\n"))
    if record_format == "json":
        return len(json.loads(data))
    if record_format == "csv":
        return sum(1 for _ in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) - 1
    import openpyxl

    [sheet] = openpyxl.load_workbook(io.BytesIO(data), read_only=True).worksheets
    return sum(1 for _ in sheet.iter_rows()) - 1


def _choose_records(
    project: Project, options: ExportOptions
) -> tuple[list[Record], list[dict[str, str]], dict[str, int]]:
    """The records to export, the notes on each, and why the others are left out."""
    with project.store.read() as conn:
        flows.check_store(conn)
        project, until = snapshot.get_project_in_force(project, conn, options.as_of)
        groups = get_groups_at(conn, until)
        statuses = standings.compute_statuses(project, conn, until=until, groups=groups)
        numbers = records.list_numbers_until(conn, until) if until else None
        all_records: Sequence[StoredRecord] = list(
            records.iter_records(conn, include_undone=until is not None)
        )
        reader = blinding.get_blinded_reader(project, conn, options.reader)
        statuses = blinding.mask_joined_statuses(reader, statuses)
    stage = find_stage(project.protocol, options.stage).id if options.stage else None
    stored = [
        stored_record
        for stored_record in all_records
        if numbers is None or stored_record.id in numbers
    ]
    visible = _get_visible_statuses(statuses, reader)
    if options.status:
        _check_visible_status(options.status, reader)
    merged_records = _merge_reports(stored, groups) if options.unique else {}
    chosen: list[Record] = []
    annotations: list[dict[str, str]] = []
    left_out: Counter[str] = Counter()
    for stored_record in stored:
        report = groups.get(stored_record.id, (stored_record.id, stored_record.id))[0]
        visible_status = visible[stage].get(report) if stage else None
        if options.unique and report != stored_record.id:
            left_out["duplicates omitted"] += 1
        elif stage and visible_status is None:
            left_out[f"that did not reach {stage}"] += 1
        elif options.status and visible_status and visible_status[0] != options.status:
            left_out[f"not {options.status} at {stage}"] += 1
        else:
            chosen.append(merged_records.get(stored_record.id, stored_record.record))
            if options.decisions:
                annotations.append(_annotate_record(visible, stored_record, report, groups))
    return chosen, annotations, dict(left_out)


def _merge_reports(
    stored: Sequence[StoredRecord], groups: dict[int, tuple[int, int]]
) -> dict[int, Record]:
    """Report -> its records as one, for reports of several records."""
    members: dict[int, list[StoredRecord]] = {}
    for stored_record in stored:
        members.setdefault(
            groups.get(stored_record.id, (stored_record.id, stored_record.id))[0], []
        ).append(stored_record)
    return {
        report: merge_records(report_records).record
        for report, report_records in members.items()
        if len(report_records) > 1
    }


VisibleStatuses = dict[str, dict[int, tuple[str, str | None]]]
"""Stage id -> report -> status and reason, as the reader may know them."""


def _get_visible_statuses(
    statuses: standings.StatusesByStage, reader: blinding.BlindedReader | None
) -> VisibleStatuses:
    visible: VisibleStatuses = {}
    for stage, stage_statuses in statuses.items():
        for report, report_status in stage_statuses.items():
            status = blinding.mask_status(reader, stage, report, report_status)
            reason = report_status.reason if status == report_status.status else None
            visible.setdefault(stage, {})[report] = (status, reason)
        visible.setdefault(stage, {})
    return visible


def _check_visible_status(status: str, reader: blinding.BlindedReader | None) -> None:
    visible_statuses = (
        *blinding.SETTLED_STATUSES,
        blinding.OPEN_STATUS,
        *(("conflict",) if reader and reader.adjudicates else ()),
    )
    if reader is not None and status not in visible_statuses:
        raise ReviewError(
            f"{reader.name} is blinded as a reviewer: unresolved records have the status "
            f"{blinding.OPEN_STATUS!r}, so use that status."
        )


def _annotate_record(
    visible: VisibleStatuses,
    stored_record: StoredRecord,
    report: int,
    groups: dict[int, tuple[int, int]],
) -> dict[str, str]:
    """Key, key of the report it duplicates, and status and reason at each stage it has reached."""
    annotation = {"key": stored_record.key}
    if report != stored_record.id:
        annotation["duplicate of"] = records.format_record_key(report)
    study = groups.get(stored_record.id, (stored_record.id, stored_record.id))[1]
    if study != report:
        annotation["study"] = records.format_record_key(study)
    for stage, stage_statuses in visible.items():
        if report in stage_statuses and report == stored_record.id:
            status, reason = stage_statuses[report]
            annotation[stage] = status
            if reason:
                annotation[f"{stage} reason"] = reason
    return annotation


def save_export(
    project: Project, record_format: str, path: Path, options: ExportOptions | None = None
) -> RecordExport:
    """Writes the file, whole or not at all.

    Raises:
        ReviewError: as written, the file cannot be written, or who asks may not export.
    """
    if options is not None and options.reader is not None:
        require_role(project, options.reader, "export")
    export = build_export(project, record_format, options)
    folder.write_files({path.name: export.data}, path.parent)
    return export
