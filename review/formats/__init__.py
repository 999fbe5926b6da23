"""File formats of databases and reference managers; `read_file` reads any of them.

The kind of file is known from its content. Each kind has its parser in this folder; `markers`
counts the entries apart from the parsers, so that a parser's silent loss or invention is seen.
"""

import gc
import io
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from review.errors import SourceError
from review.formats import (
    bibtex,
    detect_database,
    detect_format,
    endnote_xml,
    json,
    labelled,
    nbib,
    ris,
    tagged,
)
from review.formats.archives import ARCHIVE_ERRORS
from review.formats.author_lists import keep_people
from review.formats.markers import count_markers
from review.formats.pubmed import file as pubmed_xml
from review.formats.tabular import reader, vertical
from review.formats.tabular.workbook import MAX_UNPACKED
from review.models import GENERIC_SOURCES, ParseResult
from review.text.characters import is_storable, replace_unstorable
from review.text.encodings import convert_to_utf8, find_other_encoding

FORMATS: dict[str, Callable[[bytes, str | None], ParseResult]] = {
    "ris": ris.parse,
    "nbib": nbib.parse,
    "bibtex": bibtex.parse,
    "endnote": tagged.parse_endnote,
    "endnote_xml": endnote_xml.parse,
    "pubmed_xml": pubmed_xml.parse,
    "wos": tagged.parse_wos,
    "refworks": labelled.parse_refworks,
    "noteexpress": labelled.parse_noteexpress,
    "vertical": vertical.parse,
    "json": json.parse,
}

EXPORT_SUFFIXES = (".csv", ".tsv", ".ris", ".bib", ".nbib", ".xml", ".txt", ".ciw", ".enw", ".json")
"""Endings of files looked for inside a zip archive."""

MAX_BYTES = 500_000_000
"""A larger file is refused before it fills the memory."""
MAX_LINE, MAX_LINES = 16_000_000, 15_000_000
"""Longest line of an export (bytes), and most lines of one; more is no export of references."""


