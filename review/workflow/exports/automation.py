"""The statement on automation in the methods: what Funnel did, and what people made of it.

Follows RAISE (Responsible AI in Evidence Synthesis, https://osf.io/fwaud): tool and version, stage,
what was suggested, who decided, and how often the suggestions were right.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from review.bias.number_checks import wilson
from review.checklists import UNSURE
from review.protocol.models import find_stage, format_stage_name
from review.screening import ScreeningStatus
from review.stopping import STOPPED_REASON
from review.store import (
    answers,
    assistant_calls,
    feedback,
    flags,
    fulltexts,
    screening_queue,
)
from review.store.assistant_calls import AnsweredCall
from review.store.feedback import FeedbackEntry
from review.store.files import list_current_files
from review.text.wording import format_count
from review.workflow.appraisal.assignment import get_appraisal_stage
from review.workflow.appraisal.instruments import get_checklist, list_checklist_ids
from review.workflow.assistant import measurement
from review.workflow.assistant.measurement import AssistantAgreement
from review.workflow.bias import flags as bias
from review.workflow.exports.search_narrative import format_times, join_names
from review.workflow.exports.snapshot import ReviewSnapshot, list_consensus_entries
from review.workflow.fulltexts.reading import get_shipped_ranker

_SETTLED = ("included", "excluded")
_RULE_PREFIX = "rule "
"""Of the names under which decisions of keyword rules are kept."""
_FOUND_SHARE = 0.95
"""Share of the included records by which an order is judged, as usual for prioritised screening."""
_DROPPED_PHRASES = {
    "quotation": "whose quotations are not in the paper",
    "option": "that the item does not have",
    "form": "not in the form asked for",
    "unsure": "that found nothing in the sentences",
}
_MODEL_PHRASES = {"light": "a linear model of the words of titles and abstracts"}


def write_statement(snapshot: ReviewSnapshot, version: str) -> str:
    """The statement; empty if no automated step touched the review so far."""
    rule_sentences = _describe_keyword_rules(snapshot)
    sentences = [*_describe_order(snapshot), *rule_sentences, *_describe_flags(snapshot)]
    sentences += _describe_evidence(snapshot)
    assistant_sentences = _describe_assistant(snapshot)
    sentences += assistant_sentences
    if not sentences:
        return ""
    return " ".join(
        (
            f"Use of automation (RAISE), Funnel {version}.",
            *sentences,
            (
                "Apart from the marks of these rules, no automated step set a decision, an answer "
                "or a judgement"
                if rule_sentences
                else "No automated step set a decision, an answer or a judgement"
            )
            + (
                "; apart from these questions, no text was sent to a language model."
                if assistant_sentences
                else ", and no text was sent to a language model."
            ),
        )
    )


def _describe_order(snapshot: ReviewSnapshot) -> list[str]:
    """Stages whose records were put in a learned order."""
    with snapshot.project.store.read() as conn:
        runs = screening_queue.list_trained_orders(conn, until=snapshot.until)
    sentences = []
    for stage in snapshot.project.protocol.stages:
        stage_runs = [run for run in runs if run["stage"] == stage.id]
        if not stage_runs:
            continue
        model = str(stage_runs[-1]["model"])
        phrase = _MODEL_PHRASES.get(model, f"the model {model.removeprefix('embeddings:')}")
        sentences.append(
            f"At the stage {format_stage_name(stage).lower()}, records were shown in an order "
            f"learned from the reviewers' decisions with {phrase}, computed "
            f"{format_times(len(stage_runs))}; the order excludes no record."
        )
        sentences += _describe_order_accuracy(snapshot, stage.id)
    return sentences


def _describe_order_accuracy(snapshot: ReviewSnapshot, stage: str) -> list[str]:
    """How early the included records of a stage were screened, and what was left unscreened."""
    statuses = snapshot.statuses[stage].values()
    screened = sorted(
        (min(votes), status.status == "included")
        for status in statuses
        if status.status in _SETTLED and (votes := _list_votes(status))
    )
    included = [place for place, (_, is_included) in enumerate(screened, 1) if is_included]
    sentences = []
    if included:
        found = math.ceil(_FOUND_SHARE * len(included))
        sentences.append(
            f"Of {format_count(len(screened), 'record')} that reviewers have screened there, "
            f"{len(included):,} were included, and {found:,} of these "
            f"({found / len(included):.0%}) were among the first {included[found - 1]:,} screened."
        )
    unscreened = sum(status.reason == STOPPED_REASON for status in statuses)
    if unscreened:
        sentences.append(
            f"The lead then stopped screening, which left {format_count(unscreened, 'record')} "
            "unscreened."
        )
    return sentences


def _list_votes(status: ScreeningStatus) -> list[int]:
    """Numbers of the decisions that people made on a record."""
    return [decision.id for decision in status.decisions if decision.role != "automation"]


def _describe_keyword_rules(snapshot: ReviewSnapshot) -> list[str]:
    """What the lead's keyword rules marked, and what people decided on marked records."""
    stage = find_stage(snapshot.project.protocol, "screening")
    counts: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for status in snapshot.statuses[stage.id].values() if stage else ():
        rule = next(
            (
                decision.reviewer.removeprefix(_RULE_PREFIX)
                for decision in status.decisions
                if decision.role == "automation" and decision.reviewer.startswith(_RULE_PREFIX)
            ),
            None,
        )
        if rule is not None:
            counts[rule] += 1
            verdicts[status.status if _list_votes(status) else "unscreened"] += 1
    if not counts:
        return []
    total = sum(counts.values())
    screened = total - verdicts["unscreened"]
    rules = join_names([f"{rule} ({count:,})" for rule, count in sorted(counts.items())])
    sentence = (
        f"Before screening, keyword rules that the lead wrote and applied marked "
        f"{format_count(total, 'record')} as ineligible: {rules}."
    )
    if not screened:
        return [sentence, "No reviewer screened these records."]
    return [
        sentence,
        f"Reviewers screened {screened:,} of them all the same and included "
        f"{verdicts['included']:,}; the others were seen by no reviewer."
        if verdicts["unscreened"]
        else f"Reviewers screened them all the same and included {verdicts['included']:,}.",
    ]


