"""A rise that is called a fall, and the other way round."""

import pytest

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import Sentence


def problems(text):
    sentences = [Sentence("We study change.", 1, "abstract"), Sentence(text, 2, "results")]
    found = find_paper_contradictions(sentences)
    return [problem.text for _, problem in found if problem.figure == "direction"]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("The mean error decreased from 0.12 to 0.19 after registration.", "0.19"),
        ("With attention the Dice score increased significantly from 0.86 to 0.82.", "0.82"),
        ("We saw a significant reduction in the AUC from 91.2% to 93.4%.", "93.4"),
        ("Mean density rose from −741.2 at baseline to −768.4 at follow-up.", "−768.4"),
        ("Contrast showed a decrease of 20.0% (0.50 to 0.60) in responders.", "0.60"),
        ("The increase in entropy was 25.0% (median 4.0 at baseline, median 3.0 at week 8 of "
         "follow-up) in men.", "3.0"),
        ("Nodules (mean 12.0 before, mean 15.0 after treatment) had a decrease of 25%.", "15.0"),
        ("There was an increase of 10% (from 50 to 45) in lesion volume.", "45"),
    ],
)  # fmt: skip
def test_direction_is_wrong(text, after):
    [found] = problems(text)
    assert after in found


@pytest.mark.parametrize(
    "text",
    [
        "The mean error decreased from 0.19 to 0.12 after registration.",
        "Mean density rose from −768.4 at baseline to −741.2 at follow-up.",
        "Contrast showed a decrease of 20.0% (0.10 to 0.30) in responders.",  # an interval
        "The error fell for patients aged from 20 to 40 years.",
        "Increasing the resolution from 2 mm to 1 mm helps.",
        "Dose reduction from 25% to 75% was simulated.",
        "Accuracy decreases as the noise level goes from 1 to 5.",
        "The count of scans increased from 2019 to 2016 data.",
        "Specificity did not decrease from 0.90 to 0.91.",
        "The learning rate was reduced from 0.01 to 0.02.",
        "Dropping modalities increased the error and changed recall from 0.9 to 0.8.",
        "The loss decreased from 1.2e-3 to 4.0e-3.",
        "The increase was 25.0% (median 3.0 at baseline, median 4.0 at follow-up).",
        "An increase of 3.0% (95% CI: 4.5, 1.2) was seen.",
    ],
)
def test_direction_is_right_or_not_stated(text):
    assert problems(text) == []
