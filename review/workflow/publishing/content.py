"""What the public page of a review shows: settled results, without names, votes and notes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote

from review import tables
from review.accuracy import compute_sensitivity, compute_specificity
from review.bias.datasets import DatasetMatrix, summarize_matrix
from review.checklists import Checklist, find_question, format_answer, list_questions
from review.figures import judgements
from review.figures.paired_forest import format_proportion
from review.figures.prisma_words import is_in_progress
from review.formats.export import RECORD_WRITERS
from review.models import Answer, Record
from review.prisma import validate
from review.site import (
    SiteAccuracy,
    SiteAnswer,
    SiteContent,
    SiteDataSet,
    SiteDownload,
    SiteFigure,
    SiteForm,
    SiteJudgement,
    SiteScore,
    SiteSearch,
    SiteStudy,
)
from review.site.html import format_day, is_web_address
from review.store.records import format_record_key
from review.tables import StudyForm
from review.tables.documents import table_to_csv
from review.tables.table import Table
from review.text.wording import format_count
from review.workflow.appraisal import accuracy as model_accuracy
from review.workflow.appraisal.accuracy import ModelAccuracy
from review.workflow.appraisal.forms import compute_result
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.bias import flags
from review.workflow.exports import accuracy, appraisals, dataset_overlap, listings, prisma
from review.workflow.exports.appraisals import InstrumentForms
from review.workflow.exports.display_names import DISPLAY_NAMES, KIND_NAMES
from review.workflow.exports.search_runs import SearchRun, list_searches, was_run_by_tool
from review.workflow.exports.snapshot import (
    ReviewSnapshot,
    collect_consensus_forms,
    snapshot_at,
)
from review.workflow.project.project import Project
from review.workflow.screening.blinding import PUBLIC_READER


class PublicView:
    """One state of a review as everybody may see it, read once."""

    def __init__(self, project: Project) -> None:
        self.snapshot = snapshot_at(project, reader=PUBLIC_READER)
        """Raises FlowError where the boxes do not sum."""
        validate(self.snapshot.flow)
        self.instruments = list_public_instruments(self.snapshot)
        self.extraction = get_public_extraction(self.snapshot)
        self.data_sets = dataset_overlap.build_matrix(self.snapshot)
        models, _ = accuracy.collect_accuracy(self.snapshot)
        self.accuracy: list[ModelAccuracy] = [model for model in models if model.counts]
        """The models of included reports whose settled form gives a 2×2 table."""


def list_public_instruments(snapshot: ReviewSnapshot) -> list[InstrumentForms]:
    """The protocol's appraisal tools with the settled forms of included reports."""
    instruments = []
    for name in snapshot.project.protocol.appraisal.tools:
        instrument = _collect_public_forms(snapshot, get_checklist(snapshot.project, name))
        if instrument.forms:
            instruments.append(instrument)
    return instruments


def get_public_extraction(snapshot: ReviewSnapshot) -> InstrumentForms | None:
    """The settled extraction forms of included reports; None where there are none."""
    name = snapshot.project.protocol.appraisal.extraction
    if name is None:
        return None
    instrument = _collect_public_forms(snapshot, get_checklist(snapshot.project, name))
    return instrument if instrument.forms else None


def _collect_public_forms(snapshot: ReviewSnapshot, checklist: Checklist) -> InstrumentForms:
    forms = [
        _remove_private_parts(checklist, form)
        for form in collect_consensus_forms(snapshot, checklist, snapshot.included)
        if form.is_final or form.is_stated
    ]
    return InstrumentForms(
        checklist,
        [form for form in forms if form.entries],
        snapshot.project.protocol.appraisal.model_rule,
    )


def _remove_private_parts(checklist: Checklist, form: StudyForm) -> StudyForm:
    """The form without names, and without the comments that reviewers wrote for themselves."""
    entries = {key: _remove_author(entry) for key, entry in form.entries.items()}
    return replace(form, entries=entries, result=compute_result(checklist, entries))


def _remove_author(entry: Answer) -> Answer:
    comment = entry.comment if entry.role == "consensus" else None
    return replace(entry, reviewer="", comment=comment)


