"""Files of a report into a folder: each written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from review.errors import ReviewError


def write(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Writes files by path under a folder, made where it is not there; gives their places.

    Raises:
        ReviewError: a file cannot be written; names it.
    """
    places = []
    for name, data in files.items():
        place = folder / name
        scratch = place.with_name(f".{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_bytes(data)
            scratch.replace(place)
        except OSError as error:
            raise ReviewError(f"{place}: cannot be written ({error.strerror}).") from error
        places.append(place)
    return places
