"""Tables of answers that a team keeps itself: one row per answer (long) or per study (wide).

In a long table the columns item and answer say what is answered; in a wide one each column is an
item, named by its number, id or name. Every cell keeps its line, so that each mistake is named.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from review.checklists import Checklist, FormQuestion, list_questions
from review.errors import SourceError
from review.formats.tabular import grid
from review.formats.tabular.plain import TableRow, read_table
from review.models import UnreadableEntry

COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "item": ("item", "question", "field", "variable", "key", "signallingquestion"),
    "answer": ("answer", "value", "response", "extracted", "extracteddata"),
    "study": ("study", "studyid", "record", "recordkey", "report", "paper", "reference"),
    "title": ("title", "studytitle", "articletitle"),
    "doi": ("doi",),
    "pmid": ("pmid", "pubmedid"),
    "authors": ("author", "authors", "firstauthor"),
    "year": ("year", "publicationyear"),
    "model": ("model", "modelname", "algorithm", "indextest"),
    "comment": ("comment", "comments", "note", "notes", "reason"),
    "quote": ("quote", "quotation", "supportingtext", "support"),
    "page": ("page", "pages"),
}
"""What a column is for -> names it goes by, the surest first; letters and digits are compared."""
STUDY_COLUMNS = ("study", "doi", "pmid", "title")
"""Columns that name a study, the surest first."""
MIN_ITEM_COLUMNS = 2
"""So many columns of a wide table must be items; a single one may be named so by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCell:
    """One answer as it was typed."""

    line: int
    column: str
    """The column it is in, as the file writes it; 'answer' in a long table."""
    study: dict[str, str]
    """What the line says of the study: study, title, doi, pmid, authors, year, model."""
    item: str
    answer: str
    comment: str = ""
    quote: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """The answers of a file, line by line."""

    cells: tuple[AnswerCell, ...]
    unused: tuple[str, ...]
    """Columns of a wide table that are no item and say nothing of the study."""
    problems: tuple[str, ...]
    """Lines that cannot be taken apart."""


def fold_name(name: str) -> str:
    """A name as letters and digits, in small letters."""
    return re.sub(r"[\W_]+", "", name.casefold())


def read_answer_table(checklist: Checklist, path: Path) -> AnswerTable:
    """The answers in a CSV file or a workbook.

    Raises:
        SourceError: the file cannot be read, or is neither a long nor a wide table of the
            checklist.
    """
    header, rows, problems = _read_rows(checklist, path)
    roles = _assign_roles(header)
    if "item" in roles and "answer" in roles:
        cells = [cell for row in rows for cell in _read_long_row(header, roles, row)]
        return AnswerTable(tuple(cells), (), tuple(problems))
    if {"item", "answer"} & {name.strip().lower() for name in header}:
        missing = "answer" if "item" in roles else "item"
        raise SourceError(_describe_missing(path, missing))
    questions = _match_columns(checklist, header, path)
    if len(questions) < min(MIN_ITEM_COLUMNS, len(list_questions(checklist))):
        raise SourceError(_describe_missing(path, "item"))
    columns_by_role = {role: index for role, index in roles.items() if index not in questions}
    unused = tuple(
        name
        for index, name in enumerate(header)
        if name and index not in questions and index not in columns_by_role.values()
    )
    cells = [
        cell for row in rows for cell in _read_wide_row(header, columns_by_role, questions, row)
    ]
    return AnswerTable(tuple(cells), unused, tuple(problems))


def _describe_missing(path: Path, column: str) -> str:
    return (
        f"{path}: there is no column '{column}'. Needed are item and answer (one row per answer), "
        "or a column for each item, named by its number, id or name (one row per study); study and "
        "comment are read where present."
    )


def _read_rows(checklist: Checklist, path: Path) -> tuple[list[str], list[TableRow], list[str]]:
    """Header, rows and what is wrong with lines that have more cells than the header."""
    if path.is_file() and path.read_bytes()[:2] == b"PK":
        return _read_workbook(checklist, path)
    header, rows = read_table(path)
    problems = [
        f"line {line}: {len(cells)} cells, the header has {len(header)}."
        for line, cells in rows
        if any(cells[len(header) :])
    ]
    return header, [row for row in rows if not any(row[1][len(header) :])], problems


