"""Commands for files: import, import-decisions, decide, export."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from review.cli.base import (
    AS_OF,
    export_commands,
    get_user_name,
    open_review,
    print_json,
    print_line,
)
from review.errors import ReviewError, SourceError

if TYPE_CHECKING:
    from review.models import ParseResult, UnreadableEntry
    from review.protocol.models import Via
    from review.workflow.records.field_check import FieldCheck
    from review.workflow.records.imports import RecordImportResult


class VerdictChoice(StrEnum):
    """Values of --verdict."""

    include = "include"
    exclude = "exclude"
    unsure = "unsure"


class RecordFormat(StrEnum):
    """Formats in which records can be exported."""

    ris = "ris"
    bibtex = "bibtex"
    csv = "csv"
    xlsx = "xlsx"
    json = "json"


class IdentificationBox(StrEnum):
    """PRISMA boxes of identification."""

    databases = "databases"
    registers = "registers"
    websites = "websites"
    organisations = "organisations"
    citations = "citations"


EXIT_STATUS_HELP = (
    "Exit status: 0 everything was read; 1 the file or some of its records cannot be read (nothing "
    "is imported without --keep-good); 2 invalid command line."
)

EXIT_LEFT_OUT = 3
"""Exit status if the valid lines were imported and others were not."""
DECISIONS_EXIT_HELP = (
    "Exit status: 0 everything was imported; 1 the file or some of its lines cannot be read and "
    "nothing was imported; 2 invalid command line; 3 the valid lines were imported (--keep-good) "
    "and the others were not."
)


def register_commands(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("import", epilog=EXIT_STATUS_HELP)(import_files)
    app.command("import-decisions", epilog=DECISIONS_EXIT_HELP)(import_decisions)
    app.command("decide")(enter_decision)
    for record_format in RecordFormat:
        name = "BibTeX" if record_format.value == "bibtex" else record_format.value.upper()
        export_commands.command(record_format.value, help=f"Export records as {name}.")(
            _make_export_command(record_format)
        )
    app.add_typer(export_commands, name="export")


def import_files(
    context: typer.Context,
    files: list[Path] = typer.Argument(..., help="Search export files."),
    source: str = typer.Option("", help="Database they come from (default: detected)."),
    via: IdentificationBox | None = typer.Option(
        None, help="PRISMA box in which the records are counted (default: databases)."
    ),
    keep_good: bool = typer.Option(False, help="Import the readable records of a damaged file."),
    sheet: str = typer.Option("", help="Sheet of the workbook to read."),
    column_map: list[str] = typer.Option(
        [], "--map", help="Map a column to a field, e.g. 'First author=authors' (repeatable)."
    ),
    searched: str = typer.Option(
        "", help="Day the search was run: 2026-03-12, or 2026-03-01..2026-03-12."
    ),
    dry_run: bool = typer.Option(
        False, help="Preview the records; import nothing. Needs no review."
    ),
    undo: bool = typer.Option(
        False, "--undo", help="Undo the import of these files, if nobody has worked on the records."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object per record or file."),
) -> None:
    """Import search exports: RIS, NBIB, BibTeX, EndNote, PubMed XML, CSV, TSV, XLSX and others."""
    if undo:
        _undo_imports(context, files)
        return
    from review.formats.detect_database import normalize_source_name
    from review.workflow.records.column_mappings import parse_mappings
    from review.workflow.records.search_dates import parse_search_date

    search_date = parse_search_date(searched) if searched else None
    database = normalize_source_name(source)
    reading = _ReadingOptions(database, sheet or None, parse_mappings(column_map) or None)
    if dry_run:
        raise typer.Exit(_preview_files(files, reading, as_json, keep_good))
    from review.workflow.records.imports import import_file

    project, who = open_review(context), get_user_name(context)
    has_failures = False
    for file in files:
        try:
            box: Via | None = via.value if via else None
            result = import_file(
                project,
                file,
                who,
                source=database,
                via=box,
                keep_good=keep_good,
                sheet=reading.sheet,
                mapping=reading.mapping,
                searched=search_date,
            )
        except SourceError as error:  # the other files are still imported
            has_failures = True
            typer.echo(f"review: {error}", err=True)
        else:
            _print_import(result, as_json)
    if has_failures:
        raise typer.Exit(1)


def _undo_imports(context: typer.Context, files: list[Path]) -> None:
    from review.workflow.records.import_undo import undo_import
    from review.workflow.records.imported_files import find_import

    project, who = open_review(context), get_user_name(context)
    for batch in [find_import(project, file, "file") for file in files]:
        result = undo_import(project, batch, who)
        print_line(
            f"{result.name}: import undone. {result.removed} records no longer count; "
            f"{result.kept} stay, as another import or search brought them too."
        )


@dataclass(frozen=True, slots=True)
class _ReadingOptions:
    """Command-line options for reading the files."""

    source: str | None
    sheet: str | None
    mapping: dict[str, str] | None


def _preview_files(
    files: list[Path], reading: _ReadingOptions, as_json: bool, keep_good: bool
) -> int:
    """Print the records of the files and return the exit status. Raises SourceError if damaged."""
    from review.workflow.records.field_check import check_fields
    from review.workflow.records.imports import preview_import, refuse_damaged

    for file in files:
        parsed = preview_import(file, reading.source, sheet=reading.sheet, mapping=reading.mapping)
        if as_json:
            print_json(_to_objects(parsed), lines=True)
        else:
            _print_preview(file, parsed)
        _print_reading_notes(
            file.name, parsed.notes, check_fields(parsed.records), to_errors=as_json
        )
        if not keep_good:
            refuse_damaged(file, parsed)
    return 0


def _to_objects(parsed: "ParseResult") -> list[dict[str, Any]]:
    """One object per record with all fields (unknown: null), then one per unreadable entry."""
    from dataclasses import asdict

    return [asdict(record) for record in parsed.records] + [
        {
            "rejected": True,
            "number": rejection.number,
            "reason": rejection.reason,
            "raw": rejection.raw,
        }
        for rejection in parsed.rejected
    ]


def _print_preview(file: Path, parsed: "ParseResult") -> None:
    for record in parsed.records:
        first_author = record.authors[0] if record.authors else "?"
        print_line(
            f"{record.source}  {first_author} {record.year or '?'}  {record.title or '(no title)'}"
        )
    print_line(f"{file}: {parsed.announced} records in the file, {len(parsed.records)} read.")
    _print_rejected(parsed.rejected)


def _print_reading_notes(
    name: str,
    notes: tuple[str, ...],
    check: "FieldCheck | None",
    *,
    to_errors: bool = False,
) -> None:
    """Print the sheet or mapping used, and fields that most records lack."""
    from review.workflow.records.field_check import format_check

    is_table = name.lower().endswith((".csv", ".tsv", ".txt", ".xlsx", ".ods"))
    lines = format_check(check, takes_mapping=is_table) if check else ()
    for line in (*notes, *lines):
        typer.echo(f"  {line}", err=to_errors)


def _print_rejected(rejected: tuple["UnreadableEntry", ...]) -> None:
    for rejection in rejected:
        print_line(f"  Unreadable record {rejection.number}: {rejection.reason}")


def _print_import(result: "RecordImportResult", as_json: bool) -> None:
    if as_json:
        print_json([_to_json_dict(result)], lines=True)
        return
    if result.batch is None:
        print_line(
            f"{result.name}: this file has already been imported ({result.parsed} records). "
            "Nothing was added."
        )
        for old_label, new_label in result.renamed:
            print_line(
                f"  Its records were counted under {old_label} and are now counted under "
                f"{new_label}."
            )
        if result.searched:
            print_line(f"  Search date: {result.searched}.")
        return
    print_line(
        f"{result.name} ({result.source}): {result.announced} records in the file, "
        f"{result.parsed} read, {result.new} new, {result.known} already in the review."
    )
    if result.named:
        database_counts = ", ".join(f"{name} {count:,}" for name, count in result.named)
        print_line(
            "  In the PRISMA diagram the records are counted under the database each one names: "
            f"{database_counts}. "
            "If they come from a single search, import the file again with --source."
        )
    if result.searched:
        print_line(f"  Search date: {result.searched}.")
    else:
        print_line(
            "  The date of the search is not recorded. To add it, import the file again with "
            "--searched 2026-03-12 (the date it was run)."
        )
    _print_reading_notes(result.name, result.notes, result.fields)
    _print_rejected(result.rejected)
    if result.rejected_path:
        print_line(
            f"  The {len(result.rejected)} unreadable records were saved to {result.rejected_path}"
        )


def _to_json_dict(result: "RecordImportResult") -> dict[str, Any]:
    from dataclasses import asdict

    return {name: value for name, value in asdict(result).items() if value not in (None, (), [])}


def import_decisions(
    context: typer.Context,
    file: Path = typer.Argument(
        ..., help="CSV, XLSX, ODS or JSON file, or an export from Rayyan, Covidence or ASReview."
    ),
    stage: str = typer.Option("", help="Stage for lines without one (default: the first)."),
    reviewer: str = typer.Option("", help="Reviewer for lines without one."),
    verdict: VerdictChoice | None = typer.Option(None, help="Decision for lines without one."),
    name: list[str] = typer.Option(
        [], help="THEIRS=OURS: map a name in the file to a team member."
    ),
    keep_good: bool = typer.Option(False, help="Import the valid lines of a file with errors."),
    sheet: str = typer.Option("", help="Sheet of the workbook to read."),
    undo: bool = typer.Option(
        False,
        "--undo",
        help="Undo the import of this file; what each reviewer had decided before counts again.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> None:
    """Import decisions: columns record, stage, reviewer, verdict, reason, note."""
    if undo:
        _undo_decisions(context, file)
        return
    from review.cli.format_decisions import print_result
    from review.formats.tabular.decisions import DecisionDefaults
    from review.workflow.records import import_decisions as decision_files

    defaults = DecisionDefaults(stage or None, reviewer or None, verdict.value if verdict else None)
    for name_pair in name:
        if "=" not in name_pair:
            raise ReviewError(
                f"--name {name_pair}: expected THEIRS=OURS, for example 'A. Lovelace=ada'."
            )
    names = dict(name_pair.split("=", 1) for name_pair in name)
    project, who = open_review(context), get_user_name(context)
    try:
        result = decision_files.import_decisions(
            project,
            file,
            who,
            defaults=defaults,
            names=names,
            keep_good=keep_good,
            sheet=sheet or None,
        )
    except decision_files.DecisionFileError as error:
        print_result(error.result, as_json=as_json)
        raise
    print_result(result, as_json=as_json)
    if result.rejected:
        raise typer.Exit(EXIT_LEFT_OUT)


def _undo_decisions(context: typer.Context, file: Path) -> None:
    from review.workflow.records import decision_undo
    from review.workflow.records.imported_files import find_import

    project, who = open_review(context), get_user_name(context)
    batch = find_import(project, file, "decisions")
    print_line(decision_undo.format_undo(decision_undo.undo_decision_import(project, batch, who)))


def enter_decision(
    context: typer.Context,
    key: str = typer.Argument(..., help="Record number, e.g. R000001."),
    stage: str = typer.Option(..., help="Stage id or kind."),
    verdict: VerdictChoice | None = typer.Option(
        None, help="Your decision (unsure is shown as Maybe)."
    ),
    withdraw: bool = typer.Option(False, help="Undo your earlier decision."),
    not_retrieved: bool = typer.Option(
        False, "--not-retrieved", help="The full text cannot be obtained; --reason says why."
    ),
    reason: str = typer.Option("", help="Reason for exclusion, as listed in the protocol."),
    note: str = typer.Option("", help="Note for the team."),
    adjudicate: bool = typer.Option(False, help="Resolve a conflict between reviewers."),
) -> None:
    """Record a screening decision (use --user to record one for another reviewer)."""
    from review.store.records import parse_record_key
    from review.workflow.project.project import find_stage
    from review.workflow.screening import blinding, reviewing
    from review.workflow.screening.decisions import NewDecision
    from review.workflow.screening.decisions import add_decision as add

    if [verdict is not None, withdraw, not_retrieved].count(True) != 1:
        raise ReviewError(
            "Give either --verdict (include, exclude or unsure), --withdraw or --not-retrieved."
        )
    who = get_user_name(context)
    if not_retrieved:
        from review.workflow.fulltexts.retrieval_statements import (
            RetrievalStatement,
            mark_retrieval,
        )

        number = parse_record_key(key)
        statement = RetrievalStatement(number, "not retrieved", who, reason or note or None)
        mark_retrieval(open_review(context), statement)
        print_line(f"{key}: not retrieved, by {who}.")
        return
    new_decision = NewDecision(
        record=parse_record_key(key),
        stage=stage,
        reviewer=who,
        verdict=verdict.value if verdict else None,
        reason=reason or None,
        note=note or None,
        role="adjudicator" if adjudicate else "reviewer",
    )
    project = open_review(context)
    protocol_stage = find_stage(project.protocol, stage)
    if adjudicate:
        reviewing.require_own_decision(project, protocol_stage, who, new_decision.record)
    report_status = add(project, new_decision)
    action = verdict.value if verdict else "withdrawn"
    visible_status = blinding.get_visible_status(
        project, who, protocol_stage, new_decision.record, report_status
    )
    print_line(f"{key}: {action} by {who} at {stage}; the record is now {visible_status}.")


def _make_export_command(record_format: RecordFormat) -> Callable[..., None]:
    """The command that exports records in one format."""

    def export_records(
        context: typer.Context,
        out: Path = typer.Argument(
            None, help="File to write (default: records with the format's extension)."
        ),
        stage: str = typer.Option("", help="Only records that reached this stage."),
        status: str = typer.Option(
            "", help="Only records with this status: included, excluded, conflict, ..."
        ),
        unique: bool = typer.Option(False, help="One record per report, without duplicates."),
        decisions: bool = typer.Option(True, help="Add record number and screening status."),
        as_of: str = AS_OF,
    ) -> None:
        from review.formats.export import EXTENSIONS
        from review.workflow.exports.records import ExportOptions, save_export

        path = out or Path(f"records{EXTENSIONS[record_format.value]}")
        who = get_user_name(context)
        options = ExportOptions(
            stage=stage or None,
            status=status or None,
            unique=unique,
            decisions=decisions,
            reader=who,
            as_of=as_of or None,
        )
        result = save_export(open_review(context), record_format.value, path, options)
        print_line(f"Wrote {result.n:,} records to {path}")
        print_line(result.format_sums(path.name))

    return export_records
