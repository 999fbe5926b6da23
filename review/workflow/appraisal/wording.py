"""The published wording of an instrument, as a review has installed it."""

from functools import lru_cache
from pathlib import Path

from review.checklists.models import Checklist
from review.checklists.wording import WORDING_COLUMNS, apply_wording, parse_wording
from review.checklists.yaml_loader import parse_yaml_text
from review.errors import ChecklistError
from review.formats.tabular.plain import read_table

WORDING_FOLDER = "checklists"
"""Folder of a review that holds installed wordings, one file per checklist."""


def get_wording_path(folder: Path, checklist_id: str) -> Path:
    """Location of the installed wording of a checklist in a review's folder."""
    return folder / WORDING_FOLDER / f"{checklist_id}.wording.csv"


def apply_installed_wording(folder: Path, checklist: Checklist) -> Checklist:
    """The checklist with the wording installed in the review, if there is one."""
    path = get_wording_path(folder, checklist.id)
    if not path.exists():
        return checklist
    return _apply_cached(checklist, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _apply_cached(checklist: Checklist, path: Path, _modified_at: int) -> Checklist:
    return apply_wording(checklist, parse_wording(checklist, read_rows(path), str(path)))


def read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells by column, of a CSV or of a YAML list of mappings.

    Raises:
        SourceError or ChecklistError: the file cannot be read as either.
    """
    if path.suffix.lower() in (".yaml", ".yml"):
        return _read_yaml_rows(path)
    header, rows = read_table(path)
    missing = [column for column in ("item", "question") if column not in header]
    if missing:
        raise ChecklistError(
            f"{path}: the column '{missing[0]}' is missing. Expected the columns "
            f"{', '.join(WORDING_COLUMNS)}; title and guidance may be left out."
        )
    return [(number, dict(zip(header, cells, strict=False))) for number, cells in rows]


def _read_yaml_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ChecklistError(f"{path}: cannot be read as UTF-8 text.") from error
    document = parse_yaml_text(text, str(path))
    entries = document.data.get("items")
    if not isinstance(entries, list):
        raise ChecklistError(
            f"{path}: the key 'items' is missing. Expected a list, each entry with"
            " item and question."
        )
    rows = []
    for index, entry in enumerate(entries):
        line = document.lines.get(("items", index), 1)
        if not isinstance(entry, dict):
            raise ChecklistError(f"{path}: line {line}: expected an entry with item and question.")
        rows.append((line, {str(key): str(value) for key, value in entry.items()}))
    return rows
