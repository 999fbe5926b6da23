"""A reviewer's list of reports to appraise, with how far each form is; read in one go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from review.checklists import UNSURE
from review.records import Answer
from review.store import Connection, answers, links, records
from review.workflow import standings
from review.workflow.appraisal.forms import counted, readers_needed, reports_due
from review.workflow.appraisal.tools import (
    KIND,
    KIND_ITEM,
    Tool,
    checklist,
    names_in_use,
    tools_for,
)
from review.workflow.project import Project


@dataclass(frozen=True, slots=True)
class Task:
    """One report in a reviewer's list."""

    report: int
    title: str
    kind: str | None
    tools: tuple[tuple[Tool, str, int, int], ...]
    """Tool, state (open, begun, finished), answers given, answers asked."""
    status: str
    """Status at the quality stage, where there is one."""


def tasks(project: Project, reviewer: str) -> list[Task]:
    """The reports a reviewer has to appraise or has appraised, in the order of their keys.

    Reports that enough others appraise are left out.
    """
    found = []
    with project.store.read() as conn:
        due = reports_due(project, conn)
        names = records.many(conn, due)
        taken = _taken(project, conn, due, reviewer)
        mine = _own_entries(conn, due, reviewer)
        done = _own_finished(conn, due, reviewer)
        kinds = _kinds(conn, due, mine)
    lists = {name: checklist(project, name) for name in names_in_use(project.protocol)}
    for report, status in sorted(due.items()):
        if report in taken:
            continue
        kind = kinds.get(report)
        states = []
        for tool in tools_for(project.protocol, kind):
            entries = mine.get((report, tool.checklist), {})
            given, total = counted(lists[tool.checklist], entries)
            finished = (report, tool.checklist) in done
            word = "finished" if finished else "begun" if entries else "open"
            states.append((tool, word, given, total))
        title = names[report].record.title or "(no title)"
        found.append(Task(report, title, kind, tuple(states), status))
    return found


def _reports(conn: Connection, due: Iterable[int]) -> dict[int, int]:
    """Record -> report, for every record of some reports."""
    return {n: report for report, numbers in links.members(conn, due).items() for n in numbers}


def _taken(project: Project, conn: Connection, due: Iterable[int], reviewer: str) -> set[int]:
    of, gone = _reports(conn, due), set(standings.retired(conn))
    at_work: dict[int, set[str]] = {}
    for record, who in answers.writers(conn):
        if record in of and who != reviewer and who not in gone:
            at_work.setdefault(of[record], set()).add(who)
    return {report for report, who in at_work.items() if len(who) >= readers_needed(project)}


def _own_entries(
    conn: Connection, due: Iterable[int], reviewer: str
) -> dict[tuple[int, str], dict[str, Answer]]:
    of = _reports(conn, due)
    found: dict[tuple[int, str], dict[str, Answer]] = {}
    for one in answers.of_reviewer(conn, of, reviewer):
        found.setdefault((of[one.record], one.checklist), {})[one.item] = one
    return {
        place: {key: entry for key, entry in entries.items() if entry.answer is not None}
        for place, entries in found.items()
    }


def _own_finished(conn: Connection, due: Iterable[int], reviewer: str) -> set[tuple[int, str]]:
    of = _reports(conn, due)
    newest = {
        (of[event.record], event.checklist): event.state
        for event in answers.form_events(conn, of)
        if event.reviewer == reviewer
    }
    return {place for place, state in newest.items() if state == "finished"}


def _kinds(
    conn: Connection, due: Iterable[int], mine: Mapping[tuple[int, str], Mapping[str, Answer]]
) -> dict[int, str]:
    found: dict[int, str] = {}
    for report in due:
        entry = mine.get((report, KIND), {}).get(KIND_ITEM)
        if entry and entry.answer and entry.answer != UNSURE:
            found[report] = entry.answer
    of = _reports(conn, due)
    for one in answers.of_everybody(conn, of, KIND):
        if one.role == "consensus" and one.item == KIND_ITEM and one.answer:
            found[of[one.record]] = one.answer
    return found
