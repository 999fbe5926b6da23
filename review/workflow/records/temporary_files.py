"""A file given in the app, in a folder of its own for as long as it is read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from review.errors import SourceError


@contextmanager
def save_temporarily(name: str, data: bytes) -> Iterator[Path]:
    """The file under its name; messages about it name it without the folder.

    Raises:
        SourceError: as it was raised within, without the folder's path.
    """
    with tempfile.TemporaryDirectory(prefix="funnel-") as folder:
        path = Path(folder) / (Path(name.replace("\\", "/")).name or "file")
        path.write_bytes(data)
        try:
            yield path
        except SourceError as error:
            raise SourceError(str(error).replace(f"{path.parent}/", "")) from error
