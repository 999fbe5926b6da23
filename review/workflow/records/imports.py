"""Imports search exports: parses, counts and adds each file once, in one transaction."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from review.errors import SourceError
from review.formats import name_by_file, read_file
from review.formats.detect_database import normalize_source_name
from review.models import GENERIC_SOURCES, ParseResult, Record, SearchDate, UnreadableEntry
from review.protocol.models import FileImport, Via
from review.store import Connection, audit_events, identified, records, search_dates
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.records import column_mappings
from review.workflow.records.field_check import FieldCheck, check_fields
from review.workflow.screening import status

COUNTED_ONLY_REASON = "it was counted in the file, but not read"
CHUNK_SIZE = 2_000
"""Records handed to the store at once, within one transaction: bounds the memory."""


@dataclass(frozen=True, slots=True)
class RecordImportResult:
    """What one import did. announced = parsed + rejected; parsed = new + known."""

    name: str
    source: str
    batch: int | None
    """Number of the import; None where the very same file was here before."""
    announced: int
    """Entries counted in the file without the parser."""
    parsed: int
    new: int
    known: int
    """Entries that were here already, or are twice in the file."""
    rejected: tuple[UnreadableEntry, ...]
    rejected_path: Path | None
    """Where the entries that could not be read were written."""
    named: tuple[tuple[str, int], ...] = ()
    """What the entries count for in the flow diagram, with how many, where they name more than one
    database or none."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Of a file that was here: what it counted for (source, box) and what it counts for now."""
    notes: tuple[str, ...] = ()
    """How the file was read: which sheet, which mapping."""
    fields: FieldCheck | None = None
    """Fields that most of the records lack, and columns that were not used."""
    searched: str | None = None
    """When the search was run, where that is known: 2026-03-12, or 2026-03-01..2026-03-12."""


@dataclass(frozen=True, slots=True)
class _ImportRequest:
    """What a person says of a file."""

    who: str
    source: str | None
    via: Via | None
    searched: SearchDate | None


def import_file(
    project: Project,
    path: Path,
    who: str,
    *,
    source: str | None = None,
    via: Via | None = None,
    keep_good: bool = False,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    searched: SearchDate | None = None,
) -> RecordImportResult:
    """Adds the records of a search export.

    Args:
        searched: when the search was run; said of the very same file again it is noted anew.
        sheet: the sheet of a workbook; where None the only visible one that holds records.
        mapping: columns of a table -> the field each one fills; kept for the next import from the
            same source. Where None, the mapping kept for that source is applied if the table has
            its columns.
        source: name of the database; where None the one under which the protocol lists the file,
            else guessed from the file.
        via: the PRISMA box the records are identified in; where None the one under which the
            protocol lists the file, else databases. The very same file again with another source
            or box adds nothing and names what is here anew.
        keep_good: add the readable entries of a file that holds unreadable ones.

    Raises:
        SourceError: the file cannot be read, or holds entries that cannot and keep_good is off;
            then nothing is added.
    """
    require_role(project, who, "import")
    request = _ImportRequest(who, source, via, searched)
    data = _read_bytes(path)
    digest = compute_digest(data)
    with project.store.read() as conn:
        before = records.find_file_batch(conn, digest)
    if before is not None:
        if sheet is not None:
            _refuse_other_sheet(project, path, data, source=source, sheet=sheet, mapping=mapping)
        with project.store.write() as conn:
            return _handle_known_file(project, conn, path, before, request)
    listed = find_listed_import(project, path.name)
    if listed is not None:
        source, via = source or listed.source, via or listed.via
        request = _ImportRequest(who, source, via, searched)
    with project.store.read() as conn:
        kept_mappings = {} if mapping else column_mappings.list_mappings(conn)
    parsed = read_export(
        data, path.name, source=source, sheet=sheet, mapping=mapping, kept_mappings=kept_mappings
    )
    del data  # a large file need not stay in memory while its records are added
    if not keep_good:
        refuse_damaged(path, parsed)
    parsed = balance_counts(parsed)
    result = _add_records(project, path, parsed, digest, request)
    if mapping and result.batch is not None:
        with project.store.write() as conn:
            column_mappings.keep_mapping(conn, result.source, mapping, who)
    return dataclasses.replace(result, notes=parsed.notes, fields=check_fields(parsed.records))


