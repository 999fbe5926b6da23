"""The description of searches in sentences: each agrees with the log."""

from datetime import date

import pytest

from review.models import SearchDate
from review.protocol.models import SearchPlan
from review.workflow.exports.search_narrative import (
    describe_searches,
    format_dated_searches,
    format_times,
)
from review.workflow.exports.search_runs import SearchRun

ASKED = SearchPlan("covid AND\n imaging", date(2020, 1, 1), native={"arxiv": "all:covid"})


def one(source, day, kind="harvest", via="databases", searched=None, name=""):
    days = SearchDate(*map(date.fromisoformat, searched)) if searched else None
    return SearchRun(day, source, kind, via, name, None, 1, 1, 1, 0, days)


@pytest.mark.parametrize(
    ("found", "told", "never"),
    [
        ([], ["Records from 2020-01-01 onwards were eligible."], ["were imported"]),
        (
            [one("PubMed", "2020-02-01")],
            [
                "PubMed (2020-02-01) was searched via its API.",
                "One Boolean query was used for all sources: covid AND imaging.",
            ],
            ["separate query", "import"],
        ),
        (
            [one("PubMed", "2020-02-01"), one("arXiv", "2020-02-03"), one("PubMed", "2020-03-01")],
            [
                "arXiv (2020-02-03) and PubMed (2020-02-01 and 2020-03-01) were searched via their",
                "arXiv was searched with a separate query",
            ],
            ["import"],
        ),
        (
            [one("PubMed", f"2020-02-0{n}") for n in range(1, 6)],
            ["PubMed (on 5 days from 2020-02-01 to 2020-02-05) was searched"],
            [],
        ),
        (
            [one("Embase", "2020-02-01", "file")],
            [
                "Records of Embase (2020-02-01) were imported from search exports.",
                "For imported files the date of import is given.",
                "The search in the protocol covers records from 2020-01-01 onwards; its query is:",
            ],
            ["One Boolean query was used", "searched via"],
        ),
        (
            [
                one("PubMed", "2020-02-01"),
                one("Embase", "2020-02-02", "file"),
                one("Google Scholar", "2020-02-04", "file", "websites"),
                one("Li 2020", "2020-02-05", "file", "citations"),
            ],
            [
                "One Boolean query was used for all APIs",
                "Further records were found through websites (Google Scholar (2020-02-04)) and "
                "citation "
                "searching (Li 2020 (2020-02-05)).",
            ],
            ["all sources"],
        ),
    ],
)
def test_each_source_stands_with_its_days_and_nothing_untrue_is_said(found, told, never):
    text = describe_searches(found, ASKED)
    for words in told:
        assert words in text
    for words in never:
        assert words not in text


@pytest.mark.parametrize(
    ("found", "told", "never"),
    [
        (
            [one("Embase", "2026-03-20", "file", searched=("2026-03-12", "2026-03-12"))],
            ["Embase was searched on 12 March 2026; the search exports were imported."],
            ["2026-03-20", "not recorded", "date of import is given"],
        ),
        (
            [
                one("Scopus", "2026-03-20", "file", searched=("2026-03-01", "2026-03-04")),
                one("Embase", "2026-03-20", "file", searched=("2026-03-12", "2026-03-12")),
                one("Embase", "2026-05-20", "file", searched=("2026-05-02", "2026-05-02")),
                one("IEEE Xplore", "2026-03-21", "file", name="ieee.csv"),
            ],
            [
                "Embase was searched on 12 March 2026 and on 2 May 2026 and Scopus from 1 March "
                "2026 to 4 March 2026; the search exports",
                "Records of IEEE Xplore (2026-03-21) were imported from search exports.",
                "The search date of ieee.csv is not recorded. Their dates are those of the import.",
            ],
            ["date of import is given"],
        ),
        (
            [
                one("Li 2020", "2020-02-05", "file", "citations", ("2020-02-03", "2020-02-03")),
                one("Embase", "2020-02-01", "file", name="a.ris"),
                one("Embase", "2020-02-01", "file", name="b.ris"),
            ],
            [
                "The search date of a.ris and b.ris is not recorded.",
                "citation searching (Li 2020 (2020-02-03))",
            ],
            [],
        ),
    ],
)
def test_a_file_stands_with_the_day_of_its_search_or_says_that_none_is_known(found, told, never):
    text = describe_searches(found, ASKED)
    for words in told:
        assert words in text
    for words in never:
        assert words not in text


@pytest.mark.parametrize(
    ("searched", "text"),
    [
        ([("2026-03-01", "2026-03-04")], "2026-03-01 to 2026-03-04"),
        (
            [("2026-05-02", "2026-05-02"), ("2026-03-01", "2026-03-04"), None],
            "2026-03-01 to 2026-03-04, 2026-05-02 and 2026-06-01, date of import",
        ),
        (
            [(f"2026-0{month}-01", f"2026-0{month}-09") for month in (4, 2, 5, 3)],
            "4 times from 2026-02-01 to 2026-05-09",
        ),
        (
            [(f"2026-0{month}-01", f"2026-0{month}-01") for month in (4, 2, 5)] + [None],
            "on 4 days from 2026-02-01 to 2026-06-01, some by date of import",
        ),
    ],
)
def test_a_search_of_several_days_shows_its_first_and_last(searched, text):
    runs = [one("Embase", "2026-06-01", "file", searched=days) for days in searched]
    assert format_dated_searches(runs) == [f"Embase ({text})"]


def test_how_often_in_words():
    assert [format_times(n) for n in (1, 2, 3)] == ["once", "twice", "3 times"]
