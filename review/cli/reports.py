"""Commands for reports: status, export prisma, export all, publish, verify, diff, replay."""

import shlex
from pathlib import Path

import typer

from review.cli.base import (
    AS_OF,
    export_commands,
    get_user_name,
    open_review,
    print_json,
    print_line,
)
from review.errors import ReviewError


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("status")(show_status)
    app.command("replay")(replay_review)
    app.command("diff")(show_changes)
    app.command("verify")(verify_report)
    app.command("publish")(publish_page)
    export_commands.command("prisma")(export_prisma)
    export_commands.command("all")(export_all)


def show_status(
    context: typer.Context,
    as_of: str = AS_OF,
    as_json: bool = typer.Option(False, "--json", help="Print all boxes as JSON."),
    ids: bool = typer.Option(
        False, "--ids", help="With --json, list the records behind each number."
    ),
) -> None:
    """Show the progress of the review as PRISMA counts."""
    from review.prisma import flow_to_dict, validate
    from review.workflow.exports import prisma, snapshot
    from review.workflow.harvest.alerts import format_alert, list_open_alerts

    review_snapshot = snapshot.snapshot_at(
        open_review(context), as_of or None, read_all=False, reader=get_user_name(context)
    )
    alerts = [
        format_alert(open_alert)
        for open_alert in list_open_alerts(review_snapshot.project, review_snapshot.until)
    ]
    clocks = snapshot.describe_clocks(review_snapshot)
    if as_json:
        notes = prisma.list_notes(review_snapshot)
        counts = flow_to_dict(validate(review_snapshot.flow), ids=ids)
        notes += [clocks] if clocks else []
        print_json({"day": review_snapshot.day, "notes": notes, "alerts": alerts, **counts})
        return
    print_line(f"{review_snapshot.project.protocol.title}\nAs of {review_snapshot.day}")
    for line in prisma.format_flow_lines(validate(review_snapshot.flow)):
        print_line(line)
    print_line(prisma.describe_conservation(review_snapshot))
    for note in prisma.list_notes(review_snapshot):
        print_line(note)
    if clocks:
        print_line(clocks)
    for alert in alerts:
        print_line(f"ALERT {alert}")


def export_prisma(
    context: typer.Context,
    out: Path = typer.Argument(Path(), help="Folder to write to."),
    as_of: str = AS_OF,
) -> None:
    """Export the PRISMA 2020 flow diagram: SVG, PDF, PNG, Mermaid and CSV for the R package."""
    from review.workflow.exports import folder, snapshot
    from review.workflow.exports import prisma as figure

    review_snapshot = snapshot.snapshot_at(
        open_review(context), as_of or None, reader=get_user_name(context)
    )
    for path in folder.write_files(figure.build_files(review_snapshot), out):
        print_line(f"Wrote {path}")
    print_line(figure.describe_conservation(review_snapshot))
    if clocks := snapshot.describe_clocks(review_snapshot):
        print_line(clocks)


def replay_review(
    data: Path = typer.Argument(..., help="Folder of a published review, e.g. data/roberts2021."),
    out: Path | None = typer.Option(None, help="Folder for the new review (default: replay-NAME)."),
) -> None:
    """Reproduce a published review and compare every PRISMA box with the published numbers."""
    from review.workflow.exports.replay import format_replay
    from review.workflow.exports.replay import replay_review as run

    project, comparisons = run(data, out or Path(f"replay-{data.name}"))
    for line in format_replay(project, comparisons):
        print_line(line)


