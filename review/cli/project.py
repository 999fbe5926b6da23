"""Commands for the review itself: init, check, amendments."""

from pathlib import Path

import typer

from review.cli.base import get_user_name, open_review, print_line


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("init")(create_review)
    app.command("check")(check_protocol)
    app.command("amend")(record_amendment)
    app.command("amendments")(list_amendments)


def create_review(folder: Path) -> None:
    """Create a review in FOLDER with a commented protocol to edit."""
    from review.workflow.setup.loading import init_project as start

    path = start(folder)
    print_line(f"Wrote {path}. Edit it, then run: review check {folder}")


def check_protocol(folder: Path = typer.Argument(Path(), help="Folder of the review.")) -> None:
    """Check the protocol in FOLDER: list errors by line, or summarise the plan."""
    from review.workflow.setup.loading import check_protocol as checked

    for line in checked(folder):
        print_line(line)


def record_amendment(
    context: typer.Context, why: str = typer.Option(..., help="Reason for the change.")
) -> None:
    """Record a protocol amendment and the reason for it."""
    from review.workflow.setup import loading

    folder, who = Path(context.find_root().obj.folder), get_user_name(context)
    project = loading.open_project(folder, who=who, why=why)
    print_line("The protocol as edited is now in effect.")
    if loading.get_newest_reason(project) != why:
        print_line("This version had already been recorded, so the reason was not saved.")


def list_amendments(context: typer.Context) -> None:
    """List protocol amendments since screening began."""
    from review.workflow.setup import loading

    entries = loading.list_amendments(open_review(context))
    for entry in entries:
        print_line(
            f"{entry['at']}  {entry['who']}  {entry['why'] or '(no reason given)'}\n{entry['what']}"
        )
    if not entries:
        print_line("No amendments: the protocol has not changed since screening began.")
