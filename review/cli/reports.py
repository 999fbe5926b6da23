"""Commands on reports: status, export prisma, export all, verify, diff, replay."""

import shlex
from pathlib import Path

import typer

from review.cli.base import AS_OF, exports, opened, person, say, say_json


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("status")(status)
    app.command("replay")(replay)
    app.command("diff")(diff)
    app.command("verify")(verify)
    exports.command("prisma")(prisma)
    exports.command("all")(all_)


def status(
    context: typer.Context,
    as_of: str = AS_OF,
    json: bool = typer.Option(False, "--json", help="Every box as JSON."),
    ids: bool = typer.Option(False, "--ids", help="With --json: the records behind each number."),
) -> None:
    """Show where the review stands: every box of the flow."""
    from review.prisma import as_dict, hold
    from review.workflow.exports import prisma, snapshot
    from review.workflow.harvest.alerts import open_ones, told

    now = snapshot.at(opened(context), as_of or None, whole=False)
    alerts = [told(one) for one in open_ones(now.project, now.until)]
    if json:
        notes = prisma.notes(now)
        counts = as_dict(hold(now.flow), ids=ids)
        say_json({"day": now.day, "notes": notes, "alerts": alerts, **counts})
        return
    say(f"{now.project.protocol.title}\nState of {now.day}")
    for line in prisma.funnel(hold(now.flow)):
        say(line)
    say(prisma.sums(now))
    for note in prisma.notes(now):
        say(note)
    for alert in alerts:
        say(f"ALERT {alert}")


def prisma(
    context: typer.Context,
    out: Path = typer.Argument(Path(), help="Folder to write into."),
    as_of: str = AS_OF,
) -> None:
    """Write the PRISMA 2020 flow diagram: SVG, PDF, PNG, Mermaid and the R package's CSV."""
    from review.workflow.exports import folder, snapshot
    from review.workflow.exports import prisma as figure

    now = snapshot.at(opened(context), as_of or None)
    for place in folder.write(figure.files(now), out):
        say(f"wrote {place}")
    say(figure.sums(now))


def replay(
    data: Path = typer.Argument(..., help="Folder of a published review, as data/roberts2021."),
    out: Path | None = typer.Option(None, help="New folder for the review; replay-NAME if absent."),
) -> None:
    """Run a published review's numbers through the pipeline and hold every box against them."""
    from review.workflow.exports.replay import replay as run
    from review.workflow.exports.replay import shown

    project, held = run(data, out or Path(f"replay-{data.name}"))
    for line in shown(project, held):
        say(line)


def all_(
    context: typer.Context,
    out: Path = typer.Argument(..., help="Folder to write into, or a file that ends in .zip."),
    as_of: str = AS_OF,
) -> None:
    """Write the whole report: figures, tables, texts, references, log and manifest."""
    from review.workflow.exports import bundle, folder, manifest, snapshot

    now = snapshot.at(opened(context), as_of or None)
    files = bundle.everything(
        now, progress=lambda part, _: say(f"making {part} ..."), reader=person(context)
    )
    if out.suffix.lower() == ".zip":
        left: list[str] = []
        folder.write({out.name: bundle.as_zip(files)}, out.parent)
    else:
        left = manifest.stale(out, files)
        folder.write(files, out)
    say(f"wrote {len(files):,} files to {out}; state of {now.day}")
    for name in left:
        say(f"  still there from an earlier report, not of this one: {name}")
    for line in bundle.sums(now, files):
        say(line)
    say(f"Check it at any time: review verify {shlex.quote(str(out))}")


def verify(
    report: Path = typer.Argument(..., help="Folder or .zip that 'review export all' wrote."),
    json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """Hold a written report against its manifest: names each file that differs or is missing.

    Needs no review. Exit status: 0 every file is as it was written, 1 it is not.
    """
    from review.workflow.exports import manifest

    found = manifest.verify(report)
    if json:
        say_json(manifest.as_json(found))
    else:
        say("\n".join(manifest.lines(found)))
    if found.changed or found.missing:
        raise typer.Exit(1)


def diff(
    context: typer.Context,
    since: str = typer.Option(..., help="Day whose end is compared with: 2020-06-24."),
    as_of: str = AS_OF,
    json: bool = typer.Option(False, "--json", help="As JSON."),
    out: Path | None = typer.Option(None, help="Folder for the updated-review PRISMA diagram."),
) -> None:
    """Show what came, what was decided and what changed since a day."""
    from review.workflow.exports import changes, folder
    from review.workflow.exports import prisma as figure

    found = changes.since(opened(context), since, as_of or None)
    if json:
        say_json(changes.as_json(found))
    else:
        for line in changes.lines(found):
            say(line)
    if out is not None:
        for place in folder.write(figure.drawn(found.update, day=found.day), out):
            say(f"wrote {place}") if not json else None
