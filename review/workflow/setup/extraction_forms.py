"""Data extraction forms that a team builds in the app: fields, and the checklist file they make."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from review.checklists import Checklist, ChecklistSection, Item
from review.checklists.loading import parse_checklist
from review.errors import ChecklistError
from review.text.yaml_edits import format_data

FieldKind = Literal["text", "number", "one", "many", "date", "table"]
FIELD_KINDS: dict[FieldKind, str] = {
    "text": "Text",
    "number": "Number",
    "one": "One choice",
    "many": "Several choices",
    "date": "Date",
    "table": "2×2 table",
}
CELLS = {
    "tp": ("true positives", "How many cases with the condition did the model call positive?"),
    "fp": ("false positives", "How many cases without the condition did the model call positive?"),
    "fn": ("false negatives", "How many cases with the condition did the model call negative?"),
    "tn": ("true negatives", "How many cases without the condition did the model call negative?"),
}
"""Cell of a 2×2 table, as its item's id ends -> its name, and what is asked."""
NOT_REPORTED = {"id": "not-reported", "label": "Not reported", "means": "unclear", "key": "I"}
"""An answer that every field takes."""
RESERVED_LABELS = ("not reported", "unsure", "none", "none of these")
"""Answers that are always there, so that no choice may have their names."""
HEADER = "# Built on the page Protocol.\n"
LICENCE = "Written by the team of this review."
DATA_SET = "data-set"
DATA_SETS, MAX_DATA_SETS = 3, 10
MAX_CHOICES = 30
MAX_NAME_LENGTH = 80
MAX_ID_LENGTH = 40


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One of the answers a field offers."""

    label: str
    id: str = ""
    """What answers are stored under; made from the label when the field is first saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionField:
    """One field of a form."""

    name: str
    kind: FieldKind = "text"
    id: str = ""
    """What its answers are stored under; it stays when the field is renamed."""
    question: str = ""
    """What reviewers are asked; the name where it is empty."""
    guidance: str = ""
    """A hint beneath the question."""
    choices: tuple[FieldChoice, ...] = ()
    """For choices: the answers to choose from; Not reported is added."""
    unit: str = ""
    """For numbers."""
    is_required: bool = True
    per_data_set: bool = False
    """Whether it is asked once for each data set of a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionForm:
    """A form as its builder shows it."""

    id: str
    title: str
    fields: tuple[ExtractionField, ...] = ()
    per_model: bool = False
    """Whether it is filled in once for each model of a report, or once for the report."""
    data_sets: int = DATA_SETS
    """For how many data sets, at most, the fields per data set are asked."""
    edition: int = 1


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with a field, and at which of its inputs."""

    part: Literal["name", "kind", "choices"]
    message: str


def check_field(field: ExtractionField, others: Iterable[ExtractionField]) -> FieldProblem | None:
    """What is wrong with a field beside the others of its form; None where nothing is."""
    if not re.search(r"\w", field.name):
        return FieldProblem("name", "Give the field a name.")
    if field.name.casefold() in [other.name.casefold() for other in others]:
        return FieldProblem("name", f"There is already a field “{field.name}”.")
    problem = _check_choices(field) if field.kind in ("one", "many") else None
    return None if problem is None else FieldProblem("choices", problem)


def _check_choices(field: ExtractionField) -> str | None:
    labels = [choice.label for choice in field.choices]
    folded = [label.casefold() for label in labels]
    if len(labels) < 2:
        return "Give at least two choices, one per line."
    if len(labels) > MAX_CHOICES:
        return f"Give at most {MAX_CHOICES} choices."
    for label in labels:
        if label.casefold() in RESERVED_LABELS:
            return f"“{label}” is always there; leave it out of the choices."
        if folded.count(label.casefold()) > 1:
            return f"The choice “{label}” appears twice."
        if field.kind == "many" and re.search(r"[+;|]", label):
            return f"“{label}”: a choice must not contain + ; or |."
    return None


def update_choices(labels: Sequence[str], old: Sequence[FieldChoice]) -> tuple[FieldChoice, ...]:
    """The choices typed in, each with the id it had: by its label, or by its place where only
    labels changed, so that a choice that is renamed keeps its answers."""
    ids = {choice.label: choice.id for choice in old}
    kept = [ids.get(label, "") for label in labels]
    if len(labels) == len(old):
        kept = [
            known or ("" if choice.label in labels else choice.id)
            for known, choice in zip(kept, old, strict=True)
        ]
    return tuple(FieldChoice(label, known) for label, known in zip(labels, kept, strict=True))


