"""Commands for screening: rank, stopping, stop, retire, agreement."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line, print_warning
from review.errors import ReviewError

if TYPE_CHECKING:
    from review.workflow.screening.ranking import RankExplanation

STAGE = typer.Option("screening", help="Stage id or kind.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    rank_commands = typer.Typer(no_args_is_help=True, help="Active-learning order of a stage.")
    rank_commands.command("train")(train_ranking)
    rank_commands.command("explain")(explain_ranking)
    app.add_typer(rank_commands, name="rank")
    rule_commands = typer.Typer(no_args_is_help=True, help="Keyword rules of the protocol.")
    rule_commands.command("apply")(apply_rules)
    rule_commands.command("withdraw")(withdraw_rule)
    app.add_typer(rule_commands, name="rules")
    app.command("stopping")(show_stopping_evidence)
    app.command("draw-check")(draw_random_check)
    app.command("stop")(stop_screening)
    app.command("retire")(retire_reviewer)
    app.command("agreement")(show_agreement)


def train_ranking(context: typer.Context, stage: str = STAGE) -> None:
    """Retrain the order of a stage from the decisions so far."""
    from review.workflow.project.project import find_stage
    from review.workflow.screening import ranking

    project = open_review(context)
    result = ranking.retrain_ranking(
        project, find_stage(project.protocol, stage), get_user_name(context)
    )
    print_line(
        f"Ordered {result.ranked:,} records with the model '{result.model}', trained on "
        f"{result.labels:,} screened records ({result.relevant:,} relevant)."
    )


def explain_ranking(
    context: typer.Context, record: str, stage: str = STAGE, as_json: bool = AS_JSON
) -> None:
    """Show the position of RECORD in the order and the words that contribute most to it."""
    from dataclasses import asdict

    from review.workflow.project.project import find_stage
    from review.workflow.screening import ranking

    project = open_review(context)
    protocol_stage = find_stage(project.protocol, stage)
    explanation = ranking.explain_position(
        project, protocol_stage, record, reader=get_user_name(context)
    )
    if as_json:
        words = [{"word": word, "share": round(share, 5)} for word, share in explanation.words]
        print_json(asdict(explanation) | {"words": words})
        return
    print_explanation(explanation)


def print_explanation(explanation: "RankExplanation") -> None:
    """Print a record's position in the order and the words that contribute to its score."""
    print_line(
        f"{explanation.key} is not in the queue: it has already been screened or marked."
        if explanation.place is None
        else f"{explanation.key} is number {explanation.place:,} of "
        f"{explanation.waiting:,} records to screen."
    )
    if explanation.score is None and explanation.model != "random":
        print_line(
            "The score is hidden from reviewers because it depends on colleagues' decisions."
        )
    elif explanation.score is None:
        print_line("Its position is random: the model had not been trained yet.")
    elif explanation.model == "question":
        print_line(
            f"Its score is {explanation.score:+.3f}, by likeness to the review's question and key "
            "papers; nothing had been learned from decisions yet."
        )
    else:
        lottery_note = (
            " Its position was drawn at random, not by score." if explanation.by_lot else ""
        )
        print_line(
            f"Its score is {explanation.score:+.3f}, from the model '{explanation.model}' trained "
            f"on {explanation.learned_from:,} screened records.{lottery_note}"
        )
    if not explanation.words:
        print_line("None of its words contributes to its score.")
        return
    if explanation.because:
        print_line(f"It comes early because of: {', '.join(explanation.because)}.")
    print_line("Words that contribute most to this record's score, with their share:")
    for word, share in explanation.words:
        print_line(
            f"  {'screen earlier' if share > 0 else 'screen later':14}  {abs(share):6.1%}  {word}"
        )
    if explanation.model.startswith("embeddings:"):
        print_line(
            "The model also uses the meaning of sentences, which cannot be attributed to single "
            "words."
        )


def apply_rules(context: typer.Context) -> None:
    """Mark unscreened records that fail a keyword rule as ineligible; restore those that pass."""
    from review.workflow.screening.keyword_rules import apply_rules as hold

    for rule, (excluded_count, restored_count) in hold(
        open_review(context), get_user_name(context)
    ).items():
        print_line(
            f"Rule {rule}: {excluded_count:,} records marked as ineligible by automation tools, "
            f"{restored_count:,} restored."
        )


def withdraw_rule(context: typer.Context, rule: str) -> None:
    """Restore all records marked by RULE."""
    from review.workflow.screening.keyword_rules import withdraw_rule as back

    print_line(
        f"{back(open_review(context), rule, get_user_name(context)):,} records were returned to "
        "screening."
    )


