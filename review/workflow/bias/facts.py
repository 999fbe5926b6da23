"""Corrects the facts of a paper once, for everything that uses them.

A fact is about the paper, like a data set, and never an appraisal answer. Corrections are added
rows; who made one is in the log and not shown on the pages. flags.get_fact_cells returns the facts.
A correction counts only if nobody corrected the cell since it was shown, so that none is lost.
"""

from review.bias.facts import FIELDS, SIZE_FIELDS, FactCell
from review.errors import ReviewError
from review.store import Connection, fact_corrections, links, records
from review.store.fact_corrections import FactCorrection
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

MAX_LENGTH = 2000
"""Longest value or sentence that is kept (characters)."""


def correct_fact(
    project: Project,
    record: int,
    cell: FactCell,
    *,
    who: str,
    value: str | None,
    sentence: str | None = None,
    page: int | None = None,
) -> None:
    """Corrects a cell, or adds one whose `found` is None.

    Args:
        value: the right value; None says that the paper does not report it.
        sentence: the sentence that gives it, if it is another one.

    Raises:
        ReviewError: no such field or record; a value that is empty or too long; somebody else
            corrected the cell since it was shown; an added cell of this field and label exists.
    """
    require_role(project, who, "contribute")
    if cell.field not in FIELDS:
        raise ReviewError(f"'{cell.field}' is not a field of facts: {', '.join(FIELDS)}.")
    if value is not None:
        value = " ".join(value.split())
        if not value:
            raise ReviewError("Enter the value, or choose Not reported.")
    if value is not None and cell.field in SIZE_FIELDS:
        value = value.replace(",", "").replace(" ", "")
        if not (value.isascii() and value.isdigit()):
            raise ReviewError(f"{FIELDS[cell.field]}: enter a whole number, for example 1204.")
    sentence = " ".join(sentence.split()) if sentence else None
    if page is not None and page < 1:
        raise ReviewError("Pages are counted from 1.")
    if max(len(value or ""), len(sentence or "")) > MAX_LENGTH:
        raise ReviewError(f"Enter at most {MAX_LENGTH:,} characters.")
    state = "not reported" if value is None else "corrected"
    _add(project, record, cell, who, state=state, value=value, sentence=sentence, page=page)


def withdraw_correction(project: Project, record: int, cell: FactCell, who: str) -> None:
    """Goes back to what was found in the text; a cell added by hand disappears.

    Raises:
        ReviewError: no such record; somebody else corrected the cell since it was shown.
    """
    _add(project, record, cell, who, state="withdrawn")


def _add(
    project: Project,
    record: int,
    cell: FactCell,
    who: str,
    *,
    state: str,
    value: str | None = None,
    sentence: str | None = None,
    page: int | None = None,
) -> None:
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        records.get_record(conn, record)
        _require_unchanged(conn, record, cell)
        fact_corrections.add_correction(
            conn,
            FactCorrection(
                record=record,
                field=cell.field,
                label=cell.label,
                found=cell.found,
                state=state,
                value=value,
                sentence=sentence,
                page=page,
                who=who,
                at=utc_now(),
            ),
        )


def _require_unchanged(conn: Connection, record: int, cell: FactCell) -> None:
    """Raises ReviewError if the cell is not as it was shown to the person who changes it."""
    members = list(links.get_report_groups(conn, [record]))
    newest = next(
        (
            entry
            for entry in fact_corrections.list_newest_corrections(conn, members)
            if (entry.field, entry.label, entry.found) == (cell.field, cell.label, cell.found)
        ),
        None,
    )
    shown = (cell.corrected, cell.value if cell.corrected else None)
    if shown == (newest is not None, newest.value if newest else None):
        return
    name = ", ".join(filter(None, (FIELDS.get(cell.field, cell.field), cell.label)))
    if newest is None:
        raise ReviewError(f"{name}: the correction was withdrawn meanwhile. Check the cell again.")
    value = newest.value or "not reported"
    if cell.found is None and not cell.corrected:
        raise ReviewError(
            f"{name}: '{value}' was added by hand already. Change that fact, or say under 'Class, "
            "part or measure' what sets this one apart."
        )
    raise ReviewError(
        f"{name}: corrected to '{value}' meanwhile. Check it, and save again to replace it."
    )
