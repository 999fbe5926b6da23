"""Harvest runs: new and missing records, permissions, and the update check."""

import json
import subprocess
import sys
from datetime import date, datetime, timedelta

import pytest
from filelock import FileLock
from standin import Fault, StandIn, corpus
from standin.web import Limits
from support.harvesting import expected, make, review, stored, surroundings
from support.samples import ANSWERS

from review.errors import ProtocolError, QueryError, StoreError
from review.models import Relation
from review.store import audit_events, harvests, raw_answers, records
from review.store.timestamps import utc_now
from review.workflow import harvest as harvesting_flow
from review.workflow.exports import methods_text, prisma, snapshot
from review.workflow.exports.search_runs import list_searches
from review.workflow.harvest import (
    HarvestControl,
    HarvestInProgress,
    get_exit_status,
    list_disagreements,
    list_harvests,
    run_harvest,
    status,
)
from review.workflow.screening import decisions
from review.workflow.screening.decisions import NewDecision
from review.workflow.setup.loading import open_project

TODAY = date(2020, 10, 10)


@pytest.fixture(scope="module")
def library():
    return corpus.make(2_500, 4)


def go(project, today=TODAY, **words):
    return run_harvest(project, "ann", control=HarvestControl(today=today), **words)


def test_a_second_run_with_no_news_adds_nothing(library, tmp_path, rehearsal):
    project = make(tmp_path / "r", sources=("pubmed", "arxiv", "medrxiv", "biorxiv", "europepmc"))
    with StandIn(library) as server:
        rehearsal(server)
        first = go(project)
        before = {one.source: stored(project, one.source) for one in first.outcomes}
        asked = len(server.log)
        second = go(project)
    assert get_exit_status(first) == get_exit_status(second) == 0
    assert sum(one.new for one in first.outcomes) == sum(len(ids) for ids in before.values())
    assert sum(one.new for one in second.outcomes) == 0
    assert {s: stored(project, s) for s in before} == before
    assert len(server.log) - asked < asked


def test_every_record_points_to_its_raw_answer(library, tmp_path, rehearsal):
    project = make(tmp_path / "r")
    with StandIn(library) as server:
        rehearsal(server)
        go(project)
    with project.store.read() as conn:
        rows = conn.exec_driver_sql("select source, source_id, doi, raw from records").all()
    assert rows
    for source, ident, doi, digest in rows:
        body = raw_answers.load_response(project.folder, digest).decode()
        assert (doi if source == "medrxiv" else ident) in body.lower() or ident in body


def test_a_run_keeps_query_window_counts_and_what_pubmed_said(library, tmp_path, rehearsal):
    project = make(tmp_path / "r")
    with StandIn(library) as server:
        rehearsal(server)
        go(project)
    rows = {one.source: one for one in list_harvests(project)}
    assert rows["pubmed"].query.count("[tiab]") >= 4
    assert rows["pubmed"].window == "2020-01-01 to 2020-10-03"
    assert any(note.startswith("PubMed ran:") for note in rows["pubmed"].messages)
    for one in rows.values():
        assert one.state == "complete"
        assert one.announced == one.received
        assert one.seconds is not None
        assert one.requests >= one.pages
    with project.store.read() as conn:
        batches = {b["source"]: b for b in records.list_batches(conn)}
    for source, batch in batches.items():
        assert (batch["kind"], batch["new"]) == ("harvest", rows[source].new)
    log = {one.source: one.query for one in list_searches(project)}
    assert log["PubMed"] == rows["pubmed"].query
    assert log["medRxiv"] == rows["medrxiv"].query


def test_a_living_review_asks_from_the_last_run_with_an_overlap(library, tmp_path, rehearsal):
    project = make(tmp_path / "r", sources=("medrxiv", "pubmed"), until="2020-12-31")
    with StandIn(library) as server:
        rehearsal(server)
        go(project, date(2020, 6, 1))
        early = set(stored(project, "medrxiv"))
        server.clear_log()
        run = go(project, date(2020, 8, 1))
        paths = [one.path for one in server.requests("biorxiv") if "details" in one.path]
    assert paths
    assert min(path.split("medrxiv/")[1][:10] for path in paths) == "2020-05-25"
    late = {one.source: one.window for one in run.outcomes if one.window.by == "changed"}
    assert late["pubmed"].since == date(2020, 5, 25)
    assert late["pubmed"].until == date(2020, 8, 1)
    assert early < set(stored(project, "medrxiv"))


