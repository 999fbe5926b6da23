"""Commands on files: import, import-decisions, decide, export."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from review.cli.base import AS_OF, exports, opened, person, say, say_json
from review.errors import ReviewError, SourceError

if TYPE_CHECKING:
    from review.models import Parsed, Rejected
    from review.protocol import Via
    from review.workflow.records.imports import Imported
    from review.workflow.screening.import_decisions import Entered


class Verdict(StrEnum):
    """Words for --verdict."""

    include = "include"
    exclude = "exclude"
    unsure = "unsure"


class Form(StrEnum):
    """Formats records are written in, with the file's extension."""

    ris = "ris"
    bibtex = "bibtex"
    csv = "csv"
    xlsx = "xlsx"
    json = "json"


class Box(StrEnum):
    """PRISMA boxes of identification."""

    databases = "databases"
    registers = "registers"
    websites = "websites"
    organisations = "organisations"
    citations = "citations"


EXIT = (
    "Exit status: 0 all was read; 1 the file cannot be read or holds records that cannot be read "
    "(without --keep-good nothing is imported); 2 the command line is wrong."
)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("import", epilog=EXIT)(import_)
    app.command("import-decisions", epilog=EXIT)(import_decisions)
    app.command("decide")(decide)
    for form in Form:
        name = "BibTeX" if form.value == "bibtex" else form.value.upper()
        exports.command(form.value, help=f"Write every record as {name}.")(_export(form))
    app.add_typer(exports, name="export")


def import_(
    context: typer.Context,
    files: list[Path] = typer.Argument(..., help="Search exports of any common kind."),
    source: str = typer.Option("", help="Database they come from; guessed if left out."),
    via: Box | None = typer.Option(
        None, help="PRISMA box the records are identified in; databases if left out."
    ),
    keep_good: bool = typer.Option(False, help="Import the readable records of a damaged file."),
    dry_run: bool = typer.Option(False, help="Read and show only; needs no review."),
    json: bool = typer.Option(False, "--json", help="One JSON object a record or file."),
) -> None:
    """Import search exports: RIS, NBIB, BibTeX, EndNote, PubMed XML, CSV, TSV, XLSX and others."""
    from review.formats.detect_database import tidy

    name = tidy(source)
    if dry_run:
        raise typer.Exit(_preview(files, name, json, keep_good))
    from review.workflow.records.imports import import_file

    project, who = opened(context), person(context)
    failed = False
    for file in files:
        try:
            box: Via | None = via.value if via else None
            done = import_file(project, file, who, source=name, via=box, keep_good=keep_good)
        except SourceError as error:  # the other files still come in
            failed = True
            typer.echo(f"review: {error}", err=True)
        else:
            _tell_import(done, json)
    if failed:
        raise typer.Exit(1)


def _preview(files: list[Path], source: str | None, json: bool, keep_good: bool) -> int:
    """Shows what the files hold; 1 where some of it cannot be read and is not skipped on demand."""
    from review.workflow.records.imports import preview, refuse_damaged

    for file in files:
        parsed = preview(file, source)
        if json:
            say_json(_objects(parsed), lines=True)
        else:
            _tell_preview(file, parsed)
        if not keep_good:
            refuse_damaged(file, parsed)
    return 0


def _objects(parsed: "Parsed") -> list[dict[str, Any]]:
    """One object a record with every field, unknown ones null, then one per rejected entry."""
    from dataclasses import asdict

    return [asdict(record) for record in parsed.records] + [
        {"rejected": True, "number": one.number, "reason": one.reason, "raw": one.raw}
        for one in parsed.rejected
    ]


def _tell_preview(file: Path, parsed: "Parsed") -> None:
    for record in parsed.records:
        first = record.authors[0] if record.authors else "?"
        say(f"{record.source}  {first} {record.year or '?'}  {record.title or '(no title)'}")
    say(f"{file}: {parsed.announced} counted, {len(parsed.records)} read.")
    _tell_rejected(parsed.rejected)


def _tell_rejected(rejected: tuple["Rejected", ...]) -> None:
    for one in rejected:
        say(f"  not read: record {one.number}: {one.reason}")


def _tell_import(done: "Imported", json: bool) -> None:
    if json:
        say_json([_as_json(done)], lines=True)
        return
    if done.batch is None:
        say(f"{done.name}: this very file was imported before ({done.parsed} records). "
            "Nothing was added.")  # fmt: skip
        for was, fresh in done.renamed:
            say(f"  Its records counted as {was}; from now on they count as {fresh}.")
        return
    say(
        f"{done.name} ({done.source}): {done.announced} counted, {done.parsed} read, "
        f"{done.new} new, {done.known} here already."
    )
    if done.named:
        named = ", ".join(f"{name} {n:,}" for name, n in done.named)
        say(
            f"  The flow diagram counts its records as the records name their database: {named}. "
            "If all are of one search, say so: review import the same file again with --source."
        )
    _tell_rejected(done.rejected)
    if done.rejected_path:
        say(f"  The {len(done.rejected)} skipped ones are in {done.rejected_path}")


