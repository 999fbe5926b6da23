"""Reopens preprints screened before their journal article arrived.

Both are added acts. While one is in force, the decisions made on the preprint before it are set
aside at the stage it names; none is changed, and taking the act back puts them in force again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from review.errors import ReviewError
from review.identifiers import is_preprint
from review.models import Decision
from review.protocol.models import Protocol
from review.store import Connection, audit_events, decisions, links, records
from review.store.records import format_record_key, parse_record_key
from review.store.timestamps import parse_timestamp
from review.workflow.project.project import Project

REOPENED_EVENT, KEPT_EVENT = "study reopened", "study kept as judged"
"""Kinds of acts; the subject is the preprint's key, the detail names its article and the stage."""
RESCREENED_STAGE_KINDS = ("screening", "eligibility")
"""Kinds of stages at which a preprint is opened again: the last one it was judged at."""
SETTLED_STATUSES = ("included", "excluded")

RecordGroups = Mapping[int, tuple[int, int]]
"""Record -> (report, study)."""


@dataclass(frozen=True, slots=True)
class PreprintReopening:
    """A preprint that is judged again because its article has come; by key."""

    old: str
    fresh: str
    stage: str
    at: datetime
    mark: int = 0
    """Number of the newest decision when it was opened again."""


def format_reopening(reopening: PreprintReopening) -> str:
    """What it means for people."""
    return (
        f"{reopening.fresh} is the journal article of the preprint {reopening.old} and was found "
        f"after {reopening.old} was screened. {reopening.old} has been reopened at "
        f"{reopening.stage}, and {reopening.fresh} needs screening."
    )


def note_reopenings(
    conn: Connection,
    protocol: Protocol,
    change: tuple[RecordGroups, RecordGroups],
    who: str,
    at: datetime,
) -> list[PreprintReopening]:
    """Opens again each judged preprint whose study an unjudged article has joined; gives them.

    Args:
        change: groups before and after.
    """
    before, after = change
    judged_reports = {
        after[decision.record][0]
        for decision in _filter_human_decisions(decisions.list_decisions(conn, records=after))
    }
    studies: dict[int, set[int]] = {}
    for report, study in after.values():
        studies.setdefault(study, set()).add(report)
    pairs = []
    for reports in studies.values():
        for old in sorted(reports & judged_reports):
            for fresh in sorted(reports - judged_reports):
                if before.get(old, (0, 0))[1] != before.get(fresh, (-1, -1))[1]:
                    pairs.append((old, fresh))
    return (
        _add_reopenings(conn, protocol, pairs=pairs, groups=after, who=who, at=at) if pairs else []
    )


