"""Screening and eligibility: what a reviewer is shown next, decides, undoes, and what is settled.

Blindness is a property of these functions: what they return for a reviewer holds only that
reviewer's own decisions and notes until the report is settled at the stage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from review import screening
from review.errors import ReviewError, StoreError
from review.models import Decision, Record, Verdict
from review.protocol import Stage
from review.screening import Pile, Standing
from review.store import Connection, audit_events, decisions, links, notes, records, screening_queue
from review.store.records import key_of
from review.store.screening_queue import Place
from review.store.timestamps import from_text, now
from review.workflow.project.project import Project
from review.workflow.screening import blinding, work_queue
from review.workflow.screening import status as standings
from review.workflow.screening.assignment import active, give_anew, given_to
from review.workflow.screening.decisions import Wanted, add, decide

FEW = 500
"""So many reports are looked up by number; more are faster looked up all at once."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A report as one reviewer may see it."""

    number: int
    key: str
    record: Record
    abstract: str | None
    mine: Decision | None
    """The reviewer's own decision at this stage, where there is one."""
    note: str | None
    members: tuple[str, ...]
    """Keys of other records of the same report."""
    siblings: tuple[str, ...]
    """Keys of other reports of the same study."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a reviewer is at a stage."""

    done: int
    left: int
    minutes: float | None
    """About how long the rest takes; None until it can be told."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A report on which reviewers differ, for the adjudicator."""

    number: int
    key: str
    pile: Pile
    record: Record
    abstract: str | None
    votes: tuple[Decision, ...]
    """By reviewers, in alphabetical order of their names."""
    notes: dict[str, str]


def lay_out(project: Project, conn: Connection, stage: Stage) -> None:
    """Gives every report that has reached a stage a place in its order: new ones go to the end,
    drawn from the protocol's seed."""
    fresh = screening_queue.unplaced(conn, stage.id)
    if not fresh:
        return
    seed = project.protocol.ranking.seed
    before = screening_queue.places(conn, stage.id)
    people = active(project, conn, stage)
    start = len(before)
    added = [
        Place(
            number,
            start + turn,
            None,
            True,
            start + turn < stage.pilot,
            given_to(stage, number, people, seed, start + turn),
        )
        for turn, number in enumerate(screening.shuffled(fresh, seed))
    ]
    screening_queue.put(conn, stage.id, [*before, *added], now(), model="random", seed=seed)


def next_record(
    project: Project, stage: Stage, reviewer: str, *, skip: Sequence[int] = (),
    at: str | None = None,
) -> Shown | None:  # fmt: skip
    """The next report this reviewer is to judge at a stage; None when there is nothing left.

    Args:
        skip: reports to pass over.
        at: key of the report in hand; it stays while it waits for this reviewer, whatever others
            decide and however the order changes meanwhile.
    """
    with project.store.read() as conn:
        number = _waits(conn, stage, reviewer, at) or _next(project, conn, stage, reviewer, skip)
        missing = number is None and bool(screening_queue.unplaced(conn, stage.id))
        if not missing:
            return _given(project, conn, stage, reviewer, number)
    with project.store.write() as conn:
        lay_out(project, conn, stage)
    with project.store.read() as conn:
        number = _next(project, conn, stage, reviewer, skip)
        return _given(project, conn, stage, reviewer, number)


def _given(
    project: Project, conn: Connection, stage: Stage, reviewer: str, number: int | None
) -> Shown | None:
    """Gives the report to the reviewer, and notes that it lies before them now."""
    work_queue.take(project.store, stage.id, reviewer, number)
    return None if number is None else _shown(conn, number, stage, reviewer)


def _waits(conn: Connection, stage: Stage, reviewer: str, key: str | None) -> int | None:
    """The number of a report in hand, where it still waits for the reviewer."""
    if key is None:
        return None
    try:
        number = records.number_of(key)
    except StoreError:
        return None
    return number if screening_queue.waiting_for(conn, stage.id, reviewer, among=[number]) else None


