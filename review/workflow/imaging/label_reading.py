"""Reading the labels of an image set in the review: two readers, blind until both are done.

A reader sees only their own marks. Figures, agreement and the other reader's marks are shown to
everybody once both readers have marked every image; then an adjudicator settles what differs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.errors import ReviewError
from review.imaging.audit import (
    DEFAULT_SAMPLE,
    VERDICTS,
    AuditMark,
    Claim,
    LabelAudit,
    ReaderComparison,
    WrongEstimate,
    audit_label,
    compare_readers,
    draw_sample,
    estimate_wrong_labels,
    merge_readers,
)
from review.protocol.models import Protocol
from review.store import Connection
from review.store import image_audits as stored_audits
from review.store import image_sets as stored_sets
from review.store.timestamps import utc_now
from review.workflow.imaging.outcome import format_share
from review.workflow.imaging.registered_sets import get_set, get_set_by_id, list_rows
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRequest:
    """A sample to draw."""

    image_set: str
    label: str
    readers: tuple[str, ...]
    n: int = DEFAULT_SAMPLE
    seed: int = 0
    definition: str | None = None
    claim: float | None = None
    """0 to 1."""
    claim_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReading:
    """A sample of one label with its readers."""

    id: int
    set_id: int
    set_name: str
    dataset: str | None
    label: str
    definition: str | None
    seed: int
    images: int
    """Of the set, with the label."""
    claim: Claim | None
    readers: tuple[str, ...]
    drawn: tuple[tuple[int, str], ...]
    """Number and path of each image, in the order of the sheets."""

    @property
    def paths(self) -> dict[int, str]:
        """Number to path."""
        return dict(self.drawn)


@dataclass(frozen=True, slots=True)
class ReadingProgress:
    """How far the readers are; nothing of what they said."""

    marked: Mapping[str, int]
    drawn: int

    @property
    def finished(self) -> bool:
        """Whether every reader has marked every image."""
        return all(count == self.drawn for count in self.marked.values())


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """What the marks amount to once the readers are done."""

    by_reader: Mapping[str, LabelAudit]
    final: LabelAudit
    """Of the consensus, or of the only reader."""
    final_marks: tuple[AuditMark, ...]
    comparison: ReaderComparison | None
    open_images: tuple[int, ...]
    """Images an adjudicator has yet to settle."""
    estimate: WrongEstimate | None


def list_open_audits(conn: Connection) -> set[int]:
    """Numbers of the audits that not every reader has finished."""
    names = set()
    for row in stored_audits.list_audits(conn):
        newest: dict[tuple[str, int], str | None] = {}
        for mark in stored_audits.list_readings(conn, row["id"]):
            newest[mark["who"], mark["image"]] = mark["verdict"]
        drawn = [number for number, _ in stored_audits.list_drawn_images(conn, row["id"])]
        if any(
            newest.get((reader, number)) is None for reader in row["readers"] for number in drawn
        ):
            names.add(row["id"])
    return names


def list_blind_audits(conn: Connection, name: str | None) -> set[int]:
    """Audits whose readings by others are hidden from a person; none from who keeps the machine."""
    return set() if name is None else list_open_audits(conn)


def is_hidden_reading(event: Mapping[str, Any], blind_audits: set[int], name: str | None) -> bool:
    """Whether an entry of the log is another's reading of images in an audit that is not done."""
    return (
        event["event"] == "image_readings"
        and event["audit"] in blind_audits
        and event["who"] != name
    )


def draw_reading(project: Project, request: ReadingRequest, who: str) -> int:
    """Draws a sample of a label for one or two readers, and gives its number.

    Raises:
        ReviewError: an unknown set, label or reader, or a claim without its source.
    """
    require_role(project, who, "manage")
    _check_readers(project.protocol, request.readers)
    if request.claim is not None and not request.claim_source:
        raise ReviewError("a claimed figure needs its source, such as 'Wang 2017, table 18'")
    if request.claim is not None and not 0 <= request.claim <= 1:
        raise ReviewError("a claimed PPV is between 0 and 100 %")
    image_set = get_set(project, request.image_set)
    rows = list_rows(project, image_set)
    with project.store.read() as conn:
        faults = {
            row["path"] for row in stored_sets.list_images(conn, image_set.id) if row["fault"]
        }
    readable = {path: row for path, row in rows.items() if path not in faults}
    sample = draw_sample(readable, request.label, n=request.n, seed=request.seed)
    values = {
        "image_set": image_set.id,
        "label": request.label,
        "definition": request.definition or None,
        "asked": request.n,
        "seed": request.seed,
        "images": sample.images,
        "patients": sample.patients,
        "claim": request.claim,
        "claim_source": request.claim_source or None,
    }
    with project.store.write() as conn:
        numbers = stored_sets.get_image_numbers(conn, image_set.id)
        drawn = [numbers[path] for path in sample.paths]
        return stored_audits.add_audit(
            conn, who, utc_now(), values, drawn=drawn, readers=request.readers
        )


