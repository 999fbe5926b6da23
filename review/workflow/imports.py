"""Search exports come in: parsed, counted, added in one transaction; the same file only once."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from review.errors import SourceError
from review.protocol import Via
from review.records import Parsed, Record, Rejected
from review.sources.files import read_file
from review.store import records
from review.store.moments import now
from review.workflow import standings
from review.workflow.project import Project

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
    """Databases the entries themselves name, with how many, where they name more than one."""


def import_file(
    project: Project,
    path: Path,
    who: str,
    *,
    source: str | None = None,
    via: Via = "databases",
    keep_good: bool = False,
) -> Imported:
    """Adds the records of a search export.

    Args:
        source: name of the database; guessed from the file where None.
        via: the PRISMA box the records are identified in.
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
        return _here_already(path, before)
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


def _here_already(path: Path, before: Mapping[str, Any]) -> Imported:
    n = int(before["parsed"] or 0)
    return Imported(path.name, before["source"], None, n, n, 0, n, (), None)


def _positions(parsed: Parsed) -> Iterator[int]:
    """Places of the readable entries in the file: those the unreadable ones leave."""
    taken = {one.number for one in parsed.rejected}
    return (n for n in count(1) if n not in taken)


def _announced(parsed: Parsed) -> int:
    counted = len(parsed.records) + len(parsed.rejected)
    return counted if parsed.announced is None else parsed.announced


def _add(
    project: Project, path: Path, parsed: Parsed, who: str, key: tuple[str, str | None, Via]
) -> Imported:
    digest, source, via = key
    name = source or _common_source(parsed.records)
    given = list(zip(_positions(parsed), parsed.records, strict=False))
    at = now()
    with project.store.write() as conn:
        if (before := records.batch_of_file(conn, digest)) is not None:
            return _here_already(path, before)  # somebody imported it a moment ago
        batch = records.add_batch(
            conn, at, who, kind="file", source=name, via=via, name=path.name, sha256=digest
        )
        new = known = 0
        for start in range(0, len(given), CHUNK):
            added = records.add(conn, batch, given[start : start + CHUNK], at, raw=digest)
            standings.arrive(project, conn, added.new)
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
        counts["known"], parsed.rejected, left, _named(parsed.records),
    )  # fmt: skip


def _common_source(found: tuple[Record, ...]) -> str:
    """The source most of a file's records name; 'various' for a mixed library without one."""
    named = Counter(record.source for record in found).most_common(1)
    return named[0][0] if named and named[0][1] * 2 > len(found) else "various"


def _named(found: tuple[Record, ...]) -> tuple[tuple[str, int], ...]:
    """The databases records name, most frequent first; none where they all name the same."""
    counts = Counter(record.source for record in found).most_common()
    return tuple(counts) if len(counts) > 1 else ()


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
