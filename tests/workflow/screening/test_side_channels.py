"""Attacks on blinding by side channels: counts by person, changes since a day, explanations of the
order, feedback on flags, the Python API and the report. Whatever a colleague thought of an open
record, ada is told the same."""

import json
import re
from dataclasses import asdict, replace

import pytest
from support.small import studies

import review
from review.models import Record
from review.protocol.models import find_stage
from review.store import feedback, records
from review.store.feedback import FeedbackEntry
from review.store.timestamps import utc_now
from review.workflow.bias import flags
from review.workflow.exports import changes, overview, snapshot
from review.workflow.fulltexts import reading
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening import ranking, reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

TA = "title-abstract"
TITLES = ("Nodules found by a network", "Fractures read by a model", "Stroke seen by a forest")
OPEN, SETTLED = (1, 3), 2
"""Ada and ben have judged SETTLED; ben alone may have judged those of OPEN."""
THOUGHTS = (None, "include", "exclude", "unsure")


def make_review(folder, thought, roles="reviewer, lead"):
    """A review in which ben thought this of the open records."""
    project = studies(folder, [Record("embase", title=title) for title in TITLES])
    path = folder / "protocol.yaml"
    text = path.read_text().replace("maybe: include", "maybe: conflict")  # it settles nothing
    path.write_text(re.sub(r"(name: ada, roles: )\[[^]]*\]", rf"\1[{roles}]", text))
    project = open_project(folder, who="ada")
    for name in ("ada", "ben"):
        add_decision(project, NewDecision(SETTLED, TA, name, "include"))
    for number in OPEN if thought else ():
        add_decision(project, NewDecision(number, TA, "ben", thought, note="Only ben knows"))
    return project


def view_counts(project, roles):
    ada = CurrentUser("ada", roles)
    return [
        (one.reports, one.settled, one.statuses, one.by_reviewer)
        for one in overview.get_progress(project, ada)
    ]


def view_explanations(project, roles):
    stage = find_stage(project.protocol, "screening")
    return [
        asdict(ranking.explain_position(project, stage, f"R{n:06d}", reader="ada"))
        for n in (1, 2, 3)
    ]


def view_conflicts(project, roles):
    stage = find_stage(project.protocol, "screening")
    return reviewing.list_conflicts(project, stage, reader="ada")


def view_python_counts(project, roles):
    return review.open_review(project.folder, user="ada").count()


def view_training(project, roles):
    """What a lead is told of a new order; a reviewer trains none."""
    stage = find_stage(project.protocol, "screening")
    return asdict(ranking.retrain_ranking(project, stage, "ada")) if "lead" in roles else None


WAYS = (view_counts, view_explanations, view_conflicts, view_python_counts, view_training)


@pytest.mark.parametrize("roles", ["reviewer", "reviewer, lead", "reviewer, adjudicator"])
def test_whatever_a_colleague_thinks_of_an_open_record_every_view_is_the_same(
    tmp_path, new_store, roles
):
    views = {}
    for thought in THOUGHTS:
        new_store()
        project = make_review(tmp_path / str(thought), thought, roles)
        views[thought] = {way.__name__: way(project, tuple(roles.split(", "))) for way in WAYS}
    for thought in THOUGHTS[1:]:
        assert views[thought] == views[None], thought


@pytest.mark.parametrize("thought", [None, "exclude"])
def test_changes_since_a_day_count_a_colleagues_settled_decisions_alone(
    tmp_path, new_store, monkeypatch, thought
):
    project = make_review(tmp_path, thought)
    before = snapshot.snapshot_at(project)
    monkeypatch.setattr(
        changes.snapshot, "snapshot_at", lambda *_, **__: replace(before, until=None)
    )
    found = changes.compare_since(project, before.day, reader="ada")
    assert found.decisions_by_stage[TA] == {"ada": 1, "ben": 1}
    everything = changes.compare_since(project, before.day, reader="cleo")
    assert everything.decisions_by_stage[TA]["ben"] == (3 if thought else 1)


