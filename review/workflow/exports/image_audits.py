"""Image audits in the report: tables, figures, a sentence for the methods, and a manifest of seeds.

Pictures may show names burnt into a film, so that they go out only when asked for; tables that name
patients never do. What is not finished is left out: readers stay blind to each other.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from review.store import image_sets as stored_sets
from review.store import image_sieves as stored_sieves
from review.store.timestamps import format_timestamp
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.imaging import findings, label_reading, result_runs
from review.workflow.imaging.label_reading import LabelReading, ReadingResult
from review.workflow.imaging.outcome import format_cell
from review.workflow.imaging.result_runs import ResultRun
from review.workflow.project.project import Project

AUDIT_COLUMNS = (
    "audit", "image_set", "label", "readers", "seed", "images_drawn", "fine", "doubtful", "wrong",
    "cannot_tell", "open", "ppv", "low", "high", "ppv_doubtful_right", "claim", "claim_source",
    "kappa", "likely_wrong_in_set",
)  # fmt: skip
PATIENT_TABLES = ("splits-shared.csv",)
"""Tables that name patients."""


def build_files(snapshot: ReviewSnapshot, *, pictures: bool = False) -> dict[str, bytes]:
    """Path to content; empty for a review without image sets."""
    project, until = snapshot.project, snapshot.until
    sets = _list_sets(project, until)
    if not sets:
        return {}
    audits = list_finished_audits(project, until)
    rejects = _list_rejects(project, sets, until)
    runs = [run for run in result_runs.list_runs(project) if _is_in(run.at, until)][::-1]
    held = [found for found in findings.list_findings(project) if _is_in(found.at, until)]
    files = {
        "audits.csv": _write_csv(AUDIT_COLUMNS, map(_describe_audit, audits)),
        "marks.csv": _write_csv(
            ("audit", "path", "verdict", "strata"),
            (
                {"audit": reading.id, "path": mark.path, "verdict": mark.verdict,
                 "strata": mark.strata}
                for reading, result in audits
                for mark in result.final_marks
            ),
        ),
        "rejects.csv": _write_csv(
            ("image_set", "path", "sha256", "problem", "score", "who", "at"), rejects
        ),
        "findings.csv": _write_csv(
            ("dataset", "kind", "text", "who", "at"),
            (
                {"dataset": findings.get_dataset_name(found.dataset), "kind": found.kind_name,
                 "text": found.text, "who": found.who, "at": found.at}
                for found in held
            ),
        ),
    }  # fmt: skip
    for run in runs:
        files |= _collect_run_files(run, pictures=pictures)
    files["manifest.json"] = _write_manifest(project, sets, audits, runs)
    return {f"images/{name}": data for name, data in files.items()}


def write_methods_sentence(snapshot: ReviewSnapshot) -> str:
    """What was audited, with counts and seeds; empty for a review without image sets."""
    project, until = snapshot.project, snapshot.until
    sets = _list_sets(project, until)
    if not sets:
        return ""
    images = sum(row["readable"] for row in sets)
    text = f"The images of {_count(len(sets), 'data set')} ({images:,} images) were audited."
    for reading, result in list_finished_audits(project, until):
        strict = result.final.ppv_strict
        value = "not known" if strict.value is None else f"{100 * strict.value:.1f} %"
        kappa = None if result.comparison is None else result.comparison.kappa.value
        agreement = "" if kappa is None else f", kappa {kappa:.2f}"
        readers = "Two readers" if len(reading.readers) == 2 else "One reader"
        text += (
            f" {readers} marked {len(reading.drawn):,} random images labelled {reading.label} "
            f"(seed {reading.seed}{agreement}): PPV {value}."
        )
    rejects = {row["path"] for row in _list_rejects(project, sets, until)}
    if rejects:
        text += (
            f" {_count(len(rejects), 'image')} were rejected by hand after an automatic ranking."
        )
    return text


def list_finished_audits(
    project: Project, until: datetime | None = None
) -> list[tuple[LabelReading, ReadingResult]]:
    """The audits that every reader had finished at a point in time, the oldest first."""
    found = []
    for reading in reversed(label_reading.list_readings(project)):
        result = label_reading.get_result(project, reading, until=until)
        if result is not None:
            found.append((reading, result))
    return found


def _list_sets(project: Project, until: datetime | None) -> list[dict[str, Any]]:
    with project.store.read() as conn:
        rows = stored_sets.list_image_sets(conn, all_readings=True)
    newest = {row["name"]: row for row in rows if _is_in(row["at"], until)}
    return list(newest.values())


def _list_rejects(
    project: Project, sets: Sequence[Mapping[str, Any]], until: datetime | None
) -> list[dict[str, Any]]:
    with project.store.read() as conn:
        return [
            {**mark, "image_set": row["name"]}
            for row in sets
            for mark in stored_sieves.list_sieve_marks(conn, row["id"], until=until)
            if mark["verdict"] == "reject"
        ]


def _describe_audit(audit: tuple[LabelReading, ReadingResult]) -> dict[str, Any]:
    reading, result = audit
    final, comparison = result.final, result.comparison
    return {
        "audit": reading.id,
        "image_set": reading.set_name,
        "label": reading.label,
        "readers": reading.readers,
        "seed": reading.seed,
        "images_drawn": len(reading.drawn),
        "fine": final.counts.fine,
        "doubtful": final.counts.doubtful,
        "wrong": final.counts.wrong,
        "cannot_tell": final.counts.cannot_tell,
        "open": len(result.open_images),
        "ppv": final.ppv_strict.value,
        "low": final.ppv_strict.low,
        "high": final.ppv_strict.high,
        "ppv_doubtful_right": final.ppv_lenient.value,
        "claim": reading.claim.value if reading.claim else None,
        "claim_source": reading.claim.source if reading.claim else None,
        "kappa": comparison.kappa.value if comparison else None,
        "likely_wrong_in_set": result.estimate.wrong if result.estimate else None,
    }


def _collect_run_files(run: ResultRun, *, pictures: bool) -> dict[str, bytes]:
    """Tables and figures of a run; its sheets of images only when asked for."""
    files = {}
    for name in run.files:
        is_sheet = name.endswith(".png") and f"{name.removesuffix('.png')}.svg" not in run.files
        path = run.folder / name
        if name in PATIENT_TABLES or (is_sheet and not pictures) or not path.is_file():
            continue
        files[f"results/{run.folder.name}/{name}"] = path.read_bytes()
    return files


def _write_manifest(
    project: Project,
    sets: Sequence[Mapping[str, Any]],
    audits: Sequence[tuple[LabelReading, ReadingResult]],
    runs: Sequence[ResultRun],
) -> bytes:
    with project.store.read() as conn:
        sieves = {row["name"]: stored_sieves.list_sieves(conn, row["id"]) for row in sets}
    manifest = {
        "image_sets": [
            {
                "name": row["name"],
                "dataset": row["dataset"],
                "manifest_sha256": row["manifest"],
                "labels_sha256": row["labels"],
                "files": row["files"],
                "readable": row["readable"],
                "unreadable": row["unreadable"],
                "skipped": row["skipped"],
                "sieve_seeds": {
                    problem: run["seed"] for problem, run in sieves[row["name"]].items()
                },
            }
            for row in sets
        ],
        "audits": [
            {"audit": reading.id, "label": reading.label, "seed": reading.seed}
            for reading, _ in audits
        ],
        "runs": [
            {"kind": run.kind, "title": run.title, "seed": run.seed, "files": run.files}
            for run in runs
        ],
    }
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()


def _write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([format_cell(row.get(column)) for column in columns])
    return stream.getvalue().encode()


def _is_in(at: str, until: datetime | None) -> bool:
    return until is None or at <= format_timestamp(until)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
