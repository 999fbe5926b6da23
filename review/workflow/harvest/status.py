"""What harvests did, from the store: tallies, rows for the page, windows that are not whole."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.models import Record
from review.sources import TITLES
from review.store import Connection, harvests, raw_answers, records
from review.store.harvests import Harvest
from review.store.timestamps import from_text
from review.workflow.harvest import locking
from review.workflow.harvest.ingest import Tally
from review.workflow.project.project import Project

WHOLE = ("complete", "closed")
"""Verdicts of windows of which nothing is missing."""
NAMED = {"arxiv-oai": "arxiv"}
"""Name a source's records bear where it differs from the source's."""


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
    """complete, incomplete, closed, running, or cut off (it died)."""
    owed: bool
    """Something is missing and no later harvest has made it good."""
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
    return _summed(harvests.pages(conn, harvest))


def _summed(pages: list[dict[str, Any]]) -> Tally:
    found = Tally()
    for page in pages:
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
    told = []
    for one in every:
        if "closes" in one.detail or not _owed(every, one):
            continue
        why = one.note or "it was cut off; the next run goes on from its last whole page"
        told.append(f"{TITLES.get(one.source, one.source)} {one.since} to {one.until}: {why}")
    return tuple(told)


def _owed(every: list[Harvest], one: Harvest) -> bool:
    """Whether a window still lacks something. Of a query given up nothing is owed, and a harvest
    that was to make another one good owes as long as that one does."""
    closes = one.detail.get("closes")
    if one.verdict in WHOLE or any(h.id == closes and h.verdict in WHOLE for h in every):
        return False
    newest = next(h for h in reversed(every) if h.source == one.source and "closes" not in h.detail)
    return (one.query, one.compiled) == (newest.query, newest.compiled)


def overview(project: Project, most: int = 200) -> list[Row]:
    """The newest harvests, newest first."""
    began = locking.since(project)
    with project.store.read() as conn:
        every = harvests.every(conn)
        found = []
        for one in reversed(every[-most:]):
            pages = harvests.pages(conn, one.id)
            newest = pages[-1]["at"] if pages else one.at
            runs = began is not None and max(newest, one.at) >= began and one.verdict is None
            state = one.verdict or ("running" if runs else "cut off")
            found.append(_row(one, pages, state, owed=not runs and _owed(every, one)))
        return found


def said_of_queries(
    project: Project, *, until: datetime | None = None
) -> tuple[tuple[str, str], ...]:
    """Source and what it said of the query in its newest harvest: how it was read, and what of it
    could not be asked or was dropped.

    Args:
        until: as it stood at that moment; now if left out.
    """
    told: list[tuple[str, str]] = []
    with project.store.read() as conn:
        newest = {
            one.source: one
            for one in harvests.every(conn, until=until)
            if "closes" not in one.detail
        }
        for source, one in sorted(newest.items()):
            pages = harvests.pages(conn, one.id)
            then = [page for page in pages if until is None or from_text(page["at"]) <= until]
            told += [(TITLES.get(source, source), note) for note in _said(one, then)]
    return tuple(told)


def _said(one: Harvest, pages: list[dict[str, Any]]) -> list[str]:
    said = list(one.detail.get("could not be asked", ()))
    for page in pages:
        said += [note for note in page["detail"].get("notes", ()) if note not in said]
    return said


def _row(one: Harvest, pages: list[dict[str, Any]], state: str, *, owed: bool) -> Row:
    sums = _summed(pages)
    said = _said(one, pages)
    faults = one.end.get("faults")
    return Row(
        one.id, one.run, one.at, one.who, one.source, f"{one.since} to {one.until}",
        one.detail.get("by", "posted"), one.compiled or one.query, state, owed,
        one.note, sum(sums.announced.values()), sums.received + sums.rejected, sums.new,
        sums.known, sums.rejected, sums.pages, one.end.get("requests"),
        None if faults is None else sum(faults.values()), one.end.get("seconds"), tuple(said),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An entry that a source's search found and the query run here does not, or cannot judge."""

    key: str
    source: str
    id: str
    """As the source calls it."""
    title: str | None
    why: str
    harvest: int
    """The first harvest that met it."""


def disagreements(project: Project) -> list[Disagreement]:
    """Entries a source's search found though the query run here does not hold, or cannot tell.

    The two read differently (a source also searches authors' keywords, or maps words); the records
    are kept all the same.
    """
    first: dict[tuple[str, str], int] = {}
    with project.store.read() as conn:
        for one in harvests.every(conn):
            for page in harvests.pages(conn, one.id):
                for ident in page["detail"].get("disagree", ()):
                    first.setdefault((one.source, ident), one.id)
        asked = [Record(NAMED.get(source, source), source_id=ident) for source, ident in first]
        numbers = harvests.numbers_by_id(conn, asked)
        stored = records.many(conn, numbers.values())
    found = []
    for (source, ident), harvest in first.items():
        one_stored = stored.get(numbers.get((NAMED.get(source, source), ident), 0))
        if one_stored is None:
            continue
        record = one_stored.record
        why = "has no abstract to judge it by" if record.abstract is None else "does not match"
        found.append(Disagreement(one_stored.key, source, ident, record.title, why, harvest))
    return found


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as the source answered it."""

    slice: str
    sha256: str
    path: str
    """Within the review's folder."""
    entries: int


def raw_pages(project: Project, harvest: int) -> list[RawPage]:
    """The kept answers of a harvest, in order."""
    with project.store.read() as conn:
        return [
            RawPage(
                page["slice"], page["raw"],
                raw_answers.path_of(project.folder, page["raw"])
                .relative_to(project.folder).as_posix(),
                page["received"],
            )
            for page in harvests.pages(conn, harvest)
            if page["raw"]
        ]  # fmt: skip


def raw_answer(project: Project, sha256: str) -> bytes:
    """A kept answer as it came. Raises StoreError where it is gone or damaged."""
    return raw_answers.read(project.folder, sha256)
