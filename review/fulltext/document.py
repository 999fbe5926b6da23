"""The pages a reader gave, whichever it was, become one full text: order, sections, sentences."""

from collections.abc import Sequence

from review.fulltext import paragraphs
from review.fulltext.layout import arrange, without_furniture
from review.fulltext.lines import RawPage
from review.fulltext.models import FullText
from review.fulltext.sentences import vocabulary
from review.models import Page

_FEWEST_WORDS = 12
"""Words in a whole file under which it counts as a scan with a stamp on it."""
_LEAST_LEGIBLE = 0.5
"""Share of letters that must be letters or figures; fonts without a map give control signs."""


def assemble(raw: Sequence[RawPage], digest: str, reader: str) -> FullText:
    """The full text of pages as the reader gave them."""
    broken = [page.number for page in raw if page.width <= 0]
    if len(broken) == len(raw):
        problem = "no page could be opened"
        return FullText("damaged", digest, reader, len(raw), problem=problem)
    front = "\n".join(line.text for page in raw[:2] for line in page.lines)
    pages = without_furniture([arrange(page) for page in raw])
    words = [word.text for page in pages for line in page.lines for word in line.words]
    blank = tuple(page.number for page in raw if sum(len(x.words) for x in page.lines) < 3)
    if len(words) < _FEWEST_WORDS or _legible(words) < _LEAST_LEGIBLE:
        problem = "no text layer" if len(words) < _FEWEST_WORDS else "its fonts give no letters"
        return FullText("no_text", digest, reader, len(raw), problem=problem)
    known = vocabulary(words)
    sections, sentences = paragraphs.sections_and_sentences(pages)
    return FullText(
        state="damaged" if broken else "ok",
        sha256=digest,
        reader=reader,
        page_count=len(raw),
        pages=tuple(
            Page(
                page.number,
                paragraphs.page_text(page, known),
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
