"""PDFs become pages, sections and sentences, or get a named state."""

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image
from support.hostile import MAKERS, pdf, sentence_page, stream, write
from support.papers import PAPERS, PASSWORD, draw_paper, write_papers

from review.errors import FullTextError
from review.fulltext import (
    STATE_MESSAGES,
    FullText,
    Limits,
    Worker,
    find_quote,
    full_text_from_dict,
    full_text_to_dict,
    pdfium,
    plumber,
    read_full_text,
    read_full_texts,
    render_page,
)


@pytest.fixture(scope="module")
def pdfs(tmp_path_factory) -> Path:
    return write_papers(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def texts(pdfs) -> dict[str, FullText]:
    paths = [pdfs / name for name in PAPERS]
    return {path.name: text for path, text in zip(paths, read_full_texts(paths), strict=True)}


@pytest.fixture(scope="module")
def worker():
    with Worker() as open_worker:
        yield open_worker


@pytest.mark.parametrize("name", PAPERS)
def test_every_file_ends_in_its_state(texts, name):
    text = texts[name]
    assert (text.state, text.page_count) == PAPERS[name]
    assert text.state == "ok" or text.problem
    assert text.state in STATE_MESSAGES


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "study.pdf",
            "The objective of this study was to detect the infection on frontal radiographs and to "
            "compare FilmNet with two networks of general use.",
        ),
        (
            "study.pdf",
            "The following hyperparameters were used for training: learning rate=2e-4, number of "
            "epochs=22, batch size=64.",
        ),
        ("unrelated.pdf", "Sugars may protect the leaf."),
        (
            "unknown.pdf",
            "A second function maps the one back to the two, and both functions are learned from "
            "pairs.",
        ),
    ],
)
def test_sentences_come_out_whole(texts, name, sentence):
    assert sentence in [found.text for found in texts[name].sentences]


def test_a_password_opens_a_locked_file(pdfs, worker):
    path = pdfs / "locked.pdf"
    assert read_full_text(path, password=PASSWORD, worker=worker).state == "ok"
    wrong = read_full_text(path, password="nonsense", worker=worker)
    assert wrong.state == "encrypted"
    assert "password is wrong" in str(wrong.problem)


def test_sections_carry_normal_names_in_order(texts):
    order = list(dict.fromkeys(section.name for section in texts["study.pdf"].sections))
    assert order == [
        "abstract",
        "introduction",
        "methods",
        "results",
        "conclusion",
        "statements",
        "references",
    ]
    plants = [(section.name, section.title) for section in texts["unrelated.pdf"].sections]
    assert ("methods", "Materials and methods") in plants
    assert ("discussion", "Discussion") in plants


def test_own_name_headings_before_the_results_are_methods(texts):
    sections = {s.title: s.name for s in texts["unknown.pdf"].sections}
    assert sections["General framework"] == "methods"


def test_sentences_know_their_section(texts):
    found = {s.text: s.section for s in texts["study.pdf"].sentences}
    [training] = [
        section for text, section in found.items() if text.startswith("The following hyper")
    ]
    assert training == "methods"
    references = [text for text, section in found.items() if section == "references"]
    assert len(references) == 4
    assert any("A collection of image data" in text for text in references)
    assert not any(section == "references" for text, section in found.items() if "COVIDx" in text)


@pytest.mark.parametrize(("count", "is_list"), [(4, False), (5, True)])
def test_an_unheaded_reference_list_is_found_from_five_entries(tmp_path, worker, count, is_list):
    blocks = [
        "# Introduction",
        *["Films were read once and were read again, which took a long time in those days."] * 8,
        *[
            f"[{n}] A. Nobody. A film, part {n}. Journal of Invented Imaging {n}, 12 (2008)."
            for n in range(1, count + 1)
        ],
    ]
    path = tmp_path / "unheaded.pdf"
    path.write_bytes(draw_paper("A paper without a heading for its references", blocks, ""))
    text = read_full_text(path, worker=worker)
    listed = [s.text for s in text.sentences if s.section == "references"]
    assert bool(listed) is is_list
    assert not is_list or listed[0].startswith("[1]")


def test_words_broken_at_line_ends_are_made_whole(pdfs, texts):
    with pdfium.open_pdf(pdfs / "study.pdf", None) as document:
        pages = list(pdfium.iter_pages(document, Limits()))
    drawn = [word.text for page in pages for line in page.lines for word in line.words]
    assert "radi-" in drawn or "radio-" in drawn or "devas-" in drawn or "indi-" in drawn
    text = " ".join(s.text for s in texts["study.pdf"].sentences)
    assert "devastating effect" in text
    assert "visual indicators" in text
    assert "devas-" not in text
    assert "RT-PCR" in text


