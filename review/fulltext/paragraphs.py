"""Joins the lines of a paper into paragraphs, captions and table rows, then sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from review.fulltext import headings as heads
from review.fulltext.lines import PageLines, TextLine, build_line
from review.fulltext.models import PaperSection
from review.fulltext.sentences import build_vocabulary, find_sentence_spans, join_broken_word
from review.models import Sentence, Word

LineKind = Literal["text", "caption", "row"]
TextBox = tuple[float, float, float, float]
WordSet = frozenset[str]

_CAPTION = re.compile(
    r"^(?i:supplementary |extended data )?(?i:fig(?:ure)?s?|tables?|box|scheme|algorithm)"
    r"\.?\s*[sS]?(?:\d+|[IVX]+)[A-Za-z]?(?:\s*[.:|](?!\S)|\s+[–—-]|\s+[A-Z]|$)"
)
_BULLET = re.compile(r"^(?:[•▪◦‣∙●■]|[–—]\s)|^(?:\(?\d{1,2}\)|\([a-z]\))\s")
_REFERENCE = re.compile(r"^\[\d{1,3}\]|^\d{1,3}\.\s")
_TERMINATED = re.compile(r"[.!?:][\"'”’)\]]*(?:\s?\[[\d,\s–-]+\])?$")


@dataclass(frozen=True, slots=True)
class ParagraphLine:
    """A line with what it is."""

    page: int
    line: TextLine
    kind: LineKind
    section: str
    heading: str
    """As printed."""
    starts_paragraph: bool
    """Whether a new paragraph must begin here."""


def split_sections_and_sentences(
    pages: Sequence[PageLines],
) -> tuple[list[PaperSection], list[Sentence]]:
    """Headings and sentences of arranged pages, in reading order."""
    lines = [(page, line) for page in pages for line in page.lines]
    body_size = heads.compute_body_size(pages)
    headings = heads.find_headings(lines, body_size)
    section_names = heads.name_sections(headings)
    classified_lines = _classify_lines(lines, headings, section_names)
    known_words = build_vocabulary([word.text for _, line in lines for word in line.words])
    sentences = [
        sentence
        for paragraph in _group_paragraphs(classified_lines)
        for sentence in _split_paragraph(paragraph, known_words)
    ]
    return heads.to_sections(headings, section_names, lines), sentences


def _classify_lines(
    lines: heads.LinesWithPages, headings: Sequence[heads.Heading], section_names: Sequence[str]
) -> list[ParagraphLine]:
    """Every line that is not a heading, with its kind and section.

    Statements in small print at the side of a first page end where the larger print goes on.
    """
    position_by_line = {
        heading.index: heading_position for heading_position, heading in enumerate(headings)
    }
    classified_lines: list[ParagraphLine] = []
    section, title, starts_paragraph = "", "", True
    side_statement: tuple[float, str] | None = None
    for index, (page, line) in enumerate(lines):
        heading_position = position_by_line.get(index)
        if side_statement and line.size > side_statement[0] + 0.7:
            section, starts_paragraph, side_statement = side_statement[1], True, None
            title = ""
        if heading_position is not None:
            if (
                section_names[heading_position] == "statements"
                and not headings[heading_position].own_line
                and not side_statement
            ):
                side_statement = (line.size, section)
            section, starts_paragraph = section_names[heading_position], True
            title = headings[heading_position].title
            if headings[heading_position].own_line:
                continue
            line = _strip_run_in_heading(line, headings[heading_position].letter_count)
        previous = classified_lines[-1] if classified_lines and not starts_paragraph else None
        kind = _classify_line(line, previous, page.number) if section != "references" else "text"
        classified_lines.append(
            ParagraphLine(page.number, line, kind, section, title, starts_paragraph)
        )
        starts_paragraph = False
    return classified_lines


def _strip_run_in_heading(line: TextLine, letter_count: int) -> TextLine:
    """The line without the words of its run-in heading."""
    if not letter_count:
        return line
    letters_seen = 0
    for word_index, word in enumerate(line.words):
        if letters_seen >= letter_count and word_index:
            return build_line(list(line.words[word_index:]), line.size, line.bold)
        letters_seen += len(word.text) + 1
    return line


def _classify_line(line: TextLine, previous: ParagraphLine | None, page: int) -> LineKind:
    if _CAPTION.match(line.text):
        return "caption"
    if _is_row(line):
        return "row"
    if (
        previous
        and previous.kind == "caption"
        and previous.page == page
        and abs(previous.line.size - line.size) < 0.6
        and -line.size < line.top - previous.line.bottom < 0.6 * line.size
        and not (_TERMINATED.search(previous.line.text) and line.x0 > previous.line.x0 + 6)
    ):
        return "caption"
    return "text"


def _is_row(line: TextLine) -> bool:
    """Whether a line is a row of figures rather than words."""
    words = line.words
    figure_count = sum(1 for word in words if not re.search(r"[A-Za-z]{2}", word.text))
    wide_gap = 1.3 * line.size if len(words) > 3 else 4 * line.size
    gap_count = sum(1 for a, b in pairwise(words) if b.x0 - a.x1 > wide_gap)
    if len(words) < 2 or line.text[-1] == ".":
        return False
    return figure_count >= 0.6 * len(words) or gap_count >= max(1, 0.4 * (len(words) - 1))


def _group_paragraphs(parts: Sequence[ParagraphLine]) -> list[list[ParagraphLine]]:
    """Lines grouped into paragraphs; running text goes on past captions, tables and footnotes."""
    groups: list[list[ParagraphLine]] = []
    open_by_size: dict[tuple[LineKind, int], list[ParagraphLine]] = {}
    for part_index, part in enumerate(parts):
        if part.starts_paragraph:
            open_by_size.clear()
        key = (part.kind, round(part.line.size))
        group = None if part.kind == "row" else open_by_size.get(key)
        if group and _continues_paragraph(group[-1], part, parts[part_index - 1]):
            group.append(part)
        else:
            group = [part]
            groups.append(group)
            open_by_size[key] = group
    return groups


def _continues_paragraph(last: ParagraphLine, part: ParagraphLine, previous: ParagraphLine) -> bool:
    """Whether part continues the paragraph that ends with last; before is the line just read."""
    text = part.line.text
    is_terminated = bool(_TERMINATED.search(last.line.text))
    if part.section == "references":
        return not (_REFERENCE.match(text) and not _REFERENCE_RANGE.match(text)) and (
            not is_terminated or part.line.x0 > last.line.x0 + 4 or not text[:1].isupper()
        )
    if _BULLET.match(text) or (part.kind == "caption" and _CAPTION.match(text)):
        return False
    same_column = last is previous and last.page == part.page and part.line.bottom > last.line.top
    if same_column and part.line.top - last.line.bottom < 0.75 * part.line.size:
        return (
            not (is_terminated and part.line.x0 > last.line.x0 + 6 and part.kind == "text") or True
        )
    if part.kind == "caption":
        return False
    if is_terminated:
        return False
    return (
        text[:1].islower()
        or last.line.text[-1] in "-,;("
        or last is not previous
        or not same_column
    )


_REFERENCE_RANGE = re.compile(r"^\[\d{1,3}\]\s*[,.;]")


def _split_paragraph(
    group: Sequence[ParagraphLine], known_words: tuple[WordSet, WordSet]
) -> list[Sentence]:
    """The sentences of one paragraph, with one box for each line they touch."""
    text, word_spans = _join_paragraph_words(group, known_words)
    spans = [(0, len(text))] if group[0].section == "references" else find_sentence_spans(text)
    sentences = []
    for start, stop in spans:
        touched_spans = [span for span in word_spans if span[0] < stop and span[1] > start]
        if not touched_spans:
            continue
        page = touched_spans[0][2].page
        boxes = _build_boxes(
            [(part, word) for _, _, part, word in touched_spans if part.page == page]
        )
        first = touched_spans[0][2]
        sentences.append(Sentence(text[start:stop], page, first.section, boxes, first.heading))
    return sentences


def _join_paragraph_words(
    group: Sequence[ParagraphLine], known_words: tuple[WordSet, WordSet]
) -> tuple[str, list[tuple[int, int, ParagraphLine, Word]]]:
    """The paragraph as one string, and the place of each word in it."""
    text = ""
    word_spans: list[tuple[int, int, ParagraphLine, Word]] = []
    for part in group:
        for word_index, word in enumerate(part.line.words):
            is_broken = (
                word_index == 0 and text.endswith("-") and len(text) > 1 and text[-2].isalpha()
            )
            if word_index == 0 and re.search(r"https?://\S*/$|https?:$", text):
                begin = len(text)
                text += word.text
            elif is_broken:
                start = text.rfind(" ") + 1
                joined = join_broken_word(text[start:], word.text, *known_words)
                begin = start + len(joined) - len(word.text)
                text = text[:start] + joined
            else:
                text += " " if text else ""
                begin = len(text)
                text += word.text
            word_spans.append((begin, len(text), part, word))
    return text, word_spans


def _build_boxes(touched_words: Sequence[tuple[ParagraphLine, Word]]) -> tuple[TextBox, ...]:
    """One box per line around the touched words."""
    lines: dict[int, list[Word]] = {}
    for part, word in touched_words:
        lines.setdefault(id(part), []).append(word)
    return tuple(
        (
            min(w.x0 for w in words),
            min(w.top for w in words),
            max(w.x1 for w in words),
            max(w.bottom for w in words),
        )
        for words in lines.values()
    )


def build_page_text(page: PageLines, known_words: tuple[WordSet, WordSet]) -> str:
    """The page's lines as read, one per line, broken words made whole across lines."""
    lines = [line.text for line in page.lines]
    for line_index in range(len(lines) - 1):
        if re.search(r"[A-Za-z]-$", lines[line_index]):
            head, _, tail = lines[line_index + 1].partition(" ")
            stem, _, last = lines[line_index].rpartition(" ")
            joined = join_broken_word(last, head, *known_words)
            lines[line_index] = f"{stem} {joined}".strip()
            lines[line_index + 1] = tail
    return "\n".join(line for line in lines if line)
