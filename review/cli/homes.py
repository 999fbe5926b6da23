"""Commands for a home of reviews: bring it back, move it into a database."""

from pathlib import Path

import typer

from review.cli.base import print_line

home_commands = typer.Typer(
    no_args_is_help=True, help="Restore a home of several reviews, or move it to PostgreSQL."
)


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(home_commands, name="home")


@home_commands.command("restore")
def restore_home(
    copy: Path = typer.Argument(..., help="A daily copy: backups/home-YYYY-MM-DD.db of the home."),
    folder: Path = typer.Argument(..., help="The folder of the home."),
) -> None:
    """Bring back the accounts and the list of reviews of a home from its daily copy.

    With DATABASE_URL set, they go into that database, which must not hold a home. Reviews are not
    touched: restore each from its own backup with 'review restore'.
    """
    from review.workflow.home import moves

    for line in moves.format_home(moves.restore_home(copy, folder)):
        print_line(line)


@home_commands.command("move")
def move_home(
    old: Path = typer.Argument(..., help="The folder of a home that keeps its rows in files."),
    new: Path = typer.Argument(..., help="A new folder for the home."),
) -> None:
    """Copy a home with all its reviews into the empty PostgreSQL database of DATABASE_URL.

    Stop the app first: what is entered during the move may be left behind. The old folder stays as
    it is.
    """
    from review.workflow.home import moves

    for line in moves.format_home(moves.move_home(old, new)):
        print_line(line)
    print_line(f"Serve it with the same DATABASE_URL: review app {new}")
