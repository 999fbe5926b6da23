"""What the harvest commands do, beyond collecting words."""

import shlex
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
from review.workflow.harvest.models import COMPLETE, INCOMPLETE, Control, exit_status

if TYPE_CHECKING:
    from review.workflow.project.project import Project


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


def seek(project: "Project", who: str, words: Words, asked: tuple[bool, int]) -> int:
    """Seeks PDFs, prints what came of each, and gives the exit status."""
    from review.workflow.fulltexts.retrieval import NOT_REACHED, fetch_pdfs, wanted

    again, most = asked

    def tell(done: int, all_: int, text: str) -> None:
        if not words.quiet:
            say(f"{done}/{all_}  {text}")

    found = fetch_pdfs(project, who, again=again, live=words.live, most=most or None, tell=tell)
    lost = sum(one.state == NOT_REACHED for one in found)
    if words.as_json:
        say_json([asdict(one) for one in found])
        return INCOMPLETE if lost else COMPLETE
    got = sum(one.state == "retrieved" for one in found)
    say(f"{len(found):,} reports sought, {got:,} retrieved, {len(found) - got - lost:,} not "
        "retrieved.")  # fmt: skip
    if lost:
        say(f"NOT REACHED For {lost:,} of them a service did not answer; {len(wanted(project)):,} "
            "are left for the next run: review fetch-pdfs")  # fmt: skip
    return INCOMPLETE if lost else COMPLETE


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
    return shlex.quote(found) if found else f"{shlex.quote(sys.executable)} -m review.cli"


def parsed(source: str, body: bytes) -> dict[str, Any]:
    """A saved answer as plain data. Raises SourceError where it cannot be read."""
    from review.models import as_dict
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
        announced = found["count"] if kind == "eSearchResult" else None
        return {"kind": kind, "announced": announced, "records": [], "rejected": [], **found,
                "answer": pubmed.structure(body)}  # fmt: skip
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


def say_alerts(project: "Project", closed_too: bool, as_json: bool) -> None:
    """Prints alerts, newest first, a closed one with how it was answered."""
    from review.workflow.harvest.alerts import every, open_ones, told

    found = every(project) if closed_too else open_ones(project)
    if as_json:
        say_json([asdict(one) for one in found])
        return
    for one in found:
        state = f"closed by {one.closed_by} on {(one.closed_at or '')[:10]}: {one.why}"
        say(f"{one.id}  {one.at[:10]}  {told(one)}" + (f"  ({state})" if one.closed_at else ""))
    if not found:
        say("No alerts." if closed_too else "No open alerts.")


def say_disagreements(project: "Project", as_json: bool) -> None:
    """Prints what sources found and the query run here does not."""
    from review.workflow.harvest import disagreements

    found = disagreements(project)
    if as_json:
        say_json([asdict(one) for one in found])
        return
    for one in found:
        say(f"{one.key}  {one.source} {one.id}  {one.why}: {one.title or '(no title)'}")
    say(f"{len(found):,} records were found by a source and not by the query run here; they are "
        "kept and screened like all others.")  # fmt: skip
