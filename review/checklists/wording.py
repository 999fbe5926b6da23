"""The published wording of an instrument, installed by a team that may use it.

Funnel ships questions in its own words. A team with a licence for the published text gives it as
rows of item, question and, where wanted, title and guidance; the rows replace the shipped words
and nothing else, so answers keep their meaning.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from review.checklists.models import Checklist, Item, Precondition, list_items
from review.errors import ChecklistError

_Entry = TypeVar("_Entry", Item, Precondition)
WORDING_COLUMNS = ("item", "title", "question", "guidance")


@dataclass(frozen=True, slots=True)
class ItemWording:
    """The published text of one item; an empty field keeps the shipped text."""

    title: str
    question: str
    guidance: str


def parse_wording(
    checklist: Checklist, rows: Iterable[tuple[int, Mapping[str, str]]], name: str
) -> dict[str, ItemWording]:
    """The wording by item or fact id.

    Args:
        rows: line number and cells by column; 'item' is a number as published, or an id.
        name: names the file in messages.

    Raises:
        ChecklistError: an item the checklist does not have, one given twice, or one without
            question; names every such line.
    """
    entries: list[Item | Precondition] = [*checklist.facts, *list_items(checklist)]
    ids = {entry.id.lower(): entry.id for entry in entries}
    ids |= {entry.number.lower(): entry.id for entry in entries if entry.number}
    wording: dict[str, ItemWording] = {}
    problems = []
    for line_number, cells in rows:
        item = cells.get("item", "").strip()
        entry_id = ids.get(item.lower().rstrip("."))
        question = " ".join(cells.get("question", "").split())
        if entry_id is None:
            problems.append(
                f"line {line_number}: {checklist.short} has no item '{item}'; its items are "
                f"{', '.join(entry.number or entry.id for entry in entries)}."
            )
        elif entry_id in wording:
            problems.append(f"line {line_number}: item '{item}' is given a second time.")
        elif not question:
            problems.append(f"line {line_number}: item '{item}' has no question.")
        else:
            title, guidance = (
                " ".join(cells.get(key, "").split()) for key in ("title", "guidance")
            )
            wording[entry_id] = ItemWording(title, question, guidance)
    if not wording and not problems:
        problems.append(
            f"no rows; expected the columns {', '.join(WORDING_COLUMNS)}, one row per item."
        )
    if problems:
        raise ChecklistError("\n".join(f"{name}: {problem}" for problem in problems))
    return wording


def apply_wording(checklist: Checklist, wording: Mapping[str, ItemWording]) -> Checklist:
    """The checklist with its published wording. Its digest changes, its shape does not."""

    def reword(entry: _Entry) -> _Entry:
        words = wording.get(entry.id)
        if words is None:
            return entry
        return replace(
            entry,
            name=words.title or entry.name,
            question=words.question,
            guidance=words.guidance or entry.guidance,
        )

    digest = hashlib.sha256(
        repr(
            (checklist.digest, sorted((key, repr(words)) for key, words in wording.items()))
        ).encode()
    ).hexdigest()
    return replace(
        checklist,
        facts=tuple(map(reword, checklist.facts)),
        sections=tuple(
            replace(section, items=tuple(map(reword, section.items)))
            for section in checklist.sections
        ),
        digest=digest,
    )
