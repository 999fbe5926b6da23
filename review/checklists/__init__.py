"""Checklists as data: a YAML file becomes a Checklist, or an error that names the line.

load(path) -> Checklist; available(folders) -> id -> path; read_answer checks one answer.
"""

from review.checklists.answers import (
    JUDGEMENT_PARTS,
    FormQuestion,
    find_question,
    format_answer,
    format_key_title,
    get_section_id,
    list_questions,
    read_answer,
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

__all__ = [
    "AT_RISK",
    "JUDGEMENTS",
    "JUDGEMENT_PARTS",
    "NONE_OF_THESE",
    "NOT_JUDGED",
    "OPTION_SEPARATOR",
    "OVERALL",
    "UNSURE",
    "AnswerOption",
    "Checklist",
    "ChecklistSection",
    "Citation",
    "Dependency",
    "FormQuestion",
    "Item",
    "OverallRule",
    "Precondition",
    "ScoreDefinition",
    "find_question",
    "format_answer",
    "format_key_title",
    "get_section_id",
    "list_available",
    "list_items",
    "list_questions",
    "load_checklist",
    "read_answer",
    "split_answer",
]
