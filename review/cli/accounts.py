"""Commands on accounts: user add, user list, user close."""

import os
import sys

import typer

from review.cli.base import opened, person, say


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    users = typer.Typer(no_args_is_help=True, help="Local accounts of the team.")
    users.command("add")(add)
    users.command("list")(show)
    users.command("close")(close)
    app.add_typer(users, name="user")


def add(context: typer.Context, name: str) -> None:
    """Make an account for NAME (who must be in the protocol's team), or set a new password.

    The password is asked for, or taken from FUNNEL_PASSWORD, or from standard input.
    """
    from review.workflow.project.accounts import add_user

    given = os.environ.get("FUNNEL_PASSWORD")
    if given is None and not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\n")
    if given is None:
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    add_user(opened(context), name, given, person(context))
    say(f"{name} can sign in.")


def show(context: typer.Context) -> None:
    """List the team, roles, and who can sign in."""
    from review.workflow.project.accounts import users

    for name, roles, has_account in users(opened(context)):
        say(f"{name:20} {', '.join(roles):30} {'can sign in' if has_account else 'no account'}")


def close(context: typer.Context, name: str) -> None:
    """Close NAME's account; their decisions stay."""
    from review.workflow.project.accounts import close_user

    close_user(opened(context), name, person(context))
    say(f"{name} can no longer sign in.")
