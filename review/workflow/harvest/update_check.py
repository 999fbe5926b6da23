"""Documents known before, asked after again: journal articles of preprints, and retractions."""

from datetime import date, timedelta

from review.models import Record
from review.sources.arxiv.search import fetch_by_ids
from review.sources.http import HttpClient
from review.sources.medrxiv.search import search_published_articles
from review.sources.models import HarvestWindow
from review.sources.pubmed.search import fetch_by_pmids
from review.store import audit_events, harvests, raw_answers, records
from review.store.timestamps import utc_now
from review.workflow.harvest.ingest import find_retraction_marks, store_changes
from review.workflow.project.project import Project

ARXIV_BATCH_SIZE = 100
PUBMED_BATCH_SIZE = 200
LINKING_DELAY = timedelta(days=30)
"""Days of publication asked for again: servers link articles weeks after they appear."""


def check_known_records(
    project: Project, name: str, endpoint: tuple[HttpClient, str], today: date, last_known: int
) -> int:
    """Asks a source after the documents known of it; gives how many relations were learned.

    Args:
        known: number of the newest record known before this run; what came after it was just said.

    Raises:
        SourceError: the source gave no usable answer; what was learned before stays.
    """
    if name in ("medrxiv", "biorxiv"):
        return _check_published_articles(project, name, endpoint, (today, last_known))
    if name == "arxiv":
        return _check_arxiv_versions(project, endpoint, last_known)
    if name == "pubmed":
        return _check_pubmed_notices(project, endpoint, last_known)
    return 0


def _check_published_articles(
    project: Project, name: str, endpoint: tuple[HttpClient, str], run_state: tuple[date, int]
) -> int:
    """Journal articles that followed our preprints, from the server's own list."""
    today, last_known = run_state
    with project.store.read() as conn:
        numbers_by_doi = {
            stored.record.doi: stored.id
            for stored in records.iter_records(conn)
            if stored.record.source == name and stored.id <= last_known
        }
        earlier_checks = [
            act
            for act in audit_events.list_events(conn, kind="asked after")
            if act["subject"] == name
        ]
        harvest_dates = [
            harvest.detail["asked_on"] for harvest in harvests.list_harvests(conn, source=name)
        ]
    if not numbers_by_doi:
        return 0
    start_day = date.fromisoformat(
        earlier_checks[-1]["detail"]["until"] if earlier_checks else min(harvest_dates)
    )
    learned_count, (http, base) = 0, endpoint
    for page in search_published_articles(
        HarvestWindow(start_day - LINKING_DELAY, today), http, base, server=name
    ):
        matches = [
            (numbers_by_doi[record.doi], record)
            for record in page.parsed.records
            if record.doi in numbers_by_doi
        ]
        if matches:
            learned_count += _store_new_relations(project, matches, page.raw)
    with project.store.write() as conn:
        detail = {"until": today.isoformat(), "learned": learned_count}
        audit_events.add_event(conn, "asked after", "tool", utc_now(), subject=name, detail=detail)
    return learned_count


def _check_arxiv_versions(
    project: Project, endpoint: tuple[HttpClient, str], last_known: int
) -> int:
    """What arXiv says today of our preprints."""
    with project.store.read() as conn:
        numbers_by_id: dict[str, int] = {}
        for stored in records.iter_records(conn):
            if (
                stored.record.source == "arxiv"
                and stored.record.arxiv_id
                and stored.id <= last_known
            ):
                numbers_by_id.setdefault(stored.record.arxiv_id, stored.id)
    ids, learned_count = list(numbers_by_id), 0
    for start in range(0, len(ids), ARXIV_BATCH_SIZE):
        response = fetch_by_ids(ids[start : start + ARXIV_BATCH_SIZE], *endpoint)
        matches = [
            (numbers_by_id[record.arxiv_id], record)
            for record in response.value.parsed.records
            if record.arxiv_id in numbers_by_id
        ]
        learned_count += _store_new_relations(project, matches, response.body)
    return learned_count


def _check_pubmed_notices(
    project: Project, endpoint: tuple[HttpClient, str], last_known: int
) -> int:
    """Notices PubMed has linked to our articles, from whatever source they came."""
    with project.store.read() as conn:
        numbers_by_pmid: dict[str, int] = {}
        for stored in records.iter_records(conn):
            if stored.record.pmid and stored.id <= last_known:
                numbers_by_pmid.setdefault(stored.record.pmid, stored.id)
    ids, learned_count = list(numbers_by_pmid), 0
    for start in range(0, len(ids), PUBMED_BATCH_SIZE):
        response = fetch_by_pmids(ids[start : start + PUBMED_BATCH_SIZE], *endpoint)
        matches = [
            (numbers_by_pmid[record.pmid], record)
            for record in response.value.records
            if record.pmid in numbers_by_pmid
        ]
        learned_count += _store_new_relations(project, matches, response.body)
    return learned_count


def _store_new_relations(project: Project, matches: list[tuple[int, Record]], body: bytes) -> int:
    """Notes what is new in some entries; the raw answer is kept where anything is."""
    with project.store.read() as conn:
        stored_records = records.get_records(conn, [number for number, _ in matches])
        registry_relations = harvests.list_relations(conn, [number for number, _ in matches])
    changed_records = []
    for number, record in matches:
        old_record = stored_records[number].record
        known_pairs = {
            (relation.kind, relation.target)
            for relation in (
                *old_record.relations,
                *find_retraction_marks(old_record),
                *registry_relations.get(number, ()),
            )
        }
        if any(
            (relation.kind, relation.target) not in known_pairs
            for relation in (*record.relations, *find_retraction_marks(record))
        ):
            changed_records.append((number, record))
    if not changed_records:
        return 0
    digest = raw_answers.save_response(project.folder, body)
    with project.store.write() as conn:
        return store_changes(conn, tuple(changed_records), digest)
