"""Worked forms of the current editions, from PROBAST+AI to APPRAISE-AI, with known results."""

import pytest
from scoring.test_scoring import every, proposed, shipped, totals

from review.checklists import list_items, list_questions
from review.scoring import score_form

DEVELOPMENT, EVALUATION = "probast-ai-development", "probast-ai-evaluation"


def fill(name: str, answer: str = "yes", **about: str) -> dict[str, str]:
    """All signalling questions of a bias tool with one answer, low concern about applicability."""
    checklist = shipped(name)
    form = {item.id: answer for item in list_items(checklist)}
    form |= {f"applicability:{s.id}": "low" for s in checklist.sections if s.applicability}
    return form | {f"about:{key}": value for key, value in about.items()}


def test_probast_ai_asks_16_questions_on_development_and_18_on_evaluation() -> None:
    sizes = {
        name: [len(section.items) for section in shipped(name).sections]
        for name in (DEVELOPMENT, EVALUATION)
    }
    assert sizes == {DEVELOPMENT: [3, 4, 4, 5], EVALUATION: [3, 4, 4, 7]}
    names = [question.name for question in list_questions(shipped(DEVELOPMENT))]
    assert "Concern about quality: Analysis" in names
    assert "Concern about quality: overall" in names
    names = [question.name for question in list_questions(shipped(EVALUATION))]
    assert "Risk of bias: Analysis" in names


@pytest.mark.parametrize(
    ("changed", "overall"),
    [
        ({}, "low"),
        ({"sq-2.1": "no-information"}, "unclear"),
        ({"sq-2.1": "no-information", "sq-4.1": "probably-no"}, "high"),
        ({"sq-4.4": "na"}, "low"),
        ({"sq-4.4": "no"}, "high"),
    ],
)
def test_the_worst_domain_decides_on_the_quality_of_development(changed, overall) -> None:
    form = fill(DEVELOPMENT) | changed
    assert proposed(DEVELOPMENT, form)["judgement:overall"] == overall


def test_leakage_and_resampling_are_asked_of_internal_validation_only() -> None:
    wrong = {"sq-4.5": "no", "sq-4.6": "no"}
    external = fill(EVALUATION, performance="external") | wrong
    result = score_form(shipped(EVALUATION), external)
    assert result.ignored == ("sq-4.5", "sq-4.6")
    assert proposed(EVALUATION, external)["judgement:analysis"] == "low"
    for kind in ("internal", "both"):
        form = fill(EVALUATION, performance=kind) | wrong
        assert proposed(EVALUATION, form)["judgement:analysis"] == "high"


def test_apparent_performance_alone_is_a_high_risk_of_bias() -> None:
    form = fill(EVALUATION, performance="apparent") | {"sq-4.1": "no"}
    assert proposed(EVALUATION, form)["judgement:overall"] == "high"
    assert proposed(EVALUATION, form)["applicability:overall"] == "low"


def test_quadas_3_has_20_questions_and_calls_unclear_insufficient_information() -> None:
    checklist = shipped("quadas-3")
    assert [len(section.items) for section in checklist.sections] == [4, 4, 8, 4]
    assert [bool(s.applicability) for s in checklist.sections] == [True, True, True, False]
    judged = next(q for q in list_questions(checklist) if q.key == "judgement:analysis")
    assert [option.label for option in judged.options][:3] == [
        "Low",
        "Insufficient information",
        "High",
    ]


@pytest.mark.parametrize(
    ("domain", "overall"),
    [("low", "low"), ("unclear", "unclear"), ("high", "high")],
)
def test_the_overall_judgement_of_quadas_3_follows_its_phase_6(domain, overall) -> None:
    form = fill("quadas-3") | {"judgement:analysis": domain}
    assert proposed("quadas-3", form)["judgement:overall"] == overall
    mixed = form | {"judgement:participants": "unclear"}
    assert proposed("quadas-3", mixed)["judgement:overall"] == (
        "high" if domain == "high" else "unclear"
    )


