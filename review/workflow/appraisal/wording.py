"""Installs the published wording of an instrument in a review and reads it back."""

import csv
import io
from functools import lru_cache
from pathlib import Path

from review.checklists import Checklist, apply_wording, parse_wording
from review.checklists.wording import WORDING_COLUMNS
from review.checklists.yaml_loader import parse_yaml_text
from review.errors import ChecklistError
from review.formats.tabular.plain import read_table
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

WORDING_FOLDER = "checklists"
"""Folder of a review that holds installed wordings, one file per checklist."""


def install_wording(
    project: Project, checklist: Checklist, path: Path, who: str
) -> tuple[int, int]:
    """Installs a file of published wording for a checklist of the review.

    Returns:
        How many items have the published wording now, and how many keep Funnel's.

    Raises:
        ReviewError: `who` may not manage the review.
        SourceError: the file cannot be read.
        ChecklistError: rows that fit no item; nothing is installed then.
    """
    require_role(project, who, "manage")
    rows = _read_rows(path)
    wording = parse_wording(checklist, rows, str(path))
    target = get_wording_path(project.folder, checklist.id)
    target.parent.mkdir(exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(WORDING_COLUMNS)
    writer.writerows(
        (entry_id, words.title, words.question, words.guidance)
        for entry_id, words in wording.items()
    )
    temporary = target.with_suffix(".part")
    temporary.write_text(text.getvalue(), encoding="utf-8")
    temporary.replace(target)
    return len(wording), checklist.item_count + len(checklist.facts) - len(wording)


def get_wording_path(folder: Path, checklist_id: str) -> Path:
    """Where the installed wording of a checklist lies in a review's folder."""
    return folder / WORDING_FOLDER / f"{checklist_id}.wording.csv"


def apply_installed_wording(folder: Path, checklist: Checklist) -> Checklist:
    """The checklist with the wording installed in the review, if there is one."""
    path = get_wording_path(folder, checklist.id)
    if not path.exists():
        return checklist
    return _apply_cached(checklist, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _apply_cached(checklist: Checklist, path: Path, _modified_at: int) -> Checklist:
    return apply_wording(checklist, parse_wording(checklist, _read_rows(path), str(path)))


def _read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells by column, of a CSV or of a YAML list of mappings."""
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
