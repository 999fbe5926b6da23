"""Hostile PDFs for the full-text tests: small files that are expensive to read."""

import zlib
from collections.abc import Callable
from pathlib import Path


def pdf(objects: list[bytes], *, trailer: bytes = b"") -> bytes:
    """A PDF with these objects, numbered from 1; object 1 is the catalogue."""
    out = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (len(objects) + 1, trailer)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def stream(content: bytes, extra: bytes = b"") -> bytes:
    """A compressed stream object."""
    packed = zlib.compress(content, 9)
    head = b"<</Length %d/Filter/FlateDecode%s>>" % (len(packed), extra)
    return head + b"\nstream\n" + packed + b"\nendstream"


def text_page(content: bytes, *, box: bytes = b"0 0 595 842") -> bytes:
    """A one-page PDF with this content and Helvetica as F1."""
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[" + box + b"]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>",
            stream(content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def sentence_page(lines: list[str], *, rotate: int = 0, box: bytes = b"0 0 595 842") -> bytes:
    """A one-page PDF with these lines, from the top."""
    shown = b" ".join(
        b"1 0 0 1 72 %d Tm (%s) Tj" % (760 - 14 * place, line.encode("latin-1"))
        for place, line in enumerate(lines)
    )
    made = text_page(b"BT /F1 10 Tf " + shown + b" ET", box=box)
    return made.replace(b"/Type/Page/Parent", b"/Type/Page/Rotate %d/Parent" % rotate)


def _pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 3 + count))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>"
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % count,
            *([page] * count),
        ]
    )


def _claimed_pages() -> bytes:
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>",
        ]
    )


def _page_tree_loop() -> bytes:
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 5>>"])


def _nested() -> bytes:
    deep = b"[" * 300_000 + b"]" * 300_000
    return pdf([b"<</Type/Catalog/Pages 2 0 R/Deep " + deep + b">>", b"<</Type/Pages/Kids[]>>"])


def _form_loop() -> bytes:
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 4 0 R>>>>"
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 5 0 R"
            b"/Resources<</XObject<</X 4 0 R>>>>>>",
            stream(b"/X Do " * 50, form),
            stream(b"/X Do " * 50),
        ]
    )


def _xref_loop() -> bytes:
    made = pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"])
    start = int(made.rsplit(b"startxref\n", 1)[1].split()[0])
    return made.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % start)


def _flood() -> bytes:
    """A page with 400,000 words, compressed to 3 kB."""
    return text_page(b"BT /F1 9 Tf 50 700 Td " + b"(word word word word) Tj " * 100_000 + b"ET")


def _bomb() -> bytes:
    return text_page(b"0 0 m 9 9 l S q Q " * 17_000_000)


def _huge_page() -> bytes:
    return text_page(b"BT /F1 9 Tf (A word or two) Tj ET", box=b"0 0 9000000 9000000")


MAKERS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "zero bytes": (lambda: b"", {"not_pdf"}),
    "a web page": (lambda: b"<html><body>Sign in to read this</body></html>" * 40, {"not_pdf"}),
    "only a head": (lambda: b"%PDF-1.7\n", {"damaged"}),
    "random bytes": (lambda: b"%PDF-1.4\n" + bytes(range(256)) * 400, {"damaged"}),
    "table of places that loops": (_xref_loop, {"damaged", "no_text"}),
    "page tree that loops": (_page_tree_loop, {"damaged", "no_text"}),
    "arrays 300,000 deep": (_nested, {"damaged", "no_text"}),
    "drawing that calls itself": (_form_loop, {"no_text", "damaged", "timeout", "too_large"}),
    "claims two thousand million pages": (_claimed_pages, {"too_large", "damaged", "no_text"}),
    "5,000 pages": (lambda: _pages(5_000), {"too_large"}),
    "300 MB of drawing in a megabyte": (_bomb, {"damaged", "too_large", "timeout", "no_text"}),
    "a page three kilometres wide": (_huge_page, {"too_large"}),
    "two million letters on a page": (_flood, {"too_large", "timeout"}),
}
"""Each with the states in which reading it may end."""


def write(folder: Path, name: str) -> Path:
    """Writes one of MAKERS into the folder."""
    path = folder / f"{name.replace(' ', '-').replace(',', '')}.pdf"
    path.write_bytes(MAKERS[name][0]())
    return path
