"""PDFs become pages, sections and sentences, or end in a named state."""

import io
import json
import re

import pytest
from PIL import Image
from support.hostile import MAKERS, pdf, sentence_page, stream, write

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
    read_tables,
    render_page,
)

STATES = {
    "acl-two-column.pdf": ("ok", 10),
    "arxiv-0908.0054.pdf": ("ok", 4),
    "covid-xray-poster.pdf": ("ok", 3),
    "covidnet-cxr-v2.pdf": ("ok", 7),
    "covidnet-cxr-v3.pdf": ("ok", 9),
    "icml-two-column-maths.pdf": ("ok", 8),
    "invalid-44-bytes.pdf": ("damaged", 0),
    "lorem-two-column.pdf": ("ok", 3),
    "password-openpassword.pdf": ("encrypted", 0),
    "plosone-wheat-one-column.pdf": ("ok", 21),
    "scan-no-text.pdf": ("no_text", 1),
}

WHOLE = [
    (
        "covidnet-cxr-v3.pdf",
        "As such, radiography examination can be conducted faster and have greater availability "
        "given the prevalence of chest radiology imaging systems in modern healthcare systems, "
        "making them a good complement to PCR testing (in some cases, even exhibiting higher "
        "sensitivity [5]).",
    ),
    (
        "covidnet-cxr-v3.pdf",
        "The proposed COVID-Net was pretrained on the ImageNet [2] dataset and then trained on "
        "the COVIDx dataset using the Adam optimizer using a learning rate policy where the "
        "learning rate decreases when learning stagnates for a period of time (i.e., ’patience’).",
    ),
    (
        "covidnet-cxr-v2.pdf",
        "The following hyperparameters were used for training: learning rate=2e-5, number of "
        "epochs=10, batch size=8, factor=0.7, patience=5.",
    ),
    (
        "acl-two-column.pdf",
        "We test this in a monolingual scenario (paraphrase generation) as well as in a "
        "cross-lingual setting (translation by synthesizing adjective-noun phrase vectors in "
        "English and generating the equivalent expressions in Italian).",
    ),
    (
        "icml-two-column-maths.pdf",
        "Other applications include controlling sensor failures in video and image processing "
        "(Candes et al., 2009), performing figure-background separation in video processing, and "
        "dealing with malicious users in recommendation systems (Xu et al., 2010).",
    ),
    (
        "icml-two-column-maths.pdf",
        "It is important to note that without imposing these incoherence conditions, exact "
        "recovery is impossible, and moreover, the approximate recovery guarantee (17) cannot be "
        "improved.",
    ),
    (
        "lorem-two-column.pdf",
        "Pellentesque habitant morbi tristique senectus et netus et malesuada fames ac turpis "
        "egestas.",
    ),
    (
        "arxiv-0908.0054.pdf",
        "Moreover, if the interaction rate was always zero, thus there is no reason to believe "
        "that this species was in thermal equilibrium with the primeval fireball.",
    ),
    (
        "plosone-wheat-one-column.pdf",
        "Flag leaves were collected 10 days after heat treatment to employ an untargeted "
        "metabolomics profiling using LC-HRMS based technique called IROA.",
    ),
]


@pytest.fixture(scope="module")
def texts(shared) -> dict[str, FullText]:
    paths = sorted((shared / "reference" / "pdfs").glob("*.pdf"))
    return {path.name: text for path, text in zip(paths, read_full_texts(paths), strict=True)}


@pytest.fixture(scope="module")
def worker():
    with Worker() as open_worker:
        yield open_worker


@pytest.mark.parametrize("name", STATES)
def test_every_shared_file_ends_in_its_state(texts, name):
    text = texts[name]
    assert (text.state, text.page_count) == STATES[name]
    assert text.state == "ok" or text.problem
    assert text.state in STATE_MESSAGES


def test_no_shared_file_is_left_out(texts):
    assert set(texts) == set(STATES)


@pytest.mark.parametrize(("name", "sentence"), WHOLE)
def test_sentences_come_out_whole(texts, name, sentence):
    assert sentence in [found.text for found in texts[name].sentences]