def words(now):
    """The words of the flow diagram, lines joined as they are read."""
    from lxml import etree

    drawn = etree.fromstring(prisma.draw_diagram(now).encode())
    return " ".join(" ".join(drawn.itertext()).split())


def test_a_source_that_is_down_leaves_the_others_and_is_taken_up_again(
    library, tmp_path, rehearsal
):
    project = make(tmp_path / "r")
    down = Fault("503", every=1, service="arxiv")
    with StandIn(library, faults=[down]) as server:
        rehearsal(server)
        run = go(project)
        assert get_exit_status(run) == 3
        told = next(one for one in run.outcomes if one.source == "arxiv")
        assert told.verdict == "incomplete"
        assert "503" in told.note
        assert any(one.startswith("arXiv 2020-01-01 to 2020-10-03") for one in run.open)
        assert stored(project, "medrxiv")
        then = snapshot.snapshot_at(project)
        note = (
            "arXiv has not been searched in full yet; records from 1 January 2020 to "
            "3 October 2020 are still to be fetched."
        )
        for text in (words(then), methods_text.write_methods(then)):
            assert note in text
            for raw in ("503", "tries", "http", "Errno", "Failed to", "Traceback"):
                assert raw not in text
        server.faults.clear()
        again = go(project)
        wanted = expected(server, "arxiv")
    assert get_exit_status(again) == 0
    assert {one.rsplit("v", 1)[0] for one in stored(project, "arxiv")} == wanted
    assert harvesting_flow.list_open_windows(project) == ()
    assert "not complete" not in words(snapshot.snapshot_at(project))


def test_a_slice_that_fell_short_is_made_good_by_a_later_run(library, tmp_path, rehearsal):
    project = make(tmp_path / "r", sources=("medrxiv",))
    with StandIn(library, limits=Limits(rxiv_inflation=500)) as server:
        rehearsal(server)
        run = go(project)
        assert get_exit_status(run) == 3
        assert "announced" in run.open[0]
        server.limits.rxiv_inflation = 0
        again = go(project)
    assert get_exit_status(again) == 0
    assert harvesting_flow.list_open_windows(project) == ()
    states = {one.id: one.state for one in list_harvests(project)}
    assert states[1] == "closed"
    assert stored(project, "medrxiv") == sorted(set(stored(project, "medrxiv")))


def test_a_full_disk_stops_cleanly_and_the_next_run_goes_on(
    library, tmp_path, rehearsal, monkeypatch
):
    project = make(tmp_path / "r", sources=("medrxiv",))
    kept, calls = raw_answers.save_response, []

    def full(folder, body):
        calls.append(1)
        if len(calls) == 4:
            raise StoreError("the raw answer cannot be written (No space left on device).")
        return kept(folder, body)

    monkeypatch.setattr(raw_answers, "save_response", full)
    with StandIn(library) as server:
        rehearsal(server)
        run = go(project)
        assert get_exit_status(run) == 3
        assert "No space left" in run.open[0]
        with project.store.read() as conn:
            (one,) = harvests.list_harvests(conn)
            assert len(harvests.list_pages(conn, one.id)) == 3
        assert get_exit_status(go(project)) == 0
        wanted = expected(server, "medrxiv")
    ids = stored(project, "medrxiv")
    assert {one.rsplit("v", 1)[0] for one in ids} == wanted
    assert len(ids) == len(set(ids))


