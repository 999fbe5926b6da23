"""Which report and study each record belongs to: computed from the log of links, never typed."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from review import dedupe
from review.errors import FlowError
from review.models import StoredRecord
from review.prisma import named
from review.store import Connection, decisions, links, records
from review.store.records import key_of
from review.workflow.project.project import Project
from review.workflow.screening import status


def groups_at(conn: Connection, until: datetime | None = None) -> dict[int, tuple[int, int]]:
    """Record -> (report, study), as the links said at a moment.

    Now (None) it is the kept projection; for a past moment it is computed from the links up to it.
    """
    if until is None:
        return links.all_groups(conn)
    there = records.numbers_until(conn, until)
    stored = [one for one in records.every(conn) if one.id in there]
    return flat(dedupe.groups(stored, links.every(conn, until=until)))


def hold_groups(conn: Connection, stored: Iterable[StoredRecord]) -> None:
    """Checks that the kept groups are those that the links make.

    Args:
        stored: every record of the review.

    Raises:
        FlowError: they are not; names the records.
    """
    given = list(stored)
    wrong = apart(links.all_groups(conn), flat(dedupe.groups(given, links.every(conn))))
    if wrong:
        raise FlowError(
            f"The kept groups are not those that the links make: {named(map(key_of, wrong))}. "
            "Nothing is drawn; 'review dedupe' computes them anew."
        )


def apart(kept: Mapping[int, tuple[int, int]], made: Mapping[int, tuple[int, int]]) -> list[int]:
    """Records that stand in another group than the links make, a record without one alone."""
    return [n for n, place in sorted(made.items()) if kept.get(n, (n, n)) != place]


def regroup(
    project: Project, conn: Connection, columns: dedupe.Columns | None = None
) -> dedupe.Groups:
    """Computes the groups anew from all links and keeps them, and the standings that follow.

    Args:
        columns: all records as deduplication has read them before; read anew where None.
    """
    given = list(records.every(conn)) if columns is None else columns
    found = dedupe.groups(given, links.every(conn))
    links.put_groups(conn, flat(found))
    status.rebuild(project, conn)
    return found


def regroup_around(project: Project, conn: Connection, touched: Iterable[int]) -> dedupe.Groups:
    """Computes anew only the groups that some records can be part of, and keeps them.

    Gives the same as regroup: what no link and no identifier joins cannot change a group.
    """
    near = links.around(conn, touched)
    found = dedupe.groups(list(records.many(conn, near).values()), links.of_records(conn, near))
    links.put_some_groups(conn, flat(found))
    decisions.drop_standings(conn, near)
    status.keep(project, conn, status.family(conn, near))
    return found


def flat(found: dedupe.Groups) -> dict[int, tuple[int, int]]:
    """Record -> (report, study)."""
    return {n: (report, found.study.get(n, report)) for n, report in found.report.items()}
