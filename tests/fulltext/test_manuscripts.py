"""Manuscripts and preprints: line numbers in a margin, watermarks, spaced and misleading heads."""

import math
import random
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.manuscripts import Print, draw_pages, set_lines

from review.fulltext import (
    FullText,
    Limits,
    RecordCandidate,
    RecordMatch,
    Worker,
    match_record,
    plumber,
    read_full_text,
)

WORDS = re.findall(
    r"\w+",
    "films lungs shadows readers networks patients scanners weights margins nodules slices doses "
    "were read found drawn kept again later twice alone without between during after before the "
    "of in on with and quickly mostly seldom",
)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as open_worker:
        yield open_worker


def write_prose(count: int, seed: int = 1) -> list[str]:
    """So many sentences, no two alike, some of which hold numbers or begin with one."""
    dice = random.Random(seed)
    sentences = []
    for number in range(count):
        words = [dice.choice(WORDS) for _ in range(dice.randint(9, 18))]
        if number % 4 == 1:
            words[dice.randrange(2, 8)] = str(dice.randint(2, 400))
        first = f"Study {number + 100}" if number % 5 == 2 else words[0].capitalize()
        sentences.append(" ".join([first, *words[1:], f"case{chr(97 + number % 26)}"]) + ".")
    return sentences


def read_pages(tmp_path: Path, worker: Worker, pages: list[list[Print]]) -> FullText:
    path = tmp_path / "paper.pdf"
    path.write_bytes(draw_pages(pages))
    text = read_full_text(path, worker=worker)
    assert text.state == "ok", text.problem
    return text


def wrap_prose(sentences: list[str], width: int = 78) -> list[str]:
    return textwrap.wrap(" ".join(sentences), width, break_on_hyphens=False)


LINES = 24
"""Lines of a double-spaced manuscript page."""

Numbering = Callable[[int, int], int | str | None]
"""The number beside a line, by its place in the paper and on its page, from 1; or none."""

NUMBERINGS: dict[str, Numbering] = {
    "through the paper": lambda line, on_page: line,
    "from 1 on each page": lambda line, on_page: on_page,
    "each fifth line": lambda line, on_page: None if line % 5 else line,
    "each fifth line of each page": lambda line, on_page: None if on_page % 5 else on_page,
    "each second line": lambda line, on_page: None if line % 2 else line,
    "each tenth line": lambda line, on_page: None if line % 10 else line,
    "from a later number": lambda line, on_page: line + 986,
    "three digits": lambda line, on_page: f"{line:03d}",
}

Margin = Callable[[int | str, float], Print]

MARGINS: dict[str, Margin] = {
    "left": lambda number, y: Print(text=str(number), x=40, y=y),
    "left, aligned right": lambda number, y: Print(
        text=str(number), x=60 - 4.45 * len(str(number)), y=y, size=8
    ),
    "left, in small grey Times": lambda number, y: Print(
        text=str(number), x=44, y=y + 1, size=6.5, font="F3", grey=0.6
    ),
    "right": lambda number, y: Print(text=str(number), x=540, y=y),
    "close to the text": lambda number, y: Print(
        text=str(number), x=84 - 4.45 * len(str(number)), y=y, size=8
    ),
}


def set_numbered(
    lines: list[str], numbering: Numbering, margin: Margin, order: str = "by line"
) -> list[list[Print]]:
    """The lines on pages, each beside its number."""
    pages = []
    for start in range(0, len(lines), LINES):
        text, numbers = [], []
        for on_page, line in enumerate(lines[start : start + LINES], 1):
            y = 780 - 28 * on_page
            number = numbering(start + on_page, on_page)
            text.append(set_lines([line], x=90, y=y))
            numbers.append([margin(number, y)] if number is not None else [])
        parts = {
            "by line": [
                piece for pair in zip(numbers, text, strict=True) for part in pair for piece in part
            ],
            "numbers first": [piece for part in [*numbers, *text] for piece in part],
            "numbers last": [piece for part in [*text, *numbers] for piece in part],
        }
        pages.append(parts[order])
    return pages


def assert_prose(text: FullText, sentences: list[str]) -> None:
    """Every sentence came out as it was written, in its place, with nothing between."""
    assert " ".join(s.text for s in text.sentences) == " ".join(sentences)


