"""The flow: each entry is in one box, boxes add up, and differences are reported."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import FlowError
from review.prisma import (
    BoxLine,
    FlowBox,
    FlowEntry,
    FlowInputs,
    StageOutcome,
    combine_stage_boxes,
    count_flow,
    find_mismatches,
    flow_to_dict,
    format_conservation,
    format_ids,
    get_total,
    validate,
)

STAGES = ("screening", "eligibility", "quality")


def entry(key, report=None, *, via="databases", source="pubmed", **more):
    return FlowEntry(key, source, via, report or key, **more)


def small() -> FlowInputs:
    """Nine entries: one duplicate by rule, one by hand, one ruled out, six judged."""
    entries = [
        entry("R1"),
        entry("R2"),
        entry("R3", "R1", source="embase"),
        entry("R4", "R2", source="embase", by_hand=True),
        entry("R5", source="ctgov", via="registers"),
        entry("R6"),
        entry("R7"),
        entry("R8"),
        entry("R9"),
    ]
    standings = [
        StageOutcome("R1", "screening", "included"),
        StageOutcome("R2", "screening", "included"),
        StageOutcome("R5", "screening", "excluded", ("not imaging",), rule="imaging-words"),
        StageOutcome("R6", "screening", "included"),
        StageOutcome("R7", "screening", "excluded", ("not imaging",)),
        StageOutcome("R8", "screening", "included"),
        StageOutcome("R9", "screening", "included"),
        StageOutcome("R1", "eligibility", "included"),
        StageOutcome("R2", "eligibility", "included"),
        StageOutcome("R6", "eligibility", "excluded", ("review",)),
        StageOutcome("R9", "eligibility", "included"),
        StageOutcome("R1", "quality", "included"),
        StageOutcome("R2", "quality", "included"),
        StageOutcome("R9", "quality", "excluded", ("no pre-processing", "no selection")),
    ]
    return FlowInputs(
        entries,
        standings,
        studies={"R1": "R1", "R2": "R1"},
        not_retrieved={"R8": "paywall"},
        kinds={"R1": "deep-learning"},
        stages=STAGES,
    )


def test_every_box_of_a_small_review():
    flow = validate(count_flow(small()))
    main = flow.main
    told = [(one.label, one.n, one.group) for one in main.identified]
    assert told == [
        ("pubmed", 6, "databases"),
        ("embase", 2, "databases"),
        ("ctgov", 1, "registers"),
    ]
    assert (main.duplicates_tool.ids, main.duplicates_hand.ids) == (("R3",), ("R4",))
    assert main.automation == (BoxLine("imaging-words", 1, ("R5",)),)
    assert (main.screened.n, get_total(main.excluded_screening), main.sought.n) == (6, 1, 5)
    assert main.not_retrieved == (BoxLine("paywall", 1, ("R8",)),)
    assert (main.assessed.n, main.eligible.n) == (4, 3)
    assert main.excluded_eligibility == (BoxLine("review", 1, ("R6",)),)
    assert flow.excluded_quality == (BoxLine("no pre-processing", 1, ("R9",)),)
    assert [one.label for one in flow.quality_reasons] == ["no pre-processing", "no selection"]
    assert (flow.new_reports.n, flow.new_studies.n) == (2, 1)
    assert flow.kinds == (BoxLine("deep-learning", 1, ("R1",)),)
    assert flow.other is None


def test_what_is_not_settled_waits_in_its_own_box():
    waiting = replace(
        small(), outcomes=[StageOutcome("R1", "screening", "included")], not_retrieved={}
    )
    flow = validate(count_flow(waiting))
    assert flow.main.waiting_screening.ids == ("R2", "R5", "R6", "R7", "R8", "R9")
    assert flow.main.screened.ids == ("R1",)
    assert flow.main.waiting_eligibility.ids == ("R1",)


def test_a_report_judged_by_its_full_text_was_retrieved():
    flow = count_flow(replace(small(), not_retrieved={"R6": "paywall", "R8": "paywall"}))
    assert flow.main.not_retrieved == (BoxLine("paywall", 1, ("R8",)),)
    assert "R6" in flow.main.assessed.ids


def test_other_methods_have_their_column_and_give_way_to_databases():
    entries = [
        entry("R1"),
        entry("R2", "R1", via="citations", source="by hand"),
        entry("R3", via="websites", source="trial site"),
        entry("R4", "R5", via="citations", source="by hand"),
        entry("R5", via="citations", source="by hand"),
    ]
    flow = validate(count_flow(FlowInputs(entries, [StageOutcome("R3", "screening", "included")])))
    assert flow.main.waiting_screening.ids == ("R1",)
    assert flow.other.duplicates_tool.ids == ("R2", "R4")
    assert flow.other.sought.ids == ("R3",)
    assert [one.group for one in flow.other.identified] == ["websites", "citations"]


def test_a_report_led_by_another_column_is_counted_once_in_the_main_one():
    entries = [entry("R1", via="citations"), entry("R2", "R1")]
    flow = validate(count_flow(FlowInputs(entries, [StageOutcome("R1", "screening", "included")])))
    assert flow.main.sought.ids == ("R1",)
    assert flow.main.duplicates_tool.n == 0
    assert flow.other.duplicates_tool.ids == ("R1",)


def test_entries_that_could_not_be_read_are_removed_for_other_reasons():
    flow = validate(count_flow(FlowInputs([entry("R1"), entry("import 1, entry 2", unread=True)])))
    assert get_total(flow.main.identified) == 2
    assert flow.main.removed_other == (
        BoxLine("Entry could not be read", 1, ("import 1, entry 2",)),
    )


def test_an_update_adds_to_the_version_before():
    inputs = FlowInputs(
        [entry("R8"), entry("R9", "R1")],
        [
            StageOutcome("R8", "screening", "included"),
            StageOutcome("R2", "screening", "included"),
            StageOutcome("R8", "eligibility", "included"),
            StageOutcome("R2", "eligibility", "included"),
        ],
        previous_counts=(5, 6),
        previous_reports=frozenset({"R1", "R2", "R3"}),
        carried={"R2": "databases"},
        dropped=(frozenset({"R3"}), frozenset({"R3"})),
    )
    flow = validate(count_flow(inputs))
    assert flow.main.duplicates_tool.ids == ("R9",)
    assert flow.main.carried.ids == ("R2",)
    assert flow.new_reports.n == 2
    assert (flow.total_studies.n, flow.total_reports.n) == (6, 7)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"entries": [entry("R1"), entry("R1")]}, "R1"),
        ({"outcomes": [StageOutcome("R7", "screening", "included")]}, "R7"),
        ({"outcomes": [StageOutcome("R1", "screening", "included")] * 2}, r"R1 \(screening\)"),
    ],
)
def test_inputs_that_contradict_each_other_are_refused_by_name(change, named):
    inputs = replace(FlowInputs([entry("R1")]), **change)
    with pytest.raises(FlowError, match=named):
        count_flow(inputs)


@pytest.mark.parametrize(
    ("place", "column", "lost"),
    [
        ("screened", "excluded_screening", "R7"),
        ("sought", "not_retrieved", "R8"),
        ("assessed", "excluded_eligibility", "R6"),
    ],
)
def test_a_box_that_loses_a_record_is_named_with_the_record(place, column, lost):
    flow = count_flow(small())
    broken = replace(flow, main=replace(flow.main, **{column: ()}))
    problems = find_mismatches(broken)
    assert [one.ids for one in problems] == [(lost,)]
    assert problems[0].label.startswith(place)
    with pytest.raises(FlowError, match=lost):
        validate(broken)


def test_a_lost_duplicate_and_a_report_counted_twice_are_found():
    flow = count_flow(small())
    lost = replace(flow, main=replace(flow.main, duplicates_tool=FlowBox(0, ())))
    assert "R3" in find_mismatches(lost)[0].ids
    main = flow.main
    twice = replace(main, eligible=FlowBox(4, (*main.eligible.ids, "R6")))
    assert any("R6" in one.ids for one in find_mismatches(replace(flow, main=twice)))


def test_plain_totals_are_held_and_unpublished_ones_passed_over():
    flow = count_flow(small())
    main = replace(
        flow.main, identified=(BoxLine("pubmed", 2212, None, "databases"),), screened=FlowBox(None)
    )
    assert find_mismatches(replace(flow, main=main)) == []
    wrong = replace(flow.main, screened=FlowBox(7), sought=FlowBox(5))
    assert [one.message for one in find_mismatches(replace(flow, main=wrong))] == [
        "9 vs 10",
        "7 vs 6",
    ]


def test_parts_told_only_together_keep_the_sum():
    flow = validate(combine_stage_boxes(count_flow(small()), "screening", "removed or excluded"))
    assert (flow.main.screened.n, get_total(flow.main.excluded_screening)) == (None, None)
    assert flow.joints[0].n == 4
    both = validate(combine_stage_boxes(flow, "eligibility", "excluded on full text or quality"))
    assert both.joints[1].n == 3
    assert (both.main.assessed.n, get_total(both.excluded_quality)) == (None, None)
    false = replace(both, joints=(replace(both.joints[0], n=5), both.joints[1]))
    assert [one.message for one in find_mismatches(false)] == ["4 calculated, 5 stated"]


def test_a_sum_of_boxes_is_not_checked_where_other_records_enter():
    flow = combine_stage_boxes(count_flow(small()), "screening", "removed or excluded")
    false = replace(flow, joints=(replace(flow.joints[0], n=5),))
    message = "4 calculated, 5 stated"
    assert message in [mismatch.message for mismatch in find_mismatches(false)]
    with_others = replace(false, other=count_flow(small()).main)
    with_earlier = replace(false, main=replace(false.main, carried=FlowBox(2)))
    unknown = replace(false, main=replace(false.main, sought=FlowBox(None)))
    for open_flow in (with_others, with_earlier, unknown):
        assert message not in [mismatch.message for mismatch in find_mismatches(open_flow)]


def test_long_lists_of_records_are_cut():
    keys = [f"R{n}" for n in range(21)]
    assert format_ids(keys[:20]) == ", ".join(keys[:20])
    assert format_ids([*keys, "R0"]) == f"{', '.join(keys[:20])} and 1 more"


def test_totals_and_studies_are_held():
    flow = count_flow(replace(small(), previous_counts=(3, 4)))
    assert (flow.total_studies.n, flow.total_reports.n) == (4, 6)
    assert find_mismatches(replace(flow, total_studies=FlowBox(9)))[0].label == "total studies"
    assert find_mismatches(replace(flow, new_studies=FlowBox(8)))


def test_the_flow_as_plain_data_and_as_one_line():
    flow = count_flow(small())
    told = flow_to_dict(flow)
    assert told["main"]["identified"][0] == {"label": "pubmed", "n": 6, "via": "databases"}
    assert flow_to_dict(flow, ids=True)["main"]["screened"]["ids"][0] == "R1"
    assert format_conservation(flow) == (
        "9 records = 1 duplicates removed automatically + 1 duplicates removed manually + "
        "1 marked as ineligible by automation tools + 1 excluded at title and abstract + "
        "1 not retrieved + 1 excluded at full text + "
        "1 excluded at the quality gate + 2 included"
    )
    told = format_conservation(combine_stage_boxes(flow, "screening", "Left early"))
    assert told.startswith("9 records = 1 not retrieved") and "4 (left early)" in told


@st.composite
def reviews(draw):
    """Any review: groups, ways and standings drawn freely, stages skipped and mixed up."""
    size = draw(st.integers(1, 25))
    keys = [f"R{n}" for n in range(size)]
    lead = [draw(st.integers(0, n)) for n in range(size)]
    lead = [n if lead[n] == n or lead[lead[n]] != lead[n] else lead[n] for n in range(size)]
    vias = st.sampled_from(["databases", "registers", "websites", "citations"])
    entries = [
        entry(keys[n], keys[lead[n]], via=draw(vias), by_hand=draw(st.booleans()))
        for n in range(size)
    ]
    reports = sorted({one.report for one in entries})
    statuses = st.sampled_from(["included", "excluded", "waiting", None])
    standings = [
        StageOutcome(one, stage, status, rule=draw(st.sampled_from([None, None, "rule"])))
        if stage == "screening" and status == "excluded"
        else StageOutcome(one, stage, status)
        for one in reports
        for stage in STAGES
        if (status := draw(statuses)) is not None
    ]
    missed = {one: "paywall" for one in reports if draw(st.booleans())}
    stages = draw(st.sampled_from([STAGES, STAGES[:2], STAGES[:1], ("screening", "quality")]))
    return FlowInputs(entries, standings, not_retrieved=missed, stages=stages)


@given(reviews())
def test_whatever_was_decided_nothing_is_lost(inputs):
    flow = validate(count_flow(inputs))
    left = sum(get_total(one.identified) or 0 for one in (flow.main, flow.other) if one)
    assert left == len(inputs.entries)
    start, parts = format_conservation(flow).split(" records = ")
    assert sum(int(part.split()[0]) for part in parts.split(" + ")) == int(start) == left


@pytest.mark.parametrize(("studies", "fits"), [(1, True), (2, True), (3, False)])
def test_there_are_no_more_studies_than_reports(studies, fits):
    flow = replace(count_flow(small()), new_studies=FlowBox(studies), new_reports=FlowBox(2))
    labels = [mismatch.label for mismatch in find_mismatches(flow)]
    assert ("included" not in labels) is fits


def test_kinds_are_counted_for_new_studies_only():
    inputs = replace(small(), kinds={"R1": "deep-learning", "R2": "hybrid"})
    assert count_flow(inputs).kinds == (BoxLine("deep-learning", 1, ("R1",)),)  # one study
    apart = replace(inputs, studies={"R1": "R1", "R2": "R2"})
    assert [line.n for line in count_flow(apart).kinds] == [1, 1]
    carried = replace(apart, previous_studies=frozenset({"R1"}))
    assert [line.label for line in count_flow(carried).kinds] == ["hybrid"]
