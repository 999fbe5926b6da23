"""The Searches page: a row per search, incomplete ones in red, a button that runs one."""

import json
import time
from datetime import date
from pathlib import Path

from standin import Fault, StandIn, corpus
from standin.web import Limits
from streamlit.testing.v1 import AppTest
from support.harvesting import make, surroundings

from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.harvest import HarvestControl, background, list_harvests, run_harvest
from review.workflow.harvest.status import list_raw_pages, read_raw_page
from review.workflow.project.accounts import CurrentUser
from review.workflow.setup.loading import open_project


def draw(folder):
    def script(folder):
        from pathlib import Path

        import streamlit as st

        from review.pages import searches
        from review.workflow.project.accounts import CurrentUser
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = CurrentUser("ann", ("lead", "reviewer"))
        searches.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder),), default_timeout=300).run()


def test_a_review_without_harvests_says_so(tmp_path):
    make(tmp_path / "r")
    app = draw(tmp_path / "r")
    assert not app.exception
    assert "No searches yet" in app.info[0].value
    assert "Run search now" in [one.label for one in app.button]
    assert app.markdown[0].value.startswith("**Schedule:** off.")
    assert CurrentUser("ann", ("lead",)).name == "ann"


def test_rows_and_what_is_not_whole(tmp_path, monkeypatch):
    project = make(tmp_path / "r", sources=("arxiv", "medrxiv"))
    with StandIn(corpus.make(400, 1), faults=[Fault("503", every=1, service="arxiv")]) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
    app = draw(tmp_path / "r")
    assert not app.exception
    assert any("arXiv has not been searched in full yet" in one.value for one in app.error)
    assert not any(raw in one.value for one in app.error for raw in ("503", "tries", "http"))
    frame = app.dataframe[0].value
    assert sorted(frame["Status"]) == ["complete", "incomplete"]
    whole = frame[frame["Status"] == "complete"].iloc[0]
    parts = ("New", "Already here", "Not matching", "Unreadable")
    assert whole["Received"] == sum(whole[name] for name in parts)
    assert whole["Not matching"] > 0
    assert len(whole["Seconds"].split(".")[1]) == 1


