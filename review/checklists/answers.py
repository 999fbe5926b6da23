"""One answer of one item: which are allowed, how people see them, and reading what was typed.

Keys of a form: 'about:<fact>' for a fact, '<item>' for an item, 'judgement:<section>' and
'applicability:<section>' for the domains of a risk-of-bias tool.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from review.checklists.models import (
    AT_RISK,
    JOIN,
    JUDGEMENTS,
    NONE,
    NOT_JUDGED,
    OVERALL,
    UNSURE,
    Checklist,
    Choose,
    Fact,
    Item,
    Option,
    Section,
)
from review.errors import ChecklistError

_LOW, _UNCLEAR, _HIGH = (
    Option(id=one, label=one.capitalize(), key=key)
    for one, key in zip(JUDGEMENTS, ("L", "I", "H"), strict=True)
)
_NOT_JUDGED = Option(id=NOT_JUDGED, label="Not judged", key="A")
_AT_RISK = Option(id=AT_RISK, label="At risk", key="H")
PARTS = {"judgement": "Risk of bias", "applicability": "Concern about applicability"}
"""Part of a domain that is judged -> its title; also the first half of its keys."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing a form asks, whatever it is: a fact, an item or a judgement."""

    key: str
    section: str
    """Section id; '' for the facts, which come before the sections."""
    number: str
    name: str
    question: str
    guidance: str
    choose: Choose
    options: tuple[Option, ...]
    unit: str = ""
    cues: tuple[str, ...] = ()
    optional: bool = False
    """May stay blank: an item a review can leave out, an overall judgement nobody changes."""


def answerable(checklist: Checklist) -> tuple[Asked, ...]:
    """Everything a form asks, in the order it is asked: facts, items, each domain's judgements."""
    asked = [_fact(fact) for fact in checklist.facts]
    for section in checklist.sections:
        asked += [_item(section, item) for item in section.items]
        asked += _judgements(section)
    return tuple(asked) + _overall(checklist)


def _fact(fact: Fact) -> Asked:
    return Asked(
        f"about:{fact.id}", "", fact.number, fact.name or fact.id, fact.question, fact.guidance,
        "one", fact.options, cues=fact.cues,
    )  # fmt: skip


def _item(section: Section, item: Item) -> Asked:
    return Asked(
        item.id, section.id, item.number, item.name, item.question, item.guidance, item.choose,
        item.options, item.unit, item.cues, item.optional,
    )  # fmt: skip


def _judgements(section: Section) -> list[Asked]:
    questions = {"judgement": section.judgement, "applicability": section.applicability}
    return [
        Asked(
            f"{part}:{section.id}", section.id, "", f"{PARTS[part]}: {section.title}", question,
            "", "one", (_LOW, _UNCLEAR, _HIGH, _NOT_JUDGED),
        )
        for part, question in questions.items()
        if question
    ]  # fmt: skip


def _overall(checklist: Checklist) -> tuple[Asked, ...]:
    if checklist.overall is None:
        return ()
    two = checklist.overall.rule == "at-risk-if-any"
    options = (_LOW, _AT_RISK) if two else (_LOW, _UNCLEAR, _HIGH)
    parts = ["judgement"]
    parts += ["applicability"] if any(s.applicability for s in checklist.sections) else []
    return tuple(
        Asked(
            f"{part}:{OVERALL}", OVERALL, "", f"{PARTS[part]}: overall",
            "Follows from the domains; answer only to differ from that, with a sentence.",
            checklist.overall.note, "one", options, optional=True,
        )
        for part in parts
    )  # fmt: skip


def section_of(checklist: Checklist, key: str) -> str:
    """The id of the section a key stands in; '' for a fact. Raises ChecklistError as asked_of."""
    return asked_of(checklist, key).section