def list_readings(project: Project) -> list[LabelReading]:
    """All samples of the review, the newest first."""
    with project.store.read() as conn:
        rows = stored_audits.list_audits(conn)
        drawn = {row["id"]: stored_audits.list_drawn_images(conn, row["id"]) for row in rows}
    return [_build_reading(project, row, drawn[row["id"]]) for row in reversed(rows)]


def get_reading(project: Project, number: int) -> LabelReading:
    """One sample. Raises ReviewError for an unknown number."""
    for reading in list_readings(project):
        if reading.id == number:
            return reading
    raise ReviewError(f"the review has no label audit number {number}")


def get_own_marks(project: Project, reading: LabelReading, who: str) -> dict[int, AuditMark]:
    """Image to what a person said of it, as reader or adjudicator."""
    with project.store.read() as conn:
        return _collect_marks(reading, stored_audits.list_readings(conn, reading.id, who=who))


def get_own_strata(project: Project, reading: LabelReading, who: str) -> dict[int, frozenset[str]]:
    """Image to the strata a person noted, also on images they have not judged yet."""
    with project.store.read() as conn:
        rows = stored_audits.list_readings(conn, reading.id, who=who)
    return {row["image"]: frozenset(row["strata"]) for row in rows}


def get_progress(project: Project, reading: LabelReading) -> ReadingProgress:
    """How many images each reader has marked."""
    with project.store.read() as conn:
        return _measure_progress(conn, reading)


def save_marks(
    project: Project, reading: LabelReading, who: str, marks: Mapping[int, Mapping[str, Any]]
) -> None:
    """Keeps what a person said of images: verdict (None takes it back), strata, note.

    A reader marks while the reading is open; when both are done, marks are settled, and only an
    adjudicator who is no reader adds one, on images the readers differ on.

    Raises:
        ReviewError: not a reader or adjudicator, an unknown image or verdict, or the reading is
            closed.
    """
    role = _require_part(project, reading, who)
    if not marks:
        return
    for image, mark in marks.items():
        if image not in reading.paths:
            raise ReviewError(f"image number {image} was not drawn for this audit")
        if mark["verdict"] not in (None, *VERDICTS):
            raise ReviewError(f"{mark['verdict']!r} is not a verdict; use {', '.join(VERDICTS)}")
    with project.store.write() as conn:
        finished = _measure_progress(conn, reading).finished
        if role == "reader" and finished:
            raise ReviewError(
                "all readers have finished this audit, so marks can no longer be changed"
            )
        if role == "adjudicator":
            if not finished:
                raise ReviewError("an adjudicator marks images after both readers have finished")
            differing = set(_list_disagreements(conn, reading))
            if not set(marks) <= differing:
                raise ReviewError("an adjudicator marks only images on which the readers differ")
        rows = [{"image": image, **mark} for image, mark in marks.items()]
        stored_audits.add_readings(conn, reading.id, who=who, role=role, at=utc_now(), rows=rows)


def _require_part(project: Project, reading: LabelReading, who: str) -> str:
    """The person's part in a reading, 'reader' or 'adjudicator'. Raises ReviewError without it."""
    role = "reader" if who in reading.readers else "adjudicator"
    require_role(project, who, "contribute" if role == "reader" else "adjudicate")
    return role


def undo_marks(project: Project, reading: LabelReading, who: str) -> int:
    """Takes a person's newest step back, and gives how many images it concerned.

    Repeated undos go further back: a row that an undo wrote is not a step in itself.

    Raises:
        ReviewError: the person may neither read nor adjudicate, or the reading is closed.
    """
    _require_part(project, reading, who)
    with project.store.write() as conn:
        if who in reading.readers and _measure_progress(conn, reading).finished:
            raise ReviewError(
                "all readers have finished this audit, so marks can no longer be changed"
            )
        history: dict[int, list[dict[str, Any]]] = {}
        for row in stored_audits.list_readings(conn, reading.id, who=who):
            steps = history.setdefault(row["image"], [])
            if row["note"] == UNDO_NOTE:
                if steps:
                    steps.pop()
            else:
                steps.append(row)
        newest = max((steps[-1] for steps in history.values() if steps), key=_get_id, default=None)
        if newest is None:
            return 0
        role = newest["role"]
        rows = []
        for image, steps in history.items():
            if steps and steps[-1]["at"] == newest["at"]:
                before = steps[-2] if len(steps) > 1 else {"verdict": None, "strata": []}
                rows.append(
                    {
                        "image": image,
                        "verdict": before["verdict"],
                        "strata": before["strata"],
                        "note": UNDO_NOTE,
                    }
                )
        stored_audits.add_readings(conn, reading.id, who=who, role=role, at=utc_now(), rows=rows)
    return len(rows)


