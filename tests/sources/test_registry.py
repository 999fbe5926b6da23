"""The registry: everything other packages know of a source comes from its record."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from support.harvesting import PROTOCOL

from review.query.parser import parse
from review.sources.models import ListingCheck, LookupCheck
from review.sources.rate_limits import BASE_URLS, RATE_LIMITS
from review.sources.registry import SOURCES, get_title, list_query_sources

ROOT = Path(__file__).parents[2]

DAYBOOK = """
import json
from functools import partial

from review.models import ParseResult, Record
from review.query.compiler import CompiledQuery
from review.sources.models import (
    HarvestWindow, LookupCheck, RateLimit, ResultPage, Source, WithdrawalMarks)


def parse(body):
    entries = json.loads(body)["entries"]
    return ParseResult(
        tuple(
            Record("daybook", entry["id"], title=entry["title"], abstract=entry["text"],
                   date=entry["day"], year=int(entry["day"][:4]),
                   extra={"remark": (entry["remark"],)})
            for entry in entries
        ), (), len(entries))


def search(query, window, http, base_url, *, resume=None):
    from review.sources.http import Request

    if resume and resume.get("done"):
        return
    days = {"q": query, "from": str(window.since), "to": str(window.until)}
    response = http.fetch(Request("daybook-service", base_url, days), parse)
    size = len(response.value.records)
    yield ResultPage(response.body, response.url, response.value,
                     f"{window.since}..{window.until}", size, size, {"done": True}, last=True)


def compile_query(node, window=None):
    return CompiledQuery("DAYBOOK ct")


def fetch(ids, http, base_url):
    from review.sources.http import Request

    response = http.fetch(Request("daybook-service", base_url, {"ids": ",".join(ids)}), parse)
    return response.value, response.body


SOURCE = Source(
    name="daybook", title="The Day Book", service="daybook-service",
    rate_limit=RateLimit(0.01, "its own page"), base_url="https://daybook.invalid/api",
    search=search, parse=parse, compile_query=compile_query,
    records_label="the Day Book's records", record_source="daybook", overlap_days=3,
    withdrawal_marks=WithdrawalMarks(extra_keys=("remark",)),
    check=LookupCheck(
        get_id=lambda record: record.source_id if record.source == "daybook" else None,
        batch_size=10, fetch=fetch),
)
"""
RUNNER = """
import sys
from review.sources import registry
from daybook import SOURCE
registry.SOURCES[SOURCE.name] = SOURCE
from review.cli import main
sys.argv[0] = "review"
main()
"""


class _DayBook(BaseHTTPRequestHandler):
    asked: list[str]
    remark = "12 pages"

    def do_GET(self) -> None:
        self.asked.append(self.path)
        entries = [
            {"id": "d1", "title": "CT of the lung", "text": "A ct study.", "day": "2020-02-03"},
            {"id": "d2", "title": "CT of the knee", "text": "A ct study.", "day": "2020-05-06"},
        ]
        asked = dict(parse_qsl(urlsplit(self.path).query))
        shown = [
            {**entry, "remark": type(self).remark}
            for entry in entries
            if "ids" in asked or asked["from"] <= entry["day"] <= asked["to"]
        ]
        body = json.dumps({"entries": shown}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def daybook():
    handler = type("Handler", (_DayBook,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", handler
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_made_up_source_is_one_record_and_one_line(tmp_path, daybook):
    url, handler = daybook
    (tmp_path / "daybook.py").write_text(DAYBOOK)
    (tmp_path / "runner.py").write_text(RUNNER)
    folder = tmp_path / "review"
    folder.mkdir()
    text = PROTOCOL.format(query="ct", since="2020-01-01", until="2020-12-31", sources="daybook")
    (folder / "protocol.yaml").write_text(text)

    def run(*words):
        done = subprocess.run(
            [sys.executable, str(tmp_path / "runner.py"), "--review", str(folder), *words],
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}",
                "FUNNEL_DAYBOOK_URL": url,
                "FUNNEL_CACHE": str(tmp_path / "cache"),
                "FUNNEL_USER": "ann",
                "FUNNEL_PACE": "0",
            },
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "The Day Book\n  DAYBOOK ct" in run("query", "explain")
    first = json.loads(run("harvest", "--json"))
    (window,) = first["outcomes"]
    assert (window["source"], window["verdict"], window["new"]) == ("daybook", "complete", 2)
    assert "q=DAYBOOK+ct&from=2020-01-01&to=2020-12-31" in handler.asked[0]
    handler.remark = "This paper has been withdrawn by the authors"
    second = json.loads(run("harvest", "--json"))
    assert second["outcomes"][0]["new"] == 0
    assert second["updates"] == 2  # both records say now that they were withdrawn
    assert "from=2020-12-28&to=2020-12-31" in handler.asked[-2]  # three days asked again
    assert "ids=d1%2Cd2" in handler.asked[-1]
    run("export", "all", str(tmp_path / "out"))
    assert "The Day Book" in (tmp_path / "out" / "prisma.csv").read_text()
    appendix = tmp_path / "out" / "tables" / "html" / "prisma-s.html"
    assert "The Day Book" in appendix.read_text()


@pytest.mark.parametrize("name", list(SOURCES))
def test_every_record_is_complete(name):
    source = SOURCES[name]
    assert source.name == name
    assert get_title(name) == source.title
    assert RATE_LIMITS[source.service] is source.rate_limit
    assert BASE_URLS[name] == source.base_url
    assert (source.compile_query is None) == bool(source.no_query_reason)
    assert source.record_source in SOURCES
    assert source.windows <= {"posted", "entered", "changed"}
    assert source.overlap_days > 0
    if source.compile_query is not None:
        assert "ct" in source.compile_query(parse("ct")).text


def test_what_the_six_sources_know():
    assert {n: s.overlap_days for n, s in SOURCES.items() if s.overlap_days != 7} == {
        "europepmc": 45
    }
    assert {n for n, s in SOURCES.items() if "changed" in s.windows} == {
        "pubmed",
        "arxiv",
        "arxiv-oai",
    }
    assert {n for n, s in SOURCES.items() if "posted" not in s.windows} == {"arxiv-oai"}
    assert {n for n, s in SOURCES.items() if isinstance(s.check, LookupCheck)} == {
        "pubmed",
        "arxiv",
    }
    assert {n for n, s in SOURCES.items() if isinstance(s.check, ListingCheck)} == {
        "medrxiv",
        "biorxiv",
    }
    assert [source.name for source in list_query_sources()] == [
        "pubmed",
        "arxiv",
        "europepmc",
        "medrxiv",
        "biorxiv",
    ]


def test_any_other_database_keeps_its_name():
    assert get_title("embase") == "embase"


def test_the_registry_loads_no_library_of_the_network_or_of_parsing():
    code = (
        "import sys, review.sources.registry, review.sources.withdrawals\n"
        "print([n for n in ('requests', 'Bio', 'lxml', 'pandas', 'sqlalchemy', 'filelock')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
