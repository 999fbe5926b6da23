"""Two reviewers complete forms blinded, differences are resolved, and the gates are evaluated."""

from functools import partial
from pathlib import Path

import pytest
from support.appraising import RQS_GOOD, fill, full, kind, review_in, standing

from review.errors import ReviewError
from review.store import audit_events
from review.workflow.appraisal import adjudication, forms, instruments, results, tasks
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.setup.loading import open_project


@pytest.fixture
def project(tmp_path, database):
    return review_in(tmp_path)


def test_only_reports_that_came_so_far_are_due(project):
    assert [task.report for task in tasks.list_tasks(project, "ada")] == [1, 2, 3]
    with pytest.raises(ReviewError, match="R000004 cannot be appraised yet"):
        forms.add_answer(project, AnswerInput(4, "claim-2020", "title", "yes"), "ada")


def test_a_reviewer_opens_a_form_without_anybody_elses_answers(project):
    fill(project, 1, "claim-2020", "ben", full(project, "claim-2020"))
    forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "no", "A title", 1), "ada")
    mine = forms.open_form(project, 1, "claim-2020", "ada")
    assert {key: entry.answer for key, entry in mine.entries.items()} == {"title": "no"}
    assert (mine.entries["title"].quote, mine.entries["title"].page) == ("A title", 1)
    assert not mine.finished


def test_the_newest_answer_counts_and_none_withdraws(project):
    for answer in ("yes", "no"):
        forms.add_answer(project, AnswerInput(1, "claim-2020", "9", answer), "ada")
    form = forms.open_form(project, 1, "claim-2020", "ada")
    assert form.entries["preprocessing"].answer == "no"
    form = forms.add_answer(project, AnswerInput(1, "claim-2020", "preprocessing", None), "ada")
    assert form.entries == {}


def test_a_form_with_gaps_cannot_be_finished_and_they_are_named(project):
    form = full(project, "claim-2020")
    del form["preprocessing"]
    with pytest.raises(ReviewError, match="9 Data preprocessing steps not answered"):
        fill(project, 1, "claim-2020", "ada", form)
    assert not forms.open_form(project, 1, "claim-2020", "ada").finished


def test_a_finished_form_must_be_opened_again_to_change(project):
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    given = AnswerInput(1, "claim-2020", "title", "no")
    with pytest.raises(ReviewError, match="Reopen it"):
        forms.add_answer(project, given, "ada")
    adjudication.reopen_form(project, 1, "claim-2020", "ada")
    assert forms.add_answer(project, given, "ada").entries["title"].answer == "no"


def test_two_reviewers_a_report_and_no_third(project):
    for who in ("ada", "ben"):
        forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), who)
    with pytest.raises(ReviewError, match="appraised by 2 other reviewers"):
        forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "dan")
    assert [task.report for task in tasks.list_tasks(project, "dan")] == [2, 3]


def test_who_does_not_appraise_is_refused(project):
    with pytest.raises(ReviewError, match="cleo does not appraise"):
        forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "cleo")


def test_a_judgement_that_differs_needs_a_sentence(project):
    signalling = {f"sq-1.{n}": "no" for n in (1, 2)}
    fill(project, 1, "probast-2019", "ada", signalling, finish=False)
    key = "judgement:participants"
    with pytest.raises(ReviewError, match="Give a reason"):
        forms.add_answer(project, AnswerInput(1, "probast-2019", key, "low"), "ada")
    assert key not in forms.open_form(project, 1, "probast-2019", "ada").entries
    why = "Exclusions were of duplicate scans only."
    form = forms.add_answer(project, AnswerInput(1, "probast-2019", key, "low", comment=why), "ada")
    assert form.entries[key].comment == why


def test_an_answer_changed_after_the_judgement_brings_the_question_back(project):
    form = full(project, "probast-2019", **{"about:evaluation": "both"})
    form |= {k: "low" for k in form_keys(project, "probast-2019") if ":" in k and "about" not in k}
    fill(project, 1, "probast-2019", "ada", form, finish=False)
    forms.add_answer(project, AnswerInput(1, "probast-2019", "sq-1.1", "no"), "ada")
    with pytest.raises(ReviewError, match="your judgement differs"):
        adjudication.finish_form(project, 1, "probast-2019", "ada")