def asked_of(checklist: Checklist, key: str) -> Asked:
    """What a key asks; a published number serves as well as an id.

    Raises:
        ChecklistError: nothing of this checklist has that id or number.
    """
    every = answerable(checklist)
    for one in every:
        if one.key == key:
            return one
    for one in every:
        if one.number and one.number == key.strip():
            return one
    near = difflib.get_close_matches(key, [one.key for one in every], n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ChecklistError(f"{checklist.id} has no item '{key}'.{hint}")


def key_title(checklist: Checklist, key: str) -> str:
    """A key as people read it: '26 Choice of final model'."""
    one = asked_of(checklist, key)
    return f"{one.number} {one.name}".strip()


def parts(answer: str) -> tuple[str, ...]:
    """The option ids in an answer; () for 'none'."""
    return () if answer == NONE else tuple(answer.split(JOIN))


def label_of(asked: Asked, answer: str | None) -> str:
    """An answer as people read it; a typed answer as it was typed."""
    if answer is None:
        return "not answered"
    if answer == UNSURE:
        return "Unsure"
    if answer == NONE and asked.choose == "many":
        return "None of these"
    labels = {option.id: option.label for option in asked.options}
    if asked.choose == "many":
        return "; ".join(labels.get(part, part) for part in parts(answer))
    return labels.get(answer, answer)


def read_answer(asked: Asked, typed: object) -> str | None:
    """The answer as it is stored, from an option's id, label, key or points; None for a blank.

    Several options of a 'many' item stand with + ; or | between them.

    Raises:
        ChecklistError: the item does not take this answer; the message lists what it takes.
    """
    if isinstance(typed, bool):
        typed = "yes" if typed else "no"
    if isinstance(typed, float) and typed == int(typed):
        typed = int(typed)
    text = "" if typed is None else str(typed).strip()
    if not text:
        return None
    if _folded(text) == UNSURE:
        return UNSURE
    if asked.choose in ("text", "number"):
        named = _named(asked.options, text)
        return named or (_number(asked, text) if asked.choose == "number" else text)
    one = _option(asked.options, text)
    if asked.choose == "many" and not one:
        return _many(asked, text)
    if one is None:
        raise ChecklistError(_refused(asked, text))
    return one


def _folded(text: str) -> str:
    """Text for comparing: no case or punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w\s]|_", " ", text.casefold()).split())


def _named(options: Sequence[Option], text: str) -> str | None:
    for option in options:
        if text == option.id or _folded(text) in (_folded(option.id), _folded(option.label)):
            return option.id
    short = re.sub(r"[\s./]", "", text).upper()
    fits = [option.id for option in options if len(short) > 1 and _initials(option) == short]
    return fits[0] if len(fits) == 1 else None


def _initials(option: Option) -> str:
    """An option in short, as the field writes it: PY, PN, NI, NA."""
    return "".join(word[0] for word in _folded(option.label).split()).upper()


def _option(options: Iterable[Option], text: str) -> str | None:
    found = list(options)
    named = _named(found, text)
    if named:
        return named
    for option in found:
        if option.key and text.upper() == option.key.upper():
            return option.id
    scored = [option.id for option in found if str(option.points) == text]
    return scored[0] if len(scored) == 1 else None


def _many(asked: Asked, text: str) -> str:
    if _folded(text) in (NONE, "none of these", "no", "0"):
        return NONE
    picked = set()
    for part in re.split(r"\s*[+;|]\s*", text):
        one = _option(asked.options, part)
        if one is None:
            raise ChecklistError(_refused(asked, part))
        picked.add(one)
    return JOIN.join(option.id for option in asked.options if option.id in picked)


def _number(asked: Asked, text: str) -> str:
    digits = re.sub(r"[\s,\u2009\u202f](?=\d{3}(\D|$))", "", text)
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", digits):
        raise ChecklistError(_refused(asked, text))
    return digits


def _refused(asked: Asked, text: str) -> str:
    shown = {option.id: _shown(option) for option in asked.options}
    near = difflib.get_close_matches(text.lower(), [*shown, *map(str.lower, shown.values())], n=1)
    meant = next((v for k, v in shown.items() if near and near[0] in (k, v.lower())), None)
    hint = f" Did you mean '{meant}'?" if meant else ""
    also = ["a number"] if asked.choose == "number" else []
    also += [NONE] if asked.choose == "many" else []
    takes = ", ".join([*also, *shown.values(), UNSURE])
    name = f"{asked.number} {asked.name}".strip()
    return f"'{text}' is no answer to '{name}'.{hint} It takes: {takes}."


def _shown(option: Option) -> str:
    """An option as it may be typed: its id, and its label where that says more."""
    same = option.label.lower() == option.id
    return option.label if same else f"{option.id} ({option.label})"
