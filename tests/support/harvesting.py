"""A review that harvests from the stand-in server, for tests of harvests."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from standin import Fault, StandIn

from review.query.matching import build_text_matcher
from review.query.parser import parse
from review.store import records
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

ROOT = Path(__file__).parents[2]
SERVICES = {
    "pubmed": "eutils",
    "arxiv": "arxiv",
    "medrxiv": "biorxiv",
    "biorxiv": "biorxiv",
    "europepmc": "europepmc",
    "arxiv-oai": "arxiv-oai",
}
QUERY = "covid* AND (ct OR radiograph* OR imaging)"
KINDS = (
    "429",
    "429-retry-after",
    "500",
    "502",
    "503",
    "504",
    "reset",
    "html",
    "empty",
    "cut",
    "cut-quiet",
    "duplicate",
    "bomb",
    "empty-page",
    "changed-total",
    "malformed",
    "missing",
)
PROTOCOL = """
title: A rehearsal
question: Does it all arrive?
search:
  query: '{query}'
  from: {since}
  to: {until}
  sources: [{sources}]
  contact: team@example.org
stages:
  - {{id: screening, kind: screening, reviewers: 1}}
team:
  - {{name: ann, roles: [reviewer, lead]}}
"""


def every_tenth(seed: int = 0) -> list[Fault]:
    """Faults on every tenth request, all kinds in turn."""
    faults = []
    turned = KINDS[7 * seed % len(KINDS) :] + KINDS[: 7 * seed % len(KINDS)]
    for place, kind in enumerate(turned):
        one = Fault(kind, every=10 * len(KINDS), seed=seed, retry_after="0")
        one.seen = 10 * place
        faults.append(one)
    return faults


def make(
    folder: Path,
    *,
    sources: tuple[str, ...] = ("pubmed", "arxiv", "medrxiv"),
    query: str = QUERY,
    since: str = "2020-01-01",
    until: str = "2020-10-03",
) -> Project:
    """Makes a new review in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = PROTOCOL.format(query=query, since=since, until=until, sources=", ".join(sources))
    (folder / "protocol.yaml").write_text(text)
    return open_project(folder, who="ann")


def surroundings(server: StandIn, cache: Path, pace: float = 0.0) -> dict[str, str]:
    """Environment variables that direct a harvest to the stand-in."""
    found = {
        f"FUNNEL_{name.upper().replace('-', '_')}_URL": server.base[service]
        for name, service in SERVICES.items()
    }
    return {**found, "FUNNEL_PACE": str(pace), "FUNNEL_CACHE": str(cache), "FUNNEL_USER": "ann"}


def review(folder: Path, environment: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    """Runs the command line in a separate process."""
    return subprocess.Popen(
        [sys.executable, "-m", "review.cli", "--review", str(folder), *words],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


def expected(server: StandIn, source: str, query: str = QUERY) -> set[str]:
    """The ids a source has for the query in the date range, with versions counted separately."""
    if source == "pubmed":  # its [tiab] also reads the authors' keywords
        low, high = date(2020, 1, 1), date(2020, 10, 3)
        holds = build_text_matcher(parse(query))
        return {
            str(one.pmid)
            for one in server.corpus.articles
            if any(day is not None and low <= day <= high for day in (one.issue_date, one.epub))
            and one.edat <= server.corpus.today
            and holds(one.title, " ; ".join([*(t for _, t in one.sections), *one.keywords]))
        }
    return server.corpus.expected(query, source, "2020-01-01", "2020-10-03")


def stored(project: Project, source: str) -> list[str]:
    """The ids of a source's records in the review, one for each record."""
    with project.store.read() as conn:
        return sorted(
            one.record.source_id or ""
            for one in records.iter_records(conn)
            if one.record.source == source
        )


def documents(ids: list[str], source: str) -> set[str]:
    """The ids without their versions."""
    if source in ("arxiv", "medrxiv", "biorxiv"):
        return {one.rsplit("v", 1)[0] for one in ids}
    return set(ids)
