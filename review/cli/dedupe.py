"""Commands on duplicates: dedupe (run, file, explain, settle, undo, report)."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from review.cli.base import opened, person, say, say_json

if TYPE_CHECKING:
    from review.dedupe import Explanation

group = typer.Typer(help="Find duplicates; without a further word: in the open review.")


MEANS = {
    "duplicate": "This pair by itself is one report",
    "version": "This pair by itself is two versions of one report",
    "study": "This pair by itself is two reports of one study, as a preprint and its article are",
    "maybe": "This pair by itself may be one; a person is asked (review dedupe doubts)",
    "distinct": "Nothing joins this pair by itself",
}
"""Verdict -> what it means."""


class Settled(StrEnum):
    """Words a person settles a pair with."""

    same = "same"
    different = "different"
    preprint = "preprint"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(group, name="dedupe")


@group.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    explained: tuple[str, str] = typer.Option(
        ("", ""), "--explain", metavar="A B", help="Say why two records are (not) one."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Groups the review's records; --explain A B says why a pair is or is not joined."""
    if context.invoked_subcommand is None:
        if explained[0]:
            explain(context, *explained, as_json=as_json)
        else:
            run(context, as_json=as_json)


@group.command()
def run(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Compares what is new with what is there, and groups the records."""
    from dataclasses import asdict

    from review.workflow.deduplication import run as dedupe

    done = dedupe.run(opened(context), person(context))
    if as_json:
        say_json(asdict(done))
    else:
        say("\n".join(dedupe.lines(done)))


@group.command("file")
def file_(
    table: Path = typer.Argument(help="CSV with a record_id column (plain or .gz)."),
    out: Path = typer.Option(..., "--out", help="Where to write record_id,cluster_id."),
    pairs: Path = typer.Option(None, "--pairs", help="Where to write the doubtful pairs."),
    workers: int = typer.Option(0, "--workers", min=0, help="Spread over Dask worker processes."),
    address: str = typer.Option(
        None, "--cluster", help="A running Dask scheduler: tcp://host:8786"
    ),
    shared: Path = typer.Option(
        None, "--shared", help="A folder all machines of the cluster see, for parts of the table."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the figures as JSON."),
) -> None:
    """Groups a plain table of references; needs no review."""
    from dataclasses import asdict

    from review.parallel import dask_client
    from review.tools import dedupe_csv, dedupe_dask

    with dask_client.opened(workers, address) as client:
        done = (
            dedupe_csv.dedupe_file(table, out, pairs)
            if client is None
            else dedupe_dask.dedupe_on_cluster(table, out, pairs, client=client, folder=shared)
        )
    if as_json:
        say_json(asdict(done))
    else:
        say(f"{done.records} records, {done.studies} groups, {done.doubtful} doubtful pairs: {out}")
        for title, n in done.crowds[:3]:
            say(f"{n} different records are headed {title[:60]!r}; a title alone joins none.")
        if done.no_dois:
            one, cell = done.no_dois[0]
            say(f"{len(done.no_dois)} cells of the column doi hold no DOI and join nothing; "
                f"record {one}: {cell[:60]!r}.")  # fmt: skip


@group.command()
def explain(
    context: typer.Context,
    first: str = typer.Argument(help="Key of a record, for example R000012."),
    second: str = typer.Argument(help="Key of the other record."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Says why two records are, are not, or may be one."""
    from dataclasses import asdict

    from review.workflow.deduplication import run as dedupe

    found = dedupe.explain(opened(context), first, second)
    if as_json:
        say_json(asdict(found))
    else:
        _tell(first, second, found)


def _tell(first: str, second: str, found: "Explanation") -> None:
    say(f"{first} and {second}: {found.verdict} ({found.rule}, score {found.score:.2f})")
    say(f"{MEANS[found.verdict]}; the groups hold them as {found.together}.")
    for fact in found.facts:
        say(f"  {fact}")
    if found.shared_keys:
        say(f"  compared because both share: {', '.join(found.shared_keys)}")
    else:
        say("  never compared: nothing brings the two together")
    for word in found.said:
        say(f"  said: {word}")


@group.command()
def merged(
    context: typer.Context,
    key: str = typer.Argument(help="Key of a record of the report."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Shows one view of a report's records: each field, and the record it comes from."""
    from dataclasses import asdict

    from review.workflow.deduplication import run as dedupe

    found = dedupe.merged(opened(context), key)
    if as_json:
        say_json([asdict(one) for one in found])
    else:
        say("\n".join(f"{one.name:12} {one.value}  [{one.key}, {one.source}]" for one in found))


@group.command()
def settle(
    context: typer.Context,
    first: str = typer.Argument(help="Key of a record."),
    second: str = typer.Argument(help="Key of the other record."),
    verdict: Settled = typer.Argument(help="same, different, or preprint (of one study)."),
    note: str = typer.Option(None, "--note", help="Why, for the record."),
) -> None:
    """Settles a pair by hand; it outranks every rule and holds in later runs."""
    from review.workflow.deduplication import run as dedupe

    say(dedupe.settle(opened(context), (first, second), verdict.value, person(context), note))


@group.command()
def undo(
    context: typer.Context,
    first: str = typer.Argument(None, help="Key of a record; your last word if left out."),
    second: str = typer.Argument(None, help="Key of the other record."),
) -> None:
    """Takes back what you said of a pair; the records get their own decisions back."""
    from review.workflow.deduplication import run as dedupe

    pair = (first, second) if first and second else None
    say(dedupe.undo(opened(context), person(context), pair))


@group.command()
def doubts(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Lists the pairs that wait for a person, surest first."""
    from review.workflow.deduplication import run as dedupe

    rows = dedupe.waiting(opened(context))
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say("  ".join(str(row[name]) for name in ("a", "b", "score", "rule", "why") if row[name]))
    say(f"{len(rows)} pairs to settle.")


@group.command()
def reopened(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Lists judged preprints that are open again because their journal article came later."""
    from dataclasses import asdict

    from review.workflow.screening import rescreening

    found = rescreening.waiting(opened(context))
    if as_json:
        say_json([asdict(one) for one in found])
    else:
        say("\n".join(map(rescreening.told, found)) or "No judged preprint waits.")


@group.command()
def keep(
    context: typer.Context, key: str = typer.Argument(help="Key of the re-opened preprint.")
) -> None:
    """Lets the earlier decisions on a re-opened preprint stand."""
    from review.workflow.deduplication import run as dedupe

    say(dedupe.keep_judged(opened(context), key, person(context)))


@group.command()
def reopen(
    context: typer.Context, key: str = typer.Argument(help="Key of the preprint kept as judged.")
) -> None:
    """Opens a preprint again whose decisions were kept."""
    from review.workflow.deduplication import run as dedupe

    say(dedupe.open_again(opened(context), key, person(context)))


@group.command()
def report(
    context: typer.Context, as_json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Prints the figures for PRISMA: found, repeated, removed by tool and by hand, overlap."""
    from review.workflow.exports import duplicates_report

    found = duplicates_report.figures(opened(context))
    if as_json:
        say_json(duplicates_report.as_dict(found))
    else:
        say("\n".join(duplicates_report.lines(found)))
