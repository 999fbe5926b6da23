"""Titles without what databases, proceedings and programs add to them."""

import pytest

from review.dedupe.normalize import clean_title, normalize_text


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Query optimization (Panel)", "Query optimization"),
        ("Index research (panel session): forest or trees?", "Index research: forest or trees?"),
        ("Lessons from the street (Tutorial)", "Lessons from the street"),
        ("A system for maps (Demo Abstract)", "A system for maps (Demo Abstract)"),
        ("Pain at the clinic (Poster)", "Pain at the clinic (Poster)"),
        ("A panel (of experts)", "A panel (of experts)"),
        ("Pain at the clinic (poster girls of 1950)", "Pain at the clinic (poster girls of 1950)"),
        ("The demo effect", "The demo effect"),
    ],
)
def test_notes_of_proceedings_are_no_part_of_a_title(title, bare):
    assert clean_title(title) == bare


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"a village,\nAndhra Pradesh", "a village andhra pradesh"),
        (r"the end\n", "the end"),
        (r"the field \nabla x", "the field nabla x"),
    ],
)
def test_a_line_break_written_as_a_letter_is_a_space(text, words):
    assert normalize_text(text) == words
