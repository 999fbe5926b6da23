"""The statement on automation in the methods: what Funnel did, and what people made of it.

Follows RAISE (Responsible AI in Evidence Synthesis, https://osf.io/fwaud): tool and version, stage,
what was suggested, who decided, and how often the suggestions were right.
"""

from collections.abc import Iterable, Mapping

from review.bias.number_checks import wilson
from review.protocol import find_stage, format_stage_name
from review.store import feedback, flags, screening_queue
from review.store.feedback import FeedbackEntry
from review.text.wording import format_count
from review.workflow.bias import flags as bias
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.fulltexts.reading import get_shipped_ranker

_SETTLED = ("included", "excluded")
_MODEL_PHRASES = {"light": "a linear model of the words of titles and abstracts"}


def write_statement(snapshot: ReviewSnapshot, version: str) -> str:
    """The statement; empty if no automated step touched the review so far."""
    sentences = [*_describe_order(snapshot), *_describe_flags(snapshot)]
    sentences += _describe_evidence(snapshot)
    if not sentences:
        return ""
    return " ".join(
        (
            f"Use of automation (RAISE), Funnel {version}.",
            *sentences,
            "No automated step set a decision, an answer or a judgement, and no text was sent to a "
            "language model.",
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
            f"learned from the reviewers' decisions with {phrase}, made again "
            f"{format_count(len(stage_runs), 'time')}; the order excludes no record."
        )
    return sentences


def _describe_flags(snapshot: ReviewSnapshot) -> list[str]:
    """Text-mining flags: on how many papers, and what reviewers made of them."""
    engine = bias.load_knowledge().engine
    with snapshot.project.store.read() as conn:
        runs = flags.list_runs(conn, engine, snapshot.numbers, until=snapshot.until)
    enabled_rules = bias.list_enabled_rules()
    entries = _list_settled_entries(snapshot, "flag")
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
    """Suggested sentences: how many reviewers used and dismissed."""
    entries = _list_settled_entries(snapshot, "evidence")
    if not entries:
        return []
    return [
        "Beside each question, sentences of the full text were suggested as possible evidence, "
        f"ranked by wording and place (weights {get_shipped_ranker().version}); "
        f"{_describe_verdicts(entries, 'used', 'sentence')}."
    ]


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


def _list_settled_entries(snapshot: ReviewSnapshot, kind: str) -> dict[object, FeedbackEntry]:
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