UNDO_NOTE = "(undo)"
"""Stands in the note of a row that takes a step back."""


def _get_id(row: Mapping[str, Any]) -> int:
    return int(row["id"])


def get_result(
    project: Project, reading: LabelReading, *, until: datetime | None = None
) -> ReadingResult | None:
    """The figures, now or at a point in time; None until every reader has marked every image."""
    with project.store.read() as conn:
        if not _measure_progress(conn, reading, until).finished:
            return None
        rows = stored_audits.list_readings(conn, reading.id, until=until)
    marks = {
        reader: tuple(
            _collect_marks(reading, [row for row in rows if row["who"] == reader]).values()
        )
        for reader in reading.readers
    }
    comparison: ReaderComparison | None = None
    open_images: tuple[int, ...] = ()
    final_marks = marks[reading.readers[0]]
    if len(reading.readers) == 2:
        first, second = (marks[reader] for reader in reading.readers)
        settled = _collect_marks(
            reading, [row for row in rows if row["role"] == "adjudicator"], reader="adjudicator"
        )
        comparison = compare_readers(first, second)
        final_marks, open_paths = merge_readers(first, second, tuple(settled.values()))
        numbers = {path: number for number, path in reading.drawn}
        open_images = tuple(numbers[path] for path in open_paths)
    final = audit_label(reading.label, final_marks, claim=reading.claim)
    estimate = None
    if final.counts.judged:
        _, estimate = estimate_wrong_labels([final], {reading.label: reading.images})
    return ReadingResult(
        by_reader={
            reader: audit_label(reading.label, held, claim=reading.claim)
            for reader, held in marks.items()
        },
        final=final,
        final_marks=final_marks,
        comparison=comparison,
        open_images=open_images,
        estimate=estimate,
    )


def describe_result(reading: LabelReading, result: ReadingResult) -> str:
    """The finding as one sentence, for the studies that used the data set."""
    strict = result.final.ppv_strict
    claim = ""
    if reading.claim is not None:
        claim = f"; {100 * reading.claim.value:.1f} % was claimed for it ({reading.claim.source})"
    readers = "two readers" if len(reading.readers) == 2 else "one reader"
    return (
        f"Of {strict.n:,} images labelled {reading.label} that {readers} could judge, "
        f"{strict.count:,} truly show it: PPV {format_share(strict.value, strict.low, strict.high)}"
        f"{claim}."
    )


def _check_readers(protocol: Protocol, readers: Sequence[str]) -> None:
    team = [member.name for member in protocol.team]
    if not 1 <= len(readers) <= 2 or len(set(readers)) < len(readers):
        raise ReviewError("choose one reader or two different ones")
    for reader in readers:
        if reader not in team:
            raise ReviewError(f"{reader!r} is not on this review's team ({', '.join(team)})")


def _measure_progress(
    conn: Connection, reading: LabelReading, until: datetime | None = None
) -> ReadingProgress:
    rows = stored_audits.list_readings(conn, reading.id, until=until)
    return ReadingProgress(
        {
            reader: len(_collect_marks(reading, [row for row in rows if row["who"] == reader]))
            for reader in reading.readers
        },
        len(reading.drawn),
    )


def _list_disagreements(conn: Connection, reading: LabelReading) -> list[int]:
    rows = stored_audits.list_readings(conn, reading.id)
    first, second = (
        _collect_marks(reading, [row for row in rows if row["who"] == reader])
        for reader in (reading.readers[0], reading.readers[-1])
    )
    return [image for image in first if first[image].verdict != second[image].verdict]


def _collect_marks(
    reading: LabelReading, rows: Sequence[Mapping[str, Any]], *, reader: str | None = None
) -> dict[int, AuditMark]:
    """The newest mark of each image, in the order of the sheets; those taken back are left out."""
    newest = {row["image"]: row for row in rows}
    return {
        image: AuditMark(
            path=path,
            reader=reader or row["who"],
            verdict=row["verdict"],
            strata=frozenset(row["strata"]),
            note=None if row["note"] == UNDO_NOTE else row["note"],
        )
        for image, path in reading.drawn
        if (row := newest.get(image)) is not None and row["verdict"] is not None
    }


def _build_reading(
    project: Project, row: Mapping[str, Any], drawn: Sequence[tuple[int, str]]
) -> LabelReading:
    image_set = get_set_by_id(project, row["image_set"])
    claim = None
    if row["claim"] is not None:
        claim = Claim(row["label"], row["claim"], row["claim_source"] or "")
    return LabelReading(
        id=row["id"],
        set_id=image_set.id,
        set_name=image_set.name,
        dataset=image_set.dataset,
        label=row["label"],
        definition=row["definition"],
        seed=row["seed"],
        images=row["images"],
        claim=claim,
        readers=row["readers"],
        drawn=tuple(drawn),
    )
