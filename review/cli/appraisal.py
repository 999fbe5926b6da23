"""Commands for appraisal: checklists, scores and spreadsheets."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line

if TYPE_CHECKING:
    from review.workflow.project.project import Project


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    checklist_commands = typer.Typer(no_args_is_help=True, help="Built-in checklists and your own.")
    checklist_commands.command("list")(list_checklists)
    checklist_commands.command("check")(check_checklist)
    checklist_commands.command("import")(import_wording)
    app.add_typer(checklist_commands, name="checklist")
    app.command("score")(score_answers)
    app.command("accuracy")(export_accuracy)
    appraise_commands = typer.Typer(
        no_args_is_help=True, help="Appraise in spreadsheets; agreement and gates."
    )
    appraise_commands.command("template")(write_appraisal_template)
    appraise_commands.command("import")(import_answers)
    appraise_commands.command("gates")(reevaluate_gates)
    appraise_commands.command("agreement")(show_agreement)
    appraise_commands.command("suggestions")(show_suggestion_use)
    app.add_typer(appraise_commands, name="appraise")


def _open_optional_review(context: typer.Context) -> "Project | None":
    """The review in the folder, or None: these commands also work without one."""
    from review.workflow.project.project import PROTOCOL_FILE

    folder = Path(context.find_root().obj.folder)
    return open_review(context) if (folder / PROTOCOL_FILE).exists() else None


def list_checklists(context: typer.Context, as_json: bool = typer.Option(False, "--json")) -> None:
    """List the available checklists with id, edition, number of items and title."""
    from review.workflow.appraisal.scoring import list_checklists

    rows = list_checklists(_open_optional_review(context))
    if as_json:
        print_json(rows)
    for row in [] if as_json else rows:
        print_line(f"{row['id']:<24}{row['edition']:<6}{row['items']:>4} items  {row['title']}")


def check_checklist(file: Path, as_json: bool = typer.Option(False, "--json")) -> None:
    """Check a checklist FILE and report any errors by line."""
    from review.workflow.appraisal.scoring import describe_checklist

    summary = describe_checklist(file)
    if as_json:
        print_json(summary)
    else:
        print_line(f"{file}: {summary['title']} is valid ({summary['items']} items).")


def import_wording(
    context: typer.Context,
    checklist: str = typer.Argument(help="The checklist's id."),
    file: Path = typer.Argument(
        help="CSV with the columns item, question and, if wanted, title and guidance; or YAML."
    ),
) -> None:
    """Show the published wording of a CHECKLIST in this review, where the team may use it."""
    from review.workflow.appraisal.instruments import get_checklist
    from review.workflow.setup.install_wording import install_wording

    project = open_review(context)
    loaded_checklist = get_checklist(project, checklist)
    count, left = install_wording(project, loaded_checklist, file, get_user_name(context))
    print_line(
        f"{loaded_checklist.short}: the published wording of {count} items is shown from now on"
        + (f"; {left} keep Funnel's own." if left else ".")
    )


def score_answers(
    context: typer.Context,
    checklist: str = typer.Argument(help="Checklist id, or a YAML file."),
    answers: Path = typer.Argument(
        help="CSV or XLSX with the columns item and answer, or with a column for each item."
    ),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Score ANSWERS to a CHECKLIST: totals, unanswered items, judgements. Needs no review.

    An answer that cannot be read leaves its item open; the exit status is then 3.
    """
    from review.workflow.appraisal import scoring

    loaded_checklist = scoring.find_checklist(_open_optional_review(context), checklist)
    result = scoring.score_file(loaded_checklist, answers)
    if as_json:
        print_json(result)
    for line in [] if as_json else scoring.format_summary(loaded_checklist, result):
        print_line(line)
    if result["problems"]:
        raise typer.Exit(3)


