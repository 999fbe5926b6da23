"""Implementation of the harvest commands."""

import shlex
import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from review.cli.base import get_user_name, open_review, print_json, print_line
from review.cli.progress import print_run, show_progress
from review.errors import ReviewError
from review.workflow.harvest.models import COMPLETE, INCOMPLETE, HarvestControl, get_exit_status

if TYPE_CHECKING:
    from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class HarvestOptions:
    """Options of a harvest command."""

    sources: tuple[str, ...]
    live: bool
    quiet: bool
    as_json: bool


def run_once(project: "Project", who: str, options: HarvestOptions) -> int:
    """Run one harvest, print its result and return the exit status. Raises as `run_harvest`."""
    from review.workflow.harvest import run_harvest

    control = HarvestControl(live=options.live)

    def request_stop(*_: object) -> None:
        control.stopped = True

    previous_handler = signal.signal(signal.SIGTERM, request_stop)
    try:
        with show_progress(project.folder, options.quiet) as report_page:
            control.progress = report_page
            run = run_harvest(project, who, sources=options.sources, control=control)
    finally:
        signal.signal(signal.SIGTERM, previous_handler)
    if options.as_json:
        print_json({**asdict(run), "exit_status": get_exit_status(run)})
    else:
        print_run(run, options.quiet)
    return get_exit_status(run)


def download_pdfs(
    project: "Project", who: str, options: HarvestOptions, selection: tuple[bool, int]
) -> int:
    """Download PDFs, print the result of each and return the exit status."""
    from review.workflow.fulltexts.retrieval import NOT_REACHED, fetch_pdfs, list_missing_pdfs

    again, most = selection

    def report_progress(done: int, total: int, text: str) -> None:
        if not options.quiet:
            print_line(f"{done}/{total}  {text}")

    results = fetch_pdfs(
        project,
        who,
        include_recent=again,
        live=options.live,
        most=most or None,
        progress=report_progress,
    )
    unreached_count = sum(result.state == NOT_REACHED for result in results)
    if options.as_json:
        print_json([asdict(result) for result in results])
        return INCOMPLETE if unreached_count else COMPLETE
    retrieved_count = sum(result.state == "retrieved" for result in results)
    print_line(
        f"{len(results):,} reports sought, {retrieved_count:,} retrieved, "
        f"{len(results) - retrieved_count - unreached_count:,} not "
        "retrieved."
    )
    if unreached_count:
        print_line(
            f"NOT REACHED: a service was unavailable for {unreached_count:,} of them; "
            f"{len(list_missing_pdfs(project)):,} reports remain for the next run of "
            "review fetch-pdfs"
        )
    return INCOMPLETE if unreached_count else COMPLETE


def enrich_records(project: "Project", who: str, options: HarvestOptions, again: bool) -> int:
    """Look records up in the registries, print the result and return the exit status."""
    from review.workflow.harvest import enrich_records as run

    def report_progress(registry: str, done: int, total: int) -> None:
        if not options.quiet:
            print_line(f"{registry}: looked up {done:,} of {total:,} records")

    result = run(project, who, again=again, live=options.live, progress=report_progress)
    if options.as_json:
        print_json(asdict(result))
    else:
        print_line(
            f"Looked up {result.asked:,} records: {result.abstracts:,} abstracts, "
            f"{result.dois:,} DOIs and {result.relations:,} links to other versions added; "
            f"{result.unknown:,} records not found."
        )
        for line in (*result.alerts, *result.failed):
            print_line(line)
    return 3 if result.failed else 0


def run_forever(context: typer.Context, options: HarvestOptions, interval_text: str) -> None:
    """Harvest at a fixed interval. A failed run is reported and the next one still takes place."""
    from review.workflow.harvest.schedule import parse_interval

    interval_seconds = parse_interval(interval_text).total_seconds()
    while True:
        started_at = time.monotonic()
        try:
            run_once(open_review(context), get_user_name(context), options)
        except ReviewError as error:
            print_line(f"review: {error}")
        wait_seconds = max(0.0, interval_seconds - (time.monotonic() - started_at))
        if not options.quiet:
            print_line(f"Next harvest in {wait_seconds / 3600:.1f} h")
        time.sleep(wait_seconds)


def get_program_command() -> str:
    """The command that cron or systemd runs."""
    program_path = shutil.which("review")
    return (
        shlex.quote(program_path)
        if program_path
        else f"{shlex.quote(sys.executable)} -m review.cli"
    )


def parse_saved_answer(source: str, body: bytes) -> dict[str, Any]:
    """A saved response as plain data. Raises SourceError if it cannot be read."""
    from review.models import record_to_dict
    from review.sources import SOURCES

    if source not in SOURCES:
        raise ReviewError(f"Unknown source {source!r}; choose from: {', '.join(SOURCES)}.")
    read_other_answer = SOURCES[source].read_other_answer
    if read_other_answer and (other_answer := read_other_answer(body)) is not None:
        return other_answer
    parsed_page = SOURCES[source].parse(body)
    return {
        "kind": "records",
        "announced": parsed_page.announced,
        "records": [record_to_dict(record) for record in parsed_page.records],
        "rejected": [asdict(rejection) for rejection in parsed_page.rejected],
    }


def print_answer(answer: dict[str, Any]) -> None:
    """Print a saved response, one line per record."""
    print_line(
        f"{answer['kind']}: {len(answer['records'])} records read, {answer['announced']} "
        f"announced by the source, {len(answer['rejected'])} unreadable"
    )
    for record in answer["records"]:
        print_line(
            f"{record.get('source_id', '')}  {record.get('year', '')}  "
            f"{record.get('title', '')[:100]}"
        )
    for record in answer["rejected"]:
        print_line(f"Unreadable record {record['number']}: {record['reason']}")


def print_alerts(project: "Project", include_closed: bool, as_json: bool) -> None:
    """Print alerts, newest first; closed ones with what was done about them."""
    from review.workflow.harvest.alerts import format_alert, list_alerts, list_open_alerts

    listed_alerts = list_alerts(project) if include_closed else list_open_alerts(project)
    if as_json:
        print_json([asdict(alert) for alert in listed_alerts])
        return
    for alert in listed_alerts:
        state = f"closed by {alert.closed_by} on {(alert.closed_at or '')[:10]}: {alert.why}"
        print_line(
            f"{alert.id}  {alert.at[:10]}  {format_alert(alert)}"
            + (f"  ({state})" if alert.closed_at else "")
        )
    if not listed_alerts:
        print_line("No alerts." if include_closed else "No open alerts.")


def print_disagreements(project: "Project", as_json: bool) -> None:
    """Print records returned by a source that do not match the query locally."""
    from review.workflow.harvest import list_disagreements

    entries = list_disagreements(project)
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    for entry in entries:
        print_line(
            f"{entry.key}  {entry.source} {entry.id}  {entry.why}: {entry.title or '(no title)'}"
        )
    print_line(
        f"{len(entries):,} records were returned by a source but do not match the query when it is "
        "applied locally. They are kept and screened like all others."
    )
