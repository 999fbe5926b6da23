"""Figures of one sentence that cannot stand beside each other, and those that can."""

import pytest

from review.bias.number_checks.sentence_bounds import check_sentence_bounds
from review.models import Sentence

WRONG = (
    "The model reached a precision of 90.0%, a recall of 98.0% and an F1-score of 96.2%.",
    "Precision, recall and F1-score were 0.93, 0.95 and 0.81, respectively.",
    "On the test set, our network obtained an F1 of 0.975 with a precision of 0.940 and a "
    "recall of 0.980.",
    "The accuracy was 0.91 and Cohen's kappa was 0.95.",
    "Sensitivity was 92.0%, specificity was 84.0%, and balanced accuracy was 90.0%.",
    "With a sensitivity of 0.90, a specificity of 0.80 and a Youden index of 0.75, the cut-off "
    "was chosen.",
    "Sensitivity was 90%, specificity 80% and the positive likelihood ratio was 9.0.",
    "Sensitivity of 95.0%, specificity of 90.0%, LR+ of 9.5 and LR- of 0.56 were found.",
    "The proposed method achieved an accuracy of 109.3%.",
    "The AUC was 1.05 for COVID-19.",
    "The mean Dice was 0.95 ± 0.40 for the liver.",
    "The median age was 45 years (IQR 50-62).",
    "Mean tumour size was 3.2 cm (range, 3.5 to 9.0).",
    "The median follow-up was 24 months (interquartile range: 30 to 41 months).",
    "Smoking was a predictor (odds ratio 1.4, 95% CI 0.8 to 2.3; p = 0.003).",
    "Age was associated with death (HR 1.52, 95% CI 1.21-1.90, p = 0.35).",
    "We found a sensitivity of 87.3% in 20 patients.",
    "In the 30 COVID-19 patients, a sensitivity of 91.2% was reached.",
    "The model reached an accuracy of 93.4% on the 60 test images.",
    "12 of 300 images were misclassified, which gives an accuracy of 97.3%.",
    "The network misclassified 5 out of 100 radiographs, for an overall accuracy of 94%.",
    "285 of the 300 images were correctly classified, an accuracy of 96.0%.",
)
RIGHT = (
    "The model reached a precision of 90.0%, a recall of 98.0% and an F1-score of 93.8%.",
    "The macro precision was 0.75, recall 0.75 and F1-score 0.67.",
    "The weighted kappa was 0.95 with an accuracy of 0.91.",
    "Sensitivity was 90%, specificity 80% and the positive likelihood ratio was 4.5.",
    "The mean Dice was 0.85 ± 0.20 for the liver.",
    "The median age was 55 years (IQR 50-62).",
    "The mean cost was 62 (IQR 30-50).",
    "Smoking was a predictor (odds ratio 1.4, 95% CI 0.8 to 2.3; p = 0.23).",
    "We found a sensitivity of 85.0% in 20 patients.",
    "The average sensitivity of 87.3% in 20 patients was computed over folds.",
    "12 of 300 images were misclassified, which gives an accuracy of 96%.",
    "285 of the 300 images were correctly classified, an accuracy of 95.0%.",
    "The accuracy rose by 120% over 3 years.",
)


def _check(*texts: str) -> list[str]:
    sentences = [Sentence(text, 1, "results") for text in texts]
    return [problem.text for _, problem in check_sentence_bounds(sentences)]


@pytest.mark.parametrize("text", WRONG)
def test_figures_that_cannot_all_be_right_are_found(text: str) -> None:
    assert len(_check(text)) == 1


@pytest.mark.parametrize("text", RIGHT)
def test_figures_that_can_be_right_are_silent(text: str) -> None:
    assert _check(text) == []


def test_the_four_counts_are_held_against_the_sentences_after_them() -> None:
    counts = "The confusion matrix had TP = 190, FN = 10, FP = 8 and TN = 192."
    assert _check(counts, "The sensitivity was 95.0%.") == []
    [text] = _check(counts, "The sensitivity was 93.0%.")
    assert text == "sensitivity is 93.0, but 190 of 200 in the sentence before is 95.0%."
