"""Appraisal in a spreadsheet: writes a template with one's own answers and reads it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from review.checklists import (
    Checklist,
    FormQuestion,
    find_question,
    format_answer,
    read_answer,
)
from review.checklists.models import DATE_FORMS, FORM_SEPARATOR
from review.errors import ChecklistError, ReviewError, SourceError, StoreError
from review.formats import appraisal_workbook
from review.formats.appraisal_workbook import AppraisalWorkbook, ChecklistSheet, WorkbookRow
from review.formats.fields import find_year
from review.identifiers import normalize_doi, normalize_pmid
from review.models import Answer, Record
from review.store import Connection, records
from review.store.records import format_record_key, parse_record_key
from review.tables import build_labels
from review.workflow.appraisal.adjudication import refresh_gates
from review.workflow.appraisal.answer_tables import fold_name, name_study, read_answer_table
from review.workflow.appraisal.assignment import enqueue_new_reports
from review.workflow.appraisal.forms import (
    AnswerInput,
    AppraisalForm,
    active_questions,
    add_answers,
    get_own_kind,
    get_report,
    list_due_reports,
    load_own_form,
    mark_finished,
)
from review.workflow.appraisal.instruments import (
    KIND_CHECKLIST,
    get_checklist,
    list_checklist_ids,
    list_required_forms,
)
from review.workflow.appraisal.report_models import (
    find_model,
    get_form_id,
    list_forms,
    list_report_models,
    require_form,
)
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.records.record_matching import load_finder

UNSURE_LABEL = "Unsure"


@dataclass(frozen=True, slots=True)
class AppraisalImportResult:
    """What a spreadsheet brought."""

    new: int
    """Answers that are new or differ from those before."""
    same: int
    finished: tuple[str, ...]
    """Forms that were finished, one line each."""
    unused: tuple[str, ...] = ()
    """Columns of a team's own table that are no item."""


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
    enqueue_new_reports(project)
    rows_by_checklist: dict[str, list[WorkbookRow]] = {}
    count = 0
    with project.store.read() as conn:
        due = list_due_reports(project, conn)
        report_numbers = [get_report(conn, parse_record_key(key)) for key in keys] or sorted(due)
        for report in report_numbers:
            if report not in due:
                raise ReviewError(f"{format_record_key(report)} is not due for appraisal.")
            for name in names or _list_checklist_ids(project, conn, report, reviewer):
                title = records.get_record(conn, report).record.title or ""
                models = list_report_models(conn, report)
                for form_id, model in list_forms(get_checklist(project, name), models):
                    form = load_own_form(conn, report, get_checklist(project, form_id), reviewer)
                    rows = _build_rows(form, f"{title} [{model.name}]" if model else title)
                    rows_by_checklist.setdefault(name, []).extend(rows)
                    count += 1
    pages = [
        ChecklistSheet(get_checklist(project, name).short, name, tuple(rows))
        for name, rows in rows_by_checklist.items()
    ]
    appraisal_workbook.write_workbook(
        AppraisalWorkbook(reviewer, project.protocol.title, tuple(pages)), path
    )
    return count


def _list_checklist_ids(
    project: Project, conn: Connection, report: int, reviewer: str
) -> list[str]:
    """Checklists for this report; all of them while its kind is not said, so that one file does."""
    kind = get_own_kind(conn, report, reviewer)
    if kind is None:
        return list_checklist_ids(project.protocol)
    return [tool.checklist for tool in list_required_forms(project.protocol, kind)]


def _build_rows(form: AppraisalForm, title: str) -> list[WorkbookRow]:
    titles = {section.id: section.title for section in form.checklist.sections}
    return [
        _build_row(form, question, title, titles.get(question.section, ""))
        for question in active_questions(form.checklist, form.entries)
    ]


