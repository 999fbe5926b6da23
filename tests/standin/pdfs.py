"""Small real PDFs written by hand: a title, an abstract and a few sections, in Helvetica."""

import textwrap
import zlib

_PER_PAGE = 52
_REST = (
    ("1 Introduction", "Reading images takes time. We ask whether a model can help, and for whom."),
    (
        "2 Methods",
        "Images were split by patient into training, validation and test sets. We used the Adam "
        "optimiser with a learning rate of 0.0001 for 50 epochs. Images were 224 by 224 pixels.",
    ),
    ("3 Results", "The area under the curve was reported with a 95% confidence interval."),
    (
        "4 Discussion",
        "Our sample may not resemble other hospitals. No external validation was done.",
    ),
    ("References", "[1] A. Nobody. An invented study. Journal of Synthetic Radiology, 2019."),
)


def make(title: str, abstract: str, mark: str) -> bytes:
    """A PDF of a made-up document; `mark` (an id) is printed under the title."""
    lines = [*textwrap.wrap(title, 70), "", mark, "", "Abstract", "", *_wrapped(abstract)]
    for heading, text in _REST:
        lines += ["", heading, "", *_wrapped(text)]
    pages = [lines[start : start + _PER_PAGE] for start in range(0, len(lines), _PER_PAGE)]
    return _assemble([_content(page) for page in pages])


def _wrapped(text: str) -> list[str]:
    return [line for part in text.split("\n") for line in (textwrap.wrap(part, 90) or [""])]


def _content(lines: list[str]) -> bytes:
    shown = b"\n".join(b"(" + _safe(line) + b") Tj T*" for line in lines)
    return b"BT /F1 10 Tf 13 TL 60 770 Td\n" + shown + b"\nET"


def _safe(line: str) -> bytes:
    text = line.translate({0x2010: "-", 0x2011: "-", 0xA0: " "}).encode("cp1252", "replace")
    return text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _assemble(contents: list[bytes]) -> bytes:
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            b"/Resources << /Font << /F1 3 0 R >> >> " + f"/Contents {5 + 2 * n} 0 R >>".encode()
        )
        packed = zlib.compress(content)
        head = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + packed + b"\nendstream")
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    rows = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}".encode()
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n".encode()
    out += f"startxref\n{table}\n%%EOF\n".encode()
    return bytes(out)