def _read_workbook(checklist: Checklist, path: Path) -> tuple[list[str], list[TableRow], list[str]]:
    known = {name for names in COLUMN_NAMES.values() for name in names}
    known |= {fold_name(name) for q in list_questions(checklist) for name in _list_names(q)}

    def score(row: list[str]) -> int:
        matches = sum(fold_name(cell) in known for cell in row if cell)
        return matches if matches > 1 else 0

    table, _ = grid.read_table(
        path.read_bytes(), score, name=str(path), requirement="no row names items or answers."
    )
    rows: list[TableRow] = []
    problems: list[str] = []
    for row in table.rows:
        if isinstance(row, UnreadableEntry):
            problems.append(f"line {row.number}: {row.reason}.")
        elif any(cell.strip() for cell in row[1]):
            rows.append((row[0], [cell.strip() for cell in row[1]]))
    return [name.strip().lower() for name in table.header], rows, problems


def _assign_roles(header: Sequence[str]) -> dict[str, int]:
    folded = [fold_name(name) for name in header]
    roles: dict[str, int] = {}
    for role, names in COLUMN_NAMES.items():
        index = next((folded.index(name) for name in names if name in folded), None)
        if index is not None and index not in roles.values():
            roles[role] = index
    return roles


def _list_names(question: FormQuestion) -> list[str]:
    """What a column may call a question, the surest first."""
    return [
        question.key,
        question.number,
        f"{question.number} {question.name}",
        question.name,
        question.question,
    ]


def _match_columns(checklist: Checklist, header: Sequence[str], path: Path) -> dict[int, str]:
    """Column -> key of the question it holds.

    Raises:
        SourceError: two columns hold one question.
    """
    keys_by_name: dict[str, str] = {}
    ambiguous: set[str] = set()
    questions = list_questions(checklist)
    for position in range(len(_list_names(questions[0])) if questions else 0):
        for question in questions:
            name = fold_name(_list_names(question)[position])
            if name and keys_by_name.setdefault(name, question.key) != question.key:
                ambiguous.add(name)
    matched: dict[int, str] = {}
    for index, name in enumerate(header):
        key = keys_by_name.get(fold_name(name)) if fold_name(name) not in ambiguous else None
        key = key or _match_numbered_name(questions, name)
        if key is None:
            continue
        if key in matched.values():
            other = header[next(i for i, k in matched.items() if k == key)]
            raise SourceError(f"{path}: the columns '{other}' and '{name}' both hold '{key}'.")
        matched[index] = key
    return matched


def _match_numbered_name(questions: Sequence[FormQuestion], name: str) -> str | None:
    """The key of the item a column such as '1. Imaging protocol' gives by its number, provided
    that its words share one with the item's title or question; None where they do not."""
    parts = re.match(r"(?:item\s+)?(\d+(?:\.\d+)?[a-z]?)\s*[.):]?\s+(.+)", name.strip(), re.I)
    if parts is None:
        return None
    number, words = parts.group(1).lower(), _list_stems(parts.group(2))
    for question in questions:
        if question.number.lower() == number:
            own_words = _list_stems(f"{question.name} {question.question}")
            return question.key if words & own_words else None
    return None


def _list_stems(text: str) -> set[str]:
    """The first five letters of each word of at least five, so that inflections are alike."""
    return {word[:5] for word in re.findall(r"[a-z]{5,}", text.lower())}


def _get_study(roles: dict[str, int], cells: Sequence[str]) -> dict[str, str]:
    study_roles = (*STUDY_COLUMNS, "authors", "year", "model")
    return {
        role: cells[roles[role]] for role in study_roles if role in roles and cells[roles[role]]
    }


def _pad_cells(header: Sequence[str], cells: Sequence[str]) -> list[str]:
    return [cell for _, cell in zip_longest(header, cells[: len(header)], fillvalue="")]


def _read_long_row(header: Sequence[str], roles: dict[str, int], row: TableRow) -> list[AnswerCell]:
    cells = _pad_cells(header, row[1])
    texts = {role: cells[index] for role, index in roles.items()}
    if not (texts["item"] or texts["answer"]):
        return []
    return [
        AnswerCell(
            line=row[0],
            column=header[roles["answer"]],
            study=_get_study(roles, cells),
            item=texts["item"],
            answer=texts["answer"],
            comment=texts.get("comment", ""),
            quote=texts.get("quote", ""),
            page=texts.get("page", ""),
        )
    ]


def _read_wide_row(
    header: Sequence[str], roles: dict[str, int], questions: dict[int, str], row: TableRow
) -> list[AnswerCell]:
    cells = _pad_cells(header, row[1])
    study = _get_study(roles, cells) or {"study": f"line {row[0]}"}
    return [
        AnswerCell(line=row[0], column=header[index], study=study, item=key, answer=cells[index])
        for index, key in questions.items()
        if cells[index]
    ]


def name_study(study: dict[str, str]) -> str:
    """What a table calls a study, and its model if it names one; '1' where it names no study, as a
    file then holds one."""
    name = next((study[role] for role in STUDY_COLUMNS if study.get(role)), "1")
    return f"{name}, {study['model']}" if study.get("model") else name
