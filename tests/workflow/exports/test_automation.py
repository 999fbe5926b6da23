"""The statement on automation: what was suggested, what people made of it, and nothing of what is
open."""

from datetime import timedelta

import pytest
from support import reporting
from support.assisted import keep_call
from support.papers import draw_pdf

from review.store import feedback, flags, screening_queue
from review.store.feedback import FeedbackEntry
from review.workflow.appraisal import forms
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.bias import flags as bias
from review.workflow.exports import automation, methods_text
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.fulltexts import attachments, reading
from review.workflow.screening import early_stop, keyword_rules
from review.workflow.setup.loading import open_project

NO_MODEL = "no text was sent to a language model"
FIRST = reporting.day("2020-03-05")


@pytest.fixture
def project(tmp_path):
    """Two reports: the first is decided at its last stage, the second waits for appraisal."""
    project = reporting.started(tmp_path / "r")
    reporting.bring(project, "pubmed", range(1, 3), "2020-02-01")
    for n in (1, 2):
        reporting.decide(project, n, reporting.STAGES[0], "include", "2020-03-01")
        reporting.decide(project, n, reporting.STAGES[1], "include", "2020-03-02")
    reporting.decide(project, 1, reporting.STAGES[2], "include", "2020-03-03", who=("ada", "ben"))
    return project


def hear(project, record, kind, verdict, *, sentence="A sentence.", who="ada", at=FIRST, rule="r"):
    entry = FeedbackEntry(record, kind, rule, "claim-2020 title", sentence, 1, verdict, who, at)
    with project.store.write() as conn:
        feedback.add_entry(conn, entry)


def state(project, day=None):
    return automation.write_statement(snapshot_at(project, day), "9.9")


def test_a_review_without_automation_has_no_statement(project):
    assert state(project) == ""
    assert "RAISE" not in methods_text.write_methods(snapshot_at(project))


def test_flags_are_told_with_what_reviewers_made_of_them(project):
    engine = bias.load_knowledge().engine
    with project.store.write() as conn:
        flags.add_run(conn, 1, sha256="a", engine=engine, new_flags=[], at=FIRST)
        flags.add_run(
            conn, 2, sha256="b", engine=engine, new_flags=[("combined-sets", {"x": 1})], at=FIRST
        )
    assert "in 2 full texts searched; no flag has been judged yet" in state(project)
    for n, verdict in enumerate(["confirm"] * 3 + ["dismiss"]):
        hear(project, 1, "flag", verdict, sentence=f"Sentence {n}.", rule="calibration-not-found")
    hear(project, 1, "flag", "dismiss", sentence="A place to look at.", rule="learned ranking")
    text = state(project)
    assert "did not count as flags; reviewers confirmed 0 and dismissed 1 of 1 judged" in text
    assert text.startswith("Use of automation (RAISE), Funnel 9.9.")
    assert (
        "reviewers confirmed 3 and dismissed 1 of 4 judged flags (75%, 95% CI 30% to 95%)" in text
    )
    assert NO_MODEL in text
    assert text in methods_text.write_methods(snapshot_at(project)).replace(
        methods_text.get_version(), "9.9"
    )


def test_suggested_sentences_are_told_once_judged(project):
    hear(project, 1, "evidence", "use")
    hear(project, 1, "evidence", "dismiss", sentence="Another.")
    text = state(project)
    assert "At the stage quality, sentences of the full text were suggested as possible" in text
    assert "reviewers used 1 and dismissed 1 of 2 judged sentences (50%" in text
    assert "text-mining rules" not in text


def test_suggested_sentences_are_told_where_a_report_was_appraised_with_its_text(project):
    for n in (1, 2):
        attachments.attach_pdf(project, n, "study.pdf", draw_pdf("study.pdf"), "ada")
        assert reading.get_record_text(project, n) is not None
    assert state(project) == ""
    for n in (1, 2):
        forms.add_answer(project, AnswerInput(n, "claim-2020", "title", "yes"), "ada")
    text = state(project)
    assert "At the stage quality, sentences of the full text of 1 report appraised were" in text
    assert "no sentence has been judged yet on a report whose appraisal is complete" in text
    assert state(project, "2020-03-31") == ""


def test_the_newest_word_counts_and_a_withdrawn_one_does_not(project):
    hear(project, 1, "evidence", "dismiss")
    hear(project, 1, "evidence", "use", who="ben", at=FIRST + timedelta(hours=1))
    assert "reviewers used 1 and dismissed 0 of 1 judged sentence (100%" in state(project)
    hear(project, 1, "evidence", None, at=FIRST + timedelta(hours=2))
    hear(project, 1, "evidence", None, who="ben", at=FIRST + timedelta(hours=2))
    assert state(project) == ""


def test_verdicts_on_a_report_whose_appraisal_is_open_are_not_told(project):
    hear(project, 2, "evidence", "use")
    assert state(project) == ""
    reporting.decide(project, 2, reporting.STAGES[2], "exclude", "2020-03-04", who=("ada", "ben"))
    assert "reviewers used 1" in state(project)


