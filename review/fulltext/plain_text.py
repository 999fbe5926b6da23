"""Reads a paper saved as plain text: paragraphs, headings, pages by form feeds."""

import re
from collections.abc import Iterator

from review.fulltext.models import FullText, PaperSection
from review.fulltext.sections import find_section_name, looks_like_heading, split_number
from review.fulltext.sentences import build_vocabulary, find_sentence_spans, join_broken_word
from review.models import Sentence

_MARK = re.compile(r"^\s{0,3}#{1,6}\s+|^\s*\*\*(?=[^*]+\*\*\s*$)|\*\*\s*$|^==+\s*|\s*==+$")
_RULE = re.compile(r"^\s*(?:[-=_*]\s?){3,}$")
_REFERENCE = re.compile(r"^\s*(?:\[\d{1,3}\]|\d{1,3}[.)])\s+\S")
_MAX_HEADING_WORDS = 12


def read_plain_text(text: str, digest: str) -> FullText:
    """The sections and sentences of the text. It has pages only if form feeds part them.

    A paragraph ends at an empty line or a heading; lines in between are joined, and words that
    were broken at their ends are made whole.
    """
    pages = text.split("\f")
    while len(pages) > 1 and not pages[-1].strip():
        pages.pop()
    known_words = build_vocabulary(text.split())
    sections: list[PaperSection] = []
    sentences: list[Sentence] = []
    section, title = "", ""
    for page, kind, block in _iter_blocks(pages, known_words):
        if kind == "heading":
            title = split_number(block)[1]
            section = find_section_name(title) or find_section_name(block) or section
            sections.append(PaperSection(section, block, page, 0.0))
        elif section == "references":
            sentences.append(Sentence(block, page, section, heading=title))
        else:
            sentences += [
                Sentence(block[start:stop], page, section, heading=title)
                for start, stop in find_sentence_spans(block)
            ]
    return FullText(
        state="ok" if sentences else "no_text",
        sha256=digest,
        reader="plain text",
        page_count=len(pages) if len(pages) > 1 else 0,
        sections=tuple(sections),
        sentences=tuple(sentences),
        front=text[:5_000],
    )


def _iter_blocks(
    pages: list[str], known_words: tuple[frozenset[str], frozenset[str]]
) -> Iterator[tuple[int, str, str]]:
    """(page, 'heading' or 'paragraph', text); page 0 where no form feed parts the text."""
    in_references = False
    for number, page_text in enumerate(pages, 1):
        page = number if len(pages) > 1 else 0
        block = ""
        lines = page_text.split("\n")
        for index, line in enumerate(lines):
            heading = _find_heading(lines, index)
            starts_block = bool(in_references and _REFERENCE.match(line))
            if (heading or not line.strip() or _RULE.match(line) or starts_block) and block:
                yield page, "paragraph", block
                block = ""
            if heading:
                in_references = find_section_name(split_number(heading)[1]) == "references"
                yield page, "heading", heading
            elif line.strip() and not _RULE.match(line):
                block = _join_line(block, line, known_words)
        if block:
            yield page, "paragraph", block


def _find_heading(lines: list[str], index: int) -> str | None:
    """The heading in a line, without its marks: one that is known, marked or between blanks."""
    line = lines[index]
    text = _MARK.sub("", _MARK.sub("", line)).strip()
    if not text or len(text.split()) > _MAX_HEADING_WORDS or not text[0].isalnum():
        return None
    is_marked = text != line.strip() or (
        index + 1 < len(lines) and bool(re.match(r"^[=-]{3,}\s*$", lines[index + 1]))
    )
    title = split_number(text)[1]
    if text[0].isupper() or text[0].isdigit():
        follows_end = (
            index == 0 or not lines[index - 1].strip() or lines[index - 1].rstrip()[-1:] in ".:"
        )
        if (find_section_name(title) or find_section_name(text)) and (is_marked or follows_end):
            return text
    before_blank = index == 0 or not lines[index - 1].strip()
    if is_marked or (
        before_blank and looks_like_heading(text, bold=False, size=1.0, body_size=1.0)
    ):
        return text
    return None


def _join_line(block: str, line: str, known_words: tuple[frozenset[str], frozenset[str]]) -> str:
    line = " ".join(line.split())
    if not block:
        return line
    first_word, _, rest = line.partition(" ")
    if re.search(r"[A-Za-z]-$", block):
        head, _, last = block.rpartition(" ")
        joined = join_broken_word(last, first_word, *known_words)
        return " ".join(piece for piece in (head, joined, rest) if piece)
    return f"{block} {line}"
