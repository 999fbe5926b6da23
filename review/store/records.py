"""Records: added once, found by number, key, identifier, words or page."""

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
    true,
)

from review.errors import StoreError
from review.identifiers import list_doi_spellings
from review.models import (
    Record,
    StoredRecord,
    UnreadableEntry,
    fingerprint_record,
    record_from_dict,
    serialize_record,
)
from review.store import import_undos
from review.store.bulk import insert_rows
from review.store.tables.review import batches, edits, records, rejected, sightings
from review.store.timestamps import format_timestamp
from review.text.characters import replace_unstorable

CHUNK = 500
"""Rows per statement; below SQLite's limit on variables."""
PG_TEXT_VECTOR = (
    "to_tsvector('simple', coalesce(records.title, '') || ' ' || coalesce(records.authors, '')"
    " || ' ' || coalesce(records.data::json ->> 'abstract', ''))"
)
"""Search text of a record on PostgreSQL; on SQLite it is in the table record_words."""


@dataclass(frozen=True, slots=True)
class InsertResult:
    """Result of adding a batch of records."""

    new: tuple[int, ...]
    """Numbers of the new records."""
    known: tuple[int, ...]
    """Numbers of records already in the review, in the order of the batch."""
    revived: tuple[int, ...] = ()
    """Those of the new ones that an undone import had brought before."""


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """A record as shown in lists."""

    id: int
    key: str
    source: str
    title: str | None
    authors: str | None
    year: int | None
    journal: str | None
    doi: str | None


def format_record_key(number: int) -> str:
    """The record number shown to users: R000001."""
    return f"R{number:06d}"


def parse_record_key(key: str) -> int:
    """The number of a key; R000001, r1 and 1 are equal. Raises StoreError if not a key."""
    digits = key.strip().lstrip("Rr")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 15 or int(digits) == 0:
        raise StoreError(f"{key!r} is not a record number; record numbers look like R000001.")
    return int(digits)


def add_records(
    conn: Connection,
    batch: int,
    batch_records: Sequence[tuple[int, Record]],
    at: datetime,
    *,
    raw: str | None = None,
) -> InsertResult:
    """Add new records; for those already in the review, record a sighting.

    Args:
        batch: the import or harvest.
        given: position in the file or response, and the record.
        raw: SHA-256 of the saved raw response that contains them.
    """
    batch_records = [(number, replace_unstorable(record)) for number, record in batch_records]
    contents = [serialize_record(record) for _, record in batch_records]
    digests = [digest for _, digest in contents]
    known = _find_known(conn, digests)
    hidden = import_undos.list_hidden_records(conn)
    new_records: dict[str, tuple[int, Record]] = {}
    text_by_digest = {digest: text for text, digest in contents}
    known_entries: list[tuple[str, int]] = []
    for digest, (number, record) in zip(digests, batch_records, strict=True):
        if digest in known or digest in new_records:
            known_entries.append((digest, number))
        else:
            new_records[digest] = (number, record)
    shared = {"at": format_timestamp(at), "batch": batch, "raw": raw}
    rows = [
        {
            **shared,
            "number": number,
            "fingerprint": digest,
            **_to_columns(record),
            "data": text_by_digest[digest],
        }
        for digest, (number, record) in new_records.items()
    ]
    last_number = conn.execute(select(func.max(records.c.id))).scalar() or 0
    insert_rows(conn, records, rows)
    new_numbers = _list_added(conn, batch, last_number)
    _index_words(
        conn, [(new_numbers[digest], record) for digest, (_, record) in new_records.items()]
    )
    numbers_by_digest = {**known, **new_numbers}
    sighting_rows = [
        {"record": numbers_by_digest[digest], "batch": batch, "number": n}
        for digest, n in known_entries
    ]
    insert_rows(conn, sightings, sighting_rows)
    known_numbers = [numbers_by_digest[digest] for digest, _ in known_entries]
    revived = tuple(dict.fromkeys(number for number in known_numbers if number in hidden))
    for number in revived:  # each counts once as new, and as known where the batch repeats it
        known_numbers.remove(number)
    return InsertResult(
        (*(new_numbers[digest] for digest in new_records), *revived),
        tuple(known_numbers),
        revived,
    )


