"""Totals, judgements and gates of worked forms with known results."""

from functools import cache

import pytest

from review.checklists import (
    UNSURE,
    Checklist,
    list_available,
    list_items,
    list_questions,
    load_checklist,
)
from review.checklists.loading import parse_checklist
from review.errors import ChecklistError
from review.protocol.models import Condition, QualityGate
from review.resources import get_shipped_path
from review.scoring import compute_gate_outcomes, lacks_reason, score_form

SCORED = (
    "claim-2020",
    "claim-2024",
    "rqs-1.0",
    "rqs-2.0",
    "metrics",
    "tripod-ai",
    "clear",
    "stard-ai",
    "appraise-ai",
)
BIAS = (
    "probast-2019",
    "probast-ai-development",
    "probast-ai-evaluation",
    "quadas-2",
    "quadas-3",
    "quadas-c",
)


@cache
def shipped(name: str) -> Checklist:
    return load_checklist(list_available([get_shipped_path("checklists")])[name])


def every(name: str, answer: str, **other: str) -> dict[str, str]:
    """A form with one answer everywhere it is allowed, and others where named by number."""
    form = {
        one.key: answer
        for one in list_questions(shipped(name))
        if answer in {o.id for o in one.options}
    }
    by_number = {i.number: i.id for i in list_items(shipped(name))}
    return form | {by_number.get(k, k): v for k, v in other.items()}


def totals(name: str, form: dict) -> dict:
    return {one.id: one for one in score_form(shipped(name), form).totals}


def test_claim_counts_only_items_fully_reported() -> None:
    form = every("claim-2020", "yes", **{"9": "partly", "25": "no", "10": "na", "27": "na"})
    result = score_form(shipped("claim-2020"), form)
    assert result.complete
    found = totals("claim-2020", form)
    assert found["total"].value == 38  # 42 less partly, no and two that do not apply
    assert found["compliance"].value == 95.0  # 38 of 40


def test_an_unanswered_item_is_not_a_no() -> None:
    form = every("claim-2020", "yes", **{"26": "no"})
    del form["title"], form["funding"]
    found = totals("claim-2020", form)["total"]
    assert (found.value, found.low, found.high) == (None, 39, 41)
    assert score_form(shipped("claim-2020"), form).unanswered == ("title", "funding")


def test_unsure_keeps_a_form_open_and_is_told_apart_from_unanswered() -> None:
    result = score_form(shipped("claim-2020"), every("claim-2020", "yes", **{"9": UNSURE}))
    assert (result.unsure, result.unanswered, result.complete) == (("preprocessing",), (), False)
    assert result.totals[0].value is None


def test_compliance_is_undefined_where_nothing_applies() -> None:
    found = totals("claim-2024", every("claim-2024", "na"))
    assert found["compliance"].value is None
    assert found["total"].value == 0


RQS_WORST = {"validation": "none-done", "feature-reduction": "neither"}
RQS_BEST = {
    "protocol": "documented+public",
    "discrimination": "statistic+resampling",
    "calibration": "statistic+resampling",
    "open": "scans+segmentations+code+features",
    "feature-reduction": "either",
    "validation": "three",
}


@pytest.mark.parametrize(
    ("form", "points", "percent"),
    [
        (every("rqs-1.0", "yes", **RQS_BEST), 36, 100.0),
        (
            every("rqs-1.0", "no", **RQS_WORST)
            | dict.fromkeys(("protocol", "discrimination", "calibration", "open"), "none"),
            -8,
            0.0,
        ),
        (
            every("rqs-1.0", "no", **{"5": "either", "12": "same", "6": "yes", "14": "yes"})
            | {"protocol": "documented", "discrimination": "statistic", "calibration": "none"}
            | {"open": "code"},
            11,  # 3 + 2 + 1 + 2 + 1 + 1 + 0 + 1
            30.6,
        ),
    ],
)
def test_rqs_adds_points(form: dict, points: int, percent: float) -> None:
    found = totals("rqs-1.0", form)
    assert found["total"].value == points
    assert found["percent"].value == percent


def test_points_without_an_answer_count_and_warn_of_nothing() -> None:
    base = every("rqs-1.0", "no", **{"feature-reduction": "either", "validation": "points:4"})
    form = base | {"protocol": "points:1", "discrimination": "points:1", "calibration": "none"}
    form |= {"open": "points:2"}
    result = score_form(shipped("rqs-1.0"), form)
    assert [total.value for total in result.totals] == [11, 30.6]
    assert (result.unanswered, result.warnings) == ((), ())
    assert sum(section.points for section in result.sections) == 11


