"""Finds a quotation in a full text, despite line breaks and hyphens."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from review.fulltext.models import FullText
from review.models import Word

TextBox = tuple[float, float, float, float]

_END_LETTERS = 30
"""Letters at either end by which a quotation is found when something interrupts it."""
_MIN_QUOTE_LETTERS = 8
"""Letters under which a quotation would be found everywhere."""


@dataclass(frozen=True, slots=True)
class ExactQuote:
    """A quotation in the words of the paper."""

    text: str
    page: int
    """Page on which it begins."""


def find_exact_quote(text: FullText, quote: str) -> ExactQuote | None:
    """The first place with exactly the letters and digits of a quotation, in the paper's own words;
    None where it is not found, or is too short to search for."""
    quote_letters = _normalize_letters(quote)
    if len(quote_letters) < _MIN_QUOTE_LETTERS:
        return None
    letters: list[str] = []
    owners: list[tuple[int, int]] = []
    for number, sentence in enumerate(text.sentences):
        for place, letter in enumerate(sentence.text):
            for plain in _normalize_letter(letter):
                letters.append(plain)
                owners.append((number, place))
    start = "".join(letters).find(quote_letters)
    if start >= 0:
        first, last = owners[start], owners[start + len(quote_letters) - 1]
        return ExactQuote(_cut_sentences(text, first, last), text.sentences[first[0]].page)
    letter_stream, letter_owners = _build_letter_stream(text)
    start = letter_stream.find(quote_letters)
    if start < 0:
        return None
    words: list[Word] = []
    for _, word in letter_owners[start : start + len(quote_letters)]:
        if not words or words[-1] is not word:
            words.append(word)
    return ExactQuote(" ".join(word.text for word in words), letter_owners[start][0])


def _cut_sentences(text: FullText, first: tuple[int, int], last: tuple[int, int]) -> str:
    """The words from one letter (number of its sentence, place in it) to another."""
    parts = []
    for number in range(first[0], last[0] + 1):
        sentence = text.sentences[number].text
        start = first[1] if number == first[0] else 0
        stop = last[1] + 1 if number == last[0] else len(sentence)
        while start > 0 and sentence[start - 1].isalnum():
            start -= 1
        while stop < len(sentence) and sentence[stop].isalnum():
            stop += 1
        parts.append(sentence[start:stop].strip())
    return " ".join(parts)


@lru_cache(maxsize=4096)
def _normalize_letter(letter: str) -> str:
    return _normalize_letters(letter)


def find_quote(text: FullText, quote: str) -> list[tuple[int, tuple[TextBox, ...]]]:
    """(page, boxes one per line) of the first occurrence of the quotation; [] if there is none.

    Only letters and figures are compared, so hyphens, breaks, spaces and typographic signs never
    matter. A figure or footnote between its lines is tolerated: then only its own words count.
    """
    quote_letters = _normalize_letters(quote)
    if len(quote_letters) < _MIN_QUOTE_LETTERS:
        return []
    letter_stream, letter_owners = _build_letter_stream(text)
    start = letter_stream.find(quote_letters)
    if start >= 0:
        return _group_by_page(letter_owners[start : start + len(quote_letters)])
    first = letter_stream.find(quote_letters[:_END_LETTERS])
    last = letter_stream.find(quote_letters[-_END_LETTERS:], max(first, 0))
    if len(quote_letters) < 2 * _END_LETTERS or first < 0 or last < 0:
        return []
    head_length = _count_common_prefix(letter_stream, first, quote_letters)
    tail_length = _count_common_suffix(letter_stream, last + _END_LETTERS, quote_letters)
    if head_length + tail_length < 0.9 * len(quote_letters):
        return []
    return _group_by_page(
        letter_owners[first : first + head_length]
        + letter_owners[last + _END_LETTERS - tail_length : last + _END_LETTERS]
    )


def _normalize_letters(text: str) -> str:
    normalized = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]+", "", normalized)


def _build_letter_stream(text: FullText) -> tuple[str, list[tuple[int, Word]]]:
    """All letters of the paper in reading order, and the page and word of each."""
    letters: list[str] = []
    letter_owners: list[tuple[int, Word]] = []
    for page in text.pages:
        for word in page.words:
            word_letters = _normalize_letters(word.text)
            letters.append(word_letters)
            letter_owners += [(page.number, word)] * len(word_letters)
    return "".join(letters), letter_owners


def _count_common_prefix(stream: str, start: int, quote_letters: str) -> int:
    count = 0
    while count < len(quote_letters) and start + count < len(stream):
        if stream[start + count] != quote_letters[count]:
            break
        count += 1
    return count


def _count_common_suffix(stream: str, stop: int, quote_letters: str) -> int:
    count = 0
    while count < len(quote_letters) and stop - count > 0:
        if stream[stop - count - 1] != quote_letters[-count - 1]:
            break
        count += 1
    return count


def _group_by_page(
    letter_owners: Sequence[tuple[int, Word]],
) -> list[tuple[int, tuple[TextBox, ...]]]:
    pages: dict[int, list[Word]] = {}
    for page, word in letter_owners:
        words = pages.setdefault(page, [])
        if not words or words[-1] is not word:
            words.append(word)
    return [(page, build_line_boxes(words)) for page, words in pages.items()]


def build_line_boxes(words: Sequence[Word]) -> tuple[TextBox, ...]:
    """One box around each run of words on one line."""
    boxes: list[list[float]] = []
    previous: Word | None = None
    for word in words:
        middle = (word.top + word.bottom) / 2
        on_same_line = (
            previous is not None
            and word.x0 >= previous.x0
            and boxes[-1][1] - 1 <= middle <= boxes[-1][3] + 1
        )
        if on_same_line:
            box = boxes[-1]
            box[1], box[2], box[3] = (
                min(box[1], word.top),
                max(box[2], word.x1),
                max(box[3], word.bottom),
            )
        else:
            boxes.append([word.x0, word.top, word.x1, word.bottom])
        previous = word
    return tuple((box[0], box[1], box[2], box[3]) for box in boxes)
