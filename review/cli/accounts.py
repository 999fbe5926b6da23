"""Commands for accounts: user add, user list, user close."""

import os
import sys

import typer

from review.cli.base import get_user_name, open_review, print_line


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    user_commands = typer.Typer(no_args_is_help=True, help="Local accounts of the team.")
    user_commands.command("add")(add_account)
    user_commands.command("list")(list_accounts)
    user_commands.command("close")(close_account)
    app.add_typer(user_commands, name="user")


def add_account(context: typer.Context, name: str) -> None:
    """Make an account for NAME (who must be in the protocol's team), or set a new password.

    The password is asked for, or taken from FUNNEL_PASSWORD, or from standard input.
    """
    from review.workflow.project.accounts import add_user

    password = os.environ.get("FUNNEL_PASSWORD")
    if password is None and not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    if password is None:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    add_user(open_review(context), name, password, get_user_name(context))
    print_line(f"{name} can sign in.")


def list_accounts(context: typer.Context) -> None:
    """List the team, roles, and who can sign in."""
    from review.workflow.project.accounts import list_users

    for name, roles, has_account in list_users(open_review(context)):
        print_line(
            f"{name:20} {', '.join(roles):30} {'can sign in' if has_account else 'no account'}"
        )


def close_account(context: typer.Context, name: str) -> None:
    """Close NAME's account; their decisions stay."""
    from review.workflow.project.accounts import close_user

    close_user(open_review(context), name, get_user_name(context))
    print_line(f"{name} can no longer sign in.")
