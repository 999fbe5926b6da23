"""PDFs for tests: invented papers in two columns, a scan, a locked and a broken file.

The papers have the features of genuine ones: a title across both columns, running heads, page
numbers, words hyphenated at line ends, numbered headings, a ruled table and a reference list.
"""

import hashlib
from functools import cache
from pathlib import Path

from support.hostile import pdf, stream

STUDY_TITLE = "FilmNet: A Tailored Network Design for Detection of Disease from Chest X-Ray Images"
EARLIER_TITLE = STUDY_TITLE.replace("X-Ray", "Radiography")
UNRELATED_DOI = "10.5555/invented.wheat.919"
COMBINED = "we combined and modified three different publicly available datasets"
PASSWORD = "openpassword"
PAGES = 5
"""Pages of the study and of its earlier version."""
_WIDTH = 46
_LINES = 26
_BREAK = "\f"
_STUDY = [
    "# Abstract",
    "The disease has had a devas\u00adtating effect on the health of many. We ask whether deep "
    "learning can find it on chest films. In this study we introduce FilmNet, a deep "
    "convolutional network made for this purpose. FilmNet reached an accuracy of 92.0% on 300 "
    "test images.",
    "# 1. Introduction",
    "Chest radio\u00adgraphs are faster than RT-PCR and are available in most hospitals. "
    "Computer-aided systems could help radiolo\u00adgists to look for visual indi\u00adcators of "
    "the infection. Artificial intelligence has been tried before [1]. The objective of this "
    "study was to detect the infection on frontal radio\u00adgraphs and to compare FilmNet with "
    "two networks of general use.",
    _BREAK,
    "# 2. Methods",
    "## 2.1. Data",
    "To build the COVIDx dataset, we combined and modified three different publicly available "
    "datasets: the COVID-19 Image Data Collection of Cohen et al. [2], the Figure 1 COVID-19 "
    "Chest X-ray Dataset Initiative [3], and the RSNA Pneumonia Detection Challenge dataset [4]. "
    "The dataset holds 13,975 images of 13,870 patients. Images of the first two sets show the "
    "infection, and all others come from the third. Images were resized to 224 by 224 pixels and "
    "normalised before training.",
    _BREAK,
    "## 2.2. Network",
    "The network architecture of FilmNet is shown in Fig. 2 and consists of convolutions with "
    "long connections between its layers. FilmNet was pretrained on ImageNet and was then trained "
    "on the COVIDx dataset with the Adam optimiser. The following hyperparameters were used for "
    "training: learning rate=2e-4, number of epochs=22, batch size=64. The network was built with "
    "the Keras deep learning library and a TensorFlow backend. The code is available at "
    "https://example.org/filmnet for everyone.",
    _BREAK,
    "# 3. Results",
    "We computed the test accuracy, as well as sensitivity and positive predictive value, for "
    "each kind of infection. Table 1 shows the sensitivity of each network. FilmNet reached a "
    "sensitivity of 91.0% for the infection, which is higher than that of the other two "
    "networks. An audit of the features that decided showed that FilmNet relies on areas within "
    "the lungs.",
    "| Network | Normal | Other | Infection",
    "| Plain | 97.0 | 90.0 | 58.5",
    "| FilmNet | 95.5 | 94.0 | 91.0",
    _BREAK,
    "# 4. Conclusion",
    "FilmNet is a first step, and there are several areas of improvement. The COVIDx dataset, "
    "for which different publicly available datasets were merged into one, will grow. We "
    "combined several public datasets because no single set has enough images of the infection.",
    "# Acknowledgement",
    "This work was funded by the Invented Research Chairs.",
    "# References",
    "[1] A. Nobody and B. Noone. An earlier invention. Journal of Invented Imaging, 2019.",
    "[2] J. P. Cohen. A collection of image data, 2020.",
    "[3] Invented Initiative. A dataset of chest films, 2020.",
    "[4] Radiology society. A challenge on pneumonia, 2018.",
]
_UNRELATED = [
    "# Abstract",
    "Heat harms wheat. We measured the leaves of two invented varieties after ten days of heat "
    "and found that one of them kept its sugars.",
    "# Introduction",
    "Wheat is grown on many fields, and its yield falls when the summer is hot. Breeders look for "
    "varieties that stand the heat. Little is known of what happens within the leaf.",
    _BREAK,
    "# Materials and methods",
    "Flag leaves were collected ten days after heat treatment and were frozen at once. Each plant "
    "was grown in a pot of its own, and the pots were moved every day.",
    "# Results",
    "One variety lost half of its sugars, and the other lost none.",
    "# Discussion",
    "Sugars may protect the leaf. Our plants were grown under glass, and fields may differ.",
    "# References",
    "[1] C. Noone. Leaves and heat. Journal of Invented Botany, 2018.",
]
_UNKNOWN = [
    "# Abstract",
    "Phrases of two words are made from vectors of single words, and the reverse is tried too.",
    "# 1 Introduction",
    "The meaning of a phrase is more than that of its words. We test this on an invented set of "
    "phrases, which was drawn up by three people.",
    "# 2 General framework",
    "A function maps two vectors to one. A second function maps the one back to the two, and both "
    "functions are learned from pairs.",
    "# 3 Experiments and results",
    "The pairs were found again in 23 of 100 cases, with vectors of unit length.",
    "# References",
    "D. Noone. Words and vectors. Journal of Invented Words, 2014.",
]


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters; words are broken only at soft hyphens."""
    lines, line = [], ""
    for word in text.split():
        whole = word.replace("\u00ad", "")
        head, _, tail = word.partition("\u00ad")
        room = width - len(line) - (1 if line else 0)
        if len(whole) <= room:
            line = f"{line} {whole}".strip()
        elif tail and len(head) + 1 <= room:
            lines.append(f"{line} {head}-".strip())
            line = tail
        else:
            lines.append(line)
            line = whole
    return [*lines, line]


def _show(font: str, size: float, x: float, y: float, line: str) -> bytes:
    text = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
    return f"/{font} {size} Tf 1 0 0 1 {x} {y} Tm (".encode() + text + b") Tj "


def _typeset(blocks: list[str]) -> list[list[tuple[str, str]]]:
    """Pages of lines, each with its kind: text, heading, row or gap."""
    pages: list[list[tuple[str, str]]] = [[]]
    for block in blocks:
        if block == _BREAK:
            pages.append([])
        elif block.startswith("| "):
            pages[-1].append(("row", block[2:]))
        elif block.startswith("#"):
            pages[-1] += [("gap", ""), ("heading", block.lstrip("# "))]
        else:
            pages[-1] += [("text", line) for line in _wrap(block, _WIDTH)]
    return pages


def _draw_page(lines: list[tuple[str, str]], number: int, title: str, front: str) -> bytes:
    shown, top = b"", 790.0
    if number == 1:
        for line in _wrap(title, 58):
            top -= 20
            shown += _show("F2", 16, 50, top, line)
        shown += _show("F1", 10, 50, top - 18, "Ada Noone and Ben Nobody, Example University")
        shown += _show("F1", 8, 50, top - 32, front)
        top -= 40
    else:
        shown += _show("F1", 8, 50, 806, "A. Noone and B. Nobody: an invented paper")
    shown += _show("F1", 8, 290, 30, str(number))
    columns = [[line for line in lines if line[0] != "row"]]
    if len(columns[0]) > _LINES // 2:
        half = (len(columns[0]) + 1) // 2
        columns = [columns[0][:half], columns[0][half:]]
    rules = b""
    for place, column in enumerate(columns):
        y = top
        for kind, line in column:
            y -= 6 if kind == "gap" else 14
            if kind == "heading":
                shown += _show("F2", 12, 50 + 260 * place, y, line)
            elif kind == "text":
                shown += _show("F1", 10, 50 + 260 * place, y, line)
    rows = [line.split(" | ") for kind, line in lines if kind == "row"]
    if rows:
        shown += _show("F1", 9, 50, 264, "Table 1. Sensitivity for each kind, in per cent.")
        for step in range(len(rows) + 1):
            rules += f"50 {250 - 20 * step} m 370 {250 - 20 * step} l S ".encode()
        for step in range(len(rows[0]) + 1):
            rules += f"{50 + 80 * step} 250 m {50 + 80 * step} {250 - 20 * len(rows)} l S ".encode()
        for down, cells in enumerate(rows):
            for across, cell in enumerate(cells):
                shown += _show("F1", 9, 54 + 80 * across, 236 - 20 * down, cell)
    return b"BT " + shown + b"ET " + rules


def _assemble(contents: list[bytes]) -> bytes:
    kids = b" ".join(b"%d 0 R" % (5 + 2 * place) for place in range(len(contents)))
    font = b"<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % len(contents),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
    ]
    for place, content in enumerate(contents):
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R" % (6 + 2 * place)
            + b"/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>>>",
            stream(content),
        ]
    return pdf(objects)


def draw_paper(title: str, blocks: list[str], front: str) -> bytes:
    """Draws a paper from blocks: '# ' starts a heading, '| ' a table row, a form feed a new
    page."""
    pages = _typeset(blocks)
    return _assemble(
        [_draw_page(lines, number, title, front) for number, lines in enumerate(pages, 1)]
    )


def _draw_scan() -> bytes:
    grey = bytes(range(0, 250, 10)) * 40
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</XObject<</X 5 0 R>>>>>>",
            stream(b"500 0 0 700 40 60 cm /X Do"),
            stream(
                grey,
                b"/Type/XObject/Subtype/Image/Width 25/Height 40/BitsPerComponent 8"
                b"/ColorSpace/DeviceGray",
            ),
        ]
    )


_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def _draw_locked() -> bytes:
    """A page locked with PASSWORD, by the standard handler of revision 2 (ISO 32000-1, 7.6)."""
    padded = (PASSWORD.encode() + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    ident, rights = b"0123456789abcdef", -4
    salt = owner + rights.to_bytes(4, "little", signed=True) + ident
    key = hashlib.md5(padded + salt).digest()[:5]
    user = _rc4(key, _PADDING)
    own = hashlib.md5(key + (4).to_bytes(3, "little") + b"\0\0").digest()[:10]
    line = "(This page was locked, and now all of its words can be read by those who know.) Tj T* "
    text = f"BT /F1 12 Tf 15 TL 72 700 Td {line * 8}ET"
    body = _rc4(own, text.encode())
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>",
            b"<</Length %d>>\nstream\n" % len(body) + body + b"\nendstream",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Filter/Standard/V 1/R 2/Length 40/P %d/O<%s>/U<%s>>>"
            % (rights, owner.hex().encode(), user.hex().encode()),
        ],
        trailer=b"/Encrypt 6 0 R/ID[<%s><%s>]" % ((ident.hex().encode(),) * 2),
    )


PAPERS = {
    "study.pdf": ("ok", PAGES),
    "earlier.pdf": ("ok", PAGES),
    "unrelated.pdf": ("ok", 2),
    "unknown.pdf": ("ok", 1),
    "scan.pdf": ("no_text", 1),
    "locked.pdf": ("encrypted", 0),
    "broken.pdf": ("damaged", 0),
}
"""Each with the state in which reading it ends, and its pages."""


@cache
def draw_pdf(name: str) -> bytes:
    """Draws one of PAPERS."""
    front = "Preprint, not reviewed."
    if name == "study.pdf":
        return draw_paper(STUDY_TITLE, _STUDY, front)
    if name == "earlier.pdf":
        return draw_paper(EARLIER_TITLE, _STUDY, front)
    if name == "unrelated.pdf":
        return draw_paper(
            "Sugars of invented wheat under heat", _UNRELATED, f"https://doi.org/{UNRELATED_DOI}"
        )
    if name == "unknown.pdf":
        return draw_paper("How to make phrases, and words from phrases", _UNKNOWN, "")
    return {
        "scan.pdf": _draw_scan,
        "locked.pdf": _draw_locked,
        "broken.pdf": lambda: b"%PDF-1.4\n% cut after the first line of a file",
    }[name]()


def write_papers(folder: Path) -> Path:
    """Writes all PAPERS into the folder."""
    for name in PAPERS:
        (folder / name).write_bytes(draw_pdf(name))
    return folder
