"""The report and study of each record, computed from the log of links."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from review.dedupe.columns import FeatureColumns
from review.dedupe.groups import RecordsOrColumns, ReportGroups, compute_groups
from review.errors import FlowError
from review.prisma import format_ids
from review.store import Connection, decisions, links, records
from review.store.records import format_record_key
from review.workflow.project.project import Project
from review.workflow.screening import status

RUN_EVENT = "deduplicated"
"""Kind of the act that a run of deduplication leaves in the log."""


def get_groups_at(conn: Connection, until: datetime | None = None) -> dict[int, tuple[int, int]]:
    """Record -> (report, study), by the links of a point in time.

    Now (None) it is the kept projection; for a past moment it is computed from the links up to it.
    """
    if until is None:
        return links.list_groups(conn)
    numbers = records.list_numbers_until(conn, until)
    all_records = records.iter_records(conn, include_undone=True)
    stored = [record for record in all_records if record.id in numbers]
    return flatten_groups(compute_groups(stored, links.list_links(conn, until=until)))


def check_groups(conn: Connection, all_records: RecordsOrColumns) -> None:
    """Checks that the kept groups are those that the links make.

    Args:
        all_records: every record of the review, or their columns.

    Raises:
        FlowError: they are not; names the records.
    """
    wrong = find_misgrouped(
        links.list_groups(conn),
        flatten_groups(compute_groups(all_records, links.list_links(conn))),
    )
    if wrong:
        raise FlowError(
            "The stored duplicate groups do not match the recorded links: "
            f"{format_ids(map(format_record_key, wrong))}. "
            "Nothing was exported. Run 'review dedupe' to rebuild the groups."
        )


def find_misgrouped(
    stored_groups: Mapping[int, tuple[int, int]], computed_groups: Mapping[int, tuple[int, int]]
) -> list[int]:
    """Records in another group than the links make, a record without one alone."""
    return [
        n for n, group in sorted(computed_groups.items()) if stored_groups.get(n, (n, n)) != group
    ]


def regroup_records(
    project: Project, conn: Connection, columns: FeatureColumns | None = None
) -> ReportGroups:
    """Computes the groups anew from all links and keeps them, and the standings that follow.

    Args:
        columns: all records as deduplication has read them before; read anew where None.
    """
    dedupe_input = list(records.iter_records(conn)) if columns is None else columns
    groups = compute_groups(dedupe_input, links.list_links(conn))
    links.replace_groups(conn, flatten_groups(groups))
    status.rebuild_statuses(project, conn)
    return groups


def regroup_around(project: Project, conn: Connection, touched: Iterable[int]) -> ReportGroups:
    """Computes anew only the groups that some records can be part of, and keeps them.

    Gives the same as regroup: what no link and no identifier joins cannot change a group.
    """
    nearby = links.find_connected_records(conn, touched)
    groups = compute_groups(
        list(records.get_records(conn, nearby).values()), links.list_links_of_records(conn, nearby)
    )
    links.replace_some_groups(conn, flatten_groups(groups))
    decisions.delete_statuses(conn, nearby)
    status.save_statuses(project, conn, status.load_report_decisions(conn, nearby))
    return groups


def flatten_groups(groups: ReportGroups) -> dict[int, tuple[int, int]]:
    """Record -> (report, study)."""
    return {n: (report, groups.study.get(n, report)) for n, report in groups.report.items()}
