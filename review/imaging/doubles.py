"""Finds duplicate images within a set, between sets or across a split.

Exact copies share their bytes or their pixels. Scaled, recompressed, turned, mirrored and inverted
copies share a hash of 255 bits, the signs of the 16 x 16 lowest frequencies. Cropped copies are
looked for by matching each image against parts of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from review.errors import ReviewError
from review.imaging.features import SIDE, make_window_matrix, resample
from review.imaging.manifest import ImageCheck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FREQUENCIES = 16
"""Lowest frequencies per direction; all but the constant one make 255 bits."""
MOST_BITS = 28
"""Bits in which two hashes of one image may differ. Copies of an NIH film, scaled and saved as
JPEG, differ in at most 11; films of two patients in at least 54."""
MOST_CROPS = 5_000
"""Images of a set above which cropped copies are not looked for unless asked."""
MOST_TURNED_CROPS = 2_000
"""Images of a set above which cropped copies are sought upright and mirrored only, unless asked."""
SHORTLIST = 8
"""Images matched closely for each image that may be a part."""
LEAST_LIKENESS = 0.8
"""Correlation of coarse patterns from which a pair is matched closely."""
CROP_CORRELATION = 0.993
"""Correlation from which a pair counts as a cropped copy."""
CROP_DETAIL = 0.96
"""Correlation of the fine detail that such a pair must have as well. Parts of NIH films reach 0.98,
the likeliest pairs of two patients 0.88."""
STAGES = ((0.04, 0.93), (0.02, 0.97), (0.01, 0.98), (0.005, 1.0))
"""Steps in which the window of a part is moved, and the correlation below which a pair is given up
after the step."""
FIRST_CORRELATION = 0.86
"""Correlation at the first window below which a pair is given up at once."""
SMALLEST_PART = 0.4
"""Least side of a part, as a share of the other image's side."""
CROP_SIDE = 32
BLOCK = 1024
"""Images compared at once."""
BLANK_SPREAD = 6.0
"""Grey levels between 2nd and 98th percentile up to which an image is too blank to compare."""

Kind = Literal["same bytes", "same pixels", "copy", "cropped"]
TURNS = (
    "as it is", "mirrored", "upside down and mirrored", "turned by 180 degrees", "transposed",
    "turned by 90 degrees", "turned by 270 degrees", "transposed the other way",
)  # fmt: skip
"""How the second image becomes the first; turns are counter-clockwise."""


