"""Commands that keep a review safe: backup, restore, audit."""

from pathlib import Path

import typer

from review.cli.base import get_user_name, open_review, print_line


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("backup")(back_up)
    app.command("restore")(restore)
    app.command("audit")(audit)


def back_up(
    context: typer.Context,
    out: Path = typer.Argument(..., help="The file to write, or a folder for it."),
    check: bool = typer.Option(False, "--check", help="Check the backup OUT; write nothing."),
) -> None:
    """Write all of the review into one checksummed file, while others go on working.

    It holds the decisions, answers and accounts, the protocol, the PDFs and the raw answers.
    """
    from review.workflow.safety import backups

    if check:
        backup = backups.check_backup(out)
    else:
        backup = backups.write_backup(open_review(context), out, get_user_name(context))
    for line in backups.format_backup(backup):
        print_line(line)


def restore(
    file: Path = typer.Argument(..., help="A backup that 'review backup' or the app wrote."),
    folder: Path = typer.Argument(..., help="A new folder for the review."),
) -> None:
    """Make the review of a backup in a new FOLDER.

    With DATABASE_URL set, the records and decisions go into that database, which must be empty.
    """
    from review.workflow.safety import backups

    for line in backups.format_backup(backups.restore_backup(file, folder)):
        print_line(line)
    print_line(f"Restored into {folder}. Open it with: review --review {folder} app")


def audit(
    context: typer.Context,
    file: Path = typer.Argument(..., help="The log to write, or with --check to check."),
    check: bool = typer.Option(False, "--check", help="Check a log against its signature."),
    alone: bool = typer.Option(
        False, "--alone", help="With --check: without the review, by the log's own key."
    ),
) -> None:
    """Write who did what and when, as a signed log in which no row can be changed unseen.

    With --check, names each row that was changed, taken out or added. Exit status: 0 the log is
    intact, 1 it is not.
    """
    from review.workflow.safety import audit_log

    if not check:
        result = audit_log.write_audit_log(open_review(context), file, get_user_name(context))
        sealed = (
            f", {result.sealed:,} of them sealed until they are settled" if result.sealed else ""
        )
        print_line(f"{file}: {result.rows:,} rows{sealed}, signed with the review's key.")
        return
    result = audit_log.check_audit_log(file, None if alone else open_review(context))
    for line in audit_log.format_check(file, result):
        print_line(line)
    if result.faults:
        raise typer.Exit(1)
