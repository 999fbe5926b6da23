"""What Maybe counts as: the protocol says it per stage, and every count follows."""

import pytest
from support.small import studies

from review.models import Record
from review.prisma import get_total
from review.protocol.loading import parse_protocol
from review.protocol.models import find_stage
from review.store import audit_events, decisions
from review.workflow.exports import appraisals, methods_text, snapshot
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.screening import agreement, reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project
from review.workflow.setup.protocol_amendments import amend_protocol, read_protocol_text

TA, FT = "title-abstract", "full-text"
VOTES = {
    1: ("include", "unsure"),
    2: ("unsure", "unsure"),
    3: ("unsure", "exclude"),
    4: ("include", "include"),
    5: ("exclude", "exclude"),
    6: ("exclude", "include"),
}


def vote(project, number, stage, *verdicts, reason=None):
    for who, verdict in zip(("ada", "ben"), verdicts, strict=True):
        add_decision(
            project,
            NewDecision(number, stage, who, verdict, reason if verdict == "exclude" else None),
        )


@pytest.fixture
def project(tmp_path):
    opened = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in VOTES])
    for number, verdicts in VOTES.items():
        vote(opened, number, TA, *verdicts)
    return opened


def get_statuses(project, stage=TA):
    with project.store.read() as conn:
        return decisions.list_statuses(conn, stage)


def change(project, old, new):
    text = read_protocol_text(project)
    assert old in text
    amend_protocol(project, text.replace(old, new), "ada", "as agreed", seen=project.fingerprint)
    return open_project(project.folder, who="ada")


def test_a_new_review_counts_maybe_as_include_by_title_and_abstract_only(project):
    stages = {stage.id: stage.maybe for stage in project.protocol.stages}
    assert (stages[TA], stages[FT]) == ("include", "conflict")
    assert get_statuses(project) == {
        1: "included",
        2: "included",
        3: "conflict",
        4: "included",
        5: "excluded",
        6: "conflict",
    }
    vote(project, 1, FT, "unsure", "unsure")
    assert get_statuses(project, FT)[1] == "conflict"


def test_prisma_and_the_conflicts_follow(project):
    flow = compute_flow(project)
    assert sorted(flow.main.sought.ids) == ["R000001", "R000002", "R000004"]
    assert get_total(flow.main.excluded_screening) == 1
    assert flow.main.waiting_screening.n == 2
    piles = reviewing.list_conflicts(project, find_stage(project.protocol, "screening"))
    assert piles == {"verdict": ["R000003", "R000006"], "reason": [], "maybe": []}


def test_a_protocol_that_does_not_say_keeps_maybe_as_a_conflict(project):
    older = change(project, "    maybe: include                    #", "    #")
    assert find_stage(older.protocol, "screening").maybe == "conflict"
    assert get_statuses(older) == {
        1: "conflict",
        2: "conflict",
        3: "conflict",
        4: "included",
        5: "excluded",
        6: "conflict",
    }
    assert compute_flow(older).main.sought.ids == ("R000004",)
    newer = change(older, "    # Maybe", "    maybe: include # Maybe")
    assert get_statuses(newer)[1] == get_statuses(newer)[2] == "included"
    with newer.store.read() as conn:
        assert len(audit_events.list_protocol_versions(conn)) == 3


def test_agreement_counts_the_votes_as_the_stage_does(project):
    def percent(opened):
        (pair,) = agreement.compute_agreement(opened, find_stage(opened.protocol, "screening"))
        return pair.figures[0].value

    def table(opened):
        taken = snapshot.snapshot_at(opened, None)
        rows = appraisals.build_agreement_table(taken).rows
        return next(row for row in rows if "percent agreement" in row)

    assert percent(project) == pytest.approx(4 / 6)
    kept = table(project)
    older = change(project, "maybe: include ", "maybe: conflict ")
    assert percent(older) == pytest.approx(3 / 6)
    assert table(older) != kept


def test_the_methods_say_that_maybe_counted_as_include(project):
    sentence = "a vote of Maybe counted as a vote to include"
    assert sentence in methods_text.write_methods(snapshot.snapshot_at(project, None))
    older = change(project, "maybe: include ", "maybe: conflict ")
    assert sentence not in methods_text.write_methods(snapshot.snapshot_at(older, None))


def test_the_adjudicators_maybe_settles_nothing(project):
    add_decision(project, NewDecision(3, TA, "cleo", "unsure", role="adjudicator"))
    assert get_statuses(project)[3] == "conflict"


def test_a_single_reviewer_decides_with_maybe_where_it_counts_as_include(project):
    alone = change(project, "    reviewers: 2                      #", "    reviewers: 1 #")
    assert get_statuses(alone)[2] == "included"


def test_another_word_is_refused_with_its_line(project):
    text = read_protocol_text(project).replace("maybe: include ", "maybe: perhaps ")
    with pytest.raises(Exception, match=r"line \d+: 'stages.0.maybe'.*'include' or 'conflict'"):
        parse_protocol(text)
