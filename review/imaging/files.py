"""Lists and reads the image files of a folder.

PNG, JPEG, TIFF and DICOM are read, each by its content and not by its name. Links are never
followed, and a file that cannot be read becomes an `ImageError` that names its kind of fault.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from review.errors import ReviewError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff"})
DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".dic", ".ima"})
OTHER_IMAGE_SUFFIXES = frozenset({
    ".bmp", ".gif", ".webp", ".jp2", ".j2k", ".heic", ".avif", ".nii", ".nrrd", ".mha", ".mhd",
    ".mgh", ".svs",
})  # fmt: skip
"""Images of a format Funnel does not read: listed with that reason."""
MOST_PIXELS = 120_000_000
"""Pixels of one frame above which a file is not decoded (a mammogram has about 20 million)."""
MOST_UNPACKED = 500_000_000
"""Bytes that a deflated DICOM file may unpack to."""
KEPT_TAGS = (
    "Modality", "BodyPartExamined", "ViewPosition", "PatientID", "PatientSex", "PatientAge",
    "InstitutionName", "Manufacturer", "ManufacturerModelName", "StudyInstanceUID",
    "SeriesInstanceUID", "SOPInstanceUID", "PhotometricInterpretation", "BurnedInAnnotation",
    "LossyImageCompression", "ImageLaterality", "PatientOrientation",
)  # fmt: skip
"""DICOM elements kept in a manifest. Names, addresses and birth dates of patients are not."""
SUFFIX_FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG",
    ".tif": "TIFF", ".tiff": "TIFF", ".dcm": "DICOM", ".dicom": "DICOM",
}  # fmt: skip
_DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
    NotImplementedError, RuntimeError, OverflowError, MemoryError, ZeroDivisionError,
    AssertionError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow and pydicom raise on damaged files."""
_TRUNCATION_WORDS = ("truncated", "end of file", "less than expected", "cannot reshape", "got eof",
                     "multiple of element size")  # fmt: skip
_DECODER_WORDS = ("missing dependencies", "does not support", "no plugins", "not supported")

Fault = Literal[
    "truncated", "unreadable", "too large", "no decoder", "no pixels", "empty", "not found",
    "outside the folder",
]  # fmt: skip
SkipReason = Literal[
    "link", "link out of the folder", "not an image", "format not read", "DICOM index",
    "not a regular file", "folder not readable", "file not readable", "name not in UTF-8",
]  # fmt: skip


class ImageError(ReviewError):
    """One image could not be read; `fault` says why in one of a few words."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault: Fault = fault


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file of the folder that is not taken for an image, and why."""

    path: str
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class FileListing:
    """Every file below a folder: the images, and the others with a reason each."""

    images: tuple[str, ...]
    """Relative to the folder, with forward slashes, sorted."""
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedImage:
    """One image, or one frame of it, ready to be looked at."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    """Rows by columns, grey; a larger value is brighter. Turned upright if EXIF says so."""
    format: str
    """PNG, JPEG, TIFF or DICOM."""
    mode: str
    """As stored: L, RGB, I;16, ... for pictures; MONOCHROME1, MONOCHROME2, RGB, ... for DICOM."""
    bits: int
    """Bits stored per sample."""
    frames: int
    orientation: int
    """EXIF orientation, 1 to 8; 1 is upright. `pixels` have been turned already."""
    used_range: float
    """Share (0 to 1) of the range the bits allow that the stored values use."""
    tags: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What of the file could not be followed, though the pixels were read."""


def find_images(root: Path) -> FileListing:
    """Lists the images below a folder; every other file is listed with a reason.

    Raises:
        ReviewError: the folder does not exist or is a file.
    """
    if not root.is_dir():
        kind = "is a file, not a folder" if root.exists() else "does not exist"
        raise ReviewError(f"{root} {kind}: name the folder that holds the images")
    images: list[str] = []
    skipped: list[SkippedFile] = []
    for path, reason in _walk(root):
        if not _is_printable(path):
            skipped.append(SkippedFile(_show_path(path), "name not in UTF-8"))
        elif reason is None:
            images.append(path)
        else:
            skipped.append(SkippedFile(path, reason))
    return FileListing(
        tuple(sorted(images)), tuple(sorted(skipped, key=lambda file: (file.path, file.reason)))
    )


def locate_image(root: Path, relative: str) -> Path:
    """The file a relative path names.

    Raises:
        ImageError: the path leaves the folder, goes through a link, or names no file.
    """
    pure = PurePosixPath(relative)
    if pure.is_absolute() or ".." in pure.parts or "\x00" in relative or "\\" in relative:
        raise ImageError(
            "outside the folder", f"{_show_path(relative)} is not a path inside the image folder"
        )
    path = root
    for part in pure.parts:
        path = path / part
        if path.is_symlink():
            raise ImageError(
                "outside the folder", f"{_show_path(relative)} goes through a link; copy the file"
            )
    if not path.is_file():
        raise ImageError("not found", f"{_show_path(relative)} is not in {root}")
    return path