def test_raw_answers_are_named_within_the_review_s_folder(tmp_path, monkeypatch):
    project = make(tmp_path / "r", sources=("medrxiv",))
    with StandIn(corpus.make(400, 1)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
    files = draw(tmp_path / "r").dataframe[1].value
    assert len(files) > 0
    assert sum(files["Records"]) > 0
    assert all(path.startswith("raw/") for path in files["Response file"])
    assert all((tmp_path / "r" / path).exists() for path in files["Response file"])


def test_a_raw_answer_can_be_taken_as_it_came(tmp_path, monkeypatch):
    project = make(tmp_path / "r", sources=("medrxiv",))
    with StandIn(corpus.make(400, 1)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        run = run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
    app = draw(tmp_path / "r")
    (button,) = app.get("download_button")
    assert button.proto.label == "Download response"
    first = list_raw_pages(project, 1)[0]
    body = read_raw_page(project, first.sha256)
    assert json.loads(body)["messages"]
    assert app.dataframe[0].value["Response files"].iloc[0] == run.outcomes[0].pages
    (tmp_path / "r" / first.path).unlink()
    gone = draw(tmp_path / "r")
    assert not gone.exception
    assert "cannot be read" in gone.warning[0].value


def test_what_the_query_here_does_not_match_is_listed(tmp_path, monkeypatch):
    make(tmp_path / "r", sources=("arxiv",))
    path = tmp_path / "r" / "protocol.yaml"
    path.write_text(
        path.read_text().replace("  sources:", "  native: {arxiv: 'all:covid'}\n  sources:")
    )
    project = open_project(tmp_path / "r", who="ann")
    with StandIn(corpus.make(1_000, 4)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        run = run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
    app = draw(tmp_path / "r")
    doubted = run.outcomes[0].disagree
    assert doubted > 0
    label = f"Found by the source, but not by our copy of the query ({doubted})"
    assert label in [one.label for one in app.expander]
    listed = app.dataframe[2].value
    assert len(listed) == doubted
    assert set(listed["Reason"]) == {"does not match"}
    assert all(key.startswith("R") for key in listed["Record"])


def test_a_window_made_good_is_red_no_longer(tmp_path, monkeypatch):
    project = make(tmp_path / "r", sources=("medrxiv",))
    with StandIn(corpus.make(400, 1), limits=Limits(rxiv_inflation=500)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
        assert [one.needs_rerun for one in list_harvests(project)] == [True]
        run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
        again = len(list_harvests(project)) - 1
        assert again > 1 and all(one.needs_rerun for one in list_harvests(project))
        run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
        # The same slices, the overlap that fell short in the second run, and today's overlap.
        assert len(list_harvests(project)) == 1 + again + again + 1
        server.limits.rxiv_inflation = 0
        run_harvest(project, "ann", control=HarvestControl(today=date(2020, 10, 10)))
    assert any(one.state == "incomplete" for one in list_harvests(project))
    assert not any(one.needs_rerun for one in list_harvests(project))


def test_a_harvest_under_way_is_told_apart_from_one_cut_off(tmp_path, monkeypatch):
    project = make(tmp_path / "r", sources=("medrxiv",))
    states = []
    with StandIn(corpus.make(400, 1), limits=Limits(rxiv_page=5)) as server:
        for name, value in surroundings(server, tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        control = HarvestControl(today=date(2020, 10, 10))

        def look(step):
            states.append([(one.state, one.needs_rerun) for one in list_harvests(project)])
            control.stopped = step.page == 2

        control.progress = look
        run_harvest(project, "ann", control=control)
    assert states[-1] == [("running", False)]
    with project.store.write() as conn:
        conn.exec_driver_sql("delete from harvest_ends")
    assert [(one.state, one.needs_rerun) for one in list_harvests(project)] == [("cut off", True)]


def test_a_harvest_that_cannot_begin_says_why(tmp_path, monkeypatch):
    project = make(tmp_path / "r")
    path = tmp_path / "r" / "protocol.yaml"
    path.write_text(path.read_text().replace("  contact:", "  #"))
    for name in ("PUBMED", "ARXIV", "MEDRXIV"):
        monkeypatch.delenv(f"FUNNEL_{name}_URL", raising=False)
    (tmp_path / "r" / "harvest.out").write_text("an old line\n")
    begun = background.start_harvest(project, "ann")
    assert begun.process.wait(60) == 1
    assert not background.is_running(begun)
    said = background.describe_failure(project, begun)
    assert said.startswith("The search ended with status 1: 'search.contact' is missing")


def test_a_harvest_begun_from_the_app_leaves_no_dead_process(tmp_path):
    project = make(tmp_path / "r")
    path = tmp_path / "r" / "protocol.yaml"
    path.write_text(path.read_text().replace("  contact:", "  #"))
    pid = background.start_harvest(project, "ann").process.pid  # the handle is let go of
    deadline = time.monotonic() + 120
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_key_papers_that_the_search_misses_are_listed_with_the_terms(tmp_path):
    folder = tmp_path / "r"
    make(
        folder, sources=("pubmed",), query="(covid* OR sars-cov-2) AND (tomograph* OR radiograph*)"
    )
    words = " ".join(one.value for one in draw(folder).caption)
    assert "Name them in the protocol under Search" in words
    path = folder / "protocol.yaml"
    papers = "[10.1000/found, 'Covid-19 seen by *ultrasound*', 10.1000/nowhere]"
    text = path.read_text()
    path.write_text(text.replace("search:", f"search:\n  key_papers: {papers}", 1))
    project = open_project(folder, who="ann")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ann", kind="file", source="embase")
        record = Record("embase", title="Covid-19 on radiographs", doi="10.1000/found")
        records.add_records(conn, batch, [(1, record)], utc_now())
    app = draw(folder)
    assert not app.exception
    words = [one.value for one in app.markdown]
    assert "**1 of 3** key papers are in the review." in words
    missed = next(one for one in words if "ultrasound" in one)
    words_of_sources = "Not found by Embase; nothing has come from PubMed yet."
    assert rf"**Covid-19 seen by \*ultrasound\***: {words_of_sources} Its" in missed
    assert "yet. Its title does not match" in missed
    assert "radiograph" in missed
    assert "covid" not in missed.split("does not match")[1].split("\n")[0]
    assert f"10.1000/nowhere**: {words_of_sources} Name it by title" in missed
    (found,) = [one for one in words if "10.1000/found" in one]
    assert (
        "([R000001](record?key=R000001)): Found by Embase; nothing has come from PubMed yet."
        in found
    )
    assert app.expander[-1].label == "Key papers found (1)"


def test_a_query_that_cannot_be_read_leaves_the_page_standing(tmp_path):
    folder = tmp_path / "r"
    make(folder, query="covid AND (")
    app = draw(folder)
    assert not app.exception
    assert any(one.value.startswith("The query cannot be read") for one in app.warning)
    assert "Run search now" in [one.label for one in app.button]
