"""Answers to a checklist item: those allowed, how they are shown, and reading typed ones.

Keys of a form: 'about:<fact>' for a fact, '<item>' for an item, 'judgement:<section>' and
'applicability:<section>' for the domains of a risk-of-bias tool.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from review.checklists.models import (
    AT_RISK,
    DATE_FORMS,
    JUDGEMENTS,
    NONE_OF_THESE,
    NOT_JUDGED,
    OPTION_SEPARATOR,
    OVERALL,
    TYPED_KINDS,
    UNSURE,
    AnswerKind,
    AnswerOption,
    Checklist,
    ChecklistSection,
    Item,
    Precondition,
    list_items,
)
from review.checklists.spellings import (
    NEGATIVE_WORDS,
    NONE_WORDS,
    NOT_DONE_WORDS,
    PLAIN_IDS,
    PROBABLY_WORDS,
    REPORTING_WORDS,
    UNCLEAR_WORDS,
    YES_NO_NUMBERS,
    YES_NO_WORDS,
    find_ids,
    normalize_number,
    normalize_text,
    strip_judged,
)
from review.errors import ChecklistError

_LOW, _UNCLEAR, _HIGH = (
    AnswerOption(id=judgement, label=judgement.capitalize(), key=key)
    for judgement, key in zip(JUDGEMENTS, ("L", "I", "H"), strict=True)
)
_NOT_JUDGED = AnswerOption(id=NOT_JUDGED, label="Not judged", key="A")
_AT_RISK = AnswerOption(id=AT_RISK, label="At risk", key="H")
JUDGEMENT_PARTS = {"judgement": "Risk of bias", "applicability": "Concern about applicability"}
"""Judged part of a domain -> its title; also the first half of its keys."""


POINTS_PREFIX = "points:"
"""Begins an answer of which only the points are known: points:2."""
_TYPED_WORDS = {"number": "a number", "date": DATE_FORMS}
"""Kind of a typed answer that has a form of its own -> what is expected."""


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """One question of a form: a fact, an item or a judgement."""

    key: str
    section: str
    """Section id; '' for the facts, which come before the sections."""
    number: str
    name: str
    question: str
    guidance: str
    choose: AnswerKind
    options: tuple[AnswerOption, ...]
    unit: str = ""
    cues: tuple[str, ...] = ()
    optional: bool = False
    """May stay blank: an optional item, or an overall judgement that is not overruled."""
    from_facts: tuple[str, ...] = ()
    """Fields of the facts of a paper that are offered as answer, each 'field' or 'field: label'."""


def list_questions(checklist: Checklist) -> tuple[FormQuestion, ...]:
    """All questions of a form in order: facts, items and the judgements of each domain. Without
    judgements the items come in published order, whatever the sections."""
    questions = [_build_fact_question(fact) for fact in checklist.facts]
    if checklist.overall is None:
        places = {item.id: section for section in checklist.sections for item in section.items}
        questions += [_build_item_question(places[item.id], item) for item in list_items(checklist)]
        return tuple(questions)
    for section in checklist.sections:
        questions += [_build_item_question(section, item) for item in section.items]
        questions += _build_judgement_questions(checklist, section)
    return tuple(questions) + _build_overall_questions(checklist)


def _build_fact_question(fact: Precondition) -> FormQuestion:
    return FormQuestion(
        key=f"about:{fact.id}",
        section="",
        number=fact.number,
        name=fact.name or fact.id,
        question=fact.question,
        guidance=fact.guidance,
        choose="one",
        options=fact.options,
        cues=fact.cues,
    )


def _build_item_question(section: ChecklistSection, item: Item) -> FormQuestion:
    return FormQuestion(
        key=item.id,
        section=section.id,
        number=item.number,
        name=item.name,
        question=item.question,
        guidance=item.guidance,
        choose=item.choose,
        options=item.options,
        unit=item.unit,
        cues=item.cues,
        optional=item.optional,
        from_facts=item.from_facts,
    )


def _name_part(checklist: Checklist, part: str) -> str:
    return checklist.judged if part == "judgement" else JUDGEMENT_PARTS[part]


def _list_levels(checklist: Checklist) -> tuple[AnswerOption, AnswerOption, AnswerOption]:
    return _LOW, replace(_UNCLEAR, label=checklist.unclear_name), _HIGH


def _build_judgement_questions(
    checklist: Checklist, section: ChecklistSection
) -> list[FormQuestion]:
    questions = {"judgement": section.judgement, "applicability": section.applicability}
    return [
        FormQuestion(
            key=f"{part}:{section.id}",
            section=section.id,
            number="",
            name=f"{_name_part(checklist, part)}: {section.title}",
            question=question,
            guidance="",
            choose="one",
            options=(*_list_levels(checklist), _NOT_JUDGED),
        )
        for part, question in questions.items()
        if question
    ]


def _build_overall_questions(checklist: Checklist) -> tuple[FormQuestion, ...]:
    if checklist.overall is None:
        return ()
    is_binary = checklist.overall.rule == "at-risk-if-any"
    options = (_LOW, _AT_RISK) if is_binary else _list_levels(checklist)
    parts = ["judgement"]
    parts += ["applicability"] if any(s.applicability for s in checklist.sections) else []
    return tuple(
        FormQuestion(
            key=f"{part}:{OVERALL}",
            section=OVERALL,
            number="",
            name=f"{_name_part(checklist, part)}: overall",
            question="Follows from the domains; answer only to overrule it, with a reason.",
            guidance=checklist.overall.note,
            choose="one",
            options=options,
            optional=True,
        )
        for part in parts
    )


def find_question(checklist: Checklist, key: str) -> FormQuestion:
    """The question of a key; the published number is accepted as well as the id.

    Raises:
        ChecklistError: no item of this checklist has that id or number.
    """
    questions = list_questions(checklist)
    for question in questions:
        if question.key == key:
            return question
    for question in questions:
        if question.number and question.number == key.strip():
            return question
    matches = difflib.get_close_matches(key, [question.key for question in questions], n=1)
    hint = f" Did you mean '{matches[0]}'?" if matches else ""
    raise ChecklistError(f"{checklist.id} has no item '{key}'.{hint}")


def split_answer(answer: str) -> tuple[str, ...]:
    """The option ids in an answer; () for 'none'."""
    return () if answer == NONE_OF_THESE else tuple(answer.split(OPTION_SEPARATOR))


def format_answer(question: FormQuestion, answer: str | None) -> str:
    """An answer as shown to users; typed answers are unchanged."""
    if answer is None:
        return "not answered"
    points = get_points(question, answer)
    if points is not None:
        return f"{points} points"
    if answer == UNSURE:
        return "Unsure"
    if answer == NONE_OF_THESE and question.choose == "many":
        return "None of these"
    labels = {option.id: option.label for option in question.options}
    if question.choose == "many":
        return "; ".join(labels.get(part, part) for part in split_answer(answer))
    return labels.get(answer, answer)


def read_answer(question: FormQuestion, value: object) -> str | None:
    """The answer as it is stored, from an option's id, label, points or key; None for a blank.

    A number is read as points where the answers carry points, and as a key only where they do not.
    Several options of a 'many' item are separated by + ; or |; one number is the sum of their
    points. If several answers give the same points, the answer is not known from them.

    Raises:
        ChecklistError: the answer is not valid for this item; the message lists the valid ones.
    """
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, float) and value == int(value):
        value = int(value)
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if normalize_text(text) == UNSURE:
        return UNSURE
    if question.choose in TYPED_KINDS:
        return _match_option_name(question.options, text) or _parse_typed(question, text)
    if question.choose == "many":
        return _parse_many(question, text)
    number = normalize_number(text)
    named_option = _match_option_name(question.options, number)
    if named_option is None and has_points(question) and re.fullmatch(r"-?\d+", number):
        return _parse_points(question, int(number))
    option_id = named_option or _match_option(question, number)
    if option_id is None:
        raise ChecklistError(_describe_invalid_answer(question, text))
    return option_id


def read_points(question: FormQuestion, value: object) -> str | None:
    """The points of an item as the answer of a form that is only scored, if several answers give
    just these points; None if the value is no such number. No review stores it."""
    text = normalize_number("" if value is None else str(value).strip())
    if question.choose in TYPED_KINDS or not re.fullmatch(r"-?\d+", text):
        return None
    if not has_points(question) or _match_option_name(question.options, text):
        return None
    is_ambiguous = len(_find_choices(question, int(text))) > 1
    return f"{POINTS_PREFIX}{int(text)}" if is_ambiguous else None


def get_points(item: Item | FormQuestion, answer: str | None) -> int | None:
    """The points in an answer of which only they are known; None for all others."""
    match = re.fullmatch(rf"{POINTS_PREFIX}(-?\d+)", answer or "")
    return int(match.group(1)) if match and item.choose not in TYPED_KINDS else None


def _match_option_name(options: Sequence[AnswerOption], text: str) -> str | None:
    for option in options:
        if text == option.id or normalize_text(text) in (
            normalize_text(option.id),
            normalize_text(option.label),
        ):
            return option.id
    initials = re.sub(r"[\s./]", "", text).upper()
    matches = [
        option.id for option in options if len(initials) > 1 and _get_initials(option) == initials
    ]
    return matches[0] if len(matches) == 1 else None


def _get_initials(option: AnswerOption) -> str:
    """An option as commonly abbreviated: PY, PN, NI, NA."""
    return "".join(word[0] for word in normalize_text(option.label).split()).upper()


def _match_option(question: FormQuestion, text: str) -> str | None:
    option_id = _match_option_name(question.options, text)
    if option_id:
        return option_id
    for option in question.options:
        if option.key and text.upper() == option.key.upper():
            return option.id
    return _match_spelling(question.options, text, is_fact=question.key.startswith("about:"))


def _match_spelling(
    options: Sequence[AnswerOption], text: str, *, is_fact: bool = False
) -> str | None:
    """The id of the option that a text spells in another way; None if none, or if it could be
    more than one. A fact that is not reported is not a no."""
    ids = {option.id for option in options}
    words = {normalize_text(text), text.strip()} - {""}
    unclear = [option.id for option in options if option.means == "unclear"]
    matches: set[str] = set()
    if {"yes", "no"} <= ids:
        matches |= find_ids(YES_NO_WORDS, words)
        if ids <= PLAIN_IDS and not any(option.points is not None for option in options):
            matches |= {YES_NO_NUMBERS[word] for word in words if word in YES_NO_NUMBERS}
        meanings = {option.id: option.means for option in options}
        is_plain = (meanings["yes"], meanings["no"]) == ("met", "unmet") and not unclear
        if is_plain and not is_fact:
            matches |= find_ids(REPORTING_WORDS, words)
    if "probably-yes" in ids:
        matches |= find_ids(PROBABLY_WORDS, words)
    if {"low", "unclear", "high"} <= ids:
        matches |= {strip_judged(word) for word in words}
        unclear = ["unclear"]
    if {"low", AT_RISK} <= ids:
        levels = {strip_judged(word) for word in words}
        matches |= levels | ({AT_RISK} if "high" in levels else set())
    matches |= _match_negative(options, words)
    if len(unclear) == 1 and words & set(UNCLEAR_WORDS):
        matches.add(unclear[0])
    matches &= ids
    return matches.pop() if len(matches) == 1 else None


def _match_negative(options: Sequence[AnswerOption], words: set[str]) -> set[str]:
    """The one negative answer of an item, such as 'Neither' or 'No validation', if it is named by
    a plain no and earns no points."""
    negative = [
        option
        for option in options
        if option.means == "unmet"
        or normalize_text(option.label).partition(" ")[0] in NEGATIVE_WORDS
    ]
    if len(negative) != 1 or negative[0].means != "unmet" or (negative[0].points or 0) > 0:
        return set()
    return {negative[0].id} if words & set(NOT_DONE_WORDS) else set()


def _parse_many(question: FormQuestion, text: str) -> str:
    if normalize_text(text) in (NONE_OF_THESE, "none of these", "no"):
        return NONE_OF_THESE
    number = normalize_number(text)
    if has_points(question) and re.fullmatch(r"-?\d+", number):
        return _parse_points(question, int(number))
    whole = _match_option(question, number)
    if whole is not None:
        return whole
    if normalize_text(number) in NONE_WORDS:
        return NONE_OF_THESE
    parts = re.split(r"\s*[+;|]\s*", text)
    if len(parts) == 1 and "," in text:
        parts = re.split(r"\s*,\s*", text)
        if not all(_match_option_name(question.options, part) for part in parts):
            message = _describe_invalid_answer(question, text)
            raise ChecklistError(f"{message} Separate several answers with semicolons.")
    if has_points(question) and all(part.isdigit() for part in parts):
        _check_numbers(question, text, parts)
    selected_ids = set()
    for part in parts:
        option_id = _match_part(question, part)
        if option_id is None:
            raise ChecklistError(_describe_invalid_answer(question, part))
        selected_ids.add(option_id)
    return OPTION_SEPARATOR.join(
        option.id for option in question.options if option.id in selected_ids
    )


def has_points(question: FormQuestion) -> bool:
    """Whether the answers carry points."""
    return any(option.points is not None for option in question.options)


def _match_part(question: FormQuestion, text: str) -> str | None:
    """One of several options named together: by name or key, as points would not tell which."""
    named_option = _match_option_name(question.options, text)
    by_key = (o.id for o in question.options if o.key and text.upper() == o.key.upper())
    return named_option or next(by_key, None)


def _check_numbers(question: FormQuestion, text: str, parts: Sequence[str]) -> None:
    """Refuses numbers that may be keys or points: in 1+1 one key twice, or two points."""
    if "+" in text or len(set(parts)) < len(parts):
        raise ChecklistError(
            f"'{text}' of '{_name_item(question)}' may be points or answers. Enter the sum of the "
            f"points, or name the answers: {_list_labels(question)}."
        )


def _name_item(question: FormQuestion) -> str:
    return f"{question.number} {question.name}".strip()


def _list_labels(question: FormQuestion) -> str:
    return ", ".join(_format_option(option) for option in question.options)


def _find_choices(question: FormQuestion, points: int) -> list[str]:
    """The answers that give just these points, at most two of them."""
    if question.choose != "many":
        return [option.id for option in question.options if option.points == points][:2]
    choices_by_sum: dict[int, list[tuple[str, ...]]] = {0: [()]}
    for option in question.options:
        extended = {total: list(choices) for total, choices in choices_by_sum.items()}
        for total, choices in choices_by_sum.items():
            longer_choices = [(*choice, option.id) for choice in choices]
            extended.setdefault(total + (option.points or 0), []).extend(longer_choices)
        choices_by_sum = {total: choices[:2] for total, choices in extended.items()}
    choices = choices_by_sum.get(points, [])
    return [OPTION_SEPARATOR.join(choice) or NONE_OF_THESE for choice in choices]


def _parse_points(question: FormQuestion, points: int) -> str:
    """The answer that gives these points, if only one does."""
    choices = _find_choices(question, points)
    if len(choices) == 1:
        return choices[0]
    name, labels = _name_item(question), _list_labels(question)
    if choices:
        raise ChecklistError(
            f"{points} points of '{name}' correspond to several answers; choose one: {labels}."
        )
    if question.choose == "many":
        possible = f"maximum {sum(option.points or 0 for option in question.options)}"
    else:
        scores = sorted({option.points for option in question.options if option.points is not None})
        possible = f"possible: {', '.join(map(str, scores))}"
    raise ChecklistError(
        f"'{points}' is not a possible score for '{name}' ({possible}). Its answers: {labels}."
    )


def _parse_typed(question: FormQuestion, text: str) -> str:
    if question.choose == "number":
        return _parse_number(question, text)
    return _parse_date(question, text) if question.choose == "date" else text


def _parse_date(question: FormQuestion, text: str) -> str:
    """A day, a month or a year: 2024-03-31, 2024-03 or 2024."""
    match = re.fullmatch(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[ T]00:00:00)?)?)?", text)
    if match is None:
        raise ChecklistError(_describe_invalid_answer(question, text))
    parts = [int(part) for part in match.groups() if part is not None]
    try:
        date(*(*parts, 1, 1)[:3])
    except ValueError as error:
        raise ChecklistError(_describe_invalid_answer(question, text)) from error
    return "-".join([f"{parts[0]:04d}", *(f"{part:02d}" for part in parts[1:])])


def _parse_number(question: FormQuestion, text: str) -> str:
    digits = re.sub(r"[\s,\u2009\u202f](?=\d{3}(\D|$))", "", text)
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", digits):
        raise ChecklistError(_describe_invalid_answer(question, text))
    return digits


def _describe_invalid_answer(question: FormQuestion, text: str) -> str:
    labels = {option.id: _format_option(option) for option in question.options}
    matches = difflib.get_close_matches(
        text.lower(), [*labels, *map(str.lower, labels.values())], n=1
    )
    suggestion = next(
        (
            label
            for option_id, label in labels.items()
            if matches and matches[0] in (option_id, label.lower())
        ),
        None,
    )
    hint = f" Did you mean '{suggestion}'?" if suggestion else ""
    accepted = [_TYPED_WORDS[question.choose]] if question.choose in _TYPED_WORDS else []
    accepted += [NONE_OF_THESE] if question.choose == "many" else []
    expected = ", ".join([*accepted, *labels.values(), UNSURE])
    name = f"{question.number} {question.name}".strip()
    return f"'{text}' is not a valid answer to '{name}'.{hint} Expected: {expected}."


def _format_option(option: AnswerOption) -> str:
    """An option as it can be entered: its id, and its label if that differs."""
    is_same = option.label.lower() == option.id
    return option.label if is_same else f"{option.id} ({option.label})"