def test_running_heads_and_page_numbers_are_left_out(texts):
    study = texts["study.pdf"]
    assert not any("an invented paper" in sentence.text for sentence in study.sentences)
    lines = [line for page in study.pages for line in page.text.split("\n")]
    assert not any(re.fullmatch(r"\d", line) for line in lines)


def test_boxes_lie_on_the_page_and_on_the_words(texts):
    for name in ("study.pdf", "unrelated.pdf", "unknown.pdf"):
        text = texts[name]
        sizes = {page.number: (page.width, page.height) for page in text.pages}
        for sentence in text.sentences:
            assert sentence.boxes
            width, height = sizes[sentence.page]
            for x0, top, x1, bottom in sentence.boxes:
                assert -2 <= x0 < x1 <= width + 2
                assert -2 <= top < bottom <= height + 2


def test_a_quote_is_found_over_line_breaks_and_hyphens(texts):
    text = texts["study.pdf"]
    quote = "help radiologists to look for visual indi-\ncators of the infection"
    [(page, boxes)] = find_quote(text, quote)
    assert page == 1
    assert len(boxes) >= 2
    assert find_quote(text, "this sentence stands nowhere in the paper at all") == []
    assert find_quote(text, "the") == []


def test_every_sentence_can_be_found_again(texts):
    text = texts["study.pdf"]
    long = [s for s in text.sentences if len(s.text) > 60 and s.section in ("methods", "results")]
    found = [s for s in long if find_quote(text, s.text)]
    assert len(found) >= 0.97 * len(long)


def test_the_same_file_gives_the_same_text(pdfs, texts, worker):
    path = pdfs / "earlier.pdf"
    assert read_full_text(path, worker=worker) == texts["earlier.pdf"]


def test_full_texts_survive_json(texts):
    for text in texts.values():
        assert full_text_from_dict(json.loads(json.dumps(full_text_to_dict(text)))) == text


@pytest.mark.parametrize("name", MAKERS)
def test_hostile_files_end_in_a_state(tmp_path, worker, name):
    make_up, allowed = write(tmp_path, name), MAKERS[name][1]
    seconds = 12 if "timeout" in allowed else 120
    limits = Limits(seconds=seconds, page_seconds=seconds / 2, memory_mb=900)
    text = read_full_text(make_up, limits=limits, worker=worker)
    assert text.state in allowed, text.problem
    assert text.problem


@pytest.mark.parametrize(
    "name", ["300 MB of drawing in a megabyte", "two million letters on a page"]
)
def test_memory_is_held_to_its_limit_and_the_file_is_called_too_large(tmp_path, name):
    path = write(tmp_path, name)
    limits = Limits(seconds=60, page_seconds=60, memory_mb=300)
    with Worker() as fresh:
        text = read_full_text(path, limits=limits, worker=fresh)
    assert text.state == "too_large"
    assert "memory" in str(text.problem)


