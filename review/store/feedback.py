"""What reviewers made of suggestions: used, confirmed, dismissed; the newest row counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables import feedback
from review.store.timestamps import from_text, to_text


@dataclass(frozen=True, slots=True)
class Said:
    """One person's word on one suggestion."""

    record: int
    kind: str
    """evidence, flag or dataset"""
    rule: str
    """Rule, cue or data set."""
    item: str | None
    """Checklist item, where there is one."""
    sentence: str | None
    page: int | None
    verdict: str | None
    """use, confirm or dismiss; None withdraws."""
    who: str
    at: datetime


def add(conn: Connection, said: Said) -> None:
    """Adds one word."""
    row = {
        "record": said.record,
        "kind": said.kind,
        "rule": said.rule,
        "item": said.item,
        "sentence": said.sentence,
        "page": said.page,
        "verdict": said.verdict,
        "who": said.who,
        "at": to_text(said.at),
    }
    conn.execute(insert(feedback), row)


def newest(
    conn: Connection, kind: str, *, record: int | None = None, until: datetime | None = None
) -> list[Said]:
    """Each person's newest word on each suggestion of a kind, now or at a moment (inclusive);
    withdrawn ones left out."""
    query = select(feedback).where(feedback.c.kind == kind).order_by(feedback.c.id)
    if until is not None:
        query = query.where(feedback.c.at <= to_text(until))
    if record is not None:
        query = query.where(feedback.c.record == record)
    found: dict[tuple[object, ...], Said] = {}
    for row in conn.execute(query):
        key = (row.record, row.rule, row.item, row.sentence, row.who)
        found.pop(key, None)
        found[key] = Said(
            row.record, row.kind, row.rule, row.item, row.sentence, row.page, row.verdict,
            row.who, from_text(row.at),
        )  # fmt: skip
    return [said for said in found.values() if said.verdict is not None]
