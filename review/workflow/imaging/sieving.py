"""Ranks images by problem, shows the first ones and describes those rejected."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.imaging.audit import SHEET_SIZE
from review.imaging.contact_sheets import Tile, draw_sheet
from review.imaging.files import ImageError, decode_image, locate_image
from review.imaging.labels import LabelRow, read_table
from review.imaging.networks import load_torch
from review.imaging.sieve import (
    KINDS,
    LEARNERS,
    Learner,
    Reject,
    SieveScores,
    compare_rejects,
    count_suspected,
    sieve_images,
    sieve_taught_kind,
    write_rejects,
)
from review.workflow.imaging.inputs import ColumnChoice, LabelledSet, Progress, load_set
from review.workflow.imaging.outcome import AuditOutcome, OutputFolder, make_slug

RANK_COLUMNS = ("problem", "rank", "path", "sha256", "score", "suspected")
GROUP_COLUMNS = (
    "rejected_by", "attribute", "value", "rejected", "rest", "rejected_n", "rest_n",
)  # fmt: skip


def sieve_set(
    folder: Path,
    out: Path,
    labels: Path | None = None,
    choice: ColumnChoice | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    seed: int = 0,
    sheets: int = 2,
    rejects: Path | None = None,
    examples: Path | None = None,
    learner: str = "regression",
    workers: int = 1,
    progress: Progress | None = None,
) -> AuditOutcome:
    """Ranks every readable image for every kind of problem; deletes and judges nothing.

    Args:
        sheets: contact sheets of 18 for each kind.
        rejects: table of images a person rejected (path, and if known problem and reader).
        examples: table of marked examples (path, problem, and verdict reject or keep) that teach
            the kinds without a detector of their own.
        learner: regression, or network if PyTorch is installed.

    Raises:
        ReviewError: an unknown kind, too few images, or a rejected image that is not in the set.
    """
    if learner not in LEARNERS:
        raise ReviewError(f"{learner!r} is no learner; use {' or '.join(LEARNERS)}")
    if learner == "network":
        load_torch()  # say what is missing before the images are read
    output = OutputFolder(out, "sieve")
    held = load_set(folder, output, labels, choice, workers=workers, progress=progress)
    results = _score_images(held, kinds or KINDS, examples, seed, LEARNERS[learner])
    readable = held.check.readable
    output.write_table("sieve-ranks.csv", RANK_COLUMNS, _list_ranks(results, held))
    for kind, result in results.items():
        _write_sheets(kind, result, held, output, sheets)
    comparisons = _describe_group(
        "suspected", {
            readable[place].path
            for result in results.values()
            for place, suspected in enumerate(result.suspected)
            if suspected
        }, held,
    )  # fmt: skip
    rejected = [] if rejects is None else _read_rejects(rejects, held, results)
    if rejects is not None:
        write_rejects(out / "sieve-rejects.csv", rejected)
        comparisons += _describe_group("a person", {item.path for item in rejected}, held)
    output.write_table("sieve-groups.csv", GROUP_COLUMNS, comparisons)
    suspected = count_suspected(results)
    inputs = [path for path in (folder, labels, rejects, examples) if path is not None]
    output.write_manifest(
        inputs,
        {"seed": seed, "learner": learner, "kinds": list(results), "sheets": sheets},
        {
            "images": len(readable),
            "suspected": suspected,
            "rejected": len({item.path for item in rejected}),
            "quality": {
                kind: None if result.quality is None else asdict(result.quality)
                for kind, result in results.items()
            },
            "warnings": {kind: result.warnings for kind, result in results.items()},
        },
    )
    lines = [f"{len(readable):,} images ranked.", *held.notes]
    for kind, result in results.items():
        lines.append(_describe_kind(kind, result))
        lines += [f"   {warning}" for warning in result.warnings]
    if rejects is not None:
        lines.append(
            f"{len({item.path for item in rejected}):,} images rejected by a reviewer; no file "
            "was deleted. sieve-groups.csv compares them with the rest."
        )
    lines.append(
        "Scores rank images and are not a verdict: check the contact sheets before "
        "rejecting an image."
    )
    return AuditOutcome(tuple(lines), held.shortfalls)


def _score_images(
    held: LabelledSet,
    kinds: Sequence[str],
    examples: Path | None,
    seed: int,
    learner: Learner,
) -> dict[str, SieveScores]:
    """Scores of each kind, in the order asked for; kinds without a detector learn from examples."""
    taught = [kind for kind in kinds if kind not in KINDS]
    if taught and examples is None:
        raise ReviewError(
            f"{taught[0]!r} is no kind of problem with a detector of its own ({', '.join(KINDS)}); "
            "teach it with --examples CSV"
        )
    own = [kind for kind in kinds if kind in KINDS]
    thumbnails = held.check.thumbnails
    results: dict[str, SieveScores] = {}
    if own:
        results |= sieve_images(thumbnails, held.patients, kinds=own, seed=seed, learner=learner)
    for kind in taught:
        assert examples is not None
        marks = _read_examples(examples, kind, held)
        results[kind] = sieve_taught_kind(
            thumbnails, held.patients, marks, kind=kind, seed=seed, learner=learner
        )
    return {kind: results[kind] for kind in kinds}


def _read_examples(path: Path, kind: str, held: LabelledSet) -> list[bool | None]:
    """For each readable image: True for an example of the kind, False if free of it, else None."""
    header, lines = read_table(path)
    for column in ("path", "problem"):
        if column not in header:
            raise ReviewError(f"{path}: there is no column {column!r}; it has {', '.join(header)}")
    places = {entry.path: place for place, entry in enumerate(held.check.readable)}
    marks: list[bool | None] = [None] * len(places)
    for line, cells in lines:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if row["problem"] != kind:
            continue
        verdict = (row.get("verdict") or "reject").lower()
        if row["path"] not in places:
            raise ReviewError(
                f"{path}, line {line}: {row['path']!r} is not a readable image of the folder"
            )
        if verdict not in ("reject", "keep"):
            raise ReviewError(f"{path}, line {line}: {verdict!r} is not reject or keep")
        marks[places[row["path"]]] = verdict == "reject"
    return marks


def _list_ranks(results: Mapping[str, SieveScores], held: LabelledSet) -> list[dict[str, Any]]:
    readable = held.check.readable
    return [
        {
            "problem": kind,
            "rank": rank,
            "path": readable[place].path,
            "sha256": readable[place].sha256,
            "score": float(result.scores[place]),
            "suspected": None if result.ranking_only else bool(result.suspected[place]),
        }
        for kind, result in results.items()
        for rank, place in enumerate(result.rank(), 1)
    ]


def _write_sheets(
    kind: str, result: SieveScores, held: LabelledSet, output: OutputFolder, sheets: int
) -> None:
    places = result.rank(sheets * SHEET_SIZE)
    for start in range(0, len(places), SHEET_SIZE):
        tiles = [
            Tile(
                pixels=read_pixels(held.check.root, held.check.readable[place].path),
                caption=f"{result.scores[place]:.2f} {held.check.readable[place].path}",
            )
            for place in places[start : start + SHEET_SIZE]
        ]
        name = f"sieve-{make_slug(kind)}-{start // SHEET_SIZE + 1:02d}.png"
        output.write_file(name, draw_sheet(tiles))


def read_pixels(root: Path, path: str) -> Any:
    """The pixels of an image, or None if it can no longer be read."""
    try:
        return decode_image(locate_image(root, path)).pixels
    except (ImageError, OSError):
        return None


def _describe_group(who: str, paths: set[str], held: LabelledSet) -> list[dict[str, Any]]:
    """The images rejected beside the rest of those with a row."""
    inside: list[LabelRow] = []
    rest: list[LabelRow] = []
    for path, row in held.rows.items():
        (inside if path in paths else rest).append(row)
    return [
        {
            "rejected_by": who,
            "attribute": group.attribute,
            "value": group.value,
            "rejected": group.rejected,
            "rest": group.rest,
            "rejected_n": group.rejected_n,
            "rest_n": group.rest_n,
        }
        for group in compare_rejects(inside, rest)
    ]


def _read_rejects(
    path: Path, held: LabelledSet, results: Mapping[str, SieveScores]
) -> list[Reject]:
    header, lines = read_table(path)
    if "path" not in header:
        raise ReviewError(f"{path}: there is no column 'path'; it has {', '.join(header)}")
    places = {entry.path: place for place, entry in enumerate(held.check.readable)}
    rejected = []
    for line, cells in lines:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        place = places.get(row["path"])
        if place is None:
            raise ReviewError(
                f"{path}, line {line}: {row['path']!r} is not a readable image in the folder"
            )
        problem = row.get("problem") or "not stated"
        result = results.get(problem)
        rejected.append(
            Reject(
                path=row["path"],
                sha256=held.check.readable[place].sha256 or "",
                problem=problem,
                score=None if result is None else float(result.scores[place]),
                reader=row.get("reader") or path.stem,
            )
        )
    return rejected


def _describe_kind(kind: str, result: SieveScores) -> str:
    if result.ranking_only:
        return f"{kind}: ranked only."
    count = int(result.suspected.sum())
    if result.quality is None:
        return f"{kind}: {count:,} suspected (rule-based)."
    return (
        f"{kind}: {count:,} suspected; detector AUC {result.quality.auc:.3f} on altered copies of "
        "images from other patients."
    )
