"""Tables and figures of appraisal, agreement and extraction on a given day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from review import agreement, consensus, tables
from review.agreement import AgreementFigure
from review.checklists import NOT_JUDGED, OVERALL, Checklist, ChecklistSection, list_items
from review.figures import bars, judgements
from review.figures.bars import ItemBar
from review.figures.judgements import JudgementColumn, StudyJudgements
from review.models import Answer
from review.protocol.models import (
    ModelRule,
    Stage,
    find_stage,
    format_stage_name,
    list_gate_checklists,
)
from review.scoring.form import get_item_state, inactive_items
from review.store import answers, report_models
from review.store.answers import FormEvent
from review.store.records import format_record_key
from review.tables import StudyForm
from review.tables.table import Table
from review.text.wording import format_count
from review.workflow.appraisal.agreement import compute_item_figures, compute_pooled_agreement
from review.workflow.appraisal.assignment import count_required_forms, get_assignment
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.appraisal.report_models import group_models, list_forms
from review.workflow.appraisal.results import collect_totals, get_blind_forms
from review.workflow.exports.prisma import render_all_formats
from review.workflow.exports.snapshot import ReviewSnapshot, collect_consensus_forms
from review.workflow.screening import agreement as agreeing

SIZE_ITEMS = ("size-development", "size-test")
"""Items of the extraction form that make a study's weight in the weighted bars."""
UNPUBLISHED_NOTE = (
    "Reconstructed from published totals: 'not judged' means that the judgement was not "
    "published. Which unnamed paper received which judgement is unknown."
)
COMPLIANCE_STATES = {"unsure": "open", "given": "met"}
"""States of an item as compliance counts them: an unsure answer is not one yet."""


@dataclass(frozen=True, slots=True)
class InstrumentForms:
    """One checklist of the review with the forms it came to."""

    checklist: Checklist
    forms: Sequence[StudyForm]
    """One for each study, or for each of its models."""
    model_rule: ModelRule = "worst"

    @property
    def studies(self) -> list[StudyForm]:
        """One form for each study: that of the model which represents it by the protocol's rule."""
        by_study: dict[str, list[StudyForm]] = {}
        for form in self.forms:
            by_study.setdefault(form.key, []).append(form)
        return [
            _choose_representative(self.checklist, study_forms, self.model_rule)
            for study_forms in by_study.values()
        ]


MODEL_RULE_WORDS = {"worst": "worst model", "best": "best model", "main": "main model"}
_LEVEL_ORDER = ("low", None, NOT_JUDGED, "unclear", "at-risk", "high")


def _choose_representative(
    checklist: Checklist, forms: Sequence[StudyForm], rule: ModelRule
) -> StudyForm:
    """The form of the model that represents a study. Models are compared by the overall judgement
    or the primary score, then by the judgements of the domains; the first of equals is taken."""
    if len(forms) == 1:
        return forms[0]
    if rule == "main":
        return next((form for form in forms if form.is_main), forms[0])
    pick = max if rule == "worst" else min
    return pick(forms, key=_rank_concern)


def _rank_concern(form: StudyForm) -> tuple[float, ...]:
    """Higher is worse: the overall judgement, then a low score, then the sum over the domains."""
    levels = {judgement.key: judgement.final for judgement in form.result.judgements}
    overall = _LEVEL_ORDER.index(levels.get(f"judgement:{OVERALL}"))
    totals = [total.value for total in form.result.totals if total.primary]
    score = -totals[0] if totals and totals[0] is not None else 0.0
    return overall, score, sum(_LEVEL_ORDER.index(level) for level in levels.values())


def describe_model_rule(instrument: InstrumentForms) -> list[str]:
    """How studies with several models are counted; nothing where none has any."""
    counts = Counter(form.key for form in instrument.forms)
    several = sum(count > 1 for count in counts.values())
    if not several:
        return []
    return [
        f"{format_count(several, 'study', 'studies')} with more than one model: counted by the "
        f"{MODEL_RULE_WORDS[instrument.model_rule]}."
    ]


