"""What one person keeps for themselves under a name; a new value replaces the old one."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from review.store.tables.people import personal_settings
from review.store.timestamps import format_timestamp


def set_value(conn: Connection, who: str, name: str, value: Any, at: datetime) -> None:
    """Keep a value that JSON has; None takes it away."""
    mine = (personal_settings.c.who == who, personal_settings.c.name == name)
    conn.execute(delete(personal_settings).where(*mine))
    if value is not None:
        text = json.dumps(value, ensure_ascii=False)
        row = {"who": who, "name": name, "at": format_timestamp(at), "value": text}
        conn.execute(insert(personal_settings), row)


def get_value(conn: Connection, who: str, name: str) -> tuple[Any, str] | None:
    """A value and when it was kept (text); None where there is none."""
    mine = (personal_settings.c.who == who, personal_settings.c.name == name)
    query = select(personal_settings.c.value, personal_settings.c.at).where(*mine)
    row = conn.execute(query).first()
    return None if row is None else (json.loads(row.value), row.at)