def test_a_password_opens_a_locked_file(shared, worker):
    path = shared / "reference" / "pdfs" / "password-openpassword.pdf"
    assert read_full_text(path, password="openpassword", worker=worker).state == "ok"
    wrong = read_full_text(path, password="nonsense", worker=worker)
    assert wrong.state == "encrypted"
    assert "does not open" in str(wrong.problem)


def test_sections_carry_normal_names_in_order(texts):
    names = [section.name for section in texts["covidnet-cxr-v3.pdf"].sections]
    order = list(dict.fromkeys(names))
    assert order == [
        "abstract",
        "introduction",
        "methods",
        "results",
        "conclusion",
        "statements",
        "references",
    ]
    wheat = [
        (section.name, section.title) for section in texts["plosone-wheat-one-column.pdf"].sections
    ]
    assert ("methods", "Materials and methods") in wheat
    assert ("discussion", "Discussion") in wheat


def test_own_name_headings_before_the_results_are_methods(texts):
    sections = {s.title: s.name for s in texts["acl-two-column.pdf"].sections}
    assert sections["General framework"] == "methods"
    assert sections["Related work"] == "related work"


def test_sentences_know_their_section(texts):
    found = {s.text: s.section for s in texts["covidnet-cxr-v3.pdf"].sentences}
    [training] = [
        section for text, section in found.items() if text.startswith("The following hyper")
    ]
    assert training == "methods"
    references = [text for text, section in found.items() if section == "references"]
    assert any("COVID-19 image data collection" in text for text in references)
    assert not any(section == "references" for text, section in found.items() if "COVIDx" in text)


def test_an_unheaded_reference_list_is_found(texts):
    text = texts["arxiv-0908.0054.pdf"]
    assert next(s.text for s in text.sentences if s.section == "references").startswith("[1]")


def test_words_broken_at_line_ends_are_made_whole(texts):
    text = " ".join(s.text for s in texts["covidnet-cxr-v3.pdf"].sentences)
    assert "devastating effect" in text
    assert "COVID-19 cases" in text
    assert "devas-" not in text
    assert "SARS-CoV-2" in text


def test_running_heads_and_page_numbers_are_left_out(texts):
    for sentence in texts["plosone-wheat-one-column.pdf"].sentences:
        assert "PLOS ONE | https" not in sentence.text
    pages = texts["acl-two-column.pdf"].pages
    assert not any(re.fullmatch(r"6\d\d", line) for page in pages for line in page.text.split("\n"))


def test_boxes_lie_on_the_page_and_on_the_words(texts):
    for name in ("covidnet-cxr-v3.pdf", "plosone-wheat-one-column.pdf", "acl-two-column.pdf"):
        text = texts[name]
        sizes = {page.number: (page.width, page.height) for page in text.pages}
        for sentence in text.sentences:
            assert sentence.boxes
            width, height = sizes[sentence.page]
            for x0, top, x1, bottom in sentence.boxes:
                assert -2 <= x0 < x1 <= width + 2
                assert -2 <= top < bottom <= height + 2


def test_a_quote_is_found_over_line_breaks_and_hyphens(texts):
    text = texts["covidnet-cxr-v3.pdf"]
    quote = (
        "radiologists to look for visual indi-\ncators associated with SARS CoV 2 viral infection"
    )
    [(page, boxes)] = find_quote(text, quote)
    assert page == 1
    assert len(boxes) == 2
    assert find_quote(text, "this sentence stands nowhere in the paper at all") == []
    assert find_quote(text, "the") == []


def test_every_sentence_can_be_found_again(texts):
    text = texts["covidnet-cxr-v3.pdf"]
    long = [s for s in text.sentences if len(s.text) > 60 and s.section in ("methods", "results")]
    found = [s for s in long if find_quote(text, s.text)]
    assert len(found) >= 0.97 * len(long)


def test_the_same_file_gives_the_same_text(shared, texts, worker):
    path = shared / "reference" / "pdfs" / "covidnet-cxr-v2.pdf"
    assert read_full_text(path, worker=worker) == texts["covidnet-cxr-v2.pdf"]


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


