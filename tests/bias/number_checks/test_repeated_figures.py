"""Sizes and results that two places of a text give differently."""

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import Sentence


def problems(*lines):
    sentences = [Sentence(text, 1 + n, section) for n, (section, text) in enumerate(lines)]
    return [problem.text for _, problem in find_paper_contradictions(sentences)]


def test_a_size_that_slipped_by_a_digit():
    first = ("methods", "The data set comprises 5396 histology images of both classes.")
    assert problems(first, ("conclusion", "All 5396 histology images were used.")) == []
    [text] = problems(first, ("conclusion", "All 5936 histology images were used."))
    assert "5,936 images here, 5,396 in the methods (p. 1)" in text


def test_sizes_of_different_groups_are_different_sizes():
    first = ("methods", "The training set comprises 5396 histology images.")
    other = [
        "The test set comprises 5936 histology images.",
        "Another 5936 histology images came from a second hospital.",
        "After exclusion, 5936 histology images remained.",
        "We used 5936 cytology images.",
        "We used 5936 histology slides.",
    ]
    for line in other:
        assert problems(first, ("results", line)) == [], line


def test_a_number_repeated_through_the_paper_beats_the_one_that_differs():
    lines = [
        ("methods", f"The 34 subjects were {verb}.") for verb in ("seen", "scanned", "followed")
    ]
    [text] = problems(*lines, ("results", "Age of the 43 subjects is given below."))
    assert "43 subjects here, 34" in text.replace("people", "subjects")
    assert problems(*lines[:1], ("results", "Age of the 43 subjects is given below.")) == []


def test_the_same_clause_in_two_sections():
    said = (
        "Additional {} patients that were admitted to two independent institutions were validated"
    )
    again = "An additional {} patients were admitted to two independent institutions in the region."
    assert problems(("abstract", said.format(222)), ("methods", again.format(222))) == []
    assert problems(("abstract", said.format(222)), ("methods", again.format(240)))
    assert problems(("methods", said.format(222)), ("methods", again.format(240))) == []


RESULT = "Sensitivity was {}%, specificity {}% and AUC {} on the test set."


def test_results_with_all_figures_the_same_but_one():
    first = ("abstract", RESULT.format("92.1", "88.4", "0.953"))
    assert problems(first, ("results", RESULT.format("92.1", "88.4", "0.953"))) == []
    texts = problems(first, ("results", RESULT.format("92.1", "84.4", "0.953")))
    assert any("specificity is 88.4 here, 84.4 in the results" in text for text in texts)
    other_test = ("results", RESULT.format("84.1", "97.4", "0.953"))
    assert problems(first, other_test) == []


def test_a_list_repeated_in_another_section():
    said = "We saw {} of 412 nodules with 31.25 mm, 18.75 mm and 12.65 mm."
    assert problems(("abstract", said.format(397)), ("results", said.format(397))) == []
    texts = problems(("abstract", said.format(397)), ("results", said.format(379)))
    assert any("397 here is 379" in text for text in texts)
    assert problems(("methods", said.format(397)), ("methods", said.format(379))) == []
