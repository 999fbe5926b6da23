"""Files of a report into a folder: each written whole or not at all."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from review.errors import ReviewError

MANIFEST = "manifest.json"


def write(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Writes files by path under a folder, made where it is not there; gives their places.

    A manifest is written last, and an older one is taken away first: a report that was broken off
    has none, so that nobody takes it for whole.

    Raises:
        ReviewError: a file cannot be written; names it.
    """
    places = []
    if MANIFEST in files:
        _gone(folder / MANIFEST)
    for name in sorted(files, key=lambda one: one == MANIFEST):
        place = folder / name
        scratch = place.with_name(f".{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_bytes(files[name])
            scratch.replace(place)
        except OSError as error:
            _gone(scratch)
            raise ReviewError(f"{place}: cannot be written ({error.strerror}).") from error
        places.append(place)
    return places


def _gone(place: Path) -> None:
    with suppress(OSError):
        place.unlink()
