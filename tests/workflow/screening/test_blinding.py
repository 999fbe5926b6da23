"""What a person may see of others' decisions: in lists, exports, counts and commands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from review.errors import ReviewError
from review.models import Record
from review.protocol.models import find_stage
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.exports import overview
from review.workflow.exports.records import ExportOptions, build_export
from review.workflow.project.accounts import CurrentUser
from review.workflow.records.listing import ANONYMOUS_NAME, get_record_view
from review.workflow.screening import agreement, ranking, reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.assignment import enqueue
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

ROOT = Path(__file__).parents[3]
TA = "title-abstract"
PILOT, APART, HALF, FREE, BOTH = 1, 2, 3, 4, 5
TEAM = """  - {name: ben, roles: [reviewer]}
  - {name: eve, roles: [reviewer, adjudicator]}
  - {name: lea, roles: [lead]}
"""


@pytest.fixture
def project(tmp_path):
    """Ada and ben differ on the pilot record and on APART, agree on BOTH; ben alone judged HALF.
    The pilot record waits for eve too, who is reviewer and adjudicator."""
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    text = path.read_text().replace("  - {name: ben, roles: [reviewer]}\n", TEAM)
    path.write_text(text.replace("pilot: 0", "pilot: 1"))
    opened = open_project(tmp_path, who="lea")
    stage = find_stage(opened.protocol, "screening")
    for first, last in ((PILOT, PILOT), (APART, BOTH)):
        with opened.store.write() as conn:
            batch = records.add_batch(conn, utc_now(), "lea", kind="file", source="embase")
            given = [(n, Record("embase", title=f"Study {n}")) for n in range(first, last + 1)]
            records.add_records(conn, batch, given, utc_now())
            standings.rebuild_statuses(opened, conn)
            enqueue(opened, conn, stage)  # the first to come is the pilot
    for number, verdicts in {PILOT: "ie", APART: "ie", BOTH: "ii", HALF: " e"}.items():
        for name, letter in zip(("ada", "ben"), verdicts, strict=True):
            word = {"i": "include", "e": "exclude"}.get(letter)
            if word:
                add_decision(opened, NewDecision(number, TA, name, word))
    return opened


def cards(project, name):
    stage = find_stage(project.protocol, "screening")
    return reviewing.list_conflicts(project, stage, reader=name)["verdict"]


def told(project, name):
    """Key -> standing, as a person's export says it."""
    data = build_export(project, "json", ExportOptions(reader=name)).data
    return {one["key"]: one["status"][TA] for one in json.loads(data)}


def test_an_adjudicator_who_judges_too_sees_no_conflict_before_their_own_decision(project):
    stage = find_stage(project.protocol, "screening")
    assert cards(project, "cleo") == ["R000001", "R000002"]
    assert cards(project, "eve") == ["R000002"]
    with pytest.raises(ReviewError, match="R000001 is waiting for eve's own decision"):
        reviewing.get_conflict(project, stage, "R000001", reader="eve")
    with pytest.raises(ReviewError, match="is waiting for eve's own decision"):
        reviewing.settle_conflict(project, stage, "eve", PILOT, "include")
    reviewing.save_decision(project, stage, "eve", PILOT, "include")
    assert cards(project, "eve") == ["R000001", "R000002"]
    votes = reviewing.get_conflict(project, stage, "R000001", reader="eve").votes
    assert [one.reviewer for one in votes] == ["ada", "ben", "eve"]


def test_the_page_of_conflicts_leaves_out_what_waits_for_its_reader(project):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import conflicts
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("eve", ("reviewer", "adjudicator"))
        conflicts.render_page(open_project(Path(folder)))

    app = AppTest.from_function(script, args=(str(project.folder),), default_timeout=300).run()
    assert not app.exception
    words = " ".join(one.value for one in app.caption)
    assert "R000002" in words and "R000001" not in words


