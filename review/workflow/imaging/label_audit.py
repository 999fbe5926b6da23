"""Audits a label: draws a sample onto contact sheets, reads the marks, states the PPV."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.imaging.audit import (
    SHEET_SIZE,
    VERDICTS,
    AuditMark,
    AuditSample,
    Claim,
    LabelAudit,
    Verdict,
    audit_label,
    compare_readers,
    draw_sample,
    estimate_wrong_labels,
    merge_readers,
)
from review.imaging.contact_sheets import KEYS, Tile, draw_sheet
from review.imaging.files import ImageError, decode_image, find_images, locate_image
from review.imaging.label_sources import read_claims
from review.imaging.labels import match_labels, read_table
from review.workflow.imaging.inputs import ColumnChoice, Progress, describe_match, load_table
from review.workflow.imaging.outcome import (
    AuditOutcome,
    OutputFolder,
    flatten_figures,
    format_cell,
    format_share,
)

MARKS_FILE = "marks.csv"
MARK_COLUMNS = ("sheet", "key", "path", "verdict", "strata", "note")
VERDICT_KEYS: Mapping[str, Verdict] = {
    "w": "wrong",
    "d": "doubtful",
    "f": "fine",
    "x": "cannot tell",
    **{verdict: verdict for verdict in VERDICTS},
}
RESULT_COLUMNS = (
    "reader", "label", "counts.fine", "counts.doubtful", "counts.wrong", "counts.cannot_tell",
    "unmarked", "ppv_strict.value", "ppv_strict.low", "ppv_strict.high", "ppv_lenient.value",
    "ppv_lenient.low", "ppv_lenient.high", "claim.value", "claim.measure", "claim.source",
    "claim_holds",
)  # fmt: skip
STRATUM_COLUMNS = (
    "reader", "stratum", "share.count", "share.n", "share.value", "share.low", "share.high",
    "within.count", "within.n", "within.value", "within.low", "within.high", "without.count",
    "without.n", "without.value", "without.low", "without.high",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRequest:
    """What to draw."""

    label: str
    n: int
    seed: int
    definition: str | None = None
    """What the label means, as shown to the reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """The published figure to set beside the result: a value, or a table of them."""

    value: str | None = None
    source: str | None = None
    table: Path | None = None
    label_column: str = "label"
    value_column: str = "precision"


@dataclass(frozen=True, slots=True)
class _ReaderMarks:
    reader: str
    marks: tuple[AuditMark, ...]
    unmarked: int


def write_sample(
    folder: Path,
    labels: Path,
    out: Path,
    request: SampleRequest,
    choice: ColumnChoice | None = None,
    *,
    progress: Progress | None = None,
) -> AuditOutcome:
    """Draws images of a label and writes sheets of 18, marks.csv to fill in, and the manifest.

    Raises:
        ReviewError: the label or folder is unknown, or marks of another sample are in the folder.
    """
    table = load_table(labels, choice)
    listing = find_images(folder)
    match = match_labels(table, listing.images)
    sample = draw_sample(match.rows, request.label, n=request.n, seed=request.seed)
    rows = [
        {"sheet": number, "key": KEYS[place], "path": path}
        for number, sheet in enumerate(sample.sheets, 1)
        for place, path in enumerate(sheet)
    ]
    _protect_marks(out / MARKS_FILE, [str(row["path"]) for row in rows])
    output = OutputFolder(out, "audit-sample")
    unreadable = _write_sheets(folder, sample, output, progress)
    output.write_table(MARKS_FILE, MARK_COLUMNS, rows)
    output.write_manifest(
        [folder, labels],
        {
            "label": sample.label,
            "definition": request.definition,
            "seed": sample.seed,
            "asked": sample.asked,
        },
        {
            "drawn": len(sample.paths),
            "images_with_label": sample.images,
            "patients_with_label": sample.patients,
            "unreadable": unreadable,
            "paths": sample.paths,
        },
    )
    notes, shortfalls = describe_match(table, match)
    patients = "" if sample.patients is None else f" of {sample.patients:,} patients"
    lines = [
        *notes,
        f"{len(sample.paths):,} of {sample.images:,} images labelled {sample.label}{patients} "
        f"drawn with seed {sample.seed}, on {len(sample.sheets):,} sheets.",
        *([f"Note: {sample.note}."] if sample.note else []),
        f"Copy {out / MARKS_FILE} for each reader and complete the column verdict: W wrong, D "
        "doubtful, F fine, X cannot tell.",
    ]
    if unreadable:
        shortfalls.append(
            f"{len(unreadable):,} sampled images cannot be read; mark them X: {unreadable[0]}"
            + (", ..." if len(unreadable) > 1 else "")
        )
    return AuditOutcome(tuple(lines), tuple(shortfalls))