def test_a_truncated_paper_keeps_what_could_be_read_and_says_so(shared, tmp_path, worker):
    whole = (shared / "reference" / "pdfs" / "covidnet-cxr-v3.pdf").read_bytes()
    path = tmp_path / "half.pdf"
    path.write_bytes(whole[: len(whole) // 3])
    text = read_full_text(path, worker=worker)
    assert text.state == "damaged"
    assert "pages that could not be opened: " in str(text.problem)
    assert any("devastating effect" in s.text for s in text.sentences)


def test_a_missing_file_is_a_state(tmp_path):
    assert read_full_text(tmp_path / "nothing.pdf").state == "missing"
    assert read_full_text(tmp_path).state == "missing"


def test_a_file_over_the_size_limit_is_not_opened(tmp_path, worker):
    path = tmp_path / "large.pdf"
    path.write_bytes(sentence_page(["Words on a page."]) + b"\n" * 1_200_000)
    assert read_full_text(path, limits=Limits(file_mb=1), worker=worker).state == "too_large"


def test_a_slow_page_ends_the_reading_and_not_the_next_file(shared, tmp_path, worker):
    slow = write(tmp_path, "300 MB of drawing in a megabyte")
    limits = Limits(seconds=60, page_seconds=0.3, memory_mb=6000)
    assert (
        read_full_text(shared / "reference" / "pdfs" / "scan-no-text.pdf", worker=worker).state
        == "no_text"
    )
    text = read_full_text(slow, limits=limits, worker=worker)
    assert text.state == "timeout"
    assert "page 1" in str(text.problem)
    assert (
        read_full_text(shared / "reference" / "pdfs" / "scan-no-text.pdf", worker=worker).state
        == "no_text"
    )


def test_progress_is_told_after_each_file(shared, tmp_path):
    paths = [shared / "reference" / "pdfs" / "scan-no-text.pdf", tmp_path / "absent.pdf"]
    told = []
    texts = read_full_texts(
        paths,
        workers=2,
        progress=lambda done, total, path, text: told.append((done, total, path.name, text.state)),
    )
    assert [text.state for text in texts] == ["no_text", "missing"]
    assert [(done, total) for done, total, *_ in told] == [(1, 2), (2, 2)]
    assert {(name, state) for *_, name, state in told} == {
        ("scan-no-text.pdf", "no_text"),
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


def test_a_page_is_drawn_with_its_highlight(shared, texts):
    path = shared / "reference" / "pdfs" / "covidnet-cxr-v3.pdf"
    [(page, boxes)] = find_quote(
        texts["covidnet-cxr-v3.pdf"], "radiologists to look for visual indicators"
    )
    plain = Image.open(io.BytesIO(render_page(path, page, scale=1.0)))
    marked = Image.open(io.BytesIO(render_page(path, page, boxes, scale=1.0)))
    x0, top, _, _ = boxes[0]
    spot = (int(x0), int(top) - 1)
    assert plain.getpixel(spot) == (255, 255, 255)
    red, _, blue = marked.getpixel(spot)
    assert blue < 200 < red


def test_a_page_that_cannot_be_drawn_is_an_error_with_a_way_on(shared, tmp_path):
    with pytest.raises(FullTextError, match="attach"):
        render_page(tmp_path / "absent.pdf", 1)
    with pytest.raises(FullTextError, match=r"invalid-44-bytes.pdf, page 1"):
        render_page(shared / "reference" / "pdfs" / "invalid-44-bytes.pdf", 1)


def test_tables_are_read_on_demand(shared):
    tables = read_tables(shared / "reference" / "pdfs" / "covidnet-cxr-v3.pdf", 6)
    assert ["97.0", "90.0", "87.1"] in [row for table in tables for row in table]


def test_the_second_reader_gives_the_same_sentences(shared, texts):
    path = shared / "reference" / "pdfs" / "covidnet-cxr-v2.pdf"
    other = plumber.read_pdf(path, "x", None, Limits(), lambda page: None, pdfium_error="asked for")
    assert other.reader.startswith("pdfplumber")
    first = {s.text for s in texts["covidnet-cxr-v2.pdf"].sentences if len(s.text) > 60}
    shared_ones = first & {s.text for s in other.sentences}
    assert len(shared_ones) >= 0.7 * len(first)


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
    from pathlib import Path

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
    assert "no such file" in done.stderr.lower()
    assert len(done.stderr.strip().splitlines()) == 1
