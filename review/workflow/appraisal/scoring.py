"""Scores a CSV of answers on a checklist."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from review.bias import rules
from review.bias.facts import FIELDS
from review.checklists import (
    JUDGEMENT_PARTS,
    Checklist,
    find_question,
    format_answer,
    list_items,
    list_questions,
    load_checklist,
    read_answer,
    read_points,
)
from review.checklists.answers import get_points, has_points
from review.checklists.spellings import normalize_number, normalize_text
from review.errors import ChecklistError, SourceError
from review.scoring import FormResult, lacks_reason, score_form
from review.scoring.form import inactive_items
from review.workflow.appraisal.answer_tables import (
    AnswerCell,
    AnswerTable,
    name_study,
    read_answer_table,
)
from review.workflow.appraisal.instruments import available_checklists, get_checklist
from review.workflow.project.project import Project


def find_checklist(project: Project | None, id_or_path: str) -> Checklist:
    """The checklist of an id, or in a YAML file where the word is the name of one."""
    path = Path(id_or_path)
    if path.suffix in (".yaml", ".yml"):
        return load_checklist(path)
    return get_checklist(project, id_or_path)


def list_checklists(project: Project | None) -> list[dict[str, Any]]:
    """Every checklist there is: id, edition, items, title, file."""
    return [describe_checklist(path) for path in available_checklists(project).values()]


def describe_checklist(path: Path) -> dict[str, Any]:
    """What a checklist file holds, JSON-ready. Raises ChecklistError with every mistake in it."""
    checklist = load_checklist(path)
    problems = [*_find_cue_mistakes(checklist, path), *_find_fact_mistakes(checklist, path)]
    if problems:
        raise ChecklistError("\n".join(problems))
    shipped_path = available_checklists(None).get(checklist.id)
    if shipped_path is not None and shipped_path.resolve() != path.resolve():
        raise ChecklistError(
            f"{path}: the id '{checklist.id}' belongs to a built-in checklist. Choose another "
            f"one, for example '{checklist.id}-ours'."
        )
    return {
        "id": checklist.id,
        "edition": checklist.edition,
        "kind": checklist.kind,
        "items": checklist.item_count,
        "sections": [section.title for section in checklist.sections],
        "scores": [total.title for total in checklist.scores],
        "title": checklist.title,
        "licence": checklist.licence,
        "digest": checklist.digest,
        "file": str(path),
    }


def _find_cue_mistakes(checklist: Checklist, path: Path) -> list[str]:
    """Cue phrases of a file that cannot be read, each with its line."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    mistakes = []
    for item in list_items(checklist):
        for cue in item.cues:
            number = next((n for n, line in enumerate(lines, 1) if cue in line), 1)
            try:
                rules.check_cues({item.id: [cue]}, f"{path}: line {number}")
            except ChecklistError as error:
                mistakes.append(str(error))
    return mistakes


def _find_fact_mistakes(checklist: Checklist, path: Path) -> list[str]:
    """Fields under from_facts that are not facts of a paper, each with its line."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    mistakes = []
    for item in list_items(checklist):
        for entry in item.from_facts:
            field = entry.partition(":")[0].strip()
            if field not in FIELDS:
                number = next((n for n, line in enumerate(lines, 1) if entry in line), 1)
                mistakes.append(
                    f"{path}: line {number}: '{field}' is not a fact of a paper. Choose from: "
                    f"{', '.join(FIELDS)}."
                )
    return mistakes


def score_file(checklist: Checklist, path: Path) -> dict[str, Any]:
    """The scores of every study in a CSV file or workbook, JSON-ready.

    The column item holds an item's number or id, or a key such as judgement:analysis; a file
    without the column study holds one study. Or each item has a column, and each study a row.

    An answer that cannot be read leaves its item open and is listed under problems; the others are
    scored. Where several answers give the same points, the points count and the item is listed
    under points_only.

    Raises:
        SourceError: no such file, a column is missing, or nothing in it can be read.
    """
    read = _read_answers(checklist, path)
    studies = [
        _to_json(
            checklist, study, form, score_form(checklist, form, read.comments[study]), read.unread
        )
        for study, form in read.forms.items()
    ]
    head = {
        "checklist": checklist.id,
        "title": checklist.title,
        "edition": checklist.edition,
        "digest": checklist.digest,
    }
    return {
        **head,
        "studies": studies,
        "unused_columns": list(read.unused),
        "problems": list(read.problems),
    }


_EMPTY_ANSWERS = ("", "na", "n a", "not applicable", "0", "none")
"""The normalised cell of an item that the study's conditions exclude."""
FormsByStudy = dict[str, dict[str, str | None]]


