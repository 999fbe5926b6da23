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
        "In the second hospital, 5936 histology images were made.",
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


def test_a_figure_with_its_spread_or_interval():
    first = ("abstract", "The precision reached {} ± 0.058 on all folds.")
    again = ("results", "Our net had the best precision of {} ± 0.058 overall.")
    filler = ("methods", "Nothing is counted here at all.")

    def state(one, other):
        stated = (first[0], first[1].format(one)), (again[0], again[1].format(other))
        return problems(stated[0], filler, stated[1])

    assert state("0.713", "0.713") == []
    found = state("0.173", "0.713")
    assert any("0.173 ± 0.058 here, 0.713 ± 0.058 in the results" in text for text in found)
    assert state("0.624", "0.713") == []  # another figure with the same spread
    auc = "The AUC was 0.953 (95% CI 0.{}-0.971) on the test set."
    texts = problems(("abstract", auc.format("912")), filler, ("results", auc.format("921")))
    assert any("0.953 (0.912 to 0.971) here, 0.953 (0.921 to 0.971)" in text for text in texts)


def test_folds_of_cross_validation():
    abstract = ("abstract", "We used five-fold cross-validation.")
    assert problems(abstract, ("methods", "A 5-fold cross-validation was run.")) == []
    [text] = problems(abstract, ("methods", "A 10-fold cross-validation was run."))
    assert "5-fold cross-validation in the abstract, 10-fold in the methods" in text
    both = ("methods", "A 10-fold and a 5-fold cross-validation of each was run.")
    assert problems(abstract, both) == []


def test_parts_of_a_list_with_their_total():
    said = "We recorded 396 spectra, 98 from controls, 82 from mild cases, 80 from others and {}."
    assert problems(("methods", said.format("136 from severe ones"))) == []
    [text] = problems(("methods", said.format("126 from severe ones")))
    assert text == "the 4 parts listed add up to 386, not 396."
    assert problems(("methods", said.format("30 from severe ones"))) == []  # not all parts
    total = ("methods", "The collection holds 1,000 images.")
    these = "Of these, {} were normal, 350 showed pneumonia and 60 showed a tumour."
    assert problems(total, ("methods", these.format(590))) == []
    assert problems(total, ("methods", these.format(600))) == [
        "the 3 parts listed add up to 1,010, not 1,000."
    ]


def test_shares_that_are_meant_to_be_all():
    said = "There were 120 ({}%) men and 80 ({}%) women."
    assert problems(("results", said.format("60.0", "40.0"))) == []
    [text] = problems(("results", said.format("64.0", "36.0")))
    assert "120 of 200 is 60.0% and 80 of 200 is 40.0%, not 64.0% and 36.0%" in text
    assert problems(("results", said.format("60.0", "12.0"))) == []
