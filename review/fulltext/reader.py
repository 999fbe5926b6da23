"""Reads one PDF in this process: by pypdfium2, or by pdfplumber if that fails."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from review.fulltext import pdfium, plumber
from review.fulltext.document import assemble_full_text
from review.fulltext.lines import PageLines
from review.fulltext.models import FullText, FullTextState, Limits

PageCallback = Callable[[int | None], None]
"""Called with each page number as it is read, and with None once all are."""


def read_in_process(
    path: Path, password: str | None, limits: Limits, on_page: PageCallback
) -> FullText:
    """The full text of one file, read in this process. Only a worker should call this."""
    size = path.stat().st_size
    if size > limits.file_mb * 1_000_000:
        return _build_failed_text(
            "too_large", "", 0, f"{size / 1e6:,.0f} MB (limit {limits.file_mb} MB)"
        )
    digest = compute_file_sha256(path)
    if not _looks_like_pdf(path):
        return _build_failed_text("not_pdf", digest, 0, "the file does not start like a PDF")
    return _read_with_pdfium(path, digest, password, limits, on_page)


def compute_file_sha256(path: Path) -> str:
    """SHA-256 (hex) of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _looks_like_pdf(path: Path) -> bool:
    """Readers look for the mark in the first 1,024 bytes (ISO 32000-1, annex H.3.4.1)."""
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def _build_failed_text(
    state: FullTextState, digest: str, page_count: int, problem: str, reader: str = ""
) -> FullText:
    return FullText(state, digest, reader, page_count, problem=problem)


def _read_with_pdfium(
    path: Path, digest: str, password: str | None, limits: Limits, on_page: PageCallback
) -> FullText:
    import pypdfium2

    try:
        document = pdfium.open_pdf(path, password)
    except pypdfium2.PdfiumError as error:
        if pdfium.is_locked(str(error)):
            problem = "the password is wrong" if password else "it requires a password"
            return _build_failed_text("encrypted", digest, 0, problem)
        return plumber.read_pdf(path, digest, password, limits, on_page, pdfium_error=str(error))
    return _read_pages(document, digest, limits, on_page)


def _read_pages(document: Any, digest: str, limits: Limits, on_page: PageCallback) -> FullText:
    count = len(document)
    if count > limits.pages:
        return _build_failed_text(
            "too_large", digest, count, f"{count:,} pages (limit {limits.pages:,})"
        )
    if count == 0:
        return _build_failed_text("damaged", digest, 0, "it has no pages")
    raw_pages: list[PageLines] = []
    try:
        for page in pdfium.iter_pages(document, limits):
            raw_pages.append(page)
            on_page(page.number)
    except pdfium.LimitExceeded as error:
        return _build_failed_text(
            "too_large", digest, count, str(error), pdfium.get_reader_version()
        )
    on_page(None)
    return assemble_full_text(raw_pages, digest, pdfium.get_reader_version())
