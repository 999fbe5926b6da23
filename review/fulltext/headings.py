"""Classifies the lines of a paper: heading or text, and the section of each."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from review.fulltext import sections
from review.fulltext.lines import PageLines, TextLine
from review.fulltext.models import PaperSection

_AFTER_REFERENCES = frozenset({"supplement", "statements", "methods"})


_BODY_SECTIONS = frozenset({"introduction", "methods", "results", "discussion"})
"""Sections of which at least one precedes the references of any paper."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as found on a line."""

    index: int
    """Of its line among all lines of the paper."""
    name: str | None
    """Normal name; None where the words are the authors' own."""
    title: str
    number: str | None
    letter_count: int
    """Letters of the line it takes; the whole line unless the paragraph runs on."""
    own_line: bool
    """Whether it has the line to itself."""


LinesWithPages = Sequence[tuple[PageLines, TextLine]]


def compute_body_size(pages: Sequence[PageLines]) -> float:
    """Font size of most letters of the paper; 10 for one without text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def find_headings(lines: LinesWithPages, body_size: float) -> list[Heading]:
    """All headings, in order; inside the reference list only those that can end it."""
    headings: list[Heading] = []
    in_references = False
    detected = (_detect_heading(lines, index, body_size) for index in range(len(lines)))
    candidates = [candidate for candidate in detected if candidate is not None]
    body_indices = [c.index for c in candidates if c.own_line and c.name in _BODY_SECTIONS]
    for position, candidate in enumerate(candidates):
        is_before_body = bool(body_indices) and candidate.index < body_indices[0]
        if candidate.name == "references" and is_before_body:
            continue  # a word of the title, or of a cover's list of contents
        if candidate.name == "references" and not _heads_references(candidates, position, lines):
            continue
        if in_references and not (candidate.own_line and candidate.name in _AFTER_REFERENCES):
            continue
        if candidate.name == "references" and not candidate.own_line:
            continue
        in_references = candidate.name == "references" or (in_references and candidate.name is None)
        headings.append(candidate)
    if not any(heading.name == "references" for heading in headings):
        start = _find_unheaded_references(lines)
        if start is not None:
            headings = [heading for heading in headings if heading.index < start]
            headings.append(
                Heading(
                    index=start,
                    name="references",
                    title="(reference list)",
                    number=None,
                    letter_count=0,
                    own_line=False,
                )
            )
    return headings


_ENTRY = re.compile(r"^\[?\d{1,3}[\].]\s|\b(?:19|20)\d\d[a-z]?\b")
"""A number at the start of a line, or a year."""
_ENTRY_LINES = 20
"""Lines after a heading by which it is seen whether a list follows."""
_MIN_ENTRY_SHARE = 0.25


def _heads_references(candidates: Sequence[Heading], position: int, lines: LinesWithPages) -> bool:
    """Whether a heading called References (Literature, ...) heads the list of them.

    Where a part of the body follows it, entries must follow too, and no other list may close the
    same paper: else it is a line of contents, the head of a table's column or a part on literature.
    """
    later = [c for c in candidates[position + 1 :] if c.own_line and c.name]
    names = [c.name for c in later]
    if "supplement" in names:
        names = names[: names.index("supplement")]
    if not _BODY_SECTIONS & set(names):
        return True
    start, stop = candidates[position].index + 1, later[0].index
    following = [line.text for _, line in lines[start : min(stop, start + _ENTRY_LINES)]]
    entry_count = sum(1 for text in following if _ENTRY.search(text))
    if not entry_count or entry_count < _MIN_ENTRY_SHARE * len(following):
        return False
    between = names[: names.index("references")] if "references" in names else []
    is_next_paper = bool({"abstract", "introduction"} & set(between))
    return is_next_paper or not {"results", "discussion"} & set(between)


_MIN_REFERENCES = 5


def _find_unheaded_references(lines: LinesWithPages) -> int | None:
    """Where a reference list without a heading begins: [1], [2], ... in the paper's last half."""
    expected, start, first = 1, None, None
    for index in range(len(lines) // 2, len(lines)):
        match = re.match(r"\[(\d{1,3})\]\s*\S", lines[index][1].text)
        if match and int(match.group(1)) == expected:
            start = index if expected == 1 else start
            expected += 1
            first = start if expected > _MIN_REFERENCES else None
        elif match and int(match.group(1)) == 1:
            start, expected = index, 2
    return first


def _detect_heading(lines: LinesWithPages, index: int, body_size: float) -> Heading | None:
    page, line = lines[index]
    text = line.text
    number, rest = sections.split_number(text)
    is_heavy = line.bold or line.size >= body_size * 1.1 or rest.isupper()
    name = sections.find_section_name(rest)
    if name and (is_heavy or number or _is_standalone(lines, index)) and rest[:1].isupper():
        return Heading(
            index=index,
            name=name,
            title=rest.strip(" :.-—"),
            number=number,
            letter_count=len(text),
            own_line=True,
        )
    if sections.looks_like_heading(text, bold=line.bold, size=line.size, body_size=body_size) and (
        _is_standalone(lines, index)
        and line.size >= body_size * 0.95
        and _is_past_title(page, index)
    ):
        return Heading(
            index=index,
            name=None,
            title=rest.strip(" :.-—"),
            number=number,
            letter_count=len(text),
            own_line=True,
        )
    run_in_heading = sections.parse_run_in(text)
    if run_in_heading and _opens_paragraph(lines, index):
        return Heading(
            index=index,
            name=run_in_heading[0],
            title=run_in_heading[1],
            number=number,
            letter_count=run_in_heading[2],
            own_line=False,
        )
    return None


def _is_past_title(page: PageLines, index: int) -> bool:
    """The first lines of a paper are its title and authors, which are no headings."""
    return page.number > 1 or index > 4


def _is_standalone(lines: LinesWithPages, index: int) -> bool:
    """Whether the line before has ended its sentence or is set apart, and the next begins one."""
    page, line = lines[index]
    if index + 1 < len(lines):
        next_start = lines[index + 1][1].text.lstrip("•[(“\"'")[:1]
        if next_start and not (next_start.isupper() or next_start.isdigit()):
            return False
    if index == 0:
        return True
    previous_page, previous = lines[index - 1]
    is_apart = previous_page is not page or line.top - previous.bottom > 0.5 * line.size
    moves_up = line.bottom < previous.top
    return is_apart or moves_up or previous.text.rstrip()[-1:] in ".!?:"


def _opens_paragraph(lines: LinesWithPages, index: int) -> bool:
    if index == 0:
        return True
    page, line = lines[index]
    previous_page, previous = lines[index - 1]
    if previous_page is not page or line.bottom < previous.top:
        return previous.text.rstrip()[-1:] in ".!?"
    return previous.text.rstrip()[-1:] in ".!?" or line.top - previous.bottom > 0.5 * line.size


def name_sections(headings: Sequence[Heading]) -> list[str]:
    """The section name that holds after each heading, own-name headings resolved.

    A sub-heading stays in its parent's section unless its own name says more. A top heading of the
    authors' own between introduction and results is taken for methods: papers on models name that
    part after their model.
    """
    section_names: list[str] = []
    top_section = ""
    after_run_in = False  # the last heading ran into its paragraph: what follows belongs to no part
    is_numbered = sum(1 for numbered_heading in headings if numbered_heading.number) >= 3
    for heading_index, heading in enumerate(headings):
        depth = sections.get_depth(heading.number) if heading.number or not is_numbered else 1
        name = heading.name
        if name is None and (depth == 1 and (heading.number or not is_numbered)):
            name = _infer_section(headings, heading_index, top_section, is_numbered)
        elif heading.letter_count and ((name is not None and depth > 1) or not heading.own_line):
            name = _resolve_inner_section(top_section, name)
        if name is None:
            name = "" if after_run_in else top_section
        after_run_in = (after_run_in and heading.name is None) or not (
            heading.own_line or top_section == "abstract"
        )
        if depth == 1 and (heading.own_line or not heading.letter_count) and (heading.name or name):
            top_section = name
        section_names.append(name)
    return section_names


def _resolve_inner_section(top_section: str, name: str | None) -> str | None:
    """The section of a named sub-heading or run-in heading within top."""
    if top_section == "abstract" and name not in ("keywords", "introduction"):
        return "abstract"
    if top_section in ("references", "statements"):
        return top_section
    if top_section == "methods" and name in ("results", "discussion", "introduction"):
        return "methods"
    return name


def _infer_section(
    headings: Sequence[Heading], heading_index: int, top_section: str, is_numbered: bool
) -> str | None:
    earlier_names = {heading.name for heading in headings[:heading_index]}
    later_names = {heading.name for heading in headings[heading_index + 1 :]}
    if top_section in ("references", "supplement", "statements"):
        return top_section
    if not is_numbered and "methods" in earlier_names | later_names:
        return None
    opening_names = earlier_names & {"introduction", "related work", "abstract"}
    closing_names = earlier_names & {"results", "discussion", "conclusion"}
    if (
        opening_names
        and not closing_names
        and later_names & {"results", "discussion", "conclusion"}
    ):
        return (
            "methods"
            if top_section in ("introduction", "related work", "methods", "abstract")
            else None
        )
    return "" if is_numbered else None


def to_sections(
    headings: Sequence[Heading], names: Sequence[str], lines: LinesWithPages
) -> list[PaperSection]:
    """The headings as sections with page and height."""
    return [
        PaperSection(
            name, heading.title, lines[heading.index][0].number, lines[heading.index][1].top
        )
        for heading, name in zip(headings, names, strict=True)
    ]
