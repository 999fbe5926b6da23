"""Sentences that add, subtract and multiply: each kind of slip in several wordings, and near "
"misses."""

import re

import pytest

from review.bias.number_checks.number_words import join_thousands, list_counted, parse_number
from review.bias.number_checks.sentence_arithmetic import check_sentence_arithmetic
from review.models import Sentence


def _check(text: str) -> list[str]:
    sentences = [Sentence(part, 1, "methods") for part in re.split(r"(?<=\.) (?=[A-Z])", text)]
    return [problem.text for _, problem in check_sentence_arithmetic(sentences)]


EXCLUSIONS = (
    "Of 500 patients screened, 45 were excluded for poor image quality, leaving 465 patients.",
    "We collected 1,250 radiographs; after removing 130 duplicates, 1,100 radiographs remained.",
    "A total of 320 patients were enrolled. Twenty-two patients were excluded because of motion. "
    "The final cohort consisted of 288 patients.",
    "From 812 scans, 57 scans were discarded due to artefacts and 31 scans because of missing "
    "labels, resulting in 734 scans.",
    "Initially 96 participants were recruited, 14 withdrew and 72 were included in the analysis.",
    "After excluding 12 of 180 lesions, a final set of 158 lesions was analysed.",
    "After the exclusion of 38 patients from 400 patients, 372 patients were analysed.",
)
PRODUCTS = (
    "The database contains 1,000 patients with 3 scans each, 3,200 scans in total.",
    "From each of the 150 volumes we extracted 20 slices per volume, which gave 3,100 slices.",
    "We selected 40 patches per slide from 85 slides, yielding 3,600 patches.",
)
DURATIONS = (
    "Each scan has 1,200 time points (15 minutes with a repetition time of 0.72 s).",
    "Inference takes 0.5 s per image, so the 1,800 images took 20 minutes.",
    "The 300 volumes were read with an interval of 2 s, a duration of 12 minutes.",
)
SHARES = (
    "Of the 305 patients, 120 (39.3%) were smokers and 95 (33.1%) had diabetes.",
    "Among 240 lesions, 96 (40.0%) were benign, 84 (35.0%) malignant and 60 (27.0%) uncertain.",
    "In our data of 1,000 images, 450 (45%) showed pneumonia, 250 (25%) COVID-19 and 300 (35%) "
    "were normal.",
)
LISTS = (
    "The data set contains 2,905 images, of which 219, 1,341 and 1,335 were COVID-19, normal and "
    "pneumonia images, respectively.",
    "The training, validation and test sets contain 700, 150 and 160 images, respectively, for a "
    "total of 1,000 images.",
    "A total of 3,064 slices were divided into 708, 1,426 and 920 slices of meningioma, glioma and "
    "pituitary tumour, respectively.",
)
SEXES = (
    "200 patients took part in the study. There were 110 men and 80 women.",
    "The cohort comprised 348 patients (190 men, 148 women; mean age 56 years).",
    "We included 120 subjects. The group had 64 males and 66 females.",
    "The study population consisted of 85 women and 70 men, 165 patients in all.",
)


@pytest.mark.parametrize(
    "text", [*EXCLUSIONS, *PRODUCTS, *DURATIONS, *SHARES, *LISTS, *SEXES], ids=lambda t: t[:40]
)
def test_a_sum_that_is_wrong_is_found_in_each_wording(text: str) -> None:
    assert len(_check(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Of 500 patients screened, 45 were excluded for poor image quality, leaving 455 patients.",
        "We collected 1,250 radiographs; after removing 130 duplicates, 1,120 radiographs "
        "remained.",
        "A total of 320 patients were enrolled. Twenty-two patients were excluded because of "
        "motion. The final cohort consisted of 298 patients.",
        "Of 400 patients, 40 were excluded (20 for motion, 15 for quality, 5 for both), "
        "leaving 360.",
        "Of 400 patients, 40 were excluded, leaving 1,080 images.",
        "We collected 600 images from 300 patients, excluded 20 images and 12 patients, and "
        "analysed 288 patients.",
        "The database contains about 1,000 patients with 3 scans each, 3,200 scans in total.",
        "1,000 patients had up to 4 scans each, 3,200 scans in total.",
        "Of the 305 patients, 120 (39.3%) were smokers and 95 (31.1%) had diabetes.",
        "Of 305 patients, 120 (39.3%) were men, and of these 80 (66.7%) smoked.",
        "Sensitivity, specificity and accuracy were 90, 85 and 88 for 1,000 images, respectively.",
        "200 patients took part in the study. There were 110 men and 90 women.",
        "The cohort comprised 348 patients (190 men, 148 women; sex unknown in 10).",
        "The training set had 300 patients. The test set had 40 men and 30 women.",
        "Each scan has 1,200 time points (14.4 minutes with a repetition time of 0.72 s).",
    ],
    ids=lambda t: t[:40],
)
def test_sums_that_are_right_or_cannot_be_told_are_silent(text: str) -> None:
    assert _check(text) == []


def test_what_is_wrong_is_said_with_both_numbers() -> None:
    assert _check(EXCLUSIONS[0]) == ["500 without 45 are 455, not 465."]


@pytest.mark.parametrize(
    ("text", "number"),
    [("seven", 7), ("twenty-three", 23), ("one hundred and twelve", 112), ("1,204", 1204)],
)
def test_numbers_are_read_as_digits_and_as_words(text: str, number: int) -> None:
    assert parse_number(text) == number


def test_counted_things_keep_their_words() -> None:
    [thing] = list_counted("there were 219 COVID-19 positive images")
    assert (thing.count, thing.kind, thing.before) == (219, "image", "covid-19 positive")
    assert join_thousands("1, 200 images and 12 300 slices") == "1,200 images and 12,300 slices"