def form_keys(project, name):
    from review.checklists import list_questions

    return [
        a.key for a in list_questions(instruments.get_checklist(project, name)) if not a.optional
    ]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        (None, ["study-kind"]),
        ("deep-learning", ["study-kind", "claim-2020", "probast-2019", "extraction-imaging-ai"]),
        ("traditional", ["study-kind", "rqs-1.0", "probast-2019", "extraction-imaging-ai"]),
        (
            "hybrid",
            ["study-kind", "claim-2020", "rqs-1.0", "probast-2019", "extraction-imaging-ai"],
        ),
    ],
)
def test_the_kind_of_study_decides_which_tools_apply(project, word, names):
    found = instruments.list_required_forms(project.protocol, word)
    assert [tool.checklist for tool in found] == names


def test_the_list_of_tasks_tells_how_far_each_form_is(project):
    kind(project, 1, "deep-learning", "ada")
    forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "ada")
    first = tasks.list_tasks(project, "ada")[0]
    told = {tool.checklist: (word, given, of) for tool, word, given, of in first.forms}
    assert told["study-kind"] == ("finished", 1, 1)
    assert told["claim-2020"] == ("begun", 1, 42)
    assert first.kind == "deep-learning"
    assert tasks.list_tasks(project, "ada")[1].kind is None


def test_nobody_sees_the_others_answers_before_both_are_finished(project):
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    with pytest.raises(ReviewError, match="cannot be adjudicated until all"):
        adjudication.load_comparison(project, 1, "claim-2020", "cleo")
    assert results.list_adjudication_tasks(project, "cleo") == []
    fill(project, 1, "claim-2020", "ben", full(project, "claim-2020", title="no"))
    seen = adjudication.load_comparison(project, 1, "claim-2020", "cleo")
    assert [pair.question.key for pair in seen.unresolved] == ["title"]
    assert [
        (w.report, w.checklist, w.unresolved)
        for w in results.list_adjudication_tasks(project, "cleo")
    ] == [(1, "claim-2020", 1)]


def test_an_adjudicator_who_also_reviews_waits_for_their_own_forms(project):
    fill(project, 1, "claim-2020", "ada", full(project, "claim-2020"))
    fill(project, 1, "claim-2020", "dan", full(project, "claim-2020", title="no"))
    forms.add_answer(project, AnswerInput(1, "probast-2019", "sq-1.1", "yes"), "dan")
    with pytest.raises(ReviewError, match="your own forms"):
        adjudication.load_comparison(project, 1, "claim-2020", "dan")
    assert adjudication.load_comparison(project, 1, "claim-2020", "cleo").unresolved


def test_a_reviewer_who_settles_finishes_every_form_the_gates_rest_on_first(project):
    kind(project, 1, "hybrid", "ada", "dan")
    for name in ("ada", "dan"):
        answer = "yes" if name == "ada" else "no"
        fill(project, 1, "claim-2020", name, full(project, "claim-2020", title=answer))
    with pytest.raises(ReviewError, match="your own forms"):  # RQS is not even begun
        adjudication.load_comparison(project, 1, "claim-2020", "dan")
    assert [one.checklist for one in results.list_adjudication_tasks(project, "dan")] == [
        "study-kind"
    ]
    assert adjudication.load_comparison(project, 1, "claim-2020", "cleo").unresolved
    fill(project, 1, "rqs-1.0", "dan", full(project, "rqs-1.0") | RQS_GOOD)
    assert adjudication.load_comparison(project, 1, "claim-2020", "dan").unresolved
    assert "claim-2020" in [
        one.checklist for one in results.list_adjudication_tasks(project, "dan")
    ]


def both_claim(project, report=1, **second):
    kind(project, report, "deep-learning", "ada", "ben")
    fill(project, report, "claim-2020", "ada", full(project, "claim-2020"))
    fill(project, report, "claim-2020", "ben", full(project, "claim-2020", **second))


def test_agreement_needs_nobody_and_the_gate_includes_at_once(project):
    both_claim(project)
    assert standing(project, 1) == ("included", None)
    found = results.list_appraisals(project, "claim-2020")[0]
    assert found.settled
    assert found.result.totals[0].value == 42


def test_a_gate_waits_for_consensus_and_then_excludes_with_every_reason(project):
    both_claim(project, preprocessing="no", **{"model-selection": "no"})
    assert standing(project, 1) == ("pending", None)
    for key in ("preprocessing", "model-selection"):
        adjudication.adjudicate_item(
            project, AnswerInput(1, "claim-2020", key, "no", "Not said.", 3), "cleo"
        )
    reasons = "preparation of images not documented; choice of the model not documented"
    assert standing(project, 1) == ("excluded", reasons)


