"""The review's records go out as files that reference managers and our own import read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from review import dedupe
from review.errors import ReviewError
from review.exports import WRITERS
from review.records import Record, StoredRecord
from review.store import links, records
from review.workflow import standings
from review.workflow.decisions import stage_named
from review.workflow.project import Project


@dataclass(frozen=True, slots=True)
class Wish:
    """Which records go out, and with what beside them."""

    stage: str | None = None
    """Only reports that have reached this stage."""
    status: str | None = None
    """Only reports with this standing at the stage: included, excluded, conflict, ..."""
    unique: bool = False
    """One record a report instead of all its duplicates: their merged view."""
    decisions: bool = True
    """Put key, standing and exclusion reason beside each record."""


def written(project: Project, form: str, wish: Wish | None = None) -> tuple[bytes, int]:
    """The file's content and how many records it holds.

    Raises:
        ReviewError: no such format or stage, or a status without a stage.
    """
    wish = wish or Wish()
    if form not in WRITERS:
        raise ReviewError(f"There is no record format {form!r}; there are {', '.join(WRITERS)}.")
    if wish.status and not wish.stage:
        raise ReviewError("A status is a standing at a stage: name the stage too.")
    chosen, said = _chosen(project, wish)
    return WRITERS[form](chosen, said), len(chosen)


def _chosen(project: Project, wish: Wish) -> tuple[list[Record], list[dict[str, str]]]:
    stage = stage_named(project.protocol, wish.stage).id if wish.stage else None
    with project.store.read() as conn:
        groups = links.all_groups(conn)
        found = standings.compute(project, conn)
        stored: Sequence[StoredRecord] = list(records.every(conn))
    whole = _merged(stored, groups) if wish.unique else {}
    chosen: list[Record] = []
    said: list[dict[str, str]] = []
    for one in stored:
        report = groups.get(one.id, (one.id, one.id))[0]
        if wish.unique and report != one.id:
            continue
        here = found[stage].get(report) if stage else None
        if stage and (here is None or (wish.status and here.status != wish.status)):
            continue
        chosen.append(whole.get(one.id, one.record))
        if wish.decisions:
            said.append(_said(found, one, report, groups))
    return chosen, said


def _merged(
    stored: Sequence[StoredRecord], groups: dict[int, tuple[int, int]]
) -> dict[int, Record]:
    """Report -> its records as one, for reports of several records."""
    members: dict[int, list[StoredRecord]] = {}
    for one in stored:
        members.setdefault(groups.get(one.id, (one.id, one.id))[0], []).append(one)
    return {report: dedupe.merge(some).record for report, some in members.items() if len(some) > 1}


def _said(
    found: standings.Standings,
    one: StoredRecord,
    report: int,
    groups: dict[int, tuple[int, int]],
) -> dict[str, str]:
    """Key, key of the report it duplicates, and status and reason at each stage it has reached."""
    said = {"key": one.key}
    if report != one.id:
        said["duplicate of"] = records.key_of(report)
    study = groups.get(one.id, (one.id, one.id))[1]
    if study != report:
        said["study"] = records.key_of(study)
    for stage, here in found.items():
        if report in here and report == one.id:
            said[stage] = here[report].status
            if here[report].reason:
                said[f"{stage} reason"] = here[report].reason or ""
    return said


def save(project: Project, form: str, path: Path, wish: Wish | None = None) -> int:
    """Writes the file, whole or not at all; gives the number of records.

    Raises:
        ReviewError: as written, or the file cannot be written.
    """
    data, n = written(project, form, wish)
    scratch = path.with_name(f".{path.name}.part")
    try:
        scratch.write_bytes(data)
        scratch.replace(path)
    except OSError as error:
        raise ReviewError(f"{path}: cannot be written ({error.strerror}).") from error
    return n
