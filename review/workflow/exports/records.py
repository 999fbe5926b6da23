"""The review's records go out as files that reference managers and our own import read."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from review import dedupe
from review.errors import FlowError, ReviewError
from review.formats.export import WRITERS
from review.models import Record, StoredRecord
from review.store import records
from review.workflow.deduplication.groups import groups_at
from review.workflow.exports import folder, snapshot
from review.workflow.exports import prisma_inputs as flows
from review.workflow.project.project import Project
from review.workflow.screening import blinding
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import stage_named


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
    reader: str | None = None
    """Who asks. To a reviewer, what is not settled is 'open', whoever has judged it and how."""
    as_of: str | None = None
    """The state at the end of a past day (ISO); now where None."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file of records, and where every record of the review went."""

    data: bytes
    n: int
    """Records in the file."""
    left: Mapping[str, int]
    """Why records are not in the file -> how many."""

    def sums(self, name: str) -> str:
        """The line that shows records in equal records out."""
        parts = [f"{self.n:,} in {name}", *(f"{n:,} {why}" for why, n in self.left.items())]
        return f"{self.n + sum(self.left.values()):,} records = {' + '.join(parts)}"


def written(project: Project, form: str, wish: Wish | None = None) -> Written:
    """The records in one format, counted again in the file.

    Raises:
        FlowError: the store lost entries, or the file holds another number than went in.
        ReviewError: no such format or stage, a status without a stage, or no such day.
    """
    wish = wish or Wish()
    if form not in WRITERS:
        raise ReviewError(f"There is no record format {form!r}; there are {', '.join(WRITERS)}.")
    if wish.status and not wish.stage:
        raise ReviewError("A status is a standing at a stage: name the stage too.")
    chosen, said, left = _chosen(project, wish)
    data = WRITERS[form](chosen, said)
    if (found := _entries(form, data)) != len(chosen):
        raise FlowError(
            f"The {form} file holds {found} records, {len(chosen)} went in: nothing was written."
        )
    return Written(data, len(chosen), left)


def _entries(form: str, data: bytes) -> int:
    """How many records a file holds, read anew."""
    if form == "ris":
        return sum(line.startswith(b"ER  -") for line in data.splitlines())
    if form == "bibtex":
        return sum(line.startswith(b"@") for line in data.split(b"\n"))
    if form == "json":
        return len(json.loads(data))
    if form == "csv":
        return sum(1 for _ in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) - 1
    import openpyxl

    [sheet] = openpyxl.load_workbook(io.BytesIO(data), read_only=True).worksheets
    return sum(1 for _ in sheet.iter_rows()) - 1


def _chosen(
    project: Project, wish: Wish
) -> tuple[list[Record], list[dict[str, str]], dict[str, int]]:
    """The records that go out, what is said of each, and why others stay."""
    with project.store.read() as conn:
        flows.hold_store(conn)
        project, until = snapshot.in_force(project, conn, wish.as_of)
        groups = groups_at(conn, until)
        found = standings.compute(project, conn, until=until, groups=groups)
        there = records.numbers_until(conn, until) if until else None
        every: Sequence[StoredRecord] = list(records.every(conn))
        reader = blinding.reader(project, conn, wish.reader)
    stage = stage_named(project.protocol, wish.stage).id if wish.stage else None
    stored = [one for one in every if there is None or one.id in there]
    told = _told(found, reader)
    if wish.status:
        _refuse_peeping(wish.status, reader)
    whole = _merged(stored, groups) if wish.unique else {}
    chosen: list[Record] = []
    said: list[dict[str, str]] = []
    left: Counter[str] = Counter()
    for one in stored:
        report = groups.get(one.id, (one.id, one.id))[0]
        here = told[stage].get(report) if stage else None
        if wish.unique and report != one.id:
            left["duplicates left out"] += 1
        elif stage and here is None:
            left[f"that did not reach {stage}"] += 1
        elif wish.status and here and here[0] != wish.status:
            left[f"not {wish.status} at {stage}"] += 1
        else:
            chosen.append(whole.get(one.id, one.record))
            if wish.decisions:
                said.append(_said(told, one, report, groups))
    return chosen, said, dict(left)


def _merged(
    stored: Sequence[StoredRecord], groups: dict[int, tuple[int, int]]
) -> dict[int, Record]:
    """Report -> its records as one, for reports of several records."""
    members: dict[int, list[StoredRecord]] = {}
    for one in stored:
        members.setdefault(groups.get(one.id, (one.id, one.id))[0], []).append(one)
    return {report: dedupe.merge(some).record for report, some in members.items() if len(some) > 1}


Told = dict[str, dict[int, tuple[str, str | None]]]
"""Stage id -> report -> status and reason, as the reader may know them."""


def _told(found: standings.Standings, reader: blinding.Reader | None) -> Told:
    told: Told = {}
    for stage, here in found.items():
        for report, one in here.items():
            status = blinding.status_for(reader, stage, report, one)
            reason = one.reason if status == one.status else None
            told.setdefault(stage, {})[report] = (status, reason)
        told.setdefault(stage, {})
    return told


def _refuse_peeping(status: str, reader: blinding.Reader | None) -> None:
    known = (
        *blinding.SETTLED,
        blinding.OPEN,
        *(("conflict",) if reader and reader.adjudicates else ()),
    )
    if reader is not None and status not in known:
        raise ReviewError(
            f"{reader.name} reviews here and stays blind: what is not settled is {blinding.OPEN!r} "
            f"to reviewers, so ask for the status {blinding.OPEN!r}."
        )


def _said(
    found: Told,
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
            status, reason = here[report]
            said[stage] = status
            if reason:
                said[f"{stage} reason"] = reason
    return said


def save(project: Project, form: str, path: Path, wish: Wish | None = None) -> Written:
    """Writes the file, whole or not at all.

    Raises:
        ReviewError: as written, or the file cannot be written.
    """
    made = written(project, form, wish)
    folder.write({path.name: made.data}, path.parent)
    return made
