"""Commands for harvests: harvest, schedule, parse, enrich, fetch-pdfs, alerts, disagreements."""

from pathlib import Path

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line
from review.sources.registry import SOURCES

SOURCE = typer.Option([], "--source", "-s", help="Limit to this source (repeatable).")
INTERVAL = typer.Option(
    "", "--every", help="Keep running and harvest at this interval (12h, 1d, 1w)."
)
LIVE = typer.Option(
    False, "--live", help="Use the services themselves instead of a configured mirror."
)
QUIET = typer.Option(False, "--quiet", "-q", help="Print only what needs attention.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("harvest")(run_harvest)
    app.command("schedule")(write_schedule)
    app.command("parse")(parse_saved_answer)
    app.command("enrich")(enrich_records)
    app.command("fetch-pdfs")(fetch_pdfs)
    app.command("disagreements")(list_disagreements)
    group = typer.Typer(help="Alerts on included studies: retractions and expressions of concern.")
    group.callback(invoke_without_command=True)(list_alerts)
    group.command("close")(close_alert)
    app.add_typer(group, name="alerts")


def run_harvest(
    context: typer.Context,
    source: list[str] = SOURCE,
    interval_text: str = INTERVAL,
    live: bool = LIVE,
    quiet: bool = QUIET,
    as_json: bool = AS_JSON,
) -> None:
    """Search all sources for new records.

    Exit status: 0 complete; 3 at least one date range is incomplete; 75 another harvest is running.
    """
    from review.cli import harvest_actions

    options = harvest_actions.HarvestOptions(tuple(source), live, quiet or as_json, as_json)
    if interval_text:
        harvest_actions.run_forever(context, options, interval_text)
    raise typer.Exit(
        harvest_actions.run_once(open_review(context), get_user_name(context), options)
    )


def write_schedule(
    context: typer.Context,
    interval_text: str = typer.Option("1d", "--every", help="Interval, e.g. 12h, 1d, 1w."),
) -> None:
    """Write a cron line and a systemd timer that harvest this review regularly."""
    from review.cli import harvest_actions
    from review.workflow.harvest.schedule import (
        describe_installation,
        parse_interval,
        write_schedule,
    )

    paths = write_schedule(
        open_review(context), harvest_actions.get_program_command(), parse_interval(interval_text)
    )
    for path in paths:
        print_line(f"{path}:\n\n{path.read_text(encoding='utf-8')}")
    print_line(describe_installation(paths[0].parent))


def parse_saved_answer(
    source: str = typer.Argument(help=f"One of: {', '.join(SOURCES)}."),
    file: Path = typer.Argument(exists=True, dir_okay=False, help="Saved response."),
    as_json: bool = AS_JSON,
) -> None:
    """Parse a saved response of a source. Works without a review."""
    from review.cli import harvest_actions

    answer = harvest_actions.parse_saved_answer(source, file.read_bytes())
    if as_json:
        print_json(answer)
    else:
        harvest_actions.print_answer(answer)


def enrich_records(
    context: typer.Context,
    again: bool = typer.Option(
        False, "--again", help="Include records already looked up in the last month."
    ),
    live: bool = LIVE,
    quiet: bool = QUIET,
    as_json: bool = AS_JSON,
) -> None:
    """Look up missing abstracts, DOIs, published versions and retractions (Crossref, OpenAlex).

    Exit status: 0 complete; 3 a service could not be used; 75 a harvest is running.
    """
    from review.cli import harvest_actions

    options = harvest_actions.HarvestOptions((), live, quiet or as_json, as_json)
    raise typer.Exit(
        harvest_actions.enrich_records(open_review(context), get_user_name(context), options, again)
    )


def fetch_pdfs(
    context: typer.Context,
    again: bool = typer.Option(
        False, "--again", help="Include reports already tried in the last week."
    ),
    most: int = typer.Option(0, "--most", help="Maximum number in this run."),
    live: bool = LIVE,
    quiet: bool = QUIET,
    as_json: bool = AS_JSON,
) -> None:
    """Download open-access PDFs of reports that passed screening.

    Exit status: 0 all were tried; 3 a service was unavailable and some reports remain.
    """
    from review.cli import harvest_actions

    options = harvest_actions.HarvestOptions((), live, quiet or as_json, as_json)
    raise typer.Exit(
        harvest_actions.download_pdfs(
            open_review(context), get_user_name(context), options, (again, most)
        )
    )


def list_alerts(
    context: typer.Context,
    include_closed: bool = typer.Option(False, "--all", help="Include closed alerts."),
    as_json: bool = AS_JSON,
) -> None:
    """List open alerts. To close one: review alerts close NUMBER --why TEXT"""
    from review.cli import harvest_actions

    if context.invoked_subcommand is None:
        harvest_actions.print_alerts(open_review(context), include_closed, as_json)


def close_alert(
    context: typer.Context,
    number: int = typer.Argument(help="Alert number, as listed by review alerts."),
    why: str = typer.Option(..., "--why", help="What was done about it."),
) -> None:
    """Close an alert and record what was done about it. Both are kept."""
    from review.workflow.harvest.alerts import close_alert, format_alert

    print_line(
        "Closed: "
        f"{format_alert(close_alert(open_review(context), number, get_user_name(context), why))}"
    )


def list_disagreements(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """List records returned by a source that do not match the query when it is applied locally."""
    from review.cli import harvest_actions

    harvest_actions.print_disagreements(open_review(context), as_json)
