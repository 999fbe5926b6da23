"""Links between records, by rules and people, and the groups computed from them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select

from review.identifiers import list_doi_spellings
from review.models import Link, Relation
from review.store import import_undos
from review.store.bulk import insert_rows
from review.store.tables.review import decisions, groups, links, records, relations
from review.store.timestamps import format_timestamp, parse_timestamp

CHUNK = 500


def add_links(conn: Connection, new_links: Sequence[Link], *, engine: str | None = None) -> None:
    """Add links; `engine` names the version of the rules. Expects a < b in each."""
    rows = [
        {
            "at": format_timestamp(link.at),
            "who": link.who,
            "a": link.a,
            "b": link.b,
            "verdict": link.verdict,
            "rule": link.rule,
            "score": link.score,
            "engine": engine,
            "note": link.note,
        }
        for link in new_links
    ]
    insert_rows(conn, links, rows)


def get_last_id(conn: Connection) -> int:
    """The number of the newest link; 0 if there is none."""
    return int(conn.execute(select(func.max(links.c.id))).scalar() or 0)


def list_links(conn: Connection, *, until: datetime | None = None) -> list[Link]:
    """All links in order of entry, optionally up to a given time (inclusive); those with a record
    of an undone import left out."""
    hidden = import_undos.list_hidden_records(conn, until)
    query = select(links).order_by(links.c.id)
    if until is not None:
        query = query.where(links.c.at <= format_timestamp(until))
    return [
        Link(
            a=r.a,
            b=r.b,
            verdict=r.verdict,
            rule=r.rule,
            who=r.who,
            at=parse_timestamp(r.at),
            score=r.score,
            note=r.note,
        )
        for r in conn.execute(query)
        if r.a not in hidden and r.b not in hidden
    ]


def list_later_relations(conn: Connection) -> dict[int, list[Relation]]:
    """Record -> relations stated by registries after it was added, with the date of the statement
    (or of retrieval if the registry gave none), in order of entry."""
    relations_by_record: dict[int, list[Relation]] = {}
    for row in conn.execute(select(relations).order_by(relations.c.id)):
        relation = Relation(row.kind, row.target, row.said_by, row.said_at or row.at[:10])
        relations_by_record.setdefault(row.record, []).append(relation)
    return relations_by_record


def get_arrival_dates(conn: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Record -> ISO date on which it was added."""
    unique_numbers = list(dict.fromkeys(numbers))
    dates: dict[int, str] = {}
    for start in range(0, len(unique_numbers), CHUNK):
        query = select(records.c.id, records.c.at)
        rows = conn.execute(query.where(records.c.id.in_(unique_numbers[start : start + CHUNK])))
        dates.update((number, at[:10]) for number, at in rows)
    return dates


def replace_groups(conn: Connection, rows: Mapping[int, tuple[int, int]]) -> None:
    """Replace the report and study of all records."""
    conn.execute(delete(groups))
    group_rows = [
        {"record": n, "report": report, "study": study} for n, (report, study) in rows.items()
    ]
    insert_rows(conn, groups, group_rows)


def list_groups(conn: Connection) -> dict[int, tuple[int, int]]:
    """Record -> (report, study), from the projection; records without a row are their own group."""
    query = select(groups.c.record, groups.c.report, groups.c.study)
    return {number: (report, study) for number, report, study in conn.execute(query)}


def count_reports(conn: Connection) -> int:
    """How many reports the records make, by the kept groups; a record without a group is one."""
    in_groups = select(func.count()).select_from(groups).scalar_subquery()
    of_groups = select(func.count(func.distinct(groups.c.report))).scalar_subquery()
    live = import_undos.is_live(conn)
    all_records = select(func.count()).select_from(records).where(live).scalar_subquery()
    return int(conn.execute(select(all_records - in_groups + of_groups)).scalar_one())


def list_members(conn: Connection, reports: Iterable[int]) -> dict[int, list[int]]:
    """Report -> its records, including itself, in order of arrival."""
    unique_reports = list(dict.fromkeys(reports))
    records_by_report: dict[int, list[int]] = {number: [] for number in unique_reports}
    for start in range(0, len(unique_reports), CHUNK):
        query = select(groups.c.report, groups.c.record).where(
            groups.c.report.in_(unique_reports[start : start + CHUNK])
        )
        for report, number in conn.execute(query.order_by(groups.c.record)):
            records_by_report[report].append(number)
    return {report: numbers or [report] for report, numbers in records_by_report.items()}