@pytest.mark.parametrize("order", ["by line", "numbers first", "numbers last"])
@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("numbering", NUMBERINGS)
def test_numbers_in_a_margin_are_no_text(tmp_path, worker, numbering, margin, order):
    sentences = write_prose(52)
    pages = set_numbered(wrap_prose(sentences), NUMBERINGS[numbering], MARGINS[margin], order=order)
    assert len(pages) > 2
    assert_prose(read_pages(tmp_path, worker, pages), sentences)


def test_the_few_numbered_lines_of_a_last_page_lose_their_numbers(tmp_path, worker):
    sentences = write_prose(40)
    lines = wrap_prose(sentences)
    lines = lines[: 2 * LINES + 3]
    pages = set_numbered(lines, NUMBERINGS["through the paper"], MARGINS["left"])
    text = read_pages(tmp_path, worker, pages)
    assert " ".join(s.text for s in text.sentences) == " ".join(lines)


@pytest.mark.parametrize("where", ["left of each", "right of each", "left and right", "left only"])
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("step", [1, 5])
@pytest.mark.parametrize("by_row", [False, True])
def test_numbers_beside_two_columns_are_no_text(tmp_path, worker, where, restart, step, by_row):
    sentences = write_prose(80, seed=2)
    lines = wrap_prose(sentences, 40)
    height = 40
    numbers_at = {
        "left of each": (34.0, 292.0),
        "right of each": (276.0, 548.0),
        "left and right": (34.0, 548.0),
        "left only": (34.0, None),
    }[where]
    pages = []
    for start in range(0, len(lines), 2 * height):
        columns: list[list[list[Print]]] = []
        for column in (0, 1):
            first = start + column * height
            pieces = []
            for place, line in enumerate(lines[first : first + height]):
                y = 770 - 16 * place
                number = (place if restart or where == "left only" else first + place) + 1
                x = numbers_at[column]
                text = set_lines([line], x=56 + 256 * column, y=y, size=9)
                if x is not None and number % step == 0:
                    text.append(Print(text=str(number), x=x, y=y, size=7))
                pieces.append(text)
            columns.append(pieces)
        rows = (
            [
                part
                for place in range(height)
                for column in columns
                for part in column[place : place + 1]
            ]
            if by_row
            else columns[0] + columns[1]
        )
        pages.append([piece for row in rows for piece in row])
    assert len(pages) > 1
    assert_prose(read_pages(tmp_path, worker, pages), sentences)


def test_numbers_that_are_text_stay(tmp_path, worker):
    """Rows of a table, entries of a list and readings at a line's start are no line numbers."""
    sentences = write_prose(12)
    rows = [f"{n} Patient {'abcdefghij'[n - 1]} {40 + 3 * n % 17} years" for n in range(1, 11)]
    entries = [f"{n} Noone A. A film, part {'abcdefghij'[n - 1]}. 2008." for n in range(1, 11)]
    page = ["# Results", *wrap_prose(sentences), "", *rows]
    pages = [set_lines(page), set_lines(["# References", *entries])]
    text = read_pages(tmp_path, worker, pages)
    printed = [line for page in text.pages for line in page.text.split("\n")]
    for line in rows + entries:
        assert any(line in found for found in printed), line


def test_the_second_reader_leaves_line_numbers_out_as_well(tmp_path):
    sentences = write_prose(52)
    path = tmp_path / "paper.pdf"
    path.write_bytes(
        draw_pages(
            set_numbered(
                wrap_prose(sentences), NUMBERINGS["each fifth line"], MARGINS["left"], "by line"
            )
        )
    )
    text = plumber.read_pdf(path, "x", None, Limits(), lambda page: None, pdfium_error="asked for")
    assert_prose(text, sentences)


def test_a_numbered_title_matches_its_record(tmp_path, worker):
    title = "Counting shadows on films of the lungs by a network of small size and no memory"
    lines = [*textwrap.wrap(title, 30), "A. Noone", *wrap_prose(write_prose(30))]
    pages = set_numbered(lines, NUMBERINGS["through the paper"], MARGINS["left"])
    text = read_pages(tmp_path, worker, pages)
    found = match_record(text.front, [RecordCandidate("R1", title), RecordCandidate("R2", "Leaf")])
    assert found == RecordMatch(("R1",), "title", 1.0)


