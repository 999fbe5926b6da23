"""Progress of a harvest: a bar per source in a terminal, a line per page in a log, silent under
cron."""

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from review.cli.base import print_line
from review.errors import StoreError
from review.workflow.harvest.models import HarvestProgress, HarvestRun

LOG_BYTES, LOG_FILES = 5_000_000, 3
"""The log is rotated at this size (bytes), keeping this many old files."""
log = logging.getLogger("funnel.harvest")


class _HarvestLogHandler(RotatingFileHandler):
    """Log file handler. If the file cannot be written, warns once; the harvest continues."""

    has_warned = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Warn once that the log is incomplete."""
        if not self.has_warned:
            self.has_warned = True
            print_line(
                f"{self.baseFilename}: cannot be written; the log of this run is incomplete."
            )


@contextlib.contextmanager
def show_progress(folder: Path, quiet: bool) -> Iterator[Callable[[HarvestProgress], None]]:
    """Yield a callback for each page; progress bars only in a terminal."""
    try:
        handler = _HarvestLogHandler(
            folder / "harvest.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
    except OSError as error:
        raise StoreError(
            f"{folder / 'harvest.log'}: cannot be written ({error.strerror})."
        ) from error
    formatter = logging.Formatter("%(asctime)sZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for name in ("funnel.harvest", "review"):
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).propagate = False
    try:
        if quiet or not sys.stderr.isatty():
            yield _log_page
        else:
            with _show_bars() as update_bars:
                yield _combine_reporters(update_bars)
    finally:
        for name in ("funnel.harvest", "review"):
            logging.getLogger(name).removeHandler(handler)
        handler.close()


def _combine_reporters(
    update_bars: Callable[[HarvestProgress], None],
) -> Callable[[HarvestProgress], None]:
    def report_page(step: HarvestProgress) -> None:
        _log_page(step)
        update_bars(step)

    return report_page


def _log_page(step: HarvestProgress) -> None:
    announced = "?" if step.announced is None else f"{step.announced}"
    log.info(
        "%s %s page %d: %d of %s received, %d new, %d known, %d unreadable; %d requests, %d errors",
        step.source,
        step.slice,
        step.page,
        step.received,
        announced,
        step.new,
        step.known,
        step.rejected,
        step.requests,
        step.faults,
    )


@contextlib.contextmanager
def _show_bars() -> Iterator[Callable[[HarvestProgress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    lock, bars, record_counts = threading.Lock(), {}, {}
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as progress:

        def update_bar(step: HarvestProgress) -> None:
            with lock:
                if step.source not in bars:
                    bars[step.source] = progress.add_task(step.source, total=1000, told="")
                    record_counts[step.source] = 0
                record_counts[step.source] += step.new + step.known
                message = (
                    f"{record_counts[step.source]:,} records, {step.page} pages, "
                    f"1 every {step.gap:g} s, {step.faults} errors"
                )
                progress.update(bars[step.source], completed=int(step.share * 1000), told=message)

        yield update_bar


def print_run(run: HarvestRun, quiet: bool) -> None:
    """Print the result of a run; if quiet, only what needs attention."""
    if not quiet:
        header = f"{'source':<10} {'dates':<24} {'status':<11}"
        print_line(f"{header} announced  received    new  known  unreadable")
        for outcome in run.outcomes:
            window = f"{outcome.window.since}..{outcome.window.until}"
            print_line(
                f"{outcome.source:<10} {window:<24} {outcome.verdict:<11} {outcome.announced:>9,} "
                f"{outcome.received:>9,} {outcome.new:>6,} {outcome.known:>6,} "
                f"{outcome.rejected:>11,}"
            )
        note_lines = (
            f"{outcome.source}: {note}" for outcome in run.outcomes for note in outcome.notes
        )
        for line in dict.fromkeys(note_lines):
            print_line(line)
        disagreement_count = sum(outcome.disagree for outcome in run.outcomes)
        if disagreement_count:
            print_line(
                f"{disagreement_count:,} records do not match the query when it is applied "
                "locally; to list them: review disagreements"
            )
        if run.updates:
            print_line(f"{run.updates:,} links or notices were added to existing records.")
    for alert in run.alerts:
        print_line(f"ALERT {alert}")
    for open_window in run.open:
        print_line(f"INCOMPLETE {open_window}")
