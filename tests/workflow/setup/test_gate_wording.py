"""Quality gates as sentences."""

import pytest

from review.protocol.models import Condition, QualityGate
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.setup.gate_wording import describe_gate

CHECKLISTS = {name: get_checklist(None, name) for name in ("claim-2020", "rqs-1.0", "probast-2019")}
RADIOMICS = ("traditional", "hybrid")


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        (
            QualityGate("g", "rqs-1.0", "r", RADIOMICS, minimum=6),
            "Exclude traditional machine learning and hybrid studies with RQS below 6.",
        ),
        (
            QualityGate("g", "rqs-1.0", "r", minimum=20.5, score="percent"),
            "Exclude studies of every kind with RQS (Share of 36 points) below 20.5.",
        ),
        (
            QualityGate("g", "claim-2020", "r", ("deep-learning",), required=("9", "25", "26")),
            "Exclude deep learning studies with any of CLAIM 2020 items 9, 25 and 26 not met.",
        ),
        (
            QualityGate("g", "claim-2020", "r", ("hybrid",), required=("9",)),
            "Exclude hybrid studies with CLAIM 2020 item 9 not met.",
        ),
        (
            QualityGate("g", "claim-2020", "r", ("hybrid",), required=("9", "25"), any_of=True),
            "Exclude hybrid studies with none of CLAIM 2020 items 9 and 25 met.",
        ),
        (
            QualityGate("g", "claim-2020", "r", ("hybrid",), ("9", "25", "26"), at_least=2),
            "Exclude hybrid studies with fewer than 2 of CLAIM 2020 items 9, 25 and 26 met.",
        ),
        (
            QualityGate(
                "g",
                "probast-2019",
                "r",
                ("hybrid",),
                keep_out={"overall": ("high",), "participants": ("high", "unclear")},
            ),
            "Exclude hybrid studies with PROBAST judged high (overall) or PROBAST judged high or "
            "unclear (Participants).",
        ),
        (
            QualityGate(
                "g",
                "claim-2020",
                "r",
                ("hybrid",),
                required=("9",),
                also=(Condition("rqs-1.0", minimum=6),),
                either=(Condition("claim-2020", required=("25", "26"), at_least=1),),
            ),
            "Exclude hybrid studies with CLAIM 2020 item 9 not met or RQS below 6, unless there is "
            "at least 1 of CLAIM 2020 items 25 and 26 met.",
        ),
        (
            QualityGate("g", "away-1", "r", ("hybrid",), minimum=3),
            "Exclude hybrid studies with away-1 below 3.",
        ),
    ],
)
def test_a_gate_reads_as_a_sentence(gate, sentence):
    assert describe_gate(gate, CHECKLISTS) == sentence
