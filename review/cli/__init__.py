"""The command line, `review ...`: each command reads its options and calls the workflow."""

import importlib
import sys

import typer

from review.cli.base import GlobalOptions
from review.errors import ReviewError

COMMAND_MODULES = {
    "project": "The plan",
    "accounts": "The plan",
    "serve": "The plan",
    "query": "Identify",
    "harvest": "Identify",
    "imports": "Identify",
    "dedupe": "Identify",
    "screening": "Screen",
    "fulltext": "Read, appraise, flag",
    "appraisal": "Read, appraise, flag",
    "bias": "Read, appraise, flag",
    "reports": "Report",
    "images": "Audit images",
    "safety": "Keep safe",
}
"""Files beside this one -> heading in the help, in this order. Each adds its commands in
`register_commands(app)`."""
HEADING_OVERRIDES = {"export": "Report", "decide": "Screen", "import-decisions": "Screen"}
"""Commands that stand under another heading than their file's others."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Funnel: systematic reviews of medical-imaging AI, from harvest to report.",
    epilog="Start with: review init my-review",
)


@app.callback()
def set_global_options(
    context: typer.Context,
    folder: str = typer.Option(
        ".", "--review", "-r", envvar="FUNNEL_REVIEW", help="The review's folder."
    ),
    user: str = typer.Option(
        "", "--user", "-u", envvar="FUNNEL_USER", help="Who acts; your system name if left out."
    ),
) -> None:
    """Remembers the review's folder and the person for the command that follows."""
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
    """Runs the command line; errors a person can mend are one calm line and exit status 1."""
    try:
        app()
    except ReviewError as error:
        typer.echo(f"review: {error}", err=True)
        sys.exit(getattr(error, "exit_status", 1))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
