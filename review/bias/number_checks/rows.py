"""Reads the rows of tables from a paper's sentences: a label, and numbers as printed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from review.bias.number_checks.number_words import join_thousands
from review.models import Sentence

NUMBER = re.compile(r"(?<![\w.,])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:[.·]\d+)?(?![\w])")
_CAPTION = re.compile(
    r"^\s*(?:supplementary |extended data )?table\s*([A-Z]?\d+|[IVX]+)\b[.:]?", re.I
)
_VERB = re.compile(
    r"\b(is|was|were|are|been|has|have|we|our|shows?|showed|achiev\w+|obtained|using|that|which)\b",
    re.I,
)
_MAX_ROW_WORDS = 40
_MAX_CAPTION_SENTENCES = 3
_MAX_TEXT_ROWS = 4
"""Lines without a number between two rows: heads that are broken over lines."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    sentence: int
    """Index of the line that holds it."""
    label: str
    """The words before its first number."""
    numbers: tuple[str, ...]
    """As printed, without separators of thousands."""
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """The rows below (or above) one caption."""

    label: str
    """'Table 2'."""
    caption: str
    heads: tuple[str, ...]
    """Lines without numbers above the first row."""
    rows: tuple[Row, ...]


def list_numbers(text: str) -> list[str]:
    """The numbers in a text as printed, '1,234' as '1234'; none that is part of a word."""
    spaced = re.sub(r"[±()\[\]%/;~≈<>=]|(?<=\d)[–—-](?=\d)", " ", text)
    return [
        match.replace(",", "").replace("·", ".").lstrip("−-") for match in NUMBER.findall(spaced)
    ]


def is_row(text: str) -> bool:
    """Whether a line is a row of a table: numbers, few words, no verb and no end of a sentence."""
    words = text.split()
    if not 2 <= len(words) <= _MAX_ROW_WORDS or _VERB.search(text) or _CAPTION.match(text):
        return False
    if re.search(r"[a-z)]\.$", text):
        return False
    numbers = list_numbers(text)
    return bool(numbers) and (len(numbers) >= 0.25 * len(words) or len(numbers) > 3)


def build_row(index: int, text: str) -> Row:
    """The row in a line."""
    first = re.search(r"(?<![\w.,])\d", text)
    label = text[: first.start()] if first else text
    return Row(index, label.strip(" :(["), tuple(list_numbers(text[len(label) :])), text)


def list_rows(sentences: Sequence[Sentence]) -> list[Row]:
    """All rows of tables, in reading order."""
    return [
        build_row(index, sentence.text)
        for index, sentence in enumerate(sentences)
        if sentence.section != "references" and is_row(sentence.text)
    ]


def find_blocks(sentences: Sequence[Sentence]) -> Iterator[Block]:
    """The tables of a paper: each caption with the rows below it, or else those above."""
    for index, sentence in enumerate(sentences):
        match = _CAPTION.match(sentence.text)
        if (
            not match
            or sentence.section == "references"
            or re.search(
                r"^\s*table\s*\S+\s+(?:shows?|lists?|presents?|gives|summari[sz]es|reports)\b",
                sentence.text,
                re.I,
            )
        ):
            continue
        caption, start = sentence.text, index + 1
        while start < min(len(sentences), index + _MAX_CAPTION_SENTENCES) and re.search(
            r"[a-z)]\.$", sentences[start].text
        ):
            caption += " " + sentences[start].text
            start += 1
        heads, rows = _collect_rows(sentences, start)
        if not rows:
            heads, rows = (), _collect_rows_above(sentences, index)
        if rows:
            yield Block(f"Table {match[1]}", caption, heads, rows)


def _collect_rows(
    sentences: Sequence[Sentence], start: int
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    heads: list[str] = []
    rows: list[Row] = []
    misses = 0
    for index in range(start, len(sentences)):
        text = sentences[index].text
        if _CAPTION.match(text) or sentences[index].section == "references":
            break
        if is_row(text):
            rows.append(build_row(index, text))
            misses = 0
            continue
        if re.search(r"[a-z)]\.$", text) or _VERB.search(text) or misses >= _MAX_TEXT_ROWS:
            break
        misses += 1
        if not rows:
            heads.append(text)
    return tuple(heads), tuple(rows)


def _collect_rows_above(sentences: Sequence[Sentence], stop: int) -> tuple[Row, ...]:
    rows: list[Row] = []
    for index in range(stop - 1, -1, -1):
        if not is_row(sentences[index].text):
            break
        rows.insert(0, build_row(index, sentences[index].text))
    return tuple(rows)


NO_OWN_TEXT = frozenset({"references", "related work", "keywords", "statements"})
"""Sections that say nothing of the study's own figures."""


def is_checked(sentence: Sentence) -> bool:
    """Whether a sentence is text of the study itself, and no row of a table."""
    return sentence.section not in NO_OWN_TEXT and (
        sentence.text.rstrip().endswith(".") or not is_row(sentence.text)
    )


def count_printed(sentences: Sequence[Sentence]) -> Counter[str]:
    """Number as printed -> sentences that have it, the reference list aside."""
    return Counter(
        number
        for sentence in sentences
        if sentence.section != "references"
        for number in set(list_numbers(join_thousands(sentence.text)))
    )