def _next(
    project: Project, conn: Connection, stage: Stage, reviewer: str, skip: Sequence[int]
) -> int | None:
    """The first report that waits; where more may judge than are needed, one of the first that
    not enough others have judged or have before them, so that no two read one in vain."""
    people = active(project, conn, stage)
    many = stage.allocation == "everyone" and len(people) > stage.reviewers
    most = max(screening.SPREAD, 2 * len(people)) if many else 1
    found = work_queue.first(project.store, conn, stage.id, reviewer, skip, most)
    if not found or not many or found[0].pilot:
        return found[0].record if found else None
    read = work_queue.readers(project.store, stage.id, reviewer)
    open_ones = [one for one in found if not one.pilot]
    free = [x for x in open_ones if x.votes + read.get(x.record, 0) < stage.reviewers]
    numbers = [one.record for one in free or open_ones]
    seed = project.protocol.ranking.seed
    return screening.spread(numbers, reviewer, people, stage.reviewers, seed=seed)


def shown(project: Project, stage: Stage, reviewer: str, key: str) -> Shown:
    """One report by key, as this reviewer may see it. Raises StoreError for an unknown key."""
    with project.store.read() as conn:
        return _shown(conn, records.number_of(key), stage, reviewer)


def _shown(conn: Connection, number: int, stage: Stage, reviewer: str) -> Shown:
    stored = records.get(conn, number)
    groups = links.group_of(conn, number) or {number: (number, number)}
    report = groups[number][0]
    members = [n for n, (r, _) in groups.items() if r == report]
    own = screening.current(
        decisions.every(conn, stage=stage.id, reviewer=reviewer, records=members)
    )
    others = sorted({r for r, _ in groups.values() if r != report})
    return Shown(
        number,
        stored.key,
        stored.record,
        stored.record.abstract or _added_abstract(conn, members),
        own[-1] if own else None,
        notes.newest(conn, number, stage.id).get(reviewer),
        tuple(key_of(n) for n in members if n != number),
        tuple(key_of(n) for n in others),
    )


def _added_abstract(conn: Connection, members: Sequence[int]) -> str | None:
    """An abstract added by hand, or that of another record of the same report."""
    for number in members:
        added = records.edits_of(conn, number).get("abstract")
        if added:
            return added
    for stored in records.many(conn, members).values():
        if stored.record.abstract:
            return stored.record.abstract
    return None


def vote(
    project: Project,
    stage: Stage,
    reviewer: str,
    number: int,
    verdict: Verdict,
    *,
    reason: str | None = None,
    seen: int = 0,
) -> Standing:
    """Saves a reviewer's decision at once.

    Args:
        seen: row number of the reviewer's own decision that the page showed; 0 for none.

    Raises:
        ReviewError: as workflow.decisions.decide; or the reviewer decided it in another tab, or
            it was settled by others meanwhile. Nothing is added then.
    """
    with project.store.write() as conn:
        before = _shown(conn, number, stage, reviewer)
        _still_open(project, conn, before, stage, reviewer, seen)
        wanted = Wanted(number, stage.id, reviewer, verdict, reason, before.note)
        found = add(project, conn, [wanted], now(), who=reviewer)[0]
    work_queue.take(project.store, stage.id, reviewer, None)
    return found


def _still_open(
    project: Project, conn: Connection, before: Shown, stage: Stage, reviewer: str, seen: int
) -> None:
    if before.mine is not None and before.mine.id != seen:
        raise ReviewError(
            f"You have decided {before.key} in another tab ({before.mine.verdict}). "
            "Nothing was changed; Z undoes it."
        )
    family = standings.family(conn, [before.number])
    report = family.report_of[before.number]
    here = standings.of(project.protocol, family, report).get(stage.id)
    place = screening_queue.place_of(conn, stage.id, report)
    pilot = place is not None and place[0].pilot
    given_to = place[0].assigned if place is not None and before.mine is None else None
    if given_to is not None and f"|{reviewer}|" not in given_to:
        raise ReviewError(f"{before.key} is not among the records given to {reviewer}.")
    if here and before.mine is None and not pilot and here.status not in screening_queue.OPEN:
        raise ReviewError(
            f"{before.key} has all its decisions already; others judged it meanwhile. "
            "Nothing was added."
        )


