"""Reviewers' notes on a record at a stage; the newest one counts."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables.review import notes
from review.store.timestamps import format_timestamp


def add_note(
    conn: Connection, record: int, *, stage: str, reviewer: str, text: str | None, at: datetime
) -> None:
    """Add a note; None removes the previous one."""
    row = {"record": record, "stage": stage, "reviewer": reviewer, "text": text}
    conn.execute(insert(notes), {**row, "at": format_timestamp(at)})


def get_newest_notes(conn: Connection, record: int, stage: str) -> dict[str, str]:
    """Reviewer -> newest note on a record at a stage."""
    query = select(notes.c.reviewer, notes.c.text).where(
        notes.c.record == record, notes.c.stage == stage
    )
    notes_by_reviewer = {
        reviewer: text for reviewer, text in conn.execute(query.order_by(notes.c.id))
    }
    return {reviewer: text for reviewer, text in notes_by_reviewer.items() if text}


def list_own_notes(conn: Connection, reviewer: str) -> dict[tuple[int, str], str]:
    """Record and stage -> the newest note of one reviewer, oldest note first; removed ones left
    out."""
    query = select(notes.c.record, notes.c.stage, notes.c.text).where(notes.c.reviewer == reviewer)
    own_notes: dict[tuple[int, str], str] = {}
    for record, stage, text in conn.execute(query.order_by(notes.c.id)):
        own_notes.pop((record, stage), None)
        if text:
            own_notes[record, stage] = text
    return own_notes