def read_file(
    file: Path | str | bytes,
    source: str | None = None,
    *,
    name: str = "",
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> ParseResult:
    """The records of an export file, and the entries that could not be read with the reason.

    Args:
        file: path, or the content itself.
        source: name of the database the records come from; guessed from the content when None.
        name: what to call the file in messages when its content is given.
        sheet: the sheet of a workbook to read; where None the only visible one with records.
        mapping: columns of a table as it writes them -> the field of a Record each one fills.

    Raises:
        SourceError: the file cannot be opened, is empty or binary, or holds no references we know.
    """
    name = name or ("the file" if isinstance(file, bytes) else Path(file).name)
    data, kind = read_content(file if isinstance(file, bytes) else Path(file), name)
    return parse_content(data, kind, name, source, sheet=sheet, mapping=mapping)


def read_content(file: Path | bytes, name: str) -> tuple[bytes, str]:
    """A file's content as UTF-8 with \\n line ends (a workbook as it is), and its kind.

    Raises:
        SourceError: as read_file.
    """
    data = file if isinstance(file, bytes) else _read_bytes(file)
    if data.startswith(b"PK"):
        data = _extract_export(data, name)
    if not data.startswith(b"PK"):
        data = convert_to_utf8(data)
        _refuse_endless_text(data, name)
        _refuse_foreign_text(data, name)
    return data, detect_format.detect_format(data, name)


def parse_content(
    data: bytes,
    kind: str,
    name: str,
    source: str | None = None,
    *,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> ParseResult:
    """The records in what read_content gave. Raises SourceError as read_file."""
    is_table = kind in ("xlsx", "csv")
    if is_table:
        parsed = reader.parse(data, source, name=name, sheet=sheet, mapping=mapping)
    else:
        _refuse_table_options(kind, name, sheet, mapping)
        try:
            with _pause_collection():
                parsed = FORMATS[kind](data, source)
        except SourceError as error:
            raise SourceError(f"{name}: {error}") from error
    if not parsed.records and not parsed.rejected:
        raise SourceError(f"{name}: contains no references ({kind.replace('_', ' ')}).")
    entry_count = len(parsed.records) + len(parsed.rejected)
    announced = parsed.announced if is_table else count_markers(kind, data)
    if announced is None or parsed.rejected:  # a rejected piece need not bear a marker
        announced = max(announced or parsed.announced or 0, entry_count)
    notes = (*parsed.notes, *_note_encoding(data))
    records = tuple(map(keep_people, parsed.records))
    parsed = replace(parsed, records=records, announced=announced, notes=notes)
    if is_storable(source) and not _may_hold_unstorable(data):
        return parsed
    return replace_unstorable(parsed)


def _may_hold_unstorable(data: bytes) -> bool:
    """Whether NUL or a lone surrogate may come out of a file: as a byte, by an escape (JSON, LaTeX,
    "%00" in an address) or a character reference, or from a workbook. UTF-8 and Windows-1252 decode
    to neither."""
    if data.startswith(b"PK") or any(mark in data for mark in (b"\x00", b"\\", b"%00")):
        return True
    return b"&" in data and b"#" in data


def _refuse_foreign_text(data: bytes, name: str) -> None:
    """Raises SourceError for a text whose letters can only be guessed."""
    other = find_other_encoding(data)
    if other and other[1]:
        raise SourceError(
            f"{name}: its text is neither UTF-8 nor Western (Windows-1252), but in another "
            "encoding, as Chinese, Japanese, Korean, Cyrillic or Greek programs write. Export it "
            "as UTF-8, or open it in a text editor with its own encoding and save it as UTF-8."
        )


def _note_encoding(data: bytes) -> tuple[str, ...]:
    """That letters are not UTF-8, with an example, so that a person sees wrong accents."""
    other = None if data.startswith(b"PK") else find_other_encoding(data)
    if other is None:
        return ()
    return (
        f"The file is not in UTF-8: its accented letters were read as Windows-1252 ('{other[0]}'). "
        "If they look wrong, save it as UTF-8 and import that file.",
    )


@contextmanager
def _pause_collection() -> Iterator[None]:
    """No search for reference cycles meanwhile: parsers make none, and many small objects."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _refuse_table_options(
    kind: str, name: str, sheet: str | None, mapping: Mapping[str, str] | None
) -> None:
    if sheet is not None or mapping:
        option = "--sheet" if sheet is not None else "--map"
        raise SourceError(
            f"{name}: {option} applies only to tables (CSV, XLSX, ODS); this is "
            f"{kind.replace('_', ' ')}."
        )


def name_by_file(parsed: ParseResult, name: str) -> ParseResult:
    """The entries of a file whose content names no database, under the one its name holds.

    Where some entries name another database than the file's name does, nothing is changed.
    """
    database = detect_database.find_by_file_name(name)
    others = {record.source for record in parsed.records} - {*GENERIC_SOURCES, database}
    if database is None or others:
        return parsed
    return replace(
        parsed, records=tuple(replace(record, source=database) for record in parsed.records)
    )


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{path.name}: over 500 MB; export it in parts.")
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error


def _refuse_endless_text(data: bytes, name: str) -> None:
    """Raises SourceError for a text whose lines no reader could hold."""
    start = 0
    while (
        len(data) - start >= MAX_LINE
    ):  # from one line's start to a later one's, never letter-wise
        last_end = data.rfind(b"\n", start, start + MAX_LINE)
        if last_end < 0:
            number = data.count(b"\n", 0, start) + 1
            raise SourceError(
                f"{name}: line {number} is longer than {MAX_LINE // 1_000_000} million letters; "
                "the file is damaged or no export of references."
            )
        start = last_end + 1
    if data.count(b"\n") > MAX_LINES:
        raise SourceError(
            f"{name}: more than {MAX_LINES // 1_000_000} million lines; export it in parts."
        )


ZIPPED_DOCUMENTS = {
    "word/document.xml": "a Word document. References typed into it cannot be read: export them",
    "ppt/presentation.xml": "a PowerPoint presentation. Export the references",
    "META-INF/container.xml": "an e-book. Export the references",
}
"""A member of an archive -> what the file is, and the beginning of what to do."""


def _refuse_document(name: str, members: Collection[str]) -> None:
    """Raises SourceError where an archive is a document of another program."""
    for member, kind in ZIPPED_DOCUMENTS.items():
        if member in members:
            raise SourceError(
                f"{name}: {kind} from the database or reference manager as RIS, and import that "
                "file."
            )


def _extract_export(data: bytes, name: str) -> bytes:
    """The one export inside a zip archive, as Rayyan sends it; a workbook comes back as it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            names = {item.filename for item in members}
            if any(member.startswith("xl/") for member in names) or "content.xml" in names:
                return data  # a workbook, or a document that the workbook reader names
            _refuse_document(name, names)
            exports = [
                item
                for item in members
                if item.filename.lower().endswith(EXPORT_SUFFIXES)
                and not item.filename.startswith("__MACOSX")
                and "customizations_log" not in item.filename
            ]
            if len(exports) != 1:
                file_names = ", ".join(item.filename for item in members)[:300]
                raise SourceError(
                    f"{name}: a ZIP archive containing {len(exports)} exports ({file_names}). "
                    "Unpack "
                    "it and import the files one by one."
                )
            with archive.open(exports[0]) as member:  # its size in the header may be a lie
                unpacked = member.read(MAX_UNPACKED + 1)
            if len(unpacked) > MAX_UNPACKED:
                raise SourceError(f"{name}: unpacks to over 300 MB; export it in parts.")
            return unpacked
    except (*ARCHIVE_ERRORS, OSError) as error:
        raise SourceError(f"{name}: a damaged ZIP archive or workbook.") from error
