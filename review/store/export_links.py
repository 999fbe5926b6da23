"""Links by which anybody may read one export. The secret is kept as its hash alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.accounts import hash_token
from review.store.tables.people import export_link_ends, export_link_tokens, export_links
from review.store.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLink:
    """One link, as it is listed."""

    id: int
    export: str
    """Id of the export it shows."""
    who: str
    """Who made it."""
    at: datetime
    expires: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    has_token: bool = True
    """False in a review that was restored from a copy, which holds no secrets of links."""


def add_link(
    conn: Connection, token: str, export: str, *, who: str, at: datetime, expires: datetime
) -> int:
    """Adds a link and gives its number."""
    moment = format_timestamp(at)
    row = {"at": moment, "who": who, "export": export, "expires": format_timestamp(expires)}
    number = int(conn.execute(insert(export_links), row).inserted_primary_key[0])  # type: ignore[index]
    token_row = {"at": moment, "link": number, "token": hash_token(token)}
    conn.execute(insert(export_link_tokens), token_row)
    return number


def end_link(conn: Connection, number: int, who: str, at: datetime) -> bool:
    """Withdraws a link; False where there is none of this number, or it was withdrawn before."""
    is_known = conn.execute(select(export_links.c.id).where(export_links.c.id == number)).first()
    ended = select(export_link_ends.c.id).where(export_link_ends.c.link == number)
    if is_known is None or conn.execute(ended).first() is not None:
        return False
    row = {"at": format_timestamp(at), "who": who, "link": number}
    conn.execute(insert(export_link_ends), row)
    return True


def find_link(conn: Connection, token: str, at: datetime) -> ExportLink | None:
    """The link that a secret opens; None where it is unknown, withdrawn or expired."""
    query = (
        select(export_links)
        .join(export_link_tokens, export_link_tokens.c.link == export_links.c.id)
        .where(
            export_link_tokens.c.token == hash_token(token),
            export_links.c.expires > format_timestamp(at),
            ~select(export_link_ends.c.id)
            .where(export_link_ends.c.link == export_links.c.id)
            .exists(),
        )
    )
    row = conn.execute(query).first()
    if row is None:
        return None
    return ExportLink(
        id=row.id,
        export=row.export,
        who=row.who,
        at=parse_timestamp(row.at),
        expires=parse_timestamp(row.expires),
    )


def list_links(conn: Connection) -> list[ExportLink]:
    """All links, newest first."""
    query = (
        select(
            export_links,
            export_link_ends.c.who.label("withdrawn_by"),
            export_link_ends.c.at.label("withdrawn_at"),
            export_link_tokens.c.id.label("token_id"),
        )
        .join(export_link_ends, export_link_ends.c.link == export_links.c.id, isouter=True)
        .join(export_link_tokens, export_link_tokens.c.link == export_links.c.id, isouter=True)
        .order_by(export_links.c.id.desc())
    )
    return [
        ExportLink(
            id=row.id,
            export=row.export,
            who=row.who,
            at=parse_timestamp(row.at),
            expires=parse_timestamp(row.expires),
            withdrawn_by=row.withdrawn_by,
            withdrawn_at=parse_timestamp(row.withdrawn_at) if row.withdrawn_at else None,
            has_token=row.token_id is not None,
        )
        for row in conn.execute(query)
    ]