def list_links_of_records(conn: Connection, numbers: Iterable[int]) -> list[Link]:
    """Links that involve any of these records, in order of entry."""
    unique_numbers = list(dict.fromkeys(numbers))
    links_by_id: dict[int, Link] = {}
    for start in range(0, len(unique_numbers), CHUNK):
        chunk = unique_numbers[start : start + CHUNK]
        query = select(links).where(or_(links.c.a.in_(chunk), links.c.b.in_(chunk)))
        for r in conn.execute(query):
            links_by_id[r.id] = Link(
                a=r.a,
                b=r.b,
                verdict=r.verdict,
                rule=r.rule,
                who=r.who,
                at=parse_timestamp(r.at),
                score=r.score,
                note=r.note,
            )
    return [links_by_id[number] for number in sorted(links_by_id)]


def find_connected_records(conn: Connection, numbers: Iterable[int]) -> set[int]:
    """These records and all others connected to them by links or an equal DOI or PMID.

    Possible duplicates are not merged, so those links are not followed.
    """
    live = import_undos.is_live(conn)
    connected: set[int] = set()
    frontier = set(numbers)
    while frontier:
        connected |= frontier
        chunk = list(frontier)[:CHUNK]
        frontier -= set(chunk)
        query = select(links.c.a, links.c.b).where(
            or_(links.c.a.in_(chunk), links.c.b.in_(chunk)), links.c.verdict != "maybe"
        )
        frontier |= {n for pair in conn.execute(query) for n in pair}
        for column in (records.c.doi, records.c.pmid):
            ids = select(column).where(records.c.id.in_(chunk), column.is_not(None)).distinct()
            equal_ids = set(conn.execute(ids).scalars())
            if column is records.c.doi:
                equal_ids = {other for doi in equal_ids for other in list_doi_spellings(doi)}
            equal = select(records.c.id).where(column.in_(sorted(equal_ids)), live)
            frontier |= set(conn.execute(equal).scalars())
        frontier -= connected
    return connected


def list_joined_judged_records(conn: Connection, reports: Iterable[int] | None = None) -> list[int]:
    """Records with decisions, for reports with decisions on more than one record.

    Args:
        reports: limit to these reports; None for all.
    """
    judged = select(groups.c.report, decisions.c.record).distinct()
    judged = judged.join(groups, groups.c.record == decisions.c.record)
    of_several = select(groups.c.report).group_by(groups.c.report).having(func.count() > 1)
    judged = judged.where(groups.c.report.in_(of_several))
    if reports is not None:
        judged = judged.where(groups.c.report.in_(list(reports)))
    pairs = judged.subquery()
    counts = select(pairs.c.report).group_by(pairs.c.report).having(func.count() > 1)
    query = select(pairs.c.record).where(pairs.c.report.in_(counts))
    return sorted(conn.execute(query).scalars())


def replace_some_groups(conn: Connection, rows: Mapping[int, tuple[int, int]]) -> None:
    """Replace the report and study of some records."""
    numbers = list(rows)
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        conn.execute(delete(groups).where(groups.c.record.in_(chunk)))
        group_rows = [{"record": n, "report": rows[n][0], "study": rows[n][1]} for n in chunk]
        insert_rows(conn, groups, group_rows)


def get_study_groups(conn: Connection, number: int) -> dict[int, tuple[int, int]]:
    """Record -> (report, study) for every record of the study this one belongs to."""
    study = select(groups.c.study).where(groups.c.record == number).scalar_subquery()
    query = select(groups.c.record, groups.c.report, groups.c.study).where(groups.c.study == study)
    return {
        n: (report, study_number)
        for n, report, study_number in conn.execute(query.order_by(groups.c.record))
    }


def get_report_groups(conn: Connection, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Record -> (report, study) for some records and all others of the same reports.

    Unknown numbers are omitted; a record without a group is its own group.
    """
    live = import_undos.is_live(conn)
    unique_numbers = list(dict.fromkeys(numbers))
    groups_by_record: dict[int, tuple[int, int]] = {}
    for start in range(0, len(unique_numbers), CHUNK):
        chunk = unique_numbers[start : start + CHUNK]
        known = select(records.c.id).where(records.c.id.in_(chunk), live)
        known_numbers = conn.execute(known).scalars()
        groups_by_record.update((n, (n, n)) for n in known_numbers)
        reports = select(groups.c.report).where(groups.c.record.in_(chunk))
        query = select(groups.c.record, groups.c.report, groups.c.study)
        for n, report, study in conn.execute(query.where(groups.c.report.in_(reports))):
            groups_by_record[n] = (report, study)
    return groups_by_record
