"""Diagnostic accuracy of one model: 2×2 tables, exact intervals, and the error of an AUC.

Counts may be given or worked back from rounded figures; what the rounding leaves open is said.
Nothing is pooled here: the tables go to R's mada and meta, or to RevMan.
"""

from review.accuracy.auc import (
    AreaError,
    compute_hanley_mcneil_error,
    estimate_area_error,
)
from review.accuracy.counts import (
    ExactProportion,
    TwoByTwo,
    compute_exact_proportion,
    compute_sensitivity,
    compute_specificity,
)
from review.accuracy.reconstruction import (
    IncompleteFiguresError,
    ReconstructedTable,
    ReportedFigures,
    estimate_class_sizes,
    find_mismatch,
    keep_reported_table,
    parse_share,
    reconstruct_table,
)

__all__ = [
    "AreaError",
    "ExactProportion",
    "IncompleteFiguresError",
    "ReconstructedTable",
    "ReportedFigures",
    "TwoByTwo",
    "compute_exact_proportion",
    "compute_hanley_mcneil_error",
    "compute_sensitivity",
    "compute_specificity",
    "estimate_area_error",
    "estimate_class_sizes",
    "find_mismatch",
    "keep_reported_table",
    "parse_share",
    "reconstruct_table",
]