def build_content(view: PublicView) -> SiteContent:
    """All that is published, without the figures."""
    snapshot = view.snapshot
    protocol = snapshot.project.protocol
    studies = tuple(_build_study(view, report) for report in snapshot.included)
    rows = tables.build_flow_table(snapshot.flow, DISPLAY_NAMES).rows
    has_forms = bool(protocol.appraisal.tools)
    return SiteContent(
        title=protocol.title,
        question=protocol.question,
        registration=protocol.registration,
        include=protocol.criteria.include,
        exclude=protocol.criteria.exclude,
        query=protocol.search.query,
        dates=_describe_dates(snapshot),
        is_in_progress=is_in_progress(snapshot.flow),
        searches=tuple(list_site_searches(snapshot.project)),
        boxes=tuple(
            (str(box), None if line is None else str(line), n if isinstance(n, int) else str(n))
            for _, box, line, n in rows
        ),
        notes=tuple(prisma.list_notes(snapshot, name_files=False)),
        studies=studies,
        unsettled=sum(not study.forms for study in studies) if has_forms else 0,
        data_set_summary=_summarize_data_sets(view.data_sets),
        data_sets=tuple(_list_data_sets(view.data_sets)),
        accuracy=tuple(_list_accuracy(view.accuracy)),
    )


def _describe_dates(snapshot: ReviewSnapshot) -> str:
    search = snapshot.project.protocol.search
    start = f"The searches cover records from {format_day(search.from_)}"
    if search.to is None:
        return f"{start} on, without an end date."
    return f"{start} to {format_day(search.to)}."


def list_site_searches(project: Project) -> list[SiteSearch]:
    """Each source with its newest search, by name. Names of files are not published."""
    runs_by_source: dict[str, list[SearchRun]] = {}
    for run in list_searches(project):
        runs_by_source.setdefault(run.source, []).append(run)
    return [_build_search(source, runs) for source, runs in sorted(runs_by_source.items())]


def _build_search(source: str, runs: Sequence[SearchRun]) -> SiteSearch:
    dated = [run for run in runs if run.kind != "replay"]
    newest = max(dated, key=lambda run: run.last_day, default=None)
    queries = [run.query for run in runs if was_run_by_tool(run) and run.query]
    return SiteSearch(
        source=source,
        last_day=newest.last_day if newest else None,
        is_import_day=newest is not None and not (newest.searched or was_run_by_tool(newest)),
        records=sum(run.read for run in runs),
        query=queries[-1] if queries else None,
    )


def _build_study(view: PublicView, report: int) -> SiteStudy:
    snapshot = view.snapshot
    key = format_record_key(report)
    record = snapshot.records[report].record
    kind = snapshot.inputs.kinds.get(key)
    return SiteStudy(
        key=key,
        label=snapshot.labels[report],
        reference=tables.format_reference(record),
        title=record.title,
        kind=KIND_NAMES.get(kind, kind) if kind else None,
        address=find_address(record),
        same_study_as=_find_first_report(snapshot, report),
        forms=tuple(
            _build_form(instrument.checklist, form)
            for instrument in view.instruments
            for form in instrument.forms
            if form.key == key
        ),
        characteristics=tuple(_list_characteristics(view.extraction, key)),
        data_sets=tuple(_list_used_sets(view.data_sets, snapshot.labels[report])),
    )


def find_address(record: Record) -> str | None:
    """Where a paper is: its DOI, PubMed, arXiv, else its own address if it is http or https."""
    if record.doi:
        return f"https://doi.org/{quote(record.doi, safe='/:;()._-')}"
    if record.pmid:
        return f"https://pubmed.ncbi.nlm.nih.gov/{quote(record.pmid, safe='')}/"
    if record.arxiv_id:
        return f"https://arxiv.org/abs/{quote(record.arxiv_id, safe='/.')}"
    return next((url for url in record.urls if is_web_address(url)), None)


def _find_first_report(snapshot: ReviewSnapshot, report: int) -> str | None:
    """Label of the first included report of the same study; None for that report itself."""
    study = snapshot.groups.get(report, (report, report))[1]
    first = min(
        other
        for other in snapshot.included
        if snapshot.groups.get(other, (other, other))[1] == study
    )
    return None if first == report else snapshot.labels[first]


def _build_form(checklist: Checklist, form: StudyForm) -> SiteForm:
    levels = {judgement.key: judgement for judgement in form.result.judgements}
    columns = appraisals.list_judgement_columns(checklist)
    return SiteForm(
        tool=checklist.short,
        model=form.model,
        judgements=tuple(
            SiteJudgement(
                key=column.id,
                group=column.group,
                domain=column.title,
                level=str(levels[column.id].final),
                unclear_name=checklist.unclear_name,
                reason=levels[column.id].reason,
            )
            for column in columns
            if column.id in levels and levels[column.id].final
        ),
        scores=tuple(
            SiteScore(title=total.title, value=total.value, highest=total.max, band=total.band)
            for total in form.result.totals
            if total.value is not None
        ),
        answers=tuple(_list_answers(checklist, form)),
    )


