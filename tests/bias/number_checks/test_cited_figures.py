"""What the text says of a cited work against the table of earlier works."""

import pytest

from review.bias.number_checks.paper_checks import find_paper_contradictions
from review.models import PrintedTable, Sentence

COLUMNS = ("Authors", "Images", "Accuracy (%)", "AUC")
ROWS = (
    ("Weber et al. [4]", "2480", "91.30", "0.941"),
    ("Moreau and Blanc [7]", "3150", "94.65", "0.972"),
    ("Okafor et al. (2021)", "1875", "89.20", "-"),
    ("[9]", "", "", ""),
    ("Proposed", "4020", "96.10", "0.984"),
)
TABLE = PrintedTable("Table 5", "Table 5: Comparison with previous works.", 6, COLUMNS, ROWS)
METHODS = PrintedTable("Table 5", "Table 5: Results on our data.", 6, COLUMNS, ROWS)


def problems(*texts, section="discussion", table=TABLE):
    sentences = [Sentence("We sort skin lesions.", 1, "abstract")]
    sentences += [Sentence(text, 2, section) for text in texts]
    sentences.append(Sentence(table.caption, 6, "results"))
    sentences += [Sentence(" ".join(filter(None, row)), 6, "results") for row in table.rows]
    found = find_paper_contradictions(sentences, [table])
    return [problem.text for _, problem in found if problem.figure == "cited"]


@pytest.mark.parametrize(
    ("texts", "printed"),
    [
        (["Weber et al. [4] reported an accuracy of 93.1% on dermoscopic images."], "91.30"),
        (["An ensemble of three networks had 92.65% accuracy [7]."], "94.65"),
        (["The network of Okafor et al. reached an accuracy of 0.87."], "89.20"),
        (["Moreau and Blanc [7] trained a network.", "They reached an AUC of 0.927."], "0.972"),
        (["Weber et al. [4] used a CNN.", "Their study had 2840 images of moles."], "2480"),
        (["The works [4] and [7] have AUC values of 0.914 and 0.972, respectively."], "0.941"),
        (["Earlier accuracies are 94.65% [7], 91.3% [4] and 82.9% [9]."], "89.20"),
    ],
)  # fmt: skip
def test_cited_figure_differs(texts, printed):
    [found] = problems(*texts)
    assert printed in found


@pytest.mark.parametrize(
    "texts",
    [
        ["Weber et al. [4] reported an accuracy of 91.3% on dermoscopic images."],
        ["Weber et al. [4] reported an accuracy of 91% and an AUC of 0.94."],
        ["Weber et al. [4] had accuracies of 90.1% and 93.1% in two hospitals."],
        ["Weber et al. [4] reached an accuracy of up to 93.1%."],
        ["Our accuracy is 96.1%, which is more than that of Weber et al. [4]."],
        ["Compared with [4], accuracy is 4.8% better."],
        ["Moreau and Blanc [7] trained a transformer.", "We obtained an accuracy of 96.3%."],
        ["Weber et al. [4] had an accuracy of 52.0% in the hardest class."],
        ["Lang et al. [4] describe the data, with an accuracy of 93.1% of labels."],
        ["Studies [4, 7] report an accuracy of 93.3%."],
        ["Weber et al. [4] used 2000 training images."],
        ["Hansen et al. [12] reported an accuracy of 93.1%."],
    ],
)
def test_cited_figure_agrees_or_is_of_something_else(texts):
    assert problems(*texts) == []


def test_methods_run_again_on_own_data_are_not_compared():
    text = "Weber et al. [4] reported an accuracy of 93.1% on dermoscopic images."
    assert problems(text, table=METHODS) == []
    assert problems(text) != []


def test_results_after_a_citation_are_own_in_the_results():
    texts = ["The transformer is that of Moreau and Blanc [7].", "The accuracy was 95.8%."]
    assert problems(*texts, section="results") == []
    assert problems(*texts, section="related work") != []
