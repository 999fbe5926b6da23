"""All answers and finishings of a review read once, for lists and exports over many reports."""

from collections.abc import Mapping
from dataclasses import dataclass

from review.checklists import Checklist
from review.records import Answer
from review.store import Connection, answers, links
from review.store.answers import FormEvent
from review.workflow.appraisal.forms import is_finished, reports_due
from review.workflow.appraisal.readers import Readers, needed, readers_of
from review.workflow.appraisal.settling import Settlement, settle_up
from review.workflow.appraisal.tools import KIND, checklist
from review.workflow.project import Project

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


def busy(rows: Rows, who: str) -> set[int]:
    """Reports for which a person has an unfinished form of their own (their kind apart)."""
    found = set()
    for (report, name), said in rows.said.items():
        if name == KIND:
            continue
        mine = {a.item: a.answer for a in said if a.role == "reviewer" and a.reviewer == who}
        began = any(answer is not None for answer in mine.values())
        if began and not is_finished(rows.events.get((report, name), []), who):
            found.add(report)
    return found