def test_points_decide_a_count_only_if_their_answers_agree() -> None:
    text = """\
id: ours
title: Ours
short: Ours
edition: "1"
kind: quality
licence: Ours
item_count: 2
sections:
  - id: a
    title: A
    items:
      - id: reader
        number: 1
        name: Readers
        question: Who read the images?
        options:
          - {id: nobody, label: Nobody, means: unmet, points: 0, key: "0"}
          - {id: one, label: One expert, means: met, points: 2, key: "A"}
          - {id: lay, label: Several others, means: SECOND, points: 2, key: "B"}
      - id: notes
        number: 2
        name: Notes
        question: What was noted?
        choose: many
        options:
          - {id: day, label: Day, means: met, points: 1, key: "A"}
          - {id: place, label: Place, means: met, points: 1, key: "B"}
scores:
  - {id: total, title: Items, kind: count, primary: true, min: 0, max: 2}
  - {id: share, title: Share, kind: percent-of-points, min: 0, max: 100, round: 1}
"""
    form = {"reader": "points:2", "notes": "points:1"}
    for second, value, low, state in (("met", 2, 2, "met"), ("partly", None, 1, "open")):
        checklist = parse_checklist(text.replace("SECOND", second), "ours")
        result = score_form(checklist, form)
        count, share = result.totals
        assert (count.value, count.low, count.high) == (value, low, 2)
        assert share.value == 75.0
        assert result.sections[0].states.get(state, 0) >= 1


def test_a_typed_answer_that_looks_like_points_is_text() -> None:
    for text in ("points:2", "points: mean of three"):
        result = score_form(shipped("charms"), {"source-of-data": text})
        assert "source-of-data" not in result.unanswered


def test_an_empty_rqs_form_can_still_become_anything() -> None:
    found = totals("rqs-1.0", {})
    assert (found["total"].value, found["total"].low, found["total"].high) == (None, -8, 36)
    assert (found["percent"].low, found["percent"].high) == (0, 100)


RADIOMICS = {"about:c1": "yes", "about:c2": "no", "about:c3": "yes", "about:c4": "yes"}


def test_metrics_rescales_by_the_weight_that_applies() -> None:
    form = every("metrics", "no") | RADIOMICS | {"about:c5": "no"}
    form |= {"guideline": "yes", "external": "yes"}
    result = score_form(shipped("metrics"), form)
    # 9 (0.0225) and 17 (0.0200) do not apply: (0.0368 + 0.0749) / 0.9575
    assert totals("metrics", form)["total"].value == 11.7
    assert totals("metrics", form)["total"].band == "very low"
    assert result.ignored == ("seg-auto-eval", "dl-robust")
    assert result.complete


def test_metrics_items_of_an_open_condition_wait_and_the_condition_is_asked() -> None:
    form = {key: v for key, v in every("metrics", "yes").items() if key != "about:c4"}
    for item in ("non-robust", "redundant", "dimensionality"):
        del form[item]
    result = score_form(shipped("metrics"), form)
    assert result.unanswered == ("about:c4",)
    total = result.totals[0]
    assert total.value is None
    assert (total.low, total.high) == (93.0, 100.0)


def test_a_condition_under_one_that_fails_no_longer_counts() -> None:
    form = every("metrics", "yes", **{"about:c1": "no"})  # c2 was answered before c1 changed
    result = score_form(shipped("metrics"), form)
    assert result.ignored == ("about:c2", "seg-method", "seg-auto-eval", "seg-single")
    assert result.totals[0].value == 100.0


@pytest.mark.parametrize(
    ("percent", "band"),
    [("20", "low"), ("39.9", "low"), ("40", "moderate"), ("80", "excellent"), ("100", "excellent")],
)
def test_metrics_bands_start_where_published(percent: str, band: str) -> None:
    from decimal import Decimal

    from review.scoring.totals import _build_score

    spec = shipped("metrics").scores[0]
    assert _build_score(spec, (Decimal(percent), Decimal(percent)), is_final=True).band == band


def test_a_half_is_rounded_up_before_the_band_is_taken() -> None:
    from decimal import Decimal

    from review.scoring.totals import _build_score

    found = _build_score(
        shipped("metrics").scores[0], (Decimal("39.95"), Decimal("39.95")), is_final=True
    )
    assert (found.value, found.band) == (40.0, "moderate")


def probast(**changed: str) -> dict[str, str]:
    form = {f"sq-{i.number}": "yes" for i in list_items(shipped("probast-2019"))}
    form |= {"about:evaluation": "both"}
    form |= {f"applicability:{d}": "low" for d in ("participants", "predictors", "outcome")}
    return form | {k.replace("_", "."): v for k, v in changed.items()}


