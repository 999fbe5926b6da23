"""The flow: each entry falls into one box, boxes sum, and differences are named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import FlowError
from review.prisma import (
    Box,
    Entry,
    Inputs,
    Line,
    Standing,
    as_dict,
    check,
    conservation,
    count,
    hold,
    join,
    total,
)

STAGES = ("screening", "eligibility", "quality")


def entry(key, report=None, *, via="databases", source="pubmed", **more):
    return Entry(key, source, via, report or key, **more)


def small() -> Inputs:
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
        Standing("R1", "screening", "included"),
        Standing("R2", "screening", "included"),
        Standing("R5", "screening", "excluded", ("not imaging",), rule="imaging-words"),
        Standing("R6", "screening", "included"),
        Standing("R7", "screening", "excluded", ("not imaging",)),
        Standing("R8", "screening", "included"),
        Standing("R9", "screening", "included"),
        Standing("R1", "eligibility", "included"),
        Standing("R2", "eligibility", "included"),
        Standing("R6", "eligibility", "excluded", ("review",)),
        Standing("R9", "eligibility", "included"),
        Standing("R1", "quality", "included"),
        Standing("R2", "quality", "included"),
        Standing("R9", "quality", "excluded", ("no pre-processing", "no selection")),
    ]
    return Inputs(
        entries,
        standings,
        studies={"R1": "R1", "R2": "R1"},
        not_retrieved={"R8": "paywall"},
        kinds={"R1": "deep-learning"},
        stages=STAGES,
    )


def test_every_box_of_a_small_review():
    flow = hold(count(small()))
    main = flow.main
    told = [(one.label, one.n, one.group) for one in main.identified]
    assert told == [
        ("pubmed", 6, "databases"),
        ("embase", 2, "databases"),
        ("ctgov", 1, "registers"),
    ]
    assert (main.duplicates_tool.ids, main.duplicates_hand.ids) == (("R3",), ("R4",))
    assert main.automation == (Line("imaging-words", 1, ("R5",)),)
    assert (main.screened.n, total(main.excluded_screening), main.sought.n) == (6, 1, 5)
    assert main.not_retrieved == (Line("paywall", 1, ("R8",)),)
    assert (main.assessed.n, main.eligible.n) == (4, 3)
    assert main.excluded_eligibility == (Line("review", 1, ("R6",)),)
    assert flow.excluded_quality == (Line("no pre-processing", 1, ("R9",)),)
    assert [one.label for one in flow.quality_reasons] == ["no pre-processing", "no selection"]
    assert (flow.new_reports.n, flow.new_studies.n) == (2, 1)
    assert flow.kinds == (Line("deep-learning", 1, ("R1",)),)
    assert flow.other is None


def test_what_is_not_settled_waits_in_its_own_box():
    waiting = replace(
        small(), standings=[Standing("R1", "screening", "included")], not_retrieved={}
    )
    flow = hold(count(waiting))
    assert flow.main.waiting_screening.ids == ("R2", "R5", "R6", "R7", "R8", "R9")
    assert flow.main.screened.ids == ("R1",)
    assert flow.main.waiting_eligibility.ids == ("R1",)


def test_a_report_judged_by_its_full_text_was_retrieved():
    flow = count(replace(small(), not_retrieved={"R6": "paywall", "R8": "paywall"}))
    assert flow.main.not_retrieved == (Line("paywall", 1, ("R8",)),)
    assert "R6" in flow.main.assessed.ids


def test_other_methods_have_their_column_and_give_way_to_databases():
    entries = [
        entry("R1"),
        entry("R2", "R1", via="citations", source="by hand"),
        entry("R3", via="websites", source="trial site"),
        entry("R4", "R5", via="citations", source="by hand"),
        entry("R5", via="citations", source="by hand"),
    ]
    flow = hold(count(Inputs(entries, [Standing("R3", "screening", "included")])))
    assert flow.main.waiting_screening.ids == ("R1",)
    assert flow.other.duplicates_tool.ids == ("R2", "R4")
    assert flow.other.sought.ids == ("R3",)
    assert [one.group for one in flow.other.identified] == ["websites", "citations"]


def test_a_report_led_by_another_column_is_counted_once_in_the_main_one():
    entries = [entry("R1", via="citations"), entry("R2", "R1")]
    flow = hold(count(Inputs(entries, [Standing("R1", "screening", "included")])))
    assert flow.main.sought.ids == ("R1",)
    assert flow.main.duplicates_tool.n == 0
    assert flow.other.duplicates_tool.ids == ("R1",)


def test_entries_that_could_not_be_read_are_removed_for_other_reasons():
    flow = hold(count(Inputs([entry("R1"), entry("import 1, entry 2", unread=True)])))
    assert total(flow.main.identified) == 2
    assert flow.main.removed_other == (Line("Entry could not be read", 1, ("import 1, entry 2",)),)


def test_an_update_adds_to_the_version_before():
    inputs = Inputs(
        [entry("R8"), entry("R9", "R1")],
        [
            Standing("R8", "screening", "included"),
            Standing("R2", "screening", "included"),
            Standing("R8", "eligibility", "included"),
            Standing("R2", "eligibility", "included"),
        ],
        previous=(5, 6),
        before=frozenset({"R1", "R2", "R3"}),
        carried={"R2": "databases"},
        dropped=(frozenset({"R3"}), frozenset({"R3"})),
    )
    flow = hold(count(inputs))
    assert flow.main.duplicates_tool.ids == ("R9",)
    assert flow.main.carried.ids == ("R2",)
    assert flow.new_reports.n == 2
    assert (flow.total_studies.n, flow.total_reports.n) == (6, 7)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"entries": [entry("R1"), entry("R1")]}, "R1"),
        ({"standings": [Standing("R7", "screening", "included")]}, "R7"),
        ({"standings": [Standing("R1", "screening", "included")] * 2}, r"R1 \(screening\)"),
    ],
)
def test_inputs_that_contradict_each_other_are_refused_by_name(change, named):
    inputs = replace(Inputs([entry("R1")]), **change)
    with pytest.raises(FlowError, match=named):
        count(inputs)


@pytest.mark.parametrize(
    ("place", "column", "lost"),
    [
        ("screened", "excluded_screening", "R7"),
        ("sought", "not_retrieved", "R8"),
        ("assessed", "excluded_eligibility", "R6"),
    ],
)
def test_a_box_that_loses_a_record_is_named_with_the_record(place, column, lost):
    flow = count(small())
    broken = replace(flow, main=replace(flow.main, **{column: ()}))
    problems = check(broken)
    assert [one.ids for one in problems] == [(lost,)]
    assert problems[0].place.startswith(place)
    with pytest.raises(FlowError, match=lost):
        hold(broken)


def test_a_lost_duplicate_and_a_report_counted_twice_are_found():
    flow = count(small())
    lost = replace(flow, main=replace(flow.main, duplicates_tool=Box(0, ())))
    assert "R3" in check(lost)[0].ids
    main = flow.main
    twice = replace(main, eligible=Box(4, (*main.eligible.ids, "R6")))
    assert any("R6" in one.ids for one in check(replace(flow, main=twice)))


def test_plain_totals_are_held_and_unpublished_ones_passed_over():
    flow = count(small())
    main = replace(
        flow.main, identified=(Line("pubmed", 2212, None, "databases"),), screened=Box(None)
    )
    assert check(replace(flow, main=main)) == []
    wrong = replace(flow.main, screened=Box(7), sought=Box(5))
    assert [one.says for one in check(replace(flow, main=wrong))] == ["9 against 10", "7 against 6"]


def test_parts_told_only_together_keep_the_sum():
    flow = hold(join(count(small()), "screening", "removed or excluded"))
    assert (flow.main.screened.n, total(flow.main.excluded_screening)) == (None, None)
    assert flow.joints[0].n == 4
    both = hold(join(flow, "eligibility", "excluded on full text or quality"))
    assert both.joints[1].n == 3
    assert (both.main.assessed.n, total(both.excluded_quality)) == (None, None)
    false = replace(both, joints=(replace(both.joints[0], n=5), both.joints[1]))
    assert [one.says for one in check(false)] == ["4 by the boxes, 5 told"]


def test_totals_and_studies_are_held():
    flow = count(replace(small(), previous=(3, 4)))
    assert (flow.total_studies.n, flow.total_reports.n) == (4, 6)
    assert check(replace(flow, total_studies=Box(9)))[0].place == "total studies"
    assert check(replace(flow, new_studies=Box(8)))


def test_the_flow_as_plain_data_and_as_one_line():
    flow = count(small())
    told = as_dict(flow)
    assert told["main"]["identified"][0] == {"label": "pubmed", "n": 6, "via": "databases"}
    assert as_dict(flow, ids=True)["main"]["screened"]["ids"][0] == "R1"
    assert conservation(flow) == (
        "9 records = 1 duplicates by rule + 1 duplicates by hand + 1 ineligible by automation + "
        "1 excluded on title and abstract + 1 not retrieved + 1 excluded on full text + "
        "1 excluded at the quality gate + 2 included"
    )
    told = conservation(join(flow, "screening", "Left early"))
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
        Standing(one, stage, status, rule=draw(st.sampled_from([None, None, "rule"])))
        if stage == "screening" and status == "excluded"
        else Standing(one, stage, status)
        for one in reports
        for stage in STAGES
        if (status := draw(statuses)) is not None
    ]
    missed = {one: "paywall" for one in reports if draw(st.booleans())}
    stages = draw(st.sampled_from([STAGES, STAGES[:2], STAGES[:1], ("screening", "quality")]))
    return Inputs(entries, standings, not_retrieved=missed, stages=stages)


@given(reviews())
def test_whatever_was_decided_nothing_is_lost(inputs):
    flow = hold(count(inputs))
    left = sum(total(one.identified) or 0 for one in (flow.main, flow.other) if one)
    assert left == len(inputs.entries)
    start, parts = conservation(flow).split(" records = ")
    assert sum(int(part.split()[0]) for part in parts.split(" + ")) == int(start) == left