def _find_known(conn: Connection, digests: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for start in range(0, len(digests), CHUNK):
        chunk = digests[start : start + CHUNK]
        query = select(records.c.fingerprint, records.c.id).where(records.c.fingerprint.in_(chunk))
        known.update((digest, number) for digest, number in conn.execute(query))
    return known


def _list_added(conn: Connection, batch: int, last_number: int) -> dict[str, int]:
    """Digest -> number of the records of a batch that came after a number."""
    query = select(records.c.fingerprint, records.c.id).where(
        records.c.id > last_number, records.c.batch == batch
    )
    return {digest: number for digest, number in conn.execute(query)}


def mark_known(conn: Connection, batch_records: Sequence[Record]) -> list[bool]:
    """For each record whether add_records would know it: it is here, or earlier in the batch."""
    digests = [fingerprint_record(replace_unstorable(record)) for record in batch_records]
    hidden = import_undos.list_hidden_records(conn)
    known = {digest for digest, n in _find_known(conn, digests).items() if n not in hidden}
    flags = []
    for digest in digests:
        flags.append(digest in known)
        known.add(digest)
    return flags


def _to_columns(record: Record) -> dict[str, Any]:
    """The columns that records are looked for by."""
    return {
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
    }


def _index_words(conn: Connection, new_records: Sequence[tuple[int, Record]]) -> None:
    if conn.dialect.name != "sqlite" or not new_records:
        return
    conn.exec_driver_sql(
        "insert into record_words(rowid, title, authors, abstract) values (?, ?, ?, ?)",
        [(i, r.title or "", "; ".join(r.authors), r.abstract or "") for i, r in new_records],
    )


def _to_stored_record(row: Any) -> StoredRecord:
    return StoredRecord(
        row.id, format_record_key(row.id), row.batch, record_from_dict(json.loads(row.data))
    )


def get_record(conn: Connection, number: int) -> StoredRecord:
    """The record with a number, as received. Raises StoreError if there is none, or if the import
    that brought it was undone."""
    query = select(records).where(records.c.id == number, import_undos.is_live(conn))
    row = conn.execute(query).first()
    if row is None:
        raise StoreError(f"There is no record {format_record_key(number)} in this review.")
    return _to_stored_record(row)


def get_records(
    conn: Connection, numbers: Iterable[int], *, include_undone: bool = False
) -> dict[int, StoredRecord]:
    """Records by number; unknown numbers are omitted.

    Args:
        include_undone: also records of undone imports, for the state of a past day.
    """
    live = true() if include_undone else import_undos.is_live(conn)
    unique_numbers = list(dict.fromkeys(numbers))
    records_by_number: dict[int, StoredRecord] = {}
    for start in range(0, len(unique_numbers), CHUNK):
        chunk = unique_numbers[start : start + CHUNK]
        query = select(records).where(records.c.id.in_(chunk), live)
        records_by_number.update({row.id: _to_stored_record(row) for row in conn.execute(query)})
    return records_by_number


def get_titles_and_abstracts(
    conn: Connection, numbers: Iterable[int]
) -> dict[int, tuple[str, str]]:
    """Title and abstract by number, '' where there is none; unknown numbers are omitted. Much
    faster than get_records where a large review is read."""
    unique_numbers = list(dict.fromkeys(numbers))
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(unique_numbers), CHUNK):
        chunk = unique_numbers[start : start + CHUNK]
        query = select(records.c.id, records.c.data)
        query = query.where(records.c.id.in_(chunk), import_undos.is_live(conn))
        for number, data in conn.execute(query):
            record = json.loads(data)
            found[number] = (record.get("title") or "", record.get("abstract") or "")
    return found


def iter_records(
    conn: Connection, *, after: int = 0, include_undone: bool = False
) -> Iterator[StoredRecord]:
    """All records with a number above `after`, in order of arrival; streams.

    Args:
        include_undone: also records of undone imports, for the state of a past day.
    """
    live = true() if include_undone else import_undos.is_live(conn)
    query = select(records.c.id, records.c.batch, records.c.data)
    query = query.where(records.c.id > after, live).order_by(records.c.id)
    result = conn.execute(query, execution_options={"yield_per": 1000})
    for rows in result.partitions():
        yield from map(_to_stored_record, rows)


def iter_titles(conn: Connection) -> Iterator[tuple[int, str]]:
    """Number and title of all records that have one, in order of arrival; streams."""
    query = select(records.c.id, records.c.title).where(
        records.c.title.is_not(None), import_undos.is_live(conn)
    )
    for row in conn.execute(query.order_by(records.c.id), execution_options={"yield_per": 1000}):
        yield row.id, row.title


