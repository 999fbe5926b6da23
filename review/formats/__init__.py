"""Export files of databases and reference managers to records: `read_file` is the door.

The kind of file is known from its content. Each kind has its parser in this folder; `markers`
counts the entries apart from the parsers, so that a parser's silent loss or invention is seen.
"""

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from review.errors import SourceError
from review.formats import bibtex, detect_format, endnote_xml, json, labelled, nbib, ris, tagged
from review.formats.fields import convert_to_utf8
from review.formats.markers import count_markers
from review.formats.pubmed import file as pubmed_xml
from review.formats.tabular import grid, reader, vertical
from review.models import ParseResult

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

MAX_BYTES = 2_000_000_000
"""A larger file is refused before it fills the memory."""


def read_file(
    file: Path | str | bytes, source: str | None = None, *, name: str = ""
) -> ParseResult:
    """The records of an export file, and the entries that could not be read with the reason.

    Args:
        file: path, or the content itself.
        source: name of the database the records come from; guessed from the content when None.
        name: what to call the file in messages when its content is given.

    Raises:
        SourceError: the file cannot be opened, is empty or binary, or holds no references we know.
    """
    name = name or ("the file" if isinstance(file, bytes) else Path(file).name)
    data, kind = read_content(file if isinstance(file, bytes) else Path(file), name)
    return parse_content(data, kind, name, source)


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
    return data, detect_format.detect_format(data, name)


def parse_content(data: bytes, kind: str, name: str, source: str | None = None) -> ParseResult:
    """The records in what content_of gave. Raises SourceError as read_file."""
    if kind in ("xlsx", "csv"):
        parsed = reader.parse(data, source, name=name)
    else:
        try:
            parsed = FORMATS[kind](data, source)
        except SourceError as error:
            raise SourceError(f"{name}: {error}") from error
    if not parsed.records and not parsed.rejected:
        raise SourceError(f"{name}: no references found in it ({kind.replace('_', ' ')}).")
    entry_count = len(parsed.records) + len(parsed.rejected)
    announced = count_markers(kind, data) if kind in FORMATS else None
    if announced is None or parsed.rejected:  # a rejected piece need not bear a marker
        announced = max(announced or parsed.announced or 0, entry_count)
    return replace(parsed, announced=announced)


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{path.name}: over 2 GB; export it in parts.")
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error


def _extract_export(data: bytes, name: str) -> bytes:
    """The one export inside a zip archive, as Rayyan sends it; a workbook comes back as it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if any(item.filename.startswith("xl/") for item in members):
                return data
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
                    f"{name}: a zip archive with {len(exports)} exports in it ({file_names}). "
                    "Unpack "
                    "it and import the files one by one."
                )
            if exports[0].file_size > grid.MAX_UNPACKED:
                raise SourceError(f"{name}: unpacks to over 1 GiB; it is refused.")
            return archive.read(exports[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error) as error:
        raise SourceError(f"{name}: a damaged zip archive or workbook ({error}).") from error
