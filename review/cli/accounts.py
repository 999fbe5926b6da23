"""Commands for accounts: user add, invite, sessions, sign-out, list, close."""

import os
import sys

import typer

from review.cli.base import get_user_name, open_review, print_line, print_warning


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    user_commands = typer.Typer(no_args_is_help=True, help="Local user accounts of the team.")
    user_commands.command("add")(add_account)
    user_commands.command("invite")(invite_user)
    user_commands.command("sessions")(list_sessions)
    user_commands.command("sign-out")(sign_out_user)
    user_commands.command("list")(list_accounts)
    user_commands.command("close")(close_account)
    app.add_typer(user_commands, name="user")


def add_account(context: typer.Context, name: str) -> None:
    """Create an account for NAME, or set a new password. NAME must be in the protocol's team.

    You are prompted for the password, unless FUNNEL_PASSWORD or standard input supplies it.
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
    """List team members, their roles, and who can sign in."""
    from review.workflow.project.accounts import list_users

    for name, roles, has_account in list_users(open_review(context)):
        print_line(
            f"{name:20} {', '.join(roles):30} {'can sign in' if has_account else 'no account'}"
        )


def close_account(context: typer.Context, name: str) -> None:
    """Close NAME's account. Their decisions are kept."""
    from review.workflow.project.accounts import close_user

    close_user(open_review(context), name, get_user_name(context))
    print_line(f"{name} can no longer sign in.")


def invite_user(
    context: typer.Context,
    name: str,
    url: str = typer.Option(
        "", envvar="FUNNEL_URL", help="Where people reach the app: https://review.example.org."
    ),
    mail: bool = typer.Option(False, "--mail", help="Send the link to the person's address."),
) -> None:
    """Make a one-time link by which NAME chooses a password, the first or a new one.

    The link is printed, or mailed with --mail through the mail server that FUNNEL_SMTP names.
    """
    from review.errors import ReviewError
    from review.mail import load_mail_settings
    from review.workflow.project.invitations import mail_invitation, make_invitation

    settings = load_mail_settings() if mail else None
    if mail and settings is None:
        raise ReviewError(
            "No mail server is named. Set FUNNEL_SMTP and FUNNEL_MAIL_FROM, or leave out --mail "
            "and pass the link on yourself."
        )
    project = open_review(context)
    invitation = make_invitation(
        project, name, get_user_name(context), url.split(",")[0] or "http://127.0.0.1:8501"
    )
    until = f"It works once, until {invitation.expires:%Y-%m-%d %H:%M} UTC."
    if settings is None:
        print_line(invitation.address)
        print_warning(f"Pass this link on to {invitation.name} and nobody else. {until}")
        return
    try:
        mail_invitation(project, invitation, settings)
    except ReviewError:
        print_line(invitation.address)
        raise
    print_line(f"Sent a link to {invitation.email}. {until}")


def list_sessions(
    context: typer.Context, name: str = typer.Argument("", help="All if left out.")
) -> None:
    """List where NAME, or everybody, is signed in."""
    from review.workflow.project import accounts

    project = open_review(context)
    names = [name] if name else [member.name for member in project.protocol.team]
    lines = [
        f"{session.id:>6}  {session.name:16} since {session.opened:%Y-%m-%d %H:%M} UTC  "
        f"from {session.address or 'unknown'}  {accounts.describe_browser(session.browser)}"
        for name in names
        for session in accounts.list_sessions(project, name)
    ]
    for line in lines or ["Nobody is signed in."]:
        print_line(line)


def sign_out_user(
    context: typer.Context,
    name: str,
    session: int = typer.Option(0, help="Only the session of this number."),
) -> None:
    """Sign NAME out everywhere, or end one session."""
    from review.workflow.project.accounts import end_sessions

    count = end_sessions(
        open_review(context), name, get_user_name(context), session=session or None
    )
    print_line(f"Ended {count} session{'s' if count != 1 else ''} of {name}.")
