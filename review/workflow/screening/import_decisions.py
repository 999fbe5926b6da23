"""A file of decisions comes in: lines matched to records, checked, added whole or not at all."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from review.errors import ReviewError, SourceError
from review.formats.tabular.decisions import DecisionRow, Given, read_decisions
from review.models import (
    Decision,
    Record,
    Rejected,
    normal_arxiv,
    normal_doi,
    normal_pmcid,
    normal_pmid,
    plain,
)
from review.store import Connection, decisions, links, records
from review.store.records import key_of, number_of
from review.store.timestamps import now
from review.workflow.project.project import Project
from review.workflow.records.imports import write_rejected
from review.workflow.screening.decisions import Wanted, add, stage_named


@dataclass(frozen=True, slots=True)
class Entered:
    """What a file of decisions did."""

    name: str
    kind: str
    """funnel, rayyan, covidence or asreview."""
    batch: int | None
    """Number of the batch; None where nothing was added."""
    added: int
    unchanged: int
    """Decisions that stood already as the file has them."""
    undecided: int
    """Lines that name a record without a verdict."""
    rejected: tuple[Rejected, ...]
    rejected_path: Path | None


@dataclass(frozen=True, slots=True)
class _Index:
    """Finds the record a line means."""

    groups: Mapping[int, tuple[int, int]]
    titles: Mapping[str, Sequence[tuple[int, int | None]]]
    """Folded title -> record number and year."""


def import_decisions(
    project: Project,
    path: Path,
    who: str,
    *,
    given: Given | None = None,
    names: Mapping[str, str] | None = None,
    keep_good: bool = False,
) -> Entered:
    """Adds the decisions of a file in one transaction.

    Args:
        given: stage, reviewer and verdict where the file is silent; the first stage if none is.
        names: the file's names of people -> the team's, where they differ.
        keep_good: enter the good lines of a file that holds bad ones.

    Raises:
        SourceError: the file cannot be read; or lines are bad and keep_good is off: then nothing
            is added and the message names the first of them.
    """
    found = read_decisions(path, given)
    rejected = list(found.rejected)
    at = now()
    with project.store.write() as conn:
        wanted = _matched(project, conn, found.rows, names or {}, rejected)
        fresh = _ordered(project, _changed(conn, wanted))
        batch = _batch(conn, path, who, at, found.kind) if fresh else None
        added = _enter(project, conn, fresh, (at, who, batch), rejected)
        if rejected and not keep_good:
            raise _refusal(path, rejected)
        if batch is not None:
            counts = {"announced": len(found.rows), "parsed": added, "rejected": len(rejected)}
            records.close_batch(conn, batch, **counts)
    rejected.sort(key=lambda one: one.number)
    left = write_rejected(project, path, tuple(rejected))
    return Entered(
        path.name, found.kind, batch, added, len(wanted) - len(fresh), len(found.undecided),
        tuple(rejected), left,
    )  # fmt: skip


def _refusal(path: Path, rejected: list[Rejected]) -> SourceError:
    first = min(rejected, key=lambda one: one.number)
    return SourceError(
        f"{path}: {len(rejected)} of its decisions cannot be entered ({first.reason}). Nothing was "
        "added. Mend the file, or enter the good ones with --keep-good."
    )


def _bad(row: DecisionRow, why: str) -> Rejected:
    named = row.key or (row.entry.title or row.entry.doi if row.entry else None)
    raw = f"{named} | {row.stage} | {row.reviewer} | {row.verdict} | {row.reason or ''}"
    return Rejected(row.line, f"line {row.line}: {why}", raw)


def _batch(conn: Connection, path: Path, who: str, at: datetime, kind: str) -> int:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return records.add_batch(
        conn, at, who, kind="decisions", source=kind, name=path.name, sha256=digest
    )


def _titles(
    conn: Connection, rows: Sequence[DecisionRow]
) -> dict[str, list[tuple[int, int | None]]]:
    """Titles of all records, read only when some line may need them."""
    found: dict[str, list[tuple[int, int | None]]] = {}
    if any(row.key is None for row in rows):
        for one in records.every(conn):
            title = plain(one.record.title)
            if title:
                found.setdefault(title, []).append((one.id, one.record.year))
    return found


def _matched(
    project: Project,
    conn: Connection,
    rows: Sequence[DecisionRow],
    names: Mapping[str, str],
    rejected: list[Rejected],
) -> list[tuple[DecisionRow, Wanted]]:
    """The lines whose record and stage are found; the others go to rejected."""
    index = _Index(links.all_groups(conn), _titles(conn, rows))
    first = project.protocol.stages[0].id
    found = []
    for row in rows:
        who = names.get(row.reviewer or "", row.reviewer)
        try:
            stage = stage_named(project.protocol, row.stage or first).id
        except ReviewError as error:
            rejected.append(_bad(row, str(error)))
            continue
        one = _wanted(conn, index, dataclasses.replace(row, stage=stage, reviewer=who))
        if isinstance(one, str):
            rejected.append(_bad(row, one))
        else:
            found.append((row, one))
    return found


def _wanted(conn: Connection, index: _Index, row: DecisionRow) -> Wanted | str:
    """The decision with its record found, or why there is none."""
    numbers = _by_key(conn, row.key) if row.key else _by_entry(conn, index, row.entry)
    if isinstance(numbers, str):
        return numbers
    if row.key and not numbers:
        return f"no record {row.key!r} in this review"
    if not numbers:
        return "no record of this review has its DOI, PMID or title"
    reports = {index.groups.get(n, (n, n))[0] for n in numbers}
    if len(reports) > 1:
        keys = ", ".join(key_of(n) for n in sorted(numbers)[:5])
        return f"several records match ({keys}): name one by its key"
    return Wanted(
        numbers[0], row.stage or "", row.reviewer or "", row.verdict, row.reason, row.note, row.role
    )


def _by_key(conn: Connection, key: str) -> list[int] | str:
    """Records by our key or by an identifier; bare digits could be either, so they are refused."""
    text = key.strip()
    if text[:1] in "Rr" and text[1:].isdecimal():
        number = number_of(text)
        return [number] if number in records.many(conn, [number]) else []
    if text.isdecimal():
        return f"{text!r} may be a key or a PMID: write R{int(text):06d} or pmid:{text}"
    doi = normal_doi(text)
    pmid = normal_pmid(text) if text.lower().startswith("pmid") else None
    return records.by_identifier(
        conn,
        doi=doi,
        pmid=pmid,
        pmcid=normal_pmcid(text) if doi is None else None,
        arxiv_id=normal_arxiv(text),
    )


def _by_entry(conn: Connection, index: _Index, entry: Record | None) -> list[int]:
    """Records by DOI, PMID, PMCID or arXiv id, else by title and, where both tell it, year."""
    if entry is None:
        return []
    found = records.by_identifier(
        conn, doi=entry.doi, pmid=entry.pmid, pmcid=entry.pmcid, arxiv_id=entry.arxiv_id
    )
    if found:
        return found
    same = index.titles.get(plain(entry.title), ()) if entry.title else ()
    return [n for n, year in same if None in (year, entry.year) or year == entry.year]


def _changed(
    conn: Connection, wanted: list[tuple[DecisionRow, Wanted]]
) -> list[tuple[DecisionRow, Wanted]]:
    """The decisions that differ from what the reviewer's newest one says already."""
    newest: dict[tuple[int, str, str, str], Decision | Wanted] = {}
    for made in decisions.every(conn, records={w.record for _, w in wanted}):
        newest[(made.record, made.stage, made.reviewer, made.role)] = made
    fresh = []
    for row, one in wanted:
        key = (one.record, one.stage, one.reviewer, one.role)
        old = newest.get(key)
        if _says(old) != _says(one):
            fresh.append((row, one))
            newest[key] = one
    return fresh