def test_a_reviewer_may_judge_quadas_3_low_despite_a_no() -> None:
    form = fill("quadas-3") | {"sq-1.2": "no", "judgement:participants": "low"}
    why = {"judgement:participants": "The archive holds every scan of that year."}
    judged = {j.key: j for j in score_form(shipped("quadas-3"), form, why).judgements}
    assert judged["judgement:participants"].proposed == "high"
    assert judged["judgement:overall"].final == "low"


@pytest.mark.parametrize(
    ("design", "asked"),
    [
        ("paired", {"c2.2", "c2.3"}),
        ("randomised", {"c1.3", "c1.4"}),
        ("random-subset", {"c1.3", "c1.4", "c2.2", "c2.3"}),
        ("nonrandom-subset", {"c2.2", "c2.3"}),
        ("unpaired", set()),
    ],
)
def test_quadas_c_asks_what_fits_the_design(design: str, asked: set[str]) -> None:
    form = {"about:design": design}
    open_items = set(score_form(shipped("quadas-c"), form).unanswered)
    assert open_items & {"c1.3", "c1.4", "c2.2", "c2.3"} == asked


def test_an_unpaired_comparison_is_at_risk() -> None:
    form = every("quadas-c", "yes") | {"about:design": "unpaired", "c1.2": "no"}
    judged = proposed("quadas-c", form)
    assert judged["judgement:patient-selection"] == "high"
    assert judged["judgement:index-test"] == "low"
    assert judged["judgement:overall"] == "at-risk"
    assert "applicability:overall" not in judged


def test_stard_ai_has_40_numbers_and_48_items() -> None:
    numbers = [item.number for item in list_items(shipped("stard-ai"))]
    plain = list(dict.fromkeys(number.rstrip("abcd") for number in numbers))
    assert plain == [str(n) for n in range(1, 41)]
    assert len(numbers) == 48
    assert [n for n in numbers if n[-1].isalpha()] == (
        ["15a", "15b", "15c", "15d", "16a", "16b", "16c", "17a", "17b", "26a", "26b", "40a", "40b"]
    )
    form = every("stard-ai", "yes", **{"23": "no", "32": "na", "6": "partly"})
    found = totals("stard-ai", form)
    assert found["total"].value == 45
    assert found["compliance"].value == 95.7  # 45 of 47


@pytest.mark.parametrize(
    ("method", "maxima"),
    [
        ("handcrafted", [7, 12, 17, 26, 34, 39, 46, 52, 56]),
        ("deep-learning", [7, 10, 13, 22, 30, 35, 42, 48, 52]),
        ("both", [7, 12, 17, 26, 34, 39, 46, 52, 56]),
    ],
)
def test_rqs_2_counts_the_items_up_to_the_readiness_level(method: str, maxima: list[int]) -> None:
    checklist = shipped("rqs-2.0")
    best = {item.id: max(item.options, key=lambda o: o.points).id for item in list_items(checklist)}
    for level, maximum in enumerate(maxima, start=1):
        form = best | {"about:method": method, "about:level": str(level)}
        found = totals("rqs-2.0", form)
        assert (found["total"].value, found["percent"].value) == (maximum, 100.0)


def test_rqs_2_divides_by_the_points_of_the_level() -> None:
    form = every("rqs-2.0", "no") | {"about:method": "deep-learning", "about:level": "4"}
    form |= {"clinical-need": "centres", "protocol": "higher", "discrimination": "resampling"}
    form |= {"open": "two", "multivariable": "yes", "prospective": "yes", "standards": "yes"}
    result = score_form(shipped("rqs-2.0"), form)
    found = totals("rqs-2.0", form)
    assert result.complete
    assert found["total"].value == 9  # 1 + 2 + 2 + 2 + 2; RRL 7 and handcrafted items do not count
    assert found["percent"].value == 40.9  # 9 of 22


def test_an_unfinished_rqs_2_form_shows_what_it_can_still_reach() -> None:
    form = {"about:method": "both", "about:level": "1", "hardware": "yes"}
    found = totals("rqs-2.0", form)["percent"]
    assert (found.value, found.low, found.high) == (None, 14.3, 100)