def test_two_harvests_of_one_review_never_run_at_once(library, tmp_path):
    project = make(tmp_path / "r", sources=("medrxiv",))
    with StandIn(library) as server, FileLock(tmp_path / "r" / "harvest.lock"):
        told = {"who": "bob", "pid": 4711, "host": "desk", "since": "2020-01-01T00:00:00.000000Z"}
        (tmp_path / "r" / "harvest.owner").write_text(json.dumps(told))
        with pytest.raises(
            HarvestInProgress, match=r"by bob on desk .process 4711. since 2020-01-01 00:00"
        ):
            go(project)
        done = review(tmp_path / "r", surroundings(server, tmp_path / "c"), "harvest")
        out, _ = done.communicate(timeout=300)
        assert done.returncode == 75, out
        assert "by bob on desk" in out
        assert len(server.log) == 0


def test_a_changed_query_begins_anew_and_the_old_window_is_no_longer_owed(
    library, tmp_path, rehearsal
):
    project = make(tmp_path / "r", sources=("arxiv",))
    with StandIn(library, faults=[Fault("503", every=1, service="arxiv")]) as server:
        rehearsal(server)
        go(project)
        server.faults.clear()
        changed = make(tmp_path / "r", sources=("arxiv",), query="pneumonia")
        run = go(changed)
    assert get_exit_status(run) == 0
    windows = [(one.state, one.query) for one in list_harvests(changed)]
    assert windows[0][0] == "complete"
    assert "pneumonia" in windows[0][1]


def test_whole_days_are_matched_here_and_the_rest_is_counted(library, tmp_path, rehearsal):
    project = make(tmp_path / "r", sources=("medrxiv", "biorxiv"))
    with StandIn(library) as server:
        rehearsal(server)
        run = go(project)
        for one in run.outcomes:
            assert one.received == one.new + one.known + one.unmatched
            ids = {i.rsplit("v", 1)[0] for i in stored(project, one.source)}
            assert ids == expected(server, one.source)


def test_disagreements_of_source_and_query_are_listed_not_dropped(library, tmp_path, rehearsal):
    project = make(tmp_path / "r", sources=("arxiv",))
    text = (tmp_path / "r" / "protocol.yaml").read_text()
    native = text.replace("  sources:", "  native:\n    arxiv: 'all:covid'\n  sources:")
    (tmp_path / "r" / "protocol.yaml").write_text(native)
    project = open_project(tmp_path / "r", who="ann")
    with StandIn(library) as server:
        rehearsal(server)
        run = go(project)
    listed = list_disagreements(project)
    assert 0 < len(listed) < run.outcomes[0].new
    assert {one.id for one in listed} <= set(stored(project, "arxiv"))
    assert all(one.key.startswith("R") and one.title for one in listed)
    assert {one.why for one in listed} == {"does not match"}
    assert list_harvests(project)[0].query == "all:covid"


def include_all(project, source):
    with project.store.read() as conn:
        found = [one for one in records.iter_records(conn) if one.record.source == source]
    for one in found:
        decisions.add_decision(project, NewDecision(one.id, "screening", "ann", "include"))
    return found


def test_a_retraction_of_an_included_study_raises_an_alert_once(library, tmp_path, rehearsal):
    retracted = [one for one in library.articles if one.retracted_on]
    assert retracted
    one = min(retracted, key=lambda a: a.retracted_on)
    words = " ".join(one.title.split()[:4]).rstrip(".,:")
    since = min(one.issue_date, one.epub or one.issue_date)
    project = make(
        tmp_path / "r",
        sources=("pubmed",),
        query=f'"{words}"',
        since=str(since),
        until=str(max(one.issue_date, one.epub or one.issue_date)),
    )
    calm = corpus.make(2_500, 4)
    calm.today = one.retracted_on - timedelta(days=1)
    with StandIn(calm) as server:
        rehearsal(server)
        go(project, calm.today)
        assert str(one.pmid) in stored(project, "pubmed")
        include_all(project, "pubmed")
        assert go(project, calm.today).alerts == ()
    calm.today = one.retracted_on + timedelta(days=30)
    with StandIn(calm) as server:
        rehearsal(server)
        run = go(project, calm.today)
        again = go(project, calm.today)
    assert any("retracted" in alert for alert in run.alerts)
    assert again.alerts == ()
    with project.store.read() as conn:
        (alert, *_) = audit_events.list_events(conn, kind="alert")
    assert "the included study" in alert["detail"]["text"]