def undo(project: Project, stage: Stage, reviewer: str) -> str | None:
    """Withdraws the reviewer's newest decision at a stage; gives its key, None if there is none."""
    with project.store.read() as conn:
        rows = screening_queue.judged_by(conn, stage.id, reviewer, most=500)
    seen: set[int] = set()
    for number, _, verdict in rows:
        if number not in seen and verdict is not None:
            decide(project, Wanted(number, stage.id, reviewer, None), reviewer)
            return key_of(number)
        seen.add(number)
    return None


def add_note(project: Project, stage: Stage, reviewer: str, number: int, text: str | None) -> None:
    """Keeps a reviewer's note on a record; theirs alone until the report is settled."""
    with project.store.write() as conn:
        notes.add(conn, number, stage.id, reviewer, text or None, now())


def add_abstract(project: Project, reviewer: str, number: int, text: str) -> None:
    """Adds an abstract the source did not give; the record itself stays as it was.

    Raises:
        ReviewError: the record has one, or the text is empty.
    """
    with project.store.write() as conn:
        if records.get(conn, number).record.abstract:
            raise ReviewError(f"{key_of(number)} has an abstract from its source.")
        if not text.strip():
            raise ReviewError("The abstract is empty.")
        records.add_edit(conn, number, "abstract", text.strip(), reviewer, now())


def trail(project: Project, stage: Stage, reviewer: str, most: int = 60) -> list[str]:
    """Keys of the records the reviewer judged last at a stage, newest first, each once."""
    with project.store.read() as conn:
        rows = screening_queue.judged_by(conn, stage.id, reviewer, most=most)
    return list(dict.fromkeys(key_of(number) for number, _, _ in rows))


def pace(project: Project, stage: Stage, reviewer: str) -> Pace:
    """How many the reviewer has judged, has left, and about how long that takes."""
    with project.store.read() as conn:
        done, left = work_queue.counts(project.store, conn, stage.id, reviewer)
        rows = screening_queue.judged_by(conn, stage.id, reviewer)
    moments = [from_text(at) for _, at, verdict in rows if verdict]
    return Pace(done, left, screening.minutes_left(moments, left))


def conflicts(
    project: Project, stage: Stage, *, reader: str | None = None
) -> dict[Pile, list[str]]:
    """Pile -> keys of the reports in conflict at a stage, in order of arrival.

    Args:
        reader: who asks; what they are still to judge themselves is left out.
    """
    found: dict[Pile, list[str]] = {"verdict": [], "reason": [], "maybe": []}
    with project.store.read() as conn:
        apart = screening_queue.in_conflict(conn, stage.id)
        asked = [number for number, _ in apart] if len(apart) <= FEW else None
        hidden = blinding.still_to_judge(project, conn, stage, reader, asked)
    for number, pile in apart:
        if number not in hidden:
            found[_pile(pile)].append(key_of(number))
    return found


def _pile(text: str) -> Pile:
    return "reason" if text == "reason" else "maybe" if text == "maybe" else "verdict"


