"""Appraisal answers and forms: appended rows, with the reviewer always part of the key.

Blinding is enforced in workflow; the functions here that return all reviewers' answers say so in
their names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select

from review.checklists.models import FORM_SEPARATOR
from review.models import Answer
from review.store.tables.appraisal import answers, forms
from review.store.timestamps import format_timestamp, parse_timestamp

CHUNK = 500
FormState = Literal["finished", "reopened"]


@dataclass(frozen=True, slots=True)
class FormEvent:
    """A reviewer completed or reopened one checklist for one record."""

    record: int
    checklist: str
    reviewer: str
    state: FormState
    at: datetime
    after_answer: int | None = None
    """Number of the newest answer when it happened; None for rows of older versions."""


def came_before(answer: Answer, event: FormEvent) -> bool:
    """Whether an answer was given before a form was finished or reopened: by rows, not by clocks.
    Only events of older versions, which do not say after which answer they came, go by the clock.
    """
    if event.after_answer is None:
        return answer.at <= event.at
    return answer.id <= event.after_answer


def add_answers(
    conn: Connection, new_answers: Sequence[Answer], *, protocol: str | None = None
) -> None:
    """Add answers in the given order."""
    rows = [
        {
            "at": format_timestamp(answer.at),
            "record": answer.record,
            "checklist": answer.checklist,
            "item": answer.item,
            "reviewer": answer.reviewer,
            "role": answer.role,
            "answer": answer.answer,
            "quote": answer.quote,
            "page": answer.page,
            "comment": answer.comment,
            "protocol": protocol,
        }
        for answer in new_answers
    ]
    if rows:
        conn.execute(insert(answers), rows)


def _to_answer(row: Any) -> Answer:
    return Answer(
        record=row.record,
        checklist=row.checklist,
        item=row.item,
        reviewer=row.reviewer,
        answer=row.answer,
        at=parse_timestamp(row.at),
        quote=row.quote,
        page=row.page,
        comment=row.comment,
        role=row.role,
        id=row.id,
    )


def list_own_answers(
    conn: Connection, records: Iterable[int], reviewer: str, checklist: str | None = None
) -> list[Answer]:
    """One reviewer's own answers to some records, in order of arrival."""
    query = select(answers).where(answers.c.reviewer == reviewer, answers.c.role == "reviewer")
    return _select_answers(conn, query, records, checklist)


def list_all_answers(
    conn: Connection,
    records: Iterable[int] | None = None,
    checklist: str | None = None,
    *,
    with_models: bool = False,
) -> list[Answer]:
    """All answers of reviewers and consensus, in order of entry. Callers must enforce blinding.

    Args:
        with_models: also the forms that appraise one model on the checklist.
    """
    query = select(answers)
    if checklist is not None and with_models:
        return _select_answers(
            conn, query.where(_is_form_of(answers.c.checklist, checklist)), records, None
        )
    return _select_answers(conn, query, records, checklist)


def _is_form_of(column: ColumnElement[str], checklist: str) -> ColumnElement[bool]:
    """Whether a form is of a checklist, for the report or for one of its models."""
    return or_(
        column == checklist, column.startswith(f"{checklist}{FORM_SEPARATOR}", autoescape=True)
    )


def _select_answers(
    conn: Connection, query: Any, records: Iterable[int] | None, checklist: str | None
) -> list[Answer]:
    if checklist is not None:
        query = query.where(answers.c.checklist == checklist)
    query = query.order_by(answers.c.id)
    if records is None:
        return [_to_answer(row) for row in conn.execute(query)]
    numbers, matches = sorted(set(records)), []
    for start in range(0, len(numbers), CHUNK):
        chunk_query = query.where(answers.c.record.in_(numbers[start : start + CHUNK]))
        matches += [_to_answer(row) for row in conn.execute(chunk_query)]
    return sorted(matches, key=lambda answer: answer.id)


def get_newest_by_item(history: Iterable[Answer]) -> dict[str, Answer]:
    """Item key -> newest answer, from answers in order of entry; withdrawn ones are kept with an
    empty answer."""
    return {answer.item: answer for answer in history}


def add_form_event(conn: Connection, event: FormEvent) -> None:
    """Record that a form was completed or reopened."""
    row = {
        "at": format_timestamp(event.at),
        "record": event.record,
        "checklist": event.checklist,
        "reviewer": event.reviewer,
        "state": event.state,
        "after_answer": int(conn.execute(select(func.max(answers.c.id))).scalar() or 0),
    }
    conn.execute(insert(forms), row)


def list_form_events(
    conn: Connection,
    records: Iterable[int] | None = None,
    checklist: str | None = None,
    *,
    with_models: bool = False,
) -> list[FormEvent]:
    """Completions and reopenings, in order of entry; with_models as for list_all_answers."""
    query = select(forms).order_by(forms.c.id)
    if checklist is not None and with_models:
        query = query.where(_is_form_of(forms.c.checklist, checklist))
    elif checklist is not None:
        query = query.where(forms.c.checklist == checklist)
    events = [
        FormEvent(
            record=row.record,
            checklist=row.checklist,
            reviewer=row.reviewer,
            state=row.state,
            at=parse_timestamp(row.at),
            after_answer=row.after_answer,
        )
        for row in conn.execute(query)
    ]
    if records is None:
        return events
    numbers = set(records)
    return [event for event in events if event.record in numbers]


def list_answering_reviewers(
    conn: Connection, records: Iterable[int] | None = None
) -> list[tuple[int, str]]:
    """Record and reviewer of every form with at least one answer that is not withdrawn."""
    newest_ids = select(func.max(answers.c.id)).where(answers.c.role == "reviewer")
    if records is not None:
        newest_ids = newest_ids.where(answers.c.record.in_(sorted(records)))
    newest_ids = newest_ids.group_by(
        answers.c.record, answers.c.checklist, answers.c.item, answers.c.reviewer
    )
    query = select(answers.c.record, answers.c.reviewer).distinct()
    query = query.where(answers.c.id.in_(newest_ids), answers.c.answer.is_not(None))
    return [(record, reviewer) for record, reviewer in conn.execute(query)]


def has_answers(conn: Connection, checklist: str) -> bool:
    """Whether a checklist has any answers, those on single models included."""
    query = select(answers.c.id).where(_is_form_of(answers.c.checklist, checklist)).limit(1)
    return conn.execute(query).first() is not None