def test_a_journal_article_that_followed_a_preprint_is_learned(library, tmp_path, rehearsal):
    followed = [
        one
        for one in library.of("medrxiv")
        if one.published_on
        and one.published_on > date(2020, 8, 1)
        and one.first.year == 2020
        and one.first.date() < date(2020, 7, 1)
    ]
    assert followed
    early = corpus.make(2_500, 4)
    early.today = date(2020, 7, 15)
    project = make(
        tmp_path / "r",
        sources=("medrxiv",),
        query="covid* OR patients OR images",
        until="2020-07-01",
    )
    with StandIn(early) as server:
        rehearsal(server)
        go(project, early.today)
    with project.store.read() as conn:
        assert harvests.list_relations(conn) == {}
    early.today = max(one.published_on for one in followed) + timedelta(days=1)
    with StandIn(early) as server:
        rehearsal(server)
        run = go(project, early.today)
    assert run.updates > 0
    with project.store.read() as conn:
        learned = harvests.list_relations(conn)
        by_doi = {s.record.doi: s.id for s in records.iter_records(conn)}
    one = next(o for o in followed if o.id in by_doi and early.published_doi(o))
    said = learned[by_doi[one.id]][0]
    assert (said.kind, said.target) == ("published_as", f"doi:{one.published_doi.lower()}")


def test_relations_are_noted_once(tmp_path):
    project = make(tmp_path / "r")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ann", kind="file", source="x")
        from review.models import Record

        (number,) = records.add_records(conn, batch, [(1, Record("x", title="T"))], utc_now()).new
        said = [Relation("retracted_by", "pmid:1", "pubmed")]
        assert harvests.add_relations(conn, number, said, utc_now(), None) == said
        assert harvests.add_relations(conn, number, said, utc_now(), None) == []


def test_a_protocol_that_cannot_be_harvested_says_why(tmp_path, monkeypatch):
    none = make(tmp_path / "none", sources=())
    with pytest.raises(ProtocolError, match="lists no source"):
        go(none)
    odd = make(tmp_path / "odd", sources=("scopus",))
    with pytest.raises(ProtocolError, match="'scopus' is not a source"):
        go(odd)
    broken = make(tmp_path / "broken", query="(covid AND")
    with pytest.raises(QueryError):
        go(broken)
    for name in ("PUBMED", "ARXIV", "MEDRXIV"):
        monkeypatch.delenv(f"FUNNEL_{name}_URL", raising=False)
    text = (tmp_path / "none" / "protocol.yaml").read_text()
    silent = text.replace("sources: []", "sources: [arxiv]").replace("  contact:", "  #")
    (tmp_path / "none" / "protocol.yaml").write_text(silent)
    with pytest.raises(ProtocolError, match=r"search\.contact"):
        go(open_project(tmp_path / "none", who="ann"))


def test_the_log_holds_one_line_a_page_and_quiet_prints_nothing(library, tmp_path):
    make(tmp_path / "r")
    with StandIn(library) as server:
        around = surroundings(server, tmp_path / "c")
        done = review(tmp_path / "r", around, "harvest", "--quiet")
        out, _ = done.communicate(timeout=300)
    assert (done.returncode, out) == (0, "")
    lines = (tmp_path / "r" / "harvest.log").read_text().splitlines()
    with open_project(tmp_path / "r").store.read() as conn:
        pages = sum(len(harvests.list_pages(conn, one.id)) for one in harvests.list_harvests(conn))
    assert len([line for line in lines if " page " in line]) == pages
    assert "received" in lines[0]


def test_a_run_tells_its_outcome_as_json_and_in_words(library, tmp_path):
    make(tmp_path / "r", sources=("arxiv",))
    with StandIn(library) as server:
        around = surroundings(server, tmp_path / "c")
        done = review(tmp_path / "r", around, "harvest", "--json")
        told = json.loads(done.communicate(timeout=300)[0])
        plain = review(tmp_path / "r", around, "harvest").communicate(timeout=300)[0]
    assert told["exit_status"] == 0
    assert told["outcomes"][0]["source"] == "arxiv"
    assert "announced" in plain.splitlines()[0]
    assert "complete" in plain


