"""A preprint judged before its article came: opened again, judged anew, kept, and undone."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest
from test_dedupe_workflow import ARTICLE, OTHER, PREPRINT, bring, call, groups

from review.errors import ReviewError
from review.models import Relation
from review.prisma import total
from review.protocol import stage_of
from review.store import decisions, harvests, records
from review.store.timestamps import now
from review.workflow.deduplication import run as dedupe
from review.workflow.exports.prisma_inputs import flow_of
from review.workflow.screening import rescreening, reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import Wanted, decide
from review.workflow.setup.loading import init, open_project

FULL = "eligibility"
SCREENING = "title-abstract"


@pytest.fixture
def project(tmp_path):
    init(tmp_path)
    return open_project(tmp_path)


def judge(project, key, verdict, stage="screening", people=("ada", "ben"), reason=None):
    found = stage_of(project.protocol, stage)
    if stage == FULL and verdict == "exclude":
        reason = reason or found.reasons[0]
    for name in people:
        decide(project, Wanted(records.number_of(key), found.id, name, verdict, reason), name)


def status(project, key, stage="screening"):
    with project.store.read() as conn:
        kept = decisions.statuses(conn, stage_of(project.protocol, stage).id)
        computed = standings.compute(project, conn)[stage_of(project.protocol, stage).id]
    number = records.number_of(key)
    assert kept.get(number) == (computed[number].status if number in computed else None)
    return kept.get(number)


def given(project):
    with project.store.read() as conn:
        return [(one.record, one.stage, one.reviewer, one.verdict) for one in decisions.every(conn)]


def waiting(project):
    return [(one.old, one.fresh, one.stage) for one in rescreening.waiting(project)]


def judged_preprint(project, verdict="exclude"):
    preprint, other = bring(project, PREPRINT, OTHER)
    dedupe.run(project, "ada")
    judge(project, preprint, verdict)
    judge(project, other, "include")
    return preprint, other


def test_an_article_that_comes_later_opens_its_judged_preprint_again_and_says_so(project):
    preprint, other = judged_preprint(project)
    assert status(project, preprint) == "excluded"
    before = given(project)
    [article] = bring(project, ARTICLE)
    done = dedupe.run(project, "ada")
    [line] = [line for line in dedupe.lines(done) if "open again" in line]
    assert preprint in line and article in line
    assert status(project, preprint) == "pending"
    assert status(project, article) == "pending"
    assert status(project, other) == "included"
    assert given(project) == before
    assert waiting(project) == [(preprint, article, SCREENING)]
    assert dedupe.run(project, "ada").reopened == ()
    assert waiting(project) == [(preprint, article, SCREENING)]


def test_it_comes_back_to_its_reviewers_who_see_what_they_said(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run(project, "ada")
    stage = stage_of(project.protocol, "screening")
    keys = {}
    for name in ("ada", "ben"):
        keys[name] = []
        while one := reviewing.next_record(project, stage, name):
            keys[name].append(one.key)
            if one.key == preprint:
                assert one.mine.verdict == "exclude"
            reviewing.vote(
                project, stage, name, one.number, "include", seen=one.mine.id if one.mine else 0
            )
    assert set(keys["ada"]) == set(keys["ben"]) == {preprint, article}
    assert status(project, preprint) == status(project, article) == "included"
    assert waiting(project) == []


def test_the_flow_counts_it_as_waiting_and_then_as_judged_anew(project):
    preprint, _ = judged_preprint(project)
    assert total(flow_of(project).main.excluded_screening) == 1
    [article] = bring(project, ARTICLE)
    dedupe.run(project, "ada")
    main = flow_of(project).main
    assert (total(main.excluded_screening), main.waiting_screening.n) == (0, 2)
    assert total(main.identified) == 3
    judge(project, preprint, "exclude")
    judge(project, article, "include")
    main = flow_of(project).main
    assert (total(main.excluded_screening), main.waiting_screening.n) == (1, 0)


def test_it_opens_at_the_stage_where_it_was_judged_last(project):
    preprint, _ = judged_preprint(project, "include")
    judge(project, preprint, "exclude", FULL)
    [article] = bring(project, ARTICLE)
    dedupe.run(project, "ada")
    assert waiting(project) == [(preprint, article, stage_of(project.protocol, FULL).id)]
    assert status(project, preprint) == "included"
    assert status(project, preprint, FULL) == "pending"
    judge(project, preprint, "include", FULL)
    assert status(project, preprint, FULL) == "included"
    assert waiting(project) == []


def test_the_lead_may_keep_it_as_judged_and_take_that_back(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run(project, "ada")
    assert "stand" in dedupe.keep_judged(project, preprint, "ada")
    assert (status(project, preprint), waiting(project)) == ("excluded", [])
    assert status(project, article) == "pending"
    assert dedupe.run(project, "ada").reopened == ()
    dedupe.open_again(project, preprint, "ada")
    assert status(project, preprint) == "pending"
    assert waiting(project) == [(preprint, article, SCREENING)]
    with pytest.raises(ReviewError, match="was not kept"):
        dedupe.open_again(project, preprint, "ada")
    dedupe.keep_judged(project, preprint, "ada")
    with pytest.raises(ReviewError, match="was not opened again"):
        dedupe.keep_judged(project, preprint, "ada")


def test_parting_the_two_gives_the_preprint_its_decisions_back(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run(project, "ada")
    dedupe.settle(project, (preprint, article), "different", "ada")
    assert groups(project)[article] == (article, article)
    assert (status(project, preprint), waiting(project)) == ("excluded", [])
    dedupe.undo(project, "ada")
    assert (status(project, preprint), status(project, article)) == ("pending", "pending")


def test_joining_by_hand_and_a_registrys_late_word_open_it_too(project):
    shadows = dataclasses.replace(PREPRINT, title="Shadows")
    preprint, article = bring(project, shadows, dataclasses.replace(ARTICLE, authors=("Ray, C",)))
    dedupe.run(project, "ada")
    judge(project, preprint, "include")
    dedupe.settle(project, (preprint, article), "preprint", "ada")
    assert status(project, preprint) == "pending"
    dedupe.undo(project, "ada")
    assert status(project, preprint) == "included"
    said = Relation("published_as", "doi:10.1007/s1", "crossref", "2026-01-02")
    with project.store.write() as conn:
        harvests.add_relations(conn, 1, [said], now(), None)
    dedupe.run(project, "ada")
    assert status(project, preprint) == "pending"


def test_a_split_gives_each_record_its_own_decisions_back(project):
    """Three records of one report, two of them judged; part one, and take the parting back."""
    first, twin, third = bring(project, ARTICLE, dataclasses.replace(ARTICLE, source="embase"),
                               dataclasses.replace(ARTICLE, source="scopus"))  # fmt: skip
    for key, name, verdict in ((first, "ada", "include"), (twin, "ben", "exclude")):
        decide(project, Wanted(records.number_of(key), SCREENING, name, verdict), name)
    assert (status(project, first), status(project, twin)) == ("partial", "partial")
    before = given(project)
    dedupe.run(project, "ada")
    assert (status(project, first), status(project, twin)) == ("conflict", None)
    dedupe.settle(project, (first, twin), "different", "ada")
    dedupe.settle(project, (third, twin), "different", "ada")
    assert groups(project) == {first: (first, first), twin: (twin, twin), third: (first, first)}
    assert (status(project, first), status(project, twin)) == ("partial", "partial")
    dedupe.run(project, "ada")
    assert groups(project)[twin] == (twin, twin)
    dedupe.undo(project, "ada", (third, twin))
    dedupe.undo(project, "ada", (first, twin))
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
    dedupe.run(project, "ada")
    judge(project, key, "include")
    bring(project, second)
    assert dedupe.run(project, "ada").reopened == ()
    assert status(project, key) == "included"


def test_what_was_judged_already_on_both_sides_stays_judged(project):
    preprint, article = bring(
        project,
        dataclasses.replace(PREPRINT, title="Shadows"),
        dataclasses.replace(ARTICLE, authors=("Ray, C",)),
    )
    dedupe.run(project, "ada")
    for key in (preprint, article):
        judge(project, key, "include")
    dedupe.settle(project, (preprint, article), "preprint", "ada")
    assert status(project, preprint) == status(project, article) == "included"


def test_a_past_moment_is_told_as_it_was(project):
    judged_preprint(project)
    then = now()
    bring(project, ARTICLE)
    dedupe.run(project, "ada")
    assert total(flow_of(project, until=then).main.excluded_screening) == 1
    assert total(flow_of(project).main.excluded_screening) == 0


def draw(project, page, roles=("lead", "reviewer"), **query):
    def script(folder, page, roles, query):
        import importlib
        from pathlib import Path

        import streamlit as st

        from review.workflow.project.accounts import Signed
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = Signed("ada", tuple(roles))
        st.query_params.update(query)
        importlib.import_module(f"review.pages.{page}").page(open_project(Path(folder)))

    args = (str(project.folder), page, list(roles), query)
    app = AppTest.from_function(script, args=args, default_timeout=300).run()
    assert not app.exception
    return app


def test_the_pages_say_it_and_only_the_lead_may_keep_it(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    dedupe.run(project, "ada")
    line = f"{article}, the journal article of {preprint}, came after {preprint} was judged"
    for page in ("overview", "duplicates"):
        assert any(line in one.value for one in draw(project, page).info), page
    app = draw(project, "duplicates", ["reviewer"])
    assert not [one for one in app.button if one.label == "Keep as judged"]
    stage = stage_of(project.protocol, "screening")
    shown = reviewing.next_record(project, stage, "ada")
    assert shown.key in (preprint, article)
    if shown.key == article:
        reviewing.vote(project, stage, "ada", shown.number, "include")
    screen = draw(project, "screening")
    assert any("Open again" in one.value and article in one.value for one in screen.info)
    app = draw(project, "duplicates")
    next(one for one in app.button if one.label == "Keep as judged").click()
    app.run()
    assert status(project, preprint) == "excluded"
    assert not app.info
    next(one for one in app.button if one.label == f"Open {preprint} again").click()
    app.run()
    assert status(project, preprint) == "pending"
    assert any(line in one.value for one in app.info)


def test_the_commands_list_keep_and_open_again(project):
    preprint, _ = judged_preprint(project)
    [article] = bring(project, ARTICLE)
    _, text = call(project)
    assert f"{preprint} is open again at {SCREENING}" in text
    _, text = call(project, "reopened")
    assert preprint in text and article in text
    _, text = call(project, "keep", preprint)
    assert "stand" in text
    _, text = call(project, "reopened")
    assert text == "No judged preprint waits.\n"
    _, text = call(project, "reopen", preprint)
    assert "open again" in text
    _, text = call(project, "reopened", "--json")
    assert preprint in text
