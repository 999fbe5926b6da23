"""Looking records up: lists, one record with its history, and numbers for the overview."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from review.models import Decision, StoredRecord
from review.protocol import stage_reviewers
from review.store import decisions, links, records
from review.store.records import Row
from review.store.timestamps import from_text
from review.workflow.project.accounts import Signed
from review.workflow.project.project import Project
from review.workflow.screening import blinding

SOMEBODY = "somebody of the team"
"""Who joined records or added an abstract, while their name could tell who judges them."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a record's history."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Card:
    """One record with all that may be shown of it."""

    stored: StoredRecord
    abstract: str | None
    """The source's abstract, else the one added by hand."""
    report: int
    """The record that stands for the report."""
    study: int
    duplicates: tuple[int, ...]
    """Other records of the same report."""
    siblings: tuple[int, ...]
    """Reports of the same study, itself left out."""
    history: tuple[Happening, ...]


def listed(
    project: Project,
    *,
    words: str | None = None,
    filters: dict[str, Any] | None = None,
    sort: str = "id",
    after: tuple[Any, int] | None = None,
    size: int = 50,
) -> list[Row]:
    """One page of records; see review.store.records.page."""
    with project.store.read() as conn:
        return records.page(conn, words=words, filters=filters, sort=sort, after=after, size=size)


def choices(project: Project, column: str) -> list[tuple[Any, int]]:
    """Values of a column with their frequency, for filters."""
    with project.store.read() as conn:
        return records.values(conn, column)


def total(project: Project) -> int:
    """How many records there are."""
    with project.store.read() as conn:
        return records.count(conn)


def imports(project: Project, most: int = 20) -> list[dict[str, Any]]:
    """The newest imports and harvests, newest first."""
    with project.store.read() as conn:
        return records.batch_rows(conn)[:most]


def card(project: Project, key: str, person: Signed) -> Card:
    """One record with its history. What others decided stays hidden until it is settled.

    Raises:
        StoreError: no such record.
    """
    number = records.number_of(key)
    with project.store.read() as conn:
        stored = records.get(conn, number)
        groups = links.group_of(conn, number)
        report, study = groups.get(number, (number, number))
        same = tuple(n for n, (r, _) in groups.items() if r == report and n != number)
        others = tuple(sorted({r for r, s in groups.values() if s == study and r != report}))
        numbers = [number, *same]
        reader = blinding.reader(project, conn, person.name, [report])
        seen = {one.id: _seen(conn, reader, one.id, report) for one in project.protocol.stages}
        said = [
            one
            for one in decisions.every(conn, records=numbers)
            if one.reviewer == person.name or seen.get(one.stage)
        ]
        names = partial(_named, project, person.name, reader is None or any(seen.values()))
        edits = records.edits_of(conn, number)
        history = [
            *_arrivals(conn, numbers),
            *(replace(one, who=names(one.who)) for one in _links(conn, set(numbers))),
            *(_decision_line(one) for one in said),
            *(replace(one, who=names(one.who)) for one in _edits(conn, number)),
        ]
    abstract = stored.record.abstract or edits.get("abstract")
    lines = tuple(sorted(history, key=lambda one: one.at))
    return Card(stored, abstract, report, study, same, others, lines)


def _seen(conn: Any, reader: blinding.Reader | None, stage: str, report: int) -> bool:
    """Whether others' decisions on a report at a stage are shown: once it is settled there, to
    whom it does not wait for."""
    status = decisions.standing(conn, report, stage)
    return status in blinding.SETTLED and blinding.may_see(reader, stage, report, status)


def _named(project: Project, person: str, open_to: bool, who: str) -> str:
    """A name in the history, or nobody's where it could tell who judges what is not settled."""
    hidden = (
        not open_to
        and who != person
        and any(who in stage_reviewers(project.protocol, one) for one in project.protocol.stages)
    )
    return SOMEBODY if hidden else who


def _arrivals(conn: Any, numbers: list[int]) -> list[Happening]:
    return [
        Happening(from_text(at), who, f"{records.key_of(n)} came from {source} ({name or kind})")
        for n, at, who, source, name, kind in records.arrivals_of(conn, numbers)
    ]


def _links(conn: Any, numbers: set[int]) -> list[Happening]:
    words = {
        "duplicate": "is the same report as",
        "version": "is a version of",
        "study": "is of the same study as",
        "distinct": "is not the same as",
        "maybe": "may be the same as",
    }
    return [
        Happening(
            one.at,
            one.who,
            f"{records.key_of(one.a)} {words.get(one.verdict or '', 'was unlinked from')} "
            f"{records.key_of(one.b)} ({one.rule})",
        )
        for one in links.of_records(conn, numbers)
    ]


def _decision_line(one: Decision) -> Happening:
    what = f"{one.stage}: {one.verdict or 'withdrew the decision'}"
    if one.reason:
        what += f", {one.reason}"
    if one.note:
        what += f" — {one.note}"
    return Happening(one.at, f"{one.reviewer} ({one.role})", what)


def _edits(conn: Any, number: int) -> list[Happening]:
    return [
        Happening(from_text(at), who, f"added the {column}")
        for column, _, who, at in records.edit_rows(conn, number)
    ]
