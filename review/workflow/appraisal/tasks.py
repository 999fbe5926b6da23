"""A reviewer's list of reports to appraise, with how far each form is; read in one go."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from review.checklists import UNSURE
from review.models import Answer
from review.store import Connection, answers, links, records
from review.workflow.appraisal.assignment import is_taken, may_read, place_reports, readers_of
from review.workflow.appraisal.forms import (
    counted,
    finishers,
    own_kind,
    readers,
    reports_due,
)
from review.workflow.appraisal.instruments import (
    KIND,
    KIND_ITEM,
    Tool,
    checklist,
    names_in_use,
    tools_for,
)
from review.workflow.project.project import Project


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
    pilot: bool = False
    """One of the first reports, which everybody appraises."""


APPRAISED = ("kind", "gate", "tool")
"""Uses of the tools that make up an appraisal; the extraction has a page of its own."""


def is_finished(
    states: Iterable[tuple[Tool, bool]], status: str, uses: Collection[str] = APPRAISED
) -> bool:
    """Whether a reviewer has finished a report's tools of some uses; a report that a gate has kept
    out needs no tools but the gates'.

    Args:
        states: each tool the report asks for, and whether the reviewer's form is finished.
        status: the report's status at the quality stage.
    """
    every = list(states)
    due = {"kind", "gate"} & set(uses) if status == "excluded" else uses
    known = any(tool.use != "kind" for tool, _ in every)
    return known and all(done for tool, done in every if tool.use in due)


def finished_by(project: Project, conn: Connection, names: Iterable[str]) -> dict[str, int]:
    """Reviewer -> reports they have finished appraising."""
    due = reports_due(project, conn)
    ended = _finished(conn, due)
    found = {}
    for name in names:
        kinds = _kinds(conn, due, _own_entries(conn, due, name))
        found[name] = 0
        for report, status in due.items():
            asked = tools_for(project.protocol, kinds.get(report))
            states = [(tool, name in ended.get((report, tool.checklist), ())) for tool in asked]
            found[name] += is_finished(states, status)
    return found


def tasks(project: Project, reviewer: str) -> list[Task]:
    """The reports a reviewer has to appraise or has appraised: the pilot, then in the order of
    their keys.

    Reports drawn for others and reports that enough others appraise are left out.
    """
    place_reports(project)
    found = []
    with project.store.read() as conn:
        due = reports_due(project, conn)
        names = records.many(conn, due)
        who = readers_of(project, conn, due)
        at_work = _at_work(conn, due)
        ended = _finished(conn, due)
        mine = _own_entries(conn, due, reviewer)
        kinds = _kinds(conn, due, mine)
    lists = {name: checklist(project, name) for name in names_in_use(project.protocol)}
    began = {report for report, _ in mine}
    for report, status in sorted(due.items(), key=lambda one: (one[0] not in who.pilot, one[0])):
        kind = kinds.get(report)
        states = []
        for tool in tools_for(project.protocol, kind):
            done = ended.get((report, tool.checklist), set())
            others = done if tool.checklist != KIND else set()
            if is_taken(who, report, reviewer, at_work.get(report, ()), others):
                continue
            entries = mine.get((report, tool.checklist), {})
            given, total = counted(lists[tool.checklist], entries)
            word = "finished" if reviewer in done else "begun" if entries else "open"
            states.append((tool, word, given, total))
        if not any(tool.use != "kind" or kind is None for tool, *_ in states):
            continue
        if report in began or may_read(who, report, reviewer):
            title = names[report].record.title or "(no title)"
            found.append(Task(report, title, kind, tuple(states), status, report in who.pilot))
    return found


def tools_of(project: Project, conn: Connection, report: int, reviewer: str) -> list[Tool]:
    """The forms a reviewer is asked for one report; those that enough others fill in are left
    out, where some have left and freed only the rest."""
    kind = own_kind(conn, report, reviewer)
    who = readers_of(project, conn, [report])
    at_work = readers(conn, report)
    found = []
    for tool in tools_for(project.protocol, kind):
        one = checklist(project, tool.checklist)
        done = finishers(conn, report, one) if tool.checklist != KIND else set()
        if not is_taken(who, report, reviewer, at_work, done):
            found.append(tool)
    return found


def _reports(conn: Connection, due: Iterable[int]) -> dict[int, int]:
    """Record -> report, for every record of some reports."""
    return {n: report for report, numbers in links.members(conn, due).items() for n in numbers}


def _at_work(conn: Connection, due: Iterable[int]) -> dict[int, set[str]]:
    """Report -> who has given any answer for it."""
    of = _reports(conn, due)
    found: dict[int, set[str]] = {}
    for record, who in answers.writers(conn):
        if record in of:
            found.setdefault(of[record], set()).add(who)
    return found


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


def _finished(conn: Connection, due: Iterable[int]) -> dict[tuple[int, str], set[str]]:
    """Report and checklist -> whose form is finished."""
    of = _reports(conn, due)
    newest = {
        (of[event.record], event.checklist, event.reviewer): event.state
        for event in answers.form_events(conn, of)
    }
    found: dict[tuple[int, str], set[str]] = {}
    for (report, name, who), state in newest.items():
        if state == "finished":
            found.setdefault((report, name), set()).add(who)
    return found


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
