"""The full report as a set of files: figures, tables, texts, references, log, manifest."""

import hashlib
import json
import platform
from collections.abc import Callable, Collection, Mapping
from functools import partial
from importlib import metadata
from typing import Any

from review import tables
from review.errors import FlowError
from review.figures import convert
from review.formats import deterministic_zip
from review.formats.export import RECORD_WRITERS as RECORDS
from review.formats.revman import StudyReference, references_to_revman
from review.models import StoredRecord
from review.prisma import count_flow, format_conservation, map_outcomes, validate
from review.protocol.models import format_stage_name
from review.store import log
from review.store.records import format_record_key, parse_record_key
from review.tables.documents import TABLE_WRITERS as TABLES
from review.tables.documents import build_html_page, table_to_html
from review.tables.office import tables_to_docx, tables_to_xlsx
from review.tables.table import Table
from review.workflow.exports import (
    accuracy,
    appraisals,
    automation,
    bias_tables,
    dataset_overlap,
    image_audits,
    listings,
    methods_text,
    prisma,
    prisma_checklists,
)
from review.workflow.exports import prisma_s as search
from review.workflow.exports.search_runs import list_searches
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.imaging import label_reading
from review.workflow.screening import blinding

PAPER_COLUMNS, PAPER_ROWS = 16, 3000
"""A table with more is no use on paper: it goes out as CSV, XLSX and HTML only."""
RECORD_FORMS = {"ris": "ris", "bibtex": "bib", "csv": "csv"}
LIBRARIES = ("openpyxl", "python-docx", "sqlalchemy", "streamlit", "vl-convert-python")
ProgressCallback = Callable[[str, float], object]
"""Told before each part: its name, and the share of the parts that are done (0 to 1)."""
ReportPart = tuple[str, Callable[[], dict[str, bytes]]]


def build_report_files(
    snapshot: ReviewSnapshot,
    progress: ProgressCallback | None = None,
    reader: str | None = None,
    *,
    pictures: bool = False,
) -> dict[str, bytes]:
    """Path -> content of every file of the report. The same store and day give the same bytes.

    Args:
        reader: who asks for it. For a reviewer the log leaves out what others decided and noted on
            reports that are not settled, and says how many entries those are; nor do such reports
            count in the table of agreement.
        pictures: with the sheets of image audits, which may show names burnt into a film.

    Raises:
        FlowError: the boxes do not sum, or records were lost on the way to a file; names them.
    """
    validate(snapshot.flow)
    files: dict[str, bytes] = {}
    parts = _list_parts(snapshot, reader, pictures=pictures)
    for finished_parts, (name, part) in enumerate(parts):
        if progress:
            progress(name, finished_parts / len(parts))
        files |= part()
    files["manifest.json"] = _build_manifest(snapshot, files)
    return files


def _list_parts(
    snapshot: ReviewSnapshot, reader: str | None, *, pictures: bool = False
) -> list[ReportPart]:
    """The parts in order; figures, which take longest, one instrument at a time."""
    parts: list[ReportPart] = [
        ("PRISMA flow diagram", lambda: _prefix_paths("", prisma.build_files(snapshot)))
    ]
    for instrument in appraisals.list_instruments(snapshot):
        draw = partial(appraisals.draw_figures, snapshot, instrument)
        parts.append((f"figures of {instrument.checklist.short}", partial(_place_in_figures, draw)))
    return [
        *parts,
        (
            "figure of public datasets",
            partial(_place_in_figures, partial(_draw_dataset_overlap, snapshot)),
        ),
        ("tables", lambda: _write_tables(snapshot, reader)),
        ("records", lambda: _write_records(snapshot)),
        ("accuracy", lambda: _prefix_paths("accuracy/", accuracy.build_files(snapshot))),
        ("image audits", lambda: image_audits.build_files(snapshot, pictures=pictures)),
        ("texts", lambda: _write_texts(snapshot)),
        ("log", lambda: {"log.jsonl": _write_log(snapshot, reader)}),
    ]


def _place_in_figures(draw: Callable[[], dict[str, bytes]]) -> dict[str, bytes]:
    return _prefix_paths("figures/", draw())


def _prefix_paths(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}{name}": data for name, data in files.items()}


