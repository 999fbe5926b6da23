"""The exports that a link may show to anybody, each with what is settled alone.

Most hold nothing that blinding hides, as the public page does. The others tell who decided what,
and are shown only once nothing is left to decide.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from review.errors import ReviewError, UnfinishedError
from review.protocol.models import format_stage_name
from review.site import SiteFigure
from review.store import Connection, answers
from review.store.records import format_record_key
from review.tables.documents import TABLE_WRITERS
from review.tables.table import Table
from review.text.wording import format_count
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports import accuracy, appraisals, bundle, listings, prisma
from review.workflow.exports.snapshot import ReviewSnapshot, collect_consensus_forms
from review.workflow.imaging import label_reading
from review.workflow.project.project import Project
from review.workflow.publishing.content import (
    PublicView,
    draw_figures,
    list_public_tables,
    list_references,
)
from review.workflow.screening.blinding import PUBLIC_READER

FLOW, INCLUDED, EXTRACTION = "prisma", "included", "characteristics"
ACCURACY, DATA_SETS, REFERENCES = "accuracy", "data-sets", "references"
AGREEMENT, REPORT, EXCLUDED_PREFIX = "agreement", "report", "excluded-"
PICTURE_FORMATS = ("svg", "pdf", "png")
TABLE_FORMATS = ("csv", "xlsx", "docx")
FileMaker = Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedExport:
    """One export as a link shows it."""

    title: str
    figures: tuple[SiteFigure, ...] = ()
    tables: tuple[Table, ...] = ()
    files: Mapping[str, FileMaker] = field(default_factory=dict)
    """Name -> what makes the file to download."""


def list_export_titles(project: Project) -> dict[str, str]:
    """Id -> title of every export that a link may be made for, those that wait for the end last."""
    appraisal = project.protocol.appraisal
    titles = {FLOW: "PRISMA 2020 flow diagram", INCLUDED: "Included studies"}
    if appraisal.extraction is not None:
        titles[EXTRACTION] = "Characteristics of the included studies"
    for name in appraisal.tools:
        checklist = get_checklist(project, name)
        titles[checklist.id] = f"{checklist.short}: figures and tables"
    if appraisal.accuracy is not None:
        titles[ACCURACY] = "Sensitivity and specificity of each model"
    titles |= {DATA_SETS: "Public data sets", REFERENCES: "References of the included reports"}
    for stage in project.protocol.stages:
        titles[f"{EXCLUDED_PREFIX}{stage.id}"] = f"Excluded reports: {format_stage_name(stage)}"
    return titles | {AGREEMENT: "Agreement of the reviewers", REPORT: "Full report (ZIP file)"}


def is_blinded_export(export: str) -> bool:
    """Whether an export shows who decided what, so that it waits for the end of the review."""
    return export in (AGREEMENT, REPORT) or export.startswith(EXCLUDED_PREFIX)


def check_export(project: Project, export: str) -> None:
    """Checks that a link may show an export now.

    Raises:
        UnfinishedError: it has to wait for the end of the review.
        ReviewError: there is none of this id.
    """
    titles = list_export_titles(project)
    if export not in titles:
        raise ReviewError(f"There is no export {export!r}; choose one of: {', '.join(titles)}.")
    if is_blinded_export(export):
        _require_end(PublicView(project), titles[export])


def _require_end(view: PublicView, title: str) -> None:
    """Raises UnfinishedError while anything is left to decide, with what it is."""
    if left := describe_unfinished_work(view):
        raise UnfinishedError(
            f"“{title}” shows who decided what. To keep the reviewers blinded, a link can show it "
            f"only once the review is finished: {left}."
        )


def describe_unfinished_work(view: PublicView) -> str | None:
    """What is left to decide, in words; None where nothing is."""
    snapshot = view.snapshot
    flow = snapshot.flow
    streams = [flow.main, *([flow.other] if flow.other else [])]
    boxes = [
        flow.waiting_quality,
        *(
            box
            for stream in streams
            for box in (stream.waiting_screening, stream.waiting_eligibility)
        ),
    ]
    waiting = sum(box.n or 0 for box in boxes)
    with snapshot.project.store.read() as conn:
        forms = sum(_count_unsettled_forms(snapshot, conn, name) for name in _list_forms(snapshot))
        audits = len(label_reading.list_blind_audits(conn, PUBLIC_READER))
    parts = [
        f"{format_count(waiting, 'report')} still {_agree(waiting, 'awaits', 'await')} a decision",
        f"{format_count(forms, 'form')} {_agree(forms, 'is', 'are')} not settled",
        f"{format_count(audits, 'image audit')} {_agree(audits, 'is', 'are')} not finished",
    ]
    left = [part for part, n in zip(parts, (waiting, forms, audits), strict=True) if n]
    return " and ".join(left) or None


def _agree(count: int, singular: str, plural: str) -> str:
    return singular if count == 1 else plural


def _list_forms(snapshot: ReviewSnapshot) -> list[str]:
    appraisal = snapshot.project.protocol.appraisal
    return [
        *appraisal.tools,
        *(name for name in (appraisal.extraction, appraisal.accuracy) if name is not None),
    ]


def _count_unsettled_forms(snapshot: ReviewSnapshot, conn: Connection, name: str) -> int:
    """Forms of appraised reports that somebody has begun and that are not settled yet."""
    checklist = get_checklist(snapshot.project, name)
    begun = {
        format_record_key(snapshot.groups.get(answer.record, (answer.record, 0))[0])
        for answer in answers.list_all_answers(conn, None, checklist.id, with_models=True)
    }
    return sum(
        form.key in begun and not (form.is_final or form.is_stated)
        for form in collect_consensus_forms(snapshot, checklist, snapshot.appraised)
    )


def build_export(view: PublicView, export: str) -> SharedExport:
    """The export with its figures, tables and files.

    Raises:
        UnfinishedError: it has to wait for the end of the review.
        ReviewError: there is none of this id.
    """
    titles = list_export_titles(view.snapshot.project)
    if export not in titles:
        raise ReviewError(f"There is no export {export!r} in this review any more.")
    title = titles[export]
    if is_blinded_export(export):
        _require_end(view, title)
    if export == REFERENCES:
        references: dict[str, FileMaker] = {
            reference.name: partial(bytes, reference.data) for reference in list_references(view)
        }
        return SharedExport(
            title=title, tables=(listings.build_included_table(view.snapshot),), files=references
        )
    if export == REPORT:
        return SharedExport(title=title, files={"report.zip": partial(_pack_report, view)})
    tables = tuple(_select_tables(view, export))
    figures = tuple(_select_figures(view, export))
    files = dict(_list_picture_files(figures)) | dict(_list_table_files(tables))
    if export == FLOW:
        flow_files = prisma.build_text_files(view.snapshot.flow)
        files["prisma.csv"] = partial(bytes, flow_files["prisma.csv"])
    return SharedExport(title=title, figures=figures, tables=tables, files=files)


def _pack_report(view: PublicView) -> bytes:
    return bundle.pack_zip(bundle.build_report_files(view.snapshot, reader=PUBLIC_READER))


def _select_tables(view: PublicView, export: str) -> Iterable[Table]:
    snapshot = view.snapshot
    if export == FLOW:
        return []
    if export == INCLUDED:
        return [listings.build_included_table(snapshot)]
    if export == AGREEMENT:
        return [appraisals.build_agreement_table(snapshot, PUBLIC_READER)]
    if export == ACCURACY:
        return [accuracy.build_model_table(view.accuracy)] if view.accuracy else []
    if export.startswith(EXCLUDED_PREFIX):
        stage_id = export.removeprefix(EXCLUDED_PREFIX)
        return [
            listings.build_excluded_table(snapshot, stage)
            for stage in snapshot.project.protocol.stages
            if stage.id == stage_id
        ]
    for instrument in view.instruments:
        if instrument.checklist.id == export:
            return appraisals.build_tables(snapshot, instrument)
    names = {EXTRACTION: ("characteristics",), DATA_SETS: ("dataset-overlap",)}.get(export, ())
    return [table for table in list_public_tables(view) if table.name in names]


def _select_figures(view: PublicView, export: str) -> Iterable[SiteFigure]:
    names = {export, *(f"{export}-{part}" for part in ("summary", "items", "scores"))}
    for figure in draw_figures(view, view.snapshot.day):
        if figure.name in names or figure.name.startswith(f"{export}-traffic-light-"):
            yield figure


def _list_picture_files(figures: Iterable[SiteFigure]) -> Iterable[tuple[str, FileMaker]]:
    for figure in figures:
        for form in PICTURE_FORMATS:
            yield f"{figure.name}.{form}", partial(prisma.render_format, figure.svg, form)


def _list_table_files(tables: Iterable[Table]) -> Iterable[tuple[str, FileMaker]]:
    for table in tables:
        for form in TABLE_FORMATS:
            yield f"{table.name}.{form}", partial(TABLE_WRITERS[form], table)
