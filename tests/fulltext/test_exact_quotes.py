"""Quotations looked for letter for letter, and shown in the paper's own words."""

import pytest

from review.fulltext import FullText, find_exact_quote
from review.models import Page, Sentence, Word

SENTENCES = (
    Sentence("We trained on 1,250 images (91 % of all).", 2, "methods"),
    Sentence("The café scanner — a Siemens® model — was used.", 3, "methods"),
)
PAGE = Page(
    4,
    "",
    600.0,
    800.0,
    tuple(Word(word, 0, 0, 1, 1) for word in ("Table", "caption:", "sub-", "sets")),
)
TEXT = FullText("ok", "a", "r", 4, pages=(PAGE,), sentences=SENTENCES)


@pytest.mark.parametrize(
    ("quote", "shown", "page"),
    [
        ("We trained on 1,250 images", "We trained on 1,250 images", 2),
        ("we  trained\non 1250 IMAGES", "We trained on 1,250 images", 2),
        ("1250 images 91% of all", "1,250 images (91 % of all", 2),
        ("cafe scanner a Siemens model", "café scanner — a Siemens® model", 3),
        ("rained on 1,250 ima", "trained on 1,250 images", 2),
        ("91% of all. The café", "91 % of all). The café", 2),
        ("table caption subsets", "Table caption: sub- sets", 4),
    ],
)
def test_letters_and_digits_decide_and_the_papers_own_words_are_given(quote, shown, page):
    found = find_exact_quote(TEXT, quote)
    assert (found.text, found.page) == (shown, page)


@pytest.mark.parametrize(
    "quote",
    [
        "We trained on 1,251 images",
        "We trained on 1,250 new images",
        "We trained on ... 91 % of all",
        "images",
        "!!!! ???? ....",
        "",
    ],
)
def test_what_differs_by_a_letter_or_is_too_short_stands_nowhere(quote):
    assert find_exact_quote(TEXT, quote) is None


def test_a_long_quotation_with_a_gap_is_not_letter_for_letter():
    words = " ".join(f"word{n}" for n in range(40))
    text = FullText("ok", "a", "r", 1, sentences=(Sentence(words, 1, "methods"),))
    assert find_exact_quote(text, words) is not None
    assert find_exact_quote(text, words.replace("word20 ", "")) is None
