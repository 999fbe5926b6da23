"""What is new in an edition, in sentences: every kind of change has its own."""

import copy

import pytest

from review.workflow.publishing.changes import describe_changes, describe_first_edition


def make_content():
    judgements = [
        {"key": "judgement:analysis", "group": "Risk of bias", "domain": "Analysis", "level": "low"}
    ]
    form = {
        "tool": "PROBAST",
        "model": None,
        "judgements": judgements,
        "scores": [{"title": "Total", "value": 12.0}],
        "answers": [{"item": "1", "answer": "Yes"}],
    }
    return {
        "title": "T",
        "question": "Q",
        "registration": None,
        "include": ["a"],
        "exclude": [],
        "query": "x",
        "dates": "d",
        "is_in_progress": True,
        "searches": [{"source": "PubMed", "last_day": "2026-01-02", "records": 10}],
        "boxes": [["Records screened", None, 10], ["Records screened", "line", 4]],
        "studies": [
            {
                "key": "R000001",
                "label": "Li 2020",
                "reference": "Li.",
                "forms": [form],
                "characteristics": [],
            }
        ],
        "data_sets": [{"name": "ChestX-ray14"}],
    }


def test_the_first_edition_counts_its_reports():
    assert describe_first_edition(make_content()) == ["First edition, with 1 report included."]
    assert describe_first_edition({}) == ["First edition, with 0 reports included."]


def set_study(name, value):
    return lambda content: content["studies"][0].__setitem__(name, value)


def set_form(name, value):
    return lambda content: content["studies"][0]["forms"][0].__setitem__(name, value)


def set_part(name, value):
    return lambda content: content.__setitem__(name, value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (set_part("studies", []), "No longer included: Li 2020."),
        (
            lambda c: c["studies"].append({"key": "R000002", "label": "Wu 2021"}),
            "Newly included: Wu 2021.",
        ),
        (set_study("reference", "Li, B."), "Reference corrected: Li 2020."),
        (set_study("forms", []), "Li 2020: the appraisal on PROBAST is being revised."),
        (
            lambda c: c["studies"][0]["forms"].append({"tool": "CLAIM", "model": "A"}),
            "Newly appraised: Li 2020.",
        ),
        (
            lambda c: c["studies"][0]["forms"][0]["judgements"][0].__setitem__("level", "high"),
            "Li 2020, PROBAST: risk of bias, analysis changed from low to high.",
        ),
        (
            set_form("judgements", []),
            "Li 2020, PROBAST: risk of bias, analysis is no longer judged (it was low).",
        ),
        (
            set_form("scores", [{"title": "Total", "value": 14.5}]),
            "Li 2020, PROBAST: Total changed from 12 to 14.5.",
        ),
        (set_form("answers", []), "Answers or quotes changed: Li 2020."),
        (set_study("characteristics", [["a", "b"]]), "Extracted facts changed: Li 2020."),
        (
            set_part("searches", [{"source": "PubMed", "last_day": "2026-02-03", "records": 11}]),
            "PubMed searched again on 3 February 2026: 1 record more.",
        ),
        (set_part("searches", []), "The search of PubMed was withdrawn."),
        (
            lambda c: c["searches"].append({"source": "Embase", "last_day": None, "records": 2}),
            "Embase searched: 2 records.",
        ),
        (
            set_part("boxes", [["Records screened", None, 1200]]),
            "Flow of records: records screened 10 → 1,200.",
        ),
        (set_part("data_sets", []), "Data sets no longer used: ChestX-ray14."),
        (
            set_part("data_sets", [{"name": "ChestX-ray14"}, {"name": "B"}]),
            "Data sets newly used: B.",
        ),
        (set_part("question", "Q2"), "The question has changed."),
        (set_part("include", []), "The criteria for inclusion have changed."),
        (set_part("dates", "e"), "The dates of the search have changed."),
        (set_part("is_in_progress", False), "All records have been screened and appraised."),
        (set_part("notes", ["n"]), "Details of the content have changed."),
    ],
)
def test_each_change_is_told_and_nothing_else(change, sentence):
    before, after = make_content(), copy.deepcopy(make_content())
    change(after)
    assert describe_changes(before, after) == [sentence]


def test_many_names_are_counted():
    after = make_content()
    after["studies"] += [{"key": f"R{n:06d}", "label": f"Li {n}"} for n in range(2, 14)]
    [sentence] = describe_changes(make_content(), after)
    assert sentence.endswith("Li 11 and 2 more.")


def test_content_of_an_older_version_is_compared_by_what_it_has():
    assert describe_changes({"studies": []}, make_content())[0] == "Newly included: Li 2020."
