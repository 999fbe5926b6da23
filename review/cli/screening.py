"""Commands on screening: rank, stopping, stop, retire, agreement."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import opened, person, say, say_json, warn

if TYPE_CHECKING:
    from review.workflow.screening.ranking import Explained

STAGE = typer.Option("screening", help="Stage id or kind.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    ranks = typer.Typer(no_args_is_help=True, help="The learned order of a stage.")
    ranks.command("train")(train)
    ranks.command("explain")(explain)
    app.add_typer(ranks, name="rank")
    rules = typer.Typer(no_args_is_help=True, help="The protocol's keyword rules.")
    rules.command("apply")(apply)
    rules.command("withdraw")(withdraw)
    app.add_typer(rules, name="rules")
    app.command("stopping")(stopping)
    app.command("stop")(stop)
    app.command("retire")(retire)
    app.command("agreement")(agreement)


def train(context: typer.Context, stage: str = STAGE) -> None:
    """Make the stage's order anew from the decisions so far."""
    from review.workflow.screening import ranking
    from review.workflow.screening.decisions import stage_named

    project = opened(context)
    done = ranking.retrain(project, stage_named(project.protocol, stage))
    say(f"{done.ranked:,} records ordered by the model '{done.model}', from {done.labels:,} "
        f"judged records, {done.relevant:,} of them relevant.")  # fmt: skip


def explain(
    context: typer.Context, record: str, stage: str = STAGE, as_json: bool = AS_JSON
) -> None:
    """Say where RECORD stands in the order, and which words put it there."""
    from dataclasses import asdict

    from review.workflow.screening import ranking
    from review.workflow.screening.decisions import stage_named

    project = opened(context)
    here = stage_named(project.protocol, stage)
    found = ranking.explain(project, here, record, reader=person(context))
    if as_json:
        words = [{"word": word, "share": round(share, 5)} for word, share in found.words]
        say_json(asdict(found) | {"words": words})
        return
    say_explained(found)


def say_explained(found: "Explained") -> None:
    """Prints where a record stands and the words that pull at it."""
    say(
        f"{found.key} does not wait: it was judged or marked."
        if found.place is None
        else f"{found.key} stands at place {found.place:,} of {found.waiting:,} that wait."
    )
    if found.score is None:
        say("Its place was drawn by lot: nothing had been learned yet.")
    else:
        lot = " Its place was drawn by lot, not by the score." if found.by_lot else ""
        say(f"Its score is {found.score:+.3f}, by the model '{found.model}' from "
            f"{found.learned_from:,} judged records.{lot}")  # fmt: skip
    if not found.words:
        say("None of its words pulls it anywhere.")
        return
    say("By the decisions so far these words pull most, with their part of all its words' pull:")
    for word, share in found.words:
        say(f"  {'to the front' if share > 0 else 'to the back':12}  {abs(share):6.1%}  {word}")
    if found.model.startswith("embeddings:"):
        say("The model weighs the sense of whole sentences as well, which no single word tells.")


def apply(context: typer.Context) -> None:
    """Mark unjudged records that do not match a rule as ineligible; take back those that now do."""
    from review.workflow.screening.keyword_rules import apply as hold

    for rule, (out, back) in hold(opened(context), person(context)).items():
        say(
            f"rule {rule}: {out:,} records marked as ineligible by automation, {back:,} taken back."
        )


def withdraw(context: typer.Context, rule: str) -> None:
    """Take back all that RULE marked."""
    from review.workflow.screening.keyword_rules import withdraw as back

    say(f"{back(opened(context), rule, person(context)):,} records are to be screened again.")


def stopping(context: typer.Context, stage: str = STAGE, as_json: bool = AS_JSON) -> None:
    """Print the evidence for stopping. It advises; it never stops anything."""
    from dataclasses import asdict

    from review.stopping import sentences
    from review.workflow.screening import ranking
    from review.workflow.screening.decisions import stage_named

    project = opened(context)
    here = stage_named(project.protocol, stage)
    found, _ = ranking.stopping_now(project, here, reader=person(context))
    if as_json:
        say_json(asdict(found))
        return
    for name, told in sentences(found):
        say(f"{name}: {told}")


def stop(
    context: typer.Context,
    why: str = typer.Option("", help="Why screening stops here."),
    stage: str = STAGE,
    back: bool = typer.Option(False, help="Take the stop back."),
) -> None:
    """Stop screening: mark what nobody has judged as not screened (the lead's act)."""
    from review.workflow.project import accounts
    from review.workflow.screening import ranking
    from review.workflow.screening.decisions import stage_named

    project = opened(context)
    here, who = stage_named(project.protocol, stage), person(context)
    known = accounts.member(project, who)
    if known is not None:
        accounts.require(known, "manage")
    if back:
        say(f"{ranking.resume(project, here, who):,} records are to be screened again.")
    else:
        say(f"{ranking.stop(project, here, who, why):,} records are marked as not screened.")


def retire(
    context: typer.Context, name: str, back: bool = typer.Option(False, help="They come back.")
) -> None:
    """Take NAME out of the review: what is settled stays, open records go back in the queue."""
    from review.workflow.screening.reviewing import retire as leave

    done = leave(opened(context), name, person(context), back=back)
    say(f"{name} is {'back' if back else 'retired'}; {done.changed:,} records changed their "
        f"standing, {done.given_anew:,} open ones were given to others.")  # fmt: skip
    if done.short and not back:
        say(f"Too few reviewers are left for: {', '.join(done.short)}. Add one to 'team' in "
            "protocol.yaml, or lower 'reviewers' there; until then nothing settles.")  # fmt: skip


def agreement(
    ratings: Path = typer.Argument(
        ..., help="CSV: a unit a row, a rater a column, or unit,rater,answer."
    ),
    as_json: bool = AS_JSON,
    levels: str = typer.Option("", help="Answers in order, commas between: low,unclear,high."),
) -> None:
    """Agreement figures for a CSV of RATINGS. Needs no review."""
    from review.tools.agreement_csv import figures

    found, blank = figures(ratings, [one.strip() for one in levels.split(",") if one.strip()])
    for word, count in blank.items():
        warn(f"{count} cells '{word}' were read as not rated; name it in --levels if it is an "
             "answer.")  # fmt: skip
    if as_json:
        say_json(found)
        return
    for one in found:
        value = "undefined" if one["value"] is None else f"{one['value']:.4f}"
        limits = "" if one["low"] is None else f"({one['low']:.4f} to {one['high']:.4f})"
        say(f"{one['name']:34} {value:>10} {limits:24} n {one['n']}  {one['note'] or ''}")
