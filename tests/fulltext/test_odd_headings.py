"""Headings in letter-spaced print, and the word References where it heads no list."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.manuscripts import Print, draw_pages, set_lines

from review.fulltext import FullText, Worker, read_full_text

INTRODUCTION = [
    "Films of the lungs are read by people who are tired at night. We ask",
    "whether a network can read them as well, and how often it is wrong.",
]
METHODS = [
    "We collected two hundred films of one hospital and had them read by",
    "three readers, each of whom was blind to what the others had found.",
]
RESULTS = [
    "The network found nine of ten shadows, and the readers found eight.",
    "Half of the misses were at the margin of the film, near the collar.",
]
DISCUSSION = [
    "A network may help those who read at night. Other hospitals have",
    "other films, and ours were few, so that a second study is needed.",
]
REFERENCES = [
    "[1] Noone A. A film at night. J Invented Imaging. 2009;3:12-19.",
    "[2] Nobody B, Someone C. Tired readers. Invented Radiol. 2011;7:1-8.",
    "[3] Other D. Collars on films. J Invented Imaging. 2014;8:101-107.",
]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as open_worker:
        yield open_worker


def read(tmp_path: Path, worker: Worker, *pages: list[Print]) -> FullText:
    path = tmp_path / "paper.pdf"
    path.write_bytes(draw_pages(pages))
    text = read_full_text(path, worker=worker)
    assert text.state == "ok", text.problem
    return text


def assert_sections(text: FullText) -> None:
    """Each part of the paper has the section its heading names."""
    sections = {s.text: s.section for s in text.sentences}
    for name, lines in [
        ("introduction", INTRODUCTION),
        ("methods", METHODS),
        ("results", RESULTS),
        ("discussion", DISCUSSION),
        ("references", REFERENCES),
    ]:
        found = [section for sentence, section in sections.items() if sentence[:25] in lines[0]]
        assert found == [name], (name, found)


HEADS = {
    "typed": ["I N T R O D U C T I O N", "M E T H O D S", "R E S U L T S", "D I S C U S S I O N",
              "R E F E R E N C E S"],
    "numbered": ["1. I N T R O D U C T I O N", "2. M E T H O D S", "3. R E S U L T S",
                 "4. D I S C U S S I O N", "R E F E R E N C E S"],
    "numbered without a stop": ["1 I N T R O D U C T I O N", "2 M E T H O D S",
                                "3 R E S U L T S", "4 D I S C U S S I O N", "R E F E R E N C E S"],
    "roman": ["I. I N T R O D U C T I O N", "II. M E T H O D S", "III. R E S U L T S",
              "IV. D I S C U S S I O N", "L I T E R A T U R E"],
    "spaced numbers": ["1 . I N T R O D U C T I O N", "2 . M E T H O D S", "3 . R E S U L T S",
                       "4 . D I S C U S S I O N", "B I B L I O G R A P H Y"],
    "small letters": ["I n t r o d u c t i o n", "M e t h o d s", "R e s u l t s",
                      "D i s c u s s i o n", "R e f e r e n c e s"],
    "several words in small letters": [
        "I n t r o d u c t i o n", "M a t e r i a l s  a n d  M e t h o d s", "R e s u l t s",
        "D i s c u s s i o n", "L i t e r a t u r e  C i t e d"],
    "several words": ["I N T R O D U C T I O N", "M A T E R I A L S  A N D  M E T H O D S",
                      "R E S U L T S  A N D  F I N D I N G S"[:13],
                      "D I S C U S S I O N  A N D  C O N C L U S I O N",
                      "L I T E R A T U R E  C I T E D"],
    "several words with single blanks": [
        "I N T R O D U C T I O N", "P A T I E N T S A N D M E T H O D S", "R E S U L T S",
        "D I S C U S S I O N", "R E F E R E N C E S A N D N O T E S"],
    "some letters close": ["I N T RO D U C T I O N", "M E TH O D S", "R E SU L T S",
                           "D I S C US S I O N", "R E F E R E N CE S"],
    "with a colon": ["I N T R O D U C T I O N :", "M E T H O D S:", "R E S U L T S :",
                     "D I S C U S S I O N:", "R E F E R E N C E S :"],
    "first letter large": ["I NTRODUCTION", "M ETHODS", "R ESULTS", "D ISCUSSION", "R EFERENCES"],
}  # fmt: skip


def set_paper(heads: list[str], *, spacing: float = 0, bold: bool = False) -> list[Print]:
    pieces, y = [], 780.0
    for head, lines in zip(
        heads, [INTRODUCTION, METHODS, RESULTS, DISCUSSION, REFERENCES], strict=True
    ):
        y -= 14
        font = "F2" if bold else "F1"
        pieces.append(Print(text=head, x=72, y=y, size=10, font=font, spacing=spacing))
        pieces += set_lines(lines, y=y - 18)
        y -= 18 + 14 * len(lines)
    return pieces


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("kind", HEADS)
def test_letter_spaced_headings_are_headings(tmp_path, worker, kind, bold):
    assert_sections(read(tmp_path, worker, set_paper(HEADS[kind], bold=bold)))


@pytest.mark.parametrize("spacing", [1.0, 2.0, 4.0, 6.0])
@pytest.mark.parametrize(
    "heads",
    [
        ["INTRODUCTION", "METHODS", "RESULTS", "DISCUSSION", "REFERENCES"],
        ["1 | INTRODUCTION", "2 | METHODS", "3 | RESULTS", "4 | DISCUSSION", "REFERENCES"],
        [
            "1. INTRODUCTION",
            "2. MATERIALS AND METHODS",
            "3. RESULTS",
            "4. DISCUSSION",
            "LITERATURE",
        ],
    ],
)
def test_headings_spaced_by_the_typesetter_are_headings(tmp_path, worker, heads, spacing):
    text = read(tmp_path, worker, set_paper(heads, spacing=spacing, bold=True))
    assert_sections(text)
    titles = [re.split(r"[.|] ", head)[-1] for head in heads]
    assert [s.title for s in text.sections] == titles
    assert [*dict.fromkeys(s.heading for s in text.sentences)] == titles


def test_single_letters_that_are_no_heading_stay_apart(tmp_path, worker):
    """The panels of a figure, a formula and a row of a table."""
    rows = ["a b c d e f g", "A b C d E f G", "1 2 3 4 5 6 7"]
    panels = [Print(text=letter, x=72 + 60 * n, y=60, size=9) for n, letter in enumerate("ABCDEF")]
    page = set_lines([*INTRODUCTION, *METHODS, "", *rows, "", *RESULTS])
    text = read(tmp_path, worker, page + panels)
    printed = text.pages[0].text
    for row in rows:
        assert row in printed
    assert "ABCDEF" not in printed


PARTS = ["# Introduction", *INTRODUCTION, "# Methods", *METHODS, "# Results", *RESULTS,
         "# Discussion", *DISCUSSION, "# References", *REFERENCES]  # fmt: skip
RUN_IN = ["Introduction: " + INTRODUCTION[0], *INTRODUCTION[1:]]


def insert(before: str, lines: list[str]) -> list[Print]:
    """The paper with these lines put before one of its headings."""
    at = PARTS.index(before)
    return set_lines([*PARTS[:at], *lines, *PARTS[at:]], y=780)


@pytest.mark.parametrize("word", ["Literature", "References", "LITERATURE", "Bibliography"])
def test_a_line_of_the_title_is_no_reference_list(tmp_path, worker, word):
    title = [
        Print(text="Networks that read films: a review of the", x=72, y=790, size=18, font="F2"),
        Print(text=word, x=72, y=768, size=18, font="F2"),
        Print(text="A. Noone and B. Nobody", x=72, y=750),
    ]
    assert_sections(read(tmp_path, worker, title + set_lines(PARTS, y=720)))


def test_a_cover_with_a_list_of_contents_is_no_reference_list(tmp_path, worker):
    names = ["Introduction", "Methods", "Results", "Discussion", "References"]
    cover = [
        Print(text="A report on films", x=72, y=780, size=20, font="F2"),
        *set_lines(["# Contents", *names], y=740),
        *[Print(text=str(n + 2), x=500, y=726 - 14 * n) for n in range(5)],
    ]
    assert_sections(read(tmp_path, worker, cover, set_lines(PARTS, y=780)))


def test_a_cover_with_bold_contents_is_no_reference_list(tmp_path, worker):
    names = ["Introduction", "Methods", "Results", "Discussion", "References"]
    cover = [
        Print(text="A report on films", x=72, y=780, size=20, font="F2"),
        *set_lines([f"# {name}" for name in names], y=740),
    ]
    assert_sections(read(tmp_path, worker, cover, set_lines(PARTS, y=780)))


@pytest.mark.parametrize("before", ["# Results", "# Discussion"])
@pytest.mark.parametrize(
    "lines",
    [
        ["# Literature", "We searched for earlier films in three places and found none of use."],
        ["# 2.1 Literature", "We searched for earlier films in three places and found none."],
        ["", "# References", "Table 1. Earlier studies, each with its number of films.", ""],
    ],
)
def test_a_heading_amid_the_paper_is_no_reference_list(tmp_path, worker, lines, before):
    assert_sections(read(tmp_path, worker, insert(before, lines)))


def test_the_list_is_found_before_methods_that_follow_it(tmp_path, worker):
    """Some journals print the methods after the references, and a second list after them."""
    lines = ["# Introduction", *INTRODUCTION, "# Results", *RESULTS, "# Discussion", *DISCUSSION,
             "# References", *REFERENCES, "# Methods", *METHODS]  # fmt: skip
    assert_sections(read(tmp_path, worker, set_lines(lines, y=780)))


def test_a_second_paper_in_the_file_is_read_after_the_list_of_the_first(tmp_path, worker):
    """The list is a list, though other headings follow it."""
    text = read(tmp_path, worker, set_lines(PARTS, y=740), set_lines(PARTS, y=740))
    found = [s.section for s in text.sentences if s.text.startswith("[")]
    assert found[:3] == ["references"] * 3
