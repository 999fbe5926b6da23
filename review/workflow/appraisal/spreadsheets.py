"""Appraising in a spreadsheet: a template with one's own answers so far, and reading it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from review.checklists import Asked, Checklist, asked_of, label_of, read_answer
from review.errors import ChecklistError, ReviewError, SourceError, StoreError
from review.formats import appraisal_workbook
from review.formats.appraisal_workbook import Book, Row, Sheet
from review.models import Answer
from review.store import Connection, records
from review.store.records import key_of, number_of
from review.workflow.appraisal.adjudication import refresh_gates
from review.workflow.appraisal.assignment import place_reports
from review.workflow.appraisal.forms import (
    Form,
    Given,
    add_answers,
    asked_now,
    mark_finished,
    own_form,
    own_kind,
    report_of,
    reports_due,
)
from review.workflow.appraisal.instruments import KIND, checklist, names_in_use, tools_for
from review.workflow.project.project import Project

UNSURE_LABEL = "Unsure"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a spreadsheet brought."""

    new: int
    """Answers that are new or differ from those before."""
    same: int
    finished: tuple[str, ...]
    """Forms that were finished, one line each."""


def write_template(
    project: Project, path: Path, names: Sequence[str], keys: Sequence[str], reviewer: str
) -> int:
    """Writes a spreadsheet of a reviewer's own forms; gives how many forms it holds.

    Args:
        names: checklist ids; all of the review where empty, as far as the kind of study asks.
        keys: record keys; every report that is due where empty.

    Raises:
        ReviewError: an unknown checklist or record, or one that is not due.
    """
    place_reports(project)
    books: dict[str, list[Row]] = {}
    count = 0
    with project.store.read() as conn:
        due = reports_due(project, conn)
        wanted = [report_of(conn, number_of(key)) for key in keys] or sorted(due)
        for report in wanted:
            if report not in due:
                raise ReviewError(f"{key_of(report)} is not due for appraisal.")
            for name in names or _asked_of_it(project, conn, report, reviewer):
                form = own_form(conn, report, checklist(project, name), reviewer)
                rows = _rows(form, records.get(conn, report).record.title or "")
                books.setdefault(name, []).extend(rows)
                count += 1
    pages = [
        Sheet(checklist(project, name).short, name, tuple(rows)) for name, rows in books.items()
    ]
    appraisal_workbook.write(Book(reviewer, project.protocol.title, tuple(pages)), path)
    return count


def _asked_of_it(project: Project, conn: Connection, report: int, reviewer: str) -> list[str]:
    """Checklists for this report; all of them while its kind is not said, so that one file does."""
    kind = own_kind(conn, report, reviewer)
    if kind is None:
        return names_in_use(project.protocol)
    return [tool.checklist for tool in tools_for(project.protocol, kind)]


def _rows(form: Form, title: str) -> list[Row]:
    titles = {section.id: section.title for section in form.checklist.sections}
    return [
        _row(form, asked, title, titles.get(asked.section, ""))
        for asked in asked_now(form.checklist, form.entries)
    ]


def _row(form: Form, asked: Asked, title: str, section: str) -> Row:
    entry = form.entries.get(asked.key) or form.drafts.get(asked.key)
    labels = tuple(option.label for option in asked.options)
    allowed = {
        "many": f"several of: {'; '.join(labels)}; or None of these",
        "number": f"a number{' of ' + asked.unit if asked.unit else ''}; or {'; '.join(labels)}",
        "text": f"text; or {'; '.join(labels)}" if labels else "text",
    }.get(asked.choose, "; ".join(labels))
    return Row(
        record=key_of(form.report),
        key=asked.key,
        answer=label_of(asked, entry.answer) if entry and entry.answer else "",
        quote=(entry.quote if entry else None) or "",
        page=str(entry.page) if entry and entry.page else "",
        comment=(entry.comment if entry else None) or "",
        title=title,
        number=asked.number,
        section=section,
        question=f"{asked.name}: {asked.question}",
        allowed=allowed,
        choices=(*labels, UNSURE_LABEL) if asked.choose == "one" else (),
    )