def _says(one: Decision | Wanted | None) -> tuple[str | None, str | None, str | None]:
    """What a decision says; no decision says the same as a withdrawn one."""
    if one is None or one.verdict is None:
        return None, None, None
    return one.verdict, one.reason or None, one.note or None


def _ordered(
    project: Project, wanted: list[tuple[DecisionRow, Wanted]]
) -> list[tuple[DecisionRow, Wanted]]:
    """Earlier stages first, reviewers before adjudicators: so that each finds its record there."""
    place = {name: i for i, s in enumerate(project.protocol.stages) for name in (s.id, s.kind)}

    def order(pair: tuple[DecisionRow, Wanted]) -> tuple[int, bool]:
        return place.get(pair[1].stage, 0), pair[1].role == "adjudicator"

    return sorted(wanted, key=order)


def _enter(
    project: Project,
    conn: Connection,
    wanted: list[tuple[DecisionRow, Wanted]],
    key: tuple[datetime, str, int | None],
    rejected: list[Rejected],
) -> int:
    """Adds what can be added and gives its number; a part that is refused is halved until the bad
    lines stand alone."""
    if not wanted:
        return 0
    at, who, batch = key
    try:
        add(project, conn, [one for _, one in wanted], at, who=who, batch=batch)
    except ReviewError as error:
        if len(wanted) == 1:
            rejected.append(_bad(wanted[0][0], str(error)))
            return 0
        half = len(wanted) // 2
        return _enter(project, conn, wanted[:half], key, rejected) + _enter(
            project, conn, wanted[half:], key, rejected
        )
    return len(wanted)
