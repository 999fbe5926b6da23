"""Reads one PDF in this process: pypdfium2 first, pdfplumber where that fails."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from review.fulltext import pdfium, plumber
from review.fulltext.document import assemble
from review.fulltext.lines import RawPage
from review.fulltext.models import FullText, Limits, State

Beat = Callable[[int], None]
"""Called with each page number as it is read."""


def read_here(path: Path, password: str | None, limits: Limits, beat: Beat) -> FullText:
    """The full text of one file, read in this process. Only a worker should call this."""
    size = path.stat().st_size
    if size > limits.file_mb * 1_000_000:
        return _ended("too_large", "", 0, f"{size / 1e6:,.0f} MB (limit {limits.file_mb} MB)")
    digest = file_sha256(path)
    if not _looks_like_pdf(path):
        return _ended("not_pdf", digest, 0, "the file does not begin as a PDF does")
    return _by_pdfium(path, digest, password, limits, beat)


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _looks_like_pdf(path: Path) -> bool:
    """Readers look for the mark in the first 1,024 bytes (ISO 32000-1, annex H.3.4.1)."""
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def _ended(state: State, digest: str, page_count: int, problem: str, reader: str = "") -> FullText:
    return FullText(state, digest, reader, page_count, problem=problem)


def _by_pdfium(
    path: Path, digest: str, password: str | None, limits: Limits, beat: Beat
) -> FullText:
    import pypdfium2

    try:
        document = pdfium.open_pdf(path, password)
    except pypdfium2.PdfiumError as error:
        if pdfium.is_locked(str(error)):
            wrong = "the password does not open it" if password else "it asks for a password"
            return _ended("encrypted", digest, 0, wrong)
        return plumber.read(path, digest, password, limits, beat, why=str(error))
    return _pages_of(document, digest, limits, beat)


def _pages_of(document: Any, digest: str, limits: Limits, beat: Beat) -> FullText:
    count = len(document)
    if count > limits.pages:
        return _ended("too_large", digest, count, f"{count:,} pages (limit {limits.pages:,})")
    if count == 0:
        return _ended("damaged", digest, 0, "no page could be found in it")
    raw: list[RawPage] = []
    try:
        for page in pdfium.pages(document, limits):
            raw.append(page)
            beat(page.number)
    except pdfium.TooMuch as error:
        return _ended("too_large", digest, count, str(error), pdfium.version())
    return assemble(raw, digest, pdfium.version())
