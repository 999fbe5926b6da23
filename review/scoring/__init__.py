"""Scores a checklist: totals, open items, proposed judgements and quality gates.

A form maps keys to answers (see review.checklists.answers). A missing answer never counts as "no":
the score of an incomplete form has no value, only the lowest and highest it can still reach.
"""

from review.scoring.form import (
    FormAnswers,
    FormResult,
    FormScore,
    ItemState,
    Judgement,
    SectionTotal,
    build_judgement_key,
    get_item_state,
    is_applicable,
)
from review.scoring.gates import GateOutcome, compute_gate_outcomes
from review.scoring.judgements import MIN_REASON_LENGTH, lacks_reason, propose_judgement
from review.scoring.result import score_form

__all__ = [
    "MIN_REASON_LENGTH",
    "FormAnswers",
    "FormResult",
    "FormScore",
    "GateOutcome",
    "ItemState",
    "Judgement",
    "SectionTotal",
    "build_judgement_key",
    "compute_gate_outcomes",
    "get_item_state",
    "is_applicable",
    "lacks_reason",
    "propose_judgement",
    "score_form",
]