def _list_answers(checklist: Checklist, form: StudyForm) -> Iterable[SiteAnswer]:
    """The answers of a form, with the quotes behind its judgements."""
    for question in list_questions(checklist):
        entry = form.entries.get(question.key)
        if entry is None or entry.answer is None:
            continue
        is_judgement = question.key.startswith(("judgement:", "applicability:"))
        if is_judgement and not (entry.quote or entry.comment):
            continue
        yield SiteAnswer(
            item=f"{question.number} {question.name}".strip(),
            answer=format_answer(find_question(checklist, question.key), entry.answer),
            quote=entry.quote,
            page=entry.page,
            comment=entry.comment,
        )


def _list_characteristics(
    extraction: InstrumentForms | None, key: str
) -> Iterable[tuple[str, str]]:
    if extraction is None:
        return
    for form in extraction.forms:
        if form.key == key:
            prefix = f"{form.model}: " if form.model else ""
            for answer in _list_answers(extraction.checklist, form):
                yield f"{prefix}{answer.item}", answer.answer


def _list_used_sets(matrix: DatasetMatrix | None, label: str) -> Iterable[str]:
    if matrix is None:
        return
    registry = flags.load_knowledge().registry
    for dataset_id in matrix.datasets:
        if matrix.cells.get((label, dataset_id)) == "named":
            yield registry[dataset_id].name


def _summarize_data_sets(matrix: DatasetMatrix | None) -> str | None:
    if matrix is None:
        return None
    return summarize_matrix(flags.load_knowledge().registry, matrix)


def _list_data_sets(matrix: DatasetMatrix | None) -> Iterable[SiteDataSet]:
    if matrix is None:
        return
    registry = flags.load_knowledge().registry
    for dataset_id in matrix.datasets:
        kinds = [matrix.cells.get((study, dataset_id)) for study in matrix.studies]
        url = registry[dataset_id].url
        yield SiteDataSet(
            name=registry[dataset_id].name,
            address=url if is_web_address(url) else None,
            named=kinds.count("named"),
            included=kinds.count("held"),
            possible=kinds.count("possible"),
        )


def _list_accuracy(models: Sequence[ModelAccuracy]) -> Iterable[SiteAccuracy]:
    for row in model_accuracy.build_forest_rows(models):
        yield SiteAccuracy(
            label=row.label,
            group=row.group,
            true_positives=row.table.true_positives,
            false_positives=row.table.false_positives,
            false_negatives=row.table.false_negatives,
            true_negatives=row.table.true_negatives,
            sensitivity=format_proportion(compute_sensitivity(row.table)),
            specificity=format_proportion(compute_specificity(row.table)),
            is_exact=row.is_exact,
        )


def draw_figures(view: PublicView, day: str) -> list[SiteFigure]:
    """The figures as SVG: the flow diagram, those of each tool, the accuracy, the data sets.

    Args:
        day: the edition's day, which the diagram shows while work is in progress.
    """
    snapshot = view.snapshot
    flow_svg = prisma.draw_flow_svg(
        snapshot.flow,
        day=day,
        notes=prisma.list_notes(snapshot, name_files=False),
        title=snapshot.project.protocol.title,
    )
    site_figures = [
        SiteFigure(
            name="prisma",
            section="flow",
            title="PRISMA 2020 flow diagram",
            alt=f"PRISMA 2020 flow diagram. {prisma.describe_conservation(snapshot)}. All numbers "
            "are in the table below.",
            svg=flow_svg,
        )
    ]
    for instrument in view.instruments:
        site_figures += _draw_instrument(snapshot, instrument)
    if view.accuracy:
        site_figures.append(
            SiteFigure(
                name="accuracy",
                section="accuracy",
                title="Sensitivity and specificity of each model",
                alt="Paired forest plot of sensitivity and specificity, with 95% confidence "
                f"intervals, of {format_count(len(view.accuracy), 'model')}. All numbers are in "
                "the table below.",
                svg=model_accuracy.draw_figure(view.accuracy),
            )
        )
    if view.data_sets is not None and view.data_sets.datasets:
        site_figures.append(
            SiteFigure(
                name="data-sets",
                section="data-sets",
                title="Origin of the public data sets",
                alt="Public data sets of the included studies, and which of them contain images of "
                "others. The table below has the numbers of studies.",
                svg=dataset_overlap.draw_graph(view.data_sets),
            )
        )
    return site_figures