def write_result(
    sample_folder: Path,
    marks: Sequence[Path],
    out: Path,
    *,
    adjudicated: Path | None = None,
    claim: ClaimRequest | None = None,
) -> AuditOutcome:
    """Reads one or two readers' marks and writes PPV, strata, agreement and estimate as tables.

    Raises:
        ReviewError: no sample, a mark that cannot be read, or more than two readers.
    """
    label, paths, images = _read_sample(sample_folder)
    if not 1 <= len(marks) <= 2:
        raise ReviewError("give the forms of one or two readers")
    if adjudicated is not None and len(marks) != 2:
        raise ReviewError("adjudication requires the forms of both readers")
    readers = [_read_marks(path, _name_reader(path, marks), paths) for path in marks]
    published = _find_claim(label, claim or ClaimRequest())
    output = OutputFolder(out, "audit-result")
    shortfalls = [
        f"{reader.reader}: {reader.unmarked:,} of {len(paths):,} images have not been marked yet."
        for reader in readers
        if reader.unmarked
    ]
    lines: list[str] = []
    counted = readers
    agreement: dict[str, Any] | None = None
    if len(readers) == 2:
        final = _read_marks(adjudicated, "adjudicator", paths) if adjudicated else None
        consensus, agreement, open_paths = _join_readers(readers, final, len(paths), output)
        counted = [*readers, consensus]
        lines.append(_describe_agreement(agreement, readers))
        if open_paths:
            shortfalls.append(
                f"{len(open_paths):,} images are unresolved (audit-open.csv) and need an "
                "adjudicator. Until then, the consensus includes only images on which both "
                "readers agree."
            )
    audits = [audit_label(label, reader.marks, claim=published) for reader in counted]
    _write_audits(output, audits, counted, images)
    inputs = [sample_folder / "audit-sample.json", *marks]
    output.write_manifest(
        [*inputs, *([adjudicated] if adjudicated else [])],
        {"label": label, "claim": None if published is None else flatten_figures(published)},
        {
            "drawn": len(paths),
            "images_with_label": images,
            "agreement": agreement,
            "marked": {reader.reader: len(reader.marks) for reader in counted},
        },
    )
    for reader, audit in zip(counted, audits, strict=True):
        lines += _describe_audit(reader, audit)
    lines += _describe_estimate(audits[-1], images)
    return AuditOutcome(tuple(lines), tuple(shortfalls))


def _protect_marks(path: Path, drawn: Sequence[str]) -> None:
    """Refuses to replace marks somebody has made, or the marks of another sample."""
    if not path.exists():
        return
    header, lines = read_table(path)
    rows = [dict(zip(header, cells, strict=False)) for _, cells in lines]
    touched = any((row.get(name) or "").strip() for row in rows for name in MARK_COLUMNS[3:])
    if touched or [row.get("path") for row in rows] != list(drawn):
        raise ReviewError(
            f"{path} already contains a sample or a form; choose another --out, or move the file"
        )


