"""Forms and answers stand in the order of rows: a clock set back changes no independent form."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from support.appraising import fill, full, review_in

from review.store import answers
from review.workflow.appraisal import adjudication, forms, results
from review.workflow.appraisal.forms import AnswerInput

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLAIM = "claim-2020"


def set_clock(monkeypatch, at):
    for module in (forms, adjudication):
        monkeypatch.setattr(module, "utc_now", lambda: at)


def read_title(project):
    (found,) = results.list_independent_forms(project, CLAIM)
    return [dict(form)["title"].answer for form in found.forms]


def change(project, who, answer):
    adjudication.reopen_form(project, 1, CLAIM, who)
    forms.add_answer(project, AnswerInput(1, CLAIM, "title", answer), who)
    adjudication.finish_form(project, 1, CLAIM, who)


@pytest.mark.parametrize("hours", [-30, 0, 30])
def test_what_changed_after_consensus_is_not_independent_whatever_the_clock(
    tmp_path, new_store, monkeypatch, hours
):
    project = review_in(tmp_path)
    set_clock(monkeypatch, NOON)
    for who in ("ada", "ben"):
        fill(project, 1, CLAIM, who, full(project, CLAIM))
    assert read_title(project) == ["yes", "yes"]
    set_clock(monkeypatch, NOON + timedelta(hours=hours))
    change(project, "ada", "no")
    assert read_title(project) == ["yes", "yes"]


@pytest.mark.parametrize("hours", [-30, 30])
def test_what_changed_before_the_other_finished_is_independent(
    tmp_path, new_store, monkeypatch, hours
):
    project = review_in(tmp_path)
    set_clock(monkeypatch, NOON)
    fill(project, 1, CLAIM, "ada", full(project, CLAIM))
    set_clock(monkeypatch, NOON + timedelta(hours=hours))
    change(project, "ada", "no")
    set_clock(monkeypatch, NOON - timedelta(hours=50))
    fill(project, 1, CLAIM, "ben", full(project, CLAIM))
    assert read_title(project) == ["no", "yes"]


def test_rows_of_older_versions_go_by_their_moments(tmp_path, new_store, monkeypatch):
    project = review_in(tmp_path)
    set_clock(monkeypatch, NOON)
    for who in ("ada", "ben"):
        fill(project, 1, CLAIM, who, full(project, CLAIM))
    set_clock(monkeypatch, NOON + timedelta(hours=1))
    change(project, "ada", "no")
    with project.store.write() as conn:
        conn.execute(text("update forms set after_answer = null"))
    assert read_title(project) == ["yes", "yes"]
    with project.store.read() as conn:
        assert {event.after_answer for event in answers.list_form_events(conn)} == {None}