@dataclass(frozen=True, slots=True)
class Double:
    """Two images that look like one."""

    first: str
    second: str
    kind: Kind
    turn: str = TURNS[0]
    """How the second must be turned to look like the first."""
    inverted: bool = False
    bits: int | None = None
    """Bits in which the hashes differ; None for exact and cropped pairs."""
    correlation: float | None = None
    """Of a cropped pair."""
    cropped: Literal["first", "second"] | None = None
    """Which of the two is the part of the other."""
    part: tuple[float, float, float, float] | None = None
    """Top, bottom, left and right (0 to 1) of that part in the uncropped image."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ComparedImages:
    """Images to be compared; the lists run in one order."""

    paths: Sequence[str]
    thumbnails: NDArray[np.uint8]
    sha256: Sequence[str | None] = field(default=())
    pixels_sha256: Sequence[str | None] = field(default=())

    @classmethod
    def from_check(cls, check: ImageCheck) -> ComparedImages:
        """The readable images of a check."""
        return cls(
            paths=[entry.path for entry in check.readable],
            thumbnails=check.thumbnails,
            sha256=[entry.sha256 for entry in check.readable],
            pixels_sha256=[entry.pixels_sha256 for entry in check.readable],
        )

    def select(self, places: Sequence[int]) -> ComparedImages:
        """Those at the given places."""
        return ComparedImages(
            paths=[self.paths[place] for place in places],
            thumbnails=self.thumbnails[list(places)],
            sha256=[self.sha256[place] for place in places] if self.sha256 else (),
            pixels_sha256=(
                [self.pixels_sha256[place] for place in places] if self.pixels_sha256 else ()
            ),
        )


@dataclass(frozen=True, slots=True)
class DoubleSearch:
    """The doubles found, and what was not looked at."""

    doubles: tuple[Double, ...]
    """Same bytes first, then same pixels, copies by bits, cropped copies by correlation."""
    compared: int
    """Images that were compared by look."""
    too_blank: tuple[str, ...]
    """Images with too little contrast to compare; exact copies are found among them too."""
    crops_sought: bool
    turned_crops_sought: bool = False
    """Whether cropped copies were also sought turned, not only upright and mirrored."""
    groups: tuple[tuple[str, ...], ...] = ()
    """Images joined by exact copies and copies by hash; only within one set."""


def find_doubles(
    images: ComparedImages,
    *,
    crops: bool | None = None,
    most_bits: int = MOST_BITS,
    progress: Callable[[int, int], None] | None = None,
) -> DoubleSearch:
    """Doubles within one set.

    Args:
        crops: whether to look for cropped copies, in all eight turns; None looks in sets of up to
            5,000 images, above 2,000 upright and mirrored only.
        progress: called with (blocks compared, blocks in all).
    """
    return _search(images, None, crops, most_bits, progress)


def find_doubles_between(
    first: ComparedImages,
    second: ComparedImages,
    *,
    crops: bool | None = None,
    most_bits: int = MOST_BITS,
    progress: Callable[[int, int], None] | None = None,
) -> DoubleSearch:
    """Doubles of which one is in the first set and one in the second, such as train and test."""
    return _search(first, second, crops, most_bits, progress)


def group_doubles(doubles: Sequence[Double]) -> tuple[tuple[str, ...], ...]:
    """Images joined by doubles of any kind but cropped, as groups of two or more."""
    leader: dict[str, str] = {}

    def lead(path: str) -> str:
        while leader.setdefault(path, path) != path:
            leader[path] = leader[leader[path]]
            path = leader[path]
        return path

    for double in doubles:
        if double.kind != "cropped":
            leader[lead(double.second)] = lead(double.first)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in leader:
        groups[lead(path)].append(path)
    return tuple(sorted(tuple(sorted(group)) for group in groups.values()))


def _search(
    first: ComparedImages,
    second: ComparedImages | None,
    crops: bool | None,
    most_bits: int,
    progress: Callable[[int, int], None] | None,
) -> DoubleSearch:
    if not 0 <= most_bits <= 80:
        raise ReviewError(f"hashes of copies differ in 0 to 80 bits, not {most_bits}")
    other = first if second is None else second
    first_images, first_blank = _drop_blank(first)
    second_images, second_blank = (first_images, ()) if second is None else _drop_blank(second)
    exact = _find_exact(first, second)
    known = {(double.first, double.second) for double in exact}
    copies = [
        double
        for double in _find_copies(first_images, second_images, second is None, most_bits, progress)
        if (double.first, double.second) not in known
    ]
    known |= {(double.first, double.second) for double in copies}
    size = max(len(first.paths), len(other.paths))
    sought = size <= MOST_CROPS if crops is None else crops
    turned = sought and (crops is not None or size <= MOST_TURNED_CROPS)
    cropped = []
    if sought:
        taken = known if second is not None else known | {(b, a) for a, b in known}
        # Within one set, a part of an image should not be reported again for each of its copies.
        turns = range(len(TURNS) if turned else 2)
        cropped = _find_crops(first_images, second_images, second is None, taken, turns)
    doubles = (*exact, *copies, *cropped)
    return DoubleSearch(
        doubles=doubles,
        compared=len(first_images.paths) + (0 if second is None else len(second_images.paths)),
        too_blank=(*first_blank, *second_blank),
        crops_sought=sought,
        turned_crops_sought=turned,
        groups=group_doubles(doubles) if second is None else (),
    )


def _drop_blank(images: ComparedImages) -> tuple[ComparedImages, tuple[str, ...]]:
    import numpy as np

    if not len(images.paths):
        return images, ()
    flat = images.thumbnails.reshape(len(images.thumbnails), -1)
    low, high = np.percentile(flat, [2, 98], axis=1)
    blank = high - low <= BLANK_SPREAD
    if not blank.any():
        return images, ()
    kept = [int(place) for place in np.flatnonzero(~blank)]
    return images.select(kept), tuple(images.paths[int(place)] for place in np.flatnonzero(blank))


def _find_exact(first: ComparedImages, second: ComparedImages | None) -> list[Double]:
    """Pairs with the same bytes, then those with the same pixels only."""
    doubles: list[Double] = []
    seen: set[tuple[str, str]] = set()
    kinds: tuple[tuple[Kind, str], ...] = (
        ("same bytes", "sha256"),
        ("same pixels", "pixels_sha256"),
    )
    for kind, name in kinds:
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for path, digest in zip(first.paths, getattr(first, name) or (), strict=False):
            if digest is not None:
                holders[digest].append(path)
        if second is None:
            # Each further copy is paired with the first: a group of n makes n - 1 pairs.
            pairs = [(group[0], path) for group in holders.values() for path in group[1:]]
        else:
            pairs = [
                (holder, path)
                for path, digest in zip(second.paths, getattr(second, name) or (), strict=False)
                for holder in holders.get(digest or "", ())
            ]
        for pair in pairs:
            if pair not in seen:
                seen.add(pair)
                doubles.append(Double(pair[0], pair[1], kind))
    return doubles


def _sign_frequencies(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    import numpy as np
    from scipy.fft import dctn

    parts = []
    for start in range(0, len(thumbnails), BLOCK):
        pixels = thumbnails[start : start + BLOCK].astype(np.float32)
        lowest = dctn(pixels, axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES]
        parts.append(np.where(lowest > 0, np.float32(1), np.float32(-1)))
    if not parts:
        return np.zeros((0, FREQUENCIES, FREQUENCIES), dtype=np.float32)
    return np.concatenate(parts)


def _split_by_parity(signs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The signs in four parts: even and odd frequencies down by even and odd across.

    Mirroring changes the sign of those that are odd across, turning upside down of those odd down.
    So the agreement with every mirrored or turned copy is a sum of the four parts' agreements.
    """
    import numpy as np

    count = len(signs)
    parts = [
        signs[:, down::2, across::2].reshape(count, -1) for down in (0, 1) for across in (0, 1)
    ]
    return [parts[0][:, 1:], *(np.ascontiguousarray(part) for part in parts[1:])]


