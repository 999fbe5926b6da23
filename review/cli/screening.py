"""Commands for screening: rank, stopping, stop, retire, agreement."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line, print_warning

if TYPE_CHECKING:
    from review.workflow.screening.ranking import RankExplanation

STAGE = typer.Option("screening", help="Stage id or kind.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    rank_commands = typer.Typer(no_args_is_help=True, help="The learned order of a stage.")
    rank_commands.command("train")(train_ranking)
    rank_commands.command("explain")(explain_ranking)
    app.add_typer(rank_commands, name="rank")
    rule_commands = typer.Typer(no_args_is_help=True, help="The protocol's keyword rules.")
    rule_commands.command("apply")(apply_rules)
    rule_commands.command("withdraw")(withdraw_rule)
    app.add_typer(rule_commands, name="rules")
    app.command("stopping")(show_stopping_evidence)
    app.command("stop")(stop_screening)
    app.command("retire")(retire_reviewer)
    app.command("agreement")(show_agreement)


def train_ranking(context: typer.Context, stage: str = STAGE) -> None:
    """Make the stage's order anew from the decisions so far."""
    from review.workflow.project.project import find_stage
    from review.workflow.screening import ranking

    project = open_review(context)
    result = ranking.retrain_ranking(
        project, find_stage(project.protocol, stage), get_user_name(context)
    )
    print_line(
        f"{result.ranked:,} records ordered by the model '{result.model}', from {result.labels:,} "
        f"judged records, {result.relevant:,} of them relevant."
    )


def explain_ranking(
    context: typer.Context, record: str, stage: str = STAGE, as_json: bool = AS_JSON
) -> None:
    """Say where RECORD stands in the order, and which words put it there."""
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
    """Prints where a record stands and the words that pull at it."""
    print_line(
        f"{explanation.key} does not wait: it was judged or marked."
        if explanation.place is None
        else f"{explanation.key} stands at place {explanation.place:,} of "
        f"{explanation.waiting:,} that wait."
    )
    if explanation.score is None and explanation.model != "random":
        print_line(
            f"It was placed by the model '{explanation.model}'. Reviewers are not shown the score: "
            "the team's decisions on open records are in it."
        )
    elif explanation.score is None:
        print_line("Its place was drawn by lot: nothing had been learned yet.")
    else:
        lottery_note = (
            " Its place was drawn by lot, not by the score." if explanation.by_lot else ""
        )
        print_line(
            f"Its score is {explanation.score:+.3f}, by the model '{explanation.model}' from "
            f"{explanation.learned_from:,} judged records.{lottery_note}"
        )
    if not explanation.words:
        print_line("None of its words pulls it anywhere.")
        return
    print_line(
        "By the decisions so far these words pull most, with their part of all its words' pull:"
    )
    for word, share in explanation.words:
        print_line(
            f"  {'to the front' if share > 0 else 'to the back':12}  {abs(share):6.1%}  {word}"
        )
    if explanation.model.startswith("embeddings:"):
        print_line(
            "The model weighs the sense of whole sentences as well, which no single word tells."
        )


def apply_rules(context: typer.Context) -> None:
    """Mark unjudged records that do not match a rule as ineligible; take back those that now do."""
    from review.workflow.screening.keyword_rules import apply_rules as hold

    for rule, (excluded_count, restored_count) in hold(
        open_review(context), get_user_name(context)
    ).items():
        print_line(
            f"rule {rule}: {excluded_count:,} records marked as ineligible by automation, "
            f"{restored_count:,} taken back."
        )


def withdraw_rule(context: typer.Context, rule: str) -> None:
    """Take back all that RULE marked."""
    from review.workflow.screening.keyword_rules import withdraw_rule as back

    print_line(
        f"{back(open_review(context), rule, get_user_name(context)):,} records are to be screened "
        "again."
    )


def show_stopping_evidence(
    context: typer.Context, stage: str = STAGE, as_json: bool = AS_JSON
) -> None:
    """Print the evidence for stopping. It advises; it never stops anything."""
    from dataclasses import asdict

    from review.stopping import describe_evidence
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


def stop_screening(
    context: typer.Context,
    why: str = typer.Option("", help="Why screening stops here."),
    stage: str = STAGE,
    back: bool = typer.Option(False, help="Take the stop back."),
) -> None:
    """Stop screening: mark what nobody has judged as not screened (the lead's act)."""
    from review.workflow.project.project import find_stage
    from review.workflow.screening import ranking

    project = open_review(context)
    protocol_stage, who = find_stage(project.protocol, stage), get_user_name(context)
    if back:
        print_line(
            f"{ranking.resume_screening(project, protocol_stage, who):,} records are to be "
            "screened again."
        )
    else:
        print_line(
            f"{ranking.stop_screening(project, protocol_stage, who, why):,} records are marked as "
            "not screened."
        )


def retire_reviewer(
    context: typer.Context, name: str, back: bool = typer.Option(False, help="They come back.")
) -> None:
    """Take NAME out of the review: what is settled stays, open records go back in the queue."""
    from review.workflow.screening.reviewing import retire_reviewer as leave

    result = leave(open_review(context), name, get_user_name(context), returning=back)
    print_line(
        f"{name} is {'back' if back else 'retired'}; {result.changed:,} records changed their "
        f"standing, {result.reassigned:,} open ones were given to others."
    )
    if result.understaffed_stages and not back:
        print_line(
            f"Too few reviewers are left for: {', '.join(result.understaffed_stages)}. Add one to "
            "'team' in "
            "protocol.yaml, or lower 'reviewers' there; until then nothing settles."
        )


def show_agreement(
    ratings: Path = typer.Argument(
        ..., help="CSV: a unit a row, a rater a column, or unit,rater,answer."
    ),
    as_json: bool = AS_JSON,
    levels: str = typer.Option("", help="Answers in order, commas between: low,unclear,high."),
) -> None:
    """Agreement figures for a CSV of RATINGS. Needs no review."""
    from review.tools.agreement_csv import compute_figures

    rows, unrated_words = compute_figures(
        ratings, [level.strip() for level in levels.split(",") if level.strip()]
    )
    for word, count in unrated_words.items():
        print_warning(
            f"{count} cells '{word}' were read as not rated; name it in --levels if it is an "
            "answer."
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        value = "undefined" if row["value"] is None else f"{row['value']:.4f}"
        limits = "" if row["low"] is None else f"({row['low']:.4f} to {row['high']:.4f})"
        print_line(f"{row['name']:34} {value:>10} {limits:24} n {row['n']}  {row['note'] or ''}")
