"""Reads an article in JATS XML, as PubMed Central and many publishers give it, as a full text."""

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any

from lxml import etree

from review.errors import FullTextError
from review.fulltext.models import FullText, PaperSection
from review.fulltext.sections import find_section_name, split_number
from review.fulltext.sentences import find_sentence_spans
from review.models import PrintedTable, Sentence
from review.text.markup import build_xml_parser

_SECTION_TYPES = {
    "intro": "introduction",
    "introduction": "introduction",
    "background": "introduction",
    "materials": "methods",
    "methods": "methods",
    "subjects": "methods",
    "cases": "methods",
    "results": "results",
    "discussion": "discussion",
    "conclusion": "conclusion",
    "conclusions": "conclusion",
    "supplementary-material": "supplement",
    "data-availability": "statements",
    "coi-statement": "statements",
    "ethics-statement": "statements",
    "funding-statement": "statements",
}
"""Value of sec-type, or each of its parts ('materials|methods'), to the standard name."""
_OWN_SUBSECTIONS = frozenset({"limitations", "statements", "supplement", "related work"})
"""Sections that count as such inside another one; any other subsection belongs to its parent."""
_EXTRA_ABSTRACTS = frozenset({"graphical", "toc", "teaser", "summary", "editor", "key-points"})
"""Kinds of abstracts that repeat the article for other readers."""
_BLOCKS = frozenset({"p", "title", "list-item", "disp-quote", "td", "th", "label", "caption"})
_LEFT_OUT = frozenset(
    {"table", "graphic", "media", "tex-math", "object-id", "alternatives", "fn", "permissions"}
)
"""Elements without running text: tables are read cell by cell, formulas in their other form."""
_INTERNAL_ENTITIES = re.compile(rb"<!ENTITY", re.I)
_NAMED_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,30});")
_MAX_SPAN = 60
"""Columns or rows one cell may cover; what is larger is a mistake in the file."""


def read_jats(data: bytes, name: str, digest: str) -> FullText:
    """The sections, sentences and tables of the article. It has no pages.

    Args:
        name: of the file, for messages.

    Raises:
        FullTextError: not well-formed, no article in it, or several.
    """
    articles = [node for node in _parse(data, name).iter() if _get_name(node) == "article"]
    if len(articles) != 1:
        content = f"{len(articles)} articles" if articles else "no <article> element"
        raise FullTextError(
            f"{name}: {content}; Funnel reads XML with one article in JATS, as PubMed Central "
            "gives it. Save the article as JATS XML, PDF or plain text."
        )
    reader = _ArticleReader()
    reader.read_article(articles[0])
    if not any(sentence.section not in ("", "references") for sentence in reader.sentences):
        raise FullTextError(
            f"{name}: the XML holds no text of the article, only its description. Get the full "
            "text as JATS XML, PDF or plain text."
        )
    return FullText(
        state="ok",
        sha256=digest,
        reader="jats",
        page_count=0,
        sections=tuple(reader.sections),
        sentences=tuple(reader.sentences),
        front=" ".join(s.text for s in reader.sentences if not s.section)[:5_000],
        tables=tuple(reader.tables),
    )


