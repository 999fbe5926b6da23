"""The command that serves the app: review app."""

from dataclasses import replace
from pathlib import Path

import typer

from review.cli.base import open_review, print_line


def register_commands(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("app")(serve_app)


def serve_app(
    context: typer.Context,
    folder: str = typer.Argument("", help="Folder of a review or of several; else --review."),
    port: int = typer.Option(8501, help="Port to listen on."),
    address: str = typer.Option("127.0.0.1", help="Address to listen on."),
    solo: str = typer.Option("", help="Single-user laptop: act as NAME, without sign-in."),
    url: str = typer.Option(
        "", envvar="FUNNEL_URL", help="Where people reach the app: https://review.example.org."
    ),
) -> None:
    """Serve the app for this review in the browser.

    A FOLDER without a protocol.yaml is a home: one server with many reviews, each in a folder of
    its own in there, which people create in the browser. If nobody has an account yet, a link is
    printed that makes the first one, the lead's.
    """
    from review.web.server import ServerOptions, run_server
    from review.workflow.project.home import is_home
    from review.workflow.project.project import PROTOCOL_FILE

    options = ServerOptions(port=port, address=address, solo=solo or None, url=url or None)
    path = Path(folder or context.find_root().obj.folder)
    if not (path / PROTOCOL_FILE).exists() and (folder or is_home(path)):
        from review.web.home_server import run_home

        print_line(f"{path} has no {PROTOCOL_FILE}, so it is served as a home of several reviews.")
        run_home(path, options, print_line)
        return
    if folder:
        context.find_root().obj = replace(context.find_root().obj, folder=folder)
    run_server(Path(open_review(context).folder), options, print_line)
