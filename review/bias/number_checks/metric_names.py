"""Names of performance metrics in heads of tables."""

import re

_METRICS = {
    "balanced accuracy": r"(?:balanced|bal\.?|mean)[- ]?acc(?:uracy|\.)?|b-?acc|bac",
    "accuracy": r"(?:overall |test |mean |avg\.? )?acc(?:uracy|\.)?",
    "sensitivity": r"sens?(?:itivity|\.)?|recall|rec\.?|tpr|true positive rate|se",
    "specificity": r"spec?(?:ificity|\.)?|tnr|true negative rate|sp",
    "precision": r"precision|prec?\.?|ppv|positive predictive value",
    "F1": r"f[- ]?1(?:[- ]?(?:scores?|measure))?|f[- ](?:score|measure)",
    "Dice": r"m?dice(?: (?:score|similarity)?(?: ?coefficient)?)?|m?dsc",
    "IoU": r"m?[- ]?iou|jaccard(?: (?:index|score|coefficient))?|ji|intersection over union",
    "AUC": r"auc|au-?roc|roc[- ]auc|area under (?:the )?(?:roc )?curve",
    "MAE": r"mae|mean absolute error",
    "RMSE": r"rmse|root[- ]mean[- ]squared? error",
    "MSE": r"mse|mean squared error",
    "n": r"support|n|no\.? of (?:images|cases|samples|patients)|(?:test )?(?:samples|images|cases)",
}


def name_metric(text: str) -> str | None:
    """The metric in the head of a column ('Acc. (%) ↑'); None if it is none of those known."""
    key = re.sub(r"\(.*?\)|\[.*?\]|[%↑↓:*†]|_\w+$", "", text).strip()
    for name, words in _METRICS.items():
        if re.fullmatch(words, key, re.I):
            return name
    return None
