"""Commands of appraisal: checklists, scores, and spreadsheets out and in."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import opened, person, say, say_json

if TYPE_CHECKING:
    from review.workflow.project.project import Project


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    lists = typer.Typer(no_args_is_help=True, help="Checklists: the shipped ones and your own.")
    lists.command("list")(list_)
    lists.command("check")(check)
    app.add_typer(lists, name="checklist")
    app.command("score")(score)
    sheets = typer.Typer(no_args_is_help=True, help="Appraise in spreadsheets.")
    sheets.command("template")(template)
    sheets.command("import")(import_)
    sheets.command("gates")(gates)
    sheets.command("agreement")(agreement)
    sheets.command("suggestions")(suggestions)
    app.add_typer(sheets, name="appraise")


def _review(context: typer.Context) -> "Project | None":
    """The review in the folder, where there is one; these commands work without."""
    from review.workflow.project.project import PROTOCOL

    folder = Path(context.find_root().obj.folder)
    return opened(context) if (folder / PROTOCOL).exists() else None


def list_(context: typer.Context, json: bool = typer.Option(False, "--json")) -> None:
    """List every checklist: id, edition, items, title."""
    from review.workflow.appraisal.scoring import checklist_rows

    rows = checklist_rows(_review(context))
    if json:
        say_json(rows)
    for row in [] if json else rows:
        say(f"{row['id']:<24}{row['edition']:<6}{row['items']:>4} items  {row['title']}")


def check(file: Path, json: bool = typer.Option(False, "--json")) -> None:
    """Check a checklist FILE: says what is wrong and on which line, or what it holds."""
    from review.workflow.appraisal.scoring import described

    found = described(file)
    if json:
        say_json(found)
    else:
        say(f"{file}: {found['title']} holds together: {found['items']} items.")


def score(
    context: typer.Context,
    checklist: str = typer.Argument(help="A checklist's id, or its YAML file."),
    answers: Path = typer.Argument(help="CSV with the columns item and answer."),
    json: bool = typer.Option(False, "--json"),
) -> None:
    """Score the ANSWERS to a CHECKLIST: totals, what is open, judgements. Needs no review."""
    from review.workflow.appraisal import scoring

    one = scoring.checklist_at(_review(context), checklist)
    found = scoring.score_file(one, answers)
    if json:
        say_json(found)
    for line in [] if json else scoring.summary(one, found):
        say(line)


def template(
    context: typer.Context,
    file: Path = typer.Argument(help="The XLSX file to write."),
    checklist: list[str] = typer.Option([], help="Checklist ids; all of the review if left out."),
    record: list[str] = typer.Option([], help="Record keys; all that are due if left out."),
) -> None:
    """Write a spreadsheet with drop-downs to appraise in, holding your own answers so far."""
    from review.workflow.appraisal.spreadsheets import write_template

    count = write_template(opened(context), file, checklist, record, person(context))
    say(f"Wrote {file}: {count} forms. Fill it in, then: review appraise import {file}")


def import_(
    context: typer.Context,
    file: Path,
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would be done."),
    finish: bool = typer.Option(False, "--finish", help="Finish the forms that are then full."),
) -> None:
    """Read a filled-in spreadsheet as your answers; names every cell that cannot be read."""
    from review.workflow.appraisal.spreadsheets import read_template

    done = read_template(opened(context), file, person(context), dry_run=dry_run, finish=finish)
    say(("Would add " if dry_run else "Added ") + f"{done.new} answers; {done.same} unchanged.")
    for line in done.finished:
        say(line)


def gates(context: typer.Context) -> None:
    """Hold the protocol's gates against every report anew, after they changed."""
    from review.workflow.appraisal.adjudication import hold_gates

    say(f"Held the gates against {hold_gates(opened(context))} reports.")


def agreement(
    context: typer.Context, checklist: str, json: bool = typer.Option(False, "--json")
) -> None:
    """Say how far reviewers agreed on a CHECKLIST, before consensus, item by item."""
    from review.workflow.appraisal.agreement import agreement_of, lines

    found = agreement_of(opened(context), checklist)
    if json:
        say_json(asdict(found))
    for line in [] if json else lines(found):
        say(line)


def suggestions(context: typer.Context, json: bool = typer.Option(False, "--json")) -> None:
    """Say how often the sentences each cue phrase suggested were used, and how often dismissed."""
    from review.workflow.fulltexts.reading import phrases_in_use

    found = phrases_in_use(opened(context))
    if json:
        told = [{"item": item, **asdict(one), "precision": one.precision} for item, one in found]
        say_json(told)
        return
    if not found:
        say("Nobody has used or dismissed a suggested sentence yet.")
    for item, one in found:
        say(f"{item}: '{one.rule}' used {one.right}, dismissed {one.wrong}")
