"""Writes the files of a report to a folder, each completely or not at all."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from review.errors import ReviewError

MANIFEST = "manifest.json"


def write_files(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Writes files by path under a folder, made where it is not there; gives their places.

    A manifest is written last, and an older one is taken away first: a report that was broken off
    has none, so that nobody takes it for whole.

    Raises:
        ReviewError: a file cannot be written; names it.
    """
    paths = []
    if MANIFEST in files:
        _remove_file(folder / MANIFEST)
    for name in sorted(files, key=lambda file_name: file_name == MANIFEST):
        path = folder / name
        part_path = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part_path.write_bytes(files[name])
            part_path.replace(path)
        except OSError as error:
            _remove_file(part_path)
            raise ReviewError(f"{path}: cannot be written ({error.strerror}).") from error
        paths.append(path)
    return paths


def _remove_file(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