def test_withdrawing_a_settlement_takes_the_gates_word_back(project):
    both_claim(project, preprocessing="no")
    adjudication.adjudicate_item(
        project, AnswerInput(1, "claim-2020", "preprocessing", "no"), "cleo"
    )
    assert standing(project, 1)[0] == "excluded"
    adjudication.adjudicate_item(
        project, AnswerInput(1, "claim-2020", "preprocessing", None), "cleo"
    )
    assert standing(project, 1) == ("pending", None)
    adjudication.adjudicate_item(
        project, AnswerInput(1, "claim-2020", "preprocessing", "yes"), "cleo"
    )
    assert standing(project, 1) == ("included", None)


def test_opening_a_form_again_takes_the_gates_word_back(project):
    both_claim(project)
    adjudication.reopen_form(project, 1, "claim-2020", "ben")
    assert standing(project, 1) == ("pending", None)


def test_a_hybrid_must_pass_the_gates_of_both_tools(project):
    kind(project, 1, "hybrid", "ada", "ben")
    for who in ("ada", "ben"):
        fill(project, 1, "claim-2020", who, full(project, "claim-2020"))
    assert standing(project, 1) == ("pending", None)
    poor = full(project, "rqs-1.0", "no", **RQS_GOOD) | {"validation": "none-done"}
    for who in ("ada", "ben"):
        fill(project, 1, "rqs-1.0", who, poor)
    assert standing(project, 1) == ("excluded", "RQS below 6")


def test_the_kind_is_settled_like_any_answer_and_then_rules(project):
    kind(project, 1, "hybrid", "ada")
    kind(project, 1, "deep-learning", "ben")
    for who in ("ada", "ben"):
        fill(project, 1, "claim-2020", who, full(project, "claim-2020"))
    assert standing(project, 1) == ("pending", None)
    adjudication.adjudicate_item(
        project, AnswerInput(1, "study-kind", "kind", "deep-learning"), "cleo"
    )
    assert standing(project, 1) == ("included", None)
    assert tasks.list_tasks(project, "ada")[0].kind == "deep-learning"


def test_settling_is_for_adjudicators_and_unsure_settles_nothing(project):
    both_claim(project, title="no")
    with pytest.raises(ReviewError, match="ada is not an adjudicator"):
        adjudication.adjudicate_item(project, AnswerInput(1, "claim-2020", "title", "no"), "ada")
    with pytest.raises(ReviewError, match="is not a final answer"):
        adjudication.adjudicate_item(
            project, AnswerInput(1, "claim-2020", "title", "unsure"), "cleo"
        )


def test_a_settled_key_is_not_overwritten_by_another_adjudicator(project):
    both_claim(project, title="no")
    adjudication.adjudicate_item(project, AnswerInput(1, "claim-2020", "title", "no"), "cleo")
    with pytest.raises(ReviewError, match="cleo has already resolved this"):
        adjudication.adjudicate_item(project, AnswerInput(1, "claim-2020", "title", "yes"), "dan")


def test_settling_a_fact_opens_what_it_makes_apply(project, tmp_path):
    form = dict.fromkeys(form_keys(project, "metrics"), "yes")
    ann = form | {"about:c5": "no"}
    for who, mine in (("ada", ann), ("ben", ann | {"about:c4": "no"})):
        fill(project, 1, "metrics", who, {k: v for k, v in mine.items() if k != "dl-robust"})
    adjudication.adjudicate_item(project, AnswerInput(1, "metrics", "about:c4", "no"), "cleo")
    assert adjudication.load_comparison(project, 1, "metrics", "cleo").settled
    now = adjudication.adjudicate_item(
        project, AnswerInput(1, "metrics", "about:c5", "yes"), "cleo"
    )
    assert [pair.question.key for pair in now.unresolved] == ["dl-robust"]
    now = adjudication.adjudicate_item(
        project, AnswerInput(1, "metrics", "dl-robust", "no"), "cleo"
    )
    assert now.settled


def test_agreement_uses_what_was_said_before_either_could_look(project):
    both_claim(project, title="no")
    adjudication.reopen_form(project, 1, "claim-2020", "ben")
    forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "ben")
    adjudication.finish_form(project, 1, "claim-2020", "ben")
    assert adjudication.load_comparison(project, 1, "claim-2020", "cleo").unresolved == ()
    rated = {one.key: one for one in results.collect_item_ratings(project, "claim-2020")}
    assert rated["title"].rows == (("yes", "no"),)
    assert results.collect_total_ratings(project, "claim-2020") == [(42, 41)]


