"""PDFs given in the app, singly or in a ZIP archive, and the reports whose PDFs are sought."""

import io
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from review import fulltext
from review.errors import FullTextError
from review.formats.archives import ARCHIVE_ERRORS
from review.fulltext import FullText, RecordCandidate
from review.store import files as stored_files
from review.store import links, records, retrievals
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts.reading import (
    AttachResult,
    ProgressCallback,
    attach_folder,
    get_pdf_text,
    load_candidates,
)
from review.workflow.fulltexts.retrieval_statements import NOT_RETRIEVED, describe_reason
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.screening import status as standings

MAX_PDFS = 2_000
"""PDFs taken from one archive."""
MAX_UNPACKED = 2 * 1024**3
"""Bytes unpacked from one archive."""


@dataclass(frozen=True, slots=True)
class UploadedPdfs:
    """What became of the PDFs that were given, and the content of those still to be assigned."""

    results: tuple[AttachResult, ...]
    unassigned: Mapping[str, bytes]
    """Name -> content of each PDF that was not attached and can be read."""


@dataclass(frozen=True, slots=True)
class SoughtReport:
    """A report whose full text is sought."""

    number: int
    key: str
    title: str
    state: Literal["attached", "not retrieved", "missing"]
    reason: str | None = None
    """Why it was not retrieved."""
    file_name: str | None = None
    attached_by: str | None = None
    attached_on: str | None = None


def attach_uploads(
    project: Project,
    files: Iterable[tuple[str, bytes]],
    who: str,
    *,
    progress: ProgressCallback | None = None,
) -> UploadedPdfs:
    """Attaches PDFs, singly or in ZIP archives, to the records they belong to.

    Raises:
        FullTextError: an archive is damaged, holds no PDF, or too many.
    """
    require_role(project, who, "attach")
    with tempfile.TemporaryDirectory(prefix="funnel-") as folder:
        for name, data in files:
            for member, content in _unpack(name, data):
                _choose_path(Path(folder), member).write_bytes(content)
        results = tuple(attach_folder(project, Path(folder), who, progress=progress))
        unassigned = {
            result.name: (Path(folder) / result.name).read_bytes()
            for result in results
            if result.state in ("ask", "unknown") or (result.keys and result.state == "no text")
        }
    return UploadedPdfs(results, unassigned)


def _unpack(name: str, data: bytes) -> list[tuple[str, bytes]]:
    """The PDFs of an archive, or the file itself; folders' names become part of the file name."""
    if not data.startswith(b"PK"):
        return [(name, data)]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [
                item
                for item in archive.infolist()
                if item.filename.lower().endswith(".pdf")
                and not Path(item.filename).name.startswith("._")
                and "__MACOSX" not in item.filename
            ]
            if not members or len(members) > MAX_PDFS:
                raise FullTextError(
                    f"{name}: this archive contains {len(members)} PDFs; expected 1 to "
                    f"{MAX_PDFS:,}."
                )
            return _read_members(archive, members, name)
    except (*ARCHIVE_ERRORS, OSError) as error:
        raise FullTextError(f"{name}: a damaged or protected ZIP archive.") from error


def _read_members(
    archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], name: str
) -> list[tuple[str, bytes]]:
    contents, total = [], 0
    for item in members:
        with archive.open(item) as member:  # its size in the header may be a lie
            content = member.read(attachments.MAX_BYTES + 1)
        total += len(content)
        if len(content) > attachments.MAX_BYTES or total > MAX_UNPACKED:
            raise FullTextError(f"{name}: unpacks to too large files; upload its PDFs in parts.")
        contents.append((item.filename, content))
    return contents


def _choose_path(folder: Path, name: str) -> Path:
    """A path of the file's name; with a number where another file has the same name."""
    plain = Path(name.replace("\\", "/")).name or "file.pdf"
    stem, ending = plain.rsplit(".", 1) if "." in plain else (plain, "pdf")
    path, number = folder / plain, 1
    while path.exists():
        number += 1
        path = folder / f"{stem} ({number}).{ending}"
    return path


