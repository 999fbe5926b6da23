"""Sample sizes of a study compared with the protocol, from the extraction and from the text."""

import pytest
from support.appraising import fill, review_in

from review.bias import number_checks
from review.models import Sentence
from review.protocol.models import Appraisal
from review.workflow.bias import sample_sizes
from review.workflow.bias.sample_sizes import SampleSizes, check_sizes, find_concerns, parse_sizes
from review.workflow.setup.loading import init_project

FORM = "extraction-imaging-ai"


def test_few_positives_in_the_test_set_show_the_interval_they_imply():
    [said] = check_sizes(SampleSizes(positives_test=31, sensitivity=0.871), Appraisal())
    assert said == (
        "Test set: 31 positives (at least 100 recommended): a sensitivity of 87.1% then has a 95% "
        "interval from 71.1% to 94.9%."
    )
    [said] = check_sizes(SampleSizes(positives_test=20), Appraisal())
    assert "a sensitivity of 90.0% would then have a 95% interval from 69.9% to 97.2%" in said


@pytest.mark.parametrize(
    ("sizes", "asked", "words"),
    [
        (SampleSizes(test=1000, positives_test=100), Appraisal(), []),
        (
            SampleSizes(test=150, positives_test=120),
            Appraisal(),
            ["30 negatives (at least 100 recommended)"],
        ),
        (
            SampleSizes(test=50, positives_test=120),
            Appraisal(),
            ["120 positives, but only 50 in total"],
        ),
        (
            SampleSizes(positives_test=100),
            Appraisal(min_positives_test=200),
            ["(at least 200 recommended)"],
        ),
        (
            SampleSizes(positives_development=60, predictors=12),
            Appraisal(),
            ["60 events for 12 candidate predictors are 5.0 each (at least 10 recommended)"],
        ),
        (SampleSizes(positives_development=120, predictors=12), Appraisal(), []),
        (
            SampleSizes(positives_development=120, predictors=12),
            Appraisal(min_events_per_variable=20),
            ["are 10.0 each (at least 20 recommended)"],
        ),
        (SampleSizes(positives_development=120), Appraisal(), []),
        (SampleSizes(), Appraisal(), []),
    ],
)
def test_the_protocols_thresholds_decide(sizes, asked, words):
    found = check_sizes(sizes, asked)
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
    assert parse_sizes({"predictors": answer}).predictors == number


@pytest.mark.parametrize("answer", ["²", "10²", "①", "9" * 5000, "٣"])
def test_signs_that_look_like_digits_are_no_size(answer):
    assert parse_sizes({"size-test": answer, "predictors": answer}) == SampleSizes()


def test_what_is_no_number_is_unknown():
    sizes = parse_sizes(
        {"size-test": "unclear", "positives-test": "1,200", "performance": "AUC 0.9"}
    )
    assert (sizes.test, sizes.positives_test, sizes.sensitivity) == (None, 1200, None)
    assert parse_sizes({"performance": "sensitivity of 87.1%"}).sensitivity == pytest.approx(0.871)


def test_counts_of_the_text_are_held_to_the_threshold_with_their_own_sensitivity():
    line = Sentence("On the test set TP = 27, FN = 4, FP = 10, TN = 190.", 5, "results")
    [found] = find_concerns([line], Appraisal())
    assert (found.page, found.sentence) == (5, line.text)
    assert found.text.startswith("31 positives (at least 100 recommended): a sensitivity of 87.1%")
    assert find_concerns([line], Appraisal(min_positives_test=31)) == []
    assert find_concerns([Sentence("Nothing is counted here.", 1, "results")], Appraisal()) == []


COUNTED = [
    ("The test set contained 31 COVID-19 images and 900 others.", (31, None, None)),
    (
        "The external validation cohort (45 positive patients, 210 negative) was scanned later.",
        (None, None, None),
    ),
    ("The independent test set consisted of 1,204 positive cases.", (1204, None, None)),
    ("We kept 58 positive cases for the test set.", (58, None, None)),
    (
        "The training set had 300 COVID-19 images, the test set had 40 COVID-19 images.",
        (40, None, None),
    ),
    (
        "The test set held 40 positive cases; the second test set held 50 positive cases.",
        (None, None, None),
    ),
    ("The training set contained 31 COVID-19 images.", (None, None, None)),
    ("Accuracy on the test set was 0.97 and 31 patients were infected.", (None, None, None)),
    ("With 60 events and 12 candidate predictors a model was fitted.", (None, 60, 12)),
    ("There were 60 deaths.", (None, None, None)),
    ("We extracted 1,316 radiomic features.", (None, None, None)),
    ("60 events were seen; 12 predictors and 30 predictors were tried.", (None, None, None)),
]


@pytest.mark.parametrize(("text", "wanted"), COUNTED)
def test_sizes_a_sentence_states_are_read_only_where_plain(text, wanted):
    found = number_checks.extract_counts(text)
    assert (found.positives_test, found.events, found.predictors) == wanted


def test_sizes_of_the_text_are_told_once_and_never_of_other_studies():
    few = "The test set contained 31 COVID-19 images, sensitivity was 87.1%."
    lines = [
        Sentence(few, 2, "methods"),
        Sentence(few, 4, "results"),
        Sentence("Previous studies had 60 events and 12 predictors.", 1, "introduction"),
        Sentence("The test set contained 20 positive cases.", 9, "references"),
        Sentence("There were 60 events for 12 candidate predictors.", 3, "methods"),
    ]
    found = find_concerns(lines, Appraisal())
    assert [(one.page, one.text.split(" (")[0]) for one in found] == [
        (2, "Test set: 31 positives"),
        (3, "Development: 60 events for 12 candidate predictors are 5.0 each"),
    ]
    assert "from 71.1% to 94.9%" in found[0].text


def test_the_command_holds_sizes_against_the_protocol_it_stands_in(tmp_path):
    assert sample_sizes.load_thresholds(tmp_path) == Appraisal()
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    text, line = path.read_text(), "\nappraisal:\n"
    assert line in text
    path.write_text(text.replace(line, f"{line}  min_positives_test: 250\n"))
    assert sample_sizes.load_thresholds(tmp_path).min_positives_test == 250


def test_sizes_in_words_name_page_sentence_and_what_is_asked():
    line = Sentence("The test set contained 31 COVID-19 images.", 5, "results")
    words = sample_sizes.format_concerns(find_concerns([line], Appraisal()), Appraisal())
    assert words[0].startswith("p. 5: Test set: 31 positives (at least 100 recommended)")
    assert "95% interval from" in words[0]
    assert words[-1].startswith("1 reported sample size below") and "10 events" in words[-1]


def test_a_reviewer_sees_their_own_extraction_until_it_is_settled(tmp_path):
    project = review_in(tmp_path, 1)
    few = {"positives-test": "31", "size-test": "231"}
    fill(project, 1, FORM, "ada", few, finish=False)
    [mine] = sample_sizes.find_study_concerns(project, 1, "ada")
    assert mine.where == "extraction, your own form"
    assert "31 positives" in mine.text
    assert sample_sizes.find_study_concerns(project, 1, "ben") == []
