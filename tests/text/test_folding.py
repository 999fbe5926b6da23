"""Accents and compatibility forms are folded in one place; case, letters and order stay."""

import unicodedata

import pytest

from review.text.folding import fold_text, strip_accents


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("Zürich", "Zurich"),
        ("Zu\u0308rich", "Zurich"),  # decomposed as macOS writes it
        ("Łódź", "Łodz"),  # a stroke is no accent
        ("ﬁbrosis", "fibrosis"),
        ("CO₂ in 10⁵", "CO2 in 105"),
        ("βeta ή", "βeta η"),
        ("groß", "groß"),
        ("肺炎", "肺炎"),
    ],
)
def test_accents_go_and_letters_stay(text, folded):
    assert strip_accents(text) == folded


def test_no_letter_keeps_a_mark_and_a_second_pass_changes_nothing():
    for number in (*range(0x20, 0x3000), *range(0xAC00, 0xAC80), *range(0xFB00, 0xFFF0)):
        folded = strip_accents(chr(number))
        assert strip_accents(folded) == folded
        assert not any(map(unicodedata.combining, folded))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (None, ""),
        (" - ", ""),
        ("Ärzte—and  X-Rays_2", "arzte and x rays 2"),
        ("Straße", "strasse"),
        ("37 ℃", "37 c"),
    ],
)
def test_text_is_compared_without_case_accents_and_punctuation(text, folded):
    assert fold_text(text) == folded
