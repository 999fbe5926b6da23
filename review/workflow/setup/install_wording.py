"""Installs the published wording of an instrument in a review."""

import csv
import io
from pathlib import Path

from review.checklists import Checklist, parse_wording
from review.checklists.wording import WORDING_COLUMNS
from review.workflow.appraisal.wording import get_wording_path, read_rows
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project


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
    rows = read_rows(path)
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
