"""The steps of reading: headings, sentences, hyphenation, columns, matching to records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.papers import EARLIER_TITLE, STUDY_TITLE, draw_pdf

from review.fulltext import RecordCandidate, match_record, read_full_text
from review.fulltext.layout import arrange_lines, strip_headers_footers
from review.fulltext.lines import PageLines, build_line
from review.fulltext.sections import find_section_name, get_depth, parse_run_in, split_number
from review.fulltext.sentences import build_vocabulary, find_sentence_spans, join_broken_word
from review.models import Word


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Abstract", "abstract"),
        ("A B S T R A C T", "abstract"),
        ("INTRODUCTION", "introduction"),
        ("MATERIALSANDMETHODS", "methods"),
        ("L I T E R A T U R E  C I T E D", "references"),
        ("Materials and Methods", "methods"),
        ("Patients and methods:", "methods"),
        ("METHODS AND MATERIALS", "methods"),
        ("Dataset", "methods"),
        ("Data sets and augmentation", "methods"),
        ("Statistical analysis", "methods"),
        ("Experimental setup", "methods"),
        ("Proposed Model", "methods"),
        ("Results and Discussion", "results"),
        ("Experimental Results", "results"),
        ("Discussion", "discussion"),
        ("Limitations", "limitations"),
        ("Strengths and limitations", "limitations"),
        ("Conclusions and future work", "conclusion"),
        ("Related Work", "related work"),
        ("References", "references"),
        ("Acknowledgments", "statements"),
        ("Data availability", "statements"),
        ("Appendix A", "supplement"),
        ("Supplementary material", "supplement"),
        ("COVID-Net", None),
        ("Results show that the model is good at this", None),
        ("We use methods", None),
    ],
)
def test_headings_have_normal_names(printed, name):
    assert find_section_name(printed) == name


@pytest.mark.parametrize(
    ("printed", "number", "rest", "level"),
    [
        ("1. Introduction", "1", "Introduction", 1),
        ("3.2 Data", "3.2", "Data", 2),
        ("1 | INTRODUCTION", "1", "INTRODUCTION", 1),
        ("2.1 | Subjects and datasets", "2.1", "Subjects and datasets", 2),
        ("2.1.3. Network", "2.1.3", "Network", 3),
        ("IV. RESULTS", "IV", "RESULTS", 1),
        ("B. Dataset", "B", "Dataset", 2),
        ("A survey of methods", None, "A survey of methods", 1),
        ("I N T R O D U C T I O N", None, "I N T R O D U C T I O N", 1),
        ("I NTRODUCTION", None, "I NTRODUCTION", 1),
        ("I INTRODUCTION", "I", "INTRODUCTION", 1),
        ("V. C O N C L U S I O N", "V", "C O N C L U S I O N", 1),
        ("13,800 images were used", None, "13,800 images were used", 1),
        ("Results", None, "Results", 1),
    ],
)
def test_headings_lose_their_number(printed, number, rest, level):
    assert split_number(printed) == (number, rest)
    assert get_depth(number) == level


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("Methods: We trained a network.", "methods", "We trained a network."),
        ("Abstract—The purpose was", "abstract", "The purpose was"),
        ("Results. The accuracy was", "results", "The accuracy was"),
        ("1. Introduction. We present", "introduction", "We present"),
    ],
)
def test_a_paragraph_may_open_with_its_heading(text, name, rest):
    found = parse_run_in(text)
    assert found is not None
    assert (found[0], text[found[2] :]) == (name, rest)


@pytest.mark.parametrize(
    "text", ["Data were split. We then", "The model: it works", "results: none"]
)
def test_ordinary_openings_are_no_headings(text):
    assert parse_run_in(text) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("We used 0.5 as threshold. The rest was kept.", 2),
        ("Wang et al. proposed a net. It is shown in Fig. 2 and Eq. 3.", 2),
        ("Cohen et al. [1] built it (e.g. from papers, i.e. figures) vs. others.", 1),
        ("It was better (p < .05). 12 cases remained.", 2),
        ("J. P. Cohen collected images. Dr. Smith read them.", 2),
        ("The accuracy was 92.6%. [4] Others differ.", 2),
        ("Is it so? Yes! It is.", 3),
        ("Images came from the U.S. and the U.K. hospitals.", 1),
        ("no full stop at all", 1),
        ("approx. 30 min. were needed at the hospital.", 1),
        ("Acme Inc. made it.", 1),
        ("There were 216 cases of COVID. Normal cases were more.", 2),
        ("", 0),
    ],
)
def test_sentences_end_where_people_end_them(text, count):
    spans = find_sentence_spans(text)
    assert len(spans) == count, [text[a:b] for a, b in spans]


@given(st.text(alphabet="ab A.1[]()?! \n-", max_size=60))
def test_splitting_into_sentences_loses_no_letter(text):
    spans = find_sentence_spans(text)
    kept = "".join(text[a:b] for a, b in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(a < b for a, b in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("devas-", "tating", "devastating"),
        ("COVID-", "19", "COVID-19"),
        ("SARS-", "CoV-2", "SARS-CoV-2"),
        ("X-", "ray", "X-ray"),
        ("cross-", "validation", "cross-validation"),
        ("follow-", "up", "follow-up"),
        ("state-of-the-", "art", "state-of-the-art"),
        ("publicly-", "available", "publicly-available"),
        ("radiogra-", "phy,", "radiography,"),
    ],
)
def test_broken_words_are_joined_as_the_paper_writes_them(first, second, whole):
    solid, hyphened = build_vocabulary(["follow-up", "radiography", "validation"])
    assert join_broken_word(first, second, solid, hyphened) == whole


def page(*lines, width=600.0, number=1):
    """A page of (x0, top, x1, text) lines in the file's order, ten points high."""
    made = []
    for x0, top, x1, text in lines:
        words = text.split()
        step = (x1 - x0) / len(words)
        made.append(
            build_line(
                [
                    Word(word, x0 + place * step, top, x0 + (place + 1) * step - 2, top + 9)
                    for place, word in enumerate(words)
                ],
                10.0,
                False,
            )
        )
    return PageLines(number, width, 800.0, tuple(made))


