"""A preprint judged before its journal article came is judged again: noted, undone, waited for.

Both are added acts. While one is in force, the decisions made on the preprint before it are set
aside at the stage it names; none is changed, and taking the act back puts them in force again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from review.dedupe import is_posting
from review.errors import ReviewError
from review.models import Decision
from review.protocol import Protocol
from review.store import Connection, audit_events, decisions, links, records
from review.store.records import key_of, number_of
from review.store.timestamps import from_text
from review.workflow.project.project import Project

REOPENED, KEPT = "study reopened", "study kept as judged"
"""Kinds of acts; the subject is the preprint's key, the detail names its article and the stage."""
JUDGED_AT = ("screening", "eligibility")
"""Kinds of stages at which a preprint is opened again: the last one it was judged at."""
SETTLED = ("included", "excluded")

Both = Mapping[int, tuple[int, int]]
"""Record -> (report, study)."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """A preprint that is judged again because its article has come; by key."""

    old: str
    fresh: str
    stage: str
    at: datetime


def told(one: Reopened) -> str:
    """What it means for people."""
    return (
        f"{one.fresh}, the journal article of {one.old}, came after {one.old} was judged: "
        f"{one.old} is open again at {one.stage}, and {one.fresh} is open for screening."
    )


def note(
    conn: Connection, protocol: Protocol, change: tuple[Both, Both], who: str, at: datetime
) -> list[Reopened]:
    """Opens again each judged preprint whose study an unjudged article has joined; gives them.

    Args:
        change: groups before and after.
    """
    before, after = change
    judged = {after[one.record][0] for one in _in_words(decisions.every(conn, records=after))}
    studies: dict[int, set[int]] = {}
    for report, study in after.values():
        studies.setdefault(study, set()).add(report)
    found = []
    for reports in studies.values():
        for old in sorted(reports & judged):
            for fresh in sorted(reports - judged):
                if before.get(old, (0, 0))[1] != before.get(fresh, (-1, -1))[1]:
                    found.append((old, fresh))
    return _added(conn, protocol, found, after, who, at) if found else []


def _in_words(given: Iterable[Decision]) -> list[Decision]:
    """The decisions of people that were not taken back."""
    newest = {(x.record, x.stage, x.reviewer): x for x in given if x.role != "automation"}
    return [one for one in newest.values() if one.verdict is not None]


def _added(
    conn: Connection, protocol: Protocol, found: list[tuple[int, int]], groups: Both,
    who: str, at: datetime,
) -> list[Reopened]:  # fmt: skip
    members: dict[int, list[int]] = {}
    for number, (report, _) in groups.items():
        members.setdefault(report, []).append(number)
    noted = {(one.old, one.fresh) for one in _in_force(conn)}
    added = []
    for old, fresh in found:
        stage = _last_judged(conn, protocol, members[old])
        postings = [_any_posting(conn, members[one]) for one in (old, fresh)]
        if stage is None or postings != [True, False] or (key_of(old), key_of(fresh)) in noted:
            continue
        one = Reopened(key_of(old), key_of(fresh), stage, at)
        audit_events.add(conn, REOPENED, who, at, subject=one.old,
                 detail={"report": one.fresh, "stage": stage})  # fmt: skip
        added.append(one)
    return added


def _any_posting(conn: Connection, numbers: Iterable[int]) -> bool:
    return any(is_posting(one.record) for one in records.many(conn, numbers).values())


def _last_judged(conn: Connection, protocol: Protocol, numbers: Iterable[int]) -> str | None:
    """The last stage of JUDGED_AT that people judged some records at."""
    reached = {one.stage for one in _in_words(decisions.every(conn, records=numbers))}
    stages = [one.id for one in protocol.stages if one.kind in JUDGED_AT and one.id in reached]
    return stages[-1] if stages else None


def _in_force(conn: Connection, until: datetime | None = None) -> list[Reopened]:
    """What was opened again and not taken back, as far as the acts go."""
    opened = audit_events.every(conn, kind=REOPENED, until=until)
    if not opened:
        return []
    found: dict[tuple[str, str], Reopened] = {}
    kept = audit_events.every(conn, kind=KEPT, until=until)
    for act in sorted([*opened, *kept], key=lambda one: int(one["id"])):
        detail = act["detail"] or {}
        pair = (str(act["subject"]), str(detail["report"]))
        found.pop(pair, None)
        if act["kind"] == REOPENED and detail.get("stage"):
            found[pair] = Reopened(*pair, str(detail["stage"]), from_text(act["at"]))
    return list(found.values())


def _together(groups: Both, one: Reopened) -> bool:
    """Whether preprint and article are still one study; where someone parted them it lapses."""
    a, b = number_of(one.old), number_of(one.fresh)
    return groups.get(a, (a, a))[1] == groups.get(b, (b, b))[1]


def set_aside(
    conn: Connection, groups: Both | None = None, until: datetime | None = None
) -> dict[tuple[int, str], datetime]:
    """(Report, stage) -> the moment up to which decisions there are set aside.

    Args:
        groups: those of the moment; the kept projection where None.
    """
    opened = _in_force(conn, until)
    if not opened:
        return {}
    known = _groups_of(conn, opened) if groups is None else groups
    found: dict[tuple[int, str], datetime] = {}
    for one in opened:
        if _together(known, one):
            number = number_of(one.old)
            place = (known.get(number, (number, number))[0], one.stage)
            found[place] = max(one.at, found.get(place, one.at))
    return found


def _groups_of(conn: Connection, opened: Iterable[Reopened]) -> Both:
    return links.groups_of(conn, [number_of(k) for one in opened for k in (one.old, one.fresh)])


def waiting(project: Project) -> list[Reopened]:
    """Preprints opened again that are not settled again yet, oldest first."""
    with project.store.read() as conn:
        opened = _in_force(conn)
        if not opened:
            return []
        groups = _groups_of(conn, opened)
        statuses = {stage: decisions.statuses(conn, stage) for stage in {x.stage for x in opened}}
    return [
        one
        for one in opened
        if _together(groups, one)
        and statuses[one.stage].get(groups[number_of(one.old)][0]) not in SETTLED
    ]


def kept(project: Project) -> list[str]:
    """Keys of the preprints whose decisions were kept, and can be opened again."""
    with project.store.read() as conn:
        found = audit_events.every(conn, kind=KEPT)
        open_now = {one.old for one in _in_force(conn)} if found else set()
    return [key for key in dict.fromkeys(str(one["subject"]) for one in found)
            if key not in open_now]  # fmt: skip


def keep(conn: Connection, old: str, who: str, at: datetime) -> list[str]:
    """Lets the decisions on a preprint stand as they were; gives the articles it had waited for.

    Raises:
        ReviewError: it was not opened again.
    """
    opened = [one for one in _in_force(conn) if one.old == old]
    if not opened:
        raise ReviewError(f"{old} was not opened again; its decisions stand as they are.")
    for one in opened:
        detail = {"report": one.fresh, "stage": one.stage}
        audit_events.add(conn, KEPT, who, at, subject=old, detail=detail)
    return [one.fresh for one in opened]


def again(conn: Connection, old: str, who: str, at: datetime) -> list[str]:
    """Opens again what was kept as judged: takes the word of `keep` back.

    Raises:
        ReviewError: nothing was kept.
    """
    open_now = {one.fresh for one in _in_force(conn) if one.old == old}
    kept = [one for one in audit_events.every(conn, kind=KEPT) if one["subject"] == old]
    back = {one["detail"]["report"]: one["detail"] for one in kept}
    back = {fresh: detail for fresh, detail in back.items() if fresh not in open_now}
    if not back:
        raise ReviewError(f"{old} was not kept as judged, so there is nothing to open again.")
    for detail in back.values():
        audit_events.add(conn, REOPENED, who, at, subject=old, detail=detail)
    return list(back)