def test_an_export_calls_open_what_its_reader_may_not_know(project):
    everything = {
        "R000001": "conflict",
        "R000002": "conflict",
        "R000003": "partial",
        "R000004": "pending",
        "R000005": "included",
    }
    hidden = dict.fromkeys(("R000001", "R000002", "R000003", "R000004"), "open")
    assert told(project, None) == told(project, "lea") == everything
    assert told(project, "ben") == everything | hidden
    assert told(project, "eve") == everything | hidden | {"R000002": "conflict"}


def test_no_filter_of_an_export_tells_what_the_export_does_not(project):
    for name, status in (("ben", "partial"), ("ben", "conflict"), ("eve", "pending")):
        with pytest.raises(ReviewError, match=f"{name} is blinded as a reviewer"):
            build_export(project, "csv", ExportOptions(TA, status, reader=name))
    assert build_export(project, "csv", ExportOptions(TA, "open", reader="ben")).n == 4
    assert build_export(project, "csv", ExportOptions(TA, "conflict", reader="eve")).n == 1
    assert build_export(project, "csv", ExportOptions(TA, "partial", reader="lea")).n == 1


@pytest.mark.parametrize(
    ("name", "roles", "counts"),
    [
        ("ben", ("reviewer",), {"included": 1, "open": 4}),
        ("eve", ("reviewer", "adjudicator"), {"included": 1, "open": 2, "conflict": 2}),
        ("lea", ("lead",), {"included": 1, "conflict": 2, "partial": 1, "pending": 1}),
    ],
)
def test_counts_tell_a_reviewer_of_no_conflict_they_made(project, name, roles, counts):
    assert overview.get_progress(project, CurrentUser(name, roles))[0].statuses == counts


def lines(project, name, number):
    found = get_record_view(project, f"R{number:06d}", CurrentUser(name, ("reviewer",)))
    return [(one.who, one.what) for one in found.history]


def test_the_history_of_a_record_names_nobody_before_it_is_settled(project):
    reviewing.add_abstract(project, "ben", HALF, "Typed by ben.")
    assert (ANONYMOUS_NAME, "added the abstract") in lines(project, "ada", HALF)
    assert ("ben", "added the abstract") in lines(project, "ben", HALF)
    assert not any("ben" in who for who, _ in lines(project, "ada", HALF))
    add_decision(project, NewDecision(HALF, TA, "ada", "exclude"))
    assert ("ben", "added the abstract") in lines(project, "ada", HALF)


def test_a_settled_pilot_record_stays_hidden_from_who_has_still_to_judge_it(project):
    add_decision(project, NewDecision(PILOT, TA, "ada", "exclude"))
    assert any("ben" in who for who, _ in lines(project, "ada", PILOT))
    assert not any("ben" in who for who, _ in lines(project, "eve", PILOT))
    assert told(project, "eve")["R000001"] == "open"
    add_decision(project, NewDecision(PILOT, TA, "eve", "exclude"))
    assert any("ben" in who for who, _ in lines(project, "eve", PILOT))


def review(project, user, *words):
    start = [sys.executable, "-m", "review.cli", "--review", str(project.folder), "--user", user]
    return subprocess.run([*start, *words], capture_output=True, text=True, cwd=ROOT)


def test_the_commands_tell_a_reviewer_no_more_than_the_pages(project, tmp_path):
    done = review(project, "ada", "decide", "R000003", "--verdict", "include", "--stage", TA)
    assert done.stdout.strip() == f"R000003: include by ada at {TA}; the record is now open."
    done = review(project, "ada", "decide", "R000004", "--verdict", "include", "--stage", TA)
    assert "the record is now open." in done.stdout
    early = review(
        project, "eve", "decide", "R000001", "--verdict", "include", "--stage", TA, "--adjudicate"
    )
    assert early.returncode == 1
    assert "R000001 is waiting for eve's own decision" in early.stderr
    out = tmp_path / "out.csv"
    asked = ("export", "csv", str(out), "--stage", TA, "--status", "conflict")
    for name, words in (
        ("ben", "it requires the role lead"),
        ("ada", "unresolved records have the status 'open'"),  # a lead who reviews
    ):
        refused = review(project, name, *asked)
        assert (refused.returncode, out.exists()) == (1, False)
        assert words in refused.stderr
    assert "Wrote 3 records" in review(project, "lea", *asked).stdout