def _draw_instrument(snapshot: ReviewSnapshot, instrument: InstrumentForms) -> Iterable[SiteFigure]:
    checklist = instrument.checklist
    columns = appraisals.list_judgement_columns(checklist)
    studies = format_count(len(instrument.studies), "study", "studies")
    if columns:
        notes = [appraisals.UNPUBLISHED_NOTE] if snapshot.flow.joints else []
        rows = appraisals.build_study_rows(snapshot, instrument)
        yield SiteFigure(
            name=f"{checklist.id}-summary",
            section="bias",
            title=f"{checklist.short}: summary of judgements",
            alt=f"Bars of {checklist.short} over {studies}: "
            + "; ".join(_describe_column(rows, column) for column in columns)
            + ".",
            svg=judgements.draw_summary(
                rows,
                columns,
                tool=checklist.short,
                notes=[*notes, *appraisals.describe_model_rule(instrument)],
            ),
        )
        pages = judgements.draw_traffic_lights(
            appraisals.build_rows(snapshot, instrument),
            columns,
            tool=checklist.short,
            notes=notes,
        )
        for number, page in enumerate(pages, 1):
            part = f" ({number} of {len(pages)})" if len(pages) > 1 else ""
            yield SiteFigure(
                name=f"{checklist.id}-traffic-light-{number}",
                section="bias",
                title=f"{checklist.short}: judgements by study{part}",
                alt=f"Traffic lights of {checklist.short} by study{part}. The page of each report "
                "has its judgements as text.",
                svg=page,
            )
        return
    yield SiteFigure(
        name=f"{checklist.id}-items",
        section="bias",
        title=f"{checklist.short}: studies that report each item",
        alt=f"Bars of {checklist.short}: how many of {studies} meet each item. The page of each "
        "report has its answers as text.",
        svg=appraisals.draw_item_bars(snapshot, instrument),
    )
    if distribution := appraisals.draw_score_distribution(snapshot, instrument):
        yield SiteFigure(
            name=f"{checklist.id}-scores",
            section="bias",
            title=f"{checklist.short}: distribution of scores",
            alt=f"Histogram of the scores of {studies} on {checklist.short}. The page of each "
            "report has its score as text.",
            svg=distribution,
        )


def _describe_column(
    rows: Sequence[judgements.StudyJudgements], column: judgements.JudgementColumn
) -> str:
    levels = [judgements.get_level(row, column) for row in rows]
    counts = ", ".join(
        f"{levels.count(level)} {judgements.name_level(level, column).lower()}"
        for level in judgements.LEVELS
        if level in levels
    )
    group = "applicability, " if column.group == "Applicability" else ""
    return f"{group}{column.title.lower()}: {counts}"


def list_downloads(view: PublicView) -> list[SiteDownload]:
    """The tables of the report that may be public as CSV, and the references."""
    return [
        *(
            SiteDownload(name=f"{table.name}.csv", label=table.title, data=table_to_csv(table))
            for table in list_public_tables(view)
        ),
        *list_references(view),
    ]


def list_public_tables(view: PublicView) -> list[Table]:
    """The tables of the report that may be public."""
    snapshot = view.snapshot
    site_tables: list[Table] = [
        listings.build_included_table(snapshot),
        tables.build_flow_table(snapshot.flow, DISPLAY_NAMES),
        _build_search_table(list_site_searches(snapshot.project)),
    ]
    if view.extraction is not None:
        site_tables.append(
            tables.build_characteristics_table(view.extraction.checklist, view.extraction.forms)
        )
    for instrument in view.instruments:
        site_tables += appraisals.build_tables(snapshot, instrument)
    if view.accuracy:
        site_tables.append(accuracy.build_model_table(view.accuracy))
    if view.data_sets is not None:
        site_tables.append(dataset_overlap.build_table(snapshot, view.data_sets))
    return site_tables


def list_references(view: PublicView) -> list[SiteDownload]:
    """The references of the included reports, for reference managers."""
    snapshot = view.snapshot
    included = [_keep_reference(snapshot.records[report].record) for report in snapshot.included]
    return [
        SiteDownload(
            name=f"included.{extension}",
            label=f"References of the included reports ({label})",
            data=RECORD_WRITERS[form](included, [{} for _ in included]),
        )
        for form, extension, label in (("ris", "ris", "RIS"), ("bibtex", "bib", "BibTeX"))
    ]


def _keep_reference(record: Record) -> Record:
    """A record as a reference alone: abstracts are their publishers', and what else an export file
    held may be somebody's own notes."""
    return replace(
        record,
        abstract=None,
        keywords=(),
        mesh=(),
        affiliations=(),
        urls=tuple(url for url in record.urls if is_web_address(url)),
        extra={},
    )


def _build_search_table(searches: Sequence[SiteSearch]) -> Table:
    return Table(
        "searches",
        "Searches",
        ("Source", "Last searched", "Date is that of the import", "Records", "Query"),
        tuple(
            (
                search.source,
                search.last_day,
                "yes" if search.is_import_day else "no",
                search.records,
                search.query,
            )
            for search in searches
        ),
    )