def find_listed_import(project: Project, name: str) -> FileImport | None:
    """What the protocol says of a search export of this name, in whatever folder it lists it; None
    where it lists none. A database is given in the form in which Funnel counts it."""
    for listed in project.protocol.search.imports:
        if Path(listed.file).name == name:
            return dataclasses.replace(listed, source=normalize_source_name(listed.source or ""))
    return None


def preview_import(
    path: Path,
    source: str | None = None,
    *,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> ParseResult:
    """What an import of the file would read, without a review. Raises SourceError."""
    return read_export(
        _read_bytes(path), path.name, source=source, sheet=sheet, mapping=mapping, kept_mappings={}
    )


def compute_digest(data: bytes) -> str:
    """By which the very same file is known again."""
    return hashlib.sha256(data).hexdigest()


def read_export(
    data: bytes,
    name: str,
    *,
    source: str | None,
    sheet: str | None,
    mapping: Mapping[str, str] | None,
    kept_mappings: Mapping[str, Mapping[str, str]],
) -> ParseResult:
    """The records, under the mapping given or the one kept for their source."""
    try:
        parsed = name_by_file(
            read_file(data, source, name=name, sheet=sheet, mapping=mapping), name
        )
    except SourceError as error:
        all_kept = {} if mapping else kept_mappings
        parsed_by_kept = _read_unrecognised_table(data, name, source, sheet, all_kept)
        if parsed_by_kept is None:
            raise error from None
        return parsed_by_kept
    kept = {} if mapping else kept_mappings.get(get_common_source(parsed.records), {})
    if not kept or not _has_columns(parsed.records, kept):
        return parsed
    again = read_file(data, source, name=name, sheet=sheet, mapping=kept)
    return _note_mapping(name_by_file(again, name), get_common_source(parsed.records), kept)


def _read_unrecognised_table(
    data: bytes,
    name: str,
    source: str | None,
    sheet: str | None,
    kept_mappings: Mapping[str, Mapping[str, str]],
) -> ParseResult | None:
    """The records of a table that cannot be read without a mapping, under a kept one that says
    which column is the title; None if none fits."""
    for kept_source, kept in kept_mappings.items():
        if "title" not in kept.values() or (source or kept_source) != kept_source:
            continue
        try:
            parsed = read_file(data, source, name=name, sheet=sheet, mapping=kept)
        except SourceError:  # it lacks a column of this mapping
            continue
        return _note_mapping(name_by_file(parsed, name), kept_source, kept)
    return None


def _note_mapping(parsed: ParseResult, source: str, kept: Mapping[str, str]) -> ParseResult:
    words = ", ".join(f"{column} = {field}" for column, field in kept.items())
    note = f"Applied the saved column mapping for {source}: {words}."
    return dataclasses.replace(parsed, notes=(*parsed.notes, note))


def _has_columns(parsed_records: tuple[Record, ...], mapping: Mapping[str, str]) -> bool:
    """Whether every mapped column is unused in the records, so that it can fill its field."""
    unused = {column for record in parsed_records for column in record.extra}
    return set(mapping) <= unused


def refuse_damaged(path: Path, parsed: ParseResult) -> None:
    """Raises SourceError if entries cannot be read, or fewer were read than the file holds."""
    if parsed.rejected:
        first = parsed.rejected[0]
        raise SourceError(
            f"{path}: {len(parsed.rejected)} of {count_announced(parsed)} records cannot be read "
            f"(record {first.number}: {first.reason}). Nothing was imported. Correct the file, or "
            "import the readable records with --keep-good."
        )
    if count_announced(parsed) != len(parsed.records):
        raise SourceError(
            f"{path}: {len(parsed.records)} records were read, but the file contains "
            f"{count_announced(parsed)}. Nothing was imported. Check the file, or import the "
            "records that were read with --keep-good."
        )


def balance_counts(parsed: ParseResult) -> ParseResult:
    """The result with every counted entry in it, so that counted = read + unreadable.

    An entry that was counted and neither read nor rejected is kept as unreadable, so that the flow
    diagram counts it; where more was read than counted, the count follows and a note says so.
    """
    entry_count = len(parsed.records) + len(parsed.rejected)
    difference = count_announced(parsed) - entry_count
    if difference > 0:
        numbers = range(entry_count + 1, entry_count + difference + 1)
        lost = [UnreadableEntry(number, COUNTED_ONLY_REASON, "") for number in numbers]
        return dataclasses.replace(parsed, rejected=(*parsed.rejected, *lost))
    if difference < 0:
        note = (
            f"{entry_count} records were read, but only {count_announced(parsed)} were counted in "
            "the file: look for records that are none."
        )
        return dataclasses.replace(parsed, announced=entry_count, notes=(*parsed.notes, note))
    return parsed


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened ({error.strerror}).") from error


def _refuse_other_sheet(
    project: Project,
    path: Path,
    data: bytes,
    *,
    source: str | None,
    sheet: str,
    mapping: Mapping[str, str] | None,
) -> None:
    """Raises SourceError for a sheet with new records, in a workbook imported with another one."""
    with project.store.read() as conn:
        kept_mappings = {} if mapping else column_mappings.list_mappings(conn)
        parsed = read_export(
            data,
            path.name,
            source=source,
            sheet=sheet,
            mapping=mapping,
            kept_mappings=kept_mappings,
        )
        titles = {record.title for record in parsed.records if record.title}
        known = {title for _, title in records.iter_titles(conn)}
    if titles - known:
        raise SourceError(
            f"{path.name}: this workbook has already been imported, with another sheet; sheet "
            f"{sheet!r} was not. Save it as a file of its own and import that file."
        )


def _handle_known_file(
    project: Project,
    conn: Connection,
    path: Path,
    before: Mapping[str, Any],
    request: _ImportRequest,
) -> RecordImportResult:
    """The very same file came before: nothing is added, but its source, box or search date may be
    named anew."""
    n, batch = int(before["parsed"] or 0), int(before["id"])
    current_labels = {name: str(before[name]) for name in ("source", "via")}
    current_labels |= identified.list_manual_sources(conn).get(batch, {})
    new_labels = {
        name: value
        for name, value in (
            ("source", request.source),
            ("via", request.via),
        )
        if value is not None and value != current_labels[name]
    }
    if new_labels:
        detail = {
            "file": before["name"],
            "was": {name: current_labels[name] for name in new_labels},
            **new_labels,
        }
        audit_events.add_event(
            conn,
            identified.SOURCE_NAMED_EVENT,
            request.who,
            utc_now(),
            subject=str(batch),
            detail=detail,
        )
    if "via" in new_labels:  # other methods' records go straight to retrieval
        status.rebuild_statuses(project, conn)
    known_date = search_dates.list_search_dates(conn).get(batch)
    if request.searched and request.searched != known_date:
        known_date = request.searched
        search_dates.add_search_date(conn, batch, known_date, request.who, utc_now())
    renames = tuple((current_labels[name], value) for name, value in new_labels.items())
    return RecordImportResult(
        name=path.name,
        source=new_labels.get("source", current_labels["source"]),
        batch=None,
        announced=n,
        parsed=n,
        new=0,
        known=n,
        rejected=(),
        rejected_path=None,
        renamed=renames,
        searched=str(known_date) if known_date else None,
    )


def _iter_positions(parsed: ParseResult) -> Iterator[int]:
    """Places of the readable entries in the file: those the unreadable ones leave."""
    rejected_numbers = {rejection.number for rejection in parsed.rejected}
    return (n for n in count(1) if n not in rejected_numbers)


def count_announced(parsed: ParseResult) -> int:
    entry_count = len(parsed.records) + len(parsed.rejected)
    return entry_count if parsed.announced is None else parsed.announced


def _add_records(
    project: Project,
    path: Path,
    parsed: ParseResult,
    digest: str,
    request: _ImportRequest,
) -> RecordImportResult:
    name = request.source or get_common_source(parsed.records)
    numbered_records = list(zip(_iter_positions(parsed), parsed.records, strict=False))
    at = utc_now()
    with project.store.write() as conn:
        if (before := records.find_file_batch(conn, digest)) is not None:
            # it came a moment ago
            return _handle_known_file(project, conn, path, before, request)
        batch = records.add_batch(
            conn,
            at,
            request.who,
            kind="file",
            source=name,
            via=request.via or "databases",
            name=path.name,
            sha256=digest,
        )
        if request.searched:
            search_dates.add_search_date(conn, batch, request.searched, request.who, at)
        new = known = 0
        has_revived = False
        for start in range(0, len(numbered_records), CHUNK_SIZE):
            added = records.add_records(
                conn, batch, numbered_records[start : start + CHUNK_SIZE], at, raw=digest
            )
            status.mark_pending(project, conn, added.new)
            status.refresh_known(project, conn, added.known)
            new, known = new + len(added.new), known + len(added.known)
            has_revived = has_revived or bool(added.revived)
        records.add_rejected(conn, batch, parsed.rejected)
        counts = {
            "announced": count_announced(parsed),
            "parsed": len(parsed.records),
            "rejected": len(parsed.rejected),
            "new": new,
            "known": known,
        }
        records.close_batch(conn, batch, **counts)
        if has_revived:
            _restore_groups(project, conn)
    rejected_path = write_rejected(project, path, parsed.rejected)
    return RecordImportResult(
        name=path.name,
        source=name,
        batch=batch,
        announced=counts["announced"],
        parsed=counts["parsed"],
        new=counts["new"],
        known=counts["known"],
        rejected=parsed.rejected,
        rejected_path=rejected_path,
        named=count_labels(parsed.records, path.name),
        searched=str(request.searched) if request.searched else None,
    )


def _restore_groups(project: Project, conn: Connection) -> None:
    """Groups anew, as records of an undone import that came again bring their links back."""
    from review.workflow.deduplication.groups import regroup_records

    regroup_records(project, conn)


def get_common_source(parsed_records: tuple[Record, ...]) -> str:
    """The source all records of a file name; 'various' where they name several."""
    sources = {record.source for record in parsed_records}
    return sources.pop() if len(sources) == 1 else "various"


def count_labels(parsed_records: tuple[Record, ...], file: str) -> tuple[tuple[str, int], ...]:
    """What the records count for in the flow, most frequent first; none where all name one."""
    counts = Counter(
        identified.determine_database(record.source, record.source, file)
        for record in parsed_records
    )
    is_uniform = len(counts) == 1 and not any(
        record.source in GENERIC_SOURCES for record in parsed_records
    )
    return () if is_uniform else tuple(counts.most_common())


def write_rejected(
    project: Project, path: Path, rejected: tuple[UnreadableEntry, ...]
) -> Path | None:
    """Writes what could not be read beside the file, or into the review where that is barred."""
    if not rejected:
        return None
    text = "\n".join(
        f"record {rejection.number}: {rejection.reason}\n{rejection.raw}\n"
        for rejection in rejected
    )
    for folder in (path.parent, project.folder):
        target = folder / f"{path.name}.rejected"
        try:
            target.write_text(text, encoding="utf-8", errors="surrogateescape")
        except OSError:
            continue
        return target
    return None
