"""What rules and people said of pairs of records, and the groups computed from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select

from review.models import Link, Relation
from review.store.tables import groups, links, records, relations
from review.store.timestamps import from_text, to_text

CHUNK = 500


def add(conn: Connection, given: Sequence[Link], *, engine: str | None = None) -> None:
    """Adds links; `engine` names the version of the rules. Expects a < b in each."""
    rows = [
        {
            "at": to_text(one.at),
            "who": one.who,
            "a": one.a,
            "b": one.b,
            "verdict": one.verdict,
            "rule": one.rule,
            "score": one.score,
            "engine": engine,
            "note": one.note,
        }
        for one in given
    ]
    for start in range(0, len(rows), CHUNK):
        conn.execute(insert(links), rows[start : start + CHUNK])


def last(conn: Connection) -> int:
    """The number of the newest link; 0 where there is none."""
    return int(conn.execute(select(func.max(links.c.id))).scalar() or 0)


def every(conn: Connection, *, until: datetime | None = None) -> list[Link]:
    """All links in order of arrival, up to a moment (inclusive) where given."""
    query = select(links).order_by(links.c.id)
    if until is not None:
        query = query.where(links.c.at <= to_text(until))
    return [
        Link(r.a, r.b, r.verdict, r.rule, r.who, from_text(r.at), r.score, r.note)
        for r in conn.execute(query)
    ]


def stated_later(conn: Connection) -> dict[int, list[Relation]]:
    """Record -> what registries said of it after it had come, with the date it was said, or read
    where the registry gave none; in order of arrival."""
    found: dict[int, list[Relation]] = {}
    for row in conn.execute(select(relations).order_by(relations.c.id)):
        one = Relation(row.kind, row.target, row.said_by, row.said_at or row.at[:10])
        found.setdefault(row.record, []).append(one)
    return found


def read_on(conn: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Record -> the ISO date on which it came."""
    wanted = list(dict.fromkeys(numbers))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(records.c.id, records.c.at)
        rows = conn.execute(query.where(records.c.id.in_(wanted[start : start + CHUNK])))
        found.update((number, at[:10]) for number, at in rows)
    return found


def put_groups(conn: Connection, rows: Mapping[int, tuple[int, int]]) -> None:
    """Writes the report and the study each record belongs to, in place of all before."""
    conn.execute(delete(groups))
    flat = [{"record": n, "report": report, "study": study} for n, (report, study) in rows.items()]
    for start in range(0, len(flat), CHUNK):
        conn.execute(insert(groups), flat[start : start + CHUNK])


def all_groups(conn: Connection) -> dict[int, tuple[int, int]]:
    """Record -> (report, study), from the projection; records without a row stand alone."""
    query = select(groups.c.record, groups.c.report, groups.c.study)
    return {number: (report, study) for number, report, study in conn.execute(query)}


def members(conn: Connection, reports: Iterable[int]) -> dict[int, list[int]]:
    """Report -> the records that make it up, itself included, in order of arrival."""
    wanted = list(dict.fromkeys(reports))
    found: dict[int, list[int]] = {number: [] for number in wanted}
    for start in range(0, len(wanted), CHUNK):
        query = select(groups.c.report, groups.c.record).where(
            groups.c.report.in_(wanted[start : start + CHUNK])
        )
        for report, number in conn.execute(query.order_by(groups.c.record)):
            found[report].append(number)
    return {report: numbers or [report] for report, numbers in found.items()}


def of_records(conn: Connection, numbers: Iterable[int]) -> list[Link]:
    """Links that touch any of these records, in order of arrival."""
    wanted = list(dict.fromkeys(numbers))
    rows: dict[int, Link] = {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        query = select(links).where(or_(links.c.a.in_(part), links.c.b.in_(part)))
        for r in conn.execute(query):
            rows[r.id] = Link(r.a, r.b, r.verdict, r.rule, r.who, from_text(r.at), r.score, r.note)
    return [rows[number] for number in sorted(rows)]


def around(conn: Connection, numbers: Iterable[int]) -> set[int]:
    """These records and all that links or an equal DOI or PMID join to them, step by step.

    Doubtful links join nothing, so they are not followed.
    """
    found: set[int] = set()
    fresh = set(numbers)
    while fresh:
        found |= fresh
        part = list(fresh)[:CHUNK]
        fresh -= set(part)
        query = select(links.c.a, links.c.b).where(
            or_(links.c.a.in_(part), links.c.b.in_(part)), links.c.verdict != "maybe"
        )
        fresh |= {n for pair in conn.execute(query) for n in pair}
        for column in (records.c.doi, records.c.pmid):
            equal = select(column).where(records.c.id.in_(part), column.is_not(None))
            fresh |= set(conn.execute(select(records.c.id).where(column.in_(equal))).scalars())
        fresh -= found
    return found


def put_some_groups(conn: Connection, rows: Mapping[int, tuple[int, int]]) -> None:
    """Writes the report and the study of some records, in place of theirs before."""
    numbers = list(rows)
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        conn.execute(delete(groups).where(groups.c.record.in_(part)))
        conn.execute(
            insert(groups), [{"record": n, "report": rows[n][0], "study": rows[n][1]} for n in part]
        )


def group_of(conn: Connection, number: int) -> dict[int, tuple[int, int]]:
    """Record -> (report, study) for every record of the study this one belongs to."""
    study = select(groups.c.study).where(groups.c.record == number).scalar_subquery()
    query = select(groups.c.record, groups.c.report, groups.c.study).where(groups.c.study == study)
    return {n: (report, one) for n, report, one in conn.execute(query.order_by(groups.c.record))}


def groups_of(conn: Connection, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Record -> (report, study) for some records and all others of the same reports.

    Numbers that are no records are left out; a record without a group stands alone.
    """
    wanted = list(dict.fromkeys(numbers))
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        real = conn.execute(select(records.c.id).where(records.c.id.in_(part))).scalars()
        found.update((n, (n, n)) for n in real)
        reports = select(groups.c.report).where(groups.c.record.in_(part))
        query = select(groups.c.record, groups.c.report, groups.c.study)
        for n, report, study in conn.execute(query.where(groups.c.report.in_(reports))):
            found[n] = (report, study)
    return found
