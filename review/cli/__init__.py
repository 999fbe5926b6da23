"""The command line: `review ...`. Thin: each command collects its words and calls workflow."""

import importlib
import sys

import typer

from review.cli.base import Root
from review.errors import ReviewError

SLICES = {
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
}
"""Files beside this one -> heading in the help. Each adds its commands in `register(app)`, in this
order."""
HEADINGS = {"export": "Report", "decide": "Screen", "import-decisions": "Screen"}
"""Commands that stand under another heading than their file's others."""

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


def _add(name: str, heading: str) -> None:
    commands, groups = len(app.registered_commands), len(app.registered_groups)
    importlib.import_module(f"review.cli.{name}").register(app)
    for command in app.registered_commands[commands:]:
        command.rich_help_panel = HEADINGS.get(command.name or "", heading)
    for group in app.registered_groups[groups:]:
        group.rich_help_panel = HEADINGS.get(str(group.name), heading)


for _name, _heading in SLICES.items():
    _add(_name, _heading)


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