def test_the_order_of_a_stage_is_told_with_its_model(project):
    with project.store.write() as conn:
        for trained_on in (0, 20, 40):
            screening_queue.write_order(
                conn, "title-abstract", [], FIRST, model="light", seed=1, trained_on=trained_on
            )
    text = state(project)
    assert "At the stage title and abstract, records were shown in an order learned" in text
    assert "a linear model of the words of titles and abstracts, computed twice" in text
    assert "the order excludes no record" in text


def test_a_random_order_is_no_automation(project):
    with project.store.write() as conn:
        screening_queue.write_order(
            conn, "title-abstract", [], FIRST, model="random", seed=1, trained_on=0
        )
    assert state(project) == ""


def test_an_order_is_judged_by_how_early_the_included_records_came(project):
    reporting.bring(project, "arxiv", range(1, 4), "2020-02-01")
    with project.store.write() as conn:
        screening_queue.write_order(
            conn, "title-abstract", [], FIRST, model="light", seed=1, trained_on=2
        )
    reporting.decide(project, 3, reporting.STAGES[0], "exclude", "2020-03-06")
    text = state(project)
    assert (
        "Of 3 records that reviewers have screened there, 2 were included, and 2 of these (100%) "
        "were among the first 2 screened."
    ) in text
    assert "unscreened" not in text
    stage = project.protocol.stages[0]
    early_stop.stop_screening(project, stage, "ada", "enough")
    assert "The lead then stopped screening, which left 2 records unscreened." in state(project)


def test_keyword_rules_are_told_with_what_people_decided_on_marked_records(tmp_path):
    folder = tmp_path / "ruled"
    reporting.started(folder)
    rule = "rules:\n  - {id: topic, must_match: 'model AND (1 OR 2)', reason: off topic}\n"
    plan = folder / "protocol.yaml"
    plan.write_text(plan.read_text() + rule)
    project = open_project(folder, who="ada", why="a rule")
    reporting.bring(project, "pubmed", range(1, 6), "2020-02-01")
    assert state(project) == ""
    assert keyword_rules.apply_rules(project, "ada") == {"topic": (3, 0)}
    text = state(project)
    assert (
        "keyword rules that the lead wrote and applied marked 3 records as ineligible: topic (3). "
        "No reviewer screened these records. Apart from the marks of these rules, no automated "
        "step set a decision"
    ) in text
    reporting.decide(project, 4, reporting.STAGES[0], "include", "2020-03-01")
    assert (
        "Reviewers screened 1 of them all the same and included 1; the others were seen by no "
        "reviewer."
    ) in state(project)
    keyword_rules.withdraw_rule(project, "topic", "ada")
    assert state(project) == ""


def test_the_statement_of_an_earlier_day_leaves_out_what_came_later(project):
    hear(project, 1, "evidence", "use")
    engine = bias.load_knowledge().engine
    with project.store.write() as conn:
        flags.add_run(conn, 1, sha256="a", engine=engine, new_flags=[], at=FIRST)
        screening_queue.write_order(
            conn, "title-abstract", [], FIRST, model="light", seed=1, trained_on=9
        )
    assert state(project, "2020-03-04") == ""
    text = state(project, "2020-03-05")
    assert "reviewers used 1" in text
    assert "in 1 full text searched" in text
    assert "computed once;" in text


def test_questions_to_a_language_model_are_told_with_what_came_of_them(project):
    keep_call(project, "title", "yes", at=FIRST)
    keep_call(project, "title", "no", record=2, at=FIRST, answered=False)
    keep_call(project, "abstract", None, state="dropped", reason="quotation", at=FIRST)
    keep_call(project, "abstract", None, state="failed", reason="HTTP 500", at=FIRST)
    text = state(project)
    assert "invented-7b (reported as invented-7b:latest, fp_1; instructions version 1)" in text
    assert "1 of 4 times before their own answer to the item" in text
    assert "given the item and at most 2 sentences of the full text" in text
    assert (
        "4 questions on 2 reports gave 2 suggestions, each with a quotation found in the paper; "
        "1 answer was dropped (1 whose quotations are not in the paper), and 1 question got "
        "no answer."
    ) in text
    assert "None of its suggestions has been compared with a settled answer yet." in text
    assert f"and {NO_MODEL}" not in text
    assert text.endswith("apart from these questions, no text was sent to a language model.")
    assert state(project, "2020-03-04") == ""


def test_suggestions_are_measured_against_settled_answers_of_decided_reports(project):
    for record in (1, 2):
        keep_call(project, "title", "yes", record=record, at=FIRST)
        keep_call(project, "abstract", "no", record=record, at=FIRST)
        reporting.appraise(project, record, "claim-2020", "2020-03-04")
    text = state(project)
    assert "each time after their own answer to the item" in text
    assert "Its suggestion was the settled answer in 1 of 2 (50%, 95% CI" in text
    assert "on CLAIM 2020." in text
