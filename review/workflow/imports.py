"""Search exports come in: parsed, counted, added in one transaction; the same file only once."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from review.errors import SourceError
from review.protocol import Via
from review.records import Parsed, Record, Rejected
from review.sources.files import read_file
from review.store import records
from review.store.moments import now
from review.workflow.project import Project


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
        n = int(before["parsed"] or 0)
        return Imported(path.name, before["source"], None, n, n, 0, n, (), None)
    parsed = read_file(path, source)
    if parsed.rejected and not keep_good:
        first = parsed.rejected[0]
        raise SourceError(
            f"{path}: {len(parsed.rejected)} of {_announced(parsed)} records cannot be read "
            f"(record {first.number}: {first.reason}). Nothing was imported. Mend the file, or "
            "import the readable ones with --keep-good."
        )
    return _add(project, path, parsed, who, (digest, source, via))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened ({error.strerror}).") from error


def _announced(parsed: Parsed) -> int:
    counted = len(parsed.records) + len(parsed.rejected)
    return counted if parsed.announced is None else parsed.announced


def _add(
    project: Project, path: Path, parsed: Parsed, who: str, key: tuple[str, str | None, Via]
) -> Imported:
    digest, source, via = key
    name = source or _common_source(parsed.records)
    given = list(enumerate(parsed.records, 1))
    at = now()
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, at, who, kind="file", source=name, via=via, name=path.name, sha256=digest
        )
        added = records.add(conn, batch, given, at)
        records.add_rejected(conn, batch, parsed.rejected)
        counts = {
            "announced": _announced(parsed),
            "parsed": len(parsed.records),
            "rejected": len(parsed.rejected),
            "new": len(added.new),
            "known": len(added.known),
        }
        records.close_batch(conn, batch, **counts)
    left = _write_rejected(project, path, parsed.rejected)
    return Imported(
        path.name, name, batch, counts["announced"], counts["parsed"], counts["new"],
        counts["known"], parsed.rejected, left,
    )  # fmt: skip


def _common_source(found: tuple[Record, ...]) -> str:
    names = [record.source for record in found]
    return max(set(names), key=names.count) if names else "file"


def _write_rejected(project: Project, path: Path, rejected: tuple[Rejected, ...]) -> Path | None:
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
