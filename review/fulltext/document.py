"""Builds a full text from the pages of either reader: reading order, sections, sentences."""

from collections.abc import Sequence

from review.fulltext import paragraphs
from review.fulltext.headings import compute_body_size
from review.fulltext.layout import arrange_lines, strip_headers_footers, strip_stamps
from review.fulltext.line_numbers import strip_line_numbers
from review.fulltext.lines import PageLines
from review.fulltext.models import FullText
from review.fulltext.sentences import build_vocabulary
from review.fulltext.watermarks import strip_watermarks
from review.models import Page

_MIN_WORDS = 12
"""Words in a whole file under which it counts as a scan with a stamp on it."""
_MIN_LEGIBLE_SHARE = 0.5
"""Share of letters that must be letters or figures; fonts without a map give control signs."""


def assemble_full_text(raw_pages: Sequence[PageLines], digest: str, reader: str) -> FullText:
    """The full text of pages as the reader gave them."""
    broken_pages = [page.number for page in raw_pages if page.width <= 0]
    if len(broken_pages) == len(raw_pages):
        problem = "no page can be opened"
        return FullText("damaged", digest, reader, len(raw_pages), problem=problem)
    printed_pages = strip_line_numbers([strip_stamps(page) for page in raw_pages])
    printed_pages = strip_watermarks(printed_pages, compute_body_size(printed_pages))
    pages = strip_headers_footers([arrange_lines(page) for page in printed_pages])
    words = [word.text for page in pages for line in page.lines for word in line.words]
    textless_pages = tuple(
        page.number for page in raw_pages if sum(len(x.words) for x in page.lines) < 3
    )
    if len(words) < _MIN_WORDS or _compute_legible_share(words) < _MIN_LEGIBLE_SHARE:
        problem = (
            "no text layer"
            if len(words) < _MIN_WORDS
            else "its fonts contain no readable characters"
        )
        return FullText("no_text", digest, reader, len(raw_pages), problem=problem)
    known_words = build_vocabulary(words)
    sections, sentences = paragraphs.split_sections_and_sentences(pages)
    return FullText(
        state="damaged" if broken_pages else "ok",
        sha256=digest,
        reader=reader,
        page_count=len(raw_pages),
        pages=tuple(
            Page(
                page.number,
                paragraphs.build_page_text(page, known_words),
                round(page.width, 2),
                round(page.height, 2),
                tuple(word for line in page.lines for word in line.words),
                page.ruled_lines,
            )
            for page in pages
        ),
        sections=tuple(sections),
        sentences=tuple(sentences),
        front=_build_front(raw_pages, printed_pages),
        problem=f"pages that cannot be opened: {_format_page_numbers(broken_pages)}"
        if broken_pages
        else None,
        pages_without_text=textless_pages,
    )


def _build_front(raw_pages: Sequence[PageLines], printed_pages: Sequence[PageLines]) -> str:
    """The lines of the first two pages, by which a file is matched to its record.

    Line numbers and watermarks would break up the title; a stamp holds the arXiv ID and follows.
    """
    texts: list[str] = []
    for raw_page, page in zip(raw_pages[:2], printed_pages[:2], strict=True):
        kept = strip_stamps(raw_page).lines
        texts += [line.text for line in page.lines]
        texts += [line.text for line in raw_page.lines if line not in kept]
    return "\n".join(texts)


def _compute_legible_share(words: Sequence[str]) -> float:
    text = "".join(words)
    legible_count = sum(1 for c in text if c.isalnum() or c in ".,;:-()[]%/+='\"")
    return legible_count / len(text) if text else 0.0


def _format_page_numbers(numbers: Sequence[int]) -> str:
    text = ", ".join(str(number) for number in numbers[:10])
    return text + (" ..." if len(numbers) > 10 else "")