def spell(word: str, piece: Print, step: float) -> list[Print]:
    """The word along the line of a turned piece, each letter drawn by itself."""
    turn = math.radians(piece.angle)
    return [
        replace(
            piece,
            text=letter,
            x=round(piece.x + place * step * math.cos(turn), 2),
            y=round(piece.y + place * step * math.sin(turn), 2),
        )
        for place, letter in enumerate(word)
    ]


def tile(text: str) -> list[Print]:
    return [
        Print(text=text, x=60 + 170 * across, y=100 + 120 * down, size=9, angle=30, grey=0.8)
        for across in range(3)
        for down in range(6)
    ]


WATERMARKS: dict[str, list[Print]] = {
    "up the diagonal": [Print(text="PREPRINT", x=150, y=250, size=70, angle=45, grey=0.8)],
    "down the diagonal": [Print(text="DRAFT", x=130, y=600, size=90, angle=-50, grey=0.9)],
    "flat slant": [Print(text="In press", x=120, y=380, size=60, angle=12, grey=0.7)],
    "two lines": [
        Print(text="UNDER REVIEW", x=120, y=220, size=48, angle=45, grey=0.8),
        Print(text="Do not distribute", x=190, y=210, size=32, angle=45, grey=0.8),
    ],
    "letter by letter": spell(
        "CONFIDENTIAL", Print(text="", x=120, y=220, size=44, angle=45, grey=0.8), 34
    ),
    "level and large": [Print(text="PREPRINT", x=110, y=400, size=72, grey=0.85)],
    "level, bold and black": [Print(text="ACCEPTED", x=120, y=350, size=50, font="F2")],
    "up the page": [Print(text="For review only", x=320, y=200, size=60, angle=90, grey=0.8)],
    "many small": tile("Not peer reviewed"),
    "a line between lines": [
        Print(text="This preprint has not been peer reviewed", x=150, y=477, size=8, grey=0.6)
    ],
}


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("mark", WATERMARKS)
def test_watermarks_are_no_text(tmp_path, worker, mark, columns, last):
    sentences = write_prose(130, seed=3)
    lines = wrap_prose(sentences, 84 if columns == 1 else 40)
    pages = []
    for start in range(0, len(lines), 42 * columns):
        pieces = []
        for column in range(columns):
            first = start + 42 * column
            pieces += set_lines(lines[first : first + 42], x=64 + 250 * column, y=740, leading=15)
        pages.append(pieces + WATERMARKS[mark] if last else WATERMARKS[mark] + pieces)
    assert len(pages) > 2
    text = read_pages(tmp_path, worker, pages)
    assert_prose(text, sentences)
    assert not any(len(page.words) > 42 * columns * 20 for page in text.pages)


@pytest.mark.parametrize("mark", ["up the diagonal", "letter by letter", "level and large"])
def test_a_watermark_on_the_only_page_is_no_text(tmp_path, worker, mark):
    sentences = write_prose(30, seed=4)
    page = WATERMARKS[mark] + set_lines(wrap_prose(sentences), y=740)
    assert_prose(read_pages(tmp_path, worker, [page]), sentences)


def test_large_slanted_and_repeated_print_that_is_text_stays(tmp_path, worker):
    """A title, the slanted heads of a table's columns and a large first letter are text."""
    sentences = write_prose(40, seed=5)
    lines = wrap_prose(sentences)
    heads = [
        Print(text=head, x=300 + 40 * place, y=120, size=9, angle=45)
        for place, head in enumerate(["Accuracy", "Sensitivity", "Specificity"])
    ]
    first = [
        Print(text="Counting shadows on films", x=64, y=790, size=26, font="F2"),
        *set_lines(lines[:30], x=64, y=740),
        *heads,
    ]
    text = read_pages(tmp_path, worker, [first, set_lines(lines[30:], x=64, y=740)])
    assert "Counting shadows on films" in text.pages[0].text
    for head in ["Accuracy", "Sensitivity", "Specificity"]:
        assert head in text.pages[0].text


def test_the_second_reader_leaves_a_watermark_out_as_well(tmp_path):
    sentences = write_prose(60, seed=6)
    lines = wrap_prose(sentences)
    path = tmp_path / "paper.pdf"
    mark = WATERMARKS["up the diagonal"]
    pages = [mark + set_lines(lines[n : n + 40], y=740) for n in range(0, len(lines), 40)]
    path.write_bytes(draw_pages(pages))
    text = plumber.read_pdf(path, "x", None, Limits(), lambda page: None, pdfium_error="asked for")
    assert_prose(text, sentences)
