"""A preprint screened before its article arrived: reopened, screened again, kept, and undone."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest
from workflow.deduplication.test_run import ARTICLE, OTHER, PREPRINT, bring, call, groups

from review.errors import ReviewError
from review.models import Relation
from review.prisma import get_total
from review.protocol.models import find_stage
from review.store import decisions, harvests, records
from review.store.timestamps import utc_now
from review.workflow.deduplication import run as dedupe
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.screening import rescreening, reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

FULL = "eligibility"
SCREENING = "title-abstract"


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    return open_project(tmp_path)


def judge(project, key, verdict, stage="screening", people=("ada", "ben"), reason=None):
    found = find_stage(project.protocol, stage)
    if stage == FULL and verdict == "exclude":
        reason = reason or found.reasons[0]
    for name in people:
        add_decision(
            project,
            NewDecision(records.parse_record_key(key), found.id, name, verdict, reason),
            name,
        )


def status(project, key, stage="screening"):
    with project.store.read() as conn:
        kept = decisions.list_statuses(conn, find_stage(project.protocol, stage).id)
        computed = standings.compute_statuses(project, conn)[find_stage(project.protocol, stage).id]
    number = records.parse_record_key(key)
    assert kept.get(number) == (computed[number].status if number in computed else None)
    return kept.get(number)


def given(project):
    with project.store.read() as conn:
        return [
            (one.record, one.stage, one.reviewer, one.verdict)
            for one in decisions.list_decisions(conn)
        ]


def waiting(project):
    return [(one.old, one.fresh, one.stage) for one in rescreening.list_waiting(project)]


def judged_preprint(project, verdict="exclude"):
    preprint, other = bring(project, PREPRINT, OTHER)
    dedupe.run_deduplication(project, "ada")
    judge(project, preprint, verdict)
    judge(project, other, "include")
    return preprint, other


def test_an_article_that_comes_later_opens_its_judged_preprint_again_and_says_so(project):
    preprint, other = judged_preprint(project)
    assert status(project, preprint) == "excluded"
    before = given(project)
    [article] = bring(project, ARTICLE)
    done = dedupe.run_deduplication(project, "ada")
    [line] = [line for line in dedupe.format_result(done) if "reopened" in line]
    assert preprint in line and article in line
    assert status(project, preprint) == "pending"
    assert status(project, article) == "pending"
    assert status(project, other) == "included"
    assert given(project) == before
    assert waiting(project) == [(preprint, article, SCREENING)]
    assert dedupe.run_deduplication(project, "ada").reopened == ()
    assert waiting(project) == [(preprint, article, SCREENING)]


def test_it_comes_back_to_its_reviewers_who_see_what_they_said(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    stage = find_stage(project.protocol, "screening")
    keys = {}
    for name in ("ada", "ben"):
        keys[name] = []
        while one := reviewing.get_next_record(project, stage, name):
            keys[name].append(one.key)
            if one.key == preprint:
                assert one.own_decision.verdict == "exclude"
            reviewing.save_decision(
                project,
                stage,
                name,
                one.number,
                "include",
                seen=one.own_decision.id if one.own_decision else 0,
            )
    assert set(keys["ada"]) == set(keys["ben"]) == {preprint, article}
    assert status(project, preprint) == status(project, article) == "included"
    assert waiting(project) == []


def test_the_flow_counts_it_as_waiting_and_then_as_judged_anew(project):
    preprint, _ = judged_preprint(project)
    assert get_total(compute_flow(project).main.excluded_screening) == 1
    [article] = bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    main = compute_flow(project).main
    assert (get_total(main.excluded_screening), main.waiting_screening.n) == (0, 2)
    assert get_total(main.identified) == 3
    judge(project, preprint, "exclude")
    judge(project, article, "include")
    main = compute_flow(project).main
    assert (get_total(main.excluded_screening), main.waiting_screening.n) == (1, 0)


def test_it_opens_at_the_stage_where_it_was_judged_last(project):
    preprint, _ = judged_preprint(project, "include")
    judge(project, preprint, "exclude", FULL)
    [article] = bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    assert waiting(project) == [(preprint, article, find_stage(project.protocol, FULL).id)]
    assert status(project, preprint) == "included"
    assert status(project, preprint, FULL) == "pending"
    judge(project, preprint, "include", FULL)
    assert status(project, preprint, FULL) == "included"
    assert waiting(project) == []


def test_the_lead_may_keep_it_as_judged_and_take_that_back(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    assert "are kept" in dedupe.keep_earlier_decisions(project, preprint, "ada")
    assert (status(project, preprint), waiting(project)) == ("excluded", [])
    assert status(project, article) == "pending"
    assert dedupe.run_deduplication(project, "ada").reopened == ()
    dedupe.reopen_preprint(project, preprint, "ada")
    assert status(project, preprint) == "pending"
    assert waiting(project) == [(preprint, article, SCREENING)]
    with pytest.raises(ReviewError, match="was not kept"):
        dedupe.reopen_preprint(project, preprint, "ada")
    dedupe.keep_earlier_decisions(project, preprint, "ada")
    with pytest.raises(ReviewError, match="was not reopened"):
        dedupe.keep_earlier_decisions(project, preprint, "ada")


def test_parting_the_two_gives_the_preprint_its_decisions_back(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    dedupe.settle_pair(project, (preprint, article), "different", "ada")
    assert groups(project)[article] == (article, article)
    assert (status(project, preprint), waiting(project)) == ("excluded", [])
    dedupe.undo_answer(project, "ada")
    assert (status(project, preprint), status(project, article)) == ("pending", "pending")


def test_joining_by_hand_and_a_registrys_late_word_open_it_too(project):
    shadows = dataclasses.replace(PREPRINT, title="Shadows")
    preprint, article = bring(project, shadows, dataclasses.replace(ARTICLE, authors=("Ray, C",)))
    dedupe.run_deduplication(project, "ada")
    judge(project, preprint, "include")
    dedupe.settle_pair(project, (preprint, article), "preprint", "ada")
    assert status(project, preprint) == "pending"
    dedupe.undo_answer(project, "ada")
    assert status(project, preprint) == "included"
    said = Relation("published_as", "doi:10.1007/s1", "crossref", "2026-01-02")
    with project.store.write() as conn:
        harvests.add_relations(conn, 1, [said], utc_now(), None)
    dedupe.run_deduplication(project, "ada")
    assert status(project, preprint) == "pending"


def test_a_split_gives_each_record_its_own_decisions_back(project):
    """Three records of one report, two of them judged; part one, and take the parting back."""
    first, twin, third = bring(
        project,
        ARTICLE,
        dataclasses.replace(ARTICLE, source="embase"),
        dataclasses.replace(ARTICLE, source="scopus"),
    )
    for key, name, verdict in ((first, "ada", "include"), (twin, "ben", "exclude")):
        add_decision(
            project, NewDecision(records.parse_record_key(key), SCREENING, name, verdict), name
        )
    assert (status(project, first), status(project, twin)) == ("partial", "partial")
    before = given(project)
    dedupe.run_deduplication(project, "ada")
    assert (status(project, first), status(project, twin)) == ("conflict", None)
    dedupe.settle_pair(project, (first, twin), "different", "ada")
    dedupe.settle_pair(project, (third, twin), "different", "ada")
    assert groups(project) == {first: (first, first), twin: (twin, twin), third: (first, first)}
    assert (status(project, first), status(project, twin)) == ("partial", "partial")
    dedupe.run_deduplication(project, "ada")
    assert groups(project)[twin] == (twin, twin)
    dedupe.undo_answer(project, "ada", (third, twin))
    dedupe.undo_answer(project, "ada", (first, twin))
    assert (status(project, first), status(project, twin)) == ("conflict", None)
    assert given(project) == before


NOT_REOPENED = {
    "a preprint after its article": (ARTICLE, PREPRINT),
    "a version of the preprint": (PREPRINT, dataclasses.replace(PREPRINT, version=2, year=2021)),
    "a record of the same article": (ARTICLE, dataclasses.replace(ARTICLE, source="embase")),
    "another study": (PREPRINT, OTHER),
}


@pytest.mark.parametrize("name", NOT_REOPENED)
def test_nothing_else_opens_what_was_judged(project, name):
    first, second = NOT_REOPENED[name]
    [key] = bring(project, first)
    dedupe.run_deduplication(project, "ada")
    judge(project, key, "include")
    bring(project, second)
    assert dedupe.run_deduplication(project, "ada").reopened == ()
    assert status(project, key) == "included"


def test_what_was_judged_already_on_both_sides_stays_judged(project):
    preprint, article = bring(
        project,
        dataclasses.replace(PREPRINT, title="Shadows"),
        dataclasses.replace(ARTICLE, authors=("Ray, C",)),
    )
    dedupe.run_deduplication(project, "ada")
    for key in (preprint, article):
        judge(project, key, "include")
    dedupe.settle_pair(project, (preprint, article), "preprint", "ada")
    assert status(project, preprint) == status(project, article) == "included"


def test_a_past_moment_is_told_as_it_was(project):
    judged_preprint(project)
    then = utc_now()
    bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    assert get_total(compute_flow(project, until=then).main.excluded_screening) == 1
    assert get_total(compute_flow(project).main.excluded_screening) == 0


def draw(project, page, roles=("lead", "reviewer"), **query):
    def script(folder, page, roles, query):
        import importlib
        from pathlib import Path

        import streamlit as st

        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ada", tuple(roles))
        st.query_params.update(query)
        importlib.import_module(f"review.pages.{page}").render_page(open_project(Path(folder)))

    args = (str(project.folder), page, list(roles), query)
    app = AppTest.from_function(script, args=args, default_timeout=300).run()
    assert not app.exception
    return app


def test_the_pages_say_it_and_only_the_lead_may_keep_it(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run_deduplication(project, "ada")
    line = f"{article} is the journal article of the preprint {preprint} and was found after"
    for page in ("overview", "duplicates"):
        assert any(line in one.value for one in draw(project, page).info), page
    app = draw(project, "duplicates", ["reviewer"])
    assert not [one for one in app.button if one.label == "Keep decisions"]
    stage = find_stage(project.protocol, "screening")
    shown = reviewing.get_next_record(project, stage, "ada")
    assert shown.key in (preprint, article)
    if shown.key == article:
        reviewing.save_decision(project, stage, "ada", shown.number, "include")
    screen = draw(project, "screening")
    assert any(
        one.value.startswith(f"Reopened: the journal article {article}") for one in screen.info
    )
    app = draw(project, "duplicates")
    next(one for one in app.button if one.label == "Keep decisions").click()
    app.run()
    assert status(project, preprint) == "excluded"
    assert not app.info
    next(one for one in app.button if one.label == f"Rescreen {preprint}").click()
    app.run()
    assert status(project, preprint) == "pending"
    assert any(line in one.value for one in app.info)


def test_the_commands_list_keep_and_open_again(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    _, text = call(project)
    assert f"{preprint} has been reopened at {SCREENING}" in text
    _, text = call(project, "reopened")
    assert preprint in text and article in text
    _, text = call(project, "keep", preprint)
    assert "are kept" in text
    _, text = call(project, "reopened")
    assert text == "No reopened preprints.\n"
    _, text = call(project, "reopen", preprint)
    assert "has been reopened" in text
    _, text = call(project, "reopened", "--json")
    assert preprint in text