def test_the_command_line_shows_what_pubmed_made_of_the_query(library, tmp_path):
    make(tmp_path / "r", sources=("pubmed",), query="covid* AND (ct OR qwertyzzz)")
    with StandIn(library, limits=Limits(pubmed_drops_unknown=True)) as server:
        done = review(tmp_path / "r", surroundings(server, tmp_path / "cache"), "harvest")
        out, _ = done.communicate(timeout=300)
    assert done.returncode == 0, out
    assert "pubmed: PubMed ignored a phrase it does not recognise: qwertyzzz" in out
    assert "pubmed: PubMed ran: " in out


def test_a_term_signal_stops_after_the_page_and_the_next_run_goes_on(library, tmp_path):
    make(tmp_path / "r", sources=("medrxiv",))
    with StandIn(library, limits=Limits(rxiv_page=5)) as server:
        around = surroundings(server, tmp_path / "c")
        running = review(tmp_path / "r", around, "harvest")
        while len(server.log) < 5 and running.poll() is None:
            pass
        running.terminate()
        out, _ = running.communicate(timeout=300)
        assert running.returncode == 3, out
        assert "stopped by a user" in out
        done = review(tmp_path / "r", around, "harvest")
        done.communicate(timeout=300)
        assert done.returncode == 0
        wanted = expected(server, "medrxiv")
    ids = stored(open_project(tmp_path / "r"), "medrxiv")
    assert {one.rsplit("v", 1)[0] for one in ids} == wanted


@pytest.mark.parametrize(
    ("source", "name", "count"),
    [
        ("arxiv", "arxiv/search.xml", 3),
        ("medrxiv", "medrxiv/details.json", 3),
        ("biorxiv", "biorxiv/details.json", 2),
        ("europepmc", "europepmc/search.json", 2),
        ("pubmed", "pubmed/efetch.xml", 3),
        ("pubmed", "pubmed/esearch-mapped.xml", 0),
        ("pubmed", "pubmed/elink.xml", 0),
    ],
)
def test_parse_works_by_itself(source, name, count):
    path = ANSWERS / name
    command = [sys.executable, "-m", "review.cli", "parse", source, str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["records"]) == count


def test_parse_refuses_in_one_line():
    path = ANSWERS / "pubmed" / "page.html"
    command = [sys.executable, "-m", "review.cli", "parse", "pubmed", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "web page" in done.stderr


def test_the_moment_of_a_lock_is_told_in_minutes(tmp_path):
    from review.workflow.harvest.locking import describe_running_harvest

    project = make(tmp_path / "r")
    assert describe_running_harvest(project) is None
    with FileLock(tmp_path / "r" / "harvest.lock"):
        since = (datetime.now().astimezone() - timedelta(minutes=5)).astimezone()
        told = {
            "who": "bob",
            "pid": 1,
            "host": "h",
            "since": since.astimezone(tz=None).strftime("%Y"),
        }
        (tmp_path / "r" / "harvest.owner").write_text(json.dumps(told))
        assert "by another process" in describe_running_harvest(project)


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("no usable answer after 8 tries; the last said: 503", "could not be reached"),
        ("no connection (Failed to resolve 'example.org' ([Errno -2]))", "could not be reached"),
        ("read timed out", "could not be reached"),
        ("arxiv: HTTP 503: Maintenance", "could not be reached"),
        ("pubmed: HTTP 429 Too Many Requests", "could not be reached"),
        ("2024-01: 3 of 10 entries came", "was incomplete"),
    ],
)
def test_a_page_says_why_a_search_is_incomplete_without_the_raw_error(note, words):
    sentence = status.describe_shortfall(note)
    assert words in sentence
    for raw in ("503", "Errno", "example.org", "tries"):
        assert raw not in sentence
