"""What appraisal comes to, for tables, figures and agreement: read only, one pass over the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from review import consensus
from review.checklists import Checklist
from review.consensus import ItemRatings
from review.models import Answer
from review.scoring import GateOutcome, Result
from review.store import answers, records
from review.store.answers import FormEvent
from review.workflow.appraisal import rows
from review.workflow.appraisal.adjudication import gate_by_gate
from review.workflow.appraisal.assignment import needed
from review.workflow.appraisal.forms import result_of
from review.workflow.appraisal.instruments import KIND, KIND_ITEM, checklist, needs_kind
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class Appraised:
    """One report on one checklist, as settled so far."""

    report: int
    checklist: Checklist
    entries: Mapping[str, Answer]
    """Key -> settled entry with quote, page and sentence; only what all say or was settled."""
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
    """Every form that all its reviewers finished and this person may see, unsettled ones first."""
    with project.store.read() as conn:
        every = rows.read(project, conn)
        names = records.many(conn, every.due)
    blind, found = rows.busy(project.protocol, every, adjudicator), []
    for place in sorted(every.events):
        report, name = place
        if (report in blind and name != KIND) or not rows.all_finished(every, place):
            continue
        now = rows.settlement_of(every, report, name)
        if now is not None:
            title = names[report].record.title or "(no title)"
            found.append(Waiting(report, title, name, len(now.open)))
    return sorted(found, key=lambda one: (one.open == 0, one.report))


@dataclass(frozen=True, slots=True)
class Independent:
    """What the reviewers of one report said before any could see another's answers."""

    report: int
    reviewers: tuple[str, ...]
    """In the order of their names."""
    forms: tuple[Mapping[str, Answer], ...]


def independent(project: Project, name: str) -> list[Independent]:
    """The forms of every report as they were when the last of them was first finished.

    Later changes, made after consensus was open to see, do not raise agreement.
    """
    checklist(project, name)  # an unknown one is said before anything is read
    with project.store.read() as conn:
        every = rows.read(project, conn, name)
    found = []
    for report in every.due:
        place = (report, name)
        wanted = needed(every.readers, report)
        forms = blind_forms(every.events.get(place, []), every.said.get(place, []), wanted)
        if forms:
            found.append(Independent(report, tuple(forms), tuple(forms.values())))
    return found


def blind_forms(
    events: list[FormEvent], said: list[Answer], wanted: int
) -> dict[str, dict[str, Answer]]:
    """Reviewer -> form of one report as it was when the last of those wanted was first finished,
    in the order of names; none while forms are still to come, or where one person reads alone."""
    first_time: dict[str, FormEvent] = {}
    for event in events:
        if event.state == "finished":
            first_time.setdefault(event.reviewer, event)
    ended = sorted(first_time.values(), key=lambda e: e.at)[:wanted]
    if len(ended) < max(wanted, 2):
        return {}
    early = [a for a in said if a.at <= ended[-1].at]
    return {who: _form(early, who) for who in sorted(event.reviewer for event in ended)}


def ratings(project: Project, name: str) -> tuple[ItemRatings, ...]:
    """Agreement input per item: the independent answers to one checklist."""
    one = checklist(project, name)
    return consensus.ratings(one, [report.forms for report in independent(project, name)])


def total_ratings(project: Project, name: str) -> list[tuple[float, ...]]:
    """The independent totals of every report: input of the ICC."""
    one = checklist(project, name)
    return totals_of(one, [report.forms for report in independent(project, name)])


def totals_of(
    one: Checklist, forms: Sequence[Sequence[Mapping[str, Answer]]]
) -> list[tuple[float, ...]]:
    """The primary totals of every report of which all forms are complete. Where some reports had
    more reviewers than others, those of the first by name, as many as every report has."""
    found = []
    for report in forms:
        told = tuple(
            total.value
            for form in report
            for total in result_of(one, form).totals
            if total.primary and total.value is not None
        )
        if len(told) == len(report):
            found.append(told)
    fewest = min((len(told) for told in found), default=0)
    return [told[:fewest] for told in found]
