"""Checks a checklist for consistency: counts, numbers, names and weights."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from review.checklists.models import (
    DOWNGRADE_RULES,
    NONE_OF_THESE,
    TYPED_KINDS,
    UNSURE,
    AnswerOption,
    Checklist,
    Item,
    Precondition,
    ScoreDefinition,
    list_items,
)

KeyPath = tuple[str | int, ...]
Mistake = tuple[KeyPath, str]
SLUG = re.compile(r"[a-z0-9][a-z0-9.-]*")
RESERVED_KEYS = {"C": "Streamlit", "R": "Streamlit", "U": "the answer 'unsure'"}
"""Shortcut keys that are reserved, and what for."""
WEIGHT_TOLERANCE = 0.00005
"""Tolerance of a sum of weights with four decimals."""


def find_mistakes(checklist: Checklist) -> list[Mistake]:
    """Contradictions in the file: their position, and what was expected."""
    return [
        *_check_texts(checklist),
        *_check_numbers(checklist),
        *_check_ids(checklist),
        *_check_answers(checklist),
        *_check_conditions(checklist),
        *_check_scores(checklist),
        *_check_weights(checklist),
        *_check_judgements(checklist),
        *_check_dependencies(checklist),
    ]


def _iter_items(checklist: Checklist) -> Iterator[tuple[KeyPath, Item]]:
    for section_index, section in enumerate(checklist.sections):
        for item_index, item in enumerate(section.items):
            yield ("sections", section_index, "items", item_index), item


def _check_texts(checklist: Checklist) -> Iterator[Mistake]:
    """Texts that must not be empty."""
    texts: list[tuple[KeyPath, str]] = [
        ((name,), str(getattr(checklist, name))) for name in ("title", "short", "licence")
    ]
    texts += [
        (("sections", index, "title"), entry.title)
        for index, entry in enumerate(checklist.sections)
    ]
    texts += [
        (("facts", index, "question"), entry.question)
        for index, entry in enumerate(checklist.facts)
    ]
    for path, item in _iter_items(checklist):
        texts += [((*path, "name"), item.name), ((*path, "question"), item.question)]
    yield from ((path, "is empty; enter text.") for path, text in texts if not text.strip())
    for index, section in enumerate(checklist.sections):
        if not section.items and not section.judgement:
            yield ("sections", index, "items"), "contains no items."


def _check_numbers(checklist: Checklist) -> Iterator[Mistake]:
    numbers = [item.number for item in list_items(checklist)]
    if len(numbers) != checklist.item_count:
        yield ("item_count",), f"says {checklist.item_count}, but there are {len(numbers)} items."
    for path, item in _iter_items(checklist):
        if numbers.count(item.number) > 1:
            yield (*path, "number"), f"the number {item.number} appears twice."
    if numbers and all(number.isdigit() for number in numbers):
        gaps = sorted(set(range(1, len(numbers) + 1)) - {int(number) for number in numbers})
        if gaps:
            yield ("sections",), f"the numbering has a gap: {gaps[0]} is missing."


def _check_ids(checklist: Checklist) -> Iterator[Mistake]:
    yield from _check_slugs([(("id",), checklist.id)])
    yield from _check_slugs([((*path, "id"), item.id) for path, item in _iter_items(checklist)])
    yield from _check_slugs(
        [(("sections", n, "id"), s.id) for n, s in enumerate(checklist.sections)]
    )
    yield from _check_slugs([(("facts", n, "id"), f.id) for n, f in enumerate(checklist.facts)])
    yield from _check_slugs([(("scores", n, "id"), s.id) for n, s in enumerate(checklist.scores)])


def _check_slugs(located_ids: Sequence[tuple[KeyPath, str]]) -> Iterator[Mistake]:
    ids = [slug for _, slug in located_ids]
    for path, slug in located_ids:
        if not SLUG.fullmatch(slug):
            yield path, f"'{slug}': use lower-case letters, digits, hyphens and dots."
        if ids.count(slug) > 1:
            yield path, f"the id '{slug}' appears twice."


def _check_answers(checklist: Checklist) -> Iterator[Mistake]:
    set_names = list(checklist.answer_sets)
    if checklist.default_answers and checklist.default_answers not in set_names:
        yield (
            ("default_answers",),
            _describe_unknown("answer set", checklist.default_answers, set_names),
        )
    for name, options in checklist.answer_sets.items():
        yield from _check_options(("answer_sets", name), options)
    entries: list[tuple[KeyPath, Item | Precondition]] = [*_iter_items(checklist)]
    entries += [(("facts", index), fact) for index, fact in enumerate(checklist.facts)]
    for path, entry in entries:
        if entry.answers and entry.answers not in set_names:
            yield (*path, "answers"), _describe_unknown("answer set", entry.answers, set_names)
        if entry.answers and entry.options:
            yield (*path, "options"), "give either 'answers' or 'options', not both."
        yield from _check_options((*path, "options"), entry.options)
        if isinstance(entry, Item) and entry.choose == "many":
            for index, option in enumerate(entry.options):
                if re.search(r"[+;|]", option.label):
                    yield (
                        (*path, "options", index, "label"),
                        "+ ; and | are not allowed where several answers may be chosen.",
                    )
        is_typed = isinstance(entry, Item) and entry.choose in TYPED_KINDS
        if not (is_typed or entry.options or entry.answers or checklist.default_answers):
            yield path, "there are no answers: give 'options', or name an answer set in 'answers'."


def _check_options(path: KeyPath, options: Sequence[AnswerOption]) -> Iterator[Mistake]:
    ids, keys = [o.id for o in options], [o.key.upper() for o in options if o.key]
    for index, option in enumerate(options):
        option_path = (*path, index)
        if not SLUG.fullmatch(option.id) or option.id in (UNSURE, NONE_OF_THESE):
            yield (*option_path, "id"), f"'{option.id}' cannot be used as an answer id."
        if ids.count(option.id) > 1:
            yield (*option_path, "id"), f"the answer '{option.id}' appears twice."
        if option.key is None:
            continue
        key = option.key.upper()
        if not re.fullmatch(r"[A-Z0-9]", key):
            yield (*option_path, "key"), f"'{option.key}': a key must be one letter or one digit."
        elif key in RESERVED_KEYS:
            yield (
                (*option_path, "key"),
                f"the key {key} is reserved for {RESERVED_KEYS[key]}; choose another.",
            )
        elif keys.count(key) > 1:
            yield (*option_path, "key"), f"the key {key} is used for two answers."


def _check_conditions(checklist: Checklist) -> Iterator[Mistake]:
    allowed = {fact.id: _list_option_ids(checklist, fact) for fact in checklist.facts}
    earlier_ids: list[str] = []
    for index, fact in enumerate(checklist.facts):
        for name in fact.applies_if:
            if name in allowed and name not in earlier_ids:
                yield (
                    ("facts", index, "applies_if", name),
                    f"depends on '{name}', which does not come before it; a fact may depend only "
                    "on facts above it.",
                )
        allowed_before = {k: allowed[k] for k in earlier_ids}
        earlier_conditions = {
            k: v for k, v in fact.applies_if.items() if k in earlier_ids or k not in allowed
        }
        yield from _check_applies_if(("facts", index), earlier_conditions, allowed_before)
        earlier_ids.append(fact.id)
    for path, item in _iter_items(checklist):
        yield from _check_applies_if(path, item.applies_if, allowed)


def _list_option_ids(checklist: Checklist, fact: Precondition) -> list[str]:
    name = fact.answers or checklist.default_answers or ""
    return [option.id for option in fact.options or checklist.answer_sets.get(name, ())]


def _check_applies_if(
    path: KeyPath, conditions: Mapping[str, Iterable[str]], allowed: Mapping[str, Sequence[str]]
) -> Iterator[Mistake]:
    for fact, values in conditions.items():
        key_path = (*path, "applies_if", fact)
        if fact not in allowed:
            yield key_path, _describe_unknown("fact", fact, list(allowed))
            continue
        for value in values:
            if value not in allowed[fact]:
                yield key_path, _describe_unknown(f"answer to '{fact}'", value, allowed[fact])


def _check_scores(checklist: Checklist) -> Iterator[Mistake]:
    primary = [score for score in checklist.scores if score.primary]
    if checklist.scores and len(primary) != 1:
        yield ("scores",), f"exactly one score must be primary, not {len(primary)}."
    if checklist.no_total and checklist.scores:
        yield ("scores",), "'no_total' is set: the authors advise against a total score."
    score_ids = [score.id for score in checklist.scores]
    for index, score in enumerate(checklist.scores):
        yield from _check_score(checklist, ("scores", index), score, score_ids)


def _check_score(
    checklist: Checklist, path: KeyPath, score: ScoreDefinition, score_ids: Sequence[str]
) -> Iterator[Mistake]:
    if score.kind == "percent-of-max":
        base_score = next(
            (candidate for candidate in checklist.scores if candidate.id == score.of), None
        )
        if base_score is None or base_score.max is None:
            yield (
                (*path, "of"),
                "name a score of this file that has a 'max'. " + _format_expected(score_ids),
            )
    if score.kind == "sum":
        known_items = [item.id for item in list_items(checklist)]
        for item_index, item_id in enumerate(score.items):
            if item_id not in known_items:
                yield (*path, "items", item_index), _describe_unknown("item", item_id, known_items)
        low, high = compute_points_range(checklist, score.items)
        for key, stated, computed in (("min", score.min, low), ("max", score.max, high)):
            if stated is not None and stated != computed:
                yield (
                    (*path, key),
                    f"says {stated:g}, but the points of the items add up to {computed}.",
                )
    elif score.items:
        yield (*path, "items"), "only a score of kind 'sum' can name its items."
    item_count = len(list_items(checklist))
    if score.kind == "count" and score.max is not None and score.max != item_count:
        yield (*path, "max"), f"says {score.max:g}, but there are {item_count} items."
    starts = [start for start, _ in score.bands]
    if starts != sorted(set(starts)):
        yield (*path, "bands"), "bands must be in ascending order."


def compute_points_range(checklist: Checklist, item_ids: Sequence[str] = ()) -> tuple[int, int]:
    """Lowest and highest possible total of points, of the named items or of all."""
    low = high = 0
    for item in list_items(checklist):
        if item_ids and item.id not in item_ids:
            continue
        name = item.answers or checklist.default_answers or ""
        options = item.options or checklist.answer_sets.get(name, ())
        points = [option.points or 0 for option in options if option.means != "not-applicable"]
        if item.choose == "many":
            low += sum(p for p in points if p < 0)
            high += sum(p for p in points if p > 0)
        else:
            points += [0] if item.applies_if else []  # an item that does not apply gives none
            low += min(points, default=0)
            high += max(points, default=0)
    return low, high


def _check_weights(checklist: Checklist) -> Iterator[Mistake]:
    if not any(score.kind == "weighted-percent" for score in checklist.scores):
        return
    for path, item in _iter_items(checklist):
        if item.weight is None:
            yield path, "a weighted score needs a 'weight' on every item."
    total = sum(item.weight or 0 for item in list_items(checklist))
    if abs(total - 1) > WEIGHT_TOLERANCE:
        yield ("sections",), f"the weights add up to {total:.4f}; expected 1.0000."
    for index, section in enumerate(checklist.sections):
        section_weight = sum(item.weight or 0 for item in section.items)
        if section.weight is not None and abs(section_weight - section.weight) > WEIGHT_TOLERANCE:
            yield (
                ("sections", index, "weight"),
                f"says {section.weight}, its items add up to {section_weight:.4f}.",
            )


def _check_judgements(checklist: Checklist) -> Iterator[Mistake]:
    judged_sections = [section for section in checklist.sections if section.judgement]
    if judged_sections and checklist.overall is None:
        yield (
            ("sections",),
            "domains are judged, but 'overall' does not define how they are combined.",
        )
    if checklist.overall is None:
        return
    if not judged_sections:
        yield ("overall",), "there is no section with a 'judgement' to combine."
    rule = checklist.overall.downgrade
    if rule is not None and rule not in DOWNGRADE_RULES:
        yield ("overall", "downgrade"), _describe_unknown("rule", rule, DOWNGRADE_RULES)
    elif rule is not None:
        for fact in ("evaluation", "large"):
            if fact not in [entry.id for entry in checklist.facts]:
                yield ("overall", "downgrade"), f"the rule '{rule}' needs a fact '{fact}'."


def _check_dependencies(checklist: Checklist) -> Iterator[Mistake]:
    items_by_id = {item.id: item for item in list_items(checklist)}
    for index, need in enumerate(checklist.needs):
        for key, name, option in (
            ("item", need.item, need.option),
            ("needs", need.needs, need.needs_option),
        ):
            if name not in items_by_id:
                yield ("needs", index, key), _describe_unknown("item", name, list(items_by_id))
            elif option is not None and option not in [o.id for o in items_by_id[name].options]:
                ids = [o.id for o in items_by_id[name].options]
                yield ("needs", index, key), _describe_unknown(f"answer to '{name}'", option, ids)

    dependencies = {
        (need.item, need.option): (need.needs, need.needs_option) for need in checklist.needs
    }
    for index, need in enumerate(checklist.needs):
        node, visited = (need.item, need.option), set()
        while node in dependencies and node not in visited:
            visited.add(node)
            node = dependencies[node]
        if node == (need.item, need.option):
            yield ("needs", index), f"'{need.item}' depends on itself."


def _describe_unknown(kind: str, word: str, known_names: Sequence[str]) -> str:
    matches = difflib.get_close_matches(word, known_names, n=1)
    hint = f" Did you mean '{matches[0]}'?" if matches else " " + _format_expected(known_names)
    return f"unknown {kind} '{word}'.{hint}"


def _format_expected(names: Sequence[str]) -> str:
    return f"Expected one of: {', '.join(names) or 'nothing is defined'}."
