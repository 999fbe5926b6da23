"""A review as it stood at a moment: everything a report is made from, read once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from review import prisma, tables
from review import protocol as protocols
from review.checklists import Checklist
from review.errors import ReviewError
from review.models import Answer, StoredRecord
from review.prisma import Flow
from review.protocol import Stage, stage_of
from review.store import Connection, answers, audit_events, records
from review.store.answers import FormEvent
from review.store.timestamps import from_text, now
from review.tables import Filled
from review.workflow.appraisal.adjudication import settle_up
from review.workflow.appraisal.assignment import needed, readers_of
from review.workflow.appraisal.forms import result_of
from review.workflow.appraisal.instruments import KIND, KIND_ITEM, checklist, needs_kind
from review.workflow.deduplication.groups import groups_at, hold_groups
from review.workflow.exports import prisma_inputs as flows
from review.workflow.project.project import Project
from review.workflow.screening import status

KIND_NAMES = {
    "deep-learning": "Deep learning",
    "traditional": "Traditional machine learning",
    "hybrid": "Hybrid",
}
SOURCE_NAMES = {
    "pubmed": "PubMed", "medline": "MEDLINE", "embase": "Embase", "scopus": "Scopus",
    "arxiv": "arXiv", "arxiv-oai": "arXiv (OAI-PMH)", "medrxiv": "medRxiv",
    "biorxiv": "bioRxiv", "europepmc": "Europe PMC",
    "ieee": "IEEE Xplore", "wos": "Web of Science", "web of science": "Web of Science",
    "acm": "ACM Digital Library", "cochrane": "Cochrane Library", "zotero": "Zotero",
    "proquest": "ProQuest", "psycinfo": "PsycInfo", "cinahl": "CINAHL", "eric": "ERIC",
    "jstor": "JSTOR", "various": "Several databases",
}  # fmt: skip
"""Sources as reports print them; others are printed as they are."""
NAMES = {**SOURCE_NAMES, **KIND_NAMES}


@dataclass(frozen=True, slots=True)
class Moment:
    """One state of a review, complete."""

    project: Project
    """With the protocol that was in force then."""
    until: datetime | None
    """None: now."""
    day: str
    """The day the state is of: the one asked for, else that of the newest entry; ISO."""
    inputs: prisma.Inputs
    flow: Flow
    records: Mapping[int, StoredRecord]
    """Every record that was there; only those judged on full text where not all were asked for."""
    numbers: frozenset[int]
    """Numbers of all records that were there."""
    groups: Mapping[int, tuple[int, int]]
    standings: status.Standings
    """Stage id -> report -> standing."""
    versions: Sequence[Mapping[str, Any]]
    """Versions of the protocol up to then."""

    labels: Mapping[int, str]
    """Report -> its name in tables and figures, of all that came past title and abstract."""
    included: Sequence[int]
    """Reports the review includes, in order of arrival."""
    appraised: Sequence[int]
    """Reports that came as far as appraisal, in order of arrival."""


def end_of(day: str) -> datetime:
    """The last moment of a day, UTC. Raises ReviewError if it is no ISO date, or yet to come."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise ReviewError(f"{day!r} is not a day; write it as 2020-10-03.") from None
    if found > now().date():
        raise ReviewError(f"{day} is yet to come (days are UTC); name no day for the state of now.")
    return datetime.combine(found, time.max, UTC)


def at(project: Project, day: str | None = None, *, whole: bool = True) -> Moment:
    """The review at the end of a day, or now.

    Args:
        whole: read every record, and hold the groups against the links; off where the flow alone
            is asked for, which is quick.

    Raises:
        FlowError: the boxes do not sum; names the records that make the difference.
        ReviewError: not a day, or nothing was there yet.
    """
    with project.store.read() as conn:
        flows.hold_store(conn)
        project, until = in_force(project, conn, day)
        versions = _versions(conn, until)
        groups = groups_at(conn, until)
        there = set(records.numbers_until(conn, until) if until else records.numbers(conn))
        found = status.compute(project, conn, until=until, groups=groups)
        together = flows.told_together(conn, until)
        kinds = _kinds(project, conn, groups, found, until)
        judged = _judged(project, found)
        stored = _stored(conn, there) if whole else records.many(conn, sorted(judged))
        if whole and until is None:
            hold_groups(conn, stored.values())
        newest = day or _newest(conn, versions)
    inputs = replace(
        flows.inputs(project, until=until, known=(groups, found)),
        kinds={records.key_of(report): kind for report, kind in kinds.items()},
    )
    drawn = flows.shaped(prisma.count(inputs), together)
    included = sorted(records.number_of(key) for key in drawn.new_reports.ids or ())
    quality = stage_of(project.protocol, "quality")
    return Moment(
        project=project,
        until=until,
        day=newest,
        inputs=inputs,
        flow=drawn,
        records=stored,
        numbers=frozenset(there),
        groups=groups,
        standings=found,
        versions=versions,
        labels=tables.labels({n: stored[n].record for n in sorted(judged)}),
        included=included,
        appraised=sorted(found[quality.id]) if quality else included,
    )