def _build_row(
    form: AppraisalForm, question: FormQuestion, title: str, section: str
) -> WorkbookRow:
    entry = form.entries.get(question.key) or form.drafts.get(question.key)
    labels = tuple(option.label for option in question.options)
    allowed = {
        "many": f"several of: {'; '.join(labels)}; or None of these",
        "number": f"a number{' of ' + question.unit if question.unit else ''}; or "
        f"{'; '.join(labels)}",
        "date": "; or ".join(filter(None, [DATE_FORMS, "; ".join(labels)])),
        "text": f"text; or {'; '.join(labels)}" if labels else "text",
    }.get(question.choose, "; ".join(labels))
    return WorkbookRow(
        record=format_record_key(form.report),
        key=question.key + form.checklist.id.removeprefix(form.checklist.edition_id),
        answer=format_answer(question, entry.answer) if entry and entry.answer else "",
        quote=(entry.quote if entry else None) or "",
        page=str(entry.page) if entry and entry.page else "",
        comment=(entry.comment if entry else None) or "",
        title=title,
        number=question.number,
        section=section,
        question=f"{question.name}: {question.question}",
        allowed=allowed,
        choices=(*labels, UNSURE_LABEL) if question.choose == "one" else (),
    )


def read_template(
    project: Project,
    path: Path,
    reviewer: str,
    *,
    checklist_id: str | None = None,
    dry_run: bool = False,
    finish: bool = False,
) -> AppraisalImportResult:
    """Adds what a filled-in spreadsheet says to a reviewer's own forms: all of it or nothing.

    Blank answers change nothing. Answers that are there already are not added again.

    Args:
        checklist_id: the checklist that a table of the team's own answers: one row per answer, or
            one row per study with a column for each item. None for a spreadsheet of write_template.
        dry_run: only count.
        finish: also finish every form in the file that is then complete.

    Raises:
        SourceError: the file was written for somebody else, or cells cannot be read; names each.
        ReviewError: as answer does, for example a report that is not due.
    """
    require_role(project, reviewer, "contribute")
    enqueue_new_reports(project)
    unused: tuple[str, ...] = ()
    if checklist_id is None:
        book = appraisal_workbook.read_workbook(path)
        problems: list[str] = []
    else:
        book, unused, problems = _read_own_table(project, path, checklist_id, reviewer)
    if book.reviewer != reviewer:
        raise SourceError(
            f"{path} was written for {book.reviewer or 'nobody'}, but you are {reviewer}. Each "
            f"reviewer imports their own file (or use: review --user {book.reviewer} ...)."
        )
    answers_by_form, cell_problems = _collect_answers(project, book)
    problems += cell_problems
    if problems:
        problem_lines = "\n".join(f"  {problem}" for problem in problems)
        raise SourceError(
            f"{path}: nothing was imported. Please check {len(problems)} cells:\n{problem_lines}"
        )
    new_count = same_count = 0
    finished_lines: list[str] = []
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        for (report, name), answer_inputs in answers_by_form.items():
            checklist = get_checklist(project, name)
            earlier_entries = load_own_form(conn, report, checklist, reviewer).entries
            new_inputs = [
                answer_input
                for answer_input in answer_inputs
                if not _is_same(earlier_entries.get(answer_input.key), answer_input)
            ]
            same_count += len(answer_inputs) - len(new_inputs)
            new_count += len(new_inputs)
            if new_inputs and not dry_run:
                _add_form_answers(project, conn, checklist, new_inputs, reviewer)
            if not dry_run and (finish or (new_inputs and checklist.id == KIND_CHECKLIST)):
                finished_lines += _finish_form(project, conn, report, checklist, reviewer)
    return AppraisalImportResult(new_count, same_count, tuple(finished_lines), unused)