def export_accuracy(
    file: Path = typer.Argument(
        help="CSV or workbook, one model a row: study, then TP, FP, FN, TN, or sensitivity, "
        "specificity and the number of cases, or the AUC."
    ),
    out: Path = typer.Option(Path("accuracy"), "--out", help="Folder for the results."),
    sheet: str | None = typer.Option(None, "--sheet", help="The sheet of a workbook to read."),
) -> None:
    """Work out 2×2 tables from reported accuracy: forest plot, and CSV for mada, meta, RevMan."""
    from review.workflow.appraisal.accuracy import describe_counts, export_accuracy

    outcome = export_accuracy(file, out, sheet)
    with_counts = [model for model in outcome.models if model.counts is not None]
    approximate = [model for model in with_counts if not model.counts_reported]
    print_line(
        f"{len(outcome.models)} models: {len(with_counts)} with a 2×2 table "
        f"({len(approximate)} worked back from figures), "
        f"{sum(model.area is not None for model in outcome.models)} with an AUC."
    )
    for model in approximate:
        print_line(f"  {model.name}: {describe_counts(model)}")
    for model in outcome.models:
        if model.note != model.gap:
            print_line(f"Check {model.name}: {model.note.removeprefix(model.gap).strip()}")
    print_line("Wrote " + ", ".join(map(str, outcome.files)))
    if outcome.unused_columns:
        print_line(f"Columns not used: {', '.join(outcome.unused_columns)}")
    for problem in outcome.problems:
        print_line(f"Not used: {problem}")
    if outcome.exit_status:
        raise typer.Exit(outcome.exit_status)


def write_appraisal_template(
    context: typer.Context,
    file: Path = typer.Argument(help="XLSX file to write."),
    checklist: list[str] = typer.Option(
        [], help="Checklist id, repeatable (default: all in the review)."
    ),
    record: list[str] = typer.Option(
        [], help="Record number, repeatable (default: all due for appraisal)."
    ),
) -> None:
    """Write an appraisal spreadsheet with drop-down answers, prefilled with your answers so far."""
    from review.workflow.appraisal.spreadsheets import write_template

    count = write_template(open_review(context), file, checklist, record, get_user_name(context))
    print_line(f"Wrote {file}: {count} forms. Fill it in, then run: review appraise import {file}")


def import_answers(
    context: typer.Context,
    file: Path,
    checklist: str = typer.Option(
        "", help="For a table of your own (one row per answer or per study): the checklist's id."
    ),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Show what would be imported; save nothing."
    ),
    finish: bool = typer.Option(False, "--finish", help="Mark completed forms as finished."),
) -> None:
    """Import your answers from a completed spreadsheet. Unreadable cells are listed."""
    from review.workflow.appraisal.spreadsheets import read_template

    result = read_template(
        open_review(context),
        file,
        get_user_name(context),
        checklist_id=checklist or None,
        dry_run=dry_run,
        finish=finish,
    )
    print_line(
        ("Would add " if dry_run else "Added ") + f"{result.new} answers; {result.same} unchanged."
    )
    if result.unused:
        print_line(f"Columns that are no item, not used: {', '.join(result.unused)}")
    for line in result.finished:
        print_line(line)


def reevaluate_gates(context: typer.Context) -> None:
    """Re-evaluate the quality gates for every report, for example after the protocol changed."""
    from review.workflow.appraisal.adjudication import evaluate_gates

    print_line(f"Evaluated the quality gates for {evaluate_gates(open_review(context))} reports.")


def show_agreement(
    context: typer.Context, checklist: str, as_json: bool = typer.Option(False, "--json")
) -> None:
    """Report inter-rater agreement on a CHECKLIST before consensus, item by item."""
    from review.workflow.appraisal.agreement import compute_agreement, format_lines

    result = compute_agreement(open_review(context), checklist)
    if as_json:
        print_json(asdict(result))
    for line in [] if as_json else format_lines(result):
        print_line(line)


def show_suggestion_use(
    context: typer.Context, as_json: bool = typer.Option(False, "--json")
) -> None:
    """Report how often the sentences suggested by each cue phrase were used or dismissed."""
    from review.workflow.fulltexts.reading import get_phrase_performance

    phrases = get_phrase_performance(open_review(context), reader=get_user_name(context))
    if as_json:
        rows = [
            {"item": item, **asdict(phrase), "precision": phrase.precision}
            for item, phrase in phrases
        ]
        print_json(rows)
        return
    if not phrases:
        print_line("No suggested sentence has been used or dismissed yet.")
    for item, phrase in phrases:
        print_line(f"{item}: '{phrase.rule}' used {phrase.right}, dismissed {phrase.wrong}")