def _stored(conn: Connection, there: Collection[int]) -> dict[int, StoredRecord]:
    return {one.id: one for one in records.every(conn) if one.id in there}


def _judged(project: Project, found: status.Standings) -> set[int]:
    """Reports that came past title and abstract."""
    stages = project.protocol.stages
    later = [one for one in stages if one.kind != "screening"] or list(stages)
    return {report for one in later for report in found[one.id]}


def stamp(project: Project) -> str:
    """Changes whenever anything is entered that a report tells."""
    with project.store.read() as conn:
        return " ".join([project.fingerprint[:12], *audit_events.newest_moments(conn)])


def _versions(conn: Connection, until: datetime | None) -> list[dict[str, Any]]:
    every = audit_events.protocol_versions(conn)
    return [one for one in every if until is None or from_text(one["at"]) <= until]


def in_force(
    project: Project, conn: Connection, day: str | None
) -> tuple[Project, datetime | None]:
    """The project under the protocol that was in force at the end of a day, and that moment; as it
    stands now where None.

    Raises:
        ReviewError: not a day, or the review did not exist yet.
    """
    until = end_of(day) if day else None
    versions = _versions(conn, until)
    if not versions:
        raise ReviewError(f"On {day} this review did not exist yet; it has no protocol of then.")
    last = versions[-1]
    if last["hash"] == project.fingerprint:
        return project, until
    then = protocols.parse(last["text"], f"protocol.yaml of {last['at'][:10]}")
    return replace(project, protocol=then, fingerprint=last["hash"]), until


def _newest(conn: Connection, versions: Sequence[Mapping[str, Any]]) -> str:
    """Day of the newest entry of any kind, so that the same store gives the same files."""
    moments = [str(versions[-1]["at"]), *audit_events.newest_moments(conn)]
    return max(moments)[:10]


def settled_forms(moment: Moment, one: Checklist, reports: Iterable[int]) -> list[Filled]:
    """The settled form of each report on one checklist, as it stood then.

    Consensus entries count also where the two forms behind them were not filled in here, for
    instance where a published review is replayed.
    """
    wanted = list(reports)
    with moment.project.store.read() as conn:
        rows = _forms(moment.project, conn, one, (moment.groups, wanted, moment.until))
    return [
        Filled(
            records.key_of(report),
            moment.labels.get(report, records.key_of(report)),
            entries,
            result_of(one, entries),
            settled,
        )
        for report, (entries, settled) in rows.items()
    ]


def _forms(
    project: Project,
    conn: Connection,
    one: Checklist,
    scope: tuple[Mapping[int, tuple[int, int]], Sequence[int], datetime | None],
) -> dict[int, tuple[Mapping[str, Answer], bool]]:
    """Report -> settled entries, and whether the form is settled as a whole."""
    groups, wanted, until = scope
    chosen = set(wanted)
    of = {n: report for n, (report, _) in groups.items() if report in chosen}
    of |= {report: report for report in wanted}
    said: dict[int, list[Answer]] = {}
    for answer in answers.of_everybody(conn, of, one.id):
        if until is None or answer.at <= until:
            said.setdefault(of[answer.record], []).append(answer)
    events: dict[int, list[FormEvent]] = {}
    for event in answers.form_events(conn, of, one.id):
        if until is None or event.at <= until:
            events.setdefault(of[event.record], []).append(event)
    who = readers_of(project, conn, wanted, until=until)
    found: dict[int, tuple[Mapping[str, Answer], bool]] = {}
    for report in wanted:
        mine = said.get(report, [])
        here = settle_up(report, one, events.get(report, []), mine, needed(who, report))
        if here.waiting_for:
            entered = answers.newest(a for a in mine if a.role == "consensus")
            found[report] = ({k: a for k, a in entered.items() if a.answer is not None}, False)
        else:
            found[report] = (here.entries, here.settled)
    return found


def _kinds(
    project: Project,
    conn: Connection,
    groups: Mapping[int, tuple[int, int]],
    found: status.Standings,
    until: datetime | None,
) -> dict[int, str]:
    """Report -> kind of study, of all that came as far as appraisal."""
    stage: Stage | None = stage_of(project.protocol, "quality")
    if stage is None or not needs_kind(project.protocol):
        return {}
    one = checklist(project, KIND)
    rows = _forms(project, conn, one, (groups, sorted(found[stage.id]), until))
    kinds = {report: entries.get(KIND_ITEM) for report, (entries, _) in rows.items()}
    return {report: told.answer for report, told in kinds.items() if told and told.answer}
