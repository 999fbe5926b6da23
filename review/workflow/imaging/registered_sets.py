"""Image sets of a review: added with their labels, tied to the registry of data sets.

The store keeps paths, hashes and labels. Where the folder lies is kept beside the store, in
images/roots.json of the review's folder, so that the images may move.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError
from review.imaging.labels import LabelRow, match_labels
from review.imaging.manifest import ImageCheck, ImageEntry, check_images, read_manifest
from review.store import image_sets as stored_sets
from review.store.timestamps import utc_now
from review.workflow.imaging.inputs import (
    ColumnChoice,
    Progress,
    describe_match,
    list_unreadable,
    load_table,
)
from review.workflow.imaging.outcome import AuditOutcome, format_counts
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

if TYPE_CHECKING:
    from review.bias.datasets import Registry

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
ROOTS_FILE = "roots.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredSet:
    """An image set of the review as it was read last."""

    id: int
    name: str
    dataset: str | None
    """Id in the registry of data sets."""
    root: Path | None
    """None if nobody said where the images are on this machine."""
    readable: int
    unreadable: int
    skipped: int
    has_labels: bool
    who: str
    at: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRequest:
    """What to add."""

    name: str
    folder: Path
    dataset: str | None = None
    labels: Path | None = None
    choice: ColumnChoice | None = None
    workers: int = 1


def add_set(
    project: Project, request: SetRequest, who: str, *, progress: Progress | None = None
) -> AuditOutcome:
    """Reads a folder of images and its labels into the review.

    A call that was stopped goes on where it was: images whose path and hash are known are not read
    again. Adding a name again replaces nothing; the newest reading counts.

    Raises:
        ReviewError: the name or data set is not understood, or nothing can be read.
    """
    require_role(project, who, "manage")
    _check_request(request)
    table = None
    if request.labels is not None:
        table = load_table(request.labels, request.choice)
    folder = get_set_folder(project, request.name)
    check = check_images(
        request.folder, out=folder / "manifest", workers=request.workers, progress=progress
    )
    if not check.readable:
        raise ReviewError(
            f"none of the {len(check.entries):,} images in {request.folder} can be read"
        )
    rows: Mapping[str, LabelRow] = {}
    notes: list[str] = []
    shortfalls = list_unreadable(check)
    if table is not None:
        match = match_labels(table, [entry.path for entry in check.entries])
        rows = match.rows
        if not rows:
            raise ReviewError(f"{table.path}: no row names an image in {request.folder}")
        matched_notes, matched_shortfalls = describe_match(table, match)
        notes += matched_notes
        shortfalls += matched_shortfalls
    detail = {
        "labels": request.labels.name if request.labels else None,
        "shortfalls": _shorten_paths(shortfalls, request.labels),
        "notes": _shorten_paths(notes, request.labels),
    }
    values = {
        "name": request.name,
        "dataset": request.dataset,
        "manifest": hash_manifest(check.entries),
        "files": check.files,
        "readable": len(check.readable),
        "unreadable": len(check.unreadable),
        "skipped": len(check.skipped),
        "labels": _hash_file(request.labels),
    }
    with project.store.write() as conn:
        number = stored_sets.add_image_set(conn, who, utc_now(), values, detail)
        places = stored_sets.add_images(
            conn, number, [_describe_image(entry, rows.get(entry.path)) for entry in check.entries]
        )
        stored_sets.add_image_labels(conn, _list_labels(rows, places))
    _save_root(project, request.name, request.folder)
    tied = f" as {_load_registry()[request.dataset].name}" if request.dataset else ""
    lines = [
        f"{request.name}{tied}: {check.files:,} files, {len(check.readable):,} images read, "
        f"{len(check.unreadable):,} not readable, {len(check.skipped):,} files skipped.",
        *notes,
    ]
    if check.skipped:
        reasons: dict[str, int] = {}
        for skipped in check.skipped:
            reasons[skipped.reason] = reasons.get(skipped.reason, 0) + 1
        lines.append(f"Skipped: {format_counts(reasons)}.")
    return AuditOutcome(tuple(lines), tuple(shortfalls))


def list_sets(project: Project) -> list[RegisteredSet]:
    """The image sets of the review, each as it was read last."""
    roots = _load_roots(project)
    with project.store.read() as conn:
        rows = stored_sets.list_image_sets(conn)
    return [_build_set(row, roots) for row in rows]


def get_set(project: Project, name: str) -> RegisteredSet:
    """An image set by its name. Raises ReviewError for an unknown one."""
    sets = {image_set.name: image_set for image_set in list_sets(project)}
    if name not in sets:
        known = ", ".join(sets) or "none yet; add one with: review images add DIR --set NAME"
        raise ReviewError(f"the review has no image set {name!r}; there are {known}")
    return sets[name]


def get_set_by_id(project: Project, number: int) -> RegisteredSet:
    """An image set as it was read at one time, also if it was read again later."""
    roots = _load_roots(project)
    with project.store.read() as conn:
        for row in stored_sets.list_image_sets(conn, all_readings=True):
            if row["id"] == number:
                return _build_set(row, roots)
    raise ReviewError(f"the review has no image set number {number}")


def move_root(project: Project, name: str, folder: Path, who: str) -> AuditOutcome:
    """Says where the images of a set lie now. Raises ReviewError if they are not there."""
    require_role(project, who, "manage")
    image_set = get_set(project, name)
    with project.store.read() as conn:
        paths = stored_sets.get_image_numbers(conn, image_set.id)
    missing = [path for path in paths if not (folder / path).is_file()]
    if len(missing) == len(paths):
        raise ReviewError(f"{folder}: none of the {len(paths):,} images of {name} is there")
    _save_root(project, name, folder)
    lines = (f"{name}: {len(paths) - len(missing):,} of {len(paths):,} images are in {folder}.",)
    lost = (f"{len(missing):,} images are not there, such as {missing[0]}.",) if missing else ()
    return AuditOutcome(lines, lost)


def load_check(project: Project, image_set: RegisteredSet) -> ImageCheck:
    """The manifest of a set with thumbnails; no image is decoded again."""
    return read_manifest(
        get_set_folder(project, image_set.name) / "manifest", image_set.root or Path()
    )


def list_rows(project: Project, image_set: RegisteredSet) -> dict[str, LabelRow]:
    """Path to the labels and the person of each image."""
    with project.store.read() as conn:
        rows = stored_sets.list_images(conn, image_set.id)
    return {row["path"]: _build_row(row) for row in rows}


def list_labels(project: Project, image_set: RegisteredSet) -> dict[str, int]:
    """Label to the number of images that have it, the most frequent first."""
    counts: dict[str, int] = {}
    for row in list_rows(project, image_set).values():
        for label in row.labels:
            counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def require_root(image_set: RegisteredSet) -> Path:
    """Where the images lie. Raises ReviewError if this is unknown or the folder is gone."""
    if image_set.root is None or not image_set.root.is_dir():
        raise ReviewError(
            f"the images of {image_set.name} are not where they were; say where they are now: "
            f"review images move {image_set.name} DIR"
        )
    return image_set.root


def get_set_folder(project: Project, name: str) -> Path:
    """Where the review keeps the manifest and the results of a set."""
    return project.folder / "images" / name


def hash_manifest(entries: Sequence[ImageEntry]) -> str:
    """SHA-256 over paths and hashes: the same for the same images, wherever they lie."""
    lines = sorted(f"{entry.path}\t{entry.sha256 or entry.fault}" for entry in entries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _check_request(request: SetRequest) -> None:
    if not NAME_PATTERN.fullmatch(request.name):
        raise ReviewError(
            f"{request.name!r} is no name for an image set: use small letters, digits, - and _"
        )
    registry = _load_registry()
    if request.dataset is not None and request.dataset not in registry:
        raise ReviewError(
            f"{request.dataset!r} is no data set of the registry; see: review datasets list"
        )


def _load_registry() -> "Registry":
    from review.workflow.bias.flags import load_knowledge

    return load_knowledge().registry


def _describe_image(entry: ImageEntry, row: LabelRow | None) -> dict[str, Any]:
    return {
        "path": entry.path,
        "sha256": entry.sha256,
        "fault": entry.fault,
        "patient": (row.patient if row else None) or entry.tags.get("PatientID"),
        "age": row.age if row else None,
        "sex": row.sex if row else None,
        "view": row.view if row else None,
        "site": row.site if row else None,
        "split": row.split if row else None,
    }


def _list_labels(
    rows: Mapping[str, LabelRow], places: Mapping[str, int]
) -> list[tuple[int, str, str]]:
    return [
        (places[path], label, state)
        for path, row in rows.items()
        for state, labels in (
            ("present", row.labels),
            ("uncertain", row.uncertain),
            ("not stated", row.not_stated),
        )
        for label in sorted(labels)
    ]


def _build_row(row: Mapping[str, Any]) -> LabelRow:
    by_state: dict[str, set[str]] = {}
    for label, state in row["labels"].items():
        by_state.setdefault(state, set()).add(label)
    return LabelRow(
        file=row["path"],
        labels=frozenset(by_state.get("present", ())),
        uncertain=frozenset(by_state.get("uncertain", ())),
        not_stated=frozenset(by_state.get("not stated", ())),
        patient=row["patient"],
        age=row["age"],
        sex=row["sex"],
        view=row["view"],
        site=row["site"],
        split=row["split"],
    )


def _build_set(row: Mapping[str, Any], roots: Mapping[str, str]) -> RegisteredSet:
    root = roots.get(row["name"])
    return RegisteredSet(
        id=row["id"],
        name=row["name"],
        dataset=row["dataset"],
        root=Path(root) if root else None,
        readable=row["readable"],
        unreadable=row["unreadable"],
        skipped=row["skipped"],
        has_labels=row["labels"] is not None,
        who=row["who"],
        at=row["at"],
        detail=row["detail"],
    )


def _load_roots(project: Project) -> dict[str, str]:
    path = project.folder / "images" / ROOTS_FILE
    try:
        return {str(name): str(root) for name, root in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _save_root(project: Project, name: str, folder: Path) -> None:
    path = project.folder / "images" / ROOTS_FILE
    roots = _load_roots(project) | {name: str(folder.resolve())}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(roots, indent=2) + "\n")
    partial.replace(path)


def _shorten_paths(lines: Sequence[str], labels: Path | None) -> list[str]:
    """The lines with the name of the table only, so that its folder is not revealed."""
    return [line if labels is None else line.replace(str(labels), labels.name) for line in lines]


def _hash_file(path: Path | None) -> str | None:
    return None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()