def test_a_reading_process_cannot_take_more_memory_than_the_limit():
    import subprocess
    import sys

    code = (
        "from review.fulltext.worker import _apply_limits; _apply_limits(500, 60)\n"
        "try: bytearray(600_000_000)\n"
        "except MemoryError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "refused"


def test_a_truncated_paper_keeps_what_could_be_read_and_says_so(pdfs, tmp_path, worker):
    whole = (pdfs / "study.pdf").read_bytes()
    path = tmp_path / "half.pdf"
    # Papers made for the web carry a trailer near their head, so that a cut file can be opened.
    head, _, rest = whole.partition(b"\n")
    trailer = b"\ntrailer\n<</Size 20/Root 1 0 R>>\n"
    path.write_bytes(head + trailer + rest[: len(rest) * 2 // 3])
    text = read_full_text(path, worker=worker)
    assert text.state == "damaged"
    assert "pages that cannot be opened: " in str(text.problem)
    assert any("devastating effect" in s.text for s in text.sentences)


def test_a_missing_file_is_a_state(tmp_path):
    assert read_full_text(tmp_path / "nothing.pdf").state == "missing"
    assert read_full_text(tmp_path).state == "missing"


def test_a_file_over_the_size_limit_is_not_opened(tmp_path, worker):
    path = tmp_path / "large.pdf"
    path.write_bytes(sentence_page(["Words on a page."]) + b"\n" * 1_200_000)
    assert read_full_text(path, limits=Limits(file_mb=1), worker=worker).state == "too_large"


def test_a_slow_page_ends_the_reading_and_not_the_next_file(pdfs, tmp_path, worker):
    slow = write(tmp_path, "300 MB of drawing in a megabyte")
    limits = Limits(seconds=60, page_seconds=0.3, memory_mb=6000)
    assert read_full_text(pdfs / "scan.pdf", worker=worker).state == "no_text"
    text = read_full_text(slow, limits=limits, worker=worker)
    assert text.state == "timeout"
    assert "page 1" in str(text.problem)
    assert read_full_text(pdfs / "scan.pdf", worker=worker).state == "no_text"


def test_progress_is_told_after_each_file(pdfs, tmp_path):
    paths = [pdfs / "scan.pdf", tmp_path / "absent.pdf"]
    told = []
    texts = read_full_texts(
        paths,
        workers=2,
        progress=lambda done, total, path, text: told.append((done, total, path.name, text.state)),
    )
    assert [text.state for text in texts] == ["no_text", "missing"]
    assert [(done, total) for done, total, *_ in told] == [(1, 2), (2, 2)]
    assert {(name, state) for *_, name, state in told} == {
        ("scan.pdf", "no_text"),
        ("absent.pdf", "missing"),
    }
    assert read_full_texts([]) == []


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("box", [b"0 0 595 842", b"30 50 540 800"])
def test_boxes_lie_on_the_ink_of_turned_and_cropped_pages(tmp_path, rotate, box):
    path = tmp_path / "turned.pdf"
    path.write_bytes(
        sentence_page(["Hedgehogs walk at night through gardens."], rotate=rotate, box=box)
    )
    with pdfium.open_pdf(path, None) as document:
        [page] = pdfium.iter_pages(document, Limits())
    words = [word for line in page.lines for word in line.words]
    picture = Image.open(io.BytesIO(render_page(path, 1, scale=2.0))).convert("L")
    inside = set()
    for word in words:
        corners = tuple(
            int(2 * v) for v in (word.x0 - 1, word.top - 1, word.x1 + 2, word.bottom + 2)
        )
        part = picture.crop(corners)
        assert part.getextrema()[0] < 128, f"no ink under {word.text}"
        inside |= {
            (x, y) for x in range(corners[0], corners[2]) for y in range(corners[1], corners[3])
        }
    outside = [
        (x, y)
        for x in range(picture.width)
        for y in range(picture.height)
        if picture.getpixel((x, y)) < 128 and (x, y) not in inside
    ]
    assert not outside


def test_a_page_is_drawn_with_its_highlight(pdfs, texts):
    path = pdfs / "study.pdf"
    [(page, boxes)] = find_quote(texts["study.pdf"], "Computer-aided systems could help")
    plain = Image.open(io.BytesIO(render_page(path, page, scale=1.0)))
    marked = Image.open(io.BytesIO(render_page(path, page, boxes, scale=1.0)))
    x0, top, _, _ = boxes[0]
    spot = (int(x0), int(top) - 1)
    assert plain.getpixel(spot) == (255, 255, 255)
    red, _, blue = marked.getpixel(spot)
    assert blue < 200 < red


def test_a_page_that_cannot_be_drawn_is_an_error_with_a_way_on(pdfs, tmp_path):
    with pytest.raises(FullTextError, match="attach"):
        render_page(tmp_path / "absent.pdf", 1)
    with pytest.raises(FullTextError, match=r"Page 1 cannot be drawn: .*damaged"):
        render_page(pdfs / "broken.pdf", 1)


def test_the_second_reader_gives_the_same_sentences(pdfs, texts):
    path = pdfs / "earlier.pdf"
    other = plumber.read_pdf(path, "x", None, Limits(), lambda page: None, pdfium_error="asked for")
    assert other.reader.startswith("pdfplumber")
    first = {s.text for s in texts["earlier.pdf"].sentences if len(s.text) > 60}
    common = first & {s.text for s in other.sentences}
    assert len(common) >= 0.7 * len(first)


def test_fonts_that_give_no_letters_count_as_no_text(tmp_path, worker):
    shown = b"<" + b"0102030405060708" * 30 + b"> Tj "
    unmapped = b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/CharProcs<<>>"
    path = tmp_path / "signs.pdf"
    path.write_bytes(
        pdf(
            [
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
                b"/Resources<</Font<</F1 5 0 R>>>>>>",
                stream(b"BT /F1 9 Tf 50 700 Td " + shown * 9 + b"ET"),
                unmapped + b"/Encoding<</Type/Encoding/Differences[1/a1/a2/a3/a4/a5/a6/a7/a8]>>"
                b"/FirstChar 1/LastChar 8/Widths[1 1 1 1 1 1 1 1]>>",
            ]
        )
    )
    assert read_full_text(path, worker=worker).state == "no_text"


@pytest.mark.parametrize(
    "words",
    [
        ("fulltext", "none.pdf"),
        ("agreement", "none.csv"),
        ("score", "rqs-1.0", "none.csv"),
        ("checklist", "check", "none.yaml"),
        ("evidence", "none.pdf", "-c", "rqs-1.0"),
    ],
)
def test_a_file_that_is_not_there_is_one_calm_line(tmp_path, words):
    import subprocess
    import sys

    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "review.cli", *words],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.search("file not found|no such file", done.stderr.lower())
    assert len(done.stderr.strip().splitlines()) == 1
