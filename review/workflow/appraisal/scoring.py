"""Scores a CSV of answers on a checklist."""

from collections.abc import Mapping
from dataclasses import asdict
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
    load_checklist,
    read_answer,
)
from review.errors import ChecklistError, SourceError
from review.scoring import FormResult, lacks_reason, score_form
from review.workflow.appraisal.answer_tables import name_study, read_answer_table
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

    Raises:
        SourceError: no such file, a column is missing, or rows that cannot be read; names them all.
    """
    forms, comments, unused = _read_answers(checklist, path)
    studies = [
        _to_json(checklist, study, form, score_form(checklist, form, comments[study]))
        for study, form in forms.items()
    ]
    head = {
        "checklist": checklist.id,
        "title": checklist.title,
        "edition": checklist.edition,
        "digest": checklist.digest,
    }
    return {**head, "studies": studies, "unused_columns": list(unused)}


FormsByStudy = dict[str, dict[str, str | None]]


def _read_answers(
    checklist: Checklist, path: Path
) -> tuple[FormsByStudy, dict[str, dict[str, str]], tuple[str, ...]]:
    """Forms and comments by study, and the columns of a wide table that are no item."""
    table = read_answer_table(checklist, path)
    forms: FormsByStudy = {}
    comments: dict[str, dict[str, str]] = {}
    problems = list(table.problems)
    for cell in table.cells:
        study = name_study(cell.study)
        form = forms.setdefault(study, {})
        study_comments = comments.setdefault(study, {})
        place = (
            f"line {cell.line}" if cell.column == "answer" else f"line {cell.line}, {cell.column}"
        )
        if not cell.item:
            problems.append(f"{place}: the answer '{cell.answer}' has no item.")
            continue
        try:
            question = find_question(checklist, cell.item)
            if question.key in form:
                problems.append(f"{place}: '{cell.item}' appears twice.")
                continue
            form[question.key] = read_answer(question, cell.answer)
            study_comments[question.key] = cell.comment
        except ChecklistError as error:
            problems.append(f"{place}: {error}")
    problems += _find_missing_reasons(checklist, forms, comments)
    if problems:
        raise SourceError(
            f"{path}: nothing was scored.\n" + "\n".join(f"  {problem}" for problem in problems)
        )
    return forms, comments, table.unused


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
    checklist: Checklist, study: str, form: Mapping[str, str | None], result: FormResult
) -> dict[str, Any]:
    result_data = asdict(result)
    del result_data["checklist"]
    return {
        "study": study,
        "answered": sum(answer is not None for answer in form.values()),
        **result_data,
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
                f" (suggested by the answers: {judgement['proposed']}; {judgement['reason']})"
                if is_overridden
                else ""
            )
            lines.append(f"  {question.name}: {level}{change_note}")
        for list_name in ("unanswered", "unsure", "ignored", "warnings"):
            if study[list_name]:
                lines.append(f"  {list_name}: {'; '.join(study[list_name])}")
    if scored.get("unused_columns"):
        lines.append(
            f"Columns that are not items were ignored: {', '.join(scored['unused_columns'])}"
        )
    return lines


def _format_total(total: Mapping[str, Any]) -> str:
    maximum_text = f" of {total['max']:g}" if total["max"] is not None else ""
    if total["value"] is not None:
        return f"{total['value']:g}{maximum_text}" + (
            f" ({total['band']})" if total["band"] else ""
        )
    if total["low"] is None:
        return "not applicable"
    return f"incomplete, {total['low']:g} to {total['high']:g}{maximum_text}"