@dataclass(kw_only=True)
class _ReadAnswers:
    """What a table of answers holds."""

    forms: FormsByStudy = field(default_factory=dict)
    comments: dict[str, dict[str, str]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    """Columns of a wide table that are no item."""
    problems: list[str] = field(default_factory=list)
    unread: dict[tuple[str, str], str] = field(default_factory=dict)
    """Study and key -> the answer that could not be read."""


def _read_answers(checklist: Checklist, path: Path) -> _ReadAnswers:
    table = read_answer_table(checklist, path)
    read = _ReadAnswers(unused=table.unused, problems=list(table.problems))
    refusals: dict[tuple[str, str], tuple[AnswerCell, str]] = {}
    with_two = _find_items_with_two(checklist, table)
    for cell in table.cells:
        try:
            _add_answer(checklist, read, cell, refusals, with_two)
        except ChecklistError as error:
            read.problems.append(f"{_name_place(cell)}: {error}")
    for (study, key), (cell, message) in refusals.items():
        is_excluded = key in inactive_items(checklist, read.forms[study])
        if is_excluded and normalize_text(cell.answer) in _EMPTY_ANSWERS:
            continue
        read.problems.append(f"{_name_place(cell)}: {message}")
        if not is_excluded:
            read.unread[study, key] = cell.answer
    read.problems += _find_missing_reasons(checklist, read.forms, read.comments)
    if read.problems and not any(
        answer is not None for form in read.forms.values() for answer in form.values()
    ):
        raise SourceError(
            f"{path}: nothing was scored.\n" + "\n".join(f"  {line}" for line in read.problems)
        )
    return read


def _name_place(cell: AnswerCell) -> str:
    return f"line {cell.line}" if cell.column == "answer" else f"line {cell.line}, {cell.column}"


def _add_answer(
    checklist: Checklist,
    read: _ReadAnswers,
    cell: AnswerCell,
    refusals: dict[tuple[str, str], tuple[AnswerCell, str]],
    with_two: set[str],
) -> None:
    """Reads one cell into the form of its study. Raises ChecklistError if it names no item."""
    study = name_study(cell.study)
    form = read.forms.setdefault(study, {})
    comments = read.comments.setdefault(study, {})
    if not cell.item:
        raise ChecklistError(f"the answer '{cell.answer}' has no item.")
    question = find_question(checklist, cell.item)
    try:
        if question.key in with_two and normalize_number(cell.answer.strip()) == "1":
            raise ChecklistError(
                f"'{cell.answer}' is not clear for '{question.number} {question.name}': the table "
                "uses 2 as well, so that 1 may be partly. Enter Yes, Partly or No."
            )
        answer = read_points(question, cell.answer) or read_answer(question, cell.answer)
    except ChecklistError as error:
        form[question.key] = None
        refusals.setdefault((study, question.key), (cell, str(error)))
        return
    if question.key not in form:
        form[question.key], comments[question.key] = answer, cell.comment
        return
    refusal = f"'{cell.item}' appears twice"
    if answer == form[question.key]:
        read.problems.append(f"{_name_place(cell)}: {refusal} with the same answer; counted once.")
        return
    form[question.key] = None
    refusals.setdefault(
        (study, question.key), (cell, f"{refusal} with different answers; neither is counted.")
    )


def _find_items_with_two(checklist: Checklist, table: AnswerTable) -> set[str]:
    """Items that take 'partly', in a table where one of them is answered 2: there 1 may be
    partly."""
    keys = {
        question.key
        for question in list_questions(checklist)
        if {"yes", "partly", "no"} <= {option.id for option in question.options}
        and not has_points(question)
    }
    for cell in table.cells:
        if normalize_number(cell.answer.strip()) != "2":
            continue
        try:
            if cell.item and find_question(checklist, cell.item).key in keys:
                return keys
        except ChecklistError:
            continue  # an unknown item is named when its answer is read
    return set()


def _find_missing_reasons(
    checklist: Checklist, forms: FormsByStudy, comments: Mapping[str, Mapping[str, str]]
) -> list[str]:
    return [
        f"study {study}: {key} differs from the suggested judgement; give a reason in the column "
        "'comment'."
        for study, form in forms.items()
        for key in form
        if key.split(":")[0] in JUDGEMENT_PARTS
        and lacks_reason(checklist, form, key, comments[study].get(key))
    ]


def _to_json(
    checklist: Checklist,
    study: str,
    form: Mapping[str, str | None],
    result: FormResult,
    unread: Mapping[tuple[str, str], str],
) -> dict[str, Any]:
    result_data = asdict(result)
    del result_data["checklist"]
    points = {
        question.key: get_points(question, form.get(question.key))
        for question in list_questions(checklist)
    }
    return {
        "study": study,
        "answered": sum(answer is not None for answer in form.values()),
        **result_data,
        "points_only": {key: value for key, value in points.items() if value is not None},
        "unread": {key: answer for (name, key), answer in unread.items() if name == study},
    }


def format_summary(checklist: Checklist, scored: Mapping[str, Any]) -> list[str]:
    """The scores of every study in a few lines for people."""
    lines = [f"{checklist.title} ({checklist.edition})"]
    for study in scored["studies"]:
        lines.append(f"Study {study['study']}: {study['answered']} answered")
        for total in study["totals"]:
            lines.append(f"  {total['title']}: {_format_total(total)}")
        for judgement in study["judgements"]:
            question = find_question(checklist, judgement["key"])
            level = format_answer(question, judgement["final"]) if judgement["final"] else "open"
            is_overridden = judgement["overridden"]
            change_note = (
                f" (suggested by the answers: {judgement['proposed']}; "
                f"{judgement['reason'] or 'no reason given'})"
                if is_overridden
                else ""
            )
            lines.append(f"  {question.name}: {level}{change_note}")
        lines += _format_gaps(checklist, study)
        for list_name in ("unanswered", "unsure", "ignored", "warnings"):
            if study[list_name]:
                lines.append(f"  {list_name}: {'; '.join(study[list_name])}")
    if scored.get("unused_columns"):
        lines.append(
            f"Columns that are not items were ignored: {', '.join(scored['unused_columns'])}"
        )
    if scored.get("problems"):
        lines.append("Problems in the file:")
        lines += [f"  {problem}" for problem in scored["problems"]]
    return lines


def _format_gaps(checklist: Checklist, study: Mapping[str, Any]) -> list[str]:
    """The items of a study of which only the points are known, and those that are not read."""
    lines = []
    if study["points_only"]:
        names = [f"{_name_item(checklist, k)}: {n}" for k, n in study["points_only"].items()]
        lines.append(f"  points counted, answer not known: {'; '.join(names)}")
    if study["unread"]:
        names = [f"{_name_item(checklist, k)}: '{text}'" for k, text in study["unread"].items()]
        lines.append(f"  not read, so the item stays open: {'; '.join(names)}")
    return lines


def _name_item(checklist: Checklist, key: str) -> str:
    question = find_question(checklist, key)
    return f"{question.number} {question.name}".strip()


def _format_total(total: Mapping[str, Any]) -> str:
    maximum_text = f" of {total['max']:g}" if total["max"] is not None else ""
    if total["value"] is not None:
        return f"{total['value']:g}{maximum_text}" + (
            f" ({total['band']})" if total["band"] else ""
        )
    if total["low"] is None:
        return "not applicable"
    return f"incomplete, {total['low']:g} to {total['high']:g}{maximum_text}"