def _filter_human_decisions(all_decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions of people that were not taken back."""
    newest = {(x.record, x.stage, x.reviewer): x for x in all_decisions if x.role != "automation"}
    return [decision for decision in newest.values() if decision.verdict is not None]


def _add_reopenings(
    conn: Connection,
    protocol: Protocol,
    *,
    pairs: list[tuple[int, int]],
    groups: RecordGroups,
    who: str,
    at: datetime,
) -> list[PreprintReopening]:
    members: dict[int, list[int]] = {}
    for number, (report, _) in groups.items():
        members.setdefault(report, []).append(number)
    known_pairs = {(reopening.old, reopening.fresh) for reopening in _get_reopenings(conn)}
    reopenings = []
    for old, fresh in pairs:
        stage = _find_last_stage(conn, protocol, members[old])
        postings = [_has_posting(conn, members[report_number]) for report_number in (old, fresh)]
        if (
            stage is None
            or postings != [True, False]
            or (format_record_key(old), format_record_key(fresh)) in known_pairs
        ):
            continue
        mark = decisions.get_last_id(conn)
        reopening = PreprintReopening(
            format_record_key(old), format_record_key(fresh), stage, at, mark
        )
        audit_events.add_event(
            conn,
            REOPENED_EVENT,
            who,
            at,
            subject=reopening.old,
            detail={"report": reopening.fresh, "stage": stage, decisions.MARK: mark},
        )
        reopenings.append(reopening)
    return reopenings


def _has_posting(conn: Connection, numbers: Iterable[int]) -> bool:
    return any(is_preprint(stored.record) for stored in records.get_records(conn, numbers).values())


def _find_last_stage(conn: Connection, protocol: Protocol, numbers: Iterable[int]) -> str | None:
    """The last stage of JUDGED_AT that people judged some records at."""
    reached = {
        decision.stage
        for decision in _filter_human_decisions(decisions.list_decisions(conn, records=numbers))
    }
    stages = [
        stage.id
        for stage in protocol.stages
        if stage.kind in RESCREENED_STAGE_KINDS and stage.id in reached
    ]
    return stages[-1] if stages else None


def _get_reopenings(conn: Connection, until: datetime | None = None) -> list[PreprintReopening]:
    """What was opened again and not taken back, as far as the acts go."""
    reopened_events = audit_events.list_events(conn, kind=REOPENED_EVENT, until=until)
    if not reopened_events:
        return []
    reopenings: dict[tuple[str, str], PreprintReopening] = {}
    kept_events = audit_events.list_events(conn, kind=KEPT_EVENT, until=until)
    for event in sorted([*reopened_events, *kept_events], key=lambda row: int(row["id"])):
        detail = event["detail"] or {}
        pair = (str(event["subject"]), str(detail["report"]))
        reopenings.pop(pair, None)
        if event["kind"] == REOPENED_EVENT and detail.get("stage"):
            reopenings[pair] = PreprintReopening(
                *pair,
                str(detail["stage"]),
                parse_timestamp(event["at"]),
                decisions.get_mark(conn, event),
            )
    return list(reopenings.values())


def _is_same_study(groups: RecordGroups, reopening: PreprintReopening) -> bool:
    """Whether preprint and article are still one study; where someone parted them it lapses."""
    a, b = parse_record_key(reopening.old), parse_record_key(reopening.fresh)
    return groups.get(a, (a, a))[1] == groups.get(b, (b, b))[1]


def find_superseded(
    conn: Connection, groups: RecordGroups | None = None, until: datetime | None = None
) -> dict[tuple[int, str], int]:
    """(Report, stage) -> the number up to which decisions there are set aside.

    Args:
        groups: those of the moment; the kept projection where None.
    """
    reopenings = _get_reopenings(conn, until)
    if not reopenings:
        return {}
    known_groups = _get_groups(conn, reopenings) if groups is None else groups
    superseded: dict[tuple[int, str], int] = {}
    for reopening in reopenings:
        if _is_same_study(known_groups, reopening):
            number = parse_record_key(reopening.old)
            report_stage = (known_groups.get(number, (number, number))[0], reopening.stage)
            superseded[report_stage] = max(reopening.mark, superseded.get(report_stage, 0))
    return superseded


def _get_groups(conn: Connection, reopenings: Iterable[PreprintReopening]) -> RecordGroups:
    return links.get_report_groups(
        conn,
        [parse_record_key(k) for reopening in reopenings for k in (reopening.old, reopening.fresh)],
    )


def list_waiting(project: Project) -> list[PreprintReopening]:
    """Preprints opened again that are not settled again yet, oldest first."""
    with project.store.read() as conn:
        reopenings = _get_reopenings(conn)
        if not reopenings:
            return []
        groups = _get_groups(conn, reopenings)
        statuses = {
            stage: decisions.list_statuses(conn, stage) for stage in {x.stage for x in reopenings}
        }
    return [
        reopening
        for reopening in reopenings
        if _is_same_study(groups, reopening)
        and statuses[reopening.stage].get(groups[parse_record_key(reopening.old)][0])
        not in SETTLED_STATUSES
    ]


def list_kept_preprints(project: Project) -> list[str]:
    """Keys of the preprints whose decisions were kept, and can be opened again."""
    with project.store.read() as conn:
        events = audit_events.list_events(conn, kind=KEPT_EVENT)
        open_now = {reopening.old for reopening in _get_reopenings(conn)} if events else set()
    return [
        key
        for key in dict.fromkeys(str(event["subject"]) for event in events)
        if key not in open_now
    ]


def keep_decisions(conn: Connection, old: str, who: str, at: datetime) -> list[str]:
    """Keeps the decisions on a preprint as they were; gives the articles it had waited for.

    Raises:
        ReviewError: it was not opened again.
    """
    reopenings = [reopening for reopening in _get_reopenings(conn) if reopening.old == old]
    if not reopenings:
        raise ReviewError(f"{old} was not reopened; its decisions are unchanged.")
    for reopening in reopenings:
        detail = {"report": reopening.fresh, "stage": reopening.stage}
        audit_events.add_event(conn, KEPT_EVENT, who, at, subject=old, detail=detail)
    return [reopening.fresh for reopening in reopenings]


def reopen(conn: Connection, old: str, who: str, at: datetime) -> list[str]:
    """Opens again what was kept as judged: takes the word of `keep` back.

    Raises:
        ReviewError: nothing was kept.
    """
    open_now = {reopening.fresh for reopening in _get_reopenings(conn) if reopening.old == old}
    kept_events = [
        event
        for event in audit_events.list_events(conn, kind=KEPT_EVENT)
        if event["subject"] == old
    ]
    details_by_article = {event["detail"]["report"]: event["detail"] for event in kept_events}
    details_by_article = {
        fresh: detail for fresh, detail in details_by_article.items() if fresh not in open_now
    }
    if not details_by_article:
        raise ReviewError(
            f"{old} was not kept with its earlier decisions, so there is nothing to reopen."
        )
    mark = {decisions.MARK: decisions.get_last_id(conn)}
    for detail in details_by_article.values():
        audit_events.add_event(conn, REOPENED_EVENT, who, at, subject=old, detail=detail | mark)
    return list(details_by_article)
