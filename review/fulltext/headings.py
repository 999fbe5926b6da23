"""Walks a paper's lines and says of each: heading or not, and the section it stands in."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from review.fulltext import sections
from review.fulltext.lines import Line, RawPage
from review.fulltext.models import Section

_AFTER_REFERENCES = frozenset({"supplement", "statements", "methods"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as found on a line."""

    index: int
    """Of its line among all lines of the paper."""
    name: str | None
    """Normal name; None where the words are the authors' own."""
    title: str
    number: str | None
    letters: int
    """Letters of the line it takes; the whole line unless the paragraph runs on."""
    whole: bool
    """Whether it has the line to itself."""


Numbered = Sequence[tuple[RawPage, Line]]


def body_size(pages: Sequence[RawPage]) -> float:
    """Font size of most letters of the paper; 10 for one without text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def find(lines: Numbered, body: float) -> list[Heading]:
    """All headings, in order; inside the reference list only those that can end it."""
    out: list[Heading] = []
    in_references = False
    for index in range(len(lines)):
        found = _heading(lines, index, body)
        if found is None:
            continue
        if in_references and not (found.whole and found.name in _AFTER_REFERENCES):
            continue
        if found.name == "references" and not found.whole:
            continue
        in_references = found.name == "references" or (in_references and found.name is None)
        out.append(found)
    if not any(heading.name == "references" for heading in out):
        start = _unheaded_references(lines)
        if start is not None:
            out = [heading for heading in out if heading.index < start]
            out.append(Heading(start, "references", "(reference list)", None, 0, False))
    return out


_FEWEST_REFERENCES = 5


def _unheaded_references(lines: Numbered) -> int | None:
    """Where a reference list without a heading begins: [1], [2], ... in the paper's last half."""
    expected, start, first = 1, None, None
    for index in range(len(lines) // 2, len(lines)):
        found = re.match(r"\[(\d{1,3})\]\s*\S", lines[index][1].text)
        if found and int(found.group(1)) == expected:
            start = index if expected == 1 else start
            expected += 1
            first = start if expected > _FEWEST_REFERENCES else None
        elif found and int(found.group(1)) == 1:
            start, expected = index, 2
    return first


def _heading(lines: Numbered, index: int, body: float) -> Heading | None:
    page, line = lines[index]
    text = line.text
    number, rest = sections.split_number(text)
    heavy = line.bold or line.size >= body * 1.1 or rest.isupper()
    name = sections.known(rest)
    if name and (heavy or number or _stands_alone(lines, index)) and rest[:1].isupper():
        return Heading(index, name, rest.strip(" :.-—"), number, len(text), True)
    if sections.looks_like_heading(text, bold=line.bold, size=line.size, body=body) and (
        _stands_alone(lines, index) and line.size >= body * 0.95 and _early_enough(page, index)
    ):
        return Heading(index, None, rest.strip(" :.-—"), number, len(text), True)
    opened = sections.run_in(text)
    if opened and _opens_paragraph(lines, index):
        return Heading(index, opened[0], opened[1], number, opened[2], False)
    return None


def _early_enough(page: RawPage, index: int) -> bool:
    """The first lines of a paper are its title and authors, which are no headings."""
    return page.number > 1 or index > 4


def _stands_alone(lines: Numbered, index: int) -> bool:
    """Whether the line before has ended its sentence or stands apart, and the next begins one."""
    page, line = lines[index]
    if index + 1 < len(lines):
        opens = lines[index + 1][1].text.lstrip("•[(“\"'")[:1]
        if opens and not (opens.isupper() or opens.isdigit()):
            return False
    if index == 0:
        return True
    before_page, before = lines[index - 1]
    apart = before_page is not page or line.top - before.bottom > 0.5 * line.size
    moved = line.bottom < before.top
    return apart or moved or before.text.rstrip()[-1:] in ".!?:"


def _opens_paragraph(lines: Numbered, index: int) -> bool:
    if index == 0:
        return True
    page, line = lines[index]
    before_page, before = lines[index - 1]
    if before_page is not page or line.bottom < before.top:
        return before.text.rstrip()[-1:] in ".!?"
    return before.text.rstrip()[-1:] in ".!?" or line.top - before.bottom > 0.5 * line.size


def name_sections(headings: Sequence[Heading]) -> list[str]:
    """The section name that holds after each heading, own-name headings resolved.

    A sub-heading stays in its parent's section unless its own name says more. A top heading of the
    authors' own between introduction and results is taken for methods: papers on models name that
    part after their model.
    """
    out: list[str] = []
    top = ""
    loose = False  # the last heading ran into its paragraph: what follows belongs to no part
    numbered = sum(1 for h in headings if h.number) >= 3
    for place, heading in enumerate(headings):
        level = sections.depth(heading.number) if heading.number or not numbered else 1
        name = heading.name
        if name is None and (level == 1 and (heading.number or not numbered)):
            name = _inferred(headings, place, top, numbered)
        elif heading.letters and ((name is not None and level > 1) or not heading.whole):
            name = _inner(top, name)
        if name is None:
            name = "" if loose else top
        loose = (loose and heading.name is None) or not (heading.whole or top == "abstract")
        if level == 1 and (heading.whole or not heading.letters) and (heading.name or name):
            top = name
        out.append(name)
    return out


def _inner(top: str, name: str | None) -> str | None:
    """The section of a named sub-heading or run-in heading within top."""
    if top == "abstract" and name not in ("keywords", "introduction"):
        return "abstract"
    if top in ("references", "statements"):
        return top
    if top == "methods" and name in ("results", "discussion", "introduction"):
        return "methods"
    return name


def _inferred(headings: Sequence[Heading], place: int, top: str, numbered: bool) -> str | None:
    before = {h.name for h in headings[:place]}
    after = {h.name for h in headings[place + 1 :]}
    if top in ("references", "supplement", "statements"):
        return top
    if not numbered and "methods" in before | after:
        return None
    started = before & {"introduction", "related work", "abstract"}
    finished = before & {"results", "discussion", "conclusion"}
    if started and not finished and after & {"results", "discussion", "conclusion"}:
        return "methods" if top in ("introduction", "related work", "methods", "abstract") else None
    return "" if numbered else None


def as_sections(
    headings: Sequence[Heading], names: Sequence[str], lines: Numbered
) -> list[Section]:
    """The headings as sections with page and height."""
    return [
        Section(name, heading.title, lines[heading.index][0].number, lines[heading.index][1].top)
        for heading, name in zip(headings, names, strict=True)
    ]
