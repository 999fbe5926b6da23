"""Records in the store: added once, found by number, key, identifier, words or page."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    func,
    insert,
    or_,
    select,
    text,
)

from review.errors import StoreError
from review.models import Record, Rejected, StoredRecord, as_dict, fingerprint, from_dict
from review.store.tables import batches, edits, records, rejected, sightings
from review.store.timestamps import to_text

CHUNK = 500
"""Rows a statement; under SQLite's limit of variables."""
PG_WORDS = (
    "to_tsvector('simple', coalesce(records.title, '') || ' ' || coalesce(records.authors, '')"
    " || ' ' || coalesce(records.data::json ->> 'abstract', ''))"
)
"""The words of a record on PostgreSQL; on SQLite the table record_words holds them."""


@dataclass(frozen=True, slots=True)
class Added:
    """What adding a batch of records did."""

    new: tuple[int, ...]
    """Numbers of the records that were not here before."""
    known: tuple[int, ...]
    """Numbers of those that were, in the order of the batch."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record as lists show it."""

    id: int
    key: str
    source: str
    title: str | None
    authors: str | None
    year: int | None
    journal: str | None
    doi: str | None


def key_of(number: int) -> str:
    """The key people see: R000001."""
    return f"R{number:06d}"


def number_of(key: str) -> int:
    """The number behind a key; R000001, r1 and 1 are the same. Raises StoreError if not a key."""
    digits = key.strip().lstrip("Rr")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 15 or int(digits) == 0:
        raise StoreError(f"{key!r} is not a record key; keys look like R000001.")
    return int(digits)


def add(
    conn: Connection,
    batch: int,
    given: Sequence[tuple[int, Record]],
    at: datetime,
    *,
    raw: str | None = None,
) -> Added:
    """Adds the records that are not here yet; those that are get a sighting.

    Args:
        batch: the import or harvest they came with.
        given: position in the file or answer, and the record.
        raw: SHA-256 of the kept raw answer they stand in.
    """
    prints = [fingerprint(record) for _, record in given]
    known = _known(conn, prints)
    fresh: dict[str, tuple[int, Record]] = {}
    seen_again: list[tuple[str, int]] = []
    for one, (number, record) in zip(prints, given, strict=True):
        if one in known or one in fresh:
            seen_again.append((one, number))
        else:
            fresh[one] = (number, record)
    stamp = to_text(at)
    rows = [_row(batch, n, r, one, stamp, raw) for one, (n, r) in fresh.items()]
    for start in range(0, len(rows), CHUNK):
        conn.execute(insert(records), rows[start : start + CHUNK])
    ids = _known(conn, list(fresh))
    _index_words(conn, [(ids[one], record) for one, (_, record) in fresh.items()])
    both = {**known, **ids}
    again = [{"record": both[one], "batch": batch, "number": n} for one, n in seen_again]
    if again:
        conn.execute(insert(sightings), again)
    return Added(tuple(ids[one] for one in fresh), tuple(both[one] for one, _ in seen_again))


def _known(conn: Connection, prints: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(prints), CHUNK):
        part = prints[start : start + CHUNK]
        query = select(records.c.fingerprint, records.c.id).where(records.c.fingerprint.in_(part))
        found.update((one, number) for one, number in conn.execute(query))
    return found


def _row(
    batch: int, number: int, record: Record, one: str, stamp: str, raw: str | None
) -> dict[str, Any]:
    return {
        "at": stamp,
        "batch": batch,
        "number": number,
        "fingerprint": one,
        "raw": raw,
        "source": record.source,
        "source_id": record.source_id,
        "title": record.title,
        "authors": "; ".join(record.authors) or None,
        "year": record.year,
        "journal": record.journal,
        "doi": record.doi,
        "pmid": record.pmid,
        "pmcid": record.pmcid,
        "arxiv_id": record.arxiv_id,
        "data": json.dumps(as_dict(record), ensure_ascii=False),
    }


def _index_words(conn: Connection, added: Sequence[tuple[int, Record]]) -> None:
    if conn.dialect.name != "sqlite" or not added:
        return
    conn.execute(
        text("insert into record_words(rowid, title, authors, abstract) values (:i, :t, :a, :b)"),
        [
            {"i": i, "t": r.title or "", "a": "; ".join(r.authors), "b": r.abstract or ""}
            for i, r in added
        ],
    )