def _describe_flags(snapshot: ReviewSnapshot) -> list[str]:
    """Text-mining flags: on how many papers, and what reviewers made of them."""
    engine = bias.load_knowledge().engine
    with snapshot.project.store.read() as conn:
        runs = flags.list_runs(conn, engine, snapshot.numbers, until=snapshot.until)
    enabled_rules = bias.list_enabled_rules()
    entries = list_settled_entries(snapshot, "flag")
    if not runs and not entries:
        return []
    places = {key: entry for key, entry in entries.items() if entry.rule not in enabled_rules}
    entries = {key: entry for key, entry in entries.items() if entry.rule in enabled_rules}
    sentence = "At appraisal, text-mining rules showed possible signs of bias with their sentences"
    if runs:
        papers = len({record for record, _ in runs})
        sentence += f", in {format_count(papers, 'full text')} searched"
    sentences = [f"{sentence}; {_describe_verdicts(entries, 'confirmed', 'flag')}."]
    if places:
        verdicts = _describe_verdicts(places, "confirmed", "sentence")
        sentences.append(
            f"Further sentences, ranked as worth checking, did not count as flags; {verdicts}."
        )
    return sentences


def _describe_evidence(snapshot: ReviewSnapshot) -> list[str]:
    """Suggested sentences: at which stage, on how many reports, how many were used and dismissed.
    Of what is open only what was judged counts, as elsewhere."""
    entries = list_settled_entries(snapshot, "evidence")
    reports = _count_reports_with_suggestions(snapshot)
    if not entries and not reports:
        return []
    stage = format_stage_name(get_appraisal_stage(snapshot.project)).lower()
    extent = f" of {format_count(reports, 'report')} appraised" if reports else ""
    return [
        f"At the stage {stage}, sentences of the full text{extent} were suggested as possible "
        "evidence beside each question, "
        f"ranked by wording and place (version {get_shipped_ranker().version} of the weights); "
        f"{_describe_verdicts(entries, 'used', 'sentence')}."
    ]


def _count_reports_with_suggestions(snapshot: ReviewSnapshot) -> int:
    """Decided reports that reviewers appraised with a full text at hand that could be read: beside
    its questions, sentences were suggested."""
    settled = _find_settled_reports(snapshot)
    with snapshot.project.store.read() as conn:
        files = list_current_files(conn, until=snapshot.until)
        states = fulltexts.list_states(conn, [file["sha256"] for file in files.values()])
        answered = {
            snapshot.groups.get(answer.record, (answer.record, 0))[0]
            for answer in answers.list_all_answers(conn, with_models=True)
            if answer.role == "reviewer" and (snapshot.until is None or answer.at <= snapshot.until)
        }
    readable = {
        snapshot.groups.get(record, (record, 0))[0]
        for record, file in files.items()
        if states.get(file["sha256"], ("",))[0] == "ok"
    }
    return len(settled & answered & readable)


def _describe_assistant(snapshot: ReviewSnapshot) -> list[str]:
    """The language model that reviewers asked: how often, what came of it, how often right."""
    with snapshot.project.store.read() as conn:
        calls = assistant_calls.list_calls(conn, until=snapshot.until)
    if not calls:
        return []
    agreement = measure_assistant(snapshot, calls)
    models = dict.fromkeys(entry.call.model for entry in calls)
    sentences = []
    for model in models:
        model_calls = [entry for entry in calls if entry.call.model == model]
        sentences.append(_describe_model_calls(snapshot, model, model_calls))
        figures = [
            f"{measurement.format_agreement(figure)} on {figure.short}"
            for figure in agreement
            if figure.model == model
        ]
        sentences.append(
            f"Its suggestion was {'; '.join(figures)}."
            if figures
            else "None of its suggestions has been compared with a settled answer yet."
        )
    return sentences