# Rows: what a turn does to the signs of (even, even), (even, odd), (odd, even), (odd, odd).
_FLIPS = ((1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1))
_FLIP_NAMES = (TURNS[0], TURNS[1], TURNS[2], TURNS[3])
_TRANSPOSED_NAMES = (TURNS[4], TURNS[6], TURNS[5], TURNS[7])


def _find_copies(
    first: ComparedImages,
    second: ComparedImages,
    same: bool,
    most_bits: int,
    progress: Callable[[int, int], None] | None,
) -> list[Double]:
    import numpy as np

    if not len(first.paths) or not len(second.paths):
        return []
    first_signs, second_signs = (
        _sign_frequencies(first.thumbnails),
        _sign_frequencies(second.thumbnails),
    )
    left = _split_by_parity(first_signs)
    rights = [_split_by_parity(second_signs), _split_by_parity(second_signs.transpose(0, 2, 1))]
    total = FREQUENCIES**2 - 1
    least = total - 2 * most_bits
    starts = [
        (row, column)
        for row in range(0, len(first_signs), BLOCK)
        for column in range(row if same else 0, len(second_signs), BLOCK)
    ]
    doubles = []
    for number, (row, column) in enumerate(starts):
        best: dict[tuple[int, int], tuple[int, str, bool]] = {}
        for right, names in zip(rights, (_FLIP_NAMES, _TRANSPOSED_NAMES), strict=True):
            agreements = [
                a[row : row + BLOCK] @ b[column : column + BLOCK].T
                for a, b in zip(left, right, strict=True)
            ]
            # No turn agrees better than the sum of the parts' absolute agreements.
            bound = np.abs(agreements[0])
            for agreement in agreements[1:]:
                bound += np.abs(agreement)
            for a, b in np.argwhere(bound >= least):
                if same and row + a >= column + b:
                    continue
                parts = [float(agreement[a, b]) for agreement in agreements]
                for flip, name in zip(_FLIPS, names, strict=True):
                    value = sum(sign * part for sign, part in zip(flip, parts, strict=True))
                    bits = round((total - abs(value)) / 2)
                    held = best.get((int(a), int(b)))
                    if bits <= most_bits and (held is None or bits < held[0]):
                        best[int(a), int(b)] = (bits, name, value < 0)
        for (a, b), (bits, name, inverted) in best.items():
            doubles.append(
                Double(
                    first=first.paths[row + a],
                    second=second.paths[column + b],
                    kind="copy",
                    turn=name,
                    inverted=inverted,
                    bits=bits,
                )
            )
        if progress:
            progress(number + 1, len(starts))
    return sorted(doubles, key=lambda double: (double.bits, double.first, double.second))


# Parts of a line (start, stop) in which a cropped copy is looked for first.
_SCALES = ((1.0, 1), (0.92, 2), (0.84, 3), (0.76, 4), (0.68, 5), (0.6, 6))
_COARSE_SIDE, _COARSE_FREQUENCIES = 24, 8


def _list_windows() -> list[tuple[float, float]]:
    windows = []
    for scale, places in _SCALES:
        for place in range(places):
            start = (1 - scale) * place / max(1, places - 1)
            windows.append((start, start + scale))
    return windows