def _stored(row: Any) -> StoredRecord:
    return StoredRecord(row.id, key_of(row.id), row.batch, from_dict(json.loads(row.data)))


def get(conn: Connection, number: int) -> StoredRecord:
    """The record of a number, as its source gave it. Raises StoreError if there is none."""
    row = conn.execute(select(records).where(records.c.id == number)).first()
    if row is None:
        raise StoreError(f"There is no record {key_of(number)} in this review.")
    return _stored(row)


def many(conn: Connection, numbers: Iterable[int]) -> dict[int, StoredRecord]:
    """Records by number; unknown numbers are left out."""
    wanted = list(dict.fromkeys(numbers))
    found: dict[int, StoredRecord] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(records).where(records.c.id.in_(wanted[start : start + CHUNK]))
        found.update({row.id: _stored(row) for row in conn.execute(query)})
    return found


def every(conn: Connection, *, after: int = 0) -> Iterator[StoredRecord]:
    """All records with a number above `after`, in order of arrival; streams."""
    query = select(records).where(records.c.id > after).order_by(records.c.id)
    result = conn.execution_options(yield_per=1000).execute(query)
    for row in result:
        yield _stored(row)


def count(conn: Connection) -> int:
    """How many records there are."""
    return int(conn.execute(select(func.count()).select_from(records)).scalar_one())


def by_identifier(conn: Connection, **wanted: str | None) -> list[int]:
    """Numbers of records that hold any of doi=, pmid=, pmcid=, arxiv_id= (normal forms)."""
    tests = [records.c[name] == value for name, value in wanted.items() if value]
    if not tests:
        return []
    return list(
        conn.execute(select(records.c.id).where(or_(*tests)).order_by(records.c.id)).scalars()
    )


def by_title(conn: Connection, title: str) -> list[int]:
    """Numbers of records with exactly this title, capitals apart."""
    same = func.lower(records.c.title) == title.lower()
    return list(conn.execute(select(records.c.id).where(same).order_by(records.c.id)).scalars())


def numbers(conn: Connection) -> set[int]:
    """All record numbers."""
    return set(conn.execute(select(records.c.id)).scalars())


def page(
    conn: Connection,
    *,
    words: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str = "id",
    after: tuple[Any, int] | None = None,
    size: int = 50,
) -> list[Row]:
    """One page of records by keyset, so that page 2,000 costs what page 1 does.

    Args:
        words: only records that hold all these words in title, authors or abstract.
        filters: column -> value for source, year, batch, doi.
        sort: id, year (newest first) or title.
        after: (sort value, id) of the last row of the page before.
        size: rows a page.
    """
    query = select(records)
    for name, value in (filters or {}).items():
        query = query.where(records.c[name] == value)
    if words and words.strip():
        query = query.where(_holds(conn, words))
    column = records.c[sort] if sort in ("year", "title") else records.c.id
    if after is not None:
        value, number = after
        beyond = _beyond(column, value, number, falling=sort == "year")
        query = query.where(beyond)
    order = column.desc().nulls_last() if sort == "year" else column.asc().nulls_last()
    rows = conn.execute(query.order_by(order, records.c.id).limit(size))
    return [
        Row(r.id, key_of(r.id), r.source, r.title, r.authors, r.year, r.journal, r.doi)
        for r in rows
    ]


def _beyond(column: Any, value: Any, number: int, *, falling: bool) -> Any:
    """What stands after a row in the page order; empty values stand last."""
    if value is None:
        return and_(column.is_(None), records.c.id > number)
    further = column < value if falling else column > value
    return or_(further, and_(column == value, records.c.id > number), column.is_(None))


def _holds(conn: Connection, words: str) -> Any:
    if conn.dialect.name == "sqlite":
        asked = " ".join('"' + word.replace('"', '""') + '"*' for word in words.split())
        return records.c.id.in_(
            text("select rowid from record_words where record_words match :asked").bindparams(
                asked=asked
            )
        )
    asked = " & ".join(_lexeme(word) + ":*" for word in words.split())
    return text(f"{PG_WORDS} @@ to_tsquery('simple', :asked)").bindparams(asked=asked)


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def values(conn: Connection, column: str) -> list[tuple[Any, int]]:
    """Values of source or year with how many records hold each, most frequent first."""
    query = select(records.c[column], func.count()).group_by(records.c[column])
    return [(value, n) for value, n in conn.execute(query.order_by(func.count().desc()))]