def texts(raw):
    return [line.text for line in raw.lines]


def test_columns_written_row_by_row_are_read_one_after_the_other():
    rows = []
    for place in range(12):
        top = 100.0 + 12 * place
        rows.append((50.0, top, 280.0, f"left {place} word word"))
        rows.append((320.0, top, 550.0, f"right {place} word word"))
    read = texts(arrange_lines(page((50.0, 70.0, 550.0, "A title over both columns here"), *rows)))
    assert read[0].startswith("A title")
    assert [text.split()[0] for text in read[1:]] == ["left"] * 12 + ["right"] * 12


def test_lines_glued_over_the_gutter_are_cut():
    rows = [(50.0, 100.0 + 12 * n, 550.0, "a b c d e f g h") for n in range(12)]
    raw = page(*rows)
    glued = []
    for line in raw.lines:
        starts = [50.0 + 50 * n if n < 4 else 130.0 + 50 * n for n in range(8)]
        words = [
            Word(w.text, x, w.top, x + 40, w.bottom)
            for x, w in zip(starts, line.words, strict=True)
        ]
        glued.append(build_line(words, 10.0, False))
    read = texts(arrange_lines(PageLines(1, 600.0, 800.0, tuple(glued))))
    assert read == ["a b c d"] * 12 + ["e f g h"] * 12


def test_a_sound_order_is_left_alone():
    left = [(50.0, 100.0 + 12 * n, 280.0, f"left {n} word") for n in range(12)]
    right = [(320.0, 100.0 + 12 * n, 550.0, f"right {n} word") for n in range(12)]
    raw = page(*left, *right)
    assert texts(arrange_lines(raw)) == texts(raw)


def test_heads_feet_and_page_numbers_go_and_text_at_the_edge_stays():
    pages = [
        page(
            (50.0, 20.0, 300.0, f"Journal of Things {number + 100}"),
            (50.0, 60.0, 300.0, f"own words of page {'abc'[number]}"),
            (50.0, 400.0, 300.0, "Journal of Things in the middle"),
            (290.0, 780.0, 300.0, str(number + 1)),
            number=number + 1,
        )
        for number in range(3)
    ]
    for raw, number in zip(strip_headers_footers(pages), "abc", strict=True):
        assert texts(raw) == [f"own words of page {number}", "Journal of Things in the middle"]


def test_labels_of_tables_and_figures_at_the_head_of_pages_are_no_running_heads():
    pages = [
        page(
            (50.0, 20.0, 300.0, "Journal of Things"),
            (50.0, 55.0, 90.0, f"{'Table' if number % 2 else 'Fig.'} {number + 1}"),
            (50.0, 400.0, 300.0, "text"),
            number=number + 1,
        )
        for number in range(6)
    ]
    assert [texts(raw)[0] for raw in strip_headers_footers(pages)] == [
        "Fig. 1",
        "Table 2",
        "Fig. 3",
        "Table 4",
        "Fig. 5",
        "Table 6",
    ]


V2 = RecordCandidate("R000001", EARLIER_TITLE)
V3 = RecordCandidate("R000002", STUDY_TITLE, doi="10.5555/films.2020.1", arxiv_id="2003.09871")
OTHER = RecordCandidate("R000003", "Deep learning for tuberculosis", doi="10.1000/tb.1")


@pytest.mark.parametrize(("name", "key"), [("earlier.pdf", "R000001"), ("study.pdf", "R000002")])
def test_versions_whose_titles_differ_by_a_word_are_told_apart(tmp_path, name, key):
    (tmp_path / name).write_bytes(draw_pdf(name))
    text = read_full_text(tmp_path / name)
    found = match_record(text.front, [V2, V3, OTHER])
    assert (found.keys, found.method) == ((key,), "title")


@pytest.mark.parametrize(
    ("front", "file_name", "keys", "how"),
    [
        (
            "Deep learning for tuberculosis\nhttps://doi.org/10.1000/tb.1",
            "x.pdf",
            ("R000003",),
            "doi",
        ),
        ("arXiv:2003.09871v4 [cs.CV]\n" + str(V3.title), "x.pdf", ("R000002",), "arxiv"),
        ("Another paper that cites\ndoi 10.1000/tb.1 in its text", "x.pdf", (), "none"),
        ("nothing of use here", "R000003.pdf", ("R000003",), "file name"),
        ("nothing of use here", "R0000031.pdf", (), "none"),
        ("", "x.pdf", (), "none"),
    ],
)
def test_a_file_is_matched_by_what_stands_on_its_first_pages(front, file_name, keys, how):
    found = match_record(front, [V2, V3, OTHER], file_name=file_name)
    assert (found.keys, found.method) == (keys, how)


def test_two_records_of_one_title_are_both_named():
    twin = RecordCandidate("R000009", OTHER.title)
    found = match_record("Deep Learning for Tuberculosis. A. Author", [OTHER, twin])
    assert found.keys == ("R000003", "R000009")


def test_a_doi_shared_by_two_records_asks():
    twin = RecordCandidate("R000009", None, doi="10.1000/tb.1")
    found = match_record(
        "some front page with 10.1000/tb.1",
        [twin, RecordCandidate("R000010", None, doi="10.1000/tb.1")],
    )
    assert found.keys == ("R000009", "R000010")
