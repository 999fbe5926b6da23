"""Checks an image set: reads, measures and hashes every file once, and writes a manifest.

A manifest is a folder of shards. A shard is a file of JSON lines, one per image, beside a file of
arrays (thumbnails and measures of those that could be read). A check that was stopped goes on
where it was; paths are relative, so that the images may move.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from review.errors import ReviewError
from review.imaging.features import MEASURES, SIDE, make_thumbnail, measure_image
from review.imaging.files import (
    SUFFIX_FORMATS,
    DecodedImage,
    Fault,
    ImageError,
    SkippedFile,
    decode_image,
    find_images,
    locate_image,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARD_SIZE = 2000
"""Images of one shard."""
MANIFEST_VERSION = 1
SMALL_SIDE = 64
"""Pixels of the shorter side below which an image counts as of odd size."""
LONG_ASPECT = 2.5
"""Longer side over shorter side above which an image counts as of odd size."""
SIZE_FACTOR = 3.0
"""How far the area's square root may lie from the set's median, as a factor."""
BLANK_SPREAD = 6.0
"""Grey levels (of 255) between the 2nd and 98th percentile of a thumbnail: blank up to here."""
GREY_SPREAD = 24.0
"""The same for an image that shows hardly any contrast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEntry:
    """One image of a set; what could not be found out is None."""

    path: str
    """Relative to the folder of the set, with forward slashes."""
    size_bytes: int
    sha256: str | None = None
    """Of the file."""
    pixels_sha256: str | None = None
    """Of the decoded pixels, their size and depth: equal for copies saved in another format."""
    format: str | None = None
    mode: str | None = None
    width: int | None = None
    height: int | None = None
    bits: int | None = None
    frames: int | None = None
    orientation: int | None = None
    """EXIF orientation as stored; other than 1 means that the image was turned for the audit."""
    tags: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What to mind: blank, almost no contrast, turned by EXIF, several frames, ..."""
    fault: Fault | None = None
    """Why it could not be read."""
    fault_text: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ImageCheck:
    """What a check of a folder found: every file is an entry or is skipped with a reason."""

    root: Path
    entries: tuple[ImageEntry, ...]
    """Images in the order of their paths, the unreadable ones too."""
    skipped: tuple[SkippedFile, ...]
    missing: tuple[str, ...]
    """Images of an earlier check whose files are gone."""
    thumbnails: NDArray[np.uint8]
    """64 x 64 bytes for each readable image, in the order of `readable`."""
    measures: NDArray[np.float32]
    """Measures of each readable image; columns are `features.MEASURES`."""

    @property
    def readable(self) -> tuple[ImageEntry, ...]:
        """The images that could be read."""
        return tuple(entry for entry in self.entries if entry.fault is None)

    @property
    def unreadable(self) -> tuple[ImageEntry, ...]:
        """The images that could not be read."""
        return tuple(entry for entry in self.entries if entry.fault is not None)

    @property
    def files(self) -> int:
        """Files found: images that could be read, images that could not, and skipped ones."""
        return len(self.entries) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """The counts of a check; files = readable + unreadable + skipped."""

    files: int
    readable: int
    unreadable: int
    skipped: int
    missing: int
    faults: Mapping[str, int]
    skip_reasons: Mapping[str, int]
    notes: Mapping[str, int]
    formats: Mapping[str, int]
    modes: Mapping[str, int]
    sizes: Mapping[str, int]
    """Width x height, most frequent first."""
    duplicate_names: Mapping[str, tuple[str, ...]]
    """File names that occur in several folders, or that differ in case only."""
    exact_doubles: int
    """Files beyond the first of each group with the same bytes."""


@dataclass(frozen=True, slots=True)
class _Reading:
    entry: ImageEntry
    thumbnail: Any
    measures: Any


def check_images(
    root: Path,
    *,
    out: Path | None = None,
    shard_size: int = SHARD_SIZE,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> ImageCheck:
    """Reads every image below a folder once.

    Args:
        out: folder of the manifest. Images listed there with the same path and SHA-256 are
            not decoded again, so that a stopped check goes on. None keeps everything in memory.
        workers: processes that decode.
        progress: called with (images done, images in all).

    Raises:
        ReviewError: the folder is missing, the manifest is damaged or lies inside the image
            folder, or no image was found.
    """
    listing = find_images(root)
    if not listing.images:
        raise ReviewError(
            f"no PNG, JPEG, TIFF or DICOM image in {root}: name the folder that holds the images"
        )
    if shard_size < 1 or workers < 1:
        raise ReviewError("the size of a shard and the number of workers are at least 1")
    if out is not None and out.resolve().is_relative_to(root.resolve()):
        raise ReviewError(
            f"the manifest {out} would be among the images of {root}: choose another folder"
        )
    gathered = _Gathered(listing.images)
    missing: set[str] = set()
    for reading in _read_shards(out) if out else ():
        if not gathered.add(reading):
            missing.add(reading.entry.path)
    pending = [
        path
        for path in listing.images
        if path not in gathered.entries or not _is_unchanged(root, gathered.entries[path])
    ]
    total = len(listing.images)
    done = total - len(pending)
    if progress:
        progress(done, total)
    shard: list[_Reading] = []
    number = _next_shard_number(out) if out else 0
    for reading in _read_images(root, pending, workers):
        gathered.add(reading)
        done += 1
        if out:
            shard.append(reading)
            if len(shard) == shard_size or done == total:
                _write_shard(out, number, shard)
                number, shard = number + 1, []
        if progress:
            progress(done, total)
    return gathered.build(root, listing.skipped, tuple(sorted(missing)))


def read_manifest(out: Path, root: Path) -> ImageCheck:
    """The check that was written to a folder, without looking at the images again.

    Raises:
        ReviewError: there is no manifest, or it is damaged.
    """
    paths = sorted({reading.entry.path for reading in _read_shards(out)})
    if not paths:
        raise ReviewError(f"{out} holds no manifest of images: check the image set first")
    gathered = _Gathered(paths)
    for reading in _read_shards(out):
        gathered.add(reading)
    return gathered.build(root, (), ())


def verify_images(check: ImageCheck) -> dict[str, str]:
    """Images whose file is gone or differs from the manifest: path to 'gone' or 'changed'."""
    differing = {}
    for entry in check.entries:
        try:
            digest = hash_file(locate_image(check.root, entry.path))
        except (ImageError, OSError):
            differing[entry.path] = "gone"
            continue
        if entry.sha256 is not None and digest != entry.sha256:
            differing[entry.path] = "changed"
    return differing


def summarize_check(check: ImageCheck) -> CheckSummary:
    """Counts of everything a check found."""
    readable, unreadable = check.readable, check.unreadable
    digests = Counter(entry.sha256 for entry in check.entries if entry.sha256)
    return CheckSummary(
        files=check.files,
        readable=len(readable),
        unreadable=len(unreadable),
        skipped=len(check.skipped),
        missing=len(check.missing),
        faults=_count(entry.fault for entry in unreadable),
        skip_reasons=_count(file.reason for file in check.skipped),
        notes=_count(note for entry in readable for note in entry.notes),
        formats=_count(entry.format for entry in readable),
        modes=_count(entry.mode for entry in readable),
        sizes=_count(f"{entry.width} x {entry.height}" for entry in readable),
        duplicate_names=find_duplicate_names([entry.path for entry in check.entries]),
        exact_doubles=sum(digests.values()) - len(digests),
    )


def find_duplicate_names(paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """File names that several paths share, case and suffix left aside, with those paths."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[PurePosixPath(path).stem.casefold()].append(path)
    return {
        PurePosixPath(group[0]).name: tuple(group) for group in groups.values() if len(group) > 1
    }


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_pixels(pixels: NDArray[Any]) -> str:
    """SHA-256 of decoded pixels with their size and depth."""
    import hashlib

    import numpy as np

    digest = hashlib.sha256(f"{pixels.shape} {pixels.dtype.itemsize} ".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def _count(values: Iterable[object]) -> dict[str, int]:
    return dict(Counter(str(value) for value in values).most_common())


def _is_unchanged(root: Path, entry: ImageEntry) -> bool:
    try:
        path = locate_image(root, entry.path)
        same_size = path.stat().st_size == entry.size_bytes
        return same_size and entry.sha256 is not None and hash_file(path) == entry.sha256
    except (ImageError, OSError):
        return False


def _read_images(root: Path, paths: Sequence[str], workers: int) -> Iterator[_Reading]:
    if workers == 1 or len(paths) < 2 * workers:
        for path in paths:
            yield _read_image(root, path)
        return
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # A part at a time, so that results never pile up in front of a slow disk.
        for start in range(0, len(paths), 512):
            part = paths[start : start + 512]
            yield from pool.map(partial(_read_image, root), part, chunksize=16)


def _read_image(root: Path, relative: str) -> _Reading:
    size = 0
    digest: str | None = None
    try:
        path = locate_image(root, relative)
        size = path.stat().st_size
        digest = hash_file(path)
        image = decode_image(path)
        thumbnail = make_thumbnail(image.pixels)
        measures = measure_image(image, size)
    except ImageError as error:
        entry = ImageEntry(
            path=relative, size_bytes=size, sha256=digest, fault=error.fault, fault_text=str(error)
        )
        return _Reading(entry, None, None)
    except OSError:
        entry = ImageEntry(
            path=relative,
            size_bytes=size,
            fault="unreadable",
            fault_text=f"{relative} cannot be opened: check its permissions",
        )
        return _Reading(entry, None, None)
    height, width = image.pixels.shape
    entry = ImageEntry(
        path=relative,
        size_bytes=size,
        sha256=digest,
        pixels_sha256=hash_pixels(image.pixels),
        format=image.format,
        mode=image.mode,
        width=width,
        height=height,
        bits=image.bits,
        frames=image.frames,
        orientation=image.orientation,
        tags=image.tags,
        notes=_note_image(image, relative, thumbnail),
    )
    return _Reading(entry, thumbnail, measures)


def _note_image(image: DecodedImage, path: str, thumbnail: NDArray[np.uint8]) -> tuple[str, ...]:
    import numpy as np

    notes = list(image.notes)
    low, high = np.percentile(thumbnail, [2, 98])
    spread = float(high - low)
    if spread <= BLANK_SPREAD or image.used_range == 0:
        notes.append("blank")
    elif spread <= GREY_SPREAD:
        notes.append("almost no contrast")
    if image.orientation != 1:
        notes.append("turned by EXIF")
    if image.frames > 1:
        notes.append("several frames, the first is used")
    named = SUFFIX_FORMATS.get(PurePosixPath(path).suffix.lower())
    if named is not None and named != image.format:
        notes.append("suffix differs from content")
    if image.mode == "MONOCHROME1":
        notes.append("stored inverted (MONOCHROME1), shown upright in grey")
    if image.tags.get("BurnedInAnnotation", "").upper() == "YES":
        notes.append("text burnt in, says its tag")
    return tuple(notes)


class _Gathered:
    """Readings of a known list of images; thumbnails are held once, for sets of any size."""

    def __init__(self, paths: Sequence[str]) -> None:
        import numpy as np

        self.places = {path: place for place, path in enumerate(paths)}
        self.entries: dict[str, ImageEntry] = {}
        self.thumbnails = np.zeros((len(paths), SIDE, SIDE), dtype=np.uint8)
        self.measures = np.zeros((len(paths), len(MEASURES)), dtype=np.float32)

    def add(self, reading: _Reading) -> bool:
        """Takes a reading in place of an earlier one; False if the image is not in the list."""
        place = self.places.get(reading.entry.path)
        if place is None:
            return False
        self.entries[reading.entry.path] = reading.entry
        if reading.entry.fault is None:
            self.thumbnails[place], self.measures[place] = reading.thumbnail, reading.measures
        return True

    def build(
        self, root: Path, skipped: tuple[SkippedFile, ...], missing: tuple[str, ...]
    ) -> ImageCheck:
        """The check; rows of unreadable images are closed up."""
        entries = [self.entries[path] for path in self.places]
        held = 0
        for place, entry in enumerate(entries):
            if entry.fault is None:
                if held != place:
                    self.thumbnails[held] = self.thumbnails[place]
                    self.measures[held] = self.measures[place]
                held += 1
        noted = tuple(_note_odd_sizes(entries))
        return ImageCheck(
            root=root,
            entries=noted,
            skipped=skipped,
            missing=missing,
            thumbnails=self.thumbnails[:held],
            measures=self.measures[:held],
        )


def _note_odd_sizes(entries: Sequence[ImageEntry]) -> list[ImageEntry]:
    """The entries, those of odd size noted: tiny, long and narrow, or far from the set's median."""
    from statistics import median

    sides = {
        entry.path: (entry.width * entry.height) ** 0.5
        for entry in entries
        if entry.width and entry.height
    }
    typical = median(sides.values()) if sides else 0.0
    noted = []
    for entry in entries:
        if entry.width and entry.height:
            short, long = sorted((entry.width, entry.height))
            factor = sides[entry.path] / typical
            far = factor > SIZE_FACTOR or factor < 1 / SIZE_FACTOR
            odd = short < SMALL_SIDE or long / short > LONG_ASPECT or far
            if odd and "odd size" not in entry.notes:
                entry = replace(entry, notes=(*entry.notes, "odd size"))
        noted.append(entry)
    return noted


def _write_shard(out: Path, number: int, readings: Sequence[_Reading]) -> None:
    """Writes the arrays, then the lines; the shard counts once its lines have their name."""
    import numpy as np

    out.mkdir(parents=True, exist_ok=True)
    held = [reading for reading in readings if reading.entry.fault is None]
    thumbnails = np.array([reading.thumbnail for reading in held], dtype=np.uint8)
    measures = np.array([reading.measures for reading in held], dtype=np.float32)
    arrays, lines = out / f"shard-{number:05d}.npz", out / f"shard-{number:05d}.jsonl"
    partial = arrays.with_suffix(".npz.part")
    with partial.open("wb") as stream:
        np.savez(stream, thumbnails=thumbnails, measures=measures)
    partial.replace(arrays)
    head = {"manifest": MANIFEST_VERSION, "measures": list(MEASURES)}
    text = [json.dumps(head)]
    text += [json.dumps(asdict(reading.entry), ensure_ascii=False) for reading in readings]
    partial = lines.with_suffix(".jsonl.part")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write("\n".join(text) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(lines)


def _next_shard_number(out: Path) -> int:
    numbers = [int(path.stem.split("-")[1]) for path in out.glob("shard-*.jsonl")]
    return max(numbers, default=0) + 1


def _read_shards(out: Path) -> Iterator[_Reading]:
    """All readings of a manifest, older shards first."""
    import zipfile

    import numpy as np

    for lines in sorted(out.glob("shard-*.jsonl")):
        where = f"{lines}: the manifest is damaged; delete this shard and check again"
        try:
            with np.load(lines.with_suffix(".npz"), allow_pickle=False) as arrays:
                thumbnails, measures = arrays["thumbnails"], arrays["measures"]
            head, *rows = lines.read_text(encoding="utf-8").splitlines()
            header = json.loads(head)
            if header.get("manifest") != MANIFEST_VERSION or header.get("measures") != list(
                MEASURES
            ):
                raise ReviewError(f"{lines}: written by another version of Funnel; check again")
            entries = [_parse_entry(row) for row in rows]
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise ReviewError(where) from error
        place = 0
        if sum(entry.fault is None for entry in entries) != len(thumbnails):
            raise ReviewError(where)
        for entry in entries:
            if entry.fault is None:
                yield _Reading(entry, thumbnails[place], measures[place])
                place += 1
            else:
                yield _Reading(entry, None, None)


def _parse_entry(line: str) -> ImageEntry:
    values = json.loads(line)
    return ImageEntry(**{**values, "notes": tuple(values["notes"])})
