"""Results that the text states twice, and long numbers with digits that changed places."""

import pytest

from review.bias.number_checks.exchanged_digits import check_exchanged_digits
from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.bias.number_checks.restated_results import check_restated_results
from review.bias.number_checks.table_cells import build_grids
from review.models import PrintedTable, Sentence

ABSTRACT = "We present a network for moles, and our model achieves an accuracy of 97.2%."
END = "In conclusion, the proposed model reached 97.2% accuracy."


def check(check_of, *texts, tables=()):
    sentences = [Sentence(texts[0], 1, "abstract")]
    sentences += [Sentence(text, 2, "results") for text in texts[1:]]
    for table in tables:
        sentences.append(Sentence(table.caption, 3, "results"))
        sentences += [Sentence(" ".join(row), 3, "results") for row in table.rows]
    found = list(check_of(sentences, build_grids(tables, sentences)))
    texts_of_all = [problem.text for _, problem in find_paper_contradictions(sentences, tables)]
    assert all(problem.text in texts_of_all for _, problem in found)
    return [(sentences[index].text, problem.text) for index, problem in found]


@pytest.mark.parametrize(
    "text",
    [
        "Our suggested network was 98 percent accurate on training data and 89 percent accurate "
        "with test data.",
        "On the test images, the proposed method obtained 92.7% accuracy.",
        "We achieved an accuracy of 0.927 on the test set.",
    ],
)
def test_own_result_differs(text):
    [(found, problem)] = check(check_restated_results, ABSTRACT, text, END)
    assert found == text
    assert "97.2" in problem


@pytest.mark.parametrize(
    "text",
    [
        "On the test images, the proposed method obtained 97% accuracy.",
        "Our model reached 99.1% accuracy on training data.",
        "The proposed method obtained 92.7% accuracy in external hospitals.",
        "Without attention, our model had 92.7% accuracy.",
        "Our model had 92.7% accuracy in each fold.",
        "Our model reached an F1 of 92.7%.",
        "Our model had 92.7% accuracy on the Retina dataset.",
        "ResNet50 had 92.7% accuracy.",
        "Our model is better than VGG16, which had 92.7% accuracy.",
    ],
)
def test_own_result_of_other_data_or_measure(text):
    assert check(check_restated_results, ABSTRACT, text, END) == []


def test_own_result_with_many_values_or_in_a_table_is_not_compared():
    first, second = "Our model had 92.7% accuracy.", "Our model had 88.1% accuracy."
    assert check(check_restated_results, ABSTRACT, first, second, END) == []
    rows = (("MoleNet", "97.2"), ("Retina", "92.7"))
    table = PrintedTable("Table 1", "Table 1: Results.", 3, ("Data", "Accuracy"), rows)
    assert check(check_restated_results, ABSTRACT, first, END, tables=[table]) == []
    assert check(check_restated_results, ABSTRACT, first, END) != []


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("The highest sensitivity was 0.852 with DenseNet161.",
         "The best sensitivity of 0.936 was that of DenseNet161.", 1),
        ("VGG16 had the best AUC, 0.91.", "The highest AUC of VGG16 was 0.95.", 1),
        ("The maximum Dice was 81.2% with SegNet.", "SegNet had the best Dice of 86.2%.", 1),
        ("The highest sensitivity was 0.852 with DenseNet161.",
         "The best sensitivity of 0.936 was that of VGG16.", 0),
        ("The highest sensitivity was 0.852 with DenseNet161.",
         "The best specificity of 0.936 was that of DenseNet161.", 0),
        ("The highest sensitivity was 0.852 with DenseNet161.",
         "The best sensitivity of DenseNet161 was 85%.", 0),
    ],
)  # fmt: skip
def test_best_result_is_given_twice(first, second, count):
    assert len(check(check_restated_results, ABSTRACT, first, second)) == count


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("The network has 158,760 parameters.", "Its parameters are 157,860 in all.", 1),
        ("We kept 12,345 features.", "All 12,435 radiomic features were scaled.", 1),
        ("The number of weights is 48213.", "With 48123 weights it is small.", 1),
        ("We kept 12,345 features.", "The net has 12,435 parameters.", 0),
        ("We kept 12,345 features.", "All 15,342 features were scaled.", 0),
        ("We kept 12,345 features.", "All 12,345 features were scaled.", 0),
    ],
)
def test_digits_changed_places(first, second, count):
    assert len(check(check_exchanged_digits, "We sort moles.", first, second)) == count


def test_digits_changed_places_in_a_table():
    rows = (("Convolution", "1,664"), ("Total parameters: 157, 860", ""))
    table = PrintedTable("Table 3", "Table 3: Layers.", 3, ("Layer", "Parameters"), rows)
    text = "The network has 158,760 parameters."
    [(found, problem)] = check(check_exchanged_digits, "We sort moles.", text, tables=[table])
    assert found == text
    assert "157,860" in problem