def draw_preview_figures(snapshot: ReviewSnapshot) -> dict[str, str]:
    """Name -> SVG of every figure, for previews: one page each of traffic lights."""
    from review.figures import judgements

    previews = {"PRISMA 2020 flow": prisma.draw_diagram(snapshot)}
    for instrument in appraisals.list_instruments(snapshot):
        checklist = instrument.checklist
        if columns := appraisals.list_judgement_columns(checklist):
            rows = appraisals.build_rows(snapshot, instrument)
            previews[f"{checklist.short}: summary"] = judgements.draw_summary(
                appraisals.build_study_rows(snapshot, instrument),
                columns,
                tool=checklist.short,
                notes=appraisals.describe_model_rule(instrument),
            )
            pages = judgements.draw_traffic_lights(rows, columns, tool=checklist.short)
            for number, page in enumerate(pages, 1):
                page_label = f" {number}" if len(pages) > 1 else ""
                previews[f"{checklist.short}: by study{page_label}"] = page
            continue
        previews[f"{checklist.short}: by item"] = appraisals.draw_item_bars(snapshot, instrument)
        distribution_svg = appraisals.draw_score_distribution(snapshot, instrument)
        if distribution_svg:
            previews[f"{checklist.short}: score"] = distribution_svg
    forest_svg = accuracy.draw_figure(snapshot)
    if forest_svg:
        previews["Sensitivity and specificity"] = forest_svg
    dataset_matrix = dataset_overlap.build_matrix(snapshot)
    if dataset_matrix:
        previews["Public datasets"] = dataset_overlap.draw_graph(dataset_matrix)
    return previews


def _draw_dataset_overlap(snapshot: ReviewSnapshot) -> dict[str, bytes]:
    dataset_matrix = dataset_overlap.build_matrix(snapshot)
    return (
        prisma.render_all_formats("dataset-overlap", dataset_overlap.draw_graph(dataset_matrix))
        if dataset_matrix
        else {}
    )


def build_all_tables(snapshot: ReviewSnapshot, reader: str | None = None) -> list[Table]:
    """Every table of the report, in the order of the review's stages."""
    facts = methods_text.collect_checklist_facts(snapshot)
    dta_checklist = prisma_checklists.build_prisma_dta_checklist(snapshot.project.protocol, facts)
    result_tables = [
        prisma_checklists.build_prisma_checklist(facts),
        *([dta_checklist] if dta_checklist else []),
        search.build_prisma_s_table(snapshot),
    ]
    result_tables.append(search.build_search_log(list_searches(snapshot.project, snapshot.until)))
    if (messages_table := search.build_query_messages_table(snapshot)) is not None:
        result_tables.append(messages_table)
    result_tables += listings.build_listings(snapshot)
    result_tables += [
        bias_tables.mark_corrected(snapshot, table)
        for table in appraisals.build_characteristics_tables(snapshot)
    ]
    for instrument in appraisals.list_instruments(snapshot):
        result_tables += appraisals.build_tables(snapshot, instrument)
    result_tables += accuracy.build_tables(snapshot)
    dataset_matrix = dataset_overlap.build_matrix(snapshot)
    if dataset_matrix:
        result_tables.append(dataset_overlap.build_table(snapshot, dataset_matrix))
    settled_entries = automation.list_settled_entries(snapshot, "flag").values()
    result_tables += bias_tables.build_tables(snapshot, settled_entries)
    return [*result_tables, appraisals.build_agreement_table(snapshot, reader)]


def _write_tables(snapshot: ReviewSnapshot, reader: str | None) -> dict[str, bytes]:
    table_files: dict[str, bytes] = {}
    report_tables = build_all_tables(snapshot, reader)
    for table in report_tables:
        for form, write in TABLES.items():
            if _fits_paper(table) or form not in ("docx", "tex"):
                table_files[f"{form}/{table.name}.{form}"] = write(table)
    title = snapshot.project.protocol.title
    paper_tables = [paper_table for paper_table in report_tables if _fits_paper(paper_table)]
    table_files["all-tables.xlsx"] = tables_to_xlsx(report_tables)
    table_files["all-tables.docx"] = tables_to_docx(paper_tables, title=title)
    table_files["all-tables.html"] = build_html_page(
        title, [table_to_html(paper_table) for paper_table in report_tables]
    )
    return _prefix_paths("tables/", table_files)


def _fits_paper(table: Table) -> bool:
    if table.name in ("bias-flags", "facts"):
        return False  # lists of sentences, to sort and filter
    return len(table.columns) <= PAPER_COLUMNS and len(table.rows) <= PAPER_ROWS