def list_instruments(snapshot: ReviewSnapshot) -> list[InstrumentForms]:
    """The protocol's appraisal tools with their forms: risk of bias of what is included, the others
    of everything that came as far as appraisal. Tools nobody has filled in yet are left out."""
    filled_instruments = []
    for name in snapshot.project.protocol.appraisal.tools:
        checklist = get_checklist(snapshot.project, name)
        reports = snapshot.included if checklist.kind == "risk-of-bias" else snapshot.appraised
        forms = _select_applicable_forms(
            snapshot, checklist, collect_consensus_forms(snapshot, checklist, reports)
        )
        if any(form.entries for form in forms):
            rule = snapshot.project.protocol.appraisal.model_rule
            filled_instruments.append(InstrumentForms(checklist, forms, rule))
    return filled_instruments


def _select_applicable_forms(
    snapshot: ReviewSnapshot, checklist: Checklist, forms: list[StudyForm]
) -> list[StudyForm]:
    """The forms of studies the tool is meant for: a gate may name only some kinds."""
    gates = [
        gate
        for gate in snapshot.project.protocol.appraisal.gates
        if checklist.id in list_gate_checklists(gate)
    ]
    kinds = {kind for gate in gates for kind in gate.kinds}
    if not kinds or not snapshot.inputs.kinds:
        return forms
    return [form for form in forms if form.entries or snapshot.inputs.kinds.get(form.key) in kinds]


def get_extraction_forms(snapshot: ReviewSnapshot) -> InstrumentForms | None:
    """The extraction form of the included reports; None where the review has none."""
    name = snapshot.project.protocol.appraisal.extraction
    if name is None:
        return None
    checklist = get_checklist(snapshot.project, name)
    return InstrumentForms(
        checklist,
        collect_consensus_forms(snapshot, checklist, snapshot.included),
        snapshot.project.protocol.appraisal.model_rule,
    )


def list_judgement_columns(checklist: Checklist) -> list[JudgementColumn]:
    """The judgements of a risk-of-bias tool as columns: its domains and the overall, then
    applicability."""
    if checklist.overall is None:
        return []
    judgement_columns: list[JudgementColumn] = []
    for part, group in (("judgement", checklist.judged), ("applicability", "Applicability")):
        judged_sections: list[ChecklistSection] = [
            section for section in checklist.sections if getattr(section, part)
        ]
        judgement_columns += [
            JudgementColumn(
                f"{part}:{section.id}",
                section.title,
                group,
                unclear_name=checklist.unclear_name,
            )
            for section in judged_sections
        ]
        if judged_sections:
            judgement_columns.append(
                JudgementColumn(
                    f"{part}:{OVERALL}",
                    "Overall",
                    group,
                    overall=True,
                    unclear_name=checklist.unclear_name,
                )
            )
    return judgement_columns


def get_levels(form: StudyForm) -> dict[str, str | None]:
    """Judgement key -> final level of one form."""
    return {judgement.key: judgement.final for judgement in form.result.judgements}


def build_rows(snapshot: ReviewSnapshot, instrument: InstrumentForms) -> list[StudyJudgements]:
    """The forms of a risk-of-bias tool as rows of its figures, one for each study and model,
    weighted by sample size where the extraction form gives it."""
    return _build_rows(snapshot, instrument.forms)


def build_study_rows(
    snapshot: ReviewSnapshot, instrument: InstrumentForms
) -> list[StudyJudgements]:
    """As build_rows, with one row for each study: that of the model which represents it."""
    return _build_rows(snapshot, instrument.studies)


def _build_rows(snapshot: ReviewSnapshot, forms: Sequence[StudyForm]) -> list[StudyJudgements]:
    sizes = _get_sample_sizes(snapshot)
    return [
        StudyJudgements(
            form.label, get_levels(form), sizes.get(form.key, 0.0), _find_overridden_keys(form)
        )
        for form in forms
    ]


def _find_overridden_keys(form: StudyForm) -> frozenset[str]:
    """Keys of the judgements that differ from the proposal."""
    return frozenset(judgement.key for judgement in form.result.judgements if judgement.overridden)


def _get_sample_sizes(snapshot: ReviewSnapshot) -> dict[str, float]:
    instrument = get_extraction_forms(snapshot)
    sizes: dict[str, float] = {}
    for filled_form in instrument.studies if instrument else ():
        answer_texts = [
            filled_form.entries[key].answer for key in SIZE_ITEMS if key in filled_form.entries
        ]
        numbers = [float(text) for text in answer_texts if text is not None and _is_number(text)]
        if numbers:
            sizes[filled_form.key] = sum(numbers)
    return sizes


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


