"""All answers and finishings of a review read once, for lists and exports over many reports."""

from collections.abc import Mapping
from dataclasses import dataclass

from review.checklists import UNSURE, Checklist
from review.models import Answer
from review.protocol import Protocol
from review.store import Connection, answers, links
from review.store.answers import FormEvent
from review.workflow.appraisal.adjudication import Settlement, settle_up
from review.workflow.appraisal.assignment import Readers, is_taken, needed, readers_of
from review.workflow.appraisal.forms import is_finished, reports_due
from review.workflow.appraisal.instruments import KIND, KIND_ITEM, checklist, owed
from review.workflow.project.project import Project

Place = tuple[int, str]
"""Report and checklist id."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Every row of appraisal, by report and checklist, in order of arrival."""

    due: Mapping[int, str]
    """Report -> status at the stage of appraisal, in the order of keys."""
    said: Mapping[Place, list[Answer]]
    events: Mapping[Place, list[FormEvent]]
    readers: Readers
    checklists: Mapping[str, Checklist]


def read(project: Project, conn: Connection, name: str | None = None) -> Rows:
    """All rows of the reports that are due; of one checklist where it is named."""
    due = dict(sorted(reports_due(project, conn).items()))
    of = {n: report for report, numbers in links.members(conn, due).items() for n in numbers}
    said: dict[Place, list[Answer]] = {}
    events: dict[Place, list[FormEvent]] = {}
    for one in answers.of_everybody(conn, None, name):
        if one.record in of:
            said.setdefault((of[one.record], one.checklist), []).append(one)
    for event in answers.form_events(conn, None, name):
        if event.record in of:
            events.setdefault((of[event.record], event.checklist), []).append(event)
    names = {place[1] for place in [*said, *events]} | ({name} if name else set())
    lists = {one: checklist(project, one) for one in sorted(names)}
    return Rows(due, said, events, readers_of(project, conn, due), lists)


def settlement_of(rows: Rows, report: int, name: str) -> Settlement | None:
    """How one checklist of one report stands; None where nobody has begun it."""
    one = rows.checklists.get(name)
    if one is None:
        return None
    place = (report, name)
    return settle_up(
        report,
        one,
        rows.events.get(place, []),
        rows.said.get(place, []),
        needed(rows.readers, report),
    )


def all_finished(rows: Rows, place: Place) -> bool:
    """Whether as many reviewers as needed have finished a form."""
    events = rows.events.get(place, [])
    return sum(is_finished(events, who) for who in {e.reviewer for e in events}) >= needed(
        rows.readers, place[0]
    )


def busy(protocol: Protocol, rows: Rows, who: str) -> set[int]:
    """Reports a person is at work on with a form still to be finished (their kind apart)."""
    begun: dict[int, dict[str, set[str]]] = {}
    for (report, name), said in rows.said.items():
        newest = {(a.reviewer, a.item): a.answer for a in said if a.role == "reviewer"}
        for reviewer in {person for (person, _), answer in newest.items() if answer is not None}:
            begun.setdefault(report, {}).setdefault(reviewer, set()).add(name)
    found = set()
    for report, people in begun.items():
        if who not in people:
            continue
        names = owed(protocol, _kind(rows, report, who), rows.due.get(report), people[who])
        for name in names:
            events = rows.events.get((report, name), [])
            ended = {event.reviewer for event in events if is_finished(events, event.reviewer)}
            free = name in people[who] or not is_taken(rows.readers, report, who, people, ended)
            if who not in ended and free:
                found.add(report)
    return found


def _kind(rows: Rows, report: int, who: str) -> str | None:
    """The kind of study as it was settled, or as this person says it."""
    said = [a for a in rows.said.get((report, KIND), []) if a.item == KIND_ITEM]
    for role in ("consensus", "reviewer"):
        told = [a for a in said if a.role == role and (role == "consensus" or a.reviewer == who)]
        if told and told[-1].answer not in (None, UNSURE):
            return told[-1].answer
    return None
