"""Checks known records for journal articles of preprints and for retractions."""

from datetime import date

from review.identifiers import fold_doi
from review.models import Record
from review.sources import SOURCES
from review.sources.http import HttpClient
from review.sources.models import HarvestWindow, ListingCheck, LookupCheck
from review.sources.withdrawals import find_retraction_marks
from review.store import audit_events, harvests, raw_answers, records
from review.store.timestamps import utc_now
from review.workflow.harvest.ingest import store_changes
from review.workflow.project.project import Project


def check_known_records(
    project: Project, name: str, endpoint: tuple[HttpClient, str], today: date, last_known: int
) -> int:
    """Asks a source what became of the records known; gives how many relations were learned.

    Args:
        last_known: number of the newest record known before this run; later ones are fresh.

    Raises:
        SourceError: the source gave no usable answer; what was learned before stays.
    """
    check = SOURCES[name].check
    if isinstance(check, LookupCheck):
        return _look_up_records(project, check, endpoint, last_known)
    if isinstance(check, ListingCheck):
        return _list_updates(project, name, check, endpoint, (today, last_known))
    return 0


def _list_updates(
    project: Project,
    name: str,
    check: ListingCheck,
    endpoint: tuple[HttpClient, str],
    run_state: tuple[date, int],
) -> int:
    """What the service lists of its own records since the last check, matched by DOI."""
    today, last_known = run_state
    with project.store.read() as conn:
        numbers_by_doi = {
            fold_doi(stored.record.doi or ""): stored.id
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
    learned_count = 0
    for page in check.search(HarvestWindow(start_day - check.delay, today), *endpoint):
        matches = [
            (numbers_by_doi[fold_doi(record.doi or "")], record)
            for record in page.parsed.records
            if fold_doi(record.doi or "") in numbers_by_doi
        ]
        if matches:
            learned_count += _store_new_relations(project, matches, page.raw)
    with project.store.write() as conn:
        detail = {"until": today.isoformat(), "learned": learned_count}
        audit_events.add_event(conn, "asked after", "tool", utc_now(), subject=name, detail=detail)
    return learned_count


def _look_up_records(
    project: Project, check: LookupCheck, endpoint: tuple[HttpClient, str], last_known: int
) -> int:
    """What the service says today of each record it knows by its identifier."""
    with project.store.read() as conn:
        numbers_by_id: dict[str, int] = {}
        for stored in records.iter_records(conn):
            record_id = check.get_id(stored.record)
            if record_id and stored.id <= last_known:
                numbers_by_id.setdefault(record_id, stored.id)
    ids, learned_count = list(numbers_by_id), 0
    for start in range(0, len(ids), check.batch_size):
        parsed, body = check.fetch(ids[start : start + check.batch_size], *endpoint)
        matches = [
            (numbers_by_id[record_id], record)
            for record in parsed.records
            if (record_id := check.get_id(record)) in numbers_by_id
        ]
        learned_count += _store_new_relations(project, matches, body)
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
