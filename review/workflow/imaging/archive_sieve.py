"""The image sieve in a review: scores kept with their seed, and what people keep or reject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from review.errors import ReviewError
from review.imaging.labels import LabelRow
from review.imaging.sieve import (
    KINDS,
    GroupComparison,
    SieveScores,
    compare_rejects,
    sieve_images,
    sieve_taught_kind,
)
from review.store import image_sets as stored_sets
from review.store import image_sieves as stored_sieves
from review.store.timestamps import utc_now
from review.workflow.imaging.registered_sets import (
    RegisteredSet,
    list_rows,
    load_check,
)
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project


@dataclass(frozen=True, slots=True)
class SieveRun:
    """A detector's newest run over a set."""

    id: int
    problem: str
    images: int
    suspected: int | None
    """None for a detector that only ranks."""
    auc: float | None
    warnings: tuple[str, ...]
    taught: bool


@dataclass(frozen=True, slots=True)
class RankedImage:
    """An image with its rank for a problem, the most suspect first."""

    image: int
    path: str
    rank: int
    score: float
    verdict: str | None
    """reject or keep, by whoever said so last."""
    who: str | None


def run_sieve(
    project: Project,
    image_set: RegisteredSet,
    who: str,
    *,
    kinds: Sequence[str] = KINDS,
    seed: int = 0,
) -> list[SieveRun]:
    """Scores every readable image for each kind of problem; deletes and judges nothing.

    Raises:
        ReviewError: an unknown kind or too few images.
    """
    require_role(project, who, "contribute")
    check = load_check(project, image_set)
    patients = _list_patients(project, image_set, [entry.path for entry in check.readable])
    results = sieve_images(check.thumbnails, patients, kinds=kinds, seed=seed)
    paths = [entry.path for entry in check.readable]
    for problem, result in results.items():
        _store_scores(project, image_set, who, paths, result, seed=seed, problem=problem)
    return list_runs(project, image_set)


def teach_kind(
    project: Project, image_set: RegisteredSet, who: str, problem: str, *, seed: int = 0
) -> SieveRun:
    """Ranks the set for a problem that people taught by rejecting at least 20 images for it.

    Raises:
        ReviewError: too few examples, or examples of one patient only.
    """
    require_role(project, who, "contribute")
    if problem in KINDS:
        raise ReviewError(f"{problem!r} has its own detector; give a taught problem another name")
    check = load_check(project, image_set)
    paths = [entry.path for entry in check.readable]
    verdicts = {
        mark["path"]: mark["verdict"] == "reject"
        for mark in list_marks(project, image_set)
        if mark["problem"] == problem
    }
    result = sieve_taught_kind(
        check.thumbnails,
        _list_patients(project, image_set, paths),
        [verdicts.get(path) for path in paths],
        kind=problem,
        seed=seed,
    )
    _store_scores(project, image_set, who, paths, result, seed=seed, problem=problem, taught=True)
    return next(run for run in list_runs(project, image_set) if run.problem == problem)


def list_runs(project: Project, image_set: RegisteredSet) -> list[SieveRun]:
    """The newest run of each problem."""
    with project.store.read() as conn:
        rows = stored_sieves.list_sieves(conn, image_set.id)
    return [
        SieveRun(
            id=row["id"],
            problem=problem,
            images=row["detail"]["images"],
            suspected=row["detail"]["suspected"],
            auc=row["detail"]["auc"],
            warnings=tuple(row["detail"]["warnings"]),
            taught=row["detail"]["taught"],
        )
        for problem, row in rows.items()
    ]


def list_ranked(
    project: Project, image_set: RegisteredSet, run: SieveRun, *, first: int = 1, most: int = 18
) -> list[RankedImage]:
    """The images of a run from a rank on, with what people said of them for this problem."""
    with project.store.read() as conn:
        rows = stored_sieves.list_scores(conn, run.id, first=first, most=most)
        marks = {
            mark["image"]: mark
            for mark in stored_sieves.list_sieve_marks(conn, image_set.id)
            if mark["problem"] == run.problem
        }
    return [
        RankedImage(
            image=row["image"],
            path=row["path"],
            rank=row["rank"],
            score=row["score"],
            verdict=marks[row["image"]]["verdict"] if row["image"] in marks else None,
            who=marks[row["image"]]["who"] if row["image"] in marks else None,
        )
        for row in rows
    ]