def _read_own_table(
    project: Project, path: Path, checklist_id: str, reviewer: str
) -> tuple[AppraisalWorkbook, tuple[str, ...], list[str]]:
    """A table of the team's own as a workbook, the columns that are no item, and its problems."""
    checklist = get_checklist(project, checklist_id)
    table = read_answer_table(checklist, path)
    problems = list(table.problems)
    rows: list[WorkbookRow] = []
    with project.store.read() as conn:
        keys = _StudyKeys(conn, list_due_reports(project, conn))
        for cell in table.cells:
            place = f"line {cell.line}, column '{cell.column}'"
            key = keys.find(cell.study)
            if key.startswith("?"):
                problems.append(f"line {cell.line}: {key[1:]}.")
                continue
            places = dict.fromkeys(("Record", "Key", "Answer", "Page"), place)
            try:
                suffix = _find_form_suffix(conn, checklist, key, cell.study.get("model"))
            except ReviewError as error:
                problems.append(f"line {cell.line}: {error}")
                continue
            rows.append(
                WorkbookRow(
                    record=key,
                    key=cell.item + suffix,
                    answer=cell.answer,
                    quote=cell.quote,
                    page=cell.page,
                    comment=cell.comment,
                    cells=places,
                )
            )
    sheet = ChecklistSheet(checklist.short, checklist_id, tuple(rows))
    return (
        AppraisalWorkbook(reviewer, project.protocol.title, (sheet,)),
        table.unused,
        list(dict.fromkeys(problems)),
    )


def _find_form_suffix(conn: Connection, checklist: Checklist, key: str, name: str | None) -> str:
    """What follows a question's key where the form is that of a model; '' for the whole report.

    Raises:
        ReviewError: the report has models and none of them is named, or none is called so.
    """
    if checklist.unit != "model":
        return ""
    models = list_report_models(conn, get_report(conn, parse_record_key(key)))
    known = ", ".join(model.name for model in models)
    if not models and not name:
        return ""
    if not name:
        raise ReviewError(
            f"{key} has several forms, one for each model: name the model in a column 'model' "
            f"({known})."
        )
    model = find_model(models, name)
    if model is None:
        raise ReviewError(
            f"{key} has no model called '{name}'"
            + (f"; its models are {known}." if known else ".")
            + f' Add it first: review models add {key} "{name}"'
        )
    return get_form_id(checklist, model).removeprefix(checklist.id)


class _StudyKeys:
    """Finds the report that a line of a team's table means; each study is looked for once."""

    def __init__(self, conn: Connection, due: Mapping[int, str]) -> None:
        self._finder = load_finder(conn)
        self._found: dict[tuple[tuple[str, str], ...], str] = {}
        stored = records.get_records(conn, due)
        self._by_label: dict[str, list[int]] = {}
        for number, label in build_labels(
            {n: stored_record.record for n, stored_record in stored.items()}
        ).items():
            self._by_label.setdefault(fold_name(label), []).append(number)

    def find(self, study: dict[str, str]) -> str:
        """The report's key; or what is wrong, after a '?'."""
        signature = tuple(sorted(study.items()))
        if signature not in self._found:
            self._found[signature] = self._search(study)
        return self._found[signature]

    def _search(self, study: dict[str, str]) -> str:
        name = study.get("study")
        labelled = self._by_label.get(fold_name(name), []) if name else []
        if len(labelled) == 1:
            return format_record_key(labelled[0])
        entry = Record(
            "",
            title=study.get("title") or name,
            authors=tuple(filter(None, [study.get("authors")])),
            year=find_year(study.get("year"), None),
            doi=normalize_doi(study.get("doi")),
            pmid=normalize_pmid(study.get("pmid")),
        )
        match = self._finder.find(name, entry)
        if isinstance(match, int):
            return format_record_key(self._finder.get_report(match))
        if len(labelled) > 1:
            keys = ", ".join(format_record_key(number) for number in labelled)
            return f"?'{name}' may be {keys}: name it by its key"
        return f"?'{name_study(study)}': {match}"


def _add_form_answers(
    project: Project,
    conn: Connection,
    checklist: Checklist,
    new_inputs: list[AnswerInput],
    reviewer: str,
) -> None:
    try:
        add_answers(project, conn, checklist, new_inputs, reviewer)
    except ReviewError as error:
        form_label = f"{format_record_key(new_inputs[0].record)} {checklist.short}"
        raise ReviewError(f"{form_label}: {error} Nothing was imported from the file.") from error


