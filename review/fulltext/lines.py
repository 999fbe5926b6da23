"""A line of print, as both readers return it."""

from dataclasses import dataclass

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