def mark_images(
    project: Project,
    who: str,
    problem: str,
    marks: Mapping[int, str | None],
    scores: Mapping[int, float] | None = None,
) -> None:
    """Rejects or keeps images for a problem (None takes it back). No file is touched."""
    require_role(project, who, "contribute")
    for verdict in marks.values():
        if verdict not in ("reject", "keep", None):
            raise ReviewError(f"{verdict!r} is not understood: reject or keep")
    if not problem.strip():
        raise ReviewError("name the problem the images are rejected for")
    if not marks:
        return
    rows = [
        {"image": image, "verdict": verdict, "score": (scores or {}).get(image)}
        for image, verdict in marks.items()
    ]
    with project.store.write() as conn:
        stored_sieves.add_sieve_marks(conn, who, utc_now(), problem.strip(), rows)


def mark_paths(
    project: Project,
    image_set: RegisteredSet,
    who: str,
    problem: str,
    paths: Mapping[str, str],
) -> None:
    """Marks images by their paths (or file names, if one image only has the name).

    Raises:
        ReviewError: a path that is no image of the set; nothing is kept then.
    """
    require_role(project, who, "contribute")
    with project.store.read() as conn:
        numbers = stored_sets.get_image_numbers(conn, image_set.id)
    by_name: dict[str, list[int]] = {}
    for path, number in numbers.items():
        by_name.setdefault(PurePosixPath(path).name, []).append(number)
    marks: dict[int, str | None] = {}
    for path, verdict in paths.items():
        fitting = [numbers[path]] if path in numbers else by_name.get(path, [])
        if len(fitting) != 1:
            kind = "fits several images" if fitting else "is no image"
            raise ReviewError(f"{path!r} {kind} of {image_set.name}")
        marks[fitting[0]] = verdict
    mark_images(project, who, problem, marks)


def undo_marks(project: Project, image_set: RegisteredSet, who: str, problem: str) -> int:
    """Withdraws a person's newest marks for a problem; gives how many images they were.

    Raises:
        ReviewError: the person may not contribute to the review.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        images = stored_sieves.find_last_marks(conn, image_set.id, who, problem)
        if images:
            rows = [{"image": image, "verdict": None, "score": None} for image in images]
            stored_sieves.add_sieve_marks(conn, who, utc_now(), problem, rows)
    return len(images)


def list_marks(project: Project, image_set: RegisteredSet) -> list[dict[str, Any]]:
    """The newest word on each image and problem."""
    with project.store.read() as conn:
        return stored_sieves.list_sieve_marks(conn, image_set.id)


def compare_rejected(project: Project, image_set: RegisteredSet) -> list[GroupComparison]:
    """Label, age, sex, view and site of the rejected images beside the rest."""
    rejected = {
        mark["path"] for mark in list_marks(project, image_set) if mark["verdict"] == "reject"
    }
    inside: list[LabelRow] = []
    rest: list[LabelRow] = []
    for path, row in list_rows(project, image_set).items():
        (inside if path in rejected else rest).append(row)
    return list(compare_rejects(inside, rest)) if inside else []


def describe_rejects(project: Project, image_set: RegisteredSet) -> str | None:
    """The finding as one sentence; None if nothing was rejected."""
    problems: dict[str, int] = {}
    paths = set()
    for mark in list_marks(project, image_set):
        if mark["verdict"] == "reject":
            problems[mark["problem"]] = problems.get(mark["problem"], 0) + 1
            paths.add(mark["path"])
    if not paths:
        return None
    listed = ", ".join(f"{count:,} {problem}" for problem, count in problems.items())
    return (
        f"Of {image_set.readable:,} images, readers rejected {len(paths):,} after the image sieve "
        f"had ranked them: {listed}."
    )


def _list_patients(
    project: Project, image_set: RegisteredSet, paths: Sequence[str]
) -> list[str | None]:
    rows = list_rows(project, image_set)
    return [rows[path].patient if path in rows else None for path in paths]


def _store_scores(
    project: Project,
    image_set: RegisteredSet,
    who: str,
    paths: Sequence[str],
    result: SieveScores,
    *,
    seed: int,
    problem: str,
    taught: bool = False,
) -> None:
    detail = {
        "images": len(paths),
        "suspected": None if result.ranking_only else int(result.suspected.sum()),
        "auc": None if result.quality is None else float(result.quality.auc),
        "warnings": list(result.warnings),
        "taught": taught,
    }
    with project.store.write() as conn:
        numbers = stored_sets.get_image_numbers(conn, image_set.id)
        scores = [
            {
                "image": numbers[paths[place]],
                "rank": rank,
                "score": float(result.scores[place]),
                "suspected": None if result.ranking_only else int(result.suspected[place]),
            }
            for rank, place in enumerate(result.rank(), 1)
        ]
        values = {"image_set": image_set.id, "problem": problem, "seed": seed}
        stored_sieves.add_sieve(
            conn, who, at=utc_now(), values=values, detail=detail, scores=scores
        )
