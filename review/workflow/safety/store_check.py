"""What the store keeps computed, compared with what its entries make; repaired where it differs.

The entries are what people and sources said, and are never changed. Groups, standings and the
order of a stage follow from them, so a difference is a fault of what is kept, not of anybody's
work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from review.errors import StoreError
from review.store import Connection, audit_events, decisions, integrity, links, records
from review.store import screening_queue as queue
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import status

REPAIR_EVENT = "projection repaired"
RECENT_DECISIONS = 50
"""So many of the newest decisions are looked at when a review is opened."""
MAX_LISTED = 10


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What was found."""

    faults: tuple[str, ...]
    """Entries that are lost or wrong; only a backup brings them back."""
    repaired: tuple[str, ...]
    """What was kept wrongly and has been computed anew."""


@dataclass(frozen=True, slots=True)
class _Differences:
    groups: tuple[int, ...]
    """Records kept in another group than the links make."""
    standings: tuple[tuple[str, int], ...]
    """Stage and report whose stored status differs from the decisions."""
    orders: tuple[str, ...]
    """Stages with two reports in one place."""

    def describe(self) -> tuple[str, ...]:
        """A line a kind."""
        lines = []
        if self.groups:
            lines.append(f"the groups of {_list_keys(self.groups)}")
        stages = dict.fromkeys(stage for stage, _ in self.standings)
        for stage in stages:
            numbers = [number for name, number in self.standings if name == stage]
            lines.append(f"the status of {_list_keys(numbers)} at {stage}")
        lines += [f"the order of {stage}" for stage in self.orders]
        return tuple(lines)


def verify_store(project: Project, who: str) -> StoreCheck:
    """Checks all of a store: its pages, its entries, and everything that is computed from them.

    What is kept wrongly is computed anew, and the repair is noted; where entries are lost nothing
    is written.

    Raises:
        StoreError: the store is damaged.
    """
    require_role(project, who, "manage")
    detail = project.store.check_pages()
    if detail is not None:
        raise StoreError(
            f"The store is damaged ({detail}). Nothing was written. Restore the newest backup into "
            "a new folder: review restore FILE FOLDER"
        )
    with project.store.read() as conn:
        faults = integrity.find_faults(conn)
        differences = _find_differences(follow_plan(project, conn), conn)
    if faults or not differences.describe():
        return StoreCheck(tuple(faults), ())
    return StoreCheck((), _repair(project, who))


def check_at_opening(project: Project, who: str) -> tuple[str, ...]:
    """Quick check: does every report have a status, and do the newest decisions show in it?

    Only where they do not is everything computed and repaired, and only where no entry is lost:
    of that, every export and `review verify --store` tell. Gives what was repaired, or on a
    review that is open for reading only what should be.
    """
    with project.store.read() as conn:
        project = follow_plan(project, conn)
        if _looks_sound(project, conn) or integrity.find_faults(conn):
            return ()
        differences = _find_differences(project, conn).describe()
    if not differences:
        return ()
    return differences if project.store.read_only else _repair(project, who)


def _looks_sound(project: Project, conn: Connection) -> bool:
    if decisions.count_placed_reports(conn) != links.count_reports(conn):
        return False
    after = max(0, decisions.get_last_id(conn) - RECENT_DECISIONS)
    newest = decisions.list_after(conn, after, RECENT_DECISIONS)
    if not newest:
        return True
    report_decisions = status.load_report_decisions(conn, {d.record for d in newest})
    computed = {
        (row["stage"], row["record"]): row for row in status.list_rows(project, report_decisions)
    }
    return decisions.get_status_rows(conn, report_decisions.by_report) == computed


def _compute_groups(conn: Connection) -> dict[int, tuple[int, int]]:
    """Record -> (report, study), from all links. Loads deduplication, which opening does not."""
    from review import dedupe
    from review.workflow.deduplication.groups import flatten_groups

    stored = list(records.iter_records(conn))
    return flatten_groups(dedupe.compute_groups(stored, links.list_links(conn)))


def _find_misgrouped(conn: Connection, groups: dict[int, tuple[int, int]]) -> tuple[int, ...]:
    kept = links.list_groups(conn)
    numbers = {*groups, *kept}
    return tuple(n for n in sorted(numbers) if kept.get(n, (n, n)) != groups.get(n))


def _find_differences(project: Project, conn: Connection) -> _Differences:
    groups = _compute_groups(conn)
    computed = {
        (row["stage"], row["record"]): row for row in status.list_all_rows(project, conn, groups)
    }
    kept = decisions.get_status_rows(conn)
    differing = [key for key in {**computed, **kept} if computed.get(key) != kept.get(key)]
    return _Differences(
        _find_misgrouped(conn, groups),
        tuple(sorted(differing)),
        tuple(s.id for s in project.protocol.stages if _is_order_broken(conn, s.id)),
    )


def _is_order_broken(conn: Connection, stage: str) -> bool:
    places = [position.position for position in queue.list_positions(conn, stage)]
    return len(places) != len(set(places))


def _repair(project: Project, who: str) -> tuple[str, ...]:
    """Computes anew what differs, in one step with its note."""
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        differences = _find_differences(project, conn)  # as it is now that nobody else writes
        lines = differences.describe()
        if not lines:
            return ()
        if differences.groups:
            links.replace_groups(conn, _compute_groups(conn))
        status.rebuild_statuses(project, conn)
        for stage in differences.orders:
            positions = [
                replace(position, position=place)
                for place, position in enumerate(queue.list_positions(conn, stage))
            ]
            seed = project.protocol.ranking.seed
            queue.write_order(conn, stage, positions, utc_now(), model="random", seed=seed)
        audit_events.add_event(conn, REPAIR_EVENT, who, utc_now(), detail={"what": list(lines)})
    return lines


def _list_keys(numbers: Sequence[int]) -> str:
    shown = ", ".join(format_record_key(number) for number in numbers[:MAX_LISTED])
    more = len(numbers) - MAX_LISTED
    return shown + (f" and {more:,} more" if more > 0 else "")


def format_repair(lines: Sequence[str], *, read_only: bool = False) -> list[str]:
    """What was repaired, in sentences."""
    if read_only:
        return [
            f"Stored incorrectly, and not corrected on a read-only review: {line}."
            for line in lines
        ]
    return [f"Stored incorrectly and recomputed: {line}. No decision was lost." for line in lines]
