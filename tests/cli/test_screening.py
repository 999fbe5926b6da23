"""The screening commands, and the page Agreement and stopping."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.models import Record
from review.protocol.models import find_stage
from review.store import records, screening_queue
from review.store.timestamps import utc_now
from review.workflow.screening import reviewing, status
from review.workflow.setup.loading import init_project, open_project

ROOT = Path(__file__).parents[2]


def review(*words, folder=None):
    where = ["--review", str(folder)] if folder else []
    return subprocess.run(
        [sys.executable, "-m", "review.cli", *where, "--user", "ada", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        words = ("chest radiograph network", "hospital budget")
        given = [(n, Record("embase", title=f"{words[n % 2]} {n}")) for n in range(1, 61)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(opened, conn)
    stage = find_stage(opened.protocol, "screening")
    for name in ("ada", "ben"):
        for _ in range(30):
            one = reviewing.get_next_record(opened, stage, name)
            verdict = "include" if one.number % 4 == 0 or one.number % 15 == 0 else "exclude"
            if name == "ben" and one.number % 10 == 0:
                verdict = "exclude"
            reviewing.save_decision(opened, stage, name, one.number, verdict)
    return opened


def test_the_order_is_trained_and_explained(project):
    done = review("rank", "train", folder=project.folder)
    assert "Ordered 30 records with the model 'light', trained on 30 screened" in done.stdout, (
        done.stderr
    )
    found = json.loads(review("rank", "explain", "R000002", "--json", folder=project.folder).stdout)
    assert {"word", "share"} == set(found["words"][0])
    assert any("radiograph" in one["word"] for one in found["words"])
    assert found["place"] is None and found["score"] is None
    with project.store.read() as conn:
        last = screening_queue.list_positions(conn, "title-abstract")[-1].record
    told = review("rank", "explain", f"R{last:06d}", folder=project.folder).stdout
    assert f"R{last:06d} is number 30 of 30 records to screen." in told
    assert "The score is hidden from reviewers" in told
    assert re.search(r"screen (earlier|later) +\d+\.\d%  \S", told), told


def test_only_the_lead_of_the_team_stops(project):
    refused = review("--user", "ben", "stop", "--why", "tired", folder=project.folder)
    assert refused.returncode == 1
    assert "ben does not have permission to do this: it requires the role lead" in refused.stderr


def test_the_evidence_is_printed_and_a_stop_needs_a_reason(project):
    found = json.loads(review("stopping", "--json", folder=project.folder).stdout)
    assert (found["screened"], found["unscreened"]) == (30, 30)
    told = review("stopping", folder=project.folder).stdout.splitlines()
    assert told[0].startswith("Screened: 30 of 60, ")
    assert [one.split(":")[0] for one in told[1:5]] == [
        "Consecutive irrelevant",
        "Relevant records left",
        "Stopping test",
        "Rules",
    ]
    refused = review("stop", folder=project.folder)
    assert refused.returncode == 1
    assert "Give a reason" in refused.stderr
    assert (
        "30 records were marked" in review("stop", "--why", "p small", folder=project.folder).stdout
    )
    assert "30 records were returned" in review("stop", "--back", folder=project.folder).stdout


def test_a_random_check_is_refused_before_its_size_is_worked_out(project):
    """No size is given, and no record is included at full text: neither is mentioned."""
    for words, reason in (
        (("--user", "ben", "draw-check"), "it requires the role lead"),
        (("draw-check", "--stage", "full-text"), "at title and abstract screening, not at"),
    ):
        command = ["--review", str(project.folder), "--user", "ada", *words]
        refused = CliRunner().invoke(app, command)
        assert isinstance(refused.exception, ReviewError)
        assert reason in str(refused.exception)


def test_a_reviewer_retires_and_comes_back(project):
    assert "ben has left the review" in review("retire", "ben", folder=project.folder).stdout
    assert "ben is back" in review("retire", "ben", "--back", folder=project.folder).stdout
    assert "not on this review's team" in review("retire", "zoe", folder=project.folder).stderr


def test_agreement_of_a_plain_file(tmp_path):
    wide = tmp_path / "wide.csv"
    wide.write_text("unit,ada,ben\n1,low,low\n2,high,low\n3,high,high\n4,NA,high\n")
    found = {
        one["name"]: one for one in json.loads(review("agreement", str(wide), "--json").stdout)
    }
    assert found["percent agreement"]["n"] == 3
    assert found["Cohen's kappa"]["value"] == pytest.approx(0.4)
    long = tmp_path / "long.csv"
    long.write_text(
        "unit,rater,answer\n1,ada,low\n1,ben,low\n2,ada,high\n2,ben,low\n3,ada,high\n"
        "3,ben,high\n4,ben,high\n"
    )
    again = {
        one["name"]: one for one in json.loads(review("agreement", str(long), "--json").stdout)
    }
    assert again == found
    levels = review("agreement", str(wide), "--levels", "low,unclear,high").stdout
    assert "weighted kappa (linear)" in levels


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unit,ada\n1,low\n", "two columns of ratings"),
        ("unit,ada,ben\n1,low\n", "line 2: 2 cells"),
        ("", "expected a header"),
        ("unit,ada,ben\n1,low,hgih\n", "'hgih' is not among"),
        ("unit,rater,answer\n1,a,low\n1,b,low\n1,a,high\n", "line 4: 'a' rates '1' twice"),
        ("unit,rater,answer\n1,a,low\n2,a,high\n", "needs at least two raters"),
    ],
)
def test_a_bad_ratings_file_is_one_clear_line(tmp_path, text, said):
    path = tmp_path / "r.csv"
    path.write_text(text)
    done = review("agreement", str(path), "--levels", "low,high")
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_ratings_file_as_people_save_them(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes("Étude;ada;ben\r\nA;7,5;7,5\r\nB;na;2\r\nC;1,0;2\r\n".encode("cp1252"))
    done = review("agreement", str(path), "--json")
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert found["Cohen's kappa"]["n"] == 2  # the first column names the units; 'na' is none
    assert found["ICC(A,1)"]["n"] == 2
    assert "1 cells with 'na' were treated as not rated" in done.stderr
    path.write_text("unit,ada,ben\n1,yes,na\n2,na,na\n")
    named = review("agreement", str(path), "--json", "--levels", "yes,no,na")
    assert json.loads(named.stdout)[0]["n"] == 2
    assert named.stderr == ""


def test_the_lead_sees_agreement_and_evidence(project):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import agreement
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ada", ("lead",))
        agreement.render_page(open_project(Path(folder)))

    app = AppTest.from_function(script, args=(str(project.folder),), default_timeout=300).run()
    assert not app.exception
    shown = " ".join(one.value for one in app.markdown)
    assert "ada and ben" in shown
    assert "Stopping test" in shown
    assert [one.value for one in app.metric][:1] == ["30"]
    (button,) = [button for button in app.button if button.label.startswith("Stop screening (")]
    button.click().run()
    assert "Give a reason" in app.warning[0].value
