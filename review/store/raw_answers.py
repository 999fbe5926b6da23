"""Raw responses as received: compressed files named by the SHA-256 of their content."""

import gzip
import hashlib
import os
import tempfile
import zlib
from pathlib import Path

from review.errors import StoreError

MAX_RESPONSE_BYTES = 256 * 1024 * 1024
"""A saved response that unpacks to more was not saved here (bytes); the client stops at 64 MB."""
GZIP_LEVEL = 6
"""gzip level; XML and JSON shrink to about a fifth."""


def save_response(folder: Path, body: bytes) -> str:
    """Save a response in the review's raw/ folder, atomically, and return its SHA-256.

    Raises:
        StoreError: the disk is full or not writable.
    """
    digest = hashlib.sha256(body).hexdigest()
    path = get_path(folder, digest)
    if path.exists():
        return digest
    scratch: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            scratch = Path(file.name)
            file.write(gzip.compress(body, GZIP_LEVEL, mtime=0))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        raise StoreError(
            f"{path}: the raw response cannot be written ({error.strerror}). This page was not "
            "saved; free disk space and run the harvest again to resume here."
        ) from error
    return digest


def get_path(folder: Path, digest: str) -> Path:
    """Path of the response with a given SHA-256."""
    return folder / "raw" / digest[:2] / f"{digest}.gz"


def load_response(folder: Path, digest: str) -> bytes:
    """A saved response, checked against its hash. Raises StoreError if missing or damaged."""
    path = get_path(folder, digest)
    try:
        with gzip.open(path) as packed:
            body = packed.read(MAX_RESPONSE_BYTES + 1)  # a changed file may swell without end
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"{path}: the raw response cannot be read.") from error
    if hashlib.sha256(body).hexdigest() != digest:
        raise StoreError(f"{path}: the raw response has been changed since it was saved.")
    return body
