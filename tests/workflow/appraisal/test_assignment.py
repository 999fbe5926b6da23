"""Assignment of reviewers: more than two, pairs, shares, the pilot, and those who leave."""

from collections import Counter

import pytest
from support.appraising import fill, full, review_in, standing

from review.errors import ReviewError
from review.workflow.appraisal import adjudication, forms, results, tasks
from review.workflow.appraisal.agreement import compute_agreement
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.screening import reviewing

pytestmark = pytest.mark.usefixtures("database")
PEOPLE = ("ada", "ben", "dan")


def kind_and_claim(project, report, who, **changed):
    fill(project, report, "study-kind", who, {"kind": "deep-learning"})
    fill(project, report, "claim-2020", who, full(project, "claim-2020") | changed)


def mine(project, name):
    return [task.report for task in tasks.list_tasks(project, name)]


def test_three_reviewers_are_compared_and_any_of_them_apart_is_a_conflict(tmp_path):
    project = review_in(tmp_path, quality="reviewers: 3")
    kind_and_claim(project, 1, "ada")
    kind_and_claim(project, 1, "ben", preprocessing="no")
    with pytest.raises(ReviewError, match="cannot be adjudicated until all"):
        adjudication.load_comparison(project, 1, "claim-2020", "cleo")
    assert standing(project, 1) == ("pending", None)
    kind_and_claim(project, 1, "dan", title="no")
    now = adjudication.load_comparison(project, 1, "claim-2020", "cleo")
    assert now.reviewers == PEOPLE
    assert [pair.question.key for pair in now.unresolved] == ["title", "preprocessing"]
    assert [entry.answer for entry in now.unresolved[0].entries] == ["yes", "yes", "no"]
    for key in ("title", "preprocessing"):
        adjudication.adjudicate_item(project, AnswerInput(1, "claim-2020", key, "yes"), "cleo")
    assert standing(project, 1) == ("included", None)


def test_agreement_of_three_has_fleiss_alpha_and_an_icc(tmp_path):
    project = review_in(tmp_path, quality="reviewers: 3")
    for report in (1, 2, 3):
        for who in PEOPLE:
            other = {"title": "no"} if (report, who) in ((1, "dan"), (3, "ben")) else {}
            fill(project, report, "claim-2020", who, full(project, "claim-2020") | other)
    found = compute_agreement(project, "claim-2020")
    names = [figure.name for figure in found.items[0].figures]
    assert names == ["percent agreement", "Gwet's AC1", "Fleiss' kappa", "Krippendorff's alpha"]
    assert found.items[0].figures[0].value == pytest.approx((1 / 3 + 1 + 1 / 3) / 3)
    assert found.reports == 3
    assert found.total.n == 3


def test_one_reviewer_alone_settles_by_finishing(tmp_path):
    project = review_in(tmp_path, quality="reviewers: 1, who: [ada]")
    kind_and_claim(project, 1, "ada")
    assert standing(project, 1) == ("included", None)
    assert results.list_independent_forms(project, "claim-2020") == []


def test_pairs_are_drawn_and_each_sees_only_their_own(tmp_path):
    project = review_in(tmp_path, 30, quality="reviewers: 2, allocation: pairs")
    lists = {name: mine(project, name) for name in PEOPLE}
    times = Counter(report for reports in lists.values() for report in reports)
    assert set(times.values()) == {2}
    assert len(times) == 30
    assert all(12 <= len(reports) <= 28 for reports in lists.values())
    theirs = next(report for report in range(1, 31) if report not in lists["ada"])
    with pytest.raises(ReviewError, match="is assigned to ben and dan"):
        forms.add_answer(project, AnswerInput(theirs, "claim-2020", "title", "yes"), "ada")
    assert lists == {name: mine(project, name) for name in PEOPLE}


def test_shares_are_kept_to(tmp_path):
    quality = "reviewers: 1, allocation: shares, shares: {ada: 0.8, ben: 0.2, dan: 0}"
    project = review_in(tmp_path, 60, quality=quality)
    counts = [len(mine(project, name)) for name in PEOPLE]
    assert sum(counts) == 60
    assert counts[0] > 2 * counts[1] > 0 == counts[2]


def test_the_pilot_is_everybodys_and_comes_first(tmp_path):
    project = review_in(tmp_path, 6, quality="reviewers: 2, pilot: 2, allocation: pairs")
    lists = {name: tasks.list_tasks(project, name) for name in PEOPLE}
    pilots = {name: [task.report for task in told if task.pilot] for name, told in lists.items()}
    assert len(set(map(tuple, pilots.values()))) == 1
    first = pilots["ada"][0]
    assert len(pilots["ada"]) == 2
    assert all([task.pilot for task in told][:2] == [True, True] for told in lists.values())
    for who in ("ada", "ben"):
        kind_and_claim(project, first, who)
    assert standing(project, first) == ("pending", None)
    assert first in mine(project, "dan")
    kind_and_claim(project, first, "dan")
    assert standing(project, first) == ("included", None)
    assert results.list_independent_forms(project, "claim-2020")[0].reviewers == PEOPLE


def test_totals_of_unequally_many_reviewers_are_cut_to_the_fewest(tmp_path):
    project = review_in(tmp_path, 4, quality="reviewers: 2, pilot: 1")
    first = tasks.list_tasks(project, "ada")[0].report
    for who in PEOPLE:
        fill(project, first, "claim-2020", who, full(project, "claim-2020"))
    other = next(n for n in range(1, 5) if n != first)
    for who, word in (("ben", "yes"), ("dan", "no")):
        fill(project, other, "claim-2020", who, full(project, "claim-2020") | {"title": word})
    assert sorted(results.collect_total_ratings(project, "claim-2020")) == [(42, 41), (42, 42)]
    assert compute_agreement(project, "claim-2020").items[0].figures[0].n == 2


def test_a_leaving_reviewer_keeps_what_is_finished_and_frees_the_rest(tmp_path):
    project = review_in(tmp_path)
    for who in ("ada", "ben"):
        fill(project, 1, "study-kind", who, {"kind": "hybrid"})
        fill(project, 1, "claim-2020", who, full(project, "claim-2020"))
    forms.add_answer(project, AnswerInput(1, "rqs-1.0", "protocol", "no"), "ben")
    assert 1 not in mine(project, "dan")
    reviewing.retire_reviewer(project, "ben", "ada")
    with pytest.raises(ReviewError, match="appraised by 2 other reviewers"):
        forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "dan")
    fill(project, 1, "study-kind", "dan", {"kind": "hybrid"})
    task = next(task for task in tasks.list_tasks(project, "dan") if task.report == 1)
    assert [tool.checklist for tool, *_ in task.forms if tool.use == "gate"] == ["rqs-1.0"]
    assert forms.add_answer(project, AnswerInput(1, "rqs-1.0", "protocol", "no"), "dan").entries


def test_who_left_and_came_back_appraises_again(tmp_path):
    project = review_in(tmp_path)
    reviewing.retire_reviewer(project, "ben", "ada")
    with pytest.raises(ReviewError, match="ben does not appraise"):
        forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "ben")
    reviewing.retire_reviewer(project, "ben", "ada", returning=True)
    assert forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "ben").entries


def test_a_drawn_report_of_somebody_who_left_is_open_to_others(tmp_path):
    project = review_in(tmp_path, 12, quality="reviewers: 2, allocation: pairs")
    theirs = [n for n in mine(project, "ben") if n not in mine(project, "ada")]
    reviewing.retire_reviewer(project, "ben", "ada")
    assert set(theirs) <= set(mine(project, "ada"))
