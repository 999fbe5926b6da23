"""Reviewers' feedback on suggestions: used, confirmed, dismissed; the newest row counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables.fulltexts import feedback
from review.store.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, slots=True)
class FeedbackEntry:
    """One person's feedback on one suggestion."""

    record: int
    kind: str
    """evidence, flag or dataset"""
    rule: str
    """Rule, cue or dataset."""
    item: str | None
    """Checklist item, if there is one."""
    sentence: str | None
    page: int | None
    verdict: str | None
    """use, confirm or dismiss; None withdraws."""
    who: str
    at: datetime


def add_entry(conn: Connection, entry: FeedbackEntry) -> None:
    """Add one piece of feedback."""
    row = {
        "record": entry.record,
        "kind": entry.kind,
        "rule": entry.rule,
        "item": entry.item,
        "sentence": entry.sentence,
        "page": entry.page,
        "verdict": entry.verdict,
        "who": entry.who,
        "at": format_timestamp(entry.at),
    }
    conn.execute(insert(feedback), row)


def list_newest_entries(
    conn: Connection, kind: str, *, record: int | None = None, until: datetime | None = None
) -> list[FeedbackEntry]:
    """Each person's newest feedback on each suggestion of a kind, now or at a given time
    (inclusive), without withdrawn feedback."""
    query = select(feedback).where(feedback.c.kind == kind).order_by(feedback.c.id)
    if until is not None:
        query = query.where(feedback.c.at <= format_timestamp(until))
    if record is not None:
        query = query.where(feedback.c.record == record)
    entries: dict[tuple[object, ...], FeedbackEntry] = {}
    for row in conn.execute(query):
        key = (row.record, row.rule, row.item, row.sentence, row.who)
        entries.pop(key, None)
        entries[key] = FeedbackEntry(
            record=row.record,
            kind=row.kind,
            rule=row.rule,
            item=row.item,
            sentence=row.sentence,
            page=row.page,
            verdict=row.verdict,
            who=row.who,
            at=parse_timestamp(row.at),
        )
    return [entry for entry in entries.values() if entry.verdict is not None]
