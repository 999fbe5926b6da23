"""The width of a text in Arial, Helvetica or Liberation Sans, and line breaking.

The three share their widths; Liberation Sans comes with the converter, so that a figure is set the
same on every machine. Source of the widths: Adobe core font metrics of Helvetica, in 1/1000 em.
"""

import re
import unicodedata

FONT_FAMILY = "Liberation Sans, Arial, Helvetica, sans-serif"
NO_BREAK_SPACE = "\u00a0"
"""A non-breaking space."""

_REGULAR_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 "
    "556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 "
    "1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 "
    "333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 "
    "556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD_WIDTHS = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 "
    "556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 "
    "975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 "
    "333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 "
    "611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_EXTRA_WIDTHS = {
    NO_BREAK_SPACE: 278,
    "–": 556,
    "—": 1000,
    "…": 1000,
    "‘": 222,
    "’": 222,
    "“": 333,
    "”": 333,
    "·": 278,
    "•": 350,
    "×": 584,
    "±": 584,
    "≥": 549,
    "≤": 549,
    "−": 584,
    "°": 400,
    "µ": 576,
    "æ": 889,
    "Æ": 1000,
    "ø": 611,
    "Ø": 778,
    "ß": 611,
    "œ": 944,
    "ł": 222,
    "Ł": 556,
    "ı": 278,
    "đ": 556,
    "κ": 500,
    "²": 333,
    "³": 333,
    "¹": 333,
}
_WIDTHS = [
    {chr(32 + offset): int(width) for offset, width in enumerate(table.split())}
    for table in (_REGULAR_WIDTHS, _BOLD_WIDTHS)
]
EAST_ASIAN_WIDTH, DEFAULT_WIDTH = 1000, 722
"""Widths assumed for East Asian characters and for others not in the tables."""


def measure_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a text on one line, in the unit of `size` (points)."""
    return sum(_get_char_width(char, bold) for char in text) * size / 1000


def _get_char_width(char: str, bold: bool) -> int:
    table = _WIDTHS[bold]
    if char in table:
        return table[char]
    if char in _EXTRA_WIDTHS:
        return _EXTRA_WIDTHS[char] + (56 if bold and char not in NO_BREAK_SPACE else 0)
    if unicodedata.combining(char):
        return 0
    base = unicodedata.normalize("NFKD", char)[:1]
    if base != char and base in table:
        return table[base]
    return EAST_ASIAN_WIDTH if unicodedata.east_asian_width(char) in "WF" else DEFAULT_WIDTH


def wrap_text(text: str, max_width: float, size: float, *, bold: bool = False) -> list[str]:
    """The text in lines no wider than `most`; wider words are split where necessary.

    Lines break at spaces, and after hyphens and slashes in words too long for a line.
    """
    lines: list[str] = []
    line = ""
    for word in re.sub(r"[ \t\r\n]+", " ", text).strip(" ").split(" "):
        longer = f"{line} {word}" if line else word
        if measure_width(longer, size, bold=bold) <= max_width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full_lines, line = _cut_word(word, max_width, size, bold)
        lines += full_lines
    return [*lines, line] if line or not lines else lines


def _cut_word(word: str, max_width: float, size: float, bold: bool) -> list[str]:
    """A word split into pieces that fit: at hyphens, slashes and hard spaces if possible."""
    pieces: list[str] = []
    remainder = word
    while measure_width(remainder, size, bold=bold) > max_width:
        fitting_length = 1
        while (
            fitting_length < len(remainder)
            and measure_width(remainder[: fitting_length + 1], size, bold=bold) <= max_width
        ):
            fitting_length += 1
        break_length = (
            max(
                remainder.rfind(mark, 0, fitting_length) for mark in ("-", "/", NO_BREAK_SPACE, "_")
            )
            + 1
        )
        piece_length = break_length if break_length > fitting_length // 3 else fitting_length
        pieces.append(remainder[:piece_length])
        remainder = remainder[piece_length:]
    return [*pieces, remainder]
