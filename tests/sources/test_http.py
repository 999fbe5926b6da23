"""The HTTP client: rate limits across processes, retries, redirects."""

import itertools
import random
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from standin import Fault, StandIn
from standin.web import Limits

from review.errors import SourceError
from review.sources import arxiv, medrxiv
from review.sources.http import (
    MAX_RETRY_AFTER,
    HttpClient,
    Request,
    build_user_agent,
    parse_announced_gap,
    redact_url,
)
from review.sources.models import QueryRejected
from review.sources.rate_limits import (
    BASE_URLS,
    RATE_LIMITS,
    is_default_address,
    read_api_keys,
    resolve_base_url,
)
from review.sources.registries import fetch_from_crossref, fetch_from_openalex

ROOT = Path(__file__).parents[2]


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="module")
def corpus():
    from standin import corpus

    return corpus.make(300, 1)


def patient(tmp_path: Path, clock: Clock) -> HttpClient:
    return HttpClient(
        tmp_path, contact="me@example.org", clock=clock.time, sleep=clock.sleep, seed=1
    )


def details(server: StandIn, day: str = "2020-03-01/2020-03-31") -> Request:
    return Request("biorxiv", f"{server.base['biorxiv']}/details/medrxiv/{day}/0/json")


TRANSIENT = ["429", "500", "502", "503", "504", "reset", "html", "empty", "cut", "cut-quiet"]


@pytest.mark.parametrize("kind", TRANSIENT)
def test_a_passing_fault_is_outlived_and_counted(tmp_path, corpus, kind):
    clock = Clock()
    with StandIn(corpus, faults=[Fault(kind, nth=(1, 2))]) as server:
        http = patient(tmp_path, clock)
        got = http.fetch(details(server), medrxiv.parse)
        assert got.value.records
        assert sum(http.faults.values()) == 2
        assert len(server.log) == 3
        assert sum(clock.slept) >= 0.5 + 1.0


def test_waits_grow_and_stay_within_a_minute(tmp_path, corpus):
    clock = Clock()
    with StandIn(corpus, faults=[Fault("503", every=1)]) as server:
        http = patient(tmp_path, clock)
        with pytest.raises(SourceError, match=r"no usable response after 8 attempts.*503") as told:
            http.fetch(details(server), medrxiv.parse)
    said = str(told.value)
    assert "\n" not in said
    assert "last error: HTTP 503: Maintenance We will be back. (http" in said
    backoff = [s for s in clock.slept if s > 0.4]
    assert 60 < sum(backoff) < 240
    assert max(backoff) <= 60


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(tmp_path, corpus, form):
    clock = Clock()
    said = "40" if form == "seconds" else formatdate(clock.now + 40, usegmt=True)
    with StandIn(corpus, faults=[Fault("429-retry-after", nth=(1,), retry_after=said)]) as server:
        patient(tmp_path, clock).fetch(details(server), medrxiv.parse)
    assert sum(clock.slept) >= 39.9


def test_too_long_a_retry_after_ends_the_run_with_the_hour_to_come_back(tmp_path, corpus):
    clock = Clock()
    said = str(int(MAX_RETRY_AFTER) + 3600)
    with (
        StandIn(corpus, faults=[Fault("429-retry-after", nth=(1,), retry_after=said)]) as server,
        pytest.raises(SourceError, match="stay away until 20"),
    ):
        patient(tmp_path, clock).fetch(details(server), medrxiv.parse)
    assert sum(clock.slept) < 10


def test_a_silent_service_times_out_and_is_asked_again(tmp_path, corpus):
    with StandIn(corpus, faults=[Fault("stall", nth=(1,))], stall=3.0) as server:
        http = HttpClient(tmp_path, pace=0)
        http.timeout = (1.0, 0.3)
        assert http.fetch(details(server), medrxiv.parse).value.records
        assert http.faults["timeout"] == 1


def test_a_refused_query_is_not_asked_again(tmp_path, corpus):
    with StandIn(corpus) as server:
        http = HttpClient(tmp_path, pace=0)
        params = {"id_list": "abc"}
        with pytest.raises(QueryRejected, match="incorrect id format for abc"):
            http.fetch(Request("arxiv", server.base["arxiv"], params), arxiv.parse)
        assert len(server.log) == 1


def test_an_error_entry_under_status_200_is_refused_too(tmp_path, corpus):
    limits = Limits(arxiv_errors_with_200=True)
    with StandIn(corpus, limits=limits) as server, pytest.raises(QueryRejected, match="id format"):
        ask = Request("arxiv", server.base["arxiv"], {"id_list": "abc"})
        HttpClient(tmp_path, pace=0).fetch(ask, arxiv.parse)


