"""Sizes of a study against its protocol's thresholds, from the extraction and from the text."""

import pytest
from appraising import fill, review_in

from review.protocol import Appraisal
from review.records import Sentence
from review.workflow import bias_sizes
from review.workflow.bias_sizes import Sizes, concerns_in, concerns_of, sizes_from

FORM = "extraction-imaging-ai"


def test_few_positives_in_the_test_set_show_the_interval_they_imply():
    [said] = concerns_of(Sizes(positives_test=31, sensitivity=0.871), Appraisal())
    assert said == (
        "Test set: 31 positives (100 are asked for): a sensitivity of 87.1% then has a 95% "
        "interval from 71.1% to 94.9%."
    )
    [said] = concerns_of(Sizes(positives_test=20), Appraisal())
    assert "a sensitivity of 90.0% would then have a 95% interval from 69.9% to 97.2%" in said


@pytest.mark.parametrize(
    ("sizes", "asked", "words"),
    [
        (Sizes(test=1000, positives_test=100), Appraisal(), []),
        (Sizes(test=150, positives_test=120), Appraisal(), ["30 negatives (100 are asked for)"]),
        (Sizes(test=50, positives_test=120), Appraisal(), ["120 positives are more than the 50"]),
        (Sizes(positives_test=100), Appraisal(min_positives_test=200), ["(200 are asked for)"]),
        (
            Sizes(positives_development=60, predictors=12),
            Appraisal(),
            ["60 events for 12 candidate predictors are 5.0 each (10 are asked for)"],
        ),
        (Sizes(positives_development=120, predictors=12), Appraisal(), []),
        (
            Sizes(positives_development=120, predictors=12),
            Appraisal(min_events_per_variable=20),
            ["are 10.0 each (20 are asked for)"],
        ),
        (Sizes(positives_development=120), Appraisal(), []),
        (Sizes(), Appraisal(), []),
    ],
)
def test_the_protocols_thresholds_decide(sizes, asked, words):
    found = concerns_of(sizes, asked)
    assert len(found) == len(words)
    for said, wanted in zip(found, words, strict=True):
        assert wanted in said


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("12", 12),
        ("12 radiomic features", 12),
        ("age, sex and 30 texture features", 30),
        ("10 clinical features and 20 radiomic features", None),
        ("age and sex", None),
        ("images of 224 by 224 dots", None),
        ("na", None),
        (None, None),
    ],
)
def test_predictors_are_counted_only_where_one_number_stands(answer, number):
    assert sizes_from({"predictors": answer}).predictors == number


def test_what_is_no_number_is_unknown():
    sizes = sizes_from(
        {"size-test": "unclear", "positives-test": "1,200", "performance": "AUC 0.9"}
    )
    assert (sizes.test, sizes.positives_test, sizes.sensitivity) == (None, 1200, None)
    assert sizes_from({"performance": "sensitivity of 87.1%"}).sensitivity == pytest.approx(0.871)


def test_counts_of_the_text_are_held_to_the_threshold_with_their_own_sensitivity():
    line = Sentence("On the test set TP = 27, FN = 4, FP = 10, TN = 190.", 5, "results")
    [found] = concerns_in([line], Appraisal())
    assert (found.page, found.sentence) == (5, line.text)
    assert found.text.startswith("31 positives (100 are asked for): a sensitivity of 87.1%")
    assert concerns_in([line], Appraisal(min_positives_test=31)) == []
    assert concerns_in([Sentence("Nothing is counted here.", 1, "results")], Appraisal()) == []


def test_a_reviewer_sees_their_own_extraction_until_it_is_settled(tmp_path):
    project = review_in(tmp_path, 1)
    few = {"positives-test": "31", "size-test": "231"}
    fill(project, 1, FORM, "ada", few, finish=False)
    [mine] = bias_sizes.concerns(project, 1, "ada")
    assert mine.where == "extraction, your own form"
    assert "31 positives" in mine.text
    assert bias_sizes.concerns(project, 1, "ben") == []