def test_answers_given_before_a_merge_stay_with_the_report(project):
    from review.models import Link
    from review.store import links
    from review.store.timestamps import utc_now
    from review.workflow.screening import status

    forms.add_answer(project, AnswerInput(2, "claim-2020", "title", "no"), "ada")
    with project.store.write() as conn:
        links.add_links(conn, [Link(1, 2, "duplicate", "by hand", "ada", utc_now())])
        links.replace_groups(conn, {1: (1, 1), 2: (1, 1), 3: (3, 3), 4: (4, 4)})
        status.rebuild_statuses(project, conn)
    form = forms.open_form(project, 2, "claim-2020", "ada")
    assert form.report == 1
    assert form.entries["title"].answer == "no"
    assert [task.report for task in tasks.list_tasks(project, "ada")] == [1, 3]


OWN = """\
id: ours
title: Our list
short: Ours
edition: "1"
kind: reporting
licence: ours
item_count: 1
sections:
  - id: one
    title: One
    items:
      - id: a
        number: 1
        name: A
        question: Is it a?
        options: [{id: "yes", label: "Yes", means: met}, {id: "no", label: "No", means: unmet}]
"""


def test_a_teams_own_checklist_is_used_and_held_to_its_meaning(project):
    own = project.folder / "checklists"
    own.mkdir()
    (own / "ours.yaml").write_text(OWN)
    forms.add_answer(project, AnswerInput(1, "ours", "a", "yes"), "ada")
    (own / "ours.yaml").write_text(OWN.replace("Is it a?", "Is it really a?"))
    forms.add_answer(project, AnswerInput(1, "ours", "a", "no"), "ada")
    (own / "ours.yaml").write_text(OWN.replace('{id: "no"', "{id: never"))
    with pytest.raises(ReviewError, match="give the changed one a new id"):
        forms.add_answer(project, AnswerInput(1, "ours", "a", "yes"), "ada")


def test_an_answer_remembers_its_edition_and_protocol(project):
    from sqlalchemy import text

    forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "ada")
    with project.store.read() as conn:
        row = conn.execute(text("select checklist, protocol, reviewer from answers")).one()
    assert tuple(row) == ("claim-2020", project.fingerprint, "ada")


def test_a_changed_gate_is_held_against_every_report(project):
    both_claim(project)
    assert standing(project, 1) == ("included", None)
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace('required: ["26"]', 'required: ["26", "40"]'))
    changed = open_project(project.folder)
    both_claim(changed, 2, registration="no")
    adjudication.adjudicate_item(
        changed, AnswerInput(2, "claim-2020", "registration", "no"), "cleo"
    )
    assert standing(changed, 2)[0] == "excluded"
    adjudication.reopen_form(changed, 1, "claim-2020", "ada")
    forms.add_answer(changed, AnswerInput(1, "claim-2020", "registration", "no"), "ada")
    adjudication.finish_form(changed, 1, "claim-2020", "ada")
    assert standing(changed, 1) == ("pending", None)
    assert adjudication.evaluate_gates(changed) == 3


def test_a_leaving_reviewers_half_form_frees_the_place(project):
    from review.store import audit_events
    from review.store.timestamps import utc_now

    for who in ("ada", "ben"):
        forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), who)
    with project.store.write() as conn:
        audit_events.add_event(conn, "retire", "ada", utc_now(), subject="ben")
    assert forms.add_answer(project, AnswerInput(1, "claim-2020", "title", "yes"), "dan").entries


def test_agreement_is_told_per_item_and_instrument(project):
    from review.workflow.appraisal.agreement import compute_agreement, format_lines

    for report, second in ((1, "yes"), (2, "no"), (3, "unsure")):
        fill(project, report, "claim-2020", "ada", full(project, "claim-2020"))
        fill(project, report, "claim-2020", "ben", full(project, "claim-2020", title=second))
    found = compute_agreement(project, "claim-2020")
    title = found.items[0].figures
    assert found.reports == 3
    assert (title[0].value, title[0].n) == (0.5, 2)  # an 'unsure' is no rating
    assert found.pooled[0].n == 3 * 42 - 1
    assert found.pooled[0].value == pytest.approx(124 / 125)
    assert found.total is not None
    assert found.total.n == 2
    assert "1 Identification as a study of AI methodology: percent agreement 0.500" in "\n".join(
        format_lines(found)
    )


