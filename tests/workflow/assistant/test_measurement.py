"""How often suggestions were the settled answers, and of which reports a person is told."""

import pytest
from support.appraising import RQS_GOOD, fill, full, kind, standing
from support.assisted import assisted_review, keep_call

from review.workflow.appraisal import adjudication
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.assistant.measurement import describe_status, measure_agreement

ADDRESS = "http://localhost:9/v1"
ITEMS = ("title", "abstract", "objectives", "data-sources", "software")


@pytest.fixture
def project(tmp_path):
    return assisted_review(tmp_path / "r", ADDRESS)


def settle(project, **other):
    """Both reviewers finish CLAIM; Ben differs where `other` says so."""
    form = full(project, "claim-2020")
    fill(project, 1, "claim-2020", "ada", form)
    fill(project, 1, "claim-2020", "ben", form | other)


def test_suggestions_are_compared_with_settled_answers(project):
    for item, suggested in zip(ITEMS, ("yes", "yes", "no", "yes", "partly"), strict=True):
        keep_call(project, item, suggested)
    keep_call(project, "funding", None, state="dropped", reason="quotation")
    keep_call(project, "funding", None, state="failed", reason="x")
    assert measure_agreement(project) == []
    settle(project)
    (one,) = measure_agreement(project)
    assert (one.checklist, one.short, one.model) == ("claim-2020", "CLAIM 2020", "invented-7b")
    assert (one.same, one.compared, one.share) == (3, 5, 0.6)
    # Wilson 1927; 3 of 5: 0.231 to 0.882 (Newcombe 1998 gives the formula)
    assert (round(one.low, 3), round(one.high, 3)) == (0.231, 0.882)
    status = describe_status(project)
    assert (status.calls, status.suggested, status.dropped, status.failed) == (7, 5, 1, 1)
    assert (status.calls_left, status.calls_left_today) == (993, 193)


def test_of_several_suggestions_on_an_item_the_newest_counts_once(project):
    keep_call(project, "title", "no")
    keep_call(project, "title", "yes", who="ben")
    settle(project)
    (one,) = measure_agreement(project)
    assert (one.same, one.compared) == (1, 1)


def test_an_item_in_conflict_counts_once_it_is_settled(project):
    keep_call(project, "title", "no")
    keep_call(project, "abstract", "yes")
    settle(project, title="no")
    assert measure_agreement(project) == []
    adjudication.adjudicate_item(project, AnswerInput(1, "claim-2020", "title", "no"), "cleo")
    (one,) = measure_agreement(project)
    assert (one.same, one.compared) == (2, 2)


def test_a_reviewer_is_told_nothing_of_a_report_that_is_open(tmp_path):
    project = assisted_review(tmp_path / "r", ADDRESS, kinds=())
    kind(project, 1, "hybrid", "ada", "ben")  # its gates need CLAIM and RQS
    keep_call(project, "title", "yes")
    settle(project)
    assert standing(project, 1)[0] not in ("included", "excluded")
    counts = {who: len(measure_agreement(project, reader=who)) for who in ("ada", "dan", "cleo")}
    assert counts == {"ada": 0, "dan": 0, "cleo": 1}  # cleo adjudicates and reviews nothing
    form = full(project, "rqs-1.0") | RQS_GOOD
    for who in ("ada", "ben"):
        fill(project, 1, "rqs-1.0", who, form)
    assert standing(project, 1)[0] in ("included", "excluded")
    assert len(measure_agreement(project, reader="ada")) == 1


def test_a_review_that_never_asked_has_no_figures(project):
    status = describe_status(project, reader="ada")
    assert (status.is_on, status.calls, status.agreement) == (True, 0, ())
    assert status.consent == "ada, 2026-11-01"
