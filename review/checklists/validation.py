"""Whether a checklist agrees with itself: counts, numbers, names and weights."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from review.checklists.models import (
    DOWNGRADES,
    NONE,
    UNSURE,
    Checklist,
    Fact,
    Item,
    Option,
    Score,
    items,
)

Place = tuple[str | int, ...]
Mistake = tuple[Place, str]
SLUG = re.compile(r"[a-z0-9][a-z0-9.-]*")
RESERVED_KEYS = {"C": "Streamlit", "R": "Streamlit", "U": "the answer 'unsure'"}
"""Keys an answer cannot have, and who holds them."""
WEIGHT_SLACK = 0.00005
"""How far a sum of weights with four decimals may be off."""


def mistakes(checklist: Checklist) -> list[Mistake]:
    """Places of the file that contradict the rest of it, with what was expected there."""
    return [
        *_blanks(checklist),
        *_numbers(checklist),
        *_ids(checklist),
        *_answers(checklist),
        *_conditions(checklist),
        *_scores(checklist),
        *_weights(checklist),
        *_judgements(checklist),
        *_needs(checklist),
    ]


def _places(checklist: Checklist) -> Iterator[tuple[Place, Item]]:
    for s, section in enumerate(checklist.sections):
        for i, item in enumerate(section.items):
            yield ("sections", s, "items", i), item


def _blanks(checklist: Checklist) -> Iterator[Mistake]:
    """Texts people must be able to read."""
    said: list[tuple[Place, str]] = [
        ((name,), str(getattr(checklist, name))) for name in ("title", "short", "licence")
    ]
    said += [(("sections", n, "title"), one.title) for n, one in enumerate(checklist.sections)]
    said += [(("facts", n, "question"), one.question) for n, one in enumerate(checklist.facts)]
    for path, item in _places(checklist):
        said += [((*path, "name"), item.name), ((*path, "question"), item.question)]
    yield from ((path, "is empty; write a text.") for path, text in said if not text.strip())
    for n, section in enumerate(checklist.sections):
        if not section.items and not section.judgement:
            yield ("sections", n, "items"), "holds no item."


def _numbers(checklist: Checklist) -> Iterator[Mistake]:
    numbers = [item.number for item in items(checklist)]
    if len(numbers) != checklist.item_count:
        yield ("item_count",), f"says {checklist.item_count}, but there are {len(numbers)} items."
    for path, item in _places(checklist):
        if numbers.count(item.number) > 1:
            yield (*path, "number"), f"the number {item.number} stands twice."
    if numbers and all(number.isdigit() for number in numbers):
        gaps = sorted(set(range(1, len(numbers) + 1)) - {int(number) for number in numbers})
        if gaps:
            yield ("sections",), f"the numbers run with a gap: {gaps[0]} is missing."


def _ids(checklist: Checklist) -> Iterator[Mistake]:
    yield from _slugs([(("id",), checklist.id)])
    yield from _slugs([((*path, "id"), item.id) for path, item in _places(checklist)])
    yield from _slugs([(("sections", n, "id"), s.id) for n, s in enumerate(checklist.sections)])
    yield from _slugs([(("facts", n, "id"), f.id) for n, f in enumerate(checklist.facts)])
    yield from _slugs([(("scores", n, "id"), s.id) for n, s in enumerate(checklist.scores)])


def _slugs(found: Sequence[tuple[Place, str]]) -> Iterator[Mistake]:
    ids = [one for _, one in found]
    for path, one in found:
        if not SLUG.fullmatch(one):
            yield path, f"'{one}': use small letters, digits, hyphens and dots."
        if ids.count(one) > 1:
            yield path, f"the id '{one}' stands twice."


def _answers(checklist: Checklist) -> Iterator[Mistake]:
    known = list(checklist.answer_sets)
    if checklist.default_answers and checklist.default_answers not in known:
        yield ("default_answers",), _unknown("answer set", checklist.default_answers, known)
    for name, options in checklist.answer_sets.items():
        yield from _options(("answer_sets", name), options)
    asked: list[tuple[Place, Item | Fact]] = [*_places(checklist)]
    asked += [(("facts", n), fact) for n, fact in enumerate(checklist.facts)]
    for path, one in asked:
        if one.answers and one.answers not in known:
            yield (*path, "answers"), _unknown("answer set", one.answers, known)
        if one.answers and one.options:
            yield (*path, "options"), "give either 'answers' or 'options', not both."
        yield from _options((*path, "options"), one.options)
        if isinstance(one, Item) and one.choose == "many":
            for n, option in enumerate(one.options):
                if re.search(r"[+;|]", option.label):
                    yield (*path, "options", n, "label"), "no + ; or | where several may be picked."
        typed = isinstance(one, Item) and one.choose in ("text", "number")
        if not (typed or one.options or one.answers or checklist.default_answers):
            yield path, "there is nothing to answer: give 'options', or name a set in 'answers'."


def _options(path: Place, options: Sequence[Option]) -> Iterator[Mistake]:
    ids, keys = [o.id for o in options], [o.key.upper() for o in options if o.key]
    for n, option in enumerate(options):
        here = (*path, n)
        if not SLUG.fullmatch(option.id) or option.id in (UNSURE, NONE):
            yield (*here, "id"), f"'{option.id}' cannot be the id of an answer."
        if ids.count(option.id) > 1:
            yield (*here, "id"), f"the answer '{option.id}' stands twice."
        if option.key is None:
            continue
        key = option.key.upper()
        if not re.fullmatch(r"[A-Z0-9]", key):
            yield (*here, "key"), f"'{option.key}': a key is one letter or one digit."
        elif key in RESERVED_KEYS:
            yield (*here, "key"), f"the key {key} belongs to {RESERVED_KEYS[key]}; take another."
        elif keys.count(key) > 1:
            yield (*here, "key"), f"the key {key} stands for two answers."


def _conditions(checklist: Checklist) -> Iterator[Mistake]:
    allowed = {fact.id: _ids_of(checklist, fact) for fact in checklist.facts}
    seen: list[str] = []
    for n, fact in enumerate(checklist.facts):
        for name in fact.applies_if:
            if name in allowed and name not in seen:
                yield (
                    ("facts", n, "applies_if", name),
                    f"rests on '{name}', which is not asked before it; a fact may rest only on "
                    "facts above it.",
                )
        before = {k: allowed[k] for k in seen}
        earlier = {k: v for k, v in fact.applies_if.items() if k in seen or k not in allowed}
        yield from _applies(("facts", n), earlier, before)
        seen.append(fact.id)
    for path, item in _places(checklist):
        yield from _applies(path, item.applies_if, allowed)


def _ids_of(checklist: Checklist, fact: Fact) -> list[str]:
    name = fact.answers or checklist.default_answers or ""
    return [option.id for option in fact.options or checklist.answer_sets.get(name, ())]


def _applies(
    path: Place, wanted: Mapping[str, Iterable[str]], allowed: Mapping[str, Sequence[str]]
) -> Iterator[Mistake]:
    for fact, values in wanted.items():
        where = (*path, "applies_if", fact)
        if fact not in allowed:
            yield where, _unknown("fact", fact, list(allowed))
            continue
        for value in values:
            if value not in allowed[fact]:
                yield where, _unknown(f"answer to '{fact}'", value, allowed[fact])


def _scores(checklist: Checklist) -> Iterator[Mistake]:
    primary = [score for score in checklist.scores if score.primary]
    if checklist.scores and len(primary) != 1:
        yield ("scores",), f"exactly one score must be primary; {len(primary)} are."
    if checklist.no_total and checklist.scores:
        yield ("scores",), "'no_total' is set: the authors forbid a summed score."
    known = [score.id for score in checklist.scores]
    for n, score in enumerate(checklist.scores):
        yield from _score(checklist, ("scores", n), score, known)


def _score(
    checklist: Checklist, path: Place, score: Score, known: Sequence[str]
) -> Iterator[Mistake]:
    if score.kind == "percent-of-max":
        of = next((one for one in checklist.scores if one.id == score.of), None)
        if of is None or of.max is None:
            yield (*path, "of"), "name a score of this file that has a 'max'. " + _list(known)
    if score.kind == "sum":
        low, high = points_range(checklist)
        for key, said, is_ in (("min", score.min, low), ("max", score.max, high)):
            if said is not None and said != is_:
                yield (*path, key), f"says {said:g}, but the points of the items give {is_}."
    found = len(items(checklist))
    if score.kind == "count" and score.max is not None and score.max != found:
        yield (*path, "max"), f"says {score.max:g}, but there are {found} items."
    starts = [start for start, _ in score.bands]
    if starts != sorted(set(starts)):
        yield (*path, "bands"), "bands must rise from the lowest start."


def points_range(checklist: Checklist) -> tuple[int, int]:
    """Least and most points all items together can give."""
    low = high = 0
    for item in items(checklist):
        name = item.answers or checklist.default_answers or ""
        options = item.options or checklist.answer_sets.get(name, ())
        points = [option.points or 0 for option in options if option.means != "not-applicable"]
        if item.choose == "many":
            low += sum(p for p in points if p < 0)
            high += sum(p for p in points if p > 0)
        else:
            low += min(points, default=0)
            high += max(points, default=0)
    return low, high


def _weights(checklist: Checklist) -> Iterator[Mistake]:
    if not any(score.kind == "weighted-percent" for score in checklist.scores):
        return
    for path, item in _places(checklist):
        if item.weight is None:
            yield path, "a weighted score needs a 'weight' on every item."
    total = sum(item.weight or 0 for item in items(checklist))
    if abs(total - 1) > WEIGHT_SLACK:
        yield ("sections",), f"the weights add to {total:.4f}; expected 1.0000."
    for n, section in enumerate(checklist.sections):
        inside = sum(item.weight or 0 for item in section.items)
        if section.weight is not None and abs(inside - section.weight) > WEIGHT_SLACK:
            yield (
                ("sections", n, "weight"),
                f"says {section.weight}, its items add to {inside:.4f}.",
            )


def _judgements(checklist: Checklist) -> Iterator[Mistake]:
    judged = [section for section in checklist.sections if section.judgement]
    if judged and checklist.overall is None:
        yield ("sections",), "domains are judged, but 'overall' does not say how they combine."
    if checklist.overall is None:
        return
    if not judged:
        yield ("overall",), "there is no section with a 'judgement' to combine."
    rule = checklist.overall.downgrade
    if rule is not None and rule not in DOWNGRADES:
        yield ("overall", "downgrade"), _unknown("rule", rule, DOWNGRADES)
    elif rule is not None:
        for fact in ("evaluation", "large"):
            if fact not in [one.id for one in checklist.facts]:
                yield ("overall", "downgrade"), f"the rule '{rule}' needs a fact '{fact}'."


def _needs(checklist: Checklist) -> Iterator[Mistake]:
    known = {item.id: item for item in items(checklist)}
    for n, need in enumerate(checklist.needs):
        for key, name, option in (
            ("item", need.item, need.option),
            ("needs", need.needs, need.needs_option),
        ):
            if name not in known:
                yield ("needs", n, key), _unknown("item", name, list(known))
            elif option is not None and option not in [o.id for o in known[name].options]:
                ids = [o.id for o in known[name].options]
                yield ("needs", n, key), _unknown(f"answer to '{name}'", option, ids)

    rests = {(need.item, need.option): (need.needs, need.needs_option) for need in checklist.needs}
    for n, need in enumerate(checklist.needs):
        here, walked = (need.item, need.option), set()
        while here in rests and here not in walked:
            walked.add(here)
            here = rests[here]
        if here == (need.item, need.option):
            yield ("needs", n), f"'{need.item}' rests on itself, in a circle."


def _unknown(what: str, word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else " " + _list(known)
    return f"there is no {what} '{word}'.{hint}"


def _list(known: Sequence[str]) -> str:
    return f"Expected one of: {', '.join(known) or 'nothing is defined'}."
