"""Forms that extract the accuracy of a model: what they say as a row, and what does not agree."""

from collections.abc import Mapping

from review.checklists import UNSURE, Checklist, find_question, list_items
from review.errors import ReviewError
from review.models import Answer
from review.workflow.appraisal.accuracy import read_model
from review.workflow.appraisal.forms import AppraisalForm, load_own_form
from review.workflow.appraisal.instruments import ACCURACY_ITEMS, get_checklist
from review.workflow.project.project import Project

FIGURES = ("tp", "fp", "fn", "tn", "sensitivity", "specificity", "auc")
"""Items of which one at least is given before the form is checked."""
LARGEST_TEST_SET = {"size-test": "cases", "positives-test": "cases with the condition"}
"""Items of the extraction form on the largest test set, with what they count."""


def is_accuracy_form(checklist: Checklist) -> bool:
    """Whether a checklist asks for the 2×2 table and AUC of a model."""
    return set(ACCURACY_ITEMS) <= {item.id for item in list_items(checklist)}


def collect_values(checklist: Checklist, entries: Mapping[str, Answer]) -> dict[str, str]:
    """What a form gives, by the columns of a table of accuracy, without what is not reported."""
    values = {}
    for item, column in ACCURACY_ITEMS.items():
        entry = entries.get(item)
        if entry is None or entry.answer is None or entry.answer == UNSURE:
            continue
        options = {option.id for option in find_question(checklist, item).options}
        if entry.answer not in options:
            values[column] = entry.answer
    return values


def find_entry_problems(checklist: Checklist, entries: Mapping[str, Answer]) -> list[str]:
    """Counts and figures of an accuracy form that contradict each other or are too few; nothing
    for other forms and while no count, figure or AUC is entered."""
    if not is_accuracy_form(checklist):
        return []
    values = collect_values(checklist, entries)
    if not any(ACCURACY_ITEMS[name] in values for name in FIGURES):
        return []
    try:
        message = read_model({**values, "study": "this model"}).note
    except ReviewError as error:
        message = str(error)
    return [message[:1].upper() + message[1:]] if message else []


def find_problems(project: Project, form: AppraisalForm) -> list[str]:
    """What does not agree in a reviewer's accuracy form, by itself and with the sizes of the test
    set in the same reviewer's extraction form."""
    if not is_accuracy_form(form.checklist):
        return []
    problems = find_entry_problems(form.checklist, form.entries)
    name = project.protocol.appraisal.extraction
    if name is None:
        return problems
    with project.store.read() as conn:
        extraction = load_own_form(conn, form.report, get_checklist(project, name), form.reviewer)
    sizes = _count_cases(collect_values(form.checklist, form.entries))
    for item, noun in LARGEST_TEST_SET.items():
        entry = extraction.entries.get(item)
        limit = _read_number(entry.answer) if entry is not None else None
        count = sizes.get(item)
        if limit is not None and count is not None and count > limit:
            problems.append(
                f"{count:,} {noun} here, but your extraction form gives {limit:,} for the largest "
                "test set."
            )
    return problems


def _count_cases(values: Mapping[str, str]) -> dict[str, int]:
    """Size of the test set and cases with the condition, as far as the values give them."""
    numbers = {key: _read_number(text) for key, text in values.items()}

    def add(*keys: str) -> int | None:
        counts = [numbers.get(key) for key in keys]
        return sum(filter(None, counts)) if None not in counts else None

    cases = numbers.get("cases")
    positives = numbers.get("positives")
    sizes = {
        "size-test": cases if cases is not None else add("tp", "fp", "fn", "tn"),
        "positives-test": positives if positives is not None else add("tp", "fn"),
    }
    return {item: count for item, count in sizes.items() if count is not None}


def _read_number(text: str | None) -> int | None:
    try:
        return int(float(text)) if text is not None else None
    except ValueError:
        return None