def _make_pattern_matrix(windows: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    """Frequencies of the part of a line of 64 pixels within each window, stacked."""
    import numpy as np

    cells = (np.arange(_COARSE_SIDE) + 0.5) / _COARSE_SIDE
    waves = np.cos(np.pi * cells[None] * np.arange(_COARSE_FREQUENCIES)[:, None])
    waves[0] /= 2**0.5
    return np.concatenate([
        waves @ make_window_matrix(start, stop, _COARSE_SIDE, SIDE) for start, stop in windows
    ]).astype(np.float32)  # fmt: skip


def _describe_parts(
    pictures: NDArray[np.float32], matrix: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The normalized pattern of every window of every picture: pictures, windows, 63 values."""
    import numpy as np

    lines = len(matrix) // _COARSE_FREQUENCIES
    values = matrix @ pictures @ matrix.T
    values = values.reshape(
        len(pictures), lines, _COARSE_FREQUENCIES, lines, _COARSE_FREQUENCIES
    ).transpose(0, 1, 3, 2, 4)
    values = values.reshape(len(pictures), lines * lines, -1)[:, :, 1:]
    length = np.sqrt((values**2).sum(axis=2, keepdims=True))
    normalized: NDArray[np.float32] = values / np.maximum(length, 1e-6)
    return normalized


def _find_crops(
    first: ComparedImages,
    second: ComparedImages,
    same: bool,
    known: set[tuple[str, str]],
    turns: Sequence[int],
) -> list[Double]:
    """Pairs of which one shows a part of the other."""
    best: dict[tuple[int, int], Double] = {}
    for cropped in ("second",) if same else ("second", "first"):
        holders, parts = (first, second) if cropped == "second" else (second, first)
        for candidate in _shortlist_crops(holders, parts, same, turns):
            holder, part = candidate.holder, candidate.part
            names = (holders.paths[holder], parts.paths[part])
            if names in known if cropped == "second" else names[::-1] in known:
                continue
            correlation, detail, window = _match_part(
                holders.thumbnails[holder], parts.thumbnails[part], candidate
            )
            if correlation < CROP_CORRELATION or detail < CROP_DETAIL:
                continue
            double = Double(
                *(names if cropped == "second" else names[::-1]),
                kind="cropped",
                turn=TURNS[candidate.turn if cropped == "second" else _TURN_BACK[candidate.turn]],
                inverted=candidate.inverted,
                correlation=round(correlation, 4),
                cropped="second" if cropped == "second" else "first",
                part=window,
            )
            key = (min(holder, part), max(holder, part)) if same else (holder, part)
            key = key if cropped == "second" else key[::-1]
            held = best.get(key)
            if held is None or (held.correlation or 0) < correlation:
                best[key] = double
    return sorted(
        best.values(), key=lambda double: (-(double.correlation or 0), double.first, double.second)
    )


@dataclass(frozen=True, slots=True)
class _Candidate:
    holder: int
    """Place of the image that may hold the part."""
    part: int
    """Place of the image that may be the part."""
    window: int
    """Number of the window in which it may lie."""
    turn: int
    """How the part must be turned: the place in `TURNS`."""
    inverted: bool


_TURN_BACK = (0, 1, 2, 3, 4, 6, 5, 7)
"""The turn that undoes each of `TURNS`."""


def _turn(pictures: NDArray[np.float32], turn: int) -> NDArray[np.float32]:
    """Pictures (rows and columns last) after one of `TURNS`."""
    if turn in (1, 3, 5, 7):
        pictures = pictures[..., ::-1]
    if turn in (2, 3, 6, 7):
        pictures = pictures[..., ::-1, :]
    return pictures.swapaxes(-1, -2) if turn >= 4 else pictures


def _shortlist_crops(
    holders: ComparedImages, parts: ComparedImages, same: bool, turns: Sequence[int]
) -> list[_Candidate]:
    """For each image, the few others of which it looks most like a part."""
    import numpy as np

    windows = _list_windows()
    matrix, plain = _make_pattern_matrix(windows), _make_pattern_matrix([(0.0, 1.0)])
    count = len(parts.paths)
    if not count or not len(holders.paths):
        return []
    best_value = np.zeros((len(turns), count, SHORTLIST), dtype=np.float32)
    best_place = np.zeros((len(turns), count, SHORTLIST, 2), dtype=np.int32)
    pictures = parts.thumbnails.astype(np.float32)
    wanted = [_describe_parts(_turn(pictures, turn), plain)[:, 0] for turn in turns]
    step = 128
    for start in range(0, len(holders.paths), step):
        block = holders.thumbnails[start : start + step].astype(np.float32)
        patterns = _describe_parts(block, matrix)[:, 1:]
        size, number, length = patterns.shape
        flat = patterns.reshape(size * number, length)
        for side in range(len(turns)):
            for begin in range(0, count, 256):
                likeness = (wanted[side][begin : begin + 256] @ flat.T).reshape(-1, size, number)
                window = np.abs(likeness).argmax(axis=2)  # far below 0: an inverted part
                value = np.take_along_axis(likeness, window[..., None], axis=2)[..., 0]
                rows = np.arange(begin, begin + len(value))
                if same:
                    own = (rows >= start) & (rows < start + size)
                    value[np.flatnonzero(own), rows[own] - start] = 0
                here = slice(begin, begin + len(value))
                places = np.stack(
                    np.broadcast_arrays(np.arange(start, start + size)[None], window), axis=2
                )
                all_values = np.concatenate([best_value[side, here], value], axis=1)
                all_places = np.concatenate([best_place[side, here], places], axis=1)
                order = np.argsort(-np.abs(all_values), axis=1, kind="stable")[:, :SHORTLIST]
                best_value[side, here] = np.take_along_axis(all_values, order, axis=1)
                best_place[side, here] = np.take_along_axis(all_places, order[..., None], axis=1)
    chosen = np.argwhere(np.abs(best_value) >= LEAST_LIKENESS)
    return [
        _Candidate(
            holder=int(best_place[side, part, rank, 0]),
            part=int(part),
            window=int(best_place[side, part, rank, 1]) + 1,
            turn=turns[side],
            inverted=bool(best_value[side, part, rank] < 0),
        )
        for side, part, rank in chosen
    ]


def _match_part(
    holder: NDArray[np.uint8], part: NDArray[np.uint8], candidate: _Candidate
) -> tuple[float, float, tuple[float, float, float, float]]:
    """The correlation of the part with the best window of the holder, that of the fine detail, and
    the window (top, bottom, left, right)."""
    import numpy as np

    windows = _list_windows()
    down, across = divmod(candidate.window, len(windows))
    window = [*windows[down], *windows[across]]
    source, shown = holder.astype(np.float32), part.astype(np.float32)
    shown = _turn(255 - shown if candidate.inverted else shown, candidate.turn)
    target = _normalize(resample(shown[None], CROP_SIDE)[0])

    def correlate(bounds: Sequence[float]) -> float:
        return float((_normalize(_cut(source, bounds, CROP_SIDE)) * target).sum())

    best = correlate(window)
    if best < FIRST_CORRELATION:
        return best, 0.0, _round_window(window)
    for step, least in STAGES:
        moved = True
        while moved:
            moved = False
            for move in _MOVES:
                trial = [
                    round(bound + step * shift, 4)
                    for bound, shift in zip(window, move, strict=True)
                ]
                sides = (trial[1] - trial[0], trial[3] - trial[2])
                if min(trial) < 0 or max(trial) > 1 or min(sides) < SMALLEST_PART:
                    continue
                value = correlate(trial)
                if value > best + 1e-5:
                    best, window, moved = value, trial, True
        if best < least:
            break
    if best < CROP_CORRELATION:
        return best, 0.0, _round_window(window)
    fine = _normalize(_sharpen(_cut(source, window, SIDE)))
    detail = float((fine * _normalize(_sharpen(shown))).sum())
    return best, detail, _round_window(window)


def _round_window(window: Sequence[float]) -> tuple[float, float, float, float]:
    top, bottom, left, right = (round(bound, 3) for bound in window)
    return top, bottom, left, right


_MOVES = tuple(
    tuple(float(sign) * (place in moved) for place in range(4))
    for moved in ((0,), (1,), (2,), (3,), (0, 1), (2, 3))
    for sign in (-1, 1)
)
"""Shifts of one bound of a window, or of both bounds of a direction."""


def _cut(source: NDArray[np.float32], bounds: Sequence[float], side: int) -> NDArray[np.float32]:
    top, bottom, left, right = bounds
    down = make_window_matrix(top, bottom, side, SIDE)
    across = make_window_matrix(left, right, side, SIDE)
    part: NDArray[Any] = down @ source @ across.T
    return part


def _normalize(values: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = values - values.mean()
    length = float((centred**2).sum()) ** 0.5
    normalized: NDArray[np.float32] = centred / max(length, 1e-6)
    return normalized


def _sharpen(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a blur takes away: the fine detail, borders left out."""
    from scipy.ndimage import gaussian_filter

    fine: NDArray[np.float32] = (gaussian_filter(values, 1.0) - gaussian_filter(values, 3.0))[
        4:-4, 4:-4
    ]
    return fine