def proposed(name: str, form: dict) -> dict[str, str | None]:
    return {one.key: one.proposed for one in score_form(shipped(name), form).judgements}


@pytest.mark.parametrize(
    ("answer", "judgement"),
    [
        ("yes", "low"),
        ("probably-yes", "low"),
        ("probably-no", "high"),
        ("no", "high"),
        ("no-information", "unclear"),
        (UNSURE, None),
    ],
)
def test_probast_answers_propose_a_domain(answer: str, judgement: str | None) -> None:
    form = probast() | {"sq-1.2": answer}
    found = proposed("probast-2019", form)
    assert found["judgement:participants"] == judgement
    assert found["judgement:overall"] == judgement


def test_a_no_outweighs_missing_information_and_open_questions() -> None:
    form = probast() | {"sq-4.1": "no-information", "sq-4.7": "no"}
    del form["sq-4.4"]
    assert proposed("probast-2019", form)["judgement:analysis"] == "high"


@pytest.mark.parametrize(
    ("kind", "large", "overall"),
    [
        ("development", "no", "high"),
        ("development", "yes", "low"),
        ("development", None, None),
        ("both", None, "low"),
        ("validation", None, "low"),
    ],
)
def test_a_model_never_tested_outside_is_lowered(kind, large, overall) -> None:
    form = probast() | {"about:evaluation": kind}
    form |= {"about:large": large} if large else {}
    assert proposed("probast-2019", form)["judgement:overall"] == overall


def test_development_questions_do_not_apply_to_a_validation() -> None:
    form = probast() | {"about:evaluation": "validation", "sq-4.5": "no", "sq-4.8": "no"}
    result = score_form(shipped("probast-2019"), form)
    assert result.ignored == ("sq-4.5", "sq-4.8", "sq-4.9")
    assert proposed("probast-2019", form)["judgement:analysis"] == "low"


def test_a_domain_of_which_nothing_applies_is_not_judged_and_leaves_overall_unclear() -> None:
    form = probast() | {f"sq-2.{n}": "na" for n in (1, 2, 3)}
    found = proposed("probast-2019", form)
    assert found["judgement:predictors"] == "not-judged"
    assert found["judgement:overall"] == "unclear"


def test_an_override_is_kept_shown_as_one_and_needs_a_sentence() -> None:
    form = probast() | {"sq-1.2": "no", "judgement:participants": "low"}
    why = {"judgement:participants": "The excluded scans were duplicates."}
    found = {one.key: one for one in score_form(shipped("probast-2019"), form, why).judgements}
    mine = found["judgement:participants"]
    assert (mine.proposed, mine.final, mine.overridden) == ("high", "low", True)
    assert mine.reason == "The excluded scans were duplicates."
    assert found["judgement:overall"].final == "low"
    key = "judgement:participants"
    assert lacks_reason(shipped("probast-2019"), form, key, " ok ")
    assert not lacks_reason(shipped("probast-2019"), form, key, why[key])
    assert not lacks_reason(shipped("probast-2019"), form | {key: "high"}, key, None)


def test_quadas_2_is_at_risk_as_soon_as_one_domain_is_not_low() -> None:
    form = {f"sq-{i.number}": "yes" for i in list_items(shipped("quadas-2"))}
    assert proposed("quadas-2", form)["judgement:overall"] == "low"
    assert proposed("quadas-2", form | {"sq-2.2": "unclear"})["judgement:overall"] == "at-risk"
    found = proposed("quadas-2", form | {"sq-2.2": "no"})
    assert found["judgement:index-test"] == "high"
    assert found["applicability:index-test"] is None


def test_an_optional_question_may_be_left_out() -> None:
    form = {f"sq-{i.number}": "yes" for i in list_items(shipped("quadas-2"))}
    del form["sq-4.2"]
    result = score_form(shipped("quadas-2"), form)
    assert proposed("quadas-2", form)["judgement:flow-timing"] == "low"
    assert "sq-4.2" not in result.unanswered


def test_a_judgement_must_be_given_before_a_form_is_complete() -> None:
    result = score_form(shipped("probast-2019"), probast())
    assert result.unanswered == tuple(
        f"judgement:{d}" for d in ("participants", "predictors", "outcome", "analysis")
    )


def test_bias_tools_give_no_total() -> None:
    for name in BIAS:
        assert score_form(shipped(name), {}).totals == ()


def test_what_an_answer_rests_on_is_warned_of() -> None:
    form = every("claim-2020", "yes", **{"20": "no"})
    assert score_form(shipped("claim-2020"), form).warnings == (
        "21 Level at which partitions are disjoint: "
        "the level of separation is reported without a description of the split",
    )
    rqs = {"discrimination": "resampling"}
    assert "without a statistic" in score_form(shipped("rqs-1.0"), rqs).warnings[0]


