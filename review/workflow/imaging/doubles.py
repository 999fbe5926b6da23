"""Finds duplicates within an image set or between two, and shows each pair side by side."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.imaging.contact_sheets import Tile, draw_sheet
from review.imaging.doubles import (
    ComparedImages,
    Double,
    find_doubles,
    find_doubles_between,
)
from review.workflow.imaging.inputs import LabelledSet, Progress, load_set
from review.workflow.imaging.outcome import AuditOutcome, OutputFolder, format_counts
from review.workflow.imaging.sieving import read_pixels

PAIR_COLUMNS = (
    "pair", "first", "second", "kind", "turn", "inverted", "bits", "correlation", "cropped", "part",
)  # fmt: skip
PAIRS_ON_SHEET = 9


def list_doubles(
    folder: Path,
    out: Path,
    second: Path | None = None,
    *,
    crops: bool | None = None,
    sheets: int = 5,
    workers: int = 1,
    manifests: Sequence[Path] = (),
    progress: Progress | None = None,
) -> AuditOutcome:
    """Writes doubles.csv, groups of copies, and sheets of pairs.

    Args:
        second: another set; then only doubles between the two are listed.
        crops: whether to look for cropped copies, in all turns; None looks in sets of up to 5,000
            images, above 2,000 upright and mirrored only.
        manifests: where the manifest of each set is, if not among the results.

    Raises:
        ReviewError: a folder holds no image, or both folders are one.
    """
    if second is not None and second.resolve() == folder.resolve():
        raise ReviewError(f"{folder} is given twice; give one folder, or two different ones")
    output = OutputFolder(out, "doubles")
    names = [*map(str, manifests), *("manifest", "manifest-second")[len(manifests) :]]
    first_set = load_set(folder, output, workers=workers, progress=progress, manifest=names[0])
    sets = [first_set]
    if second is None:
        search = find_doubles(
            ComparedImages.from_check(first_set.check), crops=crops, progress=progress
        )
    else:
        second_set = load_set(second, output, workers=workers, progress=progress, manifest=names[1])
        sets.append(second_set)
        search = find_doubles_between(
            ComparedImages.from_check(first_set.check),
            ComparedImages.from_check(second_set.check),
            crops=crops,
            progress=progress,
        )
    output.write_table("doubles.csv", PAIR_COLUMNS, _list_pairs(search.doubles))
    output.write_table(
        "doubles-groups.csv",
        ("group", "path"),
        (
            {"group": number, "path": path}
            for number, group in enumerate(search.groups, 1)
            for path in group
        ),
    )
    output.write_table(
        "doubles-blank.csv", ("path",), ({"path": path} for path in search.too_blank)
    )
    _write_sheets(search.doubles, sets, output, sheets)
    kinds = Counter(str(double.kind) for double in search.doubles)
    images = [len(held.check.readable) for held in sets]
    output.write_manifest(
        [path for path in (folder, second) if path is not None],
        {"crops": search.crops_sought, "turned_crops": search.turned_crops_sought,
         "sheets": sheets},
        {"images": images, "compared": search.compared, "pairs": kinds,
         "too_blank": len(search.too_blank)},
    )  # fmt: skip
    lines = [
        f"{' and '.join(f'{count:,}' for count in images)} images compared.",
        f"{len(search.doubles):,} pairs: {format_counts(kinds)}."
        if kinds
        else "No duplicates found.",
    ]
    if len(search.doubles) > sheets * PAIRS_ON_SHEET:
        lines.append(f"The contact sheets show the first {sheets * PAIRS_ON_SHEET:,} pairs.")
    if not search.crops_sought:
        lines.append("Cropped copies were not searched for; to do so, add --crops.")
    elif not search.turned_crops_sought:
        lines.append(
            "Cropped copies were searched for upright and mirrored only; for turned ones as well, "
            "add --crops."
        )
    shortfalls = [line for held in sets for line in held.shortfalls]
    if search.too_blank:
        shortfalls.append(
            f"{len(search.too_blank):,} images are too blank for visual comparison "
            "(doubles-blank.csv)."
        )
    return AuditOutcome(tuple(lines), tuple(shortfalls))


def _list_pairs(doubles: Sequence[Double]) -> list[dict[str, Any]]:
    return [
        {
            "pair": number,
            "first": double.first,
            "second": double.second,
            "kind": double.kind,
            "turn": double.turn,
            "inverted": double.inverted,
            "bits": double.bits,
            "correlation": double.correlation,
            "cropped": double.cropped,
            "part": double.part,
        }
        for number, double in enumerate(doubles, 1)
    ]


def _write_sheets(
    doubles: Sequence[Double], sets: Sequence[LabelledSet], output: OutputFolder, sheets: int
) -> None:
    """Pairs side by side, three to a row; the number is that of doubles.csv."""
    roots = (sets[0].check.root, sets[-1].check.root)
    shown = doubles[: sheets * PAIRS_ON_SHEET]
    for start in range(0, len(shown), PAIRS_ON_SHEET):
        tiles = []
        for number, double in enumerate(shown[start : start + PAIRS_ON_SHEET], start + 1):
            for root, path in zip(roots, (double.first, double.second), strict=True):
                tiles.append(Tile(pixels=read_pixels(root, path), caption=path, key=f"{number}"))
        output.write_file(f"doubles-{start // PAIRS_ON_SHEET + 1:02d}.png", draw_sheet(tiles))
