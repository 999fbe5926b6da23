"""What the harvest commands do, beyond collecting words."""

import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from review.cli.base import opened, person, say, say_json
from review.cli.progress import say_run, shown
from review.errors import ReviewError
from review.workflow.harvest.nouns import Control, exit_status

if TYPE_CHECKING:
    from review.workflow.project import Project

HOW_TO = (
    "cron:    crontab -l | cat - schedule/crontab | crontab -\n"
    "systemd: cp schedule/funnel-harvest.* ~/.config/systemd/user/ && "
    "systemctl --user enable --now funnel-harvest.timer"
)


@dataclass(frozen=True, slots=True)
class Words:
    """What the person asked for."""

    sources: tuple[str, ...]
    live: bool
    quiet: bool
    as_json: bool


def once(project: "Project", who: str, words: Words) -> int:
    """One run, shown as asked; gives the exit status. Raises as `harvest` does."""
    from review.workflow.harvest import harvest

    control = Control(live=words.live)

    def stop(*_: object) -> None:
        control.stopped = True

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with shown(project.folder, words.quiet) as tell:
            control.tell = tell
            run = harvest(project, who, sources=words.sources, control=control)
    finally:
        signal.signal(signal.SIGTERM, before)
    if words.as_json:
        say_json({**asdict(run), "exit_status": exit_status(run)})
    else:
        say_run(run, words.quiet)
    return exit_status(run)


def seek(project: "Project", who: str, words: Words, asked: tuple[bool, int]) -> None:
    """Seeks PDFs and prints what came of each."""
    from review.workflow.retrieval import fetch_pdfs

    again, most = asked

    def tell(done: int, all_: int, text: str) -> None:
        if not words.quiet:
            say(f"{done}/{all_}  {text}")

    found = fetch_pdfs(project, who, again=again, live=words.live, most=most or None, tell=tell)
    if words.as_json:
        say_json([asdict(one) for one in found])
        return
    got = sum(one.state == "retrieved" for one in found)
    say(f"{len(found):,} reports sought, {got:,} retrieved, {len(found) - got:,} not retrieved.")


def enrich(project: "Project", who: str, words: Words, again: bool) -> int:
    """Asks the registries, prints what was learned, and gives the exit status."""
    from review.workflow.harvest import enrich as run

    def tell(registry: str, done: int, all_: int) -> None:
        if not words.quiet:
            say(f"{registry}: {done:,} of {all_:,} records asked after")

    found = run(project, who, again=again, live=words.live, tell=tell)
    if words.as_json:
        say_json(asdict(found))
    else:
        say(
            f"{found.asked:,} records asked after: {found.abstracts:,} abstracts, "
            f"{found.dois:,} DOIs and {found.relations:,} relations learned; "
            f"{found.unknown:,} are not known there."
        )
        for line in (*found.alerts, *found.failed):
            say(line)
    return 3 if found.failed else 0


def stay(context: typer.Context, words: Words, every: str) -> None:
    """Runs again and again; a failed run is told and the next one comes all the same."""
    from review.workflow.harvest.schedule import interval

    gap = interval(every).total_seconds()
    while True:
        began = time.monotonic()
        try:
            once(opened(context), person(context), words)
        except ReviewError as error:
            say(f"review: {error}")
        rest = max(0.0, gap - (time.monotonic() - began))
        if not words.quiet:
            say(f"next harvest in {rest / 3600:.1f} h")
        time.sleep(rest)


def command() -> str:
    """How this program is called from cron or systemd."""
    found = shutil.which("review")
    return found or f"{sys.executable} -m review.cli"


def parsed(source: str, body: bytes) -> dict[str, Any]:
    """A saved answer as plain data. Raises SourceError where it cannot be read."""
    from review.records import as_dict
    from review.sources import TITLES, parse

    if source not in TITLES:
        raise ReviewError(f"{source!r} is no source; choose from: {', '.join(TITLES)}.")
    if source == "pubmed" and (other := _other_pubmed(body)) is not None:
        return other
    read = parse(source, body)
    return {
        "kind": "records",
        "announced": read.announced,
        "records": [as_dict(record) for record in read.records],
        "rejected": [asdict(one) for one in read.rejected],
    }


def _other_pubmed(body: bytes) -> dict[str, Any] | None:
    """An E-utilities answer that holds no records: a search, a history entry, links, databases."""
    from review.sources import pubmed

    kind = pubmed.kind(body)
    if kind in ("eSearchResult", "ePostResult"):
        found = asdict(pubmed.read_search(body))
        return {"kind": kind, "announced": found["count"], "records": [], "rejected": [], **found}
    if kind in ("eInfoResult", "eLinkResult"):
        return {"kind": kind, "announced": None, "records": [], "rejected": [],
                "answer": pubmed.structure(body)}  # fmt: skip
    return None


def say_parsed(told: dict[str, Any]) -> None:
    """Prints a saved answer, a line a record."""
    say(f"{told['kind']}: {len(told['records'])} records read, {told['announced']} announced, "
        f"{len(told['rejected'])} rejected")  # fmt: skip
    for one in told["records"]:
        say(f"{one.get('source_id', '')}  {one.get('year', '')}  {one.get('title', '')[:100]}")
    for one in told["rejected"]:
        say(f"rejected {one['number']}: {one['reason']}")