def draw_bias_figures(snapshot: ReviewSnapshot, instrument: InstrumentForms) -> dict[str, bytes]:
    """Traffic lights and summary bars in both palettes, and the robvis table."""
    checklist, judgement_columns = (
        instrument.checklist,
        list_judgement_columns(instrument.checklist),
    )
    figure_files: dict[str, bytes] = {}
    figure_rows = build_rows(snapshot, instrument)
    study_rows = build_study_rows(snapshot, instrument)
    weighted = bool(figure_rows) and all(row.weight > 0 for row in figure_rows)
    notes = [UNPUBLISHED_NOTE] if snapshot.flow.joints else []
    summary_notes = [*notes, *describe_model_rule(instrument)]
    for palette, suffix in (("cochrane", ""), ("colour-blind", "-colour-blind")):
        kind: judgements.Palette = "cochrane" if palette == "cochrane" else "colour-blind"
        pages = judgements.draw_traffic_lights(
            figure_rows, judgement_columns, tool=checklist.short, palette=kind, notes=notes
        )
        for number, page in enumerate(pages, 1):
            stem = f"{checklist.id}-traffic-light{suffix}" + (
                f"-{number}" if len(pages) > 1 else ""
            )
            figure_files |= render_all_formats(stem, page)
        summary_svg = judgements.draw_summary(
            study_rows, judgement_columns, tool=checklist.short, palette=kind, notes=summary_notes
        )
        figure_files |= render_all_formats(f"{checklist.id}-summary{suffix}", summary_svg)
        if weighted:
            summary_svg = judgements.draw_summary(
                study_rows,
                judgement_columns,
                tool=checklist.short,
                palette=kind,
                weighted=True,
                notes=[
                    *summary_notes,
                    "Weighted by sample size (development and test sets), as extracted.",
                ],
            )
            figure_files |= render_all_formats(
                f"{checklist.id}-summary-weighted{suffix}", summary_svg
            )
    figure_files[f"{checklist.id}-robvis.csv"] = judgements.format_robvis_table(
        figure_rows, judgement_columns, weights=weighted
    ).encode()
    return figure_files


def count_item_states(instrument: InstrumentForms) -> dict[str, dict[str, int]]:
    """Item id -> state -> studies."""
    counts: dict[str, Counter[str]] = {
        item.id: Counter() for item in list_items(instrument.checklist)
    }
    for form in instrument.studies:
        answer_texts = {key: entry.answer for key, entry in form.entries.items()}
        inactive_keys = inactive_items(instrument.checklist, answer_texts)
        for item in list_items(instrument.checklist):
            item_state = (
                "not-applicable"
                if item.id in inactive_keys
                else str(get_item_state(item, answer_texts.get(item.id)))
            )
            counts[item.id][COMPLIANCE_STATES.get(item_state, item_state)] += 1
    return {key: dict(value) for key, value in counts.items()}


def draw_item_bars(snapshot: ReviewSnapshot, instrument: InstrumentForms) -> str:
    """Compliance item by item as SVG."""
    checklist, counts = instrument.checklist, count_item_states(instrument)
    gated_items = {
        number
        for gate in snapshot.project.protocol.appraisal.gates
        if gate.checklist == checklist.id
        for number in gate.required
    }
    bar_items = [
        ItemBar(
            item.number,
            item.name,
            section.title,
            counts[item.id],
            item.number in gated_items or item.id in gated_items,
        )
        for section in checklist.sections
        for item in section.items
    ]
    studies = instrument.studies
    notes = [*describe_counted_reports(snapshot, studies), *describe_model_rule(instrument)]
    return bars.draw_compliance_bars(
        bar_items, checklist=checklist.short, studies=len(studies), notes=notes
    )


def describe_counted_reports(snapshot: ReviewSnapshot, forms: Sequence[StudyForm]) -> list[str]:
    """The status of the reports of some forms; nothing where all of them are included."""
    included_keys = {format_record_key(report) for report in snapshot.included}
    stage = find_stage(snapshot.project.protocol, "quality")
    excluded_keys = {
        format_record_key(report)
        for report, report_status in (snapshot.statuses[stage.id] if stage else {}).items()
        if report_status.status == "excluded"
    }
    included_count, excluded_count = (
        sum(form.key in keys for form in forms) for keys in (included_keys, excluded_keys)
    )
    if included_count == len(forms):
        return []
    parts = (
        (included_count, "included"),
        (excluded_count, "excluded at the quality gate"),
        (len(forms) - included_count - excluded_count, "waiting"),
    )
    breakdown = ", ".join(f"{n:,} {label}" for n, label in parts if n)
    noun = "report" if len(forms) == 1 else "reports"
    return [f"Includes {len(forms):,} appraised {noun} ({breakdown})."]