def _write_records(snapshot: ReviewSnapshot) -> dict[str, bytes]:
    """Included and excluded reports for reference managers, and for RevMan; each counted again."""
    included = [snapshot.records[n] for n in snapshot.included]
    exclusion_reasons: dict[int, str] = {}
    for stage in snapshot.project.protocol.stages:
        for report, report_status in snapshot.statuses[stage.id].items():
            if report_status.status == "excluded":
                exclusion_reasons[report] = report_status.reason or "reason not recorded"
    excluded = [snapshot.records[n] for n in sorted(exclusion_reasons)]
    record_files: dict[str, bytes] = {}
    for name, selected in (("included", included), ("excluded", excluded)):
        annotations = [
            _annotate_record(stored, name, exclusion_reasons.get(stored.id)) for stored in selected
        ]
        for form, extension in RECORD_FORMS.items():
            record_files[f"{name}.{extension}"] = RECORDS[form](
                [stored.record for stored in selected], annotations
            )
        record_files[f"revman-{name}.ris"] = _write_revman(snapshot, selected, exclusion_reasons)
        _check_conservation(f"{name}.ris", record_files[f"{name}.ris"], selected)
        _check_conservation(f"revman-{name}.ris", record_files[f"revman-{name}.ris"], selected)
    return _prefix_paths("records/", record_files)


def _annotate_record(stored: StoredRecord, status: str, reason: str | None) -> dict[str, str]:
    return {"key": stored.key, "status": status} | ({"reason": reason} if reason else {})


def _write_revman(
    snapshot: ReviewSnapshot, selected: list[StoredRecord], exclusion_reasons: Mapping[int, str]
) -> bytes:
    names = _name_studies(snapshot, {*snapshot.included, *exclusion_reasons})
    return references_to_revman(
        [
            StudyReference(
                names[_get_study(snapshot, stored.id)],
                stored.record,
                exclusion_reasons.get(stored.id),
            )
            for stored in selected
        ]
    )


def _get_study(snapshot: ReviewSnapshot, report: int) -> int:
    return snapshot.groups.get(report, (report, report))[1]


def _name_studies(snapshot: ReviewSnapshot, reports: Collection[int]) -> dict[int, str]:
    """Study -> the one name RevMan groups its reports under; no two studies share one.

    Studies that left at title and abstract have no letter of their own: where their name is taken,
    their key follows it.
    """
    names: dict[int, str] = {}
    for report in sorted(reports):
        study = _get_study(snapshot, report)
        label = snapshot.labels.get(study) or snapshot.labels.get(report)
        if label:
            names.setdefault(study, label)
    used_names = {*snapshot.labels.values()}
    for report in sorted(reports):
        study = _get_study(snapshot, report)
        if study not in names:
            plain_label = tables.build_label(snapshot.records[study].record)
            names[study] = (
                f"{plain_label} ({format_record_key(study)})"
                if plain_label in used_names
                else plain_label
            )
            used_names.add(plain_label)
    return names


def _check_conservation(name: str, data: bytes, selected: list[StoredRecord]) -> None:
    """Raises FlowError unless the RIS file holds exactly as many records as went in."""
    record_count = sum(line.startswith(b"ER  -") for line in data.splitlines())
    if record_count != len(selected):
        raise FlowError(
            f"{name} contains {record_count} records, not {len(selected)}: nothing was written."
        )


def _write_texts(snapshot: ReviewSnapshot) -> dict[str, bytes]:
    return {
        "methods.md": methods_text.write_methods(snapshot).encode(),
        "protocol.yaml": str(snapshot.protocol_versions[-1]["text"]).encode(),
    }


def _write_log(snapshot: ReviewSnapshot, name: str | None) -> bytes:
    withheld = 0
    lines = []
    with snapshot.project.store.read() as conn:
        reader = blinding.get_blinded_reader(snapshot.project, conn, name)
        blind_audits = label_reading.list_blind_audits(conn, name)
        for event in log.iter_events(conn, until=snapshot.until):
            if label_reading.is_hidden_reading(event, blind_audits, name) or (
                reader is not None and is_blinded(snapshot, reader, event)
            ):
                withheld += 1
            else:
                lines.append(json.dumps(event, ensure_ascii=False))
    if withheld:
        reason = (
            "what other reviewers decided, noted and answered on reports that are not settled yet, "
            "and what other readers said of images in audits that are not finished"
        )
        lines.append(json.dumps({"event": "withheld", "entries": withheld, "why": reason}))
    lines += [json.dumps(outcome, ensure_ascii=False) for outcome in _list_outcomes(snapshot)]
    return "".join(f"{line}\n" for line in lines).encode()