def make_slug(name: str) -> str:
    """A name as an id: lower-case letters, digits and hyphens; empty where it has none."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return slug[:MAX_ID_LENGTH].strip("-")


def _find_free(base: str, taken: Collection[str]) -> str:
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def assign_ids(form: ExtractionForm, used: Iterable[str] = ()) -> ExtractionForm:
    """The form with an id for each field and choice that has none.

    Args:
        used: items that have answers; a field that is new never takes over those of a removed one.
    """
    taken = {field.id for field in form.fields} | {split_item(item) for item in used}
    fields = []
    for field in form.fields:
        field_id = field.id or _find_free(_make_field_slug(field.name), taken)
        taken.add(field_id)
        fields.append(replace(field, id=field_id, choices=_assign_choice_ids(field.choices)))
    return replace(form, fields=tuple(fields))


def _make_field_slug(name: str) -> str:
    slug = make_slug(name) or "field"
    # no id may look like that of a data set, or of a cell of a table
    return (
        f"{slug}-field" if re.search(rf"^{DATA_SET}-\d|-set-\d+$|-(tp|fp|fn|tn)$", slug) else slug
    )


def _assign_choice_ids(choices: Sequence[FieldChoice]) -> tuple[FieldChoice, ...]:
    reserved = {label.replace(" ", "-") for label in RESERVED_LABELS}
    taken = {choice.id for choice in choices} | reserved
    assigned = []
    for choice in choices:
        choice_id = choice.id or _find_free(make_slug(choice.label) or "choice", taken)
        taken.add(choice_id)
        assigned.append(replace(choice, id=choice_id))
    return tuple(assigned)


def split_item(item: str) -> str:
    """The id of the field that an item of a form belongs to."""
    return re.sub(r"(-(tp|fp|fn|tn))?(-set-\d+)?$", "", item)


def list_item_ids(field: ExtractionField, data_sets: int) -> list[str]:
    """The items that a field makes in its form."""
    cells = [f"{field.id}-{cell}" for cell in CELLS] if field.kind == "table" else [field.id]
    if not field.per_data_set:
        return cells
    return [f"{cell}-set-{n}" for n in range(1, data_sets + 1) for cell in cells]


def format_form(form: ExtractionForm) -> str:
    """The file of a form, as a team could have written it; every field has an id."""
    sections = _build_sections(form)
    number = 0
    for section in sections:
        for item in section["items"]:
            number += 1
            item["number"] = str(number)
    data: dict[str, Any] = {
        "id": form.id,
        "title": form.title,
        "short": "Extraction",
        "edition": str(form.edition),
        "kind": "extraction",
        "unit": "model" if form.per_model else "study",
        "item_count": number,
        "licence": LICENCE,
        "answer_sets": {"not-reported": [NOT_REPORTED]},
        "sections": sections,
    }
    return HEADER + format_data(data)


def _build_sections(form: ExtractionForm) -> list[dict[str, Any]]:
    sections = []
    whole = [field for field in form.fields if not field.per_data_set]
    repeated = [field for field in form.fields if field.per_data_set]
    if whole:
        items = [item for field in whole for item in _build_items(field)]
        sections.append({"id": "fields", "title": "Fields", "items": items})
    for n in range(1, form.data_sets + 1 if repeated else 1):
        items = [_build_data_set_item(n)]
        items += [item for field in repeated for item in _build_items(field, n)]
        sections.append({"id": f"{DATA_SET}-{n}", "title": f"Data set {n}", "items": items})
    return sections


def _build_data_set_item(n: int) -> dict[str, Any]:
    question = "Which data set is this?" if n == 1 else "Which data set is this, if there is one?"
    item: dict[str, Any] = {
        "id": f"{DATA_SET}-{n}",
        "number": "",
        "name": f"Data set {n}",
        "question": question,
        "choose": "text",
        "answers": "not-reported",
    }
    return item | ({} if n == 1 else {"optional": True})


def _build_items(field: ExtractionField, data_set: int | None = None) -> list[dict[str, Any]]:
    """The item of a field, or those of its table."""
    ending = "" if data_set is None else f"-set-{data_set}"
    place = "" if data_set is None else f" (data set {data_set})"
    rest: dict[str, Any] = {"guidance": field.guidance} if field.guidance else {}
    rest |= {"choose": "number" if field.kind == "table" else field.kind}
    if field.kind in ("one", "many"):
        rest["options"] = [*map(_build_option, range(1, 99), field.choices), NOT_REPORTED]
    else:
        rest["answers"] = "not-reported"
    if field.unit and field.kind in ("number", "table"):
        rest["unit"] = field.unit
    if not field.is_required or (data_set or 1) > 1:
        rest["optional"] = True
    if field.kind != "table":
        head = {"id": f"{field.id}{ending}", "number": "", "name": f"{field.name}{place}"}
        return [head | {"question": field.question or field.name} | rest]
    return [
        {
            "id": f"{field.id}-{cell}{ending}",
            "number": "",
            "name": f"{field.name}: {name}{place}",
            "question": question,
        }
        | rest
        for cell, (name, question) in CELLS.items()
    ]


def _build_option(number: int, choice: FieldChoice) -> dict[str, str]:
    key = {"key": str(number)} if number <= 9 else {}
    return {"id": choice.id, "label": choice.label} | key


def read_form(checklist: Checklist) -> ExtractionForm:
    """A checklist as a form of fields; what the builder does not know is left out."""
    repeated = [s for s in checklist.sections if re.fullmatch(rf"{DATA_SET}-\d+", s.id)]
    fields: list[ExtractionField] = []
    for section in checklist.sections:
        if section not in repeated:
            fields += _read_fields(section.items, per_data_set=False)
    if repeated:
        fields += _read_fields(_strip_data_set(repeated[0]), per_data_set=True)
    return ExtractionForm(
        id=checklist.id,
        title=checklist.title,
        fields=tuple(fields),
        per_model=checklist.unit == "model",
        data_sets=len(repeated) or DATA_SETS,
        edition=int(checklist.edition) if checklist.edition.isdecimal() else 1,
    )


def _strip_data_set(section: ChecklistSection) -> list[Item]:
    return [
        replace(
            item,
            id=item.id.removesuffix("-set-1"),
            name=item.name.removesuffix(" (data set 1)"),
        )
        for item in section.items
        if item.id != section.id
    ]


def _read_fields(items: Sequence[Item], *, per_data_set: bool) -> list[ExtractionField]:
    fields = []
    rest = list(items)
    while rest:
        count = len(CELLS) if _is_table(rest) else 1
        fields.append(_read_field(rest[0], is_table=count > 1, per_data_set=per_data_set))
        rest = rest[count:]
    return fields


def _is_table(items: Sequence[Item]) -> bool:
    """Whether the first items are the four cells of one 2×2 table."""
    base = items[0].id.removesuffix("-tp")
    ids = [item.id for item in items[: len(CELLS)]]
    return ids == [f"{base}-{cell}" for cell in CELLS]


def _read_field(item: Item, *, is_table: bool, per_data_set: bool) -> ExtractionField:
    choices = (
        FieldChoice(option.label, option.id) for option in item.options if option.means is None
    )
    first_cell = CELLS["tp"][0]
    name = item.name.removesuffix(f": {first_cell}") if is_table else item.name
    return ExtractionField(
        name=name,
        kind="table" if is_table else item.choose,
        id=item.id.removesuffix("-tp") if is_table else item.id,
        question="" if is_table or item.question == item.name else item.question,
        guidance=item.guidance,
        choices=tuple(choices) if item.choose in ("one", "many") else (),
        unit=item.unit,
        is_required=not item.optional,
        per_data_set=per_data_set,
    )


def order_fields(fields: Iterable[ExtractionField]) -> tuple[ExtractionField, ...]:
    """The fields in the order of a form: those of the report, then those of each data set."""
    return tuple(sorted(fields, key=lambda field: field.per_data_set))


def find_form_problem(form: ExtractionForm) -> str | None:
    """What a form still lacks, in one sentence; None where it can be used."""
    if not form.title.strip():
        return "Give the data extraction form a title."
    if not form.fields:
        return "Add at least one field to the data extraction form."
    for place, field in enumerate(form.fields):
        problem = check_field(field, form.fields[:place])
        if problem is not None:
            return f"Field “{field.name}” of the data extraction form: {problem.message}"
    return None


def is_built(checklist: Checklist) -> bool:
    """Whether the builder can show all that a form holds, so that it can be changed there."""
    if checklist.kind != "extraction":
        return False
    try:
        rebuilt = parse_checklist(format_form(read_form(checklist)), checklist.id)
    except ChecklistError:
        return False
    return _strip_file(rebuilt) == _strip_file(checklist)


def _strip_file(checklist: Checklist) -> Checklist:
    return replace(checklist, source=None, digest="", shape="")


def describe_field(field: ExtractionField) -> str:
    """What a field asks for, in a few words: 'number (years), optional'."""
    details = [choice.label for choice in field.choices] or [field.unit]
    words = FIELD_KINDS[field.kind]
    words += f" ({', '.join(details)})" if any(details) else ""
    words += "" if field.is_required else ", optional"
    return words + (", for each data set" if field.per_data_set else "")


def count_field_answers(form: ExtractionForm, counts: Mapping[str, int]) -> dict[str, int]:
    """Field id -> how many answers its items have, of the fields that have any."""
    field_counts: dict[str, int] = {}
    for item, count in counts.items():
        field_id = split_item(item)
        if any(field.id == field_id for field in form.fields):
            field_counts[field_id] = field_counts.get(field_id, 0) + count
    return field_counts
