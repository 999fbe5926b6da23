"""The Harvests page: a row a harvest, what is not whole in red words, a button that runs one."""

from datetime import date

from harvesting import make, surroundings
from standin import Fault, StandIn, corpus
from streamlit.testing.v1 import AppTest

from review.workflow.accounts import Signed
from review.workflow.harvest import Control, harvest


def draw(folder):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import harvests
        from review.workflow.accounts import Signed
        from review.workflow.project import open_project

        st.session_state["person"] = Signed("ann", ("lead", "reviewer"))
        harvests.page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder),), default_timeout=30).run()


def test_a_review_without_harvests_says_so(tmp_path):
    make(tmp_path / "r")
    app = draw(tmp_path / "r")
    assert not app.exception
    assert "Nothing was harvested yet" in app.info[0].value
    assert app.button[0].label == "Harvest now"
    assert Signed("ann", ("lead",)).name == "ann"


def test_rows_and_what_is_not_whole(tmp_path, monkeypatch):
    project = make(tmp_path / "r", sources=("arxiv", "medrxiv"))
    with StandIn(corpus.make(400, 1), faults=[Fault("503", every=1, service="arxiv")]) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        harvest(project, "ann", control=Control(today=date(2020, 10, 10)))
    app = draw(tmp_path / "r")
    assert not app.exception
    assert any("arXiv 2020-01-01" in one.value for one in app.error)
    frame = app.dataframe[0].value
    assert sorted(frame["State"]) == ["complete", "incomplete"]
    whole = frame[frame["State"] == "complete"].iloc[0]
    parts = ("New", "Known", "Not matching", "Rejected")
    assert whole["Received"] == sum(whole[name] for name in parts)
    assert whole["Not matching"] > 0
    assert len(whole["Seconds"].split(".")[1]) == 1


def test_raw_answers_are_named_within_the_review_s_folder(tmp_path, monkeypatch):
    project = make(tmp_path / "r", sources=("medrxiv",))
    with StandIn(corpus.make(400, 1)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        harvest(project, "ann", control=Control(today=date(2020, 10, 10)))
    files = draw(tmp_path / "r").dataframe[1].value
    assert len(files) > 0
    assert all(path.startswith("raw/") for path in files["Raw answer"])
    assert all((tmp_path / "r" / path).exists() for path in files["Raw answer"])
