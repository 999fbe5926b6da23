"""The command line: `review ...`. Thin: each command collects its words and calls workflow."""

import importlib
import sys

import typer

from review.cli.base import Root
from review.errors import ReviewError

SLICES = (
    "project",
    "imports",
    "harvest",
    "query",
    "dedupe",
    "screening",
    "fulltext",
    "appraisal",
    "bias",
    "reports",
    "accounts",
    "serve",
)
"""Files beside this one; each adds its commands in `register(app)`, in this order."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Funnel: systematic reviews of medical-imaging AI, from harvest to report.",
    epilog="Start with: review init my-review",
)


@app.callback()
def root(
    context: typer.Context,
    folder: str = typer.Option(
        ".", "--review", "-r", envvar="FUNNEL_REVIEW", help="The review's folder."
    ),
    user: str = typer.Option(
        "", "--user", "-u", envvar="FUNNEL_USER", help="Who acts; your system name if left out."
    ),
) -> None:
    """Remembers the review's folder and the person for the command that follows."""
    context.obj = Root(folder, user or None)


for _name in SLICES:
    importlib.import_module(f"review.cli.{_name}").register(app)


def main() -> None:
    """Runs the command line; errors a person can mend are one calm line and exit status 1."""
    try:
        app()
    except ReviewError as error:
        typer.echo(f"review: {error}", err=True)
        sys.exit(getattr(error, "exit_status", 1))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
