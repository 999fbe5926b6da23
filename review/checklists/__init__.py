"""Loads checklists: a YAML file becomes a Checklist, or an error that names the line.

load_checklist(path) gives a Checklist, list_available(folders) the files by id, and read_answer
checks one answer.
"""

from review.checklists.answers import (
    JUDGEMENT_PARTS,
    FormQuestion,
    find_question,
    format_answer,
    list_questions,
    read_answer,
    read_points,
    split_answer,
)
from review.checklists.loading import list_available, load_checklist
from review.checklists.models import (
    AT_RISK,
    JUDGEMENTS,
    NONE_OF_THESE,
    NOT_JUDGED,
    OPTION_SEPARATOR,
    OVERALL,
    TYPED_KINDS,
    UNSURE,
    AnswerOption,
    Checklist,
    ChecklistSection,
    Citation,
    Dependency,
    Item,
    OverallRule,
    Precondition,
    ScoreDefinition,
    list_items,
)
from review.checklists.wording import ItemWording, apply_wording, parse_wording

__all__ = [
    "AT_RISK",
    "JUDGEMENTS",
    "JUDGEMENT_PARTS",
    "NONE_OF_THESE",
    "NOT_JUDGED",
    "OPTION_SEPARATOR",
    "OVERALL",
    "TYPED_KINDS",
    "UNSURE",
    "AnswerOption",
    "Checklist",
    "ChecklistSection",
    "Citation",
    "Dependency",
    "FormQuestion",
    "Item",
    "ItemWording",
    "OverallRule",
    "Precondition",
    "ScoreDefinition",
    "apply_wording",
    "find_question",
    "format_answer",
    "list_available",
    "list_items",
    "list_questions",
    "load_checklist",
    "parse_wording",
    "read_answer",
    "read_points",
    "split_answer",
]
