"""Makes running text of a paper's lines: paragraphs, captions, rows of tables; then sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from review.fulltext import headings as heads
from review.fulltext.lines import Line, RawPage, line_of
from review.fulltext.models import Section
from review.fulltext.sentences import join_broken, sentence_spans, vocabulary
from review.models import Sentence, Word

Kind = Literal["text", "caption", "row"]
Box = tuple[float, float, float, float]
Words = frozenset[str]

_CAPTION = re.compile(
    r"^(?i:supplementary |extended data )?(?i:fig(?:ure)?s?|tables?|box|scheme|algorithm)"
    r"\.?\s*[sS]?(?:\d+|[IVX]+)[A-Za-z]?(?:\s*[.:|](?!\S)|\s+[–—-]|\s+[A-Z]|$)"
)
_BULLET = re.compile(r"^(?:[•▪◦‣∙●■]|[–—]\s)|^(?:\(?\d{1,2}\)|\([a-z]\))\s")
_REFERENCE = re.compile(r"^\[\d{1,3}\]|^\d{1,3}\.\s")
_TERMINATED = re.compile(r"[.!?:][\"'”’)\]]*(?:\s?\[[\d,\s–-]+\])?$")


@dataclass(frozen=True, slots=True)
class Part:
    """A line with what it is."""

    page: int
    line: Line
    kind: Kind
    section: str
    fresh: bool
    """Whether a new paragraph must begin here."""


def sections_and_sentences(
    pages: Sequence[RawPage],
) -> tuple[list[Section], list[Sentence]]:
    """Headings and sentences of arranged pages, in reading order."""
    lines = [(page, line) for page in pages for line in page.lines]
    body = heads.body_size(pages)
    found = heads.find(lines, body)
    names = heads.name_sections(found)
    parts = _parts(lines, found, names)
    known = vocabulary([word.text for _, line in lines for word in line.words])
    sentences = [s for group in _paragraphs(parts) for s in _sentences(group, known)]
    return heads.as_sections(found, names, lines), sentences


def _parts(
    lines: heads.Numbered, found: Sequence[heads.Heading], names: Sequence[str]
) -> list[Part]:
    """Every line that is not a heading, with its kind and section.

    Statements in small print at the side of a first page end where the larger print goes on.
    """
    by_line = {heading.index: place for place, heading in enumerate(found)}
    out: list[Part] = []
    section, fresh = "", True
    aside: tuple[float, str] | None = None
    for index, (page, line) in enumerate(lines):
        place = by_line.get(index)
        if aside and line.size > aside[0] + 0.7:
            section, fresh, aside = aside[1], True, None
        if place is not None:
            if names[place] == "statements" and not found[place].whole and not aside:
                aside = (line.size, section)
            section, fresh = names[place], True
            if found[place].whole:
                continue
            line = _after(line, found[place].letters)
        previous = out[-1] if out and not fresh else None
        kind = _kind(line, previous, page.number) if section != "references" else "text"
        out.append(Part(page.number, line, kind, section, fresh))
        fresh = False
    return out


def _after(line: Line, letters: int) -> Line:
    """The line without the words of its run-in heading."""
    if not letters:
        return line
    taken = 0
    for place, word in enumerate(line.words):
        if taken >= letters and place:
            return line_of(list(line.words[place:]), line.size, line.bold)
        taken += len(word.text) + 1
    return line


def _kind(line: Line, previous: Part | None, page: int) -> Kind:
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


def _is_row(line: Line) -> bool:
    """Whether a line is a row of figures rather than words."""
    words = line.words
    figures = sum(1 for word in words if not re.search(r"[A-Za-z]{2}", word.text))
    wide = 1.3 * line.size if len(words) > 3 else 4 * line.size
    gaps = sum(1 for a, b in pairwise(words) if b.x0 - a.x1 > wide)
    if len(words) < 2 or line.text[-1] == ".":
        return False
    return figures >= 0.6 * len(words) or gaps >= max(1, 0.4 * (len(words) - 1))


def _paragraphs(parts: Sequence[Part]) -> list[list[Part]]:
    """Lines grouped into paragraphs; running text goes on past captions, tables and footnotes."""
    groups: list[list[Part]] = []
    open_by_size: dict[tuple[Kind, int], list[Part]] = {}
    for place, part in enumerate(parts):
        if part.fresh:
            open_by_size.clear()
        key = (part.kind, round(part.line.size))
        group = None if part.kind == "row" else open_by_size.get(key)
        if group and _goes_on(group[-1], part, parts[place - 1]):
            group.append(part)
        else:
            group = [part]
            groups.append(group)
            open_by_size[key] = group
    return groups


def _goes_on(last: Part, part: Part, before: Part) -> bool:
    """Whether part continues the paragraph that ends with last; before is the line just read."""
    text = part.line.text
    ended = bool(_TERMINATED.search(last.line.text))
    if part.section == "references":
        return not (_REFERENCE.match(text) and not _REFERENCE_RANGE.match(text)) and (
            not ended or part.line.x0 > last.line.x0 + 4 or not text[:1].isupper()
        )
    if _BULLET.match(text) or (part.kind == "caption" and _CAPTION.match(text)):
        return False
    same_column = last is before and last.page == part.page and part.line.bottom > last.line.top
    if same_column and part.line.top - last.line.bottom < 0.75 * part.line.size:
        return not (ended and part.line.x0 > last.line.x0 + 6 and part.kind == "text") or True
    if part.kind == "caption":
        return False
    if ended:
        return False
    return (
        text[:1].islower() or last.line.text[-1] in "-,;(" or last is not before or not same_column
    )


_REFERENCE_RANGE = re.compile(r"^\[\d{1,3}\]\s*[,.;]")


def _sentences(group: Sequence[Part], known: tuple[Words, Words]) -> list[Sentence]:
    """The sentences of one paragraph, with one box for each line they touch."""
    text, places = _run_together(group, known)
    spans = [(0, len(text))] if group[0].section == "references" else sentence_spans(text)
    out = []
    for start, stop in spans:
        touched = [place for place in places if place[0] < stop and place[1] > start]
        if not touched:
            continue
        page = touched[0][2].page
        boxes = _boxes([(part, word) for _, _, part, word in touched if part.page == page])
        out.append(Sentence(text[start:stop], page, touched[0][2].section, boxes))
    return out


def _run_together(
    group: Sequence[Part], known: tuple[Words, Words]
) -> tuple[str, list[tuple[int, int, Part, Word]]]:
    """The paragraph as one string, and where in it each word stands."""
    text = ""
    places: list[tuple[int, int, Part, Word]] = []
    for part in group:
        for place, word in enumerate(part.line.words):
            broken = place == 0 and text.endswith("-") and len(text) > 1 and text[-2].isalpha()
            if place == 0 and re.search(r"https?://\S*/$|https?:$", text):
                begin = len(text)
                text += word.text
            elif broken:
                start = text.rfind(" ") + 1
                joined = join_broken(text[start:], word.text, *known)
                begin = start + len(joined) - len(word.text)
                text = text[:start] + joined
            else:
                text += " " if text else ""
                begin = len(text)
                text += word.text
            places.append((begin, len(text), part, word))
    return text, places


def _boxes(touched: Sequence[tuple[Part, Word]]) -> tuple[Box, ...]:
    """One box a line around the touched words."""
    lines: dict[int, list[Word]] = {}
    for part, word in touched:
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


def page_text(page: RawPage, known: tuple[Words, Words]) -> str:
    """The page's lines as read, one a line, broken words made whole across lines."""
    lines = [line.text for line in page.lines]
    for place in range(len(lines) - 1):
        if re.search(r"[A-Za-z]-$", lines[place]):
            head, _, tail = lines[place + 1].partition(" ")
            stem, _, last = lines[place].rpartition(" ")
            joined = join_broken(last, head, *known)
            lines[place] = f"{stem} {joined}".strip()
            lines[place + 1] = tail
    return "\n".join(line for line in lines if line)
