"""The command that serves the app: review app."""

from pathlib import Path

import typer

from review.cli.base import open_review, print_line


def register_commands(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("app")(serve_app)


def serve_app(
    context: typer.Context,
    port: int = typer.Option(8501, help="Port to listen on."),
    address: str = typer.Option("127.0.0.1", help="Address to listen on."),
    solo: str = typer.Option("", help="Single-user laptop: act as NAME, without sign-in."),
    url: str = typer.Option(
        "", envvar="FUNNEL_URL", help="Where people reach the app: https://review.example.org."
    ),
) -> None:
    """Serve the app for this review in the browser.

    If nobody has an account yet, a link is printed that makes the first one, the lead's.
    """
    from review.web.server import ServerOptions, run_server

    project = open_review(context)
    run_server(
        Path(project.folder),
        ServerOptions(port=port, address=address, solo=solo or None, url=url or None),
        print_line,
    )