def count_records(conn: Connection) -> int:
    """Number of records."""
    query = select(func.count()).select_from(records).where(import_undos.is_live(conn))
    return int(conn.execute(query).scalar_one())


def find_by_identifier(conn: Connection, **identifiers: str | None) -> list[int]:
    """Numbers of records with any of doi=, pmid=, pmcid=, arxiv_id= (normal forms); a DOI also in
    its other spelling."""
    conditions = [
        records.c.doi.in_(list_doi_spellings(value)) if name == "doi" else records.c[name] == value
        for name, value in identifiers.items()
        if value
    ]
    if not conditions:
        return []
    query = select(records.c.id).where(or_(*conditions), import_undos.is_live(conn))
    return list(conn.execute(query.order_by(records.c.id)).scalars())


def list_numbers(conn: Connection) -> set[int]:
    """All record numbers."""
    return set(conn.execute(select(records.c.id).where(import_undos.is_live(conn))).scalars())


def get_page(
    conn: Connection,
    *,
    words: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str = "id",
    after: tuple[Any, int] | None = None,
    size: int = 50,
) -> list[RecordSummary]:
    """One page of records, by keyset pagination: page 2,000 takes no longer than page 1.

    Args:
        words: limit to records with all these words in title, authors or abstract.
        filters: column -> value for source, year, batch, doi.
        sort: id, year (newest first) or title.
        after: (sort value, id) of the last row of the previous page.
        size: rows per page.
    """
    query = select(records).where(import_undos.is_live(conn))
    for name, value in (filters or {}).items():
        query = query.where(records.c[name] == value)
    if words and words.strip():
        query = query.where(_match_words(conn, words))
    column = records.c[sort] if sort in ("year", "title") else records.c.id
    if after is not None:
        value, number = after
        next_rows = _filter_after(column, value, number, descending=sort == "year")
        query = query.where(next_rows)
    order = column.desc().nulls_last() if sort == "year" else column.asc().nulls_last()
    rows = conn.execute(query.order_by(order, records.c.id).limit(size))
    return [_to_summary(row) for row in rows]


def list_ordered_numbers(
    conn: Connection,
    *,
    words: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str = "id",
) -> list[int]:
    """Numbers of all records that match, in the order of the list; arguments as for get_page."""
    query = select(records.c.id)
    for name, value in (filters or {}).items():
        query = query.where(records.c[name] == value)
    if words and words.strip():
        query = query.where(_match_words(conn, words))
    column = records.c[sort] if sort in ("year", "title") else records.c.id
    order = column.desc().nulls_last() if sort == "year" else column.asc().nulls_last()
    return list(conn.execute(query.order_by(order, records.c.id)).scalars())


def list_summaries(conn: Connection, numbers: Iterable[int]) -> dict[int, RecordSummary]:
    """Number -> record as shown in lists."""
    wanted = list(numbers)
    summaries: dict[int, RecordSummary] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(records).where(records.c.id.in_(wanted[start : start + CHUNK]))
        summaries |= {row.id: _to_summary(row) for row in conn.execute(query)}
    return summaries


def _to_summary(row: Any) -> RecordSummary:
    return RecordSummary(
        id=row.id,
        key=format_record_key(row.id),
        source=row.source,
        title=row.title,
        authors=row.authors,
        year=row.year,
        journal=row.journal,
        doi=row.doi,
    )


def _filter_after(column: Any, value: Any, number: int, *, descending: bool) -> Any:
    """Condition for rows after a given one in the sort order; empty values come last."""
    if value is None:
        return and_(column.is_(None), records.c.id > number)
    later_values = column < value if descending else column > value
    return or_(later_values, and_(column == value, records.c.id > number), column.is_(None))


def _match_words(conn: Connection, words: str) -> Any:
    if conn.dialect.name == "sqlite":
        match_query = " ".join('"' + word.replace('"', '""') + '"*' for word in words.split())
        return records.c.id.in_(
            text("select rowid from record_words where record_words match :asked").bindparams(
                asked=match_query
            )
        )
    match_query = " & ".join(_quote_lexeme(word) + ":*" for word in words.split())
    return text(f"{PG_TEXT_VECTOR} @@ to_tsquery('simple', :asked)").bindparams(asked=match_query)


