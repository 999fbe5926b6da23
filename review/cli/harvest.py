"""Commands on harvests: harvest, schedule, parse, enrich, fetch-pdfs, alerts, disagreements."""

from pathlib import Path

import typer

from review.cli.base import opened, person, say, say_json

SOURCE = typer.Option([], "--source", "-s", help="Only this source; may be given several times.")
EVERY = typer.Option("", "--every", help="Stay and harvest so often: 1d, 12h, 1w.")
LIVE = typer.Option(False, "--live", help="Ask the services themselves, not a mirror or stand-in.")
QUIET = typer.Option(False, "--quiet", "-q", help="Print only what needs somebody's attention.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("harvest")(harvest)
    app.command("schedule")(schedule)
    app.command("parse")(parse)
    app.command("enrich")(enrich)
    app.command("fetch-pdfs")(fetch_pdfs)
    app.command("disagreements")(disagreements)
    group = typer.Typer(help="Included studies that were retracted or called into question.")
    group.callback(invoke_without_command=True)(alerts)
    group.command("close")(close_alert)
    app.add_typer(group, name="alerts")


def harvest(
    context: typer.Context,
    source: list[str] = SOURCE,
    every: str = EVERY,
    live: bool = LIVE,
    quiet: bool = QUIET,
    as_json: bool = AS_JSON,
) -> None:
    """Harvest what is new. Exit status: 0 whole, 3 something is missing, 75 one is running."""
    from review.cli import harvest_actions

    words = harvest_actions.Words(tuple(source), live, quiet or as_json, as_json)
    if every:
        harvest_actions.stay(context, words, every)
    raise typer.Exit(harvest_actions.once(opened(context), person(context), words))


def schedule(
    context: typer.Context, every: str = typer.Option("1d", "--every", help="1d, 12h, 1w.")
) -> None:
    """Write a cron line and a systemd timer that harvest this review."""
    from review.cli import harvest_actions
    from review.workflow.harvest.schedule import how_to, interval, write

    paths = write(opened(context), harvest_actions.command(), interval(every))
    for path in paths:
        say(f"{path}:\n\n{path.read_text(encoding='utf-8')}")
    say(how_to(paths[0].parent))


def parse(
    source: str = typer.Argument(help="arxiv, medrxiv, biorxiv, pubmed or europepmc."),
    file: Path = typer.Argument(exists=True, dir_okay=False, help="A saved answer."),
    as_json: bool = AS_JSON,
) -> None:
    """Read a saved answer of a source; needs no review."""
    from review.cli import harvest_actions

    told = harvest_actions.parsed(source, file.read_bytes())
    if as_json:
        say_json(told)
    else:
        harvest_actions.say_parsed(told)


def enrich(
    context: typer.Context,
    again: bool = typer.Option(False, "--again", help="Also those asked after this month."),
    live: bool = LIVE,
    quiet: bool = QUIET,
    as_json: bool = AS_JSON,
) -> None:
    """Ask Crossref and OpenAlex for missing abstracts and DOIs, articles of preprints, retractions.

    Exit status: 0 all was asked, 3 a registry gave no usable answer, 75 a harvest is running.
    """
    from review.cli import harvest_actions

    words = harvest_actions.Words((), live, quiet or as_json, as_json)
    raise typer.Exit(harvest_actions.enrich(opened(context), person(context), words, again))


def fetch_pdfs(
    context: typer.Context,
    again: bool = typer.Option(False, "--again", help="Also those sought in the last week."),
    most: int = typer.Option(0, "--most", help="At most so many in this run."),
    live: bool = LIVE,
    quiet: bool = QUIET,
    as_json: bool = AS_JSON,
) -> None:
    """Seek the PDFs of what passed screening, where open copies are.

    Exit status: 0 all were asked for, 3 a service did not answer and some are left.
    """
    from review.cli import harvest_actions

    words = harvest_actions.Words((), live, quiet or as_json, as_json)
    raise typer.Exit(harvest_actions.seek(opened(context), person(context), words, (again, most)))


def alerts(
    context: typer.Context,
    all_: bool = typer.Option(False, "--all", help="Also those that were closed."),
    as_json: bool = AS_JSON,
) -> None:
    """List the open alerts; each is closed with: review alerts close NUMBER --why TEXT"""
    from review.cli import harvest_actions

    if context.invoked_subcommand is None:
        harvest_actions.say_alerts(opened(context), all_, as_json)


def close_alert(
    context: typer.Context,
    number: int = typer.Argument(help="The alert's number, as review alerts prints it."),
    why: str = typer.Option(..., "--why", help="What was done about it."),
) -> None:
    """Close an alert with what was done about it; both stay readable."""
    from review.workflow.harvest.alerts import close, told

    say(f"closed: {told(close(opened(context), number, person(context), why))}")


def disagreements(context: typer.Context, as_json: bool = AS_JSON) -> None:
    """List records a source's search found and the query, run here, does not match."""
    from review.cli import harvest_actions

    harvest_actions.say_disagreements(opened(context), as_json)