def add_batch(conn: Connection, at: datetime, who: str, **columns: Any) -> int:
    """Opens a batch and gives its number; counts may be filled by close_batch in the same
    transaction."""
    row = {"at": to_text(at), "who": who, "via": "databases", **columns}
    done = conn.execute(insert(batches), row)
    return int(done.inserted_primary_key[0])  # type: ignore[index]


def close_batch(conn: Connection, batch: int, **counts: int | str | None) -> None:
    """Fills the counts of a batch in the transaction that made it."""
    conn.execute(batches.update().where(batches.c.id == batch).values(**counts))


def batch_rows(conn: Connection) -> list[dict[str, Any]]:
    """All imports and harvests, newest first, as plain rows."""
    rows = conn.execute(select(batches).order_by(batches.c.id.desc()))
    return [dict(row._mapping) for row in rows]


def batch_of_file(conn: Connection, sha256: str) -> dict[str, Any] | None:
    """The batch that first brought this very file; None if it never came."""
    query = select(batches).where(batches.c.sha256 == sha256).order_by(batches.c.id)
    row = conn.execute(query).first()
    return dict(row._mapping) if row else None


def add_rejected(conn: Connection, batch: int, given: Sequence[Rejected]) -> None:
    """Keeps the entries of a batch that could not be read."""
    if given:
        rows = [
            {"batch": batch, "number": r.number, "reason": r.reason, "raw": r.raw} for r in given
        ]
        conn.execute(insert(rejected), rows)


def newest_moment(conn: Connection, wanted: Iterable[int]) -> str | None:
    """When the newest of some records came (text)."""
    last = max(wanted, default=None)  # numbers rise with arrival
    query = select(records.c.at).where(records.c.id == last)
    return conn.execute(query).scalar()


def add_edit(
    conn: Connection, record: int, column: str, value: str | None, who: str, at: datetime
) -> None:
    """Adds a value the source was silent about, such as an abstract; the record stays as it was."""
    row = {"record": record, "field": column, "value": value, "who": who, "at": to_text(at)}
    conn.execute(insert(edits), row)


def edits_of(conn: Connection, record: int) -> dict[str, str | None]:
    """The newest added values of a record, by field."""
    query = select(edits.c.field, edits.c.value).where(edits.c.record == record)
    return dict(tuple(row) for row in conn.execute(query.order_by(edits.c.id)))


def edit_rows(conn: Connection, record: int) -> list[tuple[str, str | None, str, str]]:
    """All added values of a record: field, value, who, moment (text); oldest first."""
    query = select(edits.c.field, edits.c.value, edits.c.who, edits.c.at)
    rows = conn.execute(query.where(edits.c.record == record).order_by(edits.c.id))
    return [tuple(row) for row in rows]


def arrivals_of(
    conn: Connection, wanted: Sequence[int]
) -> list[tuple[int, str, str, str, str | None, str]]:
    """Each arrival of some records: record, moment, who, source, file or window, kind of batch."""
    first = select(records.c.id.label("record"), records.c.batch)
    again = select(sightings.c.record, sightings.c.batch)
    both = first.union_all(again).subquery()
    b = batches.c
    query = select(both.c.record, b.at, b.who, b.source, b.name, b.kind)
    query = query.join(batches, b.id == both.c.batch).where(both.c.record.in_(wanted))
    return [tuple(row) for row in conn.execute(query.order_by(b.id, both.c.record))]


def numbers_until(conn: Connection, until: datetime) -> set[int]:
    """Numbers of the records that were here at a moment (inclusive)."""
    query = select(records.c.id).where(records.c.at <= to_text(until))
    return set(conn.execute(query).scalars())


def edits_by_record(conn: Connection, column: str) -> dict[int, str]:
    """Record -> the newest value added by hand to a field, for all records that have one."""
    query = select(edits.c.record, edits.c.value).where(edits.c.field == column)
    rows = {record: value for record, value in conn.execute(query.order_by(edits.c.id))}
    return {record: value for record, value in rows.items() if value}
