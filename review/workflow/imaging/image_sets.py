"""Checks an image set: counts every file and describes every image."""

from pathlib import Path

from review.imaging.manifest import CheckSummary, check_images, summarize_check
from review.workflow.imaging.inputs import MANIFEST_FOLDER, Progress, list_unreadable
from review.workflow.imaging.outcome import AuditOutcome, OutputFolder, format_counts

IMAGE_COLUMNS = (
    "path", "format", "mode", "width", "height", "bits", "frames", "orientation", "size_bytes",
    "sha256", "pixels_sha256", "notes", "fault", "fault_text",
)  # fmt: skip


def check_set(
    folder: Path, out: Path, *, workers: int = 1, progress: Progress | None = None
) -> AuditOutcome:
    """Reads every image of a folder and writes check-images.csv, check-skipped.csv and check.json.

    Raises:
        ReviewError: no image in the folder, or the results cannot be written.
    """
    output = OutputFolder(out, "check")
    check = check_images(folder, out=out / MANIFEST_FOLDER, workers=workers, progress=progress)
    summary = summarize_check(check)
    output.write_table("check-images.csv", IMAGE_COLUMNS, check.entries)
    skipped = [
        *check.skipped,
        *({"path": path, "reason": "missing since an earlier run"} for path in check.missing),
    ]
    output.write_table("check-skipped.csv", ("path", "reason"), skipped)
    output.write_table(
        "check-names.csv",
        ("name", "paths"),
        ({"name": name, "paths": paths} for name, paths in summary.duplicate_names.items()),
    )
    counts = {
        "files": summary.files,
        "readable": summary.readable,
        "unreadable": summary.unreadable,
        "skipped": summary.skipped,
        "missing": summary.missing,
        "exact_doubles": summary.exact_doubles,
        "formats": summary.formats,
        "modes": summary.modes,
        "sizes": summary.sizes,
        "notes": summary.notes,
        "faults": summary.faults,
        "skip_reasons": summary.skip_reasons,
    }
    output.write_manifest([folder], {"workers": workers}, counts)
    return AuditOutcome(tuple(_format_summary(summary)), tuple(list_unreadable(check)))


def _format_summary(summary: CheckSummary) -> list[str]:
    lines = [
        f"{summary.files:,} files: {summary.readable:,} images read, {summary.unreadable:,} "
        f"images unreadable, {summary.skipped:,} files skipped."
    ]
    if summary.skip_reasons:
        lines.append(f"Skipped: {format_counts(summary.skip_reasons)}.")
    lines.append(
        f"Formats: {format_counts(summary.formats)}. Modes: {format_counts(summary.modes)}."
    )
    sizes = dict(list(summary.sizes.items())[:5])
    more = len(summary.sizes) - len(sizes)
    lines.append(f"Sizes: {format_counts(sizes)}{f', and {more:,} others' if more else ''}.")
    if summary.notes:
        lines.append(f"To check: {format_counts(summary.notes)}.")
    if summary.exact_doubles:
        lines.append(f"{summary.exact_doubles:,} files are identical to another file.")
    if summary.duplicate_names:
        lines.append(f"{len(summary.duplicate_names):,} file names occur more than once.")
    return lines