def read_template(
    project: Project, path: Path, reviewer: str, *, dry_run: bool = False, finish: bool = False
) -> Imported:
    """Adds what a filled-in spreadsheet says to a reviewer's own forms: all of it or nothing.

    Blank answers change nothing. Answers that are there already are not added again.

    Args:
        dry_run: only count.
        finish: also finish every form in the file that is then complete.

    Raises:
        SourceError: the file was written for somebody else, or cells cannot be read; names each.
        ReviewError: as answer does, for example a report that is not due.
    """
    place_reports(project)
    book = appraisal_workbook.read(path)
    if book.reviewer != reviewer:
        raise SourceError(
            f"{path} was written for {book.reviewer or 'nobody'}, and you act as {reviewer}. "
            f"Each reviewer imports their own file (or run: review --user {book.reviewer} ...)."
        )
    wanted, problems = _wanted(project, book)
    if problems:
        listed = "\n".join(f"  {one}" for one in problems)
        raise SourceError(
            f"{path}: nothing was added. {len(problems)} cells need a look:\n{listed}"
        )
    new = same = 0
    done: list[str] = []
    with project.store.write() as conn:
        for (report, name), given in wanted.items():
            one = checklist(project, name)
            before = own_form(conn, report, one, reviewer).entries
            fresh = [g for g in given if not _is_same(before.get(g.key), g)]
            same += len(given) - len(fresh)
            new += len(fresh)
            if fresh and not dry_run:
                _add(project, conn, one, fresh, reviewer)
            if not dry_run and (finish or (fresh and one.id == KIND)):
                done += _finished(project, conn, report, one, reviewer)
    return Imported(new, same, tuple(done))


def _add(
    project: Project, conn: Connection, one: Checklist, fresh: list[Given], reviewer: str
) -> None:
    try:
        add_answers(project, conn, one, fresh, reviewer)
    except ReviewError as error:
        where = f"{key_of(fresh[0].record)} {one.short}"
        raise ReviewError(f"{where}: {error} Nothing of the file was added.") from error


def _finished(
    project: Project, conn: Connection, report: int, one: Checklist, reviewer: str
) -> list[str]:
    form = own_form(conn, report, one, reviewer)
    if form.finished or form.result.unanswered or not form.entries:
        left = len(form.result.unanswered)
        return [f"{key_of(report)} {one.short}: {left} not answered"] if left else []
    mark_finished(conn, report, one, reviewer)
    refresh_gates(project, conn, report)
    return [f"{key_of(report)} {one.short}: finished"]


def _is_same(entry: Answer | None, given: Given) -> bool:
    return entry is not None and (entry.answer, entry.quote, entry.page, entry.comment) == (
        given.answer, given.quote, given.page, given.comment,
    )  # fmt: skip


Wanted = dict[tuple[int, str], list[Given]]


def _wanted(project: Project, book: Book) -> tuple[Wanted, list[str]]:
    """Report and checklist -> what is given for them; and every cell that cannot be read."""
    found: Wanted = {}
    problems: list[str] = []
    with project.store.read() as conn:
        due = reports_due(project, conn)
        for sheet in book.sheets:
            one = checklist(project, sheet.checklist)
            for row in sheet.rows:
                if not (row.answer or row.quote or row.comment):
                    continue
                try:
                    report = report_of(conn, records.get(conn, number_of(row.record)).id)
                except StoreError as error:
                    problems.append(f"{row.cells['Record']}: {error}")
                    continue
                if not row.answer and _is_draft(conn, one, row, (report, book.reviewer)):
                    continue
                try:
                    given = _given(one, row, report)
                except ChecklistError as error:
                    problems.append(str(error))
                    continue
                if report not in due:
                    problems.append(
                        f"{row.cells['Record']}: {row.record} is not due for appraisal."
                    )
                found.setdefault((report, one.id), []).append(given)
    return found, problems


def _is_draft(conn: Connection, one: Checklist, row: Row, whose: tuple[int, str]) -> bool:
    """Whether a row without an answer holds just the words that wait in the store for one."""
    report, reviewer = whose
    kept = own_form(conn, report, one, reviewer).drafts.get(row.key)
    page = str(kept.page) if kept and kept.page else ""
    words = (kept.quote or "", page, kept.comment or "") if kept else None
    return words == (row.quote, row.page, row.comment)


def _given(one: Checklist, row: Row, report: int) -> Given:
    """What a row gives. Raises ChecklistError that names the cell."""
    try:
        asked = asked_of(one, row.key)
    except ChecklistError as error:
        raise ChecklistError(f"{row.cells['Key']}: {error}") from error
    try:
        said = read_answer(asked, row.answer)
    except ChecklistError as error:
        raise ChecklistError(f"{row.cells['Answer']}: {error}") from error
    if said is None:
        raise ChecklistError(
            f"{row.cells['Answer']}: blank, though there is a quote or comment ({row.key})."
        )
    if row.page and not (row.page.isdecimal() and int(row.page) > 0):
        raise ChecklistError(f"{row.cells['Page']}: '{row.page}' is no page number.")
    page = int(row.page) if row.page else None
    return Given(report, one.id, asked.key, said, row.quote or None, page, row.comment or None)