def _quote_lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def count_values(conn: Connection, column: str) -> list[tuple[Any, int]]:
    """Values of source or year with their numbers of records, most frequent first."""
    query = select(records.c[column], func.count()).where(import_undos.is_live(conn))
    query = query.group_by(records.c[column])
    return [(value, n) for value, n in conn.execute(query.order_by(func.count().desc()))]


def add_batch(conn: Connection, at: datetime, who: str, **columns: Any) -> int:
    """Open a batch and return its number; close_batch may fill in its counts in the same
    transaction."""
    row = {"at": format_timestamp(at), "who": who, "via": "databases", **columns}
    result = conn.execute(insert(batches), row)
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def close_batch(conn: Connection, batch: int, **counts: int | str | None) -> None:
    """Fill in the counts of a batch, in the transaction that opened it."""
    conn.execute(batches.update().where(batches.c.id == batch).values(**counts))


def list_batches(conn: Connection) -> list[dict[str, Any]]:
    """All imports and harvests, newest first, as plain rows."""
    rows = conn.execute(select(batches).order_by(batches.c.id.desc()))
    return [dict(row._mapping) for row in rows]


def find_file_batch(conn: Connection, sha256: str) -> dict[str, Any] | None:
    """The batch in which this file was first imported; None if it never was, or was undone."""
    undone = import_undos.list_undone_batches(conn)
    query = select(batches).where(batches.c.sha256 == sha256, batches.c.id.not_in(undone))
    query = query.order_by(batches.c.id)
    row = conn.execute(query).first()
    return dict(row._mapping) if row else None


def add_rejected(conn: Connection, batch: int, entries: Sequence[UnreadableEntry]) -> None:
    """Save the unreadable entries of a batch."""
    rows = [
        {"batch": batch, "number": entry.number, "reason": entry.reason, "raw": entry.raw}
        for entry in entries
    ]
    insert_rows(conn, rejected, rows)


def add_edit(
    conn: Connection, record: int, *, column: str, value: str | None, who: str, at: datetime
) -> None:
    """Add a value missing in the source, such as an abstract; the record itself is unchanged."""
    row = {
        "record": record,
        "field": column,
        "value": value,
        "who": who,
        "at": format_timestamp(at),
    }
    conn.execute(insert(edits), row)


def get_edits(conn: Connection, record: int) -> dict[str, str | None]:
    """The newest added values of a record, by field."""
    query = select(edits.c.field, edits.c.value).where(edits.c.record == record)
    return dict(tuple(row) for row in conn.execute(query.order_by(edits.c.id)))


def list_edits(conn: Connection, record: int) -> list[tuple[str, str | None, str, str]]:
    """All added values of a record: field, value, who, timestamp (text); oldest first."""
    query = select(edits.c.field, edits.c.value, edits.c.who, edits.c.at)
    rows = conn.execute(query.where(edits.c.record == record).order_by(edits.c.id))
    return [tuple(row) for row in rows]


def list_batch_entries(
    conn: Connection, record_numbers: Sequence[int]
) -> list[tuple[int, str, str, str, str | None, str]]:
    """Each arrival of some records: record, time, who, source, file or date range, batch kind."""
    new_rows = select(records.c.id.label("record"), records.c.batch)
    known_rows = select(sightings.c.record, sightings.c.batch)
    entries = new_rows.union_all(known_rows).subquery()
    b = batches.c
    query = select(entries.c.record, b.at, b.who, b.source, b.name, b.kind)
    query = query.join(batches, b.id == entries.c.batch).where(
        entries.c.record.in_(record_numbers),
        b.id.not_in(import_undos.list_undone_batches(conn)),
    )
    return [tuple(row) for row in conn.execute(query.order_by(b.id, entries.c.record))]


def list_numbers_until(conn: Connection, until: datetime) -> set[int]:
    """Numbers of the records present at a given time (inclusive)."""
    query = select(records.c.id).where(
        records.c.at <= format_timestamp(until), import_undos.is_live(conn, until)
    )
    return set(conn.execute(query).scalars())


def get_edited_values(conn: Connection, column: str) -> dict[int, str]:
    """Record -> newest value added manually to a field, for all records that have one."""
    query = select(edits.c.record, edits.c.value).where(edits.c.field == column)
    rows = {record: value for record, value in conn.execute(query.order_by(edits.c.id))}
    return {record: value for record, value in rows.items() if value}
