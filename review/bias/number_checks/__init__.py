"""Number checks: recomputes reported figures and assesses sample sizes.

contradictions(stated)     figures of one test that cannot all be right
concerns(positives=...)    sizes below what a review asks for, with the interval they imply
find(sentences)            sentences with figures of one test, and what does not agree in them
counted_in(text)           sizes a sentence states: positives of the test set, events, predictors
"""

from collections.abc import Sequence

from review.bias.number_checks.arithmetic import (
    EXAMPLE_SENSITIVITY,
    MIN_EVENTS_PER_VARIABLE,
    MIN_VALIDATION_EVENTS,
    Contradiction,
    DiagnosticFigures,
    Interval,
    PrintedProportion,
    SentenceFigures,
    complete_figures,
    compute_events_per_variable,
    find_contradictions,
    find_size_concerns,
    parse_proportion,
    wilson,
)
from review.bias.number_checks.extraction import (
    SentenceCounts,
    extract_counts,
    extract_figures,
    extract_sensitivity,
)
from review.models import PrintedTable, Sentence

__all__ = [
    "EXAMPLE_SENSITIVITY",
    "MIN_EVENTS_PER_VARIABLE",
    "MIN_VALIDATION_EVENTS",
    "Contradiction",
    "DiagnosticFigures",
    "Interval",
    "PrintedProportion",
    "SentenceCounts",
    "SentenceFigures",
    "check_sentences",
    "complete_figures",
    "compute_events_per_variable",
    "extract_counts",
    "extract_figures",
    "extract_sensitivity",
    "find_contradictions",
    "find_size_concerns",
    "parse_proportion",
    "wilson",
]


def check_sentences(
    sentences: Sequence[Sentence], tables: Sequence[PrintedTable] = ()
) -> list[SentenceFigures]:
    """Sentences with figures that can be checked, in reading order, and what does not agree.

    Args:
        tables: the tables of the paper, cell by cell.
    """
    # The patterns of all checks take most of a second to compile; most commands need none.
    from review.bias.number_checks import paper_checks

    return paper_checks.check_sentences(sentences, tables)