def show_stopping_evidence(
    context: typer.Context,
    stage: str = STAGE,
    as_json: bool = AS_JSON,
    confidence: float = typer.Option(
        0.95, min=0.5, max=0.999, help="Confidence of the random check (0.5 to 0.999)."
    ),
) -> None:
    """Show the evidence for stopping. Screening never stops automatically."""
    from dataclasses import asdict

    from review.stopping import (
        compute_check_size,
        describe_check,
        describe_check_result,
        describe_evidence,
        list_rules,
        write_methods_sentence,
    )
    from review.workflow.project.project import find_stage
    from review.workflow.screening import ranking

    project = open_review(context)
    protocol_stage = find_stage(project.protocol, stage)
    evidence, _ = ranking.get_stopping_evidence(
        project, protocol_stage, reader=get_user_name(context)
    )
    if as_json:
        print_json(asdict(evidence))
        return
    for name, sentence in describe_evidence(evidence):
        print_line(f"{name}: {sentence}")
    for rule in list_rules(evidence):
        print_line(f"  {'stop' if rule.is_met else 'go on':6}  {rule.name}: {rule.reason}")
        print_line(f"          {rule.experience}")
    size = compute_check_size(evidence.relevant, evidence.unscreened, evidence.target, confidence)
    print_line(describe_check(evidence, size, confidence))
    result = ranking.get_check_result(project, protocol_stage, reader=get_user_name(context))
    if result is not None:
        print_line(describe_check_result(result))
    print_line(write_methods_sentence(evidence))


def draw_random_check(
    context: typer.Context,
    stage: str = STAGE,
    confidence: float = typer.Option(
        0.95, min=0.5, max=0.999, help="Confidence of the random check (0.5 to 0.999)."
    ),
    size: int = typer.Option(0, min=0, help="Records to draw; 0: as many as the check needs."),
    withdraw: bool = typer.Option(False, help="Withdraw the check that was drawn last."),
) -> None:
    """Draw unscreened records at random, to be screened before all others (lead only)."""
    from review.stopping import compute_check_size, describe_check
    from review.workflow.project.project import find_stage
    from review.workflow.screening import random_checks, ranking

    project, who = open_review(context), get_user_name(context)
    protocol_stage = find_stage(project.protocol, stage)
    if withdraw:
        count = random_checks.withdraw_random_check(project, protocol_stage, who)
        print_line(f"The random check of {count:,} records was withdrawn.")
        return
    random_checks.require_random_check(project, protocol_stage, who)
    if not size:
        evidence, _ = ranking.get_stopping_evidence(project, protocol_stage, reader=who)
        needed = compute_check_size(
            evidence.relevant, evidence.unscreened, evidence.target, confidence
        )
        if not needed:
            raise ReviewError(describe_check(evidence, needed, confidence))
        size = needed
    count = random_checks.draw_random_check(
        project, protocol_stage, who, size, confidence=confidence
    )
    print_line(f"{count:,} records were drawn. Reviewers are given them next.")


def stop_screening(
    context: typer.Context,
    why: str = typer.Option("", help="Reason for stopping."),
    stage: str = STAGE,
    back: bool = typer.Option(False, help="Resume screening."),
) -> None:
    """Stop screening and mark the remaining records as not screened (lead only)."""
    from review.workflow.project.project import find_stage
    from review.workflow.screening import early_stop

    project = open_review(context)
    protocol_stage, who = find_stage(project.protocol, stage), get_user_name(context)
    if back:
        print_line(
            f"{early_stop.resume_screening(project, protocol_stage, who):,} records were "
            "returned to screening."
        )
    else:
        print_line(
            f"{early_stop.stop_screening(project, protocol_stage, who, why):,} records were marked "
            "as not screened."
        )


def retire_reviewer(
    context: typer.Context,
    name: str,
    back: bool = typer.Option(False, help="Bring the reviewer back."),
) -> None:
    """Remove reviewer NAME: resolved records are kept, open ones are reassigned."""
    from review.workflow.screening.reviewing import retire_reviewer as leave

    result = leave(open_review(context), name, get_user_name(context), returning=back)
    print_line(
        f"{name} {'is back' if back else 'has left the review'}; {result.changed:,} records "
        f"changed status, {result.reassigned:,} open records were reassigned."
    )
    if result.understaffed_stages and not back:
        print_line(
            f"Too few reviewers remain for: {', '.join(result.understaffed_stages)}. Add one under "
            "'team' in protocol.yaml or lower 'reviewers' there; until then no record can be "
            "resolved at these stages."
        )


def show_agreement(
    ratings: Path = typer.Argument(
        ...,
        help="CSV file: one row per unit and one column per rater, or columns unit,rater,answer.",
    ),
    as_json: bool = AS_JSON,
    levels: str = typer.Option(
        "", help="Ordered answers, separated by commas, e.g. low,unclear,high."
    ),
) -> None:
    """Calculate inter-rater agreement from a CSV file of RATINGS. Works without a review."""
    from review.tools.agreement_csv import compute_figures

    rows, unrated_words = compute_figures(
        ratings, [level.strip() for level in levels.split(",") if level.strip()]
    )
    for word, count in unrated_words.items():
        print_warning(
            f"{count} cells with '{word}' were treated as not rated. If it is an answer, include "
            "it in --levels."
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        value = "undefined" if row["value"] is None else f"{row['value']:.4f}"
        limits = "" if row["low"] is None else f"({row['low']:.4f} to {row['high']:.4f})"
        print_line(f"{row['name']:34} {value:>10} {limits:24} n {row['n']}  {row['note'] or ''}")