def get_minimum_total(snapshot: ReviewSnapshot, checklist: Checklist) -> float | None:
    """The least total a gate asks of a checklist; None where no gate does."""
    primary_score = next((score.id for score in checklist.scores if score.primary), None)
    minimums = [
        gate.minimum
        for gate in snapshot.project.protocol.appraisal.gates
        if gate.checklist == checklist.id
        and gate.minimum is not None
        and gate.score in (None, primary_score)
    ]
    return max(minimums) if minimums else None


def draw_score_distribution(snapshot: ReviewSnapshot, instrument: InstrumentForms) -> str | None:
    """The spread of the checklist's score with the line of its gate; None where it has no score."""
    score = next(
        (candidate for candidate in instrument.checklist.scores if candidate.primary), None
    )
    if score is None or score.min is None or score.max is None:
        return None
    totals = {
        form.key: total.value
        for form in instrument.studies
        for total in form.result.totals
        if total.primary and total.value is not None
    }
    return bars.draw_score_distribution(
        list(totals.values()),
        score=f"{instrument.checklist.short}: {score.title.lower()}",
        lowest_total=score.min,
        highest_total=score.max,
        gate=get_minimum_total(snapshot, instrument.checklist),
        notes=[
            *describe_counted_reports(
                snapshot, [form for form in instrument.studies if form.key in totals]
            ),
            *describe_model_rule(instrument),
        ],
    )


def draw_figures(snapshot: ReviewSnapshot, instrument: InstrumentForms) -> dict[str, bytes]:
    """Every figure of one instrument by file name."""
    checklist = instrument.checklist
    if list_judgement_columns(checklist):
        return draw_bias_figures(snapshot, instrument)
    figure_files = render_all_formats(f"{checklist.id}-items", draw_item_bars(snapshot, instrument))
    distribution_svg = draw_score_distribution(snapshot, instrument)
    return figure_files | (
        render_all_formats(f"{checklist.id}-scores", distribution_svg) if distribution_svg else {}
    )


def build_tables(snapshot: ReviewSnapshot, instrument: InstrumentForms) -> list[Table]:
    """Every table of one instrument."""
    checklist, forms = instrument.checklist, instrument.forms
    result_tables = [tables.build_answers_table(checklist, forms)]
    if list_judgement_columns(checklist):
        headers = [
            (
                column.id,
                column.title
                if column.id.startswith("judgement:")
                else f"Applicability: {column.title.lower()}",
            )
            for column in list_judgement_columns(checklist)
        ]
        result_tables.append(
            tables.build_judgements_table(
                checklist, forms, [get_levels(form) for form in forms], headers
            )
        )
        if describe_model_rule(instrument):
            result_tables.append(_build_study_judgements(instrument, headers))
    else:
        result_tables.append(tables.build_items_table(checklist, count_item_states(instrument)))
    if checklist.scores:
        result_tables.append(
            tables.build_scores_table(checklist, forms, get_minimum_total(snapshot, checklist))
        )
    result_tables.append(tables.build_evidence_table(checklist, forms))
    notes = describe_counted_reports(snapshot, instrument.studies)
    return [replace(table, notes=(*table.notes, *notes)) for table in result_tables]


def _build_study_judgements(
    instrument: InstrumentForms, headers: Sequence[tuple[str, str]]
) -> Table:
    """The judgements of each study, as those of the model that represents it."""
    studies = instrument.studies
    table = tables.build_judgements_table(
        instrument.checklist, studies, [get_levels(form) for form in studies], headers
    )
    return replace(
        table,
        name=f"{instrument.checklist.id}-judgements-studies",
        title=f"{tables.name_judged_parts(instrument.checklist)} by study",
        notes=(*table.notes, *describe_model_rule(instrument)),
    )