@pytest.mark.parametrize("words", [("status", "--json", "--ids"), ("status",)])
def test_the_flow_tells_nothing_of_how_far_open_records_are(project, words):
    before = review(project, "ben", *words).stdout
    add_decision(project, NewDecision(FREE, TA, "ada", "include"))  # nobody had judged it
    assert review(project, "ben", *words).stdout == before
    assert "ada" not in json.dumps(before)


def counted(project, reader):
    """Records that all four figures of ada and ben are about, and what percent agreement is."""
    stage = find_stage(project.protocol, "screening")
    pairs = agreement.compute_agreement(project, stage, reader=reader)
    (found,) = [one for one in pairs if one.names == ("ada", "ben")]
    return found.figures[0].n, found.figures[0].value


def test_agreement_tells_a_lead_who_reviews_of_no_difference_before_it_is_settled(project):
    assert counted(project, None) == counted(project, "lea") == (3, pytest.approx(1 / 3))
    assert counted(project, "ada") == counted(project, "ben") == (1, 1.0)
    assert counted(project, "eve") == (2, 0.5)  # she adjudicates, and has not judged the pilot
    add_decision(project, NewDecision(HALF, TA, "ada", "include"))  # ben had excluded it
    assert counted(project, "ada") == (1, 1.0)
    add_decision(project, NewDecision(HALF, TA, "cleo", "exclude", role="adjudicator"))
    assert counted(project, "ada") == (2, 0.5)


def test_a_change_of_mind_after_the_adjudicator_is_no_agreement(project):
    add_decision(project, NewDecision(APART, TA, "cleo", "exclude", role="adjudicator"))
    add_decision(project, NewDecision(APART, TA, "ada", "exclude"))
    assert counted(project, None) == (3, pytest.approx(1 / 3))


def test_what_explains_an_order_is_untouched_by_what_only_others_decided(project):
    """The attack: a reviewer asks again after each hidden decision of a colleague."""
    stage = find_stage(project.protocol, "screening")

    def ask(reader):
        told = ranking.explain_position(project, stage, "R000004", reader=reader)
        return told.because, told.words, told.model, told.learned_from, told.score

    ranking.retrain_ranking(project, stage)
    before = ask("ada")
    for verdict in ("include", "exclude"):
        add_decision(project, NewDecision(FREE, TA, "ben", verdict))
        ranking.retrain_ranking(project, stage)
        assert ask("ada") == before
    assert ask(None)[3] != before[3]  # whoever does not review is told of all decisions


def evidence(project, reader):
    stage = find_stage(project.protocol, "screening")
    found, curve = ranking.get_stopping_evidence(project, stage, reader=reader)
    return found.screened, found.relevant, found.unscreened, found.run, curve[-1]


def test_the_evidence_for_stopping_moves_by_ones_own_decisions_and_settled_ones(project):
    assert evidence(project, "lea")[:3] == (4, 3, 1)
    before = evidence(project, "ada")  # hers: the pilot, APART and BOTH; ben's HALF is not told
    assert before[:3] == (3, 3, 2)
    add_decision(project, NewDecision(FREE, TA, "ben", "include"))
    assert evidence(project, "ada") == before
    add_decision(
        project, NewDecision(HALF, TA, "ada", "include")
    )  # in conflict, which she is not told
    add_decision(project, NewDecision(FREE, TA, "ada", "exclude"))  # too
    assert evidence(project, "ada")[:4] == (5, 4, 0, 1)
    stage = find_stage(project.protocol, "screening")
    add_decision(project, NewDecision(FREE, TA, "ada", None))
    assert ranking.explain_position(project, stage, "R000004", reader="ada").place == 1
    assert ranking.explain_position(project, stage, "R000004", reader="lea").place is None
    add_decision(project, NewDecision(FREE, TA, "ada", "exclude"))
    told = json.loads(review(project, "ada", "stopping", "--json").stdout)
    assert (told["screened"], told["relevant"], told["run"]) == (5, 4, 1)
