"""A line of print, as both readers return it."""

from dataclasses import dataclass
from itertools import pairwise

from review.models import Word


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of print. Coordinates in points from the page's top left."""

    words: tuple[Word, ...]
    size: float
    """Font size of most of its letters, in points."""
    bold: bool
    x0: float
    top: float
    x1: float
    bottom: float
    angle: float = 0.0
    """Degrees by which its print is turned, anticlockwise as seen; 0 for most lines."""

    @property
    def text(self) -> str:
        """Its words with single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page as the reader gave it: lines in the order of the file."""

    number: int
    width: float
    height: float
    lines: tuple[TextLine, ...]
    ruled_lines: tuple[tuple[float, float, float, float], ...] = ()
    """Straight lines drawn across or down the page, such as those of a table."""


_MAX_STROKE = 2.5
"""Points of thickness up to which a drawn shape is a line."""
_MIN_ACROSS, _MIN_DOWN = 10.0, 5.0
"""Points a line across and a line down must be long."""


def is_ruled_line(box: tuple[float, float, float, float]) -> bool:
    """Whether a drawn box is a straight line across or down the page."""
    x0, top, x1, bottom = box
    width, height = x1 - x0, bottom - top
    is_across = height <= _MAX_STROKE and width >= _MIN_ACROSS
    return is_across or (width <= _MAX_STROKE and height >= _MIN_DOWN)


def build_line(words: list[Word], size: float, bold: bool, angle: float = 0.0) -> TextLine:
    """The line that holds these words (at least one)."""
    return TextLine(
        words=tuple(words),
        size=size,
        bold=bold,
        x0=min(word.x0 for word in words),
        top=min(word.top for word in words),
        x1=max(word.x1 for word in words),
        bottom=max(word.bottom for word in words),
        angle=angle,
    )


_MIN_SPACED_LETTERS = 4
_MIN_SPACED_SHARE = 0.75
"""Share of a line's pieces that must be single letters for it to be letter-spaced."""
_WIDE_GAP = 1.6
"""Times the gap between two letters from which a gap parts two words."""


def close_spaced_letters(line: TextLine) -> TextLine:
    """A letter-spaced line ('R E S U L T S') with its words made whole; others as they are.

    Letters farther apart than they are large, such as those of a row of panels, and
    small letters, such as those of a formula, are no word.
    """
    pieces = line.words
    letters = [word for word in pieces if len(word.text) == 1 and word.text.isalpha()]
    gaps = sorted(b.x0 - a.x1 for a, b in pairwise(pieces))
    if len(letters) < _MIN_SPACED_LETTERS or not letters[0].text.isupper():
        return line
    single_count = sum(1 for word in pieces if len(word.text) == 1)
    gap = max(gaps[len(gaps) // 2], 0.1)
    if single_count < _MIN_SPACED_SHARE * len(pieces) or gap > line.size:
        return line
    words, inner_cases = [pieces[0]], set()
    for before, word in pairwise(pieces):
        is_number_over = not before.text.isalpha() and word.text.isalpha()
        if is_number_over or word.x0 - before.x1 > _WIDE_GAP * gap:
            words.append(word)
            continue
        words[-1] = join_words(words[-1], word)
        if word in letters:
            inner_cases.add(word.text.isupper())
    if len(inner_cases) > 1:
        return line
    return build_line(words, line.size, line.bold, line.angle)


def join_words(first: Word, second: Word) -> Word:
    """Two pieces of print as one word."""
    return Word(
        first.text + second.text,
        min(first.x0, second.x0),
        min(first.top, second.top),
        max(first.x1, second.x1),
        max(first.bottom, second.bottom),
    )


def normalize_letters(text: str) -> str:
    """A word in plain letters: ligatures opened, soft hyphens and odd hyphens made plain."""
    return text.translate(_LETTER_REPLACEMENTS)


_LETTER_REPLACEMENTS = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "ft",
    0xFB06: "st",
    0x00AD: "-",
    0xFFFE: "-",
    0x0002: "-",
    0x2010: "-",
    0x2011: "-",
    0x00A0: " ",
    0x0000: None,
    0xFEFF: None,
    0x200B: None,
}
