"""The result of reading a PDF (state, pages, sections, sentences), and the limits of reading."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from review.models import Page, PrintedTable, Sentence, Word

FullTextState = Literal[
    "ok", "no_text", "encrypted", "damaged", "not_pdf", "too_large", "timeout", "missing"
]

EXTRACTION_VERSION = "4"
"""Of the steps of reading; raised when the same file would give another text."""

STATE_MESSAGES: dict[FullTextState, str] = {
    "ok": "read",
    "no_text": "no text layer (a scan, or unreadable fonts): run OCR and attach it again",
    "encrypted": "password-protected: give the password, or attach an unprotected copy",
    "damaged": "damaged: download it again and attach the new copy",
    "not_pdf": "not a PDF file",
    "too_large": "larger than the limits allow",
    "timeout": "exceeded the time limit",
    "missing": "this file cannot be opened",
}
"""What each state means to a reviewer and what to do about it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost. Chosen for papers: the longest shared one has 21 pages."""

    seconds: float = 120.0
    """Wall time for the whole file."""
    page_seconds: float = 20.0
    """Wall time from one page to the next."""
    memory_mb: int = 1500
    """Address space of the reading process."""
    file_mb: int = 200
    pages: int = 1500
    page_chars: int = 200_000
    """Letters on one page; a dense journal page has 8,000."""


@dataclass(frozen=True, slots=True)
class PaperSection:
    """A heading as found."""

    name: str
    """Normal name: abstract, introduction, related work, methods, results, discussion, limitations,
    conclusion, references, supplement, statements, keywords; '' when the heading is not known."""
    title: str
    """The heading as printed."""
    page: int
    top: float
    """Points from the top of the page."""


@dataclass(frozen=True, slots=True)
class FullText:
    """A PDF as read. In any state but ok the texts may be empty or stop early."""

    state: FullTextState
    sha256: str
    """Of the file's bytes; '' when there was no file."""
    reader: str
    """pypdfium2 or pdfplumber with its version; '' when nothing could read it."""
    page_count: int
    pages: tuple[Page, ...] = ()
    sections: tuple[PaperSection, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    front: str = ""
    """Everything on the first two pages, margins too: where DOI, arXiv id and title are printed."""
    problem: str | None = None
    """One line on what went wrong."""
    pages_without_text: tuple[int, ...] = ()
    tables: tuple[PrintedTable, ...] = ()
    """Tables that the file itself marks as such (JATS); those of a PDF are found by position."""


def full_text_to_dict(text: FullText) -> dict[str, Any]:
    """The full text as JSON-ready data; words and boxes are rounded to a hundredth of a point."""
    data = asdict(text)
    for page, page_data in zip(text.pages, data["pages"], strict=True):
        page_data["words"] = [
            [word.text, *_round_box((word.x0, word.top, word.x1, word.bottom))]
            for word in page.words
        ]
        page_data["ruled_lines"] = [_round_box(box) for box in page.ruled_lines]
    for page_data in data["sentences"]:
        page_data["boxes"] = [_round_box(box) for box in page_data["boxes"]]
    return data


def full_text_from_dict(data: Mapping[str, Any]) -> FullText:
    """The full text that as_dict wrote."""
    values = dict(data)
    values["pages"] = tuple(
        Page(
            **{
                **page,
                "words": tuple(Word(*word) for word in page["words"]),
                "ruled_lines": tuple(map(tuple, page.get("ruled_lines", ()))),
            }
        )
        for page in values.get("pages", ())
    )
    values["sections"] = tuple(PaperSection(**section) for section in values.get("sections", ()))
    values["sentences"] = tuple(
        Sentence(**{**sentence, "boxes": tuple(tuple(box) for box in sentence["boxes"])})
        for sentence in values.get("sentences", ())
    )
    values["pages_without_text"] = tuple(values.get("pages_without_text", ()))
    values["tables"] = tuple(
        PrintedTable(
            **{
                **table,
                "columns": tuple(table["columns"]),
                "rows": tuple(map(tuple, table["rows"])),
                "notes": tuple(table.get("notes", ())),
            }
        )
        for table in values.get("tables", ())
    )
    return FullText(**values)


def _round_box(box: tuple[float, ...]) -> list[float]:
    return [round(value, 2) for value in box]
