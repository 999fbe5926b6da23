"""Reported figures are recomputed: contradictions are reported, consistent figures are not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.papers import draw_pdf

from review.bias.number_checks import (
    DiagnosticFigures,
    check_sentences,
    complete_figures,
    compute_events_per_variable,
    extract_figures,
    find_contradictions,
    find_size_concerns,
    parse_proportion,
    wilson,
)
from review.fulltext import read_full_text
from review.models import Sentence


@pytest.mark.parametrize(
    ("printed", "value", "slack"),
    [
        ("87.1%", 0.871, 0.0005),
        ("87 %", 0.87, 0.005),
        ("0.871", 0.871, 0.0005),
        ("87.1", 0.871, 0.0005),
        ("1.0", 1.0, 0.05),
        ("1.5", 0.015, 0.0005),
        ("87·1%", 0.871, 0.0005),
    ],
)
def test_a_figure_knows_what_rounding_hides(printed, value, slack):
    found = parse_proportion(printed)
    assert math.isclose(found.value, value)
    assert math.isclose(found.slack, slack)


@pytest.mark.parametrize("printed", ["", "high", "120%", "870", "-3%"])
def test_what_is_no_proportion_is_refused(printed):
    with pytest.raises(ValueError, match=r"proportion|more than 100%"):
        parse_proportion(printed)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes, n, low, high):
    found = wilson(successes, n)
    assert found is not None
    assert abs(found.low - low) < 6e-5
    assert abs(found.high - high) < 6e-5


def test_wilson_of_nothing_is_unknown_and_of_nonsense_refused():
    assert wilson(0, 0) is None
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


cells = st.integers(1, 400)


@given(cells, cells, cells, cells)
def test_figures_made_from_a_table_never_contradict_it(tp, fn, fp, tn):
    n = tp + fn + fp + tn
    stated = DiagnosticFigures(
        tp,
        fn,
        fp,
        tn,
        n,
        tp + fn,
        fp + tn,
        sensitivity=parse_proportion(f"{100 * tp / (tp + fn):.1f}%"),
        specificity=parse_proportion(f"{100 * tn / (tn + fp):.1f}%"),
        accuracy=parse_proportion(f"{100 * (tp + tn) / n:.2f}%"),
        ppv=parse_proportion(f"{100 * tp / (tp + fp):.0f}%"),
        npv=parse_proportion(f"{tn / (tn + fn):.3f}"),
    )
    assert find_contradictions(stated) == []


@given(cells, cells, st.floats(0.02, 0.3))
def test_a_sensitivity_moved_away_from_the_table_is_found(tp, fn, shift):
    wrong = tp / (tp + fn) + (shift if tp / (tp + fn) < 0.6 else -shift)
    stated = DiagnosticFigures(tp=tp, fn=fn, sensitivity=parse_proportion(f"{wrong:.4f}"))
    assert "sensitivity" in {one.figure for one in find_contradictions(stated)}


CASES = [
    (DiagnosticFigures(tp=90, fn=10, positives=110), {"positives"}, "its parts add up to 100"),
    (DiagnosticFigures(n=300, positives=100, negatives=150), {"n"}, "add up to 250"),
    (DiagnosticFigures(tp=45, fp=5, ppv=parse_proportion("80%")), {"ppv"}, "45 of 50 is 90.0%"),
    (DiagnosticFigures(tn=45, fn=5, npv=parse_proportion("80%")), {"npv"}, "45 of 50"),
    (
        DiagnosticFigures(
            sensitivity=parse_proportion("90%"),
            specificity=parse_proportion("80%"),
            accuracy=parse_proportion("95%"),
        ),
        {"accuracy"},
        "must lie between",
    ),
    (
        DiagnosticFigures(
            n=200,
            positives=100,
            sensitivity=parse_proportion("90%"),
            specificity=parse_proportion("80%"),
            accuracy=parse_proportion("89%"),
        ),
        {"accuracy"},
        "give 85.0%",
    ),
    (
        DiagnosticFigures(positives=31, sensitivity=parse_proportion("88.2%")),
        {"sensitivity"},
        "no number out of 31",
    ),
]


@pytest.mark.parametrize(("accuracy", "figures"), [("85.5%", set()), ("86.0%", {"accuracy"})])
def test_accuracy_may_differ_by_what_the_rounding_of_all_three_figures_hides(accuracy, figures):
    # 90 % and 80 % of equal classes are rounded to .5 points each, the accuracy to .05: .55 in all.
    stated = DiagnosticFigures(
        n=200,
        positives=100,
        sensitivity=parse_proportion("90%"),
        specificity=parse_proportion("80%"),
        accuracy=parse_proportion(accuracy),
    )
    assert {contradiction.figure for contradiction in find_contradictions(stated)} == figures


@pytest.mark.parametrize(("stated", "figures", "words"), CASES)
def test_contradictions_are_named_with_both_values(stated, figures, words):
    found = find_contradictions(stated)
    assert {one.figure for one in found} == figures
    assert any(words in one.text for one in found)


def test_what_follows_from_counts_is_filled_in():
    whole = complete_figures(DiagnosticFigures(tp=8, fn=2, n=30))
    assert (whole.positives, whole.negatives, whole.n) == (10, 20, 30)
    assert complete_figures(DiagnosticFigures(n=30, negatives=12)).positives == 18
    assert complete_figures(DiagnosticFigures(n=5, positives=9)).negatives is None


def test_small_sets_are_said_with_the_interval_they_imply():
    [text] = find_size_concerns(positives=31, share=0.871)
    assert text == (
        "31 positives (at least 100 recommended): a sensitivity of 87.1% then has a 95% interval "
        "from 71.1% to 94.9%."
    )
    assert find_size_concerns(positives=150, negatives=400) == []
    assert len(find_size_concerns(positives=20, negatives=30)) == 2
    [few] = find_size_concerns(positives=60, predictors=12)
    assert few.startswith("60 events for 12 candidate predictors are 5.0 each")
    assert find_size_concerns(positives=600, predictors=12) == []
    assert find_size_concerns() == []
    assert compute_events_per_variable(10, 0) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "Sensitivity was 91% and specificity was 88.5%.",
            {"sensitivity": 0.91, "specificity": 0.885},
        ),
        (
            "We got 92.6% accuracy, a sensitivity of 0.871.",
            {"accuracy": 0.926, "sensitivity": 0.871},
        ),
        (
            "Accuracy, sensitivity and specificity were 95%, 90% and 80%, respectively.",
            {"accuracy": 0.95, "sensitivity": 0.9, "specificity": 0.8},
        ),
        ("TP = 90, FN = 10 and a sensitivity of 90%.", {"sensitivity": 0.9}),
        (
            "Positive predictive value (PPV) 96.4% and recall 87.1%.",
            {"ppv": 0.964, "sensitivity": 0.871},
        ),
    ],
)
def test_figures_are_read_from_sentences(text, values):
    stated = extract_figures(text)
    assert stated is not None
    for name, value in values.items():
        assert math.isclose(getattr(stated, name).value, value)


@pytest.mark.parametrize(
    "text",
    [
        "The accuracy was high.",
        "The accuracy was 95%.",
        "Accuracy was 95% for A with sensitivity 90%, and accuracy was 93% for B.",
        "The sensitivity was 91% versus a specificity of 88% for the baseline.",
        "We used 95% of images.",
        "Accuracy: 120% of expected sensitivity.",
    ],
)
def test_sentences_on_several_tests_or_none_are_left_alone(text):
    assert extract_figures(text) is None


WRONG = "Sensitivity, specificity and accuracy were 90%, 80% and 95%, respectively."


def test_a_contradiction_in_a_text_is_found_with_its_sentence():
    lines = [
        Sentence("The sensitivity was 91% and the specificity 88%.", 1, "results"),
        Sentence(WRONG, 2, "results"),
        Sentence("Sensitivity 90% specificity 80% accuracy 95%.", 3, "references"),
    ]
    found = check_sentences(lines)
    assert [(one.sentence, [p.figure for p in one.problems]) for one in found] == [
        (0, []),
        (1, ["accuracy"]),
    ]


def test_a_sound_paper_shows_no_contradiction(tmp_path):
    for name in ("study.pdf", "unrelated.pdf"):
        (tmp_path / name).write_bytes(draw_pdf(name))
        text = read_full_text(tmp_path / name)
        assert [one for one in check_sentences(text.sentences) if one.problems] == []


SLASHED = [
    ("It achieves ~85%/~70%/~77% on Sensitivity/Specificity/Accuracy.", (0.85, 0.70, 0.77)),
    ("Sensitivity / specificity were 91.2 / 80.5 %.", (0.912, 0.805, None)),
    ("Sensitivity/specificity/accuracy were 90%/80%.", None),
    ("The 2/3 split gave a sensitivity of 90% and an accuracy of 85%.", (0.9, None, 0.85)),
]


@pytest.mark.parametrize(("text", "wanted"), SLASHED)
def test_figures_listed_with_slashes_are_read_in_their_order(text, wanted):
    found = extract_figures(text)
    if wanted is None:
        assert found is None
        return
    shares = (found.sensitivity, found.specificity, found.accuracy)
    assert tuple(one and pytest.approx(one.value) for one in shares) == wanted


BESIDE = [
    ("Of 100 patients with disease 90 were detected, giving a sensitivity of 85%.", "90 of 100"),
    ("Sensitivity was 0.90 (45/60).", "45 of 60 is 75.0%"),
    ("The sensitivity was 92.0% (46 of 52) and the specificity 95.0% (95/100).", "46 of 52"),
    ("An accuracy of 87% (100/120) was reached.", "100 of 120"),
    ("The model correctly classified 80 of 100 cases (accuracy 90%).", "80 of 100"),
    ("A specificity of 70% (45/50) was found, against 90% (45/50) before.", "45 of 50"),
    ("There were 40 true positives and 10 false negatives, a sensitivity of 95%.", "40 of 50"),
    ("Sensitivity of 93% (95% CI: 75%-90%).", "outside its interval"),
    ("The AUC was 0.85 (95% CI 0.90 to 0.95) compared with 0.80.", "outside its interval"),
    ("The AUC was 0.85 (95% CI 0.95, 0.80).", "from 0.95 to 0.80"),
    ("Sensitivity and specificity were 90% and 80%, with an accuracy of 95%.", "lie between"),
    ("Accuracy, sensitivity, and specificity were 99%, 88% and 92%, respectively.", "lie between"),
]


@pytest.mark.parametrize(("text", "words"), BESIDE)
def test_a_figure_is_held_against_what_stands_beside_it(text, words):
    problems = [
        one.text
        for found in check_sentences([Sentence(text, 1, "results")])
        for one in found.problems
    ]
    assert len(problems) == 1
    assert words in problems[0]


SOUND = [
    "Sensitivity was 0.87 (52/60), specificity 66.6% (2/3), accuracy 83% (95% CI: 75-90) (62/75).",
    "The AUC was 0.91 (95% CI, 0.88-0.94), with OR 1.52 (P = 0.04, 95% CI 1.10 to 2.00).",
    "A Dice of 0.85 (34/50 cases) was found; 45/60 images were for training; sensitivity was 0.90.",
    "In 46 of 52 patients (95% CI 76-95) and 12/04/2020 nothing is stated.",
    "Training took 5 of 10 epochs (20% of the time) on an 80% (800/1000) share.",
    "There were 0.5 false positives and 0.2 false negatives per scan at a sensitivity of 90%.",
    "Sensitivity was 88% (44/50; 95% CI 76-95), the mean difference -0.02 (95% CI -0.05 to 0.01).",
    "The accuracy was 0.85 (95% CI 80%-90%) and the sensitivity 85% (95% CI 0.80-0.90).",
    "The mean stay was 34 (95% CI 31–38) days, the median 7 (90% confidence interval 4 to 9).",
]


@pytest.mark.parametrize("text", SOUND)
def test_sound_figures_with_counts_and_intervals_stay_silent(text):
    assert not [
        p for found in check_sentences([Sentence(text, 1, "results")]) for p in found.problems
    ]
