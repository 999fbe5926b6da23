"""What reading a PDF gives: its state, pages, sections, sentences; and the limits of reading."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from review.models import Page, Sentence, Word

State = Literal[
    "ok", "no_text", "encrypted", "damaged", "not_pdf", "too_large", "timeout", "missing"
]

VERSION = "1"
"""Of the steps of reading; raised when the same file would give another text."""

STATE_WORDS: dict[State, str] = {
    "ok": "read",
    "no_text": "no text layer: a scan, or fonts without letters; run OCR and attach it again",
    "encrypted": "locked by a password: give the password, or attach an unlocked copy",
    "damaged": "damaged: download it again and attach the new copy",
    "not_pdf": "not a PDF file",
    "too_large": "larger than the limits allow",
    "timeout": "took longer than the time limit",
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
class Section:
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

    state: State
    sha256: str
    """Of the file's bytes; '' when there was no file."""
    reader: str
    """pypdfium2 or pdfplumber with its version; '' when nothing could read it."""
    page_count: int
    pages: tuple[Page, ...] = ()
    sections: tuple[Section, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    front: str = ""
    """Everything on the first two pages, margins too: where DOI, arXiv id and title stand."""
    problem: str | None = None
    """One line on what went wrong."""
    pages_without_text: tuple[int, ...] = ()


def as_dict(text: FullText) -> dict[str, Any]:
    """The full text as JSON-ready data; words and boxes are rounded to a hundredth of a point."""
    data = asdict(text)
    for page, plain in zip(text.pages, data["pages"], strict=True):
        plain["words"] = [[w.text, *_rounded((w.x0, w.top, w.x1, w.bottom))] for w in page.words]
    for plain in data["sentences"]:
        plain["boxes"] = [_rounded(box) for box in plain["boxes"]]
    return data


def from_dict(data: Mapping[str, Any]) -> FullText:
    """The full text that as_dict wrote."""
    values = dict(data)
    values["pages"] = tuple(
        Page(**{**page, "words": tuple(Word(*word) for word in page["words"])})
        for page in values.get("pages", ())
    )
    values["sections"] = tuple(Section(**section) for section in values.get("sections", ()))
    values["sentences"] = tuple(
        Sentence(**{**sentence, "boxes": tuple(tuple(box) for box in sentence["boxes"])})
        for sentence in values.get("sentences", ())
    )
    values["pages_without_text"] = tuple(values.get("pages_without_text", ()))
    return FullText(**values)


def _rounded(box: tuple[float, ...]) -> list[float]:
    return [round(value, 2) for value in box]
