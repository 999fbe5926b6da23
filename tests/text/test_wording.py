"""Counts with their noun, and names of stages and databases."""

import pytest

from review.protocol.models import Stage, format_stage_name
from review.text.wording import format_count
from review.workflow.records.source_names import format_source


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 studies"),
        (1, "1 study"),
        (2, "2 studies"),
        (1200, "1,200 studies"),
        (None, "? studies"),
    ],
)
def test_a_count_agrees_with_its_noun(number, text):
    assert format_count(number, "study", "studies") == text


def test_a_regular_plural_takes_an_s():
    assert (format_count(1, "record"), format_count(2, "record")) == ("1 record", "2 records")


def test_a_stage_is_shown_by_its_name_else_by_its_id_in_words():
    assert format_stage_name(Stage("title-abstract", "screening")) == "Title and abstract"
    assert format_stage_name(Stage("full-text", "eligibility")) == "Full text"
    assert format_stage_name(Stage("full-text", "eligibility", "Papers")) == "Papers"


def test_a_source_is_shown_by_its_name_and_an_unknown_one_as_it_is():
    assert [format_source(name) for name in ("medrxiv", "embase", "wos", "my-list")] == [
        "medRxiv",
        "Embase",
        "Web of Science",
        "my-list",
    ]
