"""Duplicate images, splits, subgroups and shortcuts in a review: results, kept with their input.

The tables, figures and sheets of a run are files of the review's folder; the store holds who ran
what on which input, the summary and the hashes of the files.
"""

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.imaging.labels import LabelRow
from review.store import image_findings as stored_runs
from review.store.timestamps import utc_now
from review.workflow.imaging import doubles as double_search
from review.workflow.imaging import predictions, probing, splits
from review.workflow.imaging.inputs import Progress
from review.workflow.imaging.outcome import AuditOutcome
from review.workflow.imaging.registered_sets import (
    RegisteredSet,
    get_set_folder,
    list_rows,
    require_root,
)
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

RUN_NAMES = {
    "doubles": "Duplicate images",
    "splits": "Splits",
    "subgroups": "Subgroups",
    "shortcuts": "Shortcuts",
    "nonsense": "AUC and label errors",
}
COLUMN_WORDS = {
    ".value": "",
    ".low": " from",
    ".high": " to",
    "at_threshold.": "",
    "calibration.": "calibration ",
    "label_auc": "AUC for the class",
    "score_auc": "AUC of the score",
    "auc": "AUC",
    "p_holm": "p (Holm)",
}
"""Parts of the names of columns in words."""
P_COLUMNS = ("p", "p_holm")
_TABLE_MARK = re.compile(r"images/(?:results/\d{4}-[a-z]+-[0-9a-f]{8}/|tables/[0-9a-f]{12}-)(?=\S)")
"""What the app puts before the name of a table: its folder, and the hash of an upload."""
LABEL_COLUMNS = ("file", "labels", "patient", "age", "sex", "view", "site", "split")


@dataclass(frozen=True, slots=True)
class ResultRun:
    """A run with its summary and the folder of its files."""

    id: int
    kind: str
    set_id: int | None
    title: str
    who: str
    at: str
    seed: int | None
    lines: tuple[str, ...]
    shortfalls: tuple[str, ...]
    folder: Path
    files: Mapping[str, str]
    """Name to SHA-256."""


def run_doubles(
    project: Project,
    image_set: RegisteredSet,
    who: str,
    second: RegisteredSet | None = None,
    *,
    crops: bool | None = None,
    progress: Progress | None = None,
) -> ResultRun:
    """Finds duplicate images in a set or between two. Raises ReviewError if images are gone."""
    require_role(project, who, "contribute")
    title = image_set.name if second is None else f"{image_set.name} and {second.name}"
    root, other = require_root(image_set), None if second is None else require_root(second)
    manifests = tuple(
        (get_set_folder(project, held.name) / "manifest").resolve()
        for held in (image_set, second)
        if held is not None
    )

    def run(out: Path) -> AuditOutcome:
        return double_search.list_doubles(
            root, out, other, crops=crops, manifests=manifests, progress=progress
        )

    key = f"{image_set.id} {second.id if second else ''} {crops}"
    return _keep_run(
        project, "doubles", who=who, title=title, key=key, run=run, image_set=image_set.id
    )


def run_splits(project: Project, image_set: RegisteredSet, who: str) -> ResultRun:
    """Patients in several splits, and who is behind each label, by the set's own table."""
    require_role(project, who, "contribute")
    rows = list_rows(project, image_set)

    def run(out: Path) -> AuditOutcome:
        with _write_labels(rows, out) as table:
            return splits.compare_splits([table], out)

    key = f"{image_set.id}"
    return _keep_run(
        project, "splits", who=who, title=image_set.name, key=key, run=run, image_set=image_set.id
    )


@contextmanager
def _write_labels(rows: Mapping[str, LabelRow], out: Path) -> Iterator[Path]:
    """A set's labels as a table in a folder, as long as it is needed."""
    table = out / "labels.csv"
    out.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(LABEL_COLUMNS)
        for path, row in rows.items():
            values = (row.patient, row.age, row.sex, row.view, row.site, row.split)
            cells = ("" if value is None else value for value in values)
            writer.writerow([path, "|".join(sorted(row.labels)), *cells])
    try:
        yield table
    finally:
        table.unlink()