def _parse(data: bytes, name: str) -> Any:
    if _INTERNAL_ENTITIES.search(data[:100_000]):
        raise FullTextError(f"{name}: it declares XML entities; for safety it was not read.")
    try:
        return etree.fromstring(_NAMED_ENTITY.sub(_number_entity, data), build_xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        message = getattr(error, "msg", None) or str(error)
        raise FullTextError(
            f"{name}: the XML is incomplete or damaged ({message}). Download it again."
        ) from error


def _number_entity(match: re.Match[bytes]) -> bytes:
    """&nbsp; as &#160;: the names are declared in a DTD, which is not loaded."""
    characters = html5.get(match[1].decode("ascii") + ";", "")
    return "".join(f"&#{ord(c)};" for c in characters).encode() or match[0]


class _ArticleReader:
    """Collects the sections, sentences and tables of one article in reading order."""

    def __init__(self) -> None:
        self.sections: list[PaperSection] = []
        self.sentences: list[Sentence] = []
        self.heading = ""
        """Of the part that is being read."""
        self.tables: list[PrintedTable] = []

    def read_article(self, article: Any) -> None:
        """Reads front, body and back; other parts (responses, reviews) are by other authors."""
        for part in article:
            self.heading = ""
            name = _get_name(part)
            if name == "front":
                self._read_front(part)
            elif name == "body":
                self._read_children(part, "")
            elif name == "back":
                self._read_back(part)

    def _read_front(self, front: Any) -> None:
        for title in _find_all(front, "article-title"):
            self._add_block(_get_text(title), "")
        for affiliation in _find_all(front, "aff"):
            group = affiliation.getparent()
            if "editor" not in (group.get("content-type") or group.get("contrib-type") or ""):
                self._add_block(_get_text(affiliation), "")
        for abstract in _find_all(front, "abstract"):
            if abstract.get("abstract-type") not in _EXTRA_ABSTRACTS:
                self._open_section("abstract", "Abstract")
                self._read_children(abstract, "abstract")
                self.heading = ""
        for words in _find_all(front, "kwd"):
            self._add_block(_get_text(words), "keywords")

    def _read_back(self, back: Any) -> None:
        for part in back:
            self.heading = ""
            name = _get_name(part)
            if name == "ref-list":
                self._open_section("references", "References")
                for reference in _find_all(part, "ref"):
                    text = _get_text(reference, spaced=True)
                    if text:
                        self.sentences.append(Sentence(text, 0, "references"))
            elif name == "app-group":
                for appendix in part:
                    self._read_children(appendix, "supplement")
            elif name == "app":
                self._read_children(part, "supplement")
            elif name == "sec":
                self._read_section(part, "statements")
            else:
                self._read_children(part, "statements")

    def _read_section(self, node: Any, parent: str) -> None:
        title = next((_get_text(child) for child in node if _get_name(child) == "title"), "")
        name = _name_section(node, title)
        is_part_of_parent = parent == "abstract" or name not in _OWN_SUBSECTIONS
        if parent and parent != "statements" and is_part_of_parent:
            name = parent
        elif name == "abstract":  # a 'Summary' that opens the methods
            name = self.sections[-1].name if self.sections else ""
        heading = self.heading
        self._open_section(name or parent, title)
        self._read_children(node, name or parent)
        self.heading = heading

    def _open_section(self, name: str, title: str) -> None:
        if title:
            self.sections.append(PaperSection(name, title, 0, 0.0))
            self.heading = title

    def _read_children(self, node: Any, section: str) -> None:
        for child in node:
            name = _get_name(child)
            if name == "sec":
                self._read_section(child, section)
            elif name in ("table-wrap", "table-wrap-group"):
                for wrap in [child] if name == "table-wrap" else _find_all(child, "table-wrap"):
                    self._read_table(wrap, section)
            elif name == "p":
                self._read_paragraph(child, section)
            elif name in ("fig", "fig-group", "boxed-text", "supplementary-material"):
                self._read_floating(child, section)
            elif name not in ("title", "label") and name not in _LEFT_OUT:
                if any(_get_name(inner) in ("p", "sec", "list-item") for inner in child):
                    self._read_children(child, section)
                elif name not in ("ref-list", "fn-group"):
                    self._add_block(_get_text(child), section)

    def _read_floating(self, node: Any, section: str) -> None:
        for caption in _find_all(node, "caption"):
            label = next((_get_text(c) for c in node if _get_name(c) == "label"), "")
            self._add_block(f"{label} {_get_text(caption)}".strip(), section)
        if _get_name(node) == "boxed-text":
            self._read_children(node, section)

    def _read_paragraph(self, node: Any, section: str) -> None:
        """The paragraph, and after it the figures, tables and lists inside it."""
        inner = [n for n in node.iter() if _get_name(n) in ("table-wrap", "fig", "list")]
        self._add_block(_get_text(node, without=("table-wrap", "fig", "list")), section)
        for part in inner:
            name = _get_name(part)
            if name == "table-wrap":
                self._read_table(part, section)
            elif name == "fig":
                self._read_floating(part, section)
            else:
                for item in (child for child in part if _get_name(child) == "list-item"):
                    self._add_block(_get_text(item, without=("list",)), section)

    def _read_table(self, wrap: Any, section: str) -> None:
        label = next((_get_text(c) for c in wrap if _get_name(c) == "label"), "")
        caption = next((_get_text(c) for c in wrap if _get_name(c) == "caption"), "")
        self._add_block(f"{label} {caption}".strip(), section)
        notes = _read_notes(wrap)
        for table in _find_all(wrap, "table"):
            columns, rows = _read_cells(table)
            if rows:
                self.tables.append(PrintedTable(label, caption, 0, columns, rows, notes))
                self.sentences += [
                    Sentence(
                        " ".join(cell for cell in row if cell), 0, section, heading=self.heading
                    )
                    for row in ([columns, *rows] if any(columns) else rows)
                    if any(row)
                ]
        for foot in _find_all(wrap, "table-wrap-foot"):
            self._add_block(_get_text(foot), section)

    def _add_block(self, text: str, section: str) -> None:
        self.sentences += [
            Sentence(text[start:stop], 0, section, heading=self.heading)
            for start, stop in find_sentence_spans(text)
        ]


def _name_section(node: Any, title: str) -> str:
    name = find_section_name(split_number(title)[1]) or find_section_name(title)
    if name:
        return name
    parts = re.split(r"[|\s]+", (node.get("sec-type") or "").lower())
    return next((_SECTION_TYPES[part] for part in parts if part in _SECTION_TYPES), "")


def _read_cells(table: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The heads of the columns and the rows; a cell that covers several is repeated in each."""
    grid: list[list[str]] = []
    covered: dict[tuple[int, int], str] = {}
    head_count = 0
    for row_number, row in enumerate(_find_all(table, "tr")):
        cells = [cell for cell in row if _get_name(cell) in ("td", "th")]
        line: list[str] = []
        for cell in cells:
            while (row_number, len(line)) in covered:
                line.append(covered[row_number, len(line)])
            text = _get_text(cell)
            width, height = _get_span(cell, "colspan"), _get_span(cell, "rowspan")
            for column in range(len(line), len(line) + width):
                for below in range(1, height):
                    covered[row_number + below, column] = text
            line += [text] * width
        while (row_number, len(line)) in covered:
            line.append(covered[row_number, len(line)])
        grid.append(line)
        in_head = _get_name(row.getparent()) == "thead"
        only_heads = bool(cells) and all(_get_name(cell) == "th" for cell in cells)
        if row_number == head_count and (in_head or (only_heads and len(cells) > 1)):
            head_count += 1
    width = max(map(len, grid), default=0)
    full = [tuple(line + [""] * (width - len(line))) for line in grid]
    columns = tuple(
        " | ".join(dict.fromkeys(line[column] for line in full[:head_count] if line[column]))
        for column in range(width)
    )
    return columns, tuple(full[head_count:])


def _read_notes(wrap: Any) -> tuple[str, ...]:
    """The footnotes of a table with their marks."""
    notes: list[str] = []
    for foot in _find_all(wrap, "table-wrap-foot"):
        inner = [part for part in foot.iter() if _get_name(part) in ("fn", "p")]
        parts = [part for part in inner if _get_name(part.getparent()) != "fn"] or [foot]
        notes += [_get_text(part) for part in parts]
    return tuple(filter(None, notes))


def _get_span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdigit() else 1


def _get_name(node: Any) -> str:
    """The local name of an element; '' for an entity."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _find_all(node: Any, name: str) -> Iterator[Any]:
    return (inner for inner in node.iter() if inner is not node and _get_name(inner) == name)


def _get_text(node: Any, *, without: tuple[str, ...] = (), spaced: bool = False) -> str:
    """The running text inside an element on one line.

    A raised citation becomes '[12]', so that its number does not grow together with a word.

    Args:
        without: elements to leave out, besides those that hold no running text.
        spaced: put spaces between elements, as the parts of a reference need.
    """
    pieces: list[str] = []

    def collect(element: Any) -> None:
        name = _get_name(element)
        is_citation = name == "sup" and any(
            _get_name(inner) == "xref" and inner.get("ref-type") == "bibr" for inner in element
        )
        pieces.append(" [" if is_citation else " " if spaced or name in _BLOCKS else "")
        pieces.append(element.text or "")
        for inner in element:
            inner_name = _get_name(inner)
            if inner_name == "alternatives":
                choices = [c for c in inner if _get_name(c) not in _LEFT_OUT]
                if choices:
                    collect(choices[-1])
            elif inner_name not in _LEFT_OUT and inner_name not in without:
                collect(inner)
            pieces.append(inner.tail or "")
        pieces.append("]" if is_citation else " " if spaced or name in _BLOCKS else "")

    collect(node)
    return " ".join("".join(pieces).split())
