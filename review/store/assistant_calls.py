"""Questions put to the assistant and what came of each: appended rows, counted for the budget."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select

from review.store.tables.appraisal import assistant_answers, assistant_calls
from review.store.timestamps import format_timestamp, parse_timestamp

CallState = Literal["suggested", "dropped", "failed"]
MAX_REPLY_LENGTH = 4000
"""Characters kept of what a model said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantCall:
    """A question about one item."""

    id: int = 0
    """0 before it is added."""
    at: datetime
    who: str
    record: int
    checklist: str
    """Id of the form."""
    item: str
    model: str
    """As the protocol names it."""
    address: str
    prompt: str
    """Version of the instructions."""
    request: str
    """SHA-256 (hex) of what is sent."""
    characters: int
    sentences: Mapping[str, int]
    """Id of each sentence sent -> its page."""
    answered: bool
    """Whether who asks had answered the item before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAnswer:
    """What came of a question."""

    call: int
    at: datetime
    state: CallState
    reason: str | None = None
    """Why it was dropped, or what failed."""
    answer: str | None = None
    sentences: tuple[str, ...] = ()
    quotations: tuple[tuple[str, int], ...] = ()
    """Text and page of each, in the paper's own words."""
    dropped_quotations: int = 0
    reply: str | None = None
    """What the model said."""
    model: str | None = None
    """As the service reports it."""
    version: str | None = None
    tokens: int | None = None
    milliseconds: int


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A question with what came of it."""

    call: AssistantCall
    answer: AssistantAnswer | None
    """None while it is under way, or where the process died meanwhile."""


def add_call(conn: Connection, call: AssistantCall) -> int:
    """Adds a question before it is sent; gives its number."""
    row = {
        "at": format_timestamp(call.at),
        "who": call.who,
        "record": call.record,
        "checklist": call.checklist,
        "item": call.item,
        "model": call.model,
        "address": call.address,
        "prompt": call.prompt,
        "request": call.request,
        "characters": call.characters,
        "sentences": json.dumps(dict(call.sentences)),
        "answered": int(call.answered),
    }
    return int(conn.execute(insert(assistant_calls), row).inserted_primary_key[0])  # type: ignore[index]


def add_answer(conn: Connection, call: AssistantCall, answer: AssistantAnswer) -> None:
    """Adds what came of a question."""
    row = {
        "at": format_timestamp(answer.at),
        "who": call.who,
        "record": call.record,
        "call": answer.call,
        "state": answer.state,
        "reason": answer.reason,
        "answer": answer.answer,
        "sentences": json.dumps(answer.sentences),
        "quotations": json.dumps(answer.quotations, ensure_ascii=False),
        "dropped_quotations": answer.dropped_quotations,
        "reply": None if answer.reply is None else answer.reply[:MAX_REPLY_LENGTH],
        "model": answer.model,
        "version": answer.version,
        "tokens": answer.tokens,
        "ms": answer.milliseconds,
    }
    conn.execute(insert(assistant_answers), row)


def count_calls(conn: Connection, *, since: datetime | None = None) -> int:
    """Questions of the review, or since a moment; those that failed are among them."""
    query = select(func.count()).select_from(assistant_calls)
    if since is not None:
        query = query.where(assistant_calls.c.at >= format_timestamp(since))
    return int(conn.execute(query).scalar_one())


def list_calls(
    conn: Connection,
    records: list[int] | None = None,
    *,
    who: str | None = None,
    until: datetime | None = None,
) -> list[AnsweredCall]:
    """Questions in order, with what had come of them by then; of some records, or of one person."""
    query = select(assistant_calls).order_by(assistant_calls.c.id)
    answer_query = select(assistant_answers)
    if records is not None:
        query = query.where(assistant_calls.c.record.in_(records))
        answer_query = answer_query.where(assistant_answers.c.record.in_(records))
    if who is not None:
        query = query.where(assistant_calls.c.who == who)
    if until is not None:
        query = query.where(assistant_calls.c.at <= format_timestamp(until))
        answer_query = answer_query.where(assistant_answers.c.at <= format_timestamp(until))
    answers = {row.call: _to_answer(row) for row in conn.execute(answer_query)}
    return [AnsweredCall(call, answers.get(call.id)) for call in map(_to_call, conn.execute(query))]


def _to_call(row: Any) -> AssistantCall:
    return AssistantCall(
        id=row.id,
        at=parse_timestamp(row.at),
        who=row.who,
        record=row.record,
        checklist=row.checklist,
        item=row.item,
        model=row.model,
        address=row.address,
        prompt=row.prompt,
        request=row.request,
        characters=row.characters,
        sentences=json.loads(row.sentences),
        answered=bool(row.answered),
    )


def _to_answer(row: Any) -> AssistantAnswer:
    quotations = json.loads(row.quotations or "[]")
    return AssistantAnswer(
        call=row.call,
        at=parse_timestamp(row.at),
        state=row.state,
        reason=row.reason,
        answer=row.answer,
        sentences=tuple(json.loads(row.sentences or "[]")),
        quotations=tuple((text, page) for text, page in quotations),
        dropped_quotations=row.dropped_quotations or 0,
        reply=row.reply,
        model=row.model,
        version=row.version,
        tokens=row.tokens,
        milliseconds=row.ms,
    )
