"""PDFs of reports: stored once by content in the files/ folder, attached by appended rows."""

import hashlib
import os
import tempfile
from pathlib import Path

from review.errors import FullTextError
from review.store import files, links, records, retrievals
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

MAX_BYTES = 200 * 1024 * 1024
"""Largest PDF taken in (bytes)."""


def get_file_path(project: Project, sha256: str) -> Path:
    """Path of the file with this content."""
    return project.folder / "files" / sha256[:2] / f"{sha256}.pdf"


def find_pdf(project: Project, number: int) -> Path | None:
    """The PDF of a record, or of another record of the same report; None where there is none."""
    with project.store.read() as conn:
        groups = links.get_study_groups(conn, number) or {number: (number, number)}
        report = groups[number][0]
        members = [number, *(n for n, (r, _) in groups.items() if r == report and n != number)]
        for member in members:
            file_row = files.get_current_file(conn, member)
            if file_row is not None and get_file_path(project, file_row["sha256"]).exists():
                return get_file_path(project, file_row["sha256"])
    return None


def attach_pdf(
    project: Project, number: int, name: str, data: bytes, who: str, *, origin: str = "upload"
) -> str:
    """Keeps a PDF and attaches it to a record; gives its SHA-256.

    Raises:
        FullTextError: it is not a PDF, is empty or too large, or the disk refuses it.
    """
    require_role(project, who, "attach")
    if len(data) > MAX_BYTES:
        raise FullTextError(
            f"{name}: larger than {MAX_BYTES // 1024**2} MB; the file was not saved."
        )
    if b"%PDF-" not in data[:1024]:
        raise FullTextError(f"{name}: this is not a PDF file; it was not saved.")
    digest = hashlib.sha256(data).hexdigest()
    _write_file(get_file_path(project, digest), data)
    at = utc_now()
    with project.store.write() as conn:
        records.get_record(conn, number)
        files.attach_file(conn, number, digest, who, at, name=name, size=len(data), origin=origin)
        retrievals.add_attempt(conn, number, "retrieved", who, at, source=origin)
    return digest


def _write_file(path: Path, data: bytes) -> None:
    """Writes the whole file or nothing."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as scratch:
            scratch.write(data)
            scratch.flush()
            os.fsync(scratch.fileno())
        Path(scratch.name).replace(path)
    except OSError as error:
        raise FullTextError(f"{path}: cannot be written ({error.strerror}).") from error
