"""Who fills in the forms of which report: how many, everybody for the pilot, pairs or shares."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from review.protocol import Stage, stage_of, stage_reviewers
from review.screening import assigned
from review.store import Connection, screening_queue
from review.workflow.project.project import Project
from review.workflow.screening import status
from review.workflow.screening.reviewing import lay_out

USUAL = 2
"""Reviewers a report where the protocol has no quality stage to say so."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who appraises in a review, as protocol, pilot and allocation have it now."""

    usual: int
    """Forms each report needs, those of the pilot apart."""
    people: tuple[str, ...]
    """Everybody who appraises and has not left."""
    pilot: Collection[int]
    """Reports that everybody appraises."""
    drawn: Mapping[int, tuple[str, ...]]
    """Report -> who was drawn for it; reports that are not in it are anybody's."""


def last_stage(project: Project) -> Stage:
    """The stage appraisal belongs to: quality, else the last one."""
    return stage_of(project.protocol, "quality") or project.protocol.stages[-1]


def place_reports(project: Project) -> None:
    """Gives reports that are newly due their place among pilot and allocation, where the protocol
    has either for the quality stage."""
    stage = stage_of(project.protocol, "quality")
    if stage is None or not _places(stage):
        return
    with project.store.read() as conn:
        fresh = screening_queue.unplaced(conn, stage.id)
    if fresh:
        with project.store.write() as conn:
            lay_out(project, conn, stage)


def _places(stage: Stage) -> bool:
    return stage.pilot > 0 or stage.allocation != "everyone"


def readers_of(
    project: Project,
    conn: Connection,
    due: Iterable[int] = (),
    *,
    until: datetime | None = None,
) -> Readers:
    """Who appraises what.

    Args:
        due: reports to say it of; one that has no place yet is drawn for as it will be.
        until: the moment of which to say it, as to who had left by then; now where None.
    """
    stage = last_stage(project)
    everybody = stage_reviewers(project.protocol, stage)
    gone = status.away(conn, until=until)
    people = tuple(name for name in everybody if name not in gone)
    quality = stage if stage.kind == "quality" else None
    if quality is None:
        return Readers(USUAL, people, (), {})
    if not _places(quality):
        return Readers(quality.reviewers, people, (), {})
    places = {place.record: place for place in screening_queue.places(conn, quality.id)}
    pilot = {number for number, place in places.items() if place.pilot}
    drawn = {
        number: tuple(place.assigned.strip("|").split("||"))
        for number, place in places.items()
        if place.assigned
    }
    if quality.allocation != "everyone":
        shares = quality.shares if quality.allocation == "shares" else {}
        seed = project.protocol.ranking.seed
        for report in set(due) - set(places):
            drawn[report] = assigned(report, everybody, quality.reviewers, seed=seed, shares=shares)
    return Readers(quality.reviewers, people, pilot, drawn)


def needed(who: Readers, report: int) -> int:
    """How many forms a report needs before they are compared: in the pilot everybody's."""
    return max(who.usual, len(who.people)) if report in who.pilot else who.usual


def is_taken(
    who: Readers, report: int, reviewer: str, at_work: Iterable[str], finished: Iterable[str]
) -> bool:
    """Whether a form has all the readers it needs without this one. A reviewer who has left keeps
    the place of a form they finished, and frees those they did not.

    Args:
        at_work: who has given any answer for the report.
        finished: who has finished this form of it.
    """
    others = {name for name in at_work if name in who.people}
    others |= {name for name in finished if name not in who.people}
    return len(others - {reviewer}) >= needed(who, report)


def may_read(who: Readers, report: int, name: str) -> bool:
    """Whether a reviewer may take a report: theirs by allocation, or that of one who has left."""
    if name not in who.people:
        return False
    drawn = who.drawn.get(report)
    return drawn is None or name in drawn or any(one not in who.people for one in drawn)
