"""Tables with one wrong figure each: bounds, averages, totals; and tables that are right."""

import pytest

from review.bias.number_checks.metric_names import name_metric
from review.bias.number_checks.table_bounds import check_bounds
from review.bias.number_checks.table_cells import build_grids
from review.bias.number_checks.table_means import check_means
from review.bias.number_checks.table_totals import check_totals
from review.models import PrintedTable, Sentence


def _case(caption: str, columns: str, *rows: str, text: str = "") -> tuple[PrintedTable, str]:
    cells = tuple(tuple(row.split("|")) for row in rows)
    label = caption.partition(":")[0]
    return PrintedTable(label, caption, 1, tuple(columns.split("|")), cells), text


def _check(table: PrintedTable, text: str) -> list[str]:
    lines = [table.caption, *(" ".join(row) for row in table.rows)]
    sentences = [Sentence(line, 1, "results") for line in (*([text] if text else []), *lines)]
    grids = build_grids([table], sentences)
    found = (check_bounds(grids), check_means(grids, sentences), check_totals(grids, sentences))
    return [problem.text for findings in found for _, problem in findings]


WRONG = (
    _case(
        "Table 1: Distribution of the chest X-ray images",
        "Class|Images",
        "COVID-19|219",
        "Normal|1,341",
        "Pneumonia|1,345",
        "Total|2,915",
    ),
    _case(
        "Table 1: Numbers of images in each set",
        "Class|Training|Validation|Test|Total",
        "COVID-19|153|33|33|219",
        "Normal|939|201|201|1,341",
        "Pneumonia|941|202|202|1,355",
    ),
    _case(
        "Table 1: Data",
        "Set|Glioma|Meningioma|Pituitary|Total",
        "Training|1,000|500|650|2,150",
        "Testing|426|208|280|924",
    ),
    _case(
        "Table 2: Split by fold",
        "Fold|Train|Test",
        "1|800|200",
        "2|800|200",
        "3|790|200",
        "4|800|200",
        "5|800|200",
    ),
    _case(
        "Table 2: Accuracy in each fold",
        "Fold|Accuracy (%)|F1",
        "Fold 1|94.1|93.0",
        "Fold 2|95.3|94.1",
        "Fold 3|96.2|95.9",
        "Fold 4|93.9|93.0",
        "Fold 5|95.0|94.2",
        "Average|95.9|94.0",
    ),
    _case(
        "Table 2: Accuracy in each fold",
        "Metric|Fold 1|Fold 2|Fold 3|Fold 4|Fold 5|Mean",
        "Accuracy|94.1|95.3|96.2|93.9|95.0|95.9",
        "F1|93.0|94.1|95.9|93.0|94.2|94.0",
    ),
    _case(
        "Table 3: Report",
        "Class|Precision|Recall|F1-score|Support",
        "COVID-19|0.98|0.96|0.97|100",
        "Normal|0.95|0.97|0.96|120",
        "Pneumonia|0.96|0.96|0.91|110",
    ),
    _case(
        "Table 3: Report",
        "Class|Precision|Recall|F1-score|Support",
        "COVID-19|0.98|0.96|0.97|100",
        "Normal|0.95|0.97|0.96|120",
        "Pneumonia|0.96|0.96|0.96|110",
        "macro avg|0.96|0.98|0.96|330",
        "weighted avg|0.96|0.96|0.96|330",
    ),
    _case(
        "Table 3: Report",
        "Class|Precision|Recall|F1-score|Support",
        "COVID-19|0.98|0.96|0.97|100",
        "Normal|0.95|0.97|0.96|120",
        "Pneumonia|0.96|0.96|0.96|110",
        "macro avg|0.96|0.96|0.96|330",
        "weighted avg|0.96|0.99|0.96|330",
    ),
    _case(
        "Table 4: Comparison of methods",
        "Method|Accuracy|Precision|Recall|F1",
        "VGG16|91.2|90.8|91.0|90.9",
        "ResNet50|93.5|93.0|93.1|93.0",
        "DenseNet121|94.9|94.4|94.2|96.3",
        "Ours|96.8|96.5|96.9|96.7",
    ),
    _case(
        "Table 4: Segmentation",
        "Method|Dice|IoU",
        "U-Net|0.85|0.75",
        "U-Net++|0.87|0.79",
        "DeepLab|0.88|0.91",
        "Ours|0.91|0.85",
    ),
    _case(
        "Table 4: Binary results",
        "Method|Accuracy|Sensitivity|Specificity",
        "A|0.90|0.88|0.92",
        "B|0.91|0.89|0.93",
        "C|0.95|0.90|0.92",
        "D|0.92|0.91|0.93",
    ),
    _case(
        "Table 4: Errors",
        "Method|MAE|RMSE",
        "A|2.1|3.0",
        "B|1.9|2.6",
        "C|3.4|2.9",
        "D|1.5|2.2",
    ),
    _case(
        "Table 4: Recall by class",
        "Class|Recall|Support",
        "A|0.900|20",
        "B|0.850|20",
        "C|0.873|20",
    ),
    _case(
        "Table 5: Segmentation",
        "Method|Dice",
        "U-Net|0.95 ± 0.40",
        "Ours|0.96 ± 0.03",
    ),
    _case(
        "Table 6: Patients",
        "Characteristic|All (n = 208)|Test (n = 60)",
        "Male|110 (52.9)|30 (50.0)",
        "Female|88 (42.3)|30 (50.0)",
        "Diabetes|20 (9.6)|5 (8.3)",
    ),
    _case(
        "Table 6: Patients",
        "Characteristic|Cohort A|Cohort B",
        "Patients|208|60",
        "Sex (male/female)|110/88|30/30",
    ),
    _case(
        "Table 7: Confusion matrix of the model",
        "Actual|COVID-19|Normal|Pneumonia",
        "COVID-19|95|2|3",
        "Normal|1|98|1",
        "Pneumonia|4|3|93",
        text="The model reached an accuracy of 97.3% (Table 7).",
    ),
    _case(
        "Table 1: Number of images of each class",
        "Class|Images",
        "Glioma|1,426",
        "Meningioma|708",
        "Pituitary|930",
        text="The data set contains a total of 3,164 images of three tumours.",
    ),
)
RIGHT = (
    _case(
        "Table 1: Distribution of the chest X-ray images",
        "Class|Images",
        "COVID-19|219",
        "Normal|1,341",
        "Pneumonia|1,345",
        "Total|2,905",
    ),
    _case(
        "Table 2: Folds",
        "Fold|Train|Test",
        "1|800|200",
        "2|800|200",
        "3|801|200",
        "4|800|200",
        "5|800|200",
    ),
    _case(
        "Table 3: Report",
        "Class|Precision|Recall|F1-score|Support",
        "COVID-19|0.98|0.96|0.97|100",
        "Normal|0.95|0.97|0.96|120",
        "Pneumonia|0.96|0.96|0.96|110",
        "accuracy|||0.96|330",
        "macro avg|0.96|0.96|0.96|330",
        "weighted avg|0.96|0.96|0.96|330",
    ),
    _case(
        "Table 6: Patients",
        "Characteristic|All (n = 208)",
        "Male|110 (52.9)",
        "Female|88 (42.3)",
        "Unknown|10 (4.8)",
    ),
    _case(
        "Table 1: Data",
        "Group|n",
        "Patients|120",
        "Men|70",
        "Women|50",
        "Smokers|30",
        "Total|150",
    ),
    _case(
        "Table 4: Multi",
        "Method|Accuracy|Sensitivity|Specificity",
        "A|0.90|0.91|0.95",
        "B|0.91|0.915|0.95",
        "C|0.92|0.921|0.96",
    ),
    _case(
        "Table 5: Sizes before and after augmentation",
        "Class|Original|Augmented|Total",
        "A|100|900|1,000",
        "B|200|900|1,100",
    ),
)


@pytest.mark.parametrize(("table", "text"), WRONG)
def test_the_wrong_figure_of_a_table_is_found(table: PrintedTable, text: str) -> None:
    assert len(_check(table, text)) == 1


@pytest.mark.parametrize(("table", "text"), RIGHT)
def test_tables_that_are_right_or_have_another_reading_are_silent(
    table: PrintedTable, text: str
) -> None:
    assert _check(table, text) == []


@pytest.mark.parametrize(
    ("head", "metric"),
    [("Acc. (%) \u2191", "accuracy"), ("mIoU", "IoU"), ("SEN", "sensitivity"), ("Epochs", None)],
)
def test_metrics_are_known_by_their_heads(head: str, metric: str | None) -> None:
    assert name_metric(head) == metric
