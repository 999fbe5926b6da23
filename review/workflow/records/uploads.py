"""Files given in the app: a preview before anything is written, then the import itself.

The app has the content of a file where a command has its path; what is read, refused and added is
the same.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from review.errors import SourceError
from review.formats.author_lists import PRINTED_AUTHORS
from review.formats.tabular.table_outline import TableOutline, outline_table
from review.identifiers import fold_doi
from review.models import ParseResult, Record, SearchDate, UnreadableEntry
from review.protocol.models import FileImport, Via
from review.store import identified, records
from review.workflow.project.project import Project
from review.workflow.records import column_mappings, imports
from review.workflow.records.app_wording import rephrase_for_app
from review.workflow.records.field_check import CHECKED_FIELDS, FieldCheck, check_fields
from review.workflow.records.imports import RecordImportResult
from review.workflow.records.record_matching import fold_title
from review.workflow.records.temporary_files import save_temporarily

MIN_TITLE = 20
"""Letters and digits a title must have to be compared by itself: "Editorial" recurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    """What a person says of a file."""

    source: str | None = None
    """Database of all its records; what the file names where None."""
    via: Via | None = None
    sheet: str | None = None
    mapping: Mapping[str, str] | None = None
    searched: SearchDate | None = None
    keep_good: bool = False
    """Import the readable records of a damaged file."""


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column of a table that filled no field."""

    name: str
    count: int
    """Records in which it is filled."""
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    """What an import of a file would do. counted = read + unreadable; read = known + others."""

    name: str
    outline: TableOutline
    problem: str | None
    """Why the file cannot be imported as it is, in one line; None if it can."""
    is_readable: bool = False
    """Whether records were read, so that the rest of the preview says something."""
    counted: int = 0
    """Entries counted in the file without the parser."""
    read: int = 0
    unreadable: tuple[UnreadableEntry, ...] = ()
    databases: tuple[tuple[str, int], ...] = ()
    """What the records count for in the flow diagram, most frequent first."""
    filled: tuple[tuple[str, int], ...] = ()
    """Field -> records that have it."""
    examples: tuple[Record, ...] = ()
    """The first records."""
    check: FieldCheck | None = None
    unused: tuple[ColumnUse, ...] = ()
    known: int = 0
    """Records that are in the review already, or repeated in the file, field by field."""
    probable_duplicates: int = 0
    """Other records whose identifier or title is in the review already, or earlier in the file."""
    notes: tuple[str, ...] = ()
    earlier_import: str | None = None
    """When the very same file was imported, ISO day; None if it never was."""
    listed: FileImport | None = None
    """What the protocol says of a file of this name."""


@dataclass(frozen=True, slots=True)
class ImportedUpload:
    """What an import did, and the entries that could not be read as a file to look at."""

    result: RecordImportResult
    rejected: bytes | None = None


def preview_upload(
    project: Project, name: str, data: bytes, options: UploadOptions
) -> ImportPreview:
    """What an import of the file would add; nothing is written."""
    outline = outline_table(data, name, options.sheet)
    listed = imports.find_listed_import(project, name)
    source = options.source or (listed.source if listed else None)
    with project.store.read() as conn:
        kept = {} if options.mapping else column_mappings.list_mappings(conn)
    try:
        parsed = imports.read_export(
            data,
            name,
            source=source,
            sheet=options.sheet,
            mapping=options.mapping,
            kept_mappings=kept,
        )
    except SourceError as error:
        return ImportPreview(name=name, outline=outline, problem=rephrase_for_app(str(error)))
    problem = None
    try:
        imports.refuse_damaged(Path(name), parsed)
    except SourceError as error:
        problem = rephrase_for_app(str(error))
    known, probable_duplicates = _count_overlap(project, parsed.records)
    return ImportPreview(
        name=name,
        outline=outline,
        problem=problem,
        is_readable=True,
        counted=imports.count_announced(parsed),
        read=len(parsed.records),
        unreadable=parsed.rejected,
        databases=_count_databases(parsed, name, source),
        filled=tuple(
            (field, sum(bool(getattr(record, field)) for record in parsed.records))
            for field in CHECKED_FIELDS
        ),
        examples=parsed.records[:3],
        check=check_fields(parsed.records),
        unused=_list_unused_columns(parsed.records) if outline.columns else (),
        known=known,
        probable_duplicates=probable_duplicates,
        notes=parsed.notes,
        earlier_import=_find_earlier_import(project, data),
        listed=listed,
    )


def import_upload(
    project: Project, name: str, data: bytes, who: str, options: UploadOptions
) -> ImportedUpload:
    """Imports the file as `review import` does. Raises SourceError as that does, in the words of
    the app."""
    with save_temporarily(name, data) as path:
        try:
            result = imports.import_file(
                project,
                path,
                who,
                source=options.source,
                via=options.via,
                keep_good=options.keep_good,
                sheet=options.sheet,
                mapping=options.mapping,
                searched=options.searched,
            )
        except SourceError as error:
            raise SourceError(rephrase_for_app(str(error))) from error
        rejected = result.rejected_path.read_bytes() if result.rejected_path else None
    return ImportedUpload(result, rejected)


def _find_earlier_import(project: Project, data: bytes) -> str | None:
    with project.store.read() as conn:
        batch = records.find_file_batch(conn, imports.compute_digest(data))
    return None if batch is None else str(batch["at"])[:10]


def _count_databases(
    parsed: ParseResult, name: str, source: str | None
) -> tuple[tuple[str, int], ...]:
    counts = Counter(
        identified.determine_database(record.source, source or record.source, name)
        for record in parsed.records
    )
    return tuple(counts.most_common())


def _list_unused_columns(parsed_records: Sequence[Record]) -> tuple[ColumnUse, ...]:
    """Columns that filled no field, as the file orders them."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for record in parsed_records:
        for name, values in record.extra.items():
            if name == PRINTED_AUTHORS:
                continue
            counts[name] += 1
            examples.setdefault(name, " ".join(values[0].split())[:60])
    return tuple(ColumnUse(name, count, examples[name]) for name, count in counts.items())


def _count_overlap(project: Project, parsed_records: Sequence[Record]) -> tuple[int, int]:
    """Records that are here already field by field, and others that are probably duplicates.

    A guess for the preview, by identifier and title; deduplication compares in full.
    """
    with project.store.read() as conn:
        known_flags = records.mark_known(conn, parsed_records)
        seen: set[tuple[str, str]] = set()
        for stored in records.iter_records(conn):
            seen.update(_list_marks(stored.record))
    known_count = duplicate_count = 0
    for record, is_known in zip(parsed_records, known_flags, strict=True):
        marks = _list_marks(record)
        if is_known:
            known_count += 1
        elif any(mark in seen for mark in marks):
            duplicate_count += 1
        seen.update(marks)
    return known_count, duplicate_count


def _list_marks(record: Record) -> list[tuple[str, str]]:
    """What identifies a report: its identifiers, and its title if that is long enough."""
    identifiers = {
        "doi": fold_doi(record.doi) if record.doi else None,
        "pmid": record.pmid,
        "pmcid": record.pmcid,
        "arxiv": record.arxiv_id,
    }
    title = fold_title(record.title)
    marks = [(kind, value) for kind, value in identifiers.items() if value]
    return [*marks, ("title", title)] if len(title) >= MIN_TITLE else marks