def test_points_have_a_weighted_kappa(project):
    from review.workflow.appraisal.agreement import compute_agreement

    form = full(project, "rqs-1.0", "no", **RQS_GOOD)
    for report, second in ((1, "same"), (2, "other"), (3, "none-done")):
        fill(project, report, "rqs-1.0", "ada", form)
        fill(project, report, "rqs-1.0", "ben", form | {"validation": second})
    rated = {one.key: one.figures for one in compute_agreement(project, "rqs-1.0").items}
    assert len(rated["validation"]) == 4
    assert "linear" in rated["validation"][2].name
    assert len(rated["open"]) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("[claim-2020, rqs", "[claim-2020, probast, rqs"), "'probast', which does not exist.*Did"),
        (('required: ["26"]', 'required: ["62"]'), "gate 'selection' requires item '62'"),
        (("checklist: rqs-1.0, kinds", "checklist: probast-2019, kinds"), "has no score"),
        (("minimum: 6", "minimum: 6, score: share"), "the score 'share'; rqs-1.0 has: "),
        (('required: ["9"]', "keep_out: {analysis: [high]}"), "which claim-2020 does not judge"),
        (
            ("minimum: 6", "also: [{checklist: probast-2019, keep_out: {analysis: [bad]}}]"),
            "'analysis' of probast-2019 is never 'bad'; it is one of: low, unclear",
        ),
        (("minimum: 6", "keep_out: {}"), "gate 'rqs' needs 'required' items"),
        (("minimum: 6", 'required: ["1"], at_least: 2'), "'at_least' is 2 of 1 required"),
        (("minimum: 6", "either: [{checklist: clear, minimum: 6}]"), "'clear', which is not in"),
        (("minimum: 6", "either: [{checklist: rqs-1.0, least: 6}]"), "unknown key.*least"),
    ],
)
def test_checking_a_review_names_what_its_appraisal_lacks(project, change, says):
    from review.workflow.setup.loading import check_protocol

    path = project.folder / "protocol.yaml"
    assert check_protocol(project.folder)
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(ReviewError, match=says):
        check_protocol(project.folder)


def test_the_gates_and_the_stage_in_the_docs_hold_together(tmp_path):
    from pathlib import Path

    from support.appraising import PROTOCOL

    from review.protocol.models import list_conditions
    from review.workflow.setup.loading import check_protocol

    text = (Path(__file__).parents[3] / "docs" / "appraisal.md").read_text()
    gates, stage = (part.split("```")[0] for part in text.split("```yaml\n")[1:3])
    if "allocation" in gates:
        gates, stage = stage, gates
    head = PROTOCOL[: PROTOCOL.index("appraisal:")]
    old = "  - {id: quality, kind: quality, reviewers: 2}\n"
    assert old in head
    (tmp_path / "protocol.yaml").write_text(head.replace(old, stage) + gates)
    assert check_protocol(tmp_path)
    project = open_project(tmp_path)
    asked = [
        one.checklist for gate in project.protocol.appraisal.gates for one in list_conditions(gate)
    ]
    assert asked == ["claim-2020", "probast-2019", "rqs-1.0", "claim-2020", "probast-2019"]
    assert project.protocol.stages[-1].pilot == 5


def test_answers_remember_the_wording_they_were_given_under(tmp_path):
    text = (Path(__file__).parents[3] / "docs" / "checklists.md").read_text()
    own = text.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "checklists").mkdir()
    path = tmp_path / "checklists" / "ours.yaml"
    path.write_text(own)
    project = review_in(tmp_path, 1)
    give = partial(forms.add_answer, project, reviewer="ada")
    give(AnswerInput(1, "ours-2026", "source", "yes"))
    first = instruments.get_checklist(project, "ours-2026").digest
    give(AnswerInput(1, "ours-2026", "source", "no"))
    path.write_text(own.replace("Is the source of the data named?", "Does it name its data?"))
    second = instruments.get_checklist(project, "ours-2026").digest
    give(AnswerInput(1, "ours-2026", "source", "yes"))
    with project.store.read() as conn:
        noted = [
            one["detail"]["digest"] for one in audit_events.list_events(conn, kind="checklist")
        ]
    assert noted == [first, second] and first != second