@pytest.mark.parametrize("thought", ["exclude", "unsure"])
def test_the_answer_to_ones_own_decision_tells_no_conflict(tmp_path, new_store, thought):
    """Nobody else has judged the record, or ben has differed: the answer is the same."""
    answers = []
    for hidden in (None, thought):
        new_store()
        project = make_review(tmp_path / str(hidden), hidden)
        mine = review.open_review(project.folder, user="ada")
        answer = mine.decide("R000001", "include", stage=TA)
        assert [(d.reviewer, d.verdict) for d in answer.decisions] == [("ada", "include")]
        answers.append((answer.status, answer.conflict_kind, answer.votes, answer.resolved_by))
        withdrawn = mine.decide("R000001", None, stage=TA)
        answers[-1] = (*answers[-1], withdrawn.status, withdrawn.votes, withdrawn.decisions)
    assert answers[0] == answers[1] == ("partial", None, 1, None, "pending", 0, ())


def test_the_answer_to_a_decision_that_settles_a_record_says_so(tmp_path, new_store):
    project = make_review(tmp_path, "include")
    answer = review.open_review(tmp_path, user="ada").decide("R000001", "include", stage=TA)
    assert (answer.status, answer.votes) == ("included", 2)
    whole = review.open_review(tmp_path, user="cleo")
    assert whole.project.protocol == project.protocol


def test_the_python_report_is_the_same_whatever_a_colleague_thinks(tmp_path, new_store):
    """After ada joined an open record with a settled one, which once showed ben's decision."""
    from review.workflow.deduplication.run import settle_pair

    reports, counts = [], []
    for thought in ("include", "exclude"):
        new_store()
        project = make_review(tmp_path / thought, thought)
        settle_pair(project, ("R000002", "R000003"), "same", "ada")
        mine = review.open_review(project.folder, user="ada")
        counts.append(mine.count())
        mine.export(tmp_path / f"report of {thought}")
        reports.append(
            {
                str(path.relative_to(tmp_path / f"report of {thought}")): path.read_bytes()
                for path in sorted((tmp_path / f"report of {thought}").rglob("*"))
                if path.is_file()
                and path.suffix in (".csv", ".svg", ".json", ".md", ".ris", ".nbib")
            }
        )
    assert counts[0] == counts[1]
    assert set(reports[0]) == set(reports[1])
    differing = [
        name
        for name in reports[0]
        if name != "manifest.json" and reports[0][name] != reports[1][name]
    ]
    assert differing == []
    assert not any(b"Only ben knows" in data for data in reports[0].values())


def test_feedback_of_a_colleague_on_an_open_report_counts_for_nobody_who_reviews(
    tmp_path, new_store
):
    performances, own = [], []
    for verdict in (None, "confirm", "dismiss"):
        new_store()
        project = make_review(tmp_path / str(verdict), "include")
        if verdict:
            entry = FeedbackEntry(
                1, "flag", "leak", None, "A sentence", 3, verdict, "ben", utc_now()
            )
            reading.add_feedback(project, entry)
        performances.append(flags.get_rule_performance(project, reader="ada"))
        own.append(flags.get_flag_verdicts(project, 1, "ada"))
        with project.store.read() as conn:
            assert len(feedback.list_newest_entries(conn, "flag")) == (1 if verdict else 0)
            assert records.count_records(conn) == 3
        told = flags.get_rule_performance(project, reader="cleo")
        assert bool(told) == bool(verdict)  # who reviews nothing sees it: a leak would be seen
    assert performances == [{}, {}, {}]
    assert own == [{}, {}, {}]


def test_words_that_explain_a_place_are_weighed_by_ones_own_decisions(tmp_path, new_store):
    """Also once the team's order was learned from what colleagues decided on open records."""
    explanations = []
    for first, other in (("include", "exclude"), ("exclude", "include")):
        new_store()
        folder = tmp_path / first
        titles = [f"{word} of the chest {n}" for n in range(8) for word in ("Nodule", "Fracture")]
        project = studies(folder, [Record("embase", title=title) for title in titles])
        path = folder / "protocol.yaml"
        text = path.read_text()
        for key in ("min_included", "min_excluded"):
            text = re.sub(rf"{key}: \d+", f"{key}: 2", text)
        path.write_text(text)
        project = open_project(folder, who="ada")
        stage = find_stage(project.protocol, "screening")
        for number in range(1, 9):
            verdict = first if number % 2 else other
            add_decision(project, NewDecision(number, TA, "ben", verdict))
        ranking.retrain_ranking(project, stage)
        found = ranking.explain_position(project, stage, "R000009", reader="ada")
        assert (found.score, found.words) == (None, ())
        assert ranking.explain_position(project, stage, "R000009").words
        explanations.append(found)
    assert explanations[0].learned_from == explanations[1].learned_from == 0
    assert json.dumps(asdict(explanations[0])["words"]) == "[]"
