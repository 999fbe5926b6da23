"""What registries add to records already here: abstracts, DOIs, relations, retractions.

Records are never edited: what is added stands beside them with who said it and when.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from review.errors import SourceError
from review.models import Record, Relation
from review.sources.http import Http, default_cache
from review.sources.models import Refused
from review.sources.rate_limits import PLACES, place
from review.sources.registries import AT_ONCE, Work, askable, from_crossref, from_openalex
from review.store import audit_events, harvests, raw_answers, records
from review.store.timestamps import from_text, now
from review.workflow.harvest import alerts, locking
from review.workflow.harvest.ingest import marks
from review.workflow.project.project import Project

AGAIN = timedelta(days=30)
"""Days after which a registry is asked again after the same record."""
ASKED = "registry asked"
"""Kind of the act that notes which records a registry was asked after."""
Tell = Callable[[str, int, int], None]
"""Registry, records asked after so far, of how many."""


@dataclass(slots=True)
class Enriched:
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


def enrich(
    project: Project, who: str, *, again: bool = False, live: bool = False, tell: Tell | None = None
) -> Enriched:
    """Asks OpenAlex after the DOIs of records that have a PMID alone, then Crossref after all DOIs.

    Those without an abstract come first. Each answer is kept with what it taught in one
    transaction, so that a run that dies goes on with what is left.

    Args:
        again: also records asked after within the last 30 days.

    Raises:
        Busy: a harvest of this review is running.
    """
    done = Enriched()
    pace = 1.0 if live else float(os.environ.get("FUNNEL_PACE", "1"))
    http = Http(default_cache(), contact=project.protocol.search.contact, pace=pace)
    with locking.held(project, who):
        try:
            for registry in ("openalex", "crossref"):
                try:
                    _ask_all(project, registry, (who, http, live, again), done, tell)
                except SourceError as error:
                    done.failed = (*done.failed, str(error))
        finally:
            http.close()
        done.alerts = tuple(alerts.raise_new(project))
    return done


def _ask_all(
    project: Project, registry: str, how: tuple[str, Http, bool, bool], done: Enriched,
    tell: Tell | None,
) -> None:  # fmt: skip
    who, http, live, again = how
    wanted = _wanted(project, registry, again)
    base = PLACES[registry] if live else place(registry, project.protocol.search.base_urls)
    for start in range(0, len(wanted), AT_ONCE):
        part = dict(wanted[start : start + AT_ONCE])
        ids = list(dict.fromkeys(part.values()))
        ask = from_openalex if registry == "openalex" else from_crossref
        try:
            got = ask(ids, http, base)
        except Refused as error:
            raise SourceError(str(error)) from error
        named = {(one.pmid if registry == "openalex" else one.doi): one for one in got.value}
        _keep(project, registry, who, part, named, got.body, done)
        if tell is not None:
            tell(registry, min(start + AT_ONCE, len(wanted)), len(wanted))


def _wanted(project: Project, registry: str, again: bool) -> list[tuple[int, str]]:
    """Records to ask after, with the id the registry knows them by; without an abstract first."""
    since = now() - AGAIN
    with project.store.read() as conn:
        asked = {
            number
            for act in audit_events.every(conn, kind=ASKED)
            if act["subject"] == registry and not again and from_text(act["at"]) >= since
            for number in act["detail"]["records"]
        }
        added = records.edits_by_record(conn, "doi")
        bare: list[tuple[int, str]] = []
        rest: list[tuple[int, str]] = []
        for one in records.every(conn):
            known = _known_by(registry, one.record, added.get(one.id))
            if known is None or one.id in asked:
                continue
            (rest if one.record.abstract else bare).append((one.id, known))
    return bare + rest


def _known_by(registry: str, record: Record, added: str | None) -> str | None:
    doi = record.doi or added
    if registry == "openalex":
        return record.pmid if doi is None else None
    return doi if doi and askable(doi) else None


def _keep(
    project: Project, registry: str, who: str, part: dict[int, str],
    named: dict[str | None, Work], body: bytes, done: Enriched,
) -> None:  # fmt: skip
    """Keeps an answer and what is new in it, in one transaction."""
    digest = raw_answers.keep(project.folder, body)
    at = now()
    with project.store.write() as conn:
        stored = records.many(conn, list(part))
        later = harvests.relations_of(conn, list(part))
        texts, dois = (records.edits_by_record(conn, name) for name in ("abstract", "doi"))
        for number, known in part.items():
            done.asked += 1
            work, record = named.get(known), stored[number].record
            if work is None:
                done.unknown += 1
                continue
            if work.abstract and not record.abstract and number not in texts:
                records.add_edit(conn, number, "abstract", work.abstract, registry, at)
                done.abstracts += 1
            if work.doi and not record.doi and number not in dois:
                records.add_edit(conn, number, "doi", work.doi, registry, at)
                done.dois += 1
            fresh = _fresh(record, later.get(number, []), work.relations)
            done.relations += len(harvests.add_relations(conn, number, fresh, at, digest))
        detail = {"records": sorted(part), "raw": digest}
        audit_events.add(conn, ASKED, who, at, subject=registry, detail=detail)


def _fresh(record: Record, later: list[Relation], said: tuple[Relation, ...]) -> list[Relation]:
    """What neither the record's own source nor a registry had said before."""
    had = {(one.kind, one.target) for one in (*record.relations, *marks(record), *later)}
    return [one for one in said if (one.kind, one.target) not in had]