def _write_sheets(
    folder: Path, sample: AuditSample, output: OutputFolder, progress: Progress | None
) -> list[str]:
    """Draws the sheets; returns the images that could not be read."""
    unreadable: list[str] = []
    for number, paths in enumerate(sample.sheets, 1):
        tiles = []
        for key, path in zip(KEYS, paths, strict=False):
            try:
                pixels: Any = decode_image(locate_image(folder, path)).pixels
            except (ImageError, OSError):
                pixels = None
                unreadable.append(path)
            tiles.append(Tile(pixels=pixels, caption=path, key=key))
        output.write_file(f"sheet-{number:02d}.png", draw_sheet(tiles))
        if progress:
            done = min(number * SHEET_SIZE, len(sample.paths))
            progress(done, len(sample.paths))
    return unreadable


def _read_sample(folder: Path) -> tuple[str, tuple[str, ...], int]:
    """Label, drawn paths and images of the label."""
    path = folder / "audit-sample.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return (
            str(manifest["settings"]["label"]),
            tuple(str(name) for name in manifest["counts"]["paths"]),
            int(manifest["counts"]["images_with_label"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReviewError(
            f"{path} is missing or damaged; give the folder written by review images audit-sample"
        ) from error


def _name_reader(path: Path, marks: Sequence[Path]) -> str:
    """The file's name without suffix; with its folder's if both files have one name."""
    shared = [other.stem for other in marks].count(path.stem) > 1
    return f"{path.parent.name}/{path.stem}" if shared else path.stem


def _read_marks(path: Path, reader: str, drawn: Sequence[str]) -> _ReaderMarks:
    header, lines = read_table(path)
    for column in ("path", "verdict"):
        if column not in header:
            raise ReviewError(f"{path}: there is no column {column!r}; it has {', '.join(header)}")
    known = set(drawn)
    marks: dict[str, AuditMark] = {}
    for line, cells in lines:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        name, word = row.get("path", ""), row.get("verdict", "").lower()
        if name not in known:
            raise ReviewError(f"{path}, line {line}: {name!r} is not an image in this sample")
        if not word:
            continue
        if word not in VERDICT_KEYS:
            raise ReviewError(
                f"{path}, line {line}: {word!r} is not a valid verdict; use W wrong, D doubtful, "
                "F fine or X cannot tell"
            )
        if name in marks:
            raise ReviewError(f"{path}, line {line}: {name} is marked twice; keep one row")
        strata = re.split(r"[;|]", row.get("strata", ""))
        marks[name] = AuditMark(
            path=name,
            reader=reader,
            verdict=VERDICT_KEYS[word],
            strata=frozenset(word.strip() for word in strata if word.strip()),
            note=row.get("note") or None,
        )
    held = tuple(marks[name] for name in drawn if name in marks)
    if not held:
        raise ReviewError(f"{path}: no image is marked; complete the column verdict")
    return _ReaderMarks(reader, held, len(drawn) - len(held))


def _join_readers(
    readers: Sequence[_ReaderMarks], final: _ReaderMarks | None, drawn: int, output: OutputFolder
) -> tuple[_ReaderMarks, dict[str, Any], tuple[str, ...]]:
    first, second = readers
    adjudicated = final.marks if final else ()
    comparison = compare_readers(first.marks, second.marks)
    settled, open_paths = merge_readers(first.marks, second.marks, adjudicated)
    verdicts = [{mark.path: mark.verdict for mark in reader.marks} for reader in readers]
    output.write_table(
        "audit-open.csv",
        ("path", first.reader, second.reader, "verdict"),
        (
            {
                "path": path,
                first.reader: verdicts[0].get(path),
                second.reader: verdicts[1].get(path),
            }
            for path in open_paths
        ),
    )
    agreement = flatten_figures(comparison)
    return _ReaderMarks("consensus", settled, drawn - len(settled)), agreement, open_paths


def _write_audits(
    output: OutputFolder, audits: Sequence[LabelAudit], readers: Sequence[_ReaderMarks], images: int
) -> None:
    pairs = list(zip(readers, audits, strict=True))
    output.write_table(
        "audit-result.csv",
        RESULT_COLUMNS,
        (
            {**flatten_figures(audit), "reader": reader.reader, "unmarked": reader.unmarked}
            for reader, audit in pairs
        ),
    )
    output.write_table(
        "audit-strata.csv",
        STRATUM_COLUMNS,
        (
            {**flatten_figures(figures), "reader": reader.reader}
            for reader, audit in pairs
            for figures in audit.strata
        ),
    )
    output.write_table(
        "audit-marks.csv",
        ("reader", "path", "verdict", "strata", "note"),
        (mark for reader in readers for mark in reader.marks),
    )
    estimates = []
    for reader, audit in pairs:
        for lenient in (False, True) if audit.counts.judged else ():
            _, total = estimate_wrong_labels(
                [audit], {audit.label: images}, doubtful_is_wrong=not lenient
            )
            doubtful = "right" if lenient else "wrong"
            estimates.append(
                {**flatten_figures(total), "reader": reader.reader, "label": audit.label,
                 "doubtful": doubtful}
            )  # fmt: skip
    columns = ("reader", "label", "doubtful", "images", "wrong", "low", "high")
    output.write_table("audit-wrong-labels.csv", columns, estimates)


def _find_claim(label: str, request: ClaimRequest) -> Claim | None:
    if request.value is None and request.table is None:
        return None
    if not request.source:
        raise ReviewError("a published value needs a reference: add --source 'author, year, table'")
    if request.table is not None:
        claims = read_claims(
            request.table,
            label_column=request.label_column,
            value_column=request.value_column,
            source=request.source,
            measure=request.value_column,
        )
        if label not in claims:
            raise ReviewError(f"{request.table}: no row for {label!r}; it has {', '.join(claims)}")
        return claims[label]
    text = (request.value or "").strip()
    try:
        value = float(text.rstrip("% "))
    except ValueError as error:
        raise ReviewError(f"--claim {text!r} is not a number; write 0.943 or 94.3") from error
    if text.endswith("%") or value > 1:
        value /= 100
    if not 0 <= value <= 1:
        raise ReviewError(f"--claim {text!r} is not between 0 and 100 %")
    return Claim(label, value, request.source)


def _describe_agreement(agreement: Mapping[str, Any], readers: Sequence[_ReaderMarks]) -> str:
    names = " and ".join(reader.reader for reader in readers)
    differing = len(agreement["disagreements"])
    kappa = agreement.get("kappa.value")
    shown = "" if kappa is None else f", kappa {format_cell(round(kappa, 3))}"
    return f"{names}: {agreement['both']:,} images marked by both, {differing:,} differ{shown}."


def _describe_audit(reader: _ReaderMarks, audit: LabelAudit) -> list[str]:
    counts, strict, lenient = audit.counts, audit.ppv_strict, audit.ppv_lenient
    lines = [
        f"{reader.reader}: {counts.fine:,} fine, {counts.doubtful:,} doubtful, {counts.wrong:,} "
        f"wrong, {counts.cannot_tell:,} cannot tell.",
        f"   PPV of {audit.label}: {format_share(strict.value, strict.low, strict.high)}; with "
        f"doubtful counted as correct {format_share(lenient.value, lenient.low, lenient.high)}.",
    ]
    if audit.claim is not None:
        holds = {True: "within", False: "outside", None: "not comparable with"}[audit.claim_holds]
        lines.append(
            f"   Published: {100 * audit.claim.value:.1f} % ({audit.claim.source}), {holds} the "
            "intervals."
        )
    for figures in audit.strata:
        within, without = figures.within, figures.without
        lines.append(
            f"   {figures.stratum}: {figures.share.count:,} images, PPV "
            f"{format_share(within.value, within.low, within.high)}; without it "
            f"{format_share(without.value, without.low, without.high)}."
        )
    return lines


def _describe_estimate(audit: LabelAudit, images: int) -> list[str]:
    if not audit.counts.judged:
        return []
    _, total = estimate_wrong_labels([audit], {audit.label: images})
    return [
        f"Of {images:,} images labelled {audit.label}, about {total.wrong:,.0f} "
        f"({total.low:,.0f} to {total.high:,.0f}) are likely wrong, doubtful ones included."
    ]
