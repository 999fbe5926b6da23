"""Commands on the review itself: init, check, amendments."""

from pathlib import Path

import typer

from review.cli.base import opened, person, say


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("init")(init)
    app.command("check")(check)
    app.command("amend")(amend)
    app.command("amendments")(amendments)


def init(folder: Path) -> None:
    """Write a commented starter protocol into FOLDER."""
    from review.workflow.setup.loading import init as start

    path = start(folder)
    say(f"Wrote {path}. Edit it, then run: review check {folder}")


def check(folder: Path = typer.Argument(Path(), help="The review's folder.")) -> None:
    """Check the protocol in FOLDER: says what is wrong and where, or what it plans."""
    from review.workflow.setup.loading import check as checked

    for line in checked(folder):
        say(line)


def amend(context: typer.Context, why: str = typer.Option(..., help="Why it changed.")) -> None:
    """Record the protocol's change now, with the reason for it."""
    from review.workflow.setup import loading

    folder, who = Path(context.find_root().obj.folder), person(context)
    project = loading.open_project(folder, who=who, why=why)
    say(f"Protocol {project.fingerprint[:12]} is in force.")
    if loading.newest_reason(project) != why:
        say("It had been recorded before, so nothing was recorded now and this reason is not kept.")


def amendments(context: typer.Context) -> None:
    """List the protocol's changes since screening began."""
    from review.workflow.setup import loading

    found = loading.amendments(opened(context))
    for one in found:
        say(f"{one['at']}  {one['who']}  {one['why'] or '(no reason given)'}\n{one['what']}")
    if not found:
        say("No amendments: the protocol has not changed since screening began.")
