"""Answers to a checklist -> totals, what is open, proposed judgements, and the gates they pass.

A form is a mapping from key to answer (see review.checklists.answers). No answer is never a "no":
a score of an unfinished form has no value, only the lowest and highest it can still become.
"""

from review.scoring.form import Form, Judgement, Result, SectionTotal, State, Total, applies, state
from review.scoring.gates import GateOutcome, gate_outcomes, judgement_key
from review.scoring.judgements import MIN_REASON, lacks_reason, propose
from review.scoring.result import score

__all__ = [
    "MIN_REASON",
    "Form",
    "GateOutcome",
    "Judgement",
    "Result",
    "SectionTotal",
    "State",
    "Total",
    "applies",
    "gate_outcomes",
    "judgement_key",
    "lacks_reason",
    "propose",
    "score",
    "state",
]
