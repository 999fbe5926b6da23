"""The command line, `review ...`: each command reads its options and calls the workflow."""

import importlib
import sys

import typer

from review.cli.base import GlobalOptions
from review.errors import ReviewError

COMMAND_MODULES = {
    "project": "Set up",
    "accounts": "Set up",
    "serve": "Set up",
    "query": "Identify",
    "harvest": "Identify",
    "imports": "Identify",
    "dedupe": "Identify",
    "screening": "Screen",
    "fulltext": "Full text and appraisal",
    "appraisal": "Full text and appraisal",
    "report_models": "Full text and appraisal",
    "bias": "Full text and appraisal",
    "assistant": "Full text and appraisal",
    "reports": "Report",
    "images": "Audit images",
    "safety": "Keep safe",
    "homes": "Keep safe",
}
"""Module -> heading in the help, in this order. Each module adds its commands in
`register_commands(app)`."""
HEADING_OVERRIDES = {"export": "Report", "decide": "Screen", "import-decisions": "Screen"}
"""Commands listed under a different heading from the rest of their module."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Funnel: systematic reviews of medical-imaging AI, from search to report.",
    epilog="To start a review: review init my-review",
)


@app.callback()
def set_global_options(
    context: typer.Context,
    folder: str = typer.Option(
        ".", "--review", "-r", envvar="FUNNEL_REVIEW", help="Folder of the review."
    ),
    user: str = typer.Option(
        "",
        "--user",
        "-u",
        envvar="FUNNEL_USER",
        help="Your user name in the review (default: your login name).",
    ),
) -> None:
    """Keeps the review's folder and the user for the command that follows."""
    context.obj = GlobalOptions(folder, user or None)


def _add_commands(name: str, heading: str) -> None:
    command_count, group_count = len(app.registered_commands), len(app.registered_groups)
    importlib.import_module(f"review.cli.{name}").register_commands(app)
    for command in app.registered_commands[command_count:]:
        command.rich_help_panel = HEADING_OVERRIDES.get(command.name or "", heading)
    for group in app.registered_groups[group_count:]:
        group.rich_help_panel = HEADING_OVERRIDES.get(str(group.name), heading)


for _name, _heading in COMMAND_MODULES.items():
    _add_commands(_name, _heading)


def main() -> None:
    """Runs the command line. A `ReviewError` is printed as one line; exit status 1."""
    try:
        app()
    except ReviewError as error:
        typer.echo(f"review: {error}", err=True)
        sys.exit(getattr(error, "exit_status", 1))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