def conflict(project: Project, stage: Stage, key: str, *, reader: str | None = None) -> Conflict:
    """One conflict with both votes, for the adjudicator.

    Args:
        reader: who asks.

    Raises:
        ReviewError: the report is not in conflict (any more), there is no such record, or the
            reader is still to judge it.
    """
    number = records.number_of(key)
    with project.store.read() as conn:
        stored = records.get(conn, number)
        family = standings.family(conn, [number])
        report = family.report_of[number]
        _judged_first(project, conn, stage, reader, report)
        here = standings.of(project.protocol, family, report).get(stage.id)
        if here is None or here.status != "conflict":
            raise ReviewError(f"{key} is not in conflict at {stage.id!r} any more.")
        members = [n for n, r in family.report_of.items() if r == report]
        said: dict[str, str] = {}
        for one in members:
            said |= notes.newest(conn, one, stage.id)
        abstract = stored.record.abstract or _added_abstract(conn, members)
    votes = [one for one in here.decisions if one.role == "reviewer"]
    votes.sort(key=lambda one: one.reviewer)
    return Conflict(
        number, key, here.pile or "verdict", stored.record, abstract, tuple(votes), said
    )


def _judged_first(
    project: Project, conn: Connection, stage: Stage, name: str | None, report: int
) -> None:
    if blinding.still_to_judge(project, conn, stage, name, [report]):
        raise ReviewError(
            f"{key_of(report)} waits for {name}'s own decision first; the others' are shown then."
        )


def judged_first(project: Project, stage: Stage, name: str, number: int) -> None:
    """Raises ReviewError where a report waits for a person's own decision at a stage."""
    with project.store.read() as conn:
        report = links.group_of(conn, number).get(number, (number, number))[0]
        _judged_first(project, conn, stage, name, report)


def settle(
    project: Project,
    stage: Stage,
    adjudicator: str,
    number: int,
    verdict: Verdict,
    *,
    reason: str | None = None,
    note: str | None = None,
) -> Standing:
    """Saves the adjudicator's decision.

    Raises:
        ReviewError: as workflow.decisions.decide; or it still waits for their own decision.
    """
    wanted = Wanted(number, stage.id, adjudicator, verdict, reason, note, "adjudicator")
    with project.store.write() as conn:
        report = links.group_of(conn, number).get(number, (number, number))[0]
        _judged_first(project, conn, stage, adjudicator, report)
        return add(project, conn, [wanted], now(), who=adjudicator)[0]


def unsettle(project: Project, stage: Stage, adjudicator: str) -> str | None:
    """Withdraws the adjudicator's newest decision; gives its key, None if there is none."""
    with project.store.read() as conn:
        made = decisions.every(conn, stage=stage.id, reviewer=adjudicator)
    newest = {one.record: one for one in made if one.role == "adjudicator"}
    standing = [one for one in newest.values() if one.verdict is not None]
    if not standing:
        return None
    number = max(standing, key=lambda one: one.id).record
    decide(project, Wanted(number, stage.id, adjudicator, None, role="adjudicator"), adjudicator)
    return key_of(number)


def has_left(project: Project, name: str) -> bool:
    """Whether a reviewer is retired now."""
    with project.store.read() as conn:
        return name in standings.away(conn)


@dataclass(frozen=True, slots=True)
class Left:
    """What it came to that a reviewer left (or came back)."""

    changed: int
    """Reports that changed their standing."""
    given_anew: int
    """Open reports that were given to others, where the protocol gives them out."""
    short: tuple[str, ...]
    """Stages with too few reviewers left to settle a report."""


def retire(project: Project, name: str, who: str, *, back: bool = False) -> Left:
    """Takes a reviewer out of the review (or back in): what is settled stays, their open records
    go back into the queue.

    Raises:
        ReviewError: the name is not in the team.
    """
    team = [one.name for one in project.protocol.team]
    if name not in team:
        raise ReviewError(f"{name!r} is not in this review's team ({', '.join(team)}).")
    with project.store.write() as conn:
        before = standings.compute(project, conn)
        audit_events.add(conn, "return" if back else "retire", who, now(), subject=name)
        after = standings.rebuild(project, conn)
        given = give_anew(project, conn)
        short = tuple(
            one.name or one.id for one in project.protocol.stages
            if len(active(project, conn, one)) < one.reviewers
        )  # fmt: skip
    changed = sum(
        after[stage].get(report) != one for stage, here in before.items()
        for report, one in here.items()
    )  # fmt: skip
    return Left(changed, given, short)