APPRAISED = {
    "about:leakage": "no",
    "title": "yes",
    "background": "yes",
    "objective": "yes",
    "source": "institutions+period",  # 3
    "eligibility": "inclusion+exclusion",  # 2
    "truth-definition": "yes",  # 2
    "truth-source": "experts",  # 4
    "preparation": "features+transformation+cleaning",  # 3
    "missing": "complete",  # 0
    "split": "random",  # 1 and 2 without leakage
    "generalisability": "external",  # 3
    "sample-size": "none-done",
    "baseline": "expert",  # 4
    "model-description": "kind+versions",  # 2
    "tuning": "listed",  # 1
    "search-space": "some",  # 1
    "cohort": "size+statistics",  # 3
    "specification": "kind+features",  # 2
    "discrimination": "significance",  # 2
    "metric-rationale": "no",
    "calibration": "not-reported",
    "utility": "threshold",  # 2
    "bias": "patient-performance",  # 1
    "errors": "predictive",  # 2
    "explanation": "yes",  # not scored
    "interpretation": "yes",  # 5
    "implementation": "yes",  # 1
    "limitations": "yes",  # 2
    "disclosures": "yes",  # 1
    "transparency": "code",  # 1
    "data-availability": "request",  # 1
}


def test_appraise_ai_adds_up_to_100_points_in_six_domains() -> None:
    found = totals("appraise-ai", APPRAISED)
    domains = [total.value for name, total in found.items() if name != "total"]
    assert domains == [4, 14, 10, 7, 11, 8]
    assert (found["total"].value, found["total"].band) == (54, "moderate")
    maxima = [score.max for score in shipped("appraise-ai").scores]
    assert maxima[0] == sum(maxima[1:]) == 100
    named = [item for score in shipped("appraise-ai").scores for item in score.items]
    assert len(named) == len(set(named)) == 30  # each question once; 19 gives no points


def test_appraise_ai_gives_nothing_for_the_split_with_a_concern_about_leakage() -> None:
    found = totals("appraise-ai", APPRAISED | {"about:leakage": "yes"})
    assert (found["total"].value, found["methodological-conduct"].value) == (48, 4)


@pytest.mark.parametrize(
    ("points", "band"),
    [(19, "very low"), (20, "low"), (39, "low"), (40, "moderate"), (60, "high"), (80, "very high")],
)
def test_the_bands_of_appraise_ai_start_where_published(points: int, band: str) -> None:
    bands = shipped("appraise-ai").scores[0].bands
    assert [name for start, name in bands if points >= start][-1] == band


def test_a_finished_domain_has_its_score_before_the_form_is_complete() -> None:
    form = {k: v for k, v in APPRAISED.items() if k != "data-availability"}
    found = totals("appraise-ai", form)
    assert found["total"].value is None
    assert found["data-quality"].value == 14
    assert found["reproducibility"].value is None


def test_answers_that_may_not_apply_do_not_settle_a_score() -> None:
    """All items of RQS 2.0 are answered, but not which level the study aims at."""
    form = every("rqs-2.0", "yes") | {"about:method": "both"}
    form |= {"clinical-need": "consensus", "protocol": "no", "discrimination": "resampling"}
    form |= {"open": "all", "multi-centre": "no", "fairness": "no"}
    found = totals("rqs-2.0", form)
    assert found["total"].value is None
    assert (found["total"].low, found["total"].high) == (5, 49)  # RRL 1 alone, or all levels
    assert found["percent"].value is None
    levels = [
        totals("rqs-2.0", form | {"about:level": str(n)})["percent"].value for n in range(1, 10)
    ]
    assert found["percent"].low <= min(levels)
    assert found["percent"].high >= max(levels)


def test_the_split_of_appraise_ai_waits_for_the_question_on_leakage() -> None:
    form = {k: v for k, v in APPRAISED.items() if k != "about:leakage"}
    found = totals("appraise-ai", form)["methodological-conduct"]
    assert (found.value, found.low, found.high) == (None, 4, 10)