def _as_json(done: "Imported | Entered") -> dict[str, Any]:
    from dataclasses import asdict

    return {name: value for name, value in asdict(done).items() if value not in (None, ())}


def import_decisions(
    context: typer.Context,
    file: Path = typer.Argument(..., help="CSV, XLSX, or an export of Rayyan, Covidence, ASReview"),
    stage: str = typer.Option("", help="Stage of lines that name none; the first if left out."),
    reviewer: str = typer.Option("", help="Reviewer of lines that name none."),
    verdict: Verdict | None = typer.Option(None, help="Verdict of lines that state none."),
    name: list[str] = typer.Option([], help="THEIRS=OURS: a person named otherwise in the file."),
    keep_good: bool = typer.Option(False, help="Enter the good lines of a file with bad ones."),
    json: bool = typer.Option(False, "--json", help="Say what was done as JSON."),
) -> None:
    """Enter a file of decisions: columns record, stage, reviewer, verdict, reason, note."""
    from review.formats.tabular.decisions import Given
    from review.workflow.screening import import_decisions as decision_files

    given = Given(stage or None, reviewer or None, verdict.value if verdict else None)
    for one in name:
        if "=" not in one:
            raise ReviewError(f"--name {one}: write THEIRS=OURS, for example 'A. Lovelace=ada'.")
    names = dict(one.split("=", 1) for one in name)
    project, who = opened(context), person(context)
    done = decision_files.import_decisions(
        project, file, who, given=given, names=names, keep_good=keep_good
    )
    if json:
        say_json([_as_json(done)], lines=True)
        return
    say(
        f"{done.name} ({done.kind}): {done.added} decisions added, {done.unchanged} here already, "
        f"{done.undecided} lines without a verdict."
    )
    for bad in done.rejected:
        say(f"  not entered: {bad.reason}")


def decide(
    context: typer.Context,
    key: str = typer.Argument(..., help="The record, for example R000001."),
    stage: str = typer.Option(..., help="Stage of the protocol."),
    verdict: Verdict | None = typer.Option(None, help="What you decide."),
    withdraw: bool = typer.Option(False, help="Take back the decision you made before."),
    reason: str = typer.Option("", help="Reason for an exclusion, as the protocol words it."),
    note: str = typer.Option("", help="A note for your team."),
    adjudicate: bool = typer.Option(False, help="Settle a conflict between reviewers."),
) -> None:
    """Enter one decision of yours (--user names another reviewer)."""
    from review.store.records import number_of
    from review.workflow.screening import blinding, reviewing
    from review.workflow.screening.decisions import Wanted, stage_named
    from review.workflow.screening.decisions import decide as add

    if (verdict is None) != withdraw:
        raise ReviewError("Say either --verdict include, exclude or unsure, or --withdraw.")
    who = person(context)
    one = Wanted(
        number_of(key),
        stage,
        who,
        verdict.value if verdict else None,
        reason or None,
        note or None,
        "adjudicator" if adjudicate else "reviewer",
    )
    project = opened(context)
    here = stage_named(project.protocol, stage)
    if adjudicate:
        reviewing.judged_first(project, here, who, one.record)
    standing = add(project, one)
    did = verdict.value if verdict else "withdrawn"
    told = blinding.told(project, who, here, one.record, standing)
    say(f"{key}: {did} by {who} at {stage}; the record is now {told}.")


def _export(form: Form) -> Callable[..., None]:
    """The command that writes the records in one format."""

    def export(
        context: typer.Context,
        out: Path = typer.Argument(None, help="File to write; a name of its own if left out."),
        stage: str = typer.Option("", help="Only what has reached this stage."),
        status: str = typer.Option("", help="Only what is included, excluded, conflict, ..."),
        unique: bool = typer.Option(False, help="One record a report, duplicates left out."),
        decisions: bool = typer.Option(True, help="Put key and standing beside each record."),
        as_of: str = AS_OF,
    ) -> None:
        from review.formats.export import EXTENSIONS
        from review.workflow.exports.records import Wish, save

        path = out or Path(f"records{EXTENSIONS[form.value]}")
        who = person(context)
        wish = Wish(stage or None, status or None, unique, decisions, who, as_of or None)
        made = save(opened(context), form.value, path, wish)
        say(f"Wrote {made.n:,} records to {path}")
        say(made.sums(path.name))

    return export
