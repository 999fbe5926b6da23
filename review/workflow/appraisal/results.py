"""What appraisal comes to, for tables, figures and agreement: read only, one pass over the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from review import consensus
from review.checklists import Checklist
from review.consensus import ItemRatings
from review.records import Answer
from review.scoring import GateOutcome, Result
from review.store import answers, records
from review.store.answers import FormEvent
from review.workflow.appraisal import rows
from review.workflow.appraisal.forms import result_of
from review.workflow.appraisal.settling import gate_by_gate
from review.workflow.appraisal.tools import KIND, KIND_ITEM, checklist, needs_kind
from review.workflow.project import Project


@dataclass(frozen=True, slots=True)
class Appraised:
    """One report on one checklist, as settled so far."""

    report: int
    checklist: Checklist
    entries: Mapping[str, Answer]
    """Key -> settled entry with quote, page and sentence; only what both say or was settled."""
    result: Result
    settled: bool
    reviewers: tuple[str, ...]
    """Whose forms are finished."""
    forms: Mapping[str, Mapping[str, Answer]]
    """Reviewer -> their finished form."""


def appraised(project: Project, name: str) -> list[Appraised]:
    """Every report that has come as far as appraisal, on one checklist, in the order of keys.

    Holds answers of reviewers, so it is for exports and not for a page a reviewer sees early.
    """
    checklist(project, name)  # an unknown one is said before anything is read
    with project.store.read() as conn:
        every = rows.read(project, conn, name)
    found = []
    for report in every.due:
        now = rows.settlement_of(every, report, name)
        assert now is not None  # the checklist asked for is always among the rows
        forms = {who: _form(every.said.get((report, name), []), who) for who in now.reviewers}
        found.append(
            Appraised(
                report, now.checklist, now.entries, now.result, now.settled, now.reviewers, forms
            )
        )
    return found


def _form(said: list[Answer], who: str) -> dict[str, Answer]:
    mine = answers.newest(a for a in said if a.role == "reviewer" and a.reviewer == who)
    return {key: entry for key, entry in mine.items() if entry.answer is not None}


def kinds(project: Project) -> dict[int, str]:
    """Report -> settled kind of study; empty where the review does not ask for it."""
    if not needs_kind(project.protocol):
        return {}
    found = {
        one.report: one.entries[KIND_ITEM].answer for one in appraised(project, KIND) if one.settled
    }
    return {report: kind for report, kind in found.items() if kind is not None}


def gates(project: Project) -> dict[int, tuple[GateOutcome, ...]]:
    """Report -> how it fares at every gate; reports whose kind is open are left out."""
    with project.store.read() as conn:
        every = rows.read(project, conn)
    found = {
        report: gate_by_gate(project, partial(rows.settlement_of, every, report))
        for report in every.due
    }
    return {report: told for report, told in found.items() if told is not None}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One checklist of one report in the adjudicator's list."""

    report: int
    title: str
    checklist: str
    open: int
    """Keys that wait; 0 where it is settled."""


def waiting(project: Project, adjudicator: str) -> list[Waiting]:
    """Every form that both reviewers finished and this person may see, unsettled ones first."""
    with project.store.read() as conn:
        every = rows.read(project, conn)
        names = records.many(conn, every.due)
    blind, found = rows.busy(every, adjudicator), []
    for place in sorted(every.events):
        report, name = place
        if (report in blind and name != KIND) or not rows.both_finished(every, place):
            continue
        now = rows.settlement_of(every, report, name)
        if now is not None:
            title = names[report].record.title or "(no title)"
            found.append(Waiting(report, title, name, len(now.open)))
    return sorted(found, key=lambda one: (one.open == 0, one.report))


@dataclass(frozen=True, slots=True)
class Independent:
    """What both reviewers of one report said before either could see the other's answers."""

    report: int
    reviewers: tuple[str, str]
    forms: tuple[Mapping[str, Answer], Mapping[str, Answer]]
    results: tuple[Result, Result]


def independent(project: Project, name: str) -> list[Independent]:
    """The two forms of every report as they were when the second of them was first finished.

    Later changes, made after consensus was open to see, do not raise agreement.
    """
    one = checklist(project, name)
    with project.store.read() as conn:
        every = rows.read(project, conn, name)
    found = []
    for report in every.due:
        first_time: dict[str, FormEvent] = {}
        for event in every.events.get((report, name), []):
            if event.state == "finished":
                first_time.setdefault(event.reviewer, event)
        if len(first_time) < 2:
            continue
        ended = sorted(first_time.values(), key=lambda e: e.at)[:2]
        moment = ended[-1].at
        early = [a for a in every.said.get((report, name), []) if a.at <= moment]
        who = tuple(sorted(event.reviewer for event in ended))
        forms = (_form(early, who[0]), _form(early, who[1]))
        results = (result_of(one, forms[0]), result_of(one, forms[1]))
        found.append(Independent(report, (who[0], who[1]), forms, results))
    return found


def ratings(project: Project, name: str) -> tuple[ItemRatings, ...]:
    """Agreement input per item: the independent answers to one checklist."""
    one = checklist(project, name)
    return consensus.ratings(one, [pair.forms for pair in independent(project, name)])


def total_ratings(project: Project, name: str) -> list[tuple[float, float]]:
    """Both reviewers' primary totals of every report where both are complete: input of the ICC."""
    found = []
    for pair in independent(project, name):
        both = [next((t.value for t in r.totals if t.primary), None) for r in pair.results]
        if both[0] is not None and both[1] is not None:
            found.append((both[0], both[1]))
    return found
