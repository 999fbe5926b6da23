"""Texts of a report: the methods paragraph, and what reporting checklists take from the log."""

from collections.abc import Sequence
from importlib import metadata

from review.checklists import Checklist, list_items
from review.prisma import Flow, Stream, get_total
from review.protocol.models import Stage
from review.stopping import STOPPED_REASON, describe_check_result
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports import prisma
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.exports.prisma_s import AUTHORS_PLACEHOLDER
from review.workflow.exports.search_narrative import (
    describe_searches,
    format_dated_searches,
    format_times,
    join_names,
)
from review.workflow.exports.search_runs import list_searches
from review.workflow.exports.snapshot import ReviewSnapshot, count_models
from review.workflow.screening import random_checks
from review.workflow.screening.early_stop import list_stops
from review.workflow.screening.ranking import get_labels

REVIEWER_PHRASES = {
    1: "one reviewer",
    2: "two reviewers independently",
    3: "three reviewers independently",
}


REPLAY_NOTE = (
    "This review was reconstructed from the totals of a published review; papers whose identity "
    "was not published are unnamed records."
)


def get_version() -> str:
    """The version of this software, as installed."""
    try:
        return metadata.version("funnel-review")
    except metadata.PackageNotFoundError:
        return "unreleased"


def write_methods(snapshot: ReviewSnapshot) -> str:
    """The methods in a few paragraphs, every number from the entries."""
    from review.workflow.exports import automation, image_audits

    parts = [
        _describe_search(snapshot),
        _describe_selection(snapshot),
        _describe_appraisal(snapshot),
        image_audits.write_methods_sentence(snapshot),
        automation.write_statement(snapshot, get_version()),
        _describe_result(snapshot),
    ]
    parts.append(
        f"Records, decisions and appraisals were managed with Funnel {get_version()}, which keeps "
        "an append-only audit trail."
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _describe_search(snapshot: ReviewSnapshot) -> str:
    protocol = snapshot.project.protocol
    text_parts = (
        [f"The review was registered ({protocol.registration})."] if protocol.registration else []
    )
    if _is_replay(snapshot):
        text_parts.append(REPLAY_NOTE)
    text_parts += [
        describe_searches(list_searches(snapshot.project, snapshot.until), protocol.search),
        *prisma.list_incomplete_searches(snapshot),
    ]
    amendment_days = [
        str(protocol_version["at"])[:10]
        for protocol_version in snapshot.protocol_versions
        if protocol_version["amendment"] is not None
    ]
    if amendment_days:
        text_parts.append(
            "After screening had begun, the protocol was amended "
            f"{format_times(len(amendment_days))} ({join_names(amendment_days)})."
        )
    return " ".join(text_parts)


def _describe_selection(snapshot: ReviewSnapshot) -> str:
    flow = snapshot.flow
    text = f"{_describe_identified(flow)} {_describe_duplicates(flow)}"
    text += _describe_automation(snapshot)
    if not _is_replay(snapshot):  # who judged what there was published, not entered
        for stage in snapshot.project.protocol.stages:
            text += _describe_stage(snapshot, stage)
    return text.strip()


def _describe_automation(snapshot: ReviewSnapshot) -> str:
    """What rules marked, and what the lead left unscreened, each with its number."""
    lines = [line for stream in _list_streams(snapshot.flow) for line in stream.automation]
    rule_count = sum(line.n or 0 for line in lines if line.label != STOPPED_REASON)
    text = (
        f"{_format_count_with_verb(rule_count, 'record')} marked as ineligible by automation "
        "tools (keyword rules). "
        if rule_count
        else ""
    )
    unscreened_count = sum(line.n or 0 for line in lines if line.label == STOPPED_REASON)
    if not unscreened_count:
        return text
    stop_notes = [
        f"on {stop_event.at:%Y-%m-%d} ({stop_event.why})"
        for stage in snapshot.project.protocol.stages
        for stop_event in list_stops(snapshot.project, stage, until=snapshot.until)
    ]
    stop_phrase = (
        f" when prioritised screening was stopped {join_names(stop_notes)}" if stop_notes else ""
    )
    return (
        f"{text}{_format_count_with_verb(unscreened_count, 'record')} left "
        f"unscreened{stop_phrase}. {_describe_checks(snapshot)}"
    )


def _describe_checks(snapshot: ReviewSnapshot) -> str:
    """What the random check of each stage showed; '' where none was drawn and screened."""
    sentences = []
    with snapshot.project.store.read() as conn:
        for stage in snapshot.project.protocol.stages:
            check = random_checks.get_random_check(conn, stage.id, until=snapshot.until)
            if check is None:
                continue
            report_statuses = snapshot.statuses[stage.id]
            labels = get_labels(report_statuses)
            result = random_checks.summarize_check(check, report_statuses, labels, snapshot.groups)
            if result.is_complete:
                sentences.append(f"{describe_check_result(result)} ")
    return "".join(sentences)


def _is_replay(snapshot: ReviewSnapshot) -> bool:
    return any(
        search_run.kind == "replay"
        for search_run in list_searches(snapshot.project, snapshot.until)
    )


def _list_streams(flow: Flow) -> list[Stream]:
    return [stream for stream in (flow.main, flow.other) if stream is not None]


def _describe_identified(flow: Flow) -> str:
    main_count = get_total(flow.main.identified)
    if main_count is None:
        return f"{_format_number(None)} records were identified."
    other_count = get_total(flow.other.identified) or 0 if flow.other else 0
    text = f"{_format_count_with_verb(main_count + other_count, 'record')} identified"
    return f"{text} ({other_count:,} by other methods)." if other_count else f"{text}."


def _describe_duplicates(flow: Flow) -> str:
    boxes = [(stream.duplicates_tool.n, stream.duplicates_hand.n) for stream in _list_streams(flow)]
    if any(tool is None or hand is None for tool, hand in boxes):
        return ""
    tool, hand = sum(counts[0] or 0 for counts in boxes), sum(counts[1] or 0 for counts in boxes)
    if not tool + hand:
        return "No duplicates were removed. "
    return (
        f"{_format_count_with_verb(tool + hand, 'duplicate')} removed ({tool:,} automatically, by "
        f"identifiers, titles, authors and years, and {hand:,} manually). "
    )


def _describe_stage(snapshot: ReviewSnapshot, stage: Stage) -> str:
    """Who screened what; empty if nobody has yet."""
    report_statuses = list(snapshot.statuses[stage.id].values())
    if stage.kind == "screening":
        report_statuses = [
            report_status
            for report_status in report_statuses
            if report_status.resolved_by != "automation"
        ]
    if all(report_status.status == "pending" for report_status in report_statuses):
        return ""
    text = _capitalize_first(_describe_judges(stage))
    adjudicated_count = sum(
        report_status.resolved_by == "adjudicator" for report_status in report_statuses
    )
    if stage.reviewers > 1 and adjudicated_count:
        noun = "record" if stage.kind == "screening" else "report"
        text += (
            "; disagreements were resolved by an adjudicator "
            f"({_format_count(adjudicated_count, noun)})"
        )
    has_maybe = any(
        decision.verdict == "unsure" and decision.role == "reviewer"
        for report_status in report_statuses
        for decision in report_status.decisions
    )
    if stage.maybe == "include" and has_maybe:
        text += "; a vote of Maybe counted as a vote to include"
    return f"{text}. "


def _describe_judges(stage: Stage) -> str:
    task = {
        "screening": "screened titles and abstracts",
        "eligibility": "assessed full texts",
        "quality": "assessed the quality of eligible reports",
    }[stage.kind]
    reviewers_phrase = REVIEWER_PHRASES.get(
        stage.reviewers, f"{stage.reviewers} reviewers independently"
    )
    return f"{reviewers_phrase} {task}"


def _describe_open_work(snapshot: ReviewSnapshot) -> str:
    """Work that remains, so that an unfinished review is not mistaken for a complete one."""
    flow = snapshot.flow
    streams = _list_streams(flow)
    pending = [
        (sum(stream.waiting_screening.n or 0 for stream in streams), "record", "screening"),
        (sum(stream.waiting_eligibility.n or 0 for stream in streams), "report", "full text"),
        (flow.waiting_quality.n or 0, "report", "appraisal"),
    ]
    text_parts = [f"{_format_count(n, noun)} for {step}" for n, noun, step in pending if n]
    sentences = prisma.list_waiting(snapshot)
    if text_parts:
        pending_text = join_names(text_parts)
        sentences.insert(
            0, f"The review was in progress on {snapshot.day}; still outstanding: {pending_text}."
        )
    return " ".join(sentences)


def _describe_appraisal(snapshot: ReviewSnapshot) -> str:
    protocol = snapshot.project.protocol
    tools = [get_checklist(snapshot.project, name) for name in protocol.appraisal.tools]
    if not tools or not snapshot.appraised:
        return ""
    verb = "are" if snapshot.flow.waiting_quality.n else "were"
    text = (
        f"Eligible reports {verb} appraised with "
        f"{join_names([_format_citation(checklist) for checklist in tools])}. "
    )
    if any(tool.unit == "model" for tool in tools):
        text += _describe_models(snapshot)
    gate_texts = [
        f"{gate.reason} ({_format_kinds(gate.kinds)} studies)" if gate.kinds else str(gate.reason)
        for gate in protocol.appraisal.gates
    ]
    if gate_texts:
        text += (
            f"Reports {verb} excluded at the quality gate for any of the following reasons: "
            f"{'; '.join(gate_texts)}. "
        )
    return text.strip()


def _describe_models(snapshot: ReviewSnapshot) -> str:
    """How many models were appraised, and which represents a report; '' without any model."""
    counts = count_models(snapshot)
    if not counts:
        return ""
    rule = {"worst": "its worst model", "best": "its best model", "main": "its main model"}
    units = [
        checklist.short
        for checklist in (
            get_checklist(snapshot.project, name)
            for name in snapshot.project.protocol.appraisal.tools
        )
        if checklist.unit == "model"
    ]
    return (
        f"{join_names(units)} was completed for each of "
        f"{_format_count(sum(counts.values()), 'model')} in {_format_count(len(counts), 'report')};"
        f" a report was judged by {rule[snapshot.project.protocol.appraisal.model_rule]}. "
    )


def _format_kinds(kinds: Sequence[str]) -> str:
    return join_names([DISPLAY_NAMES.get(kind, kind).lower() for kind in kinds])


def _format_citation(checklist: Checklist) -> str:
    citation = checklist.citation
    if citation is None:
        return checklist.short
    return f"{checklist.short} ({citation.authors.split(',')[0].rsplit(' ', 1)[0]} {citation.year})"


def _describe_result(snapshot: ReviewSnapshot) -> str:
    flow = snapshot.flow
    studies, reports = flow.new_studies.n, flow.new_reports.n
    if not studies:
        open_work = _describe_open_work(snapshot)
        return f"No study is included{' yet' if open_work else ''}. {open_work}".strip()
    verb = "is" if studies == 1 else "are"
    text = (
        f"{_format_count(studies, 'study', 'studies')} in {_format_count(reports, 'report')} "
        f"{verb} included"
    )
    kinds = [
        f"{_format_number(kind_count.n)} "
        f"{DISPLAY_NAMES.get(kind_count.label, kind_count.label).lower()}"
        for kind_count in flow.kinds
    ]
    known_total = get_total(flow.kinds)
    if kinds and studies is not None and known_total is not None and studies > known_total:
        kinds.append(f"{studies - known_total:,} of unrecorded type")
    text += f" ({', '.join(kinds)})." if kinds else "."
    return f"{text} {_describe_open_work(snapshot)}".strip()


def _format_count(value: int | None, singular: str, plural: str | None = None) -> str:
    """A number with its noun: 1 report, 2 reports."""
    return f"{_format_number(value)} {singular if value == 1 else plural or f'{singular}s'}"


def _format_count_with_verb(value: int, noun: str) -> str:
    return f"{_format_count(value, noun)} {'was' if value == 1 else 'were'}"


def _format_number(value: int | None) -> str:
    return "an unpublished number of" if value is None else f"{value:,}"


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def collect_checklist_facts(snapshot: ReviewSnapshot) -> dict[str, tuple[str, str]]:
    """What the protocol and the log say for reporting checklists: fact -> text and where to find
    more. Facts that are not there have the text that leaves them to the authors."""
    protocol, flow = snapshot.project.protocol, snapshot.flow
    bias_tools = ", ".join(_list_bias_tools(snapshot)) or AUTHORS_PLACEHOLDER
    has_accuracy = protocol.appraisal.accuracy is not None
    measures = "Sensitivity and specificity with exact 95% confidence intervals; AUC"
    return {
        "title": (protocol.title, "protocol.yaml"),
        "objectives": (protocol.question, "protocol.yaml"),
        "criteria": (_describe_criteria(snapshot), "protocol.yaml"),
        "sources": (_describe_sources(snapshot), "tables/search-log"),
        "search": ("Query as run in each source", "tables/prisma-s"),
        "selection": (_describe_process(snapshot), "methods.md"),
        "collection": (_describe_form(snapshot), "tables/characteristics"),
        "items": (_list_extracted_items(snapshot), "tables/characteristics"),
        "bias-tools": (bias_tools, "methods.md"),
        "measures": (measures if has_accuracy else AUTHORS_PLACEHOLDER, "tables/accuracy"),
        "display": (
            "Table of every model with its counts; paired forest plot; nothing is pooled"
            if has_accuracy
            else AUTHORS_PLACEHOLDER,
            "accuracy/paired-forest.svg",
        ),
        "flow": (_describe_counts(flow), "prisma.svg"),
        "excluded": (_describe_exclusions(flow), "tables/excluded-*"),
        "characteristics": (
            _format_count(len(snapshot.included), "report"),
            "tables/characteristics" if protocol.appraisal.extraction else AUTHORS_PLACEHOLDER,
        ),
        "bias": (bias_tools, "tables/*-judgements, figures/*-traffic-light"),
        "results": (
            "Counts, sensitivity, specificity and AUC of each model"
            if has_accuracy
            else AUTHORS_PLACEHOLDER,
            "tables/accuracy",
        ),
        "registration": (protocol.registration or AUTHORS_PLACEHOLDER, "protocol.yaml"),
        "protocol": ("Included in this folder", "protocol.yaml"),
        "amendments": (_describe_amendments(snapshot), "log.jsonl"),
        "availability": (
            "All records, decisions, tables and figures in this folder",
            "manifest.json",
        ),
    }


def _list_extracted_items(snapshot: ReviewSnapshot) -> str:
    """Names of the items of the extraction forms, in their order."""
    plan = snapshot.project.protocol.appraisal
    names = filter(None, (plan.extraction, plan.accuracy))
    forms = [get_checklist(snapshot.project, name) for name in names]
    items = [item.name for form in forms for item in list_items(form)]
    return "; ".join(dict.fromkeys(items)) or AUTHORS_PLACEHOLDER


def _describe_criteria(snapshot: ReviewSnapshot) -> str:
    criteria = snapshot.project.protocol.criteria
    text_parts = [f"include: {criterion}" for criterion in criteria.include]
    text_parts += [f"exclude: {criterion}" for criterion in criteria.exclude]
    return "; ".join(text_parts) or AUTHORS_PLACEHOLDER


def _describe_sources(snapshot: ReviewSnapshot) -> str:
    return (
        "; ".join(format_dated_searches(list_searches(snapshot.project, snapshot.until)))
        or AUTHORS_PLACEHOLDER
    )


def _describe_form(snapshot: ReviewSnapshot) -> str:
    plan = snapshot.project.protocol.appraisal
    titles = [
        get_checklist(snapshot.project, name).title
        for name in (plan.extraction, plan.accuracy)
        if name
    ]
    if not titles:
        return AUTHORS_PLACEHOLDER
    return f"Form{'s' if len(titles) > 1 else ''}: {'; '.join(titles)}"


def _describe_process(snapshot: ReviewSnapshot) -> str:
    if _is_replay(snapshot):
        return AUTHORS_PLACEHOLDER
    return _capitalize_first(
        "; ".join(_describe_judges(stage) for stage in snapshot.project.protocol.stages)
    )


def _list_bias_tools(snapshot: ReviewSnapshot) -> list[str]:
    tools = [
        get_checklist(snapshot.project, name) for name in snapshot.project.protocol.appraisal.tools
    ]
    return [checklist.short for checklist in tools if checklist.kind == "risk-of-bias"]


def _describe_counts(flow: Flow) -> str:
    streams = _list_streams(flow)
    identified_counts = [get_total(stream.identified) for stream in streams]
    sought_counts = [stream.sought.n for stream in streams]
    text = f"{_format_number(_sum_known(identified_counts))} records identified"
    text += f" ({identified_counts[1]:,} by other methods)" if len(identified_counts) > 1 else ""
    reports = _format_count(flow.new_reports.n, "report")
    studies = _format_count(flow.new_studies.n, "study", "studies")
    return (
        f"{text}, {_format_count(_sum_known(sought_counts), 'report')} sought, {reports} of "
        f"{studies} included"
    )


def _describe_exclusions(flow: Flow) -> str:
    excluded_count = _sum_known(
        [get_total(stream.excluded_eligibility) for stream in _list_streams(flow)]
    )
    text = f"{_format_count(excluded_count, 'report')}"
    gate_text = f", {_format_number(get_total(flow.excluded_quality))} at the quality gate"
    return f"{text} at full text{gate_text if 'quality' in flow.stages else ''}"


def _sum_known(numbers: Sequence[int | None]) -> int | None:
    """None as soon as one number is not published."""
    known_numbers = [number for number in numbers if number is not None]
    return sum(known_numbers) if len(known_numbers) == len(numbers) else None


def _describe_amendments(snapshot: ReviewSnapshot) -> str:
    amendments = [
        amendment for amendment in snapshot.protocol_versions if amendment["amendment"] is not None
    ]
    days = "; ".join(
        f"{str(amendment['at'])[:10]}: {amendment['why'] or 'no reason given'}"
        for amendment in amendments
    )
    return days or "none"