def _describe_model_calls(
    snapshot: ReviewSnapshot, model: str, calls: Sequence[AnsweredCall]
) -> str:
    """What one model was asked and what came of it, in a sentence."""
    reported = sorted(
        {
            ", ".join(filter(None, (entry.answer.model, entry.answer.version)))
            for entry in calls
            if entry.answer and (entry.answer.model or entry.answer.version)
        }
    )
    versions = sorted({entry.call.prompt for entry in calls})
    details = [f"reported as {' and '.join(reported)}"] if reported else []
    details.append(f"instructions version {' and '.join(versions)}")
    before = sum(not entry.call.answered for entry in calls)
    look = (
        "each time after their own answer to the item"
        if not before
        else f"{before:,} of {len(calls):,} times before their own answer to the item"
    )
    reports = {snapshot.groups.get(entry.call.record, (entry.call.record, 0))[0] for entry in calls}
    most = max(len(entry.call.sentences) for entry in calls)
    states = Counter(entry.answer.state if entry.answer else "failed" for entry in calls)
    reasons = Counter(
        entry.answer.reason for entry in calls if entry.answer and entry.answer.state == "dropped"
    )
    dropped = ", ".join(
        f"{reasons[reason]:,} {phrase}"
        for reason, phrase in _DROPPED_PHRASES.items()
        if reasons[reason]
    )
    return (
        f"At appraisal, reviewers asked the language model {model} ({'; '.join(details)}) about "
        f"single items, {look}; it was given the item and at most {format_count(most, 'sentence')} "
        f"of the full text. {format_count(len(calls), 'question')} on "
        f"{format_count(len(reports), 'report')} gave "
        f"{format_count(states['suggested'], 'suggestion')}"
        f"{',' if states['suggested'] == 1 else ', each'} with a quotation found in the paper; "
        + (
            f"{format_count(states['dropped'], 'answer')} "
            f"{'was' if states['dropped'] == 1 else 'were'} dropped ({dropped})"
            if states["dropped"]
            else "no answer was dropped"
        )
        + (
            f", and {format_count(states['failed'], 'question')} got no answer."
            if states["failed"]
            else "."
        )
    )


def measure_assistant(
    snapshot: ReviewSnapshot, calls: Sequence[AnsweredCall]
) -> list[AssistantAgreement]:
    """How often suggestions were the answers settled by then, of reports that are decided."""
    report_by_record = {
        entry.call.record: snapshot.groups.get(entry.call.record, (entry.call.record, 0))[0]
        for entry in calls
    }
    decided = _find_settled_reports(snapshot) & set(report_by_record.values())
    settled: dict[measurement.FormItem, str] = {}
    for name in list_checklist_ids(snapshot.project.protocol):
        checklist = get_checklist(snapshot.project, name)
        for (report, form), entries in list_consensus_entries(snapshot, checklist, decided).items():
            for item, entry in entries.items():
                if entry.answer not in (None, UNSURE):
                    settled[report, form, item] = str(entry.answer)
    counts = measurement.compare_with_settled(calls, report_by_record, settled)
    return measurement.build_agreement(snapshot.project, counts)


def _describe_verdicts(entries: Mapping[object, FeedbackEntry], verb: str, noun: str) -> str:
    """What reviewers made of suggestions, with the share that was right and its interval."""
    right = sum(entry.verdict != "dismiss" for entry in entries.values())
    judged = len(entries)
    if not judged:
        return f"no {noun} has been judged yet on a report whose appraisal is complete"
    interval = wilson(right, judged)
    assert interval is not None  # there are judged suggestions
    return (
        f"reviewers {verb} {right:,} and dismissed {judged - right:,} of "
        f"{format_count(judged, f'judged {noun}')} ({right / judged:.0%}, 95% CI "
        f"{interval.low:.0%} to {interval.high:.0%})"
    )


def list_settled_entries(snapshot: ReviewSnapshot, kind: str) -> dict[object, FeedbackEntry]:
    """The newest word on each suggestion, on reports whose last stage is decided; what is open says
    nothing, so that reviewers stay blind to each other."""
    with snapshot.project.store.read() as conn:
        entries = feedback.list_newest_entries(conn, kind, until=snapshot.until)
    settled = _find_settled_reports(snapshot)
    return {
        (entry.record, entry.rule, entry.item, entry.sentence): entry
        for entry in _keep_settled(snapshot, entries, settled)
    }


def _keep_settled(
    snapshot: ReviewSnapshot, entries: Iterable[FeedbackEntry], settled: set[int]
) -> Iterable[FeedbackEntry]:
    for entry in entries:
        if snapshot.groups.get(entry.record, (entry.record, 0))[0] in settled:
            yield entry


def _find_settled_reports(snapshot: ReviewSnapshot) -> set[int]:
    protocol = snapshot.project.protocol
    stage = find_stage(protocol, "quality") or protocol.stages[-1]
    return {
        report
        for report, status in snapshot.statuses[stage.id].items()
        if status.status in _SETTLED
    }
