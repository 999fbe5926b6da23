"""Search exports in a review's folder, and the PRISMA boxes in which their records are counted."""

from pathlib import Path

from review.formats import EXPORT_SUFFIXES
from review.protocol.models import Via

BOXES: dict[str, Via] = {
    "Databases": "databases",
    "Registers": "registers",
    "Websites": "websites",
    "Organisations": "organisations",
    "Citation searching": "citations",
}
"""Boxes of the PRISMA 2020 diagram for identified records, as a person reads them."""
TABLE_SUFFIXES = (".xlsx", ".ods", ".zip")
"""Endings of search exports beside those of text files."""


def list_export_files(folder: Path) -> list[str]:
    """Names of the files in a review's folder that may be search exports, in alphabetical order."""
    suffixes = (*EXPORT_SUFFIXES, *TABLE_SUFFIXES)
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_file() and path.name.lower().endswith(suffixes)
    )
