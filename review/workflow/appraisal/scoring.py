"""Scores a CSV of answers on a checklist, for people who keep their own spreadsheets."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

from review.bias import rules
from review.checklists import PARTS, Checklist, asked_of, items, label_of, load, read_answer
from review.errors import ChecklistError, SourceError
from review.formats.tabular.plain import read_table
from review.scoring import Result, lacks_reason, score
from review.workflow.appraisal.instruments import checklist, shelf
from review.workflow.project.project import Project

COLUMNS = ("item", "answer")
"""Columns a file must have; 'study' and 'comment' are read where present."""


def checklist_at(project: Project | None, word: str) -> Checklist:
    """The checklist of an id, or in a YAML file where the word is the name of one."""
    path = Path(word)
    if path.suffix in (".yaml", ".yml"):
        return load(path)
    return checklist(project, word)


def checklist_rows(project: Project | None) -> list[dict[str, Any]]:
    """Every checklist there is: id, edition, items, title, file."""
    return [described(path) for path in shelf(project).values()]


def described(path: Path) -> dict[str, Any]:
    """What a checklist file holds, JSON-ready. Raises ChecklistError with every mistake in it."""
    one = load(path)
    problems = _cue_mistakes(one, path)
    if problems:
        raise ChecklistError("\n".join(problems))
    shipped = shelf(None).get(one.id)
    if shipped is not None and shipped.resolve() != path.resolve():
        raise ChecklistError(
            f"{path}: the id '{one.id}' is that of a checklist Funnel ships; give yours another, "
            f"for example '{one.id}-ours'."
        )
    return {
        "id": one.id,
        "edition": one.edition,
        "kind": one.kind,
        "items": one.item_count,
        "sections": [section.title for section in one.sections],
        "scores": [total.title for total in one.scores],
        "title": one.title,
        "licence": one.licence,
        "digest": one.digest,
        "file": str(path),
    }


def _cue_mistakes(one: Checklist, path: Path) -> list[str]:
    """Cue phrases of a file that cannot be read, each with its line."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    found = []
    for item in items(one):
        for cue in item.cues:
            number = next((n for n, line in enumerate(lines, 1) if cue in line), 1)
            try:
                rules.check({item.id: [cue]}, f"{path}: line {number}")
            except ChecklistError as error:
                found.append(str(error))
    return found


def score_file(one: Checklist, path: Path) -> dict[str, Any]:
    """The scores of every study in a CSV file, JSON-ready.

    The column item holds an item's number or id, or a key such as judgement:analysis; a file
    without the column study holds one study.

    Raises:
        SourceError: no such file, a column is missing, or rows that cannot be read; names them all.
    """
    forms, comments = _read(one, path)
    studies = [
        _as_json(one, study, form, score(one, form, comments[study]))
        for study, form in forms.items()
    ]
    head = {"checklist": one.id, "title": one.title, "edition": one.edition, "digest": one.digest}
    return {**head, "studies": studies}


Forms = dict[str, dict[str, str | None]]


def _read(one: Checklist, path: Path) -> tuple[Forms, dict[str, dict[str, str]]]:
    header, table = read_table(path)
    for column in COLUMNS:
        if column not in header:
            raise SourceError(
                f"{path}: there is no column '{column}'. Needed are: {', '.join(COLUMNS)}; "
                "study and comment are read where present."
            )
    forms: Forms = {}
    comments: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for line, row in table:
        cells = dict(zip_longest(header, row[: len(header)], fillvalue=""))
        study = cells.get("study") or "1"
        form = forms.setdefault(study, {})
        said = comments.setdefault(study, {})
        if any(row[len(header) :]):
            problems.append(f"line {line}: {len(row)} cells, the header has {len(header)}.")
            continue
        if not cells["item"]:
            if cells["answer"]:
                problems.append(f"line {line}: the answer '{cells['answer']}' names no item.")
            continue
        try:
            asked = asked_of(one, cells["item"])
            if asked.key in form:
                problems.append(f"line {line}: '{cells['item']}' stands twice.")
                continue
            form[asked.key] = read_answer(asked, cells["answer"])
            said[asked.key] = cells.get("comment", "")
        except ChecklistError as error:
            problems.append(f"line {line}: {error}")
    problems += _lacking(one, forms, comments)
    if problems:
        raise SourceError(f"{path}: nothing is scored.\n" + "\n".join(f"  {p}" for p in problems))
    return forms, comments


def _lacking(one: Checklist, forms: Forms, comments: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [
        f"study {study}: {key} differs from what the answers propose; say why under 'comment'."
        for study, form in forms.items()
        for key in form
        if key.split(":")[0] in PARTS and lacks_reason(one, form, key, comments[study].get(key))
    ]


def _as_json(
    one: Checklist, study: str, form: Mapping[str, str | None], result: Result
) -> dict[str, Any]:
    told = asdict(result)
    del told["checklist"]
    return {"study": study, "answered": sum(a is not None for a in form.values()), **told}


def summary(one: Checklist, scored: Mapping[str, Any]) -> list[str]:
    """The scores of every study in a few lines for people."""
    lines = [f"{one.title} ({one.edition})"]
    for study in scored["studies"]:
        lines.append(f"Study {study['study']}: {study['answered']} answered")
        for total in study["totals"]:
            lines.append(f"  {total['title']}: {_value(total)}")
        for judged in study["judgements"]:
            asked = asked_of(one, judged["key"])
            shown = label_of(asked, judged["final"]) if judged["final"] else "open"
            changed = judged["overridden"]
            by = f" (answers propose {judged['proposed']}; {judged['reason']})" if changed else ""
            lines.append(f"  {asked.name}: {shown}{by}")
        for word in ("unanswered", "unsure", "ignored", "warnings"):
            if study[word]:
                lines.append(f"  {word}: {'; '.join(study[word])}")
    return lines


def _value(total: Mapping[str, Any]) -> str:
    most = f" of {total['max']:g}" if total["max"] is not None else ""
    if total["value"] is not None:
        return f"{total['value']:g}{most}" + (f" ({total['band']})" if total["band"] else "")
    if total["low"] is None:
        return "nothing applies"
    return f"unfinished, {total['low']:g} to {total['high']:g}{most}"
