"""Documents known before, asked after again: journal articles of preprints, and retractions."""

from datetime import date, timedelta

from review.models import Record
from review.sources.arxiv.search import by_ids
from review.sources.http import Http
from review.sources.medrxiv.search import articles
from review.sources.models import Window
from review.sources.pubmed.search import by_pmids
from review.store import audit_events, harvests, raw_answers, records
from review.store.timestamps import now
from review.workflow.harvest.ingest import marks, note_changes
from review.workflow.project.project import Project

ARXIV_AT_ONCE = 100
PUBMED_AT_ONCE = 200
LATE = timedelta(days=30)
"""Days of publication asked for again: servers link articles weeks after they appear."""


def reask(project: Project, name: str, where: tuple[Http, str], today: date, known: int) -> int:
    """Asks a source after the documents known of it; gives how many relations were learned.

    Args:
        known: number of the newest record known before this run; what came after it was just said.

    Raises:
        SourceError: the source gave no usable answer; what was learned before stays.
    """
    if name in ("medrxiv", "biorxiv"):
        return _published(project, name, where, (today, known))
    if name == "arxiv":
        return _newest(project, where, known)
    if name == "pubmed":
        return _noticed(project, where, known)
    return 0


def _published(project: Project, name: str, where: tuple[Http, str], told: tuple[date, int]) -> int:
    """Journal articles that followed our preprints, from the server's own list."""
    today, known = told
    with project.store.read() as conn:
        ours = {
            s.record.doi: s.id
            for s in records.every(conn)
            if s.record.source == name and s.id <= known
        }
        asked = [a for a in audit_events.every(conn, kind="asked after") if a["subject"] == name]
        opened = [h.detail["asked_on"] for h in harvests.every(conn, source=name)]
    if not ours:
        return 0
    begun = date.fromisoformat(asked[-1]["detail"]["until"] if asked else min(opened))
    learned, (http, base) = 0, where
    for page in articles(Window(begun - LATE, today), http, base, server=name):
        found = [(ours[r.doi], r) for r in page.parsed.records if r.doi in ours]
        if found:
            learned += _keep(project, found, page.raw)
    with project.store.write() as conn:
        detail = {"until": today.isoformat(), "learned": learned}
        audit_events.add(conn, "asked after", "tool", now(), subject=name, detail=detail)
    return learned


def _newest(project: Project, where: tuple[Http, str], known: int) -> int:
    """What arXiv says today of our preprints."""
    with project.store.read() as conn:
        ours: dict[str, int] = {}
        for one in records.every(conn):
            if one.record.source == "arxiv" and one.record.arxiv_id and one.id <= known:
                ours.setdefault(one.record.arxiv_id, one.id)
    ids, learned = list(ours), 0
    for start in range(0, len(ids), ARXIV_AT_ONCE):
        got = by_ids(ids[start : start + ARXIV_AT_ONCE], *where)
        found = [(ours[r.arxiv_id], r) for r in got.value.parsed.records if r.arxiv_id in ours]
        learned += _keep(project, found, got.body)
    return learned


def _noticed(project: Project, where: tuple[Http, str], known: int) -> int:
    """Notices PubMed has linked to our articles, from whatever source they came."""
    with project.store.read() as conn:
        ours: dict[str, int] = {}
        for one in records.every(conn):
            if one.record.pmid and one.id <= known:
                ours.setdefault(one.record.pmid, one.id)
    ids, learned = list(ours), 0
    for start in range(0, len(ids), PUBMED_AT_ONCE):
        got = by_pmids(ids[start : start + PUBMED_AT_ONCE], *where)
        found = [(ours[r.pmid], r) for r in got.value.records if r.pmid in ours]
        learned += _keep(project, found, got.body)
    return learned


def _keep(project: Project, found: list[tuple[int, Record]], body: bytes) -> int:
    """Notes what is new in some entries; the raw answer is kept where anything is."""
    with project.store.read() as conn:
        before = records.many(conn, [number for number, _ in found])
        later = harvests.relations_of(conn, [number for number, _ in found])
    fresh = []
    for number, record in found:
        old = before[number].record
        had = {(r.kind, r.target) for r in (*old.relations, *marks(old), *later.get(number, ()))}
        if any((r.kind, r.target) not in had for r in (*record.relations, *marks(record))):
            fresh.append((number, record))
    if not fresh:
        return 0
    digest = raw_answers.keep(project.folder, body)
    with project.store.write() as conn:
        return note_changes(conn, tuple(fresh), digest)
