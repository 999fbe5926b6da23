"""Command that serves the app: review app."""

from pathlib import Path

import typer

from review.cli.base import opened


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("app")(serve)


def serve(
    context: typer.Context,
    port: int = typer.Option(8501, help="Port to listen on."),
    address: str = typer.Option("127.0.0.1", help="Address to listen on."),
    solo: str = typer.Option("", help="Single-user laptop: act as NAME, without sign-in."),
) -> None:
    """Serve the app for this review in the browser."""
    from review.web.server import run

    project = opened(context)
    run(Path(project.folder), port=port, address=address, solo=solo or None)