def test_an_answer_above_the_limit_of_size_is_not_read_to_its_end(tmp_path, corpus):
    with StandIn(corpus) as server:
        http = HttpClient(tmp_path, pace=0)
        one = details(server)
        small = Request(one.service, one.url, limit=1_000)
        with pytest.raises(SourceError, match="more than 1,000 bytes"):
            http.fetch(small, medrxiv.parse)
        assert http.faults["too large"] == 3


def test_requests_say_who_asks_and_whom_to_write_to(tmp_path, corpus):
    with StandIn(corpus) as server:
        HttpClient(tmp_path, contact="me@example.org", pace=0).fetch(details(server), medrxiv.parse)
        assert server.log[0].agent == build_user_agent("me@example.org")
    assert "Funnel/" in build_user_agent("me@example.org")
    assert "mailto:me@example.org" in build_user_agent("me@example.org")


def test_shown_addresses_hold_no_keys():
    url = redact_url("https://x.org/s", {"api_key": "secret", "email": "a@b", "term": "x"})
    assert url == "https://x.org/s?term=x"
    assert redact_url("https://api.unpaywall.org/v2/10.1/x?email=a@b", {}) == (
        "https://api.unpaywall.org/v2/10.1/x"
    )


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("https://elsewhere.org/x", True),
        ("/other", True),
        ("http://evil.example/x", False),
        ("https://127.0.0.1/x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_redirects_lead_only_home_or_to_https(target, followed):
    from review.sources.http import _resolve_redirect

    if followed:
        assert _resolve_redirect("http://export.arxiv.org/api/query", target).endswith(
            ("x", "other")
        )
    else:
        with pytest.raises(QueryRejected):
            _resolve_redirect("http://export.arxiv.org/api/query", target)
    with pytest.raises(QueryRejected):
        _resolve_redirect("https://export.arxiv.org/api", "http://export.arxiv.org/api")


def test_arxiv_is_never_asked_twice_within_three_seconds(tmp_path, corpus):
    clock = Clock()
    with StandIn(corpus, pace=1.0, clock=clock.time) as server:
        http = patient(tmp_path, clock)
        for start in range(4):
            params = {"search_query": "all:the", "start": str(start), "max_results": "1"}
            http.fetch(Request("arxiv", server.base["arxiv"], params), arxiv.parse)
        assert not http.faults
        times = [one.at for one in server.log]
        gaps = [b - a for a, b in itertools.pairwise(times)]
        assert min(gaps) >= 3.0
        assert sum(gaps) <= 3 * 3.0 * 1.05


def test_a_key_allows_ncbis_faster_pace(tmp_path, corpus):
    clock = Clock()
    http = patient(tmp_path, clock)
    http.keys["ncbi"] = "key"
    with StandIn(corpus) as server:
        for _ in range(11):
            url = f"{server.base['eutils']}/einfo.fcgi"
            http.fetch(Request("ncbi", url), lambda body: body)
    assert sum(clock.slept) == pytest.approx(1.0, rel=0.05)


def test_a_clock_set_back_does_not_stop_the_harvest(tmp_path, corpus):
    clock = Clock()
    with StandIn(corpus) as server:
        http = patient(tmp_path, clock)
        http.fetch(details(server), medrxiv.parse)
        clock.now -= 86_400
        http.fetch(details(server), medrxiv.parse)
    assert sum(clock.slept) <= 1.1


WORKER = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from review.sources import arxiv
from review.sources.http import HttpClient, Request
http = HttpClient(Path({cache!r}), pace=0.05)
for start in range(6):
    params = {{"search_query": "all:the", "start": str(start), "max_results": "1"}}
    http.fetch(Request("arxiv", {url!r}, params), arxiv.parse)
assert not http.faults, http.faults
"""


def test_the_pace_holds_across_processes_and_threads(tmp_path, corpus):
    with StandIn(corpus, pace=0.05) as server:
        code = WORKER.format(
            root=str(ROOT),
            tests=str(ROOT / "tests"),
            cache=str(tmp_path),
            url=server.base["arxiv"],
        )
        running = [
            subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)
        ]
        told = [one.communicate(timeout=300)[1] for one in running]
        assert [one.returncode for one in running] == [0, 0, 0], told
        answers = [one.status for one in server.log]
        assert answers == [200] * 18
        times = sorted(one.at for one in server.log)
        assert min(b - a for a, b in itertools.pairwise(times)) >= 0.15


def test_the_pace_cannot_be_cut_for_a_service_elsewhere(tmp_path):
    clock = Clock()
    http = HttpClient(tmp_path, pace=0, clock=clock.time, sleep=clock.sleep)
    with http._wait_for_turn("arxiv", "https://export.arxiv.org/api/query"):
        pass
    with http._wait_for_turn("arxiv", "https://export.arxiv.org/api/query"):
        pass
    assert sum(clock.slept) >= 3.0


def test_a_service_that_is_down_costs_one_clear_line(tmp_path):
    http = HttpClient(tmp_path, pace=0)
    with pytest.raises(SourceError, match="no connection") as told:
        http.fetch(Request("biorxiv", "http://127.0.0.1:9/details"), medrxiv.parse)
    assert "\n" not in str(told.value)


def test_places_come_from_the_environment_then_the_protocol(monkeypatch):
    assert resolve_base_url("arxiv") == BASE_URLS["arxiv"]
    assert is_default_address("arxiv")
    assert resolve_base_url("arxiv", {"arxiv": "http://mirror/"}) == "http://mirror"
    monkeypatch.setenv("FUNNEL_ARXIV_URL", "http://127.0.0.1:1/x")
    assert resolve_base_url("arxiv", {"arxiv": "http://mirror/"}) == "http://127.0.0.1:1/x"
    assert not is_default_address("arxiv")


def test_every_pace_has_its_source_beside_it():
    for terms in RATE_LIMITS.values():
        assert terms.gap > 0
        assert len(terms.source) > 30


def test_random_faults_by_threads_leave_every_answer_whole(tmp_path, corpus):
    kinds = random.Random(3).sample(TRANSIENT, 5)
    faults = [Fault(kind, rate=0.06, seed=i) for i, kind in enumerate(kinds)]
    with StandIn(corpus, faults=faults) as server:
        ask, found = details(server), []

        def work() -> None:
            http = HttpClient(tmp_path, pace=0, seed=1)
            found.extend(len(http.fetch(ask, medrxiv.parse).value.records) for _ in range(8))

        threads = [threading.Thread(target=work) for _ in range(3)]
        began = time.monotonic()
        for one in threads:
            one.start()
        for one in threads:
            one.join(120)
    assert len(found) == 24
    assert len(set(found)) == 1
    assert time.monotonic() - began < 120


@pytest.mark.parametrize(
    ("limit", "interval", "gap"),
    [
        ("50", "1s", 0.02),
        ("3", "1s", 1 / 3),
        ("1", "2", 2.0),
        ("3000", "60s", 0.02),
        ("1", "9999s", 60.0),
        ("0", "1s", None),
        ("many", "1s", None),
        ("5", "soon", None),
        ("5", "", None),
        ("", "1s", None),
    ],
)
def test_the_pace_a_service_sends_in_its_headers(limit, interval, gap):
    headers = {"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Interval": interval}
    assert parse_announced_gap(headers) == gap
    assert parse_announced_gap({}) is None


def test_a_slower_pace_in_crossrefs_headers_is_kept_to(tmp_path, corpus):
    clock = Clock()
    http = patient(tmp_path, clock)
    with StandIn(corpus, limits=Limits(crossref_rate=(1, "4s"))) as server:
        for _ in range(3):
            fetch_from_crossref(["10.9/none"], http, server.base["crossref"])
    assert sum(clock.slept) == pytest.approx(8.0, rel=0.05)


def test_a_faster_pace_in_crossrefs_headers_does_not_hurry_us(tmp_path, corpus):
    clock = Clock()
    http = patient(tmp_path, clock)
    with StandIn(corpus, limits=Limits(crossref_rate=(150, "1s"))) as server:
        for _ in range(3):
            fetch_from_crossref(["10.9/none"], http, server.base["crossref"])
    assert sum(clock.slept) == pytest.approx(2.0, rel=0.05)


def test_openalex_is_asked_with_the_users_key_and_says_what_a_key_would_change(
    tmp_path, corpus, monkeypatch
):
    monkeypatch.delenv("OPENALEX_API_KEY", raising=False)
    assert "openalex" not in read_api_keys()
    http = HttpClient(tmp_path, pace=0, contact="team@example.org")
    with StandIn(corpus, limits=Limits(openalex_calls=1)) as server:
        address = server.base["openalex"]
        fetch_from_openalex(["1"], http, address)
        with pytest.raises(SourceError, match="OPENALEX_API_KEY"):
            fetch_from_openalex(["1"], http, address)
        monkeypatch.setenv("OPENALEX_API_KEY", "s3cret")
        http.keys.update(read_api_keys())
        response = fetch_from_openalex(["1"], http, address)
        assert server.log[-1].params["api_key"] == "s3cret"
        assert all("mailto" not in request.params for request in server.log)
    assert "s3cret" not in response.url