def _finish_form(
    project: Project, conn: Connection, report: int, checklist: Checklist, reviewer: str
) -> list[str]:
    form = load_own_form(conn, report, checklist, reviewer)
    if form.finished or form.result.unanswered or not form.entries:
        unanswered_count = len(form.result.unanswered)
        return (
            [f"{format_record_key(report)} {checklist.short}: {unanswered_count} not answered"]
            if unanswered_count
            else []
        )
    mark_finished(conn, report, checklist, reviewer)
    refresh_gates(project, conn, report)
    return [f"{format_record_key(report)} {checklist.short}: finished"]


def _is_same(entry: Answer | None, answer_input: AnswerInput) -> bool:
    return entry is not None and (entry.answer, entry.quote, entry.page, entry.comment) == (
        answer_input.answer,
        answer_input.quote,
        answer_input.page,
        answer_input.comment,
    )


AnswersByForm = dict[tuple[int, str], list[AnswerInput]]


def _collect_answers(project: Project, book: AppraisalWorkbook) -> tuple[AnswersByForm, list[str]]:
    """Report and checklist -> what is given for them; and every cell that cannot be read."""
    answers_by_form: AnswersByForm = {}
    problems: list[str] = []
    with project.store.read() as conn:
        due = list_due_reports(project, conn)
        for sheet in book.sheets:
            for row in sheet.rows:
                if not (row.answer or row.quote or row.comment):
                    continue
                key, separator, model = row.key.partition(FORM_SEPARATOR)
                checklist = get_checklist(project, sheet.checklist + separator + model)
                try:
                    report = get_report(
                        conn, records.get_record(conn, parse_record_key(row.record)).id
                    )
                except StoreError as error:
                    problems.append(f"{row.cells['Record']}: {error}")
                    continue
                row = replace(row, key=key)
                if not row.answer and _is_draft(conn, checklist, row, (report, book.reviewer)):
                    continue
                try:
                    require_form(conn, report, checklist)
                    answer_input = _parse_row(checklist, row, report)
                except ChecklistError as error:
                    problems.append(str(error))
                    continue
                except ReviewError as error:
                    problems.append(f"{row.cells['Record']}: {error}")
                    continue
                if report not in due:
                    problems.append(
                        f"{row.cells['Record']}: {row.record} is not due for appraisal."
                    )
                answers_by_form.setdefault((report, checklist.id), []).append(answer_input)
    return answers_by_form, problems


def _is_draft(
    conn: Connection, checklist: Checklist, row: WorkbookRow, form_owner: tuple[int, str]
) -> bool:
    """Whether a row without an answer holds just the words that wait in the store for one."""
    report, reviewer = form_owner
    draft = load_own_form(conn, report, checklist, reviewer).drafts.get(row.key)
    page = str(draft.page) if draft and draft.page else ""
    draft_cells = (draft.quote or "", page, draft.comment or "") if draft else None
    return draft_cells == (row.quote, row.page, row.comment)


def _parse_row(checklist: Checklist, row: WorkbookRow, report: int) -> AnswerInput:
    """What a row gives. Raises ChecklistError that names the cell."""
    try:
        question = find_question(checklist, row.key)
    except ChecklistError as error:
        raise ChecklistError(f"{row.cells['Key']}: {error}") from error
    try:
        parsed_answer = read_answer(question, row.answer)
    except ChecklistError as error:
        raise ChecklistError(f"{row.cells['Answer']}: {error}") from error
    if parsed_answer is None:
        raise ChecklistError(
            f"{row.cells['Answer']}: no answer, although there is a quote or comment ({row.key})."
        )
    if row.page and not (row.page.isdecimal() and int(row.page) > 0):
        raise ChecklistError(f"{row.cells['Page']}: '{row.page}' is not a page number.")
    page = int(row.page) if row.page else None
    return AnswerInput(
        record=report,
        checklist=checklist.id,
        key=question.key,
        answer=parsed_answer,
        quote=row.quote or None,
        page=page,
        comment=row.comment or None,
    )