def test_a_key_of_another_checklist_is_refused() -> None:
    with pytest.raises(ChecklistError, match=r"has no item 'sq-1\.1'"):
        score_form(shipped("claim-2020"), {"sq-1.1": "yes"})
    with pytest.raises(ChecklistError, match="not its number"):
        score_form(shipped("claim-2020"), {"9": "yes"})


DEEP, CLASSIC = ("deep-learning", "hybrid"), ("traditional", "hybrid")
GATES = (
    QualityGate("selection", "claim-2020", "model selection", DEEP, required=("26",)),
    QualityGate("preparation", "claim-2020", "pre-processing", DEEP, required=("9",)),
    QualityGate("rqs", "rqs-1.0", "RQS under 6", CLASSIC, minimum=6),
)


def gates(kind: str, claim: dict | None, rqs: dict | None, which=GATES) -> dict[str, str]:
    forms = {}
    if claim is not None:
        forms["claim-2020"] = (shipped("claim-2020"), claim)
    if rqs is not None:
        forms["rqs-1.0"] = (shipped("rqs-1.0"), rqs)
    return {one.gate: one.state for one in compute_gate_outcomes(which, kind, forms)}


GOOD_RQS = every("rqs-1.0", "yes", **RQS_BEST)
POOR_RQS = every("rqs-1.0", "no", **RQS_WORST)


def test_every_failed_gate_is_told() -> None:
    claim = every("claim-2020", "yes", **{"9": "partly", "26": "no"})
    assert gates("deep-learning", claim, None) == {"selection": "failed", "preparation": "failed"}


def test_a_hybrid_meets_the_gates_of_both_tools() -> None:
    claim = every("claim-2020", "yes")
    assert gates("hybrid", claim, GOOD_RQS) == dict.fromkeys(
        ("selection", "preparation", "rqs"), "passed"
    )
    assert gates("hybrid", claim, POOR_RQS)["rqs"] == "failed"
    assert gates("hybrid", claim, None)["rqs"] == "undecided"
    assert list(gates("traditional", None, GOOD_RQS)) == ["rqs"]


def test_a_minimum_is_decided_as_soon_as_it_can_be() -> None:
    open_items = ("protocol", "discrimination", "calibration", "open")
    best_left = {k: v for k, v in GOOD_RQS.items() if k not in open_items}
    assert gates("traditional", None, best_left)["rqs"] == "passed"
    assert gates("traditional", None, {})["rqs"] == "undecided"
    low = every("rqs-1.0", "no", **RQS_WORST)
    for key in ("protocol", "discrimination", "calibration"):
        low[key] = "none"
    assert gates("traditional", None, low)["rqs"] == "failed"  # at most -4


def test_any_of_takes_one_item_and_waits_for_open_ones() -> None:
    gate = (QualityGate("code", "claim-2020", "nothing", DEEP, required=("41", "40"), any_of=True),)
    form = every("claim-2020", "no")
    assert gates("hybrid", form, None, gate) == {"code": "failed"}
    assert gates("hybrid", form | {"protocol-access": "yes"}, None, gate) == {"code": "passed"}
    assert gates("hybrid", form | {"registration": UNSURE}, None, gate) == {"code": "undecided"}


def judged(**changed: str) -> dict:
    return probast() | {k.replace("__", ":"): v for k, v in changed.items()}


def outcome(gate: QualityGate, **forms: dict) -> str:
    named = {name.replace("_", "-"): form for name, form in forms.items()}
    named = {"rqs-1.0" if name == "rqs" else name: form for name, form in named.items()}
    given = {name: (shipped(name), form) for name, form in named.items()}
    return compute_gate_outcomes((gate,), "hybrid", given)[0].state


@pytest.mark.parametrize(
    ("form", "state"),
    [
        (judged(), "passed"),
        (judged(**{"sq-1.1": "no"}), "failed"),
        (judged(**{"sq-1.1": "no"}, judgement__participants="low"), "passed"),
        (judged(judgement__participants="high"), "failed"),
        (judged(judgement__participants="unclear"), "passed"),
        ({"about:evaluation": "both"}, "undecided"),
    ],
)
def test_a_gate_may_rest_on_a_judgement(form, state) -> None:
    gate = QualityGate("bias", "probast-2019", "r", DEEP, keep_out={"participants": ("high",)})
    assert outcome(gate, probast_2019=form) == state


