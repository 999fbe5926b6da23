"""What registries add to known records: abstracts, DOIs, relations, retractions.

Records are never edited: additions are kept beside them with their source and time.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from review.errors import SourceError
from review.models import Record, Relation
from review.sources.http import HttpClient, get_default_cache
from review.sources.models import QueryRejected
from review.sources.rate_limits import BASE_URLS, read_api_keys, resolve_base_url
from review.sources.registries import (
    BATCH_SIZE,
    RegistryRecord,
    fetch_from_crossref,
    fetch_from_openalex,
    is_queryable,
)
from review.sources.withdrawals import find_retraction_marks
from review.store import audit_events, harvests, raw_answers, records
from review.store.timestamps import parse_timestamp, utc_now
from review.workflow.harvest import alerts, locking
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

RECHECK_INTERVAL = timedelta(days=30)
"""Days after which a registry is asked again after the same record."""
REGISTRY_QUERY_EVENT = "registry asked"
"""Kind of the act that notes which records a registry was asked after."""
EnrichmentCallback = Callable[[str, int, int], None]
"""Registry, records asked after so far, of how many."""


@dataclass(slots=True)
class EnrichmentResult:
    """What a run learned."""

    asked: int = 0
    unknown: int = 0
    """Records of which the registries know nothing."""
    abstracts: int = 0
    dois: int = 0
    relations: int = 0
    alerts: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    """Registries that gave no usable answer, with what they said."""


def enrich_records(
    project: Project,
    who: str,
    *,
    again: bool = False,
    live: bool = False,
    progress: EnrichmentCallback | None = None,
) -> EnrichmentResult:
    """Asks OpenAlex after the DOIs of records that have a PMID alone, then Crossref after all DOIs.

    Those without an abstract come first. Each answer is kept with what it taught in one
    transaction, so that a run that dies goes on with what is left.

    Args:
        again: also records asked after within the last 30 days.

    Raises:
        Busy: a harvest of this review is running.
    """
    require_role(project, who, "harvest")
    result = EnrichmentResult()
    pace = 1.0 if live else float(os.environ.get("FUNNEL_PACE", "1"))
    http = HttpClient(get_default_cache(), contact=project.protocol.search.contact, pace=pace)
    http.keys.update(read_api_keys())
    with locking.hold_lock(project, who):
        try:
            for registry in ("openalex", "crossref"):
                try:
                    _query_registry(project, registry, (who, http, live, again), result, progress)
                except SourceError as error:
                    result.failed = (*result.failed, str(error))
        finally:
            http.close()
        result.alerts = tuple(alerts.raise_new_alerts(project))
    return result


def _query_registry(
    project: Project,
    registry: str,
    options: tuple[str, HttpClient, bool, bool],
    result: EnrichmentResult,
    progress: EnrichmentCallback | None,
) -> None:
    who, http, live, again = options
    pending = _find_pending_records(project, registry, again)
    base = (
        BASE_URLS[registry]
        if live
        else resolve_base_url(registry, project.protocol.search.base_urls)
    )
    for start in range(0, len(pending), BATCH_SIZE):
        batch = dict(pending[start : start + BATCH_SIZE])
        ids = list(dict.fromkeys(batch.values()))
        fetch = fetch_from_openalex if registry == "openalex" else fetch_from_crossref
        try:
            response = fetch(ids, http, base)
        except QueryRejected as error:
            raise SourceError(str(error)) from error
        works_by_id = {
            (work.pmid if registry == "openalex" else work.doi): work for work in response.value
        }
        _store_answer(
            project,
            registry,
            who=who,
            batch=batch,
            works_by_id=works_by_id,
            body=response.body,
            result=result,
        )
        if progress is not None:
            progress(registry, min(start + BATCH_SIZE, len(pending)), len(pending))


def _find_pending_records(project: Project, registry: str, again: bool) -> list[tuple[int, str]]:
    """Records to ask after, with the id the registry knows them by; without an abstract first."""
    since = utc_now() - RECHECK_INTERVAL
    with project.store.read() as conn:
        queried_ids = {
            number
            for act in audit_events.list_events(conn, kind=REGISTRY_QUERY_EVENT)
            if act["subject"] == registry and not again and parse_timestamp(act["at"]) >= since
            for number in act["detail"]["records"]
        }
        registry_dois = records.get_edited_values(conn, "doi")
        without_abstract: list[tuple[int, str]] = []
        with_abstract: list[tuple[int, str]] = []
        for stored in records.iter_records(conn):
            registry_id = _get_registry_id(registry, stored.record, registry_dois.get(stored.id))
            if registry_id is None or stored.id in queried_ids:
                continue
            (with_abstract if stored.record.abstract else without_abstract).append(
                (stored.id, registry_id)
            )
    return without_abstract + with_abstract


def _get_registry_id(registry: str, record: Record, registry_doi: str | None) -> str | None:
    doi = record.doi or registry_doi
    if registry == "openalex":
        return record.pmid if doi is None else None
    return doi if doi and is_queryable(doi) else None


def _store_answer(
    project: Project,
    registry: str,
    *,
    who: str,
    batch: dict[int, str],
    works_by_id: dict[str | None, RegistryRecord],
    body: bytes,
    result: EnrichmentResult,
) -> None:
    """Keeps an answer and what is new in it, in one transaction."""
    digest = raw_answers.save_response(project.folder, body)
    at = utc_now()
    with project.store.write() as conn:
        stored = records.get_records(conn, list(batch))
        registry_relations = harvests.list_relations(conn, list(batch))
        abstracts, dois = (records.get_edited_values(conn, name) for name in ("abstract", "doi"))
        for number, registry_id in batch.items():
            result.asked += 1
            work, record = works_by_id.get(registry_id), stored[number].record
            if work is None:
                result.unknown += 1
                continue
            if work.abstract and not record.abstract and number not in abstracts:
                records.add_edit(
                    conn, number, column="abstract", value=work.abstract, who=registry, at=at
                )
                result.abstracts += 1
            if work.doi and not record.doi and number not in dois:
                records.add_edit(conn, number, column="doi", value=work.doi, who=registry, at=at)
                result.dois += 1
            new_relations = _find_new_relations(
                record, registry_relations.get(number, []), work.relations
            )
            result.relations += len(harvests.add_relations(conn, number, new_relations, at, digest))
        detail = {"records": sorted(batch), "raw": digest}
        audit_events.add_event(conn, REGISTRY_QUERY_EVENT, who, at, subject=registry, detail=detail)


def _find_new_relations(
    record: Record, registry_relations: list[Relation], stated_relations: tuple[Relation, ...]
) -> list[Relation]:
    """What neither the record's own source nor a registry had said before."""
    known_pairs = {
        (relation.kind, relation.target)
        for relation in (*record.relations, *find_retraction_marks(record), *registry_relations)
    }
    return [
        relation
        for relation in stated_relations
        if (relation.kind, relation.target) not in known_pairs
    ]