def _list_outcomes(snapshot: ReviewSnapshot) -> list[dict[str, Any]]:
    """Where each entry ends on the day, one line per entry, so that whoever has only the log can
    count every box again."""
    outcome_by_id = map_outcomes(count_flow(snapshot.inputs), snapshot.flow.joints)
    outcome_lines = []
    for entry in snapshot.inputs.entries:
        box, reason = outcome_by_id.get(entry.id) or outcome_by_id[entry.report]
        line = {
            "event": "outcome",
            "day": snapshot.day,
            "entry": entry.id,
            "source": entry.source,
            "via": entry.via,
            "report": entry.report,
            "study": snapshot.inputs.studies.get(entry.report, entry.report),
            "box": box,
        }
        outcome_lines.append(line | ({"reason": reason} if reason else {}))
    return outcome_lines


def is_blinded(
    snapshot: ReviewSnapshot, reader: blinding.BlindedReader, event: Mapping[str, Any]
) -> bool:
    """Whether a reviewer must not see an entry yet: another's word on an unsettled report."""
    if event["event"] not in blinding.BLINDED_EVENTS or event.get("role") in (
        "automation",
        "consensus",
    ):
        return False
    if event.get("reviewer", event.get("who")) == reader.name:
        return False
    number = parse_record_key(event["record"])
    report = snapshot.groups.get(number, (number, number))[0]
    stages = (
        [event["stage"]]
        if "stage" in event
        else blinding.find_deciding_stages(snapshot.project, event)
    )
    statuses = {stage_id: snapshot.statuses.get(stage_id, {}).get(report) for stage_id in stages}
    return not any(
        blinding.may_see(
            reader,
            stage,
            report,
            report_status.status if report_status else None,
            record=number,
        )
        for stage, report_status in statuses.items()
    )


def _build_manifest(snapshot: ReviewSnapshot, files: Mapping[str, bytes]) -> bytes:
    manifest: dict[str, Any] = {
        "review": snapshot.project.protocol.title,
        "state_of": snapshot.day,
        "asked_for": snapshot.until.date().isoformat() if snapshot.until else None,
        "protocol_sha256": snapshot.project.fingerprint,
        "funnel": methods_text.get_version(),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "conservation": format_conservation(snapshot.flow),
        "included": [format_record_key(number) for number in snapshot.included],
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in sorted(files.items())
        },
    }
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()


def describe_totals(snapshot: ReviewSnapshot, files: Mapping[str, bytes]) -> list[str]:
    """What went in and what came out, a line each."""
    excluded_by_stage: dict[str, int] = {}
    for stage in snapshot.project.protocol.stages:
        count = sum(one.status == "excluded" for one in snapshot.statuses[stage.id].values())
        name = format_stage_name(stage)
        if count:
            excluded_by_stage[name] = excluded_by_stage.get(name, 0) + count
    excluded = " + ".join(f"{n:,} at {name}" for name, n in excluded_by_stage.items()) or "0"
    lines = [
        format_conservation(snapshot.flow),
        f"included: {len(snapshot.included):,} reports in = "
        f"{_count_ris_records(files['records/included.ris']):,} in included.ris",
        f"excluded: {excluded} = {_count_ris_records(files['records/excluded.ris']):,} in "
        "excluded.ris",
    ]
    svgs = [data.decode() for name, data in files.items() if name.endswith(".svg")]
    if missing_glyphs := convert.find_missing_glyphs(svgs):
        lines.append(
            f"no installed font contains {' '.join(missing_glyphs)}: these characters appear as "
            "empty boxes in PNG and PDF. Install a font such as Noto Sans and export again (SVG "
            "files and tables are not affected)"
        )
    return lines


def _count_ris_records(data: bytes) -> int:
    return sum(line.startswith(b"ER  -") for line in data.splitlines())


def pack_zip(files: Mapping[str, bytes]) -> bytes:
    """The files as one ZIP, the same bytes for the same files."""
    return deterministic_zip.build_zip(files)
