"""Search exports come in: parsed, counted, added in one transaction; the same file only once."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from review.errors import SourceError
from review.formats import read_file
from review.models import UNSTATED, Parsed, Record, Rejected
from review.protocol import Via
from review.store import Connection, audit_events, identified, records
from review.store.timestamps import now
from review.workflow.project.project import Project
from review.workflow.screening import status

CHUNK = 2_000
"""Records handed to the store at once, within one transaction: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What one import did. announced = parsed + rejected; parsed = new + known."""

    name: str
    source: str
    batch: int | None
    """Number of the import; None where the very same file was here before."""
    announced: int
    """Entries counted in the file without the parser."""
    parsed: int
    new: int
    known: int
    """Entries that were here already, or stand twice in the file."""
    rejected: tuple[Rejected, ...]
    rejected_path: Path | None
    """Where the entries that could not be read were written."""
    named: tuple[tuple[str, int], ...] = ()
    """What the entries count for in the flow diagram, with how many, where they name more than one
    database or none."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Of a file that was here: what it counted for (source, box) and what it counts for now."""


def import_file(
    project: Project,
    path: Path,
    who: str,
    *,
    source: str | None = None,
    via: Via | None = None,
    keep_good: bool = False,
) -> Imported:
    """Adds the records of a search export.

    Args:
        source: name of the database; guessed from the file where None.
        via: the PRISMA box the records are identified in; databases where None. The very same file
            again with another source or box adds nothing and names what is here anew.
        keep_good: add the readable entries of a file that holds unreadable ones.

    Raises:
        SourceError: the file cannot be read, or holds entries that cannot and keep_good is off;
            then nothing is added.
    """
    data = _bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    with project.store.read() as conn:
        before = records.batch_of_file(conn, digest)
    if before is not None:
        with project.store.write() as conn:
            return _here_already(conn, path, before, who, (source, via))
    parsed = read_file(data, source, name=path.name)
    del data  # a large file need not stay in memory while its records are added
    if not keep_good:
        refuse_damaged(path, parsed)
    return _add(project, path, parsed, who, (digest, source, via))


def preview(path: Path, source: str | None = None) -> Parsed:
    """What an import of the file would read, without a review. Raises SourceError."""
    return read_file(path, source)


def refuse_damaged(path: Path, parsed: Parsed) -> None:
    """Raises SourceError if entries cannot be read, or fewer were read than the file holds."""
    if parsed.rejected:
        first = parsed.rejected[0]
        raise SourceError(
            f"{path}: {len(parsed.rejected)} of {_announced(parsed)} records cannot be read "
            f"(record {first.number}: {first.reason}). Nothing was imported. Mend the file, or "
            "import the readable ones with --keep-good."
        )
    if _announced(parsed) != len(parsed.records):
        raise SourceError(
            f"{path}: {len(parsed.records)} records were read, but {_announced(parsed)} were "
            "counted in the file. Nothing was imported. Look at the file, or import what was read "
            "with --keep-good."
        )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened ({error.strerror}).") from error


def _here_already(
    conn: Connection, path: Path, before: Mapping[str, Any], who: str,
    wished: tuple[str | None, Via | None],
) -> Imported:  # fmt: skip
    """The very same file came before: nothing is added, but its source or box may be named anew."""
    n, batch = int(before["parsed"] or 0), int(before["id"])
    was = {name: str(before[name]) for name in ("source", "via")}
    was |= identified.named(conn).get(batch, {})
    fresh = {
        name: value
        for name, value in zip(("source", "via"), wished, strict=True)
        if value is not None and value != was[name]
    }
    if fresh:
        detail = {"file": before["name"], "was": {name: was[name] for name in fresh}, **fresh}
        audit_events.add(conn, identified.NAMED, who, now(), subject=str(batch), detail=detail)
    told = tuple((was[name], value) for name, value in fresh.items())
    return Imported(
        path.name, fresh.get("source", was["source"]), None, n, n, 0, n, (), None, renamed=told
    )


def _positions(parsed: Parsed) -> Iterator[int]:
    """Places of the readable entries in the file: those the unreadable ones leave."""
    taken = {one.number for one in parsed.rejected}
    return (n for n in count(1) if n not in taken)


def _announced(parsed: Parsed) -> int:
    counted = len(parsed.records) + len(parsed.rejected)
    return counted if parsed.announced is None else parsed.announced


def _add(
    project: Project, path: Path, parsed: Parsed, who: str, key: tuple[str, str | None, Via | None]
) -> Imported:
    digest, source, via = key
    name = source or _one_source(parsed.records)
    given = list(zip(_positions(parsed), parsed.records, strict=False))
    at = now()
    with project.store.write() as conn:
        if (before := records.batch_of_file(conn, digest)) is not None:
            return _here_already(conn, path, before, who, (source, via))  # came a moment ago
        batch = records.add_batch(
            conn, at, who, kind="file", source=name, via=via or "databases", name=path.name,
            sha256=digest,
        )  # fmt: skip
        new = known = 0
        for start in range(0, len(given), CHUNK):
            added = records.add(conn, batch, given[start : start + CHUNK], at, raw=digest)
            status.arrive(project, conn, added.new)
            new, known = new + len(added.new), known + len(added.known)
        records.add_rejected(conn, batch, parsed.rejected)
        counts = {
            "announced": _announced(parsed),
            "parsed": len(parsed.records),
            "rejected": len(parsed.rejected),
            "new": new,
            "known": known,
        }
        records.close_batch(conn, batch, **counts)
    left = write_rejected(project, path, parsed.rejected)
    return Imported(
        path.name, name, batch, counts["announced"], counts["parsed"], counts["new"],
        counts["known"], parsed.rejected, left, _named(parsed.records, path.name),
    )  # fmt: skip


def _one_source(found: tuple[Record, ...]) -> str:
    """The source all records of a file name; 'various' where they name several."""
    named = {record.source for record in found}
    return named.pop() if len(named) == 1 else "various"


def _named(found: tuple[Record, ...], file: str) -> tuple[tuple[str, int], ...]:
    """What the records count for in the flow, most frequent first; none where all name one."""
    counts = Counter(identified.source_of(one.source, one.source, file) for one in found)
    plain = len(counts) == 1 and not any(one.source in UNSTATED for one in found)
    return () if plain else tuple(counts.most_common())


def write_rejected(project: Project, path: Path, rejected: tuple[Rejected, ...]) -> Path | None:
    """Writes what could not be read beside the file, or into the review where that is barred."""
    if not rejected:
        return None
    text = "\n".join(f"record {one.number}: {one.reason}\n{one.raw}\n" for one in rejected)
    for folder in (path.parent, project.folder):
        target = folder / f"{path.name}.rejected"
        try:
            target.write_text(text, encoding="utf-8", errors="surrogateescape")
        except OSError:
            continue
        return target
    return None