def decode_image(path: Path, *, frame: int = 0) -> DecodedImage:
    """Reads one image, or one frame of it.

    Args:
        frame: which frame of a multi-frame file, from 0.

    Raises:
        ImageError: empty, truncated, too large, compressed with no decoder here, no pixels, or
            not an image at all.
    """
    from PIL import Image
    from pydicom.errors import InvalidDicomError

    errors = (*_DECODING_ERRORS, Image.DecompressionBombError, InvalidDicomError)
    try:
        if path.stat().st_size == 0:
            raise ImageError("empty", f"{path.name} is empty")
        if is_dicom(path):
            return _decode_dicom(path, frame)
        return _decode_picture(path, frame)
    except ImageError:
        raise
    except errors as error:
        fault = _classify_error(error)
        raise ImageError(fault, _describe_fault(path.name, fault)) from error


def is_dicom(path: Path) -> bool:
    """Whether the file is DICOM: by the mark at byte 128, else by its suffix."""
    with path.open("rb") as stream:
        start = stream.read(132)
    if start[128:132] == b"DICM":
        return True
    return path.suffix.lower() in DICOM_SUFFIXES and start[:4] not in (
        b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"II*\x00", b"MM\x00*",
    )  # fmt: skip


def scale_to_bytes(
    pixels: NDArray[Any], window: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Grey values of 0 to 255.

    Args:
        window: centre and width of the values to show; None shows 8 bits as they are and
            stretches 16 bits over the values that occur (a thousandth at each end left out).

    Raises:
        ReviewError: the width of the window is not above 0.
    """
    import numpy as np

    if window is None:
        if pixels.dtype == np.uint8:
            shown: NDArray[np.uint8] = pixels
            return shown
        low, high = _find_range(pixels)
    else:
        centre, width = window
        if not width > 0:
            raise ReviewError(f"the width of a window is above 0, not {width}")
        low, high = centre - width / 2, centre + width / 2
    if high <= low:
        return np.zeros(pixels.shape, dtype=np.uint8)
    share = (pixels.astype(np.float32) - low) * (255 / (high - low))
    scaled: NDArray[np.uint8] = np.clip(share + 0.5, 0, 255).astype(np.uint8)
    return scaled


def _walk(root: Path) -> Iterator[tuple[str, SkipReason | None]]:
    """Every entry below the folder that is not a plain sub-folder."""
    resolved = root.resolve()
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError:
            yield folder.relative_to(root).as_posix(), "folder not readable"
            continue
        for entry in entries:
            path = Path(entry.path)
            relative = path.relative_to(root).as_posix()
            if entry.is_symlink():
                yield relative, _classify_link(path, resolved)
            elif entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif not entry.is_file(follow_symlinks=False):
                yield relative, "not a regular file"
            else:
                yield relative, _classify_file(path)


def _classify_link(path: Path, root: Path) -> SkipReason:
    try:
        target = path.resolve()
    except (OSError, RuntimeError):
        return "link"
    return "link" if target.is_relative_to(root) else "link out of the folder"


def _classify_file(path: Path) -> SkipReason | None:
    name, suffix = path.name, path.suffix.lower()
    if name.upper() == "DICOMDIR":
        return "DICOM index"
    if name.startswith("."):
        return "not an image"
    if suffix in PICTURE_SUFFIXES or suffix in DICOM_SUFFIXES:
        return None
    if suffix in OTHER_IMAGE_SUFFIXES or name.lower().endswith(".nii.gz"):
        return "format not read"
    try:
        return None if is_dicom(path) else "not an image"
    except OSError:
        return "file not readable"


def _is_printable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _show_path(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _classify_error(error: BaseException) -> Fault:
    from PIL import Image, UnidentifiedImageError
    from pydicom.errors import InvalidDicomError

    text = str(error).lower()
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return "too large"
    if "too large" in text or "exceeds limit" in text:
        return "too large"
    if isinstance(error, UnidentifiedImageError | InvalidDicomError):
        return "unreadable"
    if isinstance(error, EOFError) or any(word in text for word in _TRUNCATION_WORDS):
        return "truncated"
    if isinstance(error, NotImplementedError) or any(word in text for word in _DECODER_WORDS):
        return "no decoder"
    return "unreadable"


def _describe_fault(name: str, fault: Fault) -> str:
    reasons: dict[Fault, str] = {
        "truncated": "ends too early: fetch the file again",
        "too large": f"has more than {MOST_PIXELS:,} pixels, or unpacks to more than is safe to "
        "read: scale it down, or save it again without its comments",
        "no decoder": "is compressed in a way that no decoder installed here reads",
        "no pixels": "holds no image",
        "unreadable": "is not a PNG, JPEG, TIFF or DICOM image that can be read",
    }
    return f"{name} {reasons.get(fault, 'cannot be read')}"


def _decode_picture(path: Path, frame: int) -> DecodedImage:
    import warnings

    import numpy as np
    from PIL import Image

    with warnings.catch_warnings(), path.open("rb") as stream:
        warnings.simplefilter("ignore")
        # A stream, not the path: Pillow maps a turned TIFF by path with its sides mixed up.
        with Image.open(stream, formats=("PNG", "JPEG", "TIFF")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ImageError("too large", _describe_fault(path.name, "too large"))
            frames = int(getattr(image, "n_frames", 1))
            if not 0 <= frame < frames:
                raise ImageError(
                    "no pixels", f"{path.name} has {frames} frames; there is no number {frame}"
                )
            if frame:
                image.seek(frame)
            if image.width * image.height > MOST_PIXELS:
                raise ImageError("too large", _describe_fault(path.name, "too large"))
            mode, tags = image.mode, getattr(image, "tag_v2", {})
            photometric, orientation = tags.get(262), tags.get(274)
            bits = {"1": 1, "I": 32, "F": 32}.get(mode, 16 if mode.startswith("I;16") else 8)
            bits = 16 if image.format == "PNG" and mode == "I" else bits
            image.load()  # else NumPy takes a picture that fails to load for a black one
            # Of a TIFF this is 1 by now: Pillow turned it while loading.
            left_to_turn = _read_orientation(image)
            orientation = _clean_orientation(orientation or left_to_turn)
            form = "JPEG" if image.format == "MPO" else str(image.format)
            pixels: NDArray[Any]
            if mode in ("I", "F") or mode.startswith("I;16"):
                pixels = np.asarray(image)
            else:
                pixels = np.asarray(image if mode == "L" else image.convert("L"))
    if pixels.ndim != 2 or pixels.size == 0:
        raise ImageError("no pixels", _describe_fault(path.name, "no pixels"))
    if photometric == 0 and bits == 16:
        pixels = 65535 - pixels.astype(np.int64)
    used = _measure_used_range(pixels, min(bits, 16) if pixels.dtype.kind in "iu" else None)
    return DecodedImage(
        pixels=turn_upright(_fit_depth(pixels), left_to_turn),
        format=form,
        mode=mode,
        bits=bits,
        frames=frames,
        orientation=orientation,
        used_range=used,
    )


def _read_orientation(image: Any) -> int:
    try:
        return _clean_orientation(image.getexif().get(274, 1))
    except _DECODING_ERRORS:
        return 1


def _clean_orientation(value: object) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turn_upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """The pixels as EXIF says they should be seen (orientation 1 to 8)."""
    import numpy as np

    turned = {
        2: lambda: pixels[:, ::-1],
        3: lambda: pixels[::-1, ::-1],
        4: lambda: pixels[::-1],
        5: lambda: pixels.T,
        6: lambda: np.rot90(pixels, -1),
        7: lambda: pixels[::-1, ::-1].T,
        8: lambda: np.rot90(pixels, 1),
    }.get(orientation)
    return pixels if turned is None else np.ascontiguousarray(turned())


def _decode_dicom(path: Path, frame: int) -> DecodedImage:
    import warnings

    import numpy as np
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
    from pydicom.pixels.utils import pixel_array

    notes: tuple[str, ...] = ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset, source = _open_dicom(path)
        rows, columns = dataset.get("Rows"), dataset.get("Columns")
        held = any(name in dataset for name in ("PixelData", "FloatPixelData", "DoublePixelData"))
        if not rows or not columns or not held:
            fault: Fault = "no pixels" if "SOPClassUID" in dataset else "unreadable"
            raise ImageError(fault, _describe_fault(path.name, fault))
        if int(rows) * int(columns) > MOST_PIXELS:
            raise ImageError("too large", _describe_fault(path.name, "too large"))
        frames = int(dataset.get("NumberOfFrames") or 1)
        if not 0 <= frame < max(frames, 1):
            raise ImageError(
                "no pixels", f"{path.name} has {frames} frames; there is no number {frame}"
            )
        photometric = str(dataset.get("PhotometricInterpretation", "")).strip().upper()
        bits = int(dataset.get("BitsStored") or dataset.get("BitsAllocated") or 8)
        values: NDArray[Any] = pixel_array(source, index=frame)
        if photometric == "PALETTE COLOR":
            values = apply_color_lut(values, dataset)
        if values.ndim == 3:
            grey = values[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
            used = _measure_used_range(grey, bits)
        else:
            used = _measure_used_range(values, bits if values.dtype.kind in "iu" else None)
            grey, notes = _apply_window(apply_modality_lut(values, dataset), dataset)
    if grey.ndim != 2 or grey.size == 0:
        raise ImageError("no pixels", _describe_fault(path.name, "no pixels"))
    if photometric == "MONOCHROME1":
        grey = grey.max() + grey.min() - grey.astype(np.float64)
    tags = {name: _show_tag(dataset.get(name)) for name in KEPT_TAGS if dataset.get(name)}
    return DecodedImage(
        pixels=_fit_depth(grey, bits),
        format="DICOM",
        mode=photometric or "unknown",
        bits=bits,
        frames=max(frames, 1),
        orientation=1,
        used_range=used,
        tags=tags,
        notes=notes,
    )


def _apply_window(grey: NDArray[Any], dataset: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The values as the first VOI window or table shows them; as they are if it is not valid."""
    from pydicom.pixels.processing import apply_voi_lut

    try:
        return apply_voi_lut(grey, dataset, index=0), ()
    except _DECODING_ERRORS:
        return grey, ("window of the file not valid, left aside",)


def _open_dicom(path: Path) -> tuple[Any, Any]:
    """The data set, and what its pixels are read from.

    That is the path, so that one frame is read and not all; or the data set itself, if its file is
    deflated or lacks the header that names the encoding.
    """
    from pydicom import dcmread
    from pydicom.uid import (
        DeflatedExplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
    )

    force = path.suffix.lower() in DICOM_SUFFIXES
    if _read_transfer_syntax(path) == DeflatedExplicitVRLittleEndian:
        dataset = dcmread(path, force=force)
        return dataset, dataset
    dataset = dcmread(path, force=force, defer_size="1 KB")
    if dataset.file_meta.get("TransferSyntaxUID"):
        return dataset, path
    implicit, _ = dataset.original_encoding
    dataset.file_meta.TransferSyntaxUID = (
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    )
    return dataset, dataset


def _read_transfer_syntax(path: Path) -> str | None:
    """The encoding a DICOM file names, None without its header.

    Raises:
        ImageError: the file is deflated and unpacks to more than `MOST_UNPACKED` bytes.
    """
    from pydicom.filereader import read_file_meta_info
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    with path.open("rb") as stream:
        if stream.read(132)[128:] != b"DICM":
            return None
        meta = read_file_meta_info(path)
        syntax = meta.get("TransferSyntaxUID")
        if syntax == DeflatedExplicitVRLittleEndian:
            # The length counts from behind its own element of 12 bytes.
            stream.seek(132 + 12 + int(meta.FileMetaInformationGroupLength))
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            if len(unpacker.decompress(stream.read(), MOST_UNPACKED + 1)) > MOST_UNPACKED:
                raise ImageError("too large", _describe_fault(path.name, "too large"))
    return None if syntax is None else str(syntax)


def _show_tag(value: Any) -> str:
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        value = "\\".join(str(part) for part in value)
    return "".join(letter for letter in str(value) if letter.isprintable())[:128].strip()


def _measure_used_range(pixels: NDArray[Any], bits: int | None) -> float:
    import numpy as np

    whole = pixels.dtype.kind in "iu"
    low = float(pixels.min() if whole else np.nanmin(pixels))
    high = float(pixels.max() if whole else np.nanmax(pixels))
    if bits is None:
        return 1.0 if high > low else 0.0
    return min(1.0, (high - low) / (float(2**bits - 1) or 1.0))


def _fit_depth(pixels: NDArray[Any], bits: int = 16) -> NDArray[Any]:
    """The values as 8 or 16 bit; others are stretched over 8 bits (up to 8 stored) or 16."""
    import numpy as np

    if pixels.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(pixels)
    clean = np.nan_to_num(pixels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(clean.min()), float(clean.max())
    if low >= 0 and high <= 65535 and pixels.dtype.kind in "iu":
        return clean.astype(np.uint16 if bits > 8 or high > 255 else np.uint8)
    top, kind = (255, np.uint8) if bits <= 8 else (65535, np.uint16)
    if high <= low:
        return np.zeros(pixels.shape, dtype=kind)
    return ((clean - low) * (top / (high - low)) + 0.5).astype(kind)


def _find_range(pixels: NDArray[Any]) -> tuple[float, float]:
    import numpy as np

    step = max(1, int((pixels.size / 250_000) ** 0.5))
    low, high = np.percentile(pixels[::step, ::step], [0.1, 99.9])
    if high <= low:
        low, high = float(pixels.min()), float(pixels.max())
    return float(low), float(high)
