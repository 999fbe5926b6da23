"""Placeholders for unknown in databases, and texts that only resemble them."""

import pytest

from review.text import placeholders
from review.text.placeholders import MAX_LENGTH, is_placeholder


@pytest.mark.parametrize(
    "text",
    [
        *("NA", "na", "N/A", "n.a.", "#N/A", "<NA>", "NaN", "NULL", "None", "-", "--", "...", "?"),
        *("[No abstract available]", "No abstract available.", "ABSTRACT NOT AVAILABLE"),
        *("No Abstract", "There is no abstract for this article.", "No abstract was provided"),
        *("This article has no abstract", "[Not Available].", "not available", "Not applicable"),
        "An abstract is unavailable. This article is available as HTML full text and PDF.",
        "Publisher: Abstract available from the publisher.",
        *("n.pag", "N.PAG-N.PAG", "N.PAG - N.PAG", "n. pag.", "No pagination", "s.n.", "[s.l.]"),
        *("No author listed", "[No authors listed]", "[No author name available]", "Anonymous"),
        *("[Anonymous]", "Anon.", "Author unknown", "NA, NA", "Unknown, Unknown"),
        *("n.d.", "no date", "Not specified", "None given", "Untitled", "[No title available]"),
        *("No source title available", "Resumen no disponible", "[无摘要]", "佚名", "", "  ", None),
    ],
)
def test_texts_that_say_nothing_are_placeholders(text: str | None) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        *("NA Smith", "Na, Li", "N", "A", "0", "e12", "Nature", "Nano", "No. 4", "Nan Li"),
        "No abstract thought without concrete pictures",
        "Not available light but dose decides the picture",
        "No evidence of benefit",
        "No date for the stress test",
        "Anonymous reporting of errors in radiology",
        "Unknown primary tumours",
        "Missing data in trials",
        "None of the above",
        "N.A.D.H. imaging",
        "Title and abstract screening",
    ],
)
def test_texts_that_say_something_are_none(text: str) -> None:
    assert not is_placeholder(text)


def test_a_long_text_says_something() -> None:
    assert is_placeholder("." * MAX_LENGTH)
    assert not is_placeholder("." * (MAX_LENGTH + 1))


def test_no_placeholder_in_any_case_has_a_start_that_settles_a_text() -> None:
    for phrase in sorted(placeholders._WORDS):
        for text in (
            phrase,
            phrase.upper(),
            phrase.title(),
            phrase.swapcase(),
            phrase.capitalize(),
        ):
            assert text[:2] not in placeholders.CLEAR_STARTS, text
            mixed = text[:1].lower() + text[1:2].upper() + text[2:]
            assert placeholders.is_placeholder(mixed), mixed
            last = text[:2].lower() + text[2:3].upper() + text[3:]
            assert placeholders.is_placeholder(last), last
    assert "He" in placeholders.CLEAR_STARTS