def test_a_gate_may_rest_on_a_concern_or_the_overall_judgement() -> None:
    gate = QualityGate(
        "a", "probast-2019", "r", DEEP, keep_out={"applicability:outcome": ("high",)}
    )
    assert outcome(gate, probast_2019=judged(applicability__outcome="high")) == "failed"
    assert outcome(gate, probast_2019=judged(applicability__outcome="low")) == "passed"
    assert outcome(gate, probast_2019=judged(applicability__outcome=UNSURE)) == "undecided"
    gate = QualityGate("o", "probast-2019", "r", DEEP, keep_out={"overall": ("high", "unclear")})
    assert outcome(gate, probast_2019=judged(**{"sq-3.1": "no-information"})) == "failed"


def test_a_gate_may_ask_for_some_of_several_items() -> None:
    gate = QualityGate("some", "claim-2020", "r", DEEP, required=("9", "25", "26"), at_least=2)
    claim = {i.id: "yes" for i in list_items(shipped("claim-2020"))}
    assert outcome(gate, claim_2020=claim | {"preprocessing": "no"}) == "passed"
    two = claim | {"preprocessing": "no", "model-selection": "no"}
    assert outcome(gate, claim_2020=two) == "failed"
    assert outcome(gate, claim_2020=two | {"preprocessing": UNSURE}) == "undecided"


CLAIM_9 = Condition("claim-2020", required=("9",))
NOT_HIGH = Condition("probast-2019", keep_out={"participants": ("high",)})
RQS_6 = Condition("rqs-1.0", minimum=6)
EITHER = QualityGate(
    "any",
    "claim-2020",
    "r",
    DEEP,
    required=("9",),
    either=(Condition("rqs-1.0", minimum=6, also=(NOT_HIGH,)),),
)


@pytest.mark.parametrize("claim", [True, False, None])
@pytest.mark.parametrize("rqs", [True, False, None])
@pytest.mark.parametrize("low", [True, False, None])
def test_conditions_combine_as_and_and_or(claim, rqs, low) -> None:
    forms = {}
    if claim is not None:
        word = "yes" if claim else "no"
        forms["claim_2020"] = {"preprocessing": word}
    if rqs is not None:
        forms["rqs"] = GOOD_RQS if rqs else POOR_RQS
    if low is not None:
        forms["probast_2019"] = judged(judgement__participants="low" if low else "high")
    second = False if False in (rqs, low) else None if None in (rqs, low) else True
    wanted = True if True in (claim, second) else None if None in (claim, second) else False
    told = {True: "passed", False: "failed", None: "undecided"}
    assert outcome(EITHER, **forms) == told[wanted]
    every = QualityGate("all", "claim-2020", "r", DEEP, required=("9",), also=(RQS_6, NOT_HIGH))
    three = (claim, rqs, low)
    wanted = False if False in three else None if None in three else True
    assert outcome(every, **forms) == told[wanted]


def test_every_way_that_failed_is_told() -> None:
    bias = judged(judgement__participants="high")
    forms = {"claim-2020": {"preprocessing": "no"}, "rqs-1.0": GOOD_RQS, "probast-2019": bias}
    given = {name: (shipped(name), form) for name, form in forms.items()}
    told = compute_gate_outcomes((EITHER,), "hybrid", given)[0].why
    assert [why.split()[0] for why in told] == ["either", "or"]
    assert "CLAIM 2020 9" in told[0]
    assert told[1].endswith("PROBAST participants: high")


def test_a_failed_gate_says_what_failed() -> None:
    claim = {"claim-2020": (shipped("claim-2020"), every("claim-2020", "yes", **{"26": "no"}))}
    outcome = compute_gate_outcomes(GATES, "deep-learning", claim)[0]
    assert outcome.why == ("CLAIM 2020 26 Method of selecting the final model: unmet",)
    rqs = {"rqs-1.0": (shipped("rqs-1.0"), POOR_RQS | dict.fromkeys(("protocol",), "none"))}
    assert "below 6" in compute_gate_outcomes(GATES, "traditional", rqs)[0].why[0]


def test_a_gate_on_something_that_is_not_there_is_refused() -> None:
    claim = {"claim-2020": (shipped("claim-2020"), {})}
    with pytest.raises(ChecklistError, match="no item '99'"):
        compute_gate_outcomes(
            (QualityGate("g", "claim-2020", "r", DEEP, required=("99",)),), "hybrid", claim
        )
    bias = {"quadas-2": (shipped("quadas-2"), {})}
    with pytest.raises(ChecklistError, match="no score to which a minimum could apply"):
        compute_gate_outcomes((QualityGate("g", "quadas-2", "r", DEEP, minimum=1),), "hybrid", bias)
