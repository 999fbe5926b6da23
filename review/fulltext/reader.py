"""Reads one PDF in this process: pypdfium2 first, pdfplumber where that fails."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from review.fulltext import flow, pdfium, plumber
from review.fulltext.layout import arrange, without_furniture
from review.fulltext.lines import RawPage
from review.fulltext.nouns import FullText, Limits, State
from review.fulltext.splitting import vocabulary
from review.records import Page

Beat = Callable[[int], None]
"""Called with each page number as it is read."""

_FEWEST_WORDS = 12
"""Words in a whole file under which it counts as a scan with a stamp on it."""
_LEAST_LEGIBLE = 0.5
"""Share of letters that must be letters or figures; fonts without a map give control signs."""


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


def assemble(raw: Sequence[RawPage], digest: str, reader: str) -> FullText:
    """The full text of pages as the reader gave them."""
    broken = [page.number for page in raw if page.width <= 0]
    if len(broken) == len(raw):
        return _ended("damaged", digest, len(raw), "no page could be opened", reader)
    front = "\n".join(line.text for page in raw[:2] for line in page.lines)
    pages = without_furniture([arrange(page) for page in raw])
    words = [word.text for page in pages for line in page.lines for word in line.words]
    blank = tuple(page.number for page in raw if sum(len(x.words) for x in page.lines) < 3)
    if len(words) < _FEWEST_WORDS or _legible(words) < _LEAST_LEGIBLE:
        problem = "no text layer" if len(words) < _FEWEST_WORDS else "its fonts give no letters"
        return FullText("no_text", digest, reader, len(raw), problem=problem)
    known = vocabulary(words)
    sections, sentences = flow.sections_and_sentences(pages)
    return FullText(
        state="damaged" if broken else "ok",
        sha256=digest,
        reader=reader,
        page_count=len(raw),
        pages=tuple(
            Page(
                page.number,
                flow.page_text(page, known),
                round(page.width, 2),
                round(page.height, 2),
                tuple(word for line in page.lines for word in line.words),
            )
            for page in pages
        ),
        sections=tuple(sections),
        sentences=tuple(sentences),
        front=front,
        problem=f"pages that could not be opened: {_list(broken)}" if broken else None,
        pages_without_text=blank,
    )


def _legible(words: Sequence[str]) -> float:
    letters = "".join(words)
    good = sum(1 for c in letters if c.isalnum() or c in ".,;:-()[]%/+='\"")
    return good / len(letters) if letters else 0.0


def _list(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:10])
    return shown + (" ..." if len(numbers) > 10 else "")
