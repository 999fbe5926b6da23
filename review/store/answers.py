"""Answers and forms in the store: added rows, the reviewer always part of the key.

Who may see whose answers is decided in workflow and asked for here by name: no function gives
everybody's answers unless it is told so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select

from review.models import Answer
from review.store.tables import answers, forms
from review.store.timestamps import from_text, to_text

CHUNK = 500
FormState = Literal["finished", "reopened"]


@dataclass(frozen=True, slots=True)
class FormEvent:
    """A reviewer finished or reopened one checklist for one record."""

    record: int
    checklist: str
    reviewer: str
    state: FormState
    at: datetime


def add(conn: Connection, given: Sequence[Answer], *, protocol: str | None = None) -> None:
    """Adds answers in the order given."""
    rows = [
        {
            "at": to_text(one.at),
            "record": one.record,
            "checklist": one.checklist,
            "item": one.item,
            "reviewer": one.reviewer,
            "role": one.role,
            "answer": one.answer,
            "quote": one.quote,
            "page": one.page,
            "comment": one.comment,
            "protocol": protocol,
        }
        for one in given
    ]
    if rows:
        conn.execute(insert(answers), rows)


def _answer(row: Any) -> Answer:
    return Answer(
        record=row.record,
        checklist=row.checklist,
        item=row.item,
        reviewer=row.reviewer,
        answer=row.answer,
        at=from_text(row.at),
        quote=row.quote,
        page=row.page,
        comment=row.comment,
        role=row.role,
        id=row.id,
    )


def of_reviewer(
    conn: Connection, records: Iterable[int], reviewer: str, checklist: str | None = None
) -> list[Answer]:
    """One reviewer's own answers to some records, in order of arrival."""
    query = select(answers).where(answers.c.reviewer == reviewer, answers.c.role == "reviewer")
    return _narrowed(conn, query, records, checklist)


def of_everybody(
    conn: Connection, records: Iterable[int] | None = None, checklist: str | None = None
) -> list[Answer]:
    """All answers, of reviewers and of consensus, in order of arrival. Callers guard blindness."""
    return _narrowed(conn, select(answers), records, checklist)


def _narrowed(
    conn: Connection, query: Any, records: Iterable[int] | None, checklist: str | None
) -> list[Answer]:
    if checklist is not None:
        query = query.where(answers.c.checklist == checklist)
    query = query.order_by(answers.c.id)
    if records is None:
        return [_answer(row) for row in conn.execute(query)]
    wanted, found = sorted(set(records)), []
    for start in range(0, len(wanted), CHUNK):
        part = query.where(answers.c.record.in_(wanted[start : start + CHUNK]))
        found += [_answer(row) for row in conn.execute(part)]
    return sorted(found, key=lambda one: one.id)


def newest(given: Iterable[Answer]) -> dict[str, Answer]:
    """Item key -> the newest of answers that come in order of arrival; withdrawn ones stay as
    such, with their empty answer."""
    return {one.item: one for one in given}


def add_form(conn: Connection, event: FormEvent) -> None:
    """Adds that a form was finished or reopened."""
    row = {
        "at": to_text(event.at),
        "record": event.record,
        "checklist": event.checklist,
        "reviewer": event.reviewer,
        "state": event.state,
    }
    conn.execute(insert(forms), row)


def form_events(
    conn: Connection, records: Iterable[int] | None = None, checklist: str | None = None
) -> list[FormEvent]:
    """Finishings and reopenings, in order of arrival."""
    query = select(forms).order_by(forms.c.id)
    if checklist is not None:
        query = query.where(forms.c.checklist == checklist)
    found = [
        FormEvent(row.record, row.checklist, row.reviewer, row.state, from_text(row.at))
        for row in conn.execute(query)
    ]
    if records is None:
        return found
    wanted = set(records)
    return [one for one in found if one.record in wanted]


def writers(conn: Connection, records: Iterable[int] | None = None) -> list[tuple[int, str]]:
    """Record and reviewer, wherever a reviewer's newest answer to some item is not withdrawn."""
    newest = select(func.max(answers.c.id)).where(answers.c.role == "reviewer")
    if records is not None:
        newest = newest.where(answers.c.record.in_(sorted(records)))
    newest = newest.group_by(
        answers.c.record, answers.c.checklist, answers.c.item, answers.c.reviewer
    )
    query = select(answers.c.record, answers.c.reviewer).distinct()
    query = query.where(answers.c.id.in_(newest), answers.c.answer.is_not(None))
    return [(record, who) for record, who in conn.execute(query)]


def begun(conn: Connection, checklist: str) -> bool:
    """Whether anybody ever answered anything under a checklist."""
    query = select(answers.c.id).where(answers.c.checklist == checklist).limit(1)
    return conn.execute(query).first() is not None