def run_shortcuts(
    project: Project,
    image_set: RegisteredSet,
    who: str,
    *,
    target: str = "label",
    finding: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ResultRun:
    """What trivial features of a set's images know of a label, site, view, sex or split.

    Raises:
        ReviewError: images are gone, or there are too few of either class.
    """
    require_role(project, who, "contribute")
    rows, root = list_rows(project, image_set), require_root(image_set)

    def run(out: Path) -> AuditOutcome:
        with _write_labels(rows, out) as table:
            return probing.probe_set(
                root, table, out, target=target, finding=finding, seed=seed, progress=progress
            )

    return _keep_run(
        project,
        "shortcuts",
        who=who,
        title=f"{image_set.name}: {finding or target}",
        key=f"{image_set.id} {target} {finding}",
        run=run,
        image_set=image_set.id,
        seed=seed,
    )


def run_nonsense(
    project: Project,
    request: predictions.NonsenseRequest,
    who: str,
    image_set: RegisteredSet | None = None,
) -> ResultRun:
    """A model's AUC against mined and read labels. Raises ReviewError for tables that cannot be
    used."""
    require_role(project, who, "contribute")
    tables = (request.tables.mined, request.tables.read, request.scores)

    def run(out: Path) -> AuditOutcome:
        return predictions.audit_nonsense(out, request)

    return _keep_run(
        project,
        "nonsense",
        who=who,
        title=f"{_name_table(project, request.scores)}: {', '.join(request.tables.mined_labels)}",
        key=" ".join([*map(_hash_file, tables), repr(request)]),
        run=run,
        image_set=image_set.id if image_set else None,
        seed=request.seed,
    )


def run_subgroups(
    project: Project,
    table: Path,
    request: predictions.SubgroupRequest,
    who: str,
    image_set: RegisteredSet | None = None,
) -> ResultRun:
    """A model by group, with figures. Raises ReviewError for a table that cannot be used."""
    require_role(project, who, "contribute")

    def run(out: Path) -> AuditOutcome:
        return predictions.audit_subgroups(table, out, request)

    return _keep_run(
        project,
        "subgroups",
        who=who,
        title=f"{_name_table(project, table)}: {', '.join(request.scores)}",
        key=f"{_hash_file(table)} {request}",
        run=run,
        image_set=image_set.id if image_set else None,
        seed=request.seed,
    )


def list_runs(project: Project, kind: str | None = None) -> list[ResultRun]:
    """Runs of the review, the newest first."""
    with project.store.read() as conn:
        rows = stored_runs.list_runs(conn, kind)
    return [_build_run(project, row) for row in reversed(rows)]


def read_run_table(run: ResultRun, name: str) -> list[dict[str, str]]:
    """A table of a run; empty if its file is not there."""
    path = run.folder / name
    if name not in run.files or not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def name_columns(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str | float | None]]:
    """The rows of a table with columns in words and figures as numbers of three decimals; p-values
    are texts, so that a small one is no zero."""
    return [
        {
            _name_column(name): _format_p(cell) if name in P_COLUMNS else _read_cell(cell)
            for name, cell in row.items()
        }
        for row in rows
    ]


def _name_column(name: str) -> str:
    words = name
    for part, word in COLUMN_WORDS.items():
        words = words.replace(part, word)
    words = words.replace(".", " ").replace("_", " ").strip()
    return words if words[:3].isupper() else words[:1].upper() + words[1:]


def _format_p(cell: str) -> str | None:
    """'0.031', '< 0.001'; None for an empty cell."""
    value = _read_cell(cell)
    if not isinstance(value, float):
        return value
    return f"{value:.3f}" if float(cell) >= 0.001 else "< 0.001"


def _read_cell(cell: str) -> str | float | None:
    if not cell:
        return None
    try:
        return round(float(cell), 3)
    except ValueError:
        return cell


def describe_run(run: ResultRun) -> str:
    """The finding as a sentence or two, for a person to edit."""
    if run.kind == "subgroups":
        return " ".join(line for line in run.lines if ": AUC" in line or "gaps" in line)
    if run.kind == "splits":
        return " ".join(run.lines[:5])
    return " ".join(line for line in list_page_lines(run) if not line.startswith("No patient"))


def list_page_lines(run: ResultRun) -> list[str]:
    """The summary without hints on how to word a command."""
    return [line for line in (*run.lines, *run.shortfalls) if " --" not in line]


def _shorten_paths(project: Project, line: str) -> str:
    """A line without the review's folder, and without the mark that an uploaded table's name
    begins with: what is left is the name the person knows."""
    return _TABLE_MARK.sub("", line.replace(f"{project.folder}/", ""))


def _name_table(project: Project, table: Path) -> str:
    return Path(_shorten_paths(project, str(table))).name


def _keep_run(
    project: Project,
    kind: str,
    *,
    who: str,
    title: str,
    key: str,
    run: Callable[[Path], AuditOutcome],
    image_set: int | None = None,
    seed: int | None = None,
) -> ResultRun:
    """Runs into a folder of its own and keeps the outcome; a run that fails leaves no row."""
    require_role(project, who, "contribute")
    input_hash = hashlib.sha256(key.encode()).hexdigest()
    with project.store.read() as conn:
        number = len(stored_runs.list_runs(conn)) + 1
    relative = f"images/results/{number:04d}-{kind}-{input_hash[:8]}"
    outcome = run(project.folder / relative)
    manifest = json.loads((project.folder / relative / f"{kind}.json").read_text(encoding="utf-8"))
    result: dict[str, Any] = {
        "title": title,
        "lines": [_shorten_paths(project, line) for line in outcome.lines],
        "shortfalls": [_shorten_paths(project, line) for line in outcome.shortfalls],
        "folder": relative,
        "files": manifest["files"],
    }
    with project.store.write() as conn:
        stored_runs.add_run(
            conn,
            kind,
            who,
            utc_now(),
            image_set=image_set,
            input_hash=input_hash,
            seed=seed,
            result=result,
        )
        row = stored_runs.list_runs(conn, kind)[-1]
    return _build_run(project, row)


def _build_run(project: Project, row: Mapping[str, Any]) -> ResultRun:
    result = row["result"]
    return ResultRun(
        id=row["id"],
        kind=row["kind"],
        set_id=row["image_set"],
        title=result["title"],
        who=row["who"],
        at=row["at"],
        seed=row["seed"],
        lines=tuple(result["lines"]),
        shortfalls=tuple(result["shortfalls"]),
        folder=project.folder / result["folder"],
        files=result["files"],
    )


def _hash_file(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ReviewError(f"{path}: cannot be read ({error.strerror})") from error