def attach_checked_pdf(
    project: Project, number: int, name: str, data: bytes, who: str
) -> str | None:
    """Attaches a PDF to a record, in place of an earlier one, and reads it. Gives a warning where
    it seems to be another paper.

    Raises:
        FullTextError: as attach_pdf.
    """
    digest = attachments.attach_pdf(project, number, name, data, who)
    text = get_pdf_text(project, attachments.get_file_path(project, digest))
    candidates, report_of = load_candidates(project)
    return describe_title_mismatch(text, number, candidates, report_of)


def describe_title_mismatch(
    text: FullText,
    number: int,
    candidates: Sequence[RecordCandidate],
    report_of: Mapping[str, int],
) -> str | None:
    """Why a PDF seems to be another paper than the record's; None where it does not.

    Args:
        candidates: all records.
        report_of: key of a record -> its report.
    """
    if text.state != "ok":
        return None
    key = format_record_key(number)
    report = report_of.get(key, number)
    found = fulltext.match_record(text.front, candidates)
    if any(report_of[other] == report for other in found.keys):
        return None
    own = [candidate for candidate in candidates if report_of[candidate.key] == report]
    if found.keys:
        titles = {candidate.key: candidate.title for candidate in candidates}
        other = found.keys[0]
        return f"This PDF seems to be {other} “{titles[other]}”, not {key}. Check it."
    if not any(entry.title for entry in own) or fulltext.match_record(text.front, own).keys:
        return None
    return f"The title of {key} is not on the first pages of this PDF. Check that it is the paper."


def remove_pdf(project: Project, number: int, who: str) -> None:
    """Detaches a report's PDF; the file and its history stay, and the report is sought again.

    Raises:
        FullTextError: it has none.
    """
    require_role(project, who, "attach")
    with project.store.write() as conn:
        groups = links.get_report_groups(conn, [number])
        members = sorted(n for n, (report, _) in groups.items() if report == groups[number][0])
        rows = {n: row for n in members if (row := stored_files.get_current_file(conn, n))}
        if not rows:
            raise FullTextError(f"{format_record_key(number)}: no PDF is attached.")
        at = utc_now()
        for member, row in rows.items():
            stored_files.attach_file(
                conn,
                member,
                row["sha256"],
                who,
                at,
                name=row["name"],
                size=row["bytes"],
                origin=row["origin"],
                state="removed",
            )
            retrievals.add_attempt(conn, member, "sought", who, at)


def list_sought_reports(project: Project) -> list[SoughtReport]:
    """The reports whose full texts are sought, in order of arrival, and what came of each."""
    with project.store.read() as conn:
        statuses = standings.compute_statuses(project, conn)
        groups = links.list_groups(conn)
        reports = {groups.get(n, (n, n))[0] for n in records.list_numbers(conn)}
        sought = sorted(standings.list_sought_reports(project.protocol, statuses, reports))
        stored = records.get_records(conn, sought)
        attached = {
            groups.get(n, (n, n))[0]: row
            for n, row in stored_files.list_current_files(conn).items()
        }
        attempts = {
            groups.get(n, (n, n))[0]: attempt
            for n, attempt in retrievals.list_newest_attempts(conn).items()
        }
    found = []
    for number in sought:
        title = stored[number].record.title or "(no title)"
        key, row, attempt = stored[number].key, attached.get(number), attempts.get(number)
        if row is not None:
            found.append(
                SoughtReport(
                    number=number,
                    key=key,
                    title=title,
                    state="attached",
                    reason=None,
                    file_name=row["name"],
                    attached_by=row["who"],
                    attached_on=row["at"][:10],
                )
            )
        elif attempt is not None and attempt.state == NOT_RETRIEVED:
            reason = describe_reason(attempt)
            found.append(SoughtReport(number, key, title, "not retrieved", reason))
        else:
            found.append(SoughtReport(number, key, title, "missing"))
    return found
