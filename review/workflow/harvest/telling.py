"""What harvests did, from the store: tallies, rows for the page, windows that are not whole."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.sources import TITLES
from review.store import Connection, harvests, raw
from review.store.harvests import Harvest
from review.workflow.harvest.taking import Tally
from review.workflow.project import Project


@dataclass(frozen=True, slots=True)
class Row:
    """One harvest as the Harvests page shows it."""

    id: int
    run: str
    at: str
    who: str
    source: str
    window: str
    by: str
    """posted, entered or changed."""
    query: str
    """As the source was asked."""
    state: str
    """complete, incomplete, closed, or cut off (running, or died)."""
    note: str | None
    announced: int
    received: int
    new: int
    known: int
    rejected: int
    pages: int
    requests: int | None
    faults: int | None
    seconds: float | None
    said: tuple[str, ...]
    """What the source could not be asked, and what it said of the query and its counts."""


def tally(conn: Connection, harvest: int) -> Tally:
    """What a harvest has so far, summed from its pages."""
    found = Tally()
    for page in harvests.pages(conn, harvest):
        detail = page["detail"]
        found.pages += 1
        found.received += page["parsed"]
        found.new += page["new"]
        found.known += page["known"]
        found.rejected += page["rejected"]
        found.unmatched += detail.get("unmatched", 0)
        found.disagree += len(detail.get("disagree", ()))
        if page["announced"] is not None:
            found.announced[page["slice"]] = page["announced"]
        if detail.get("short"):
            days = re.findall(r"\d{4}-\d\d-\d\d", page["slice"])
            found.short.append((days[0], days[1]))
            found.why.append(detail["short"])
    return found


def open_windows(project: Project, *, until: datetime | None = None) -> tuple[str, ...]:
    """The windows that are not whole, one sentence each; for the notes of the flow diagram.

    Args:
        until: as it stood at that moment; now if left out.
    """
    with project.store.read() as conn:
        every = harvests.every(conn, until=until)
    found = [one for one in every if "closes" not in one.detail]
    told = []
    for one in found:
        if one.verdict in ("complete", "closed"):
            continue
        if one.query != _newest_query(found, one.source):
            continue
        why = one.note or "it was cut off; the next run goes on from its last whole page"
        told.append(f"{TITLES.get(one.source, one.source)} {one.since} to {one.until}: {why}")
    return tuple(told)


def _newest_query(found: list[Harvest], source: str) -> str:
    """The query a source was last asked; windows of a query given up are no longer owed."""
    return [one.query for one in found if one.source == source][-1]


def overview(project: Project, most: int = 200) -> list[Row]:
    """The newest harvests, newest first."""
    with project.store.read() as conn:
        found = harvests.every(conn)[-most:]
        return [_row(conn, one) for one in reversed(found)]


def _row(conn: Connection, one: Harvest) -> Row:
    sums = tally(conn, one.id)
    said = list(one.detail.get("could not be asked", ()))
    for page in harvests.pages(conn, one.id):
        said += [note for note in page["detail"].get("notes", ()) if note not in said]
    faults = one.end.get("faults")
    return Row(
        one.id, one.run, one.at, one.who, one.source, f"{one.since} to {one.until}",
        one.detail.get("by", "posted"), one.compiled or one.query, one.verdict or "cut off",
        one.note, sum(sums.announced.values()), sums.received + sums.rejected, sums.new,
        sums.known, sums.rejected, sums.pages, one.end.get("requests"),
        None if faults is None else sum(faults.values()), one.end.get("seconds"), tuple(said),
    )  # fmt: skip


def disagreements(project: Project) -> list[dict[str, Any]]:
    """Entries a source's search found though the query run here does not hold, or cannot tell.

    The two read differently (a source also searches authors' keywords, or maps words); the records
    are kept all the same.
    """
    found = []
    with project.store.read() as conn:
        for one in harvests.every(conn):
            for page in harvests.pages(conn, one.id):
                for ident in page["detail"].get("disagree", ()):
                    found.append({"source": one.source, "id": ident, "harvest": one.id})
    return found


def raw_files(project: Project, harvest: int) -> list[tuple[str, str]]:
    """Slice and raw file of each page of a harvest; paths within the review's folder."""
    with project.store.read() as conn:
        return [
            (
                page["slice"],
                raw.path_of(project.folder, page["raw"]).relative_to(project.folder).as_posix(),
            )
            for page in harvests.pages(conn, harvest)
            if page["raw"]
        ]