def export_all(
    context: typer.Context,
    out: Path = typer.Argument(..., help="Folder or .zip file to write."),
    as_of: str = AS_OF,
    pictures: bool = typer.Option(
        False, "--pictures", help="With the sheets of image audits; names may be burnt into films."
    ),
) -> None:
    """Export the full report: figures, tables, texts, references, audit log and manifest."""
    from review.workflow.exports import bundle, folder, manifest, snapshot
    from review.workflow.project.accounts import require_role

    project, who = open_review(context), get_user_name(context)
    require_role(project, who, "export")
    review_snapshot = snapshot.snapshot_at(project, as_of or None, reader=who)
    files = bundle.build_report_files(
        review_snapshot,
        progress=lambda part, _: print_line(f"Creating {part} ..."),
        reader=who,
        pictures=pictures,
    )
    if out.suffix.lower() == ".zip":
        stale_files: list[str] = []
        folder.write_files({out.name: bundle.pack_zip(files)}, out.parent)
    else:
        stale_files = manifest.find_stale_files(out, files)
        folder.write_files(files, out)
    print_line(f"Wrote {len(files):,} files to {out} (report as of {review_snapshot.day})")
    for name in stale_files:
        print_line(f"  Left over from an earlier report, not part of this one: {name}")
    for line in bundle.describe_totals(review_snapshot, files):
        print_line(line)
    if clocks := snapshot.describe_clocks(review_snapshot):
        print_line(clocks)
    print_line(f"To verify it later: review verify {shlex.quote(str(out))}")


def publish_page(
    context: typer.Context,
    out: Path = typer.Argument(..., help="New, empty or published folder, or a .zip file."),
    address: str = typer.Option(
        "", "--address", help="Where the page will be, for its feed: https://example.org/review/"
    ),
    preview: bool = typer.Option(
        False, "--preview", help="Show what would become public, and write nothing."
    ),
) -> None:
    """Publish the review as a self-contained web page: a folder of static files.

    Only settled results are published, without names of the team. A new edition is made if anything
    has changed since the last one; the page and its Atom feed list the changes.
    """
    from review.workflow.publishing import publish

    project, who = open_review(context), get_user_name(context)
    if preview:
        for line in publish.describe_preview(project, who=who):
            print_line(line)
        return
    publication = publish.publish(project, out, who=who, address=address or None)
    for line in publish.describe_publication(publication, str(out)):
        print_line(line)


def verify_report(
    context: typer.Context,
    report: Path | None = typer.Argument(
        None, help="Folder or .zip file written by 'review export all'."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    store: bool = typer.Option(False, "--store", help="Check the review's store instead."),
) -> None:
    """Check a written report against its manifest: names each file that differs or is missing.

    Needs no review. With --store, check the review's own store instead: its pages, its entries, and
    all that is computed from them, which is repaired where it differs. Exit status: 0 everything is
    as it should be, 1 it is not.
    """
    if store:
        _verify_store(context)
        return
    if report is None:
        raise ReviewError("Name the report to check, or check the store: review verify --store")
    from review.workflow.exports import manifest

    verification_result = manifest.verify_report(report)
    if as_json:
        print_json(manifest.to_json(verification_result))
    else:
        print_line("\n".join(manifest.format_lines(verification_result)))
    if verification_result.changed or verification_result.missing:
        raise typer.Exit(1)


def _verify_store(context: typer.Context) -> None:
    from review.workflow.safety import store_check

    project = open_review(context)
    check = store_check.verify_store(project, get_user_name(context))
    for line in check.faults:
        print_line(f"LOST OR WRONG: {line}")
    for line in store_check.format_repair(check.repaired):
        print_line(line)
    if check.faults:
        print_line("Nothing was written. Only a backup brings back what is lost: review restore")
        raise typer.Exit(1)
    if not check.repaired and not project.notices:
        print_line("The store is sound, and all that is computed agrees with its entries.")


def show_changes(
    context: typer.Context,
    since: str = typer.Option(..., help="Compare with the end of this day, e.g. 2020-06-24."),
    as_of: str = AS_OF,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    out: Path | None = typer.Option(
        None, help="Folder for the PRISMA diagram of an updated review."
    ),
) -> None:
    """Show new records, decisions and changes since a given day."""
    from review.workflow.exports import changes, folder
    from review.workflow.exports import prisma as figure

    difference = changes.compare_since(
        open_review(context), since, as_of or None, reader=get_user_name(context)
    )
    if as_json:
        print_json(changes.to_json(difference))
    else:
        for line in changes.format_lines(difference):
            print_line(line)
    if out is not None:
        for path in folder.write_files(
            figure.build_flow_files(difference.update, day=difference.day), out
        ):
            print_line(f"Wrote {path}") if not as_json else None
