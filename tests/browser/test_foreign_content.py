"""What a record, a note, a reason or a file name says never loads or runs in the app: no image,
style, frame or script of another host, on any page."""

import ast
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from support.browser import chromium, served, settled, tab
from support.small import studies

from review.models import Record
from review.protocol.models import find_stage
from review.store import records
from review.store.report_models import ModelDetails
from review.store.timestamps import utc_now
from review.workflow.appraisal import model_changes
from review.workflow.deduplication.groups import regroup_records
from review.workflow.fulltexts.retrieval_statements import RetrievalStatement, mark_retrieval
from review.workflow.records import annotations, saved_lists
from review.workflow.records.record_list import RecordFilter
from review.workflow.screening import reviewing, status
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

pytestmark = pytest.mark.browser
APP = Path(__file__).parents[2] / "app.py"


def list_pages():
    """Addresses of the pages, as app.py states them."""
    tree = ast.parse(APP.read_text())
    (pages,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
    )
    return [address for section in pages.values() for _, address, _, _ in section]


# Every page of the app, and those that show a record, a stage or a filter of their own.
PAGES = (
    "",
    *list_pages(),
    "record?key=R000001",
    "record?key=R000002",
    "screening?key=R000001",
    "screening?stage=full-text",
    "appraisal?key=R000003",
    "extraction?key=R000003",
)
FOREIGN = """host => [...document.querySelectorAll(
'a,img,image,iframe,script,link,object,embed,video,audio,source,input')].map(
one => one.getAttribute('src') || one.getAttribute('href') || one.getAttribute('data') || ''
).filter(address => address.includes(host))"""


class Witness(BaseHTTPRequestHandler):
    """A foreign server that notes every request."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(b"foreign")

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def foreign():
    """The address of a foreign server."""
    Witness.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Witness)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


def write_hostile(foreign, place):
    """Text that would load something from the foreign server, in every way a page might read it."""
    return (
        f"{place} \u202e <img src='{foreign}/{place}.png'> <img src=x onerror=\"window.hacked=1\"> "
        f"![x]({foreign}/{place}-markdown.png) [click]({foreign}/{place}-link) "
        "<script>window.hacked=1</script> "
        f"<script src='{foreign}/{place}.js'></script> <iframe src='{foreign}/{place}'></iframe> "
        f"<svg><image href='{foreign}/{place}.svg'/></svg> <b style=\"background:url('{foreign}/"
        f"{place}-style.png')\">b</b> <link rel=stylesheet href='{foreign}/{place}.css'> "
        f"&lt;img src='{foreign}/{place}-entity.png'&gt; <base href='{foreign}'>"
    )


@pytest.fixture
def project(tmp_path, foreign):
    """Every field, note, reason and file name is hostile; one record waits at each stage."""
    hostile = [
        Record(
            "embase",
            title=write_hostile(foreign, f"title-{n}"),
            authors=(write_hostile(foreign, f"author-{n}"),),
            journal=write_hostile(foreign, f"journal-{n}"),
            abstract=write_hostile(foreign, f"abstract-{n}"),
            doi=f"10.1/{n}",
            year=2020,
        )
        for n in range(1, 6)
    ]
    made = studies(tmp_path, hostile)
    path = tmp_path / "protocol.yaml"
    text = path.read_text()
    start, end = text.index("title:"), text.index("\n", text.index("title:"))
    title = write_hostile(foreign, "protocol").replace('"', "'")
    text = text[:start] + f'title: "{title}"' + text[end:]
    reason = write_hostile(foreign, "reason").replace('"', "'")
    path.write_text(text.replace("not original research]", f'not original research, "{reason}"]'))
    made = open_project(tmp_path, who="ada")
    stage = find_stage(made.protocol, "screening")
    for name, verdicts in (("ada", "iiee"), ("ben", "iiie")):
        for number, letter in enumerate(verdicts, 2):
            verdict = {"i": "include", "e": "exclude"}[letter]
            note = write_hostile(foreign, f"note-{name}")
            add_decision(made, NewDecision(number, stage.id, name, verdict, note=note))
    reviewing.add_note(made, stage, "ada", 1, write_hostile(foreign, "note"))
    write_short_texts(made, foreign)
    with made.store.write() as conn:
        batch = records.add_batch(
            conn,
            utc_now(),
            "ada",
            kind="file",
            source="embase",
            name=write_hostile(foreign, "file"),
        )
        again = [(1, Record("scopus", title=hostile[0].title, year=2021))]
        records.add_records(conn, batch, again, utc_now())
        regroup_records(made, conn)
        status.rebuild_statuses(made, conn)
    return made


def write_short_texts(project, foreign):
    """Tags, team notes, saved lists, and why a full text could not be had."""
    for number in (1, 2):
        for who in ("ada", "ben"):
            annotations.save_team_note(project, who, number, write_hostile(foreign, f"team-{who}"))
            for text in (f"![t]({foreign}/t.png)", f"[t]({foreign}/tag)", "<img src=x onerror=a>"):
                annotations.add_tag(project, who, number, text, shared=who == "ben")
    for name in (f"![l]({foreign}/l.png)", f"[l]({foreign}/list)", "<b>list</b>"):
        saved_lists.save_list(project, "ben", name, RecordFilter(), shared=True)
    missed = RetrievalStatement(2, "not retrieved", "ada", write_hostile(foreign, "missed"))
    mark_retrieval(project, missed)
    write_models(project, foreign)


def write_models(project, foreign):
    """Models of a report that is appraised, named in every way, right to left and without end."""
    for name in ("ada", "ben"):
        add_decision(project, NewDecision(3, "full-text", name, "include"))
    for name in (f"![m]({foreign}/m.png)", f"\u202e[m]({foreign}/model)\u202c", "<b>net</b>" * 10):
        details = ModelDetails(
            name=name,
            kind=write_hostile(foreign, "kind")[:200],
            task=f"<img src='{foreign}/task.png'> ![t]({foreign}/task-2.png)",
            data_sets=f"[d]({foreign}/sets) <script>window.hacked=1</script>",
        )
        model_changes.add_model(project, 3, details, "ada")


def test_no_page_loads_or_runs_what_a_record_says(project, foreign):
    hosts = foreign.removeprefix("http://")
    with served(project.folder, solo="ada") as address, chromium() as browser:
        page = tab(browser)
        page.goto(foreign + "/control")
        assert Witness.seen[0] == "/control"  # the browser reaches it, so a leak would be seen
        page = tab(browser)
        Witness.seen.clear()
        for place in PAGES:
            page.goto(f"{address}/{place}")
            settled(page)
            assert page.get_by_test_id("stException").count() == 0, place
            assert page.evaluate("window.hacked") is None, place
            assert page.evaluate(FOREIGN, hosts) == [], place
        page.goto(f"{address}/screening?key=R000001")
        page.get_by_text("abstract-1").first.wait_for()
        assert "<img src=" in page.locator("[data-testid=stMain]").inner_text()  # shown as text
        assert Witness.seen == []
