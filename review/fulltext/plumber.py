"""Reads files that pypdfium2 cannot open, by pdfplumber."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from review.fulltext.document import assemble_full_text
from review.fulltext.lines import (
    PageLines,
    TextLine,
    build_line,
    is_ruled_line,
    normalize_letters,
)
from review.fulltext.models import FullText, Limits
from review.models import Word

_WORD_GAP = 0.15
"""Share of the letter size that parts two words; the library's default glues LaTeX words."""


def read_pdf(
    path: Path,
    digest: str,
    password: str | None,
    limits: Limits,
    on_page: Callable[[int | None], None],
    *,
    pdfium_error: str,
) -> FullText:
    """The full text by pdfplumber; state damaged, with both readers' words, if it fails too."""
    import pdfplumber
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psexceptions import PSException

    failures: tuple[type[Exception], ...] = (PDFException, PSException, *_list_known_failures())
    try:
        with pdfplumber.open(path, password=password or "") as document:
            count = len(document.pages)
            if count > limits.pages:
                problem = f"{count:,} pages (limit {limits.pages:,})"
                return FullText("too_large", digest, "", count, problem=problem)
            raw_pages = []
            for page in document.pages:
                raw_pages.append(_read_page(page))
                on_page(page.page_number)
                page.close()
    except failures as error:
        problem = f"pypdfium2: {pdfium_error}; pdfplumber: {type(error).__name__}"
        return FullText("damaged", digest, "", 0, problem=problem)
    if not raw_pages:
        return FullText("damaged", digest, "", 0, problem=f"pypdfium2: {pdfium_error}; no pages")
    on_page(None)
    return assemble_full_text(raw_pages, digest, f"pdfplumber {pdfplumber.__version__}")


def _list_known_failures() -> tuple[type[Exception], ...]:
    """What pdfplumber is known to raise on broken files besides its own errors."""
    import struct
    import zlib

    from pdfplumber.utils.exceptions import PdfminerException

    return (
        PdfminerException,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        struct.error,
        zlib.error,
    )


def _read_page(page: Any) -> PageLines:
    words = page.filter(_is_level).extract_words(
        x_tolerance_ratio=_WORD_GAP, extra_attrs=["size", "fontname"], use_text_flow=True
    )
    rows: list[list[dict[str, Any]]] = []
    for word in words:
        last = rows[-1][-1] if rows else None
        if last and abs(last["bottom"] - word["bottom"]) < 3 and word["x0"] >= last["x1"] - 1:
            rows[-1].append(word)
        else:
            rows.append([word])
    return PageLines(
        page.page_number,
        float(page.width),
        float(page.height),
        tuple(_build_row_line(r) for r in rows),
        tuple(box for box in map(_build_edge_box, page.edges) if is_ruled_line(box)),
    )


def _build_edge_box(edge: dict[str, Any]) -> tuple[float, float, float, float]:
    return float(edge["x0"]), float(edge["top"]), float(edge["x1"]), float(edge["bottom"])


def _is_level(item: dict[str, Any]) -> bool:
    """Whether it is no letter at a slant: only watermarks have those, and they garble the words."""
    a, b, *_ = item.get("matrix") or (1.0, 0.0)
    return bool(
        item["object_type"] != "char" or min(abs(a), abs(b)) < 0.05 * max(abs(a), abs(b), 1e-6)
    )


def _build_row_line(row: list[dict[str, Any]]) -> TextLine:
    sizes = Counter(round(word["size"], 1) for word in row)
    bold = sum("bold" in word["fontname"].lower() for word in row) * 2 > len(row)
    words = [
        Word(normalize_letters(word["text"]), word["x0"], word["top"], word["x1"], word["bottom"])
        for word in row
    ]
    return build_line(words, sizes.most_common(1)[0][0], bold)