def build_characteristics_tables(snapshot: ReviewSnapshot) -> list[Table]:
    """The characteristics of the included studies, where the review extracts them."""
    instrument = get_extraction_forms(snapshot)
    if instrument is None:
        return []
    return [tables.build_characteristics_table(instrument.checklist, instrument.forms)]


def build_agreement_table(snapshot: ReviewSnapshot, reader: str | None = None) -> Table:
    """Agreement at each stage and on each checklist.

    Args:
        reader: who asks; see workflow.agreeing.verdicts.
    """
    figure_rows: list[tuple[str, str, AgreementFigure]] = []
    for stage in snapshot.project.protocol.stages:
        ratings = _collect_stage_ratings(snapshot, stage, reader)
        if ratings:
            name = format_stage_name(stage)
            figure_rows += [
                (name, "verdict", figure) for figure in agreement.summarize_agreement(ratings)
            ]
    for name in snapshot.project.protocol.appraisal.tools:
        figure_rows += _collect_checklist_agreement(snapshot, get_checklist(snapshot.project, name))
    return tables.build_agreement_table(figure_rows)


def _collect_stage_ratings(
    snapshot: ReviewSnapshot, stage: Stage, reader: str | None
) -> list[list[str | None]]:
    """One row per report that two judged, one column per reviewer, by name."""
    verdicts_by_report = agreeing.collect_verdicts(
        snapshot.project, stage, reader=reader, until=snapshot.until, groups=snapshot.groups
    )
    double_rated = [
        report_verdicts
        for _, report_verdicts in sorted(agreeing.count_maybe(stage, verdicts_by_report).items())
        if len(report_verdicts) > 1
    ]
    reviewers = sorted({name for report_verdicts in double_rated for name in report_verdicts})
    return [[report_verdicts.get(name) for name in reviewers] for report_verdicts in double_rated]


def _collect_checklist_agreement(
    snapshot: ReviewSnapshot, checklist: Checklist
) -> list[tuple[str, str, AgreementFigure]]:
    """Every figure of one instrument: over all items, of its totals, and item by item."""
    forms = _collect_independent_forms(snapshot, checklist)
    rated_items = [item for item in consensus.collect_item_ratings(checklist, forms) if item.rows]
    pooled_figures = compute_pooled_agreement(rated_items)
    if pooled_figures is None:
        return []
    figure_rows = [(checklist.short, "all items", figure) for figure in pooled_figures]
    totals = collect_totals(checklist, forms)
    if totals:
        figure_rows.append((checklist.short, "totals", agreement.icc(totals)))
    return figure_rows + [
        (checklist.short, item.name, figure)
        for item in rated_items
        for figure in compute_item_figures(item)
    ]


def _collect_independent_forms(
    snapshot: ReviewSnapshot, checklist: Checklist
) -> list[tuple[Mapping[str, Answer], ...]]:
    """The forms of each report as they were when the last of them was first finished."""
    appraised = set(snapshot.appraised)
    report_by_record = {
        number: report for number, (report, _) in snapshot.groups.items() if report in appraised
    }
    report_by_record |= {report: report for report in appraised}
    until = snapshot.until
    with snapshot.project.store.read() as conn:
        answer_rows = answers.list_all_answers(
            conn, report_by_record, checklist.id, with_models=True
        )
        events = answers.list_form_events(conn, report_by_record, checklist.id, with_models=True)
        models = group_models(report_models.list_models(conn, until=until), report_by_record)
        assignment = get_assignment(snapshot.project, conn, appraised, until=snapshot.until)
    past_events = [event for event in events if until is None or event.at <= until]
    independent_forms: list[tuple[Mapping[str, Answer], ...]] = []
    events_by_form: dict[tuple[int, str], list[FormEvent]] = {}
    for event in past_events:
        form_key = (report_by_record[event.record], event.checklist)
        events_by_form.setdefault(form_key, []).append(event)
    answers_by_form: dict[tuple[int, str], list[Answer]] = {}
    for answer in answer_rows:
        form_key = (report_by_record[answer.record], answer.checklist)
        answers_by_form.setdefault(form_key, []).append(answer)
    for report in sorted(appraised):
        for form_id, _ in list_forms(checklist, models.get(report, [])):
            forms = get_blind_forms(
                events_by_form.get((report, form_id), []),
                answers_by_form.get((report, form_id), []),
                count_required_forms(assignment, report),
            )
            if forms:
                independent_forms.append(tuple(forms.values()))
    return independent_forms
