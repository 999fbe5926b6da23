"""How a harvest is shown: a bar a source for people, a line a page in the log, quiet under cron."""

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from review.cli.base import say
from review.errors import StoreError
from review.workflow.harvest.models import Run, Step

LOG_BYTES, LOG_FILES = 5_000_000, 3
"""The log turns over at this size, and so many old ones are kept."""
log = logging.getLogger("funnel.harvest")


class _Log(RotatingFileHandler):
    """The log's file. Where it cannot be written, that is said once; the harvest goes on."""

    silent = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Says in one line that the log has a gap."""
        if not self.silent:
            self.silent = True
            say(f"{self.baseFilename}: cannot be written; this run's log has a gap.")


@contextlib.contextmanager
def shown(folder: Path, quiet: bool) -> Iterator[Callable[[Step], None]]:
    """What to call after each page; bars only where a person watches."""
    try:
        handler = _Log(
            folder / "harvest.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
    except OSError as error:
        raise StoreError(
            f"{folder / 'harvest.log'}: cannot be written ({error.strerror})."
        ) from error
    form = logging.Formatter("%(asctime)sZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler.setFormatter(form)
    for name in ("funnel.harvest", "review"):
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).propagate = False
    try:
        if quiet or not sys.stderr.isatty():
            yield _write
        else:
            with _bars() as draw:
                yield _both(draw)
    finally:
        for name in ("funnel.harvest", "review"):
            logging.getLogger(name).removeHandler(handler)
        handler.close()


def _both(draw: Callable[[Step], None]) -> Callable[[Step], None]:
    def told(step: Step) -> None:
        _write(step)
        draw(step)

    return told


def _write(step: Step) -> None:
    announced = "?" if step.announced is None else f"{step.announced}"
    log.info(
        "%s %s page %d: %d of %s received, %d new, %d known, %d rejected; %d requests, %d faults",
        step.source, step.slice, step.page, step.received, announced, step.new, step.known,
        step.rejected, step.requests, step.faults,
    )  # fmt: skip


@contextlib.contextmanager
def _bars() -> Iterator[Callable[[Step], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    lock, bars, seen = threading.Lock(), {}, {}
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as progress:

        def draw(step: Step) -> None:
            with lock:
                if step.source not in bars:
                    bars[step.source] = progress.add_task(step.source, total=1000, told="")
                    seen[step.source] = 0
                seen[step.source] += step.new + step.known
                told = (
                    f"{seen[step.source]:,} records, {step.page} pages, "
                    f"1 per {step.gap:g} s, {step.faults} faults"
                )
                progress.update(bars[step.source], completed=int(step.share * 1000), told=told)

        yield draw


def say_run(run: Run, quiet: bool) -> None:
    """Prints what a run did; quiet prints only what a person should see to."""
    if not quiet:
        head = f"{'source':<10} {'window':<24} {'verdict':<11}"
        say(f"{head} announced  received    new  known  rejected")
        for one in run.outcomes:
            window = f"{one.window.since}..{one.window.until}"
            say(
                f"{one.source:<10} {window:<24} {one.verdict:<11} {one.announced:>9,} "
                f"{one.received:>9,} {one.new:>6,} {one.known:>6,} {one.rejected:>9,}"
            )
        said = (f"{one.source}: {note}" for one in run.outcomes for note in one.notes)
        for line in dict.fromkeys(said):
            say(line)
        doubted = sum(one.disagree for one in run.outcomes)
        if doubted:
            say(f"{doubted:,} records do not match the query run here; see: review disagreements")
        if run.updates:
            say(f"{run.updates:,} links or notices were learned of records known before.")
    for alert in run.alerts:
        say(f"ALERT {alert}")
    for window_open in run.open:
        say(f"NOT WHOLE {window_open}")
